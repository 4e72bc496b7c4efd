"""Rendering: notebooks executed by papermill with a report's parameters, exported as HTML."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import logging
import re
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import nbclient
import nbformat
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbconvert import TemplateExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from papermill.engines import papermill_engines
from papermill.exceptions import PapermillExecutionError
from papermill.execute import prepare_notebook_metadata, raise_for_execution_errors
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook
from traitlets.config import Config

from evidence_review.atomic import write_if_changed
from evidence_review.catalogue import CatalogueError, Report
from evidence_review.dataset import Dataset, Part
from evidence_review.dictionary import not_one_of
from evidence_review.forked import NOT_KEPT, ForkedKernel, can_fork
from evidence_review.refusal import ParameterError
from evidence_review.scripts import INTERACTIVE, Script, scripts
from evidence_review.selection import check_subjects, select

KERNEL = "python3"
CELL_SECONDS = 120
START_SECONDS = 120
# A kernel that is told to end may log the interrupt as an error; faults of cells come another way.
HEADING = re.compile(r"<h2>(.*?)</h2>", re.DOTALL)
SAFETY = re.compile(r'<div class="safety">.*?</section></div>', re.DOTALL)
DATA_VERSION = re.compile(
    r"Release (?P<release>\S+) of .*?hash of the rows: (?P<rows>\w+)", re.DOTALL
)
IDLE_SPACE = re.compile(r"\s*([{};,])\s*|\n")
QUIET_KERNEL = ["--IPKernelApp.log_level=CRITICAL"]
KERNEL_ARGUMENTS = (*QUIET_KERNEL, *NOT_KEPT)
SELECTION_PARAMETERS = ("topic", "threshold", "weakest_level", "phase", "sources", "proposition")
TEMPLATES = Path(__file__).parent / "template"
PARAMETER_TYPES: Mapping[str, Callable[[str], Any]] = {
    "str": str,
    "float": float,
    "int": int,
    "bool": {"true": True, "false": False}.__getitem__,
}


class NotCompleted(RuntimeError):
    """A notebook was not executed to its end, without an error of a cell."""


@dataclass(frozen=True)
class Outcome:
    """What became of a report: `written`, `unchanged`, or `failed` with the reason.

    `readings` are the parts of the data that its notebook loaded;
    `output` is the hash of the page that was made.
    """

    report: Report
    state: str
    reason: str = ""
    readings: tuple[Part, ...] = ()
    output: str = ""


def notebook_path(root: Path, notebook: str) -> Path:
    """The file of a notebook; CatalogueError, with the notebooks there are, where it is none."""
    known = tuple(sorted(path.stem for path in (root / "notebooks").glob("*.ipynb")))
    if notebook not in known:
        raise CatalogueError(f"notebook: {not_one_of(notebook, known)}")
    return root / "notebooks" / f"{notebook}.ipynb"


def check_report(dataset: Dataset, report: Report) -> None:
    """Nothing where a report can be made; else the reason why not, before anything runs.

    CatalogueError for an unknown notebook, ParameterError for a parameter that the notebook does
    not have, a value of another type, one outside the vocabulary, or a selection without claims.
    """
    defaults = notebook_parameters(notebook_path(dataset.root, report.notebook))
    for name, value in report.parameters.items():
        if name not in defaults:
            raise ParameterError(
                f"{report.name}: parameter {not_one_of(name, tuple(defaults))} "
                f"of the notebook '{report.notebook}'"
            )
        wanted = type(defaults[name])
        if type(value) is not wanted and not (wanted is float and type(value) is int):
            raise ParameterError(
                f"{report.name}: {name}: {value!r} is not of the type {wanted.__name__}, "
                f"as {defaults[name]!r} is"
            )
    values = {**defaults, **report.parameters}
    chosen = {name: values[name] for name in SELECTION_PARAMETERS if name in values}
    try:
        check_subjects(dataset, values)
        select(dataset, **chosen)
    except ParameterError as error:
        raise ParameterError(f"{report.name}: {error}") from None


@cache
def notebook_parameters(path: Path) -> dict[str, Any]:
    """The parameters of a notebook with their default values."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    tagged = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    return {
        target.id: ast.literal_eval(statement.value)
        for cell in tagged[:1]
        for statement in ast.parse("".join(cell["source"])).body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }


def typed_parameters(path: Path, given: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Parameters given as text, with the types of the notebook's defaults.

    ParameterError for a name that the notebook does not have, or a text of another type.
    """
    defaults = notebook_parameters(path)
    values: dict[str, Any] = {}
    for name, text in given:
        if name not in defaults:
            raise ParameterError(f"parameter {not_one_of(name, tuple(defaults))}")
        kind = type(defaults[name]).__name__
        try:
            values[name] = PARAMETER_TYPES[kind](text)
        except (KeyError, ValueError):
            raise ParameterError(f"{name}: {text!r} is not of the type {kind}") from None
    return values


def render_one(root: Path, report: Report, out: Path, engine: str) -> Outcome:
    """The outcome of one report: its notebook executed, exported, and its file replaced."""
    try:
        notebook = executed(root, report, engine)
        page = export(notebook, report).encode()
        written = write_if_changed(out / report.file, page)
    except PapermillExecutionError as error:
        return Outcome(report, "failed", f"cell {error.exec_count}: {error.ename}: {error.evalue}")
    except NotCompleted as error:
        return Outcome(report, "failed", str(error))
    except (RuntimeError, OSError, nbclient.exceptions.CellControlSignal) as error:
        return Outcome(report, "failed", f"{type(error).__name__}: {error}")
    output = hashlib.sha256(page).hexdigest()
    return Outcome(report, "written" if written else "unchanged", output=output)


def executed(root: Path, report: Report, engine: str) -> nbformat.NotebookNode:
    """A report's notebook with its parameters, executed in a fresh kernel.

    PapermillExecutionError where a cell fails, NotCompleted where one takes too long, ends its
    kernel, or was never run (a cell that calls `sys.exit` ends a notebook without an error).
    """
    # What it would log is in the exceptions.
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    begun: list[int] = []
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            # What papermill.execute_notebook does, but for reading and writing notebooks as text.
            with contextlib.chdir(root):
                notebook: nbformat.NotebookNode = papermill_engines.execute_notebook_with_engine(
                    engine,
                    _with_parameters(root, report),
                    KERNEL,
                    progress_bar=False,
                    execution_timeout=CELL_SECONDS,
                    start_timeout=START_SECONDS,
                    extra_arguments=QUIET_KERNEL,
                    config=kernel_settings(folder),
                    on_cell_execute=lambda cell, cell_index: begun.append(cell_index),
                )
            raise_for_execution_errors(notebook, None)
        except (DeadKernelError, CellTimeoutError) as error:
            words = f"{type(error).__name__}: {str(error).splitlines()[0]}"
            raise NotCompleted(f"cell {len(begun)}: {words}") from None
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for number, cell in enumerate(code, start=1):
        if cell.metadata.papermill.get("status") != "completed":
            raise NotCompleted(f"cell {number}: was not completed")
    return notebook


@contextlib.contextmanager
def _kernel(root: Path) -> Iterator[Any]:
    """A forked kernel that runs in `root`; none where none can be, so that nbclient starts one."""
    if not can_fork():
        yield None
        return
    with contextlib.chdir(root):
        kernel = ForkedKernel(KERNEL_ARGUMENTS)
    try:
        yield kernel
    finally:
        kernel.end()


def _with_parameters(root: Path, report: Report) -> nbformat.NotebookNode:
    """The notebook of a report as papermill executes it: without outputs, with parameters."""
    content = notebook_path(root, report.notebook).read_text(encoding="utf-8")
    notebook = deepcopy(_without_outputs(content))
    if report.parameters:
        notebook = parameterize_notebook(notebook, dict(report.parameters), kernel_name=KERNEL)
    prepare_notebook_metadata(notebook, None, None)
    return notebook


@cache
def _without_outputs(content: str) -> nbformat.NotebookNode:
    """A notebook without what it shows in JupyterLab: that would be read to be thrown away."""
    found = json.loads(content)
    for cell in found["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    notebook: nbformat.NotebookNode = load_notebook_node(nbformat.from_dict(found))
    return notebook


def kernel_settings(folder: str) -> Config:
    """How a kernel is started: over sockets in `folder`, where there are any; ports can clash."""
    settings = Config()
    if sys.platform != "win32":
        settings.KernelManager.transport = "ipc"
        settings.KernelManager.ip = str(Path(folder) / "kernel")
    return settings


def export(notebook: nbformat.NotebookNode, report: Report) -> str:
    """An executed notebook as one self-contained page: what its cells show, without their code."""
    resources = {
        "report": report,
        "scripts": _scripts_of(notebook),
        "data_version": data_version(notebook),
    }
    # The exporter itself would validate a copy of the notebook a dozen times on the way.
    body = str(_exporter().template.render(nb=notebook, resources=resources))
    # What stands in a script is no heading of the page, and may not be touched: it has a hash.
    page, script, rest = body.partition("<script>")
    return with_contents(page) + script + rest


def _scripts_of(notebook: nbformat.NotebookNode) -> list[Script]:
    """The scripts that a page needs: none where no cell is interactive."""
    tags = {tag for cell in notebook.cells for tag in cell.metadata.get("tags", [])}
    return scripts() if INTERACTIVE in tags else []


def data_version(notebook: nbformat.NotebookNode) -> str:
    """The release and the hash of the rows that an executed notebook says it read; or nothing."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", ()))
    shown = (output.get("data", {}).get("text/html", "") for output in outputs)
    found = next(filter(None, map(DATA_VERSION.search, shown)), None)
    return f"Release {found['release']}, data {found['rows']}" if found else ""


def css_string(text: str) -> str:
    """A text as a string of CSS that nothing in it can end, nor the style element around it."""
    # A comma too: style sheets are squeezed, and would lose the space after it.
    kept = (c if c.isalnum() or c in " .:–’“”" else f"\\{ord(c):x} " for c in text)
    return f'"{"".join(kept)}"'


def prepare() -> None:
    """Load what an export needs, so that processes forked from this one need not."""
    words = nbformat.v4.new_markdown_cell("some *words*")
    export(nbformat.v4.new_notebook(cells=[words]), Report("none", "", "", {}))


def with_contents(page: str) -> str:
    """A page whose plain second-level headings are its contents, each with an id to go to."""
    titles: list[str] = []

    def named(found: re.Match[str]) -> str:
        titles.append(found[1])
        return f'<h2 id="part-{len(titles)}">{found[1]}</h2>'

    page = HEADING.sub(named, page)
    items = "".join(
        f'<li><a href="#part-{place}">{title}</a></li>' for place, title in enumerate(titles, 1)
    )
    contents = f'<nav aria-label="On this page"><ul class="contents">{items}</ul></nav>'
    # Safety comes first: what a page holds is told after the red flags and what it is not.
    return SAFETY.sub(lambda found: found[0] + contents, page, count=1)


def store_outputs(path: Path, root: Path) -> bool:
    """Whether executing a notebook with its defaults changed the outputs that it stores."""
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder, _kernel(root) as kernel:
        nbclient.NotebookClient(
            notebook,
            km=kernel,
            timeout=CELL_SECONDS,
            startup_timeout=START_SECONDS,
            kernel_name=KERNEL,
            resources={"metadata": {"path": str(root)}},
            record_timing=False,
            extra_arguments=QUIET_KERNEL,
            config=kernel_settings(folder),
        ).execute()
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": KERNEL},
            "language_info": {"name": "python"},
        }
    )
    return write_if_changed(path, (nbformat.writes(notebook) + "\n").encode())


@cache
def _exporter() -> TemplateExporter:
    # HTMLExporter would parse the finished page once more and write `viewBox` in small letters.
    return TemplateExporter(
        template_name="report",
        extra_template_basedirs=[str(TEMPLATES)],
        template_file="index.html.j2",
        filters={
            "markdown2html": _markdown,
            "squeezed": _squeezed,
            "css_string": css_string,
        },
    )


def _squeezed(style: str) -> str:
    """A stylesheet without the spaces that only people need: it stands in every page."""
    return IDLE_SPACE.sub(r"\1", style).strip()


def _markdown(source: str) -> str:
    """The text of a markdown cell as HTML, markup in it shown as it is written."""
    renderer = IPythonRenderer(escape=True, exclude_anchor_links=True)
    return str(MarkdownWithMath(renderer=renderer).render(source))

"""The notebooks: they define nothing, tell a story, and store what they compute."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

from evidence_review.dictionary import find_root
from evidence_review.report import store_outputs

ROOT = find_root(Path(__file__).parent)
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
FORBIDDEN = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda),
    *(ast.For, ast.While, ast.comprehension),
)


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def cells(notebook, kind):
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def test_the_notebooks_are_the_ones_that_the_design_names():
    names = {"overview", "consensus", "contradictions", "appraisal", "coding-agreement", "explore"}
    assert {path.stem for path in PATHS} == names


def test_a_notebook_defines_nothing_and_loops_over_nothing(notebook):
    for cell in cells(notebook, "code"):
        nodes = list(ast.walk(ast.parse(cell.source)))
        assert not [node for node in nodes if isinstance(node, FORBIDDEN)], cell.source
        assert "groupby" not in cell.source


def test_a_cell_has_some_nine_lines_at_most(notebook):
    for cell in cells(notebook, "code"):
        assert len(cell.source.splitlines()) <= 10, cell.source


def test_prose_holds_no_number(notebook):
    for cell in cells(notebook, "markdown"):
        words = re.sub(r"\bAC1\b", "", cell.source)
        assert not re.search(r"\d", words), cell.source
        assert not re.search(r"\b(two|three|four|five|ten|hundred)\b (claims|authors|posts)", words)


def test_every_code_cell_was_executed_in_order_and_shows_no_error(notebook):
    code = cells(notebook, "code")
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell.outputs]
    assert outputs
    assert {output.output_type for output in outputs} <= {"execute_result", "display_data"}


def test_parameters_stand_in_one_tagged_cell_and_are_literals(notebook):
    tagged = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    assert len(tagged) == 1
    for statement in ast.parse(tagged[0].source).body:
        assert isinstance(ast.literal_eval(statement.value), str | float | int | bool)


def test_red_flags_come_before_everything_that_is_concluded(notebook):
    sources = [cell.source for cell in notebook.cells]
    flags = next(n for n, source in enumerate(sources) if "tables.red_flags" in source)
    limits = next(n for n, source in enumerate(sources) if "tables.what_this_is_not" in source)
    first_heading = next(n for n, source in enumerate(sources) if source.startswith("## "))
    assert flags < limits < first_heading


def test_stored_metadata_says_nothing_of_the_machine(notebook):
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert notebook.metadata.language_info == {"name": "python"}
    assert not [cell for cell in notebook.cells if set(cell.metadata) - {"tags"}]


def test_executing_a_notebook_again_gives_the_same_bytes(tmp_path):
    path = tmp_path / "coding-agreement.ipynb"
    path.write_bytes((ROOT / "notebooks/coding-agreement.ipynb").read_bytes())
    assert not store_outputs(path, ROOT)


def test_a_tampered_output_is_noticed_when_executed_again(tmp_path):
    path = tmp_path / "coding-agreement.ipynb"
    stored = (ROOT / "notebooks/coding-agreement.ipynb").read_text(encoding="utf-8")
    assert "On the stance they agree" in stored
    tampered = stored.replace("On the stance they agree", "On the stance they differ")
    path.write_text(tampered, encoding="utf-8")
    assert store_outputs(path, ROOT)
    assert path.read_text(encoding="utf-8") == stored

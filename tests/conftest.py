"""A copy of the review to damage: its files, its rows by their lines, and its commands.

And the browser, what tests need besides Python, and what is said of tests that did not run.
"""

import contextlib
import csv
import importlib
import io
import json
import os
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from evidence_review.__main__ import main
from evidence_review.catalogue import read_catalogue
from evidence_review.screenshots import chromium

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("datapackage.json", "claims.csv", "references", "reports.toml", "notebooks")
BIBLIOGRAPHY = "references/bibliography.json"
KEPT = ("reports/conclusions.csv", "CHANGELOG.md")


class Row(dict):
    """The cells of a row by their columns, and the line of the file at which it begins."""

    def __init__(self, cells: dict[str, str], line: int) -> None:
        super().__init__(cells)
        self.line = line


class Ran(NamedTuple):
    """What a command did: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines it printed."""
        return self.out.splitlines()


class Review:
    """The files of a review in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        package = json.loads((root / "datapackage.json").read_text(encoding="utf-8"))
        self.tables = {r["name"]: r for r in package["resources"] if r.get("type") == "table"}
        self.document = next(r for r in package["resources"] if r["format"] == "txt")

    @property
    def text(self) -> str:
        """The reviewed document."""
        return (self.root / self.document["path"]).read_bytes().decode()

    def path(self, table: str) -> str:
        """The path of a table as faults name it."""
        return self.tables[table]["path"]

    def header(self, table: str) -> list[str]:
        """The columns that a table has by the data dictionary."""
        return [field["name"] for field in self.tables[table]["schema"]["fields"]]

    def content(self, table: str) -> bytes:
        """The bytes of a table."""
        return (self.root / self.path(table)).read_bytes()

    def rewrite(self, table: str, change: Callable[[bytes], bytes]) -> None:
        """Change the bytes of a table."""
        (self.root / self.path(table)).write_bytes(change(self.content(table)))

    def rows(self, table: str) -> list[Row]:
        """The rows of a table."""
        reader = csv.DictReader(io.StringIO(self.content(table).decode(), newline=""))
        rows, line = [], 2
        for cells in reader:
            rows.append(Row(cells, line))
            line = reader.line_num + 1
        return rows

    def row(self, table: str, fits: Callable[[Row], bool] = lambda row: True) -> Row:
        """The first row of a table that fits."""
        return next(row for row in self.rows(table) if fits(row))

    def write(self, table: str, rows: list[Row]) -> None:
        """Write a table anew, in canonical form."""
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, self.header(table), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        self.rewrite(table, lambda _: out.getvalue().encode())

    def put(self, table: str, line: int, **cells: str) -> None:
        """Change cells of the row that begins at this line."""
        rows = self.rows(table)
        next(row for row in rows if row.line == line).update(cells)
        self.write(table, rows)

    def works(self) -> list[dict]:
        """The works of the bibliography."""
        return json.loads((self.root / BIBLIOGRAPHY).read_text(encoding="utf-8"))

    def put_works(self, works: list[dict]) -> None:
        """Write the bibliography anew, in canonical form."""
        ordered = sorted(works, key=lambda work: str(work["id"]))
        text = json.dumps(ordered, ensure_ascii=False, indent=1, sort_keys=True)
        (self.root / BIBLIOGRAPHY).write_text(f"{text}\n", encoding="utf-8", newline="")

    def announce(self, *propositions: str) -> None:
        """Write a change log whose newest section names these propositions and no other."""
        names = "".join(f"- `{name}`: a claim was recoded.\n" for name in propositions)
        (self.root / "CHANGELOG.md").write_text(f"# Changes\n\n## 9.9.9\n\n{names}", "utf-8")

    def files(self) -> dict[str, tuple[bytes, int]]:
        """Every file with its bytes and the time at which it was written."""
        return {
            str(path.relative_to(self.root)): (path.read_bytes(), path.stat().st_mtime_ns)
            for path in sorted(self.root.rglob("*"))
            if path.is_file()
        }

    def run(self, *arguments: str) -> Ran:
        """Run a command in the folder of the review."""
        out, err = io.StringIO(), io.StringIO()
        with (
            contextlib.chdir(self.root),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = main(arguments)
        return Ran(code, out.getvalue(), err.getvalue())


def copy_of_review(folder: Path) -> Review:
    """A copy of the real review in a folder, without the rendered reports."""
    (folder / "reports").mkdir(parents=True)
    for part in (*PARTS, *(kept for kept in KEPT if (ROOT / kept).exists())):
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, copy_function=shutil.copyfile)
        else:
            shutil.copyfile(ROOT / part, folder / part)
    return Review(folder)


@pytest.fixture
def review(tmp_path: Path) -> Review:
    """A copy of the real review."""
    return copy_of_review(tmp_path / "review")


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Review:
    """A copy of the real review that the tests of a module share and do not change."""
    return copy_of_review(tmp_path_factory.mktemp("untouched") / "review")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Review:
    """A copy of the real review that a test of the module damages for the others."""
    return copy_of_review(tmp_path_factory.mktemp("shared") / "review")


# What tests need besides Python: a mark (`browser`, `needs`) says so, and where it is missing the
# test is skipped and told of in one line; in continuous integration it fails.

NODE_MODULES = Path(__file__).parent / "node_modules"
CURES = {
    "Chromium": "`sudo apt install chromium`, or Google Chrome",
    "axe-core": "`npm ci --ignore-scripts --prefix tests`",
    "vnu-jar": "`npm ci --ignore-scripts --prefix tests`",
    "Java": "`sudo apt install default-jre-headless`",
    "Pango": "`sudo apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0`",
}


@cache
def is_here(need: str) -> bool:
    """Whether this machine has something that tests need."""
    if need == "Chromium":
        return chromium() is not None
    if need == "Java":
        return shutil.which("java") is not None
    if need == "Pango":
        try:
            importlib.import_module("weasyprint")
        except OSError:
            return False
        return True
    return (NODE_MODULES / need / "package.json").is_file()


def lacking(item: pytest.Item) -> list[str]:
    """What a test needs and this machine has not."""
    needs = ["Chromium"] if item.get_closest_marker("browser") else []
    needs += [need for mark in item.iter_markers("needs") for need in mark.args]
    return [need for need in dict.fromkeys(needs) if not is_here(need)]


def words_of(missing: list[str]) -> str:
    """What is missing and how to get it, in one line."""
    cures = dict.fromkeys(CURES[need] for need in missing)
    return f"this machine has no {' and no '.join(missing)} (to get it: {'; '.join(cures)})"


UNTRIED: dict[str, list[str]] = {}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test that lacks what it needs; fail it where continuous integration runs."""
    if missing := lacking(item):
        if "CI" in os.environ:
            pytest.fail(f"continuous integration must have it: {words_of(missing)}", pytrace=False)
        for need in missing:
            UNTRIED.setdefault(need, []).append(item.nodeid)
        pytest.skip(words_of(missing))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line which tests did not run for want of what, and how to get it."""
    if UNTRIED:
        tests = {test for tests in UNTRIED.values() for test in tests}
        files = sorted({Path(test.split("::")[0]).name for test in tests})
        terminalreporter.line(
            f"NOT TESTED: {len(tests)} tests of {', '.join(files)}, since"
            f" {words_of(sorted(UNTRIED))}.",
            yellow=True,
        )


def pages_by_kind() -> list[list[Path]]:
    """The pages of each kind of report, the lightest first; a page of no list is a kind."""
    reports = {report.file: report.notebook for report in read_catalogue(ROOT)}
    kinds: dict[str, list[Path]] = {}
    for page in sorted((ROOT / "reports").glob("*.html")):
        kinds.setdefault(reports.get(page.name, page.name), []).append(page)
    return [sorted(pages, key=lambda page: page.stat().st_size) for pages in kinds.values()]


def chosen_pages() -> list[Path]:
    """Of each kind of report the heaviest page and the lightest."""
    return [page for pages in pages_by_kind() for page in dict.fromkeys((pages[-1], pages[0]))]


def lightest_pages() -> list[Path]:
    """The lightest page of each kind of report."""
    return [pages[0] for pages in pages_by_kind()]


@pytest.fixture(params=chosen_pages(), ids=lambda page: page.stem)
def chosen(request) -> Path:
    """A page: of each kind of report the heaviest and the lightest."""
    return request.param


@pytest.fixture(scope="module")
def browser():
    """A Chromium for the tests of a module.

    Not of the session: while it is there an event loop runs in this thread, which the tests of
    notebooks and of interruptions would find.
    """
    sync_api = importlib.import_module("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        yield opened
        opened.close()


@pytest.fixture
def opened(browser):
    """A function that opens a page in a window of its own, with options of playwright."""
    contexts = []

    def opening(path: Path, **options):
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.goto(path.as_uri())
        return page

    yield opening
    for context in contexts:
        context.close()

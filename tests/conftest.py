"""A copy of the review to damage: its files, its rows by their lines, and its commands."""

import contextlib
import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from evidence_review.__main__ import main

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

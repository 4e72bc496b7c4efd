"""What a report was made of, so that only what changed is made anew.

Everything is told by its content, never by its time. A record that is torn or of another place is
no record, and a report whose bytes are not those that were recorded is made anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from evidence_review.catalogue import CATALOGUE_FILE, Report, read_catalogue
from evidence_review.dictionary import DICTIONARY_FILE, read_dictionary
from evidence_review.store import FOLDER, digest, keep_verified, read_verified

PACKAGE = Path(__file__).parent
FIGURE = "findings.svg"
SOURCES = (".py", ".j2", ".css", ".js", ".json", ".csl", ".txt")


@dataclass(frozen=True)
class Record:
    """What a report was made of: all but the data, the readings of the data with their hash.

    `readings` are the parts of the data that its notebook loaded;
    `output` is the hash of the file that came of it.
    """

    made_of: str
    readings: tuple[tuple[str, bool, str, str], ...]
    rows: str
    output: str


class Records:
    """The records of the reports in one folder, kept from one run to the next."""

    def __init__(self, root: Path, out: Path) -> None:
        self.out = out
        self._of = [str(root), str(out)]
        self._path = root / FOLDER / "reports" / digest(str(out))
        self.reports: dict[str, Record] = {}
        self.whole: dict[str, str] = {}
        self.inputs = ""
        kept = read_verified(self._path)
        if kept is not None:
            # The hash is right, so that it was written as a record; but perhaps by a package of
            # another version, or in another place.
            with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
                self._read(json.loads(kept))

    def keep(self) -> None:
        """Write the records down."""
        content = {
            "of": self._of,
            "inputs": self.inputs,
            "whole": self.whole,
            "reports": {name: asdict(record) for name, record in self.reports.items()},
        }
        keep_verified(self._path, json.dumps(content, sort_keys=True))

    def stands(self, inputs: str) -> bool:
        """Whether a whole run was made of these inputs, and everything it wrote is still there."""
        return bool(self.whole) and self.inputs == inputs and self.whole == hashes(self.whole)

    def _read(self, content: Any) -> None:
        if content["of"] != self._of:
            return
        reports = {}
        for name, found in content["reports"].items():
            readings = tuple((str(t), bool(c), str(p), str(s)) for t, c, p, s in found["readings"])
            reports[name] = Record(**{**found, "readings": readings})
        inputs, whole = str(content["inputs"]), dict(content["whole"])
        self.inputs, self.whole, self.reports = inputs, whole, reports


def hash_of(path: Path) -> str:
    """The SHA-256 of a file; empty where it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def hashes(paths: Iterable[str]) -> dict[str, str]:
    """The hash of each of some files."""
    return {path: hash_of(Path(path)) for path in paths}


def rows_digest(parts: Iterable[str]) -> str:
    """One hash of several."""
    return digest("\n".join(parts))


def inputs_of(root: Path) -> str:
    """The hash of everything that decides what the whole set of reports is."""
    found = [f"{path} {hash_of(root / path)}" for path in input_files(root)]
    return rows_digest([*found, environment_digest()])


def input_files(root: Path) -> list[str]:
    """The files of a review that decide what its reports are, sorted, whether they exist or not."""
    dictionary = read_dictionary(root)
    paths = {table.path for name, table in dictionary.tables.items() if name != "conclusions"}
    paths |= {origin.path for origin in dictionary.documents.values()}
    paths |= {DICTIONARY_FILE, CATALOGUE_FILE, "references/bibliography.json", "CHANGELOG.md"}
    paths |= {str(path.relative_to(root)) for path in (root / "notebooks").glob("*.ipynb")}
    return sorted(paths)


def output_files(root: Path) -> list[str]:
    """The names of the files that a whole run writes into the folder of reports."""
    kept = Path(read_dictionary(root).tables["conclusions"].path).name
    return [*(report.file for report in read_catalogue(root)), kept, FIGURE]


def made_of(root: Path, report: Report) -> str:
    """The hash of all that decides a report but the data: notebook, parameters, versions."""
    parameters = json.dumps(dict(report.parameters), sort_keys=True)
    notebook = hash_of(root / "notebooks" / f"{report.notebook}.ipynb")
    own = [report.name, report.title, report.notebook, parameters, notebook]
    own += [repr((report.trail, report.neighbours, report.pages))]
    return rows_digest([*own, catalogue_digest(root), environment_digest()])


def catalogue_digest(root: Path) -> str:
    """The hash of the list of reports, which every report has links to."""
    return hash_of(root / CATALOGUE_FILE)


@cache
def environment_digest() -> str:
    """The hash of the package's own files, the Python, and the versions of all installed ones."""
    own = sorted(path for path in PACKAGE.rglob("*") if path.suffix in SOURCES)
    found = [f"{path.relative_to(PACKAGE)} {hash_of(path)}" for path in own]
    # A folder of this ending is named by a distribution and its version.
    installed = {
        path.name
        for folder in sys.path
        if folder and Path(folder).is_dir()
        for path in Path(folder).glob("*.dist-info")
    }
    return rows_digest([*found, sys.version, sys.platform, *sorted(installed)])

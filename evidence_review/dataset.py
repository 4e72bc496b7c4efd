"""The typed tables: every CSV file of the review, read strictly by the data dictionary."""

from __future__ import annotations

import csv
import datetime
import hashlib
import io
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property
from itertools import filterfalse
from pathlib import Path
from typing import Any

import pandas as pd

from evidence_review.bibliography import BIBLIOGRAPHY_FILE, Work, read_bibliography
from evidence_review.dictionary import (
    DICTIONARY_FILE,
    Column,
    Dictionary,
    Table,
    find_root,
    not_one_of,
    read_dictionary,
    suggest,
)
from evidence_review.document import Document, DocumentChanged, read_document
from evidence_review.refusal import ParameterError, Refusal

# No more digits than an int64 holds.
INTEGER = re.compile(r"0|[1-9][0-9]{0,17}")
NUMBER = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]*[1-9])?")

BOM_MESSAGE = "begins with a byte order mark; the `format` command takes it away"
CR_MESSAGE = "lines end in CR or CRLF, expected LF; the `format` command puts them right"


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong with the data, at a line (0: the whole file) and a column."""

    path: str
    line: int
    column: str
    message: str
    warning: bool = False

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        kind = "warning: " if self.warning else ""
        return f"{place}: {kind}{self.column + ': ' if self.column else ''}{self.message}"


class DataError(Refusal):
    """The data cannot be used; `faults` says all that is wrong with it."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = sorted(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


# Where a process is to write down what it reads of the data, if anybody wants to know.
READINGS = "EVIDENCE_REVIEW_READINGS"
ALL = "all"
CODING = "coding"
CODING_TABLES = ("passes", "pass_reasons", "adjudication")
# What of the data somebody reads: topic, whether conflicting ones too, proposition, source.
Part = tuple[str, bool, str, str]
WHOLE: Part = (ALL, False, ALL, ALL)


@dataclass(frozen=True)
class Dataset:
    """The review's data: documents by their id, and one typed table for each of the dictionary.

    Columns with a vocabulary are categories in the dictionary's order, `integer` columns are
    int64, `number` columns float64, all others text. An empty cell is an empty text, and a cell
    that reads `None` or `NA` is that word.
    """

    root: Path
    dictionary: Dictionary
    documents: dict[str, Document]
    claims: pd.DataFrame
    sources: pd.DataFrame
    propositions: pd.DataFrame
    sentences: pd.DataFrame
    glossary: pd.DataFrame
    doses: pd.DataFrame
    safety: pd.DataFrame
    passes: pd.DataFrame
    pass_reasons: pd.DataFrame
    adjudication: pd.DataFrame
    findings: pd.DataFrame
    verdicts: pd.DataFrame
    harms: pd.DataFrame
    omissions: pd.DataFrame
    bibliography: dict[str, Work]

    def document_of(self, source_id: str) -> Document:
        """The document that a source stands in."""
        return self.documents[self._document_ids[source_id]]

    @cached_property
    def authors(self) -> dict[str, str]:
        """The author of each source, as the page names them."""
        return _mapped(self.sources, "source_id", "author")

    @cached_property
    def topics(self) -> dict[str, str]:
        """The topic of each proposition."""
        return _mapped(self.propositions, "proposition_id", "topic")

    @cached_property
    def statements(self) -> dict[str, str]:
        """The wording of each proposition."""
        return _mapped(self.propositions, "proposition_id", "statement")

    @cached_property
    def findings_by_id(self) -> dict[str, dict[str, Any]]:
        """The cells of each finding."""
        return {row["finding_id"]: row for row in self.findings.to_dict("records")}

    @cached_property
    def _document_ids(self) -> dict[str, str]:
        return _mapped(self.sources, "source_id", "document_id")


@dataclass(frozen=True)
class Reading:
    """What the files of a review hold, before it is known whether it can be used.

    Every readable table as text, indexed by the line of the file at which each row begins, every
    unchanged document, the works, and what is wrong with all that, seen for itself.
    """

    root: Path
    dictionary: Dictionary
    frames: dict[str, pd.DataFrame]
    documents: dict[str, Document]
    works: dict[str, Work]
    faults: list[Fault]

    @property
    def complete(self) -> bool:
        """Whether every file could be read, whatever is wrong with its cells."""
        return (
            self.frames.keys() == self.dictionary.tables.keys() - {"conclusions"}
            and self.documents.keys() == self.dictionary.documents.keys()
            and not any(fault.path == BIBLIOGRAPHY_FILE for fault in self.faults)
        )

    @cached_property
    def dataset(self) -> Dataset:
        """The whole data, typed; DataError where any of it cannot be used."""
        if self.faults:
            raise DataError(self.faults)
        typed = {
            name.replace("-", "_"): typed_table(frame, self.dictionary.tables[name])
            for name, frame in self.frames.items()
        }
        return Dataset(
            root=self.root,
            dictionary=self.dictionary,
            documents=self.documents,
            bibliography=self.works,
            **typed,
        )


_TABLES = tuple(field.name for field in fields(Dataset) if field.type == "pd.DataFrame")
# What was read last in each folder, so that a process (or one forked from it) reads it once.
_kept: dict[Path, tuple[dict[str, str], Reading]] = {}


def load(
    root: Path | None = None,
    topic: str = ALL,
    conflicting: bool = False,
    proposition: str = ALL,
    source: str = ALL,
) -> Dataset:
    """The typed tables of the review in `root` (found from the working directory by default).

    Of one topic, proposition or source, they hold what speaks of it and no other (see
    `narrowed`), so that whoever loads them depends on nothing else. DataError where a file is
    missing, is no CSV of its header, or has a cell that its column does not admit. The rules
    between tables are those of `evidence_review.checks`.
    """
    dataset = read(root or find_root()).dataset
    part = (topic, conflicting, proposition, source)
    _note_part(part)
    return narrowed(dataset, *part)


def read(root: Path) -> Reading:
    """What the files of the review in `root` hold: read once, until one of them changes.

    DataError where one of them changes meanwhile.
    """
    dictionary = read_dictionary(root)
    before = _contents(root, dictionary)
    if root in _kept and _kept[root][0] == before:
        return _kept[root][1]
    reading = _read_all(root, dictionary)
    if _contents(root, dictionary) != before:
        raise DataError([Fault(str(root), 0, "", "changed while it was read; try again")])
    if not reading.faults:
        _kept[root] = (before, reading)
    return reading


def narrowed(
    dataset: Dataset,
    topic: str = ALL,
    conflicting: bool = False,
    proposition: str = ALL,
    source: str = ALL,
) -> Dataset:
    """The part of the data that speaks of a topic, a proposition or a source; the whole for `all`.

    Claims, verdicts, harms, doses and findings are those of its propositions (of a source: those
    that it has a claim on), works those that are cited there, sentences those that ask about
    them; with `conflicting`, the propositions that are in conflict with one of these count as
    well. Documents, sources, glossary and red flags are always whole; the tables of the coding and
    the omissions are of the whole page, and empty here. The topic `coding` is the tables of the
    coding and the wording of the propositions, without anything that came of them. ParameterError
    for a proposition or a source that is not known.
    """
    if (topic, proposition, source) == (ALL, ALL, ALL):
        tables = {name: _copied(dataset, name) for name in _TABLES}
        return replace(dataset, bibliography=dict(dataset.bibliography), **tables)
    known = _propositions_of(dataset, topic, conflicting, proposition, source)
    tables = {name: _copied(dataset, name) for name in _TABLES}
    for name in ("claims", "propositions", "doses", "verdicts", "harms"):
        # The coding speaks of every proposition, though of nothing that came of it.
        if (topic, name) != (CODING, "propositions"):
            tables[name] = _only(tables[name], tables[name]["proposition_id"].isin(known))
    asking = tables["sentences"]["asks"].map(lambda asked: not known.isdisjoint(asked.split()))
    tables["sentences"] = _only(tables["sentences"], asking.astype(bool))
    for name in ("omissions", *(() if topic == CODING else CODING_TABLES)):
        tables[name] = tables[name].iloc[:0]
    relied = _words(tables["verdicts"]["findings"])
    tables["findings"] = _only(tables["findings"], tables["findings"]["finding_id"].isin(relied))
    cited = _words(tables["verdicts"]["references"]) | _words(tables["harms"]["references"])
    works = {name: work for name, work in dataset.bibliography.items() if name in cited}
    return replace(dataset, bibliography=works, **tables)


def tables_of(dataset: Dataset) -> dict[str, pd.DataFrame]:
    """The tables of a dataset by the names of its fields."""
    return {name: getattr(dataset, name) for name in _TABLES}


def read_works(root: Path) -> tuple[dict[str, Work], list[Fault]]:
    """The works of the bibliography by their id, and what is wrong with the file."""
    try:
        return read_bibliography(root), []
    except (OSError, ValueError, KeyError, TypeError) as error:
        line = getattr(error, "lineno", 0)
        reason = _reason(error) if isinstance(error, OSError) else f"is no CSL-JSON: {error}"
        return {}, [Fault(BIBLIOGRAPHY_FILE, line, "", reason)]


def read_table(root: Path, table: Table) -> tuple[pd.DataFrame | None, list[Fault]]:
    """A table as text, indexed by line, with its faults; None where its shape is wrong."""
    try:
        content = (root / table.path).read_bytes()
    except OSError as error:
        return None, [Fault(table.path, 0, "", _reason(error))]
    frame, faults = parse_table(content, table)
    if frame is not None:
        faults += value_faults(frame, table)
    return frame, faults


def parse_table(content: bytes, table: Table) -> tuple[pd.DataFrame | None, list[Fault]]:
    """The rows of a CSV file as text, indexed by line, and the faults of its form.

    None where encoding, dialect, header or the number of cells of a row is not as it must be:
    what stands in which column would be a guess.
    """
    faults = list(_byte_faults(content, table.path))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, [*faults, _undecodable(error, content, table.path)]
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    foreign = _foreign_dialect(text, table)
    if foreign:
        return None, [*faults, foreign]
    lines, rows, broken = _rows(text, table.path)
    if broken:
        return None, [*faults, broken]
    if not rows:
        return None, [*faults, Fault(table.path, 1, "", "the file is empty; expected a header")]
    header = list(rows[0])
    faults += _header_faults(header, table)
    if header == table.header:
        faults += _ragged(lines[1:], rows[1:], table)
    if beyond_form(faults):
        return None, faults
    frame = pd.DataFrame(rows[1:], columns=table.header, dtype="str")
    frame.index = pd.Index(lines[1:], name="line", dtype="int64")
    return frame, faults


def value_faults(frame: pd.DataFrame, table: Table) -> list[Fault]:
    """What is wrong with the cells of a table: each against its own column, then the keys."""
    faults: list[Fault] = []
    if len(frame) < table.minimum_rows:
        message = f"has {len(frame)} row(s), expected at least {table.minimum_rows}"
        faults.append(Fault(table.path, 1, "", message))
    for column in table.columns:
        faults += _column_faults(frame[column.name], column, table.path)
    faults += _duplicate_keys(frame, table)
    return faults


def typed_table(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """A faultless table with the types of the dictionary, its rows numbered from 0."""
    typed = frame.reset_index(drop=True)
    for column in table.columns:
        if column.vocabulary:
            values = [*column.vocabulary, *([] if column.required else [""])]
            typed[column.name] = pd.Categorical(typed[column.name], values, ordered=True)
        elif column.type == "integer":
            typed[column.name] = typed[column.name].astype("int64")
        elif column.type == "number":
            typed[column.name] = typed[column.name].astype("float64")
    return typed


def beyond_form(faults: Iterable[Fault]) -> list[Fault]:
    """The faults that `format` cannot put right by writing the file anew."""
    return [fault for fault in faults if fault.message not in (BOM_MESSAGE, CR_MESSAGE)]


def csv_text(table: pd.DataFrame) -> str:
    """A table as canonical CSV: commas, LF, quotes only where they are needed, no index."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows(rows_of(table, table.columns))
    return out.getvalue()


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as `to_dict("records")` gives them, many times faster for texts."""
    names = list(table.columns)
    return [dict(zip(names, row, strict=True)) for row in rows_of(table, names)]


def rows_of(table: pd.DataFrame, names: Iterable[str]) -> Iterator[tuple[Any, ...]]:
    """The rows of some columns of a table, each a tuple."""
    # Cell by cell, a column of texts is read ten times slower.
    return zip(*(table[name].astype("object").tolist() for name in names), strict=True)


def _read_all(root: Path, dictionary: Dictionary) -> Reading:
    """What the files of a review hold, whatever is wrong with it.

    `conclusions` is what the review computes and not what it reads, so it is left to those who
    compare it.
    """
    frames: dict[str, pd.DataFrame] = {}
    documents: dict[str, Document] = {}
    works, faults = read_works(root)
    for document_id, origin in dictionary.documents.items():
        try:
            documents[document_id] = read_document(root, origin)
        except (DocumentChanged, OSError) as error:
            faults.append(Fault(origin.path, 0, "", _reason(error)))
    for name, table in dictionary.tables.items():
        if name != "conclusions":
            frame, found = read_table(root, table)
            faults += found
            if frame is not None:
                frames[name] = frame
    return Reading(root, dictionary, frames, documents, works, faults)


def _contents(folder: Path, dictionary: Dictionary) -> dict[str, str]:
    """The hash of every file that the data is read from; empty for one that cannot be read."""
    paths = [table.path for name, table in dictionary.tables.items() if name != "conclusions"]
    paths += [origin.path for origin in dictionary.documents.values()]
    found = {}
    for path in (DICTIONARY_FILE, BIBLIOGRAPHY_FILE, *paths):
        try:
            found[path] = hashlib.sha256((folder / path).read_bytes()).hexdigest()
        except OSError:
            found[path] = ""
    return found


def _note_part(part: Part) -> None:
    """Write down what was read, where somebody wants to know what a report depends on."""
    if READINGS in os.environ:
        with Path(os.environ[READINGS]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(part) + "\n")


def _copied(dataset: Dataset, name: str) -> pd.DataFrame:
    """A table of its own with the same cells."""
    table: pd.DataFrame = getattr(dataset, name).copy(deep=False)
    return table


def _propositions_of(
    dataset: Dataset, topic: str, conflicting: bool, proposition: str, source: str
) -> set[str]:
    """The propositions that are spoken of, with those in conflict with one of them if wanted."""
    known = dataset.propositions["proposition_id"]
    own = set(known if topic == ALL else known[dataset.propositions["topic"] == topic])
    if proposition != ALL:
        if proposition not in dataset.statements:
            words = not_one_of(proposition, tuple(known))
            raise ParameterError(f"proposition: {words}")
        own &= {proposition}
    if source != ALL:
        if source not in dataset.authors:
            raise ParameterError(f"source: {not_one_of(source, tuple(dataset.authors))}")
        claims = dataset.claims
        own &= set(claims.loc[claims["source_id"] == source, "proposition_id"])
    if not conflicting:
        return own
    named = dataset.propositions.set_index("proposition_id")["conflicts_with"].map(str.split)
    return own.union(
        *(named[proposition_id] for proposition_id in own),
        (proposition_id for proposition_id, others in named.items() if own & set(others)),
    )


def _mapped(table: pd.DataFrame, key: str, value: str) -> dict[str, str]:
    """One column of a table by another."""
    return dict(zip(table[key], table[value], strict=True))


def _words(cells: pd.Series) -> set[str]:
    """All words of some cells."""
    return {word for cell in cells for word in cell.split()}


def _only(table: pd.DataFrame, kept: pd.Series) -> pd.DataFrame:
    """Some rows of a table, numbered anew."""
    return table[kept].reset_index(drop=True)


def _byte_faults(content: bytes, path: str) -> Iterator[Fault]:
    if content.startswith(b"\xef\xbb\xbf"):
        yield Fault(path, 1, "", BOM_MESSAGE)
    if b"\r" in content:
        yield Fault(path, content[: content.index(b"\r")].count(b"\n") + 1, "", CR_MESSAGE)
    if b"\0" in content and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield Fault(path, content[: content.index(b"\0")].count(b"\n") + 1, "", "holds a NUL byte")


def _undecodable(error: UnicodeDecodeError, content: bytes, path: str) -> Fault:
    line = content[: error.start].count(b"\n") + 1
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        guess = "it looks like UTF-16"
    else:
        guess = f"byte 0x{content[error.start]:02x} at offset {error.start}"
    return Fault(path, line, "", f"is not UTF-8 ({guess}); save it as “CSV UTF-8”")


def _rows(text: str, path: str) -> tuple[list[int], list[tuple[str, ...]], Fault | None]:
    """The rows of a CSV text, whose lines end in LF, with the line at which each begins."""
    reader = csv.reader(io.StringIO(text), strict=True)
    lines: list[int] = []
    rows: list[tuple[str, ...]] = []
    begins = 1
    try:
        # The garbage collector goes through lists again and again, but not through such tuples.
        for row in map(tuple, reader):
            lines.append(begins)
            rows.append(row)
            begins = reader.line_num + 1
    except csv.Error as error:
        return lines, rows, Fault(path, begins, "", f"is not CSV: {error}; look for a stray quote")
    return lines, rows, None


def _foreign_dialect(text: str, table: Table) -> Fault | None:
    """The fault of a file whose cells are parted by something else than commas."""
    first = text.split("\n", 1)[0]
    for delimiter, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        names = {cell.strip('"') for cell in first.split(delimiter)}
        if len(names & set(table.header)) > 1:
            return Fault(table.path, 1, "", f"cells are parted by {name}, expected commas")
    return None


def _header_faults(header: list[str], table: Table) -> Iterator[Fault]:
    expected = table.header
    if header == expected:
        return
    for name, count in Counter(header).items():
        if count > 1:
            yield Fault(table.path, 1, name, f"stands {count} times in the header, expected once")
    for name in dict.fromkeys(header):
        if name not in expected:
            meant = suggest(name, tuple(expected), {})
            hint = f" (did you mean '{meant}'?)" if meant else ""
            yield Fault(table.path, 1, name or "(empty)", f"is not a column of this table{hint}")
    for name in expected:
        if name not in header:
            yield Fault(table.path, 1, name, "is missing from the header")
    if sorted(header) == sorted(expected):
        order = ",".join(expected)
        yield Fault(table.path, 1, "", f"the columns are in another order, expected {order}")


def _ragged(lines: list[int], rows: list[tuple[str, ...]], table: Table) -> Iterator[Fault]:
    expected = len(table.columns)
    for line, row in zip(lines, rows, strict=True):
        if not row:
            yield Fault(table.path, line, "", "the line is empty; take it away")
        elif len(row) != expected:
            yield Fault(
                table.path,
                line,
                "",
                f"has {len(row)} cells, expected {expected}; a text with a comma wants quotes",
            )


def _column_faults(cells: pd.Series, column: Column, path: str) -> Iterator[Fault]:
    lines, values = cells.index.tolist(), cells.tolist()
    refused = _refusals(values, column)
    if refused:
        for line, value in zip(lines, values, strict=True):
            if value in refused:
                yield Fault(path, line, column.name, refused[value])
    if column.unique and not column.vocabulary:
        for line, (value,), first in _repeated(lines, zip(values, strict=True)):
            if value:
                message = f"'{value}' stands already at line {first}, expected once"
                yield Fault(path, line, column.name, message)


def _refusals(values: list[str], column: Column) -> dict[str, str]:
    """Each value that a column does not admit, with what is wrong with it."""
    fits = _admits(column)
    wrong = set(filterfalse(fits, filter(None, values))) if fits else set()
    refused = {value: _refusal(value, column) for value in wrong}
    if column.required and "" in values:
        refused[""] = "is empty, expected " + _expectation(column)
    return refused


def _admits(column: Column) -> Callable[[str], object] | None:
    """What says of a filled cell of a column whether it is admitted; None where any text is."""
    if column.vocabulary:
        return frozenset(column.vocabulary).__contains__
    fits: dict[str, Callable[[str], object]] = {
        "integer": INTEGER.fullmatch,
        "number": NUMBER.fullmatch,
        "date": _is_date,
    }
    if column.type in fits:
        return fits[column.type]
    return re.compile(column.pattern).fullmatch if column.pattern else None


def _is_date(value: str) -> bool:
    try:
        return datetime.date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _refusal(value: str, column: Column) -> str:
    if column.vocabulary:
        return not_one_of(value, column.vocabulary, column.synonyms)
    return f"'{value}' is not {_expectation(column)}"


def _expectation(column: Column) -> str:
    if column.vocabulary:
        return f"one of {', '.join(column.vocabulary)}"
    if column.pattern:
        return f"of the form {column.pattern}"
    return {
        "integer": "a whole number, digits only",
        "number": "a number such as 2 or 2.5",
        "date": "a date such as 2026-11-22",
    }.get(column.type, "a text")


def _duplicate_keys(frame: pd.DataFrame, table: Table) -> Iterator[Fault]:
    keys = rows_of(frame, table.primary_key)
    for line, key, first in _repeated(frame.index.tolist(), keys):
        cells = zip(table.primary_key, key, strict=True)
        named = ", ".join(f"{name} {cell}" for name, cell in cells)
        message = f"the same row key ({named}) stands already at line {first}"
        yield Fault(table.path, line, "", message)


def _repeated(
    lines: list[int], keys: Iterable[tuple[str, ...]]
) -> Iterator[tuple[int, tuple[str, ...], int]]:
    """Each key that stood before: its line, the key, and the line at which it stood first."""
    seen: dict[tuple[str, ...], int] = {}
    for line, key in zip(lines, keys, strict=True):
        first = seen.setdefault(key, line)
        if first != line:
            yield line, key, first


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "the file is missing"
    return str(error.strerror if isinstance(error, OSError) else error)

"""The data dictionary: what `datapackage.json` says of every table, column and document."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from evidence_review.refusal import Refusal

DICTIONARY_FILE = "datapackage.json"


class NoReview(Refusal, FileNotFoundError):
    """No review lies here, nor in a folder above."""


@dataclass(frozen=True)
class Column:
    """One column of a table, with what its cells may hold."""

    name: str
    type: str
    description: str
    required: bool
    unique: bool
    minimum: float | None
    pattern: str | None
    vocabulary: tuple[str, ...]
    meanings: Mapping[str, str]
    synonyms: Mapping[str, str]


@dataclass(frozen=True)
class ForeignKey:
    """Columns whose values must stand in columns of another table."""

    columns: tuple[str, ...]
    table: str
    referenced: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """One table: its file, its columns in their order, its keys."""

    name: str
    path: str
    description: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...]
    minimum_rows: int

    @property
    def header(self) -> list[str]:
        """The names of the columns in their order."""
        return [column.name for column in self.columns]

    def column(self, name: str) -> Column:
        """The column of this name; KeyError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name}")


@dataclass(frozen=True)
class DocumentOrigin:
    """Where a document lies, what it is, and the hash that it must have."""

    document_id: str
    path: str
    title: str
    description: str
    origin: str
    sha256: str
    characters: int


@dataclass(frozen=True)
class Dictionary:
    """All tables and documents of the review."""

    title: str
    description: str
    version: str
    tables: Mapping[str, Table]
    documents: Mapping[str, DocumentOrigin]

    def vocabulary(self, table: str, column: str) -> tuple[str, ...]:
        """The values that a column may hold, in the dictionary's order."""
        return self.tables[table].column(column).vocabulary

    def meanings(self, table: str, column: str) -> Mapping[str, str]:
        """What each value of a column means, one phrase a value."""
        return self.tables[table].column(column).meanings


def find_root(start: Path | None = None) -> Path:
    """The folder that holds `datapackage.json`: `start`, or the nearest folder above it.

    NoReview where neither `start` (the working directory by default) nor any folder
    above it, nor the folder of this package, has one.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[1]):
        if (folder / DICTIONARY_FILE).is_file():
            return folder
    raise NoReview(
        f"no {DICTIONARY_FILE} in {here} or above it: run this inside the project's folder"
    )


def read_dictionary(root: Path) -> Dictionary:
    """The data dictionary of the review in `root`."""
    return _dictionary((root / DICTIONARY_FILE).read_text(encoding="utf-8"))


@cache
def _dictionary(text: str) -> Dictionary:
    package = json.loads(text)
    resources = package["resources"]
    return Dictionary(
        title=package["title"],
        description=package["description"],
        version=package["version"],
        tables={r["name"]: _table(r) for r in resources if r.get("type") == "table"},
        documents={r["name"]: _document(r) for r in resources if r["format"] == "txt"},
    )


def suggest(value: str, vocabulary: tuple[str, ...], synonyms: Mapping[str, str]) -> str | None:
    """The known word that a person who wrote `value` most likely meant, or None."""
    folded = value.strip().casefold()
    by_folded = {word.casefold(): word for word in vocabulary}
    if folded in by_folded:
        return by_folded[folded]
    if folded in synonyms:
        return synonyms[folded]
    close = difflib.get_close_matches(folded, by_folded, n=1, cutoff=0.6)
    return by_folded[close[0]] if close else None


def not_one_of(
    value: str, vocabulary: tuple[str, ...], synonyms: Mapping[str, str] | None = None
) -> str:
    """A sentence that says which words are known, and which of them `value` may have meant."""
    meant = suggest(value, vocabulary, synonyms or {})
    hint = f" (did you mean '{meant}'?)" if meant else ""
    return f"'{value}' is not one of {', '.join(vocabulary)}{hint}"


def _table(resource: Mapping[str, Any]) -> Table:
    schema = resource["schema"]
    return Table(
        name=resource["name"],
        path=resource["path"],
        description=resource["description"],
        columns=tuple(_column(field) for field in schema["fields"]),
        primary_key=tuple(schema["primaryKey"]),
        foreign_keys=tuple(_foreign_key(key) for key in schema.get("foreignKeys", [])),
        minimum_rows=resource.get("minimumRows", 0),
    )


def _column(field: Mapping[str, Any]) -> Column:
    constraints = field.get("constraints", {})
    return Column(
        name=field["name"],
        type=field["type"],
        description=field["description"],
        required=constraints.get("required", False),
        unique=constraints.get("unique", False),
        minimum=constraints.get("minimum"),
        pattern=constraints.get("pattern"),
        vocabulary=tuple(constraints.get("enum", ())),
        meanings=field.get("meanings", {}),
        synonyms=field.get("synonyms", {}),
    )


def _foreign_key(key: Mapping[str, Any]) -> ForeignKey:
    def as_tuple(columns: str | list[str]) -> tuple[str, ...]:
        return (columns,) if isinstance(columns, str) else tuple(columns)

    reference = key["reference"]
    return ForeignKey(
        columns=as_tuple(key["fields"]),
        table=reference["resource"],
        referenced=as_tuple(reference["fields"]),
    )


def _document(resource: Mapping[str, Any]) -> DocumentOrigin:
    return DocumentOrigin(
        document_id=resource["name"],
        path=resource["path"],
        title=resource["title"],
        description=resource["description"],
        origin=resource["origin"],
        sha256=resource["hash"].removeprefix("sha256:"),
        characters=resource["characters"],
    )

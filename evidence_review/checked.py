"""What the checks look at: the tables as they stand in their files, the documents, the works."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, filterfalse
from pathlib import Path
from typing import Any

import pandas as pd

from evidence_review.bibliography import Work
from evidence_review.dataset import INTEGER, Fault, records
from evidence_review.dictionary import Dictionary, Table, suggest
from evidence_review.document import Document

# A document with the rows of a table that stand in it.
Placed = tuple[Document, pd.DataFrame]


@dataclass(frozen=True)
class Checked:
    """What the rules look at: the tables as text, indexed by line, and the documents."""

    root: Path
    dictionary: Dictionary
    frames: dict[str, pd.DataFrame]
    documents: dict[str, Document]
    works: dict[str, Work]
    _lines: dict[str, list[tuple[int, dict[str, str]]]] = field(default_factory=dict, repr=False)
    _rows: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)
    _placed: dict[str, list[Placed]] = field(default_factory=dict, repr=False)

    def table(self, name: str) -> Table:
        """The table of this name in the data dictionary."""
        return self.dictionary.tables[name]

    def rows(self, name: str) -> pd.DataFrame:
        """The rows of a table whose offsets can be read, `start` and `end` as numbers."""
        if name not in self._rows:
            frame = self.frames[name]
            present = [column for column in ("start", "end") if column in frame]
            cells = chain.from_iterable(frame[column].tolist() for column in present)
            unreadable = set(filterfalse(INTEGER.fullmatch, cells))
            if unreadable:
                frame = frame[~frame[present].isin(unreadable).any(axis="columns")]
            self._rows[name] = frame.astype(dict.fromkeys(present, "int64"))
        return self._rows[name]

    def cells(self, name: str, *columns: str) -> Iterator[tuple[Any, ...]]:
        """The line and some cells of each row of a table, as they stand in the file."""
        return cells_of(self.frames[name], *columns)

    def lines(self, name: str) -> list[tuple[int, dict[str, str]]]:
        """The line and all cells, by their columns, of each row of a table."""
        if name not in self._lines:
            frame = self.frames[name]
            self._lines[name] = list(zip(frame.index.tolist(), records(frame), strict=True))
        return self._lines[name]

    @cached_property
    def answers(self) -> dict[str, dict[str, Any]]:
        """The sources by their id, with the offsets of their answers."""
        rows = self.rows("sources").drop_duplicates("source_id").to_dict("records")
        return {row["source_id"]: row for row in rows}

    def placed(self, name: str) -> list[Placed]:
        """Each document with the rows of a table, as of `rows`, that stand in it."""
        if name not in self._placed:
            rows = self.rows(name)
            if "document_id" in rows:
                held = rows["document_id"]
            else:
                documents = {source: row["document_id"] for source, row in self.answers.items()}
                held = rows["source_id"].map(documents)
            self._placed[name] = [
                (document, rows[held == document_id])
                for document_id, document in self.documents.items()
            ]
        return self._placed[name]


Rule = Callable[[Checked], Iterator[Fault]]


def cells_of(rows: pd.DataFrame, *columns: str) -> Iterator[tuple[Any, ...]]:
    """The line and some cells of each of some rows."""
    # Cell by cell, a column is read ten times slower.
    return zip(rows.index.tolist(), *(rows[name].tolist() for name in columns), strict=True)


def unknown_word(value: str, known: tuple[str, ...]) -> str:
    """A phrase that says that a word is not known, and which it may have meant."""
    meant = suggest(value, known, {})
    return f"'{value}' is not known" + (f" (did you mean '{meant}'?)" if meant else "")

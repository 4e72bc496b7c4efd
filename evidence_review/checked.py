"""What the checks look at: the tables as they stand in their files, the documents, the works."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, filterfalse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evidence_review.bibliography import Work
from evidence_review.dataset import INTEGER, Fault, records
from evidence_review.dictionary import Dictionary, Table, suggest
from evidence_review.document import Document


@dataclass(frozen=True)
class Checked:
    """What the rules look at: the tables as text, indexed by line, and the documents."""

    root: Path
    dictionary: Dictionary
    frames: dict[str, pd.DataFrame]
    documents: dict[str, Document]
    works: dict[str, Work]
    _lines: dict[str, list[tuple[int, dict[str, str]]]] = field(default_factory=dict, repr=False)
    _placed: dict[str, tuple[list[Document], pd.DataFrame]] = field(
        default_factory=dict, repr=False
    )

    def table(self, name: str) -> Table:
        """The table of this name in the data dictionary."""
        return self.dictionary.tables[name]

    def rows(self, name: str) -> pd.DataFrame:
        """The rows of a table whose offsets can be read, `start` and `end` as numbers."""
        frame = self.frames[name]
        present = [column for column in ("start", "end") if column in frame]
        cells = chain.from_iterable(frame[column].tolist() for column in present)
        unreadable = set(filterfalse(INTEGER.fullmatch, cells))
        if unreadable:
            frame = frame[~frame[present].isin(unreadable).any(axis="columns")]
        return frame.astype(dict.fromkeys(present, "int64"))

    def cells(self, name: str, *columns: str) -> Iterator[tuple[Any, ...]]:
        """The line and some cells of each row of a table, as they stand in the file."""
        frame = self.frames[name]
        return zip(frame.index.tolist(), *(frame[c].tolist() for c in columns), strict=True)

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

    def placed(self, name: str, *columns: str) -> Iterator[tuple[Any, ...]]:
        """Line, document and some cells of each row of a table that stands in a known document."""
        if name not in self._placed:
            self._placed[name] = self._in_documents(self.rows(name))
        documents, rows = self._placed[name]
        lines, cells = rows.index.tolist(), [rows[column].tolist() for column in columns]
        return zip(lines, documents, *cells, strict=True)

    def _in_documents(self, rows: pd.DataFrame) -> tuple[list[Document], pd.DataFrame]:
        """The rows that stand in a known document, and the document of each."""
        if "document_id" in rows:
            held = self.documents
            named = rows["document_id"].tolist()
        else:
            held = self._document_of_source
            named = rows["source_id"].tolist()
        found = [held.get(name) for name in named]
        documents = [document for document in found if document]
        if len(documents) < len(found):
            rows = rows[np.array([document is not None for document in found])]
        return documents, rows

    @cached_property
    def _document_of_source(self) -> dict[str, Document]:
        return {
            source_id: self.documents[row["document_id"]]
            for source_id, row in self.answers.items()
            if row["document_id"] in self.documents
        }


Rule = Callable[[Checked], Iterator[Fault]]


def unknown_word(value: str, known: tuple[str, ...]) -> str:
    """A phrase that says that a word is not known, and which it may have meant."""
    meant = suggest(value, known, {})
    return f"'{value}' is not known" + (f" (did you mean '{meant}'?)" if meant else "")

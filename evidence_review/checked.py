"""What the checks look at: the tables as they stand in their files, the documents, the works."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from evidence_review.bibliography import Work
from evidence_review.dataset import INTEGER, Fault, records
from evidence_review.dictionary import Dictionary, Table, suggest
from evidence_review.document import Document

# A row with the line at which it begins, offsets as numbers, and the document it stands in.
Placed = tuple[int, dict[str, Any], Document]


@dataclass(frozen=True)
class Checked:
    """What the rules look at: the tables as text, indexed by line, and the documents."""

    root: Path
    dictionary: Dictionary
    frames: dict[str, pd.DataFrame]
    documents: dict[str, Document]
    works: dict[str, Work]
    _lines: dict[str, list[tuple[int, dict[str, str]]]] = field(default_factory=dict, repr=False)
    _placed: dict[str, list[Placed]] = field(default_factory=dict, repr=False)

    def table(self, name: str) -> Table:
        """The table of this name in the data dictionary."""
        return self.dictionary.tables[name]

    def rows(self, name: str) -> pd.DataFrame:
        """The rows of a table whose offsets can be read, `start` and `end` as numbers."""
        frame = self.frames[name]
        present = [column for column in ("start", "end") if column in frame]
        readable = pd.Series(True, index=frame.index)
        for column in present:
            readable &= frame[column].str.fullmatch(INTEGER.pattern)
        return frame[readable].astype(dict.fromkeys(present, "int64"))

    def lines(self, name: str) -> list[tuple[int, dict[str, str]]]:
        """The line and the cells of each row of a table, as they stand in the file."""
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
        """Line, cells and document of each row of a table that stands in a known document."""
        if name not in self._placed:
            rows = self.rows(name)
            self._placed[name] = [
                (line, row, document)
                for line, row in zip(rows.index.tolist(), records(rows), strict=True)
                if (document := self._document_of(row)) is not None
            ]
        return self._placed[name]

    def _document_of(self, row: Mapping[str, Any]) -> Document | None:
        document_id = row.get("document_id")
        if document_id is None:
            document_id = self.answers.get(row["source_id"], {}).get("document_id")
        return self.documents.get(str(document_id))


Rule = Callable[[Checked], Iterator[Fault]]


def unknown_word(value: str, known: tuple[str, ...]) -> str:
    """A phrase that says that a word is not known, and which it may have meant."""
    meant = suggest(value, known, {})
    return f"'{value}' is not known" + (f" (did you mean '{meant}'?)" if meant else "")

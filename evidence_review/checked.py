"""What the checks look at: the tables as they stand in their files, the documents, the works."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from evidence_review.bibliography import Work
from evidence_review.dataset import INTEGER, Fault
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

    def answers(self) -> pd.DataFrame:
        """The sources by their id, with the offsets of their answers."""
        return self.rows("sources").drop_duplicates("source_id").set_index("source_id")

    def placed(self, name: str) -> Iterator[tuple[int, pd.Series, Document]]:
        """Line, row and document of each row of a table that stands in a known document."""
        answers = self.answers()
        for line, row in self.rows(name).iterrows():
            document_id = row.get("document_id")
            if document_id is None and row["source_id"] in answers.index:
                document_id = answers.loc[row["source_id"], "document_id"]
            if document_id in self.documents:
                yield int(str(line)), row, self.documents[document_id]


Rule = Callable[[Checked], Iterator[Fault]]


def unknown_word(value: str, known: tuple[str, ...]) -> str:
    """A phrase that says that a word is not known, and which it may have meant."""
    meant = suggest(value, known, {})
    return f"'{value}' is not known" + (f" (did you mean '{meant}'?)" if meant else "")

"""The reviewed documents: their text, and where a passage stands in it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz import fuzz

from evidence_review.dictionary import DocumentOrigin
from evidence_review.refusal import Refusal


class DocumentChanged(Refusal):
    """A document is not the one that was coded."""


@dataclass(frozen=True)
class Document:
    """A document as it was coded: the id of its resource, its title and its text."""

    document_id: str
    title: str
    text: str


@dataclass(frozen=True)
class Passage:
    """A stretch of a document: offsets in code points (`end` exclusive), and its text.

    `likeness` is how alike the passage is to the one that was looked for, in percent of the
    characters that agree (Levenshtein's indel ratio); 100 is the same.
    """

    start: int
    end: int
    text: str
    likeness: float = 100.0


def read_document(root: Path, origin: DocumentOrigin) -> Document:
    """The document of this origin, its text decoded without any change.

    DocumentChanged where its SHA-256 is not the one of the data dictionary: every offset would
    point to another place.
    """
    content = (root / origin.path).read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != origin.sha256:
        cause = " (its line ends were converted)" if b"\r" in content else ""
        raise DocumentChanged(
            f"the document has changed{cause}: SHA-256 {found[:12]}…, expected "
            f"{origin.sha256[:12]}…; put it back byte for byte, since every offset counts on it"
        )
    return Document(origin.document_id, origin.title, content.decode("utf-8"))


def occurrences(
    document: Document, quote: str, start: int = 0, end: int | None = None
) -> list[int]:
    """The offsets in `start`..`end` at which `quote` stands verbatim, in their order."""
    limit = len(document.text) if end is None else end
    found: list[int] = []
    offset = document.text.find(quote, start, limit)
    while quote and offset >= 0:
        found.append(offset)
        offset = document.text.find(quote, offset + 1, limit)
    return found


def closest_passage(
    document: Document, quote: str, start: int = 0, end: int | None = None, near: int = 0
) -> Passage | None:
    """The passage in `start`..`end` that is most like `quote`, or None where nothing is.

    Among verbatim places, the one nearest to the offset `near`.
    """
    verbatim = occurrences(document, quote, start, end)
    if verbatim:
        first = min(verbatim, key=lambda offset: abs(offset - near))
        return Passage(first, first + len(quote), quote)
    region = document.text[start : len(document.text) if end is None else end]
    if len(quote) > len(region) or not quote:
        return None
    alignment = fuzz.partial_ratio_alignment(quote, region)
    if alignment is None or alignment.score == 0:
        return None
    first, last = start + alignment.dest_start, start + alignment.dest_end
    return Passage(first, last, document.text[first:last], alignment.score)

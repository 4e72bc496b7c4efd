"""Editing `claims.csv`: its canonical form, and where a quote stands in the document."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evidence_review.dataset import DataError, Fault, beyond_form, csv_text, parse_table
from evidence_review.dictionary import Table
from evidence_review.document import Document, Passage, closest_passage, occurrences


def canonical_rows(frame: pd.DataFrame, sources: pd.DataFrame) -> pd.DataFrame:
    """Claims in document order: by the order of their source, then offsets, then proposition."""
    place = {source_id: number for number, source_id in enumerate(sources["source_id"])}
    proposition, _ = pd.factorize(frame["proposition_id"], sort=True)
    start, end = (pd.to_numeric(frame[name], errors="coerce") for name in ("start", "end"))
    source = [place.get(source_id, len(place)) for source_id in frame["source_id"].tolist()]
    return frame.iloc[np.lexsort((proposition, end, start, source))]


def formatted_claims(
    content: bytes, table: Table, sources: pd.DataFrame, documents: dict[str, Document]
) -> str:
    """The canonical text of a `claims.csv`, with what can be told from the rest filled in.

    An empty `source_author` is taken from the source, and empty offsets from the quote where it
    stands just once in the answer. DataError where the file cannot be read as a table, or a
    quote without offsets stands nowhere or more than once.
    """
    frame, faults = parse_table(content, table)
    if frame is None:
        raise DataError(beyond_form(faults))
    for name in frame.columns.drop("quote"):
        frame[name] = frame[name].str.strip()
    by_id = sources.set_index("source_id")
    unknown: list[Fault] = []
    for line, row in frame.iterrows():
        if row["source_id"] not in by_id.index:
            continue
        source = by_id.loc[row["source_id"]]
        if not row["source_author"]:
            frame.loc[line, "source_author"] = source["author"]
        if not row["start"] and not row["end"] and source["document_id"] in documents:
            try:
                passage = only_place(documents[source["document_id"]], row["quote"], source)
                frame.loc[line, ["start", "end"]] = [str(passage.start), str(passage.end)]
            except LookupError as error:
                unknown.append(Fault(table.path, int(str(line)), "quote", str(error.args[0])))
    if unknown:
        raise DataError(unknown)
    return csv_text(canonical_rows(frame, sources))


def only_place(document: Document, quote: str, source: pd.Series) -> Passage:
    """The one passage of a source's answer that reads `quote`; LookupError with what is there."""
    first, last = int(source["start"]), int(source["end"])
    found = occurrences(document, quote, first, last)
    if len(found) == 1:
        return Passage(found[0], found[0] + len(quote), quote)
    if found:
        places = ", ".join(f"{start}-{start + len(quote)}" for start in found)
        raise LookupError(f"stands {len(found)} times in this answer, at {places}: choose one")
    raise LookupError(f"does not stand in this answer; {closest_words(document, quote, source)}")


def closest_words(
    document: Document, quote: str, source: pd.Series | None = None, near: int = 0
) -> str:
    """What is most like a quote in an answer (or the whole document): words, offsets, likeness.

    Where the quote stands verbatim in several places, the one nearest to the offset `near`.
    """
    first = 0 if source is None else int(source["start"])
    last = len(document.text) if source is None else int(source["end"])
    found = closest_passage(document, quote, first, last, near)
    if found is None:
        return "nothing there is like it"
    return f"closest is {found.text!r} at {found.start}-{found.end}, {found.likeness:.0f} % alike"

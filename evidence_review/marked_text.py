"""The reviewed document with every claim marked in its place, and every other sentence's reason.

Taken away what is added (the elements of the class `added`), its text is the document's, letter
for letter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from markupsafe import Markup, escape

from evidence_review.catalogue import Links
from evidence_review.dataset import Dataset, records
from evidence_review.document import Document
from evidence_review.markup import Shown, bullets, element, joined, link, paragraph
from evidence_review.prose import author_names, counted
from evidence_review.quotes import STANCE_SYMBOLS, claim_id

Claim = Mapping[str, Any]


def text_key() -> Shown:
    """What the marks in the text mean."""
    marks = ", ".join(f"{symbol} {stance}" for stance, symbol in STANCE_SYMBOLS.items())
    return paragraph(
        f"Underlined passages are claims; the mark behind each tells its stance ({marks}) and "
        "leads to the proposition it bears on. Where claims overlap, each has its own mark. A "
        "sentence that carries no claim is grey, with the reason in a box behind it.",
        class_="scope",
    )


def answers_list(dataset: Dataset, document_id: str) -> Shown:
    """Links to the answers of a document, in their order."""
    names = author_names(dataset)
    ids = dataset.sources.loc[dataset.sources["document_id"] == document_id, "source_id"]
    return bullets([link(names[name], f"#answer-{name}") for name in ids], class_="contents")


def marked_text(dataset: Dataset, document_id: str, links: Links) -> Shown:
    """A document in full, answer by answer, its claims marked and its other sentences explained."""
    document = dataset.documents[document_id]
    claims = [
        claim
        for claim in records(dataset.claims)
        if dataset.document_of(claim["source_id"]) is document
    ]
    own = dataset.sentences["document_id"] == document_id
    sentences = records(dataset.sentences[own & (dataset.sentences["reason"] != "")])
    own_sources = records(dataset.sources[dataset.sources["document_id"] == document_id])
    parts, reached = [], 0
    for source in own_sources:
        parts.append(_stretch(dataset, document, reached, source["start"], [], sentences, links))
        parts.append(_answer_heading(dataset, source, claims, links))
        inside = [claim for claim in claims if claim["source_id"] == source["source_id"]]
        stretch = (source["start"], source["end"])
        parts.append(_stretch(dataset, document, *stretch, inside, sentences, links))
        reached = source["end"]
    end = len(document.text)
    parts.append(_stretch(dataset, document, reached, end, [], sentences, links))
    return joined(part for part in parts if part.text)


def _answer_heading(
    dataset: Dataset, source: Mapping[str, Any], claims: Sequence[Claim], links: Links
) -> Shown:
    """The head of an answer: its author, and how many claims it makes."""
    source_id = str(source["source_id"])
    count = sum(claim["source_id"] == source_id for claim in claims)
    name = link(author_names(dataset)[source_id], links.source(source_id))
    title = element(
        "h3", "Answer of ", name, f": {counted(count, 'claim')}", id=f"answer-{source_id}"
    )
    return Shown(title, f"## {title.striptags()}")


def _stretch(
    dataset: Dataset,
    document: Document,
    first: int,
    last: int,
    claims: Sequence[Claim],
    sentences: Sequence[Mapping[str, Any]],
    links: Links,
) -> Shown:
    """The text between two offsets, claims and reasons in it."""
    if not document.text[first:last].strip():
        return Shown(Markup(escape(document.text[first:last])), "")
    within = [row for row in sentences if first <= row["start"] and row["end"] <= last]
    edges = {first, last}
    for span in (*claims, *within):
        edges |= {span["start"], span["end"]}
    pieces: list[Markup] = []
    for start, end in pairwise(sorted(edges)):
        covering = [c for c in claims if c["start"] <= start and end <= c["end"]]
        reason = next((s for s in within if s["start"] <= start and end <= s["end"]), None)
        pieces += _anchors(covering, start)
        pieces.append(_piece(document.text[start:end], covering, reason is not None))
        pieces += _marks(dataset, [c for c in covering if c["end"] == end], links)
        if reason is not None and reason["end"] == end:
            pieces.append(element("span", str(reason["reason"]), class_="reason added"))
    html = element("div", *pieces, class_="text")
    return Shown(html, document.text[first:last])


def _anchors(covering: Sequence[Claim], start: int) -> Iterator[Markup]:
    """What a link to a claim leads to: the place at which it begins."""
    for claim in covering:
        if claim["start"] == start:
            yield element("span", id=claim_id(claim))


def _piece(text: str, covering: Sequence[Claim], explained: bool) -> Markup:
    """A piece of text: underlined where claims cover it, grey where a reason stands for it."""
    if covering:
        stances = {str(claim["stance"]) for claim in covering}
        stance = stances.pop() if len(stances) == 1 else "several"
        return element("u", text, class_=stance)
    return element("span", text, class_="without") if explained else Markup(escape(text))


def _marks(dataset: Dataset, ending: Sequence[Claim], links: Links) -> Iterator[Markup]:
    """The marks of the claims that end at a place, each leading to its proposition."""
    for claim in ending:
        stance, proposition_id = str(claim["stance"]), str(claim["proposition_id"])
        content = Markup("{}{}").format(
            STANCE_SYMBOLS[stance], element("span", f" {stance}", class_="hidden")
        )
        address = links.proposition(proposition_id)
        target = f"{address}#{claim_id(claim)}" if address else ""
        yield element(
            "sup",
            link(content, target, title=dataset.statements[proposition_id]),
            class_=f"added {stance}",
        )

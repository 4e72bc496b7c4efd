"""Quotes: claims in their authors' words, with what is to be known of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from evidence_review.catalogue import Links
from evidence_review.dataset import Dataset
from evidence_review.markup import Shown, element, link, plain
from evidence_review.prose import BASIS_WORDS, PHASE_WORDS, author_names

STANCE_SYMBOLS = {"supports": "▲", "conditional": "◐", "opposes": "✕", "unclear": "?"}


def claim_id(claim: Mapping[str, object]) -> str:
    """The name of a claim: its source, the offset at which it starts, its proposition."""
    return f"{claim['source_id']}-{claim['start']}-{claim['proposition_id']}"


def claim_quote(
    dataset: Dataset, claim: Mapping[str, Any], links: Links, *, anchored: bool = True
) -> Shown:
    """A claim in its author's words, with stance, support, phase, condition and place.

    Only where it is `anchored` does it bear its name as an id: a page may quote a claim twice.
    """
    stance, source_id = str(claim["stance"]), str(claim["source_id"])
    said = element("blockquote", *in_words(dataset, claim))
    author = link(author_names(dataset)[source_id], links.source(source_id))
    stated = element("span", f"{STANCE_SYMBOLS[stance]} {stance}", class_="stance")
    details = " ".join(f"{part}." for part in claim_details(dataset, claim))
    place = f"Page characters {claim['start']:,}–{claim['end']:,}"
    html = element(
        "div",
        element("p", stated, " ", author),
        said,
        element("p", details, " ", link(place, passage(dataset, claim, links)), class_="said"),
        class_=f"quote {stance}",
        id=claim_id(claim) if anchored else None,
    )
    return Shown(html, f"{stance}: {plain(said)} {claim_id(claim)}. {details} {place}")


def passage(dataset: Dataset, claim: Mapping[str, Any], links: Links) -> str:
    """The address of a claim's place in its document; empty where no report shows that."""
    document = dataset.document_of(str(claim["source_id"]))
    return links.passage(document.document_id, claim_id(claim))


def said_parts(dataset: Dataset, claim: Mapping[str, Any]) -> tuple[str, str, str]:
    """What is quoted for a claim: its own words, and before or after them the head of its list.

    A head that is not needed, or stands on the other side, is empty.
    """
    if not claim["head"]:
        return "", str(claim["quote"]), ""
    first, last = (int(part) for part in claim["head"].split("-"))
    head = dataset.document_of(claim["source_id"]).text[first:last]
    before, after = (head, "") if first < claim["start"] else ("", head)
    return before, str(claim["quote"]), after


def in_words(dataset: Dataset, claim: Mapping[str, Any]) -> list[object]:
    """The quote of a claim; an item of a list together with the head that carries the stance."""
    before, quote, after = said_parts(dataset, claim)
    if before:
        return [f"“{before} … ", element("strong", quote), "”"]
    if after:
        return ["“", element("strong", quote), f" … {after}”"]
    return [f"“{quote}”"]


def claim_details(dataset: Dataset, claim: Mapping[str, object]) -> list[str]:
    """What is to be known of a claim beside its quote and its place, a phrase each."""
    meanings = dataset.dictionary.meanings("claims", "evidence_level")
    level, basis = str(claim["evidence_level"]), str(claim["basis"])
    parts = [f"Support shown: {BASIS_WORDS[basis]} (level {level} of 5)"]
    if level in "123":
        parts[0] += f", {meanings[level]}"
    if claim["phase"] != "unstated":
        parts.append(f"Said of: {PHASE_WORDS[str(claim['phase'])]}")
    if claim["condition"]:
        parts.append(f"Condition: “{claim['condition']}”")
    if claim["reading"]:
        parts.append(f"Read through the translation as: {claim['reading']}")
    return parts


def by_proposition(claims: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Claims gathered by their proposition, in the order given."""
    gathered: dict[str, list[dict[str, Any]]] = {}
    for claim in claims:
        gathered.setdefault(claim["proposition_id"], []).append(claim)
    return gathered


def by_stance(claims: pd.DataFrame) -> list[dict[str, Any]]:
    """Claims in the order of their stance, then of the document."""
    return list(claims.sort_values(["stance", "start", "end"]).to_dict("records"))

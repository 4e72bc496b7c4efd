"""Propositions as reports show them: at a glance, in a section, on a page of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup

from evidence_review.appraisal import AGAINST, CELL_MEANINGS, HARMFUL, IN_LINE
from evidence_review.catalogue import Links
from evidence_review.dataset import Dataset
from evidence_review.evidence_map import SIDE_SYMBOLS, mark
from evidence_review.markup import Shown, bullets, element, joined, link, paragraph, table
from evidence_review.prose import (
    DRAFT,
    NOT_EVIDENCE,
    PHASE_WORDS,
    SIDE_WORDS,
    asked_sentence,
    author_names,
    counted,
    fragility_sentence,
    label_words,
    level_sentence,
    number,
    phases_apart_sentence,
    sentence,
    verdict_sentence,
    votes_sentence,
)
from evidence_review.quotes import by_proposition, by_stance, claim_quote
from evidence_review.selection import Selection
from evidence_review.synthesis import SIDES, Counts

SEVERAL_VOICES = ("agreed", "majority", "two voices")
STANCE_OF_SIDE = {"for": "supports", "conditional": "conditional", "against": "opposes"}


def at_a_glance(dataset: Dataset, row: Mapping[str, Any], selection: Selection) -> Shown:
    """What the authors say, what the literature says, and what the two make, in three cards."""
    authors = counted(len(selection.source_ids), "author")
    cell, verdict = str(row["cell"]), str(row["verdict"])
    meaning = sentence(f"{CELL_MEANINGS[cell]}.")
    cards = [
        _card(
            f"What {authors} say",
            sentence(label_words(str(row["label"]), str(row["direction"]))),
            [_counts_words(row), NOT_EVIDENCE],
            "",
        ),
        _card("What the literature says", sentence(verdict), [verdict_sentence(row)], ""),
        _card("The two together", sentence(cell), [meaning], _tone(cell)),
    ]
    html = element("div", *(card.html for card in cards), class_="cards")
    note = row["safety_note"]
    return joined(
        [
            Shown(html, "\n".join(card.text for card in cards)),
            paragraph(f"{DRAFT} {row['teaching_point']}"),
            paragraph(f"Caution, for a clinician to check: {note}" if note else ""),
        ]
    )


def who_takes_which_side(
    dataset: Dataset, row: Mapping[str, Any], cast: pd.DataFrame, links: Links
) -> Shown:
    """Each author who takes a side, with the mark of it, by side; then those who do not speak."""
    authors = dataset.authors
    items: list[Markup] = []
    for side in SIDES:
        for vote in cast[cast["vote"] == side].to_dict("records"):
            name = link(authors[vote["source_id"]], links.source(vote["source_id"]))
            items.append(element("span", mark(side, int(vote["best_level"])), " ", name))
    silent = [authors[source] for source in authors if source not in set(cast["source_id"])]
    strip = bullets(items, class_="strip")
    rest = f"Not spoken of by: {'; '.join(silent)}." if silent else ""
    return joined([strip, paragraph(rest, class_="scope")])


def votes_by_phase(by_phase: pd.DataFrame) -> Shown:
    """The votes on one proposition, counted for each phase of the illness apart."""
    rows = [
        [
            sentence(PHASE_WORDS[str(row["phase"])]),
            *(row[side] for side in SIDES),
            label_words(str(row["label"]), str(row["direction"])),
        ]
        for row in by_phase.to_dict("records")
    ]
    header = ["Phase", *(f"{SIDE_SYMBOLS[side]} {side}" for side in SIDES), "Label"]
    return table("Votes by phase: authors by side", header, rows, numeric=range(1, 5))


def quotes_by_stance(dataset: Dataset, claims: pd.DataFrame, links: Links) -> Shown:
    """Every claim on one proposition in its author's words, gathered by stance."""
    if claims.empty:
        return paragraph("Nobody on the page speaks of it.")
    parts = []
    for stance, group in claims.groupby("stance", observed=True, sort=True):
        sources = counted(group["source_id"].nunique(), "author")
        title = f"{sentence(str(stance))}: {counted(len(group), 'claim')} by {sources}"
        parts.append(Shown(element("h3", title), f"## {title}"))
        parts += [claim_quote(dataset, claim, links) for claim in by_stance(group)]
    return joined(parts)


def fragility_of(row: Mapping[str, Any], selection: Selection) -> Shown:
    """How easily the label of a proposition would be another."""
    counts = Counts(*(row[side] for side in SIDES))
    label, direction = str(row["label"]), str(row["direction"])
    return paragraph(fragility_sentence(counts, selection.threshold, label, direction))


def the_page_on_it(
    dataset: Dataset, row: Mapping[str, Any], cast: pd.DataFrame, selection: Selection
) -> Shown:
    """Who takes which side on a proposition, what is asked of it, the strongest support shown."""
    meanings = dataset.dictionary.meanings("claims", "evidence_level")
    return paragraph(
        votes_sentence(cast, author_names(dataset), len(selection.source_ids)),
        asked_sentence(times_asked(dataset, str(row["proposition_id"]))),
        phases_apart_sentence(row["phases_apart"] and row["label"] == "split"),
        level_sentence(row["best_level"], meanings),
    )


def propositions_in_full(
    dataset: Dataset,
    summary: pd.DataFrame,
    cast: pd.DataFrame,
    claims: pd.DataFrame,
    selection: Selection,
    links: Links,
) -> Shown:
    """Each proposition with its label, the sides, how fragile that is, its verdict, all quotes."""
    parts = []
    said = by_proposition(by_stance(claims))
    votes = dict(tuple(cast.groupby("proposition_id")))
    for row in summary.to_dict("records"):
        own = said.get(row["proposition_id"], [])
        sides = votes.get(row["proposition_id"], cast[:0])
        quotes = [claim_quote(dataset, claim, links) for claim in own]
        parts.append(_proposition(dataset, row, sides, selection, quotes, links))
    return joined(parts)


def in_short(
    dataset: Dataset, rows: pd.DataFrame, cast: pd.DataFrame, links: Links, drafts: bool = False
) -> Shown:
    """Each of some propositions on a card: its label, who takes which side, the verdict on it.

    With `drafts`, also the sentence that is proposed for a patient.
    """
    if rows.empty:
        return paragraph("There is none.")
    names = author_names(dataset)
    cards = []
    for row in rows.to_dict("records"):
        own = cast[cast["proposition_id"] == row["proposition_id"]]
        first = link(row["statement"], links.proposition(row["proposition_id"]))
        label = element("strong", sentence(label_words(str(row["label"]), row["direction"])))
        said = votes_sentence(own, names, len(dataset.sources))
        asked = asked_sentence(times_asked(dataset, row["proposition_id"]))
        inner = [
            element("h3", first),
            element("p", label, f". {said} {asked}".rstrip()),
            element("p", verdict_sentence(row)),
        ]
        if drafts:
            inner.append(element("p", f"{DRAFT} {row['teaching_point']}"))
        tone = f"card {_tone(str(row['cell']))}"
        cards.append(element("section", *inner, class_=tone))
    html = element("div", *cards, class_="cards short")
    return Shown(html, "\n".join(f"- {card.striptags()}" for card in cards))


def named(summary: pd.DataFrame, ids: str) -> pd.DataFrame:
    """The rows of the propositions named, separated by commas, in that order.

    KeyError for one that is not known.
    """
    wanted = [part.strip() for part in ids.split(",")]
    by_id = summary.set_index("proposition_id", drop=False)
    for proposition_id in wanted:
        if proposition_id not in by_id.index:
            raise KeyError(f"'{proposition_id}' is not a proposition")
    return by_id.loc[wanted].reset_index(drop=True)


def times_asked(dataset: Dataset, proposition_id: str) -> int:
    """How many questions of the page that nobody answers ask about a proposition."""
    return sum(proposition_id in asked.split() for asked in dataset.sentences["asks"])


def _counts_words(row: Mapping[str, Any]) -> str:
    """How many authors take which side."""
    parts = [f"{number(int(row[side]))} {SIDE_WORDS[side]}" for side in SIDES if row[side]]
    return sentence(f"{', '.join(parts)}.") if parts else "Nobody takes a side."


def _tone(cell: str) -> str:
    """The class of a card that says how page and literature stand to each other."""
    if cell in (*AGAINST, *HARMFUL):
        return "bad"
    return "good" if cell in IN_LINE else "unsure"


def _card(head: str, big: str, sentences: list[str], tone: str) -> Shown:
    html = element(
        "section",
        element("h3", head),
        element("p", big, class_="big"),
        *(element("p", each) for each in sentences),
        class_=f"card {tone}".strip(),
    )
    return Shown(html, f"{head}: {big}. {' '.join(sentences)}")


def _proposition(
    dataset: Dataset,
    row: Mapping[str, Any],
    cast: pd.DataFrame,
    selection: Selection,
    quotes: list[Shown],
    links: Links,
) -> Shown:
    """One proposition as a section of a report: its own votes, its verdict, its quotes."""
    proposition_id, statement = str(row["proposition_id"]), str(row["statement"])
    label, direction = str(row["label"]), str(row["direction"])
    counts = Counts(*(row[side] for side in SIDES))
    note = f" {NOT_EVIDENCE}" if label in SEVERAL_VOICES else ""
    fragile = fragility_sentence(counts, selection.threshold, label, direction)
    stated = element("strong", sentence(label_words(label, direction)))
    address = links.proposition(proposition_id)
    parts = [
        Shown(element("h3", link(statement, address)), f"## {statement}"),
        Shown(
            element("p", stated, f".{note}", class_="label"),
            f"{label_words(label, direction)}.{note}",
        ),
        the_page_on_it(dataset, row, cast, selection),
        paragraph(f"How fragile: {fragile}", class_="fragile"),
        paragraph(f"Page and literature: {row['cell']}. {verdict_sentence(row)}"),
        *quotes,
    ]
    inner = joined(parts)
    html = element("section", inner.html, class_="proposition", id=proposition_id)
    return Shown(html, inner.text)

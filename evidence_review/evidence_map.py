"""The evidence map: propositions by authors, the side of each as symbol and colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from evidence_review.catalogue import Links
from evidence_review.dataset import Dataset
from evidence_review.markup import Shown, element, joined, link, paragraph, plain, scrolling
from evidence_review.prose import appraisal_words, counted, label_words, sentence, sides_words
from evidence_review.synthesis import SIDES, WEAKEST_LEVEL

SIDE_SYMBOLS = {"for": "▲", "conditional": "◐", "against": "✕", "divided": "◆"}
NOTHING_SAID = "·"
WORDS = ("Votes", "Label", "Literature (certainty)")


def evidence_map(
    dataset: Dataset, appraised: pd.DataFrame, cast: pd.DataFrame, links: Links
) -> Shown:
    """Every proposition of a summary by every author, grouped by topic, with what it comes to.

    A mark is an author's side, boxed where cases or research are shown for it; a row ends with
    the votes, the label and the appraisal.
    """
    if appraised.empty:
        words = "The map of all topics is on the overview"
        return Shown(element("p", link(words, links.whole("overview"))), words)
    marks = {
        (row.proposition_id, row.source_id): (str(row.vote), int(row.best_level))
        for row in cast.itertuples()
    }
    sources = dataset.sources.to_dict("records")
    caption = (
        f"Evidence map: {counted(len(appraised), 'proposition')} by "
        f"{counted(len(sources), 'author')}"
    )
    bodies: list[Markup] = []
    lines = [caption, "\t".join(["Proposition", *(s["short_name"] for s in sources), *WORDS])]
    for topic, rows in appraised.groupby("topic", sort=True, observed=True):
        head = element(
            "th", sentence(str(topic)), scope="rowgroup", colspan=len(sources) + len(WORDS) + 1
        )
        body = [element("tr", head)]
        for row in rows.to_dict("records"):
            cells = _cells(row, sources, marks)
            first = link(row["statement"], links.proposition(row["proposition_id"]))
            body.append(element("tr", element("th", first, scope="row"), *cells))
            lines.append("\t".join([row["statement"], *(plain(cell) for cell in cells)]))
        bodies.append(element("tbody", *body))
    header = [
        element("th", "Proposition", scope="col"),
        *(element("th", _heading(source, links), scope="col") for source in sources),
        *(element("th", word, scope="col", class_="word") for word in WORDS),
    ]
    table = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *header)),
        *bodies,
        class_="map",
    )
    return joined([map_key(), Shown(scrolling(caption, table), "\n".join(lines))])


def map_key() -> Shown:
    """What the marks of the evidence map mean."""
    marks = ", ".join(f"{SIDE_SYMBOLS[side]} {side}" for side in SIDES)
    return paragraph(
        f"Marks: {marks}; {NOTHING_SAID} does not speak of it. A box around a mark: the author "
        "shows cases or research; no box: neither.",
        class_="scope",
    )


def mark(side: str, best_level: int) -> Markup:
    """The mark of a side and of the support shown for it, with words for those who hear it."""
    shown = best_level < WEAKEST_LEVEL
    words = f" {side}{', cases or research shown' if shown else ''}"
    return element(
        "span",
        SIDE_SYMBOLS[side],
        element("span", words, class_="hidden"),
        class_=f"mark {side}{' cases' if shown else ''}",
    )


def _heading(source: Mapping[str, Any], links: Links) -> Markup:
    """The head of an author's column, set upright."""
    address = links.source(source["source_id"])
    if address:
        return link(source["short_name"], address, class_="tall")
    return element("span", source["short_name"], class_="tall")


def _cells(
    row: Mapping[str, Any],
    sources: Sequence[Mapping[str, Any]],
    marks: Mapping[tuple[str, str], tuple[str, int]],
) -> list[Markup]:
    """The cells of a proposition: each author's mark, then votes, label and appraisal."""
    cells = []
    for source in sources:
        found = marks.get((row["proposition_id"], source["source_id"]))
        cells.append(element("td", mark(*found) if found else NOTHING_SAID))
    words = (
        sides_words({side: int(row[side]) for side in SIDES}),
        label_words(str(row["label"]), str(row["direction"])),
        appraisal_words(row),
    )
    return [*cells, *(element("td", word, class_="word") for word in words)]

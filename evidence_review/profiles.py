"""Authors as reports show them: who each is, what each claims, offers, and stands alone with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from evidence_review.catalogue import Links
from evidence_review.dataset import Dataset
from evidence_review.markup import Shown, bullets, element, folded, joined, link, paragraph, table
from evidence_review.prose import (
    appraisal_words,
    counted,
    label_words,
    sentence,
    sides_words,
)
from evidence_review.quotes import claim_quote
from evidence_review.synthesis import SIDES

BENCHMARKS = ("authorship", "attribution", "disclosure", "currency")
NOBODY_CHECKED = "Credentials as stated (nobody checked them)"


def profile(dataset: Dataset, source_id: str, links: Links) -> Shown:
    """Who an author is, as the page shows it: role, credentials, motives, date, place."""
    row = _source(dataset, source_id)
    place = links.passage(row["document_id"], f"answer-{source_id}")
    rows = [
        ["Role", row["role"]],
        [NOBODY_CHECKED, row["credentials"] or "none stated"],
        ["Motives visible", row["conflicts"] or "none visible"],
        ["Dated", row["date"] or "no date visible"],
        ["Stands in", link(dataset.document_of(source_id).title, place)],
    ]
    return table("Who the author is, as the page shows it", ["What", "As the page shows it"], rows)


def benchmarks_of(dataset: Dataset, source_id: str) -> Shown:
    """How open an answer is about its origin: each benchmark with its mark and the reason."""
    row = _source(dataset, source_id)
    rows = [[sentence(name), row[name], row[f"{name}_reason"]] for name in BENCHMARKS]
    return table("Benchmarks of transparency", ["Benchmark", "Mark", "Why"], rows)


def standing(
    dataset: Dataset, summary: pd.DataFrame, cast: pd.DataFrame, source_id: str, links: Links
) -> Shown:
    """Each proposition that an author takes a side on: that side, all votes, label, appraisal."""
    own = cast[cast["source_id"] == source_id].set_index("proposition_id")["vote"].to_dict()
    rows = [
        [
            link(row["statement"], links.proposition(row["proposition_id"])),
            own[row["proposition_id"]],
            sides_words({side: int(row[side]) for side in SIDES}),
            label_words(str(row["label"]), str(row["direction"])),
            appraisal_words(row),
        ]
        for row in summary.to_dict("records")
        if row["proposition_id"] in own
    ]
    header = ["Proposition", "This author", "All authors", "Label", "Literature (certainty)"]
    return table("Where the author stands", header, rows)


def alone(
    dataset: Dataset, summary: pd.DataFrame, cast: pd.DataFrame, source_id: str, links: Links
) -> Shown:
    """The propositions on which nobody shares the author's side, those with opponents first."""
    votes = dict(tuple(cast.groupby("proposition_id")))
    only, opposed = [], []
    for row in summary.to_dict("records"):
        voting = votes.get(row["proposition_id"], cast[:0])
        own = voting.loc[voting["source_id"] == source_id, "vote"]
        if own.empty or (voting["vote"] == own.iloc[0]).sum() > 1:
            continue
        first = link(row["statement"], links.proposition(row["proposition_id"]))
        if len(voting) == 1:
            only.append(first)
        else:
            opposed.append(element("span", first, f" (this author is {own.iloc[0]} it)"))
    parts = [
        (opposed, "Others take another side, and nobody the same"),
        (only, "Nobody else takes a side"),
    ]
    shown = [
        joined(
            [
                paragraph(f"{words}, on {counted(len(items), 'proposition')}:"),
                bullets(items),
            ]
        )
        for items, words in parts
        if items
    ]
    return joined(shown) if shown else paragraph("On every proposition somebody shares the side.")


def claims_by_topic(dataset: Dataset, claims: pd.DataFrame, links: Links) -> Shown:
    """Every claim of one author in the author's words, gathered by topic and proposition."""
    parts = []
    topics = claims["proposition_id"].map(dataset.topics)
    for topic in dataset.dictionary.vocabulary("propositions", "topic"):
        own = claims[topics == topic]
        if own.empty:
            continue
        title = f"{sentence(topic)}: {counted(len(own), 'claim')}"
        parts.append(Shown(element("h3", title), f"## {title}"))
        for proposition_id, group in own.groupby("proposition_id", sort=False):
            statement = dataset.statements[str(proposition_id)]
            first = link(statement, links.proposition(str(proposition_id)))
            parts.append(Shown(element("h4", first), f"### {statement}"))
            parts += [claim_quote(dataset, claim, links) for claim in group.to_dict("records")]
    return joined(parts)


def sources_table(dataset: Dataset, links: Links) -> Shown:
    """Who the authors are, as the page shows it, and the benchmarks of transparency."""
    counts = dataset.claims["source_id"].value_counts()
    rows = [
        [
            link(f"{row['author']} ({row['source_id']})", links.source(row["source_id"])),
            row["role"],
            row["credentials"] or "none stated",
            row["conflicts"] or "none visible",
            *(row[name] for name in BENCHMARKS),
            int(counts.get(row["source_id"], 0)),
        ]
        for row in dataset.sources.to_dict("records")
    ]
    header = [
        "Author",
        "Role",
        NOBODY_CHECKED,
        "Motives visible",
        *(sentence(name) for name in BENCHMARKS),
        "Claims",
    ]
    return table("The authors of the page", header, rows, numeric=[8])


def benchmark_reasons(dataset: Dataset) -> Shown:
    """Why each benchmark is marked as it is, author by author."""
    rows = [
        [f"{row['author']} ({row['source_id']})", *(row[f"{name}_reason"] for name in BENCHMARKS)]
        for row in dataset.sources.to_dict("records")
    ]
    header = ["Author", *(sentence(name) for name in BENCHMARKS)]
    return folded("Why the benchmarks are marked so", table("Reasons for the marks", header, rows))


def _source(dataset: Dataset, source_id: str) -> Mapping[str, Any]:
    """The cells of an author's row."""
    rows = dataset.sources[dataset.sources["source_id"] == source_id]
    found: Mapping[str, Any] = rows.to_dict("records")[0]
    return found

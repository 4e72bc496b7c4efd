"""Tables that reports show: summary of findings, labels, the coding; and lists of reports."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from evidence_review.catalogue import OVERVIEW, Links
from evidence_review.dataset import Dataset, csv_text
from evidence_review.evidence_map import SIDE_SYMBOLS
from evidence_review.markup import Shown, bullets, element, folded, joined, link, paragraph, table
from evidence_review.prose import (
    LEVEL_WORDS,
    SHARE_COLUMNS,
    agreement_sentence,
    appraisal_words,
    coefficient,
    counted,
    label_words,
    sentence,
)
from evidence_review.synthesis import SIDES

# How much of a passage names it in a table.
FIRST_WORDS = 48


def summary_of_findings(
    dataset: Dataset,
    summary: pd.DataFrame,
    moved: pd.DataFrame,
    links: Links,
    *,
    sections: bool = False,
) -> Shown:
    """Every proposition with its votes, its label, on whom that hangs, and the support shown.

    `moved` holds the labels that would be another without one author. A proposition leads to its
    section of the same report where there are `sections`, else to its page.
    """
    short = dict(zip(dataset.sources["source_id"], dataset.sources["short_name"], strict=True))
    hanging = moved.groupby("proposition_id")["source_id"].agg(list).to_dict()
    rows = []
    for row in summary.to_dict("records"):
        name = row["proposition_id"]
        rows.append(
            [
                link(row["statement"], f"#{name}" if sections else links.proposition(name)),
                *(row[side] for side in SIDES),
                label_words(row["label"], row["direction"]),
                "; ".join(short[source] for source in hanging.get(name, [])) or "nobody",
                LEVEL_WORDS[int(row["best_level"])] if row["votes"] else "–",
                appraisal_words(row),
                str(row["cell"]),
            ]
        )
    header = [
        "Proposition",
        *(f"{SIDE_SYMBOLS[side]} {side}" for side in SIDES),
        "Label (agreement of posts, not evidence)",
        "Hangs on",
        "Strongest support shown",
        "Literature (certainty)",
        "Page and literature",
    ]
    return table("Summary of findings: authors by side", header, rows, numeric=range(1, 5))


def propositions_index(dataset: Dataset, appraised: pd.DataFrame, links: Links) -> Shown:
    """Every proposition in the order of its words, topic by topic, with label and appraisal."""
    parts = []
    for topic, rows in appraised.groupby("topic", sort=True, observed=True):
        body = [
            [
                link(row["statement"], links.proposition(row["proposition_id"])),
                int(row["claims"]),
                label_words(str(row["label"]), str(row["direction"])),
                appraisal_words(row),
            ]
            for row in rows.sort_values("statement").to_dict("records")
        ]
        caption = f"{sentence(str(topic))}: {counted(len(body), 'proposition')}"
        header = ["Proposition", "Claims", "Label", "Literature (certainty)"]
        parts.append(table(caption, header, body, numeric=[1]))
    return joined(parts)


def label_meanings(dataset: Dataset) -> Shown:
    """What each label means, in the words of the data dictionary."""
    rows = list(dataset.dictionary.meanings("conclusions", "label").items())
    return table("What the labels mean", ["Label", "When"], rows)


def report_links(links: Links) -> Shown:
    """Links to all reports by their notebook, but for those on one proposition each."""
    notebooks = dict.fromkeys(report.notebook for report in links.reports)
    parts = [reports_of(links, name) for name in notebooks if name != "proposition"]
    return joined(part for part in parts if part.text)


def reports_of(links: Links, notebook: str) -> Shown:
    """Links to all reports of one notebook, but for the overview, from which most lead."""
    return bullets(
        [
            element("a", report.title, href=report.file)
            for report in links.reports
            if report.notebook == notebook and report.name != OVERVIEW
        ]
    )


def coding_table(agreed: pd.DataFrame) -> Shown:
    """How the two passes agree, one row a column of the coding."""
    rows = [
        [
            sentence(SHARE_COLUMNS[row["column"]]),
            row["matched"],
            row["same"],
            coefficient(row["kappa"]),
            coefficient(row["ac1"]),
        ]
        for row in agreed.to_dict("records")
    ]
    header = ["Coded", "Matched claims", "Coded alike", "Cohen's kappa", "Gwet's AC1"]
    return table("Agreement of the two passes on matched claims", header, rows, numeric=range(1, 5))


def coding_sentences(agreed: pd.DataFrame) -> Shown:
    """The agreement on each column of the coding, in words."""
    return bullets([agreement_sentence(row) for row in agreed.to_dict("records")])


def unmatched_table(dataset: Dataset, left: pd.DataFrame) -> Shown:
    """The claims that only one pass found."""
    rows = [
        [
            f"“{row['quote']}”",
            f"pass {row['pass']}",
            dataset.authors[row["source_id"]],
            dataset.statements[row["proposition_id"]],
            row["stance"],
        ]
        for row in left.to_dict("records")
    ]
    return table(
        "Claims that one pass found and the other did not on that passage",
        ["Quote", "Found by", "Author", "Proposition", "Stance"],
        rows,
    )


def rulings(dataset: Dataset, differences: str) -> Shown:
    """The rulings on some kinds of difference (separated by commas): what was ruled, and why.

    By the kind of difference, each with what either pass had.
    """
    wanted = [part.strip() for part in differences.split(",")]
    ruled = dataset.adjudication[dataset.adjudication["difference"].isin(wanted)]
    parts = []
    for difference, rows in ruled.groupby("difference", observed=True, sort=True):
        body = [
            [
                _place(dataset, row),
                *(_coded(dataset, row[name]) for name in ("pass_a", "pass_b")),
                _coded(dataset, row["ruled"] or ("dropped" if row["ruling"] == "dropped" else "")),
                _worded(dataset, row["reason"]),
            ]
            for row in rows.to_dict("records")
        ]
        caption = f"{sentence(str(difference).replace('_', ' '))}: {counted(len(body), 'ruling')}"
        header = ["Passage", "Pass a", "Pass b", "Ruled", "Reason"]
        parts.append(folded(caption, table(caption, header, body)))
    return joined(parts)


def _place(dataset: Dataset, row: Mapping[str, Any]) -> str:
    """The author and the first words of the passage that a ruling is on."""
    text = dataset.document_of(row["source_id"]).text[row["start"] : row["end"]]
    words = text if len(text) <= FIRST_WORDS else f"{text[:FIRST_WORDS].rstrip()}…"
    return f"{dataset.authors[row['source_id']]}: “{words}”"


def _coded(dataset: Dataset, code: str) -> str:
    """What a pass had, a proposition in its wording; a dash for nothing."""
    first, _, rest = code.partition(" ")
    if first in dataset.statements:
        return f"{dataset.statements[first]} {rest}".rstrip()
    return code or "–"


def _worded(dataset: Dataset, reason: str) -> str:
    """A reason with each proposition that it names by its id in its wording.

    An id that the document itself has as a word is left: it may be that word.
    """
    texts = " ".join(document.text.casefold() for document in dataset.documents.values())
    ids = [name for name in dataset.statements if "-" in name and name not in texts]
    known = "|".join(sorted(ids, key=len, reverse=True))
    return re.sub(rf"`?\b({known})\b`?", lambda found: f"“{dataset.statements[found[1]]}”", reason)


def provenance(dataset: Dataset, rows: pd.DataFrame, kind: str = "claim") -> Shown:
    """The release, and how many claims a report reads, with a hash that names just those rows."""
    digest = hashlib.sha256(csv_text(rows).encode()).hexdigest()[:12]
    origins = "; ".join(
        f"{origin.title} ({origin.origin} SHA-256 of the text: {origin.sha256})"
        for origin in dataset.dictionary.documents.values()
    )
    return paragraph(
        f"Release {dataset.dictionary.version} of the review. This report reads "
        f"{counted(len(rows), kind)} (hash of the rows: {digest}). Reviewed document: "
        f"{origins} Quotes belong to their authors.",
        class_="provenance",
    )

"""Tables that reports show: summary of findings, labels, the coding; and lists of reports."""

from __future__ import annotations

import hashlib

import pandas as pd

from evidence_review.catalogue import OVERVIEW, Links
from evidence_review.dataset import Dataset, csv_text
from evidence_review.evidence_map import SIDE_SYMBOLS
from evidence_review.markup import Shown, bullets, element, folded, joined, link, paragraph, table
from evidence_review.prose import (
    SHARE_COLUMNS,
    agreement_sentence,
    appraisal_words,
    author_names,
    coefficient,
    counted,
    label_words,
    sentence,
)
from evidence_review.synthesis import SIDES


def summary_of_findings(
    dataset: Dataset, summary: pd.DataFrame, links: Links, *, sections: bool = False
) -> Shown:
    """Every proposition with its votes, its label and the strongest support that is shown.

    A proposition leads to its section of the same report where there are `sections`, else to its
    page.
    """
    meanings = dataset.dictionary.meanings("claims", "evidence_level")
    rows = [
        [
            link(
                row["statement"],
                f"#{row['proposition_id']}"
                if sections
                else links.proposition(row["proposition_id"]),
            ),
            *(row[side] for side in SIDES),
            label_words(row["label"], row["direction"]),
            f"{row['best_level']}: {meanings[str(row['best_level'])]}" if row["votes"] else "–",
            appraisal_words(row),
            str(row["cell"]),
        ]
        for row in summary.to_dict("records")
    ]
    header = [
        "Proposition",
        *(f"{SIDE_SYMBOLS[side]} {side}" for side in SIDES),
        "Label (agreement of posts, not evidence)",
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


def moved_labels(dataset: Dataset, moved: pd.DataFrame, links: Links) -> Shown:
    """The labels that would be another without one of the authors."""
    if moved.empty:
        return paragraph("No label would be another if any one of the authors were left out.")
    names = author_names(dataset)
    parts = []
    for source_id, rows in moved.groupby("source_id", sort=True):
        items = [
            [
                link(dataset.statements[row.proposition_id], links.proposition(row.proposition_id)),
                label_words(str(row.label), row.direction),
            ]
            for row in rows.itertuples()
        ]
        caption = f"Without {names[str(source_id)]}: {counted(len(items), 'label')}"
        parts.append(folded(caption, table(caption, ["Proposition", "Label would be"], items)))
    return joined(parts)


def report_links(links: Links) -> Shown:
    """Links to all reports by their notebook, but for those on one proposition each."""
    parts = []
    reports = [each for each in links.reports if each.notebook != "proposition"]
    for notebook in dict.fromkeys(report.notebook for report in reports):
        parts.append(
            bullets(
                [
                    element("a", report.title, href=report.file)
                    for report in reports
                    if report.notebook == notebook and report.name != OVERVIEW
                ]
            )
        )
    return joined(part for part in parts if part.text)


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
            row["source_id"],
            row["proposition_id"],
            row["stance"],
        ]
        for row in left.to_dict("records")
    ]
    return table(
        "Claims that one pass found and the other did not on that passage",
        ["Quote", "Found by", "Source", "Proposition", "Stance"],
        rows,
    )


def rulings(dataset: Dataset) -> Shown:
    """Every ruling: what each pass had, what was ruled, and why; by the kind of difference."""
    parts = []
    for difference, rows in dataset.adjudication.groupby("difference", observed=True, sort=True):
        body = [
            [
                f"{row['source_id']} at {row['start']:,}, {row['proposition_id']}",
                row["pass_a"] or "–",
                row["pass_b"] or "–",
                row["ruled"] or ("dropped" if row["ruling"] == "dropped" else "–"),
                row["reason"],
            ]
            for row in rows.to_dict("records")
        ]
        caption = f"{sentence(str(difference).replace('_', ' '))}: {counted(len(body), 'ruling')}"
        header = ["Claim", "Pass a", "Pass b", "Ruled", "Reason"]
        parts.append(folded(caption, table(caption, header, body)))
    return joined(parts)


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

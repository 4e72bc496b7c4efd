"""What reports show of the literature: verdicts, findings, references, harms and omissions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from evidence_review.appraisal import CELL_MEANINGS, CELLS
from evidence_review.bibliography import Work, citation, identifier_links, short_name
from evidence_review.catalogue import Report
from evidence_review.dataset import ALL, Dataset
from evidence_review.markup import NOTHING, Shown, bullets, element, joined, paragraph, table
from evidence_review.prose import (
    author_names,
    counted,
    label_words,
    sentence,
    verdict_sentence,
)
from evidence_review.synthesis import CLAIM_KEY
from evidence_review.tables import (
    DRAFT,
    by_proposition,
    claim_quote,
    folded,
    linked,
    proposition_link,
)

SEVERITIES = ("serious", "moderate", "mild")
UNSIGNED = "No clinician has signed this appraisal."


def appraisal_block(dataset: Dataset, row: Mapping[str, Any], details: bool = True) -> Shown:
    """What the literature says of one proposition: verdict, why, findings, what would change it.

    Without `details`, the verdict and the teaching point alone.
    """
    parts = [
        Shown(
            element("p", element("strong", f"Page and literature: {row['cell']}"), "."),
            f"Page and literature: {row['cell']}.",
        ),
        paragraph(verdict_sentence(row)),
    ]
    if details:
        parts += [
            paragraph(row["rationale"]),
            paragraph(f"{DRAFT} {row['teaching_point']} {_signature(row)}"),
            paragraph(f"Caution: {row['safety_note']}" if row["safety_note"] else ""),
            _rests_on(dataset, row),
            paragraph(f"What would change this: {row['would_change']}"),
        ]
    inner = joined(part for part in parts if part.text)
    return Shown(element("div", inner.html, class_="appraisal"), inner.text)


def appraisal_blocks(
    dataset: Dataset, appraised: pd.DataFrame, details: bool = True
) -> dict[str, Shown]:
    """The appraisal of each proposition, by its id."""
    return {
        row["proposition_id"]: appraisal_block(dataset, row, details)
        for row in appraised.to_dict("records")
    }


def references_list(dataset: Dataset, *citing: pd.DataFrame) -> Shown:
    """Every work that the rows of these tables cite (`references`), in the style of the NLM."""
    return works_list(
        dataset, {work for rows in citing for cell in rows["references"] for work in cell.split()}
    )


def works_list(dataset: Dataset, cited: Iterable[str]) -> Shown:
    """Works with their identifiers as links, sorted by name, each with an anchor."""
    works = sorted((dataset.bibliography[work] for work in set(cited)), key=_by_name)
    items, lines = [], []
    for work in works:
        links = [element("a", words, href=address) for words, address in identifier_links(work)]
        items.append(
            element(
                "li",
                citation(work),
                " ",
                Markup(" ").join(links),
                element("span", f" {_seen(work)}", class_="seen"),
                id=f"ref-{work['id']}",
            )
        )
        lines.append(f"- {citation(work)} {_seen(work)}")
    if not items:
        return paragraph("No work is cited.")
    return Shown(element("ol", *items, class_="references"), "\n".join(lines))


def harms_of(dataset: Dataset, claims: pd.DataFrame) -> pd.DataFrame:
    """The harms of these claims, the serious first, with the columns of both."""
    found = claims.merge(dataset.harms, on=CLAIM_KEY, how="inner")
    return found.sort_values(["severity", "start"], kind="stable").reset_index(drop=True)


def harms_notice(dataset: Dataset, harms: pd.DataFrame) -> Shown:
    """Advice on the page that could hurt somebody: the serious in full, the rest to unfold."""
    if harms.empty:
        return paragraph(
            "None of the claims shown here was marked as one that could hurt somebody."
        )
    heading = "Advice on the page that could hurt somebody"
    parts = [Shown(element("h2", heading), f"## {heading}")]
    serious = harms[harms["severity"] == "serious"]
    others = harms[harms["severity"] != "serious"]
    if not serious.empty:
        parts.append(joined(_harm(dataset, row) for row in serious.to_dict("records")))
    if not others.empty:
        words = f"{sentence(counted(len(others), 'claim'))} that could do lesser harm"
        rest = joined(_harm(dataset, row) for row in others.to_dict("records"))
        parts.append(folded(words, rest))
    inner = joined(parts)
    return Shown(element("section", inner.html, class_="harms", id="harms"), inner.text)


def cells_table(
    dataset: Dataset, appraised: pd.DataFrame, reports: Sequence[Report], here: str
) -> Shown:
    """The propositions by cell of page × literature, what matters most first."""
    parts = []
    for cell, rows in appraised.groupby("cell", observed=True, sort=True):
        body = [
            [
                element("a", row["statement"], href=proposition_link(reports, row, here)),
                label_words(str(row["label"]), row["direction"]),
                str(row["verdict"]),
                row["certainty"] or "–",
                row["directness"],
            ]
            for row in rows.sort_values(["truism", "votes"], ascending=[True, False]).to_dict(
                "records"
            )
        ]
        caption = f"{sentence(str(cell))}: {counted(len(body), 'proposition')}"
        header = ["Proposition", "Authors", "Literature", "Certainty", "Evidence in"]
        shown = table(f"{caption} ({CELL_MEANINGS[str(cell)]})", header, body)
        parts.append(shown)
    return joined(parts)


def headlines(
    dataset: Dataset,
    appraised: pd.DataFrame,
    cells: Sequence[str],
    reports: Sequence[Report],
    here: str,
) -> Shown:
    """The propositions of some cells in a sentence each, truisms left out."""
    rows = appraised[appraised["cell"].isin(cells) & (appraised["truism"] == "no")]
    if rows.empty:
        return paragraph("There is none.")
    items = [
        Markup("{} {}. {} {}").format(
            element("a", row["statement"], href=proposition_link(reports, row, here)),
            element("strong", sentence(str(row["cell"]))),
            f"Authors: {label_words(str(row['label']), row['direction'])}.",
            verdict_sentence(row),
        )
        for row in rows.sort_values(["cell", "votes"], ascending=[True, False]).to_dict("records")
    ]
    return bullets(items)


def cells_in_full(dataset: Dataset, appraised: pd.DataFrame, claims: pd.DataFrame) -> Shown:
    """Each cell with its propositions: the appraisal, and the quotes it is held against."""
    parts = []
    said = by_proposition(claims.to_dict("records"))
    for cell, rows in appraised.groupby("cell", observed=True, sort=True):
        parts.append(Shown(element("h3", sentence(str(cell))), f"## {cell}"))
        parts.append(paragraph(sentence(f"{CELL_MEANINGS[str(cell)]}.")))
        for row in rows.to_dict("records"):
            own = said.get(row["proposition_id"], [])
            quotes = joined(claim_quote(dataset, claim) for claim in own)
            inner = joined(
                [
                    Shown(element("h4", row["statement"]), f"### {row['statement']}"),
                    paragraph(f"Authors: {label_words(str(row['label']), row['direction'])}."),
                    appraisal_block(dataset, row),
                    folded(f"{sentence(counted(len(own), 'quote'))} from the page", quotes)
                    if len(own)
                    else paragraph("Nobody on the page speaks of it."),
                ]
            )
            html = element(
                "section", inner.html, class_="proposition", id=str(row["proposition_id"])
            )
            parts.append(Shown(html, inner.text))
    return joined(parts)


def cell_meanings() -> Shown:
    """What each cell of page × literature means."""
    rows = [[sentence(cell), group, CELL_MEANINGS[cell]] for cell, group in CELLS.items()]
    return table("What the cells mean", ["Cell", "Group", "Meaning"], rows)


def omissions_list(dataset: Dataset, topic: str = ALL) -> Shown:
    """What the page never mentions although guidelines do, the gravest first.

    They are of the whole page, so that a report on one topic only leads to them.
    """
    if topic != ALL:
        return linked("They are listed in the report on all topics", "appraisal.html")
    rows = [
        [
            row["what"],
            row["why_it_matters"],
            _work_links(dataset, row["references"].split()),
        ]
        for row in dataset.omissions.sort_values("rank").to_dict("records")
    ]
    return table(
        "What the page never mentions", ["Missing", "Why it matters", "Who mentions it"], rows
    )


def _rests_on(dataset: Dataset, row: Mapping[str, Any]) -> Shown:
    """The findings that a verdict relies on, each with its work; works cited without one."""
    findings = dataset.findings_by_id
    items = []
    for finding_id in row["findings"].split():
        finding = findings[finding_id]
        figures = [str(finding[name]) for name in ("figures", "interval") if finding[name]]
        figures += [f"n = {finding['n']}"] if finding["n"] else []
        primary = {"yes": "main outcome", "no": "not the main outcome"}.get(
            str(finding["primary"]), "whether the main outcome is not stated"
        )
        items.append(
            Markup("{} {} ({}; {}; {}){}").format(
                finding["result"],
                _work_links(dataset, [finding["reference_id"]]),
                finding["population"],
                finding["outcome"],
                primary,
                f" {'; '.join(figures)}." if figures else "",
            )
        )
    relied = {findings[name]["reference_id"] for name in row["findings"].split()}
    others = [work for work in row["references"].split() if work not in relied]
    if others:
        items.append(Markup("Also cited: {}").format(_work_links(dataset, others)))
    if not items:
        return Shown(NOTHING, "")
    words = f"What this rests on: {counted(len(row['findings'].split()), 'finding')}"
    return folded(words, bullets(items))


def _harm(dataset: Dataset, row: Mapping[str, Any]) -> Shown:
    """One claim that could hurt: its words, whom, how, how badly, and what that rests on."""
    names = author_names(dataset)
    basis = (
        Markup("Basis: {}.").format(_work_links(dataset, row["references"].split()))
        if row["rests_on"] == "reference"
        else Markup("Basis: our own reasoning; no clinician, no study.")
    )
    said = Markup("{} {}: “{}”").format(
        element("strong", sentence(str(row["severity"]))), names[row["source_id"]], row["quote"]
    )
    words = f"Could hurt {row['whom']}. {row['how']}"
    html = element("div", element("p", said), element("p", words, " ", basis), class_="harm")
    return Shown(html, f"{row['severity']}: “{row['quote']}” {words} {basis.striptags()}")


def _work_links(dataset: Dataset, works: Sequence[str]) -> Markup:
    """Works as they are called, each a link to its place in the list of references."""
    links = [
        element("a", short_name(dataset.bibliography[work]), href=f"#ref-{work}") for work in works
    ]
    return Markup("; ").join(links)


def _signature(row: Mapping[str, Any]) -> str:
    return f"Signed by {row['reviewed_by']}." if row["reviewed_by"] else UNSIGNED


def _seen(work: Work) -> str:
    """How far a work was seen, in words."""
    status = work["custom"]["status"]
    return "" if status == "verified" else "(seen only in part; no figure of it is used)"


def _by_name(work: Work) -> tuple[str, str]:
    return short_name(work).casefold(), str(work["id"])

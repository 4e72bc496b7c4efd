"""What reports show of the literature: verdicts, findings, references, harms and omissions."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from string import ascii_uppercase
from typing import Any

import pandas as pd
from markupsafe import Markup

from evidence_review.appraisal import CELL_MEANINGS
from evidence_review.bibliography import Work, citation, identifier_links, short_name
from evidence_review.catalogue import Links
from evidence_review.dataset import ALL, Dataset
from evidence_review.markup import (
    NOTHING,
    Shown,
    bullets,
    element,
    folded,
    joined,
    link,
    paragraph,
    plain,
    table,
)
from evidence_review.prose import (
    DRAFT,
    appraisal_words,
    author_names,
    counted,
    label_words,
    number,
    sentence,
    verdict_sentence,
)
from evidence_review.quotes import STANCE_SYMBOLS, by_proposition, in_words, passage
from evidence_review.synthesis import CLAIM_KEY

SEVERITIES = ("serious", "moderate", "mild")
# So that a headline is not read as what the review says.
SAID_OF_IT = {"for": "Held:", "against": "Denied:", "none": "Left open:"}
UNSIGNED = "No clinician has signed this appraisal."
PRIMARY = {
    "yes": "main outcome",
    "no": "not the main outcome",
    "not stated": "whether the main outcome is not stated",
}


def appraisal_in_full(dataset: Dataset, row: Mapping[str, Any]) -> Shown:
    """What the literature says of a proposition: verdict, why, findings, what would change it."""
    return joined(
        part
        for part in (
            paragraph(verdict_sentence(row), _signature(row)),
            paragraph(row["rationale"]),
            paragraph(f"Caution: {row['safety_note']}" if row["safety_note"] else ""),
            _findings_table(dataset, row),
            _also_cited(dataset, row),
            paragraph(f"What would change this: {row['would_change']}"),
        )
        if part.text
    )


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
        # All addresses of a work are in the index of references.
        first = [element("a", words, href=url) for words, url in identifier_links(work)[:1]]
        items.append(
            element(
                "li",
                citation(work),
                " ",
                *first,
                element("span", f" {_seen(work)}", class_="seen") if _seen(work) else "",
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


def harms_notice(dataset: Dataset, harms: pd.DataFrame, links: Links) -> Shown:
    """Advice on the page that could hurt somebody: the serious in full, the rest to unfold."""
    if harms.empty:
        return paragraph(
            "No claim shown here was marked as one that could hurt somebody. That is no all-clear."
        )
    heading = "Advice on the page that could hurt somebody"
    parts = [Shown(element("h2", heading), f"## {heading}")]
    serious = harms[harms["severity"] == "serious"]
    others = harms[harms["severity"] != "serious"]
    if not serious.empty:
        each = joined(_harm(dataset, row, links) for row in serious.to_dict("records"))
        parts.append(Shown(element("div", each.html, class_="several"), each.text))
    if not others.empty:
        words = f"{sentence(counted(len(others), 'claim'))} that could do lesser harm"
        rest = joined(_harm(dataset, row, links) for row in others.to_dict("records"))
        parts.append(folded(words, rest))
    inner = joined(parts)
    return Shown(element("section", inner.html, class_="harms", id="harms"), inner.text)


def cells_table(dataset: Dataset, appraised: pd.DataFrame, links: Links) -> Shown:
    """The propositions by cell of page × literature, what matters most first."""
    parts = []
    for cell, rows in appraised.groupby("cell", observed=True, sort=True):
        body = [
            [
                link(row["statement"], links.proposition(row["proposition_id"])),
                label_words(str(row["label"]), row["direction"]),
                appraisal_words(row),
                row["directness"],
            ]
            for row in _weightiest_first(rows)
        ]
        caption = f"{sentence(str(cell))}: {counted(len(body), 'proposition')}"
        header = ["Proposition", "Authors", "Literature (certainty)", "Evidence in"]
        parts.append(table(caption, header, body))
        parts.append(paragraph(sentence(f"{CELL_MEANINGS[str(cell)]}."), class_="scope"))
    return joined(parts)


def headlines(
    dataset: Dataset, appraised: pd.DataFrame, cells: Sequence[str], links: Links
) -> Shown:
    """The propositions of some cells in a sentence each, truisms left out."""
    rows = appraised[appraised["cell"].isin(cells) & (appraised["truism"] == "no")]
    if rows.empty:
        return paragraph("There is none.")
    items = [
        Markup("{} “{}” {}. {} {}").format(
            SAID_OF_IT[str(row["direction"])],
            link(row["statement"], links.proposition(row["proposition_id"])),
            element("strong", sentence(str(row["cell"]))),
            f"Authors: {label_words(str(row['label']), row['direction'])}.",
            verdict_sentence(row),
        )
        for row in rows.sort_values(["cell", "votes"], ascending=[True, False]).to_dict("records")
    ]
    return bullets(items)


def cells_in_full(
    dataset: Dataset, appraised: pd.DataFrame, claims: pd.DataFrame, links: Links
) -> Shown:
    """Each cell with its propositions: what the literature says, beside a quote of each stance.

    All findings and all quotes are on the page of the proposition.
    """
    parts = []
    said = by_proposition(claims.to_dict("records"))
    for cell, rows in appraised.groupby("cell", observed=True, sort=True):
        parts.append(Shown(element("h3", sentence(str(cell))), f"## {cell}"))
        parts.append(paragraph(sentence(f"{CELL_MEANINGS[str(cell)]}.")))
        for row in _weightiest_first(rows):
            own = said.get(row["proposition_id"], [])
            parts.append(_appraised_proposition(dataset, row, own, links))
    return joined(parts)


def omissions_list(dataset: Dataset, links: Links, topic: str = ALL) -> Shown:
    """What the page never mentions although guidelines do, the gravest first.

    They are of the whole page, so that a report on one topic only leads to them.
    """
    if topic != ALL:
        words = "They are listed in the report on all topics"
        return Shown(element("p", link(words, links.whole("appraisal"))), words)
    rows = [
        [row["what"], row["why_it_matters"], _work_links(dataset, row["references"].split())]
        for row in dataset.omissions.sort_values("rank").to_dict("records")
    ]
    return table(
        "What the page never mentions", ["Missing", "Why it matters", "Who mentions it"], rows
    )


def works_index(dataset: Dataset, letters: str, links: Links) -> Shown:
    """The works whose names begin with one of some letters (`A-G`), each with what cites it.

    Names that begin with none of the letters A to Z stand with the last.
    """
    first, last = letters.split("-")
    citing = _citing(dataset)
    parts = []
    works = sorted(dataset.bibliography.values(), key=_by_name)
    for letter, group in groupby(works, key=_initial):
        if not first <= letter <= last:
            continue
        items = [_indexed(dataset, work, citing.get(str(work["id"]), []), links) for work in group]
        parts.append(Shown(element("h3", letter), f"## {letter}"))
        parts.append(Shown(bullets(items).html, "\n".join(plain(item) for item in items)))
    return joined(parts)


def _initial(work: Work) -> str:
    """The letter under which a work stands, without its accents; `Z` where it has none."""
    letters = unicodedata.normalize("NFD", short_name(work))
    found = next((letter for letter in letters if letter.isalpha()), "Z").upper()
    return found if found in ascii_uppercase else "Z"


def _citing(dataset: Dataset) -> dict[str, list[str]]:
    """The propositions whose verdict, or a harm on which, cites each work."""
    found: dict[str, list[str]] = {}
    for rows in (dataset.verdicts, dataset.harms):
        for proposition_id, cell in zip(rows["proposition_id"], rows["references"], strict=True):
            for work in cell.split():
                known = found.setdefault(work, [])
                if proposition_id not in known:
                    known.append(proposition_id)
    return found


def _indexed(dataset: Dataset, work: Work, propositions: Sequence[str], links: Links) -> Markup:
    """A work with its identifiers, and the propositions that it is cited for."""
    addresses = [element("a", words, href=address) for words, address in identifier_links(work)]
    cited = Markup("; ").join(
        link(dataset.statements[name], links.proposition(name)) for name in propositions
    )
    where = cited or "the omissions of the page"
    return Markup("{} {} {} Cited on: {}").format(
        citation(work), Markup(" ").join(addresses), _seen(work), where
    )


def _weightiest_first(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a cell: truisms last, those with most votes first."""
    ordered = rows.sort_values(["truism", "votes"], ascending=[True, False])
    return list(ordered.to_dict("records"))


def _appraised_proposition(
    dataset: Dataset, row: Mapping[str, Any], own: Sequence[Mapping[str, Any]], links: Links
) -> Shown:
    """A proposition with its verdict and why, its references, and a quote of each stance."""
    statement, proposition_id = str(row["statement"]), str(row["proposition_id"])
    address = links.proposition(proposition_id)
    references = _work_links(dataset, row["references"].split())
    inner = joined(
        part
        for part in (
            Shown(element("h4", link(statement, address)), f"### {statement}"),
            paragraph(
                f"Authors: {label_words(str(row['label']), row['direction'])}.",
                verdict_sentence(row),
                _signature(row) if row["reviewed_by"] else "",
            ),
            paragraph(f"{DRAFT} {row['teaching_point']}"),
            *_voices(dataset, own, links),
            paragraph(f"Caution: {row['safety_note']}" if row["safety_note"] else ""),
            paragraph(row["rationale"]),
            Shown(element("p", "References: ", references, "."), plain(references))
            if references
            else paragraph(""),
        )
        if part.text
    )
    html = element("section", inner.html, class_="proposition", id=proposition_id)
    return Shown(html, inner.text)


def _voices(dataset: Dataset, claims: Sequence[Mapping[str, Any]], links: Links) -> Iterator[Shown]:
    """A quote of each stance on a proposition, the first on the page, with how many there are."""
    gathered: dict[str, list[Mapping[str, Any]]] = {}
    for claim in sorted(claims, key=lambda claim: (str(claim["stance"]), claim["start"])):
        gathered.setdefault(str(claim["stance"]), []).append(claim)
    for stance, group in gathered.items():
        authors = len({claim["source_id"] for claim in group})
        of = counted(len(dataset.sources), "author")
        words = f"{STANCE_SYMBOLS[stance]} {stance}, {number(authors)} of {of}"
        words += ", for example " if len(group) > 1 else ": "
        quoted = in_words(dataset, group[0])
        name = author_names(dataset)[str(group[0]["source_id"])]
        place = link(name, passage(dataset, group[0], links))
        html = element("p", words, place, " ", *quoted)
        yield Shown(html, html.striptags())
    if not claims:
        yield paragraph("Nobody on the page speaks of it.")


def _findings_table(dataset: Dataset, row: Mapping[str, Any]) -> Shown:
    """The findings that a verdict relies on, each with its figures, people and work."""
    findings = dataset.findings_by_id
    rows = []
    for finding_id in row["findings"].split():
        finding = findings[finding_id]
        figures = [str(finding[name]) for name in ("figures", "interval") if finding[name]]
        figures += [f"n = {finding['n']}"] if finding["n"] else []
        outcome = f"{finding['outcome']} ({PRIMARY[str(finding['primary'])]})"
        rows.append(
            [
                finding["result"],
                "; ".join(figures) or "–",
                finding["population"],
                outcome,
                _work_links(dataset, [finding["reference_id"]]),
            ]
        )
    if not rows:
        return paragraph("It rests on no finding.")
    header = ["Finding", "Figures", "People", "Outcome", "Work"]
    return table(f"What this rests on: {counted(len(rows), 'finding')}", header, rows)


def _also_cited(dataset: Dataset, row: Mapping[str, Any]) -> Shown:
    """The works of a verdict of which no finding is told; nothing where there is none."""
    findings = dataset.findings_by_id
    relied = {findings[name]["reference_id"] for name in row["findings"].split()}
    others = [work for work in row["references"].split() if work not in relied]
    if not others:
        return Shown(NOTHING, "")
    html = element("p", "Also cited: ", _work_links(dataset, others), ".")
    return Shown(html, html.striptags())


def _harm(dataset: Dataset, row: Mapping[str, Any], links: Links) -> Shown:
    """One claim that could hurt: its words, whom, how, how badly, and what that rests on."""
    names = author_names(dataset)
    place = link(names[row["source_id"]], passage(dataset, row, links))
    basis = (
        Markup("Basis: {}.").format(_work_links(dataset, row["references"].split()))
        if row["rests_on"] == "reference"
        else Markup("Basis: our own reasoning, no study.")
    )
    grave = f"{sentence(str(row['severity']))} harm possible:"
    said = Markup("{} {}, “{}”").format(element("strong", grave), place, row["quote"])
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

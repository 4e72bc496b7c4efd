"""Disputes as reports show them: both sides in their words, and what reconciles them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup

from evidence_review.catalogue import Links
from evidence_review.dataset import Dataset
from evidence_review.markup import NOTHING, Shown, element, joined, link, paragraph, table
from evidence_review.prose import author_names, counted, reconciling_sentence, sentence
from evidence_review.quotes import claim_quote


def disputes_in_full(
    dataset: Dataset,
    disputed: pd.DataFrame,
    pairs: pd.DataFrame,
    links: Links,
    most: int | None = None,
) -> Shown:
    """Each dispute with both sides side by side, its kind, and what reconciles it, if anything.

    `most` shows the first so many; the rest are counted in a closing line.
    """
    if disputed.empty:
        return paragraph("No two claims that are admitted here contradict each other.")
    shown = disputed if most is None else disputed.head(most)
    parts = [_dispute(dataset, row, pairs, links) for row in shown.to_dict("records")]
    left = len(disputed) - len(shown)
    if left:
        words = f"{sentence(counted(left, 'more dispute'))} in the full report"
        html = element("p", link(words, links.whole("contradictions")))
        parts.append(Shown(html, words))
    return joined(parts)


def disputes_table(
    dataset: Dataset, disputed: pd.DataFrame, pairs: pd.DataFrame, links: Links
) -> Shown:
    """Each dispute in a row: who, on what, of which kind, what reconciles it; its topic's report.

    Nothing where there is none.
    """
    if disputed.empty:
        return Shown(NOTHING, "")
    names = author_names(dataset)
    rows = []
    for row in disputed.to_dict("records"):
        first = str(row["proposition_id_a"])
        report = links.topic("contradictions", dataset.topics[first])
        rows.append(
            [
                link(_about(dataset, row), f"{report}#{dispute_id(row)}" if report else ""),
                names[row["source_id_a"]],
                names[row["source_id_b"]],
                row["kind"],
                reconciling_sentence(pairs.loc[row["first"]].to_dict(), names),
            ]
        )
    header = ["About", "For it, or the one", "Against it, or the other", "Kind", "What reconciles"]
    return table("Disputes, the gravest first", header, rows)


def dispute_id(row: Mapping[str, Any]) -> str:
    """The name of a dispute: who contradicts whom on what."""
    return "-".join((str(row["source_id_a"]), str(row["source_id_b"]), *_propositions(row)))


def qualifications_table(dataset: Dataset, qualified: pd.DataFrame, links: Links) -> Shown:
    """Who supports a proposition plainly, and who only under which condition."""
    if qualified.empty:
        return paragraph("No claim that is admitted here is qualified by another.")
    names = author_names(dataset)
    rows = []
    keys = ["proposition_id_b", "source_id_b", "start_b", "end_b"]
    for (proposition_id, source_b, _, _), group in qualified.groupby(keys, sort=False):
        bound = group.iloc[0]
        plainly = [names[source] for source in dict.fromkeys(group["source_id_a"])]
        rows.append(
            [
                link(dataset.statements[proposition_id], links.proposition(proposition_id)),
                "; ".join(plainly),
                names[source_b],
                f"“{bound['quote_b']}”",
                bound["condition_b"] or "stated in the quote",
            ]
        )
    header = [
        "Proposition",
        "Supported plainly by",
        "Under a condition by",
        "In the words",
        "Condition",
    ]
    return table("Qualifications", header, rows)


def _about(dataset: Dataset, row: Mapping[str, Any]) -> str:
    """What a dispute is about: one proposition, or two that are in conflict."""
    return " / ".join(dataset.statements[name] for name in _propositions(row))


def _propositions(row: Mapping[str, Any]) -> list[str]:
    """The proposition that a dispute is about, or the two that are in conflict."""
    return list(dict.fromkeys((str(row["proposition_id_a"]), str(row["proposition_id_b"]))))


def _dispute(dataset: Dataset, row: Mapping[str, Any], pairs: pd.DataFrame, links: Links) -> Shown:
    """One dispute: what it is about, its kind, both quotes, what reconciles it."""
    pair = pairs.loc[row["first"]].to_dict()
    about, facts = _about(dataset, row), _facts(row, [str(kind) for kind in pair["kinds"]])
    sides = [
        claim_quote(
            dataset,
            {key: pair[f"{key}_{side}"] for key in dataset.claims.columns},
            links,
            anchored=False,
        )
        for side in "ab"
    ]
    says = reconciling_sentence(pair, author_names(dataset))
    heading = Markup(" / ").join(
        link(dataset.statements[name], links.proposition(name)) for name in _propositions(row)
    )
    html = element(
        "section",
        element("h3", heading),
        element("p", facts, class_="label"),
        element("div", *(shown.html for shown in sides), class_="sides"),
        element("p", says),
        class_="dispute",
        id=dispute_id(row),
    )
    return Shown(html, "\n".join([f"## {about}", facts, *(s.text for s in sides), says]))


def _facts(row: Mapping[str, Any], kinds: list[str]) -> str:
    """What is to be known of a dispute: whether a harm is warned of, who, which kind, how often."""
    mark = "A harm is warned of. " if row["harm"] else ""
    scope = "Within one source" if row["scope"] == "within one source" else "Between two authors"
    count = int(row["pairs"])
    more = f" The first of {counted(count, 'pair')} of claims." if count > 1 else ""
    others = f" (also {', '.join(kinds[1:])})" if len(kinds) > 1 else ""
    return f"{mark}{scope}. Kind: {kinds[0]}{others}.{more}"

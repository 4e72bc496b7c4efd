"""What the README says of the findings: computed, so that it cannot say anything else."""

from __future__ import annotations

import re
from fractions import Fraction

from evidence_review.dataset import Dataset
from evidence_review.prose import (
    NOT_EVIDENCE,
    author_names,
    disputes_sentence,
    label_words,
    labels_sentence,
    levels_sentence,
    page_sentence,
    votes_sentence,
)
from evidence_review.selection import DEFAULT_THRESHOLD
from evidence_review.synthesis import contradictions, disputes, summary_of_votes, votes

BLOCK = re.compile(r"(<!-- findings -->\n).*?(<!-- end of findings -->)", re.DOTALL)
NAMED = ("walking-backwards", "bed-rest-long", "firm-bed")


def findings(dataset: Dataset) -> str:
    """The findings in a few paragraphs of Markdown."""
    threshold = Fraction(str(DEFAULT_THRESHOLD))
    summary = summary_of_votes(dataset.propositions, dataset.claims, threshold)
    pairs = contradictions(dataset.claims, dataset.propositions, dataset.doses)
    names = author_names(dataset)
    cast = votes(dataset.claims)
    lines = [
        page_sentence(dataset),
        f"{labels_sentence(summary)} {NOT_EVIDENCE}",
        levels_sentence(dataset.claims),
        disputes_sentence(disputes(pairs), pairs),
    ]
    examples = []
    for row in summary[summary["proposition_id"].isin(NAMED)].to_dict("records"):
        own = cast[cast["proposition_id"] == row["proposition_id"]]
        words = votes_sentence(own, names, len(dataset.sources))
        label = label_words(row["label"], row["direction"])
        examples.append(f"- “{row['statement']}” {label}: {words}")
    return "\n\n".join([*lines, "For example:", "\n".join(examples)])


def with_findings(text: str, dataset: Dataset) -> str:
    """A README whose block of findings says what the data says now."""
    return with_block(text, findings(dataset))


def with_block(text: str, block: str) -> str:
    """A README with this block of findings."""
    return BLOCK.sub(lambda found: f"{found[1]}\n{block}\n\n{found[2]}", text)

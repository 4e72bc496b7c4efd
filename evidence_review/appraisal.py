"""Page × literature: what the authors agree on, crossed with what the literature says."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import pandas as pd

SETTLED_CERTAINTY = ("high", "moderate")
DIRECT = ("herniation", "sciatica")
AGREEING = ("agreed", "majority")
LEANING = ("two voices", "qualified")

# Each cell with the group that a figure shows it in, from what matters most in a room.
CELLS: Mapping[str, str] = {
    "shared myth": "against the evidence",
    "unproven, possibly harmful": "unsettled, and may hurt",
    "leans against the evidence": "against the evidence",
    "lone voice against the evidence": "against the evidence",
    "split though settled": "of two minds",
    "split, the evidence leans": "of two minds",
    "conditional, the evidence leans": "of two minds",
    "agreed beyond the evidence": "beyond the evidence",
    "in line with the evidence": "in line with the evidence",
    "lone voice in line": "in line with the evidence",
    "open question": "unsettled",
    "unproven": "unsettled",
    "asked, not answered": "unsettled",
}
AGAINST = ("shared myth", "leans against the evidence", "lone voice against the evidence")
HARMFUL = ("unproven, possibly harmful",)
IN_LINE = ("in line with the evidence", "lone voice in line")
CELL_MEANINGS: Mapping[str, str] = {
    "shared myth": "three or more authors agree on the side that the literature contradicts",
    "unproven, possibly harmful": "no study decides it, and following it could hurt somebody",
    "leans against the evidence": "two authors, or a qualified agreement, against the literature",
    "lone voice against the evidence": "one author, against the literature",
    "split though settled": "the authors are split on what direct evidence has settled",
    "split, the evidence leans": "the authors are split, the literature leans to one side",
    "conditional, the evidence leans": "held under conditions only, the literature leans",
    "agreed beyond the evidence": "three or more authors agree where the literature is mixed",
    "in line with the evidence": "two or more authors, on the side of the literature",
    "lone voice in line": "one author, on the side of the literature",
    "open question": "neither the authors nor the literature decide it",
    "unproven": "authors take a side, no study decides it",
    "asked, not answered": "nobody on the page takes a side",
}


def cell_of(
    label: str, direction: str, verdict: str, certainty: str, directness: str, harm: bool
) -> str:
    """The cell of page × literature for a proposition: defined for every combination.

    `harm` is whether following a claim on the proposition could hurt somebody. A verdict is
    settled with moderate certainty or better on direct evidence (herniation or sciatica);
    otherwise it leans. To agree *against* what is contradicted is in line with the evidence.
    """
    if verdict == "insufficient" and harm:
        return "unproven, possibly harmful"
    if label == "unanswered":
        return "asked, not answered"
    if direction == "none":
        return _without_side(label, verdict, settled(verdict, certainty, directness))
    if verdict == "insufficient":
        return "unproven"
    if verdict == "mixed":
        return "agreed beyond the evidence" if label in AGREEING else "open question"
    in_line = (direction == "for") == (verdict == "supported")
    if label == "single voice":
        return "lone voice in line" if in_line else "lone voice against the evidence"
    if in_line:
        return "in line with the evidence"
    return "shared myth" if label in AGREEING else "leans against the evidence"


def settled(verdict: str, certainty: str, directness: str) -> bool:
    """Whether the literature has settled a proposition for these patients."""
    decided = verdict in ("supported", "contradicted")
    return decided and certainty in SETTLED_CERTAINTY and directness in DIRECT


def appraised(summary: pd.DataFrame, verdicts: pd.DataFrame, harms: pd.DataFrame) -> pd.DataFrame:
    """The summary of votes with the verdict on each proposition, and the cell they make.

    Adds the columns of `verdicts` (all but the key), `harm` (whether `harms` names a claim on the
    proposition), `cell` (a category in the order of `CELLS`) and `group`.
    """
    table = summary.merge(verdicts, on="proposition_id", how="left", validate="one_to_one")
    table["harm"] = table["proposition_id"].isin(harms["proposition_id"])
    cells = [
        cell_of(
            str(row["label"]),
            row["direction"],
            str(row["verdict"]),
            str(row["certainty"]),
            str(row["directness"]),
            row["harm"],
        )
        for row in table.to_dict("records")
    ]
    table["cell"] = pd.Categorical(cells, list(CELLS), ordered=True)
    table["group"] = [CELLS[cell] for cell in cells]
    return table


def statement_hash(statement: str) -> str:
    """What names the wording that was appraised: the first twelve digits of its SHA-256."""
    return hashlib.sha256(statement.encode()).hexdigest()[:12]


def _without_side(label: str, verdict: str, is_settled: bool) -> str:
    """The cell of a label that speaks of no side."""
    if verdict in ("insufficient", "mixed"):
        return "open question"
    if label != "split":
        return "conditional, the evidence leans"
    return "split though settled" if is_settled else "split, the evidence leans"

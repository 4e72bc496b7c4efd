"""The conclusions: what the page says of each proposition, so that none changes unannounced."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pandas as pd

from evidence_review.appraisal import appraised
from evidence_review.dataset import DataError, Dataset, Fault, read_table
from evidence_review.selection import DEFAULT_THRESHOLD
from evidence_review.synthesis import contradictions, disputes, summary_of_votes

CHANGELOG = "CHANGELOG.md"
VERDICT = ["label", "direction"]
LITERATURE = ["verdict", "certainty", "cell"]
COUNTS = ["votes_for", "votes_conditional", "votes_against", "votes_divided"]


@dataclass(frozen=True)
class Change:
    """One conclusion that is not what it was, in words."""

    proposition_id: str
    words: str


def conclusions(dataset: Dataset) -> pd.DataFrame:
    """The conclusion on every proposition, at the default threshold: the table that is kept.

    Columns as the data dictionary has them, all text; in the order of `propositions.csv`.
    """
    threshold = Fraction(str(DEFAULT_THRESHOLD))
    summary = summary_of_votes(dataset.propositions, dataset.claims, threshold)
    disputed = disputes(contradictions(dataset.claims, dataset.propositions, dataset.doses))
    table = pd.DataFrame({"proposition_id": summary["proposition_id"]})
    table["label"] = summary["label"].astype("str")
    table["direction"] = summary["direction"]
    for side in ("for", "conditional", "against", "divided"):
        table[f"votes_{side}"] = summary[side].astype("str")
    known = appraised(summary, dataset.verdicts, dataset.harms)
    for name in ("verdict", "certainty", "cell"):
        table[name] = known[name].astype("str")
    table["contradictions"] = table["proposition_id"].map(_contradictions_of(disputed)).fillna("")
    table["claims"] = table["proposition_id"].map(_claims_of(dataset.claims)).fillna("")
    return table[dataset.dictionary.tables["conclusions"].header]


def kept_conclusions(dataset: Dataset) -> tuple[pd.DataFrame | None, list[Fault]]:
    """The conclusions as `reports/conclusions.csv` keeps them, as text, with its faults."""
    table = dataset.dictionary.tables["conclusions"]
    if not (dataset.root / table.path).exists():
        return None, []
    return read_table(dataset.root, table)


def changes(before: pd.DataFrame, after: pd.DataFrame) -> list[Change]:
    """What is different between two tables of conclusions, in words, and which claims did it."""
    old = before.set_index("proposition_id").to_dict("index")
    new = after.set_index("proposition_id").to_dict("index")
    found = []
    for proposition_id in [*new, *(known for known in old if known not in new)]:
        words = _difference(old.get(proposition_id), new.get(proposition_id))
        if words:
            found.append(Change(proposition_id, f"`{proposition_id}`: {words}"))
    return found


def unannounced(found: Iterable[Change], changelog: str) -> list[Change]:
    """The changes whose proposition the newest section of the change log does not name."""
    announced = set(re.findall(r"`([a-z0-9-]+)`", newest_section(changelog)))
    return [change for change in found if change.proposition_id not in announced]


def newest_section(changelog: str) -> str:
    """The first section of a change log, from its `## ` heading to the next one."""
    parts = re.split(r"^## ", changelog, maxsplit=2, flags=re.MULTILINE)
    return parts[1] if len(parts) > 1 else ""


def read_changelog(root: Path) -> str:
    """The change log of the review, empty where there is none; DataError where it is not UTF-8."""
    path = root / CHANGELOG
    try:
        return path.read_text(encoding="utf-8") if path.exists() else ""
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise DataError([Fault(CHANGELOG, line, "", "is not UTF-8; save it as UTF-8")]) from None


def _contradictions_of(disputed: pd.DataFrame) -> dict[str, str]:
    """For each proposition, the disputes it is in, in a fixed order."""
    entries: dict[str, set[str]] = {}
    for row in disputed.itertuples():
        pair = f"{row.source_id_a}~{row.source_id_b} {row.kind}"
        a, b = row.proposition_id_a, row.proposition_id_b
        if a == b:
            entries.setdefault(a, set()).add(pair)
        else:
            entries.setdefault(a, set()).add(f"{pair} with {b}")
            back = f"{row.source_id_b}~{row.source_id_a} {row.kind}"
            entries.setdefault(b, set()).add(f"{back} with {a}")
    return {name: "; ".join(sorted(found)) for name, found in entries.items()}


def _claims_of(claims: pd.DataFrame) -> dict[str, str]:
    """For each proposition, its claims: source, offset, stance and phase."""
    entries: dict[str, list[str]] = {}
    for row in claims.itertuples():
        entry = f"{row.source_id}@{row.start} {row.stance} {row.phase}"
        entries.setdefault(str(row.proposition_id), []).append(entry)
    return {name: "; ".join(found) for name, found in entries.items()}


def _difference(old: dict[str, str] | None, new: dict[str, str] | None) -> str:
    """What changed in one conclusion, or an empty text."""
    if old is None and new is not None:
        return f"is new: {_verdict(new)} ({_votes(new)}), the literature: {_literature(new)}"
    if new is None and old is not None:
        return f"is gone; it was {_verdict(old)} ({_votes(old)})"
    if old is None or new is None or old == new:
        return ""
    return _what_changed(old, new) + _because(old["claims"], new["claims"])


def _what_changed(old: dict[str, str], new: dict[str, str]) -> str:
    """What is said of the page and of the literature where either is not what it was."""
    page = _difference_of_votes(old, new)
    if any(old[name] != new[name] for name in LITERATURE):
        literature = f"the literature: {_literature(old)} → {_literature(new)}"
        return f"{page}, and {literature}" if page else f"still {_verdict(new)}, but {literature}"
    if page:
        return page
    if old["contradictions"] != new["contradictions"]:
        return f"still {_verdict(new)}, its contradictions changed"
    return f"still {_verdict(new)}, but its claims changed"


def _difference_of_votes(old: dict[str, str], new: dict[str, str]) -> str:
    """How label or votes changed, or an empty text."""
    if any(old[name] != new[name] for name in VERDICT):
        return f"{_verdict(old)} → {_verdict(new)} ({_votes(new)})"
    if any(old[name] != new[name] for name in COUNTS):
        return f"still {_verdict(new)}, votes {_votes(old)} → {_votes(new)}"
    return ""


def _verdict(row: dict[str, str]) -> str:
    return row["label"] + ("" if row["direction"] == "none" else f" {row['direction']}")


def _literature(row: dict[str, str]) -> str:
    certainty = f" ({row['certainty']})" if row["certainty"] else ""
    return f"{row['verdict']}{certainty}, {row['cell']}"


def _votes(row: dict[str, str]) -> str:
    return (
        ", ".join(
            f"{row[f'votes_{side}']} {side}"
            for side in ("for", "conditional", "against", "divided")
            if row[f"votes_{side}"] != "0"
        )
        or "no votes"
    )


def _because(old: str, new: str) -> str:
    """Which claims were added, taken away or recoded, in words."""
    before, after = _codings(old), _codings(new)
    reasons = []
    for place in dict.fromkeys([*before, *after]):
        source_id, offset = place.split("@")
        name = f"{source_id}'s claim at {int(offset):,}"
        if place not in after:
            reasons.append(f"{name} was taken away")
        elif place not in before:
            reasons.append(f"{name} was added")
        elif before[place] != after[place]:
            was, now = ", ".join(before[place]), ", ".join(after[place])
            reasons.append(f"{name} was recoded ({was} → {now})")
    return f", because {' and '.join(reasons)}" if reasons else ""


def _codings(claims: str) -> dict[str, list[str]]:
    """The codings that stand at each place."""
    codings: dict[str, list[str]] = {}
    for entry in claims.split("; ") if claims else []:
        place, coding = entry.split(" ", 1)
        codings.setdefault(place, []).append(coding)
    return codings

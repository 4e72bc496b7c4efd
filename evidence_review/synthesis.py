"""Synthesis by vote counting: votes, agreement, fragility, contradictions, qualifications.

Pure functions over the typed tables. A vote is a source's side on a proposition; what many posts
agree on is not thereby evidence, and nothing here says that it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np
import pandas as pd

NAMED_PHASES = ("acute", "recovery", "post_op", "prevention")
SIDES = ("for", "conditional", "against", "divided")
LABELS = (
    "agreed",
    "majority",
    "two voices",
    "qualified",
    "split",
    "conditional only",
    "single voice",
    "unanswered",
)
# From what nothing on the page reconciles to what speaks of other patients altogether.
KINDS = ("direct", "dose", "conditional", "possibly phase", "phase")
KIND_PRECEDENCE = ("phase", "possibly phase", "conditional", "dose", "direct")
MATERIAL_DOSE_RATIO = 2.0
WEAKEST_LEVEL = 5
CLAIM_KEY = ["source_id", "start", "end", "proposition_id"]


@dataclass(frozen=True)
class Counts:
    """The votes on one proposition, by side."""

    votes_for: int
    conditional: int
    against: int
    divided: int

    @property
    def total(self) -> int:
        """All votes."""
        return self.votes_for + self.conditional + self.against + self.divided

    @property
    def share(self) -> Fraction:
        """The share of the larger of the two sides in all votes; 0 where there is no vote."""
        side = max(self.votes_for, self.against)
        return Fraction(side, self.total) if self.total else Fraction(0)

    def plus(self, side: str, votes: int = 1) -> Counts:
        """These counts with votes added to one side (taken away where negative)."""
        changed = dict(zip(SIDES, self.as_tuple(), strict=True))
        changed[side] += votes
        return Counts(*changed.values())

    def as_tuple(self) -> tuple[int, int, int, int]:
        """The counts in the order of `SIDES`."""
        return self.votes_for, self.conditional, self.against, self.divided


@dataclass(frozen=True)
class Agreement:
    """What the votes on a proposition amount to: a label and the side it speaks of."""

    label: str
    direction: str


@dataclass(frozen=True)
class Fragility:
    """How easily a label would be another.

    `without` gives the agreement after leaving out one source of a side, for each side that has
    votes; `with_for` and `with_against` after one more vote; the label holds for thresholds above
    `holds_above` up to and including `holds_up_to`.
    """

    without: dict[str, Agreement]
    with_for: Agreement
    with_against: Agreement
    holds_above: Fraction
    holds_up_to: Fraction


@cache
def agreement(counts: Counts, threshold: Fraction) -> Agreement:
    """The label and direction of votes at a threshold in (0.5, 1].

    The threshold is compared with the exact share. 0.75 is the median of the consensus
    definitions in 100 Delphi studies (Diamond et al. 2014): a convention, not an inference.
    """
    total, share = counts.total, counts.share
    if total == 0:
        return Agreement("unanswered", "none")
    side, other = _larger_side(counts)
    contested = other > 0 or counts.divided > 0
    if total == 1:
        return Agreement("single voice", side)
    if counts.conditional == total:
        return Agreement("conditional only", "none")
    if total == 2 and share == 1:
        return Agreement("two voices", side)
    if total >= 3 and share >= threshold:
        return Agreement("majority" if contested else "agreed", side)
    if side != "none" and not contested:
        return Agreement("qualified", side)
    return Agreement("split", "none")


def fragility(counts: Counts, threshold: Fraction) -> Fragility:
    """What would change the label of these votes: a source less, a vote more, a threshold."""
    without = {
        side: agreement(counts.plus(side, -1), threshold)
        for side, votes in zip(SIDES, counts.as_tuple(), strict=True)
        if votes
    }
    share = counts.share
    low, high = Fraction(1, 2), Fraction(1)
    # Only the comparison of the share with the threshold can change the label, and only where
    # reaching it makes another one.
    if low < share < high and agreement(counts, share) != agreement(counts, high):
        low, high = (low, share) if share >= threshold else (share, high)
    return Fragility(
        without=without,
        with_for=agreement(counts.plus("for"), threshold),
        with_against=agreement(counts.plus("against"), threshold),
        holds_above=low,
        holds_up_to=high,
    )


def votes(claims: pd.DataFrame) -> pd.DataFrame:
    """The vote of each source on each proposition that it takes a side on.

    One row a source and proposition, sorted by both: `vote` (for, conditional, against, divided),
    `claims` (how many, `unclear` ones included), `best_level` (1 is the strongest), and one
    column a named phase with whether a claim that takes a side is said of it (of every phase
    where it is said of all or does not say of whom).
    """
    sided = (claims["stance"] != "unclear").to_numpy()
    marks = {"sided": sided, "conditional": (claims["stance"] == "conditional").to_numpy()}
    for phase in NAMED_PHASES:
        said = claims["phase"].isin([phase, "any", "unstated"]).to_numpy() & sided
        marks[phase] = said
        for stance in ("supports", "opposes"):
            marks[f"{stance} {phase}"] = said & (claims["stance"] == stance).to_numpy()
    # Who takes no side shows no support for one.
    levels = np.where(sided, claims["evidence_level"].astype("int64"), WEAKEST_LEVEL)
    grouped = claims.groupby(["proposition_id", "source_id"], observed=True, sort=True)
    number = grouped.ngroup().to_numpy()
    table = grouped.size().reset_index(name="claims")
    best = np.full(len(table), WEAKEST_LEVEL)
    np.minimum.at(best, number, levels)
    table["best_level"] = best
    for name, marked in marks.items():
        table[name] = np.bincount(number[marked], minlength=len(table)) > 0
    table = table[table["sided"]].reset_index(drop=True)
    table["vote"] = _vote(table)
    return table[["proposition_id", "source_id", "vote", "claims", "best_level", *NAMED_PHASES]]


def summary_of_votes(
    propositions: pd.DataFrame, claims: pd.DataFrame, threshold: Fraction
) -> pd.DataFrame:
    """The agreement on each proposition: one row a proposition, in the order given.

    Columns `proposition_id`, `topic`, `statement`, one count a side (`for`, `conditional`,
    `against`, `divided`), `votes`, `claims`, `best_level` (0 where nobody takes a side), `label`,
    `direction`, and `phases_apart`: whether those for and those against share no phase.
    """
    return _summary(propositions, claims, votes(claims), threshold)


def summary_by_phase(
    propositions: pd.DataFrame, claims: pd.DataFrame, threshold: Fraction
) -> pd.DataFrame:
    """The agreement on each proposition among what is said of each named phase.

    The columns of `summary_of_votes` and `phase`, one row a phase and proposition. What is said
    of all patients, or of nobody in particular, counts in every phase.
    """
    # A proposition in a phase is one of its own, so that all are counted at once.
    asked, said = [], []
    for phase in NAMED_PHASES:
        asked.append(propositions.assign(phase=phase))
        said.append(claims[claims["phase"].isin([phase, "any", "unstated"])].assign(of=phase))
    each, spoken = pd.concat(asked, ignore_index=True), pd.concat(said, ignore_index=True)
    ids = each["proposition_id"]
    each["proposition_id"] = each["phase"] + " " + ids
    spoken["proposition_id"] = spoken["of"] + " " + spoken["proposition_id"]
    summary = summary_of_votes(each, spoken, threshold)
    return summary.assign(proposition_id=ids, phase=each["phase"])


def without_each_source(
    propositions: pd.DataFrame, claims: pd.DataFrame, threshold: Fraction
) -> pd.DataFrame:
    """The labels that change when one source is left out.

    One row a source and proposition whose label or direction changes: `source_id`,
    `proposition_id`, `label`, `direction` (without that source).
    """
    cast = votes(claims)
    whole = _summary(propositions, claims, cast, threshold)
    cast = cast.merge(whole.reset_index(names="place"), on="proposition_id")
    if cast.empty:
        return pd.DataFrame(columns=["source_id", "proposition_id", "label", "direction"])
    counts = cast[list(SIDES)].to_numpy(dtype="int64", copy=True)
    # A source has one vote on a proposition, so that leaving it out takes that vote away.
    counts[np.arange(len(cast)), cast["vote"].map(SIDES.index)] -= 1
    found = _agreements(counts, threshold)
    after = pd.DataFrame(
        {
            "source_id": cast["source_id"],
            "proposition_id": cast["proposition_id"],
            "label": [a.label for a in found],
            "direction": [a.direction for a in found],
        }
    )
    moved = (after["label"] != cast["label"].astype("str")) | (
        after["direction"] != cast["direction"]
    )
    order = cast[moved].sort_values(["source_id", "place"]).index
    return after.loc[order].reset_index(drop=True)


def contradictions(
    claims: pd.DataFrame, propositions: pd.DataFrame, doses: pd.DataFrame
) -> pd.DataFrame:
    """Every two claims that cannot both be followed, in document order.

    Two claims contradict each other on the *same proposition* when one supports it, or holds it
    under a condition, and the other opposes it; *across* a pair of propositions that conflict,
    when both are supported of phases that overlap. Columns: each column of `claims` with the
    suffix `_a` (of a pair across, the claim on the proposition that names the conflict; else the
    one that does not oppose) and `_b`;
    `relation` (`same proposition`, `across`), `scope` (`within one source`, `between two`),
    `kind` (the first that fits of phase, possibly phase, conditional, dose, direct), `kinds` (all
    that fit), `harm` (whether one of the two warns of a harm).
    """
    for_it = claims[claims["stance"].isin(["supports", "conditional"])]
    against = claims[claims["stance"] == "opposes"]
    same = _pairs(for_it, against, "proposition_id").assign(relation="same proposition")
    across = _across(claims, propositions).assign(relation="across")
    pairs = pd.concat([same, across], ignore_index=True)
    return _characterised(pairs, doses)


def qualifications(claims: pd.DataFrame) -> pd.DataFrame:
    """Every support of a proposition (`_a`) beside a conditional support of it (`_b`).

    Columns: each column of `claims` with either suffix, and `scope`. Who holds a thing under a
    condition does not contradict who holds it plainly, but says more.
    """
    plain = claims[claims["stance"] == "supports"]
    bound = claims[claims["stance"] == "conditional"]
    return _pairs(plain, bound, "proposition_id")


def disputes(pairs: pd.DataFrame) -> pd.DataFrame:
    """The contradictions gathered by who contradicts whom on what, the gravest first.

    One row for each relation, pair of propositions and pair of sources: `relation`, `scope`,
    `proposition_id_a`, `proposition_id_b`, `source_id_a`, `source_id_b`, `pairs` (how many pairs
    of claims), `kind` (the gravest of them: what is least reconciled), `kinds` (all of them),
    `harm`, `first` (the row of `pairs` to quote: the first of the gravest kind, one that warns of
    a harm before others). Disputes in which
    a harm is warned of stand first, then by gravity of the kind, those on one proposition before
    those across two, then in document order.
    """
    keys = [
        "relation",
        "scope",
        "proposition_id_a",
        "proposition_id_b",
        "source_id_a",
        "source_id_b",
    ]
    columns = [*keys, "pairs", "kind", "kinds", "harm", "first"]
    gathered: dict[tuple[str, ...], list[tuple[int, bool, int]]] = {}
    ranks = pairs["kind"].map({kind: place for place, kind in enumerate(KINDS)}).astype("int64")
    facts = zip(ranks, ~pairs["harm"].astype(bool), pairs.index, strict=True)
    for key, fact in zip(zip(*(pairs[name] for name in keys), strict=True), facts, strict=True):
        gathered.setdefault(key, []).append(fact)
    rows = []
    for key, found in gathered.items():
        # The gravest, one that warns before others, the first in the document.
        grave, _, first = min(found)
        kinds = tuple(KINDS[place] for place in sorted({place for place, _, _ in found}))
        harm = not all(harmless for _, harmless, _ in found)
        rows.append((*key, len(found), KINDS[grave], kinds, harm, first))
    table = pd.DataFrame(rows, columns=columns)
    rank = table["kind"].map({kind: place for place, kind in enumerate(KINDS)}).astype("int64")
    first, across = table["first"].astype("int64"), table["relation"] == "across"
    order = np.lexsort((first, across, rank, ~table["harm"].astype(bool)))
    return table.iloc[order].reset_index(drop=True)


def on_topic(pairs: pd.DataFrame, proposition_ids: pd.Series) -> pd.DataFrame:
    """The pairs of which either claim bears on one of these propositions, numbered from 0."""
    either = pairs["proposition_id_a"].isin(proposition_ids)
    either |= pairs["proposition_id_b"].isin(proposition_ids)
    return pairs[either].reset_index(drop=True)


def of_source(pairs: pd.DataFrame, source_id: str) -> pd.DataFrame:
    """The pairs of which either claim is this source's, numbered from 0."""
    either = (pairs["source_id_a"] == source_id) | (pairs["source_id_b"] == source_id)
    return pairs[either].reset_index(drop=True)


def claims_of(pairs: pd.DataFrame, claims: pd.DataFrame) -> pd.DataFrame:
    """The claims that stand on either side of a pair."""
    sides = [
        pairs[[f"{name}_{side}" for name in CLAIM_KEY]].set_axis(CLAIM_KEY, axis="columns")
        for side in "ab"
    ]
    keys = pd.concat(sides).drop_duplicates()
    return claims.merge(keys, on=CLAIM_KEY, how="inner")


def conflict_pairs(propositions: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """The pairs of propositions that the propositions' table says conflict."""
    for first, others in zip(
        propositions["proposition_id"], propositions["conflicts_with"], strict=True
    ):
        for second in others.split():
            yield first, second


def _summary(
    propositions: pd.DataFrame, claims: pd.DataFrame, cast: pd.DataFrame, threshold: Fraction
) -> pd.DataFrame:
    """The summary of these votes, which are those of the claims."""
    cast = cast[cast["proposition_id"].isin(propositions["proposition_id"])]
    table = propositions[["proposition_id", "topic", "statement"]].copy()
    ids = table["proposition_id"]
    for side in SIDES:
        count = cast.loc[cast["vote"] == side, "proposition_id"].value_counts()
        table[side] = ids.map(count).fillna(0).astype("int64")
    table["votes"] = table[list(SIDES)].sum(axis="columns")
    table["claims"] = ids.map(claims["proposition_id"].value_counts()).fillna(0).astype("int64")
    best = cast.groupby("proposition_id")["best_level"].min()
    table["best_level"] = ids.map(best).fillna(0).astype("int64")
    found = _agreements(table[list(SIDES)].to_numpy(), threshold)
    table["label"] = pd.Categorical([a.label for a in found], LABELS, ordered=True)
    table["direction"] = [a.direction for a in found]
    apart = _phases_apart(cast)
    table["phases_apart"] = ids.isin(apart.index[apart])
    return table.reset_index(drop=True)


def _agreements(counts: np.ndarray, threshold: Fraction) -> list[Agreement]:
    """What the votes of each row amount to, counted in the order of `SIDES`."""
    rows = list(map(tuple, counts.tolist()))
    found = {row: agreement(Counts(*row), threshold) for row in set(rows)}
    return [found[row] for row in rows]


def _larger_side(counts: Counts) -> tuple[str, int]:
    """The side that has more votes, and how many the other has; `none` where neither leads."""
    if counts.votes_for > counts.against:
        return "for", counts.against
    if counts.against > counts.votes_for:
        return "against", counts.votes_for
    return "none", counts.votes_for


def _vote(table: pd.DataFrame) -> np.ndarray:
    """The side of each source and proposition, from the marks that `votes` gathers."""

    def any_phase(stance: str) -> pd.Series:
        return table[[f"{stance} {phase}" for phase in NAMED_PHASES]].any(axis="columns")

    supports, opposes = any_phase("supports"), any_phase("opposes")
    both = pd.Series(False, index=table.index)
    for phase in NAMED_PHASES:
        both |= table[f"supports {phase}"] & table[f"opposes {phase}"]
    return np.select(
        [
            both,
            supports & ~opposes & ~table["conditional"],
            opposes & ~supports & ~table["conditional"],
        ],
        ["divided", "for", "against"],
        default="conditional",
    )


def _phases_apart(cast: pd.DataFrame) -> pd.Series:
    """For each proposition with votes on both sides: whether those share no named phase."""
    sides = {
        side: cast[cast["vote"] == side].groupby("proposition_id")[list(NAMED_PHASES)].any()
        for side in ("for", "against")
    }
    both = sides["for"].index.intersection(sides["against"].index)
    shared = sides["for"].loc[both] & sides["against"].loc[both]
    return ~shared.any(axis="columns").astype(bool)


def _pairs(left: pd.DataFrame, right: pd.DataFrame, on: str) -> pd.DataFrame:
    """Each claim of `left` (suffix `_a`) beside each of `right` (`_b`) with the same `on`."""
    a = left.add_suffix("_a").assign(joined=left[on].to_numpy())
    b = right.add_suffix("_b").assign(joined=right[on].to_numpy())
    pairs = a.merge(b, on="joined").drop(columns="joined")
    pairs["scope"] = np.where(
        pairs["source_id_a"] == pairs["source_id_b"], "within one source", "between two"
    )
    return pairs


def _across(claims: pd.DataFrame, propositions: pd.DataFrame) -> pd.DataFrame:
    """The pairs of claims that support two propositions which conflict, phases overlapping."""
    supported = claims[claims["stance"] == "supports"]
    conflicts = pd.DataFrame(conflict_pairs(propositions), columns=["first", "second"], dtype="str")
    left = supported.merge(conflicts, left_on="proposition_id", right_on="first")
    right = supported.assign(second=supported["proposition_id"])
    pairs = _pairs(left, right, "second").drop(columns=["first_a", "second_a", "second_b"])
    apart = (
        pairs["phase_a"].isin(NAMED_PHASES)
        & pairs["phase_b"].isin(NAMED_PHASES)
        & (pairs["phase_a"].astype("str") != pairs["phase_b"].astype("str"))
    )
    same_claim = (pairs["start_a"] == pairs["start_b"]) & (pairs["end_a"] == pairs["end_b"])
    return pairs[~apart & ~(same_claim & (pairs["source_id_a"] == pairs["source_id_b"]))]


def _characterised(pairs: pd.DataFrame, doses: pd.DataFrame) -> pd.DataFrame:
    """The pairs with kind, kinds and harm, in document order."""
    a, b = pairs["phase_a"].astype("str"), pairs["phase_b"].astype("str")
    named_a, named_b = a.isin(NAMED_PHASES), b.isin(NAMED_PHASES)
    stances = pd.DataFrame({"a": pairs["stance_a"].astype("str"), "b": pairs["stance_b"]})
    fits = {
        "phase": named_a & named_b & (a != b),
        "possibly phase": ((a == "unstated") & named_b) | ((b == "unstated") & named_a),
        "conditional": (stances == "conditional").any(axis="columns"),
        "dose": ~(stances == "opposes").any(axis="columns") & _doses_differ(pairs, doses),
    }
    table = pairs.copy()
    table["kind"] = np.select(list(fits.values()), list(fits), default="direct")
    marks = pd.DataFrame(fits)
    table["kinds"] = [
        tuple(kind for kind in KIND_PRECEDENCE if kind in fits and row[kind]) or ("direct",)
        for row in marks.to_dict("records")
    ]
    table["harm"] = (table["claim_type_a"] == "harm") | (table["claim_type_b"] == "harm")
    order = ["source_id_a", "start_a", "end_a", "proposition_id_a", "source_id_b", "start_b"]
    return table.sort_values([*order, "end_b", "proposition_id_b"]).reset_index(drop=True)


def _doses_differ(pairs: pd.DataFrame, doses: pd.DataFrame) -> pd.Series:
    """Whether the two claims of each pair state doses that differ materially.

    The rule: the same quantity in the same unit, the two ranges without overlap, and the lower
    end of the higher at least twice the upper end of the lower.
    """
    result = pd.Series(False, index=pairs.index)
    if pairs.empty or doses.empty:
        return result
    numbered = pairs.reset_index(names="pair")
    for_a = doses.rename(columns={name: f"{name}_a" for name in CLAIM_KEY})
    for_b = doses.rename(columns={name: f"{name}_b" for name in CLAIM_KEY})
    a = numbered.merge(for_a, on=[f"{name}_a" for name in CLAIM_KEY])
    b = numbered.merge(for_b, on=[f"{name}_b" for name in CLAIM_KEY])
    keep = ["pair", "quantity", "unit", "low", "high"]
    both = a[keep].merge(b[keep], on=["pair", "quantity", "unit"], suffixes=("_a", "_b"))
    lower = np.minimum(both["high_a"], both["high_b"])
    upper = np.maximum(both["low_a"], both["low_b"])
    material = (upper > lower) & (upper >= MATERIAL_DOSE_RATIO * lower)
    result.loc[both.loc[material, "pair"].unique()] = True
    return result

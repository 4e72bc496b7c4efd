"""Votes, agreement, fragility, contradictions: each against the words of the definition."""

import itertools
import warnings
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence_review.dataset import load, typed_table
from evidence_review.synthesis import (
    KIND_PRECEDENCE,
    KINDS,
    LABELS,
    NAMED_PHASES,
    SIDES,
    Agreement,
    Counts,
    agreement,
    conflict_pairs,
    contradictions,
    disputes,
    fragility,
    of_source,
    on_topic,
    qualifications,
    summary_by_phase,
    summary_of_votes,
    votes,
    without_each_source,
)
from evidence_review.synthesis import (
    claims_of as claims_of_pairs,
)

DATA = load()
STANCES = DATA.dictionary.vocabulary("claims", "stance")
PHASES = DATA.dictionary.vocabulary("claims", "phase")
UNNAMED_PHASES = ("any", "unstated")
DEFAULT = Fraction(3, 4)
THRESHOLDS = [Fraction(501, 1000), *map(Fraction, ["3/5", "2/3", "3/4", "4/5", "6/7", "1"])]
# 420 is a multiple of 1 to 7: the grid holds every share of up to seven votes, and points between.
GRID = [Fraction(step, 420) for step in range(211, 421)]
UP_TO_SEVEN = [
    counts for counts in itertools.product(range(8), repeat=4) if 1 <= sum(counts) <= 7
] + [(0, 0, 0, 0)]
TURNED = {"supports": "opposes", "opposes": "supports"}
OTHER_SIDE = {"for": "against", "against": "for"}
KEY = ["source_id", "start", "end", "proposition_id"]
PROPERTY = settings(deadline=None, derandomize=True, max_examples=12)


# Builders


def claim(source="S01", proposition="p", stance="supports", phase="any", **others):
    """One claim, the rest of its columns as plain as can be."""
    plain = {"evidence_level": 5, "basis": "assertion", "claim_type": "benefit"}
    named = {"source_id": source, "proposition_id": proposition, "stance": stance, "phase": phase}
    return plain | named | others


def claims_of(*rows):
    """A typed table of claims, each in a passage of its own unless it says where it stands."""
    table = DATA.dictionary.tables["claims"]
    filled = [{"start": 10 * place, "end": 10 * place + 5, **row} for place, row in enumerate(rows)]
    texts = [{name: str(row.get(name, "")) for name in table.header} for row in filled]
    return typed_table(pd.DataFrame(texts, columns=table.header, dtype="str"), table)


def propositions_of(*ids, **conflicts):
    """A table of propositions; each keyword names one and the propositions it conflicts with."""
    rows = [(name, "diagnosis", f"{name} helps.", conflicts.get(name, "")) for name in ids]
    columns = ["proposition_id", "topic", "statement", "conflicts_with"]
    return pd.DataFrame(rows, columns=columns, dtype="str")


def doses_of(*rows):
    """A table of doses, one for each (claim, low, high) or (claim, low, high, quantity, unit)."""
    columns = [*KEY, "quantity", "low", "high", "unit"]
    filled = []
    for stated, low, high, *rest in rows:
        quantity, unit = rest or ("rest", "days")
        place = [stated[name] for name in KEY]
        filled.append((*place, quantity, float(low), float(high), unit))
    return pd.DataFrame(filled, columns=columns)


def vote(*stances_and_phases):
    """The vote of one source that makes these claims on one proposition; None without one."""
    rows = [claim(stance=stance, phase=phase) for stance, phase in stances_and_phases]
    cast = votes(claims_of(*rows))
    return cast["vote"].item() if len(cast) else None


def label(*counts, threshold=DEFAULT):
    found = agreement(Counts(*counts), threshold)
    return (found.label, found.direction)


def found_in(claims, *, doses=None, **conflicts):
    """The contradictions of claims on the propositions p and q, which may be said to conflict."""
    propositions = propositions_of("p", "q", **conflicts)
    return contradictions(claims, propositions, doses_of() if doses is None else doses)


def kind_of(first, second, doses=None, **conflicts):
    """Kind and kinds of the one contradiction of two claims."""
    pairs = found_in(claims_of(first, second), doses=doses, **conflicts)
    return pairs["kind"].item(), pairs["kinds"].item()


def dose_kind(first, second):
    """The kind of two supports across a conflict whose doses have these ranges."""
    a = claim("S01", "p", start=0, end=5)
    b = claim("S02", "q", start=10, end=15)
    doses = doses_of((a, *first), (b, *second))
    return kind_of(a, b, doses, p="q")[0]


def turned(claims):
    """The claims with every stance turned round."""
    stances = claims["stance"].astype("str").replace(TURNED)
    return claims.assign(stance=pd.Categorical(stances, STANCES, ordered=True))


def generated_claims(most=24):
    """Tables of claims by a few sources on a few propositions."""
    one = st.builds(
        claim,
        source=st.sampled_from(["S01", "S02", "S03", "S04"]),
        proposition=st.sampled_from(["p", "q", "r"]),
        stance=st.sampled_from(STANCES),
        phase=st.sampled_from(PHASES),
        evidence_level=st.integers(1, 5),
        claim_type=st.sampled_from(["benefit", "harm"]),
    )
    return st.lists(one, max_size=most).map(lambda rows: claims_of(*rows))


PQR = propositions_of("p", "q", "r", "nobody", p="q r")


# Oracles, written from the words of DESIGN


def said_to_overlap(first, second):
    """Phases overlap when they are the same, or when one of them names no phase."""
    return first == second or first in UNNAMED_PHASES or second in UNNAMED_PHASES


def vote_in_words(stances_and_phases):
    """One source, one vote: all for, all against, both in overlapping phases, other mixtures."""
    sided = [(stance, phase) for stance, phase in stances_and_phases if stance != "unclear"]
    if not sided:
        return None
    stances = {stance for stance, _ in sided}
    if stances == {"supports"}:
        return "for"
    if stances == {"opposes"}:
        return "against"
    supported = [phase for stance, phase in sided if stance == "supports"]
    opposed = [phase for stance, phase in sided if stance == "opposes"]
    both = any(said_to_overlap(a, b) for a, b in itertools.product(supported, opposed))
    return "divided" if both else "conditional"


def rows_that_apply(votes_for, conditional, against, divided, threshold):
    """The rows of the table of labels, but for its last, whose condition these votes meet."""
    n = votes_for + conditional + against + divided
    if n == 0:
        return [("unanswered", "none")]
    rows = []
    if n == 1:
        side = "for" if votes_for else "against" if against else "none"
        rows.append(("single voice", side))
    if n >= 2 and conditional == n:
        rows.append(("conditional only", "none"))
    for side, own, opposite in (("for", votes_for, against), ("against", against, votes_for)):
        reached = Fraction(own, n) >= threshold
        somebody_else = opposite > 0 or divided > 0
        if n == 2 and own == 2:
            rows.append(("two voices", side))
        if n >= 3 and reached and not somebody_else:
            rows.append(("agreed", side))
        if n >= 3 and reached and somebody_else:
            rows.append(("majority", side))
        if own > 0 and not somebody_else and not reached:
            rows.append(("qualified", side))
    return rows


def label_in_words(counts, threshold):
    rows = rows_that_apply(*counts, threshold)
    return rows[0] if rows else ("split", "none")


def doses_differ_in_words(doses, a, b):
    """Same quantity and unit, no overlap, the higher's lower end twice the lower's upper end."""
    stated = [
        [dose for dose in doses.to_dict("records") if all(dose[k] == row[k] for k in KEY)]
        for row in (a, b)
    ]
    for first, second in itertools.product(*stated):
        low, high = sorted([first, second], key=lambda dose: dose["low"])
        same = first["quantity"] == second["quantity"] and first["unit"] == second["unit"]
        if same and high["low"] > low["high"] and high["low"] >= 2 * low["high"]:
            return True
    return False


def kinds_in_words(a, b, doses):
    phases = {str(a["phase"]), str(b["phase"])}
    named = phases & set(NAMED_PHASES)
    stances = {a["stance"], b["stance"]}
    kinds = []
    if len(named) == 2:
        kinds.append("phase")
    if "unstated" in phases and named:
        kinds.append("possibly phase")
    if "conditional" in stances:
        kinds.append("conditional")
    if "opposes" not in stances and doses_differ_in_words(doses, a, b):
        kinds.append("dose")
    return tuple(kinds) or ("direct",)


def relation_in_words(a, b, conflicts):
    """How the ordered claims a and b contradict each other, or None."""
    if a["proposition_id"] == b["proposition_id"]:
        against = a["stance"] in ("supports", "conditional") and b["stance"] == "opposes"
        return "same proposition" if against else None
    supported = a["stance"] == b["stance"] == "supports"
    conflicting = (a["proposition_id"], b["proposition_id"]) in conflicts
    one_passage = all(a[name] == b[name] for name in ("source_id", "start", "end"))
    if supported and conflicting and not one_passage:
        return "across" if said_to_overlap(a["phase"], b["phase"]) else None
    return None


def contradictions_in_words(claims, propositions, doses):
    """Every contradiction: the two keys, relation, scope, kinds, harm."""
    conflicts = {
        (row["proposition_id"], other)
        for row in propositions.to_dict("records")
        for other in row["conflicts_with"].split()
    }
    found = set()
    for a, b in itertools.product(claims.to_dict("records"), repeat=2):
        relation = relation_in_words(a, b, conflicts)
        if relation:
            scope = "within one source" if a["source_id"] == b["source_id"] else "between two"
            harm = "harm" in (a["claim_type"], b["claim_type"])
            keys = tuple(a[name] for name in KEY), tuple(b[name] for name in KEY)
            found.add((*keys, relation, scope, kinds_in_words(a, b, doses), harm))
    return found


def as_in_words(pairs):
    """A table of contradictions in the form of `contradictions_in_words`."""
    return {
        (
            tuple(row[f"{name}_a"] for name in KEY),
            tuple(row[f"{name}_b"] for name in KEY),
            row["relation"],
            row["scope"],
            row["kinds"],
            row["harm"],
        )
        for row in pairs.to_dict("records")
    }


# The words of the synthesis and those of the data dictionary


def test_the_labels_are_those_of_the_data_dictionary():
    assert sorted(LABELS) == sorted(DATA.dictionary.vocabulary("conclusions", "label"))


def test_every_label_stands_once():
    assert len(set(LABELS)) == len(LABELS)


def test_the_directions_are_those_of_the_data_dictionary():
    found = {agreement(Counts(*counts), DEFAULT).direction for counts in UP_TO_SEVEN}
    assert found == set(DATA.dictionary.vocabulary("conclusions", "direction"))


def test_the_named_phases_are_the_dictionarys_without_any_and_unstated():
    assert (set(PHASES) - set(NAMED_PHASES), set(NAMED_PHASES) - set(PHASES)) == (
        set(UNNAMED_PHASES),
        set(),
    )


def test_the_sides_are_the_columns_of_votes_in_the_conclusions():
    header = DATA.dictionary.tables["conclusions"].header
    assert [f"votes_{side}" for side in SIDES] == [n for n in header if n.startswith("votes_")]


def test_gravity_and_precedence_are_of_the_same_kinds():
    assert sorted(KINDS) == sorted(KIND_PRECEDENCE)


# Counts


def test_the_total_is_of_all_sides():
    assert Counts(1, 2, 3, 4).total == 10


@pytest.mark.parametrize(
    ("counts", "share"),
    [
        ((0, 0, 0, 0), Fraction(0)),
        ((0, 3, 0, 1), Fraction(0)),
        ((2, 1, 0, 0), Fraction(2, 3)),
        ((1, 0, 2, 1), Fraction(1, 2)),
        ((5, 0, 5, 0), Fraction(1, 2)),
    ],
)
def test_the_share_is_that_of_the_larger_side_in_all_votes(counts, share):
    assert Counts(*counts).share == share


@pytest.mark.parametrize("side", SIDES)
def test_a_vote_is_added_to_its_own_side(side):
    added = Counts(1, 1, 1, 1).plus(side).as_tuple()
    assert dict(zip(SIDES, added, strict=True)) == dict.fromkeys(SIDES, 1) | {side: 2}


# Votes


def test_a_source_that_only_supports_is_for():
    assert vote(("supports", "acute"), ("supports", "any")) == "for"


def test_a_source_that_only_opposes_is_against():
    assert vote(("opposes", "acute"), ("opposes", "post_op")) == "against"


def test_a_source_that_supports_and_opposes_in_one_phase_is_divided():
    assert vote(("supports", "acute"), ("opposes", "acute")) == "divided"


def test_a_source_that_supports_for_all_and_opposes_in_one_phase_is_divided():
    assert vote(("supports", "any"), ("opposes", "acute")) == "divided"


def test_a_source_that_supports_without_a_phase_and_opposes_in_one_is_divided():
    assert vote(("supports", "unstated"), ("opposes", "prevention")) == "divided"


def test_a_source_that_supports_in_one_phase_and_opposes_in_another_is_conditional():
    assert vote(("supports", "recovery"), ("opposes", "acute")) == "conditional"


def test_a_source_that_supports_and_holds_under_a_condition_is_conditional():
    assert vote(("supports", "any"), ("conditional", "any")) == "conditional"


def test_a_source_that_opposes_and_holds_under_a_condition_is_conditional():
    assert vote(("opposes", "any"), ("conditional", "any")) == "conditional"


def test_a_source_that_is_on_both_sides_is_divided_whatever_it_holds_under_a_condition():
    assert vote(("supports", "any"), ("opposes", "any"), ("conditional", "any")) == "divided"


def test_a_source_that_is_only_unclear_has_no_vote():
    assert vote(("unclear", "any"), ("unclear", "acute")) is None


def test_an_unclear_claim_does_not_move_a_vote():
    assert vote(("unclear", "any"), ("supports", "any")) == "for"


def test_an_unclear_claim_does_not_make_phases_overlap():
    mixture = [("supports", "recovery"), ("opposes", "acute"), ("unclear", "any")]
    assert vote(*mixture) == "conditional"


def test_every_source_of_up_to_three_claims_votes_as_the_words_say():
    codings = list(itertools.product(STANCES, PHASES))
    made = [
        mixture
        for size in (1, 2, 3)
        for mixture in itertools.combinations_with_replacement(codings, size)
    ]
    sources = {f"T{place:04}": mixture for place, mixture in enumerate(made)}
    rows = [
        claim(source, stance=stance, phase=phase)
        for source, mixture in sources.items()
        for stance, phase in mixture
    ]
    cast = votes(claims_of(*rows)).set_index("source_id")["vote"].to_dict()
    expected = {source: vote_in_words(mixture) for source, mixture in sources.items()}
    assert cast == {source: found for source, found in expected.items() if found}


def test_there_is_one_vote_for_each_source_and_proposition_sorted_by_proposition():
    rows = [claim("S02", "q"), claim("S02", "p"), claim("S01", "q"), claim("S02", "q")]
    cast = votes(claims_of(*rows))
    places = list(zip(cast["proposition_id"], cast["source_id"], strict=True))
    assert places == [("p", "S02"), ("q", "S01"), ("q", "S02")]


def test_a_vote_counts_all_claims_of_its_source_the_unclear_too():
    cast = votes(claims_of(claim(), claim(), claim(stance="unclear")))
    assert cast["claims"].tolist() == [3]


def test_a_vote_has_the_strongest_level_of_its_claims():
    cast = votes(claims_of(claim(evidence_level=5), claim(evidence_level=3)))
    assert cast["best_level"].tolist() == [3]


def test_an_unclear_claim_shows_no_support_for_a_vote():
    cast = votes(claims_of(claim(evidence_level=5), claim(stance="unclear", evidence_level=1)))
    assert cast["best_level"].tolist() == [5]


def test_a_vote_is_shown_in_the_phases_of_its_claims():
    cast = votes(claims_of(claim(phase="acute"), claim(phase="post_op")))
    assert cast[list(NAMED_PHASES)].iloc[0].tolist() == [True, False, True, False]


@pytest.mark.parametrize("phase", UNNAMED_PHASES)
def test_a_vote_of_no_named_phase_is_shown_in_all(phase):
    cast = votes(claims_of(claim(phase=phase)))
    assert cast[list(NAMED_PHASES)].iloc[0].all()


def test_an_unclear_claim_shows_a_vote_in_no_phase():
    cast = votes(claims_of(claim(phase="acute"), claim(stance="unclear", phase="any")))
    assert cast[list(NAMED_PHASES)].iloc[0].tolist() == [True, False, False, False]


def test_no_claims_cast_no_votes():
    assert votes(claims_of()).empty


def test_the_real_votes_are_those_that_the_words_give():
    grouped = {}
    for row in DATA.claims.to_dict("records"):
        place = (row["proposition_id"], row["source_id"])
        grouped.setdefault(place, []).append((row["stance"], row["phase"]))
    expected = {place: vote_in_words(mixture) for place, mixture in grouped.items()}
    cast = votes(DATA.claims)
    places = zip(cast["proposition_id"], cast["source_id"], strict=True)
    found = dict(zip(places, cast["vote"], strict=True))
    assert found == {place: side for place, side in expected.items() if side}


@PROPERTY
@given(claims=generated_claims(), order=st.randoms(use_true_random=False))
def test_the_order_of_claims_changes_no_vote(claims, order):
    places = list(range(len(claims)))
    order.shuffle(places)
    shuffled = claims.iloc[places].reset_index(drop=True)
    pd.testing.assert_frame_equal(votes(shuffled), votes(claims))


@PROPERTY
@given(claims=generated_claims(), place=st.integers(0, 23))
def test_a_repeated_claim_changes_no_vote(claims, place):
    again = claims.iloc[place : place + 1].assign(start=900, end=905)
    repeated = votes(pd.concat([claims, again], ignore_index=True))
    pd.testing.assert_frame_equal(
        repeated.drop(columns="claims"), votes(claims).drop(columns="claims")
    )


@PROPERTY
@given(claims=generated_claims())
def test_turning_every_stance_round_turns_every_vote_round(claims):
    expected = votes(claims)
    expected["vote"] = expected["vote"].replace(OTHER_SIDE)
    pd.testing.assert_frame_equal(votes(turned(claims)), expected)


# Agreement


def test_nobody_is_unanswered():
    assert label(0, 0, 0, 0) == ("unanswered", "none")


@pytest.mark.parametrize(
    ("counts", "direction"),
    [
        ((1, 0, 0, 0), "for"),
        ((0, 1, 0, 0), "none"),
        ((0, 0, 1, 0), "against"),
        ((0, 0, 0, 1), "none"),
    ],
)
def test_one_source_is_a_single_voice_for_its_side(counts, direction):
    assert label(*counts) == ("single voice", direction)


@pytest.mark.parametrize(
    ("counts", "direction"), [((2, 0, 0, 0), "for"), ((0, 0, 2, 0), "against")]
)
def test_two_on_one_side_are_two_voices(counts, direction):
    assert label(*counts) == ("two voices", direction)


@pytest.mark.parametrize(
    ("counts", "direction"),
    [
        ((3, 0, 0, 0), "for"),
        ((3, 1, 0, 0), "for"),
        ((6, 2, 0, 0), "for"),
        ((0, 0, 3, 0), "against"),
        ((0, 1, 3, 0), "against"),
    ],
)
def test_a_side_that_reaches_the_threshold_unopposed_is_agreed(counts, direction):
    assert label(*counts) == ("agreed", direction)


@pytest.mark.parametrize(
    ("counts", "direction"),
    [
        ((3, 0, 1, 0), "for"),
        ((3, 0, 0, 1), "for"),
        ((6, 1, 1, 0), "for"),
        ((1, 0, 3, 0), "against"),
        ((0, 0, 3, 1), "against"),
    ],
)
def test_a_side_that_reaches_the_threshold_opposed_is_a_majority(counts, direction):
    assert label(*counts) == ("majority", direction)


@pytest.mark.parametrize(
    ("counts", "direction"),
    [
        ((2, 1, 0, 0), "for"),
        ((1, 1, 0, 0), "for"),
        ((1, 4, 0, 0), "for"),
        ((0, 1, 2, 0), "against"),
        ((0, 1, 1, 0), "against"),
    ],
)
def test_an_unopposed_side_below_the_threshold_is_qualified(counts, direction):
    assert label(*counts) == ("qualified", direction)


@pytest.mark.parametrize("conditional", [2, 3, 7])
def test_several_sources_under_conditions_are_conditional_only(conditional):
    assert label(0, conditional, 0, 0) == ("conditional only", "none")


@pytest.mark.parametrize(
    "counts",
    [
        (2, 0, 1, 0),
        (5, 0, 2, 0),
        (1, 0, 1, 0),
        (3, 0, 3, 0),
        (2, 0, 0, 1),
        (1, 0, 0, 1),
        (0, 1, 0, 1),
        (0, 0, 0, 2),
        (0, 0, 0, 5),
        (1, 1, 1, 1),
    ],
)
def test_the_rest_is_split(counts):
    assert label(*counts) == ("split", "none")


@pytest.mark.parametrize("threshold", ["2/3", "0.6666", "0.501"])
def test_a_share_that_is_the_threshold_or_more_reaches_it(threshold):
    assert label(2, 1, 0, 0, threshold=Fraction(threshold)) == ("agreed", "for")


def test_a_share_just_below_the_threshold_does_not_reach_it():
    just_above = Fraction(2, 3) + Fraction(1, 10**12)
    assert label(2, 1, 0, 0, threshold=just_above) == ("qualified", "for")


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_every_label_of_up_to_seven_votes_is_that_of_the_table(threshold):
    expected = {counts: label_in_words(counts, threshold) for counts in UP_TO_SEVEN}
    assert {counts: label(*counts, threshold=threshold) for counts in UP_TO_SEVEN} == expected


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_no_two_rows_of_the_table_apply_to_the_same_votes(threshold):
    doubly = [c for c in UP_TO_SEVEN if len(rows_that_apply(*c, threshold)) > 1]
    assert doubly == []


def test_up_to_seven_votes_come_to_every_label():
    assert {label(*counts)[0] for counts in UP_TO_SEVEN} == set(LABELS)


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_turning_the_sides_round_turns_the_direction_and_leaves_the_label(threshold):
    for a, b, c, d in UP_TO_SEVEN:
        name, direction = label(a, b, c, d, threshold=threshold)
        assert label(c, b, a, d, threshold=threshold) == (
            name,
            OTHER_SIDE.get(direction, direction),
        )


# Fragility


def test_leaving_out_one_of_three_for_makes_two_voices():
    assert fragility(Counts(3, 0, 0, 0), DEFAULT).without == {"for": Agreement("two voices", "for")}


def test_leaving_out_is_shown_for_each_side_that_has_votes():
    assert fragility(Counts(3, 0, 1, 0), DEFAULT).without == {
        "for": Agreement("split", "none"),
        "against": Agreement("agreed", "for"),
    }


def test_nobody_can_be_left_out_of_nobody():
    assert fragility(Counts(0, 0, 0, 0), DEFAULT).without == {}


def test_one_more_vote_may_make_an_agreement_or_a_split():
    found = fragility(Counts(2, 0, 0, 0), DEFAULT)
    assert (found.with_for, found.with_against) == (
        Agreement("agreed", "for"),
        Agreement("split", "none"),
    )


def test_a_label_holds_up_to_the_share_that_it_rests_on():
    found = fragility(Counts(3, 1, 0, 0), DEFAULT)
    assert (found.holds_above, found.holds_up_to) == (Fraction(1, 2), Fraction(3, 4))


def test_a_label_below_the_threshold_holds_above_its_share():
    found = fragility(Counts(2, 0, 1, 0), DEFAULT)
    assert (found.holds_above, found.holds_up_to) == (Fraction(2, 3), Fraction(1))


@pytest.mark.parametrize("counts", [(0, 0, 0, 0), (1, 0, 0, 0), (4, 0, 0, 0), (2, 0, 2, 0)])
def test_a_label_that_no_share_decides_holds_at_every_threshold(counts):
    found = fragility(Counts(*counts), DEFAULT)
    assert (found.holds_above, found.holds_up_to) == (Fraction(1, 2), Fraction(1))


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_one_source_fewer_and_one_vote_more_give_what_the_table_says(threshold):
    for counts in UP_TO_SEVEN:
        moved = {
            (side, by): tuple(n + by * (s == side) for s, n in zip(SIDES, counts, strict=True))
            for side in SIDES
            for by in (-1, 1)
        }
        words = {
            change: Agreement(*label_in_words(changed, threshold))
            for change, changed in moved.items()
            if min(changed) >= 0
        }
        found = fragility(Counts(*counts), threshold)
        assert found.without == {side: words[side, by] for side, by in words if by == -1}
        assert (found.with_for, found.with_against) == (words["for", 1], words["against", 1])


def test_a_label_holds_at_exactly_the_thresholds_of_its_range():
    for counts in UP_TO_SEVEN:
        labels = [label_in_words(counts, point) for point in GRID]
        for threshold in THRESHOLDS[1:]:
            found = fragility(Counts(*counts), threshold)
            now = labels[GRID.index(threshold)]
            inside = [found.holds_above < point <= found.holds_up_to for point in GRID]
            assert inside == [name == now for name in labels], (counts, threshold)


# The summary of votes


def test_the_summary_has_a_row_for_each_proposition_in_the_order_given():
    table = summary_of_votes(propositions_of("q", "p"), claims_of(claim(proposition="p")), DEFAULT)
    assert table["proposition_id"].tolist() == ["q", "p"]


def test_the_summary_counts_authors_by_side_and_claims_beside_them():
    rows = [
        claim("S01"),
        claim("S01"),
        claim("S02", stance="conditional"),
        claim("S03", stance="opposes"),
        claim("S04", stance="opposes"),
        claim("S04", stance="supports"),
        claim("S05", stance="unclear"),
    ]
    row = summary_of_votes(propositions_of("p"), claims_of(*rows), DEFAULT).iloc[0]
    assert [*row[list(SIDES)], row["votes"], row["claims"]] == [1, 1, 1, 1, 4, 7]


def test_a_proposition_that_is_only_raised_is_unanswered():
    only_raised = claims_of(claim(stance="unclear", evidence_level=1))
    row = summary_of_votes(propositions_of("p"), only_raised, DEFAULT).iloc[0]
    assert (row["label"], row["votes"], row["claims"], row["best_level"]) == ("unanswered", 0, 1, 0)


def test_the_summary_has_the_strongest_level_of_either_side():
    rows = [claim("S01", evidence_level=5), claim("S02", stance="opposes", evidence_level=2)]
    table = summary_of_votes(propositions_of("p"), claims_of(*rows), DEFAULT)
    assert table["best_level"].tolist() == [2]


def test_claims_on_other_propositions_are_left_out_of_the_summary():
    rows = claims_of(claim(proposition="p"), claim(proposition="q", stance="opposes"))
    row = summary_of_votes(propositions_of("p"), rows, DEFAULT).iloc[0]
    assert (row["votes"], row["against"], row["label"]) == (1, 0, "single voice")


def test_a_summary_without_two_sides_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = summary_of_votes(propositions_of("p"), claims_of(claim()), DEFAULT)
    assert table["phases_apart"].tolist() == [False]


def apart(*rows):
    return summary_of_votes(propositions_of("p"), claims_of(*rows), DEFAULT)["phases_apart"].item()


def test_those_for_and_those_against_in_different_phases_are_apart():
    assert apart(
        claim("S01", phase="recovery"),
        claim("S02", phase="post_op"),
        claim("S03", stance="opposes", phase="acute"),
    )


def test_one_shared_phase_is_enough_not_to_be_apart():
    assert not apart(
        claim("S01", phase="recovery"),
        claim("S02", phase="acute"),
        claim("S03", stance="opposes", phase="acute"),
    )


@pytest.mark.parametrize("phase", UNNAMED_PHASES)
def test_who_names_no_phase_is_apart_from_nobody(phase):
    assert not apart(claim("S01", phase="recovery"), claim("S02", stance="opposes", phase=phase))


def test_sides_are_not_apart_where_one_of_them_is_empty():
    assert not apart(claim("S01", phase="recovery"), claim("S02", phase="acute"))


@PROPERTY
@given(claims=generated_claims(), threshold=st.sampled_from(THRESHOLDS))
def test_turning_every_stance_round_leaves_every_label(claims, threshold):
    table = summary_of_votes(PQR, claims, threshold)
    expected = table.rename(columns=OTHER_SIDE)[table.columns]
    expected["direction"] = table["direction"].replace(OTHER_SIDE)
    pd.testing.assert_frame_equal(summary_of_votes(PQR, turned(claims), threshold), expected)


@PROPERTY
@given(claims=generated_claims(), threshold=st.sampled_from(THRESHOLDS))
def test_the_summary_labels_each_proposition_by_its_votes(claims, threshold):
    table = summary_of_votes(PQR, claims, threshold)
    words = [
        label_in_words(counts, threshold)
        for counts in table[list(SIDES)].itertuples(index=False, name=None)
    ]
    assert list(zip(table["label"], table["direction"], strict=True)) == words


def test_the_real_summary_accounts_for_every_claim_and_every_vote():
    table = summary_of_votes(DATA.propositions, DATA.claims, DEFAULT)
    assert (table["claims"].sum(), table["votes"].sum(), len(table)) == (
        len(DATA.claims),
        len(votes(DATA.claims)),
        len(DATA.propositions),
    )


# Leaving out each source


def test_leaving_out_a_source_shows_the_labels_that_change():
    rows = [claim("S01"), claim("S02"), claim("S03"), claim("S03", "q", "opposes")]
    table = without_each_source(propositions_of("p", "q"), claims_of(*rows), DEFAULT)
    assert table.to_numpy().tolist() == [
        ["S01", "p", "two voices", "for"],
        ["S02", "p", "two voices", "for"],
        ["S03", "p", "two voices", "for"],
        ["S03", "q", "unanswered", "none"],
    ]


def test_a_source_that_changes_no_label_is_not_shown():
    rows = [claim(f"S0{number}") for number in range(1, 5)]
    assert without_each_source(propositions_of("p"), claims_of(*rows), DEFAULT).empty


def test_no_claims_have_no_source_to_leave_out():
    assert without_each_source(propositions_of("p"), claims_of(), DEFAULT).empty


@settings(PROPERTY, max_examples=4)
@given(claims=generated_claims())
def test_leaving_out_a_source_is_synthesising_without_its_rows(claims):
    whole = summary_of_votes(PQR, claims, DEFAULT).set_index("proposition_id")
    expected = []
    for source in sorted(set(claims["source_id"])):
        rest = claims[claims["source_id"] != source].reset_index(drop=True)
        for row in summary_of_votes(PQR, rest, DEFAULT).to_dict("records"):
            before = whole.loc[row["proposition_id"]]
            now = (row["label"], row["direction"])
            if now != (before["label"], before["direction"]):
                expected.append([source, row["proposition_id"], *now])
    assert without_each_source(PQR, claims, DEFAULT).to_numpy().tolist() == expected


def test_leaving_out_an_author_of_the_page_does_what_fragility_says_of_the_side():
    moved = without_each_source(DATA.propositions, DATA.claims, DEFAULT)
    changed = {(r.source_id, r.proposition_id): (r.label, r.direction) for r in moved.itertuples()}
    table = summary_of_votes(DATA.propositions, DATA.claims, DEFAULT).set_index("proposition_id")
    for cast in votes(DATA.claims).itertuples():
        row = table.loc[cast.proposition_id]
        without = fragility(Counts(*map(int, row[list(SIDES)])), DEFAULT).without[cast.vote]
        now = changed.get((cast.source_id, cast.proposition_id), (row["label"], row["direction"]))
        assert now == (without.label, without.direction)


# Contradictions


def test_a_support_and_an_opposition_contradict_each_other():
    pairs = found_in(claims_of(claim("S02", stance="opposes"), claim("S01")))
    assert pairs[["source_id_a", "stance_a", "source_id_b", "stance_b"]].to_numpy().tolist() == [
        ["S01", "supports", "S02", "opposes"]
    ]


@pytest.mark.parametrize(
    "stances",
    [
        ("supports", "supports"),
        ("supports", "conditional"),
        ("opposes", "opposes"),
        ("conditional", "conditional"),
        ("unclear", "opposes"),
        ("unclear", "supports"),
    ],
)
def test_other_stances_on_one_proposition_do_not_contradict_each_other(stances):
    assert found_in(claims_of(*(claim(stance=stance) for stance in stances))).empty


def test_claims_on_propositions_that_do_not_conflict_do_not_contradict_each_other():
    assert found_in(
        claims_of(claim(proposition="p"), claim(proposition="q", stance="opposes"))
    ).empty


def test_supports_of_two_propositions_that_conflict_contradict_each_other():
    pairs = found_in(claims_of(claim("S01", "q"), claim("S02", "p")), p="q")
    assert pairs[["relation", "proposition_id_a", "proposition_id_b"]].to_numpy().tolist() == [
        ["across", "p", "q"]
    ]


@pytest.mark.parametrize("stance", ["conditional", "opposes", "unclear"])
def test_only_supports_contradict_each_other_across_propositions(stance):
    rows = claims_of(claim("S01", "p"), claim("S02", "q", stance))
    assert found_in(rows, p="q").empty


def test_across_propositions_only_phases_that_overlap_contradict_each_other():
    rows = [claim("S01", proposition, phase=phase) for proposition in "pq" for phase in PHASES]
    pairs = found_in(claims_of(*rows), p="q")
    expected = {pair for pair in itertools.product(PHASES, repeat=2) if said_to_overlap(*pair)}
    assert set(zip(pairs["phase_a"], pairs["phase_b"], strict=True)) == expected


def test_one_passage_that_supports_both_of_two_propositions_does_not_contradict_itself():
    rows = claims_of(claim("S01", "p", start=0, end=9), claim("S01", "q", start=0, end=9))
    assert found_in(rows, p="q").empty


def test_the_relation_on_one_proposition_is_same_proposition():
    pairs = found_in(claims_of(claim("S01"), claim("S02", stance="opposes")))
    assert pairs["relation"].tolist() == ["same proposition"]


@pytest.mark.parametrize(
    ("source", "scope"), [("S01", "within one source"), ("S02", "between two")]
)
def test_the_scope_is_one_source_or_two(source, scope):
    pairs = found_in(claims_of(claim("S01"), claim(source, stance="opposes")))
    assert pairs["scope"].tolist() == [scope]


@pytest.mark.parametrize(("types", "harm"), [(("harm", "advice"), True), (("advice",) * 2, False)])
def test_a_contradiction_of_which_one_claim_warns_of_a_harm_says_so(types, harm):
    for first, second in (types, types[::-1]):
        rows = [claim("S01", claim_type=first), claim("S02", stance="opposes", claim_type=second)]
        assert found_in(claims_of(*rows))["harm"].tolist() == [harm]


def test_disjoint_phases_are_of_the_kind_phase():
    first, second = claim(phase="acute"), claim("S02", stance="opposes", phase="recovery")
    assert kind_of(first, second) == ("phase", ("phase",))


def test_a_named_phase_and_none_stated_are_possibly_of_the_kind_phase():
    first, second = claim(phase="unstated"), claim("S02", stance="opposes", phase="recovery")
    assert kind_of(first, second) == ("possibly phase", ("possibly phase",))


@pytest.mark.parametrize(
    ("first", "second"),
    [("acute", "acute"), ("any", "acute"), ("any", "unstated"), ("unstated", "unstated")],
)
def test_phases_that_reconcile_nothing_leave_a_direct_contradiction(first, second):
    found = kind_of(claim(phase=first), claim("S02", stance="opposes", phase=second))
    assert found == ("direct", ("direct",))


def test_a_condition_against_an_opposition_is_of_the_kind_conditional():
    found = kind_of(claim(stance="conditional"), claim("S02", stance="opposes"))
    assert found == ("conditional", ("conditional",))


def test_the_phase_goes_before_the_condition_and_both_are_named():
    first = claim(stance="conditional", phase="acute")
    second = claim("S02", stance="opposes", phase="recovery")
    assert kind_of(first, second) == ("phase", ("phase", "conditional"))


def test_a_possible_phase_goes_before_the_dose_and_both_are_named():
    first = claim("S01", "p", phase="acute", start=0, end=5)
    second = claim("S02", "q", phase="unstated", start=10, end=15)
    doses = doses_of((first, 1, 1), (second, 9, 9))
    assert kind_of(first, second, doses, p="q") == ("possibly phase", ("possibly phase", "dose"))


def test_a_dose_does_not_reconcile_where_one_opposes():
    first = claim("S01", start=0, end=5)
    second = claim("S02", stance="opposes", start=10, end=15)
    doses = doses_of((first, 1, 1), (second, 9, 9))
    assert kind_of(first, second, doses) == ("direct", ("direct",))


@pytest.mark.parametrize(
    ("first", "second"),
    [((2, 2), (4, 4)), ((1, 2), (4, 9)), ((4, 4), (2, 2)), ((0, 0), (1, 1)), ((2, 2.5), (5, 7))],
)
def test_a_dose_of_twice_the_other_or_more_differs_materially(first, second):
    assert dose_kind(first, second) == "dose"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((2, 2), (3.999, 4)),
        ((2, 2.1), (4, 9)),
        ((1, 5), (5, 9)),
        ((1, 9), (2, 3)),
        ((3, 3), (3, 3)),
        ((0, 0), (0, 0)),
    ],
)
def test_a_dose_of_less_than_twice_the_other_does_not_differ_materially(first, second):
    assert dose_kind(first, second) == "direct"


@pytest.mark.parametrize("other", [("hold", "days"), ("rest", "minutes")])
def test_doses_of_another_quantity_or_unit_are_not_compared(other):
    assert dose_kind((1, 1), (9, 9, *other)) == "direct"


def test_a_dose_of_one_claim_alone_is_not_compared():
    a, b = claim("S01", "p", start=0, end=5), claim("S02", "q", start=10, end=15)
    assert kind_of(a, b, doses_of((a, 1, 1)), p="q")[0] == "direct"


def test_one_of_several_doses_that_differs_is_enough():
    a, b = claim("S01", "p", start=0, end=5), claim("S02", "q", start=10, end=15)
    doses = doses_of((a, 3, 3), (a, 80, 80, "speed", "km/h"), (b, 3, 3), (b, 5, 5, "speed", "km/h"))
    assert kind_of(a, b, doses, p="q")[0] == "dose"


def test_contradictions_stand_in_document_order():
    rows = [
        claim("S01", start=50, end=60),
        claim("S01", start=5, end=9),
        claim("S03", stance="opposes", start=300, end=310),
        claim("S02", stance="opposes", start=200, end=210),
    ]
    pairs = found_in(claims_of(*rows))
    assert pairs[["start_a", "start_b"]].to_numpy().tolist() == [
        [5, 200],
        [5, 300],
        [50, 200],
        [50, 300],
    ]


def test_no_claims_have_no_contradictions():
    pairs = found_in(claims_of(), p="q")
    assert (len(pairs), {"kind", "kinds", "harm"} <= set(pairs.columns)) == (0, True)


def test_the_contradictions_of_the_page_are_those_that_the_words_give():
    pairs = contradictions(DATA.claims, DATA.propositions, DATA.doses)
    expected = contradictions_in_words(DATA.claims, DATA.propositions, DATA.doses)
    assert (as_in_words(pairs), len(pairs)) == (expected, len(expected))


@PROPERTY
@given(claims=generated_claims(), dosed=st.lists(st.tuples(st.integers(0, 23), st.integers(1, 4))))
def test_contradictions_are_those_that_the_words_give(claims, dosed):
    rows = claims.to_dict("records")
    doses = doses_of(*((rows[at], low, low + 1) for at, low in dosed if at < len(rows)))
    pairs = contradictions(claims, PQR, doses)
    expected = contradictions_in_words(claims, PQR, doses)
    assert (as_in_words(pairs), len(pairs)) == (expected, len(expected))


@PROPERTY
@given(claims=generated_claims())
def test_the_kind_is_the_first_of_the_kinds(claims):
    pairs = contradictions(claims, PQR, doses_of())
    assert pairs["kind"].tolist() == [kinds[0] for kinds in pairs["kinds"]]


@PROPERTY
@given(claims=generated_claims(), order=st.randoms(use_true_random=False))
def test_the_order_of_claims_changes_no_contradiction(claims, order):
    places = list(range(len(claims)))
    order.shuffle(places)
    shuffled = contradictions(claims.iloc[places].reset_index(drop=True), PQR, doses_of())
    pd.testing.assert_frame_equal(shuffled, contradictions(claims, PQR, doses_of()))


@PROPERTY
@given(claims=generated_claims())
def test_turning_every_stance_round_leaves_the_number_of_plain_contradictions(claims):
    plain = claims[claims["stance"] != "conditional"]
    alone = propositions_of("p", "q", "r")
    around = contradictions(turned(plain), alone, doses_of())
    assert len(around) == len(contradictions(plain, alone, doses_of()))


@PROPERTY
@given(claims=generated_claims())
def test_turned_round_what_a_condition_contradicts_it_qualifies(claims):
    alone = propositions_of("p", "q", "r")
    bound = contradictions(claims, alone, doses_of())
    bound = bound[bound["stance_a"] == "conditional"]
    assert len(bound) == len(qualifications(turned(claims)))


# Qualifications


def test_a_support_beside_a_conditional_support_is_a_qualification():
    pairs = qualifications(claims_of(claim("S01", stance="conditional"), claim("S02")))
    assert pairs[["source_id_a", "source_id_b", "scope"]].to_numpy().tolist() == [
        ["S02", "S01", "between two"]
    ]


def test_a_source_may_qualify_itself():
    pairs = qualifications(claims_of(claim("S01"), claim("S01", stance="conditional")))
    assert pairs["scope"].tolist() == ["within one source"]


@pytest.mark.parametrize("stance", ["supports", "opposes", "unclear"])
def test_only_a_condition_qualifies_a_support(stance):
    assert qualifications(claims_of(claim("S01"), claim("S02", stance=stance))).empty


def test_a_condition_on_another_proposition_qualifies_nothing():
    assert qualifications(claims_of(claim("S01", "p"), claim("S02", "q", "conditional"))).empty


# Disputes


def test_contradictions_of_the_same_two_sources_on_one_thing_are_one_dispute():
    rows = [claim("S01"), claim("S01"), claim("S02", stance="opposes")]
    table = disputes(found_in(claims_of(*rows)))
    assert table[["source_id_a", "source_id_b", "pairs"]].to_numpy().tolist() == [["S01", "S02", 2]]


def test_a_dispute_is_of_its_gravest_kind_and_names_all():
    rows = [
        claim("S01", phase="acute"),
        claim("S01", phase="recovery"),
        claim("S01", phase="unstated"),
        claim("S02", stance="opposes", phase="recovery"),
    ]
    row = disputes(found_in(claims_of(*rows))).iloc[0]
    assert (row["kind"], row["kinds"]) == ("direct", ("direct", "possibly phase", "phase"))


def test_a_dispute_is_quoted_by_its_first_pair_of_the_gravest_kind():
    rows = [
        claim("S01", phase="acute", start=0, end=5),
        claim("S01", phase="recovery", start=10, end=15),
        claim("S01", phase="recovery", start=20, end=25),
        claim("S02", stance="opposes", phase="recovery", start=30, end=35),
    ]
    pairs = found_in(claims_of(*rows))
    assert pairs.loc[disputes(pairs)["first"], "start_a"].tolist() == [10]


def test_of_the_gravest_kind_the_pair_that_warns_of_a_harm_is_quoted():
    rows = [
        claim("S01", start=0, end=5),
        claim("S01", start=10, end=15),
        claim("S02", stance="opposes", start=30, end=35),
        claim("S02", stance="opposes", claim_type="harm", start=40, end=45),
    ]
    pairs = found_in(claims_of(*rows))
    assert pairs.loc[disputes(pairs)["first"], ["start_a", "start_b"]].to_numpy().tolist() == [
        [0, 40]
    ]


def test_a_dispute_in_which_any_pair_warns_of_a_harm_says_so():
    rows = [claim("S01"), claim("S01", claim_type="harm"), claim("S02", stance="opposes")]
    assert disputes(found_in(claims_of(*rows)))["harm"].tolist() == [True]


def test_disputes_stand_by_harm_then_gravity_then_relation_then_document_order():
    rows = [
        claim("S01", "p", phase="any", start=0, end=5),
        claim("S02", "q", phase="any", start=10, end=15),
        claim("S03", "p", "opposes", phase="any", start=20, end=25),
        claim("S04", "p", "opposes", phase="any", start=30, end=35),
        claim("S05", "q", "opposes", phase="any", claim_type="harm", start=40, end=45),
        claim("S06", "q", "conditional", phase="any", start=50, end=55),
        claim("S07", "q", "opposes", phase="any", start=60, end=65),
    ]
    table = disputes(found_in(claims_of(*rows), p="q"))
    shown = table[["source_id_a", "source_id_b", "kind", "relation", "harm"]]
    assert shown.to_numpy().tolist() == [
        ["S02", "S05", "direct", "same proposition", True],
        ["S06", "S05", "conditional", "same proposition", True],
        ["S01", "S03", "direct", "same proposition", False],
        ["S01", "S04", "direct", "same proposition", False],
        ["S02", "S07", "direct", "same proposition", False],
        ["S01", "S02", "direct", "across", False],
        ["S06", "S07", "conditional", "same proposition", False],
    ]


def test_no_contradictions_make_no_disputes():
    assert disputes(found_in(claims_of())).empty


@PROPERTY
@given(claims=generated_claims())
def test_every_contradiction_stands_in_one_dispute(claims):
    pairs = contradictions(claims, PQR, doses_of())
    table = disputes(pairs)
    keys = ["relation", "proposition_id_a", "proposition_id_b", "source_id_a", "source_id_b"]
    expected = pairs.groupby(keys, observed=True).size().to_dict()
    assert table.set_index(keys)["pairs"].to_dict() == expected


@PROPERTY
@given(claims=generated_claims())
def test_the_pair_that_is_quoted_is_of_its_dispute_and_of_its_kind(claims):
    pairs = contradictions(claims, PQR, doses_of())
    table = disputes(pairs)
    shared = ["relation", "scope", "proposition_id_a", "source_id_a", "source_id_b", "kind"]
    quoted = pairs.loc[table["first"].astype(int), shared].to_numpy().tolist()
    assert quoted == table[shared].to_numpy().tolist()


# Topics and conflicts


def test_a_pair_is_on_a_topic_when_either_claim_is():
    rows = [claim("S01", "p"), claim("S02", "q"), claim("S03", "q", "opposes")]
    pairs = found_in(claims_of(*rows), p="q")
    on_p, on_q = (on_topic(pairs, pd.Series([name])) for name in "pq")
    assert (on_p["relation"].tolist(), len(on_q)) == (["across"], 2)


def test_pairs_on_a_topic_are_numbered_anew():
    rows = [claim("S01", "p"), claim("S02", "p", "opposes"), claim("S03", "q")]
    rows += [claim("S04", "q", "opposes")]
    pairs = on_topic(found_in(claims_of(*rows)), pd.Series(["q"]))
    assert (pairs.index.tolist(), pairs["proposition_id_a"].tolist()) == ([0], ["q"])


def test_no_pair_is_on_a_topic_without_propositions():
    pairs = found_in(claims_of(claim("S01"), claim("S02", stance="opposes")))
    assert on_topic(pairs, pd.Series([], dtype="str")).empty


def test_the_claims_of_pairs_are_those_of_either_side_once_each():
    rows = [claim("S01"), claim("S02", stance="opposes"), claim("S03"), claim("S04", "q")]
    claims = claims_of(*rows)
    found = claims_of_pairs(found_in(claims), claims)
    pd.testing.assert_frame_equal(found, claims.head(3))


def test_no_pairs_have_no_claims():
    claims = claims_of(claim("S01"), claim("S02"))
    assert claims_of_pairs(found_in(claims), claims).empty


def test_each_conflict_of_the_table_is_a_pair():
    table = propositions_of("p", "q", "r", "s", p="q r", r="s")
    assert list(conflict_pairs(table)) == [("p", "q"), ("p", "r"), ("r", "s")]


# Phases


def test_votes_by_phase_are_those_of_what_is_said_of_the_phase():
    threshold = Fraction(3, 4)
    found = summary_by_phase(DATA.propositions, DATA.claims, threshold)
    assert len(found) == len(DATA.propositions) * len(NAMED_PHASES)
    for phase in NAMED_PHASES:
        said = DATA.claims[DATA.claims["phase"].isin([phase, "any", "unstated"])]
        expected = summary_of_votes(DATA.propositions, said, threshold)
        own = found[found["phase"] == phase].drop(columns="phase").reset_index(drop=True)
        pd.testing.assert_frame_equal(own, expected)


def test_the_pairs_of_a_source_are_all_in_which_it_stands_and_no_others():
    pairs = contradictions(DATA.claims, DATA.propositions, DATA.doses)
    for source in DATA.authors:
        own = of_source(pairs, source)
        assert all(source in (row.source_id_a, row.source_id_b) for row in own.itertuples())
        either = [source in row for row in pairs[["source_id_a", "source_id_b"]].to_numpy()]
        assert len(own) == sum(either)

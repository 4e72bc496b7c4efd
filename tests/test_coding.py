"""How the two passes agree: matching by passage, Cohen's kappa, Gwet's AC1, their intervals."""

import itertools
from collections import Counter
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence_review.coding import (
    COMPARED,
    coding_agreement,
    cohen_kappa,
    gwet_ac1,
    match_passes,
    unmatched,
)
from evidence_review.dataset import load
from evidence_review.selection import ParameterError

PASSES = load().passes
PAIRS = match_passes(PASSES)
COLUMNS = ["pass", "source_id", "start", "end", "proposition_id", *COMPARED[1:]]
PROPERTY = settings(deadline=None, derandomize=True, max_examples=30)


# Builders


def passes_of(*claims):
    """Both passes, from (pass, start, end) and perhaps proposition and source of each claim."""
    rows = []
    for name, start, end, *rest in claims:
        proposition, source = [*rest, *["p", "S01"][len(rest) :]]
        rows.append((name, source, start, end, proposition, *["same"] * len(COMPARED[1:])))
    return pd.DataFrame(rows, columns=COLUMNS)


def matched(*claims):
    """The passages that are matched, as ((start, end), (start, end))."""
    pairs = match_passes(passes_of(*claims))
    first = zip(pairs["start_a"], pairs["end_a"], strict=True)
    second = zip(pairs["start_b"], pairs["end_b"], strict=True)
    return list(zip(first, second, strict=True))


def codings(table):
    """Two codings of as many units as a square table of agreement counts."""
    cells = [
        (row, column)
        for row, counts in enumerate(table)
        for column, count in enumerate(counts)
        for _ in range(count)
    ]
    return tuple(np.array(values, dtype=int) for values in zip(*cells, strict=True))


def pairs_of(first, second, column="stance"):
    """Matched claims of which one column was coded so by either pass."""
    return pd.DataFrame({f"{column}_a": first, f"{column}_b": second}, dtype="str")


def generated_passes():
    """Passes over a short document: overlapping passages of two sources, no key twice."""
    claim = st.tuples(
        st.sampled_from("ab"),
        st.integers(0, 12),
        st.integers(1, 8),
        st.sampled_from("pq"),
        st.sampled_from(["S01", "S02"]),
    )
    return st.lists(claim, max_size=14, unique=True).map(
        lambda claims: passes_of(
            *((n, start, start + size, p, s) for n, start, size, p, s in claims)
        )
    )


# Oracles in exact fractions, from the formulas of Cohen (1960) and Gwet (2008)


def exact_coefficients(first, second):
    """Kappa and AC1 as fractions: (observed - chance) / (1 - chance), with either's chance."""
    units = len(first)
    observed = Fraction(sum(x == y for x, y in zip(first, second, strict=True)), units)
    in_first, in_second = Counter(first), Counter(second)
    values = set(first) | set(second)
    chance_kappa = sum(Fraction(in_first[v] * in_second[v], units**2) for v in values)
    mean = [Fraction(in_first[v] + in_second[v], 2 * units) for v in values]
    chance_ac1 = sum(share * (1 - share) for share in mean) / (len(values) - 1)
    return tuple(float((observed - c) / (1 - c)) for c in (chance_kappa, chance_ac1))


def share_of_shorter(a, b):
    """The characters that two passages share, in those of the shorter one."""
    shared = min(a["end"], b["end"]) - max(a["start"], b["start"])
    return Fraction(max(shared, 0), min(a["end"] - a["start"], b["end"] - b["start"]))


def overlap(a, b):
    """The characters that two passages share, in all characters of the two."""
    first, second = (set(range(row["start"], row["end"])) for row in (a, b))
    return Fraction(len(first & second), len(first | second))


# Matching


def test_claims_on_the_same_passage_are_matched():
    assert matched(("a", 0, 10), ("b", 0, 10)) == [((0, 10), (0, 10))]


def test_what_the_claims_say_does_not_decide():
    assert matched(("a", 0, 10, "p"), ("b", 0, 10, "q")) == [((0, 10), (0, 10))]


def test_half_of_the_shorter_passage_is_enough():
    assert matched(("a", 0, 10), ("b", 5, 45)) == [((0, 10), (5, 45))]


def test_less_than_half_of_the_shorter_passage_is_not_enough():
    assert matched(("a", 0, 10), ("b", 6, 46)) == []


def test_a_passage_within_a_much_longer_one_is_matched():
    assert matched(("a", 0, 1000), ("b", 500, 503)) == [((0, 1000), (500, 503))]


@pytest.mark.parametrize("start", [10, 11, 500])
def test_passages_that_share_nothing_are_not_matched(start):
    assert matched(("a", 0, 10), ("b", start, start + 10)) == []


def test_claims_of_different_sources_are_not_matched():
    assert matched(("a", 0, 10, "p", "S01"), ("b", 0, 10, "p", "S02")) == []


def test_claims_of_one_pass_are_not_matched_with_each_other():
    assert matched(("a", 0, 10, "p"), ("a", 0, 10, "q")) == []


def test_a_claim_is_matched_once_with_the_one_that_overlaps_it_most():
    assert matched(("a", 0, 10), ("b", 0, 6), ("b", 0, 9)) == [((0, 10), (0, 9))]


def test_the_greatest_overlap_is_taken_first():
    claims = [("a", 0, 10), ("a", 0, 12), ("b", 0, 11)]
    assert matched(*claims) == [((0, 12), (0, 11))]


def test_overlap_is_measured_in_all_characters_of_the_two():
    assert matched(("a", 40, 50), ("b", 0, 100), ("b", 43, 53)) == [((40, 50), (43, 53))]


def test_among_equal_overlaps_the_same_proposition_goes_first():
    claims = [("a", 0, 10, "p"), ("a", 0, 10, "q"), ("b", 0, 10, "q"), ("b", 0, 10, "p")]
    pairs = match_passes(passes_of(*claims))
    assert pairs[["proposition_id_a", "proposition_id_b"]].to_numpy().tolist() == [
        ["p", "p"],
        ["q", "q"],
    ]


def test_a_greater_overlap_goes_before_the_same_proposition():
    claims = [("a", 0, 10, "p"), ("b", 0, 9, "p"), ("b", 0, 10, "q")]
    assert match_passes(passes_of(*claims))["proposition_id_b"].tolist() == ["q"]


def test_pairs_stand_in_document_order():
    claims = [("a", 50, 60), ("a", 0, 10), ("b", 0, 7), ("b", 50, 60)]
    assert matched(*claims) == [((0, 10), (0, 7)), ((50, 60), (50, 60))]


def test_the_overlap_of_a_pair_is_shown():
    assert match_passes(passes_of(("a", 0, 10), ("b", 5, 15)))["overlap"].tolist() == [5 / 15]


@pytest.mark.parametrize("claims", [[], [("a", 0, 10)], [("b", 0, 10)]])
def test_without_two_passes_nothing_is_matched(claims):
    assert matched(*claims) == []


def test_the_claims_that_no_pair_holds_are_unmatched_in_document_order():
    passes = passes_of(("a", 90, 95), ("a", 0, 10), ("b", 0, 10), ("b", 30, 40))
    left = unmatched(passes, match_passes(passes))
    assert left[["pass", "start"]].to_numpy().tolist() == [["b", 30], ["a", 90]]


def test_nothing_is_unmatched_where_all_is_matched():
    passes = passes_of(("a", 0, 10), ("b", 0, 10))
    assert unmatched(passes, match_passes(passes)).empty


@PROPERTY
@given(passes=generated_passes())
def test_every_claim_stands_in_one_pair_or_among_the_unmatched(passes):
    pairs = match_passes(passes)
    key = ["source_id", "start", "end", "proposition_id"]
    held = [
        (name, *row)
        for name in "ab"
        for row in pairs[[f"{column}_{name}" for column in key]].itertuples(index=False)
    ]
    left = unmatched(passes, pairs)[["pass", *key]].itertuples(index=False, name=None)
    assert sorted([*held, *left]) == sorted(
        passes[["pass", *key]].itertuples(index=False, name=None)
    )


@PROPERTY
@given(passes=generated_passes())
def test_a_pair_is_missing_only_where_an_overlap_as_great_took_one_of_its_claims(passes):
    pairs = match_passes(passes)
    own = {name: passes[passes["pass"] == name].to_dict("records") for name in "ab"}
    taken = {name: dict(zip(pairs[f"row_{name}"], pairs["overlap"], strict=True)) for name in "ab"}
    made = set(zip(pairs["row_a"], pairs["row_b"], strict=True))
    for (i, a), (j, b) in itertools.product(*(enumerate(own[name]) for name in "ab")):
        admitted = a["source_id"] == b["source_id"] and share_of_shorter(a, b) >= Fraction(1, 2)
        if (i, j) in made:
            assert admitted
        elif admitted:
            assert max(taken["a"].get(i, 0), taken["b"].get(j, 0)) >= float(overlap(a, b))


def test_pairs_and_unmatched_account_for_all_rows_of_both_real_passes():
    left = unmatched(PASSES, PAIRS)["pass"].value_counts()
    rows = PASSES["pass"].value_counts()
    assert {name: len(PAIRS) + left[name] for name in "ab"} == {name: rows[name] for name in "ab"}


def test_no_real_claim_stands_in_two_pairs():
    assert PAIRS["row_a"].is_unique and PAIRS["row_b"].is_unique


def test_no_two_unmatched_real_claims_could_have_been_matched():
    left = unmatched(PASSES, PAIRS)
    first, second = (left[left["pass"] == name].to_dict("records") for name in "ab")
    assert [
        (a["start"], b["start"])
        for a, b in itertools.product(first, second)
        if a["source_id"] == b["source_id"] and share_of_shorter(a, b) >= Fraction(1, 2)
    ] == []


# Coefficients, against published examples


def test_kappa_and_ac1_of_two_abstractors_are_those_of_irrcac():
    # Gwet 2014, the data set cont3x3abstractors of the R package irrCAC: 100 women. Kappa is
    # printed as 0.7964094, AC1 as 0.8493305.
    # Observed: (13 + 20 + 56) / 100 = 0.89. Rows 13, 27, 60; columns 13, 24, 63.
    # Chance of kappa: 0.13 × 0.13 + 0.27 × 0.24 + 0.60 × 0.63 = 0.4597;
    # kappa = (0.89 − 0.4597) / 0.5403 = 0.7964094.
    # Means 0.13, 0.255, 0.615; chance of AC1: (0.1131 + 0.189975 + 0.236775) / 2 = 0.269925;
    # AC1 = (0.89 − 0.269925) / 0.730075 = 0.8493305.
    a, b = codings([[13, 0, 0], [0, 20, 7], [0, 4, 56]])
    assert [cohen_kappa(a, b), gwet_ac1(a, b)] == pytest.approx([0.7964094, 0.8493305], abs=5e-8)


def test_kappa_and_ac1_of_even_margins_are_close():
    # Feinstein and Cicchetti 1990, first table: 40, 9, 6, 45; kappa is printed as 0.70.
    # Observed: 0.85. Chance of kappa: 0.49 × 0.46 + 0.51 × 0.54 = 0.5008;
    # kappa = 0.3492 / 0.4992 = 0.69952.
    # Means 0.475, 0.525; chance of AC1: 2 × 0.475 × 0.525 = 0.49875;
    # AC1 = 0.35125 / 0.50125 = 0.70075.
    a, b = codings([[40, 9], [6, 45]])
    assert [cohen_kappa(a, b), gwet_ac1(a, b)] == pytest.approx([0.69952, 0.70075], abs=5e-6)


def test_kappa_falls_with_uneven_margins_and_ac1_does_not():
    # Feinstein and Cicchetti 1990, second table: 80, 10, 5, 5; kappa is printed as 0.32.
    # Observed: 0.85. Chance of kappa: 0.90 × 0.85 + 0.10 × 0.15 = 0.78;
    # kappa = 0.07 / 0.22 = 0.31818.
    # Means 0.875, 0.125; chance of AC1: 2 × 0.875 × 0.125 = 0.21875;
    # AC1 = 0.63125 / 0.78125 = 0.808.
    a, b = codings([[80, 10], [5, 5]])
    assert [cohen_kappa(a, b), gwet_ac1(a, b)] == pytest.approx([0.07 / 0.22, 0.808])


def test_agreement_no_better_than_chance_is_zero():
    # Observed 0.5; either chance is 0.5 × 0.5 + 0.5 × 0.5 = 0.5.
    a, b = codings([[5, 5], [5, 5]])
    assert [cohen_kappa(a, b), gwet_ac1(a, b)] == pytest.approx([0, 0])


def test_agreement_worse_than_chance_is_negative():
    a, b = codings([[0, 5], [5, 0]])
    assert [cohen_kappa(a, b), gwet_ac1(a, b)] == pytest.approx([-1, -1])


@pytest.mark.parametrize("coefficient", [cohen_kappa, gwet_ac1])
def test_perfect_agreement_on_several_values_is_one(coefficient):
    assert coefficient(*codings([[3, 0], [0, 2]])) == pytest.approx(1)


@pytest.mark.parametrize("coefficient", [cohen_kappa, gwet_ac1])
def test_a_coefficient_of_one_value_throughout_is_not_defined(coefficient):
    assert np.isnan(coefficient(*codings([[7]])))


@pytest.mark.parametrize("coefficient", [cohen_kappa, gwet_ac1])
def test_a_coefficient_of_no_units_is_not_defined(coefficient):
    assert np.isnan(coefficient(np.array([], dtype=int), np.array([], dtype=int)))


def test_one_value_for_each_pass_is_no_agreement_at_all():
    # Observed 0; chance of kappa 1 × 0 + 0 × 1 = 0; of AC1 2 × 0.5 × 0.5 = 0.5.
    a, b = codings([[0, 4], [0, 0]])
    assert [cohen_kappa(a, b), gwet_ac1(a, b)] == pytest.approx([0, -1])


@PROPERTY
@given(units=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30))
def test_coefficients_are_the_exact_ones(units):
    first, second = zip(*units, strict=True)
    found = [f(np.array(first), np.array(second)) for f in (cohen_kappa, gwet_ac1)]
    if len({*first, *second}) == 1:
        assert np.isnan(found).all()
    else:
        assert found == pytest.approx(exact_coefficients(first, second))


@PROPERTY
@given(units=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=30))
def test_neither_the_order_of_passes_nor_the_names_of_values_matter(units):
    first, second = np.array([*units, (0, 1)]).T
    for coefficient in (cohen_kappa, gwet_ac1):
        found = coefficient(first, second)
        assert coefficient(7 - second, 7 - first) == pytest.approx(found)


# The agreement on each column


@pytest.fixture(scope="module")
def agreed():
    return coding_agreement(PAIRS).set_index("column")


def test_the_agreement_is_shown_for_every_column_that_is_compared(agreed):
    assert tuple(agreed.index) == COMPARED


def test_every_column_is_compared_over_all_pairs(agreed):
    assert set(agreed["matched"]) == {len(PAIRS)}


@pytest.mark.parametrize("column", COMPARED)
def test_the_agreement_of_the_real_passes_is_the_exact_one(agreed, column):
    first, second = (PAIRS[f"{column}_{name}"].astype("str").tolist() for name in "ab")
    same = sum(x == y for x, y in zip(first, second, strict=True))
    row = agreed.loc[column]
    assert (row["same"], row["share"]) == (same, same / len(PAIRS))
    assert [row["kappa"], row["ac1"]] == pytest.approx(exact_coefficients(first, second))


@pytest.mark.parametrize("column", COMPARED)
@pytest.mark.parametrize("coefficient", ["kappa", "ac1"])
def test_the_interval_contains_the_coefficient(agreed, column, coefficient):
    low, value, high = agreed.loc[column, [f"{coefficient}{end}" for end in ("_low", "", "_high")]]
    assert low < value <= high <= 1


def test_one_column_is_shown_as_among_all_each_time_the_same(agreed):
    alone = coding_agreement(PAIRS, "phase").set_index("column")
    pd.testing.assert_frame_equal(alone, agreed.loc[["phase"]])


def test_an_interval_narrows_with_more_pairs():
    few = pairs_of(["x", "y", "x", "y"], ["x", "y", "y", "y"])
    many = pd.concat([few] * 25, ignore_index=True)
    wide, narrow = (coding_agreement(pairs, "stance").iloc[0] for pairs in (few, many))
    assert narrow["kappa_high"] - narrow["kappa_low"] < wide["kappa_high"] - wide["kappa_low"]


def test_the_interval_is_of_95_in_100_samples():
    # Of two codings that differ in a fifth of 400 units, with even margins, kappa is 0.6 with a
    # standard error near 2 × √(0.8 × 0.2 / 400) = 0.04: the interval is some 1.96 × 0.08 wide.
    first, second = codings([[160, 40], [40, 160]])
    row = coding_agreement(pairs_of(first, second), "stance").iloc[0]
    assert row["kappa_high"] - row["kappa_low"] == pytest.approx(2 * 1.96 * 0.04, rel=0.08)


def test_perfect_agreement_has_an_interval_of_one_point():
    row = coding_agreement(pairs_of([*"xyxyxy"], [*"xyxyxy"]), "stance").iloc[0]
    assert row[["share", "kappa", "kappa_low", "kappa_high", "ac1_low", "ac1_high"]].tolist() == (
        pytest.approx([1] * 6)
    )


def test_one_value_throughout_has_a_share_and_no_coefficient():
    row = coding_agreement(pairs_of(["x"] * 5, ["x"] * 5), "stance").iloc[0]
    assert (row["same"], row["matched"], row["share"]) == (5, 5, 1)
    assert row[["kappa", "ac1", "kappa_low", "kappa_high", "ac1_low", "ac1_high"]].isna().all()


def test_no_pairs_have_counts_of_none_and_no_coefficient():
    row = coding_agreement(pairs_of([], []), "stance").iloc[0]
    assert (row["same"], row["matched"]) == (0, 0)
    assert row[["share", "kappa", "ac1", "kappa_low", "kappa_high", "ac1_low"]].isna().all()


@pytest.mark.parametrize("column", ["quote", "", "ALL", "stance "])
def test_an_unknown_column_is_refused_by_name_with_those_that_are_known(column):
    with pytest.raises(ParameterError) as refusal:
        coding_agreement(PAIRS, column)
    assert str(refusal.value).startswith(f"column: '{column}' is not one of all, ")
    assert all(known in str(refusal.value) for known in COMPARED)


def test_a_column_that_is_almost_right_is_suggested():
    with pytest.raises(ParameterError, match=r"did you mean 'evidence_level'\?"):
        coding_agreement(PAIRS, "evidence-level")


@pytest.mark.parametrize("column", [3, None, True])
def test_a_column_that_is_no_text_is_refused(column):
    with pytest.raises(ParameterError, match="column"):
        coding_agreement(PAIRS, column)


def test_a_value_that_a_sample_misses_is_still_a_value_of_the_interval():
    # The third value is used once, so some 37 of 100 samples miss it; AC1 divides by the number
    # of values less one, which is that of all pairs, not that of the sample.
    first, second = codings([[45, 10, 0], [0, 44, 0], [0, 0, 1]])
    generator = np.random.default_rng(1)
    drawn = generator.integers(0, len(first), size=(2000, len(first)))
    observed = (first == second)[drawn].mean(axis=1)
    shares = [((first == v)[drawn] + (second == v)[drawn]).mean(axis=1) / 2 for v in range(3)]
    chance = sum(share * (1 - share) for share in shares) / 2
    expected = np.percentile((observed - chance) / (1 - chance), [2.5, 97.5])
    row = coding_agreement(pairs_of(first, second), "stance").iloc[0]
    assert [row["ac1_low"], row["ac1_high"]] == pytest.approx(expected, abs=0.02)

"""What a report is of: every parameter admitted or refused, and what a selection admits."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from evidence_review.dataset import load
from evidence_review.selection import (
    DEFAULT_THRESHOLD,
    ParameterError,
    admitted_claims,
    select,
    topic_claims,
    topic_propositions,
)

DATA = load()
TOPICS = DATA.dictionary.vocabulary("propositions", "topic")
PHASES = DATA.dictionary.vocabulary("claims", "phase")
LEVELS = DATA.dictionary.vocabulary("claims", "evidence_level")
SOURCES = tuple(DATA.sources["source_id"])


# Builders


def dataset_of(count, **columns):
    """The data with its first claims alone, some of their columns filled anew."""
    claims = DATA.claims.head(count).copy()
    for name, values in columns.items():
        words = DATA.dictionary.vocabulary("claims", name)
        claims[name] = pd.Categorical(values, words, ordered=True) if words else values
    return replace(DATA, claims=claims)


def one_claim_a_phase():
    return dataset_of(len(PHASES), phase=list(PHASES))


def one_claim_a_level():
    return dataset_of(len(LEVELS), evidence_level=list(LEVELS))


def refusal(dataset=DATA, **parameters):
    """What is said where these parameters are refused."""
    with pytest.raises(ParameterError) as refused:
        select(dataset, **parameters)
    return str(refused.value)


# Topic


def test_without_parameters_all_is_selected():
    selection = select(DATA)
    assert selection.is_whole(DATA)
    assert len(topic_claims(DATA, selection)) == len(DATA.claims)


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_admits_the_claims_on_its_propositions(topic):
    own = DATA.propositions.loc[DATA.propositions["topic"] == topic, "proposition_id"]
    claims = topic_claims(DATA, select(DATA, topic=topic))
    assert len(claims) == DATA.claims["proposition_id"].isin(own).sum() > 0


def test_the_topics_share_all_claims_among_them():
    selections = [select(DATA, topic=topic) for topic in TOPICS]
    assert sum(len(topic_claims(DATA, each)) for each in selections) == len(DATA.claims)


def test_a_topic_leaves_the_claims_of_other_topics_admitted():
    selection = select(DATA, topic=TOPICS[0])
    assert len(admitted_claims(DATA, selection)) == len(DATA.claims)


def test_the_propositions_of_a_topic_are_its_own():
    table = topic_propositions(DATA, select(DATA, topic=TOPICS[1]))
    assert set(table["topic"]) == {TOPICS[1]}
    assert table.index.tolist() == list(range(len(table)))


def test_all_propositions_stand_in_the_dictionarys_order_of_topics():
    mixed = replace(DATA, propositions=DATA.propositions.iloc[::-1])
    table = topic_propositions(mixed, select(mixed))
    assert list(dict.fromkeys(table["topic"])) == list(TOPICS)
    assert len(table) == len(DATA.propositions)


def test_an_unknown_topic_is_refused_with_those_that_are_known():
    message = refusal(topic="surgery")
    assert message.startswith("topic: 'surgery' is not one of all, ")
    assert all(topic in message for topic in TOPICS)


@pytest.mark.parametrize(
    ("topic", "meant"),
    [
        ("diagnoses", "diagnosis"),
        ("Everyday Life", "everyday life"),
        ("walking and sports", "walking and sport"),
        (" all ", "all"),
    ],
)
def test_a_topic_that_is_almost_right_is_suggested(topic, meant):
    assert refusal(topic=topic).endswith(f"(did you mean '{meant}'?)")


def test_nothing_is_suggested_for_a_word_that_is_like_none():
    assert "did you mean" not in refusal(topic="xyz")


@pytest.mark.parametrize("parameter", ["topic", "phase", "sources"])
@pytest.mark.parametrize("value", [None, 3, 0.5, True, ["all"]])
def test_a_word_that_is_no_text_is_refused_with_an_example(parameter, value):
    assert refusal(**{parameter: value}).startswith(f"{parameter}: {value!r} is not a text such as")


# Threshold


def test_the_threshold_is_three_quarters_by_default():
    assert select(DATA).threshold == Fraction(3, 4) == Fraction(str(DEFAULT_THRESHOLD))


@pytest.mark.parametrize(
    ("threshold", "exact"),
    [
        (0.51, Fraction(51, 100)),
        (0.6, Fraction(3, 5)),
        (0.7, Fraction(7, 10)),
        (0.75, Fraction(3, 4)),
        (1, Fraction(1)),
        (1.0, Fraction(1)),
        (np.float64(0.8), Fraction(4, 5)),
    ],
)
def test_a_threshold_is_the_fraction_that_is_written(threshold, exact):
    assert select(DATA, threshold=threshold).threshold == exact


@pytest.mark.parametrize("threshold", [0.5, 0.0, -0.75, 1.0001, 75, float("nan"), float("inf")])
def test_a_threshold_out_of_range_is_refused(threshold):
    assert refusal(threshold=threshold) == f"threshold: {threshold} is not above 0.5 and at most 1"


@pytest.mark.parametrize("threshold", ["0.75", None, True, Fraction(3, 4)])
def test_a_threshold_that_is_no_number_is_refused(threshold):
    assert refusal(threshold=threshold) == (
        f"threshold: {threshold!r} is not a number such as {DEFAULT_THRESHOLD}"
    )


# Evidence level


@pytest.mark.parametrize("weakest", [1, 2, 3, 4, 5])
def test_a_weakest_level_admits_it_and_all_stronger_ones(weakest):
    data = one_claim_a_level()
    claims = admitted_claims(data, select(data, weakest_level=weakest))
    assert claims["evidence_level"].tolist() == list(LEVELS[:weakest])


@pytest.mark.parametrize("level", [0, 6, -1, 3.0, "3", None, True])
def test_a_level_that_is_none_of_the_five_is_refused(level):
    assert refusal(weakest_level=level) == f"weakest_level: {level!r} is not one of 1, 2, 3, 4, 5"


# Phase


@pytest.mark.parametrize("phase", PHASES)
def test_a_phase_admits_itself_any_and_unstated(phase):
    data = one_claim_a_phase()
    claims = admitted_claims(data, select(data, phase=phase))
    assert set(claims["phase"]) == {phase, "any", "unstated"}


def test_all_phases_admit_every_claim():
    data = one_claim_a_phase()
    assert admitted_claims(data, select(data, phase="all"))["phase"].tolist() == list(PHASES)


def test_an_unknown_phase_is_refused_with_those_that_are_known():
    message = refusal(phase="chronic")
    assert message.startswith("phase: 'chronic' is not one of all, ")
    assert all(phase in message for phase in PHASES)


@pytest.mark.parametrize(
    ("phase", "meant"),
    [
        ("Acute", "acute"),
        ("post-op", "post_op"),
        ("recover", "recovery"),
        ("prevent", "prevention"),
    ],
)
def test_a_phase_that_is_almost_right_is_suggested(phase, meant):
    assert refusal(phase=phase).endswith(f"(did you mean '{meant}'?)")


# Sources


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_admits_its_own_claims(source):
    claims = admitted_claims(DATA, select(DATA, sources=source))
    assert set(claims["source_id"]) == {source}


def test_sources_are_parted_by_commas_and_stand_in_the_order_of_the_page():
    assert select(DATA, sources=" S03 ,S01,S03").source_ids == ("S01", "S03")


def test_all_sources_are_those_of_the_table():
    assert select(DATA, sources="all").source_ids == SOURCES


@pytest.mark.parametrize("sources", ["S99", "S01,S99", "S01;S02", "S99,S01"])
def test_an_unknown_source_is_refused_with_those_that_are_known(sources):
    message = refusal(sources=sources)
    assert message.startswith("sources: '")
    assert f"is not one of all, {', '.join(SOURCES)}" in message


@pytest.mark.parametrize("sources", ["", ",", "S01,", "S01,,S02"])
def test_an_empty_place_among_the_sources_is_refused(sources):
    assert refusal(sources=sources).startswith("sources: '' is not one of all, ")


def test_a_source_in_small_letters_is_suggested():
    assert refusal(sources="s04").endswith("(did you mean 'S04'?)")


@pytest.mark.parametrize("sources", ["all,S01", "S01,all"])
def test_all_beside_a_source_is_not_refused_as_a_word_that_is_known(sources):
    assert "'all' is not one of all" not in refusal(sources=sources)


# The whole, and nothing


@pytest.mark.parametrize(
    ("parameters", "whole"),
    [
        ({"topic": TOPICS[0]}, True),
        ({"threshold": 0.9}, True),
        ({"sources": ",".join(SOURCES)}, True),
        ({"phase": "acute"}, False),
        ({"weakest_level": 4}, False),
        ({"sources": "S01,S02"}, False),
    ],
)
def test_a_selection_is_whole_when_it_admits_every_claim(parameters, whole):
    assert select(DATA, **parameters).is_whole(DATA) is whole


def test_a_selection_that_leaves_no_claim_is_refused_with_what_was_asked():
    data = dataset_of(5, evidence_level=["5"] * 5)
    message = refusal(data, weakest_level=4, phase="acute", sources="S01", topic="all")
    for asked in ("topic='all'", "weakest_level=4", "phase='acute'", "sources='S01'"):
        assert asked in message


def test_a_selection_that_leaves_no_claim_on_its_topic_is_refused():
    data = dataset_of(1)
    own = topic_propositions(data, select(data))
    topic = own.loc[own["proposition_id"] == data.claims["proposition_id"].item(), "topic"].item()
    other = next(name for name in TOPICS if name != topic)
    assert refusal(data, topic=other).startswith("no claim is left with ")


def test_all_parameters_narrow_together():
    rows = [("acute", "4"), ("acute", "5"), ("any", "4"), ("recovery", "4"), ("any", "5")]
    phases, levels = zip(*rows, strict=True)
    data = dataset_of(5, phase=list(phases), evidence_level=list(levels))
    claims = admitted_claims(data, select(data, phase="acute", weakest_level=4))
    assert list(zip(claims["phase"], claims["evidence_level"], strict=True)) == [
        ("acute", "4"),
        ("any", "4"),
    ]


def test_admitted_claims_are_numbered_anew_in_document_order():
    claims = admitted_claims(DATA, select(DATA, sources="S02,S05"))
    assert claims.index.tolist() == list(range(len(claims)))
    assert claims["start"].is_monotonic_increasing

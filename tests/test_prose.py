"""Sentences: right for none, one and many, on small tables and on everything the page holds."""

import itertools
import re
from dataclasses import replace
from fractions import Fraction

import pandas as pd
import pytest

from evidence_review import prose
from evidence_review.appraisal import CELLS, appraised
from evidence_review.coding import COMPARED, match_passes, unmatched
from evidence_review.dataset import load
from evidence_review.selection import (
    ParameterError,
    Selection,
    select,
    topic_claims,
    topic_propositions,
)
from evidence_review.synthesis import (
    LABELS,
    NAMED_PHASES,
    SIDES,
    Counts,
    agreement,
    contradictions,
    disputes,
    fragility,
    on_topic,
    summary_of_votes,
    votes,
)

DATA = load()
NAMES = {"S01": "Ann (S01)", "S02": "Bo (S02)", "S03": "Cy (S03)"}
DEFAULT = Fraction(3, 4)
PAGE_WORDS = re.compile("“[^”]*”")
NOUNS = "author|claim|difference|dispute|pair|proposition|sentence"
MANY = "(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|[0-9,]*[02-9]|[0-9,]*1[0-9])"
SLIPS = {
    "two spaces": "  ",
    "a missing value": r"\bnan\b|\bNaN\b|\bNaT\b|<NA>|\bNone\b(?! of )",
    "a space before a mark": r" [,.;:!?)]",
    "marks in a row": r"[,;:.][,;:.]|: ;",
    "a word twice": r"\b(\w+) \1\b",
    "empty brackets": r"\(\)",
    "a plural after one": rf"\b(?:[Oo]ne|(?<![0-9,.])1) (?:of the )?(?:{NOUNS})s\b",
    "one of several that is plural": r"\b(?:of (?:the )?(?:one|1)) \w+s\b",
    "a singular after many": rf"\b{MANY} (?:{NOUNS})\b",
    "a plural verb after one": r"(?:, |; )1 were\b|\bOne [a-z]+ (?:make|invoke|were)\b",
    "a count without its noun": r"\b(?:no|No) (?:on|with)\b|\b(?:no|No)[.,;]|\bthe other 0\b",
    "two prepositions": r"\bof (?:after|in|on)\b|\bof no phase named\b|\bof none\b",
}


# Builders


def slips(text):
    """The slips of a text, the page's own words left out."""
    own = PAGE_WORDS.sub("“…”", text)
    return [name for name, pattern in SLIPS.items() if re.search(pattern, own)]


def selection(**changed):
    """A selection of everything, but for what is changed."""
    everything = {
        "topic": "all",
        "threshold": DEFAULT,
        "weakest_level": 5,
        "phase": "all",
        "source_ids": tuple(DATA.sources["source_id"]),
    }
    return Selection(**everything | changed)


def cast_of(**sides):
    """The votes on one proposition, from the side of each source."""
    return pd.DataFrame(
        {"source_id": list(sides), "vote": list(sides.values())}, columns=["source_id", "vote"]
    )


def fragile(*counts, threshold=DEFAULT):
    """The sentence on the fragility of these counts, with the label that they have."""
    counts = Counts(*counts)
    now = agreement(counts, threshold)
    return prose.fragility_sentence(counts, threshold, now.label, now.direction)


def labelled(*labels):
    return pd.DataFrame({"label": pd.Categorical(labels, LABELS, ordered=True)})


def claims_of(levels, bases=None):
    """Claims with these evidence levels and kinds of support."""
    return pd.DataFrame({"evidence_level": levels, "basis": bases or ["assertion"] * len(levels)})


def disputed_of(*rows):
    """Disputes from (scope, kind, harm) of each."""
    return pd.DataFrame(rows, columns=["scope", "kind", "harm"])


def pair_of(**changed):
    """One contradiction, plain but for what is changed."""
    plain = {
        **{"kind": "direct", "source_id_a": "S01", "source_id_b": "S02"},
        **{"phase_a": "any", "phase_b": "any", "condition_a": "", "condition_b": ""},
        **{"figure_a": "", "figure_b": ""},
    }
    return plain | changed


def verdict_of(verdict, directness):
    rated = {"certainty": "low", "rater": "our confidence"}
    return prose.verdict_sentence(rated | {"verdict": verdict, "directness": directness})


def left_of(a, b):
    return pd.DataFrame({"pass": ["a"] * a + ["b"] * b})


def figure(word):
    """The number that a word or digits name."""
    return prose.NUMBER_WORDS.index(word) if word in prose.NUMBER_WORDS else int(word)


def rulings_of(*rulings):
    return pd.DataFrame({"ruling": pd.Categorical(rulings, ["a", "b", "other", "dropped"])})


# Numbers, lists, labels


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "no"), (1, "one"), (2, "two"), (12, "twelve"), (13, "13"), (999, "999"), (1000, "1,000")],
)
def test_a_number_is_in_words_up_to_twelve(count, words):
    assert prose.number(count) == words


@pytest.mark.parametrize(
    ("count", "words"), [(0, "no claims"), (1, "one claim"), (2, "two claims"), (13, "13 claims")]
)
def test_a_count_has_its_unit_in_the_right_number(count, words):
    assert prose.counted(count, "claim") == words


@pytest.mark.parametrize(
    ("count", "words"), [(0, "no bodies"), (1, "one body"), (3, "three bodies")]
)
def test_a_count_has_the_plural_that_is_given(count, words):
    assert prose.counted(count, "body", "bodies") == words


@pytest.mark.parametrize(
    ("text", "changed"), [("", ""), ("a", "A"), ("one Of them", "One Of them"), ("12 x", "12 x")]
)
def test_a_sentence_begins_with_a_capital_and_is_else_unchanged(text, changed):
    assert prose.sentence(text) == changed


@pytest.mark.parametrize(
    ("words", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_words_are_listed(words, text):
    assert prose.listed(words) == text


def test_the_last_word_of_a_list_may_be_joined_otherwise():
    assert prose.listed(["a", "b", "c"], "or") == "a, b or c"


@pytest.mark.parametrize(
    ("value", "text"), [("3/4", "0.75"), ("1", "1"), ("1/2", "0.5"), ("51/100", "0.51")]
)
def test_a_fraction_is_a_decimal_number_without_idle_zeros(value, text):
    assert prose.as_decimal(Fraction(value)) == text


@pytest.mark.parametrize(
    ("label", "direction", "text"),
    [("agreed", "for", "agreed, for"), ("split", "none", "split")],
)
def test_a_label_is_printed_with_its_side_if_it_has_one(label, direction, text):
    assert prose.label_words(label, direction) == text


def test_every_source_is_called_by_its_author_and_number():
    names = prose.author_names(DATA)
    assert list(names) == DATA.sources["source_id"].tolist()
    assert all(name.endswith(f" ({source})") for source, name in names.items())


def test_the_words_for_sides_and_phases_are_of_all_of_them():
    assert list(prose.SIDE_WORDS) == list(SIDES)
    assert list(prose.PHASE_WORDS) == list(DATA.dictionary.vocabulary("claims", "phase"))


def test_the_words_for_kinds_of_support_are_of_all_of_them():
    assert sorted(prose.BASIS_WORDS) == sorted(DATA.dictionary.vocabulary("claims", "basis"))


def test_the_words_for_compared_columns_are_of_all_of_them():
    assert list(prose.SHARE_COLUMNS) == list(COMPARED)


# Selection


def test_everything_is_claims_on_all_topics():
    assert prose.selection_words(DATA, selection()) == "Claims on all topics."


def test_a_topic_is_quoted():
    text = prose.selection_words(DATA, selection(topic="diagnosis"))
    assert text == "Claims on the topic “diagnosis”."


def test_all_that_narrows_a_selection_is_said_in_one_sentence():
    narrow = selection(phase="acute", weakest_level=4, source_ids=("S02", "S08"))
    assert prose.selection_words(DATA, narrow) == (
        "Claims on all topics, said of the acute phase, all patients or no named phase, that "
        "show support of level 4 or stronger, by Orthopedic Surgeon Lu Yao (S02) and Black Pot "
        "(S08)."
    )


def test_one_source_is_named_alone():
    text = prose.selection_words(DATA, selection(source_ids=("S08",)))
    assert text == "Claims on all topics, by Black Pot (S08)."


@pytest.mark.parametrize("phase", prose.PHASE_WORDS)
def test_every_phase_is_said_without_a_slip(phase):
    assert slips(prose.selection_words(DATA, selection(phase=phase))) == []


@pytest.mark.parametrize("phase", prose.PHASE_WORDS)
def test_all_patients_are_said_once(phase):
    assert prose.selection_words(DATA, selection(phase=phase)).count("all patients") == 1


@pytest.mark.parametrize(("threshold", "text"), [("3/4", "0.75"), ("1", "1"), ("3/5", "0.6")])
def test_the_threshold_is_said(threshold, text):
    said = prose.threshold_sentence(selection(threshold=Fraction(threshold)))
    assert said == f"Agreement is judged at a threshold of {text}."


@pytest.mark.parametrize("threshold", ["0.5004", "0.6667", "0.9999"])
def test_the_threshold_is_said_as_it_is_and_not_rounded(threshold):
    said = prose.threshold_sentence(selection(threshold=Fraction(threshold)))
    assert said == f"Agreement is judged at a threshold of {threshold}."


# Votes


def test_nobody_takes_a_side():
    assert prose.votes_sentence(cast_of(), NAMES, 10) == "None of ten authors takes a side."


def test_one_author_takes_a_side():
    said = prose.votes_sentence(cast_of(S01="for"), NAMES, 10)
    assert said == "One of ten authors takes a side: one for it (Ann (S01))."


def test_authors_take_sides_in_the_order_of_the_sides():
    said = prose.votes_sentence(cast_of(S01="against", S02="for", S03="for"), NAMES, 13)
    assert said == (
        "Three of 13 authors take a side: two for it (Bo (S02) and Cy (S03)) and one against it "
        "(Ann (S01))."
    )


@pytest.mark.parametrize("side", SIDES)
def test_every_side_has_its_words(side):
    said = prose.votes_sentence(cast_of(S01=side), NAMES, 2)
    assert f": one {prose.SIDE_WORDS[side]} (Ann (S01))." in said


@pytest.mark.parametrize("cast", [{}, {"S01": "for"}])
def test_one_author_alone_is_said_without_a_slip(cast):
    assert slips(prose.votes_sentence(cast_of(**cast), NAMES, 1)) == []


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (0, ""),
        (1, "The page asks about it once; whoever asks gives no answer."),
        (2, "The page asks about it twice; whoever asks gives no answer."),
        (3, "The page asks about it three times; whoever asks gives no answer."),
        (20, "The page asks about it 20 times; whoever asks gives no answer."),
    ],
)
def test_how_often_the_page_asks(times, said):
    assert prose.asked_sentence(times) == said


def test_sides_that_are_apart_are_said_to_be():
    assert prose.phases_apart_sentence(True) == (
        "Those for and those against speak of different phases."
    )


def test_nothing_is_said_of_sides_that_are_not_apart():
    assert prose.phases_apart_sentence(False) == ""


def test_nothing_is_said_of_a_level_that_nobody_shows():
    assert prose.level_sentence(0, {"5": "opinion"}) == ""


def test_a_level_is_said_in_words():
    said = prose.level_sentence(5, {"5": "opinion"})
    assert said == "No author shows more for it than opinion (level 5, the weakest)."


# Fragility


def test_no_votes_are_one_vote_from_a_label():
    assert fragile(0, 0, 0, 0) == "One vote would give it a label."


def test_one_vote_is_fragile_in_each_way():
    assert fragile(1, 0, 0, 0) == (
        "With one author fewer for it: unanswered; with one more for it: two voices, for; with one "
        "more against it: split. The label holds at every threshold."
    )


def test_many_votes_have_a_range_of_thresholds():
    assert fragile(3, 1, 0, 0) == (
        "With one author fewer for it: qualified, for; with one more against it: split. The label "
        "holds for thresholds above 0.5 up to 0.75."
    )


def test_a_label_that_no_vote_moves_is_said_to_be_so():
    assert fragile(0, 0, 0, 6) == (
        "No single vote would change the label. The label holds at every threshold."
    )


def test_the_side_that_is_left_out_is_named_in_words():
    assert fragile(1, 1, 0, 1).startswith("With one author fewer on both sides: qualified, for")


def test_the_range_that_is_printed_holds_only_thresholds_at_which_the_label_holds():
    ranges = []
    for counts in itertools.product(range(8), range(3), range(3), [0]):
        printed = re.search(r"above ([0-9./]+) up to ([0-9./]*[0-9])", fragile(*counts))
        if printed:
            ranges.append((counts, *printed.groups()))
    assert len(ranges) > 20
    found = {counts: fragility(Counts(*counts), DEFAULT) for counts, _, _ in ranges}
    assert [
        (counts, low, high)
        for counts, low, high in ranges
        if Fraction(low) < found[counts].holds_above or Fraction(high) > found[counts].holds_up_to
    ] == []


# Claims and labels


def test_the_page_is_counted():
    few = replace(
        DATA,
        sources=DATA.sources.head(3),
        claims=DATA.claims.head(20),
        propositions=DATA.propositions.head(13),
        sentences=DATA.sentences.head(40).assign(reason=["heading", "", "", ""] * 10),
    )
    assert prose.page_sentence(few) == (
        "Three authors make 20 claims on 13 propositions. Of 40 sentences on the page, none is "
        "left out: 30 with a claim, ten with a reason why there is none."
    )


@pytest.mark.parametrize("table", ["sources", "claims", "propositions", "sentences"])
def test_a_page_with_one_of_a_kind_is_said_without_a_slip(table):
    small = replace(DATA, **{table: getattr(DATA, table).head(1)})
    assert slips(prose.page_sentence(small)) == []


def test_claims_that_show_nothing_to_look_up_are_said_to():
    said = prose.levels_sentence(claims_of(["4", "5", "5", "5"]))
    assert said == (
        "Of four claims, none shows research that can be looked up. One claim shows cases (the "
        "author's own course, or patients treated). Three claims show an explanation, an "
        "authority, or nothing."
    )


def test_one_claim_rests_on_research():
    said = prose.levels_sentence(claims_of(["1", "4", "4", "5", "5"]))
    assert said.startswith(
        "Of five claims, one shows research that can be looked up. Two claims show cases "
    )


def test_several_claims_rest_on_research():
    assert prose.levels_sentence(claims_of(["1", "2", "3", "4", "5"])).startswith(
        "Of five claims, three show research"
    )


@pytest.mark.parametrize(
    ("uncited", "said"),
    [
        (1, " One claim invokes research without naming it."),
        (2, " Two claims invoke research without naming it."),
    ],
)
def test_research_that_is_only_invoked_is_counted(uncited, said):
    bases = ["research_uncited"] * uncited + ["assertion"] * (4 - uncited)
    assert prose.levels_sentence(claims_of(["4", "5", "5", "5"], bases)).endswith(said)


def test_research_that_nobody_invokes_is_not_mentioned():
    assert "invoke" not in prose.levels_sentence(claims_of(["4", "5"]))


@pytest.mark.parametrize("levels", [["4"], ["5"], ["1"], ["5", "5"], ["4", "4"], ["1", "4"]])
def test_claims_of_which_a_kind_is_missing_are_said_without_a_slip(levels):
    assert slips(prose.levels_sentence(claims_of(levels))) == []


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([], "There is no proposition."),
        (["split"], "Of one proposition: one “split”."),
        (["split", "agreed", "split"], "Of three propositions: one “agreed” and two “split”."),
        (["split"] * 13, "Of 13 propositions: 13 “split”."),
    ],
)
def test_propositions_are_counted_by_label(labels, said):
    assert prose.labels_sentence(labelled(*labels)) == said


def test_labels_stand_in_their_own_order():
    said = prose.labels_sentence(labelled(*reversed(LABELS)))
    assert said == f"Of eight propositions: {prose.listed([f'one “{name}”' for name in LABELS])}."


# Disputes


def test_no_dispute_is_said_in_words():
    said = prose.disputes_sentence(disputed_of(), DATA.claims.head(0))
    assert said == "No two claims that are admitted here contradict each other."


def test_one_dispute_of_one_pair():
    disputed = disputed_of(("between two", "direct", False))
    said = prose.disputes_sentence(disputed, DATA.claims.head(1))
    assert said == "One dispute (one pair of claims). By kind: one direct."


def test_one_dispute_within_one_source_that_warns_of_a_harm():
    disputed = disputed_of(("within one source", "phase", True))
    assert prose.disputes_sentence(disputed, DATA.claims.head(2)) == (
        "One dispute (two pairs of claims). By kind: one phase. In one dispute two "
        "statements of one author do not fit easily. In one dispute one of the two warns of a harm."
    )


def test_many_disputes():
    plain, within = ("between two", "direct", True), ("within one source", "dose", True)
    disputed = disputed_of(plain, plain, plain, within, within)
    assert prose.disputes_sentence(disputed, DATA.claims.head(20)) == (
        "Five disputes (20 pairs of claims). By kind: three direct and two dose. In two disputes "
        "two statements of one author do not fit easily. In five disputes one of the two warns "
        "of a harm."
    )


def test_different_phases_reconcile():
    pair = pair_of(kind="phase", phase_a="acute", phase_b="post_op")
    said = prose.reconciling_sentence(pair, NAMES)
    assert said == "They speak of different phases: the acute phase, and the time after surgery."


@pytest.mark.parametrize("sides", [("acute", "unstated"), ("unstated", "acute")])
def test_a_phase_may_reconcile(sides):
    pair = pair_of(kind="possibly phase", phase_a=sides[0], phase_b=sides[1])
    assert prose.reconciling_sentence(pair, NAMES) == (
        "Perhaps the phase: one speaks of the acute phase, the other does not say of whom."
    )


@pytest.mark.parametrize("phase", NAMED_PHASES)
def test_every_phase_may_reconcile_without_a_slip(phase):
    pair = pair_of(kind="possibly phase", phase_a=phase, phase_b="unstated")
    assert slips(prose.reconciling_sentence(pair, NAMES)) == []


def test_a_condition_reconciles():
    pair = pair_of(kind="conditional", condition_a="if mild")
    assert prose.reconciling_sentence(pair, NAMES) == (
        "One side holds only under a condition. Ann (S01) states “if mild”."
    )


def test_doses_reconcile():
    pair = pair_of(kind="dose", figure_a="2 days", figure_b="a week")
    said = prose.reconciling_sentence(pair, NAMES)
    assert said == "The doses differ: 2 days, and a week."


def test_nothing_reconciles():
    assert prose.reconciling_sentence(pair_of(), NAMES) == (
        "Nothing that the page states of phase, dose or condition reconciles them."
    )


def test_the_conditions_of_both_sides_are_quoted():
    names = NAMES | {"S02": "a patient (S02)", "S01": "a nurse (S01)"}
    pair = pair_of(condition_a="if mild", condition_b="if severe")
    assert prose.reconciling_sentence(pair, names) == (
        "A nurse (S01) states “if mild” and a patient (S02) states “if severe”. "
        "Whether that reconciles them is open."
    )


# Literature


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("supported", "The literature supports it."),
        ("contradicted", "The literature contradicts it."),
        ("mixed", "The literature is mixed."),
    ],
)
def test_a_verdict_is_said_with_its_certainty_its_rater_and_the_people_studied(verdict, said):
    assert verdict_of(verdict, "sciatica") == (
        f"{said} Certainty: low (our confidence); studies of people with sciatica."
    )


def test_a_proposition_that_no_study_decides_has_no_certainty():
    assert verdict_of("insufficient", "none") == "The literature does not decide it."


def test_the_nearest_studies_of_what_no_study_decides_are_named():
    said = verdict_of("insufficient", "healthy or laboratory")
    assert said == (
        "The literature does not decide it; the nearest studies are of healthy people or in the "
        "laboratory."
    )


def test_there_are_words_for_every_verdict_and_all_people():
    verdicts, people = (
        DATA.dictionary.vocabulary("verdicts", name) for name in ("verdict", "directness")
    )
    texts = [verdict_of(*pair) for pair in itertools.product(verdicts, people)]
    assert [text for text in texts if slips(text)] == []


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        (["of two minds"], "Page and literature, one proposition: one of two minds."),
        (
            ["unsettled", "of two minds", "unsettled"],
            "Page and literature, three propositions: one of two minds; two unsettled.",
        ),
    ],
)
def test_propositions_are_counted_by_page_and_literature(groups, said):
    assert prose.cells_sentence(pd.DataFrame({"group": groups})) == said


def test_all_groups_of_page_and_literature_are_counted_once():
    groups = list(CELLS.values())
    said = prose.cells_sentence(pd.DataFrame({"group": groups}))
    counts = re.findall(r"(?:: |; )(\w+) ", said)
    assert (len(counts), sum(map(figure, counts))) == (len(set(groups)), len(groups))


# Coding


def test_matched_and_unmatched_claims_are_counted():
    said = prose.matching_sentence(DATA.claims.head(20), left_of(3, 2))
    assert said == (
        "Pass a found 23 claims, pass b 22. On the same passage: 20; found by pass a alone: three; "
        "by pass b alone: two."
    )


@pytest.mark.parametrize(
    ("pairs", "a", "b"), [(0, 1, 0), (1, 0, 0), (5, 1, 1), (1, 1, 2), (0, 0, 0)]
)
def test_one_matched_or_unmatched_claim_is_said_without_a_slip(pairs, a, b):
    assert slips(prose.matching_sentence(DATA.claims.head(pairs), left_of(a, b))) == []


def test_an_agreement_has_its_counts_and_both_coefficients():
    row = {"column": "evidence_level", "same": 1200, "matched": 1250, "kappa": 0.9, "ac1": 0.956}
    assert prose.agreement_sentence(row) == (
        "On the evidence level they agree in 1,200 of 1,250 matched claims: kappa 0.90, AC1 0.96."
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "0.50"), (1, "1.00"), (-0.125, "-0.12"), (float("nan"), "not defined")],
)
def test_a_coefficient_has_two_places_or_is_not_defined(value, text):
    assert prose.coefficient(value) == text


def test_several_rulings_are_counted_by_what_they_came_to():
    rulings = ["a"] * 3 + ["b"] * 2 + ["other"] * 13 + ["dropped"] * 2
    assert prose.rulings_sentence(rulings_of(*rulings)) == (
        "20 differences between the passes were ruled on, each with its reason: three as pass a, "
        "two as pass b, 13 as neither and two no claim."
    )


@pytest.mark.parametrize("ruling", ["a", "b", "other", "dropped"])
def test_one_ruling_is_said_without_a_slip(ruling):
    said = prose.rulings_sentence(rulings_of(ruling))
    assert said.startswith("One difference between the passes was ruled on")
    assert slips(said) == []


def test_no_rulings_are_said_without_a_slip():
    assert slips(prose.rulings_sentence(rulings_of())) == []


# Everything that the page makes the functions say


def selections():
    """Every topic and phase and some sources alone, and some together, where a claim is left."""
    asked = [{}, {"threshold": 0.51}, {"threshold": 1.0}, {"phase": "acute", "weakest_level": 4}]
    asked += [{"topic": t} for t in DATA.dictionary.vocabulary("propositions", "topic")]
    asked += [{"phase": p} for p in DATA.dictionary.vocabulary("claims", "phase")]
    asked += [{"sources": s} for s in ("S01", "S04", "S02,S08")]
    asked += [{"weakest_level": level} for level in range(1, 5)]
    for parameters in asked:
        try:
            yield select(DATA, **parameters)
        except ParameterError:
            continue


def sentences_of(selected):
    """All that reports say of a selection, proposition by proposition where it is everything."""
    claims = topic_claims(DATA, selected)
    propositions = topic_propositions(DATA, selected)
    summary = summary_of_votes(propositions, claims, selected.threshold)
    pairs = on_topic(
        contradictions(claims, DATA.propositions, DATA.doses), propositions["proposition_id"]
    )
    yield prose.selection_words(DATA, selected)
    yield prose.threshold_sentence(selected)
    yield prose.levels_sentence(claims)
    yield prose.labels_sentence(summary)
    yield prose.disputes_sentence(disputes(pairs), pairs)
    names = prose.author_names(DATA)
    yield from (prose.reconciling_sentence(pair, names) for pair in pairs.to_dict("records"))
    if selected.topic == "all" and selected.is_whole(DATA):
        yield from sentences_of_propositions(summary, votes(claims), selected.threshold, names)


def sentences_of_propositions(summary, cast, threshold, names):
    meanings = DATA.dictionary.meanings("claims", "evidence_level")
    by_proposition = dict(list(cast.groupby("proposition_id")))
    for row in summary.to_dict("records"):
        own = by_proposition.get(row["proposition_id"], cast.head(0))
        counts = Counts(*(row[side] for side in SIDES))
        yield prose.votes_sentence(own, names, len(DATA.sources))
        yield prose.fragility_sentence(counts, threshold, row["label"], row["direction"])
        yield prose.phases_apart_sentence(row["phases_apart"])
        yield prose.level_sentence(row["best_level"], meanings)
    table = appraised(summary, DATA.verdicts, DATA.harms)
    yield prose.cells_sentence(table)
    yield from (prose.verdict_sentence(row) for row in table.to_dict("records"))


def sentences_of_the_coding():
    pairs = match_passes(DATA.passes)
    yield prose.matching_sentence(pairs, unmatched(DATA.passes, pairs))
    yield prose.rulings_sentence(DATA.adjudication)
    for column, kappa in zip(COMPARED, (1.0, 0.0, -0.5, 0.98765, 0.5, float("nan")), strict=True):
        same = int((pairs[f"{column}_a"].astype("str") == pairs[f"{column}_b"].astype("str")).sum())
        row = {"column": column, "same": same, "matched": len(pairs), "kappa": kappa, "ac1": kappa}
        yield prose.agreement_sentence(row)


@pytest.fixture(scope="module")
def said():
    """Every different sentence, or several that belong together, that is said of the page."""
    texts = {text for selected in selections() for text in sentences_of(selected)}
    texts |= {prose.page_sentence(DATA), prose.NOT_EVIDENCE, *sentences_of_the_coding()}
    return sorted(texts - {""})


def test_the_page_makes_them_say_much(said):
    assert len(said) > 200


@pytest.mark.parametrize("slip", SLIPS)
def test_nothing_that_is_said_of_the_page_has_a_slip(said, slip):
    assert [text for text in said if slip in slips(text)] == []


def test_all_that_is_said_begins_with_a_capital_or_a_number(said):
    assert [text for text in said if not re.match("[A-Z0-9]", text)] == []


def test_all_that_is_said_ends_with_one_full_stop(said):
    assert [text for text in said if not re.search(r"[^.!?;:,]\.$", text)] == []


def test_every_sentence_within_begins_with_a_capital_too(said):
    own = [PAGE_WORDS.sub("“…”", text) for text in said]
    assert [text for text in own if re.search(r"[.”] [a-z]", text.replace("” and ", ""))] == []


def test_the_labels_that_are_counted_add_up_to_all_propositions():
    summary = summary_of_votes(DATA.propositions, DATA.claims, DEFAULT)
    counts = re.findall(r"(?:: |, |and )(\w+) (?=“)", prose.labels_sentence(summary))
    assert sum(map(figure, counts)) == len(DATA.propositions)


def test_the_rulings_that_are_counted_add_up_to_all_differences():
    said = prose.rulings_sentence(DATA.adjudication)
    total, *parts = map(figure, re.findall(r"(\w+) (?:diff|as|no claim)", said))
    assert sum(parts) == total == len(DATA.adjudication)


def test_the_sentences_of_the_page_that_are_counted_add_up():
    counted = re.search(
        r"Of (\d+) sentences .* (\d+) with a claim, (\d+) with", prose.page_sentence(DATA)
    )
    total, with_claim, without = map(int, counted.groups())
    assert with_claim + without == total == len(DATA.sentences)

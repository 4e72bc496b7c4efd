"""Sentences: what the tables say, in words that are right for none, one and many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import pandas as pd

from evidence_review.appraisal import CELLS
from evidence_review.dataset import ALL, Dataset
from evidence_review.selection import Selection
from evidence_review.synthesis import NAMED_PHASES, SIDES, WEAKEST_LEVEL, Counts, fragility

NOT_EVIDENCE = "An agreement of posts is not evidence."
DRAFT = "Draft wording for a clinician to check:"
SIDE_WORDS = {
    "for": "for it",
    "conditional": "for it under a condition",
    "against": "against it",
    "divided": "on both sides",
}
PHASE_WORDS = {
    "any": "all patients",
    "acute": "the acute phase",
    "recovery": "recovery",
    "post_op": "the time after surgery",
    "prevention": "prevention",
    "unstated": "no named phase",
}
BASIS_WORDS = {
    "research_cited": "research that can be found",
    "clinical_experience": "patients the author says to have treated",
    "personal_experience": "the author's own course",
    "research_uncited": "research invoked, but not named",
    "mechanism": "an explanation",
    "authority": "an authority",
    "assertion": "nothing offered",
}
LEVEL_WORDS = {
    1: "a review or guideline (level 1)",
    2: "a randomised trial (level 2)",
    3: "an observational study (level 3)",
    4: "cases (level 4)",
    5: "explanation or opinion (level 5)",
}
SHARE_COLUMNS = {
    "proposition_id": "proposition",
    "stance": "stance",
    "evidence_level": "evidence level",
    "basis": "kind of support",
    "phase": "phase",
    "claim_type": "kind of claim",
}
REASON_WORDS = {
    "heading": "of headings",
    "greeting": "of greetings",
    "promotion": "of promotion",
    "question": "of questions",
    "autobiography": "of autobiography",
    "connective": "that only connect",
    "boilerplate": "of the web page itself",
    "unintelligible": "that cannot be understood",
}
VERDICT_WORDS = {
    "supported": "The literature supports it.",
    "contradicted": "The literature contradicts it.",
    "mixed": "The literature is mixed.",
}
PEOPLE = {
    "herniation": "of people with a lumbar disc herniation",
    "sciatica": "of people with sciatica",
    "non-specific": "of people with back pain of no named cause",
    "healthy or laboratory": "of healthy people or in the laboratory",
}
NUMBER_WORDS = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)


def number(count: int) -> str:
    """A count in words up to twelve, in digits with thousands parted above."""
    return NUMBER_WORDS[count] if count < len(NUMBER_WORDS) else f"{count:,}"


def amount(count: int) -> str:
    """A count that stands without its noun: as `number`, but `none` for nothing."""
    return number(count) if count else "none"


def counted(count: int, one: str, many: str | None = None) -> str:
    """A count with its unit: `one claim`, `two claims`, `no claims`."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def sentence(text: str) -> str:
    """A text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def listed(words: Sequence[str], last: str = "and") -> str:
    """Words as a list in a sentence: `a`, `a and b`, `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def author_names(dataset: Dataset) -> dict[str, str]:
    """How each source is called in a sentence: its author, with its number."""
    return {source: f"{author} ({source})" for source, author in dataset.authors.items()}


def selection_words(dataset: Dataset, selection: Selection) -> str:
    """Which claims a report admits, in one sentence."""
    topic = "all topics" if selection.topic == ALL else f"the topic “{selection.topic}”"
    parts = [f"Claims on {topic}"]
    if selection.phase != ALL:
        others = [PHASE_WORDS[phase] for phase in ("any", "unstated") if phase != selection.phase]
        parts.append("said of " + listed([PHASE_WORDS[selection.phase], *others], "or"))
    if selection.weakest_level < 5:
        parts.append(f"that show support of level {selection.weakest_level} or stronger")
    if len(selection.source_ids) < len(dataset.sources):
        names = author_names(dataset)
        parts.append("by " + listed([names[source] for source in selection.source_ids]))
    return f"{', '.join(parts)}."


def threshold_sentence(selection: Selection) -> str:
    """The threshold that agreement is judged by."""
    return f"Agreement is judged at a threshold of {as_decimal(selection.threshold)}."


def as_decimal(value: Fraction) -> str:
    """A fraction as it is: as a decimal number where that has an end, else as `4/7`."""
    decimal = f"{float(value):.6f}".rstrip("0").rstrip(".")
    return decimal if Fraction(decimal) == value else f"{value.numerator}/{value.denominator}"


def label_words(label: str, direction: str) -> str:
    """A label with its side, as it is printed: `agreed, for`."""
    return label if direction == "none" else f"{label}, {direction}"


def votes_sentence(cast: pd.DataFrame, names: Mapping[str, str], sources: int) -> str:
    """Who takes which side on one proposition; `cast` holds its votes, `sources` is how many are.

    Every count has its denominator, every side its authors.
    """
    if cast.empty:
        return f"None of {counted(sources, 'author')} takes a side."
    parts = []
    for side in SIDES:
        who = [names[source] for source in cast.loc[cast["vote"] == side, "source_id"]]
        if who:
            parts.append(f"{number(len(who))} {SIDE_WORDS[side]} ({listed(who)})")
    taking = "takes a side" if len(cast) == 1 else "take a side"
    share = f"{sentence(number(len(cast)))} of {counted(sources, 'author')}"
    return f"{share} {taking}: {listed(parts)}."


def asked_sentence(times: int) -> str:
    """How often the page asks about a proposition without an answer; empty for never."""
    if not times:
        return ""
    often = {1: "once", 2: "twice"}.get(times, f"{number(times)} times")
    return f"The page asks about it {often}; whoever asks gives no answer."


def fragility_sentence(counts: Counts, threshold: Fraction, label: str, direction: str) -> str:
    """How easily a label would be another: one author less, one vote more, another threshold."""
    if not counts.total:
        return "One vote would give it a label."
    found = fragility(counts, threshold)
    now = (label, direction)
    fewer = [
        f"with one author fewer {SIDE_WORDS[side]}: {label_words(other.label, other.direction)}"
        for side, other in found.without.items()
        if (other.label, other.direction) != now
    ]
    more = [
        f"with one more {side} it: {label_words(other.label, other.direction)}"
        for side, other in (("for", found.with_for), ("against", found.with_against))
        if (other.label, other.direction) != now
    ]
    parts = fewer + more
    moved = sentence("; ".join(parts)) if parts else "No single vote would change the label"
    if (found.holds_above, found.holds_up_to) == (Fraction(1, 2), Fraction(1)):
        return f"{moved}. The label holds at every threshold."
    bounds = f"above {as_decimal(found.holds_above)} up to {as_decimal(found.holds_up_to)}"
    return f"{moved}. The label holds for thresholds {bounds}."


def phases_apart_sentence(apart: bool) -> str:
    """What is said of a split whose sides speak of different phases; else empty."""
    if not apart:
        return ""
    return "Those for and those against speak of different phases."


def level_sentence(best_level: int, meanings: Mapping[str, str]) -> str:
    """The strongest support that anybody shows for a proposition or against it."""
    if not best_level:
        return ""
    if best_level == WEAKEST_LEVEL:
        return f"No author shows more for it than {meanings['5']} (level 5, the weakest)."
    return f"The strongest support shown is level {best_level} of 5: {meanings[str(best_level)]}."


def page_sentence(dataset: Dataset) -> str:
    """What the page holds: authors, claims, propositions, sentences accounted for."""
    without = int((dataset.sentences["reason"] != "").sum())
    total = len(dataset.sentences)
    authors, claims = len(dataset.sources), len(dataset.claims)
    return (
        f"{sentence(counted(authors, 'author'))} {'makes' if authors == 1 else 'make'} "
        f"{counted(claims, 'claim')} on {counted(len(dataset.propositions), 'proposition')}. "
        f"Of {counted(total, 'sentence')} on the page, none is left out: "
        f"{amount(total - without)} with a claim, {amount(without)} with a reason why there is "
        "none."
    )


def levels_sentence(claims: pd.DataFrame) -> str:
    """How many claims show nothing that a reader could look up, and how many rest on cases."""
    total = len(claims)
    levels = claims["evidence_level"].astype(int)
    found, cases = int((levels <= 3).sum()), int((levels == 4).sum())
    uncited = int((claims["basis"] == "research_uncited").sum())
    shows = "shows" if found <= 1 else "show"
    parts = [
        f"Of {counted(total, 'claim')}, {amount(found)} {shows} research that can be looked up."
    ]
    others = (
        (cases, "cases (the author's own course, or patients treated)"),
        (total - found - cases, "an explanation, an authority, or nothing"),
    )
    for count, kind in others:
        shows = "shows" if count == 1 else "show"
        parts.append(f"{sentence(counted(count, 'claim'))} {shows} {kind}.")
    if uncited:
        invokes = "invokes" if uncited == 1 else "invoke"
        parts.append(f"{sentence(counted(uncited, 'claim'))} {invokes} research without naming it.")
    return " ".join(parts)


def labels_sentence(summary: pd.DataFrame) -> str:
    """How many propositions have which label, those with several voices first."""
    count = summary["label"].value_counts()
    parts = [
        f"{number(int(count[label]))} “{label}”"
        for label in summary["label"].cat.categories
        if count[label]
    ]
    total = counted(len(summary), "proposition")
    return f"Of {total}: {listed(parts)}." if parts else "There is no proposition."


def disputes_sentence(disputed: pd.DataFrame, pairs: pd.DataFrame) -> str:
    """How many disputes there are, between how many pairs of claims, and what kinds."""
    if disputed.empty:
        return "No two claims that are admitted here contradict each other."
    within = int((disputed["scope"] == "within one source").sum())
    harm = int(disputed["harm"].sum())
    kinds = disputed["kind"].value_counts()
    words = listed([f"{number(int(kinds[kind]))} {kind}" for kind in kinds.index])
    text = f"{sentence(counted(len(disputed), 'dispute'))} "
    text += f"({counted(len(pairs), 'pair')} of claims). By kind: {words}."
    if within:
        text += f" In {counted(within, 'dispute')} two statements of one author do not fit easily."
    if harm:
        text += f" In {counted(harm, 'dispute')} one of the two warns of a harm."
    return text


def reconciling_sentence(pair: Mapping[str, object], names: Mapping[str, str]) -> str:
    """What reconciles the two claims of a contradiction, if anything on the page does."""
    kind = str(pair["kind"])
    first, second = (names[str(pair[f"source_id_{side}"])] for side in "ab")
    phases = [PHASE_WORDS[str(pair[f"phase_{side}"])] for side in "ab"]
    stated = [
        f"{who} states “{pair[f'condition_{side}']}”"
        for who, side in ((first, "a"), (second, "b"))
        if pair[f"condition_{side}"]
    ]
    conditions = f" {sentence(listed(stated))}." if stated else ""
    if kind == "phase":
        return f"They speak of different phases: {phases[0]}, and {phases[1]}.{conditions}"
    if kind == "possibly phase":
        named = next(
            PHASE_WORDS[p]
            for p in (str(pair["phase_a"]), str(pair["phase_b"]))
            if p in NAMED_PHASES
        )
        return (
            f"Perhaps the phase: one speaks of {named}, the other does not say of whom.{conditions}"
        )
    if kind == "conditional":
        return f"One side holds only under a condition.{conditions}"
    if kind == "dose":
        return f"The doses differ: {pair['figure_a']}, and {pair['figure_b']}.{conditions}"
    if stated:
        return f"{conditions.strip()} Whether that reconciles them is open."
    return "Nothing that the page states of phase, dose or condition reconciles them."


def verdict_sentence(row: Mapping[str, Any]) -> str:
    """What the literature says of a proposition, how sure that is, whose rating, and of whom."""
    verdict, directness = str(row["verdict"]), str(row["directness"])
    if verdict == "insufficient":
        near = f"; the nearest studies are {PEOPLE[directness]}" if directness in PEOPLE else ""
        return f"The literature does not decide it{near}."
    people = f"; studies {PEOPLE[directness]}" if directness in PEOPLE else ""
    return f"{VERDICT_WORDS[verdict]} Certainty: {row['certainty']} ({row['rater']}){people}."


def appraisal_words(row: Mapping[str, Any]) -> str:
    """A verdict with its certainty, as it is printed in a table: `mixed (low)`."""
    return f"{row['verdict']} ({row['certainty']})" if row["certainty"] else str(row["verdict"])


def sides_words(counts: Mapping[str, int]) -> str:
    """The votes by side, as they are printed in a table: `2 for, 1 against`."""
    return ", ".join(f"{count} {side}" for side, count in counts.items() if count) or "none"


def source_sentence(dataset: Dataset, source_id: str, claims: pd.DataFrame) -> str:
    """How many claims an author makes on how many propositions, and what they show."""
    own = claims[claims["source_id"] == source_id]
    name = sentence(dataset.authors[source_id])
    propositions = counted(own["proposition_id"].nunique(), "proposition")
    return f"{name} makes {counted(len(own), 'claim')} on {propositions}. {levels_sentence(own)}"


def coverage_sentence(dataset: Dataset, document_id: str) -> str:
    """How the sentences of a document are accounted for."""
    own = dataset.sentences[dataset.sentences["document_id"] == document_id]
    reasons = own.loc[own["reason"] != "", "reason"].astype("str").value_counts()
    without, total = int(reasons.sum()), len(own)
    kinds = [f"{number(int(count))} {REASON_WORDS[str(name)]}" for name, count in reasons.items()]
    listing = f": {listed(kinds)}" if kinds else ""
    return (
        f"Of {counted(total, 'sentence')}, {amount(total - without)} carry a claim and "
        f"{amount(without)} a reason why there is none{listing}. None is left out."
    )


def cells_sentence(appraised: pd.DataFrame) -> str:
    """How many propositions stand where page and literature agree, differ, or are silent."""
    count = appraised["group"].value_counts()
    groups = dict.fromkeys(CELLS.values())
    parts = [f"{number(int(count[group]))} {group}" for group in groups if group in count]
    total = counted(len(appraised), "proposition")
    return f"Page and literature, {total}{': ' if parts else ''}{'; '.join(parts)}."


def matching_sentence(pairs: pd.DataFrame, left: pd.DataFrame) -> str:
    """How many claims of the two passes were matched, and how many only one of them has."""
    a, b = (int((left["pass"] == name).sum()) for name in ("a", "b"))
    return (
        f"Pass a found {counted(len(pairs) + a, 'claim')}, pass b {amount(len(pairs) + b)}. "
        f"On the same passage: {amount(len(pairs))}; found by pass a alone: {amount(a)}; by pass b "
        f"alone: {amount(b)}."
    )


def agreement_sentence(row: Mapping[str, object]) -> str:
    """How the passes agree on one column of the coding, with both coefficients."""
    column = SHARE_COLUMNS[str(row["column"])]
    return (
        f"On the {column} they agree in {row['same']:,} of {row['matched']:,} matched claims: "
        f"kappa {coefficient(row['kappa'])}, AC1 {coefficient(row['ac1'])}."
    )


def coefficient(value: object) -> str:
    """A coefficient of agreement to two places; `not defined` where it is not."""
    number_value = float(str(value))
    return "not defined" if number_value != number_value else f"{number_value:.2f}"


def rulings_sentence(adjudication: pd.DataFrame) -> str:
    """How many differences were ruled on, and how."""
    if adjudication.empty:
        return "The passes differ in nothing."
    ruled = adjudication["ruling"].value_counts()
    words = {"a": "as pass a", "b": "as pass b", "other": "as neither", "dropped": "no claim"}
    parts = [f"{number(int(ruled[key]))} {word}" for key, word in words.items() if ruled.get(key)]
    total = sentence(counted(len(adjudication), "difference"))
    were = "was" if len(adjudication) == 1 else "were"
    return f"{total} between the passes {were} ruled on, each with its reason: {listed(parts)}."

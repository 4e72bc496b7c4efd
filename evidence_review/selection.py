"""What a report is of: the parameters of a notebook, checked against the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import pandas as pd

from evidence_review.dataset import ALL, Dataset
from evidence_review.dictionary import not_one_of
from evidence_review.refusal import ParameterError

DEFAULT_THRESHOLD = 0.75


@dataclass(frozen=True)
class Selection:
    """The claims that a report admits, and the threshold that it judges agreement by.

    `topic`, `phase`, `sources` and `proposition` are `all` or words of the data;
    `weakest_level` is the weakest evidence level that is admitted, from 1 to 5.
    """

    topic: str
    threshold: Fraction
    weakest_level: int
    phase: str
    source_ids: tuple[str, ...]
    proposition: str = ALL

    def is_whole(self, dataset: Dataset) -> bool:
        """Whether every claim is admitted, whatever the topic."""
        return (
            self.phase == ALL
            and self.weakest_level == 5
            and len(self.source_ids) == len(dataset.sources)
        )


def select(
    dataset: Dataset,
    topic: str = ALL,
    threshold: float = DEFAULT_THRESHOLD,
    weakest_level: int = 5,
    phase: str = ALL,
    sources: str = ALL,
    proposition: str = ALL,
) -> Selection:
    """The selection that these parameters describe.

    `sources` is `all` or source ids separated by commas. ParameterError, which names the known
    values, where one is unknown, mistyped or out of range, or where no claim is left (but for a
    proposition alone, on which there may be none).
    """
    selection = Selection(
        topic=_known("topic", topic, dataset.dictionary.vocabulary("propositions", "topic")),
        threshold=_threshold(threshold),
        weakest_level=_level(weakest_level),
        phase=_known("phase", phase, dataset.dictionary.vocabulary("claims", "phase")),
        source_ids=_sources(sources, tuple(dataset.sources["source_id"])),
        proposition=_known("proposition", proposition, tuple(dataset.statements)),
    )
    if proposition == ALL and topic_claims(dataset, selection).empty:
        raise ParameterError(
            f"no claim is left with topic={topic!r}, weakest_level={weakest_level}, "
            f"phase={phase!r}, sources={sources!r}: admit more"
        )
    return selection


def admitted_claims(dataset: Dataset, selection: Selection) -> pd.DataFrame:
    """The claims of every topic that the selection admits.

    A phase admits the claims of that phase, of `any` and of `unstated`: who speaks of all
    patients speaks of those too, and who does not say may.
    """
    claims = dataset.claims
    admitted = claims["source_id"].isin(selection.source_ids)
    admitted &= claims["evidence_level"].astype(int) <= selection.weakest_level
    if selection.phase != ALL:
        admitted &= claims["phase"].isin([selection.phase, "any", "unstated"])
    return claims[admitted].reset_index(drop=True)


def topic_propositions(dataset: Dataset, selection: Selection) -> pd.DataFrame:
    """The selected propositions, in the dictionary's order of topics."""
    propositions = dataset.propositions
    if selection.topic != ALL:
        propositions = propositions[propositions["topic"] == selection.topic]
    if selection.proposition != ALL:
        propositions = propositions[propositions["proposition_id"] == selection.proposition]
    return propositions.sort_values("topic", kind="stable").reset_index(drop=True)


def topic_claims(dataset: Dataset, selection: Selection) -> pd.DataFrame:
    """The admitted claims on the selected propositions."""
    claims = admitted_claims(dataset, selection)
    known = topic_propositions(dataset, selection)["proposition_id"]
    return claims[claims["proposition_id"].isin(known)].reset_index(drop=True)


def check_subjects(dataset: Dataset, values: Mapping[str, object]) -> None:
    """Nothing where the source and the document among some parameters are known.

    ParameterError, which names the known ones, where one is not.
    """
    known = {"source": tuple(dataset.authors), "document": tuple(dataset.documents)}
    for parameter in known.keys() & values.keys():
        value = str(values[parameter])
        if value != ALL and value not in known[parameter]:
            raise ParameterError(f"{parameter}: {not_one_of(value, known[parameter])}")


def _known(parameter: str, value: object, vocabulary: tuple[str, ...]) -> str:
    if not isinstance(value, str):
        raise ParameterError(f"{parameter}: {value!r} is not a text such as '{vocabulary[0]}'")
    if value != ALL and value not in vocabulary:
        raise ParameterError(f"{parameter}: {not_one_of(value, (ALL, *vocabulary))}")
    return value


def _threshold(value: object) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ParameterError(f"threshold: {value!r} is not a number such as {DEFAULT_THRESHOLD}")
    if not 0.5 < value <= 1:
        raise ParameterError(f"threshold: {value} is not above 0.5 and at most 1")
    return Fraction(str(value))


def _level(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 5:
        raise ParameterError(f"weakest_level: {value!r} is not one of 1, 2, 3, 4, 5")
    return value


def _sources(value: object, known: tuple[str, ...]) -> tuple[str, ...]:
    if not isinstance(value, str):
        raise ParameterError(f"sources: {value!r} is not a text such as '{known[0]}'")
    if value == ALL:
        return known
    named = [part.strip() for part in value.split(",")]
    for source_id in named:
        if source_id == ALL:
            raise ParameterError(f"sources: '{ALL}' stands alone, without other sources")
        if source_id not in known:
            raise ParameterError(f"sources: {not_one_of(source_id, (ALL, *known))}")
    return tuple(source_id for source_id in known if source_id in named)

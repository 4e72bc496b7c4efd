"""The data of the interactive page: all that does not depend on what its reader chooses.

What does depend on it (which claims count, votes, labels, how fragile those are) is computed in
`static/explore.js`, as `synthesis` defines it; the cell of page and literature is looked up there
in what `crossings` gives. `tests/test_explore.py` holds the two together in a browser.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup

from evidence_review.appraisal import CELL_MEANINGS, CELLS, appraised, cell_of
from evidence_review.bibliography import short_name
from evidence_review.catalogue import Links
from evidence_review.dataset import ALL, Dataset
from evidence_review.evidence_map import SIDE_SYMBOLS
from evidence_review.literature import UNSIGNED
from evidence_review.markup import Shown, bullets, element
from evidence_review.propositions import times_asked
from evidence_review.prose import (
    DRAFT,
    NOT_EVIDENCE,
    NUMBER_WORDS,
    PHASE_WORDS,
    SIDE_WORDS,
    appraisal_words,
    as_decimal,
    author_names,
    counted,
    label_words,
    labels_sentence,
    sentence,
    verdict_sentence,
)
from evidence_review.quotes import STANCE_SYMBOLS, claim_details, passage, said_parts
from evidence_review.selection import Selection, admitted_claims, topic_propositions
from evidence_review.synthesis import (
    CLAIM_KEY,
    LABELS,
    NAMED_PHASES,
    SIDES,
    summary_of_votes,
)

DIRECTIONS = ("for", "against", "none")


def explorer(dataset: Dataset, selection: Selection, links: Links) -> Shown:
    """The place of the interactive view, its data, and what stands there without scripts.

    `selection` is the default that the page starts from, and points out changes against; it
    admits every claim.
    """
    summary = summary_of_votes(
        topic_propositions(dataset, selection),
        admitted_claims(dataset, selection),
        selection.threshold,
    )
    known = appraised(summary, dataset.verdicts, dataset.harms)
    data = explorer_data(dataset, selection, known, links)
    place = element(
        "div",
        element("p", "The interactive view appears here, in the report and where scripts run."),
        id="explorer",
    )
    return Shown(
        Markup("\n").join([place, _data_block(data), _without_scripts(links)]),
        f"The interactive view of {counted(len(known), 'proposition')} and "
        f"{counted(len(dataset.claims), 'claim')}.\n{labels_sentence(summary)}",
    )


def explorer_data(
    dataset: Dataset, selection: Selection, known: pd.DataFrame, links: Links
) -> dict[str, Any]:
    """What the page is given: words, authors, propositions with their default, claims."""
    kinds, rows = _propositions(dataset, known, links)
    phrases, claims = _claims(dataset, known, links)
    names = _names(dataset)
    return {
        "threshold": as_decimal(selection.threshold),
        "words": _words(dataset),
        "topics": list(dataset.dictionary.vocabulary("propositions", "topic")),
        "authors": [
            {"id": source_id, "name": name, "href": links.source(source_id)}
            for source_id, name in names.items()
        ],
        "crossings": [crossings(*kind) for kind in kinds],
        "propositions": rows,
        "phrases": phrases,
        "claims": claims,
    }


def crossings(verdict: str, certainty: str, directness: str, harm: bool) -> list[int]:
    """The cell of page and literature for every label and direction, by its place in `CELLS`."""
    cells = list(CELLS)
    return [
        cells.index(cell_of(label, direction, verdict, certainty, directness, harm))
        for label in LABELS
        for direction in DIRECTIONS
    ]


def _names(dataset: Dataset) -> dict[str, str]:
    """How each author is called on the page: with the number only where two have one name."""
    names = dataset.authors
    return names if len(set(names.values())) == len(names) else author_names(dataset)


def _words(dataset: Dataset) -> dict[str, Any]:
    """The vocabularies and fixed words, so that they are written down once."""
    return {
        "numbers": list(NUMBER_WORDS),
        "sides": [[side, SIDE_SYMBOLS[side], SIDE_WORDS[side]] for side in SIDES],
        "stances": [
            [stance, STANCE_SYMBOLS[stance], meaning]
            for stance, meaning in dataset.dictionary.meanings("claims", "stance").items()
        ],
        "levels": list(dataset.dictionary.meanings("claims", "evidence_level").values()),
        "phases": [[phase, words, reach(phase)] for phase, words in PHASE_WORDS.items()],
        "directions": list(DIRECTIONS),
        "labels": [
            [label, dataset.dictionary.meanings("conclusions", "label")[label]] for label in LABELS
        ],
        "cells": [[cell, CELL_MEANINGS[cell]] for cell in CELLS],
        "notEvidence": NOT_EVIDENCE,
        "draft": DRAFT,
        "unsigned": UNSIGNED,
    }


def _propositions(
    dataset: Dataset, known: pd.DataFrame, links: Links
) -> tuple[list[tuple[str, str, str, bool]], list[dict[str, Any]]]:
    """The kinds of verdict there are, and each proposition with its kind and its default."""
    topics = list(dataset.dictionary.vocabulary("propositions", "topic"))
    kinds: dict[tuple[str, str, str, bool], int] = {}
    rows = []
    for row in known.to_dict("records"):
        kind = (*(str(row[name]) for name in ("verdict", "certainty", "directness")), row["harm"])
        topic = str(row["topic"])
        rows.append(
            {
                "id": row["proposition_id"],
                "topic": topics.index(topic),
                "statement": row["statement"],
                "href": links.proposition(row["proposition_id"]),
                "asked": times_asked(dataset, row["proposition_id"]),
                "kind": kinds.setdefault(kind, len(kinds)),
                "verdict": verdict_sentence(row),
                "short": appraisal_words(row),
                "teaching": row["teaching_point"],
                "caution": row["safety_note"],
                "signed": row["reviewed_by"],
                "label": label_words(str(row["label"]), row["direction"]),
                "cell": list(CELLS).index(str(row["cell"])),
            }
        )
    return list(kinds), [_filled(row) for row in rows]


def _claims(
    dataset: Dataset, known: pd.DataFrame, links: Links
) -> tuple[list[str], list[dict[str, Any]]]:
    """The phrases that claims are described in, and every claim, both by their places."""
    ids, sources = list(known["proposition_id"]), list(dataset.sources["source_id"])
    stances = list(STANCE_SYMBOLS)
    phases = list(PHASE_WORDS)
    harms = _harms(dataset)
    phrases: dict[str, int] = {}
    claims = []
    for claim in dataset.claims.to_dict("records"):
        before, quote, after = said_parts(dataset, claim)
        details = claim_details(dataset, claim)
        claims.append(
            {
                "of": ids.index(claim["proposition_id"]),
                "by": sources.index(claim["source_id"]),
                "stance": stances.index(str(claim["stance"])),
                "level": int(claim["evidence_level"]),
                "phase": phases.index(str(claim["phase"])),
                "before": before,
                "quote": quote,
                "after": after,
                "details": [phrases.setdefault(part, len(phrases)) for part in details],
                "href": passage(dataset, claim, links),
                "harms": harms.get(tuple(claim[name] for name in CLAIM_KEY), []),
            }
        )
    return list(phrases), [_filled(claim) for claim in claims]


def reach(phase: str) -> int:
    """The named phases that a claim is said of, one bit each; all where it names none."""
    if phase not in NAMED_PHASES:
        return (1 << len(NAMED_PHASES)) - 1
    return 1 << NAMED_PHASES.index(phase)


def _harms(dataset: Dataset) -> dict[tuple[Any, ...], list[str]]:
    """What each claim that could hurt might do, to whom, and what that rests on."""
    gathered: dict[tuple[Any, ...], list[str]] = {}
    for row in dataset.harms.to_dict("records"):
        works = [short_name(dataset.bibliography[work]) for work in row["references"].split()]
        basis = "; ".join(works) if works else "our own reasoning; no clinician, no study"
        severity = sentence(str(row["severity"]))
        words = f"{severity}: could hurt {row['whom']}. {row['how']} Basis: {basis}."
        gathered.setdefault(tuple(row[name] for name in CLAIM_KEY), []).append(words)
    return gathered


def _filled(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row without its empty texts and lists: a page is the lighter for it."""
    return {name: value for name, value in row.items() if value not in ("", [])}


def _data_block(data: Mapping[str, Any]) -> Markup:
    """Data as a block that no browser runs, and that no text in it can end."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return Markup('<script type="application/json" id="explorer-data">{}</script>').format(
        Markup(text)
    )


def _without_scripts(links: Links) -> Markup:
    """What a reader is led to whose browser runs no scripts."""
    begin = [report for report in links.reports if report.menu]
    topics = [report for report in links.reports if report.parameters.get("topic", ALL) != ALL]
    items = [
        element("a", report.title, href=report.file)
        for report in [*begin, *topics]
        if report.notebook != "explore"
    ]
    return element(
        "noscript",
        element("p", "No scripts run here. The same stands on pages that need none:"),
        bullets(items).html,
    )

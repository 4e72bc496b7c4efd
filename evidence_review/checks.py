"""The checks: every rule that the data of a review must keep, each fault in one line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evidence_review.canonical import canonical_rows, closest_words
from evidence_review.checked import Checked, Rule, cells_of, unknown_word
from evidence_review.conclusions import (
    CHANGELOG,
    changes,
    conclusions,
    kept_conclusions,
    read_changelog,
    unannounced,
)
from evidence_review.dataset import (
    INTEGER,
    DataError,
    Fault,
    csv_text,
    load,
    read,
    rows_of,
)
from evidence_review.dictionary import ForeignKey, Table, not_one_of
from evidence_review.document import Document
from evidence_review.literature_checks import LITERATURE_RULES

VERBATIM = {"claims": "quote", "passes": "quote", "sentences": "text", "glossary": "phrase"}
HEAD = re.compile(rf"(?:{INTEGER.pattern})-(?:{INTEGER.pattern})")
CITED_LEVELS = ("1", "2", "3")
EXPERIENCE = ("clinical_experience", "personal_experience")


def check(root: Path, *, concluded: bool = True) -> list[Fault]:
    """Everything that is wrong with the review in `root`, warnings included, nothing changed.

    Where a table cannot be read at all, the rules between tables wait until it can. Without
    `concluded`, the conclusions that are kept are left to `render`: a new review has none yet.
    """
    reading = read(root)
    faults = list(reading.faults)
    if reading.complete:
        checked = Checked(
            root, reading.dictionary, reading.frames, reading.documents, reading.works
        )
        for rule in RULES:
            faults += rule(checked)
    if concluded and not any(not fault.warning for fault in faults):
        faults += conclusion_faults(root)
    return sorted(faults)


def known_references(checked: Checked) -> Iterator[Fault]:
    """Values that must stand in another table and do not."""
    for name, table in checked.dictionary.tables.items():
        for key in table.foreign_keys if name in checked.frames else ():
            own, referenced = checked.frames[name], checked.frames[key.table]
            missing = set(rows_of(own, key.columns)).difference(rows_of(referenced, key.referenced))
            for line, *values in checked.cells(name, *key.columns) if missing else ():
                if tuple(values) in missing:
                    yield _unknown(checked, checked.table(name), line, values, key)


def known_documents(checked: Checked) -> Iterator[Fault]:
    """Rows of a document that the data dictionary does not have."""
    known = tuple(checked.dictionary.documents)
    for name, frame in checked.frames.items():
        if "document_id" in frame:
            for line, value in frame.loc[~frame["document_id"].isin(known), "document_id"].items():
                message = not_one_of(value, known)
                yield Fault(checked.table(name).path, int(str(line)), "document_id", message)


def level_fits_basis(checked: Checked) -> Iterator[Fault]:
    """Pairs of evidence level and basis that the codebook forbids."""
    for name in ("claims", "passes"):
        table = checked.table(name)
        known = table.column("evidence_level").vocabulary
        pairs = set(rows_of(checked.frames[name], ("evidence_level", "basis")))
        wanted = {pair: _wanted(*pair) for pair in pairs if pair[0] in known}
        for line, level, basis in checked.cells(name, "evidence_level", "basis"):
            if wanted.get((level, basis)):
                message = f"level {level} does not go with basis '{basis}': {wanted[level, basis]}"
                yield Fault(table.path, line, "evidence_level", message)


def offsets_in_order(checked: Checked) -> Iterator[Fault]:
    """Offsets that are swapped, empty stretches, or beyond the end of the document."""
    for name in ("claims", "passes", "adjudication", "sources", "sentences", "glossary"):
        path = checked.table(name).path
        for document, rows in checked.placed(name):
            length = len(document.text)
            wrong = rows[(rows["start"] >= rows["end"]) | (rows["end"] > length)]
            for line, start, end in cells_of(wrong, "start", "end"):
                if start >= end:
                    hint = "are they swapped?" if start > end else "the passage is empty"
                    message = f"{start} is not before the end {end}; {hint}"
                    yield Fault(path, line, "start", message)
                else:
                    message = f"{end} is beyond the document, which has {length} characters"
                    yield Fault(path, line, "end", message)


def verbatim_passages(checked: Checked) -> Iterator[Fault]:
    """Quotes that are not, letter for letter, the text at their offsets."""
    for name, column in VERBATIM.items():
        path = checked.table(name).path
        for document, rows in checked.placed(name):
            text = document.text
            for line, start, end, quote in cells_of(rows, "start", "end", column):
                if text[start:end] != quote and start < end <= len(text):
                    answer = checked.answers.get(rows.loc[line].get("source_id", ""))
                    near = closest_words(document, quote, answer, near=start)
                    message = f"is not the text at {start}-{end}; {near}"
                    yield Fault(path, line, column, message)


def inside_one_answer(checked: Checked) -> Iterator[Fault]:
    """Claims whose passage or list head leaves the answer of their source."""
    firsts, lasts = (
        {source_id: answer[column] for source_id, answer in checked.answers.items()}
        for column in ("start", "end")
    )
    for name in ("claims", "passes", "adjudication"):
        path = checked.table(name).path
        for _, rows in checked.placed(name):
            first, last = (rows["source_id"].map(ends) for ends in (firsts, lasts))
            outside = rows[(rows["start"] < first) | (rows["end"] > last)]
            for line, start, end, source_id in cells_of(outside, "start", "end", "source_id"):
                yield Fault(path, line, "start", _leaves(start, end, checked.answers[source_id]))
            if "head" in rows:
                yield from _heads_outside(checked, path, rows[rows["head"] != ""])


def author_of_source(checked: Checked) -> Iterator[Fault]:
    """Claims whose author is not the author of their source."""
    authors = {source_id: row["author"] for source_id, row in checked.answers.items()}
    claims = checked.frames["claims"]
    expected = claims["source_id"].map(authors)
    wrong = claims[expected.notna() & (claims["source_author"] != expected)]
    for line, row in wrong.iterrows():
        message = (
            f"'{row['source_author']}' is not the author of {row['source_id']}, "
            f"which is '{expected[line]}'"
        )
        yield Fault(checked.table("claims").path, int(str(line)), "source_author", message)


def figures_from_the_answer(checked: Checked) -> Iterator[Fault]:
    """Figures that the answer does not have as they are written."""
    for name, column in (("claims", "figure"), ("passes", "figure"), ("doses", "as_written")):
        path = checked.table(name).path
        for document, rows in checked.placed(name):
            given = rows[rows[column] != ""]
            for line, figure, source_id in cells_of(given, column, "source_id"):
                answer = checked.answers[source_id]
                if document.text.find(figure, answer["start"], answer["end"]) < 0:
                    message = f"'{figure}' does not stand in the answer of {source_id}"
                    yield Fault(path, line, column, message)


def doses_in_order(checked: Checked) -> Iterator[Fault]:
    """Doses whose lower end is above the upper."""
    frame = checked.frames["doses"]
    low, high = (pd.to_numeric(frame[name], errors="coerce") for name in ("low", "high"))
    for line, row in frame[low > high].iterrows():
        message = f"{row['low']} is above high, which is {row['high']}; are they swapped?"
        yield Fault(checked.table("doses").path, int(str(line)), "low", message)


def answers_apart(checked: Checked) -> Iterator[Fault]:
    """Answers that overlap, or that do not stand in the order of the page."""
    path = checked.table("sources").path
    for _, group in checked.rows("sources").groupby("document_id", sort=False):
        for (_, before), (line, after) in pairwise(group.iterrows()):
            if after["start"] < before["end"]:
                message = (
                    f"{after['source_id']} begins at {after['start']}, before "
                    f"{before['source_id']} ends at {before['end']}"
                )
                yield Fault(path, int(str(line)), "start", message)


def every_character_in_a_sentence(checked: Checked) -> Iterator[Fault]:
    """Text of a document that no sentence holds, or two; sentences of the wrong source."""
    path = checked.table("sentences").path
    for document, rows in checked.placed("sentences"):
        text, reached = document.text, 0
        for line, start, end in cells_of(rows, "start", "end"):
            if start < reached:
                message = f"{start} is before the last sentence ends, at {reached}"
                yield Fault(path, line, "start", message)
            elif lost := text[reached:start].strip():
                message = f"no sentence holds the text before it: {lost!r}"
                yield Fault(path, line, "start", message)
            reached = max(reached, end)
        if lost := text[reached:].strip()[:60]:
            message = f"no sentence holds the end of {document.document_id}: {lost!r}"
            yield Fault(path, 0, "", message)
        expected = _holders(checked, document, rows)
        wrong = rows["source_id"].to_numpy() != expected
        for (line, given), holder in zip(
            cells_of(rows[wrong], "source_id"), expected[wrong], strict=True
        ):
            yield Fault(path, line, "source_id", _other_holder(given, holder))


def every_sentence_accounted_for(checked: Checked) -> Iterator[Fault]:
    """Sentences that carry neither a claim nor a reason, or both."""
    path = checked.table("sentences").path
    claims = {document.document_id: rows for document, rows in checked.placed("claims")}
    for document, rows in checked.placed("sentences"):
        carried = _overlapping(rows, claims[document.document_id])
        wrong = rows[carried == (rows["reason"] != "")]
        for line, reason, text in cells_of(wrong, "reason", "text"):
            message = f"the sentence has neither a claim nor a reason: {text[:60]!r}"
            if reason:
                message = f"'{reason}' is a reason why no claim is here, but one is"
            yield Fault(path, line, "reason", message)


def questions_ask_propositions(checked: Checked) -> Iterator[Fault]:
    """Sentences that ask a proposition without being a question, or one that is not known."""
    path = checked.table("sentences").path
    known = dict.fromkeys(checked.frames["propositions"]["proposition_id"])
    for line, asks, reason in checked.cells("sentences", "asks", "reason"):
        if asks and reason != "question":
            message = f"'{asks}' is asked only by a sentence whose reason is question"
            yield Fault(path, line, "asks", message)
        for asked in asks.split():
            if asked not in known:
                yield Fault(path, line, "asks", unknown_word(asked, tuple(known)))


def conflicts_once(checked: Checked) -> Iterator[Fault]:
    """Conflicts with an unknown proposition, with itself, stated twice or from the later one."""
    path = checked.table("propositions").path
    frame = checked.frames["propositions"]
    place = {name: number for number, name in enumerate(frame["proposition_id"])}
    seen: set[tuple[str, str]] = set()
    for line, own, others in checked.cells("propositions", "proposition_id", "conflicts_with"):
        for other in others.split():
            if other not in place:
                message = unknown_word(other, tuple(place))
            elif place[other] <= place[own]:
                message = f"'{other}' does not stand below '{own}': state the pair at the earlier"
            elif (own, other) in seen:
                message = f"'{other}' is named twice"
            else:
                seen.add((own, other))
                continue
            yield Fault(path, line, "conflicts_with", message)


def propositions_in_use(checked: Checked) -> Iterator[Fault]:
    """Propositions that no claim bears on: a warning."""
    used = set(checked.frames["claims"]["proposition_id"].tolist())
    frame = checked.frames["propositions"]
    for line, name in frame.loc[~frame["proposition_id"].isin(used), "proposition_id"].items():
        path = checked.table("propositions").path
        message = f"no claim bears on '{name}'"
        yield Fault(path, int(str(line)), "proposition_id", message, warning=True)


def canonical_form(checked: Checked) -> Iterator[Fault]:
    """Tables that are not written in the one canonical way; claims out of document order."""
    claims, readable = checked.frames["claims"], checked.rows("claims")
    # Offsets that are numbers already are not read once more.
    claims = readable if len(readable) == len(claims) else claims
    ordered = canonical_rows(claims, checked.frames["sources"])
    moved = claims.index[claims.index != ordered.index].tolist()
    if moved:
        message = "the rows are not in document order from here on; `format` puts them right"
        yield Fault(checked.table("claims").path, moved[0], "", message)
    for name, frame in checked.frames.items():
        path = checked.table(name).path
        written = (checked.root / path).read_bytes()
        if b"\r" in written or written.startswith(b"\xef\xbb\xbf"):
            continue
        expected = csv_text(frame).encode()
        if written != expected:
            line = _first_difference(written, expected)
            message = "is not in canonical form (quotes only where needed, LF at the end)"
            yield Fault(path, line, "", f"{message}; `format` puts it right")


RULES: tuple[Rule, ...] = (
    known_references,
    known_documents,
    level_fits_basis,
    offsets_in_order,
    verbatim_passages,
    inside_one_answer,
    author_of_source,
    figures_from_the_answer,
    doses_in_order,
    answers_apart,
    every_character_in_a_sentence,
    every_sentence_accounted_for,
    questions_ask_propositions,
    conflicts_once,
    propositions_in_use,
    canonical_form,
    *LITERATURE_RULES,
)


def conclusion_faults(root: Path) -> list[Fault]:
    """The conclusions that are not as they are kept: faults until the change log names them."""
    dataset = load(root)
    path = dataset.dictionary.tables["conclusions"].path
    kept, faults = kept_conclusions(dataset)
    if faults:
        return faults
    if kept is None:
        return [Fault(path, 0, "", "the file is missing; `render` writes it")]
    computed = conclusions(dataset)
    found = changes(kept, computed)
    if not found and (root / path).read_bytes() != csv_text(computed).encode():
        faults.append(Fault(path, 0, "", "is not as `render` writes it, though it says the same"))
    try:
        silent = unannounced(found, read_changelog(root))
    except DataError as error:
        return [*faults, *error.faults]
    for change in found:
        if change in silent:
            message = f"{change.words}; name it in the newest section of {CHANGELOG}, then render"
            faults.append(Fault(path, 0, "", message))
        else:
            message = f"{change.words}; {CHANGELOG} says so, `render` writes it"
            faults.append(Fault(path, 0, "", message, warning=True))
    return faults


def _unknown(
    checked: Checked, table: Table, line: int, values: list[str], key: ForeignKey
) -> Fault:
    """The fault of values that do not stand in the table that a foreign key names."""
    target = checked.table(key.table).path
    if len(values) == 1:
        known = tuple(sorted(set(checked.frames[key.table][key.referenced[0]])))
        message = f"{unknown_word(values[0], known)} in {target}"
    else:
        cells = zip(key.columns, values, strict=True)
        named = ", ".join(f"{column} {value}" for column, value in cells)
        message = f"no row of {target} has {named}"
    return Fault(table.path, line, key.columns[0], message)


def _wanted(level: str, basis: str) -> str:
    """Why an evidence level does not go with a basis, or an empty text."""
    if (basis == "research_cited") != (level in CITED_LEVELS):
        return "levels 1 to 3 are for research_cited and for it alone"
    if (basis in EXPERIENCE) != (level == "4"):
        return f"level 4 is for {' and '.join(EXPERIENCE)} and for them alone"
    return ""


def _heads_outside(checked: Checked, path: str, rows: pd.DataFrame) -> Iterator[Fault]:
    """The list heads that are swapped, or not inside the answer of their source."""
    for line, head, source_id in cells_of(rows, "head", "source_id"):
        if HEAD.fullmatch(head):
            start, end = map(int, head.split("-"))
            answer = checked.answers[source_id]
            if start >= end:
                yield Fault(path, line, "head", f"{start} is not before {end}")
            elif start < answer["start"] or end > answer["end"]:
                yield Fault(path, line, "head", _leaves(start, end, answer))


def _holders(checked: Checked, document: Document, sentences: pd.DataFrame) -> np.ndarray:
    """The source in whose answer each sentence of a document stands; empty where in none."""
    sources = checked.rows("sources")
    own = sources[sources["document_id"] == document.document_id].sort_values("start")
    place = np.searchsorted(own["start"], sentences["start"], side="right") - 1
    # Before the first answer, the place is -1: what stands last here is no answer.
    ids = np.array([*own["source_id"], ""], dtype=object)
    lasts = np.array([*own["end"], -1])
    return np.where(sentences["end"] <= lasts[place], ids[place], "")


def _overlapping(sentences: pd.DataFrame, claims: pd.DataFrame) -> np.ndarray:
    """Which of some sentences hold at least a part of a claim."""
    ordered = claims.sort_values("start")
    # How far the claims reach that begin before the sentence ends; nowhere where there is none.
    reach = np.maximum.accumulate([-1, *ordered["end"]])
    before = np.searchsorted(ordered["start"], sentences["end"], side="left")
    carried: np.ndarray = reach[before] > sentences["start"].to_numpy()
    return carried


def _leaves(start: int, end: int, answer: dict[str, Any]) -> str:
    """What is wrong with a passage that is not inside the answer of its source."""
    place = f"{answer['start']}-{answer['end']}"
    return f"{start}-{end} leaves the answer of {answer['source_id']}, which is {place}"


def _other_holder(given: str, expected: str) -> str:
    """What is wrong with the source of a sentence that stands in another answer, or in none."""
    if not expected:
        return f"'{given}' is given, but the sentence stands inside no answer; expected none"
    wrong = f"'{given}' is not" if given else "is empty, expected"
    return f"{wrong} '{expected}', in whose answer it stands"


def _first_difference(written: bytes, expected: bytes) -> int:
    """The line at which two files differ first."""
    pairs = zip(written.split(b"\n"), expected.split(b"\n"), strict=False)
    for number, (one, other) in enumerate(pairs, start=1):
        if one != other:
            return number
    return written.count(b"\n") + 1

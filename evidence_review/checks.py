"""The checks: every rule that the data of a review must keep, each fault in one line."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import accumulate, pairwise
from pathlib import Path

import pandas as pd

from evidence_review.canonical import canonical_rows, closest_words
from evidence_review.checked import Checked, Rule, unknown_word
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
    read_all,
    read_works,
    rows_of,
)
from evidence_review.dictionary import not_one_of, read_dictionary
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
    dictionary = read_dictionary(root)
    frames, documents, faults = read_all(root, dictionary)
    works, unread = read_works(root)
    faults += unread
    readable = len(frames) == len(dictionary.tables) - 1 and not unread
    if readable and len(documents) == len(dictionary.documents):
        checked = Checked(root, dictionary, frames, documents, works)
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
            known = set(rows_of(referenced, key.referenced))
            for line, values in zip(own.index.tolist(), rows_of(own, key.columns), strict=True):
                if values not in known:
                    yield _unknown(checked, name, line, key.columns, list(values), key.table, known)


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
        known = checked.table(name).column("evidence_level").vocabulary
        for line, row in checked.lines(name):
            level, basis = row["evidence_level"], row["basis"]
            if level not in known:
                continue
            if (basis == "research_cited") != (level in CITED_LEVELS):
                wanted = "levels 1 to 3 are for research_cited and for it alone"
            elif (basis in EXPERIENCE) != (level == "4"):
                wanted = f"level 4 is for {' and '.join(EXPERIENCE)} and for them alone"
            else:
                continue
            message = f"level {level} does not go with basis '{basis}': {wanted}"
            yield Fault(checked.table(name).path, line, "evidence_level", message)


def offsets_in_order(checked: Checked) -> Iterator[Fault]:
    """Offsets that are swapped, empty stretches, or beyond the end of the document."""
    for name in ("claims", "passes", "adjudication", "sources", "sentences", "glossary"):
        path = checked.table(name).path
        for line, row, document in checked.placed(name):
            start, end, length = row["start"], row["end"], len(document.text)
            if start >= end:
                hint = "are they swapped?" if start > end else "the passage is empty"
                yield Fault(path, line, "start", f"{start} is not before the end {end}; {hint}")
            elif end > length:
                message = f"{end} is beyond the document, which has {length} characters"
                yield Fault(path, line, "end", message)


def verbatim_passages(checked: Checked) -> Iterator[Fault]:
    """Quotes that are not, letter for letter, the text at their offsets."""
    answers = checked.answers
    for name, column in VERBATIM.items():
        path = checked.table(name).path
        for line, row, document in checked.placed(name):
            start, end = row["start"], row["end"]
            if start < end <= len(document.text) and document.text[start:end] != row[column]:
                source_id = row.get("source_id", "")
                answer = answers.get(source_id)
                near = closest_words(document, row[column], answer, near=start)
                message = f"is not the text at {start}-{end}; {near}"
                yield Fault(path, line, column, message)


def inside_one_answer(checked: Checked) -> Iterator[Fault]:
    """Claims whose passage or list head leaves the answer of their source."""
    answers = checked.answers
    for name in ("claims", "passes", "adjudication"):
        path = checked.table(name).path
        for line, row, _ in checked.placed(name):
            answer = answers[row["source_id"]]
            first, last = answer["start"], answer["end"]
            spans = {"start": (row["start"], row["end"])}
            if HEAD.fullmatch(row.get("head", "")):
                head, tail = row["head"].split("-")
                spans["head"] = (int(head), int(tail))
            for column, (start, end) in spans.items():
                if start >= end and column == "head":
                    yield Fault(path, line, column, f"{start} is not before {end}")
                elif start < first or end > last:
                    message = (
                        f"{start}-{end} leaves the answer of {row['source_id']}, "
                        f"which is {first}-{last}"
                    )
                    yield Fault(path, line, column, message)


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
    answers = checked.answers
    for name, column in (("claims", "figure"), ("passes", "figure"), ("doses", "as_written")):
        for line, row, document in checked.placed(name):
            if not row[column]:
                continue
            answer = answers[row["source_id"]]
            if row[column] not in document.text[answer["start"] : answer["end"]]:
                message = f"'{row[column]}' does not stand in the answer of {row['source_id']}"
                yield Fault(checked.table(name).path, line, column, message)


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
    answers = checked.rows("sources")
    for document_id, document in checked.documents.items():
        own = answers[answers["document_id"] == document_id].sort_values("start")
        ids, firsts, lasts = (own[name].tolist() for name in ("source_id", "start", "end"))
        reached = 0
        for line, row, _ in (p for p in checked.placed("sentences") if p[2] is document):
            start, end = row["start"], row["end"]
            if start < reached:
                message = f"{start} is before the last sentence ends, at {reached}"
                yield Fault(path, line, "start", message)
            elif document.text[reached:start].strip():
                lost = document.text[reached:start].strip()
                message = f"no sentence holds the text before it: {lost!r}"
                yield Fault(path, line, "start", message)
            reached = max(reached, end)
            place = bisect_right(firsts, start) - 1
            expected = ids[place] if place >= 0 and end <= lasts[place] else ""
            if row["source_id"] != expected:
                message = _other_holder(row["source_id"], expected)
                yield Fault(path, line, "source_id", message)
        if document.text[reached:].strip():
            lost = document.text[reached:].strip()[:60]
            yield Fault(path, 0, "", f"no sentence holds the end of {document_id}: {lost!r}")


def every_sentence_accounted_for(checked: Checked) -> Iterator[Fault]:
    """Sentences that carry neither a claim nor a reason, or both."""
    path = checked.table("sentences").path
    spans: dict[str, list[tuple[int, int]]] = {}
    for _, row, document in checked.placed("claims"):
        spans.setdefault(document.document_id, []).append((row["start"], row["end"]))
    reach = {name: _reach(sorted(found)) for name, found in spans.items()}
    for line, row, document in checked.placed("sentences"):
        firsts, lasts = reach.get(document.document_id, ([], []))
        # Of the claims that begin before the sentence ends, one ends after it begins.
        before = bisect_left(firsts, row["end"])
        carried = before > 0 and lasts[before - 1] > row["start"]
        if carried and row["reason"]:
            message = f"'{row['reason']}' is a reason why no claim is here, but one is"
            yield Fault(path, line, "reason", message)
        elif not carried and not row["reason"]:
            message = f"the sentence has neither a claim nor a reason: {row['text'][:60]!r}"
            yield Fault(path, line, "reason", message)


def questions_ask_propositions(checked: Checked) -> Iterator[Fault]:
    """Sentences that ask a proposition without being a question, or one that is not known."""
    table = checked.table("sentences")
    known = tuple(checked.frames["propositions"]["proposition_id"])
    for line, row in checked.lines("sentences"):
        if row["asks"] and row["reason"] != "question":
            message = f"'{row['asks']}' is asked only by a sentence whose reason is question"
            yield Fault(table.path, line, "asks", message)
        for asked in row["asks"].split():
            if asked not in known:
                yield Fault(table.path, line, "asks", unknown_word(asked, known))


def conflicts_once(checked: Checked) -> Iterator[Fault]:
    """Conflicts with an unknown proposition, with itself, stated twice or from the later one."""
    path = checked.table("propositions").path
    frame = checked.frames["propositions"]
    place = {name: number for number, name in enumerate(frame["proposition_id"])}
    seen: set[tuple[str, str]] = set()
    for line, row in checked.lines("propositions"):
        own = row["proposition_id"]
        for other in row["conflicts_with"].split():
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
    used = set(checked.frames["claims"]["proposition_id"])
    frame = checked.frames["propositions"]
    for line, name in frame.loc[~frame["proposition_id"].isin(used), "proposition_id"].items():
        path = checked.table("propositions").path
        message = f"no claim bears on '{name}'"
        yield Fault(path, int(str(line)), "proposition_id", message, warning=True)


def canonical_form(checked: Checked) -> Iterator[Fault]:
    """Tables that are not written in the one canonical way; claims out of document order."""
    claims = checked.frames["claims"]
    ordered = canonical_rows(claims, checked.frames["sources"])
    moved = [line for line, place in zip(claims.index, ordered.index, strict=True) if line != place]
    if moved:
        message = "the rows are not in document order from here on; `format` puts them right"
        yield Fault(checked.table("claims").path, int(moved[0]), "", message)
    for name, frame in checked.frames.items():
        path = checked.table(name).path
        written = (checked.root / path).read_bytes()
        expected = csv_text(frame).encode()
        if written != expected and b"\r" not in written and not written.startswith(b"\xef\xbb\xbf"):
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


def _reach(spans: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Where sorted spans begin, and how far the ones up to each of them reach."""
    return [first for first, _ in spans], list(accumulate((last for _, last in spans), max))


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
    checked: Checked,
    name: str,
    line: int,
    columns: tuple[str, ...],
    values: list[str],
    table: str,
    known: set[tuple[str, ...]],
) -> Fault:
    path, target = checked.table(name).path, checked.table(table).path
    if len(values) == 1:
        words = unknown_word(values[0], tuple(sorted(key[0] for key in known)))
        return Fault(path, line, columns[0], f"{words} in {target}")
    named = ", ".join(f"{column} {value}" for column, value in zip(columns, values, strict=True))
    return Fault(path, line, columns[0], f"no row of {target} has {named}")


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

"""The checks: a sound review has no fault, and every damage to it is said in one line."""

import csv
import datetime
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from evidence_review import checks, dataset, literature_checks
from evidence_review.appraisal import statement_hash
from evidence_review.checks import RULES, check
from evidence_review.dataset import load, read_table
from evidence_review.dictionary import read_dictionary, suggest
from evidence_review.literature_checks import LITERATURE_RULES

# The rules of the literature have their faults in test_literature.py.
PAGE_RULES = tuple(rule for rule in RULES if rule not in LITERATURE_RULES)
ROOT = Path(__file__).resolve().parents[1]
PACKAGE = json.loads((ROOT / "datapackage.json").read_text(encoding="utf-8"))
TABLES = {r["name"]: r for r in PACKAGE["resources"] if r.get("type") == "table"}
TEXT = next(
    (ROOT / r["path"]).read_bytes().decode() for r in PACKAGE["resources"] if r["format"] == "txt"
)
READ = [name for name in TABLES if name != "conclusions"]
# A page may have nothing for these to say; the others are a mistake where they have no row.
MAY_BE_EMPTY = ("glossary", "doses", "harms", "omissions", "conclusions")
COLUMNS = [(name, field) for name, table in TABLES.items() for field in table["schema"]["fields"]]


@dataclass(frozen=True)
class Found:
    """A fault that the checks must find: where it stands and what its line must say."""

    path: str
    line: int
    column: str
    words: tuple[str, ...]
    warning: bool = False

    def among(self, lines):
        place = f"{self.path}:{self.line}: " if self.line else f"{self.path}: "
        place += "warning: " if self.warning else ""
        place += f"{self.column}: " if self.column else ""
        said = [line.removeprefix(place) for line in lines if line.startswith(place)]
        return any(all(words in line for words in self.words) for line in said)


def summed_up(faults, warnings):
    """The last line of `check`."""
    return (
        f"{len(TABLES)} tables and 1 document(s) checked: {faults} fault(s), {warnings} warning(s)"
    )


def faults_of(review):
    """What `check` prints of a damaged review, which it must refuse and leave as it is."""
    before = review.files()
    ran = review.run("check")
    assert ran.code == 1
    assert review.files() == before
    return ran.lines


@pytest.fixture(scope="module")
def described(untouched):
    """The tables as the data dictionary describes them."""
    return read_dictionary(untouched.root).tables


@pytest.fixture(scope="module")
def sound(untouched, described):
    """By path: the bytes of a table of the real review, and what is read of them."""
    return {
        table.path: (untouched.content(name), read_table(untouched.root, table))
        for name, table in described.items()
    }


@pytest.fixture(autouse=True)
def sound_tables_are_read_once(monkeypatch, sound):
    """What is read depends on the bytes alone, and a copy has those of most tables unchanged."""

    def read(root, table):
        path, (content, (frame, faults)) = root / table.path, sound[table.path]
        if path.is_file() and path.read_bytes() == content:
            return frame.copy(), list(faults)
        return read_table(root, table)

    monkeypatch.setattr(dataset, "read_table", read)


@pytest.fixture(autouse=True)
def no_search_is_old(monkeypatch):
    """In five years every search is old, and the tests are to say what they say today."""
    monkeypatch.setattr(literature_checks, "OLDEST_SEARCH", datetime.timedelta(days=36500))


@pytest.fixture
def only_rule(monkeypatch):
    """Leave one rule of the checks, or none, so that a case is quick and shows who finds it."""

    def leave(*rules):
        monkeypatch.setattr(checks, "RULES", rules)

    return leave


# ------------------------------------------------------------------------------ sound data


def test_the_real_data_has_no_fault_and_no_warning():
    assert check(ROOT) == []


def test_a_sound_review_is_left_as_it_is_and_words_for_missing_stay_text(review):
    for row, word in zip(review.rows("claims"), ("None", "NA", "null", "nan"), strict=False):
        review.put("claims", row.line, condition=word, reading=word)
    before = review.files()
    ran = review.run("check")
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines == [summed_up(0, 0)]
    assert review.files() == before
    claims = load(review.root).claims
    assert list(claims["condition"][:4]) == ["None", "NA", "null", "nan"]
    assert list(claims["reading"][:4]) == ["None", "NA", "null", "nan"]
    assert not claims.isna().any(axis=None)


# --------------------------------------------------------------------- the form of the files

FORMS = []


def form(damage):
    """A way to spoil the form of any table; it gives the line, the column and the words."""
    FORMS.append(damage)
    return damage


def respelt(review, table, change, **dialect):
    """Write a table anew with its rows, the header among them, changed."""
    rows = list(csv.reader(io.StringIO(review.content(table).decode(), newline="")))
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n", **dialect).writerows(change(rows))
    review.rewrite(table, lambda _: out.getvalue().encode())


def last_line(review, table):
    return review.content(table).count(b"\n")


@form
def byte_order_mark(review, table):
    review.rewrite(table, lambda old: b"\xef\xbb\xbf" + old)
    return 1, "", "begins with a byte order mark"


@form
def utf_16(review, table):
    review.rewrite(table, lambda old: old.decode().encode("utf-16"))
    return 1, "", "is not UTF-8 (it looks like UTF-16); save it as “CSV UTF-8”"


@form
def one_letter_of_windows_1252(review, table):
    offset = len(review.content(table)) - 1
    review.rewrite(table, lambda old: old[:-1] + "é".encode("cp1252") + b"\n")
    return last_line(review, table), "", f"is not UTF-8 (byte 0xe9 at offset {offset})"


@form
def crlf(review, table):
    review.rewrite(table, lambda old: old.replace(b"\n", b"\r\n"))
    return 1, "", "lines end in CR or CRLF, expected LF"


@form
def cr_alone(review, table):
    review.rewrite(table, lambda old: old.replace(b"\n", b"\r"))
    return 1, "", "lines end in CR or CRLF, expected LF"


@form
def one_lone_cr(review, table):
    line = last_line(review, table)
    review.rewrite(table, lambda old: old[:-1] + b"\r")
    return line, "", "lines end in CR or CRLF, expected LF"


@form
def nul_byte(review, table):
    review.rewrite(table, lambda old: old[:-1] + b"\0\n")
    return last_line(review, table), "", "holds a NUL byte"


@form
def semicolons(review, table):
    respelt(review, table, lambda rows: rows, delimiter=";")
    return 1, "", "cells are parted by semicolons, expected commas"


@form
def tabs(review, table):
    respelt(review, table, lambda rows: rows, delimiter="\t")
    return 1, "", "cells are parted by tabs, expected commas"


@form
def missing_column(review, table):
    respelt(review, table, lambda rows: [row[:-1] for row in rows])
    return 1, review.header(table)[-1], "is missing from the header"


@form
def extra_column(review, table):
    respelt(review, table, lambda rows: [[*row, "x"] for row in rows])
    return 1, "x", "is not a column of this table"


@form
def column_without_a_name(review, table):
    respelt(review, table, lambda rows: [["", *rows[0]], *(["0", *row] for row in rows[1:])])
    return 1, "(empty)", "is not a column of this table"


@form
def columns_in_another_order(review, table):
    respelt(review, table, lambda rows: [[row[1], row[0], *row[2:]] for row in rows])
    order = ",".join(review.header(table))
    return 1, "", f"the columns are in another order, expected {order}"


@form
def doubled_column(review, table):
    respelt(review, table, lambda rows: [[*row, row[-1]] for row in rows])
    return 1, review.header(table)[-1], "stands 2 times in the header, expected once"


@form
def misspelt_column(review, table):
    name = review.header(table)[-1]
    respelt(review, table, lambda rows: [[*rows[0][:-1], f"{name}s"], *rows[1:]])
    return 1, f"{name}s", f"is not a column of this table (did you mean '{name}'?)"


@form
def miscased_column(review, table):
    name = review.header(table)[0]
    respelt(review, table, lambda rows: [[name.upper(), *rows[0][1:]], *rows[1:]])
    return 1, name.upper(), f"is not a column of this table (did you mean '{name}'?)"


@form
def no_header(review, table):
    respelt(review, table, lambda rows: rows[1:])
    return 1, review.header(table)[0], "is missing from the header"


@form
def a_cell_too_many(review, table):
    line, columns = review.rows(table)[-1].line, len(review.header(table))
    respelt(review, table, lambda rows: [*rows[:-1], [*rows[-1], "x"]])
    return line, "", f"has {columns + 1} cells, expected {columns}; a text with a comma wants"


@form
def a_cell_too_few(review, table):
    line, columns = review.rows(table)[0].line, len(review.header(table))
    respelt(review, table, lambda rows: [rows[0], rows[1][:-1], *rows[2:]])
    return line, "", f"has {columns - 1} cells, expected {columns}"


@form
def an_empty_line_within(review, table):
    review.rewrite(table, lambda old: old.replace(b"\n", b"\n\n", 1))
    return 2, "", "the line is empty; take it away"


@form
def an_empty_line_at_the_end(review, table):
    review.rewrite(table, lambda old: old + b"\n")
    return last_line(review, table), "", "the line is empty; take it away"


@form
def an_unclosed_quote(review, table):
    line = review.rows(table)[-1].line
    lines = review.content(table).splitlines(keepends=True)
    lines[line - 1] = b'"' + lines[line - 1]
    review.rewrite(table, lambda _: b"".join(lines))
    return line, "", "is not CSV: "


@form
def an_empty_file(review, table):
    review.rewrite(table, lambda _: b"")
    return 1, "", "the file is empty; expected a header"


@form
def no_file(review, table):
    (review.root / review.path(table)).unlink()
    return 0, "", "the file is missing"


@pytest.mark.parametrize("damage", FORMS, ids=lambda damage: damage.__name__)
def test_claims_of_a_wrong_form_are_refused(review, damage, only_rule):
    only_rule()
    line, column, words = damage(review, "claims")
    assert Found("claims.csv", line, column, (words,)).among(faults_of(review))


@pytest.mark.parametrize("damage", FORMS, ids=lambda damage: damage.__name__)
def test_the_form_of_every_table_is_checked(review, described, damage):
    missed = []
    for table in TABLES:
        line, column, words = damage(review, table)
        _, faults = read_table(review.root, described[table])
        found = Found(review.path(table), line, column, (words,))
        missed += [] if found.among([str(fault) for fault in faults]) else [table]
    assert missed == []


def test_a_table_saved_in_windows_1252_is_refused_at_its_first_such_letter(review):
    before = review.content("sources").decode()
    review.rewrite("sources", lambda old: old.decode().encode("cp1252"))
    line = before[: before.index("“")].count("\n") + 1
    words = ("is not UTF-8 (byte 0x93 at offset", "save it as “CSV UTF-8”")
    assert Found("references/sources.csv", line, "", words).among(faults_of(review))


@pytest.mark.parametrize("damage", [byte_order_mark, crlf, cr_alone], ids=lambda d: d.__name__)
@pytest.mark.parametrize("table", ["claims", "passes"])
def test_a_form_that_format_puts_right_is_its_only_fault(review, table, damage, only_rule):
    only_rule(checks.verbatim_passages)
    damage(review, table)
    of_file = [line for line in faults_of(review) if line.startswith(review.path(table))]
    assert len(of_file) == 1


@pytest.mark.parametrize(
    ("table", "rule", "words"),
    [
        ("claims", checks.known_references, "doses.csv:2: source_id: no row of claims.csv has "),
        ("sources", checks.known_references, "claims.csv:2: source_id: 'S01' is not known in ref"),
        ("propositions", checks.known_references, "is not known in references/propositions.csv"),
        ("sentences", checks.every_character_in_a_sentence, "sentences.csv: no sentence holds "),
    ],
    ids=["claims", "sources", "propositions", "sentences"],
)
def test_a_table_without_a_row_is_missed(review, table, rule, words, only_rule):
    only_rule(rule)
    review.write(table, [])
    assert any(words in line for line in faults_of(review))


@pytest.mark.parametrize("table", [name for name in TABLES if name not in MAY_BE_EMPTY])
def test_a_header_alone_is_refused_where_rows_must_be(review, table, only_rule):
    only_rule()
    review.write(table, [])
    words = "has 0 row(s), expected at least 1"
    assert Found(review.path(table), 1, "", (words,)).among(faults_of(review))


def test_a_header_alone_is_admitted_where_there_may_be_nothing_to_say(review, described):
    for table in MAY_BE_EMPTY:
        review.write(table, [])
        assert read_table(review.root, described[table])[1] == []


# ------------------------------------------------------------------------------- the cells


def wrong_values(field):
    """Texts that a column does not admit, each with what must be said of it."""
    constraints = field.get("constraints", {})
    known = constraints.get("enum", [])
    if constraints.get("required"):
        yield "", "is empty, expected "
    if known:
        yield "no such word", f"'no such word' is not one of {', '.join(known)}"
        yield "NA", f"'NA' is not one of {', '.join(known)}"
    for word in known:
        yield f"{word} ", f"(did you mean '{word}'?)"
        if word.upper() != word:
            yield word.upper(), f"(did you mean '{word}'?)"
    for word, meant in field.get("synonyms", {}).items():
        yield word, f"'{word}' is not one of {', '.join(known)} (did you mean '{meant}'?)"
    if field["type"] == "integer":
        for text in ("9,812", "9812.0", "9.81E+03", "-1", "+1", "007", " 7", "7 ", "None", "٣"):
            yield text, f"'{text}' is not a whole number, digits only"
    if field["type"] == "number":
        for text in ("2,5", "1e3", "2.50", ".5", "2.", "-1", "1,000", "12-May", "NA"):
            yield text, f"'{text}' is not a number such as 2 or 2.5"
    if field["type"] == "date":
        for text in ("22/11/2026", "22.11.26", "2024-13-45", "20261122", "46348", "null"):
            yield text, f"'{text}' is not a date such as 2026-11-22"
    if "pattern" in constraints:
        for text in ("Ä", " S01", "2019/05/12", "12-May", "a  b"):
            if not re.fullmatch(constraints["pattern"], text):
                yield text, f"'{text}' is not of the form {constraints['pattern']}"


@pytest.mark.parametrize("table", TABLES)
def test_every_value_that_a_column_does_not_admit_is_said_once(review, described, table):
    path, rows = review.path(table), review.rows(table)
    for field in TABLES[table]["schema"]["fields"]:
        column, wrong = field["name"], list(wrong_values(field))
        for first in range(0, len(wrong), len(rows)):
            some = list(zip(rows, wrong[first:], strict=False))
            damaged_rows = [row | {column: value} for row, (value, _) in some]
            review.write(table, damaged_rows + rows[len(some) :])
            _, faults = read_table(review.root, described[table])
            said = [str(fault) for fault in faults if fault.column == column]
            assert len(said) == len(some), column
            found = [(v, Found(path, row.line, column, (words,))) for row, (v, words) in some]
            assert [value for value, fault in found if not fault.among(said)] == [], column


@pytest.mark.parametrize("date", ["2024-13-45", "2026-02-30", "2023-02-29"])
def test_an_answer_of_a_day_that_never_was_is_refused(review, date, only_rule):
    only_rule()
    review.put("sources", 2, date=date)
    words = f"'{date}' is not a date such as 2026-11-22"
    assert Found("references/sources.csv", 2, "date", (words,)).among(faults_of(review))


@pytest.mark.parametrize("date", ["2024-02-29", ""])
def test_an_answer_may_have_a_date_or_none(review, described, date):
    review.put("sources", 2, date=date)
    assert read_table(review.root, described["sources"])[1] == []


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("traction", "Traction"),
        ("TRACTION", "Traction"),
        (" traction ", "Traction"),
        ("MKENZIE", "McKENZIE"),
        ("mckensie", "McKENZIE"),
        ("Pulling", "Traction"),
        ("bed rest", None),
    ],
)
def test_a_word_in_other_letters_is_told_as_the_vocabulary_spells_it(value, meant):
    assert suggest(value, ("Traction", "McKENZIE"), {"pulling": "Traction"}) == meant


@pytest.mark.parametrize(
    ("table", "column"),
    [(t, f["name"]) for t, f in COLUMNS if f.get("constraints", {}).get("unique")],
)
def test_a_value_that_must_be_unique_is_refused_the_second_time(review, table, column, only_rule):
    only_rule()
    first, *_, last = review.rows(table)
    review.put(table, last.line, **{column: first[column]})
    words = f"'{first[column]}' stands already at line {first.line}, expected once"
    assert Found(review.path(table), last.line, column, (words,)).among(faults_of(review))


@pytest.mark.parametrize("table", TABLES)
def test_a_key_that_stands_twice_is_refused(review, table, only_rule):
    only_rule()
    rows = review.rows(table)
    review.write(table, [*rows, rows[1]])
    key = ", ".join(f"{name} {rows[1][name]}" for name in TABLES[table]["schema"]["primaryKey"])
    words = f"the same row key ({key}) stands already at line {rows[1].line}"
    line = review.rows(table)[-1].line
    assert Found(review.path(table), line, "", (words,)).among(faults_of(review))


def test_the_line_is_as_in_the_manual(review, only_rule):
    only_rule()
    review.put("claims", 17, stance="agree")
    assert faults_of(review) == [
        "claims.csv:17: stance: 'agree' is not one of supports, conditional, opposes, unclear "
        "(did you mean 'supports'?)",
        summed_up(1, 0),
    ]


DAMAGED_CELLS = (
    ("claims", "start", "9,812"),
    ("claims", "start", "inf"),
    ("claims", "end", "1e400"),
    ("claims", "end", "NA"),
    ("claims", "head", "May-19"),
    ("passes", "head", "none"),
    ("passes", "start", "-1"),
    ("sources", "start", ""),
    ("sources", "document_id", ""),
    ("sentences", "end", "9812.0"),
    ("glossary", "end", "1e400"),
    ("doses", "low", "1e400"),
)


def test_damaged_cells_are_all_said_and_stop_no_rule(review):
    expected = []
    for place, (table, column, value) in enumerate(DAMAGED_CELLS):
        row = review.rows(table)[place % 10]
        review.put(table, row.line, **{column: value})
        words = f"'{value}' is not " if value else "is empty, expected "
        expected.append(Found(review.path(table), row.line, column, (words,)))
    lines = faults_of(review)
    assert [found for found in expected if not found.among(lines)] == []


def test_an_offset_beyond_every_number_is_a_fault_in_any_table(review, only_rule):
    only_rule()
    row = review.rows("adjudication")[-1]
    review.put("adjudication", row.line, end="9" * 30)
    path = "references/coding/adjudication.csv"
    assert Found(path, row.line, "end", ("9" * 30,)).among(faults_of(review))


# -------------------------------------------------------------------------------- the rules


@dataclass(frozen=True)
class Case:
    """A damage that one rule finds."""

    rule: Callable
    name: str
    damage: Callable

    def __str__(self):
        return f"{self.rule.__name__}: {self.name}"


CASES = []


def damaged(rule, name):
    """A function that damages a review and gives what must be found."""

    def add(damage):
        CASES.append(Case(rule, name, damage))
        return damage

    return add


def cell(rule, name, table, column, fits, changes, words, *, line_of=None):
    """Cells of the first row that fits are changed; the fault is to stand there.

    `changes` and `words` are made from that row and the review.
    """

    def damage(review):
        row = review.row(table, fits)
        said = words(review, row) if callable(words) else words.format(**row)
        review.put(table, row.line, **changes(review, row))
        return Found(review.path(table), row.line, column, (said,))

    CASES.append(Case(rule, name, damage))


def to(**cells):
    """The same new cells for any row."""
    return lambda review, row: cells


def any_row(row):
    return True


def moved(row, column, by):
    return str(int(row[column]) + by)


def answer_of(review, row):
    """The offsets of the answer of a row's source, and of the one behind it."""
    sources = review.rows("sources")
    place = [source["source_id"] for source in sources].index(row["source_id"])
    return [(int(source["start"]), int(source["end"])) for source in sources[place : place + 2]]


# Values of other tables.
for unknown in ("claims", "passes", "adjudication"):
    cell(
        checks.known_references,
        f"a misspelt proposition in {unknown}",
        unknown,
        "proposition_id",
        any_row,
        lambda review, row: {"proposition_id": row["proposition_id"][:-1]},
        lambda review, row: (
            f"'{row['proposition_id'][:-1]}' is not known "
            f"(did you mean '{row['proposition_id']}'?) in references/propositions.csv"
        ),
    )
    cell(
        checks.known_references,
        f"an unknown source in {unknown}",
        unknown,
        "source_id",
        any_row,
        to(source_id="S77"),
        "'S77' is not known",
    )
cell(
    checks.known_references,
    "a dose of no claim",
    "doses",
    "source_id",
    any_row,
    lambda review, row: {"start": moved(row, "start", 1)},
    lambda review, row: (
        f"no row of claims.csv has source_id {row['source_id']}, "
        f"start {moved(row, 'start', 1)}, end {row['end']}, proposition_id {row['proposition_id']}"
    ),
)
cell(
    checks.known_references,
    "a reason of a pass at no sentence",
    "pass-reasons",
    "document_id",
    any_row,
    lambda review, row: {"start": moved(row, "start", 1)},
    lambda review, row: (
        "no row of references/sentences.csv has document_id "
        f"{row['document_id']}, start {moved(row, 'start', 1)}"
    ),
)
for standing in ("glossary", "sentences", "sources", "pass-reasons"):
    cell(
        checks.known_documents,
        f"an unknown document in {standing}",
        standing,
        "document_id",
        any_row,
        to(document_id="lumbar-disc-qa"),
        "'lumbar-disc-qa' is not one of lumbar-disc-exercise-qa "
        "(did you mean 'lumbar-disc-exercise-qa'?)",
    )


# Levels and bases.
LEVEL_4 = "level 4 is for clinical_experience and personal_experience and for them alone"
LEVELS_1_TO_3 = "levels 1 to 3 are for research_cited and for it alone"
for coded, basis, level, wanted in (
    ("claims", "assertion", "4", LEVEL_4),
    ("claims", "personal_experience", "5", LEVEL_4),
    ("claims", "clinical_experience", "5", LEVEL_4),
    ("claims", "mechanism", "1", LEVELS_1_TO_3),
    ("claims", "research_uncited", "2", LEVELS_1_TO_3),
    ("claims", "authority", "3", LEVELS_1_TO_3),
    ("claims", "research_cited", "4", LEVELS_1_TO_3),
    ("claims", "research_cited", "5", LEVELS_1_TO_3),
    ("passes", "assertion", "4", LEVEL_4),
    ("passes", "mechanism", "3", LEVELS_1_TO_3),
):
    cell(
        checks.level_fits_basis,
        f"level {level} with {basis} in {coded}",
        coded,
        "evidence_level",
        any_row,
        to(evidence_level=level, basis=basis),
        f"level {level} does not go with basis '{basis}': {wanted}",
    )


# Offsets.
for placed in ("glossary", "claims", "passes", "adjudication", "sources", "sentences"):
    cell(
        checks.offsets_in_order,
        f"swapped offsets in {placed}",
        placed,
        "start",
        lambda row: row["start"] != "0" and row.line > 5,
        lambda review, row: {"start": row["end"], "end": row["start"]},
        "{end} is not before the end {start}; are they swapped?",
    )
    cell(
        checks.offsets_in_order,
        f"an end beyond the document in {placed}",
        placed,
        "end",
        any_row,
        lambda review, row: {"end": str(len(review.text) + 1)},
        lambda review, row: (
            f"{len(review.text) + 1} is beyond the document, which has "
            f"{len(review.text)} characters"
        ),
    )

cell(
    checks.offsets_in_order,
    "an empty passage",
    "claims",
    "start",
    any_row,
    lambda review, row: {"end": row["start"]},
    "{start} is not before the end {start}; the passage is empty",
)


# Words.
def stands_once(column):
    return lambda row: len(row[column]) > 30 and TEXT.count(row[column]) == 1


def one_letter_off(text):
    middle = len(text) // 2
    return f"{text[:middle]}☃{text[middle + 1 :]}"


for worded, column in (
    ("passes", "quote"),
    ("claims", "quote"),
    ("sentences", "text"),
    ("glossary", "phrase"),
):
    cell(
        checks.verbatim_passages,
        f"one letter of {worded} is another",
        worded,
        column,
        stands_once(column),
        lambda review, row, column=column: {column: one_letter_off(row[column])},
        lambda review, row, column=column: (
            f"is not the text at {row['start']}-{row['end']}; closest is {row[column]!r} at "
            f"{row['start']}-{row['end']}, {100 - 100 / len(row[column]):.0f} % alike"
        ),
    )
    cell(
        checks.verbatim_passages,
        f"offsets of {worded} are one off",
        worded,
        column,
        stands_once(column),
        lambda review, row: {name: moved(row, name, 1) for name in ("start", "end")},
        lambda review, row, column=column: (
            f"is not the text at {moved(row, 'start', 1)}-{moved(row, 'end', 1)}; closest is "
            f"{row[column]!r} at {row['start']}-{row['end']}, 100 % alike"
        ),
    )
cell(
    checks.verbatim_passages,
    "words that stand nowhere",
    "claims",
    "quote",
    any_row,
    to(quote="☃☃☃"),
    "is not the text at {start}-{end}; nothing there is like it",
)
cell(
    checks.verbatim_passages,
    "the closest of several passages is the nearest",
    "claims",
    "quote",
    lambda row: row["source_id"] == "S10" and row["quote"] == "walking",
    lambda review, row: {"start": moved(row, "start", 1)},
    lambda review, row: (
        f"is not the text at {moved(row, 'start', 1)}-{row['end']}; closest is 'walking' at "
        f"{row['start']}-{row['end']}, 100 % alike"
    ),
)


def in_its_own_answer(review, row):
    """The word stands nearer in the answer before, but that is not what the source wrote."""
    (first, last), _ = answer_of(review, row)
    start = review.text.index("swimming", first, last)
    before = review.text.rindex("swimming", 0, first)
    assert int(row["start"]) - before < start - int(row["start"])
    span = f"{row['start']}-{row['end']}"
    return f"is not the text at {span}; closest is 'swimming' at {start}-{start + 8}, 100 % alike"


for worded, column in (("claims", "quote"), ("passes", "quote"), ("sentences", "text")):
    cell(
        checks.verbatim_passages,
        f"the closest passage to one of {worded} is of the same answer",
        worded,
        column,
        lambda row: row["source_id"] == "S05",
        to(**{column: "swimming"}),
        in_its_own_answer,
    )


# Answers.
def into_the_next_answer(review, row):
    end = answer_of(review, row)[1][0] + 20
    changed = {"end": str(end), "quote": review.text[int(row["start"]) : end]}
    return {column: value for column, value in changed.items() if column in row}


def answer_left(column):
    def words(review, row):
        first, last = answer_of(review, row)[0]
        changed = {"end": into_the_next_answer(review, row)["end"]} if column == "start" else {}
        span = f"{row['start']}-{changed['end']}" if changed else "3-7"
        return f"{span} leaves the answer of {row['source_id']}, which is {first}-{last}"

    return words


for coded in ("claims", "passes"):
    cell(
        checks.inside_one_answer,
        f"a list head outside the answer in {coded}",
        coded,
        "head",
        lambda row: row["head"],
        to(head="3-7"),
        answer_left("head"),
    )
    cell(
        checks.inside_one_answer,
        f"a list head with swapped offsets in {coded}",
        coded,
        "head",
        lambda row: row["head"],
        lambda review, row: {"head": "-".join(reversed(row["head"].split("-")))},
        lambda review, row: "{1} is not before {0}".format(*row["head"].split("-")),
    )
for coded in ("claims", "passes", "adjudication"):
    cell(
        checks.inside_one_answer,
        f"a claim across two answers in {coded}",
        coded,
        "start",
        any_row,
        into_the_next_answer,
        answer_left("start"),
    )
    cell(
        checks.inside_one_answer,
        f"a claim in the answer of another in {coded}",
        coded,
        "start",
        lambda row: row["source_id"] == "S01",
        to(source_id="S02"),
        "{start}-{end} leaves the answer of S02, which is ",
    )
cell(
    checks.author_of_source,
    "the author of another source",
    "claims",
    "source_author",
    lambda row: row["source_id"] == "S01",
    lambda review, row: {"source_author": review.rows("sources")[1]["author"]},
    lambda review, row: (
        f"'{review.rows('sources')[1]['author']}' is not the author of S01, "
        f"which is '{row['source_author']}'"
    ),
)
cell(
    checks.author_of_source,
    "a blank behind the author",
    "claims",
    "source_author",
    any_row,
    lambda review, row: {"source_author": f"{row['source_author']} "},
    "'{source_author} ' is not the author of {source_id}, which is '{source_author}'",
)
for figured, column in (("claims", "figure"), ("passes", "figure"), ("doses", "as_written")):
    cell(
        checks.figures_from_the_answer,
        f"a figure that the answer does not have in {figured}",
        figured,
        column,
        lambda row, column=column: row[column],
        lambda review, row, column=column: {column: "77 furlongs"},
        "'77 furlongs' does not stand in the answer of {source_id}",
    )
cell(
    checks.doses_in_order,
    "the lower end above the upper",
    "doses",
    "low",
    lambda row: row["low"] == "180",
    to(low="240", high="180"),
    "240 is above high, which is 180; are they swapped?",
)
cell(
    checks.answers_apart,
    "an answer that begins before the last one ends",
    "sources",
    "start",
    lambda row: row["source_id"] == "S02",
    lambda review, row: {"start": moved(review.row("sources"), "end", -10)},
    lambda review, row: (
        f"S02 begins at {moved(review.row('sources'), 'end', -10)}, before S01 ends at "
        f"{review.row('sources')['end']}"
    ),
)


@damaged(checks.answers_apart, "two answers in the wrong order")
def answers_in_the_wrong_order(review):
    first, second, *rest = review.rows("sources")
    review.write("sources", [second, first, *rest])
    words = f"S01 begins at {first['start']}, before S02 ends at {second['end']}"
    return Found("references/sources.csv", first.line + 1, "start", (words,))


# Sentences.
cell(
    checks.every_character_in_a_sentence,
    "a sentence of the wrong source",
    "sentences",
    "source_id",
    lambda row: row["source_id"] == "S05",
    to(source_id="S04"),
    "'S04' is not 'S05', in whose answer it stands",
)
cell(
    checks.every_character_in_a_sentence,
    "a sentence without its source",
    "sentences",
    "source_id",
    lambda row: row["source_id"] == "S05",
    to(source_id=""),
    "is empty, expected 'S05', in whose answer it stands",
)
cell(
    checks.every_character_in_a_sentence,
    "a sentence of the frame with a source",
    "sentences",
    "source_id",
    lambda row: not row["source_id"],
    to(source_id="S01"),
    "'S01' is given, but the sentence stands inside no answer; expected none",
)
cell(
    checks.every_character_in_a_sentence,
    "a sentence that begins in the one before",
    "sentences",
    "start",
    lambda row: row.line == 50,
    lambda review, row: {"start": moved(row, "start", -5)},
    lambda review, row: (
        f"{moved(row, 'start', -5)} is before the last sentence ends, at "
        f"{review.row('sentences', lambda row: row.line == 49)['end']}"
    ),
)
cell(
    checks.every_character_in_a_sentence,
    "a sentence whose first letters are left out",
    "sentences",
    "start",
    stands_once("text"),
    lambda review, row: {"start": moved(row, "start", 9)},
    lambda review, row: f"no sentence holds the text before it: {row['text'][:9].strip()!r}",
)


@damaged(checks.every_character_in_a_sentence, "a sentence left out")
def a_sentence_left_out(review):
    rows = review.rows("sentences")
    review.write("sentences", [*rows[:50], *rows[51:]])
    words = f"no sentence holds the text before it: {rows[50]['text']!r}"
    return Found("references/sentences.csv", rows[50].line, "start", (words,))


@damaged(checks.every_character_in_a_sentence, "two sentences in the wrong order")
def sentences_in_the_wrong_order(review):
    rows = review.rows("sentences")
    review.write("sentences", [*rows[:50], rows[51], rows[50], *rows[52:]])
    words = f"{rows[50]['start']} is before the last sentence ends, at {rows[51]['end']}"
    return Found("references/sentences.csv", rows[51].line, "start", (words,))


@damaged(checks.every_character_in_a_sentence, "the last sentence left out")
def the_last_sentence_left_out(review):
    *rows, last = review.rows("sentences")
    review.write("sentences", rows)
    words = f"no sentence holds the end of {last['document_id']}: {last['text'].strip()[:60]!r}"
    return Found("references/sentences.csv", 0, "", (words,))


cell(
    checks.every_sentence_accounted_for,
    "a sentence with neither claim nor reason",
    "sentences",
    "reason",
    lambda row: row["reason"] == "heading" and not row["asks"],
    to(reason=""),
    lambda review, row: f"the sentence has neither a claim nor a reason: {row['text'][:60]!r}",
)
cell(
    checks.every_sentence_accounted_for,
    "a sentence with both",
    "sentences",
    "reason",
    lambda row: not row["reason"],
    to(reason="heading"),
    "'heading' is a reason why no claim is here, but one is",
)


@damaged(checks.every_sentence_accounted_for, "a claim taken away")
def a_claim_taken_away(review):
    claims = review.rows("claims")
    last = claims[-1]
    review.write("claims", [row for row in claims if row["start"] != last["start"]])
    sentence = [r for r in review.rows("sentences") if int(r["start"]) <= int(last["start"])][-1]
    words = "the sentence has neither a claim nor a reason"
    return Found("references/sentences.csv", sentence.line, "reason", (words,))


cell(
    checks.questions_ask_propositions,
    "a heading that asks",
    "sentences",
    "asks",
    lambda row: row["reason"] == "greeting",
    to(asks="firm-bed"),
    "'firm-bed' is asked only by a sentence whose reason is question",
)
cell(
    checks.questions_ask_propositions,
    "a question after an unknown proposition",
    "sentences",
    "asks",
    lambda row: row["reason"] == "question",
    to(asks="walking-backwards firm-beds"),
    "'firm-beds' is not known (did you mean 'firm-bed'?)",
)


# Propositions.
def conflicts(name, words, changes):
    cell(
        checks.conflicts_once,
        f"a conflict with {name}",
        "propositions",
        "conflicts_with",
        lambda row: row["conflicts_with"],
        changes,
        words,
    )


conflicts(
    "itself",
    "'{proposition_id}' does not stand below '{proposition_id}': state the pair at the earlier",
    lambda review, row: {"conflicts_with": row["proposition_id"]},
)
conflicts(
    "an earlier one",
    lambda review, row: (
        f"'{review.row('propositions')['proposition_id']}' does not stand below "
        f"'{row['proposition_id']}': state the pair at the earlier"
    ),
    lambda review, row: {"conflicts_with": review.row("propositions")["proposition_id"]},
)
conflicts(
    "an unknown one",
    "'firm-beds' is not known (did you mean 'firm-bed'?)",
    to(conflicts_with="firm-beds"),
)
conflicts(
    "one that is named twice",
    "'firm-bed' is named twice",
    to(conflicts_with="firm-bed firm-bed"),
)


@damaged(checks.propositions_in_use, "a proposition without a claim")
def a_proposition_without_a_claim(review):
    new = {"proposition_id": "nobody-says-it", "topic": "diagnosis", "statement": "Nobody says it."}
    review.write("propositions", [*review.rows("propositions"), new])
    line, words = review.rows("propositions")[-1].line, "no claim bears on 'nobody-says-it'"
    path = review.path("propositions")
    return Found(path, line, "proposition_id", (words,), warning=True)


# Canonical form.
@damaged(checks.canonical_form, "needless quotes in one cell")
def needless_quotes_in_one_cell(review):
    line = review.rows("safety")[3].line
    lines = review.content("safety").splitlines(keepends=True)
    flag, rest = lines[line - 1].split(b",", 1)
    lines[line - 1] = b'"' + flag + b'",' + rest
    review.rewrite("safety", lambda _: b"".join(lines))
    words = "is not in canonical form (quotes only where needed, LF at the end); `format` puts it"
    return Found("references/safety.csv", line, "", (words,))


@damaged(checks.canonical_form, "claims out of document order")
def claims_out_of_document_order(review):
    rows = review.rows("claims")
    review.write("claims", [*rows[:3], rows[5], rows[4], rows[3], *rows[6:]])
    words = "the rows are not in document order from here on; `format` puts them right"
    return Found("claims.csv", rows[3].line, "", (words,))


def needless_quotes(table):
    def damage(review):
        respelt(review, table, lambda rows: rows, quoting=csv.QUOTE_ALL)
        return Found(review.path(table), 1, "", ("is not in canonical form",))

    return damage


def no_line_end_at_the_end(table):
    def damage(review):
        line = last_line(review, table)
        review.rewrite(table, lambda old: old[:-1])
        return Found(review.path(table), line, "", ("is not in canonical form",))

    return damage


for name in READ:
    damaged(checks.canonical_form, f"needless quotes in {name}")(needless_quotes(name))
damaged(checks.canonical_form, "no line end at the end")(no_line_end_at_the_end("claims"))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_damage_is_found_by_its_rule_at_its_place(review, case, only_rule):
    only_rule(case.rule)
    found = case.damage(review)
    assert found.among(faults_of(review))


# ----------------------------------------------------------------------- all rules together


@pytest.fixture(scope="module")
def piled(shared):
    """A review with one damage for each rule, and what must be found of each."""
    first = {}
    for case in CASES:
        first.setdefault(case.rule, case)
    return shared, {rule: first[rule].damage(shared) for rule in RULES if rule in first}


@pytest.fixture(scope="module")
def remembered():
    """A rule that looks at the piled review only once."""
    memory = {}

    def remember(rule):
        def run(checked):
            if rule not in memory:
                memory[rule] = list(rule(checked))
            yield from memory[rule]

        return run

    return remember


def test_all_faults_are_said_at_once_in_the_order_of_the_files(piled):
    review, damages = piled
    *lines, last = faults_of(review)
    assert [rule.__name__ for rule, found in damages.items() if not found.among(lines)] == []
    places = [re.match(r"([^:]+)(?::(\d+))?: ", line).groups(default="0") for line in lines]
    places = [(path, int(line)) for path, line in places]
    assert places == sorted(places)
    warned = sum(": warning: " in line for line in lines)
    assert last == summed_up(len(lines) - warned, warned)


@pytest.mark.parametrize("rule", PAGE_RULES, ids=lambda rule: rule.__name__)
def test_without_a_rule_its_fault_is_not_found(piled, remembered, rule, monkeypatch):
    review, damages = piled
    assert rule in damages, "a rule comes with a fault that it finds"
    kept = tuple(remembered(other) for other in RULES if other is not rule)
    monkeypatch.setattr(checks, "RULES", kept)
    lines = [str(fault) for fault in check(review.root)]
    assert [missed for missed, found in damages.items() if not found.among(lines)] == [rule]


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("claims", "quote"),
        ("passes", "quote"),
        ("adjudication", "reason"),
        ("sentences", "text"),
        ("doses", "as_written"),
    ],
)
def test_other_words_of_an_unknown_source_stop_no_rule(review, table, column, only_rule):
    only_rule(*PAGE_RULES)
    row = review.rows(table)[-1]
    review.put(table, row.line, **{"source_id": "S77", column: "words of my own"})
    assert any(line.startswith(f"{review.path(table)}:{row.line}: ") for line in faults_of(review))


def test_faults_of_several_tables_and_the_document_are_said_though_one_is_unreadable(review):
    semicolons(review, "claims")
    review.put("glossary", 2, reading="")
    review.put("doses", 3, low="2,5")
    (review.root / review.document["path"]).unlink()
    assert faults_of(review) == [
        "claims.csv:1: cells are parted by semicolons, expected commas",
        f"{review.document['path']}: the file is missing",
        "references/doses.csv:3: low: '2,5' is not a number such as 2 or 2.5",
        "references/glossary.csv:2: reading: is empty, expected a text",
        summed_up(4, 0),
    ]


def test_as_a_program_it_prints_the_faults_and_fails(review):
    review.put("claims", 5, phase="Acute")
    ran = subprocess.run(
        [sys.executable, "-m", "evidence_review", "check"],
        cwd=review.root,
        capture_output=True,
        encoding="utf-8",
    )
    assert (ran.returncode, ran.stderr) == (1, "")
    assert ran.stdout.startswith("claims.csv:5: phase: 'Acute' is not one of any, acute, ")


# ------------------------------------------------------------------------- the bibliography


def test_a_missing_bibliography_is_refused(review):
    (review.root / "references/bibliography.json").unlink()
    found = Found("references/bibliography.json", 0, "", ("the file is missing",))
    assert found.among(faults_of(review))


def test_a_bibliography_that_is_cut_off_is_refused_at_the_line(review):
    path = review.root / "references/bibliography.json"
    content = path.read_bytes()[:5000]
    path.write_bytes(content)
    line, words = content.count(b"\n") + 1, "is no CSL-JSON: Expecting "
    assert Found("references/bibliography.json", line, "", (words,)).among(faults_of(review))


def test_a_bibliography_with_crlf_is_not_in_canonical_form(review, only_rule):
    only_rule(literature_checks.bibliography_in_canonical_form)
    path = review.root / "references/bibliography.json"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert any(line.startswith("references/bibliography.json") for line in faults_of(review))


def test_two_works_of_one_id_are_a_fault_that_names_the_id(review, only_rule):
    only_rule(*LITERATURE_RULES)
    works = review.works()
    review.put_works([*works, works[0] | {"title": "Another work"}])
    of_file = [line for line in faults_of(review) if line.startswith("references/bibliography")]
    assert any(works[0]["id"] in line for line in of_file)


@pytest.mark.parametrize(
    ("field", "value"),
    [("id", 5), ("custom", "verified"), ("issued", {"date-parts": []}), ("issued", "2020")],
    ids=["id", "custom", "issued without a date", "issued as text"],
)
def test_a_damaged_work_is_said_and_stops_no_rule(review, only_rule, field, value):
    only_rule(*LITERATURE_RULES)
    works = review.works()
    works[0][field] = value
    review.put_works(works)
    assert any(line.startswith("references/bibliography.json") for line in faults_of(review))


# ----------------------------------------------------------------------------- the document


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda old: old.replace(b"lumbar", b"Lumbar", 1), "the document has changed: SHA-256 "),
        (lambda old: old + b"\n", "put it back byte for byte, since every offset counts on it"),
        (lambda old: b"\xef\xbb\xbf" + old, "the document has changed: SHA-256 "),
        (
            lambda old: old.replace(b"\n", b"\r\n"),
            "the document has changed (its line ends were converted): SHA-256 ",
        ),
        (lambda old: old.decode().encode("utf-16"), "the document has changed"),
        (lambda old: b"", "the document has changed: SHA-256 "),
    ],
    ids=["one letter", "a line more", "byte order mark", "CRLF", "UTF-16", "empty"],
)
def test_a_changed_document_is_refused(review, change, words):
    path = review.root / review.document["path"]
    path.write_bytes(change(path.read_bytes()))
    assert Found(review.document["path"], 0, "", (words,)).among(faults_of(review))


def test_a_missing_document_is_refused(review):
    (review.root / review.document["path"]).unlink()
    found = Found(review.document["path"], 0, "", ("the file is missing",))
    assert found.among(faults_of(review))


# -------------------------------------------------------------------------- the conclusions


def conclusion_is_said(review, *words):
    return Found("reports/conclusions.csv", 0, "", words).among(faults_of(review))


@pytest.fixture
def concluded(review, only_rule):
    """A copy whose change log announces nothing; no rule but the conclusions' is applied."""
    only_rule()
    review.announce()
    return review


def recoded(review):
    """A claim that supports alone, recoded as opposing; its proposition and its words."""
    row = review.row("claims", lambda row: row["stance"] == "supports")
    review.put("claims", row.line, stance="opposes")
    claim = f"{row['source_id']}'s claim at {int(row['start']):,}"
    phase = row["phase"]
    return row["proposition_id"], f"{claim} was recoded (supports {phase} → opposes {phase})"


def test_a_recoded_claim_that_changes_a_conclusion_is_a_fault(concluded):
    proposition, words = recoded(concluded)
    log = "; name it in the newest section of CHANGELOG.md, then render"
    assert conclusion_is_said(concluded, f"`{proposition}`: ", f", because {words}{log}")


def test_a_recoded_claim_is_a_fault_where_there_is_no_change_log(concluded):
    (concluded.root / "CHANGELOG.md").unlink()
    proposition, words = recoded(concluded)
    assert conclusion_is_said(concluded, f"`{proposition}`: ", words)


def test_a_change_log_that_is_not_utf_8_is_one_fault_at_its_line(concluded):
    proposition, _ = recoded(concluded)
    log = f"# Log\n\n## 9.9.9\n\n- `{proposition}`: naïvely recoded.\n- Naïvely.\n"
    (concluded.root / "CHANGELOG.md").write_bytes(log.encode("cp1252"))
    assert faults_of(concluded) == [
        "CHANGELOG.md:5: is not UTF-8; save it as UTF-8",
        summed_up(1, 0),
    ]


def test_an_announced_change_of_a_conclusion_is_a_warning(concluded):
    proposition, words = recoded(concluded)
    concluded.announce(proposition)
    before = concluded.files()
    ran = concluded.run("check")
    said = (f"`{proposition}`: ", f"{words}; CHANGELOG.md says so, `render` writes it")
    assert ran.code == 0
    assert Found("reports/conclusions.csv", 0, "", said, warning=True).among(ran.lines)
    assert concluded.files() == before


def test_a_proposition_without_a_claim_is_a_warning(review):
    found = a_proposition_without_a_claim(review)
    statement = review.rows("propositions")[-1]["statement"]
    verdict = review.rows("verdicts")[-1] | {
        **{"proposition_id": "nobody-says-it", "verdict": "insufficient", "certainty": ""},
        **{"rater": "", "findings": "", "references": "", "rationale": "Nobody looked."},
        "statement_hash": statement_hash(statement),
    }
    review.write("verdicts", [*review.rows("verdicts"), verdict])
    review.announce("nobody-says-it")
    ran = review.run("check")
    assert ran.code == 0
    assert found.among(ran.lines)


def test_missing_conclusions_are_a_fault(concluded):
    (concluded.root / "reports/conclusions.csv").unlink()
    assert conclusion_is_said(concluded, "the file is missing; `render` writes it")


def test_of_the_data_alone_conclusions_are_not_asked_for(concluded):
    """So that a new review can be checked before it is rendered for the first time."""
    (concluded.root / "reports/conclusions.csv").unlink()
    assert concluded.run("check", "--data").code == 0
    concluded.rewrite("claims", lambda content: content.replace(b"supports", b"supprts", 1))
    assert concluded.run("check", "--data").code == 1


def test_a_conclusion_that_was_edited_by_hand_is_a_fault(concluded):
    row = concluded.row("conclusions", lambda row: row["label"] == "split")
    concluded.put("conclusions", row.line, label="agreed", direction="for")
    assert conclusion_is_said(concluded, f"`{row['proposition_id']}`: agreed for → split (")


def test_a_conclusion_that_was_taken_away_is_a_fault(concluded):
    first, *rest = concluded.rows("conclusions")
    concluded.write("conclusions", rest)
    new = f"`{first['proposition_id']}`: is new: {first['label']} "
    assert conclusion_is_said(concluded, new, f", the literature: {first['verdict']}")


def test_a_conclusion_on_no_proposition_is_a_fault(concluded):
    row = concluded.row("conclusions", lambda row: row["label"] == "single voice")
    concluded.write("conclusions", [*concluded.rows("conclusions"), row | {"proposition_id": "x"}])
    assert conclusion_is_said(concluded, f"`x`: is gone; it was single voice {row['direction']}")


def test_conclusions_with_a_header_and_no_row_are_a_fault_each(concluded):
    names = [row["proposition_id"] for row in concluded.rows("conclusions")]
    concluded.write("conclusions", [])
    assert len(faults_of(concluded)) == len(names) + 1
    assert conclusion_is_said(concluded, f"`{names[-1]}`: is new: ")


def test_a_wrong_word_in_the_conclusions_is_said_at_its_line(concluded):
    concluded.put("conclusions", 7, label="Split")
    words = "'Split' is not one of unanswered, single voice, "
    found = Found("reports/conclusions.csv", 7, "label", (words, "(did you mean 'split'?)"))
    assert found.among(faults_of(concluded))


@pytest.mark.parametrize(
    "damage",
    [byte_order_mark, crlf, semicolons, misspelt_column, a_cell_too_many, an_empty_file],
    ids=lambda damage: damage.__name__,
)
def test_conclusions_of_a_wrong_form_are_refused(concluded, damage):
    line, column, words = damage(concluded, "conclusions")
    found = Found("reports/conclusions.csv", line, column, (words,))
    assert found.among(faults_of(concluded))


def test_conclusions_in_another_order_than_they_are_written_in_are_a_fault(concluded):
    first, second, *rest = concluded.rows("conclusions")
    concluded.write("conclusions", [second, first, *rest])
    assert any("conclusions.csv" in line for line in faults_of(concluded))


@pytest.mark.parametrize("damage", [needless_quotes, no_line_end_at_the_end])
def test_conclusions_that_are_not_in_canonical_form_are_a_fault(concluded, damage):
    damage("conclusions")(concluded)
    assert any("conclusions.csv" in line for line in faults_of(concluded))

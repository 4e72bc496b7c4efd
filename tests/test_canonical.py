"""Editing claims.csv: `format` puts it into its one form, `locate` finds a quote's offsets."""

import csv
import io
import json
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence_review import checks
from evidence_review.canonical import formatted_claims, only_place
from evidence_review.dataset import load, read_table
from evidence_review.dictionary import read_dictionary
from evidence_review.document import read_document

BOM = b"\xef\xbb\xbf"


def formatted(review, content):
    """The canonical text of a claims.csv of this content, in bytes."""
    dictionary = read_dictionary(review.root)
    documents = {name: read_document(review.root, d) for name, d in dictionary.documents.items()}
    sources, _ = read_table(review.root, dictionary.tables["sources"])
    return formatted_claims(content, dictionary.tables["claims"], sources, documents).encode()


def as_csv(header, rows, **dialect):
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, header, **({"lineterminator": "\n"} | dialect))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def answer(review, source_id):
    """Where the answer of a source begins, and its text."""
    source = review.row("sources", lambda row: row["source_id"] == source_id)
    start, end = int(source["start"]), int(source["end"])
    return start, review.text[start:end]


def places(review, source_id, words):
    """Every offset at which words stand in the answer of a source, overlapping ones too."""
    first, text = answer(review, source_id)
    return [first + found.start() for found in re.finditer(f"(?={re.escape(words)})", text)]


def is_unique(review, row):
    return len(places(review, row["source_id"], row["quote"])) == 1


def refusal(review):
    """What `format` says where it refuses, having changed nothing."""
    before = review.files()
    ran = review.run("format")
    assert (ran.code, ran.out) == (1, "")
    assert review.files() == before
    return ran.err.splitlines()


# ------------------------------------------------------------------------------------ format


def test_canonical_tables_are_left_as_they_are(review):
    before = review.files()
    ran = review.run("format")
    assert (ran.code, ran.out, ran.err) == (0, "all tables are in canonical form\n", "")
    assert review.files() == before


def shuffled(review):
    rows = review.rows("claims")
    random.Random(7).shuffle(rows)
    return as_csv(review.header("claims"), rows)


def without_authors(review):
    rows = [row | {"source_author": ""} for row in review.rows("claims")]
    return as_csv(review.header("claims"), rows)


def without_offsets(review):
    rows = [
        row | {"start": "", "end": ""} if is_unique(review, row) else row
        for row in review.rows("claims")
    ]
    assert sum(not row["start"] for row in rows) > 200
    return as_csv(review.header("claims"), rows)


def blanks_around_cells(review):
    names = [name for name in review.header("claims") if name != "quote"]
    rows = [row | {name: f" {row[name]}\t" for name in names} for row in review.rows("claims")]
    return as_csv(review.header("claims"), rows)


FORMS = {
    "shuffled rows": shuffled,
    "rows from last to first": lambda r: as_csv(r.header("claims"), r.rows("claims")[::-1]),
    "CRLF": lambda r: r.content("claims").replace(b"\n", b"\r\n"),
    "CRLF between rows": lambda r: as_csv(
        r.header("claims"), r.rows("claims"), lineterminator="\r\n"
    ),
    "CR alone": lambda r: r.content("claims").replace(b"\n", b"\r"),
    "byte order mark": lambda r: BOM + r.content("claims"),
    "as a spreadsheet saves it": lambda r: (
        BOM + as_csv(r.header("claims"), r.rows("claims"), lineterminator="\r\n")
    ),
    "needless quotes": lambda r: as_csv(
        r.header("claims"), r.rows("claims"), quoting=csv.QUOTE_ALL
    ),
    "no line end at the end": lambda r: r.content("claims")[:-1],
    "authors left out": without_authors,
    "offsets left out": without_offsets,
    "blanks around cells": blanks_around_cells,
}


@pytest.mark.parametrize("form", FORMS)
def test_claims_are_put_into_their_one_form(review, form):
    sound = review.content("claims")
    review.rewrite("claims", lambda _: FORMS[form](review))
    assert review.content("claims") != sound
    ran = review.run("format")
    assert (ran.code, ran.out, ran.err) == (0, "written anew: claims.csv\n", "")
    assert review.content("claims") == sound


SPOILT = {
    "byte order mark": lambda old: BOM + old,
    "CRLF": lambda old: old.replace(b"\n", b"\r\n"),
    "no line end": lambda old: old[:-1],
    "needless quotes": lambda old: b'"' + old.replace(b",", b'",', 1),
}


@pytest.mark.parametrize("form", SPOILT)
def test_what_the_checks_say_that_format_puts_right_it_puts_right(review, form, monkeypatch):
    monkeypatch.setattr(checks, "RULES", (checks.canonical_form,))
    sound = {name: review.content(name) for name in review.tables if name != "conclusions"}
    for table in sound:
        review.rewrite(table, SPOILT[form])
    lines = [line for line in review.run("check").lines if "`format`" in line]
    assert all(any(line.startswith(review.path(table)) for line in lines) for table in sound)
    assert review.run("format").code == 0
    assert [table for table in sound if review.content(table) != sound[table]] == []


@pytest.mark.parametrize("form", ["byte order mark", "CRLF"])
def test_the_checks_promise_nothing_that_format_does_not_do(review, form, monkeypatch):
    monkeypatch.setattr(checks, "RULES", ())
    sound = review.content("conclusions")
    review.rewrite("conclusions", SPOILT[form])
    promised = "`format`" in review.run("check").out
    review.run("format")
    assert not promised or review.content("conclusions") == sound


def test_the_bibliography_is_put_into_its_one_form(review):
    path = review.root / "references/bibliography.json"
    sound = path.read_bytes()
    path.write_text(json.dumps(review.works()[::-1]), encoding="utf-8")
    assert review.run("format").out == "written anew: references/bibliography.json\n"
    assert path.read_bytes() == sound


def test_formatting_drops_no_work_of_the_bibliography(review):
    works = review.works()
    review.put_works([*works, works[0] | {"title": "Another work"}])
    review.run("format")
    assert len(review.works()) == len(works) + 1


def test_formatting_twice_is_formatting_once(review):
    review.rewrite("claims", lambda _: BOM + shuffled(review))
    review.rewrite("safety", lambda old: old[:-1])
    ran = review.run("format")
    assert ran.out == "written anew: claims.csv, references/safety.csv\n"
    once = review.files()
    assert review.run("format").out == "all tables are in canonical form\n"
    assert review.files() == once


@settings(max_examples=10, derandomize=True, deadline=None)
@given(seed=st.integers(0, 2**32), data=st.data())
def test_however_the_rows_are_shuffled_and_stripped_the_bytes_are_the_same(untouched, seed, data):
    rows = untouched.rows("claims")
    for row in rows:
        if row.line % 3 == seed % 3:
            row["source_author"] = ""
        if row.line % 5 == seed % 5 and is_unique(untouched, row):
            row["start"] = row["end"] = ""
    random.Random(seed).shuffle(rows)
    quoting = data.draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    content = as_csv(untouched.header("claims"), rows, quoting=quoting)
    assert formatted(untouched, content) == untouched.content("claims")


def test_a_claim_from_a_spreadsheet_gets_author_offsets_and_place(review):
    sound = review.content("claims")
    rows = review.rows("claims")
    new = next(row for row in rows[20:] if is_unique(review, row))
    rest = [row for row in rows if row is not new]
    review.write("claims", [*rest, new | {"source_author": "", "start": "", "end": ""}])
    assert review.run("format").code == 0
    assert review.content("claims") == sound


def test_a_quote_of_two_answers_is_found_in_that_of_its_source(review):
    row = review.row(
        "claims", lambda row: review.text.count(row["quote"]) > 1 and is_unique(review, row)
    )
    sound = review.content("claims")
    review.put("claims", row.line, start="", end="")
    assert review.run("format").code == 0
    assert review.content("claims") == sound


def test_a_quote_that_stands_twice_in_its_answer_is_refused_with_both_places(review):
    rows = [r for r in review.rows("claims") if len(places(review, r["source_id"], r["quote"])) > 1]
    expected = []
    for row in rows:
        review.put("claims", row.line, start="", end="")
        found = places(review, row["source_id"], row["quote"])
        spans = ", ".join(f"{start}-{start + len(row['quote'])}" for start in found)
        expected.append(
            f"claims.csv:{row.line}: quote: stands {len(found)} times in this answer, at {spans}: "
            "choose one"
        )
    assert {"one set of 30 reps.", "walking"} <= {row["quote"] for row in rows}
    assert refusal(review) == expected


def test_the_sentences_that_an_answer_has_twice_are_refused_with_their_places(untouched):
    data = load(untouched.root)
    repeated = data.sentences[data.sentences.duplicated(["source_id", "text"], keep=False)]
    sources = data.sources.set_index("source_id")
    assert set(repeated["source_id"]) == {"S07", "S08"}
    for source_id, text in set(zip(repeated["source_id"], repeated["text"], strict=True)):
        source = sources.loc[source_id]
        starts = list(repeated.loc[repeated["text"] == text, "start"])
        with pytest.raises(LookupError) as refused:
            only_place(data.document_of(source_id), text, source)
        assert all(f"{start}-{start + len(text)}" in str(refused.value) for start in starts)
        assert f"stands {len(starts)} times in this answer" in str(refused.value)


def test_a_quote_with_a_wrong_letter_is_refused_with_the_closest_passage(review):
    row = review.row("claims", lambda row: len(row["quote"]) > 50 and is_unique(review, row))
    middle = len(row["quote"]) // 2
    wrong = f"{row['quote'][:middle]}☃{row['quote'][middle + 1 :]}"
    review.put("claims", row.line, start="", end="", quote=wrong)
    alike = 100 - 100 / len(wrong)
    assert refusal(review) == [
        f"claims.csv:{row.line}: quote: does not stand in this answer; closest is "
        f"{row['quote']!r} at {row['start']}-{row['end']}, {alike:.0f} % alike"
    ]


def test_a_quote_of_another_answer_is_refused_with_the_closest_of_its_own(review):
    row = review.row("claims", lambda row: row["source_id"] == "S02")
    other = next(r for r in review.rows("claims")[::-1] if review.text.count(r["quote"]) == 1)
    review.put("claims", row.line, start="", end="", quote=other["quote"])
    (said,) = refusal(review)
    start, end = map(int, re.search(r"at (\d+)-(\d+), \d+ % alike$", said).groups())
    first, text = answer(review, "S02")
    assert first <= start < end <= first + len(text)


def test_a_quote_that_is_like_nothing_is_refused(review):
    review.put("claims", 9, start="", end="", quote="☃☃☃")
    assert refusal(review) == [
        "claims.csv:9: quote: does not stand in this answer; nothing there is like it"
    ]


def test_the_refused_rows_are_all_said_at_once(review):
    for line in (4, 9, 12):
        review.put("claims", line, start="", end="", quote="☃☃☃")
    assert [line.split(": ")[0] for line in refusal(review)] == [
        "claims.csv:4",
        "claims.csv:9",
        "claims.csv:12",
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda old: old.decode().replace(",", ";").encode(), ":1: cells are parted by semicolons"),
        (lambda old: old[:-1] + b",x\n", " cells, expected 15"),
        (lambda old: old[:-1] + b"\xe9\n", " is not UTF-8 "),
        (lambda old: old.replace(b"stance", b"stanse", 1), ":1: stance: is missing from the head"),
        (lambda old: b"", ":1: the file is empty; expected a header"),
    ],
    ids=["semicolons", "ragged", "not UTF-8", "header", "empty"],
)
def test_a_file_that_is_no_table_of_claims_is_refused(review, change, words):
    review.rewrite("claims", lambda old: BOM + change(old).replace(b"\n", b"\r\n"))
    lines = refusal(review)
    assert any(line.startswith("claims.csv:") and words in line for line in lines)
    assert not any("`format`" in line for line in lines)


def semicolons_in(table):
    return lambda review: review.rewrite(table, lambda old: old.replace(b",", b";"))


def a_bibliography_cut_off(review):
    path = review.root / "references/bibliography.json"
    path.write_bytes(path.read_bytes()[:5000])


@pytest.mark.parametrize(
    ("spoil", "place"),
    [
        *((semicolons_in(table), f"references/{table}.csv:1: ") for table in ("sources", "safety")),
        (semicolons_in("adjudication"), "references/coding/adjudication.csv:1: "),
        (semicolons_in("conclusions"), "reports/conclusions.csv:1: "),
        (a_bibliography_cut_off, "references/bibliography.json:"),
    ],
    ids=["sources", "safety", "adjudication", "conclusions", "bibliography"],
)
def test_where_one_table_is_refused_none_is_written(review, spoil, place):
    for table in ("claims", "propositions", "glossary"):
        review.rewrite(table, SPOILT["CRLF"])
    spoil(review)
    (said,) = refusal(review)
    assert said.startswith(place)


def test_without_claims_it_says_how_they_come_back(review):
    (review.root / "claims.csv").unlink()
    assert refusal(review) == [
        "claims.csv: the file is missing; `git restore claims.csv` brings it back as it was "
        "committed"
    ]


@pytest.mark.parametrize("command", [("format",), ("locate", "walking")], ids=["format", "locate"])
def test_without_the_document_it_says_how_it_comes_back(review, command):
    path = review.document["path"]
    (review.root / path).unlink()
    ran = review.run(*command)
    cure = f"`git restore {path}` brings it back as it was committed"
    assert (ran.code, ran.out, ran.err) == (1, "", f"{path}: the file is missing; {cure}\n")


def test_offsets_in_an_unknown_document_are_left_empty(review):
    row = review.row("claims", lambda row: is_unique(review, row))
    source = review.row("sources", lambda source: source["source_id"] == row["source_id"])
    review.put("sources", source.line, document_id="another-page")
    review.put("claims", row.line, start="", end="", source_author="")
    assert review.run("format").code == 0
    kept = review.row("claims", lambda claim: claim["quote"] == row["quote"] and not claim["end"])
    assert kept == row | {"start": "", "end": ""}


def test_one_offset_alone_is_not_guessed(review):
    row = review.row("claims", lambda row: is_unique(review, row))
    review.put("claims", row.line, end="")
    assert review.run("format").code == 0
    assert review.row("claims", lambda row: not row["end"])["start"] == row["start"]


def test_offsets_that_are_there_are_not_changed(review):
    row = review.rows("claims")[-1]
    review.put("claims", row.line, start="9812", quote="words of my own")
    rows = review.rows("claims")
    assert review.run("format").code == 0
    assert sorted(map(repr, review.rows("claims"))) == sorted(map(repr, rows))


def test_a_claim_of_an_unknown_source_is_kept_at_the_end(review):
    row = review.rows("claims")[4]
    review.put("claims", row.line, source_id="S77", start="", end="", source_author="")
    assert review.run("format").code == 0
    assert review.rows("claims")[-1] == row | {
        "source_id": "S77",
        "start": "",
        "end": "",
        "source_author": "",
    }


def test_the_quote_alone_keeps_its_blanks(review):
    review.put("claims", 5, quote=" a quote ", condition=" a condition ")
    assert review.run("format").code == 0
    row = review.row("claims", lambda row: row.line == 5)
    assert (row["quote"], row["condition"]) == (" a quote ", "a condition")


# ------------------------------------------------------------------------------------ locate


def test_locate_gives_the_offsets_of_every_quote_of_the_data(untouched):
    before = untouched.files()
    answers = {row["source_id"]: answer(untouched, row["source_id"]) for row in sources(untouched)}
    for row in untouched.rows("claims"):
        ran = untouched.run("locate", row["quote"])
        assert (ran.code, ran.err) == (0, "")
        own = f"{row['source_id']},{row['source_author']},{row['start']},{row['end']}"
        assert own in ran.lines
        for line in ran.lines:
            source_id, start, end = re.fullmatch(r"(\w+),.+,(\d+),(\d+)", line).groups()
            first, text = answers[source_id]
            assert text[int(start) - first : int(end) - first] == row["quote"]
    assert untouched.files() == before


def sources(review):
    return review.rows("sources")


def test_locate_prints_the_first_cells_of_a_claim(untouched):
    row = untouched.row("claims", lambda row: untouched.text.count(row["quote"]) == 1)
    cells = untouched.run("locate", row["quote"]).out.removesuffix("\n").split(",")
    assert cells == list(row.values())[: len(cells)]


def test_locate_gives_every_place_in_every_answer(untouched):
    expected = [
        f"{row['source_id']},{row['author']},{start},{start + 7}"
        for row in sources(untouched)
        for start in places(untouched, row["source_id"], "walking")
    ]
    assert len(expected) > 10
    assert untouched.run("locate", "walking").lines == expected


def test_locate_looks_in_one_answer_where_it_is_named(untouched):
    found = places(untouched, "S04", "walking")
    lines = untouched.run("locate", "walking", "--source", "S04").lines
    assert len(found) > 1
    assert [line.split(",")[0] for line in lines] == ["S04"] * len(found)
    assert [int(line.split(",")[2]) for line in lines] == found


@pytest.mark.parametrize(("source", "hint"), [("s04", " (did you mean 'S04'?)"), ("Fang", "")])
def test_locate_refuses_an_unknown_source(untouched, source, hint):
    ran = untouched.run("locate", "walking", "--source", source)
    known = ", ".join(row["source_id"] for row in sources(untouched))
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"--source: '{source}' is not one of {known}{hint}\n"


def test_locate_gives_the_closest_passage_of_words_that_do_not_stand_there(untouched):
    row = untouched.row("claims", lambda row: untouched.text.count(row["quote"]) == 1)
    middle = len(row["quote"]) // 2
    wrong = f"{row['quote'][:middle]}☃{row['quote'][middle + 1 :]}"
    ran = untouched.run("locate", wrong)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        f"{untouched.document['name']}: closest is {row['quote']!r} at "
        f"{row['start']}-{row['end']}, {100 - 100 / len(wrong):.0f} % alike\n"
    )


def test_locate_gives_the_closest_passage_of_the_answer_that_is_named(untouched):
    row = untouched.row("claims", lambda row: row["source_id"] != "S02" and len(row["quote"]) > 40)
    ran = untouched.run("locate", row["quote"], "--source", "S02")
    start, end = map(int, re.search(r"at (\d+)-(\d+), \d+ % alike$", ran.err).groups())
    first, text = answer(untouched, "S02")
    assert (ran.code, ran.out) == (1, "")
    assert first <= start < end <= first + len(text)


@pytest.mark.parametrize("words", ["☃☃☃", "", "walking " * 9000])
def test_locate_says_that_nothing_is_like_it(untouched, words):
    ran = untouched.run("locate", words)
    name = untouched.document["name"]
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"{name}: nothing there is like it\n"


def across_two_answers(review):
    first, second, *_ = sources(review)
    return review.text[int(first["end"]) - 20 : int(second["start"]) + 20]


@pytest.mark.parametrize(
    "words",
    [lambda review: review.document["title"], across_two_answers],
    ids=["title", "across two answers"],
)
def test_locate_says_of_words_inside_no_answer_where_they_stand(untouched, words):
    quote, name = words(untouched), untouched.document["name"]
    start = untouched.text.index(quote)
    ran = untouched.run("locate", quote)
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines == [f"{name}: stands at {start}-{start + len(quote)}, inside no answer"]


def test_locate_gives_the_closest_of_the_named_answer_to_words_inside_no_answer(untouched):
    ran = untouched.run("locate", untouched.document["title"], "--source", "S04")
    first, text = answer(untouched, "S04")
    start, end = map(int, re.search(r"at (\d+)-(\d+), \d+ % alike$", ran.err).groups())
    assert (ran.code, ran.out) == (1, "")
    assert first <= start < end <= first + len(text)


@pytest.mark.parametrize("command", [("format",), ("locate", "walking")], ids=["format", "locate"])
def test_a_damaged_offset_of_a_source_is_said(review, command):
    source = sources(review)[0]
    claim = review.row("claims", lambda row: row["source_id"] == source["source_id"])
    review.put("claims", claim.line, start="", end="")
    review.put("sources", source.line, end="3,113")
    ran = review.run(*command)
    assert ran.code == 1
    assert f"references/sources.csv:{source.line}: end: '3,113' is not a whole number" in ran.err

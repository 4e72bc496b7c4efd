"""The words of a report: plain English in the fixed text, and never an id where words could stand.

The measure is the grade of Kincaid and others (1975), the years of school that a text asks for.
It is taken of what we wrote: not of the quotes, nor of what is said of the literature.
"""

import json
import re
from fractions import Fraction
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pyphen
import pytest

from evidence_review import literature, prose, safety, synthesis
from evidence_review.appraisal import CELL_MEANINGS, appraised
from evidence_review.dataset import CODING, load
from evidence_review.dictionary import find_root

ROOT = find_root(Path(__file__).parent)
PAGES = sorted((ROOT / "reports").glob("*.html"))
# What a reader of fourteen follows, as patient information aims at; one sentence may ask for more.
HIGHEST_GRADE = 9.0
HIGHEST_SENTENCE = 18.0
HYPHENS = pyphen.Pyphen(lang="en_US")


def sentences(text):
    """The sentences of a text; an item of a list is one. Headings are none."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    parts = [part for line in lines for part in re.split(r"(?<=[.!?])[”\"*]*\s+", line)]
    return [part for part in parts if len(words(part)) > 2]


def words(text):
    """The words of a text; numbers are none, and what is quoted is not ours."""
    return re.findall(r"[A-Za-z]+(?:['’][a-z]+)?", re.sub(r"“[^”]*”", "", text))


def syllables(word):
    """The syllables of a word: where it may be hyphenated, or its vowels, whichever is more."""
    vowels = re.findall("[aeiouy]+", re.sub("(?<=[^l])(?:e|es|ed)$", "", word.lower()))
    return max(len(HYPHENS.positions(word.lower())) + 1, len(vowels), 1)


def grade(*parts):
    """The years of school that some sentences ask for (Kincaid and others 1975)."""
    found = [word for part in parts for word in words(part)]
    length, weight = len(found) / len(parts), sum(map(syllables, found)) / len(found)
    return 0.39 * length + 11.8 * weight - 15.59


def markdown(path):
    """The texts of a notebook that its reports show, headings included."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join(
        "".join(cell["source"])
        for cell in cells
        if cell["cell_type"] == "markdown"
        and "notebook-only" not in cell["metadata"].get("tags", [])
    )


@cache
def fixed_texts():
    """What we wrote, by where it stands, as it is for the data that there is."""
    data, coding = load(ROOT), load(ROOT, topic=CODING)
    threshold = Fraction(3, 4)
    summary = synthesis.summary_of_votes(data.propositions, data.claims, threshold)
    known = appraised(summary, data.verdicts, data.harms)
    pairs = synthesis.contradictions(data.claims, data.propositions, data.doses)
    disputed = synthesis.disputes(pairs)
    names = prose.author_names(data)
    rows = known.to_dict("records")
    first = [pairs.loc[place].to_dict() for place in disputed["first"]]
    counts = [synthesis.Counts(*(row[side] for side in synthesis.SIDES)) for row in rows]
    said = {
        "bottom line": [
            prose.page_sentence(data),
            prose.labels_sentence(summary),
            prose.levels_sentence(data.claims),
            prose.disputes_sentence(disputed, pairs),
            prose.cells_sentence(known),
        ],
        "authors": [
            prose.source_sentence(data, source, data.claims) for source in data.sources["source_id"]
        ],
        "the document": [
            prose.coverage_sentence(data, document_id) for document_id in data.documents
        ],
        "how fragile": [
            prose.fragility_sentence(count, threshold, row["label"], row["direction"])
            for count, row in zip(counts, rows, strict=True)
        ],
        "what reconciles": [prose.reconciling_sentence(pair, names) for pair in first],
        "verdicts": [prose.verdict_sentence(row) for row in rows],
        "rulings": [prose.rulings_sentence(coding.adjudication)],
        "cells": [f"{meaning}." for meaning in CELL_MEANINGS.values()],
        "labels": [f"{m}." for m in data.dictionary.meanings("conclusions", "label").values()],
        "signs": [safety.red_flags(data, "your emergency number").text],
        "limits": [safety.what_this_is_not(data).text],
        "appraisals": [literature.UNSIGNED],
    }
    texts = {name: "\n".join(dict.fromkeys(parts)) for name, parts in said.items()}
    notebooks = {p.stem: markdown(p) for p in sorted((ROOT / "notebooks").glob("*.ipynb"))}
    footer = re.search("<footer>.*?</footer>", PAGES[0].read_text(encoding="utf-8"), re.DOTALL)
    found = texts | notebooks | {"foot": "\n".join(re.findall(r"<p>(.*?)</p>", footer[0]))}
    # Not every notebook has more than headings of its own.
    return {name: text for name, text in found.items() if sentences(text)}


def worst(text, most=3):
    """The hardest sentences of a text, each with its grade."""
    ranked = sorted(sentences(text), key=grade, reverse=True)
    return [f"{grade(each):.1f}: {each}" for each in ranked[:most]]


@pytest.mark.parametrize("name", fixed_texts())
def test_the_fixed_text_is_plain(name):
    text = fixed_texts()[name]
    hardest = "\n".join(worst(text))
    assert grade(*sentences(text)) <= HIGHEST_GRADE, f"\n{hardest}"
    assert max(map(grade, sentences(text))) <= HIGHEST_SENTENCE, f"\n{hardest}"


def test_nothing_of_what_we_wrote_is_left_unmeasured():
    measured = fixed_texts()
    assert {"bottom line", "how fragile", "verdicts", "signs", "limits", "foot"} <= set(measured)
    assert len({p.stem for p in (ROOT / "notebooks").glob("*.ipynb")} & set(measured)) >= 6
    assert sum(len(sentences(text)) for text in measured.values()) > 150


@pytest.mark.parametrize(("text", "lowest", "highest"), [
    ("The cat sat on the mat.", -2, 0),
    # From plain-language guidance for patients, and from an abstract.
    ("Keep moving if you can. Rest in bed does not help, and the pain will ease with time.", 0, 4),
    (
        "Notwithstanding methodological heterogeneity, multidisciplinary rehabilitation "
        "demonstrated statistically significant functional improvements.", 25, 45,
    ),
])  # fmt: skip
def test_grades_are_what_readers_find_easy_and_hard(text, lowest, highest):
    assert lowest <= grade(*sentences(text)) <= highest


@pytest.mark.parametrize(("word", "count"), [
    ("disc", 1), ("patients", 2), ("herniation", 4), ("made", 1), ("literature", 4), ("agreed", 2),
    ("people", 2), ("page", 1), ("evidence", 3), ("acupuncture", 4),
])  # fmt: skip
def test_syllables_are_counted_as_they_are_spoken(word, count):
    assert abs(syllables(word) - count) <= (1 if count > 2 else 0)


# Ids


class Visible(HTMLParser):
    """The text of a page that is there to be read: no style, no script, no code, no provenance."""

    SKIPPED = ("style", "script", "code", "title")

    def __init__(self, text):
        super().__init__()
        self.parts, self.inside = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag in self.SKIPPED or "provenance" in (found.get("class") or ""):
            self.inside.append(tag)

    def handle_endtag(self, tag):
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data):
        if not self.inside:
            self.parts.append(data)


@cache
def known_ids():
    """Every id of a proposition that is no word of the page, and the shape of an id of a claim."""
    data = load(ROOT)
    english = " ".join(
        [*(each.text for each in data.documents.values()), *data.propositions["statement"]]
    ).lower()
    ids = [i for i in data.propositions["proposition_id"] if "-" in i and i not in english]
    own = "|".join(sorted(map(re.escape, ids), key=len, reverse=True))
    return re.compile(rf"(?<![\w/#.-])(?:{own}|S\d\d-\d+-[a-z0-9-]+)(?![\w/-]|\.html)")


def bare_ids(text):
    """The ids that stand in the visible text of a page."""
    return known_ids().findall(" ".join(Visible(text).parts))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_reader_is_never_left_with_an_id(path):
    assert bare_ids(path.read_text(encoding="utf-8")) == []


def test_ids_are_found_where_they_stand():
    shown = bare_ids("<p>walking-backwards</p><p>at S04-10947-walking-backwards</p>")
    assert shown == ["walking-backwards", "S04-10947-walking-backwards"]
    hidden = (
        '<a href="proposition-walking-backwards.html#walking-backwards">Walking backwards</a>'
        '<code>walking-backwards</code><p class="provenance">walking-backwards</p>'
    )
    assert bare_ids(hidden) == []

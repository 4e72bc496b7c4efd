"""The list of reports: what each entry stands for, and what leads from one report to another."""

import re

import pytest
from conftest import ROOT

from evidence_review.catalogue import CatalogueError, Link, Links, Report, read_catalogue
from evidence_review.dataset import load

REPORTS = {report.name: report for report in read_catalogue(ROOT)}
DATA = load(ROOT)
ONE = '[[report]]\nname = "index"\ntitle = "All"\nnotebook = "overview"\nmenu = "Start"\n'


def catalogue(review, text):
    (review.root / "reports.toml").write_text(ONE + text, encoding="utf-8")
    return read_catalogue(review.root)


def entry(**words):
    known = {"name": "x", "title": "X", "notebook": "overview", **words}
    lines = [f"{name} = {value!r}".replace("'", '"') for name, value in known.items()]
    return "\n".join(["", "[[report]]", *lines, ""])


def test_there_is_a_page_for_every_proposition_source_topic_and_document():
    for proposition_id, statement in DATA.statements.items():
        report = REPORTS[f"proposition-{proposition_id}"]
        assert report.title == f"“{statement}” Who says so?"
        assert report.parameters == {"proposition": proposition_id}
        topic = DATA.topics[proposition_id].replace(" ", "-")
        assert [link.file for link in report.trail] == [
            "index.html",
            "consensus.html",
            f"consensus-{topic}.html",
        ]
    for source_id, author in DATA.authors.items():
        assert author in REPORTS[f"source-{source_id}"].title
    for document_id in DATA.documents:
        assert REPORTS[f"document-{document_id}"].parameters == {"document": document_id}


def test_a_new_proposition_and_a_new_author_get_pages_without_a_line_of_code(review):
    rows = review.rows("propositions")
    new = {"proposition_id": "yoga", "topic": "everyday life", "statement": "Yoga {helps}."}
    rows.append(type(rows[0])({**rows[-1], **new}, 0))
    review.write("propositions", rows)
    found = {report.name: report for report in read_catalogue(review.root)}
    assert found["proposition-yoga"].title == "“Yoga {helps}.” Who says so?"
    assert len(found) == len(REPORTS) + 1


def test_an_entry_without_each_is_one_report_and_its_braces_are_its_own(review):
    assert catalogue(review, entry(title="{topic}"))[1].title == "{topic}"


def test_neighbours_are_those_of_one_topic_in_the_order_of_the_table():
    ids = list(DATA.propositions.loc[DATA.propositions["topic"] == "diagnosis", "proposition_id"])
    files = [f"proposition-{name}.html" for name in ids]
    for place, name in enumerate(ids):
        before, after = REPORTS[f"proposition-{name}"].neighbours
        assert (before and before.file) == (files[place - 1] if place else None)
        assert (after and after.file) == (files[place + 1] if place + 1 < len(files) else None)


def test_the_menu_is_the_same_everywhere():
    menus = {report.pages for report in REPORTS.values()}
    assert len(menus) == 1
    assert Link("Overview", "index.html") in menus.pop()


def test_links_lead_to_reports_that_there_are_and_nowhere_else():
    links = Links(list(REPORTS.values()))
    assert links.proposition("firm-bed") == "proposition-firm-bed.html"
    assert links.source("S03") == "source-S03.html"
    assert links.topic("contradictions", "diagnosis") == "contradictions-diagnosis.html"
    assert links.passage("lumbar-disc-exercise-qa", "S01-1-x").endswith("-qa.html#S01-1-x")
    assert links.whole("overview") == "index.html"
    nowhere = Links([Report("index", "All", "overview", {})])
    assert nowhere.proposition("firm-bed") == nowhere.source("S03") == ""
    assert nowhere.passage("lumbar-disc-exercise-qa", "x") == nowhere.whole("appraisal") == ""


@pytest.mark.parametrize("text,telling", [
    ('\n[[report]]\nname = "x"\n', "report 2 has no title"),
    (entry(nmae="y"), "report 2: 'nmae' is not one of name,"),
    (entry(each="topics"), "each: 'topics' is not one of topic, .*did you mean 'topic'"),
    (entry(each="topic", title="{author}"), "'x': 'author' is none of {topic}"),
    (entry(each="topic"), "two reports are called 'x'"),
    (entry(within="indx"), "'x': within: 'indx' is not one of index, x .did you mean 'index'"),
    (entry(within="x"), "'x' lies within itself"),
    (entry(within="y") + entry(name="y", within="x"), "'[xy]' lies within itself"),
])  # fmt: skip
def test_a_list_that_cannot_be_followed_is_refused_in_one_line(review, text, telling):
    with pytest.raises(CatalogueError) as refused:
        catalogue(review, text)
    assert re.search(telling, str(refused.value))
    assert "\n" not in str(refused.value)


def test_a_table_that_the_list_needs_and_cannot_be_read_is_named(review):
    (review.root / "references/propositions.csv").unlink()
    with pytest.raises(CatalogueError, match=r"references/propositions.csv: cannot be read"):
        read_catalogue(review.root)

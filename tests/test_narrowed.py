"""What a report on a part of the data depends on: `narrowed` gives all of it, and nothing else."""

import random
import re
from dataclasses import fields, replace

import pandas as pd
import pytest
from conftest import ROOT, copy_of_review

from evidence_review import dataset, workers
from evidence_review.building import hash_of_data
from evidence_review.catalogue import read_catalogue
from evidence_review.dataset import ALL, csv_text, load, narrowed
from evidence_review.refusal import ParameterError

DATA = load(ROOT)
TOPICS = DATA.dictionary.vocabulary("propositions", "topic")
TABLES = tuple(field.name for field in fields(DATA) if field.type == "pd.DataFrame")
WHOLE = ("sources", "glossary", "safety")
OF_THE_PAGE = ("passes", "pass_reasons", "adjudication", "omissions")
OF_PROPOSITIONS = ("claims", "propositions", "doses", "verdicts", "harms")
# What decides whether a row belongs to a topic; all other cells of a row outside may change.
DECIDING = {
    **dict.fromkeys(OF_PROPOSITIONS, ("proposition_id",)),
    "claims": ("proposition_id", "source_id"),
    "propositions": ("proposition_id", "topic", "conflicts_with"),
    "sentences": ("asks",),
    "findings": ("finding_id",),
}
READINGS = [(topic, conflicting) for topic in TOPICS for conflicting in (False, True)]
# One that is small and in conflict with others, and one that is large.
RENDERED = ("rest and devices", "walking and sport")
NOTEBOOKS = ("consensus", "contradictions", "appraisal")
# One proposition that is in conflict with others, and one author.
OF_ONE = [
    report
    for report in read_catalogue(ROOT)
    if report.name in ("proposition-exercise-when-acute", "source-S02")
]
# What the last line says of the rows that were read, and the head of each printed sheet.
PROVENANCE = re.compile(
    r"This report reads \w+ claims \(hash of the rows: \w+\)|(?<=\\2c  data )\w+"
)


# Builders


def keys(data, table):
    """The primary keys of the rows of a table, which name them."""
    columns = list(data.dictionary.tables[table.replace("_", "-")].primary_key)
    return list(getattr(data, table)[columns].itertuples(index=False, name=None))


def outside(topic, conflicting, table):
    """Which rows of a table a reading does not hold."""
    inside = set(keys(narrowed(DATA, topic, conflicting), table))
    return pd.Series([key not in inside for key in keys(DATA, table)], dtype=bool)


def damaged(table, name, chosen, bait):
    """A table with all cells of some rows changed but those that decide where a row belongs."""
    table = table.copy()
    for column in table.columns:
        if column in DECIDING.get(name, ()):
            continue
        if isinstance(table[column].dtype, pd.CategoricalDtype):
            words = table[column].cat.categories
            codes = (table[column].cat.codes + 1) % len(words)
            changed = pd.Categorical.from_codes(codes, dtype=table[column].dtype)
        elif pd.api.types.is_numeric_dtype(table[column]):
            changed = table[column] + 1
        else:
            # All works and findings that there are, where a cell may name some.
            changed = [bait.get(column, f"{cell} and more") for cell in table[column]]
        table.loc[chosen, column] = pd.Series(changed, index=table.index)[chosen]
    return table


def assert_same(found, expected):
    """That two datasets hold the same, told by the table that does not."""
    for name in TABLES:
        pd.testing.assert_frame_equal(
            getattr(found, name), getattr(expected, name), obj=name, check_exact=True
        )
    assert found.bibliography == expected.bibliography


# What it holds


@pytest.mark.parametrize("topic,conflicting", READINGS)
def test_the_rows_are_those_of_the_propositions_in_their_order(topic, conflicting):
    rows = DATA.propositions.to_dict("records")
    own = {row["proposition_id"] for row in rows if row["topic"] == topic}
    if conflicting:
        cells = [row["conflicts_with"] for row in rows if row["topic"] == topic]
        named = {word for cell in cells for word in cell.split()}
        naming = {row["proposition_id"] for row in rows if own & set(row["conflicts_with"].split())}
        own |= named | naming
    found = narrowed(DATA, topic, conflicting)
    for name in OF_PROPOSITIONS:
        table = getattr(DATA, name)
        expected = table[table["proposition_id"].isin(own)].reset_index(drop=True)
        pd.testing.assert_frame_equal(getattr(found, name), expected, obj=name)
    assert set(found.propositions["proposition_id"]) == own
    for name in WHOLE:
        pd.testing.assert_frame_equal(getattr(found, name), getattr(DATA, name), obj=name)
    assert [len(getattr(found, name)) for name in OF_THE_PAGE] == [0] * len(OF_THE_PAGE)
    assert found.documents == DATA.documents
    relied = {word for cell in found.verdicts["findings"] for word in cell.split()}
    assert set(found.findings["finding_id"]) == relied
    cells = [*found.verdicts["references"], *found.harms["references"]]
    assert set(found.bibliography) == {word for cell in cells for word in cell.split()}
    assert all(own & set(cell.split()) for cell in found.sentences["asks"])


def test_conflicts_count_in_both_directions_and_only_where_they_are_wanted():
    ways = {"named": 0, "naming": 0}
    for row in DATA.propositions.to_dict("records"):
        for other in row["conflicts_with"].split():
            topics = row["topic"], DATA.topics[other]
            if topics[0] != topics[1]:
                for way, topic, foreign in (
                    ("named", topics[0], other),
                    ("naming", topics[1], row["proposition_id"]),
                ):
                    ways[way] += 1
                    with_them = narrowed(DATA, topic, True).propositions["proposition_id"]
                    without = narrowed(DATA, topic).propositions["proposition_id"]
                    assert foreign in set(with_them)
                    assert foreign not in set(without)
    assert min(ways.values()) > 0


def test_every_row_of_a_topic_stands_in_the_reading_of_just_one():
    for name in OF_PROPOSITIONS:
        found = [key for topic in TOPICS for key in keys(narrowed(DATA, topic), name)]
        assert sorted(found) == sorted(keys(DATA, name)), name


def test_all_topics_are_the_whole_data():
    assert_same(narrowed(DATA, ALL), DATA)
    assert_same(narrowed(DATA, ALL, True), DATA)


def test_what_is_done_to_a_part_is_not_done_to_the_whole():
    before = hash_of_data(DATA)
    for topic in (ALL, TOPICS[0]):
        part = narrowed(DATA, topic)
        part.claims["quote"] = "mine"
        part.sources["author"] = "me"
        part.bibliography.clear()
    assert hash_of_data(DATA) == before


def test_a_part_keeps_the_types_of_the_whole():
    part = narrowed(DATA, TOPICS[0], True)
    for name in TABLES:
        assert list(getattr(part, name).dtypes) == list(getattr(DATA, name).dtypes), name
        assert list(getattr(part, name).index) == list(range(len(getattr(part, name)))), name


# What it does not depend on


@pytest.mark.parametrize("topic,conflicting", READINGS)
def test_a_change_of_rows_outside_leaves_the_part_as_it_is(topic, conflicting):
    expected = narrowed(DATA, topic, conflicting)
    chance = random.Random(f"{topic} {conflicting}")
    bait = {
        "references": " ".join(DATA.bibliography),
        "findings": " ".join(DATA.findings["finding_id"]),
    }
    changed, left = {}, {}
    for name in TABLES:
        out = outside(topic, conflicting, name)
        if not out.any():
            assert name in WHOLE
            continue
        chosen = out & pd.Series([chance.random() < 0.5 for _ in out], dtype=bool)
        chosen[out.idxmax()] = True
        changed[name] = damaged(getattr(DATA, name), name, chosen, bait)
        assert csv_text(changed[name]) != csv_text(getattr(DATA, name)), name
        left[name] = getattr(DATA, name)[~chosen].reset_index(drop=True)
    works = {
        work_id: work if work_id in expected.bibliography else {**work, "title": "Another"}
        for work_id, work in DATA.bibliography.items()
    }
    assert works != DATA.bibliography
    other = replace(DATA, bibliography=works, **changed)
    assert_same(narrowed(other, topic, conflicting), expected)
    assert_same(narrowed(replace(other, **left), topic, conflicting), expected)


@pytest.mark.parametrize("topic,conflicting", READINGS[::5])
def test_a_change_of_a_row_inside_is_one_of_the_part(topic, conflicting):
    before = hash_of_data(narrowed(DATA, topic, conflicting))
    chance = random.Random(f"{topic} {conflicting}")
    for name in TABLES:
        inside = [place for place, out in enumerate(outside(topic, conflicting, name)) if not out]
        if inside:
            chosen = pd.Series(False, index=range(len(getattr(DATA, name))))
            chosen[chance.choice(inside)] = True
            changed = damaged(getattr(DATA, name), name, chosen, {})
            part = narrowed(replace(DATA, **{name: changed}), topic, conflicting)
            assert hash_of_data(part) != before, name


# The real notebooks


def reports_on(*topics):
    """The real reports on these topics."""
    return [
        report
        for report in read_catalogue(ROOT)
        if report.notebook in NOTEBOOKS and report.parameters.get("topic") in topics
    ]


def reading_of(report):
    """What a report on a topic, a proposition or a source reads."""
    values = {"topic": ALL, "proposition": ALL, "source": ALL, **report.parameters}
    conflicting = report.notebook in ("contradictions", "proposition", "source")
    return (values["topic"], conflicting, values["proposition"], values["source"])


def rendered(root, reports, out):
    """The pages of some reports, made from the data of a review."""
    found = [made for made in workers.render(root, reports, out, 2) if hasattr(made, "state")]
    assert [made.reason for made in found if made.state == "failed"] == []
    for made in found:
        assert made.readings == (reading_of(made.report),)
    return {report.name: (out / report.file).read_text(encoding="utf-8") for report in reports}


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The pages on two topics as the data is."""
    review = copy_of_review(tmp_path_factory.mktemp("as it is") / "review")
    found = rendered(review.root, reports_on(*RENDERED) + OF_ONE, review.root / "reports")
    assert len(found) == len(RENDERED) * len(NOTEBOOKS) + len(OF_ONE)
    return review, found


def written(cell):
    """A cell of a typed table as it is written in its file."""
    return f"{cell:g}" if isinstance(cell, float) else str(cell)


def spoil(review, reading):
    """Take away or change every row and work that a reading does not hold; how many there were."""
    chance = random.Random(str(reading))
    part = narrowed(DATA, *reading)
    spoilt = 0
    for name in (each for each in TABLES if each not in WHOLE):
        table = DATA.dictionary.tables[name.replace("_", "-")]
        inside = {tuple(map(written, key)) for key in keys(part, name)}
        rows, least = [], table.minimum_rows
        for row in review.rows(table.name):
            if tuple(row[column] for column in table.primary_key) not in inside:
                spoilt += 1
                if chance.random() < 0.5 and len(rows) >= least:
                    continue
                for column in table.columns:
                    row[column.name] = other(row[column.name], column, table, name)
            rows.append(row)
        review.write(table.name, rows)
    works = review.works()
    kept = [work for work in works if work["id"] in part.bibliography or chance.random() < 0.5]
    for work in kept:
        if work["id"] not in part.bibliography:
            work["title"] = "Another title"
    review.put_works(kept)
    return spoilt + len(works) - len(part.bibliography)


def other(cell, column, table, name):
    """Another cell that its column admits, where the cell does not say where a row belongs."""
    if column.name in (*DECIDING.get(name, ()), *table.primary_key) or column.pattern or not cell:
        return cell
    if column.vocabulary:
        place = column.vocabulary.index(cell) + 1
        return column.vocabulary[place % len(column.vocabulary)]
    if column.type in ("integer", "number"):
        return str(int(float(cell)) + 1)
    return "2001-01-01" if column.type == "date" else f"{cell} and more"


@pytest.mark.parametrize("conflicting", [False, True])
@pytest.mark.parametrize("topic", RENDERED)
def test_the_pages_on_a_topic_are_the_same_whatever_stands_outside(
    pages, tmp_path, topic, conflicting
):
    _, expected = pages
    review = copy_of_review(tmp_path / "spoilt")
    assert spoil(review, (topic, conflicting, ALL, ALL)) > 1000
    assert load(review.root).claims.equals(DATA.claims) is False
    reports = [
        report
        for report in reports_on(topic)
        if (report.notebook == "contradictions") == conflicting
    ]
    found = rendered(review.root, reports, tmp_path / "out")
    assert found == {name: expected[name] for name in found}


@pytest.mark.parametrize("report", OF_ONE, ids=lambda report: report.name)
def test_the_page_on_one_is_the_same_whatever_stands_outside(pages, tmp_path, report):
    _, expected = pages
    review = copy_of_review(tmp_path / "spoilt")
    assert spoil(review, reading_of(report)) > 1000
    found = rendered(review.root, [report], tmp_path / "out")
    assert found == {report.name: expected[report.name]}


def test_a_source_reads_what_it_speaks_of_and_a_proposition_itself():
    for source in DATA.authors:
        own = DATA.claims.loc[DATA.claims["source_id"] == source, "proposition_id"]
        part = narrowed(DATA, source=source)
        assert set(part.propositions["proposition_id"]) == set(own)
        assert set(part.claims["source_id"]) >= {source}
    part = narrowed(DATA, proposition="firm-bed")
    assert list(part.propositions["proposition_id"]) == ["firm-bed"]
    for wrong in ({"proposition": "firm-bet"}, {"source": "S0"}):
        with pytest.raises(ParameterError, match="did you mean"):
            narrowed(DATA, **wrong)


def test_the_pages_on_a_topic_are_those_that_the_whole_data_gives(pages, tmp_path, monkeypatch):
    review, expected = pages

    def whole(data, *reading):
        # Omissions are of the whole page, and a report on one topic only leads to them.
        return replace(data, omissions=data.omissions[:0])

    monkeypatch.setattr(dataset, "narrowed", whole)
    found = rendered(review.root, reports_on(*RENDERED), tmp_path / "out")
    expected = {name: page for name, page in expected.items() if name in found}
    # How many claims were read is another number then; nothing else is.
    assert {name: PROVENANCE.sub("", page) for name, page in found.items()} == {
        name: PROVENANCE.sub("", page) for name, page in expected.items()
    }

"""The command `render`: what is due, who makes it, what is kept, and what is left when it ends."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
import vl_convert
from conftest import ROOT, copy_of_review

from evidence_review import (
    atomic,
    building,
    drawing,
    forked,
    freshness,
    rendering,
    report,
    store,
    workers,
)
from evidence_review.atomic import sweep, write_if_changed
from evidence_review.building import Due
from evidence_review.catalogue import read_catalogue
from evidence_review.dataset import load
from evidence_review.drawing import draw, drawers
from evidence_review.freshness import Records, environment_digest, inputs_of
from evidence_review.store import FOLDER, Store, digest, keep_verified, read_verified

TOPICS = HERE, THERE, ELSEWHERE = "diagnosis", "passive treatment", "everyday life"
TOPICAL = (
    'topic = "all"',
    "from evidence_review.dataset import load\ndata = load(topic=topic)\n"
    'with open("ran", "a") as file:\n    file.write(f"{topic}\\n")',
    '"\\n".join(data.claims["quote"])',
)
README = "# Mine\n\n<!-- findings -->\n<!-- end of findings -->\n\nThe end.\n"
on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it looks into /proc")


# Builders


def put_notebook(root, name, *sources):
    """A notebook of these cells, the first of which holds its parameters."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    cells[0].metadata["tags"] = ["parameters"]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    book = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(book, root / "notebooks" / f"{name}.ipynb")


def put_reports(root, **notebooks):
    """A catalogue of reports: the notebook of each, or its notebook and topic."""
    entries = []
    for name, found in notebooks.items():
        notebook, topic = found if isinstance(found, tuple) else (found, "")
        parameters = f'parameters = {{ topic = "{topic}" }}\n' if topic else ""
        entries.append(
            f'[[report]]\nname = "{name}"\ntitle = "The report {name}"\n'
            f'notebook = "{notebook}"\n{parameters}'
        )
    (root / "reports.toml").write_text("\n".join(entries), encoding="utf-8")


def bare(folder):
    """A copy of the real review with three of its topics, and without a notebook or a report."""
    review = copy_of_review(folder)
    shutil.rmtree(review.root / "notebooks")
    (review.root / "notebooks").mkdir()
    known = {row["proposition_id"] for row in review.rows("propositions") if row["topic"] in TOPICS}
    for table in ("claims", "propositions", "doses", "verdicts", "harms", "passes", "adjudication"):
        review.write(table, [row for row in review.rows(table) if row["proposition_id"] in known])
    (review.root / "reports/conclusions.csv").unlink()
    return review


@pytest.fixture
def small(tmp_path):
    """A review to which a test gives notebooks of its own."""
    return bare(tmp_path / "small")


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A review of three small reports, on two topics and on all, that have been made."""
    review = bare(tmp_path_factory.mktemp("pages") / "review")
    put_notebook(review.root, "topical", *TOPICAL)
    put_notebook(review.root, "other", *TOPICAL)
    put_notebook(review.root, "unused", *TOPICAL)
    put_reports(review.root, here=("topical", HERE), there=("topical", THERE), whole="other")
    (review.root / "README.md").write_text(README, encoding="utf-8")
    ran = review.run("render")
    assert (ran.code, ran.lines[0]) == (0, "3 written, 0 unchanged, 0 failed"), ran.err
    assert executed(review) == ["all", HERE, THERE]
    return review


@pytest.fixture
def made(pages):
    """The review whose reports have been made, and what a test changes of it put back after."""
    before = {path: content for path, (content, _) in pages.files().items()}
    yield pages
    for path in set(pages.files()) - set(before):
        (pages.root / path).unlink()
    if (pages.root / FOLDER).is_file():
        (pages.root / FOLDER).unlink()
    for path, content in before.items():
        (pages.root / path).parent.mkdir(parents=True, exist_ok=True)
        if not (pages.root / path).exists() or (pages.root / path).read_bytes() != content:
            (pages.root / path).write_bytes(content)


def executed(review):
    """The topics of the notebooks that were executed since this was asked last."""
    path = review.root / "ran"
    found = sorted(path.read_text().split("\n")[:-1]) if path.exists() else []
    path.unlink(missing_ok=True)
    return found


def due(review, out=None):
    """The names of the reports that are due."""
    records = Records(review.root, out or review.root / "reports")
    reports = read_catalogue(review.root)
    found = Due(load(review.root), records, reports)
    return {each.name for each in reports if found.is_due(each)}


def stands(review):
    """Whether nothing at all has to be looked at."""
    return Records(review.root, review.root / "reports").stands(inputs_of(review.root))


def html(review, out="reports"):
    """The bytes of every report."""
    return {path.name: path.read_bytes() for path in (review.root / out).glob("*.html")}


def parts(folder):
    """The files below a folder that nobody but their writer should ever see."""
    return [path for path in Path(folder).rglob("*") if path.name.endswith(".part")]


def record_of(review):
    """Where the record of a review's reports lies."""
    return review.root / FOLDER / "reports" / digest(str(review.root / "reports"))


def on_topic(review, topic):
    """The ids of the propositions of a topic."""
    return {r["proposition_id"] for r in review.rows("propositions") if r["topic"] == topic}


def recode(review, table, topic, column):
    """Change a cell of a table in the first row that speaks of a topic."""
    known = on_topic(review, topic)
    row = review.row(table, lambda row: row["proposition_id"] in known)
    review.put(table, row.line, **{column: f"{row[column]} in other words"})


def cited_for(review, topic):
    """The works that the verdicts and harms of a topic cite."""
    known = on_topic(review, topic)
    rows = [*review.rows("verdicts"), *review.rows("harms")]
    cells = [row["references"] for row in rows if row["proposition_id"] in known]
    return {work for cell in cells for work in cell.split()}


def change_work(review, *, of, but_not_of=()):
    """Change the title of a work that is cited on one topic and not on others."""
    others = set().union(*(cited_for(review, topic) for topic in but_not_of))
    chosen = min(cited_for(review, of) - others)
    works = review.works()
    next(work for work in works if work["id"] == chosen)["title"] += " (second edition)"
    review.put_works(works)


def edit(path, old, new):
    """Change a text in a file."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


# What is due


CHANGES = {
    "a claim": (lambda r: recode(r, "claims", HERE, "quote"), {"here", "whole"}),
    "a claim on another topic": (
        lambda r: recode(r, "claims", THERE, "quote"),
        {"there", "whole"},
    ),
    "a claim on a topic without a report": (
        lambda r: recode(r, "claims", ELSEWHERE, "quote"),
        {"whole"},
    ),
    "a verdict": (lambda r: recode(r, "verdicts", THERE, "rationale"), {"there", "whole"}),
    "an omission": (
        lambda r: r.put("omissions", r.rows("omissions")[0].line, what="Sleep"),
        {"whole"},
    ),
    "a source": (
        lambda r: r.put("sources", r.rows("sources")[0].line, conflicts="None stated."),
        {"here", "there", "whole"},
    ),
    "a work": (
        lambda r: change_work(r, of=HERE, but_not_of=[THERE]),
        {"here", "whole"},
    ),
    "a work on a topic without a report": (
        lambda r: change_work(r, of=ELSEWHERE, but_not_of=[HERE, THERE]),
        {"whole"},
    ),
    "a notebook": (
        lambda r: put_notebook(r.root, "topical", *TOPICAL, "1 + 1"),
        {"here", "there"},
    ),
    "a notebook of no report": (lambda r: put_notebook(r.root, "unused", "2"), set()),
    # Each report has links to all others, which are named by notebook and parameters.
    "a parameter": (
        lambda r: edit(r.root / "reports.toml", HERE, ELSEWHERE),
        {"here", "there", "whole"},
    ),
    "a title": (
        lambda r: edit(r.root / "reports.toml", "The report whole", "All"),
        {"here", "there", "whole"},
    ),
    "the change log": (lambda r: r.announce("traction"), set()),
    "the dictionary": (
        lambda r: edit(r.root / "datapackage.json", '"description": "', '"description": "A '),
        {"here", "there", "whole"},
    ),
    "a report that was edited": (
        lambda r: edit(r.root / "reports/here.html", "</html>", "</html>\n"),
        {"here"},
    ),
    "a report that was deleted": (lambda r: (r.root / "reports/there.html").unlink(), {"there"}),
    "a report that is another": (
        lambda r: shutil.copy(r.root / "reports/here.html", r.root / "reports/there.html"),
        {"there"},
    ),
    "the conclusions": (
        lambda r: r.rewrite("conclusions", lambda content: content[:-1]),
        set(),
    ),
    "the figure": (lambda r: (r.root / "reports/findings.svg").unlink(), set()),
    "the README": (lambda r: edit(r.root / "README.md", "The end", "An end"), set()),
}


def test_what_has_been_made_is_not_due(made):
    assert due(made) == set()
    assert stands(made)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_makes_due_what_depends_on_it_and_nothing_else(made, change):
    apply, expected = CHANGES[change]
    apply(made)
    assert due(made) == expected
    # The quick answer is given only where not even the conclusions could be others.
    assert not stands(made)


def test_a_change_that_is_taken_back_leaves_nothing_due(made):
    before = made.content("claims")
    recode(made, "claims", HERE, "quote")
    made.rewrite("claims", lambda _: before)
    assert due(made) == set()
    assert stands(made)


def test_a_file_that_is_only_touched_makes_nothing_due(made):
    for path in made.files():
        os.utime(made.root / path, (1, 1))
    assert due(made) == set()
    assert stands(made)
    for path in made.files():
        os.utime(made.root / path)
    assert stands(made)


def test_another_package_or_version_makes_everything_due(made, monkeypatch):
    monkeypatch.setattr(freshness, "environment_digest", lambda: "another")
    assert due(made) == {"here", "there", "whole"}
    assert not stands(made)


@pytest.mark.parametrize("name", ["tables.py", "template/a.j2", "template/a.css", "static/a.js"])
def test_every_file_of_the_package_counts(tmp_path, monkeypatch, name):
    monkeypatch.setattr(freshness, "PACKAGE", tmp_path)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / "style.csl").write_text("one")
    (tmp_path / name).write_text("one")
    before = environment_digest.__wrapped__()
    assert environment_digest.__wrapped__() == before
    (tmp_path / name).write_text("two")
    changed = environment_digest.__wrapped__()
    assert changed != before
    (tmp_path / name).rename(tmp_path / f"other{Path(name).suffix}")
    assert environment_digest.__wrapped__() not in (before, changed)


def test_the_package_has_no_file_that_does_not_count():
    own = [p for p in freshness.PACKAGE.rglob("*") if p.is_file() and p.suffix != ".pyc"]
    assert {path.suffix for path in own} <= set(freshness.SOURCES)


def test_a_distribution_that_is_installed_or_has_another_version_counts(tmp_path, monkeypatch):
    before = environment_digest.__wrapped__()
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "pandas-9.9.dist-info").mkdir()
    assert environment_digest.__wrapped__() != before


def test_when_nothing_has_changed_nothing_slow_is_loaded(made):
    program = (
        "import sys\nfrom evidence_review.__main__ import main\ncode = main(['render'])\n"
        "print(*sys.modules)\nsys.exit(code)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=made.root, env=environment(), capture_output=True
    )
    first, second, modules = ran.stdout.decode().splitlines()
    assert ran.returncode == 0
    assert first == "0 written, 3 unchanged, 0 failed"
    assert second == f"Open {made.root / 'reports/here.html'}"
    assert "evidence_review.freshness" in modules.split()
    slow = {"pandas", "numpy", "altair", "papermill", "nbclient", "nbconvert", "IPython", "zmq"}
    assert not slow & set(modules.split())
    assert executed(made) == []


def test_a_run_makes_what_is_due_and_the_next_makes_nothing(made):
    recode(made, "claims", HERE, "quote")
    assert made.run("render").lines[0] == "2 written, 1 unchanged, 0 failed"
    assert executed(made) == ["all", HERE]
    assert b"in other words" in html(made)["here.html"]
    assert stands(made)
    assert made.run("render").lines[0] == "0 written, 3 unchanged, 0 failed"
    assert executed(made) == []


def test_a_damaged_report_is_made_whole_again(made):
    before = html(made)
    (made.root / "reports/here.html").write_bytes(b"")
    (made.root / "reports/there.html").unlink()
    assert made.run("render").lines[0] == "2 written, 1 unchanged, 0 failed"
    assert html(made) == before


def test_the_other_files_of_a_run_are_made_whole_again(made):
    kept = ("reports/conclusions.csv", "reports/findings.svg", "README.md")
    before = [(made.root / name).read_bytes() for name in kept]
    (made.root / "reports/findings.svg").unlink()
    edit(made.root / "README.md", "<!-- findings -->\n", "<!-- findings -->\nNothing.\n")
    assert made.run("render").lines[0] == "0 written, 3 unchanged, 0 failed"
    assert executed(made) == []
    assert [(made.root / name).read_bytes() for name in kept] == before
    assert b"For example:" in before[-1]


def test_force_makes_everything_anew_and_the_same(made):
    before = made.files()
    ran = made.run("render", "--force")
    assert (ran.code, ran.lines[0]) == (0, "0 written, 3 unchanged, 0 failed")
    assert executed(made) == ["all", HERE, THERE]
    after = made.files()
    reports = [path for path in before if path.startswith("reports/")]
    assert {path: after[path] for path in reports} == {path: before[path] for path in reports}


def test_only_some_reports_are_made_and_the_others_stay_due(made):
    recode(made, "claims", HERE, "quote")
    assert made.run("render", "--only", "here").lines[0] == "1 written, 0 unchanged, 0 failed"
    assert executed(made) == [HERE]
    assert due(made) == {"whole"}
    assert not stands(made)
    assert made.run("render", "--only", "here", "--force").code == 0
    assert executed(made) == [HERE]
    assert made.run("render").lines[0] == "1 written, 2 unchanged, 0 failed"
    assert executed(made) == ["all"]


def test_reports_elsewhere_have_records_of_their_own(made, tmp_path):
    out = tmp_path / "out"
    before = made.files()
    assert due(made, out) == {"here", "there", "whole"}
    assert made.run("render", "--out", str(out)).lines[0] == "3 written, 0 unchanged, 0 failed"
    assert executed(made) == ["all", HERE, THERE]
    assert made.run("render", "--out", str(out)).lines[0] == "0 written, 3 unchanged, 0 failed"
    assert executed(made) == []
    (out / "here.html").unlink()
    assert due(made) == set()
    assert due(made, out) == {"here"}
    after = made.files()
    assert {path: after[path] for path in before} == before
    assert html(made)["there.html"] == (out / "there.html").read_bytes()


DURING = {
    "a notebook": (
        "p = Path('notebooks/topical.ipynb'); p.write_text(p.read_text() + ' ')",
        {"here", "there"},
    ),
    "the catalogue": (
        "p = Path('reports.toml'); p.write_text(p.read_text() + '# a note\\n')",
        {"here", "there", "whole"},
    ),
    "the claims": ("Path('edited.csv').replace('claims.csv')", {"whole"}),
    "a report that has been made": ("Path('reports/here.html').write_text('mine')", {"here"}),
}


@pytest.mark.parametrize("what", DURING)
def test_what_is_edited_while_a_run_goes_on_is_due_the_next_time(made, what):
    line, expected = DURING[what]
    before = made.content("claims")
    recode(made, "claims", ELSEWHERE, "quote")
    (made.root / "edited.csv").write_bytes(made.content("claims"))
    made.rewrite("claims", lambda _: before)
    once = f"from pathlib import Path\np = Path('once')\nif p.exists():\n    p.unlink()\n    {line}"
    put_notebook(made.root, "other", *TOPICAL, once)
    (made.root / "once").touch()
    ran = made.run("render", "--force", "--processes", "1")
    assert (ran.code, executed(made)) == (0, ["all", HERE, THERE])
    assert not stands(made)
    assert due(made) == expected


def test_a_report_that_another_run_replaces_at_once_is_due_the_next_time(made, monkeypatch):
    def replaced(root, reports, out, *how):
        for event in workers.render(root, reports, out, *how):
            if isinstance(event, report.Outcome):
                (out / event.report.file).write_text("what another run made of older data")
            yield event

    monkeypatch.setattr(building, "render", replaced)
    assert made.run("render", "--force").code == 0
    assert due(made) == {"here", "there", "whole"}
    assert not stands(made)


def test_a_readme_that_is_edited_while_a_run_goes_on_keeps_the_edit(made):
    line = "from pathlib import Path\nPath('README.md').write_text('Other words.\\n')"
    put_notebook(made.root, "other", *TOPICAL, line)
    assert made.run("render").code == 0
    assert (made.root / "README.md").read_text() == "Other words.\n"


# Records


def other_record(review, **changed):
    """The record of a review with some of what it holds changed, hashed as it should be."""
    content = json.loads(read_verified(record_of(review)))
    return json.dumps({**content, **changed})


FOREIGN = {
    "empty": lambda r: record_of(r).write_bytes(b""),
    "torn": lambda r: record_of(r).write_bytes(record_of(r).read_bytes()[:-100]),
    "torn in its first line": lambda r: record_of(r).write_bytes(record_of(r).read_bytes()[:10]),
    "no text": lambda r: record_of(r).write_bytes(b"\xff\xfe\n\x00"),
    "edited": lambda r: edit(record_of(r), '"whole"', '"hole"'),
    "a folder": lambda r: (record_of(r).unlink(), record_of(r).mkdir()),
    "of another folder": lambda r: keep_verified(
        record_of(r), other_record(r, of=[str(r.root), "/another/folder"])
    ),
    "of another root": lambda r: keep_verified(
        record_of(r), other_record(r, of=["/another", str(r.root / "reports")])
    ),
    "of a package that kept less": lambda r: keep_verified(
        record_of(r), other_record(r, reports={"here": {"made_of": ""}})
    ),
    "of a package that kept another thing": lambda r: keep_verified(record_of(r), "[]"),
    "of nothing": lambda r: keep_verified(record_of(r), ""),
}


@pytest.fixture
def without_folder_for_record(made):
    yield made
    if record_of(made).is_dir():
        record_of(made).rmdir()


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_record_that_cannot_be_believed_is_no_record(without_folder_for_record, capfd, kind):
    review = without_folder_for_record
    FOREIGN[kind](review)
    assert due(review) == {"here", "there", "whole"}
    assert not stands(review)
    assert capfd.readouterr() == ("", "")


def test_a_run_replaces_a_record_that_cannot_be_believed(made):
    FOREIGN["of a package that kept less"](made)
    ran = made.run("render")
    assert (ran.code, ran.lines[0], ran.err) == (0, "0 written, 3 unchanged, 0 failed", "")
    assert executed(made) == ["all", HERE, THERE]
    assert stands(made)


def test_without_what_was_kept_the_reports_come_out_the_same(made):
    before = html(made)
    shutil.rmtree(made.root / FOLDER)
    assert made.run("render").lines[0] == "0 written, 3 unchanged, 0 failed"
    assert executed(made) == ["all", HERE, THERE]
    assert html(made) == before
    assert stands(made)


def test_where_nothing_can_be_kept_the_reports_come_out_the_same(made):
    before = html(made)
    shutil.rmtree(made.root / FOLDER)
    (made.root / FOLDER).write_text("a file, so that no folder can be made here")
    for _ in range(2):
        for path in (made.root / "reports").glob("*.html"):
            path.unlink()
        ran = made.run("render")
        assert (ran.code, ran.lines[0], ran.err) == (0, "3 written, 0 unchanged, 0 failed", "")
        assert html(made) == before


def test_what_is_kept_may_vanish_while_a_run_goes_on(made):
    line = f"import shutil\nshutil.rmtree({FOLDER!r}, ignore_errors=True)"
    put_notebook(made.root, "other", *TOPICAL, line)
    ran = made.run("render")
    assert (ran.code, ran.err) == (0, "")


# The store


@pytest.fixture
def kept(tmp_path):
    return Store(tmp_path / "kept")


def one_file(folder):
    """The only file below a folder."""
    (found,) = [path for path in folder.rglob("*") if path.is_file()]
    return found


def test_what_was_made_once_is_not_made_again(kept):
    calls = []
    for content in ("a", "a", "b", "a"):
        made = kept.made("kind", content, lambda content=content: calls.append(content) or content)
        assert made == content
    assert calls == ["a", "b"]
    assert kept.made("another kind", "a", lambda: "made anew") == "made anew"


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes().split(b"\n", 1)[1]),
        lambda path: path.write_bytes(digest("right").encode()),
        lambda path: path.write_bytes(f"{digest('right')}\nwrong".encode()),
        lambda path: path.write_bytes(b"\xff" + path.read_bytes()),
        lambda path: path.unlink(),
    ],
)
def test_what_is_torn_or_foreign_is_made_anew(kept, damage):
    kept.made("kind", "content", lambda: "right")
    damage(one_file(kept.folder))
    assert kept.made("kind", "content", lambda: "made anew") == "made anew"
    assert kept.made("kind", "content", lambda: "never made") == "made anew"


def test_a_folder_in_the_place_of_what_was_kept_is_left_alone(kept):
    kept.made("kind", "content", lambda: "right")
    path = one_file(kept.folder)
    path.unlink()
    path.mkdir()
    for words in ("made anew", "and again"):
        assert kept.made("kind", "content", lambda words=words: words) == words
    assert path.is_dir()
    assert parts(kept.folder) == []


def test_a_text_of_several_lines_comes_back_as_it_was(kept):
    text = "\n\r\nä\r \n\n"
    assert kept.made("kind", "content", lambda: text) == text
    assert kept.made("kind", "content", lambda: "never made") == text


def test_where_there_is_no_folder_all_is_made_anew():
    assert [Store(None).made("kind", "a", lambda n=n: str(n)) for n in range(2)] == ["0", "1"]
    Store(None).prune()


def test_pruning_keeps_the_most_and_no_more_of_each_kind(kept, monkeypatch):
    monkeypatch.setattr(store, "MOST_OF_A_KIND", 3)
    for kind, count in (("many", 5), ("few", 2)):
        for number in range(count):
            kept.made(kind, str(number), lambda number=number: str(number))
            path = kept.folder / kind / digest(str(number))
            os.utime(path, (number, number))
    kept.prune()
    found = {path.name: len(list(path.iterdir())) for path in kept.folder.iterdir()}
    assert found == {"many": 3, "few": 2}
    assert {read_verified(path) for path in (kept.folder / "many").iterdir()} == {"2", "3", "4"}


def test_pruning_takes_away_the_parts_of_the_dead(kept):
    kept.made("kind", "content", lambda: "right")
    part = kept.folder / "kind" / f".file.{dead_process()}-1.part"
    part.touch()
    kept.prune()
    assert not part.exists()
    assert one_file(kept.folder)


def test_pruning_does_not_mind_that_others_prune(kept, monkeypatch):
    monkeypatch.setattr(store, "MOST_OF_A_KIND", 1)
    for number in range(3):
        kept.made("kind", str(number), lambda number=number: str(number))
    # Between the look at what there is and the look at how old it is.
    monkeypatch.setattr(Path, "is_file", lambda path: path.unlink() or True)
    kept.prune()


# Drawing


def specification(count=3):
    """A small chart."""
    values = [{"a": number, "b": "ä" * number} for number in range(count)]
    encoding = {"x": {"field": "a", "type": "quantitative"}, "y": {"field": "b", "type": "nominal"}}
    return json.dumps({"data": {"values": values}, "mark": "bar", "encoding": encoding})


@pytest.fixture
def studio(tmp_path, monkeypatch):
    """A folder where nothing has been drawn yet."""
    (tmp_path / "datapackage.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def started(monkeypatch):
    """The drawers that are started from now on."""
    found = []
    start = drawing._start_drawer
    monkeypatch.setattr(
        drawing, "_start_drawer", lambda listening: found.append(start(listening)) or found[-1]
    )
    return found


def draw_nothing_here(monkeypatch):
    """Have every drawing of this process itself fail the test."""

    def never(specification):
        raise AssertionError("drawn in process")

    monkeypatch.setattr(drawing.vl_convert, "vegalite_to_svg", never)


def test_a_drawing_is_made_once(studio, monkeypatch):
    calls = []
    svg = vl_convert.vegalite_to_svg
    monkeypatch.setattr(drawing.vl_convert, "vegalite_to_svg", lambda s: calls.append(s) or svg(s))
    first = draw(specification())
    assert first.startswith("<svg")
    assert draw(specification()) == first
    assert draw(specification(4)) != first
    assert calls == [specification(), specification(4)]


@pytest.mark.parametrize("content", [b"", b"<svg/>", digest("<svg>").encode() + b"\n<svg/>"])
def test_a_kept_drawing_is_believed_only_with_its_hash(studio, content):
    right = draw(specification())
    path = one_file(studio / FOLDER)
    path.write_bytes(content)
    assert draw(specification()) == right
    assert read_verified(path) == right


def test_a_drawing_of_another_version_is_not_this_one(studio, monkeypatch):
    draw(specification())
    monkeypatch.setattr(drawing, "version", lambda name: "0.0")
    draw(specification())
    assert len(list((studio / FOLDER / "drawings").iterdir())) == 2


def test_drawers_draw_what_would_be_drawn_in_process_several_at_a_time(studio, monkeypatch):
    counts = range(2, 8)
    expected = [vl_convert.vegalite_to_svg(specification(count)) for count in counts]
    draw_nothing_here(monkeypatch)
    with drawers(2), ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda count: draw(specification(count)), counts)) == expected


def test_one_drawer_answers_while_another_waits_for_the_end_of_a_question(
    studio, monkeypatch, started
):
    draw_nothing_here(monkeypatch)
    with drawers(2), socket.socket(socket.AF_UNIX) as asking:
        asking.connect(os.environ[drawing.SERVED_AT])
        asking.sendall(b"{")
        assert draw(specification()).startswith("<svg")


@pytest.mark.parametrize("bad", ["", "{", "[]", '{"mark": "none"}', '{"mark": 3, "data": 5}'])
def test_drawers_refuse_what_is_refused_in_process_in_the_same_words(studio, monkeypatch, bad):
    with pytest.raises(ValueError) as alone:
        vl_convert.vegalite_to_svg(bad)
    with pytest.raises(ValueError) as here:
        draw(bad)
    draw_nothing_here(monkeypatch)
    with drawers(1):
        with pytest.raises(ValueError) as there:
            draw(bad)
        assert draw(specification()).startswith("<svg")
    assert str(alone.value) == str(here.value) == str(there.value)
    assert not list((studio / FOLDER / "drawings").glob("*.*"))


@pytest.mark.parametrize("question", [b"", b"{", b'{"title": "\xc3', specification().encode()])
def test_a_drawer_survives_who_dies_in_the_middle_of_a_question(
    studio, monkeypatch, started, question
):
    draw_nothing_here(monkeypatch)
    with drawers(1):
        for _ in range(3):
            with socket.socket(socket.AF_UNIX) as asking:
                asking.connect(os.environ[drawing.SERVED_AT])
                asking.sendall(question)
        assert draw(specification()).startswith("<svg")
        assert started[0].poll() is None


def test_where_all_drawers_were_killed_the_drawing_is_made(studio, started):
    with drawers(2):
        for drawer in started:
            drawer.kill()
            drawer.wait()
        assert draw(specification()) == vl_convert.vegalite_to_svg(specification())


@on_linux
def test_where_a_drawer_is_killed_at_its_work_the_drawing_is_made(studio, started):
    with drawers(1), ThreadPoolExecutor(1) as pool:
        draw(specification())
        started[0].send_signal(signal.SIGSTOP)
        drawn = pool.submit(draw, specification(4))
        with pytest.raises(TimeoutError):
            drawn.result(0.3)
        started[0].kill()
        assert drawn.result(10) == vl_convert.vegalite_to_svg(specification(4))


@pytest.mark.parametrize("kept", [0, 5, 11, 500, -1])
def test_half_an_answer_is_not_believed(studio, monkeypatch, kept):
    right = vl_convert.vegalite_to_svg(specification())
    address = tempfile.mktemp(prefix="half-")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()

        def half():
            asking, _ = listening.accept()
            with asking:
                asking.sendall(drawing._answer(drawing._everything(asking))[:kept])

        thread = threading.Thread(target=half)
        thread.start()
        monkeypatch.setenv(drawing.SERVED_AT, address)
        try:
            assert draw(specification()) == right
        finally:
            thread.join(10)
            Path(address).unlink()


def test_a_process_that_was_forked_from_one_that_has_drawn_draws_as_well(studio):
    script = (
        "import os\n"
        "from evidence_review import drawing\n"
        "from evidence_review.store import Store\n"
        "drawing.store_of = lambda folder: Store(None)\n"
        "before = drawing.draw(drawing.SMALLEST)\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    os._exit(0 if drawing.draw(drawing.SMALLEST) == before else 1)\n"
        "raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], timeout=60, check=False)
    assert ran.returncode == 0


def test_no_drawer_is_left_when_it_is_over(started):
    with contextlib.suppress(ZeroDivisionError), drawers(2):
        assert [drawer.poll() for drawer in started] == [None, None]
        address = os.environ[drawing.SERVED_AT]
        raise ZeroDivisionError
    assert None not in [drawer.returncode for drawer in started]
    assert drawing.SERVED_AT not in os.environ
    assert not Path(address).parent.exists()


@on_linux
def test_a_drawer_that_does_not_listen_is_ended_as_well(started):
    with drawers(1):
        started[0].send_signal(signal.SIGSTOP)
    assert started[0].returncode == -signal.SIGKILL


@on_linux
def test_drawers_end_when_the_one_that_started_them_is_killed(tmp_path):
    program = (
        "import time\nfrom evidence_review.drawing import drawers\n"
        "with drawers(2):\n    print('begun', flush=True)\n    time.sleep(60)\n"
    )
    mark = uuid.uuid4().hex
    starting = subprocess.Popen(
        [sys.executable, "-c", program],
        env=environment(mark, tmp_path),
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    with starting:
        assert starting.stdout.readline() == b"begun\n"
        until(lambda: len(living(mark)) == 3)
        starting.kill()
    until(lambda: not living(mark))


def test_where_the_path_of_a_socket_would_be_too_long_every_process_draws(studio, monkeypatch):
    folder = studio / ("long" * 30)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with drawers(1):
        assert drawing.SERVED_AT not in os.environ
        assert draw(specification()).startswith("<svg")
    assert list(folder.iterdir()) == []


# Files written whole or not at all


def dead_process():
    """The number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return process.pid


def failing(*_, **__):
    raise OSError("no space left")


@pytest.mark.parametrize("owner,name", [(os, "fsync"), (Path, "replace"), (Path, "chmod")])
def test_a_write_that_fails_leaves_the_old_file_and_no_part(tmp_path, monkeypatch, owner, name):
    path = tmp_path / "page"
    path.write_bytes(b"old")
    monkeypatch.setattr(owner, name, failing)
    with pytest.raises(OSError, match="no space left"):
        write_if_changed(path, b"new")
    assert path.read_bytes() == b"old"
    assert [found.name for found in tmp_path.iterdir()] == ["page"]


def test_a_write_that_is_interrupted_leaves_no_part(tmp_path, monkeypatch):
    def interrupted(handle):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_if_changed(tmp_path / "page", b"new")
    assert list(tmp_path.iterdir()) == []


def test_until_the_new_file_is_whole_the_old_one_is_there(tmp_path, monkeypatch):
    path = tmp_path / "page"
    path.write_bytes(b"old")
    seen = []
    sync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: seen.append(path.read_bytes()) or sync(handle))
    assert write_if_changed(path, b"new") is True
    assert seen == [b"old"]
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o644


def test_the_same_bytes_are_not_written(tmp_path, monkeypatch):
    path = tmp_path / "page"
    assert write_if_changed(path, b"same") is True
    os.utime(path, ns=(5, 5))
    monkeypatch.setattr(Path, "replace", failing)
    assert write_if_changed(path, b"same") is False
    assert path.stat().st_mtime_ns == 5


def test_what_may_be_lost_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", failing)
    assert write_if_changed(tmp_path / "page", b"new", durable=False) is True


def test_a_part_that_another_left_is_in_nobodys_way(tmp_path, monkeypatch):
    # As after a crash in a container, where numbers of processes begin at 1 again.
    number = next(atomic._numbers)
    left = tmp_path / f".page.{os.getpid()}-{number + 1}.part"
    for name in (left, tmp_path / f".page.{os.getpid()}-0.part"):
        name.write_bytes(b"half")
    monkeypatch.setattr(atomic, "_numbers", iter([number + 2]))
    assert write_if_changed(tmp_path / "page", b"new")
    assert left.exists()
    fresh = "import evidence_review.atomic as a; print(next(a._numbers))"
    runs = [
        subprocess.run([sys.executable, "-c", fresh], env=environment(), capture_output=True)
        for _ in range(2)
    ]
    assert runs[0].stdout != runs[1].stdout


def test_sweeping_takes_away_the_parts_of_dead_processes_only(tmp_path):
    gone = tmp_path / f".page.html.{dead_process()}-3.part"
    kept = [
        tmp_path / f".page.html.{os.getpid()}-3.part",
        tmp_path / ".page.html.1-0.part",
        tmp_path / ".mine.part",
        tmp_path / f"page.html.{dead_process()}-3.part",
        tmp_path / "page.html",
    ]
    for path in (gone, *kept):
        path.touch()
    sweep(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(kept)
    sweep(tmp_path / "no such folder")


# Workers


FAILING = {
    "raises": ("raise ValueError('no such thing')", "ValueError: no such thing"),
    "leaves": ("import os; os._exit(3)", "DeadKernelError: Kernel died"),
    "killed": ("import os; os.kill(os.getpid(), 9)", "DeadKernelError: Kernel died"),
    "exits": ("import sys; sys.exit(0)", "was not completed"),
    "late": ("import time; time.sleep(60)", "CellTimeoutError: A cell timed out"),
}


def whatever_was_drawn():
    """Whether workers are forked from this process, in which tests may have drawn: none here do."""
    return sys.platform.startswith("linux")


@pytest.fixture(scope="module", params=[workers.FORKED, workers.OWN])
def failed(request, tmp_path_factory):
    """A run in which five notebooks fail, each in another way, and two do not."""
    review = bare(tmp_path_factory.mktemp("failed") / "review")
    # A worker that is forked has the limit below; one that is started afresh has the real one.
    names = [name for name in FAILING if name != "late" or request.param == workers.FORKED]
    for name in names:
        put_notebook(review.root, name, "n = 1", "n + 1", FAILING[name][0], "n + 2")
        (review.root / f"reports/{name}.html").write_text("the old one")
    put_notebook(review.root, "sound", "n = 1", "n + 1")
    put_reports(review.root, first="sound", **{name: name for name in names}, last="sound")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(workers, "can_fork", whatever_was_drawn)
        patched.setattr(report, "CELL_SECONDS", 2)
        patched.setattr(forked, "END_SECONDS", 0.2)
        ran = review.run("render", "--engine", request.param, "--processes", "2")
    return review, ran


def test_notebooks_that_fail_fail_alone(failed):
    review, ran = failed
    wrong = len(read_catalogue(review.root)) - 2
    assert (ran.code, ran.lines) == (1, [f"2 written, 0 unchanged, {wrong} failed"])
    assert (review.root / "reports/first.html").exists()
    assert (review.root / "reports/last.html").exists()


def test_a_notebook_that_fails_is_named_with_its_cell_and_keeps_its_old_file(failed):
    review, ran = failed
    lines = dict(line.split(".html: failed: ") for line in ran.err.splitlines())
    names = {each.name for each in read_catalogue(review.root)} - {"first", "last"}
    assert set(lines) == names
    for name in names:
        assert lines[name].startswith(f"cell 3: {FAILING[name][1]}")
        assert (review.root / f"reports/{name}.html").read_text() == "the old one"


def test_what_failed_is_due_and_the_rest_is_not(failed):
    review, _ = failed
    names = {each.name for each in read_catalogue(review.root)}
    assert due(review) == names - {"first", "last"}
    assert not stands(review)
    assert parts(review.root) == []


def test_a_report_that_takes_too_long_fails_alone(small, monkeypatch):
    monkeypatch.setattr(workers, "can_fork", whatever_was_drawn)
    monkeypatch.setattr(workers, "REPORT_SECONDS", 4)
    put_notebook(small.root, "late", *["import time; time.sleep(3)"] * 20)
    put_notebook(small.root, "sound", "1 + 1")
    put_reports(small.root, late="late", one="sound", two="sound")
    (small.root / "reports/late.html").write_text("the old one")
    ran = small.run("render", "--only", "late", "one", "two", "--processes", "2")
    assert (ran.code, ran.lines) == (1, ["2 written, 0 unchanged, 1 failed"])
    assert ran.err == "late.html: failed: took longer than 4 s and was ended\n"
    assert html(small)["late.html"] == b"the old one"
    assert set(html(small)) == {"late.html", "one.html", "two.html"}


@on_linux
@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_worker_that_is_killed_fails_its_report_alone(small, processes):
    # A kernel is forked from a nursery, which the worker has forked.
    nursery = "stat = open(f'/proc/{os.getppid()}/stat').read()"
    worker = "os.kill(int(stat.rsplit(')', 1)[1].split()[1]), 9)"
    put_notebook(small.root, "killing", "import os", nursery, worker, "1 + 1")
    put_notebook(small.root, "sound", "1 + 1")
    put_reports(small.root, one="sound", two="killing", three="sound", four="sound")
    (small.root / "reports/two.html").write_text("the old one")
    names = ("one", "two", "three", "four")
    ran = small.run("render", "--only", *names, "--processes", processes)
    assert (ran.code, ran.lines) == (1, ["3 written, 0 unchanged, 1 failed"])
    assert ran.err == "two.html: failed: its process died (SIGKILL)\n"
    assert html(small)["two.html"] == b"the old one"
    assert set(html(small)) == {f"{name}.html" for name in names}


@on_linux
def test_a_nursery_that_is_killed_fails_its_report_alone(small):
    # It waits: else it may be done before it is told that its parent has died.
    kill = "os.kill(os.getppid(), 9); time.sleep(60)"
    put_notebook(small.root, "killing", "import os, time", kill, "1 + 1")
    put_notebook(small.root, "sound", "1 + 1")
    put_reports(small.root, one="sound", two="killing", three="sound", four="sound")
    names = ("one", "two", "three", "four")
    ran = small.run("render", "--only", *names, "--processes", "1")
    assert (ran.code, ran.lines) == (1, ["3 written, 0 unchanged, 1 failed"])
    assert ran.err == "two.html: failed: cell 2: DeadKernelError: Kernel died\n"
    assert set(html(small)) == {"one.html", "three.html", "four.html"}


@on_linux
def test_a_worker_that_died_between_two_reports_is_replaced(small, monkeypatch):
    put_notebook(small.root, "sound", "1 + 1")
    put_reports(small.root, **{f"report-{number}": "sound" for number in range(3)})
    answered = workers._outcome

    def and_die(worker):
        found = answered(worker)
        worker.process.kill()
        worker.process.join()
        # As if nobody had noticed yet.
        monkeypatch.setattr(worker.process, "is_alive", lambda: True)
        return found

    monkeypatch.setattr(workers, "_outcome", and_die)
    names = [each.name for each in read_catalogue(small.root)]
    ran = small.run("render", "--only", *names, "--processes", "1")
    assert (ran.code, ran.lines[0]) == (0, "3 written, 0 unchanged, 0 failed"), ran.err


def test_one_or_more_processes_and_either_engine_give_the_same_bytes(small):
    shown = (
        'topic = "all"',
        "import sys\nimport pandas as pd\nfrom IPython.display import HTML, Markdown, display\n"
        "from evidence_review.dataset import load",
        'print("one"); print("two", file=sys.stderr); display(HTML("<p>3</p>"), Markdown("*4*"))',
        "data = load(topic=topic)\ndata.claims[:3]",
    )
    put_notebook(small.root, "shown", *shown)
    names = ("here", "there")
    put_reports(small.root, here=("shown", HERE), there=("shown", THERE))
    made = {}
    for engine, processes in (("forked", "1"), ("forked", "3"), ("nbclient", "3")):
        out = small.root / f"{engine}-{processes}"
        arguments = ("--engine", engine, "--processes", processes, "--out", str(out))
        ran = small.run("render", "--only", *names, *arguments)
        assert (ran.code, ran.err) == (0, "")
        made[out.name] = html(small, out.name)
    first, *others = made.values()
    assert set(first) == {f"{name}.html" for name in names}
    assert first["here.html"] != first["there.html"]
    assert all(other == first for other in others)


def test_nothing_is_logged_besides(small, capfd):
    put_notebook(small.root, "leaving", "import os; os._exit(3)")
    put_reports(small.root, one="leaving")
    ran = small.run("render", "--only", "one")
    assert ran.err == "one.html: failed: cell 1: DeadKernelError: Kernel died\n"
    assert capfd.readouterr() == ("", "")


@on_linux
@pytest.mark.parametrize("engine", workers.ENGINES)
def test_workers_are_deaf_to_interruptions_and_what_they_run_is_not(small, engine):
    look = (
        "import os, signal\nfrom pathlib import Path",
        'status = Path(f"/proc/{os.getppid()}/status").read_text()\n'
        'words = dict(line.split(":\\t", 1) for line in status.splitlines())',
        'assert int(words["SigIgn"], 16) & 2\nassert not int(words["SigBlk"], 16) & 2',
        "assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])",
        "assert signal.getsignal(signal.SIGINT) is signal.default_int_handler",
    )
    put_notebook(small.root, "looking", *look)
    put_reports(small.root, one="looking")
    ran = small.run("render", "--only", "one", "--engine", engine)
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.parametrize("others", [0, 1])
def test_an_interruption_waits_until_a_worker_has_been_started(others):
    over = threading.Event()
    for _ in range(others):
        # It may be told of the signal in place of this thread.
        threading.Thread(target=over.wait).start()
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), workers._uninterrupted():
        os.kill(os.getpid(), signal.SIGINT)
        begun = True
    over.set()
    assert begun
    assert signal.getsignal(signal.SIGINT) is before
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_what_a_worker_keeps_for_itself_is_taken_away(small, monkeypatch):
    folder = small.root / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    left = "import tempfile\nfrom pathlib import Path\nPath(tempfile.mkdtemp(), 'a').touch()"
    put_notebook(small.root, "leaving", left)
    put_reports(small.root, one="leaving")
    assert small.run("render", "--only", "one").code == 0
    assert list(folder.iterdir()) == []


# Runs that are interrupted


def environment(mark="", folder=None):
    """The variables of a process that is found again by a mark, and leaves things in a folder."""
    kept = {name: text for name, text in os.environ.items() if name != drawing.SERVED_AT}
    own = {"PYTHONPATH": str(ROOT), "EVIDENCE_REVIEW_TEST": mark}
    return {**kept, **own, **({"TMPDIR": str(folder)} if folder else {})}


def living(mark):
    """The processes that live and were started, by whomever, with this mark."""
    wanted = f"EVIDENCE_REVIEW_TEST={mark}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        # One that has ended and is not buried yet has no variables.
        with contextlib.suppress(OSError):
            if wanted in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
    return found


def until(holds, seconds=15):
    """Wait until something holds."""
    last = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < last, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def sleeping(small):
    """A review with a report that is made at once, and two that sleep where a file says so."""
    wait = (
        "import os, time\nfrom pathlib import Path",
        'if Path("sleepy").exists():\n    Path(f"asleep-{os.getpid()}").touch()\n'
        "    time.sleep(60)",
        '"awake"',
    )
    put_notebook(small.root, "sound", "1 + 1")
    put_notebook(small.root, "sleeping", *wait)
    put_reports(small.root, one="sound", two="sleeping", three="sleeping")
    (small.root / "sleepy").touch()
    # The path of a socket may not be long.
    folder = Path(tempfile.mkdtemp(prefix="t-"))
    yield small, folder
    shutil.rmtree(folder)


@contextlib.contextmanager
def rendering_of(review, folder, mark, *arguments):
    """A real run in a session of its own, ended with the block."""
    command = [sys.executable, "-m", "evidence_review", "render", *arguments]
    with subprocess.Popen(
        command,
        cwd=review.root,
        env=environment(mark, folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def asleep(review):
    """How many notebooks sleep."""
    return len(list(review.root.glob("asleep-*")))


@on_linux
@pytest.mark.parametrize("engine,processes", [("forked", 1), ("forked", 3), ("nbclient", 2)])
def test_an_interrupted_run_ends_at_once_and_the_next_goes_on(sleeping, engine, processes):
    review, folder = sleeping
    mark = uuid.uuid4().hex
    arguments = ("--engine", engine, "--processes", str(processes))
    with rendering_of(review, folder, mark, *arguments) as running:
        until(lambda: asleep(review) == min(processes, 2), 60)
        until(lambda: "one" not in due(review), 30)
        began = time.monotonic()
        os.killpg(running.pid, signal.SIGINT)
        out, err = running.communicate(timeout=30)
        took = time.monotonic() - began
    assert running.returncode == 130
    assert out == "interrupted: 1 written, 2 left; run it again to go on\n"
    assert err == ""
    assert took < 3
    # A kernel that papermill itself starts looks once a second whether it is alone.
    until(lambda: not living(mark), 0.5 if engine == "forked" else 10)
    assert list(folder.iterdir()) == []
    assert parts(review.root) == []
    assert set(html(review)) == {"one.html"}
    (review.root / "sleepy").unlink()
    ran = review.run("render")
    assert (ran.code, ran.lines[0]) == (0, "2 written, 1 unchanged, 0 failed"), ran.err


@on_linux
@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGKILL])
def test_of_a_run_that_is_ended_no_process_is_left(sleeping, kind):
    review, folder = sleeping
    mark = uuid.uuid4().hex
    with rendering_of(review, folder, mark, "--processes", "3") as running:
        until(lambda: asleep(review) == 2, 60)
        os.kill(running.pid, kind)
        running.wait(10)
        until(lambda: not living(mark), 5)
    assert due(review) >= {"two", "three"}


def test_an_interruption_before_anything_is_made_is_no_traceback(small, monkeypatch):
    def interrupted(root, options):
        raise KeyboardInterrupt

    monkeypatch.setattr(rendering, "run_render", interrupted)
    assert small.run("render") == (130, "", "interrupted\n")


@on_linux
def test_two_runs_at_once_end_with_the_right_bytes(small):
    put_notebook(small.root, "topical", *TOPICAL)
    topics = {f"on-{n}": ("topical", topic) for n, topic in enumerate((HERE, THERE, ELSEWHERE))}
    put_reports(small.root, **topics, whole="topical")
    folder = Path(tempfile.mkdtemp(prefix="t-"))
    mark = uuid.uuid4().hex
    with (
        rendering_of(small, folder, mark, "--processes", "2") as first,
        rendering_of(small, folder, mark, "--processes", "2") as second,
    ):
        said = [running.communicate(timeout=90) for running in (first, second)]
    assert [running.returncode for running in (first, second)] == [0, 0], said
    assert [err for _, err in said] == ["", ""]
    shutil.rmtree(folder)
    both = html(small)
    assert parts(small.root) == []
    assert len(both) == 4
    assert small.run("render", "--out", str(small.root / "alone")).code == 0
    assert html(small, "alone") == both
    executed(small)
    # Each run noted what it made; that one of them noted last is no reason to make it again.
    assert due(small) == set()


# Words


@pytest.mark.parametrize("number", ["0", "-1", "two", "1.5", "", "²"])
def test_a_number_of_processes_that_is_none_is_refused(untouched, number):
    line = refused(untouched, "--processes", number)
    assert line.endswith(f"--processes: '{number}' is not a whole number of at least 1")


def test_an_unknown_engine_is_refused_with_the_known_ones(untouched):
    line = refused(untouched, "--engine", "turbo")
    for word in ("--engine", "'turbo'", *workers.ENGINES):
        assert word in line


def refused(review, *arguments):
    """The last line that a run says of an option that it refuses."""
    ran = subprocess.run(
        [sys.executable, "-m", "evidence_review", "render", *arguments],
        cwd=review.root,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "Traceback" not in ran.stderr
    return ran.stderr.splitlines()[-1]


@pytest.mark.parametrize("arguments,telling", [
    (["--only", "indx"], "--only: 'indx' is not one of index, "),
    (["--only", "index", "none"], "--only: 'none' is not one of index, "),
    (["concensus"], "notebook: 'concensus' is not one of "),
    (["--name", "mine"], "-p and --name are for one notebook: name it after `render`"),
    (["consensus", "-p", "topic", "legs"], "consensus: topic: 'legs' is not one of all, "),
])  # fmt: skip
def test_what_is_unknown_is_refused_in_a_line(untouched, arguments, telling):
    ran = untouched.run("render", *arguments)
    assert (ran.code, ran.out) == (1, "")
    assert len(ran.err.splitlines()) == 1
    assert ran.err.startswith(telling)

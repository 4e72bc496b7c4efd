"""The reports: what is committed is what the data says, and each stands alone in its file."""

import os
import re
import shutil
from functools import cache
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from markupsafe import escape

from evidence_review.__main__ import main
from evidence_review.atomic import write_if_changed
from evidence_review.catalogue import CatalogueError, Links, Report, read_catalogue
from evidence_review.dataset import load
from evidence_review.dictionary import find_root
from evidence_review.marked_text import marked_text
from evidence_review.refusal import ParameterError
from evidence_review.report import (
    Outcome,
    check_report,
    export,
    notebook_path,
    render_one,
    typed_parameters,
)
from evidence_review.screenshots import SHOTS
from evidence_review.scripts import scripts
from evidence_review.workers import ENGINES, render

ROOT = find_root(Path(__file__).parent)
REPORTS = read_catalogue(ROOT)
TOPICS = load(ROOT).dictionary.vocabulary("propositions", "topic")
CSP = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'"
)


class Page(HTMLParser):
    """The ids, links, tags and headings of a page."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.tags, self.headings, self.loads = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.tags.append(tag)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if tag == "a" and "href" in found else []
        self.headings += [int(tag[1])] if re.fullmatch("h[1-6]", tag) else []
        self.loads += [found[key] for key in ("src", "srcset", "data", "poster") if key in found]


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory):
    """All reports, rendered anew from a copy in a folder of another name."""
    root = tmp_path_factory.mktemp("another place")
    for name in ("claims.csv", "datapackage.json", "reports.toml", "README.md", "CHANGELOG.md"):
        shutil.copy(ROOT / name, root / name)
    for name in ("references", "notebooks"):
        shutil.copytree(ROOT / name, root / name)
    (root / "reports").mkdir()
    shutil.copy(ROOT / "reports/conclusions.csv", root / "reports/conclusions.csv")
    before = Path.cwd()
    os.chdir(root)
    try:
        assert main(["render"]) == 0
    finally:
        os.chdir(before)
    return root


@cache
def text_of(file):
    return (ROOT / "reports" / file).read_text(encoding="utf-8")


def committed(report):
    return text_of(report.file)


@cache
def pages():
    """Every report, taken apart once."""
    return {report.file: Page(committed(report)) for report in REPORTS}


@pytest.fixture(params=REPORTS, ids=lambda report: report.name)
def report(request):
    return request.param


@pytest.fixture
def small_root(tmp_path):
    """A copy of the review with a notebook of the test's own."""
    for name in ("claims.csv", "datapackage.json", "reports.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "references", tmp_path / "references")
    (tmp_path / "notebooks").mkdir()
    return tmp_path


def put_notebook(root, name, *sources, tags=()):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    for cell, given in zip(cells, tags, strict=False):
        cell.metadata["tags"] = [given]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    book = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(book, root / "notebooks" / f"{name}.ipynb")


def test_a_rebuild_gives_the_committed_bytes(rebuilt, report):
    assert (rebuilt / "reports" / report.file).read_text(encoding="utf-8") == committed(report)


def test_a_rebuild_gives_the_committed_conclusions_figure_and_readme(rebuilt):
    for name in ("reports/conclusions.csv", "reports/findings.svg", "README.md"):
        assert (rebuilt / name).read_bytes() == (ROOT / name).read_bytes(), name


def test_the_folder_of_reports_holds_nothing_else():
    expected = {*(r.file for r in REPORTS), *SHOTS, "conclusions.csv", "findings.svg"}
    assert {path.name for path in (ROOT / "reports").iterdir()} == expected


def test_there_is_a_report_on_consensus_and_contradictions_for_every_topic():
    for notebook in ("consensus", "contradictions", "appraisal"):
        found = {
            report.parameters.get("topic", "all")
            for report in REPORTS
            if report.notebook == notebook
        }
        assert found == {"all", *TOPICS}


def test_a_report_stands_alone(report):
    text, page = committed(report), pages()[report.file]
    assert not {"link", "iframe", "object", "embed", "img", "base", "form"} & set(page.tags)
    assert page.loads == []
    assert "url(" not in text
    assert "@import" not in text
    # The interactive page has its data and two scripts, which its policy names by their hashes.
    interactive = report.notebook == "explore"
    assert page.tags.count("script") == (3 if interactive else 0)
    named = "".join(f" '{script.source}'" for script in scripts()) if interactive else ""
    policy = CSP.replace("; ", f"; script-src{named}; ", 1) if interactive else CSP
    assert text.count("Content-Security-Policy") == 1
    assert f'content="{policy}"' in text
    assert len(text.encode()) < 300_000


def test_a_report_tells_no_place_and_no_time_of_making(report):
    text = committed(report)
    assert str(ROOT) not in text
    assert not re.search(r"/(?:home|root|Users|tmp|work)/", text)
    assert not re.search(r"0x[0-9a-f]{6,}", text)


def test_a_report_begins_with_red_flags_and_what_it_is_not(report):
    text = committed(report)
    title, flags = text.index("</h1>"), text.index('<div class="safety">')
    limits = text.index("What this is not")
    assert text[title:flags].strip() == "</h1>"
    assert 'id="red-flags"' in text[flags:limits]
    assert "bladder" in text[flags:limits]
    assert limits < text.index("<h2 id=")


def test_headings_are_in_order_and_ids_stand_once(report):
    page = pages()[report.file]
    assert page.headings.count(1) == 1
    assert page.headings[0] == 1
    for before, after in zip(page.headings, page.headings[1:], strict=False):
        assert after <= before + 1
    assert len(page.ids) == len(set(page.ids))


def test_no_link_is_dead(report):
    for link in pages()[report.file].links:
        if not link.startswith(("https://", "http://")):
            file, _, anchor = link.partition("#")
            target = pages()[file or report.file]
            assert not anchor or anchor in target.ids, link


def test_every_figure_has_a_caption_and_a_table(report):
    text = committed(report)
    for figure in re.findall(r"<figure.*?</figure>", text, re.DOTALL):
        assert "<figcaption" in figure
        assert "<table" in figure
        assert 'role="img"' in figure


def test_every_claim_is_quoted_on_its_page_its_topic_its_author_and_in_its_place():
    data = load(ROOT)
    topics = dict(zip(data.propositions["proposition_id"], data.propositions["topic"], strict=True))
    for claim in data.claims.itertuples():
        name = f"{claim.source_id}-{claim.start}-{claim.proposition_id}"
        topic = topics[claim.proposition_id].replace(" ", "-")
        for file in (
            f"proposition-{claim.proposition_id}.html",
            f"consensus-{topic}.html",
            f"source-{claim.source_id}.html",
        ):
            page = text_of(file)
            block = page[page.index(f'id="{name}"') :]
            quote = block[: block.index("</div>")]
            assert f'href="document-lumbar-disc-exercise-qa.html#{name}"' in quote, file
            assert f'href="source-{claim.source_id}.html"' in quote, file
            assert f"{claim.start:,}–{claim.end:,}" in quote, file
            assert claim.source_author.replace("'", "&#39;") in quote, file
            assert escape(claim.quote) in quote, file
        marked = pages()["document-lumbar-disc-exercise-qa.html"]
        assert name in marked.ids
        assert f"proposition-{claim.proposition_id}.html#{name}" in marked.links


def test_the_document_stands_letter_for_letter_on_its_page():
    data = load(ROOT)
    document = data.documents["lumbar-disc-exercise-qa"]
    page = text_of("document-lumbar-disc-exercise-qa.html")
    whole = marked_text(data, document.document_id, Links([])).html
    assert str(marked_text(data, document.document_id, Links(REPORTS)).html) in page
    without = re.sub(r'<(sup|span) class="[^"]*added[^"]*">.*?</\1>', "", str(whole))
    without = re.sub(r"<h3.*?</h3>", "", without)
    without = without.replace('</div>\n<div class="text">', "").replace("</div>\n", "")
    plain = unescape(re.sub(r"<[^>]+>", "", without))
    assert plain.replace("\n", "") == document.text.replace("\n", "")
    for sentence in data.sentences[data.sentences["reason"] != ""].itertuples():
        assert f'">{sentence.reason}</span>' in page


def test_walking_backwards_is_one_click_away_with_both_sides_in_their_words():
    assert 'href="proposition-walking-backwards.html"' in committed(REPORTS[0])
    page = text_of("proposition-walking-backwards.html")
    for words in (
        "can also walk backwards",
        "Walk backwards in familiar, flat areas",
        "strange workouts",
        "S02",
        "S04",
        "S06",
        "S10",
        "Support shown",
    ):
        assert words in page


def test_every_page_leads_to_the_menu_and_to_where_it_belongs(report):
    links = pages()[report.file].links
    assert {"index.html", "consensus.html", "index-authors.html"} <= set(links)
    for above in report.trail:
        assert above.file in links


def test_a_proposition_leads_to_the_next_of_its_topic_and_back():
    for report in REPORTS:
        if report.notebook == "proposition" and report.neighbours[1]:
            after = pages()[report.neighbours[1].file]
            assert report.neighbours[1].file in pages()[report.file].links
            assert report.file in after.links


def test_a_second_render_writes_nothing(rebuilt):
    before = Path.cwd()
    stamps = {path: path.stat().st_mtime_ns for path in (rebuilt / "reports").iterdir()}
    os.chdir(rebuilt)
    try:
        assert main(["render", "--only", "coding-agreement", "consensus-diagnosis"]) == 0
    finally:
        os.chdir(before)
    assert {p: p.stat().st_mtime_ns for p in (rebuilt / "reports").iterdir()} == stamps


@pytest.mark.parametrize("parameters,telling", [
    ({"topik": "diagnosis"}, "'topik' is not one of topic, threshold"),
    ({"topic": "walking"}, "'walking' is not one of all, natural history"),
    ({"topic": 3}, "is not of the type str"),
    ({"threshold": "high"}, "is not of the type float"),
    ({"threshold": 0.5}, "not above 0.5"),
    ({"phase": "accute"}, "did you mean 'acute'?"),
    ({"sources": "S04, S99"}, "'S99' is not one of"),
    ({"topic": "diagnosis", "phase": "post_op", "sources": "S02"}, "no claim is left"),
])  # fmt: skip
def test_a_wrong_parameter_is_refused_before_anything_runs(parameters, telling):
    with pytest.raises(ParameterError, match=re.escape(telling)):
        check_report(load(ROOT), Report("mine", "Mine", "consensus", parameters))


def test_a_misspelt_parameter_on_the_command_line_exits_with_a_message(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert main(["render", "consensus", "-p", "topik", "x"]) == 1
    assert "did you mean 'topic'?" in capsys.readouterr().err


def test_an_unknown_notebook_is_refused_with_the_known_ones():
    with pytest.raises(CatalogueError, match="did you mean 'consensus'"):
        notebook_path(ROOT, "concensus")


def test_values_from_the_command_line_get_the_types_of_the_defaults():
    path = notebook_path(ROOT, "consensus")
    given = [("topic", "001"), ("threshold", "1e0"), ("weakest_level", "4"), ("quotes", "false")]
    typed = {"topic": "001", "threshold": 1.0, "weakest_level": 4, "quotes": False}
    assert typed_parameters(path, given) == typed


def test_one_report_with_parameters_of_ones_own(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    arguments = ["render", "consensus", "-p", "topic", "walking and sport", "-p", "threshold"]
    assert main([*arguments, "0.6", "--name", "mine", "--out", str(tmp_path)]) == 0
    assert "threshold of 0.6" in (tmp_path / "mine.html").read_text(encoding="utf-8")


def test_a_failing_report_is_named_with_its_cell_and_leaves_the_old_file(small_root, tmp_path):
    put_notebook(small_root, "broken", "1 + 1", "raise ValueError('no such thing')")
    put_notebook(small_root, "sound", "1 + 1")
    out = tmp_path / "out"
    out.mkdir()
    (out / "broken.html").write_text("the old one", encoding="utf-8")
    reports = [Report(name, name, name, {}) for name in ("broken", "sound")]
    events = list(render(small_root, reports, out, 1))
    outcomes = {event.report.name: event for event in events if isinstance(event, Outcome)}
    assert outcomes["broken"].state == "failed"
    assert outcomes["broken"].reason == "cell 2: ValueError: no such thing"
    assert outcomes["sound"].state == "written"
    assert (out / "broken.html").read_text(encoding="utf-8") == "the old one"
    assert {path.name for path in out.iterdir()} == {"broken.html", "sound.html"}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("leaves", ["import sys; sys.exit(0)", "import os; os._exit(0)"])
def test_a_notebook_that_leaves_early_has_failed(small_root, tmp_path, leaves, engine):
    put_notebook(small_root, "early", "1 + 1", leaves, "2 + 2")
    outcome = render_one(small_root, Report("early", "Early", "early", {}), tmp_path, engine)
    assert outcome.state == "failed"
    assert not (tmp_path / "early.html").exists()


def test_an_interrupted_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "page.html"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", lambda handle: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_if_changed(path, b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"]
    assert path.read_bytes() == b"old"


def test_titles_and_streams_are_escaped():
    cell = nbformat.v4.new_code_cell("")
    cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text="<script>1</script>")]
    note = nbformat.v4.new_markdown_cell("a <script>2</script> here")
    book = nbformat.v4.new_notebook(cells=[cell, note])
    page = export(book, Report("x", "<script>3</script>", "x", {}))
    assert "<script" not in page

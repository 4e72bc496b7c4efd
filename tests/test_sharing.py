"""Giving reports away: tagged PDFs, the archive, the pictures of the README, and refusals."""

import io
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import lightest_pages
from PIL import Image
from pypdf import PdfReader
from test_print import PAPERS, squeezed, title_of

from evidence_review import screenshots, sharing
from evidence_review.__main__ import main
from evidence_review.catalogue import read_catalogue
from evidence_review.dictionary import find_root
from evidence_review.freshness import output_files

ROOT = find_root(Path(__file__).parent)
REPORTS = read_catalogue(ROOT)
FIRST = REPORTS[0].name
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def home(monkeypatch):
    """Commands called in the folder of the review."""
    monkeypatch.chdir(ROOT)


@pytest.fixture
def bare(review, monkeypatch):
    """A copy of the review with two reports that are there, of all that there should be."""
    monkeypatch.chdir(review.root)
    for report in REPORTS[:2]:
        (review.root / "reports" / report.file).write_text(f"<p>{report.name}", encoding="utf-8")
    return review


# PDF


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The PDFs of the lightest page of each kind, made by command in a process of its own."""
    out = tmp_path_factory.mktemp("pdf")
    names = [path.stem for path in lightest_pages()]
    pdf_in_a_process(out, "1", *names)
    return {name: (out / f"{name}.pdf").read_bytes() for name in names}


def pdf_in_a_process(out, seed, *names):
    """Make PDFs in a process whose hashes, and with them the order of sets, are of this seed."""
    command = [sys.executable, "-m", "evidence_review", "pdf", *names, "--out", str(out)]
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)


def tags(reader):
    """The elements of the structure of a PDF, in their order."""
    waiting = [reader.trailer["/Root"]["/StructTreeRoot"]]
    while waiting:
        node = waiting.pop().get_object()
        if isinstance(node, list):
            waiting += reversed(node)
        elif isinstance(node, dict):
            if "/S" in node:
                yield node
            waiting += [node["/K"]] if "/K" in node else []


@pytest.mark.needs("Pango")
@pytest.mark.parametrize("path", lightest_pages(), ids=lambda path: path.stem)
def test_a_pdf_is_tagged_and_names_its_language_title_and_figures(made, path):
    reader = PdfReader(io.BytesIO(made[path.stem]))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] is True or root["/MarkInfo"]["/Marked"].value is True
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert squeezed(reader.metadata.title).startswith(title_of(path)[:20])
    assert b"pdfuaid" in root["/Metadata"].get_object().get_data()
    found = [(node["/S"], node) for node in tags(reader)]
    kinds = [kind for kind, _ in found]
    assert kinds.count("/H1") == 1
    assert {"/H2", "/P", "/L", "/LI", "/Link"} <= set(kinds)
    figures = [node for kind, node in found if kind == "/Figure"]
    assert len(figures) == path.read_text(encoding="utf-8").count("<svg ")
    for figure in figures:
        assert len(str(figure["/Alt"]).split()) >= 4


@pytest.mark.needs("Pango")
@pytest.mark.parametrize("path", lightest_pages(), ids=lambda path: path.stem)
def test_a_pdf_begins_with_red_flags_and_says_on_each_sheet_what_it_is_of(made, path):
    reader = PdfReader(io.BytesIO(made[path.stem]))
    texts = [squeezed(page.extract_text()) for page in reader.pages]
    for words in ("signs that need urgent care", "What this is not"):
        assert squeezed(words) in texts[0]
    for number, text in enumerate(texts, start=1):
        assert title_of(path) in text
        assert re.search(rf"Page{number}of{len(texts)}", text)


@pytest.mark.needs("Pango")
def test_a_pdf_has_the_same_bytes_a_second_time_and_tells_no_time_and_no_place(made, tmp_path):
    name = lightest_pages()[0].stem
    pdf_in_a_process(tmp_path, "2", name)
    assert (tmp_path / f"{name}.pdf").read_bytes() == made[name]
    for content in made.values():
        assert b"CreationDate" not in content and b"ModDate" not in content
        assert str(ROOT).encode() not in content
        reader = PdfReader(io.BytesIO(content))
        links = [a.get_object() for page in reader.pages for a in page.get("/Annots", [])]
        addresses = [link["/A"]["/URI"] for link in links if "/URI" in link.get("/A", {})]
        assert all(re.match("https?://", address) for address in addresses)


@pytest.mark.needs("Pango")
@pytest.mark.parametrize("paper", PAPERS)
def test_a_pdf_is_on_the_paper_that_was_asked_for(home, tmp_path, paper, capsys):
    assert main(["pdf", "index-propositions", "--paper", paper, "--out", str(tmp_path)]) == 0
    assert str(tmp_path / "index-propositions.pdf") in capsys.readouterr().out
    box = PdfReader(tmp_path / "index-propositions.pdf").pages[0].mediabox
    assert (float(box.width), float(box.height)) == pytest.approx(PAPERS[paper], abs=1)


@pytest.mark.needs("Pango")
def test_a_page_that_was_rendered_elsewhere_becomes_a_pdf_too(home, tmp_path):
    page = tmp_path / "mine.html"
    page.write_text(
        '<html lang="en"><head><title>Mine</title></head><body><p>Words.</p></body></html>', "utf-8"
    )
    assert main(["pdf", str(page), "--out", str(tmp_path)]) == 0
    assert "Words." in PdfReader(tmp_path / "mine.pdf").pages[0].extract_text()


@pytest.mark.needs("Pango")
def test_a_pdf_asks_the_network_for_nothing(home, tmp_path, capsys):
    page = tmp_path / "fetching.html"
    page.write_text(
        '<html lang="en"><head><title>x</title></head><body>'
        '<img alt="x" src="http://127.0.0.1:9/x.png"></body></html>',
        "utf-8",
    )
    assert main(["pdf", str(page), "--out", str(tmp_path)]) == 1
    assert "not be whole" in capsys.readouterr().err
    assert not (tmp_path / "fetching.pdf").exists()


def refuse_import(monkeypatch, name, error):
    """Let the import of a module fail."""
    real = sharing.importlib.import_module

    def importing(module, *rest):
        if module == name:
            raise error
        return real(module, *rest)

    monkeypatch.setattr(sharing.importlib, "import_module", importing)


@pytest.mark.parametrize(("error", "cure"), [
    (ModuleNotFoundError("no weasyprint"), "pip install 'evidence-review[pdf]'"),
    (OSError("cannot load library 'libpango-1.0-0'"), "apt install libpango-1.0-0"),
])  # fmt: skip
def test_what_a_pdf_lacks_is_said_in_one_line(home, monkeypatch, capsys, tmp_path, error, cure):
    refuse_import(monkeypatch, "weasyprint", error)
    assert main(["pdf", FIRST, "--out", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert cure in said and said.count("\n") == 1


def test_a_report_that_is_unknown_or_not_rendered_is_refused_in_one_line(bare, capsys):
    assert main(["pdf", "indexx"]) == 1
    assert "did you mean 'index'?" in capsys.readouterr().err
    assert main(["pdf", REPORTS[2].name]) == 1
    said = capsys.readouterr().err
    assert f"render --only {REPORTS[2].name}" in said and said.count("\n") == 1


@pytest.mark.needs("Pango")
def test_a_folder_that_cannot_be_written_to_is_said(bare, capsys):
    (bare.root / "taken").write_text("a file", encoding="utf-8")
    assert main(["pdf", FIRST, "--out", "taken"]) == 1
    assert "--out" in capsys.readouterr().err


# The archive


def test_the_archive_holds_every_report_and_has_the_same_bytes_a_second_time(tmp_path):
    files = {name: (ROOT / "reports" / name).read_bytes() for name in output_files(ROOT)}
    content = sharing.archive(files)
    assert content == sharing.archive(dict(reversed(files.items())))
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert packed.testzip() is None
        assert packed.namelist() == sorted(f"reports/{name}" for name in files)
        assert {entry.date_time for entry in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        packed.extractall(tmp_path)
    for name, bytes_ in files.items():
        assert (tmp_path / "reports" / name).read_bytes() == bytes_


def test_the_archive_says_what_is_missing(bare, capsys):
    assert main(["zip"]) == 1
    told = capsys.readouterr()
    assert "missing: " in told.err and REPORTS[2].file in told.err
    assert REPORTS[0].file not in told.err.split("missing: ")[1].split(", ")
    with zipfile.ZipFile(bare.root / "reports.zip") as packed:
        assert f"reports/{REPORTS[0].file}" in packed.namelist()
    before = (bare.root / "reports.zip").stat().st_mtime_ns
    main(["zip"])
    assert (bare.root / "reports.zip").stat().st_mtime_ns == before


@pytest.mark.parametrize(("whole", "stands", "code", "told"), [
    ({"x": "y"}, True, 0, ""),
    ({"x": "y"}, False, 1, "not what the data says"),
    ({}, False, 0, "nobody has looked"),
])  # fmt: skip
def test_the_archive_says_whether_reports_are_stale(
    bare, monkeypatch, capsys, whole, stands, code, told
):
    class Known:
        def __init__(self, *_):
            self.whole = whole

        def stands(self, _):
            return stands

    monkeypatch.setattr(sharing, "Records", Known)
    monkeypatch.setattr(sharing, "output_files", lambda _: [r.file for r in REPORTS[:2]])
    assert main(["zip"]) == code
    said = capsys.readouterr().err
    assert told in said and bool(said) == bool(told)


def test_an_archive_of_nothing_is_refused(review, monkeypatch, capsys):
    monkeypatch.chdir(review.root)
    assert main(["zip"]) == 1
    assert "no report yet" in capsys.readouterr().err
    assert not (review.root / "reports.zip").exists()


# The pictures


@pytest.mark.browser
def test_the_pictures_are_made_by_command_and_light(tmp_path):
    # In a process of its own: the browser of the other tests is at work in this one.
    command = [sys.executable, "-m", "evidence_review", "screenshots", "--out", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    first = {name: (tmp_path / name).read_bytes() for name in screenshots.SHOTS}
    for content in first.values():
        with Image.open(io.BytesIO(content)) as picture:
            assert picture.size == (screenshots.SIZE["width"], screenshots.SIZE["height"])
            assert len(picture.getcolors(1_000_000)) > 8, "a picture of nothing"
        assert len(content) < 150_000
    again = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert again.stdout.count("unchanged") == len(first)


def test_the_readme_shows_the_pictures_with_words_for_who_cannot_see_them():
    for name in screenshots.SHOTS:
        assert re.search(rf"!\[[^\]]{{30,}}\]\(reports/{re.escape(name)}\)", README)
        assert (ROOT / "reports" / name).stat().st_size < 150_000


def test_pictures_of_what_is_not_there_are_refused(review, monkeypatch, capsys):
    monkeypatch.chdir(review.root)
    assert main(["screenshots"]) == 1
    assert "not rendered yet" in capsys.readouterr().err


def test_pictures_without_a_chromium_are_refused(home, monkeypatch, capsys):
    monkeypatch.setattr(screenshots, "chromium", lambda: None)
    assert main(["screenshots"]) == 1
    assert "apt install chromium" in capsys.readouterr().err

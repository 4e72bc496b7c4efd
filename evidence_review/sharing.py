"""Giving reports away: a tagged PDF of a report, and all reports in one archive."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import logging
import re
import sys
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import ModuleType
from xml.etree.ElementTree import Element, SubElement

from evidence_review.atomic import write_if_changed
from evidence_review.catalogue import CatalogueError, read_catalogue
from evidence_review.dictionary import not_one_of
from evidence_review.freshness import Records, inputs_of, output_files
from evidence_review.refusal import Refusal

ARCHIVE = "reports.zip"
# The oldest time that an archive can tell, so that it tells none.
NO_TIME = (1980, 1, 1, 0, 0, 0)
PDF_STYLE = Path(__file__).parent / "template" / "report" / "pdf.css"
# Says by itself that a PDF follows the rules of PDF/UA, which make it readable aloud.
VARIANT = "pdf/ua-1"
SVG = "{http://www.w3.org/2000/svg}"
ELSEWHERE = re.compile(r"(?!#|https?:)")
WITHOUT_WEASYPRINT = (
    "no PDF can be made: WeasyPrint is not installed here; `python3 run.py pdf` has it, and so has"
    " `pip install 'evidence-review[pdf]'`; a browser prints the reports as well"
)
WITHOUT_PANGO = (
    "no PDF can be made: WeasyPrint finds no Pango here; install it (Debian and Ubuntu: sudo apt"
    " install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0; macOS: brew install pango;"
    " Windows: MSYS2, pacman -S mingw-w64-x86_64-pango) and try again; a browser prints the reports"
    " as well"
)


STALE = "the reports are not what the data says now"
UNKNOWN = "nobody has looked here whether the reports are what the data says"


class SharingError(Refusal):
    """What was asked for cannot be made to give away."""


def run_pdf(root: Path, options: argparse.Namespace) -> int:
    """Make a tagged PDF of each report that is named, and say where it is."""
    pages = [_page(root, name) for name in options.report]
    texts = {page.stem: page.read_text(encoding="utf-8") for page in pages}
    weasyprint = _weasyprint()
    out = Path(options.out).resolve() if options.out else root / "pdf"
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            write_if_changed(out / f"{name}.pdf", pdf(weasyprint, text, options.paper))
            print(f"Open {out / name}.pdf")
    except OSError as error:
        raise SharingError(
            f"{out}: {error.strerror}: choose with --out a folder that you may write to"
        ) from None
    return 0


def run_zip(root: Path, options: argparse.Namespace) -> int:
    """Put all reports into one archive as they stand; 1 where that is not how they should be."""
    names = output_files(root)
    files = {
        name: (root / "reports" / name).read_bytes()
        for name in names
        if (root / "reports" / name).is_file()
    }
    if not any(name.endswith(".html") for name in files):
        raise SharingError("there is no report yet: `python3 run.py` makes them")
    content = archive(files)
    write_if_changed(root / ARCHIVE, content)
    print(f"{len(files)} files, {len(content) / 1e6:.1f} MB")
    print(f"Send {root / ARCHIVE}; who opens it begins with reports/{names[0]}")
    missing = [name for name in names if name not in files]
    state = f"missing: {', '.join(missing)}" if missing else _staleness(root)
    if state:
        print(f"{state}; `python3 run.py` makes what is due, then zip again", file=sys.stderr)
    return 1 if missing or state == STALE else 0


def pdf(weasyprint: ModuleType, page: str, paper: str) -> bytes:
    """A page as a tagged PDF on paper of this size: the same bytes for the same page."""
    # Nothing but what a page carries in itself, as its policy says.
    fetcher = weasyprint.urls.URLFetcher(allowed_protocols=("data",))
    document = weasyprint.HTML(string=page, url_fetcher=fetcher)
    _prepare(document.etree_element, paper)
    with _complaints() as said:
        try:
            content: bytes = document.write_pdf(pdf_variant=VARIANT)
        except AssertionError:
            raise SharingError(
                "the PDF cannot be made: WeasyPrint knows no way to lay this page out; a browser"
                " prints it"
            ) from None
    if said:
        raise SharingError(f"the PDF would not be whole: {said[0]}")
    return content


def archive(files: dict[str, bytes]) -> bytes:
    """Files in one zip archive, sorted: the same bytes for the same files."""
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name in sorted(files):
            entry = zipfile.ZipInfo(f"reports/{name}", NO_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            # Of no system, whichever this one is; a file that everybody may read.
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, files[name])
    return content.getvalue()


def _page(root: Path, name: str) -> Path:
    """The file of a report, named as in the list of reports or by its path; else SharingError."""
    path = Path(name)
    if path.suffix == ".html" and path.is_file():
        return path
    known = {report.name: report for report in read_catalogue(root)}
    if name.removesuffix(".html") not in known:
        raise CatalogueError(f"report: {not_one_of(name, tuple(known))}")
    report = known[name.removesuffix(".html")]
    if not (root / "reports" / report.file).is_file():
        raise SharingError(
            f"{report.name} is not rendered yet: `python3 run.py render --only {report.name}`"
        )
    return root / "reports" / report.file


def _staleness(root: Path) -> str:
    """What is to be said of reports that may not be what the data says; empty where they are."""
    records = Records(root, root / "reports")
    if not records.whole:
        return UNKNOWN
    return "" if records.stands(inputs_of(root)) else STALE


def _weasyprint() -> ModuleType:
    """WeasyPrint; SharingError with the cure where it, or what it draws with, is missing."""
    try:
        return importlib.import_module("weasyprint")
    except ModuleNotFoundError:
        raise SharingError(WITHOUT_WEASYPRINT) from None
    except OSError:
        raise SharingError(WITHOUT_PANGO) from None


def _prepare(page: Element, paper: str) -> None:
    """Give a page its paper and the style of PDFs, its figures names, and no links to nowhere."""
    head = page.find("head")
    assert head is not None
    style = SubElement(head, "style")
    style.text = f"@page {{ size: {paper} }}\n{PDF_STYLE.read_text(encoding='utf-8')}"
    words = {each.get("id"): each for each in page.iter() if each.get("id")}
    for drawing in page.iter(f"{SVG}svg"):
        named_by = words.get(drawing.get("aria-labelledby"))
        title = Element(f"{SVG}title")
        title.text = "".join(named_by.itertext()) if named_by is not None else "figure"
        drawing.insert(0, title)
    for link in page.iter("a"):
        # Mailed alone, a PDF has no other report beside it.
        if ELSEWHERE.match(link.get("href", "#")):
            del link.attrib["href"]


class _Complaints(logging.Handler):
    """What WeasyPrint could not do."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


@contextlib.contextmanager
def _complaints() -> Iterator[list[str]]:
    """What WeasyPrint could not do meanwhile."""
    handler, logger = _Complaints(), logging.getLogger("weasyprint")
    logger.addHandler(handler)
    try:
        yield handler.said
    finally:
        logger.removeHandler(handler)

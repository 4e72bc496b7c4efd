"""On paper: what is urgent comes first, every page says what it is of, and nothing is cut.

Pages are printed by Chromium; the PDFs made by command (WeasyPrint) are read in the same way.
"""

import io
import re
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import chosen_pages, pages_by_kind
from pypdf import PdfReader
from test_access import channels, contrast

from evidence_review.dictionary import find_root, read_dictionary
from evidence_review.report import css_string

ROOT = find_root(Path(__file__).parent)
RELEASE = read_dictionary(ROOT).version
# Width and height in points.
PAPERS = {"A4": (595, 842), "Letter": (612, 792)}
# As much of a page as its margins leave, in pixels of CSS.
HEIGHT = {"A4": (297 - 42) / 25.4 * 96, "Letter": (279.4 - 42) / 25.4 * 96}
WIDTH = {"A4": (210 - 32) / 25.4 * 96, "Letter": (215.9 - 32) / 25.4 * 96}
# The heaviest page of each kind on one paper and the lightest on the other; an only page on both.
CASES = [case for p in pages_by_kind() for case in dict.fromkeys([(p[-1], "A4"), (p[0], "Letter")])]
WHOLE = "tr, li, blockquote, .quote, .card, .harm, .dispute, .flags, .limits"
# What stands together, with the addresses that follow links, and how high it is.
PIECES = """whole => [...document.querySelectorAll('main')].flatMap(main =>
    [...main.querySelectorAll(whole)].filter(each => each.checkVisibility()
        && !each.closest('nav') && !(each.matches('thead tr'))).map(each => {
        const text = node => node.nodeType === 3 ? node.data
            : node.nodeType !== 1 || node.tagName === 'svg'
            || getComputedStyle(node).clipPath !== 'none' ? ''
            : [...node.childNodes].map(text).join('') + (node.matches('a[href^=http]')
                ? ' (' + node.getAttribute('href') + ')' : '');
        return {text: text(each), height: each.getBoundingClientRect().height};
    }))"""


class Printed(NamedTuple):
    """A page on paper: the text of each sheet, and the pieces that had to stay whole."""

    sheets: list[str]
    pieces: list[dict]
    size: tuple[float, float]


def squeezed(text):
    """A text without its spaces, which PDFs keep or lose as they like."""
    # Nor Chinese and Korean letters, for which this machine may have no font.
    return re.sub(r"[\s\x00\u00ad\u200b\u2e80-\ud7ff]+", "", text)


def sheets_of(content):
    """The text of each sheet of a PDF."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]


@pytest.fixture(scope="module")
def printed(browser):
    """A function that prints a page; each is printed once."""
    kept = {}

    def printing(path, paper):
        if (path, paper) not in kept:
            context = browser.new_context(viewport={"width": round(WIDTH[paper]), "height": 1000})
            page = context.new_page()
            page.goto(path.as_uri())
            page.emulate_media(media="print")
            pieces = page.evaluate(PIECES, WHOLE)
            # As a browser prints: a size that the page names would win over the reader's paper.
            content = page.pdf(format=paper, prefer_css_page_size=True)
            box = PdfReader(io.BytesIO(content)).pages[0].mediabox
            size = (float(box.width), float(box.height))
            kept[path, paper] = Printed(sheets_of(content), pieces, size)
            context.close()
        return kept[path, paper]

    return printing


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0].stem}-{case[1]}")
def on_paper(request, printed):
    """A page printed on one of the papers, and that paper."""
    path, paper = request.param
    return printed(path, paper), paper, path


def title_of(path):
    """The heading of a page."""
    text = path.read_text(encoding="utf-8")
    return squeezed(
        re.sub("<[^>]+>", "", re.search("<h1>(.*?)</h1>", text)[1]).replace("&#39;", "'")
    )


@pytest.mark.browser
def test_the_paper_is_the_readers_choice(on_paper):
    sheets, paper, _ = on_paper
    assert sheets.size == pytest.approx(PAPERS[paper], abs=1)


@pytest.mark.browser
def test_red_flags_and_what_this_is_not_stand_on_the_first_sheet(on_paper):
    first = squeezed(on_paper[0].sheets[0])
    for words in ("signs that need urgent care", "your emergency number", "What this is not"):
        assert squeezed(words) in first
    flags = next(p for p in on_paper[0].pieces if p["text"].startswith("First of all: signs"))
    assert squeezed(flags["text"].split("Where this is taken from")[0]) in first


@pytest.mark.browser
def test_every_sheet_says_what_it_is_of_and_its_number(on_paper):
    sheets, _, path = on_paper
    for number, sheet in enumerate(sheets.sheets, start=1):
        text = squeezed(sheet)
        assert title_of(path) in text
        assert re.search(rf"Release{re.escape(RELEASE)},data[0-9a-f]{{12}}", text)
        assert f"Page{number}of{len(sheets.sheets)}" in text


def test_a_title_can_neither_end_its_string_nor_its_style():
    string = css_string('</style>"\\ one, two; three} “four”')
    assert string.startswith('"') and string.endswith('"') and '"' not in string[1:-1]
    assert not set(string) & set("<>,;{}")
    shown = re.sub(r"\\([0-9a-f]+) ", lambda found: chr(int(found[1], 16)), string[1:-1])
    assert shown == '</style>"\\ one, two; three} “four”'


def running(printed, path):
    """The text of all sheets as one, without what stands at the head and the foot of each."""
    edges = rf"{re.escape(title_of(path))}Release[\d.]+,data[0-9a-f]{{12}}"
    foot = r"Lumbardiscevidencereview\.Nomedicaladvice\.Page\d+of\d+"
    return "".join(re.sub(f"{edges}|{foot}", "", squeezed(each)) for each in printed.sheets)


def cut(printed, height):
    """The pieces that fit on a sheet and stand on none of them as a whole."""
    texts = [squeezed(sheet) for sheet in printed.sheets]
    return [
        piece["text"]
        for piece in printed.pieces
        # Higher than that they may not fit below a heading that belongs to them.
        if piece["height"] < 0.8 * height
        and squeezed(piece["text"])
        and not any(squeezed(piece["text"]) in text for text in texts)
    ]


@pytest.mark.browser
def test_no_row_quote_or_card_is_cut(on_paper):
    sheets, paper, _ = on_paper
    assert len(sheets.pieces) > 10
    assert cut(sheets, HEIGHT[paper]) == []


@pytest.mark.browser
def test_a_cut_row_is_found(browser, tmp_path):
    path = tmp_path / "cut.html"
    rows = "".join(f"<tr><td>row {n}<br>{'and so on<br>' * 6}end {n}</tr>" for n in range(40))
    style = "tr { break-inside: auto } td { orphans: 1; widows: 1 }"
    path.write_text(f"<style>{style}</style><main><table>{rows}</table></main>", "utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    pieces = page.evaluate(PIECES, WHOLE)
    found = Printed(sheets_of(page.pdf(format="A4")), pieces, PAPERS["A4"])
    page.close()
    assert 0 < len(cut(found, HEIGHT["A4"])) < 40


@pytest.mark.browser
def test_the_head_of_a_table_is_repeated(printed):
    path = max(chosen_pages(), key=lambda page: page.read_text(encoding="utf-8").count("<tr"))
    text = path.read_text(encoding="utf-8")
    tables = re.findall(r"<thead>(.*?)</thead><tbody>(.*?)</tbody>", text, re.DOTALL)
    head, body = max(tables, key=lambda found: found[1].count("<tr"))
    words = squeezed(re.sub("<[^>]+>", "", head.replace("</th>", " ")))
    assert body.count("<tr") > 30
    assert sum(words in squeezed(sheet) for sheet in printed(path, "A4").sheets) >= 2


@pytest.mark.browser
def test_what_is_folded_on_the_screen_is_printed(on_paper):
    sheets, _, path = on_paper
    inside = re.findall(r"</summary>(.*?)</details>", path.read_text(encoding="utf-8"), re.DOTALL)
    cells = [cell for part in inside for cell in re.findall(r"<t[dh][^>]*>([^<>&]{12,})</t", part)]
    items = [item for part in inside for item in re.findall(r"<li>([^<>&]{12,})<", part)]
    assert items
    whole = running(sheets, path)
    assert [words for words in (*cells, *items) if squeezed(words) not in whole] == []


@pytest.mark.browser
def test_addresses_of_works_are_printed_and_of_other_reports_are_not(on_paper):
    sheets, _, path = on_paper
    text = path.read_text(encoding="utf-8")
    addresses = set(re.findall(r'<a[^>]* href="(https?://[^"]+)"', text))
    assert addresses
    whole = running(sheets, path)
    assert [a for a in addresses if a.replace("&amp;", "&") not in whole] == []
    assert ".html(" not in whole and ".html#" not in whole.replace("https", "")


DARK = """() => [...document.querySelectorAll('main *:not(svg *, .hidden)')].filter(each =>
    [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim())).map(each => {
        let at = each, colour = 'rgba(0, 0, 0, 0)';
        while (at && /, 0\\)$/.test(colour)) {
            colour = getComputedStyle(at).backgroundColor;
            at = at.parentElement;
        }
        return [getComputedStyle(each).color, colour];
    })"""


@pytest.mark.browser
def test_it_is_printed_black_on_white_from_a_dark_screen_too(opened, chosen):
    page = opened(chosen, color_scheme="dark")
    page.emulate_media(media="print")
    pairs = {tuple(pair) for pair in page.evaluate(DARK)}
    assert pairs
    for ink, behind in pairs:
        under = channels(behind)
        assert under[3] == 0 or under[:3] == (1, 1, 1), behind
        assert contrast(channels(ink)) >= 3, ink


@pytest.mark.browser
@pytest.mark.parametrize("paper", PAPERS)
def test_nothing_is_wider_than_the_paper(opened, chosen, paper):
    page = opened(chosen, viewport={"width": round(WIDTH[paper]), "height": 1000})
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= round(WIDTH[paper])

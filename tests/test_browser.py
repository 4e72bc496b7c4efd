"""The reports in a real browser: nothing is fetched, nothing is wrong, questions are answered."""

from pathlib import Path

import pytest

from evidence_review.catalogue import read_catalogue
from evidence_review.dictionary import find_root

ROOT = find_root(Path(__file__).parent)
REPORTS = read_catalogue(ROOT)
pytestmark = pytest.mark.browser


def address(report):
    return (ROOT / "reports" / report.file).as_uri()


def test_a_report_asks_for_nothing_and_complains_of_nothing(browser, chosen):
    page = browser.new_page()
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(chosen.as_uri())
    assert asked == [chosen.as_uri()]
    assert said == []
    page.close()


def test_the_first_screen_shows_the_red_flags_and_what_this_is_not(browser):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(address(REPORTS[0]))
    for words in ("signs that need urgent care", "What this is not"):
        box = page.get_by_role("heading", name=words).bounding_box()
        assert box["y"] + box["height"] < 800
    page.close()


def test_the_first_printed_page_shows_them_too(browser, tmp_path):
    page = browser.new_page(viewport={"width": 718, "height": 1000})
    page.emulate_media(media="print")
    page.goto(address(REPORTS[0]))
    box = page.get_by_role("heading", name="What this is not").bounding_box()
    assert box["y"] + box["height"] < 1000
    page.close()


def test_who_recommends_walking_backwards_is_found_in_one_click(browser):
    page = browser.new_page()
    page.goto(address(REPORTS[0]))
    page.get_by_role("link", name="Walking backwards helps.").first.click()
    assert page.url.endswith("proposition-walking-backwards.html")
    section = page.locator("main").inner_text()
    for words in ("supports", "opposes", "can also walk backwards", "Support shown"):
        assert words in section
    page.close()

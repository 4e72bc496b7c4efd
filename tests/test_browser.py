"""The reports in a real browser: nothing is fetched, nothing runs, a narrow screen is enough."""

import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from evidence_review.catalogue import read_catalogue
from evidence_review.dictionary import find_root

ROOT = find_root(Path(__file__).parent)
REPORTS = read_catalogue(ROOT)
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
# Where continuous integration runs, a browser that is missing is a fault and not a reason to skip.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and "CI" not in os.environ,
        reason="no Chromium on this machine: the reports were not opened in a browser",
    ),
]


@pytest.fixture(scope="module")
def browser():
    assert CHROMIUM, "continuous integration needs Chromium"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield opened
        opened.close()


def address(report):
    return (ROOT / "reports" / report.file).as_uri()


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.name)
def test_a_report_asks_for_nothing_and_complains_of_nothing(browser, report):
    page = browser.new_page()
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(address(report))
    assert asked == [address(report)]
    assert said == []
    page.close()


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.name)
def test_a_narrow_screen_needs_no_sideways_scroll(browser, report):
    page = browser.new_page(viewport={"width": 320, "height": 640})
    page.goto(address(report))
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
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
    assert page.url.endswith("consensus-walking-and-sport.html#walking-backwards")
    section = page.locator("#walking-backwards").inner_text()
    for words in ("supports", "opposes", "can also walk backwards", "Support shown"):
        assert words in section
    page.close()

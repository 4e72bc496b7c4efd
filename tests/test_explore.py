"""The interactive page: what it shows is what Python computes, and it can be used by anybody."""

import base64
import dataclasses
import hashlib
import json
import random
import re
import shutil
import time
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from evidence_review import scripts
from evidence_review.appraisal import CELL_MEANINGS, CELLS, appraised, cell_of
from evidence_review.catalogue import Report, read_links
from evidence_review.dataset import ALL, load
from evidence_review.dictionary import find_root
from evidence_review.explorer import DIRECTIONS, crossings, explorer, reach
from evidence_review.propositions import times_asked
from evidence_review.prose import (
    asked_sentence,
    fragility_sentence,
    label_words,
    level_sentence,
    phases_apart_sentence,
    votes_sentence,
)
from evidence_review.report import export
from evidence_review.selection import Selection, admitted_claims, select, topic_propositions
from evidence_review.synthesis import (
    LABELS,
    SIDES,
    Counts,
    summary_of_votes,
    votes,
)

ROOT = find_root(Path(__file__).parent)
DATA = load(ROOT)
LINKS = read_links(ROOT)
PAGE = ROOT / "reports" / "explore.html"
TEXT = PAGE.read_text(encoding="utf-8")
AUTHORS = list(DATA.sources["source_id"])
SHORT = {"for": "for", "conditional": "under a condition", "against": "against"}
SHORT["divided"] = "on both sides"
# The names of the page's address, with what they are for `Selection`.
SETTINGS = [
    {},
    *({"threshold": text} for text in ("0.51", "0.6", "0.67", "2/3", "0.8", "1")),
    *({"without": source} for source in AUTHORS),
    {"without": ",".join(AUTHORS[:5])},
    {"without": ",".join(AUTHORS[1:])},
    *(
        {"counted": phase}
        for phase in ("acute", "recovery", "post_op", "prevention", "any", "unstated")
    ),
    {"weakest": "4"},
    {"threshold": "0.6", "without": "S02,S10"},
    {"threshold": "2/3", "counted": "acute", "weakest": "4"},
    {"threshold": "1", "counted": "post_op", "without": "S04"},
    {"threshold": "0.55", "counted": "prevention", "without": "S01,S06,S09"},
]


def named(settings):
    return ", ".join(f"{name} {value}" for name, value in settings.items()) or "default"


def selection_of(settings):
    """The selection that these settings of the page mean."""
    left = settings.get("without", "").split(",")
    return Selection(
        topic=ALL,
        threshold=Fraction(settings.get("threshold", "0.75")),
        weakest_level=int(settings.get("weakest", "5")),
        phase=settings.get("counted", ALL),
        source_ids=tuple(source for source in AUTHORS if source not in left),
    )


def expected(settings, data=DATA):
    """The appraised summary that Python makes of these settings, by proposition."""
    selection = selection_of(settings)
    claims = admitted_claims(data, selection)
    propositions = topic_propositions(data, selection)
    summary = summary_of_votes(propositions, claims, selection.threshold)
    known = appraised(summary, data.verdicts, data.harms)
    return selection, claims, {row["proposition_id"]: row for row in known.to_dict("records")}


def summary_of(known, selection):
    """What the map has to show of each proposition, in its order."""
    return [
        (
            proposition,
            label_words(str(row["label"]), row["direction"]),
            str(row["cell"]),
            votes_short(row, len(selection.source_ids)),
        )
        for proposition, row in known.items()
    ]


def summary_shown(page):
    """What the map shows of each proposition, in its order."""
    return [(name, row["label"], row["cell"], row["votes"]) for name, row in rows(page).items()]


def sentences_are_those_of_python(page, settings, data, proposition):
    """Open a proposition, and compare what is said of its votes and of how fragile they are."""
    goto(page, {**settings, "open": proposition})
    shown = page.evaluate(
        "[...document.querySelectorAll('.opened .voices, .opened .fragile')]"
        ".map((one) => one.textContent)"
    )
    selection, claims, known = expected(settings, data)
    row, cast = known[proposition], votes(claims)
    own = cast[cast["proposition_id"] == proposition]
    label = (str(row["label"]), row["direction"])
    counts = Counts(*(row[side] for side in SIDES))
    apart = row["phases_apart"] and label[0] == "split"
    said = [
        votes_sentence(own, data.authors, len(selection.source_ids)),
        asked_sentence(times_asked(data, proposition)),
        phases_apart_sentence(apart),
        level_sentence(row["best_level"], data.dictionary.meanings("claims", "evidence_level")),
    ]
    assert shown[0] == " ".join(part for part in said if part)
    fragile = fragility_sentence(counts, selection.threshold, *label)
    assert shown[1] == f"How fragile: {fragile}"


def shuffled(seed):
    """The review with claims of other authors, stances, phases and levels, on few propositions."""
    chance = random.Random(seed)
    claims = DATA.claims.copy()
    for name in ("stance", "phase"):
        values = list(claims[name].cat.categories)
        drawn = [chance.choice(values) for _ in range(len(claims))]
        claims[name] = pd.Categorical(drawn, values, ordered=True)
    levels = [chance.choice("12345") for _ in range(len(claims))]
    claims["evidence_level"] = pd.Categorical(levels, list("12345"), ordered=True)
    claims["source_id"] = [chance.choice(AUTHORS[:6]) for _ in range(len(claims))]
    few = list(DATA.statements)[:75]
    claims["proposition_id"] = [chance.choice(few) for _ in range(len(claims))]
    return dataclasses.replace(DATA, claims=claims)


def votes_short(row, authors):
    """The votes as a row of the map tells them."""
    if not row["votes"]:
        return f"none of {authors} takes a side"
    taken = [side for side in SIDES if row[side]]
    parts = [f"{row[side]} {SHORT[side]}" if len(taken) > 1 else SHORT[side] for side in taken]
    return f"{row['votes']} of {authors}: {', '.join(parts)}"


def address(settings, page=PAGE):
    pairs = "&".join(f"{name}={value.replace(' ', '+')}" for name, value in settings.items())
    return f"{page.as_uri()}#?{pairs}"


def goto(page, settings):
    """Show a view on a page that is open, and wait until it is drawn."""
    page.evaluate(
        """async (hash) => {
            if (location.hash === hash) return;
            await new Promise((done) => {
                addEventListener("hashchange", () => setTimeout(done), { once: true });
                location.hash = hash;
            });
        }""",
        "#" + address(settings).partition("#")[2],
    )


def until(page, expression):
    """Wait for something to be true; playwright's own way to wait is forbidden by the policy."""
    end = time.monotonic() + 10
    while not page.evaluate(expression):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(20)


def rows(page):
    """What every row of the map shows, by its proposition."""
    return page.evaluate(
        """() => Object.fromEntries(
            [...document.querySelectorAll("tr[data-proposition]")].map((row) => [
                row.dataset.proposition,
                {
                    label: row.querySelector(".label b").textContent,
                    cell: row.querySelector(".cell b").textContent,
                    votes: row.querySelector(".votes").textContent,
                    moved: row.classList.contains("moved"),
                    was: [...row.querySelectorAll(".was")].map((was) => was.textContent),
                },
            ]))"""
    )


def status(page):
    return page.get_by_role("status").inner_text()


@pytest.fixture(scope="module")
def shared(browser):
    """A page that is open for all tests which only go from view to view."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(PAGE.as_uri())
    page.wait_for_selector(".explore-map")
    yield page
    page.close()


@pytest.fixture
def page(browser):
    """A page of its own, which may say nothing on the console and ask for nothing."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(PAGE.as_uri())
    page.wait_for_selector(".explore-map")
    yield page
    page.close()
    assert said == []
    assert {url.partition("#")[0] for url in asked} <= {PAGE.as_uri()}


class TestWhatItShows:
    """Against what the notebooks compute of the same selection."""

    pytestmark = pytest.mark.browser

    @pytest.mark.parametrize("settings", SETTINGS, ids=named)
    def test_labels_votes_and_cells_are_those_of_python(self, shared, settings):
        goto(shared, settings)
        selection, _, known = expected(settings)
        assert summary_shown(shared) == summary_of(known, selection)

    def test_whatever_the_claims_were(self, browser, tmp_path):
        """The page as it is has no vote on both sides, and few under a condition."""
        met = set()
        for seed in (1, 2, 3):
            data = shuffled(seed)
            path = tmp_path / f"{seed}.html"
            path.write_text(made_page(data), encoding="utf-8", newline="")
            page = browser.new_page()
            page.goto(path.as_uri())
            page.wait_for_selector(".explore-map")
            for settings in SETTINGS[::2]:
                goto(page, settings)
                selection, claims, known = expected(settings, data)
                assert summary_shown(page) == summary_of(known, selection)
                met |= {str(row["label"]) for row in known.values()} | set(votes(claims)["vote"])
                sentences_are_those_of_python(page, settings, data, list(known)[seed])
            page.close()
        assert met == {*LABELS, *SIDES}

    @pytest.mark.parametrize("settings", SETTINGS, ids=named)
    def test_what_changed_is_pointed_out_against_the_default(self, shared, settings):
        goto(shared, settings)
        known, default = expected(settings)[2], expected({})[2]
        labels = cells = 0
        for proposition, found in rows(shared).items():
            was, now = default[proposition], known[proposition]
            before = label_words(str(was["label"]), was["direction"])
            moved = before != label_words(str(now["label"]), now["direction"])
            shifted = str(was["cell"]) != str(now["cell"])
            labels, cells = labels + moved, cells + shifted
            words = [before] * moved + [str(was["cell"])] * shifted
            assert [text.split("by default: ")[1] for text in found["was"]] == words
            assert found["moved"] == bool(words)
        told = f"{labels} of 100 labels and {cells} of 100 cells of page and literature differ"
        assert (told in status(shared)) == bool(settings)

    @pytest.mark.parametrize(
        "settings",
        [{}, {"threshold": "0.6", "without": "S02,S10"}, {"counted": "acute", "threshold": "1"}],
        ids=named,
    )
    def test_sentences_are_those_of_the_reports(self, shared, settings):
        for proposition in DATA.statements:
            sentences_are_those_of_python(shared, settings, DATA, proposition)

    def test_every_claim_is_quoted_with_its_author_stance_and_harm(self, shared):
        harms = set(DATA.harms["how"])
        for proposition, claims in DATA.claims.groupby("proposition_id"):
            goto(shared, {"open": str(proposition)})
            shown = shared.locator(".opened .said").all_text_contents()
            assert len(shown) == len(claims)
            for claim in claims.to_dict("records"):
                assert any(
                    claim["quote"] in text
                    and DATA.authors[claim["source_id"]] in text
                    and str(claim["stance"]) in text
                    for text in shown
                )
            harms -= {how for how in harms if any(how in text for text in shown)}
        assert not harms

    def test_a_page_without_a_claim_left_says_so(self, shared):
        goto(shared, {"weakest": "3"})
        assert "Counted: 0 of 272 claims" in status(shared)
        assert "No claim is left: admit more." in status(shared)
        assert {row["label"] for row in rows(shared).values()} == {"unanswered"}


def claims_that(**values):
    claims = DATA.claims
    for name, value in values.items():
        claims = claims[claims[name].astype(str) == value]
    return claims


def propositions_of(topic):
    return DATA.propositions.loc[DATA.propositions["topic"] == topic, "proposition_id"]


class TestFilters:
    """What is shown, and how much of how much."""

    pytestmark = pytest.mark.browser

    @pytest.mark.parametrize("settings,claims", [
        ({"author": "S08"}, claims_that(source_id="S08")),
        ({"stance": "opposes"}, claims_that(stance="opposes")),
        ({"stance": "unclear"}, claims_that(stance="unclear")),
        ({"level": "4"}, claims_that(evidence_level="4")),
        ({"level": "2"}, claims_that(evidence_level="2")),
        ({"phase": "acute"}, claims_that(phase="acute")),
        ({"author": "S04", "stance": "opposes", "level": "4"},
         claims_that(source_id="S04", stance="opposes", evidence_level="4")),
    ], ids=lambda value: named(value) if isinstance(value, dict) else "")  # fmt: skip
    def test_a_filter_of_claims_shows_their_propositions(self, shared, settings, claims):
        goto(shared, settings)
        found, authors = claims["proposition_id"].nunique(), claims["source_id"].nunique()
        told = f"{found} of 100 propositions, {len(claims)} of 272 claims, {authors} of 10 authors"
        assert f"Shown: {told}." in status(shared)
        assert set(rows(shared)) == set(claims["proposition_id"])

    def test_topics_cells_and_harm_choose_propositions(self, shared):
        known = expected({})[2]
        for topic in DATA.dictionary.vocabulary("propositions", "topic"):
            goto(shared, {"topic": topic})
            assert set(rows(shared)) == set(propositions_of(topic))
        for cell in CELLS:
            goto(shared, {"cell": cell})
            wanted = {name for name, row in known.items() if str(row["cell"]) == cell}
            assert set(rows(shared)) == wanted
        goto(shared, {"harm": "1"})
        assert set(rows(shared)) == set(DATA.harms["proposition_id"])

    @pytest.mark.parametrize("sort", ["topic", "label", "cell", "votes", "statement"])
    def test_every_order_shows_every_proposition_once(self, shared, sort):
        goto(shared, {"sort": sort})
        known = expected({})[2]
        shown = list(rows(shared))
        assert sorted(shown) == sorted(known)
        keys = {
            "topic": lambda row: list(DATA.propositions["topic"].cat.categories).index(
                row["topic"]
            ),
            "label": lambda row: LABELS.index(str(row["label"])),
            "cell": lambda row: list(CELLS).index(str(row["cell"])),
            "votes": lambda row: -row["votes"],
            "statement": lambda row: row["statement"].lower(),
        }
        order = [keys[sort](known[proposition]) for proposition in shown]
        assert order == sorted(order)

    def test_a_search_finds_words_in_quotes_and_propositions_and_marks_them(self, page):
        page.get_by_label("Search the quotes and propositions").fill("traction")
        until(page, "document.querySelectorAll('tr[data-proposition]').length < 10")
        assert "traction" in rows(page)
        page.get_by_role("button", name="Traction relieves symptoms.").click()
        assert page.locator(".opened mark").count() > 0
        assert "search: “traction”" in page.locator(".chips").inner_text()

    def test_who_is_against_hard_beds_and_what_the_literature_says(self, page):
        page.get_by_label("Search the quotes and propositions").fill("hard bed")
        page.get_by_role("combobox", name="Stance", exact=True).select_option("opposes")
        assert list(rows(page)) == ["firm-bed"]
        page.get_by_role("button", name="against it: unnamed patient who recovered").click()
        said = page.get_by_role("dialog").inner_text()
        for words in ("neither very soft, nor very hard", "The literature contradicts it."):
            assert words in said

    def test_nothing_that_fits_is_said_and_taken_back(self, page):
        page.get_by_label("Search the quotes and propositions").fill("zebra")
        page.get_by_text("Nothing on the page fits all of this.").wait_for()
        assert "Shown: 0 of 100 propositions, 0 of 272 claims" in status(page)
        page.get_by_role("button", name="Take away search: “zebra”").click()
        assert "Shown: 100 of 100 propositions, 272 of 272 claims, 10 of 10" in status(page)


class TestAddress:
    """The address holds the view."""

    pytestmark = pytest.mark.browser

    def test_choices_stand_in_the_address_and_a_link_makes_the_same_view(self, page, browser):
        page.get_by_role("combobox", name="Topic", exact=True).select_option("passive treatment")
        page.get_by_text("What if?").click()
        page.get_by_role("checkbox", name="Black Pot").uncheck()
        page.get_by_label("As a number").fill("0.6")
        until(page, "location.hash.includes('threshold=0.6')")
        assert "topic=passive+treatment" in page.url
        assert "without=S08" in page.url
        other = browser.new_page()
        other.goto(page.url)
        other.wait_for_selector(".explore-map")
        assert rows(other) == rows(page)
        assert status(other) == status(page)
        assert not other.get_by_role("checkbox", name="Black Pot").is_checked()
        assert other.get_by_label("As a number").input_value() == "0.6"
        other.close()

    def test_back_and_forward_go_through_the_views(self, page):
        page.get_by_role("combobox", name="Topic", exact=True).select_option("diagnosis")
        page.get_by_role("combobox", name="Stance", exact=True).select_option("opposes")
        page.get_by_label("Search the quotes and propositions").press_sequentially("mri", delay=20)
        until(page, "location.hash.includes('q=mri')")
        page.go_back()
        until(page, "!location.hash.includes('q=')")
        assert page.get_by_label("Search the quotes and propositions").input_value() == ""
        assert page.get_by_role("combobox", name="Stance", exact=True).input_value() == "opposes"
        page.go_back()
        until(page, "!location.hash.includes('stance')")
        assert page.get_by_role("combobox", name="Stance", exact=True).input_value() == "all"
        page.go_back()
        until(page, "location.hash === ''")
        assert len(rows(page)) == 100
        page.go_forward()
        until(page, "location.hash !== ''")
        assert set(rows(page)) == set(propositions_of("diagnosis"))

    def test_back_closes_what_was_opened(self, page):
        page.get_by_role("button", name="Running or jogging is fine.").click()
        assert page.get_by_role("dialog").is_visible()
        page.go_back()
        page.get_by_role("dialog").wait_for(state="hidden")

    @pytest.mark.parametrize(
        "wrong", ["topic=knees", "threshold=0.5", "threshold=7", "without=S99", "open=x", "y=1"]
    )
    def test_what_an_address_names_wrongly_is_as_by_default(self, shared, wrong):
        name, value = wrong.split("=")
        goto(shared, {"sort": "votes"})
        goto(shared, {name: value})
        assert len(rows(shared)) == 100
        assert "Against the default" not in status(shared)

    def test_a_link_to_a_part_of_the_page_is_no_other_view(self, page):
        page.get_by_role("combobox", name="Topic", exact=True).select_option("diagnosis")
        page.get_by_role("link", name="To the content").focus()
        page.keyboard.press("Enter")
        until(page, "location.hash === '#content'")
        assert set(rows(page)) == set(propositions_of("diagnosis"))

    @pytest.mark.parametrize("wrong", ["0.5", "1.01", "0", "most", "3/2", "1/0", "-0.7"])
    def test_a_threshold_that_is_none_is_refused_with_what_one_is(self, page, wrong):
        page.get_by_text("What if?").click()
        page.get_by_label("As a number").fill(wrong)
        page.get_by_role("alert").get_by_text("A threshold is above 0.5 and at most 1").wait_for()
        assert page.get_by_label("As a number").get_attribute("aria-invalid") == "true"
        assert "Against the default" not in status(page)


class TestAccess:
    """By keyboard, on a small screen, without scripts."""

    pytestmark = pytest.mark.browser

    def test_the_map_is_one_stop_and_the_arrows_move_in_it(self, page):
        page.get_by_role("combobox", name="Topic", exact=True).select_option("walking and sport")
        page.locator(".explore-map").focus()
        page.keyboard.press("Tab")
        assert self.focused(page) == "walking-backwards/"
        page.keyboard.press("ArrowRight")
        assert self.focused(page) == "walking-backwards/S02"
        page.keyboard.press("End")
        assert self.focused(page) == "walking-backwards/S10"
        page.keyboard.press("ArrowDown")
        assert self.focused(page) == "walking-forward/S10"
        page.keyboard.press("Home")
        page.keyboard.press("Control+End")
        assert self.focused(page).endswith("/")
        page.keyboard.press("Control+Home")
        assert self.focused(page) == "walking-backwards/"
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
        assert self.focused(page) == "walking-backwards/"
        page.keyboard.press("Tab")
        assert self.focused(page) is None

    def test_a_mark_opens_its_quotes_and_gives_the_focus_back(self, page):
        page.get_by_role("combobox", name="Topic", exact=True).select_option("walking and sport")
        page.locator("[data-key='walking-backwards/S02']").focus()
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Walking backwards helps.")
        assert dialog.is_visible()
        assert page.evaluate("document.activeElement.id") == "opened"
        assert dialog.locator(".said").count() == 1
        dialog.get_by_role("button", name="Show what all authors say: 5 claims").press("Enter")
        assert dialog.locator(".said").count() == 5
        page.keyboard.press("Escape")
        dialog.wait_for(state="hidden")
        assert self.focused(page) == "walking-backwards/"
        assert "open=" not in page.url

    def test_the_propositions_shown_can_be_gone_through(self, page):
        page.get_by_role("combobox", name="Topic", exact=True).select_option("diagnosis")
        shown = list(rows(page))
        page.locator(f"[data-key='{shown[0]}/']").click()
        for place, proposition in enumerate(shown, start=1):
            assert page.locator(".opened h3").inner_text() == DATA.statements[proposition]
            assert f"{place} of 3 propositions shown" in page.locator(".opened").inner_text()
            if place < len(shown):
                page.get_by_role("button", name="Next").click()
        assert page.get_by_role("button", name="Next").count() == 0
        page.get_by_role("button", name="Close").click()
        assert self.focused(page) == f"{shown[-1]}/"

    @pytest.mark.parametrize(
        "settings",
        [{}, {"threshold": "0.6", "without": "S02"}, {"q": "walk"}, {"open": "traction"}],
        ids=named,
    )
    def test_a_narrow_screen_needs_no_sideways_scroll_and_targets_are_large(
        self, browser, settings
    ):
        page = browser.new_page(viewport={"width": 320, "height": 640})
        page.goto(address(settings))
        page.wait_for_selector(".explore-map")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert page.evaluate("document.querySelector('.explore-map').scrollWidth") <= 320
        small = page.evaluate(
            """() => [...document.querySelectorAll(
                "#explorer :is(button, select, input, summary)")].filter((one) => {
                    const box = one.getBoundingClientRect();
                    return box.width && (box.width < 24 || box.height < 24);
                }).map((one) => one.outerHTML)"""
        )
        # A slider is drawn by the browser, and moved with a number beside it as well.
        assert [one for one in small if "range" not in one] == []
        page.close()

    def test_without_scripts_a_reader_is_led_to_pages_that_need_none(self, browser):
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(PAGE.as_uri())
        links = page.locator("noscript a")
        found = [links.nth(n).get_attribute("href") for n in range(links.count())]
        assert {"index.html", "consensus.html", "consensus-passive-treatment.html"} <= set(found)
        page.get_by_role("link", name="Consensus: all topics").click()
        assert page.url.endswith("/reports/consensus.html")
        context.close()

    def test_marks_have_a_symbol_and_a_word_and_harms_are_told(self, shared):
        goto(shared, {"topic": "walking and sport"})
        row = shared.locator("tr[data-proposition='walking-backwards']")
        words = row.locator(".mark-button").all_text_contents()
        assert ["✕" in text and "against it: " in text for text in words].count(True) == 2
        assert ["▲" in text and "for it: " in text for text in words].count(True) == 2
        assert "2 of 5 claims could hurt somebody" in row.inner_text()
        assert "An agreement of posts is not evidence." in shared.locator("thead").inner_text()

    def test_what_labels_and_cells_mean_is_told(self, shared):
        goto(shared, {})
        told = shared.locator(".key details").text_content()
        meanings = DATA.dictionary.meanings("conclusions", "label")
        for word, meaning in {**meanings, **CELL_MEANINGS}.items():
            assert f"{word}: {meaning}" in told

    def test_nobody_is_left_with_an_id(self, shared):
        ids = {*AUTHORS, *(name for name in DATA.statements if "-" in name)}
        for settings in ({}, {"open": "walking-backwards"}, {"without": "S02", "author": "S04"}):
            goto(shared, settings)
            words = set(re.split(r"[^\w-]+", shared.locator("#explorer").inner_text()))
            assert not words & (ids - set(DATA.topics.values()))

    def focused(self, page):
        """The place of the map that has the focus."""
        return page.evaluate("document.activeElement.dataset.key ?? null")


class TestSafety:
    """Nothing of the data runs, and no script but the two that are named."""

    pytestmark = pytest.mark.browser

    def test_a_claim_that_looks_like_a_script_is_text(self, browser, tmp_path):
        bad = "</script><script>document.title='taken'</script><img src=x onerror=alert(1)>"
        claims = DATA.claims.copy()
        claims.loc[claims["proposition_id"] == "traction", ["quote", "condition"]] = bad
        propositions = DATA.propositions.copy()
        mine = propositions["proposition_id"] == "traction"
        propositions.loc[mine, "statement"] = f"Traction <b>helps</b>. {bad}"
        data = dataclasses.replace(DATA, claims=claims, propositions=propositions)
        path = tmp_path / "explore.html"
        path.write_text(made_page(data), encoding="utf-8", newline="")
        page = browser.new_page()
        said = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(address({"open": "traction", "q": "traction"}, path))
        page.wait_for_selector(".opened")
        assert page.locator(".opened h3").inner_text() == f"Traction <b>helps</b>. {bad}"
        assert bad in page.locator(".opened .said .quote").first.inner_text()
        assert page.title() != "taken"
        assert page.locator("img").count() == 0
        assert said == []
        page.close()

    def test_a_script_that_is_not_named_does_not_run(self, browser, tmp_path):
        path = tmp_path / "explore.html"
        more = "</main><script>document.title='taken'</script>"
        path.write_text(TEXT.replace("</main>", more), encoding="utf-8", newline="")
        page = browser.new_page()
        page.goto(path.as_uri())
        page.wait_for_selector(".explore-map")
        assert page.title() != "taken"
        page.close()

    def test_a_bundle_that_was_changed_does_not_run(self, browser, tmp_path, monkeypatch):
        for name in (scripts.BUNDLE, scripts.APP, "preact-LICENSE.txt"):
            shutil.copy(scripts.STATIC / name, tmp_path / name)
        with (tmp_path / scripts.BUNDLE).open("a", encoding="utf-8") as file:
            file.write(";document.title='taken'")
        monkeypatch.setattr(scripts, "STATIC", tmp_path)
        path = tmp_path / "explore.html"
        path.write_text(made_page(DATA), encoding="utf-8", newline="")
        page = browser.new_page()
        page.goto(path.as_uri())
        assert page.title() != "taken"
        assert page.locator(".explore-map").count() == 0
        page.close()


def made_page(data):
    """The page that is exported of some data."""
    cell = nbformat.v4.new_code_cell("")
    cell.metadata["tags"] = ["interactive"]
    shown = explorer(data, select(data), LINKS)
    output = nbformat.v4.new_output("display_data", {"text/html": str(shown.html)})
    cell.outputs = [output]
    book = nbformat.v4.new_notebook(cells=[cell])
    return export(book, Report("explore", "Explore", "explore", {}))


class Scripts(HTMLParser):
    """The script elements of a page, with their attributes and text."""

    def __init__(self, text):
        super().__init__()
        self.found, self.inside = [], False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag == "script":
            self.found.append([dict(attributes), ""])
            self.inside = True

    def handle_data(self, data):
        if self.inside:
            self.found[-1][1] += data

    def handle_endtag(self, tag):
        self.inside = self.inside and tag != "script"


def test_the_bundle_is_the_one_that_is_recorded_and_has_its_licences():
    content = (scripts.STATIC / scripts.BUNDLE).read_bytes()
    assert hashlib.sha256(content).hexdigest() == scripts.BUNDLE_SHA256
    licences = {path.name: path.read_text() for path in scripts.STATIC.glob("*LICENSE.txt")}
    assert "Apache License" in licences["htm-LICENSE.txt"]
    assert "The MIT License" in licences["preact-LICENSE.txt"]
    for words in ("Copyright 2018 Google Inc.", licences["preact-LICENSE.txt"].strip()):
        assert words in TEXT


def test_the_page_holds_its_data_and_the_two_scripts_that_its_policy_names():
    data, *run = Scripts(TEXT).found
    assert data[0] == {"type": "application/json", "id": "explorer-data"}
    assert [attributes for attributes, _ in run] == [{}, {}]
    sources = [
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for _, text in run
    ]
    assert f"script-src {' '.join(sources)};" in TEXT
    assert [text for _, text in run] == [script.text for script in scripts.scripts()]


def test_our_script_makes_no_code_and_no_markup_of_text():
    text = (scripts.STATIC / scripts.APP).read_text(encoding="utf-8")
    for word in ("eval(", "Function(", "innerHTML", "insertAdjacent", "document.write", "</script"):
        assert word not in text
    assert "dangerouslySetInnerHTML" not in text


def test_the_page_is_light():
    assert len(TEXT.encode()) < 250_000


def test_the_data_cannot_end_its_block():
    block = Scripts(TEXT).found[0][1]
    assert "<" not in block
    assert json.loads(block)["threshold"] == "0.75"


def test_the_default_is_that_of_the_reports():
    data = json.loads(Scripts(TEXT).found[0][1])
    known = expected({})[2]
    assert [row["id"] for row in data["propositions"]] == list(known)
    for row in data["propositions"]:
        was = known[row["id"]]
        assert row["label"] == label_words(str(was["label"]), was["direction"])
        assert list(CELLS)[row["cell"]] == str(was["cell"])


def test_crossings_are_the_cells_of_every_label_and_direction():
    cells = list(CELLS)
    for harm in (False, True):
        verdict = ("contradicted", "moderate", "herniation", harm)
        found = iter(crossings(*verdict))
        for label in LABELS:
            for direction in DIRECTIONS:
                assert cells[next(found)] == cell_of(label, direction, *verdict)


def test_a_phase_reaches_itself_and_one_that_is_not_named_reaches_all():
    assert [reach(phase) for phase in ("acute", "recovery", "post_op", "prevention")] == [
        1, 2, 4, 8,
    ]  # fmt: skip
    assert reach("any") == reach("unstated") == 15


def test_authors_of_one_name_are_told_apart_by_their_number():
    sources = DATA.sources.copy()
    sources["author"] = "unnamed"
    shown = explorer(dataclasses.replace(DATA, sources=sources), select(DATA), LINKS)
    names = [row["name"] for row in json.loads(Scripts(str(shown.html)).found[0][1])["authors"]]
    assert names == [f"unnamed ({source})" for source in AUTHORS]


def test_every_address_that_the_data_gives_is_there():
    data = json.loads(Scripts(TEXT).found[0][1])
    ids = {}
    for row in [*data["propositions"], *data["claims"], *data["authors"]]:
        file, _, anchor = row["href"].partition("#")
        if file not in ids:
            page = (ROOT / "reports" / file).read_text(encoding="utf-8")
            ids[file] = set(re.findall(r'\bid="([^"]*)"', page))
        assert not anchor or anchor in ids[file], row["href"]

"""The literature: page × literature in every combination, citations, and the rules they keep."""

import hashlib
import itertools
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from markupsafe import escape

from evidence_review import checks
from evidence_review.__main__ import main
from evidence_review.appraisal import (
    CELL_MEANINGS,
    CELLS,
    appraised,
    cell_of,
    settled,
)
from evidence_review.bibliography import (
    STYLE,
    canonical_bibliography,
    citation,
    identifier_links,
    short_name,
)
from evidence_review.charts import GROUP_COLOURS
from evidence_review.checks import RULES, check
from evidence_review.dataset import load
from evidence_review.dictionary import find_root
from evidence_review.literature import harms_of, works_list
from evidence_review.literature_checks import LITERATURE_RULES
from evidence_review.lookup import look_up
from evidence_review.selection import select, topic_claims
from evidence_review.synthesis import LABELS, summary_of_votes

ROOT = find_root(Path(__file__).parent)
DATA = load(ROOT)
VOCABULARY = DATA.dictionary.vocabulary
SIDES = ("for", "against", "none")
COMBINATIONS = list(
    itertools.product(
        LABELS,
        SIDES,
        VOCABULARY("verdicts", "verdict"),
        (*VOCABULARY("verdicts", "certainty"), ""),
        VOCABULARY("verdicts", "directness"),
        (True, False),
    )
)
WORK = {
    "id": "tu-2024",
    "type": "article-journal",
    "title": "Needles <b>or</b> sham & <script>alert(1)</script>",
    "author": [{"family": "Tu", "given": "Jian-Feng"}, {"family": "Shi", "given": "Guang-Xia"}],
    "container-title": "JAMA Internal Medicine",
    "issued": {"date-parts": [[2024]]},
    "volume": "184",
    "issue": "12",
    "page": "1417-1424",
    "DOI": "10.1001/jamainternmed.2024.5463",
    "PMID": "39401008",
    "URL": "https://example.org/",
    "accessed": {"date-parts": [[2026, 11, 22]]},
    "custom": {"status": "verified"},
}


# Page × literature


def expected_cell(label, direction, verdict, certainty, directness, harm):
    """The cell by the words of the design, case by case."""
    if verdict == "insufficient" and harm:
        return "unproven, possibly harmful"
    if label == "unanswered":
        return "asked, not answered"
    if direction == "none":
        if verdict in ("mixed", "insufficient"):
            return "open question"
        if label != "split":
            return "conditional, the evidence leans"
        moderate = certainty in ("high", "moderate") and directness in ("herniation", "sciatica")
        return "split though settled" if moderate else "split, the evidence leans"
    several = label in ("agreed", "majority")
    if verdict in ("mixed", "insufficient"):
        beyond = several and verdict == "mixed"
        return {True: "agreed beyond the evidence"}.get(
            beyond, "open question" if verdict == "mixed" else "unproven"
        )
    right = (direction, verdict) in (("for", "supported"), ("against", "contradicted"))
    if label == "single voice":
        return "lone voice in line" if right else "lone voice against the evidence"
    if right:
        return "in line with the evidence"
    return "shared myth" if several else "leans against the evidence"


def test_every_combination_has_the_cell_of_the_design():
    assert len(COMBINATIONS) == len(LABELS) * 3 * 4 * 5 * 5 * 2
    for combination in COMBINATIONS:
        assert cell_of(*combination) == expected_cell(*combination), combination


def test_every_cell_is_reached_has_a_meaning_a_group_and_a_colour():
    assert {cell_of(*combination) for combination in COMBINATIONS} == set(CELLS)
    assert list(CELLS) == list(CELL_MEANINGS)
    assert set(CELLS.values()) == set(GROUP_COLOURS)
    assert set(VOCABULARY("conclusions", "cell")) == set(CELLS)


def test_turning_the_page_and_the_literature_round_leaves_the_cell():
    other_side = {"for": "against", "against": "for", "none": "none"}
    other_verdict = {"supported": "contradicted", "contradicted": "supported"}
    for label, direction, verdict, *rest in COMBINATIONS:
        turned = cell_of(label, other_side[direction], other_verdict.get(verdict, verdict), *rest)
        assert turned == cell_of(label, direction, verdict, *rest)


def test_against_a_myth_is_in_line_with_the_evidence():
    for label in ("agreed", "majority", "two voices", "qualified"):
        cell = cell_of(label, "against", "contradicted", "low", "non-specific", False)
        assert cell == "in line with the evidence"


def test_settled_needs_certainty_and_direct_evidence():
    assert settled("contradicted", "moderate", "sciatica")
    assert not settled("contradicted", "moderate", "non-specific")
    assert not settled("contradicted", "low", "herniation")
    assert not settled("mixed", "high", "herniation")


@pytest.fixture(scope="module")
def known():
    selection = select(DATA)
    summary = summary_of_votes(DATA.propositions, DATA.claims, selection.threshold)
    return appraised(summary, DATA.verdicts, DATA.harms).set_index("proposition_id")


def test_who_advises_against_a_hard_bed_is_in_line_with_the_evidence(known):
    assert known.loc["firm-bed", ["label", "direction"]].tolist() == ["single voice", "against"]
    assert known.loc["firm-bed", "verdict"] == "contradicted"
    assert known.loc["firm-bed", "cell"] == "lone voice in line"


def test_who_advises_against_sit_ups_is_never_counted_against_the_evidence(known):
    row = known.loc["sit-ups-leg-lifts"]
    assert row["direction"] == "against"
    assert row["verdict"] != "supported"
    assert CELLS[row["cell"]] != "against the evidence"
    in_line = cell_of(row["label"], "against", "contradicted", "very low", "non-specific", False)
    assert CELLS[in_line] == "in line with the evidence"


def test_long_bed_rest_is_a_shared_myth(known):
    assert known.loc["bed-rest-long", ["label", "verdict", "cell"]].tolist() == [
        "majority",
        "contradicted",
        "shared myth",
    ]


def test_every_proposition_has_an_appraisal_or_an_honest_insufficient(known):
    assert len(known) == len(DATA.propositions)
    assert known["verdict"].notna().all()
    assert (known["reviewed_by"] == "").all()


# Bibliography


def test_a_work_is_cited_in_the_style_of_the_nlm_and_verbatim():
    assert citation(WORK) == (
        "Tu JF, Shi GX. Needles <b>or</b> sham & <script>alert(1)</script>. JAMA Internal "
        "Medicine. 2024;184(12):1417–24."
    )


def test_a_title_is_escaped_where_it_is_shown():
    data = type("Data", (), {"bibliography": {"tu-2024": WORK}})
    shown = works_list(data, ["tu-2024"])
    assert "<script" not in shown.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown.html
    assert 'href="https://doi.org/10.1001/jamainternmed.2024.5463"' in shown.html


def test_a_work_links_to_its_doi_and_pmid_and_else_to_where_it_was_seen():
    assert [words for words, _ in identifier_links(WORK)] == [
        "DOI",
        "PubMed",
    ]
    bare = {key: value for key, value in WORK.items() if key not in ("DOI", "PMID")}
    assert identifier_links(bare) == [("page", "https://example.org/")]


def test_a_work_without_authors_or_year_is_named_by_what_was_seen():
    assert short_name(WORK) == "Tu and others 2024"
    bare = {"title": "Hard chairs and soft sofas in the waiting rooms of the land"}
    assert short_name(bare) == "“Hard chairs and soft sofas in the waitin…” no year seen"


def test_every_work_of_the_review_can_be_cited():
    for work in DATA.bibliography.values():
        assert work["title"].split(":")[0].split("?")[0][:20] in citation(work), work["id"]


def test_the_style_is_the_one_that_was_taken_over():
    assert hashlib.sha256(STYLE.read_bytes()).hexdigest() == (
        "492f7935df42054b33d515f7275122f419780df990ea35925dcbbff0fecf1137"
    )
    assert "creativecommons.org/licenses/by-sa/3.0" in STYLE.read_text(encoding="utf-8")


# Reports


def page(name):
    return (ROOT / "reports" / f"{name}.html").read_text(encoding="utf-8")


def test_every_work_is_listed_once_with_what_it_is_cited_for():
    text = "".join(page(f"index-references-{letters}") for letters in ("a-g", "h-p", "q-z"))
    for work in DATA.bibliography.values():
        assert text.count(f"<li>{escape(citation(work))}") == 1, work["id"]
    for verdict in DATA.verdicts.itertuples():
        link = f'href="proposition-{verdict.proposition_id}.html"'
        for work in verdict.references.split():
            entry = text[text.index(f"<li>{escape(citation(DATA.bibliography[work]))}") :]
            assert link in entry[: entry.index("</li>")], (work, verdict.proposition_id)


def test_every_number_of_an_appraisal_leads_to_a_finding_and_every_finding_to_its_work():
    for verdict in DATA.verdicts.itertuples():
        topic = DATA.topics[verdict.proposition_id].replace(" ", "-")
        alone = page(f"proposition-{verdict.proposition_id}")
        of_topic = page(f"appraisal-{topic}")
        section = of_topic[of_topic.index(f'id="{verdict.proposition_id}"') :]
        section = section[: section.index("</section>")]
        for finding_id in verdict.findings.split():
            finding = DATA.findings_by_id[finding_id]
            work = finding["reference_id"]
            assert str(escape(finding["result"])) in alone
            assert str(escape(finding["figures"])) in alone
            assert alone.index(f'href="#ref-{work}"') < alone.index(f'id="ref-{work}"')
            assert f'href="#ref-{work}"' in section
            assert f'id="ref-{work}"' in of_topic


def test_harms_come_before_the_bottom_line_in_every_report_they_occur_in():
    for page in sorted((ROOT / "reports").glob("*.html")):
        text = page.read_text(encoding="utf-8")
        if 'id="harms"' in text:
            second = re.search(r'<h2 id="part-2">', text).start()
            assert text.index('class="safety"') < text.index('id="harms"') < second, page.name
    assert 'id="harms"' in (ROOT / "reports/index.html").read_text(encoding="utf-8")


def test_the_serious_harms_come_first():
    harms = harms_of(DATA, topic_claims(DATA, select(DATA)))
    ranks = [VOCABULARY("harms", "severity").index(severity) for severity in harms["severity"]]
    assert len(harms) == len(DATA.harms)
    assert ranks == sorted(ranks)


def test_truisms_make_no_headline():
    index = (ROOT / "reports/index.html").read_text(encoding="utf-8")
    start = index.index("Where the page is against the evidence")
    headlines = index[start : index.index("Every proposition by cell")]
    truisms = DATA.verdicts.loc[DATA.verdicts["truism"] == "yes", "proposition_id"]
    assert len(truisms)
    assert [name for name in truisms if f"proposition-{name}.html" in headlines] == []


def test_what_the_page_never_mentions_begins_with_the_red_flags():
    first = DATA.omissions.sort_values("rank").iloc[0]
    assert first["omission_id"] == "red-flags"
    assert (DATA.omissions["references"] != "").all()


# Rules


def no_verdict(review):
    review.write("verdicts", review.rows("verdicts")[1:])
    return "references/verdicts.csv: proposition_id: 'levels-l3-l5' has no verdict"


def reworded(review):
    review.put("propositions", 3, statement="LDH is something else now.")
    return "references/verdicts.csv:3: statement_hash: .* is not the hash of “LDH is something else"


def no_rater(review):
    row = review.row("verdicts", lambda row: row["verdict"] != "insufficient")
    review.put("verdicts", row.line, rater="")
    return f"references/verdicts.csv:{row.line}: rater: is empty"


def certain_of_nothing(review):
    row = review.row("verdicts", lambda row: row["verdict"] == "insufficient")
    review.put("verdicts", row.line, certainty="low")
    place = f"references/verdicts.csv:{row.line}"
    return f"{place}: certainty: 'low' is given for a verdict of insufficient"


def verdict_without_a_work(review):
    row = review.row("verdicts", lambda row: row["verdict"] == "supported")
    review.put("verdicts", row.line, references="", findings="", rationale="It is so.")
    return f"references/verdicts.csv:{row.line}: references: is empty"


def judgement_with_a_work(review):
    row = review.row("harms", lambda row: row["rests_on"] == "reference")
    review.put("harms", row.line, rests_on="reviewers' judgement")
    return f"references/harms.csv:{row.line}: references: does not go with rests_on"


def citation_without_a_work(review):
    row = review.row("omissions")
    review.put("omissions", row.line, references=row["references"] + " who-2032")
    return f"references/omissions.csv:{row.line}: references: 'who-2032' is not known"


def finding_of_an_uncited_work(review):
    row = review.row("verdicts", lambda row: row["verdict"] == "insufficient" and row["findings"])
    other = review.row(
        "findings", lambda found: found["reference_id"] not in row["references"].split()
    )
    together = f"{row['findings']} {other['finding_id']}"
    review.put("verdicts", row.line, findings=together)
    return f"references/verdicts.csv:{row.line}: findings: '{other['finding_id']}' is relied on"


def figure_from_nowhere(review):
    row = review.row("verdicts", lambda row: row["findings"])
    review.put("verdicts", row.line, rationale=row["rationale"] + " It helped 98765 people.")
    return f"references/verdicts.csv:{row.line}: rationale: 98765 stands in none"


def figure_of_a_work_seen_in_part(review):
    partly = {work["id"] for work in works(review) if work["custom"]["status"] != "verified"}
    row = review.row("findings", lambda row: row["reference_id"] in partly)
    review.put("findings", row.line, figures="SMD 0.4")
    return f"references/findings.csv:{row.line}: figures: 'SMD 0.4' is of a work that was seen only"


def impossible_doi(review):
    items = works(review)
    items[0]["DOI"] = "doi 10/x"
    put_works(review, items)
    return f"references/bibliography.json: {items[0]['id']}: DOI 'doi 10/x' is of no possible form"


def bibliography_out_of_order(review):
    path = review.root / "references/bibliography.json"
    path.write_text(json.dumps(works(review)), encoding="utf-8")
    return "references/bibliography.json: is not in canonical form"


def search_of_long_ago(review):
    review.put("verdicts", 2, searched_on="2019-01-01")
    return "references/verdicts.csv:2: warning: searched_on: 2019-01-01 is more than five years"


def works(review):
    path = review.root / "references/bibliography.json"
    return json.loads(path.read_text(encoding="utf-8"))


def put_works(review, items):
    path = review.root / "references/bibliography.json"
    path.write_text(canonical_bibliography(items), encoding="utf-8")


FAULTS = {
    "every_proposition_appraised": no_verdict,
    "verdicts_of_this_wording": reworded,
    "certainty_with_its_rater": no_rater,
    "verdicts_rest_on_works": verdict_without_a_work,
    "harms_say_what_they_rest_on": judgement_with_a_work,
    "citations_are_known": citation_without_a_work,
    "findings_cite_their_work": finding_of_an_uncited_work,
    "figures_stand_in_findings": figure_from_nowhere,
    "partly_seen_works_give_no_figures": figure_of_a_work_seen_in_part,
    "works_in_order": impossible_doi,
    "bibliography_in_canonical_form": bibliography_out_of_order,
    "searches_are_recent": search_of_long_ago,
}


def said(review):
    return [str(fault) for fault in check(review.root)]


@pytest.mark.parametrize("rule", LITERATURE_RULES, ids=lambda rule: rule.__name__)
def test_a_fault_is_found_by_its_rule_and_by_no_other(review, rule, monkeypatch):
    pattern = FAULTS[rule.__name__](review)
    assert any(re.match(pattern, line) for line in said(review)), said(review)
    rest = tuple(other for other in RULES if other is not rule)
    monkeypatch.setattr(checks, "RULES", rest)
    assert not any(re.match(pattern, line) for line in said(review))


def test_a_certainty_of_nothing_is_a_fault(review):
    pattern = certain_of_nothing(review)
    assert any(re.match(pattern, line) for line in said(review))


@pytest.mark.parametrize(
    ("change", "telling"),
    [
        ({"id": "nobody-2026", "DOI": "10.1/x", "PMID": "1"}, "nobody-2026: nothing cites it"),
        ({"PMID": "PMID 12"}, "PMID 'PMID 12' is of no possible form"),
        ({"title": ""}, "has no title"),
    ],
)
def test_a_work_that_is_not_in_order_is_a_fault(review, change, telling):
    items = works(review)
    first = {**items[0], **change}
    put_works(review, [*items, first] if "id" in change else [first, *items[1:]])
    assert any(telling in line for line in said(review))


def test_the_same_work_twice_is_a_fault(review):
    items = works(review)
    twin = next(item for item in items if "DOI" in item)
    put_works(review, [*items, {**twin, "id": "zz-twin-2026", "title": "Another title"}])
    assert any("is the same work as" in line and "(DOI)" in line for line in said(review))


@pytest.mark.parametrize("content", ["", "{", "[1, 2]", '[{"title": "no id"}]'])
def test_a_bibliography_that_cannot_be_read_is_one_fault(review, content):
    path = review.root / "references/bibliography.json"
    path.write_text(content, encoding="utf-8")
    assert [line for line in said(review) if "bibliography.json" in line and "is no CSL" in line]


# Looking works up


ANSWERS = {
    "/works/10.1%2Ffound": {"title": ["A title"]},
    "/works/10.1%2Fgone": {"title": ["A title"], "updated-by": [{"type": "retraction"}]},
    "/works/10.1%2Fother": {"title": ["Quite another one"]},
}


class Registry(BaseHTTPRequestHandler):
    """A registry that knows three works."""

    def do_GET(self):
        record = ANSWERS.get(self.path)
        self.send_response(200 if record else 404)
        self.end_headers()
        self.wfile.write(json.dumps({"message": record}).encode())

    def log_message(self, *arguments):
        pass


@pytest.fixture
def registry():
    server = HTTPServer(("127.0.0.1", 0), Registry)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_registry_tells_what_stands_and_what_does_not(registry):
    asked = [
        {"id": name, "title": "A title", "DOI": f"10.1/{name}"}
        for name in ("found", "gone", "other", "missing")
    ]
    states = {answer.work_id: answer.state for answer in look_up(asked, registry)}
    assert states == {
        "found": "found",
        "gone": "retracted",
        "other": "another title",
        "missing": "unknown",
    }


def test_without_a_network_the_command_says_that_it_could_not_run(review, capsys, monkeypatch):
    monkeypatch.chdir(review.root)
    assert main(["references", "--registry", "http://127.0.0.1:9"]) == 1
    assert "could not run" in capsys.readouterr().err


def test_the_command_counts_what_it_asked(review, registry):
    put_works(review, [{**WORK, "DOI": "10.1/found", "title": "A title"}])
    ran = review.run("references", "--registry", registry)
    assert ran.code == 0
    assert "1 works asked for, 0 to look at; 0 have no DOI to ask by" in ran.out

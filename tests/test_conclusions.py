"""The conclusions: none changes without being named, in words that say which claims did it."""

import contextlib
import dataclasses
import io
import random
from pathlib import Path

import pandas as pd
import pytest

from evidence_review import building, checks
from evidence_review.conclusions import (
    Change,
    changes,
    conclusions,
    newest_section,
    unannounced,
)
from evidence_review.dataset import DataError, csv_text, load, read_table

ROOT = Path(__file__).resolve().parents[1]
COUNTS = ("votes_for", "votes_conditional", "votes_against", "votes_divided")


@pytest.fixture(scope="module")
def data():
    return load(ROOT)


@pytest.fixture(scope="module")
def concluded(data):
    return conclusions(data)


def conclusion(name, label, direction, votes, claims="", contradictions=""):
    """One conclusion; `votes` are for, conditional, against and divided."""
    counts = dict(zip(COUNTS, map(str, votes), strict=True))
    cells = {"proposition_id": name, "label": label, "direction": direction, **counts}
    literature = {"verdict": "mixed", "certainty": "low", "cell": "open question"}
    return cells | literature | {"contradictions": contradictions, "claims": claims}


def words(before, after):
    """What is said of two lists of conclusions."""
    columns = list(conclusion("", "", "", (0, 0, 0, 0)))
    tables = (pd.DataFrame(rows, columns=columns, dtype="str") for rows in (before, after))
    return [change.words for change in changes(*tables)]


SPLIT = conclusion(
    "walking-backwards",
    "split",
    "none",
    (2, 0, 2, 0),
    "S02@3418 opposes any; S04@9812 supports any; S06@14846 supports any; S10@38401 opposes any",
)


# -------------------------------------------------------------------------- changes in words


def test_a_verdict_that_changed_alone_is_told():
    now = SPLIT | {
        "verdict": "contradicted",
        "certainty": "moderate",
        "cell": "split though settled",
    }
    assert words([SPLIT], [now]) == [
        "`walking-backwards`: still split, but the literature: mixed (low), open question → "
        "contradicted (moderate), split though settled"
    ]


def test_a_label_and_a_verdict_that_changed_together_are_both_told():
    after = conclusion(
        "walking-backwards",
        "majority",
        "against",
        (1, 0, 3, 0),
        SPLIT["claims"].replace("S04@9812 supports", "S04@9812 opposes"),
    ) | {"verdict": "supported", "certainty": "moderate", "cell": "shared myth"}
    assert words([SPLIT], [after]) == [
        "`walking-backwards`: split → majority against (1 for, 3 against), and the literature: "
        "mixed (low), open question → supported (moderate), shared myth, because S04's claim at "
        "9,812 was recoded (supports any → opposes any)"
    ]


@pytest.mark.parametrize(
    ("column", "value", "now"),
    [
        ("verdict", "contradicted", "contradicted (low), open question"),
        ("certainty", "", "mixed, open question"),
        ("cell", "agreed beyond the evidence", "mixed (low), agreed beyond the evidence"),
    ],
)
def test_whatever_of_the_literature_changed_is_told_beside_the_label(column, value, now):
    after = SPLIT | {"label": "agreed", "direction": "for", column: value}
    assert words([SPLIT], [after]) == [
        "`walking-backwards`: split → agreed for (2 for, 2 against), and the literature: "
        f"mixed (low), open question → {now}"
    ]


def test_votes_and_a_verdict_that_changed_together_are_both_told():
    after = SPLIT | {"votes_for": "3", "verdict": "supported"}
    assert words([SPLIT], [after]) == [
        "`walking-backwards`: still split, votes 2 for, 2 against → 3 for, 2 against, and the "
        "literature: mixed (low), open question → supported (low), open question"
    ]


def test_conclusions_that_are_the_same_are_not_spoken_of(concluded):
    assert words([SPLIT], [dict(SPLIT)]) == []
    assert changes(concluded, concluded.sample(frac=1, random_state=1)) == []


def test_a_recoded_claim_is_named_with_what_it_changed():
    after = conclusion(
        "walking-backwards",
        "majority",
        "against",
        (1, 0, 3, 0),
        SPLIT["claims"].replace("S04@9812 supports", "S04@9812 opposes"),
    )
    assert words([SPLIT], [after]) == [
        "`walking-backwards`: split → majority against (1 for, 3 against), because S04's claim at "
        "9,812 was recoded (supports any → opposes any)"
    ]


def test_a_claim_that_was_added_is_named():
    after = SPLIT | {
        "label": "majority",
        "direction": "for",
        "votes_for": "6",
        "claims": SPLIT["claims"] + "; S11@40000 supports acute",
    }
    assert words([SPLIT], [after]) == [
        "`walking-backwards`: split → majority for (6 for, 2 against), because S11's claim at "
        "40,000 was added"
    ]


def test_a_claim_that_was_taken_away_is_named():
    after = conclusion("x", "single voice", "for", (1, 0, 0, 0), "S01@5 supports any")
    before = conclusion(
        "x", "two voices", "for", (2, 0, 0, 0), "S01@5 supports any; S02@3500 supports any"
    )
    assert words([before], [after]) == [
        "`x`: two voices for → single voice for (1 for), because S02's claim at 3,500 was taken "
        "away"
    ]


def test_a_claim_that_was_moved_was_taken_away_and_added():
    after = SPLIT | {"claims": SPLIT["claims"].replace("S04@9812", "S04@9900")}
    assert words([SPLIT], [after]) == [
        "`walking-backwards`: still split, but its claims changed, because S04's claim at 9,812 "
        "was taken away and S04's claim at 9,900 was added"
    ]


def test_a_claim_of_another_phase_was_recoded():
    after = SPLIT | {"claims": SPLIT["claims"].replace("9812 supports any", "9812 supports acute")}
    assert words([SPLIT], [after]) == [
        "`walking-backwards`: still split, but its claims changed, because S04's claim at 9,812 "
        "was recoded (supports any → supports acute)"
    ]


def test_two_codings_at_one_place_are_told_together():
    before = conclusion(
        "x", "single voice", "for", (1, 0, 0, 0), "S01@5 supports any; S01@5 supports acute"
    )
    after = before | {
        "direction": "none",
        "label": "split",
        "votes_for": "0",
        "votes_divided": "1",
        "claims": "S01@5 supports any; S01@5 opposes acute",
    }
    assert words([before], [after]) == [
        "`x`: single voice for → split (1 divided), because S01's claim at 5 was recoded "
        "(supports any, supports acute → supports any, opposes acute)"
    ]


def test_votes_that_changed_under_the_same_label_are_told():
    after = SPLIT | {"votes_for": "3", "claims": SPLIT["claims"] + "; S07@16000 supports any"}
    assert words([SPLIT], [after]) == [
        "`walking-backwards`: still split, votes 2 for, 2 against → 3 for, 2 against, because "
        "S07's claim at 16,000 was added"
    ]


def test_a_contradiction_that_changed_alone_is_told():
    after = SPLIT | {"contradictions": "S04~S10 direct"}
    assert words([SPLIT], [after]) == [
        "`walking-backwards`: still split, its contradictions changed"
    ]


def test_claims_that_did_it_are_named_in_document_order_with_the_new_ones_last():
    after = SPLIT | {
        "votes_for": "1",
        "claims": "S01@7 supports any; S02@3418 supports any; S06@14846 supports any; "
        "S10@38401 opposes any",
    }
    assert words([SPLIT], [after]) == [
        "`walking-backwards`: still split, votes 2 for, 2 against → 1 for, 2 against, because "
        "S02's claim at 3,418 was recoded (opposes any → supports any) and S04's claim at 9,812 "
        "was taken away and S01's claim at 7 was added"
    ]


def test_a_new_proposition_is_told_with_its_votes_and_its_verdict():
    new = conclusion("x", "qualified", "for", (1, 2, 0, 0), "S01@5 supports any")
    assert words([], [new]) == [
        "`x`: is new: qualified for (1 for, 2 conditional), the literature: mixed (low), open "
        "question"
    ]


def test_a_new_proposition_that_nobody_answers_is_told():
    new = conclusion("x", "unanswered", "none", (0, 0, 0, 0))
    nothing = {"verdict": "insufficient", "certainty": "", "cell": "asked, not answered"}
    assert words([], [new | nothing]) == [
        "`x`: is new: unanswered (no votes), the literature: insufficient, asked, not answered"
    ]


def test_a_proposition_that_is_gone_is_told_with_what_was_said_of_it():
    assert words([SPLIT], []) == ["`walking-backwards`: is gone; it was split (2 for, 2 against)"]


def test_changes_stand_in_the_order_of_the_new_table_and_those_gone_last():
    gone = [conclusion(name, "unanswered", "none", (0, 0, 0, 0)) for name in ("a", "z")]
    new = [conclusion(name, "unanswered", "none", (0, 0, 0, 0)) for name in ("y", "b")]
    found = words([gone[0], SPLIT, gone[1]], [new[0], SPLIT | {"votes_for": "3"}, new[1]])
    assert [line.split("`")[1] for line in found] == ["y", "walking-backwards", "b", "a", "z"]


# ------------------------------------------------------------------------------ the real data


def test_the_committed_conclusions_are_those_of_the_data(data, concluded):
    committed = (ROOT / "reports/conclusions.csv").read_bytes()
    assert csv_text(concluded).encode() == committed


def test_there_is_one_conclusion_a_proposition_and_every_claim_is_in_one(data, concluded):
    assert list(concluded["proposition_id"]) == list(data.propositions["proposition_id"])
    entries = concluded["claims"].str.split("; ").explode()
    assert sum(entries != "") == len(data.claims)


def said_after(data, concluded, claims):
    """What is said where these are the claims, by proposition."""
    found = changes(concluded, conclusions(dataclasses.replace(data, claims=claims)))
    return {change.proposition_id: change.words for change in found}


def some_claims(data, count=5):
    return [data.claims.loc[row] for row in random.Random(3).sample(range(len(data.claims)), count)]


def test_any_claim_that_is_taken_away_is_named(data, concluded):
    for claim in some_claims(data):
        said = said_after(data, concluded, data.claims.drop(index=claim.name))
        change = f"{claim['source_id']}'s claim at {claim['start']:,} was "
        assert change in said[claim["proposition_id"]]
        assert not any(change in words for p, words in said.items() if p != claim["proposition_id"])


def test_any_claim_whose_stance_is_turned_is_named(data, concluded):
    for claim in some_claims(data):
        claims = data.claims.copy()
        turned = "supports" if claim["stance"] == "opposes" else "opposes"
        claims.loc[claim.name, "stance"] = turned
        said = said_after(data, concluded, claims)[claim["proposition_id"]]
        assert f"because {claim['source_id']}'s claim at {claim['start']:,} was recoded (" in said
        assert f"{turned} {claim['phase']}" in said


def test_a_claim_that_is_moved_to_another_proposition_changes_both(data, concluded):
    claims = data.claims.copy()
    claim = claims.iloc[0]
    other = next(p for p in data.propositions["proposition_id"] if p != claim["proposition_id"])
    claims.loc[claim.name, "proposition_id"] = other
    said = said_after(data, concluded, claims)
    name = f"{claim['source_id']}'s claim at {claim['start']:,}"
    assert f"{name} was taken away" in said[claim["proposition_id"]]
    assert f"{name} was added" in said[other]


def test_what_does_not_bear_on_a_conclusion_changes_none(data, concluded):
    claims = data.claims.assign(condition="NA", reading="None", figure="", quote="x")
    assert said_after(data, concluded, claims) == {}


# ----------------------------------------------------------------------------- the change log

CHANGED = [Change("walking-backwards", "…"), Change("firm-bed", "…")]


def silent(log):
    return [change.proposition_id for change in unannounced(CHANGED, log)]


def test_a_change_is_announced_by_its_name_in_backticks():
    assert silent("## 1.1.0\n\n- `firm-bed`: recoded.\n- `walking-backwards`, too.\n") == []
    assert silent("## 1.1.0\n\n- firm-bed: recoded.\n") == ["walking-backwards", "firm-bed"]


def test_a_change_is_announced_by_its_whole_name_only():
    assert silent("## 1.1.0\n\n- `walking`, `firm-beds`\n") == ["walking-backwards", "firm-bed"]


def test_only_the_newest_section_announces():
    log = "# Log\n\n## 1.1.0\n\n- `firm-bed`\n\n## 1.0.0\n\n- `walking-backwards`\n"
    assert silent(log) == ["walking-backwards"]
    assert newest_section(log).startswith("1.1.0\n")
    assert "1.0.0" not in newest_section(log)


def test_a_heading_within_the_newest_section_does_not_end_it():
    assert silent("## Unreleased\n\n### Data\n\n- `firm-bed`\n\n### Code\n\n") == [
        "walking-backwards"
    ]


@pytest.mark.parametrize("log", ["", "# Log\n\n`firm-bed` `walking-backwards`\n", "\n"])
def test_a_log_without_a_section_announces_nothing(log):
    assert silent(log) == ["walking-backwards", "firm-bed"]


# ------------------------------------------------------------------------------- what render keeps


def keep(review):
    """What `render` does with the conclusions: how many are silent, and what it says."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        data = load(review.root)
        count = building._keep_conclusions(data, conclusions(data), review.root / "reports")
    return count, out.getvalue(), err.getvalue()


@pytest.fixture
def recoded(review):
    """A copy in which a claim is recoded, and the proposition whose conclusion that changes."""
    review.announce()
    row = review.row("claims", lambda row: row["stance"] == "supports")
    review.put("claims", row.line, stance="opposes")
    return review, row["proposition_id"]


def test_unannounced_conclusions_are_not_overwritten(recoded):
    review, proposition = recoded
    before = review.files()
    count, out, err = keep(review)
    assert count == len(out.splitlines()) > 0
    assert any(line.startswith(f"`{proposition}`: ") for line in out.splitlines())
    assert err == (
        f"{count} conclusion(s) changed unannounced: name them in the newest section of "
        "CHANGELOG.md; until then reports/conclusions.csv stays as it was\n"
    )
    assert review.files() == before


def test_announced_conclusions_are_written_and_the_checks_are_content(recoded, monkeypatch):
    review, proposition = recoded
    review.announce(proposition)
    count, out, err = keep(review)
    assert (count, err) == (0, "")
    assert out.startswith(f"`{proposition}`: ")
    written = load(review.root)
    assert review.content("conclusions") == csv_text(conclusions(written)).encode()
    monkeypatch.setattr(checks, "RULES", ())
    assert checks.check(review.root) == []


def test_where_one_of_two_changes_is_silent_neither_is_written(recoded):
    review, proposition = recoded
    rows = review.rows("claims")
    other = next(
        row
        for row in rows[::-1]
        if row["stance"] == "supports" and row["proposition_id"] != proposition
    )
    review.put("claims", other.line, stance="opposes")
    review.announce(proposition)
    before = review.content("conclusions")
    count, out, _ = keep(review)
    assert 0 < count < len(out.splitlines())
    assert review.content("conclusions") == before


def test_conclusions_that_are_the_same_are_not_written_again(review):
    before = review.files()
    assert keep(review) == (0, "", "")
    assert review.files() == before


def test_missing_conclusions_are_written_without_being_announced(review):
    sound = review.content("conclusions")
    (review.root / review.path("conclusions")).unlink()
    assert keep(review) == (0, "", "")
    assert review.content("conclusions") == sound


def test_conclusions_that_cannot_be_read_are_refused_and_not_overwritten(review):
    review.put("conclusions", 5, label="Split")
    before = review.files()
    with pytest.raises(DataError, match=r"reports/conclusions\.csv:5: label: 'Split' is not one"):
        keep(review)
    assert review.files() == before


def test_a_change_log_that_cannot_be_read_is_refused_and_nothing_is_written(recoded):
    review, proposition = recoded
    log = f"# Log\n\n## 9.9.9\n\n- `{proposition}`: naïvely recoded.\n"
    (review.root / "CHANGELOG.md").write_bytes(log.encode("cp1252"))
    before = review.files()
    with pytest.raises(DataError, match=r"^CHANGELOG\.md:5: is not UTF-8; save it as UTF-8$"):
        keep(review)
    assert review.files() == before


def test_the_dictionary_describes_the_conclusions(data, concluded, tmp_path):
    table = data.dictionary.tables["conclusions"]
    assert list(concluded.columns) == table.header
    (tmp_path / "reports").mkdir()
    (tmp_path / table.path).write_text(csv_text(concluded), encoding="utf-8", newline="")
    _, faults = read_table(tmp_path, table)
    assert faults == []

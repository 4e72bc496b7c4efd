"""The data of the review: the dictionary, the second opinion, and what people ask first."""

import csv
import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest
from frictionless import Package

from evidence_review.coding import match_passes, unmatched
from evidence_review.dataset import load
from evidence_review.dictionary import find_root
from evidence_review.propositions import times_asked
from evidence_review.selection import select
from evidence_review.synthesis import votes

ROOT = find_root(Path(__file__).parent)
PACKAGE = json.loads((ROOT / "datapackage.json").read_text(encoding="utf-8"))
TABLES = [resource for resource in PACKAGE["resources"] if resource.get("type") == "table"]
COLUMNS = [(table["name"], field) for table in TABLES for field in table["schema"]["fields"]]


@pytest.fixture(scope="module")
def data():
    return load(ROOT)


def claims_on(data, proposition_id):
    return data.claims[data.claims["proposition_id"] == proposition_id]


def sides(data, proposition_id):
    own = votes(claims_on(data, proposition_id))
    return dict(zip(own["source_id"], own["vote"], strict=True))


def test_frictionless_agrees_that_the_package_is_valid():
    report = Package(str(ROOT / "datapackage.json")).validate()
    assert report.valid, report.flatten(["path", "rowNumber", "fieldName", "message"])


def test_frictionless_would_say_so_if_a_stance_were_unknown(tmp_path):
    for name in ("datapackage.json", "claims.csv"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    package = json.loads((tmp_path / "datapackage.json").read_text(encoding="utf-8"))
    package["resources"] = [r for r in package["resources"] if r["name"] == "claims"]
    del package["resources"][0]["schema"]["foreignKeys"]
    (tmp_path / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    text = (tmp_path / "claims.csv").read_text(encoding="utf-8").replace(",supports,", ",agree,", 1)
    (tmp_path / "claims.csv").write_text(text, encoding="utf-8")
    assert not Package(str(tmp_path / "datapackage.json")).validate().valid


@pytest.mark.parametrize("name,field", COLUMNS, ids=[f"{n}.{f['name']}" for n, f in COLUMNS])
def test_every_column_is_one_sentence_and_its_meanings_are_its_vocabulary(name, field):
    assert field["description"].endswith(".")
    if "meanings" in field:
        assert list(field["meanings"]) == field["constraints"]["enum"]
    known = set(field.get("constraints", {}).get("enum", ()))
    assert set(field.get("synonyms", {}).values()) <= known
    assert not set(field.get("synonyms", {})) & known


def test_columns_that_passes_share_with_claims_are_described_alike():
    fields = {t["name"]: {f["name"]: f for f in t["schema"]["fields"]} for t in TABLES}
    shared = set(fields["claims"]) & set(fields["passes"]) - {"proposition_id"}
    assert {name for name in shared if fields["claims"][name] != fields["passes"][name]} == set()
    reasons = fields["sentences"]["reason"]["meanings"]
    assert fields["pass-reasons"]["reason"]["meanings"] == reasons


def test_every_file_of_references_is_in_the_dictionary():
    listed = {resource["path"] for resource in PACKAGE["resources"]}
    found = {p.relative_to(ROOT).as_posix() for p in (ROOT / "references").rglob("*.*")}
    assert {path for path in found - listed if not path.endswith("codebook.md")} == set()


def test_the_document_is_the_one_that_was_received(data):
    origin = data.dictionary.documents["lumbar-disc-exercise-qa"]
    content = (ROOT / origin.path).read_bytes()
    assert hashlib.sha256(content).hexdigest() == origin.sha256
    assert len(content.decode("utf-8")) == origin.characters == 39_147


def test_ten_sources_hold_the_page_but_for_its_frame(data):
    text = data.documents["lumbar-disc-exercise-qa"].text
    frame = data.sentences[data.sentences["source_id"] == ""]
    assert len(data.sources) == 10
    assert list(frame["text"])[:3] == ["1. Home", "2. Question details", text[31:69]]
    assert set(frame["reason"]) <= {"boilerplate", "heading", "question"}


def test_the_codebook_speaks_of_every_coded_column(data):
    text = (ROOT / "references/codebook.md").read_text(encoding="utf-8")
    for word in ("phase", "head", "figure", "condition", "reading", "claim_type", "conflicts_with"):
        assert f"`{word}`" in text
    for stance in data.dictionary.vocabulary("claims", "stance"):
        assert f"- `{stance}`:" in text


def test_the_60_percent_is_one_authors_bare_assertion(data):
    claims = claims_on(data, "nonsurgical-60")
    assert list(claims["source_id"]) == ["S01"]
    assert list(claims["figure"]) == ["60%"]
    assert list(claims["basis"]) == ["assertion"]
    assert set(sides(data, "conservative-effective")) == {"S04", "S06", "S08"}


def test_acupuncture_is_for_pain_and_not_for_shrinking(data):
    assert sides(data, "acupuncture-pain") == {"S08": "for"}
    assert sides(data, "acupuncture-reduces-herniation") == {"S08": "against"}
    assert "research_uncited" in set(claims_on(data, "acupuncture-pain")["basis"])


def test_traction_has_a_benefit_and_a_rebound_and_varies(data):
    claims = claims_on(data, "traction")
    assert sides(data, "traction") == {"S08": "conditional"}
    assert {"supports", "conditional"} <= set(claims["stance"])
    conditional = claims[claims["stance"] == "conditional"].iloc[0]
    assert "rebound" in conditional["quote"]
    assert conditional["condition"] == "vary from person to person"


def test_hard_beds_are_asked_twice_answered_by_nobody_who_asks(data):
    assert sides(data, "firm-bed") == {"S06": "against"}
    assert "neither very soft, nor very hard" in claims_on(data, "firm-bed").iloc[0]["quote"]
    assert times_asked(data, "firm-bed") == 2
    asking = data.sentences[data.sentences["asks"] == "firm-bed"]
    assert set(asking["source_id"]) == {"S08"}


def test_walking_backwards_has_two_for_and_two_against(data):
    expected = {"S02": "against", "S04": "for", "S06": "for", "S10": "against"}
    assert sides(data, "walking-backwards") == expected


def test_every_difference_of_the_passes_has_a_ruling(data):
    pairs = match_passes(data.passes)
    alone = len(unmatched(data.passes, pairs))
    rulings = Counter(data.adjudication["difference"])
    assert rulings["only in a"] + rulings["only in b"] >= alone
    for column in ("stance", "evidence_level", "basis", "phase", "claim_type"):
        same = pairs["proposition_id_a"] == pairs["proposition_id_b"]
        differ = pairs[f"{column}_a"].astype("str") != pairs[f"{column}_b"].astype("str")
        for pair in pairs[same & differ].to_dict("records"):
            rows = data.adjudication[
                (data.adjudication["source_id"] == pair["source_id_a"])
                & (data.adjudication["start"] <= pair["end_a"])
                & (data.adjudication["end"] >= pair["start_a"])
                & data.adjudication["difference"].isin([column, "only in a", "only in b"])
            ]
            assert len(rows), f"no ruling on {column} at {pair['start_a']}"


def test_every_claim_comes_from_a_pass_or_a_ruling(data):
    key = ["source_id", "start", "end", "proposition_id"]
    coded = set(data.passes[key].itertuples(index=False, name=None))
    ruled = set(data.adjudication[key].itertuples(index=False, name=None))
    made = set(data.claims[key].itertuples(index=False, name=None))
    assert made <= coded | ruled


def test_phrases_that_a_reading_explains_stand_in_the_answer(data):
    answers = data.sources.set_index("source_id")
    for claim in data.claims[data.claims["reading"] != ""].itertuples():
        source = answers.loc[claim.source_id]
        text = data.documents[source["document_id"]].text[source["start"] : source["end"]]
        phrases = claim.reading.split('"')[1::2]
        assert phrases, claim.reading
        assert phrases[0].casefold() in text.casefold(), claim.reading


def test_a_claim_that_rests_on_an_unsure_reading_says_so(data):
    unsure = set(data.glossary.loc[data.glossary["certainty"] == "unsure", "phrase"])
    resting = [
        claim.reading
        for claim in data.claims[data.claims["reading"] != ""].itertuples()
        if unsure & set(claim.reading.split('"')[1::2])
    ]
    assert resting
    assert all("perhaps" in reading or "(unsure)" in reading for reading in resting)


def test_each_red_flag_has_a_reference_that_was_seen(data):
    assert {"bladder-or-bowel", "saddle-numbness", "both-legs", "weakness", "sexual-function"} <= {
        row.flag_id for row in data.safety.itertuples() if row.urgency == "emergency"
    }
    assert all(row.url.startswith("https://") for row in data.safety.itertuples())


def test_the_strict_reader_keeps_words_that_pandas_would_take_for_missing(tmp_path):
    for source in ROOT.rglob("*"):
        kept = source.suffix in {".csv", ".txt", ".json"} and ".venv" not in source.parts
        if source.is_file() and kept:
            target = tmp_path / source.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    path = tmp_path / "references/sources.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    for row, word in zip(rows[1:], ("None", "NA", "null", "nan"), strict=False):
        row[rows[0].index("conflicts")] = word
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    assert list(load(tmp_path).sources["conflicts"][:4]) == ["None", "NA", "null", "nan"]


def test_a_selection_of_everything_reads_every_claim(data):
    assert select(data).is_whole(data)

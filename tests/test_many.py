"""Many documents: what Snakemake makes of three small reviews, stopped, broken, changed."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from conftest import Review, copy_of_review

ROOT = Path(__file__).resolve().parents[1]
OWN = ROOT / ".venv-many/bin/snakemake"
SNAKEMAKE = str(OWN) if OWN.exists() else shutil.which("snakemake")
pytestmark = pytest.mark.skipif(not SNAKEMAKE, reason="needs Snakemake, see the README")
README = (ROOT / "README.md").read_text(encoding="utf-8")
# What a review is cut down to: the page as far as the end of this answer.
REVIEWS = {"one": "S01", "two-answers": "S02", "and three": "S03"}
RULES = {name: "render_" + name.replace(" ", "_") for name in REVIEWS}
REPORTS = ("conclusions.csv", "findings.svg", "index.html", "second.html")
LOADS = "from evidence_review.dataset import load\n\nlen(load().claims)"
# So that a test can stop a run at a place of its choice.
WAITS = (
    "import time\nfrom pathlib import Path\n\nwhile Path('wait').exists():\n    time.sleep(0.05)"
)
FAILS = "raise ValueError('a bad notebook')"
SECONDS = 120


class Many:
    """A folder of reviews, and Snakemake started beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reviews = {name: Review(folder / "reviews" / name) for name in REVIEWS}

    def start(self, *words: str) -> subprocess.Popen:
        """Snakemake, started on two cores, in a process group of its own."""
        command = [SNAKEMAKE, "--snakefile", str(ROOT / "Snakefile"), "--cores", "2", *words]
        return subprocess.Popen(
            [*command, "--config", "reviews=reviews", f"python={sys.executable}"],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: str) -> tuple[int, str]:
        """The exit code of Snakemake and what it printed."""
        with self.start(*words) as process:
            out, _ = process.communicate(timeout=SECONDS)
        return process.returncode, out

    def reports(self, name: str) -> dict[str, bytes]:
        """The files in the folder of reports of a review."""
        folder = self.folder / "reviews" / name / "reports"
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}

    def log(self, name: str, rule: str) -> str:
        """What a job of a review printed last."""
        log = self.folder / "reviews" / name / f".cache/snakemake/{rule}.log"
        return log.read_text(encoding="utf-8")

    def all_reports(self) -> dict[str, dict[str, bytes]]:
        """The reports of each review."""
        return {name: self.reports(name) for name in REVIEWS}


def ran(out: str) -> set[str]:
    """The jobs that Snakemake finished."""
    return set(re.findall(r"Finished jobid: \d+ \(Rule: (.*)\)", out)) - {"all"}


def cut(review: Review, last: str) -> None:
    """Leave of a review the page as far as the end of an answer, and what speaks of that."""
    sources = [row for row in review.rows("sources") if row["source_id"] <= last]
    end = int(sources[-1]["end"])
    answers = {row["source_id"] for row in sources} | {""}
    known = {row["proposition_id"] for row in review.rows("claims") if row["source_id"] in answers}
    cited, relied = set(), set()
    for row in review.rows("verdicts"):
        if row["proposition_id"] in known:
            cited |= set(row["references"].split())
            relied |= set(row["findings"].split())
    kept = {
        "source_id": answers.__contains__,
        "start": lambda cell: int(cell) < end,
        "proposition_id": known.__contains__,
        "finding_id": relied.__contains__,
    }
    for table in set(review.tables) - {"conclusions", "harms", "omissions"}:
        rows = review.rows(table)
        for row in rows:
            for column in {"conflicts_with", "asks"} & row.keys():
                row[column] = " ".join(word for word in row[column].split() if word in known)
        tests = [(name, fits) for name, fits in kept.items() if name in review.header(table)]
        review.write(table, [row for row in rows if all(fits(row[name]) for name, fits in tests)])
    review.write("harms", [])
    review.write("omissions", [])
    review.put_works([work for work in review.works() if work["id"] in cited])
    shorten(review, review.text[:end])


def shorten(review: Review, text: str) -> None:
    """Put another text in place of the document, and describe it."""
    content = text.encode()
    (review.root / review.document["path"]).write_bytes(content)
    dictionary = review.root / "datapackage.json"
    package = json.loads(dictionary.read_text(encoding="utf-8"))
    described = next(each for each in package["resources"] if each["format"] == "txt")
    described["bytes"], described["characters"] = len(content), len(text)
    described["hash"] = f"sha256:{hashlib.sha256(content).hexdigest()}"
    dictionary.write_text(json.dumps(package), encoding="utf-8")


def put_notebook(review: Review, name: str, *sources: str) -> None:
    """Write a notebook of these cells."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    cells = [
        nbformat.v4.new_code_cell(source, id=f"cell-{number}")
        for number, source in enumerate(sources)
    ]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(notebook, review.root / "notebooks" / f"{name}.ipynb")


def entitle(review: Review, title: str) -> None:
    """Write the list of the two reports of a review."""
    listed = [("index", title, "first"), ("second", f"{title}, again", "second")]
    entry = '[[report]]\nname = "{}"\ntitle = "{}"\nnotebook = "{}"\n'
    text = "\n".join(entry.format(*row) for row in listed)
    (review.root / "reports.toml").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def unmade(tmp_path_factory: pytest.TempPathFactory) -> Many:
    """Three small reviews that nothing was made of."""
    folder = tmp_path_factory.mktemp("unmade")
    for name, last in REVIEWS.items():
        review = copy_of_review(folder / "reviews" / name)
        cut(review, last)
        shutil.rmtree(review.root / "notebooks")
        shutil.rmtree(review.root / "reports")
        (review.root / "notebooks").mkdir()
        put_notebook(review, "first", LOADS)
        put_notebook(review, "second", LOADS, WAITS)
        entitle(review, name)
    return Many(folder)


@pytest.fixture(scope="module")
def first_run(unmade: Many, tmp_path_factory: pytest.TempPathFactory) -> tuple[Many, str]:
    """The three reviews, made on two cores without a disturbance, and what Snakemake printed."""
    folder = tmp_path_factory.mktemp("made") / "made"
    many = Many(shutil.copytree(unmade.folder, folder))
    code, out = many.run()
    assert code == 0, out
    return many, out


@pytest.fixture
def made(first_run: tuple[Many, str], tmp_path: Path) -> Many:
    """A copy of the three reviews as they were made, for one test."""
    # With its times, by which Snakemake tells that nothing is to be done.
    return Many(shutil.copytree(first_run[0].folder, tmp_path / "made"))


def test_a_dry_run_lists_the_jobs_and_writes_nothing(unmade: Many):
    before = {name: review.files() for name, review in unmade.reviews.items()}
    code, out = unmade.run("--dry-run")

    assert code == 0, out
    assert set(re.findall(r"^(render\S*) +1$", out, re.MULTILINE)) == set(RULES.values())
    assert {name: review.files() for name, review in unmade.reviews.items()} == before


def test_a_run_makes_all_reports_of_all_reviews(first_run: tuple[Many, str]):
    many, out = first_run
    assert ran(out) >= set(RULES.values())
    for name, reports in many.all_reports().items():
        assert tuple(reports) == REPORTS
        assert f"<h1>{name}</h1>".encode() in reports["index.html"]
    texts = [reports["conclusions.csv"] for reports in many.all_reports().values()]
    assert len(set(texts)) == len(REVIEWS)


def test_a_second_run_has_nothing_to_do(made: Many):
    code, out = made.run()
    assert code == 0, out
    assert "Nothing to be done" in out
    assert ran(out) == set()


def test_a_changed_claim_makes_its_own_review_anew_and_no_other(made: Many):
    before = made.all_reports()
    changed = made.reviews["one"].row("claims", lambda row: row["stance"] == "supports")
    made.reviews["one"].put("claims", changed.line, stance="opposes")
    made.reviews["one"].announce(changed["proposition_id"])
    code, out = made.run()

    assert code == 0, out
    assert ran(out) == {"check_one", RULES["one"]}
    after = made.all_reports()
    assert after["one"]["conclusions.csv"] != before["one"]["conclusions.csv"]
    assert {**after, "one": None} == {**before, "one": None}


def test_a_review_that_fails_keeps_its_reports_and_the_others_finish(made: Many):
    before = made.all_reports()
    for name in ("one", "two-answers"):
        entitle(made.reviews[name], "Another title")
    put_notebook(made.reviews["one"], "second", FAILS)
    (made.reviews["and three"].root / "reports/second.html").unlink()
    code, out = made.run("--keep-going")

    assert code != 0
    assert f"Error in rule {RULES['one']}:" in out
    assert made.reports("one") == before["one"]
    assert "second.html: failed: cell 1: ValueError: a bad notebook" in made.log("one", "render")
    assert b"<h1>Another title</h1>" in made.reports("two-answers")["index.html"]
    assert made.reports("and three") == before["and three"]


def test_a_review_with_a_fault_is_not_rendered(made: Many):
    before = made.reports("one")
    made.reviews["one"].rewrite("claims", lambda content: content.replace(b"supports", b"supprts"))
    code, out = made.run()

    assert code != 0
    assert ran(out) == set()
    assert made.reports("one") == before
    assert "stance: 'supprts' is not one of" in made.log("one", "check")


def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(made: Many):
    undisturbed = made.all_reports()
    one = made.reviews["one"].root
    (one / "reports/findings.svg").unlink()
    for name in ("index.html", "second.html"):
        (one / "reports" / name).write_bytes(b"before\n")
    (one / "wait").touch()
    process = made.start()
    until(lambda: made.reports("one")["index.html"] != b"before\n", process)
    os.killpg(process.pid, signal.SIGKILL)
    out, _ = process.communicate()

    assert process.returncode == -signal.SIGKILL
    # One report was made, the other not; both are whole.
    assert made.reports("one")["index.html"] == undisturbed["one"]["index.html"], out
    assert made.reports("one")["second.html"] == b"before\n"

    (one / "wait").unlink()
    code, out = made.run()
    assert code != 0 and "--rerun-incomplete" in out, out
    for word in ("--unlock", "--rerun-incomplete"):
        assert word in README
        code, out = made.run(word)
        assert code == 0, out
    assert made.all_reports() == undisturbed


def until(happened, process: subprocess.Popen) -> None:
    """Wait until something has happened; a failure where the process ends before."""
    end = time.monotonic() + SECONDS
    while not happened():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < end
        time.sleep(0.05)

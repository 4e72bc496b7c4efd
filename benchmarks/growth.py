"""How loading, checking and the synthesis grow with the number of claims.

A review of so many claims is generated: a document of one sentence a claim, ten sources, one
proposition for every twenty claims, no literature. Each size runs in a process of its own.
Everything between the start and the end counts, `load` and `check` as anybody calls them.

    python benchmarks/growth.py 100 1000 10000
"""

from __future__ import annotations

import csv
import hashlib
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

from evidence_review.appraisal import statement_hash
from evidence_review.checks import check
from evidence_review.dataset import load
from evidence_review.dictionary import find_root
from evidence_review.synthesis import summary_of_votes, without_each_source

SOURCES = 10
CLAIMS_A_PROPOSITION = 20
STANCES = ("supports", "supports", "supports", "opposes", "conditional")
PHASES = ("unstated", "any", "acute", "recovery", "post_op")
# What every generated claim is.
CLAIM = {"claim_type": "benefit", "evidence_level": "5", "basis": "assertion"}


def generate(root: Path, claims: int) -> None:
    """Write a review of so many claims into a folder."""
    real = find_root(Path(__file__).parent)
    package = json.loads((real / "datapackage.json").read_text(encoding="utf-8"))
    tables = {resource["name"]: resource for resource in package["resources"]}
    document = next(r for r in package["resources"] if r["format"] == "txt")
    sentences = [f"Sentence {number} says that thing {number} helps." for number in range(claims)]
    text = "\n".join(sentences) + "\n"
    write(root / document["path"], text)
    document["hash"] = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    document["characters"] = len(text)
    for resource_ in package["resources"]:
        resource_.pop("minimumRows", None)
    write(root / "datapackage.json", json.dumps(package, ensure_ascii=False))
    write(root / "references/bibliography.json", "[]\n")
    rows = generated_rows(document["name"], sentences, real, tables)
    for name, table in tables.items():
        if table.get("type") == "table" and name != "conclusions":
            header = [field["name"] for field in table["schema"]["fields"]]
            write_table(root / table["path"], header, rows.get(name, []))


def generated_rows(
    document: str, sentences: list[str], real: Path, tables: dict[str, Any]
) -> dict[str, list[dict[str, str]]]:
    """The rows of each table that has any."""
    starts = [0]
    for sentence in sentences:
        starts.append(starts[-1] + len(sentence) + 1)
    a_source = -(-len(sentences) // SOURCES)
    propositions = max(1, len(sentences) // CLAIMS_A_PROPOSITION)
    found: dict[str, list[dict[str, str]]] = {name: [] for name in tables}
    template = first_row(real / tables["sources"]["path"])
    for number in range(-(-len(sentences) // a_source)):
        first, last = number * a_source, min((number + 1) * a_source, len(sentences))
        place = {"start": str(starts[first]), "end": str(starts[last] - 1)}
        name = {"source_id": f"S{number + 1:02}", "author": f"Author {number + 1}"}
        found["sources"].append({**template, "document_id": document, **name, **place})
    topic = first_row(real / tables["propositions"]["path"])["topic"]
    for number in range(propositions):
        name = {"proposition_id": f"p{number:07}", "topic": topic}
        statement = f"Thing {number} helps."
        found["propositions"].append({**name, "statement": statement, "conflicts_with": ""})
        found["verdicts"].append(insufficient(name["proposition_id"], statement))
    template = first_row(real / tables["claims"]["path"])
    for number, sentence in enumerate(sentences):
        place = {"start": str(starts[number]), "end": str(starts[number] + len(sentence))}
        source = found["sources"][number // a_source]
        own = {"source_id": source["source_id"], **place}
        found["sentences"].append({"document_id": document, **own, "text": sentence})
        claim = dict.fromkeys(template, "") | CLAIM | own
        claim |= {
            "source_author": source["author"],
            "quote": sentence,
            "proposition_id": f"p{number % propositions:07}",
            "stance": STANCES[number % len(STANCES)],
            "phase": PHASES[number // 3 % len(PHASES)],
        }
        found["claims"].append(claim)
    return found


def insufficient(proposition_id: str, statement: str) -> dict[str, str]:
    """A verdict that nothing is known."""
    return {
        "proposition_id": proposition_id,
        "verdict": "insufficient",
        "directness": "none",
        "truism": "no",
        "rationale": "Nothing was looked up.",
        "searched_on": "2026-11-22",
        "would_change": "Any study.",
        "teaching_point": "Nobody knows.",
        "statement_hash": statement_hash(statement),
    }


def first_row(path: Path) -> dict[str, str]:
    """The first row of a table."""
    with path.open(encoding="utf-8", newline="") as file:
        return next(csv.DictReader(file))


def write(path: Path, text: str) -> None:
    """Write a text, its folder made where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")


def write_table(path: Path, header: list[str], rows: Iterable[dict[str, str]]) -> None:
    """Write a table in canonical form."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def measured(root: Path) -> dict[str, float]:
    """How long each step takes, in seconds, and the most memory that all took, in MiB."""
    begun = time.perf_counter()
    dataset = load(root)
    loaded = time.perf_counter()
    faults = check(root, concluded=False)
    checked = time.perf_counter()
    if faults:
        raise SystemExit(f"the generated review has faults: {faults[:5]}")
    threshold = Fraction(3, 4)
    summary_of_votes(dataset.propositions, dataset.claims, threshold)
    without_each_source(dataset.propositions, dataset.claims, threshold)
    done = time.perf_counter()
    return {
        "load": loaded - begun,
        "check": checked - loaded,
        "synthesis": done - checked,
        "all": done - begun,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def run(claims: int, answer: Any) -> None:
    """Generate a review of so many claims and put what it takes into `answer`."""
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder), claims)
        answer.put(measured(Path(folder)))


def main(sizes: list[int]) -> list[dict[str, float]]:
    """What each size takes, printed as it comes."""
    context = multiprocessing.get_context("spawn")
    results = []
    for claims in sizes:
        answer = context.Queue()
        process = context.Process(target=run, args=(claims, answer))
        process.start()
        result = {"claims": float(claims), **answer.get()}
        process.join()
        results.append(result)
        print({name: round(value, 3) for name, value in result.items()}, flush=True)
    return results


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]])

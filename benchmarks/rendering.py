"""What rendering the whole set of reports costs, each way beside the others in one run.

    python benchmarks/rendering.py
    python benchmarks/rendering.py --rounds 1 --without shell one-process
    python benchmarks/rendering.py --notebooks overview consensus contradictions appraisal

The ways take turns, so that what else the machine does meets all of them; the medians go into
`benchmarks/results.json` and `benchmarks/RESULTS.md`, beside those of sets of other sizes. The
slow ways are worth their time on a few kinds of report. The growth with the number of claims is
measured at the end; `--sizes` without a number leaves it as it was.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import growth

from evidence_review.catalogue import read_catalogue
from evidence_review.dictionary import find_root

HERE = Path(__file__).resolve().parent
PARTS = ("claims.csv", "datapackage.json", "reports.toml", "references", "notebooks", "README.md")
SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
LOOK_SECONDS = 0.1
WAYS = {
    "shell": "(a) papermill's and nbconvert's commands, one by one",
    "one-process": "(b) papermill's API in one process",
    "two-processes": "(c) papermill's API in two processes",
    "cold": "(d) `render`, nothing kept, two processes",
    "unchanged": "(d) `render`, nothing changed",
    "one-claim": "(d) `render`, one claim changed",
    "floor": "(e) the floor: a loop without notebooks, two processes",
}


def prepared(folder: Path, notebooks: list[str]) -> Path:
    """A copy of the review in a folder, with the reports of some notebooks or of all."""
    root = find_root(HERE)
    for part in (*PARTS, "CHANGELOG.md"):
        copy = shutil.copytree if (root / part).is_dir() else shutil.copy
        copy(root / part, folder / part)
    if notebooks:
        path = folder / "reports.toml"
        head, *entries = path.read_text(encoding="utf-8").split("[[report]]")
        kept = [each for each in entries if tomllib.loads(each)["notebook"] in notebooks]
        path.write_text("[[report]]".join([head, *kept]), encoding="utf-8")
    return folder


def ways(root: Path) -> dict[str, tuple[Callable[[], None], list[str]]]:
    """For each way: what is to be done before it (not measured), and its command."""
    render = ["-m", "evidence_review", "render", "--processes", "2"]
    out = str(root / "out")

    def script(name: str, *words: str) -> list[str]:
        return [str(HERE / f"{name}.py"), out, *words]

    def cold() -> None:
        for kept in (".cache", "out", "reports"):
            shutil.rmtree(root / kept, ignore_errors=True)

    def changed() -> None:
        change_a_claim(root / "claims.csv")

    return {
        "shell": (cold, script("shell")),
        "one-process": (cold, script("plain", "1")),
        "two-processes": (cold, script("plain", "2")),
        "floor": (cold, script("floor", "2")),
        "cold": (cold, render),
        "unchanged": (lambda: None, render),
        "one-claim": (changed, render),
    }


def change_a_claim(path: Path) -> None:
    """Say of another phase what one claim says, this way and back the next time."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    claim = next(row for row in rows if row["proposition_id"] == "walking-backwards")
    claim["phase"] = "recovery" if claim["phase"] == "acute" else "acute"
    growth.write_table(path, list(rows[0]), rows)


def measured(root: Path, words: list[str], watched: bool) -> float:
    """The seconds that a command takes; the most memory of all its processes (MiB) if watched."""
    # As run.py does: what is imported is compiled once.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=root,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    peak = [0.0]
    # Looking at the memory of many processes slows them, so that it has a round of its own.
    watching = threading.Thread(target=watch, args=(process.pid, peak))
    if watched:
        watching.start()
    said = process.communicate()[1]
    seconds = time.perf_counter() - begun
    if watched:
        watching.join()
    # A claim that is recoded changes a conclusion, which the change log of the copy does not name.
    if process.returncode not in (0, 1):
        raise SystemExit(f"{words} failed: {said.decode()[-2000:]}")
    return peak[0] if watched else seconds


def watch(process: int, peak: list[float]) -> None:
    """Keep the most memory (proportional share) of a process and all that it started."""
    while Path(f"/proc/{process}").exists() and state(process) != "Z":
        peak[0] = max(peak[0], sum(share(member) for member in family(process)))
        time.sleep(LOOK_SECONDS)


def family(process: int) -> list[int]:
    """A process and everything that descends from it."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        parents.setdefault(int(words[1]), []).append(int(path.parent.name))
    found = [process]
    for member in found:
        found += parents.get(member, [])
    return found


def state(process: int) -> str:
    """The state of a process, as one letter."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return "Z"


def share(process: int) -> float:
    """The proportional share of memory of a process, in MiB."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def table(results: dict[str, dict[str, list[float]]]) -> list[str]:
    """What each way took for one set of reports, as lines of Markdown."""
    median = {way: statistics.median(found["seconds"]) for way, found in results.items()}
    rows = [
        f"| {WAYS[way]} | {median[way]:.1f} | {min(found['seconds']):.1f}–"
        f"{max(found['seconds']):.1f} | {median[way] / median['floor']:.2f} | "
        f"{max(found['memory']):.0f} | {len(found['seconds'])} |"
        for way, found in sorted(results.items(), key=lambda item: list(WAYS).index(item[0]))
    ]
    return [
        "| way | median, s | range, s | ratio to the floor | peak memory, MiB | rounds |",
        "|---|---|---|---|---|---|",
        *rows,
        "",
    ]


def report(kept: dict[str, Any]) -> str:
    """All results as Markdown."""
    sizes = [
        f"| {int(row['claims']):,} | {row['load']:.2f} | {row['check']:.2f} | "
        f"{row['synthesis']:.2f} | {row['all']:.2f} | {row['memory']:.0f} |"
        for row in kept["growth"]
    ]
    tables = [
        line
        for name, results in kept["rendering"].items()
        for line in (f"## {name}", "", *table(results))
    ]
    return "\n".join(
        [
            "# What rendering costs",
            "",
            f"Measured by `python benchmarks/rendering.py` on Python "
            f"{platform.python_version()}, {os.cpu_count()} cores. The ways take turns in one "
            "run; ratios are of medians. Memory is the proportional share of all processes, "
            "watched in a round of its own.",
            "",
            *tables,
            "## Growth with the number of claims",
            "",
            "In seconds (memory in MiB):",
            "",
            "| claims | load | check | synthesis | all | peak memory |",
            "|---|---|---|---|---|---|",
            *sizes,
            "",
        ]
    )


def main() -> None:
    """Measure all ways and write the results down, beside those of other sets of reports."""
    parser = argparse.ArgumentParser(description="What rendering costs, each way in one run.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--without", nargs="*", choices=WAYS, default=[])
    parser.add_argument("--notebooks", nargs="*", default=[], help="the reports of these only")
    parser.add_argument("--sizes", nargs="*", type=int, default=SIZES)
    options = parser.parse_args()
    results: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        root = prepared(Path(folder), options.notebooks)
        name = f"{len(read_catalogue(root))} reports"
        for number in range(options.rounds + 1):
            for way, (before, words) in ways(root).items():
                if way in options.without:
                    continue
                before()
                kind = "memory" if number == options.rounds else "seconds"
                value = measured(root, words, kind == "memory")
                found = results.setdefault(way, {"seconds": [], "memory": []})
                found[kind].append(round(value, 3))
                print(f"round {number + 1}: {way}: {value:.2f} {kind}", flush=True)
    path = HERE / "results.json"
    kept = json.loads(path.read_text(encoding="utf-8"))
    kept["rendering"][name] = results
    if options.sizes:
        kept["growth"] = growth.main(list(options.sizes))
    path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    (HERE / "RESULTS.md").write_text(report(kept), encoding="utf-8")


if __name__ == "__main__":
    main()

"""The usual way in Python: papermill's API and its own engine, in one process or several.

python benchmarks/plain.py OUT PROCESSES
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from evidence_review.catalogue import read_catalogue
from evidence_review.dictionary import find_root
from evidence_review.report import render_one


def main(out: Path, processes: int) -> None:
    """Write every page."""
    root = find_root()
    out.mkdir(parents=True, exist_ok=True)
    make = partial(render_one, root, out=out, engine="nbclient")
    reports = read_catalogue(root)
    if processes == 1:
        outcomes = list(map(make, reports))
    else:
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            outcomes = list(pool.map(make, reports))
    failed = [outcome for outcome in outcomes if outcome.state == "failed"]
    if failed:
        raise SystemExit(f"{len(failed)} failed: {failed[0].reason}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

"""The command `render`: what is fresh is left alone, before anything slow is loaded."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import sys
import time
from pathlib import Path
from types import ModuleType

from evidence_review.catalogue import read_catalogue
from evidence_review.drawing import drawers
from evidence_review.freshness import Records, inputs_of
from evidence_review.refusal import Refusal

# How often a run that watches looks up, in seconds.
LOOK_SECONDS = 0.2


def run_render(root: Path, options: argparse.Namespace) -> int:
    """Make the reports, all of them or some, and say at the end where to look."""
    out = Path(options.out).resolve() if options.out else root / "reports"
    inputs = inputs_of(root)
    alone = options.notebook or options.only or options.parameter or options.name
    if not (alone or options.force or options.watch) and Records(root, out).stands(inputs):
        reports = read_catalogue(root)
        print(f"0 written, {len(reports)} unchanged, 0 failed")
        print(f"Open {out / reports[0].file}")
        return 0
    with drawers(options.processes):
        # A second of imports, while the drawers load theirs.
        building = importlib.import_module("evidence_review.building")
        code = int(building.build(root, out, options, inputs))
        with contextlib.suppress(KeyboardInterrupt):
            while options.watch and code != building.INTERRUPTED:
                inputs = _changed(root, inputs)
                code = _made_anew(building, root, out, options, inputs)
        return code


def _changed(root: Path, inputs: str) -> str:
    """The hash of what the reports are made of, once it is another than this."""
    while (now := inputs_of(root)) == inputs:
        time.sleep(LOOK_SECONDS)
    return now


def _made_anew(
    building: ModuleType, root: Path, out: Path, options: argparse.Namespace, inputs: str
) -> int:
    """The exit code of making what is due; what is wrong with the data is said and waited for."""
    try:
        return int(building.build(root, out, options, inputs))
    except Refusal as error:
        print(error, file=sys.stderr)
        return 1

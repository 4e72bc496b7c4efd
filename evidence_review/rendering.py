"""The command `render`: what is fresh is left alone, before anything slow is loaded."""

from __future__ import annotations

import argparse
import gc
import importlib
from pathlib import Path

from evidence_review.catalogue import read_catalogue
from evidence_review.drawing import drawers
from evidence_review.freshness import Records, inputs_of


def run_render(root: Path, options: argparse.Namespace) -> int:
    """Make the reports, all of them or some, and say at the end where to look."""
    out = Path(options.out).resolve() if options.out else root / "reports"
    inputs = inputs_of(root)
    alone = options.notebook or options.only or options.parameter or options.name
    if not (alone or options.force) and Records(root, out).stands(inputs):
        reports = read_catalogue(root)
        print(f"0 written, {len(reports)} unchanged, 0 failed")
        print(f"Open {out / reports[0].file}")
        return 0
    # One draws as fast as two processes ask, and each costs half a second to begin.
    with drawers((options.processes + 1) // 2):
        # A second of imports, while the drawers load theirs; they make no garbage to look for.
        gc.disable()
        building = importlib.import_module("evidence_review.building")
        gc.enable()
        return int(building.build(root, out, options, inputs))

"""Growth: twice the claims are twice the work, counted in calls and not in seconds."""

import cProfile
import importlib.util
from fractions import Fraction
from pathlib import Path

import pytest

from evidence_review.checks import check
from evidence_review.dataset import load
from evidence_review.synthesis import summary_of_votes, without_each_source

BENCHMARK = Path(__file__).resolve().parents[1] / "benchmarks/growth.py"
# The first only so that what is imported and compiled once counts for none of the others.
SIZES = (250, 500, 1000, 2000)


@pytest.fixture(scope="module")
def generate():
    """What generates a review of so many claims for the benchmark."""
    spec = importlib.util.spec_from_file_location("growth", BENCHMARK)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.generate


@pytest.fixture(scope="module")
def reviews(generate, tmp_path_factory):
    """A generated review of each size."""
    folders = []
    for claims in SIZES:
        folders.append(tmp_path_factory.mktemp(f"claims-{claims}"))
        generate(folders[-1], claims)
    return folders


def looked_through(root):
    """Load, check and count the votes, as the benchmark does."""
    dataset = load(root)
    assert check(root, concluded=False) == []
    summary_of_votes(dataset.propositions, dataset.claims, Fraction(3, 4))
    without_each_source(dataset.propositions, dataset.claims, Fraction(3, 4))


def repeated_claims(root):
    """Check a review whose every claim stands there twice: as many faults as claims."""
    path = root / "claims.csv"
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([header, *rows, *rows, ""]), encoding="utf-8", newline="")
    assert sum("the same row key" in fault.message for fault in check(root)) == len(rows)


@pytest.mark.parametrize("work", [looked_through, repeated_claims])
def test_work_grows_no_faster_than_the_claims(reviews, work):
    calls = []
    for root in reviews:
        profile = cProfile.Profile()
        profile.runcall(work, root)
        calls.append(sum(entry.callcount for entry in profile.getstats()))
    _, small, middle, large = calls
    assert large - middle < 2.1 * (middle - small)

# Checks and renders every review of a folder, one job a document:
#
#     snakemake --cores 2 --config reviews=FOLDER
#
# `reviews` is a folder of reviews, or one review (a folder with a datapackage.json): by default the
# one that Snakemake is started in. What else --config can say: threads, mem_mb and runtime (in
# minutes) of one document, and python, the one that has evidence_review installed (by default that
# of run.py, where there is one, else Snakemake's own).

import re
import sys
from pathlib import Path

# What is imported here needs the standard library only.
sys.path.insert(0, str(workflow.basedir))

from evidence_review.dictionary import DICTIONARY_FILE
from evidence_review.freshness import environment_digest, input_files, output_files, rows_digest
from evidence_review.refusal import Refusal

FOLDER = Path(config.get("reviews", "."))
FOUND = sorted(path.parent for path in FOLDER.glob(f"*/{DICTIONARY_FILE}"))
REVIEWS = [FOLDER] if (FOLDER / DICTIONARY_FILE).is_file() else FOUND
OURS = Path(workflow.basedir, ".venv/bin/python")
PYTHON = Path(config.get("python", OURS if OURS.exists() else sys.executable)).absolute()
# All that a review is made from besides its own files: where it changes, everything is looked at.
INSTALLED = sorted(path.name for path in PYTHON.parents[1].glob("lib/*/site-packages/*.dist-info"))
TOOLS = rows_digest([environment_digest(), *INSTALLED])
# A document alone gets several cores; of many, each gets one, which wastes the least.
THREADS = config.get("threads", 1 if len(REVIEWS) > 1 else 8)

if not REVIEWS:
    raise WorkflowError(f"no {DICTIONARY_FILE} in {FOLDER}, nor in a folder of it")


def known(names, root):
    """The names of files that a review gives; none where it cannot be read: its jobs say so."""
    try:
        return names(root)
    except (Refusal, OSError, ValueError, KeyError, TypeError):
        return []


def inputs(root):
    """The files that a review is made of; one that is missing is for `check` to name."""
    return [str(root / name) for name in known(input_files, root) if (root / name).exists()]


def outputs(root):
    """The reports of a review, its conclusions and its figure."""
    return [str(root / "reports" / name) for name in known(output_files, root) or ["index.html"]]


def command(words):
    """A command of the package in the folder of a review; its log holds what it prints."""
    # Not the folder's own name: with a storage, as on Kubernetes, the job works on a copy.
    root = "$(dirname {input.dictionary:q})"
    started = f'cd "{root}" && {{params.python:q}} -P -m evidence_review {words}'
    return f"({started}) > {{log:q}} 2>&1"


rule all:
    input:
        [outputs(root) for root in REVIEWS],


for root in REVIEWS:
    # Given alone, a review has the same rules whatever the name of its folder.
    suffix = "" if root == FOLDER else "_" + re.sub(r"[^\w-]", "_", root.name)
    kept = root / ".cache/snakemake"

    rule:
        name:
            f"check{suffix}"
        input:
            inputs(root),
            dictionary=str(root / DICTIONARY_FILE),
        output:
            touch(str(kept / "checked")),
        log:
            str(kept / "check.log"),
        params:
            python=str(PYTHON),
            tools=TOOLS,
        # It takes seconds, less than to wait for a place on a cluster.
        localrule: True
        shell:
            command("check --data")

    rule:
        name:
            f"render{suffix}"
        input:
            inputs(root),
            str(kept / "checked"),
            dictionary=str(root / DICTIONARY_FILE),
        output:
            # `update`: they stay where they are while the job runs, which replaces each as a whole,
            # and where it fails all are put back as they were. Else Snakemake deletes them.
            update(outputs(root)),
        log:
            str(kept / "render.log"),
        params:
            python=str(PYTHON),
            tools=TOOLS,
        threads: THREADS
        resources:
            # Measured on this review of 35 reports: 420 MB and 48 s on one core, 720 MB on eight.
            mem_mb=config.get("mem_mb", 2000),
            runtime=config.get("runtime", 30),
        shell:
            command("render --processes {threads}")

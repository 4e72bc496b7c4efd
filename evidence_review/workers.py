"""Workers: several reports at a time, each notebook in a kernel of its own."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from evidence_review.catalogue import Report
from evidence_review.dataset import ALL, READINGS
from evidence_review.forked import can_fork, die_with, preload, settle
from evidence_review.report import Outcome, prepare, render_one

REPORT_SECONDS = 600.0
# How often a run looks up while nothing happens, in seconds.
LOOK_SECONDS = 0.5
FORKED, OWN = "forked", "nbclient"
ENGINES = (FORKED, OWN)


@dataclass
class Worker:
    """A process that makes one report after the other, and the one that it makes now."""

    process: Any
    line: Connection
    report: Report
    since: float = field(default_factory=time.monotonic)


def render(
    root: Path, reports: list[Report], out: Path, processes: int, engine: str = FORKED
) -> Iterator[Outcome | Report]:
    """Each report as it is begun, and its outcome as soon as it is made, in any order.

    Each notebook runs in a kernel of its own. A report that fails leaves the file that was there;
    one whose process dies, or that takes longer than `REPORT_SECONDS`, fails alone.
    """
    out.mkdir(parents=True, exist_ok=True)
    waiting = deque(reports)
    workers: list[Worker] = []
    if can_fork() and engine == FORKED:
        preload()
        prepare()
        settle()
    try:
        while waiting or workers:
            while waiting and len(workers) < processes:
                report = waiting.popleft()
                workers.append(_start(root, out, engine, report))
                yield report
            for worker in _ready(workers):
                workers.remove(worker)
                outcome = _outcome(worker)
                # It has work again before anybody looks at what it made.
                if waiting and worker.process.is_alive():
                    workers.append(_sent(worker, waiting.popleft()))
                    yield workers[-1].report
                else:
                    _end(worker)
                yield outcome
    finally:
        for worker in workers:
            worker.process.kill()
            _end(worker)


def _ready(workers: list[Worker]) -> list[Worker]:
    """The workers that have answered, died, or taken too long (and were ended)."""
    lines = {id(worker.line): worker for worker in workers}
    found = [lines[id(line)] for line in wait([w.line for w in workers], LOOK_SECONDS)]
    for worker in workers:
        if worker not in found and time.monotonic() - worker.since > REPORT_SECONDS:
            worker.process.kill()
            found.append(worker)
    return found


def _outcome(worker: Worker) -> Outcome:
    """What became of the report that a worker made."""
    late = time.monotonic() - worker.since > REPORT_SECONDS
    try:
        return worker.line.recv()  # type: ignore[no-any-return]
    except (EOFError, OSError):
        worker.process.join()
        code = worker.process.exitcode
        died = f"its process died ({signal.Signals(-code).name if code < 0 else code})"
        reason = f"took longer than {REPORT_SECONDS:.0f} s and was ended" if late else died
        return Outcome(worker.report, "failed", reason)


def _start(root: Path, out: Path, engine: str, report: Report) -> Worker:
    """A worker that has begun with a report."""
    context: Any = multiprocessing.get_context(
        "fork" if can_fork() and engine == FORKED else "spawn"
    )
    ours, theirs = context.Pipe()
    process = context.Process(
        target=_work, args=(theirs, root, out, engine, os.getpid()), daemon=False
    )
    process.start()
    theirs.close()
    ours.send(report)
    return Worker(process, ours, report)


def _sent(worker: Worker, report: Report) -> Worker:
    """A worker that has begun with its next report."""
    worker.line.send(report)
    return Worker(worker.process, worker.line, report)


def _end(worker: Worker) -> None:
    """End a worker that has nothing to do any more."""
    with contextlib.suppress(OSError):
        worker.line.send(None)
    worker.line.close()
    worker.process.join()
    worker.process.close()


def _work(line: Connection, root: Path, out: Path, engine: str, parent: int) -> None:
    """Make one report after the other, until none is asked for."""
    # Whoever interrupts a run interrupts the process that ends its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if can_fork():
        die_with(parent)
    with tempfile.TemporaryDirectory() as folder:
        noted = Path(folder) / "readings"
        os.environ[READINGS] = str(noted)
        while (report := line.recv()) is not None:
            noted.write_text("")
            outcome = render_one(root, report, out, engine)
            line.send(replace(outcome, readings=_readings(noted)))


def _readings(noted: Path) -> tuple[tuple[str, bool], ...]:
    """What a notebook read of the data; everything where it did not say."""
    found = {tuple(json.loads(line)) for line in noted.read_text().splitlines()}
    return tuple(sorted(found)) or ((ALL, False),)

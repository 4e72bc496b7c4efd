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
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from evidence_review.catalogue import Report
from evidence_review.dataset import READINGS, WHOLE, Part
from evidence_review.forked import can_fork, die_with, nursery, preload, settle
from evidence_review.report import KERNEL_ARGUMENTS, Outcome, prepare, render_one

REPORT_SECONDS = 600.0
# How often a run looks up while nothing happens, in seconds.
LOOK_SECONDS = 0.5
FORKED, OWN = "forked", "nbclient"
ENGINES = (FORKED, OWN)


@dataclass(frozen=True)
class Job:
    """What every worker of a run is told: whence, whereto, how, a folder for now, for whom."""

    root: Path
    out: Path
    engine: str
    folder: Path
    parent: int

    @property
    def forks(self) -> bool:
        """Whether its processes are forked."""
        return can_fork() and self.engine == FORKED


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
    # Of this process, which outlives its workers: a worker that is killed tidies nothing up.
    folder = tempfile.TemporaryDirectory()
    job = Job(root, out, engine, Path(folder.name), os.getpid())
    if job.forks:
        preload()
        prepare()
        settle()
    try:
        while waiting or workers:
            while waiting and len(workers) < processes:
                report = waiting.popleft()
                workers.append(_start(job, report))
                yield report
            for worker in _ready(workers):
                workers.remove(worker)
                outcome = _outcome(worker)
                # It has work again before anybody looks at what it made.
                again = _sent(worker, waiting[0]) if waiting else None
                if again:
                    workers.append(again)
                    yield waiting.popleft()
                else:
                    _end(worker)
                yield outcome
    finally:
        for worker in workers:
            worker.process.kill()
        for worker in workers:
            _end(worker)
        folder.cleanup()


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
        outcome: Outcome = worker.line.recv()
        return outcome
    except (EOFError, OSError):
        worker.process.join()
        code = worker.process.exitcode
        died = f"its process died ({signal.Signals(-code).name if code < 0 else code})"
        reason = f"took longer than {REPORT_SECONDS:.0f} s and was ended" if late else died
        return Outcome(worker.report, "failed", reason)


def _start(job: Job, report: Report) -> Worker:
    """A worker that has begun with a report."""
    context: Any = multiprocessing.get_context("fork" if job.forks else "spawn")
    if context.get_start_method() == "spawn" and os.name == "posix":
        # It is started with the first process, and lets interruptions through again.
        resource_tracker.ensure_running()
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, job), daemon=False)
    with _uninterrupted():
        process.start()
    theirs.close()
    # One that is dead already is found to be so when its answer is awaited.
    with contextlib.suppress(OSError):
        ours.send(report)
    return Worker(process, ours, report)


def _sent(worker: Worker, report: Report) -> Worker | None:
    """A worker that has begun with its next report; None where it lives no more."""
    if not worker.process.is_alive():
        return None
    try:
        worker.line.send(report)
    except OSError:
        return None
    return Worker(worker.process, worker.line, report)


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Have an interruption wait until the end; who is started meanwhile begins deaf to it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    noted: list[int] = []
    masked = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    # A thread of this process that is not deaf may be told in its place.
    heard = signal.signal(signal.SIGINT, lambda number, frame: noted.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, heard)
        signal.pthread_sigmask(signal.SIG_SETMASK, masked)
    if noted:
        raise KeyboardInterrupt


def _end(worker: Worker) -> None:
    """End a worker that has nothing to do any more."""
    with contextlib.suppress(OSError):
        worker.line.send(None)
    worker.line.close()
    worker.process.join()
    worker.process.close()


def _work(line: Connection, job: Job) -> None:
    """Make one report after the other, until none is asked for."""
    # Whoever interrupts a run interrupts the process that ends its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    if can_fork():
        die_with(job.parent)
    tempfile.tempdir = str(job.folder)
    noted = job.folder / f"readings-{os.getpid()}"
    os.environ[READINGS] = str(noted)
    with nursery(KERNEL_ARGUMENTS) if job.forks else contextlib.nullcontext():
        while (report := line.recv()) is not None:
            noted.write_text("")
            outcome = render_one(job.root, report, job.out, job.engine)
            line.send(replace(outcome, readings=_readings(noted)))


def _readings(noted: Path) -> tuple[Part, ...]:
    """What a notebook read of the data; everything where it did not say."""
    found: set[Any] = {tuple(json.loads(line)) for line in noted.read_text().splitlines()}
    return tuple(sorted(found)) or (WHOLE,)

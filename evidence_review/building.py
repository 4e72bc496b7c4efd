"""Building: the reports that are due, and what is kept of them beside the pages."""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from evidence_review.atomic import sweep, write_if_changed
from evidence_review.catalogue import CatalogueError, Report, read_catalogue
from evidence_review.charts import label_drawing
from evidence_review.conclusions import (
    CHANGELOG,
    changes,
    conclusions,
    kept_conclusions,
    read_changelog,
    unannounced,
)
from evidence_review.dataset import (
    DataError,
    Dataset,
    Part,
    csv_text,
    load,
    narrowed,
    rows_of,
    tables_of,
)
from evidence_review.dictionary import DICTIONARY_FILE, not_one_of
from evidence_review.freshness import FIGURE, Record, Records, hash_of, made_of, rows_digest
from evidence_review.readme import findings, with_block
from evidence_review.refusal import INTERRUPTED, ParameterError
from evidence_review.report import Outcome, check_report, notebook_path, typed_parameters
from evidence_review.selection import DEFAULT_THRESHOLD
from evidence_review.store import digest, store_of
from evidence_review.synthesis import summary_of_votes
from evidence_review.workers import render

README = "README.md"
# By these `narrowed` tells which rows belong to a part; with more, taking a part is slow.
TELLING = {
    *("proposition_id", "source_id", "topic", "statement", "author", "conflicts_with"),
    *("asks", "finding_id", "findings", "references"),
}
MARK = "hash of the row"


def build(root: Path, out: Path, options: argparse.Namespace, inputs: str) -> int:
    """The exit code of making the reports that are due, all or some, and saying where to look."""
    dataset = load(root)
    reports = _chosen(root, options)
    records = Records(root, out)
    due = Due(dataset, records, reports)
    waiting = [report for report in reports if options.force or due.is_due(report)]
    for report in waiting:
        check_report(dataset, report)
    whole = not options.notebook and not options.only
    # Before the workers are forked, who then have at hand what this has loaded.
    figure, block = _findings(dataset) if whole else ("", "")
    table = conclusions(dataset) if whole else None
    sweep(out)
    outcomes, interrupted = _rendered(root, waiting, out, options, due)
    # Of workers that were ended.
    sweep(out)
    written, failed = (
        sum(outcome.state == state for outcome in outcomes) for state in ("written", "failed")
    )
    if interrupted:
        left = len(waiting) - len(outcomes)
        print(f"interrupted: {written} written, {left} left; run it again to go on")
        return INTERRUPTED
    for outcome in outcomes:
        if outcome.state == "failed":
            print(f"{outcome.report.file}: failed: {outcome.reason}", file=sys.stderr)
    print(f"{written} written, {len(reports) - written - failed} unchanged, {failed} failed")
    texts = _texts(root, out, figure, block) if whole else {}
    for path, text in texts.items():
        write_if_changed(path, text.encode())
    silent = _keep_conclusions(dataset, table, out) if table is not None else 0
    if whole and not failed and not silent:
        records.inputs, records.whole = inputs, _outputs(dataset, records, reports, texts)
        records.keep()
    store_of(root).prune()
    if not failed:
        print(f"Open {out / reports[0].file}")
    return 1 if failed or silent else 0


class Due:
    """Which of some reports are to be made, by what they were made of and what they would be."""

    def __init__(self, dataset: Dataset, records: Records, reports: list[Report]) -> None:
        self.records = records
        # Each row is hashed once, and not once for each reading that it is part of.
        self.dataset = with_marks(dataset)
        # As it is before anything runs: who changes a notebook meanwhile gets its report made anew.
        self._made_of = {report.name: made_of(dataset.root, report) for report in reports}
        self._rows: dict[Part, str] = {}

    def is_due(self, report: Report) -> bool:
        """Whether a report is to be made anew."""
        record = self.records.reports.get(report.name)
        if record is None or record.made_of != self._made_of[report.name]:
            return True
        rows = rows_digest(self._hash(reading) for reading in record.readings)
        return record.rows != rows or record.output != hash_of(self.records.out / report.file)

    def note(self, outcome: Outcome) -> None:
        """Note that a report has been made."""
        self.records.reports[outcome.report.name] = Record(
            made_of=self._made_of[outcome.report.name],
            readings=outcome.readings,
            rows=rows_digest(self._hash(reading) for reading in outcome.readings),
            output=outcome.output,
        )
        self.records.keep()

    def _hash(self, reading: Part) -> str:
        if reading not in self._rows:
            self._rows[reading] = hash_of_data(narrowed(self.dataset, *reading))
        return self._rows[reading]


def hash_of_data(dataset: Dataset) -> str:
    """The hash of everything that a dataset holds, with marks or without."""
    found = hashlib.sha256((dataset.root / DICTIONARY_FILE).read_bytes())
    for name, table in tables_of(dataset).items():
        found.update(f"{name} {' '.join(marks_of(table))}".encode())
    found.update(repr(dataset.bibliography).encode())
    for document in dataset.documents.values():
        found.update(document.text.encode())
    return found.hexdigest()


def with_marks(dataset: Dataset) -> Dataset:
    """A dataset with the hash of each row in place of what does not tell where the row belongs."""
    marked = {
        name: table[[column for column in table.columns if column in TELLING]].assign(
            **{MARK: marks_of(table)}
        )
        for name, table in tables_of(dataset).items()
    }
    return replace(dataset, **marked)


def marks_of(table: pd.DataFrame) -> list[str]:
    """The hash of each row of a table."""
    if MARK in table:
        return [str(mark) for mark in table[MARK]]
    return [digest(repr(row)) for row in rows_of(table, table.columns)]


def _chosen(root: Path, options: argparse.Namespace) -> list[Report]:
    """The reports that the command names: one of a notebook, some of the list, or all."""
    if options.notebook:
        parameters = typed_parameters(notebook_path(root, options.notebook), options.parameter)
        name = re.sub(r"\.html$", "", options.name or options.notebook)
        words = ", ".join(f"{key} {value}" for key, value in parameters.items())
        title = f"{options.notebook.replace('-', ' ').capitalize()}{': ' + words if words else ''}"
        return [Report(name, title, options.notebook, parameters)]
    reports = read_catalogue(root)
    if options.parameter or options.name:
        raise ParameterError("-p and --name are for one notebook: name it after `render`")
    if not options.only:
        return reports
    known = {report.name: report for report in reports}
    for name in options.only:
        if name not in known:
            raise CatalogueError(f"--only: {not_one_of(name, tuple(known))}")
    return [known[name] for name in options.only]


def _rendered(
    root: Path, reports: list[Report], out: Path, options: argparse.Namespace, due: Due
) -> tuple[list[Outcome], bool]:
    """The outcomes of the reports, each noted, a bar meanwhile, and whether it was interrupted."""
    outcomes: list[Outcome] = []
    making: list[str] = []
    # Its thread would be there when the workers are forked.
    tqdm.monitor_interval = 0
    with tqdm(total=len(reports), desc="reports", unit="report", disable=None) as bar:
        try:
            for event in render(root, reports, out, options.processes, options.engine):
                if isinstance(event, Report):
                    making.append(event.name)
                else:
                    making.remove(event.report.name)
                    outcomes.append(event)
                    if event.state != "failed":
                        due.note(event)
                    bar.update()
                bar.set_postfix_str(", ".join(making))
        except KeyboardInterrupt:
            return outcomes, True
    return outcomes, False


def _outputs(
    dataset: Dataset, records: Records, reports: list[Report], texts: dict[Path, str]
) -> dict[str, str]:
    """Every file that a whole run writes, with the hash of what it wrote there."""
    kept = Path(dataset.dictionary.tables["conclusions"].path).name
    return {
        **{str(records.out / each.file): records.reports[each.name].output for each in reports},
        **{str(path): digest(text) for path, text in texts.items()},
        str(records.out / kept): hash_of(records.out / kept),
    }


def _keep_conclusions(dataset: Dataset, table: pd.DataFrame, out: Path) -> int:
    """How many changed conclusions the change log does not name; where none, they are written."""
    kept, faults = kept_conclusions(dataset)
    if faults:
        raise DataError(faults)
    found = changes(kept, table) if kept is not None else []
    silent = unannounced(found, read_changelog(dataset.root))
    for change in found:
        print(change.words)
    if silent:
        print(
            f"{len(silent)} conclusion(s) changed unannounced: name them in the newest section of "
            f"{CHANGELOG}; until then reports/conclusions.csv stays as it was",
            file=sys.stderr,
        )
        return len(silent)
    name = Path(dataset.dictionary.tables["conclusions"].path).name
    write_if_changed(out / name, csv_text(table).encode())
    return 0


def _findings(dataset: Dataset) -> tuple[str, str]:
    """The figure of the README, and what it says of the findings."""
    threshold = Fraction(str(DEFAULT_THRESHOLD))
    summary = summary_of_votes(dataset.propositions, dataset.claims, threshold)
    return label_drawing(summary), findings(dataset)


def _texts(root: Path, out: Path, figure: str, block: str) -> dict[Path, str]:
    """The figure, kept beside the reports, and the README with its findings where it is at home."""
    texts = {out / FIGURE: figure}
    readme = root / README
    if out == root / "reports" and readme.exists():
        # As it is now: somebody may have edited it while the reports were made.
        texts[readme] = with_block(readme.read_text(encoding="utf-8"), block)
    return texts

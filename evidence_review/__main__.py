"""The commands: check, format, locate, notebooks, references, render."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from evidence_review.bibliography import BIBLIOGRAPHY_FILE, canonical_bibliography
from evidence_review.canonical import closest_words, formatted_claims
from evidence_review.catalogue import CatalogueError, Report, read_catalogue
from evidence_review.charts import label_drawing
from evidence_review.checks import check
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
    Fault,
    beyond_form,
    csv_text,
    load,
    parse_table,
    read_table,
    read_works,
)
from evidence_review.dictionary import Dictionary, find_root, not_one_of, read_dictionary
from evidence_review.document import Document, DocumentChanged, occurrences, read_document
from evidence_review.lookup import REGISTRY, Answer, NoNetwork, look_up
from evidence_review.readme import with_findings
from evidence_review.report import (
    Outcome,
    check_report,
    notebook_path,
    render,
    store_outputs,
    typed_parameters,
    write_if_changed,
)
from evidence_review.selection import DEFAULT_THRESHOLD, ParameterError
from evidence_review.synthesis import summary_of_votes

REFUSALS = (CatalogueError, DataError, DocumentChanged, FileNotFoundError, ParameterError)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code of a command: 0 where all is well, 1 where a person has something to do."""
    options = _parser().parse_args(arguments)
    try:
        root = find_root()
        return int(options.run(root, options))
    except REFUSALS as error:
        print(error, file=sys.stderr)
        return 1


def run_check(root: Path, options: argparse.Namespace) -> int:
    """Check everything, change nothing; one line a fault."""
    faults = check(root)
    for fault in faults:
        print(fault)
    wrong = sum(not fault.warning for fault in faults)
    warned = len(faults) - wrong
    dictionary = read_dictionary(root)
    print(
        f"{len(dictionary.tables)} tables and {len(dictionary.documents)} document(s) checked: "
        f"{wrong} fault(s), {warned} warning(s)"
    )
    return 1 if wrong else 0


def run_format(root: Path, options: argparse.Namespace) -> int:
    """Put claims.csv, and every other table that can be read, into canonical form."""
    dictionary = read_dictionary(root)
    sources = _sources(root, dictionary)
    documents = _documents(root, dictionary)
    table = dictionary.tables["claims"]
    content = _present(root, table.path).read_bytes()
    text = formatted_claims(content, table, sources, documents)
    works, unread = read_works(root)
    if unread:
        raise DataError(unread)
    # Everything is read before anything is written: a table that is refused leaves all as it was.
    texts = {
        table.path: text,
        **_other_texts(root, dictionary),
        BIBLIOGRAPHY_FILE: canonical_bibliography(works.values()),
    }
    changed = [path for path, text in texts.items() if write_if_changed(root / path, text.encode())]
    print(f"written anew: {', '.join(changed)}" if changed else "all tables are in canonical form")
    return 0


def run_locate(root: Path, options: argparse.Namespace) -> int:
    """Print where a quote stands (in an answer: as a claim begins), else what is most like it."""
    dictionary = read_dictionary(root)
    sources = _sources(root, dictionary)
    known = tuple(sources["source_id"])
    if options.source and options.source not in known:
        raise ParameterError(f"--source: {not_one_of(options.source, known)}")
    found = 0
    for document_id, document in _documents(root, dictionary).items():
        answers = sources[sources["document_id"] == document_id]
        if options.source:
            answers = answers[answers["source_id"] == options.source]
        places = list(_places(document, answers, options.quote))
        if not places and not options.source:
            places = list(_outside(document, options.quote))
        for place in places:
            print(place)
        found += len(places)
        if not found:
            whole = answers.iloc[0] if options.source and len(answers) else None
            print(
                f"{document_id}: {closest_words(document, options.quote, whole)}", file=sys.stderr
            )
    return 0 if found else 1


def run_references(root: Path, options: argparse.Namespace) -> int:
    """Ask the registry of DOIs about every work; says so where there is no network."""
    works, unread = read_works(root)
    if unread:
        raise DataError(unread)
    asked: list[Answer] = []
    try:
        for answer in look_up(works.values(), options.registry):
            asked.append(answer)
            if answer.state != "found":
                print(f"{BIBLIOGRAPHY_FILE}: {answer.work_id}: {answer.state}: {answer.words}")
    except NoNetwork as error:
        print(f"could not run: {error}; nothing is known of the works", file=sys.stderr)
        return 1
    wrong = sum(answer.state != "found" for answer in asked)
    without = len(works) - len(asked)
    print(f"{len(asked)} works asked for, {wrong} to look at; {without} have no DOI to ask by")
    return 1 if wrong else 0


def run_notebooks(root: Path, options: argparse.Namespace) -> int:
    """Execute every notebook with its defaults and store its outputs."""
    paths = sorted((root / "notebooks").glob("*.ipynb"))
    for path in tqdm(paths, desc="notebooks", unit="notebook", disable=None):
        changed = store_outputs(path, root)
        tqdm.write(f"{path.relative_to(root)}: {'outputs changed' if changed else 'unchanged'}")
    return 0


def run_render(root: Path, options: argparse.Namespace) -> int:
    """Make the reports, all of them or some, and say at the end where to look."""
    dataset = load(root)
    out = Path(options.out).resolve() if options.out else root / "reports"
    reports = _chosen(root, options)
    for report in reports:
        check_report(dataset, report)
    outcomes = _rendered(dataset, reports, out, options.processes)
    failed = [outcome for outcome in outcomes if outcome.state == "failed"]
    for outcome in failed:
        print(f"{outcome.report.file}: failed: {outcome.reason}", file=sys.stderr)
    count = {state: sum(o.state == state for o in outcomes) for state in ("written", "unchanged")}
    print(f"{count['written']} written, {count['unchanged']} unchanged, {len(failed)} failed")
    whole = not options.notebook and not options.only
    silent = _keep_conclusions(dataset, out) if whole else 0
    if whole:
        _keep_findings(dataset, out)
    first = reports[0].file
    if not failed:
        print(f"Open {out / first}")
    return 1 if failed or silent else 0


def _sources(root: Path, dictionary: Dictionary) -> pd.DataFrame:
    """The sources as text; DataError where they cannot be relied on."""
    sources, faults = read_table(root, dictionary.tables["sources"])
    if sources is None or beyond_form(faults):
        raise DataError(beyond_form(faults))
    return sources


def _documents(root: Path, dictionary: Dictionary) -> dict[str, Document]:
    """The documents by their id; DataError where a file is missing."""
    for origin in dictionary.documents.values():
        _present(root, origin.path)
    return {name: read_document(root, origin) for name, origin in dictionary.documents.items()}


def _present(root: Path, path: str) -> Path:
    """Where a file of the review lies; DataError with the cure where it is missing."""
    if not (root / path).exists():
        cure = f"`git restore {path}` brings it back as it was committed"
        raise DataError([Fault(path, 0, "", f"the file is missing; {cure}")])
    return root / path


def _places(document: Document, answers: pd.DataFrame, quote: str) -> Iterator[str]:
    """The first cells of a claim for each place of a quote in these answers."""
    for _, source in answers.iterrows():
        for start in occurrences(document, quote, int(source["start"]), int(source["end"])):
            yield f"{source['source_id']},{source['author']},{start},{start + len(quote)}"


def _outside(document: Document, quote: str) -> Iterator[str]:
    """A line for each place of a quote that no answer holds."""
    for start in occurrences(document, quote):
        place = f"{start}-{start + len(quote)}"
        yield f"{document.document_id}: stands at {place}, inside no answer"


def _other_texts(root: Path, dictionary: Dictionary) -> dict[str, str]:
    """The canonical texts of the tables besides the claims; their rows keep their order."""
    texts = {}
    for name, table in dictionary.tables.items():
        path = root / table.path
        if name == "claims" or not path.exists():
            continue
        frame, faults = parse_table(path.read_bytes(), table)
        if frame is None:
            raise DataError(beyond_form(faults))
        texts[table.path] = csv_text(frame)
    return texts


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


def _rendered(dataset: Dataset, reports: list[Report], out: Path, processes: int) -> list[Outcome]:
    """The outcomes of all reports, a progress bar meanwhile."""
    outcomes = []
    with tqdm(total=len(reports), desc="reports", unit="report", disable=None) as bar:
        for outcome in render(dataset, reports, out, min(processes, len(reports))):
            outcomes.append(outcome)
            bar.set_postfix_str(outcome.report.name)
            bar.update()
    return outcomes


def _keep_conclusions(dataset: Dataset, out: Path) -> int:
    """How many changed conclusions the change log does not name; where none, they are written."""
    table = conclusions(dataset)
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


def _keep_findings(dataset: Dataset, out: Path) -> None:
    """Write the figure of the README beside the reports, and its findings where it is at home."""
    threshold = Fraction(str(DEFAULT_THRESHOLD))
    summary = summary_of_votes(dataset.propositions, dataset.claims, threshold)
    write_if_changed(out / "findings.svg", label_drawing(summary).encode())
    readme = dataset.root / "README.md"
    if out == dataset.root / "reports" and readme.exists():
        text = with_findings(readme.read_text(encoding="utf-8"), dataset)
        write_if_changed(readme, text.encode())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="evidence-review", description="An evidence review of the claims of a page."
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, function, words in (
        ("check", run_check, "check all data and conclusions; changes nothing"),
        ("format", run_format, "put the tables into canonical form; fills in offsets of quotes"),
        ("notebooks", run_notebooks, "execute the notebooks and store their outputs"),
    ):
        commands.add_parser(name, help=words).set_defaults(run=function)
    locate = commands.add_parser("locate", help="find where a quote stands in the document")
    locate.add_argument("quote", help="the words, verbatim")
    locate.add_argument("--source", help="look in this answer only, e.g. S04")
    locate.set_defaults(run=run_locate)
    references = commands.add_parser(
        "references", help="ask a registry of DOIs whether works exist and stand (needs a network)"
    )
    references.add_argument("--registry", default=REGISTRY, help="address of the registry")
    references.set_defaults(run=run_references)
    rendering = commands.add_parser("render", help="make the reports")
    rendering.add_argument("notebook", nargs="?", help="one report of this notebook only")
    rendering.add_argument(
        "-p",
        dest="parameter",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="a parameter of that notebook; may be given several times",
    )
    rendering.add_argument("--name", help="file name of that report (default: the notebook's)")
    rendering.add_argument("--only", nargs="+", metavar="REPORT", help="these of reports.toml")
    rendering.add_argument("--out", help="folder to write to (default: reports/)")
    rendering.add_argument("--processes", type=int, default=max(1, min(8, os.cpu_count() or 1)))
    rendering.set_defaults(run=run_render)
    return parser


if __name__ == "__main__":
    sys.exit(main())

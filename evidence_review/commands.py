"""The commands that work on the data and the notebooks: check, format, locate, and others."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from evidence_review.atomic import write_if_changed
from evidence_review.bibliography import BIBLIOGRAPHY_FILE, canonical_bibliography
from evidence_review.canonical import closest_words, formatted_claims
from evidence_review.checks import check
from evidence_review.dataset import (
    DataError,
    Fault,
    beyond_form,
    csv_text,
    parse_table,
    read_table,
    read_works,
)
from evidence_review.dictionary import Dictionary, not_one_of, read_dictionary
from evidence_review.document import Document, occurrences, read_document
from evidence_review.lookup import REGISTRY, Answer, NoNetwork, look_up
from evidence_review.refusal import ParameterError
from evidence_review.report import store_outputs


def run_check(root: Path, options: argparse.Namespace) -> int:
    """Check everything, change nothing; one line a fault."""
    faults = check(root, concluded=not options.data)
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
        for answer in look_up(works.values(), options.registry or REGISTRY):
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

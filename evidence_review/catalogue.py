"""Which reports there are, and how they hang together: what `reports.toml` says.

An entry with `each` stands for several reports: one a topic, proposition, source or document.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from evidence_review.dictionary import Dictionary, not_one_of, read_dictionary
from evidence_review.refusal import Refusal

CATALOGUE_FILE = "reports.toml"
OVERVIEW = "index"
EACH = ("topic", "proposition", "source", "document")
# What an entry of the list may say.
WORDS = ("name", "title", "notebook", "parameters", "each", "within", "menu")


class CatalogueError(Refusal, ValueError):
    """The list of reports cannot be followed."""


@dataclass(frozen=True)
class Link:
    """Words that lead to a report, and its file."""

    words: str
    file: str


@dataclass(frozen=True)
class Report:
    """One report: its file name without ending, its title, the notebook and its parameters.

    `within` names the report that it belongs under; `menu` is the word by which every page leads
    to it, if it does; `trail` leads to those it belongs under, the outermost first; `neighbours`
    are the one before and the one after it there (None at an end); `pages` is the whole menu.
    """

    name: str
    title: str
    notebook: str
    parameters: Mapping[str, Any]
    within: str = ""
    menu: str = ""
    trail: tuple[Link, ...] = ()
    neighbours: tuple[Link | None, Link | None] = (None, None)
    pages: tuple[Link, ...] = field(default=(), repr=False)

    @property
    def file(self) -> str:
        """The name of the report's file."""
        return f"{self.name}.html"

    @property
    def link(self) -> Link:
        """What leads to the report: its word of the menu, else its title."""
        return Link(self.menu or self.title, self.file)


def read_catalogue(root: Path) -> list[Report]:
    """The reports in the order of `reports.toml`, each entry with `each` spelt out.

    CatalogueError where it is missing, is no TOML, has an entry without name, title or notebook,
    or with a word that is not known, a name twice, or a report within one that there is not.
    """
    path = root / CATALOGUE_FILE
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))["report"]
    except FileNotFoundError:
        raise CatalogueError(f"{CATALOGUE_FILE}: the file is missing") from None
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise CatalogueError(f"{CATALOGUE_FILE}: cannot be read: {error}") from None
    for number, entry in enumerate(entries, start=1):
        _refuse_unfit(number, entry)
    dictionary = read_dictionary(root) if any("each" in entry for entry in entries) else None
    reports = [report for entry in entries for report in _spelt_out(entry, root, dictionary)]
    names = [report.name for report in reports]
    for name in names:
        if names.count(name) > 1:
            raise CatalogueError(f"{CATALOGUE_FILE}: two reports are called '{name}'")
    return _hung_together(reports)


def _refuse_unfit(number: int, entry: Mapping[str, Any]) -> None:
    """CatalogueError where an entry lacks a word, or has one that is not known."""
    for word in ("name", "title", "notebook"):
        if not isinstance(entry.get(word), str):
            raise CatalogueError(f"{CATALOGUE_FILE}: report {number} has no {word}")
    for word in entry:
        if word not in WORDS:
            raise CatalogueError(f"{CATALOGUE_FILE}: report {number}: {not_one_of(word, WORDS)}")
    if "each" in entry and entry["each"] not in EACH:
        words = not_one_of(str(entry["each"]), EACH)
        raise CatalogueError(f"{CATALOGUE_FILE}: report {number}: each: {words}")


def _spelt_out(
    entry: Mapping[str, Any], root: Path, dictionary: Dictionary | None
) -> Iterator[Report]:
    """The reports that an entry stands for."""
    subjects = (
        [{}]
        if dictionary is None or "each" not in entry
        else _subjects(entry["each"], root, dictionary)
    )
    for subject in subjects:
        slug = {name: value.replace(" ", "-") for name, value in subject.items()}
        try:
            yield Report(
                name=entry["name"].format(**slug) if subject else entry["name"],
                title=entry["title"].format(**subject) if subject else entry["title"],
                notebook=entry["notebook"],
                parameters={
                    name: value.format(**subject) if subject and isinstance(value, str) else value
                    for name, value in entry.get("parameters", {}).items()
                },
                within=entry.get("within", "").format(**slug),
                menu=entry.get("menu", ""),
            )
        except (KeyError, IndexError, ValueError) as error:
            known = ", ".join(f"{{{name}}}" for name in subject)
            raise CatalogueError(
                f"{CATALOGUE_FILE}: '{entry['name']}': {error} is none of {known}"
            ) from None


def _subjects(each: str, root: Path, dictionary: Dictionary) -> list[dict[str, str]]:
    """What the reports of an entry are of, with the words that its texts may hold."""
    if each == "topic":
        return [{"topic": topic} for topic in dictionary.vocabulary("propositions", "topic")]
    if each == "document":
        return [
            {"document": origin.document_id, "title": origin.title}
            for origin in dictionary.documents.values()
        ]
    path = dictionary.tables[f"{each}s"].path
    try:
        with (root / path).open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        if each == "source":
            return [{"source": row["source_id"], "author": row["author"]} for row in rows]
        return [
            {
                "proposition": row["proposition_id"],
                "topic": row["topic"],
                "statement": row["statement"],
            }
            for row in rows
        ]
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise CatalogueError(f"{path}: cannot be read ({error}); `check` says why") from None


def _hung_together(reports: list[Report]) -> list[Report]:
    """The reports with what leads from each of them to others."""
    by_name = {report.name: report for report in reports}
    pages = tuple(Link(report.menu, report.file) for report in reports if report.menu)
    beside: dict[str, tuple[Link | None, Link | None]] = {}
    keyed = sorted(reports, key=lambda report: (report.within, report.notebook))
    for (within, _), group in groupby(keyed, lambda report: (report.within, report.notebook)):
        members = list(group)
        row = [None, *(report.link for report in members), None]
        for place, report in enumerate(members):
            beside[report.name] = (row[place], row[place + 2]) if within else (None, None)
    return [
        replace(
            report,
            trail=tuple(_trail(report, by_name)),
            neighbours=beside[report.name],
            pages=pages,
        )
        for report in reports
    ]


def _trail(report: Report, by_name: Mapping[str, Report]) -> list[Link]:
    """What a report belongs under, the outermost first."""
    trail: list[Link] = []
    while report.within:
        if report.within not in by_name:
            words = not_one_of(report.within, tuple(by_name))
            raise CatalogueError(f"{CATALOGUE_FILE}: '{report.name}': within: {words}")
        report = by_name[report.within]
        if report.link in trail:
            raise CatalogueError(f"{CATALOGUE_FILE}: '{report.name}' lies within itself")
        trail.insert(0, report.link)
    return trail


class Links:
    """Where things stand: the addresses of what reports show; empty where none shows it."""

    def __init__(self, reports: list[Report]) -> None:
        self.reports = reports
        self._files = {
            (report.notebook, *sorted(report.parameters.items())): report.file for report in reports
        }

    def proposition(self, proposition_id: str) -> str:
        """The page of a proposition."""
        return self._of("proposition", "proposition", proposition_id)

    def source(self, source_id: str) -> str:
        """The page of a source."""
        return self._of("source", "source", source_id)

    def passage(self, document_id: str, claim_id: str) -> str:
        """The place of a claim in its document."""
        file = self._of("document", "document", document_id)
        return f"{file}#{claim_id}" if file else ""

    def topic(self, notebook: str, topic: str) -> str:
        """The report of a notebook on a topic."""
        return self._of(notebook, "topic", topic)

    def whole(self, notebook: str) -> str:
        """The report of a notebook on everything."""
        return next((r.file for r in self.reports if r.notebook == notebook), "")

    def _of(self, notebook: str, parameter: str, value: str) -> str:
        return self._files.get((notebook, (parameter, value)), "")


def read_links(root: Path) -> Links:
    """Where things stand in the reports of a review."""
    return Links(read_catalogue(root))

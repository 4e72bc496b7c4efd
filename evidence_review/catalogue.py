"""Which reports there are, and where in them a proposition stands: what `reports.toml` says."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence_review.refusal import Refusal

CATALOGUE_FILE = "reports.toml"
OVERVIEW = "index"


class CatalogueError(Refusal, ValueError):
    """The list of reports cannot be followed."""


@dataclass(frozen=True)
class Report:
    """One report: its file name without ending, its title, the notebook and its parameters."""

    name: str
    title: str
    notebook: str
    parameters: Mapping[str, Any]

    @property
    def file(self) -> str:
        """The name of the report's file."""
        return f"{self.name}.html"


def read_catalogue(root: Path) -> list[Report]:
    """The reports in the order of `reports.toml`.

    CatalogueError where it is missing, is no TOML, or has an entry without name, title or
    notebook, or a name twice.
    """
    path = root / CATALOGUE_FILE
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))["report"]
    except FileNotFoundError:
        raise CatalogueError(f"{CATALOGUE_FILE}: the file is missing") from None
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise CatalogueError(f"{CATALOGUE_FILE}: cannot be read: {error}") from None
    reports = []
    for number, entry in enumerate(entries, start=1):
        for word in ("name", "title", "notebook"):
            if not isinstance(entry.get(word), str):
                raise CatalogueError(f"{CATALOGUE_FILE}: report {number} has no {word}")
        parameters = entry.get("parameters", {})
        reports.append(Report(entry["name"], entry["title"], entry["notebook"], parameters))
    names = [report.name for report in reports]
    for name in names:
        if names.count(name) > 1:
            raise CatalogueError(f"{CATALOGUE_FILE}: two reports are called '{name}'")
    return reports


def report_of(reports: list[Report], notebook: str, **parameters: str) -> Report | None:
    """The report that a notebook makes with just these parameters, or None."""
    for report in reports:
        if report.notebook == notebook and dict(report.parameters) == parameters:
            return report
    return None

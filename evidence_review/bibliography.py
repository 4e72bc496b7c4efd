"""The bibliography: works in CSL-JSON, and how they are cited in the style of the NLM."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from citeproc import Citation, CitationItem, CitationStylesBibliography, CitationStylesStyle
from citeproc.formatter import plain
from citeproc.source.json import CiteProcJSON

from evidence_review.store import digest, store_of

BIBLIOGRAPHY_FILE = "references/bibliography.json"
STYLE = Path(__file__).parent / "style" / "nlm-citation-sequence.csl"
DOI = re.compile(r"10\.[0-9]{4,9}/\S+")
PMID = re.compile(r"[1-9][0-9]{0,8}")
DATE = re.compile(r"(?<=\b[12][0-9]{3})(?=[A-Z][a-z]{2})|(?<=\b[12][0-9]{3}[A-Z][a-z]{2})(?=[0-9])")
LEADING_NUMBER = re.compile(r"^\s*[0-9]+\.\s*")
# What the style prints of a work's identifiers; reports link them instead.
IDENTIFIERS = re.compile(
    r"\s*(?:doi:\S+|PubMed PMID: \d+\.?|;? ?PubMed Central PMCID: PMC\d+\.?|Available from: \S+)"
)

Work = Mapping[str, Any]


def read_bibliography(root: Path) -> dict[str, Work]:
    """The works of the review by their id, as CSL-JSON items.

    ValueError where the file is no list of works, an id stands twice, or a field that the review
    reads has another type than CSL-JSON gives it.
    """
    items = json.loads((root / BIBLIOGRAPHY_FILE).read_text(encoding="utf-8"))
    works: dict[str, Work] = {}
    for number, item in enumerate(items, start=1):
        fault = _misshapen(item)
        if fault:
            raise ValueError(f"work {number}: {fault}")
        if item["id"] in works:
            raise ValueError(f"work {number}: the id '{item['id']}' stands already above")
        works[item["id"]] = item
    return works


def canonical_bibliography(items: Iterable[Work]) -> str:
    """Works as the one JSON text that says them: sorted by id, fields sorted, one field a line."""
    ordered = sorted(items, key=lambda item: str(item["id"]))
    return json.dumps(ordered, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def citation(work: Work) -> str:
    """A work cited in the style of the US National Library of Medicine, plain text.

    The identifiers are left to `identifier_links`. The text is not escaped: what a title holds
    stands in it verbatim.
    """
    kept = {field: value for field, value in work.items() if field not in ("accessed", "URL")}
    return _citation(json.dumps(kept, sort_keys=True))


def identifier_links(work: Work) -> list[tuple[str, str]]:
    """Where a work can be looked up: words and address, DOI first, then PubMed, else its page."""
    links = []
    if "DOI" in work:
        links.append(("DOI", f"https://doi.org/{work['DOI']}"))
    if "PMID" in work:
        links.append(("PubMed", f"https://pubmed.ncbi.nlm.nih.gov/{work['PMID']}/"))
    if not links and "URL" in work:
        links.append(("page", work["URL"]))
    return links


def short_name(work: Work) -> str:
    """How a work is called in a sentence: first author and year."""
    authors = work.get("author", [])
    first = authors[0] if authors else {}
    name = first.get("family") or first.get("literal") or f"“{work['title'][:40]}…”"
    several = " and others" if len(authors) > 1 else ""
    return f"{name}{several} {year_of(work) or 'no year seen'}"


def year_of(work: Work) -> str:
    """The year of a work; empty where it was not seen."""
    parts = work.get("issued", {}).get("date-parts", [[""]])
    return str(parts[0][0])


def _misshapen(item: object) -> str:
    """What keeps an item from being a work, or an empty text."""
    if not isinstance(item, dict) or not isinstance(item.get("id"), str):
        return "has no id that is a text"
    for field, kind in (("custom", dict), ("issued", dict), ("accessed", dict), ("author", list)):
        if field in item and not isinstance(item[field], kind):
            return f"'{item['id']}': {field} is no {'list' if kind is list else 'object'}"
    parts = item.get("issued", {"date-parts": [[0]]}).get("date-parts")
    if not (isinstance(parts, list) and parts and isinstance(parts[0], list) and parts[0]):
        return f"'{item['id']}': issued has no year in date-parts"
    for field in ("title", "type", "DOI", "PMID", "URL"):
        if not isinstance(item.get(field, ""), str):
            return f"'{item['id']}': {field} is no text"
    return ""


@cache
def _citation(item: str) -> str:
    named = f"{_style_digest()}\n{item}"
    return store_of(Path.cwd()).made("citations", named, lambda: _formatted(json.loads(item)))


def _formatted(work: Work) -> str:
    with warnings.catch_warnings():
        # The processor warns of every field of CSL-JSON that its style does not use.
        warnings.simplefilter("ignore")
        source = CiteProcJSON([work])
        bibliography = CitationStylesBibliography(_style(), source, plain)
        bibliography.register(Citation([CitationItem(work["id"])]))
        text = str(bibliography.bibliography()[0])
    text = IDENTIFIERS.sub("", LEADING_NUMBER.sub("", text)).strip()
    # The processor sets a date without its spaces, and a full stop after a question mark.
    return DATE.sub(" ", text).replace("?.", "?")


@cache
def _style_digest() -> str:
    """What names the style and the processor that cite a work."""
    cut = f"{IDENTIFIERS.pattern} {LEADING_NUMBER.pattern} {DATE.pattern}"
    style = STYLE.read_text(encoding="utf-8")
    return digest(f"citeproc-py {version('citeproc-py')}\n{cut}\n{style}")


@cache
def _style() -> CitationStylesStyle:
    return CitationStylesStyle(str(STYLE), validate=False)

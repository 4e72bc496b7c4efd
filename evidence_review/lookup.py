"""Looking works up where there is a network: whether DOIs resolve, whether one is retracted."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from evidence_review.bibliography import Work

REGISTRY = "https://api.crossref.org"
SECONDS = 20
RETRACTING = ("retraction", "removal", "withdrawal", "partial_retraction")


class NoNetwork(Exception):
    """The registry could not be asked at all."""


@dataclass(frozen=True)
class Answer:
    """What the registry says of a work: `found`, `retracted`, `another title` or `unknown`."""

    work_id: str
    state: str
    words: str


def look_up(works: Iterable[Work], registry: str = REGISTRY) -> Iterator[Answer]:
    """What the registry of DOIs says of each work that has one.

    NoNetwork where it cannot be reached; a registry that knows no such DOI has answered.
    """
    for work in works:
        if "DOI" in work:
            yield _answer(work, registry)


def _answer(work: Work, registry: str) -> Answer:
    address = f"{registry}/works/{urllib.parse.quote(work['DOI'], safe='')}"
    try:
        with urllib.request.urlopen(address, timeout=SECONDS) as response:
            record = json.load(response)["message"]
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return Answer(work["id"], "unknown", f"{work['DOI']} is not registered there")
        return Answer(work["id"], "unknown", f"{work['DOI']}: the registry answered {error.code}")
    except (OSError, ValueError, KeyError) as error:
        raise NoNetwork(f"{registry} could not be asked ({error})") from None
    return _judged(work, record)


def _judged(work: Work, record: dict[str, Any]) -> Answer:
    titles = record.get("title") or [""]
    updates = [update.get("type", "") for update in record.get("updated-by", [])]
    if any(kind in RETRACTING for kind in updates) or titles[0].upper().startswith("RETRACTED"):
        return Answer(work["id"], "retracted", f"{work['DOI']} has been retracted")
    if not _alike(work["title"], titles[0]):
        return Answer(work["id"], "another title", f"{work['DOI']} is “{titles[0]}”")
    return Answer(work["id"], "found", work["DOI"])


def _alike(one: str, other: str) -> bool:
    """Whether one title begins as the other does, but for case, marks and spaces."""
    first, second = (re.sub(r"\W+", "", title.casefold()) for title in (one, other))
    shorter, longer = sorted((first, second), key=len)
    return bool(shorter) and longer.startswith(shorter[:60])

"""What comes before everything else on a page: signs that need urgent care, what this is not."""

from __future__ import annotations

import pandas as pd
from markupsafe import Markup

from evidence_review.dataset import Dataset
from evidence_review.markup import Shown, bullets, element
from evidence_review.prose import NOT_EVIDENCE, counted, sentence


def first_of_all(dataset: Dataset, emergency_number: str) -> Shown:
    """The signs that need urgent care, and beside them what a report must not be taken for."""
    flags, limits = red_flags(dataset, emergency_number), what_this_is_not(dataset)
    html = element("div", flags.html, limits.html, class_="safety")
    return Shown(html, f"{flags.text}\n{limits.text}")


def red_flags(dataset: Dataset, emergency_number: str) -> Shown:
    """The signs that need urgent care, the emergencies first, each with its reference."""
    flags = dataset.safety.sort_values("urgency", kind="stable")
    heads = {
        "emergency": f"Go to an emergency department at once, or call {emergency_number}, with",
        "same day": "See a doctor today with",
        "within days": "See a doctor within days with",
    }
    title = "First of all: signs that need urgent care"
    parts: list[Markup] = [element("h2", title, class_="first")]
    lines = [title]
    for urgency, head in heads.items():
        items = [f"{sign}." for sign in flags.loc[flags["urgency"] == urgency, "sign"]]
        if items:
            parts.append(element("div", element("p", f"{head}:"), bullets(items).html))
            lines += [f"{head}:", *items]
    references = [
        Markup("{}: {} {}, seen {}.").format(
            listed_signs, reference, element("a", "page", href=url), seen
        )
        for (reference, url, seen), listed_signs in _signs_by_reference(flags).items()
    ]
    parts.append(
        element("details", element("summary", "Where this is taken from"), bullets(references).html)
    )
    return Shown(element("section", *parts, class_="flags", id="red-flags"), "\n".join(lines))


def what_this_is_not(dataset: Dataset) -> Shown:
    """What a report must not be taken for."""
    items = [
        "It is no medical advice, and no clinician has reviewed it. Ask your own.",
        f"It counts what {counted(len(dataset.sources), 'author')} of one web page say. "
        f"{NOT_EVIDENCE} So small a number is no sample of anybody.",
        "The page was translated by a machine. Quotes are as on the page, errors included.",
        "Claims were tagged by two machine-assisted passes made apart and an adjudication, all by "
        "one model; not by two clinicians.",
        "Evidence levels say what an author shows for a claim, not what is known to be true. LDH "
        "is lumbar disc herniation.",
    ]
    heading = element("h2", "What this is not", class_="first")
    html = element("section", heading, bullets(items).html, class_="limits")
    return Shown(html, "\n".join(["What this is not", *items]))


def _signs_by_reference(flags: pd.DataFrame) -> dict[tuple[str, str, str], str]:
    """The short names of the flags that each reference names."""
    gathered: dict[tuple[str, str, str], list[str]] = {}
    for row in flags.itertuples():
        gathered.setdefault((row.reference, row.url, row.seen_on), []).append(
            str(row.flag_id).replace("-", " ")
        )
    return {key: sentence(", ".join(names)) for key, names in gathered.items()}

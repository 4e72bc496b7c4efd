"""The rules of the literature: verdicts, findings, works, harms and omissions hold together."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

from evidence_review.appraisal import statement_hash
from evidence_review.bibliography import (
    BIBLIOGRAPHY_FILE,
    DOI,
    PMID,
    Work,
    canonical_bibliography,
    year_of,
)
from evidence_review.checked import Checked, Rule, unknown_word
from evidence_review.dataset import Fault, rows_of
from evidence_review.synthesis import CLAIM_KEY

OLDEST_SEARCH = datetime.timedelta(days=5 * 365)
NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)*")
NUMBERED = (("verdicts", "rationale"), ("harms", "how"), ("omissions", "why_it_matters"))
CITING = ("verdicts", "harms", "omissions")
FIGURES = ("figures", "interval", "n")
TOLD = ("population", "comparison", "outcome", "result", *FIGURES)


def every_proposition_appraised(checked: Checked) -> Iterator[Fault]:
    """Propositions that no verdict is given on."""
    appraised = set(checked.frames["verdicts"]["proposition_id"])
    for proposition_id in checked.frames["propositions"]["proposition_id"]:
        if proposition_id not in appraised:
            message = f"'{proposition_id}' has no verdict; `insufficient` is an honest one"
            yield Fault(checked.table("verdicts").path, 0, "proposition_id", message)


def verdicts_of_this_wording(checked: Checked) -> Iterator[Fault]:
    """Verdicts on a wording that has changed since."""
    statements = dict(
        checked.frames["propositions"][["proposition_id", "statement"]].itertuples(
            index=False, name=None
        )
    )
    for line, row in checked.lines("verdicts"):
        statement = statements.get(row["proposition_id"])
        if statement is not None and row["statement_hash"] != statement_hash(statement):
            message = (
                f"'{row['statement_hash']}' is not the hash of “{statement}”, which is "
                f"{statement_hash(statement)}: appraise the new wording, then put that here"
            )
            yield Fault(checked.table("verdicts").path, line, "statement_hash", message)


def certainty_with_its_rater(checked: Checked) -> Iterator[Fault]:
    """Certainties without a rater, verdicts without one, and both where nothing is known."""
    path = checked.table("verdicts").path
    for line, row in checked.lines("verdicts"):
        place = line
        if row["verdict"] == "insufficient":
            for column in ("certainty", "rater"):
                if row[column]:
                    message = (
                        f"'{row[column]}' is given for a verdict of insufficient, expected none"
                    )
                    yield Fault(path, place, column, message)
            continue
        if not row["certainty"]:
            yield Fault(path, place, "certainty", f"is empty, expected one for '{row['verdict']}'")
        if not row["rater"]:
            message = "is empty: say whose rating the certainty is"
            yield Fault(path, place, "rater", message)


def verdicts_rest_on_works(checked: Checked) -> Iterator[Fault]:
    """Verdicts without a reference, unless nothing is known."""
    for line, row in checked.lines("verdicts"):
        if row["verdict"] != "insufficient" and not row["references"]:
            message = f"is empty, expected a work for '{row['verdict']}'"
            yield Fault(checked.table("verdicts").path, line, "references", message)


def harms_say_what_they_rest_on(checked: Checked) -> Iterator[Fault]:
    """Harms by reference without one, and by judgement with one."""
    for line, row in checked.lines("harms"):
        if (row["rests_on"] == "reference") != bool(row["references"]):
            message = f"does not go with rests_on '{row['rests_on']}'"
            yield Fault(checked.table("harms").path, line, "references", message)


def citations_are_known(checked: Checked) -> Iterator[Fault]:
    """Works and findings that are cited and do not exist."""
    works = dict.fromkeys(checked.works)
    findings = dict.fromkeys(checked.frames["findings"]["finding_id"])
    for name in CITING:
        for line, row in checked.lines(name):
            cited = [("references", work, works) for work in row["references"].split()]
            if name == "verdicts":
                cited += [("findings", finding, findings) for finding in row["findings"].split()]
            for column, word, known in cited:
                if word not in known:
                    message = unknown_word(word, tuple(known))
                    yield Fault(checked.table(name).path, line, column, message)
    for line, work in checked.cells("findings", "reference_id"):
        if work not in works:
            message = unknown_word(work, tuple(works))
            yield Fault(checked.table("findings").path, line, "reference_id", message)


def findings_cite_their_work(checked: Checked) -> Iterator[Fault]:
    """Findings of a work that the verdict does not cite."""
    works = checked.frames["findings"].set_index("finding_id")["reference_id"].to_dict()
    for line, row in checked.lines("verdicts"):
        for finding in row["findings"].split():
            if finding in works and works[finding] not in row["references"].split():
                message = f"'{finding}' is relied on, but '{works[finding]}' is not cited"
                yield Fault(checked.table("verdicts").path, line, "findings", message)


def figures_stand_in_findings(checked: Checked) -> Iterator[Fault]:
    """Numbers of a rationale, a harm or an omission that no finding it rests on has."""
    findings = checked.frames["findings"]
    numbers = {
        row["finding_id"]: _numbers(" ".join(row[column] for column in TOLD))
        for _, row in checked.lines("findings")
    }
    quotes = _quotes_of_harms(checked)
    by_work: dict[str, set[str]] = {}
    for row in findings.itertuples():
        by_work.setdefault(row.reference_id, set()).update(numbers[row.finding_id])
    for name, column in (
        ("verdicts", "rationale"),
        ("harms", "how"),
        ("omissions", "why_it_matters"),
    ):
        for line, row in checked.lines(name):
            works = row["references"].split()
            if name == "verdicts":
                known = [numbers.get(finding, set()) for finding in row["findings"].split()]
            else:
                known = [by_work.get(work, set()) for work in works]
            known.append({year_of(checked.works[work]) for work in works if work in checked.works})
            if name == "harms":
                known.append(_numbers(quotes.get(tuple(row[name] for name in CLAIM_KEY), "")))
            unknown = _numbers(row[column]) - set().union(*known)
            if unknown:
                message = f"{', '.join(sorted(unknown))} stands in none of the findings relied on"
                yield Fault(checked.table(name).path, line, column, message)


def partly_seen_works_give_no_figures(checked: Checked) -> Iterator[Fault]:
    """Figures of works that were seen only in part."""
    for line, row in checked.lines("findings"):
        work = checked.works.get(row["reference_id"], {})
        if work.get("custom", {}).get("status") != "verified":
            for column in FIGURES:
                if row[column]:
                    message = f"'{row[column]}' is of a work that was seen only in part"
                    yield Fault(checked.table("findings").path, line, column, message)


def works_in_order(checked: Checked) -> Iterator[Fault]:
    """Works without title, with impossible identifiers, cited by nothing, or there twice."""
    cited = {
        work
        for name in CITING
        for references in checked.frames[name]["references"]
        for work in references.split()
    }
    seen: dict[tuple[str, str], str] = {}
    for work_id, work in checked.works.items():
        for message in _work_faults(work_id, work, cited, seen):
            yield Fault(BIBLIOGRAPHY_FILE, 0, work_id, message)


def bibliography_in_canonical_form(checked: Checked) -> Iterator[Fault]:
    """A bibliography that is not sorted, or not a field a line."""
    written = (checked.root / BIBLIOGRAPHY_FILE).read_bytes()
    if written != canonical_bibliography(checked.works.values()).encode():
        message = "is not in canonical form (sorted, a field a line); `format` puts it right"
        yield Fault(BIBLIOGRAPHY_FILE, 0, "", message)


def searches_are_recent(checked: Checked) -> Iterator[Fault]:
    """Verdicts whose literature was last looked through more than five years ago: a warning."""
    oldest = datetime.date.today() - OLDEST_SEARCH
    for line, row in checked.lines("verdicts"):
        try:
            searched = datetime.date.fromisoformat(row["searched_on"])
        except ValueError:
            continue
        if searched < oldest:
            message = f"{row['searched_on']} is more than five years ago: search again"
            path = checked.table("verdicts").path
            yield Fault(path, line, "searched_on", message, warning=True)


LITERATURE_RULES: tuple[Rule, ...] = (
    every_proposition_appraised,
    verdicts_of_this_wording,
    certainty_with_its_rater,
    verdicts_rest_on_works,
    harms_say_what_they_rest_on,
    citations_are_known,
    findings_cite_their_work,
    figures_stand_in_findings,
    partly_seen_works_give_no_figures,
    works_in_order,
    bibliography_in_canonical_form,
    searches_are_recent,
)


def _numbers(text: str) -> set[str]:
    """The numbers of a text, thousands unparted."""
    return {re.sub(r",(?=[0-9]{3}(?![0-9]))", "", number) for number in NUMBER.findall(text)}


def _quotes_of_harms(checked: Checked) -> dict[tuple[str, ...], str]:
    """The quote of each claim that a harm is of, by the key that names the claim."""
    harmful = set(rows_of(checked.frames["harms"], CLAIM_KEY))
    claims = checked.frames["claims"]
    keyed = zip(rows_of(claims, CLAIM_KEY), claims["quote"].tolist(), strict=True)
    return {key: quote for key, quote in keyed if key in harmful}


def _work_faults(
    work_id: str, work: Work, cited: set[str], seen: dict[tuple[str, str], str]
) -> Iterator[str]:
    """What is wrong with one work."""
    if work_id not in cited:
        yield "nothing cites it"
    for field in ("title", "type", "URL", "accessed", "custom"):
        if not work.get(field):
            yield f"has no {field}"
    for field, form in (("DOI", DOI), ("PMID", PMID)):
        value = str(work.get(field, ""))
        if value and not form.fullmatch(value):
            yield f"{field} '{value}' is of no possible form"
    title = re.sub(r"\W+", "", str(work.get("title", "")).casefold()) + year_of(work)
    for kind, key in (("DOI", work.get("DOI")), ("PMID", work.get("PMID")), ("title", title)):
        if key and seen.setdefault((kind, str(key).casefold()), work_id) != work_id:
            yield f"is the same work as '{seen[(kind, str(key).casefold())]}' ({kind})"

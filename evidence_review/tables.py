"""What reports show besides sentences and figures: notices, tables, quotes, disputes, lists."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from evidence_review.catalogue import OVERVIEW, Report, report_of
from evidence_review.dataset import ALL, Dataset, csv_text
from evidence_review.markup import Shown, bullets, element, joined, paragraph, plain, table
from evidence_review.prose import (
    BASIS_WORDS,
    NOT_EVIDENCE,
    PHASE_WORDS,
    SHARE_COLUMNS,
    agreement_sentence,
    asked_sentence,
    author_names,
    coefficient,
    counted,
    fragility_sentence,
    label_words,
    level_sentence,
    phases_apart_sentence,
    reconciling_sentence,
    sentence,
    verdict_sentence,
    votes_sentence,
)
from evidence_review.selection import Selection
from evidence_review.synthesis import SIDES, Counts

STANCE_SYMBOLS = {"supports": "▲", "conditional": "◐", "opposes": "✕", "unclear": "?"}
SIDE_SYMBOLS = {"for": "▲", "conditional": "◐", "against": "✕", "divided": "◆"}
SEVERAL_VOICES = ("agreed", "majority", "two voices")
DRAFT = "Draft wording for a clinician to check:"
BENCHMARKS = ("authorship", "attribution", "disclosure", "currency")


def red_flags(dataset: Dataset, emergency_number: str) -> Shown:
    """The signs that need urgent care, the emergencies first, each with its reference."""
    flags = dataset.safety.sort_values("urgency", kind="stable")
    heads = {
        "emergency": f"Go to an emergency department at once, or call {emergency_number}, with",
        "same day": "See a doctor today with",
        "within days": "See a doctor within days with",
    }
    parts: list[Markup] = [element("h2", "First of all: signs that need urgent care")]
    lines = ["First of all: signs that need urgent care"]
    for urgency, head in heads.items():
        rows = flags[flags["urgency"] == urgency]
        if rows.empty:
            continue
        items = [f"{row.sign}." for row in rows.itertuples()]
        parts += [element("p", f"{head}:"), bullets(items).html]
        lines += [f"{head}:", *items]
    references = [
        Markup("{}: {} {}, seen {}.").format(
            listed_signs, reference, element("a", url, href=url), seen
        )
        for (reference, url, seen), listed_signs in _signs_by_reference(flags).items()
    ]
    parts.append(
        element("details", element("summary", "Where this is taken from"), bullets(references).html)
    )
    return Shown(element("section", *parts, class_="flags", id="red-flags"), "\n".join(lines))


def what_this_is_not(dataset: Dataset) -> Shown:
    """What a report must not be taken for."""
    return Shown(
        element(
            "section",
            element("h2", "What this is not"),
            bullets(
                [
                    "It is no medical advice, and no clinician has reviewed it. Ask your own.",
                    f"It counts what {counted(len(dataset.sources), 'author')} of one web page "
                    f"say. {NOT_EVIDENCE} So small a number is no sample of anybody.",
                    "The page was translated by a machine. Quotes are as on the page, errors "
                    "included.",
                    "Claims were tagged by two machine-assisted passes made apart and an "
                    "adjudication, all by one model; not by two clinicians.",
                    "Evidence levels say what an author shows for a claim, not what is known to "
                    "be true. LDH is lumbar disc herniation.",
                ]
            ).html,
            class_="limits",
        ),
        "What this is not",
    )


def summary_of_findings(
    dataset: Dataset, summary: pd.DataFrame, reports: Sequence[Report], here: str = ALL
) -> Shown:
    """Every proposition with its votes, its label and the strongest support that is shown.

    Links lead to the propositions of the report on the topic `here`.
    """
    meanings = dataset.dictionary.meanings("claims", "evidence_level")
    rows = [
        [
            element("a", row["statement"], href=proposition_link(reports, row, here)),
            *(row[side] for side in SIDES),
            label_words(row["label"], row["direction"]),
            f"{row['best_level']}: {meanings[str(row['best_level'])]}" if row["votes"] else "–",
            f"{row['verdict']} ({row['certainty']})" if row["certainty"] else str(row["verdict"]),
            str(row["cell"]),
        ]
        for row in summary.to_dict("records")
    ]
    header = [
        "Proposition",
        *(f"{SIDE_SYMBOLS[side]} {side}" for side in SIDES),
        "Label (agreement of posts, not evidence)",
        "Strongest support shown",
        "Literature (certainty)",
        "Page and literature",
    ]
    return table("Summary of findings: authors by side", header, rows, numeric=range(1, 5))


def label_meanings(dataset: Dataset) -> Shown:
    """What each label means, in the words of the data dictionary."""
    rows = list(dataset.dictionary.meanings("conclusions", "label").items())
    return table("What the labels mean", ["Label", "When"], rows)


def propositions_in_full(
    dataset: Dataset,
    summary: pd.DataFrame,
    cast: pd.DataFrame,
    claims: pd.DataFrame,
    selection: Selection,
    reports: Sequence[Report],
    appraisals: Mapping[str, Shown],
    quotes: bool = True,
) -> Shown:
    """Each proposition with its label, the sides, how fragile that is, its appraisal, all quotes.

    Without `quotes`, a link to the report on its topic stands in their place.
    """
    parts = []
    said = by_proposition(_by_stance(claims))
    votes = dict(tuple(cast.groupby("proposition_id")))
    for row in summary.to_dict("records"):
        own = said.get(row["proposition_id"], [])
        if quotes:
            below = joined(claim_quote(dataset, claim) for claim in own)
        else:
            words = f"Read {counted(len(own), 'quote')} in the report on {row['topic']}"
            below = linked(words, proposition_link(reports, row, OVERVIEW))
        appraisal = appraisals[row["proposition_id"]]
        below = joined([appraisal, below])
        sides = votes.get(row["proposition_id"], cast[:0])
        parts.append(_proposition(dataset, row, sides, selection, below))
    return joined(parts)


def spotlight(
    dataset: Dataset, summary: pd.DataFrame, cast: pd.DataFrame, reports: Sequence[Report], ids: str
) -> Shown:
    """A short answer for each of the named propositions, with a link to the quotes.

    `ids` names propositions, separated by commas; KeyError for one that is not known.
    """
    names = author_names(dataset)
    meanings = dataset.dictionary.meanings("claims", "evidence_level")
    items = []
    for proposition_id in (part.strip() for part in ids.split(",")):
        found = summary[summary["proposition_id"] == proposition_id]
        if found.empty:
            raise KeyError(f"spotlight: '{proposition_id}' is not a proposition")
        row = found.iloc[0].to_dict()
        own = cast[cast["proposition_id"] == proposition_id]
        words = " ".join(
            part
            for part in (
                votes_sentence(own, names, len(dataset.sources)),
                asked_sentence(times_asked(dataset, proposition_id)),
                level_sentence(row["best_level"], meanings),
                verdict_sentence(row),
                f"{DRAFT} {row['teaching_point']}",
            )
            if part
        )
        link = element("a", row["statement"], href=proposition_link(reports, row, OVERVIEW))
        label = element("strong", sentence(label_words(row["label"], row["direction"])))
        items.append(Markup("{} {}. {}").format(link, label, words))
    return bullets(items, class_="spotlight")


def agreed_propositions(
    dataset: Dataset, summary: pd.DataFrame, cast: pd.DataFrame, reports: Sequence[Report]
) -> Shown:
    """The propositions that three or more authors agree on, by side, with how many of how many."""
    names = author_names(dataset)
    items = []
    agreed = summary[summary["label"].isin(["agreed", "majority"])]
    for row in agreed.sort_values(["votes", "proposition_id"], ascending=[False, True]).to_dict(
        "records"
    ):
        own = cast[cast["proposition_id"] == row["proposition_id"]]
        link = element("a", row["statement"], href=proposition_link(reports, row, OVERVIEW))
        label = element("strong", sentence(label_words(row["label"], row["direction"])))
        words = votes_sentence(own, names, len(dataset.sources))
        items.append(Markup("{} {}. {}").format(link, label, words))
    return bullets(items)


def whole_map(
    dataset: Dataset, summary: pd.DataFrame, cast: pd.DataFrame, reports: Sequence[Report]
) -> Shown:
    """The evidence map of all propositions as a table, one for each topic, each row a link."""
    sides = cast.set_index(["proposition_id", "source_id"])["vote"].to_dict()
    sources = list(dataset.sources["source_id"])
    parts = [author_key(dataset)]
    for topic, rows in summary.groupby("topic", sort=True, observed=True):
        body = [
            [
                element("a", row["statement"], href=proposition_link(reports, row, OVERVIEW)),
                *(_mark(sides.get((row["proposition_id"], source))) for source in sources),
                label_words(row["label"], row["direction"]),
            ]
            for row in rows.to_dict("records")
        ]
        header = ["Proposition", *sources, "Label"]
        parts.append(table(sentence(str(topic)), header, body, class_="map"))
    return joined(parts)


def sources_table(dataset: Dataset) -> Shown:
    """Who the authors are, as the page shows it, and the benchmarks of transparency."""
    counts = dataset.claims["source_id"].value_counts()
    rows = [
        [
            f"{row['author']} ({row['source_id']})",
            row["role"],
            row["credentials"] or "none stated",
            row["conflicts"] or "none visible",
            *(row[name] for name in BENCHMARKS),
            int(counts.get(row["source_id"], 0)),
        ]
        for row in dataset.sources.to_dict("records")
    ]
    header = [
        "Author",
        "Role",
        "Credentials as stated (nobody checked them)",
        "Motives visible",
        *(sentence(name) for name in BENCHMARKS),
        "Claims",
    ]
    return table("The authors of the page", header, rows, numeric=[8])


def benchmark_reasons(dataset: Dataset) -> Shown:
    """Why each benchmark is marked as it is, author by author."""
    rows = [
        [f"{row['author']} ({row['source_id']})", *(row[f"{name}_reason"] for name in BENCHMARKS)]
        for row in dataset.sources.to_dict("records")
    ]
    header = ["Author", *(sentence(name) for name in BENCHMARKS)]
    return folded("Why the benchmarks are marked so", table("Reasons for the marks", header, rows))


def report_links(reports: Sequence[Report]) -> Shown:
    """Links to all reports, gathered by their notebook."""
    parts = []
    for notebook in dict.fromkeys(report.notebook for report in reports):
        links = [
            element("a", report.title, href=report.file)
            for report in reports
            if report.notebook == notebook and report.name != OVERVIEW
        ]
        parts.append(bullets(links))
    return joined(part for part in parts if part.text)


def disputes_in_full(
    dataset: Dataset,
    disputed: pd.DataFrame,
    pairs: pd.DataFrame,
    reports: Sequence[Report],
    most: int | None = None,
) -> Shown:
    """Each dispute with both sides side by side, its kind, and what reconciles it, if anything.

    `most` shows the first so many; the rest are counted in a closing line.
    """
    shown = disputed if most is None else disputed.head(most)
    parts = [_dispute(dataset, row, pairs, reports) for row in shown.to_dict("records")]
    left = len(disputed) - len(shown)
    if left:
        parts.append(paragraph(f"{sentence(counted(left, 'more dispute'))} in the full report."))
    return joined(parts)


def qualifications_table(dataset: Dataset, qualified: pd.DataFrame) -> Shown:
    """Who supports a proposition plainly, and who only under which condition."""
    if qualified.empty:
        return paragraph("No claim that is admitted here is qualified by another.")
    names = author_names(dataset)
    rows = []
    keys = ["proposition_id_b", "source_id_b", "start_b", "end_b"]
    for (proposition_id, source_b, _, _), group in qualified.groupby(keys, sort=False):
        bound = group.iloc[0]
        plainly = [names[source] for source in dict.fromkeys(group["source_id_a"])]
        rows.append(
            [
                dataset.statements[proposition_id],
                "; ".join(plainly),
                names[source_b],
                f"“{bound['quote_b']}”",
                bound["condition_b"] or "stated in the quote",
            ]
        )
    header = [
        "Proposition",
        "Supported plainly by",
        "Under a condition by",
        "In the words",
        "Condition",
    ]
    return table("Qualifications", header, rows)


def coding_table(agreed: pd.DataFrame) -> Shown:
    """How the two passes agree, one row a column of the coding."""
    rows = [
        [
            sentence(SHARE_COLUMNS[row["column"]]),
            row["matched"],
            row["same"],
            coefficient(row["kappa"]),
            coefficient(row["ac1"]),
        ]
        for row in agreed.to_dict("records")
    ]
    header = ["Coded", "Matched claims", "Coded alike", "Cohen's kappa", "Gwet's AC1"]
    return table("Agreement of the two passes on matched claims", header, rows, numeric=range(1, 5))


def coding_sentences(agreed: pd.DataFrame) -> Shown:
    """The agreement on each column of the coding, in words."""
    return bullets([agreement_sentence(row) for row in agreed.to_dict("records")])


def unmatched_table(dataset: Dataset, left: pd.DataFrame) -> Shown:
    """The claims that only one pass found."""
    rows = [
        [
            f"“{row['quote']}”",
            f"pass {row['pass']}",
            row["source_id"],
            row["proposition_id"],
            row["stance"],
        ]
        for row in left.to_dict("records")
    ]
    return table(
        "Claims that one pass found and the other did not on that passage",
        ["Quote", "Found by", "Source", "Proposition", "Stance"],
        rows,
    )


def rulings(dataset: Dataset) -> Shown:
    """Every ruling: what each pass had, what was ruled, and why; by the kind of difference."""
    parts = []
    for difference, rows in dataset.adjudication.groupby("difference", observed=True, sort=True):
        body = [
            [
                f"{row['source_id']} at {row['start']:,}, {row['proposition_id']}",
                row["pass_a"] or "–",
                row["pass_b"] or "–",
                row["ruled"] or ("dropped" if row["ruling"] == "dropped" else "–"),
                row["reason"],
            ]
            for row in rows.to_dict("records")
        ]
        caption = f"{sentence(str(difference).replace('_', ' '))}: {counted(len(body), 'ruling')}"
        header = ["Claim", "Pass a", "Pass b", "Ruled", "Reason"]
        parts.append(folded(caption, table(caption, header, body)))
    return joined(parts)


def moved_labels(dataset: Dataset, moved: pd.DataFrame) -> Shown:
    """The labels that would be another without one of the authors."""
    if moved.empty:
        return paragraph("No label would be another if any one of the authors were left out.")
    names = author_names(dataset)
    parts = []
    for source_id, rows in moved.groupby("source_id", sort=True):
        items = [
            [dataset.statements[row.proposition_id], label_words(str(row.label), row.direction)]
            for row in rows.itertuples()
        ]
        caption = f"Without {names[str(source_id)]}: {counted(len(items), 'label')}"
        parts.append(folded(caption, table(caption, ["Proposition", "Label would be"], items)))
    return joined(parts)


def provenance(dataset: Dataset, rows: pd.DataFrame, kind: str = "claim") -> Shown:
    """The release, and how many claims a report reads, with a hash that names just those rows."""
    digest = hashlib.sha256(csv_text(rows).encode()).hexdigest()[:12]
    origins = "; ".join(
        f"{origin.title} ({origin.origin} SHA-256 of the text: {origin.sha256})"
        for origin in dataset.dictionary.documents.values()
    )
    return paragraph(
        f"Release {dataset.dictionary.version} of the review. This report reads "
        f"{counted(len(rows), kind)} (hash of the rows: {digest}). Reviewed document: "
        f"{origins} Quotes belong to their authors.",
        class_="provenance",
    )


def folded(summary: str, content: Shown) -> Shown:
    """A piece of a page that opens when its summary is chosen."""
    html = element("details", element("summary", summary), content.html)
    return Shown(html, content.text)


def proposition_link(reports: Sequence[Report], row: Mapping[str, Any], here: str) -> str:
    """The address of a proposition: on this page where its topic is shown here, else elsewhere."""
    proposition_id, topic = str(row["proposition_id"]), str(row["topic"])
    if here in (ALL, topic):
        return f"#{proposition_id}"
    report = report_of(list(reports), "consensus", topic=topic)
    return f"{report.file if report else ''}#{proposition_id}"


def linked(words: str, address: str) -> Shown:
    """A link as a paragraph of its own."""
    return Shown(element("p", element("a", words, href=address)), words)


def claim_id(row: Mapping[str, object]) -> str:
    """The name of a claim: its source, the offset at which it starts, its proposition."""
    return f"{row['source_id']}-{row['start']}-{row['proposition_id']}"


def times_asked(dataset: Dataset, proposition_id: str) -> int:
    """How many questions of the page that nobody answers ask about a proposition."""
    return sum(proposition_id in asked.split() for asked in dataset.sentences["asks"])


def claim_quote(dataset: Dataset, claim: Mapping[str, Any]) -> Shown:
    """A claim in its author's words, with stance, support, phase, condition and place."""
    stance = str(claim["stance"])
    names = author_names(dataset)
    who = element(
        "p",
        element("span", f"{STANCE_SYMBOLS[stance]} {stance}", class_=f"stance {stance}"),
        f" {names[str(claim['source_id'])]}",
    )
    said = element("p", *_in_words(dataset, claim))
    details = " ".join(f"{part}." for part in claim_details(dataset, claim))
    html = element("blockquote", who, said, element("p", details), id=claim_id(claim))
    return Shown(html, f"{stance}: {plain(said)} {claim_id(claim)}. {details}")


def said_parts(dataset: Dataset, claim: Mapping[str, Any]) -> tuple[str, str, str]:
    """What is quoted for a claim: its own words, and before or after them the head of its list.

    A head that is not needed, or stands on the other side, is empty.
    """
    if not claim["head"]:
        return "", str(claim["quote"]), ""
    first, last = (int(part) for part in claim["head"].split("-"))
    head = dataset.document_of(claim["source_id"]).text[first:last]
    before, after = (head, "") if first < claim["start"] else ("", head)
    return before, str(claim["quote"]), after


def _in_words(dataset: Dataset, claim: Mapping[str, Any]) -> list[object]:
    """The quote of a claim; an item of a list together with the head that carries the stance."""
    before, quote, after = said_parts(dataset, claim)
    if before:
        return [f"“{before} … ", element("strong", quote), "”"]
    if after:
        return ["“", element("strong", quote), f" … {after}”"]
    return [f"“{quote}”"]


def by_proposition(claims: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Claims gathered by their proposition, in the order given."""
    gathered: dict[str, list[dict[str, Any]]] = {}
    for claim in claims:
        gathered.setdefault(claim["proposition_id"], []).append(claim)
    return gathered


def _by_stance(claims: pd.DataFrame) -> list[dict[str, Any]]:
    """Claims in the order of their stance, then of the document."""
    return list(claims.sort_values(["stance", "start", "end"]).to_dict("records"))


def claim_details(dataset: Dataset, claim: Mapping[str, object]) -> list[str]:
    """What is to be known of a claim beside its quote, a phrase each."""
    meanings = dataset.dictionary.meanings("claims", "evidence_level")
    level, basis = str(claim["evidence_level"]), str(claim["basis"])
    parts = [f"Support shown: {BASIS_WORDS[basis]} (level {level} of 5)"]
    if level in "123":
        parts[0] += f", {meanings[level]}"
    if claim["phase"] != "unstated":
        parts.append(f"Said of: {PHASE_WORDS[str(claim['phase'])]}")
    if claim["condition"]:
        parts.append(f"Condition: “{claim['condition']}”")
    if claim["reading"]:
        parts.append(f"Read through the translation as: {claim['reading']}")
    parts.append(f"Page characters {claim['start']:,}–{claim['end']:,}")
    return parts


def _proposition(
    dataset: Dataset,
    row: Mapping[str, Any],
    own: pd.DataFrame,
    selection: Selection,
    below: Shown,
) -> Shown:
    """One proposition as a section of a report: its own votes, and what stands below them."""
    proposition_id = str(row["proposition_id"])
    label, direction = str(row["label"]), str(row["direction"])
    counts = Counts(*(row[side] for side in SIDES))
    meanings = dataset.dictionary.meanings("claims", "evidence_level")
    note = f" {NOT_EVIDENCE}" if label in SEVERAL_VOICES else ""
    parts = [
        Shown(element("h3", str(row["statement"])), f"## {row['statement']}"),
        Shown(
            element(
                "p",
                element("strong", sentence(label_words(label, direction))),
                f".{note}",
                class_="label",
            ),
            f"{label_words(label, direction)}.{note}",
        ),
        paragraph(
            votes_sentence(own, author_names(dataset), len(selection.source_ids)),
            asked_sentence(times_asked(dataset, proposition_id)),
            phases_apart_sentence(row["phases_apart"] and label == "split"),
            level_sentence(row["best_level"], meanings),
        ),
        paragraph(
            f"How fragile: {fragility_sentence(counts, selection.threshold, label, direction)}",
            class_="fragile",
        ),
    ]
    inner = joined([*parts, below])
    return Shown(
        element("section", inner.html, class_="proposition", id=proposition_id), inner.text
    )


def _dispute(
    dataset: Dataset,
    row: Mapping[str, object],
    pairs: pd.DataFrame,
    reports: Sequence[Report],
) -> Shown:
    """One dispute: what it is about, its kind, both quotes, what reconciles it."""
    pair = pairs.loc[row["first"]].to_dict()
    names = author_names(dataset)
    first, second = str(row["proposition_id_a"]), str(row["proposition_id_b"])
    statements = dataset.statements
    about = statements[first] if first == second else f"{statements[first]} / {statements[second]}"
    kinds = [str(kind) for kind in pair["kinds"]]
    mark = "A harm is warned of. " if row["harm"] else ""
    scope = "Within one source" if row["scope"] == "within one source" else "Between two authors"
    count = int(str(row["pairs"]))
    more = f" The first of {counted(count, 'pair')} of claims." if count > 1 else ""
    others = f" (also {', '.join(kinds[1:])})" if len(kinds) > 1 else ""
    facts = f"{mark}{scope}. Kind: {kinds[0]}{others}.{more}"
    sides = [
        claim_quote(dataset, {key: pair[f"{key}_{side}"] for key in dataset.claims.columns})
        for side in "ab"
    ]
    boxes = [
        element("div", Markup(_linked_quote(dataset, pair, side, shown, reports)))
        for side, shown in zip("ab", sides, strict=True)
    ]
    says = reconciling_sentence(pair, names)
    html = element(
        "section",
        element("h3", about),
        element("p", facts, class_="label"),
        element("div", *boxes, class_="sides"),
        element("p", says),
        class_="dispute",
    )
    return Shown(html, "\n".join([f"## {about}", facts, *(s.text for s in sides), says]))


def _linked_quote(
    dataset: Dataset,
    pair: Mapping[str, object],
    side: str,
    shown: Shown,
    reports: Sequence[Report],
) -> Markup:
    """A quote of a dispute without its anchor, and a link to the place where it has one."""
    claim = {key: pair[f"{key}_{side}"] for key in dataset.claims.columns}
    topic = dataset.topics[str(claim["proposition_id"])]
    report = report_of(list(reports), "consensus", topic=topic)
    anchor = f' id="{claim_id(claim)}"'
    without_id = Markup(str(shown.html).replace(anchor, "", 1))
    if report is None:
        return without_id
    link = element(
        "a", "All that is said of this proposition", href=f"{report.file}#{claim['proposition_id']}"
    )
    return without_id + element("p", link)


def _signs_by_reference(flags: pd.DataFrame) -> dict[tuple[str, str, str], str]:
    """The short names of the flags that each reference names."""
    gathered: dict[tuple[str, str, str], list[str]] = {}
    for row in flags.itertuples():
        gathered.setdefault((row.reference, row.url, row.seen_on), []).append(
            str(row.flag_id).replace("-", " ")
        )
    return {key: sentence(", ".join(names)) for key, names in gathered.items()}


def author_key(dataset: Dataset) -> Shown:
    """What the marks and the columns of the evidence map mean."""
    marks = ", ".join(f"{SIDE_SYMBOLS[side]} {side}" for side in SIDES)
    names = author_names(dataset)
    authors = "; ".join(f"{source}: {name.rsplit(' (', 1)[0]}" for source, name in names.items())
    return paragraph(f"Marks: {marks}; – does not speak of it. Authors: {authors}.")


def _mark(side: str | None) -> Markup | str:
    """The mark of a side, with its word for those who hear the page."""
    if side is None:
        return "–"
    return element(
        "span",
        SIDE_SYMBOLS[side],
        element("span", f" {side}", class_="hidden"),
        class_=f"mark {side}",
    )

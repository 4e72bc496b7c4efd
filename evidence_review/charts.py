"""Figures: Altair charts of the synthesis, drawn as SVG."""

from __future__ import annotations

import re

import altair as alt
import pandas as pd

from evidence_review.appraisal import CELLS
from evidence_review.coding import COMPARED
from evidence_review.drawing import draw
from evidence_review.markup import NOTHING, Shown, figure, table
from evidence_review.prose import BASIS_WORDS, SHARE_COLUMNS, coefficient, label_words, sentence
from evidence_review.synthesis import KINDS, LABELS

# At least 3.9 : 1 on white and 16.8 apart for every colour deficiency.
DIRECTION_COLOURS = {"for": "#00558C", "against": "#A1283B", "none": "#767676"}
GROUP_COLOURS = {
    "in line with the evidence": "#00558C",
    "against the evidence": "#A1283B",
    "beyond the evidence": "#B27300",
    "of two minds": "#6B4C9A",
    "unsettled": "#767676",
    "unsettled, and may hurt": "#1B2529",
}
CERTAIN = {True: "moderate or high", False: "low, very low or none"}
PLAIN = "#33505E"
FONT = "Liberation Sans"
LETTERING = f' font-family="{FONT}" font-size="12px"'
STEPS = tuple(lead * 10**power for power in range(9) for lead in (1, 2, 5))
# What draws nothing: words for readers of single marks (the figure as a whole says what it shows,
# and has its table), values that are the default, paths that are empty.
WITHOUT_DRAWING = re.compile(
    r' (?:aria-[a-z]+|role|class|pointer-events)="[^"]*"'
    r'| (?:opacity|fill-opacity|stroke-width)="1"'
    r'|<path d="" display="none"/>'
)


def svg(chart: alt.Chart | alt.LayerChart | alt.FacetChart) -> str:
    """The drawing of a chart: the same bytes for the same chart and the same vl-convert."""
    styled = chart.configure(font=FONT, background="white").configure_view(stroke=None)
    styled = styled.configure_axis(labelLimit=460, labelFontSize=12, titleFontSize=12, grid=False)
    styled = styled.configure_legend(
        labelFontSize=12, titleFontSize=12, labelLimit=300, orient="top"
    )
    drawing = WITHOUT_DRAWING.sub("", draw(styled.to_json()))
    # Said once: every text inherits it that does not say otherwise.
    return drawing.replace(LETTERING, "").replace("<svg ", f"<svg{LETTERING} ", 1)


def whole_numbers(largest: int) -> list[int]:
    """Ticks of an axis of counts: whole numbers from 0, at most about ten of them."""
    step = next(step for step in STEPS if largest <= 10 * step)
    return list(range(0, largest + step, step))


def label_counts(summary: pd.DataFrame) -> Shown:
    """How many propositions have which label, by the side that the label speaks of."""
    count = summary.groupby(["label", "direction"], observed=True).size()
    rows = [[label_words(*key), int(votes)] for key, votes in count.items()]
    numbers = table("Propositions by label and side", ["Label", "Propositions"], rows, numeric=[1])
    caption = "How far the authors agree: propositions by label, and the side the label speaks of."
    return figure("labels", label_drawing(summary), caption, numbers)


def label_drawing(summary: pd.DataFrame) -> str:
    """The drawing of how many propositions have which label."""
    data = summary.groupby(["label", "direction"], observed=True).size().reset_index(name="count")
    data = data.astype({"label": "str"})
    ticks = whole_numbers(int(data.groupby("label")["count"].sum().max()))
    chart = (
        alt.Chart(data)
        .mark_bar()
        .encode(
            x=alt.X("count:Q", title="Propositions").axis(values=ticks, format="d"),
            y=alt.Y("label:N", title=None, sort=list(LABELS)),
            color=alt.Color("direction:N", title="Side").scale(
                domain=list(DIRECTION_COLOURS), range=list(DIRECTION_COLOURS.values())
            ),
            order=alt.Order("direction:N"),
        )
        .properties(width=460, height=28 * data["label"].nunique())
    )
    return svg(chart)


def page_and_literature(appraised: pd.DataFrame) -> Shown:
    """Where the page stands to the literature: how many propositions are in each cell."""
    certain = appraised["certainty"].isin(["high", "moderate"]).map(CERTAIN)
    gathered = appraised.assign(certain=certain).groupby(["cell", "certain"], observed=True)
    count = gathered.size()
    data = count.reset_index(name="count").astype({"cell": "str"})
    data["group"] = data["cell"].map(dict(CELLS))
    order = [cell for cell in CELLS if (data["cell"] == cell).any()]
    groups = [group for group in GROUP_COLOURS if (data["group"] == group).any()]
    scale = alt.Scale(domain=groups, range=[GROUP_COLOURS[group] for group in groups])
    ticks = whole_numbers(int(data.groupby("cell")["count"].sum().max()))
    chart = (
        alt.Chart(data)
        .mark_bar(strokeWidth=2)
        .encode(
            x=alt.X("count:Q", title="Propositions").axis(values=ticks, format="d"),
            y=alt.Y("cell:N", title=None, sort=order),
            color=alt.Color("group:N", title="The page is", scale=scale).legend(columns=3),
            stroke=alt.Stroke("group:N", scale=scale, legend=None),
            # Filled or not: two shades of each colour would be hard to tell apart.
            fillOpacity=alt.FillOpacity("certain:N", legend=None).scale(
                domain=list(CERTAIN.values()), range=[1, 0]
            ),
            order=alt.Order("certain:N", sort="descending"),
        )
        .properties(width=600, height=28 * len(order))
    )
    body = [
        [
            sentence(cell),
            CELLS[cell],
            *(int(count.get((cell, each), 0)) for each in CERTAIN.values()),
        ]
        for cell in order
    ]
    header = ["Cell", "The page is", *(f"Certainty {each}" for each in CERTAIN.values())]
    numbers = table("Propositions by cell of page and literature", header, body, numeric=[2, 3])
    caption = (
        "Where the page stands to the literature: propositions by cell. Filled: the literature is "
        "of moderate certainty or better; outlined: of less, or it does not decide."
    )
    return figure("page-and-literature", svg(chart), caption, numbers)


def dispute_kinds(disputed: pd.DataFrame) -> Shown:
    """How many disputes there are of each kind, by what they are about; nothing where none is."""
    if disputed.empty:
        return Shown(NOTHING, "")
    count = disputed.groupby(["kind", "relation"], observed=True).size().reset_index(name="count")
    largest = int(count.groupby("kind")["count"].sum().max())
    relations = {"same proposition": PLAIN, "across": "#B27300"}
    chart = (
        alt.Chart(count)
        .mark_bar()
        .encode(
            x=alt.X("count:Q", title="Disputes").axis(values=whole_numbers(largest), format="d"),
            y=alt.Y("kind:N", title=None, sort=list(KINDS)),
            color=alt.Color("relation:N", title="About").scale(
                domain=list(relations), range=list(relations.values())
            ),
            order=alt.Order("relation:N", sort="descending"),
        )
        .properties(width=460, height=28 * count["kind"].nunique())
    )
    rows = [[row[0], row[1], row[2]] for row in count.itertuples(index=False, name=None)]
    numbers = table("Disputes by kind", ["Kind", "About", "Disputes"], rows, numeric=[2])
    caption = "Disputes by kind: from what nothing reconciles to what speaks of other patients."
    return figure("kinds", svg(chart), caption, numbers)


def kinds_of_support(claims: pd.DataFrame) -> Shown:
    """How many claims rest on which kind of support, the strongest kind first."""
    count = claims["basis"].value_counts()
    kinds = {basis: sentence(BASIS_WORDS[basis]) for basis in BASIS_WORDS}
    data = pd.DataFrame(
        {"kind": list(kinds.values()), "count": [int(count.get(basis, 0)) for basis in kinds]}
    )
    chart = (
        alt.Chart(data)
        .mark_bar(color=PLAIN)
        .encode(
            x=alt.X("count:Q", title="Claims").axis(
                values=whole_numbers(int(data["count"].max())), format="d"
            ),
            y=alt.Y("kind:N", title=None, sort=list(kinds.values())),
        )
        .properties(width=420, height=26 * len(data))
    )
    rows = list(data.itertuples(index=False, name=None))
    numbers = table("Claims by kind of support", ["Support shown", "Claims"], rows, numeric=[1])
    caption = "What is offered as support: claims by kind, the strongest kind first."
    return figure("support", svg(chart), caption, numbers)


def coding_coefficients(agreed: pd.DataFrame) -> Shown:
    """Both coefficients of agreement for each column of the coding, with their intervals."""
    parts = [
        pd.DataFrame(
            {
                "column": agreed["column"].map(SHARE_COLUMNS),
                "coefficient": name,
                "value": agreed[key],
                "low": agreed[f"{key}_low"],
                "high": agreed[f"{key}_high"],
            }
        )
        for name, key in (("Cohen's kappa", "kappa"), ("Gwet's AC1", "ac1"))
    ]
    data = pd.concat(parts, ignore_index=True)
    order = [SHARE_COLUMNS[column] for column in COMPARED]
    base = alt.Chart(data).encode(
        y=alt.Y("column:N", title=None, sort=order),
        yOffset=alt.YOffset("coefficient:N"),
    )
    colour = alt.Color("coefficient:N", title=None).scale(range=["#00558C", "#B27300"])
    scale = alt.Scale(domain=[0, 1])
    points = base.mark_point(filled=True, opacity=1, size=70).encode(
        x=alt.X("value:Q", title="Agreement beyond chance", scale=scale).axis(
            values=[0, 0.2, 0.4, 0.6, 0.8, 1]
        ),
        color=colour,
        shape=alt.Shape("coefficient:N", title=None),
    )
    lines = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q", scale=scale), x2="high:Q", color=colour.legend(None)
    )
    chart = alt.layer(lines, points).properties(width=460, height=44 * len(order))
    rows = [
        [
            row.column,
            row.coefficient,
            coefficient(row.value),
            coefficient(row.low),
            coefficient(row.high),
        ]
        for row in data.itertuples()
    ]
    numbers = table(
        "Coefficients with 95 % bootstrap intervals",
        ["Coded", "Coefficient", "Value", "From", "To"],
        rows,
        numeric=[2, 3, 4],
    )
    caption = "How the two passes agree on matched claims: coefficient and 95 % bootstrap interval."
    return figure("coefficients", svg(chart), caption, numbers)

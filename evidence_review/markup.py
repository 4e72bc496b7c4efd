"""Pieces of a page: escaped elements, tables, figures, and what a notebook shows of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

NOTHING = Markup("")


@dataclass(frozen=True, repr=False)
class Shown:
    """A piece of a page: its HTML, and the same in plain text for those who compare outputs."""

    html: Markup
    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return str(self.html)


def element(tag: str, *children: object, **attributes: object) -> Markup:
    """An HTML element; children and attribute values are escaped unless they are markup.

    A trailing underscore of an attribute's name is dropped (`class_`), others become hyphens;
    an attribute that is None is left out.
    """
    opened = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    inner = "".join(escape(child) for child in children)
    return Markup(f"<{tag}{opened}>{inner}</{tag}>")


def link(words: object, address: str, **attributes: object) -> Markup:
    """Words that lead to an address; the words alone where it is empty."""
    return element("a", words, href=address, **attributes) if address else Markup(escape(words))


def joined(pieces: Iterable[Shown]) -> Shown:
    """Pieces one after another."""
    kept = list(pieces)
    html = Markup("\n").join(piece.html for piece in kept)
    return Shown(html, "\n".join(piece.text for piece in kept))


def paragraph(*sentences: str, class_: str | None = None) -> Shown:
    """Sentences as one paragraph, empty ones left out; nothing where all are empty."""
    text = " ".join(part for part in sentences if part)
    return Shown(element("p", text, class_=class_) if text else NOTHING, text)


def bullets(items: Sequence[object], class_: str | None = None) -> Shown:
    """Items as an unordered list; nothing where there is none."""
    if not items:
        return Shown(NOTHING, "")
    html = element("ul", *(element("li", item) for item in items), class_=class_)
    return Shown(html, "\n".join(f"- {plain(item)}" for item in items))


def plain(content: object) -> str:
    """Content without its markup."""
    return content.striptags() if isinstance(content, Markup) else str(content)


def table(
    caption: str,
    header: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    class_: str | None = None,
    numeric: Sequence[int] = (),
) -> Shown:
    """A table whose first column heads its rows, in a box of its own that scrolls sideways.

    `numeric` gives the places of the columns that hold numbers.
    """

    def cell(place: int, content: object) -> Markup:
        if place == 0:
            return element("th", content, scope="row")
        return element("td", content, class_="number" if place in numeric else None)

    head = element("tr", *(element("th", name, scope="col") for name in header))
    body = [element("tr", *(cell(place, c) for place, c in enumerate(row))) for row in rows]
    html = scrolling(
        caption,
        element(
            "table",
            element("caption", caption),
            element("thead", head),
            element("tbody", *body),
            class_=class_,
        ),
    )
    lines = [caption, "\t".join(header)]
    lines += ["\t".join(plain(content) for content in row) for row in rows]
    return Shown(html, "\n".join(lines))


def scrolling(name: str, content: Markup) -> Markup:
    """Content in a box of its own that scrolls sideways, also by key."""
    return element("div", content, class_="scroll", tabindex="0", role="region", aria_label=name)


def folded(summary: str, content: Shown) -> Shown:
    """A piece of a page that opens when its summary is chosen."""
    html = element("details", element("summary", summary), content.html)
    return Shown(html, content.text)


def figure(name: str, drawing: str, caption: str, numbers: Shown) -> Shown:
    """A drawing with its caption in words and its numbers in a table beside it.

    `name` is the id of the figure; ids inside the drawing are made its own, so that several
    drawings can stand on one page.
    """
    inside = Markup(drawing.replace("<svg ", f'<svg role="img" aria-labelledby="{name}-says" ', 1))
    html = element(
        "figure",
        # First, since HTML allows a caption at either end only, and the numbers stand at the other.
        element("figcaption", caption, id=f"{name}-says"),
        element("div", inside, class_="drawing", tabindex="0", role="group", aria_label=caption),
        element("details", element("summary", "The numbers of this figure"), numbers.html),
        id=name,
    )
    return Shown(html, f"Figure: {caption}\n{numbers.text}")

"""The commands: check, format, locate, notebooks, pdf, references, render, screenshots, zip."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from evidence_review.dictionary import find_root
from evidence_review.refusal import INTERRUPTED, Refusal


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code of a command: 0 where all is well, 1 where a person has something to do."""
    options = _parser().parse_args(arguments)
    # A command is loaded when it is called: to find that nothing is to be done takes no pandas.
    module, function = options.run.split(":")
    try:
        root = find_root()
        command = getattr(importlib.import_module(f"evidence_review.{module}"), function)
        return int(command(root, options))
    except Refusal as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="evidence-review", description="An evidence review of the claims of a page."
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    checking = commands.add_parser("check", help="check all data and conclusions; changes nothing")
    checking.add_argument(
        "--data", action="store_true", help="the data only: a new review has no conclusions yet"
    )
    checking.set_defaults(run="commands:run_check")
    for name, function, words in (
        ("format", "run_format", "put the tables into canonical form; fills in offsets of quotes"),
        ("notebooks", "run_notebooks", "execute the notebooks and store their outputs"),
    ):
        commands.add_parser(name, help=words).set_defaults(run=f"commands:{function}")
    locate = commands.add_parser("locate", help="find where a quote stands in the document")
    locate.add_argument("quote", help="the words, verbatim")
    locate.add_argument("--source", help="look in this answer only, e.g. S04")
    locate.set_defaults(run="commands:run_locate")
    references = commands.add_parser(
        "references", help="ask a registry of DOIs whether works exist and stand (needs a network)"
    )
    references.add_argument("--registry", help="address of another registry than Crossref's")
    references.set_defaults(run="commands:run_references")
    rendering = commands.add_parser("render", help="make the reports")
    rendering.add_argument("notebook", nargs="?", help="one report of this notebook only")
    rendering.add_argument(
        "-p",
        dest="parameter",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="a parameter of that notebook; may be given several times",
    )
    rendering.add_argument("--name", help="file name of that report (default: the notebook's)")
    rendering.add_argument("--only", nargs="+", metavar="REPORT", help="these of reports.toml")
    rendering.add_argument("--out", help="folder to write to (default: reports/)")
    processes = max(1, min(8, os.cpu_count() or 1))
    rendering.add_argument("--processes", type=_positive, default=processes)
    rendering.add_argument("--force", action="store_true", help="make what is fresh anew as well")
    rendering.add_argument(
        "--engine",
        choices=("forked", "nbclient"),
        default="forked",
        help="how notebooks are executed: forked, or papermill's own engine (same bytes, slower)",
    )
    rendering.set_defaults(run="rendering:run_render")
    _add_sharing(commands)
    return parser


def _add_sharing(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands that give reports away."""
    printing = commands.add_parser("pdf", help="make a tagged PDF of a report that is rendered")
    printing.add_argument("report", nargs="+", help="a name of reports.toml, or a page's path")
    printing.add_argument("--paper", choices=("A4", "Letter"), default="A4")
    printing.add_argument("--out", help="folder to write to (default: pdf/)")
    printing.set_defaults(run="sharing:run_pdf")
    commands.add_parser("zip", help="put all reports into reports.zip").set_defaults(
        run="sharing:run_zip"
    )
    showing = commands.add_parser("screenshots", help="make the pictures that the README shows")
    showing.add_argument("--out", help="folder to write to (default: reports/)")
    showing.set_defaults(run="screenshots:run_screenshots")


def _positive(text: str) -> int:
    """A whole number of at least 1."""
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of at least 1")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())

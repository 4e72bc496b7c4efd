"""The command `screenshots`: the pictures of reports that the README shows."""

from __future__ import annotations

import argparse
import importlib
import shutil
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from evidence_review.atomic import write_if_changed
from evidence_review.refusal import Refusal

# The picture, and the report that it shows, with the place in it that stands at the top.
SHOTS = {
    "screenshot-overview.png": "index.html",
    "screenshot-proposition.png": "proposition-walking-backwards.html#part-2",
}
SIZE = {"width": 1280, "height": 800}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
)
# As many as a small PNG can have. They are chosen for what they cover and not by how often they
# are there, which would turn the few red marks grey.
COLOURS = 256
GET_CHROMIUM = "Debian: sudo apt install chromium; elsewhere: install Google Chrome"


class ScreenshotError(Refusal):
    """The pictures cannot be made."""


def chromium() -> str | None:
    """Where a Chromium is on this machine, or None."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    return found or next((path for path in APPLICATIONS if Path(path).is_file()), None)


def run_screenshots(root: Path, options: argparse.Namespace) -> int:
    """Make the pictures of the README anew, from the reports as they stand."""
    out = Path(options.out).resolve() if options.out else root / "reports"
    for address in SHOTS.values():
        if not (root / "reports" / address.split("#")[0]).is_file():
            raise ScreenshotError(f"reports/{address}: not rendered yet: `python3 run.py` does")
    taken = _taken(root / "reports")
    out.mkdir(parents=True, exist_ok=True)
    for name, picture in taken.items():
        changed = write_if_changed(out / name, picture)
        words = "written" if changed else "unchanged"
        print(f"{out / name}: {words}, {len(picture) / 1000:.0f} kB")
    return 0


def _taken(reports: Path) -> dict[str, bytes]:
    """Each picture by its name; ScreenshotError where there is nothing to take it with."""
    start, compressed = _playwright(), _compressor()
    path = chromium()
    if path is None:
        raise ScreenshotError(f"no pictures: there is no Chromium here ({GET_CHROMIUM})")
    # A profile of its own: Chromium keeps what it learns beside the pages that it opened.
    with start() as playwright, tempfile.TemporaryDirectory() as profile:
        browser = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu"],
            viewport=SIZE,
            color_scheme="light",
            reduced_motion="reduce",
        )
        page = browser.new_page()
        pictures = {}
        for name, address in SHOTS.items():
            file, _, place = address.partition("#")
            page.goto((reports / file).as_uri() + (f"#{place}" if place else ""))
            pictures[name] = compressed(page.screenshot())
        browser.close()
    return pictures


def _playwright() -> Callable[[], Any]:
    """What starts playwright; ScreenshotError with the cure where it is missing."""
    try:
        start: Callable[[], Any] = importlib.import_module("playwright.sync_api").sync_playwright
    except ModuleNotFoundError:
        raise ScreenshotError(
            "no pictures: playwright is not installed here; `python3 run.py screenshots` has it"
        ) from None
    return start


def _compressor() -> Callable[[bytes], bytes]:
    """What makes a picture small; ScreenshotError with the cure where Pillow is missing."""
    try:
        image = importlib.import_module("PIL.Image")
    except ModuleNotFoundError:
        raise ScreenshotError(
            "no pictures: Pillow is not installed here; `python3 run.py screenshots` has it"
        ) from None

    def compressed(picture: bytes) -> bytes:
        small = BytesIO()
        with image.open(BytesIO(picture)) as opened:
            few = opened.convert("RGB").quantize(
                COLOURS, method=image.Quantize.MAXCOVERAGE, dither=image.Dither.NONE
            )
            few.save(small, "PNG", optimize=True)
        return small.getvalue()

    return compressed

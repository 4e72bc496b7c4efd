"""The store: what was made once, by the content that it was made from.

It may be deleted at any time. What it gives back is checked against its own hash, so that a torn
or foreign file is made anew and never believed.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from evidence_review.atomic import sweep, write_if_changed
from evidence_review.dictionary import NoReview, find_root

FOLDER = ".cache"
MOST_OF_A_KIND = 2000


class Store:
    """Texts in a folder, one file each, named by a kind and the content they were made from.

    Without a folder, everything is made anew each time.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def made(self, kind: str, content: str, make: Callable[[], str]) -> str:
        """The text of this kind that `make` makes from the content, made now or before."""
        if self.folder is None:
            return make()
        path = self.folder / kind / digest(content)
        kept = read_verified(path)
        if kept is None:
            kept = make()
            keep_verified(path, kept)
        return kept

    def prune(self) -> None:
        """Take away what was made longest ago where there is too much of a kind."""
        # Another run may prune, or somebody delete the folder, at the same time.
        with contextlib.suppress(OSError):
            for kind in self.folder.glob("*/") if self.folder else ():
                sweep(kind)
                files = [path for path in kind.iterdir() if path.is_file()]
                files.sort(key=lambda path: path.stat().st_mtime, reverse=True)
                for path in files[MOST_OF_A_KIND:]:
                    path.unlink(missing_ok=True)


def digest(content: str) -> str:
    """The SHA-256 of a text."""
    return hashlib.sha256(content.encode()).hexdigest()


def read_verified(path: Path) -> str | None:
    """The text of a file that begins with the hash of the rest; None where it is not so."""
    try:
        named, text = path.read_bytes().decode().split("\n", 1)
    except (OSError, ValueError):
        return None
    return text if named == digest(text) else None


def keep_verified(path: Path, text: str) -> None:
    """Write a text with its hash before it; nothing where the folder cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_if_changed(path, f"{digest(text)}\n{text}".encode(), durable=False)
    except OSError:
        # What cannot be kept is made again the next time: slower, and as right.
        return


@cache
def store_of(folder: Path) -> Store:
    """The store of the review that this folder lies in; one that keeps nothing where none does."""
    try:
        return Store(find_root(folder) / FOLDER)
    except NoReview:
        return Store(None)

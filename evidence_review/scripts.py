"""The scripts of an interactive page, and the policy that lets these run and no other.

`static/htm-preact.js` is `preact/standalone.umd.js` of the package htm 3.1.1 of the npm registry,
byte for byte: htm (Apache-2.0) with Preact (MIT), whose licences stand beside it, and whose notices
go where the bundle goes. `explore.js` is our own, and is used as it is written.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

STATIC = Path(__file__).parent / "static"
# The cells that need the scripts carry this tag; a page without such a cell gets none.
INTERACTIVE = "interactive"
BUNDLE = "htm-preact.js"
APP = "explore.js"
HTM_NOTICE = """This page holds htm, Copyright 2018 Google Inc., under the Apache License 2.0
(http://www.apache.org/licenses/LICENSE-2.0), and Preact, under this licence:"""
# The one record of what the bundle is. The policy of a page is made from it, and not from the
# file, so that a browser refuses to run a bundle that somebody changed.
BUNDLE_SHA256 = "62c4ffea400078c0eda7f435b22726b4961ebdf74c8506f188e92bec41d8ac51"


@dataclass(frozen=True)
class Script:
    """A script as it stands on a page, its source in a policy, the notice that it is under."""

    text: str
    source: str
    notice: str = ""


def scripts() -> list[Script]:
    """The scripts of an interactive page, in the order in which they run."""
    app = _read(APP)
    notice = f"{HTM_NOTICE}\n\n{_read('preact-LICENSE.txt')}"
    return [
        Script(_read(BUNDLE), _source(bytes.fromhex(BUNDLE_SHA256)), notice),
        Script(app, _source(hashlib.sha256(app.encode()).digest())),
    ]


def _read(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")


def _source(digest: bytes) -> str:
    """A hash as a Content-Security-Policy names it."""
    return f"sha256-{base64.b64encode(digest).decode()}"

"""Drawings: a Vega-Lite specification as SVG, never drawn twice, by processes that live on.

The first drawing of a process costs half a second, and a process that has drawn cannot be forked
from (V8 runs threads). So drawers are processes of their own: they begin while others still load
their imports, and serve the whole run over a socket. Where none serves, a process draws itself.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import vl_convert

from evidence_review.store import store_of

SERVED_AT = "EVIDENCE_REVIEW_DRAWERS"
DRAWN, REFUSED = b"drawn", b"refused"
ONCE = "once"
SMALLEST = '{"data": {"values": []}, "mark": "point"}'

# The processes that have drawn, of this one and those that it was forked from.
_have_drawn: set[int] = set()


def draw(specification: str) -> str:
    """The SVG of a Vega-Lite specification (JSON): the same bytes with the same vl-convert.

    ValueError where it is no chart.
    """
    named = f"vl-convert {version('vl-convert-python')}\n{specification}"
    store = store_of(Path.cwd())
    return store.made("drawings", named, lambda: _drawn(specification))


@contextlib.contextmanager
def drawers(processes: int) -> Iterator[None]:
    """So many drawers serving this process and those that it starts, until the end."""
    if not hasattr(socket, "AF_UNIX"):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="drawers-") as folder:
        address = str(Path(folder) / "socket")
        with socket.socket(socket.AF_UNIX) as listening:
            try:
                listening.bind(address)
            except OSError:
                # The path of a socket can be too long; every process draws by itself then.
                yield
                return
            listening.listen(64)
            started = [_start_drawer(listening) for _ in range(processes)]
        os.environ[SERVED_AT] = address
        try:
            yield
        finally:
            os.environ.pop(SERVED_AT, None)
            for drawer in started:
                _end(drawer)


def serve(listening: socket.socket, until: int) -> None:
    """Draw for everybody who asks, until the file descriptor `until` is at its end."""
    vl_convert.vegalite_to_svg(SMALLEST)
    while True:
        waiting: list[Any] = [listening, until]
        readable, _, _ = select.select(waiting, [], [])
        if until in readable:
            return
        with contextlib.suppress(BlockingIOError, ConnectionError):
            asking, _ = listening.accept()
            with asking:
                asking.setblocking(True)
                asking.sendall(_answer(_everything(asking)))


def _drawn(specification: str) -> str:
    """The SVG of a specification, from a drawer where one serves."""
    question = specification.encode()
    address = os.environ.get(SERVED_AT)
    answer = b""
    if address:
        # Whatever befalls a drawer, the drawing can be made here.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as asking:
            asking.connect(address)
            asking.sendall(question)
            asking.shutdown(socket.SHUT_WR)
            answer = _everything(asking)
    word, text = _understood(answer) or _understood(_made_here(question)) or (REFUSED, "")
    if word == REFUSED:
        raise ValueError(text)
    return text


def _made_here(question: bytes) -> bytes:
    """The answer of this process, or of a new one where this was forked from one that has drawn."""
    _have_drawn.add(os.getpid())
    if len(_have_drawn) == 1:
        return _answer(question)
    command = [sys.executable, "-m", "evidence_review.drawing", ONCE]
    return subprocess.run(command, input=question, stdout=subprocess.PIPE, check=False).stdout


def _answer(question: bytes) -> bytes:
    """What a drawer answers: the SVG, or why there is none, after a line with its length."""
    try:
        word, text = DRAWN, str(vl_convert.vegalite_to_svg(question.decode()))
    except ValueError as error:
        # Also where the one who asked died in the middle of a letter.
        word, text = REFUSED, str(error)
    answer = text.encode()
    return b"%s %d\n%s" % (word, len(answer), answer)


def _understood(answer: bytes) -> tuple[bytes, str] | None:
    """The word and the text of an answer; None where it is not whole, as of a drawer that died."""
    head, _, text = answer.partition(b"\n")
    word, _, length = head.partition(b" ")
    whole = word in (DRAWN, REFUSED) and length == b"%d" % len(text)
    return (word, text.decode()) if whole else None


def _everything(connection: socket.socket) -> bytes:
    """What comes over a connection until the other end says no more."""
    pieces = []
    while piece := connection.recv(1 << 16):
        pieces.append(piece)
    return b"".join(pieces)


def _start_drawer(listening: socket.socket) -> subprocess.Popen[bytes]:
    """A drawer that serves this socket until its standard input is closed, by whatever cause."""
    return subprocess.Popen(
        [sys.executable, "-m", "evidence_review.drawing", str(listening.fileno())],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        pass_fds=[listening.fileno()],
        # Whoever interrupts the run interrupts the one that started it, which ends its drawers.
        start_new_session=True,
    )


def _end(drawer: subprocess.Popen[bytes]) -> None:
    """End a drawer at once, also one that still loads its imports: it has nothing to lose."""
    drawer.kill()
    if drawer.stdin is not None:
        drawer.stdin.close()
    drawer.wait()


if __name__ == "__main__":
    if sys.argv[1] == ONCE:
        sys.stdout.buffer.write(_answer(sys.stdin.buffer.read()))
        sys.exit()
    shared = socket.socket(fileno=int(sys.argv[1]))
    # Several drawers wait for the same connection, and only one of them gets it.
    shared.setblocking(False)
    serve(shared, sys.stdin.fileno())

"""Files written whole or not at all."""

from __future__ import annotations

import itertools
import os
import re
import time
from pathlib import Path

# A part of a file names the process that writes it, so that what a killed one left can be told.
PART = re.compile(r"\..+\.(?P<process>[0-9]+)-[0-9]+\.part")
# Numbers of processes come again, so that a part of the same name could have been left by another.
_numbers = itertools.count(time.time_ns())


def write_if_changed(path: Path, content: bytes, *, durable: bool = True) -> bool:
    """Whether a file had to be written: whole or not at all, and not where it says the same.

    `durable` waits until the content is on the disk, so that a crash leaves the old or the new.
    OSError where it cannot be written; what was there is untouched then.
    """
    if path.exists() and path.read_bytes() == content:
        return False
    part = path.parent / f".{path.name}.{os.getpid()}-{next(_numbers)}.part"
    try:
        with part.open("xb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        part.chmod(0o644)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return True


def sweep(folder: Path) -> None:
    """Take away the parts of files that processes left which live no more."""
    for path in folder.glob(".*.part"):
        found = PART.fullmatch(path.name)
        if found and not _lives(int(found["process"])):
            path.unlink(missing_ok=True)


def _lives(process: int) -> bool:
    """Whether there is a process of this number."""
    if os.name == "nt":
        # Signal 0 would end it there; what is left over then stays until the folder is emptied.
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

"""The usual way from the shell: papermill's command, then nbconvert's, for one report at a time.

python benchmarks/shell.py OUT
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from evidence_review.catalogue import Report, read_catalogue
from evidence_review.dictionary import find_root


def commands(root: Path, report: Report, out: Path) -> list[list[str]]:
    """The two commands that make a report."""
    executed = str(out / f"{report.name}.ipynb")
    given = [word for item in report.parameters.items() for word in ("-p", *map(str, item))]
    notebook = str(root / "notebooks" / f"{report.notebook}.ipynb")
    first = ["papermill", "--no-progress-bar", "--cwd", str(root), *given, notebook, executed]
    second = ["nbconvert", "--to", "html", "--template", "basic", "--no-input", executed]
    return [[sys.executable, "-m", *command] for command in (first, second)]


def main(out: Path) -> None:
    """Write every page."""
    root = find_root()
    out.mkdir(parents=True, exist_ok=True)
    for report in read_catalogue(root):
        for command in commands(root, report, out):
            subprocess.run(command, check=True, capture_output=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

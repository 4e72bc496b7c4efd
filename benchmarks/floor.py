"""The floor: a plain loop that makes the same pages without a notebook.

It runs the code of the notebooks' cells in one namespace after the other, in so many processes
forked from one that has the imports loaded, and puts what they show into the same template. It has
no isolation, no kernel, no papermill and no records: nothing that makes the same pages from the
same data in the same processes can do with less.

    python benchmarks/floor.py OUT PROCESSES
"""

from __future__ import annotations

import ast
import gc
import importlib
import os
import sys
from pathlib import Path
from typing import Any

import altair
import nbformat

from evidence_review.catalogue import Report, read_catalogue
from evidence_review.dataset import load
from evidence_review.dictionary import find_root
from evidence_review.forked import PRELOADED
from evidence_review.report import export, prepare


def shown(source: str, names: dict[str, Any]) -> Any:
    """What the last expression of a cell gives, once the cell has run; None where it has none."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names)


def page(root: Path, report: Report) -> str:
    """The page of a report."""
    notebook = nbformat.read(root / "notebooks" / f"{report.notebook}.ipynb", as_version=4)
    names: dict[str, Any] = {}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        result = shown(cell.source, names)
        data = {"text/plain": repr(result), "text/html": result._repr_html_()} if result else {}
        cell.outputs = [nbformat.v4.new_output("execute_result", data=data)] if data else []
        if "parameters" in cell.metadata.get("tags", []):
            names.update(report.parameters)
    return export(notebook, report)


def main(out: Path, processes: int) -> None:
    """Write every page, each process every so-manieth report."""
    root = find_root()
    out.mkdir(parents=True, exist_ok=True)
    for name in PRELOADED:
        if name.startswith("evidence_review."):
            importlib.import_module(name)
    load(root)
    prepare()
    altair.Chart().mark_point().to_json()
    gc.freeze()
    reports = read_catalogue(root)
    children = []
    for number in range(processes):
        child = os.fork()
        if not child:
            for report in reports[number::processes]:
                (out / report.file).write_text(page(root, report), encoding="utf-8")
            os._exit(0)
        children.append(child)
    failed = [child for child in children if os.waitpid(child, 0)[1]]
    if failed:
        raise SystemExit("a process of the floor failed")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

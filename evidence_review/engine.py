"""The papermill engine `forked`: papermill's own, with a forked kernel.

    papermill --engine forked NOTEBOOK OUTPUT

uses it from the shell. Where there is no `fork`, papermill's own engine does the same, slower.
Papermill loads this module itself, by its entry point; nobody else can before papermill is loaded.
"""

from __future__ import annotations

from typing import Any

from papermill.engines import NBClientEngine, NotebookExecutionManager

from evidence_review.forked import NOT_KEPT, ForkedKernel, can_fork

NATIVE_KERNELS = ("python3", "")


class ForkedEngine(NBClientEngine):
    """Papermill's own engine with a forked kernel; with its own where none can be forked."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: NotebookExecutionManager, kernel_name: str, **settings: Any
    ) -> None:
        """Execute a notebook that papermill manages, as papermill's own engine does."""
        if not can_fork() or kernel_name not in NATIVE_KERNELS:
            super().execute_managed_notebook(nb_man, kernel_name, **settings)
            return
        kernel = ForkedKernel([*settings.get("extra_arguments", []), *NOT_KEPT])
        try:
            super().execute_managed_notebook(nb_man, kernel_name, km=kernel, **settings)
        finally:
            kernel.end()

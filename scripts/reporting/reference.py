# SPDX-License-Identifier: MIT
"""Data files beside the experiments: what was measured elsewhere, and facts that no simulation computes."""
import json
import pathlib

from .data import ReportError

HERE = pathlib.Path(__file__).resolve().parent
# In the source tree, and where the program is installed.
FOLDERS = (HERE.parent.parent / "testbenches/experiments/reference", HERE.parent.parent / "experiments/reference")


def reference(name, otherwise=None):
    """The content of a data file; `otherwise` where there is none."""
    for folder in FOLDERS:
        file = folder / name
        if file.exists():
            try:
                return json.loads(file.read_text(encoding="utf-8"))
            except ValueError as error:
                raise ReportError(f"{file}: {error}") from error
    if otherwise is not None:
        return otherwise
    raise ReportError(f"{FOLDERS[0]}/{name}: is missing; install ahcisim again")

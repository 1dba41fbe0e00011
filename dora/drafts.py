"""Files that are made beside their place and moved there when they are whole."""

from __future__ import annotations

import glob
import os
import shutil
from pathlib import Path


def new_draft(target: Path) -> Path:
    """Where a new `target` is made; what killed runs left there is removed, which the write lock makes safe."""
    remove_drafts(target)
    return target.with_name(f".{target.name}.{os.getpid()}.draft")


def remove_drafts(target: Path) -> None:
    """Remove every draft of `target`, finished or not."""
    for leftover in target.parent.glob(f".{glob.escape(target.name)}.*.draft*"):
        if leftover.is_dir():  # where DuckDB puts aside what does not fit into memory
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)

"""Files that are made beside their place and moved there when they are whole."""

from __future__ import annotations

import glob
import os
import shutil
from contextlib import suppress
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


def copy_file(origin: Path, copy: Path) -> None:
    """Copy a file's content inside the kernel: a file system that lets files share blocks does so at once.

    Where the kernel cannot, by reading and writing it.
    """
    try:
        with origin.open("rb") as source, copy.open("wb") as made:
            left = os.fstat(source.fileno()).st_size
            while left and (done := os.copy_file_range(source.fileno(), made.fileno(), left)):
                left -= done
    except (AttributeError, OSError):  # not on every system, nor between any two files
        left = -1
    if left:
        shutil.copyfile(origin, copy)


def flush_file(file: Path) -> None:
    """Bring what was written to a file onto the disk; nothing where that cannot be done."""
    with suppress(OSError), file.open("rb") as opened:
        os.fsync(opened.fileno())

"""Copies of files, whatever the system can do to make them."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from dora.drafts import copy_file


@pytest.mark.parametrize("size", [0, 1, 3_000_001])
@pytest.mark.parametrize("can", ["all", "nothing", "half"])
def test_a_copy_has_every_byte_whatever_the_kernel_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, can: str
) -> None:
    whole = getattr(os, "copy_file_range", None)

    def some(source: int, made: int, count: int) -> int:
        if can == "nothing" or whole is None:
            raise OSError(errno.EXDEV, "not between these")
        if can == "half" and os.lseek(source, 0, os.SEEK_CUR) > 0:
            raise OSError(errno.EINVAL, "no more")
        return int(whole(source, made, count if can == "all" else (count + 1) // 2))

    monkeypatch.setattr(os, "copy_file_range", some, raising=False)
    origin, copy = tmp_path / "origin", tmp_path / "copy"
    origin.write_bytes(os.urandom(size))
    copy.write_bytes(b"what was there before, and is longer" * 9)
    copy_file(origin, copy)
    assert copy.read_bytes() == origin.read_bytes()


def test_a_copy_that_has_no_room_says_so(tmp_path: Path) -> None:
    origin = tmp_path / "origin"
    origin.write_bytes(b"x" * 10_000)
    with pytest.raises(OSError, match="No space left"):
        copy_file(origin, Path("/dev/full"))

"""What DuckDB and the file system say about a file, as one sentence a person can act on."""

from __future__ import annotations

from pathlib import Path

#: What DuckDB says of other files, of damaged ones, and of those whose end was cut off.
_DAMAGED = ("not a valid duckdb", "corrupt", "checksum", "could not read enough bytes")


def file_sentence(path: Path, text: str) -> str:
    """The sentence for a failure at `path`; `text` is the first line of what was raised."""
    low = text.lower()
    if "no space left" in low or "could not write" in low or "file too large" in low:
        return f"{path.parent}: the disk is full; free some space and run the command again, nothing was damaged"
    if "is a directory" in low:
        return f"{path}: a folder stands where a file belongs; move it away and run the command again"
    if any(words in low for words in _DAMAGED):
        again = "move it away and run `dora ingest` to read everything again"
        if path.name.endswith(".published.duckdb"):
            again = "run `dora build` to make it again from the records"
        return f"{path}: not a readable DuckDB file; {again}"
    if "permission denied" in low or "read-only" in low:
        return f"{path}: cannot be written ({text}); make the folder writable or choose another [warehouse] path"
    if "conflicting lock" in low:
        return f"{path}: another program has this file open for writing; close it, or read the published file"
    return f"{path}: {text}"

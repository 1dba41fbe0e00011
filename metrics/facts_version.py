"""Which version of the rules and tables made the facts of a published file, and whether this dora can answer from them."""

from __future__ import annotations

from pathlib import Path

from dora.errors import WarehouseError
from dora.warehouse import Reader, open_published

#: Raised when the same records and settings would give other facts or tables, so that every published file is made anew.
FACTS_VERSION = 16


def open_facts(published: Path) -> Reader:
    """Open a published file to answer questions from its facts.

    A `WarehouseError` where another version of dora made these: its rules, or its tables, may have been others.
    """
    reader = open_published(published)
    if reader.meta().get("facts_version") == str(FACTS_VERSION):
        return reader
    reader.close()
    raise WarehouseError(f"{published}: another version of dora made its facts; run `dora build`")

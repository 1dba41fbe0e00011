"""Every error a person is meant to read.

    DoraError                exit 1  something went wrong; the sentence says what, where and what to do next
    ├── ConfigError          exit 2  dora.toml or an option is wrong
    ├── WarehouseError       exit 1  the file cannot be opened, read, written or published
    │   └── LockedError      exit 1  another process is writing; says who, and since when
    └── SourceError          exit 1  one source could not be read; the others go on
        ├── AuthError        exit 1  the tool refused the credentials
        └── RateLimitError   exit 1  the tool's limit would not lift within the allowed wait

The command line prints the sentence once, without a traceback. A bad row is not an error: it is a
`dora.model.Rejected` record, stored and counted.
"""

from __future__ import annotations


class DoraError(Exception):
    """Base of all errors shown to a person; `exit_code` is what the command line exits with."""

    exit_code = 1


class ConfigError(DoraError):
    """The configuration or an option is wrong; names the file, the key and the nearest valid one."""

    exit_code = 2


class WarehouseError(DoraError):
    """The warehouse cannot be opened, read, written or published; nothing was damaged."""


class LockedError(WarehouseError):
    """Another process holds the write lock."""


class SourceError(DoraError):
    """One source could not be read; what it had committed before stays."""


class AuthError(SourceError):
    """The tool refused the credentials."""


class RateLimitError(SourceError):
    """The tool's rate limit would not lift within the allowed wait."""

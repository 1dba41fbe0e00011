"""Which addresses git may be given: none that could run something, none that holds a secret."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from dora.errors import ConfigError

SCHEMES = ("https", "http", "ssh", "git", "file")
_SCP = re.compile(r"(?:[\w.-]+@)?[\w.-]{2,}:[^/\\:].*")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a repository is: as written without secrets, and whether it is read in place."""

    text: str
    local: bool


def check_address(url: str, place: str) -> Address:
    """The address if git may be given it; otherwise a `ConfigError` that does not repeat any secret.

    Allowed are paths, https, http, ssh, git and file addresses, and `user@host:path`.
    """
    if not url.strip() or re.search(r"[\x00-\x1f\x7f]", url):
        raise ConfigError(
            f"{place}: the address is empty or holds control characters; write a path or an https address"
        )
    if url.startswith("-"):
        raise ConfigError(f"{place}: an address cannot start with '-'; write a path as ./{redact(url)}")
    if re.match(r"\w[\w+.-]*::", url):
        raise ConfigError(f"{place}: transport {url.split('::')[0]!r} is not allowed; use https, ssh or a path")
    scheme, separator, rest = url.partition("://")
    if separator:
        return _check_remote(url, scheme, rest, place)
    if _SCP.fullmatch(url) and not Path(url).exists():
        return Address(url, local=False)
    return Address(url, local=True)


def redact(text: str) -> str:
    """The text without the user and password of any address in it."""
    return re.sub(r"(\w+://)[^/\s@]*@", r"\1", text)


def hosted_name(url: str) -> str | None:
    """What the host calls the repository of a remote address, as `acme/shop`; None for a path."""
    scheme, separator, rest = url.partition("://")
    if separator:
        name = "" if scheme.lower() == "file" else rest.partition("/")[2]
    else:
        name = url.partition(":")[2] if _SCP.fullmatch(url) and not Path(url).exists() else ""
    return name.strip("/").removesuffix(".git") or None


def _check_remote(url: str, scheme: str, rest: str, place: str) -> Address:
    if scheme.lower() not in SCHEMES:
        raise ConfigError(f"{place}: transport {scheme!r} is not allowed; use https, ssh or a path")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    user, at, host = authority.rpartition("@")
    if (at and scheme.lower() in ("http", "https")) or ":" in user or "?" in rest:
        raise ConfigError(
            f"{place}: the address holds a user, password or query; write it as {scheme}://{host}/… "
            "and let git's credential helper hold the secret (git help credentials)"
        )
    if host.startswith("-") or user.startswith("-"):
        raise ConfigError(f"{place}: a host cannot start with '-'; correct the address")
    return Address(url, local=False)

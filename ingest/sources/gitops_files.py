"""What the files of an environment repository say: path templates, and the version inside a file's text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from dora.errors import ConfigError

_Loader: type[yaml.BaseLoader] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
LARGEST_BYTES = 4 << 20
_DEEPEST = 500
_NO_KEY = object()
_PLAIN = r"[A-Za-z0-9_][A-Za-z0-9_.+/@-]*"
_FLAT_LINE = (
    rf"(?:[A-Za-z0-9_][\w./-]*:(?: +(?:{_PLAIN}|\"[^\"\\\n\r]*\"|'[^'\n\r]*'))? *(?: #[^\n\r]*)?|#[^\n\r]*|---)?\n"
)
_FLAT = re.compile(f"(?:{_FLAT_LINE})+", re.ASCII)
_NOTHING = ("", "~", "null", "Null", "NULL")


class Unreadable(ValueError):
    """The file is not YAML; the text says why."""


@dataclass(frozen=True, slots=True)
class Found:
    """One version in a file; `service` and `environment` only where the pattern names them."""

    version: str
    sha: str | None = None
    service: str | None = None
    environment: str | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """A path with placeholders; `folder` is what stands before the first one, up to its last slash."""

    pattern: re.Pattern[str]
    folder: str

    def names(self, path: str) -> Mapping[str, str] | None:
        """Placeholder -> text when the path fits, else None."""
        match = self.pattern.fullmatch(path)
        return match.groupdict() if match else None


def read_template(text: str, place: str) -> Template:
    """A template such as `apps/{service}/values-{environment}.yaml`; a placeholder never crosses a slash."""
    parts = re.split(r"\{([^{}/]*)\}", text)
    if text.startswith("/") or not text or re.search(r"[{}]", "".join(parts[::2])):
        raise ConfigError(
            f"{place}: {text!r} is not a path template; write one as apps/{{service}}/{{environment}}.yaml"
        )
    pattern, seen = "", set[str]()
    for position, part in enumerate(parts):
        if position % 2 == 0:
            pattern += re.escape(part)
        elif not re.fullmatch(r"[A-Za-z_]\w*", part):
            raise ConfigError(f"{place}: {{{part}}} in {text!r} is not a name; use letters, digits and _")
        else:
            pattern += f"(?P={part})" if part in seen else f"(?P<{part}>[^/]+)"
            seen.add(part)
    return Template(re.compile(pattern), parts[0][: parts[0].rfind("/") + 1] if len(parts) > 1 else parts[0])


@dataclass(frozen=True, slots=True)
class VersionReader:
    """Finds versions by a YAML key or a regular expression; with neither, the file's one word is the version."""

    key: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None

    def find(self, content: bytes) -> list[Found]:
        """The versions in a file, none when it has no such key; not YAML is `Unreadable`."""
        if len(content) > LARGEST_BYTES:
            raise Unreadable(f"larger than {LARGEST_BYTES >> 20} MB")
        text = content.decode("utf-8", "replace")
        if self.pattern is not None:
            return _matches(self.pattern, text)
        version = self._flat(text) if _FLAT.fullmatch(text) else self._parsed(text)
        return [Found(version)] if version is not None and version not in _NOTHING else []

    def _flat(self, text: str) -> str | None:
        """The value of a top-level key in a file of nothing but `key: value` lines; agrees with YAML, 50x faster."""
        if text.count("\n---") or len(self.key) != 1:
            return self._parsed(text)
        found = re.findall(
            rf"^{re.escape(self.key[0])}:(?: +(?:\"([^\"]*)\"|'([^']*)'|({_PLAIN})))? *(?: #.*)?$", text, re.M
        )
        return next((value for value in found[-1] if value), None) if found else None

    def _parsed(self, text: str) -> str | None:
        words = text.split()
        if not words or (len(words) == 1 and not re.search(r"[:{}\[\]\"'#&*!|>%@`]", words[0])):
            return words[0] if words and words[0] not in ("---", "...") else None
        absent = "\\" not in text and not all(part in text for part in self.key if not part.isdecimal())
        if not self.key or absent:
            return None
        for document in _documents(text):
            value = _value(document, self.key)
            if value is not None:
                return value
        return None


def version_reader(key: str | None, pattern: str | None, place: str) -> VersionReader:
    """A reader by `version_key` or `version_pattern`; both at once, or a pattern without its group, is a `ConfigError`."""
    if key is not None and pattern is not None:
        raise ConfigError(f"{place}: version_key and version_pattern exclude each other; keep one")
    if pattern is None:
        return VersionReader(tuple(key.split(".")) if key else ())
    try:
        compiled = re.compile(pattern, re.MULTILINE)
    except re.error as error:
        raise ConfigError(f"{place}: version_pattern is not a regular expression ({error}); correct it") from None
    if not {"version", "sha"} & set(compiled.groupindex):
        raise ConfigError(
            f"{place}: version_pattern names no group; write (?P<version>…) or (?P<sha>…) around the version"
        )
    return VersionReader(pattern=compiled)


def _matches(pattern: re.Pattern[str], text: str) -> list[Found]:
    found: list[Found] = []
    for match in pattern.finditer(text):
        named = match.groupdict()
        version = named.get("version") or named.get("sha")
        if version:
            found.append(Found(version, named.get("sha"), named.get("service"), named.get("environment")))
    return found


def _documents(text: str) -> list[object]:
    """Every document as dicts, lists and text. Unlike the library's own, not recursive, and a repeated anchor is allowed."""
    documents: list[object] = []
    open_: list[dict[str, object] | list[object]] = []
    keys: list[object] = []
    anchors: dict[str, object] = {}
    value: object
    _check_depth(text)
    events: Iterator[Any] = yaml.parse(text, Loader=_Loader)
    try:
        for event in events:
            kind = type(event)
            if kind is yaml.ScalarEvent:
                value = event.value
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                value = {} if kind is yaml.MappingStartEvent else []
            elif kind is yaml.AliasEvent:
                value = anchors.get(event.anchor)
            else:
                if kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                    open_.pop()
                    keys.pop()
                continue
            if getattr(event, "anchor", None):
                anchors[event.anchor] = value
            _attach(value, open_, keys, documents)
            if kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                open_.append(value)  # type: ignore[arg-type]
                keys.append(_NO_KEY)
    except (yaml.YAMLError, ValueError) as error:
        raise Unreadable(" ".join(str(error).split())[:200]) from None
    return documents


def _check_depth(text: str) -> None:
    """The parser's time grows with the square of the depth of brackets."""
    depth = 0
    for mark in re.findall(r"[\[{\]}]", text):
        depth += 1 if mark in "[{" else -1
        if depth > _DEEPEST:
            raise Unreadable("nested too deeply")


def _attach(
    value: object, open_: list[dict[str, object] | list[object]], keys: list[object], documents: list[object]
) -> None:
    """Put a finished or just opened node where it belongs: a document, a list's end, a key, or a key's value."""
    if not open_:
        documents.append(value)
    elif isinstance(open_[-1], list):
        open_[-1].append(value)
    elif keys[-1] is _NO_KEY:
        keys[-1] = value
    else:
        open_[-1][str(keys[-1]) if isinstance(keys[-1], str) else ""] = value
        keys[-1] = _NO_KEY


def _value(node: object, key: Sequence[str]) -> str | None:
    """The scalar at a dotted key; a number is a list's index, and a key may itself hold dots."""
    if not key:
        return node if isinstance(node, str) else None
    if isinstance(node, list):
        index = int(key[0]) if key[0].isdecimal() else len(node)
        return _value(node[index], key[1:]) if index < len(node) else None
    if isinstance(node, dict):
        for length in range(1, len(key) + 1):
            name = ".".join(key[:length])
            if name in node and (value := _value(node[name], key[length:])) is not None:
                return value
    return None

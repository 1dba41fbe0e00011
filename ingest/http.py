"""Asking a web API until it answers: limits waited out in sight, broken answers repeated, secrets hidden.

The tool's own client sends; this module decides what the answer means. A limit (429, a 403 that speaks of one,
or what the caller calls `Limited`) is waited out as long as the tool asks, at most `max_wait_seconds` for one
request. A broken answer (5xx, cut connection, unfinished JSON, or what the caller calls `Broken`) is repeated
with growing pauses. Everything else is an error of `dora.errors` whose sentence holds no secret.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests
from urllib3.exceptions import HTTPError, InvalidHeader
from urllib3.util import Retry

from dora.errors import AuthError, RateLimitError, SourceError

#: GitHub asks for at least a minute when it does not say how long; other tools are content with that.
UNNAMED_LIMIT_SECONDS = 60.0
#: A person who watches sees a line at least this often.
LINE_SECONDS = 60.0
_LIMIT_WORDS = re.compile(r"rate limit|abuse detection|too many requests", re.IGNORECASE)
_SECRET_SHAPES = re.compile(
    r"gh[a-z]_[A-Za-z0-9_]{8,}|github_pat_\w{8,}|(?<=//)[^/\s@:]+:[^/\s@]+(?=@)|(?i:(?<=bearer )|(?<=token ))[\w.~+/=-]{8,}"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for one request, how often to repeat it, and who is told; the clock counts Unix seconds."""

    progress: Callable[[str], None]
    max_wait_seconds: float = 900.0
    repeats: int = 4
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time


class Limited(Exception):
    """The answer asks the caller to wait; `until_reset`: until the reset its headers name, whatever remains."""

    def __init__(self, until_reset: bool = False) -> None:
        super().__init__("limited")
        self.until_reset = until_reset


class Broken(Exception):
    """The answer is no use, the next one may be; its text says why."""


class Unavailable(SourceError):
    """The tool gave no usable answer however often it was asked; asking for less at once may help."""


class NotFound(SourceError):
    """There is no such thing, or the credentials may not see it."""


class Forbidden(AuthError):
    """The credentials are good, but not for this."""


class Client:
    """One tool's conversation; `requests` counts what was sent, `hint` says how to mend refused credentials."""

    def __init__(self, tool: str, patience: Patience, secrets: Iterable[str] = (), hint: str = "") -> None:
        self.tool, self.patience, self.hint = tool, patience, hint
        self.requests = 0
        self._secrets = tuple(secret for secret in secrets if secret)

    def json(self, send: Callable[[], Answer], what: str, check: Callable[[Any], None] | None = None) -> Any:
        """The JSON that `send` brings; `what` names it in errors. `check` may raise `Limited` or `Broken`.

        Errors: `AuthError` (401), `Forbidden`, `NotFound`, `RateLimitError`, `Unavailable`, `SourceError` (any other status).
        """
        waited, limits, failures = 0.0, 0, 0
        while True:
            self.requests += 1
            answer = None
            try:
                answer = send()
                value = self._read(answer, what)
                if check:
                    check(value)
            except Limited as limit:
                limits += 1
                seconds = _limit_seconds(answer, self.patience.clock(), limits, limit.until_reset)
                waited = self._wait_out(seconds, what, waited)
            except (Broken, requests.RequestException, HTTPError) as trouble:
                failures += 1
                self._pause(trouble, answer, what, failures)
            else:
                return value

    def redact(self, text: str) -> str:
        """`text` with every known secret, and everything shaped like one, replaced by `***`."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return _SECRET_SHAPES.sub("***", text)

    def _read(self, answer: Answer, what: str) -> Any:
        if answer.status >= 500 or answer.status == 408:
            raise Broken(f"status {answer.status}")
        if _is_limit(answer):
            raise Limited(answer.headers.get("x-ratelimit-remaining") == "0")
        if answer.status >= 300:
            raise self._refusal(answer, what)
        try:
            return json.loads(answer.body)
        except ValueError:
            raise Broken(f"unfinished JSON after {len(answer.body)} characters") from None

    def _refusal(self, answer: Answer, what: str) -> SourceError:
        said = self.redact(_message(answer)[:200])
        if answer.status == 401:
            return AuthError(f"{self.tool}: credentials refused for {what} (401); {self.hint}")
        if answer.status == 403:
            return Forbidden(f"{self.tool}: access to {what} refused (403: {said}); {self.hint}")
        if answer.status == 404:
            return NotFound(f"{self.tool}: {what} not found (404), or the credentials may not see it; {self.hint}")
        return SourceError(
            f"{self.tool}: {what} could not be read ({answer.status}: {said}); check the source's options"
        )

    def _wait_out(self, seconds: float, what: str, waited: float) -> float:
        lifts = datetime.fromtimestamp(self.patience.clock() + seconds, UTC)
        if waited + seconds > self.patience.max_wait_seconds:
            raise RateLimitError(
                f"{self.tool}: the rate limit on {what} lifts at {lifts:%Y-%m-%d %H:%M:%S} UTC, later than "
                f"max_wait_seconds = {self.patience.max_wait_seconds:g} allows; run again then, nothing read so far is lost"
            )
        self._sleep(seconds, f"{self.tool}: rate limit on {what}, waiting until {lifts:%H:%M:%S} UTC")
        return waited + seconds

    def _pause(self, trouble: Exception, answer: Answer | None, what: str, failures: int) -> None:
        reason = self.redact(
            str(trouble) if isinstance(trouble, Broken) else f"connection broke: {type(trouble).__name__}"
        )
        if failures > self.patience.repeats:
            raise Unavailable(
                f"{self.tool}: {what} could not be read after {failures} attempts ({reason}); "
                "check the service's status page and run again, nothing read so far is lost"
            ) from None
        seconds = min(_named_seconds(answer) or 2.0 ** (failures - 1), self.patience.max_wait_seconds)
        self._sleep(seconds, f"{self.tool}: {what}: {reason}, asking again in {seconds:g} s")

    def _sleep(self, seconds: float, line: str) -> None:
        while seconds > 0:
            self.patience.progress(line)
            self.patience.sleep(min(seconds, LINE_SECONDS))
            seconds -= LINE_SECONDS


def _is_limit(answer: Answer) -> bool:
    if answer.status == 429:
        return True
    spent = answer.headers.get("x-ratelimit-remaining") == "0"
    named = "retry-after" in answer.headers
    return answer.status == 403 and (spent or named or bool(_LIMIT_WORDS.search(_message(answer))))


def _limit_seconds(answer: Answer | None, now: float, limits: int, until_reset: bool) -> float:
    named = _named_seconds(answer)
    if named is not None:
        return named
    reset = answer.headers.get("x-ratelimit-reset", "") if answer else ""
    if until_reset and re.fullmatch(r"\d{1,11}", reset):
        # The reset falls somewhere inside its second.
        return max(float(reset) - now, 0.0) + 1.0
    return UNNAMED_LIMIT_SECONDS * 2.0 ** (limits - 1)


def _named_seconds(answer: Answer | None) -> float | None:
    """What Retry-After says, as seconds or as a date; at least one second, so that zeros cannot spin."""
    if answer is None or "retry-after" not in answer.headers:
        return None
    try:
        return max(Retry().parse_retry_after(answer.headers["retry-after"]), 1.0)
    except InvalidHeader:
        return None


def _message(answer: Answer) -> str:
    try:
        value = json.loads(answer.body)
    except ValueError:
        return answer.body
    return str(value.get("message", "")) if isinstance(value, dict) else ""

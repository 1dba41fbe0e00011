"""Waiting, repeating and hiding secrets, against a real local server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
from pytest_httpserver import HTTPServer
from werkzeug import Response

from dora.errors import AuthError, DoraError, RateLimitError, SourceError
from ingest.http import Answer, Broken, Client, Limited, NotFound, Patience, Unavailable
from tests.ingest.github_source import Watch
from tests.servers import answer, cut, hang_up, truncated

GOOD = {"fine": True}


class Talk:
    """A client that speaks to a server which gives these answers in turn, then good ones."""

    def __init__(self, server: HTTPServer, *answers: Any, max_wait_seconds: float = 900.0) -> None:
        left = list(answers)

        def reply(request: Any) -> Response:
            given = left.pop(0) if left else answer(GOOD)
            return given if isinstance(given, Response) else given(request, answer(GOOD))

        server.expect_request("/").respond_with_handler(reply)
        self.watch = Watch()
        patience = Patience(
            progress=self.watch.lines.append, sleep=self.watch.sleep, clock=lambda: self.watch.now,
            max_wait_seconds=max_wait_seconds,
        )  # fmt: skip
        self.client = Client("hub", patience, ("s3cret",), "set HUB_TOKEN")
        self._url = server.url_for("/")

    def ask(self, check: Callable[[Any], None] | None = None) -> Any:
        return self.client.json(self._send, "acme/shop things", check)

    def _send(self) -> Answer:
        got = requests.get(self._url, timeout=5)
        return Answer(got.status_code, {key.lower(): value for key, value in got.headers.items()}, got.text)


def test_limit_with_retry_after_is_waited_out_in_sight(httpserver: HTTPServer) -> None:
    talk = Talk(httpserver, answer({}, 429, {"Retry-After": "90"}))
    assert talk.ask() == GOOD
    assert talk.watch.waits == [60.0, 30.0]
    assert talk.watch.lines == ["hub: rate limit on acme/shop things, waiting until 15:08:10 UTC"] * 2


def test_retry_after_may_be_a_date_and_a_past_one_still_waits_a_second(httpserver: HTTPServer) -> None:
    talk = Talk(httpserver, answer({}, 429, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}))
    assert talk.ask() == GOOD
    assert talk.watch.waits == [1.0]


def test_spent_limit_is_waited_out_until_its_reset(httpserver: HTTPServer) -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(1_750_000_000 + 40)}
    talk = Talk(httpserver, answer({"message": "API rate limit exceeded"}, 403, headers))
    assert talk.ask() == GOOD
    assert talk.watch.waits == [41.0]


def test_limit_that_names_no_time_is_waited_out_for_longer_each_time(httpserver: HTTPServer) -> None:
    secondary = answer({"message": "You have exceeded a secondary rate limit"}, 403)
    talk = Talk(httpserver, secondary, secondary)
    assert talk.ask() == GOOD
    assert sum(talk.watch.waits) == 60 + 120


def test_limit_beyond_the_allowed_wait_ends_with_when_it_lifts(httpserver: HTTPServer) -> None:
    talk = Talk(httpserver, answer({}, 429, {"Retry-After": "901"}))
    with pytest.raises(RateLimitError, match=r"lifts at 2025-06-15 15:21:41 UTC.*max_wait_seconds = 900"):
        talk.ask()
    assert talk.watch.waits == []


def test_allowed_wait_counts_all_waits_for_one_request(httpserver: HTTPServer) -> None:
    talk = Talk(httpserver, *[answer({}, 429, {"Retry-After": "50"})] * 3, max_wait_seconds=120)
    with pytest.raises(RateLimitError):
        talk.ask()
    assert talk.watch.waits == [50.0, 50.0]


@pytest.mark.parametrize("fault", [answer({}, 502), answer("no JSON object", 503), cut, hang_up, truncated])
def test_broken_answer_is_asked_for_again(httpserver: HTTPServer, fault: Any) -> None:
    talk = Talk(httpserver, fault, fault)
    assert talk.ask() == GOOD
    assert (talk.watch.waits, talk.client.requests) == ([1.0, 2.0], 3)


def test_answer_that_stays_broken_ends_with_what_was_wrong(httpserver: HTTPServer) -> None:
    talk = Talk(httpserver, *[truncated] * 9)
    with pytest.raises(Unavailable, match=r"after 5 attempts \(unfinished JSON after 7 characters\)"):
        talk.ask()
    assert sum(talk.watch.waits) == 15


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (401, AuthError, r"refused for acme/shop things \(401\); set HUB_TOKEN"),
        (403, AuthError, r"access to acme/shop things refused \(403: Must be \*\*\*\); set HUB_TOKEN"),
        (404, NotFound, "acme/shop things not found"),
        (422, SourceError, r"could not be read \(422: Must be \*\*\*\)"),
    ],
)
def test_refusal_says_what_and_what_to_do_without_the_secret(
    httpserver: HTTPServer, status: int, error: type[DoraError], words: str
) -> None:
    talk = Talk(httpserver, answer({"message": "Must be s3cret"}, status))
    with pytest.raises(error, match=words):
        talk.ask()
    assert talk.client.requests == 1


def test_caller_may_find_a_limit_or_a_fault_in_a_good_answer(httpserver: HTTPServer) -> None:
    talk = Talk(httpserver)
    troubles: list[Exception] = [Limited(), Broken("half of it")]

    def check(value: Any) -> None:
        if troubles:
            raise troubles.pop(0)

    assert talk.ask(check) == GOOD
    assert talk.watch.waits == [60.0, 1.0]
    assert "half of it" in talk.watch.lines[-1]


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer abcdefgh12345678", "token abcdefgh12345678", "https://me:abcdefgh12345678@example.org/x",
        "ghs_abcdefgh12345678", "github_pat_abcdefgh12345678", "it is s3cret",
    ],
)  # fmt: skip
def test_secrets_and_what_looks_like_one_are_hidden(text: str) -> None:
    hidden = Client("hub", Patience(progress=print), ("s3cret",)).redact(text)
    assert "***" in hidden
    assert "abcdefgh12345678" not in hidden
    assert "s3cret" not in hidden

"""A finding as the data page says it."""

from __future__ import annotations

from dataclasses import replace

from dashboard.findings import counted, effects, line
from metrics.quality import Effect, Finding


def test_a_finding_says_how_many_what_it_touches_and_what_to_do_next() -> None:
    effects = (
        Effect(metric="deployment_frequency", rows=1_200, of=2_485, direction="lower", why="they are missing"),
        Effect(metric="change_fail_rate", rows=109_541, of=2_485, direction="either", why="they are missing"),
        Effect(metric="change_lead_time", rows=0, of=10, direction="higher", why="they are missing"),
    )
    found = Finding(
        finding="unknown_service", title="names that no [[service]] has", found=1, services=0, examples=(), largest_seconds=None,
        effects=effects, next_step="add a [[service]]",
    )  # fmt: skip
    assert line(found) == (
        "Names that no [[service]] has: 1; touches deployment frequency (1,200 of 2,485 rows, too low); change fail rate "
        "(109,541 rows beside the 2,485 counted, either way); change lead time (too high). Next: add a [[service]]"
    )


def test_a_finding_about_one_thing_speaks_of_one() -> None:
    touched = (
        Effect(metric="time_to_restore", rows=1, of=0, direction="either", why="left out"),
        Effect(metric="change_fail_rate", rows=1, of=1, direction="lower", why="not known to have failed"),
    )
    found = Finding(
        finding="unlinked_incident", title="incidents that are linked to no deployment", found=1, services=1, examples=(),
        largest_seconds=None, effects=touched, next_step="name the deployment",
    )  # fmt: skip
    assert counted(found) == "1 incident that is linked to no deployment"
    assert counted(replace(found, found=1_200)) == "1,200 incidents that are linked to no deployment"
    assert effects(touched) == (
        "time to restore (1 row beside the 0 counted, either way); change fail rate (1 of 1 row, too low)"
    )

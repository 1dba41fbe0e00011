"""The hash of the definitions: the same for the same settings, another for any other."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, replace
from typing import Any

import pytest

from dora.definitions import Definitions
from tests.dora.processes import environment

#: a value other than the default, for every field
OTHERS: dict[str, Any] = {
    "timezone": "Europe/London", "production": ("live",), "rehearsal": (), "regions": "last",
    "change": "pull_request", "clock": "merged",
    "bots": False, "pickup_from": "ready", "failure_window_seconds": None, "failure_kinds": ("revert",), "rework_kinds": ("revert",),
    "replay_slot_seconds": 60.0, "replay_services": 6, "proximity_seconds": 1.0, "hotfix_labels": (),
    "hotfix_branches": (), "hotfix_titles": (), "working_days": (1,),
    "migrations": (),
    "services": (("api", Definitions(clock="merged")),),
}  # fmt: skip


def test_every_field_is_tried() -> None:
    assert set(OTHERS) == {field.name for field in fields(Definitions)}


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_hash_changes_with_every_field(name: str) -> None:
    assert replace(Definitions(), **{name: OTHERS[name]}).hash != Definitions().hash


def test_hashes_of_all_changes_differ() -> None:
    hashes = {replace(Definitions(), **{name: value}).hash for name, value in OTHERS.items()}
    assert len(hashes) == len(OTHERS)


@pytest.mark.parametrize("name", ["failure_kinds", "rework_kinds", "working_days"])
def test_the_order_of_kinds_and_days_and_their_repetition_say_nothing(name: str) -> None:
    told = getattr(Definitions(), name)
    assert replace(Definitions(), **{name: (*reversed(told), told[0])}).hash == Definitions().hash


def test_hash_is_the_same_in_another_process() -> None:
    program = "from dora.definitions import Definitions; print(Definitions().hash)"
    seeded = environment(PYTHONHASHSEED="7")
    done = subprocess.run([sys.executable, "-c", program], env=seeded, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == Definitions().hash
    assert len(Definitions().hash) == 12


def test_a_service_has_its_own_settings_and_the_rest_of_the_organisation() -> None:
    definitions = Definitions(bots=False, services=(("api", Definitions(bots=False, clock="merged")),))
    assert definitions.of("api").clock == "merged"
    assert definitions.of("web") == Definitions(bots=False)
    assert definitions.as_dict()["services"] == {"api": {"clock": "merged"}}
    assert Definitions.own_of(definitions.as_dict())["api"]["bots"] is False


def test_settings_of_one_answer_hold_for_every_service() -> None:
    definitions = Definitions(services=(("api", Definitions(clock="merged")),)).everywhere(clock="opened")
    assert {definitions.clock, definitions.of("api").clock, definitions.of("web").clock} == {"opened"}


def test_a_service_that_repeats_the_organisations_settings_is_no_other_definition() -> None:
    definitions = Definitions(clock="merged", services=(("api", Definitions(clock="merged")),))
    assert definitions.as_dict() == Definitions(clock="merged").as_dict()
    assert definitions.hash == Definitions(clock="merged").hash

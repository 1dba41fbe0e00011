"""The JSON report: a contract that is documented, complete and exact, also for texts made to confuse."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from dashboard.report.json import render
from dora.overrides import Override, Overrides
from dora.warehouse import Reader
from metrics.deployment_story import deployment_story
from metrics.story import DeploymentStory
from tests.stories import HOSTILE, SERVICE, day, deployment, hostile, ordinary, publish, reverted

END = day(40)
CONTRACT = Path(__file__).parents[2] / "docs" / "report.md"


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    lost = deployment(99, day(30), id="lost", sha="f" * 40)
    return publish(tmp_path_factory.mktemp("json"), [*ordinary(), *reverted(), *hostile(), lost])


def report(reader: Reader, name: str, as_of: datetime = END) -> dict[str, object]:
    whole = json.loads(render(deployment_story(reader, f"ci/{name}", as_of)))
    assert isinstance(whole, dict)
    return whole


def test_no_evidence_counts_once_a_person_absolved_the_deployment(tmp_path: Path) -> None:
    said = Override(deployment="ci/bad", service=SERVICE, environment="production", reason="it was the network")
    reader = publish(tmp_path, [*ordinary(), *reverted()], Overrides(absolve=(said,)))
    told = report(reader, "bad")
    assert told["verdict"]["state"] == "not failed"  # type: ignore[index]
    assert {row["kind"]: row["why_not"] for row in told["evidence"]} == {  # type: ignore[attr-defined]
        "absolved": "a person decided that this deployment did not fail",
        "linked_incident": "a person decided otherwise",
        "revert": "a person decided otherwise",
    }
    [absolved] = [row for row in told["evidence"] if row["kind"] == "absolved"]  # type: ignore[attr-defined]
    assert (absolved["recovery_id"], absolved["recovered_at"]) == (None, None)
    reader.close()


def leaves(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    """Every value that is no object and no list, with the key it stands under."""
    if isinstance(value, dict):
        for key, inside in value.items():
            yield from leaves(inside, key)
    elif isinstance(value, list):
        for inside in value:
            yield from leaves(inside, name)
    else:
        yield name, value


def test_report_is_versioned_and_holds_the_whole_story(reader: Reader) -> None:
    whole = report(reader, "bad")
    assert whole["schema_version"] == 1
    assert set(whole) == {"schema_version", *DeploymentStory.__dataclass_fields__}


def test_documented_keys_are_the_keys_of_the_report(reader: Reader) -> None:
    documented = re.findall(r"^\| `(\w+)` \|", CONTRACT.read_text().partition("## JSON")[2], re.MULTILINE)
    assert documented == list(report(reader, "bad"))


def test_states_are_documented() -> None:
    for state in ("failed", "not failed", "pending", "not judged"):
        assert f"| `{state}` |" in CONTRACT.read_text()


@pytest.mark.parametrize("name", ["bad", "d0", "worst", "lost"])
def test_times_are_iso_8601_in_utc(name: str, reader: Reader) -> None:
    times = [value for key, value in leaves(report(reader, name)) if key.endswith("_at") or key in ("at", "as_of")]
    assert any(times)
    for value in times:
        assert value is None or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", str(value))


def test_unknown_is_null_and_never_zero(reader: Reader) -> None:
    lost = report(reader, "lost")
    assert [(row["value"], row["share_below"]) for row in [*lost["batch"], lost["lead_time"]]] == [(None, None)] * 4  # type: ignore[index,misc]
    assert [span["seconds"] for span in report(reader, "worst")["spans"] if span["why_unknown"]].count(0) == 0  # type: ignore[index,attr-defined]


def test_open_failure_is_open_with_its_length_so_far(reader: Reader) -> None:
    recovery = report(reader, "bad", day(12, 30))["recovery"]
    assert isinstance(recovery, dict)
    assert (recovery["is_open"], recovery["seconds"], recovery["recovered_at"]) == (True, 1800.0, None)


@pytest.mark.parametrize("text", HOSTILE)
def test_id_comes_back_exactly(text: str, reader: Reader) -> None:
    deployed = report(reader, text)["deployment"]
    assert isinstance(deployed, dict)
    assert (deployed["deployment_id"], deployed["service"], deployed["version"]) == (f"ci/{text}", text, text)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_letter_that_a_terminal_obeys_is_left(text: str, reader: Reader) -> None:
    written = render(deployment_story(reader, f"ci/{text}", day(40)))
    assert re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", written) == []


def test_only_web_links_are_links(reader: Reader) -> None:
    assert {value for key, value in leaves(report(reader, "worst")) if key == "url"} == {None}

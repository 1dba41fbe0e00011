"""The pages as Streamlit runs them, on published files of every size and temper."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import units
from dashboard.figures import FIGURES
from dashboard.launch import APP
from dashboard.reading import read
from dashboard.views import choices, shell
from dora.definitions import Definitions
from dora.model import Incident
from dora.period import parse_period
from dora.warehouse import Reader
from metrics.build import Setting
from metrics.deployment_list import deployment_list
from metrics.known_names import known_names
from metrics.question import Question, published_as_of
from metrics.scorecard import scorecard
from tests.organisations import publish, publish_empty, publish_records, service_records

Open = Callable[..., AppTest]
HOSTILE = [
    "<script>alert(1)</script>", "[x](javascript:alert(1))", "$x^2$ :red[boo] www.evil.example", "'; drop table deployments; --",
]  # fmt: skip


def _deploys(path: str) -> None:
    from pathlib import Path

    from dashboard.views import deploys, shell

    shell.page(Path(path), deploys.show)()


def _data(path: str) -> None:
    from pathlib import Path

    from dashboard.views import data, shell

    shell.page(Path(path), data.show)()


@pytest.fixture
def overview(monkeypatch: pytest.MonkeyPatch) -> Open:
    """The whole app on its first page."""

    def start(published: Path, **address: str) -> AppTest:
        monkeypatch.setattr(sys, "argv", ["app.py", str(published)])
        app = AppTest.from_file(str(APP), default_timeout=60)
        app.query_params.update(address)
        return app.run()

    return start


def _page(function: Callable[[str], None], published: Path, **address: str) -> AppTest:
    app = AppTest.from_function(function, args=(str(published),), default_timeout=60)
    app.query_params.update(address)
    return app.run()


def _texts(app: AppTest) -> str:
    parts = [*app.markdown, *app.caption, *app.title, *app.subheader, *app.warning, *app.info, *app.error]
    html = [element.proto.body for element in app.get("html")]
    return "\n".join([*(str(part.value) for part in parts), *html])


def _whole(published: Path, length: str) -> Question:
    def ask(reader: Reader) -> Question:
        as_of = published_as_of(reader)
        return Question(period=parse_period(length, None, as_of), as_of=as_of)

    return read(published, ask)[1]


@pytest.mark.parametrize(("chosen", "length"), [("90 days", "90d"), ("30 days", "30d"), ("2025", "2025")])
def test_the_tiles_show_the_figures_of_the_scorecard_for_the_period_in_the_address(
    tmp_path: Path, overview: Open, chosen: str, length: str
) -> None:
    published = publish(tmp_path, ["Atlas", "Beacon"])
    app = overview(published, period=chosen)
    assert not app.exception
    question = _whole(published, length)
    total = read(published, lambda reader: scorecard(reader, question))[1].groups[0]
    assert {tile.label: tile.value for tile in app.metric} == {
        figure.title: figure.text(figure.of(total)) for figure in FIGURES
    }


def test_a_team_in_the_address_narrows_every_figure(tmp_path: Path, overview: Open) -> None:
    published = publish(tmp_path, ["Atlas", "Beacon"])
    app = overview(published, team="Beacon")
    assert app.multiselect(key="team").value == ["Beacon"]
    assert "20 deployments on" in _texts(app)
    assert "Beacon ·" in _texts(app)


def test_days_before_the_data_begins_make_no_rise_of_frequency(tmp_path: Path, overview: Open) -> None:
    """The data begins on 1 May: of the 40 days before 21 May it knows 20, with half of the deployments of the 40 after."""
    address = {"period": "custom", "from": "2025-05-21", "to": "2025-06-29"}
    app = overview(publish(tmp_path, ["Atlas"], each=60), **address)
    assert not app.exception
    assert "insufficient data to compare with the 40 days before, fewer than 4 whole weeks" in _texts(app)
    assert "better** than the 40 days before" not in _texts(app)


def test_a_choice_that_does_not_exist_is_the_default_not_an_error(tmp_path: Path, overview: Open) -> None:
    app = overview(publish(tmp_path, ["Atlas"]), period="sometime", edition="1999", team="nobody")
    assert not app.exception
    assert app.selectbox(key="period").value == "90 days"
    assert app.selectbox(key="edition").value == "2024"


@pytest.mark.parametrize("edition", ["2019", "2024"])
def test_the_edition_names_its_own_levels(tmp_path: Path, overview: Open, edition: str) -> None:
    text = _texts(overview(publish(tmp_path, ["Atlas"]), edition=edition))
    assert f"levels of the {edition} report" in text
    assert ("0–15 %" in text) == (edition == "2019")


def test_without_a_file_the_page_says_which_command_makes_it(tmp_path: Path, overview: Open) -> None:
    app = overview(tmp_path / "published.duckdb")
    assert not app.exception
    assert "nothing is published yet; run `dora ingest` first" in _texts(app)
    assert "dora demo" in app.code[0].value


def test_a_file_that_is_no_database_is_a_sentence(tmp_path: Path, overview: Open) -> None:
    broken = tmp_path / "published.duckdb"
    broken.write_bytes(b"not a database at all" * 1000)
    app = overview(broken)
    assert not app.exception
    assert "not a readable DuckDB file" in _texts(app)


def test_no_deployment_is_insufficient_data_and_never_zero(tmp_path: Path, overview: Open) -> None:
    app = overview(publish_empty(tmp_path))
    assert not app.exception
    assert [tile.value for tile in app.metric] == ["no data"] * 5
    assert "holds no production deployment yet" in _texts(app)
    deploys, data = (_page(page, tmp_path / "published.duckdb") for page in (_deploys, _data))
    assert not deploys.exception
    assert not data.exception
    assert "nothing is recorded yet" in _texts(data)


def test_an_empty_period_says_when_the_last_known_deployment_was(tmp_path: Path, overview: Open) -> None:
    published = publish(tmp_path, ["Atlas"])
    address = {"period": choices.CUSTOM, "from": "2024-01-01", "to": "2024-02-01"}
    app, deploys = overview(published, **address), _page(_deploys, published, **address)
    assert [tile.value for tile in app.metric] == ["no data"] * 5
    last_at = read(published, known_names)[1].last_at
    for page in (app, deploys):
        assert f"The newest known deployment is of {last_at:%Y-%m-%d}." in _texts(page)
    assert [text.value for text in deploys.caption if text.value.startswith("Failed: evidence of")]


def test_without_incidents_and_checks_the_overview_says_what_the_fail_rate_rests_on(
    tmp_path: Path, overview: Open
) -> None:
    records = [record for record in service_records(0, 60, 20, "Change") if not isinstance(record, Incident)]
    blind = publish_records(tmp_path, records, Setting(Definitions()))
    assert "No source records incidents or checks" in str(_texts(overview(blind)))
    assert "No source records" not in str(_texts(overview(publish(tmp_path / "told", ["Atlas"]))))


def test_of_two_hundred_teams_the_busiest_are_drawn_and_the_rule_is_stated(tmp_path: Path, overview: Open) -> None:
    published = publish(tmp_path, [f"Team {n:03d}" for n in range(200)], each=4)
    app = overview(published)
    assert not app.exception
    assert "the 24 of 200 teams with the most deployments" in _texts(app)
    assert (
        app.dataframe[0].value.height == 200
        if hasattr(app.dataframe[0].value, "height")
        else len(app.dataframe[0].value) == 200
    )
    picked = app.multiselect(key="draw").set_value(["Team 150"]).run()
    assert not picked.exception
    assert "the 24 of 200" not in _texts(picked)


def test_hostile_names_are_text_on_every_page(tmp_path: Path, overview: Open) -> None:
    published = publish(tmp_path, HOSTILE, subject="<img src=x onerror=alert(1)> [a](javascript:alert(2)) $y$")
    app = overview(published)
    deploys = _page(_deploys, published)
    one = _page(_deploys, published, deployment="ci/0-3")
    assert not any(page.exception for page in (app, deploys, one))
    text = _texts(app) + _texts(one)
    assert "<script" not in text
    assert "<img" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    markdown = "\n".join(str(part.value) for page in (app, one) for part in [*page.markdown, *page.caption])
    assert not any(name in markdown for name in HOSTILE)


@pytest.mark.parametrize("made_up", [True, False])
def test_made_up_data_says_so_on_every_page_and_real_data_never(tmp_path: Path, overview: Open, made_up: bool) -> None:
    published = publish(tmp_path, ["Atlas"], made_up=made_up)
    for app in (overview(published), _page(_deploys, published), _page(_data, published)):
        assert any(shell.BANNER in str(warning.value) for warning in app.warning) == made_up


def test_the_list_counts_what_the_metrics_layer_lists(tmp_path: Path) -> None:
    published = publish(tmp_path, ["Atlas", "Beacon"])
    question = _whole(published, "90d")
    failed = read(published, lambda reader: deployment_list(reader, question, "failed"))[1]
    app = _page(_deploys, published, state="failed")
    assert not app.exception
    assert len(app.dataframe[0].value) == failed.height == 8
    assert f"{failed.height} deployments to production" in _texts(app)


@pytest.mark.parametrize(
    ("text", "left"), [("SERVICE-1", 20), ("beacon", 20), ("v3", 2), ("nothing like it", 0), (".*", 0)]
)
def test_search_finds_text_in_any_case_and_takes_it_literally(tmp_path: Path, text: str, left: int) -> None:
    app = _page(_deploys, publish(tmp_path, ["Atlas", "Beacon"]), text=text)
    assert not app.exception
    assert f"{left} deployments to production" in _texts(app)


def test_a_deployment_in_the_address_opens_with_its_evidence_and_its_reports(tmp_path: Path) -> None:
    app = _page(_deploys, publish(tmp_path, ["Atlas"]), deployment="ci/0-3")
    assert not app.exception
    assert "service-0 v3" in _texts(app)
    assert {tile.label: tile.value for tile in app.metric}["Recovery"] == units.duration(4 * 3600)
    assert [button.proto.label for button in app.get("download_button")] == [
        "Download HTML", "Download Markdown", "Download JSON",
    ]  # fmt: skip


def test_an_unknown_deployment_is_a_sentence_with_the_nearest_ones(tmp_path: Path) -> None:
    app = _page(_deploys, publish(tmp_path, ["Atlas"]), deployment="ci/<b>none</b>")
    assert not app.exception
    assert "no deployment" in _texts(app)
    assert "<b>none" not in _texts(app)


def test_the_data_page_shows_rejected_rows_and_the_definitions_that_made_the_numbers(tmp_path: Path) -> None:
    published = publish(tmp_path, ["Atlas"])
    app = _page(_data, published)
    assert not app.exception
    assert {tile.label: tile.value for tile in app.metric}["Rejected rows"] == "1"
    assert read(published, lambda reader: reader.meta()["definitions_hash"])[1] in _texts(app)
    assert any("no such status" in frame.value.to_string() for frame in app.dataframe)
    newest = read(published, lambda reader: reader.meta()["data_as_of"])[1]
    assert f"the newest record is of {newest[:16]} UTC" in _texts(app)

"""Trends over made-up weeks: arrows only with evidence, limits only from whole weeks that are over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from dora.definitions import Definitions
from dora.model import Commit, Deployment
from dora.period import Period
from metrics.build import Setting
from metrics.catalog import METRICS
from metrics.own_past import Change
from metrics.question import Question
from metrics.services import Ownership, ServiceName
from metrics.trends import Trend, TrendCard, trends, whole_buckets
from metrics.weeks import known_times
from tests.in_memory import facts_of_records

MONDAY = datetime(2025, 1, 6, tzinfo=UTC)
WEEK = timedelta(weeks=1)


def _asked(
    weekly: Sequence[int],
    weeks: int,
    as_of: datetime | None = None,
    timezone: str = "UTC",
    began: datetime | None = None,
    owners: Sequence[Ownership] = (),
) -> TrendCard:
    """`weekly` deployments from MONDAY on, the question over the last `weeks` of them, by team when there are `owners`."""
    moments = [
        MONDAY + number * WEEK + timedelta(hours=9) + place * timedelta(days=5) / count
        for number, count in enumerate(weekly)
        for place in range(count)
    ]
    commit = Commit(repository="shop", sha="c0", parents=(), authored_at=MONDAY, committed_at=MONDAY)
    deployments = [
        Deployment(source="test", id=f"d{i}", service="shop", repository="shop", sha="c0", finished_at=at)
        for i, at in enumerate(moments)
    ]
    setting = Setting(Definitions(timezone=timezone), [ServiceName(service="shop", repository="shop")], owners)
    reader = facts_of_records([commit, *deployments], setting)
    end = MONDAY + len(weekly) * WEEK
    period = Period(end - weeks * WEEK, end)
    question = Question(
        period=period,
        as_of=as_of or end + WEEK,
        data_from=began,
        by="team" if owners else "organisation",
        definitions=setting.definitions,
    )
    return trends(reader, question)


def _frequency(card: TrendCard, group: int = 0) -> Trend:
    return next(trend for trend in card.groups[group].trends if trend.metric == "deployment_frequency")


def test_twice_as_many_deployments_get_an_arrow_and_one_more_does_not() -> None:
    doubled = _frequency(_asked([5] * 12 + [10] * 12, 12))
    assert (doubled.arrow, doubled.better) == ("up", True)
    assert doubled.change.ratio == pytest.approx(2)
    same = _frequency(_asked([5] * 12 + [5] * 11 + [6], 12))
    assert (same.arrow, same.better) == (None, None)
    assert same.change.ratio == pytest.approx(61 / 60)


def test_every_metric_has_a_trend_also_without_data() -> None:
    found = {trend.metric: trend for trend in _asked([5] * 20, 10).groups[0].trends}
    assert set(found) == set(METRICS)
    assert found["failed_deployment_recovery_time"].limits.state == "insufficient data"
    assert found["failed_deployment_recovery_time"].arrow is None
    assert found["change_fail_rate"].limits.state == "steady"


def test_a_week_far_from_the_others_is_outside_and_named_by_its_monday() -> None:
    trend = _frequency(_asked([5, 6] * 6 + [5, 6, 5, 6, 5, 40, 5, 6, 5, 6], 10))
    outside = [start for start, point in zip(trend.starts, trend.limits.points, strict=True) if point.outside]
    assert outside == [f"{MONDAY + 17 * WEEK:%Y-%m-%d}"]


def test_a_service_with_three_deployments_in_half_a_year_has_no_week_outside() -> None:
    trend = _frequency(_asked([0] * 34 + [1] + [0] * 6 + [1] + [0] * 5 + [1] + [0] * 4, 26))
    assert (trend.now.n, trend.limits.state) == (3, "steady")
    assert trend.limits.points[0].high == pytest.approx(2 / 7)


def test_a_week_that_is_not_over_has_no_point() -> None:
    weekly = [5] * 20
    end = MONDAY + 20 * WEEK
    assert len(_frequency(_asked(weekly, 10, end)).limits.points) == 10
    half = _frequency(_asked([*weekly[:-1], 1], 10, end - timedelta(days=3)))
    assert len(half.limits.points) == 9
    assert half.starts[-1] == f"{end - 2 * WEEK:%Y-%m-%d}"
    assert half.limits.state == "steady"


def test_weeks_begin_at_midnight_of_the_zone_also_across_a_clock_change() -> None:
    berlin = "Europe/Berlin"
    period = Period(datetime(2025, 3, 2, 23, tzinfo=UTC), datetime(2025, 4, 20, 22, tzinfo=UTC))
    question = Question(period=period, as_of=period.end, definitions=Definitions(timezone=berlin))
    weeks = whole_buckets(question, "week", [period])
    assert len(weeks) == 7
    assert min(week.start for week in weeks) == period.start
    assert {week.seconds / 3600 for week in weeks} == {167, 168}


def test_data_that_begins_within_the_period_before_makes_no_arrow() -> None:
    """Five deployments a week for 16 weeks, 12 of them asked for: the other 8 before them are not known, and no fall."""
    card = _asked([0] * 8 + [5] * 16, 12, began=MONDAY + 8 * WEEK + timedelta(hours=9))
    trend = _frequency(card)
    assert trend.change.ratio == pytest.approx(1)
    assert trend.arrow is None
    assert _frequency(_asked([0] * 8 + [5] * 16, 12)).arrow == "up"
    assert card.notes == (
        "the period before begins 56 days before the data, and figures per day count these days too, but their change does not",
    )


def test_weeks_before_the_data_have_no_point_and_no_part_in_the_limits() -> None:
    began = MONDAY + 4 * WEEK + timedelta(hours=9)
    trend = _frequency(_asked([0] * 4 + [5] * 16, 20, began=began))
    assert trend.starts[0] == f"{MONDAY + 4 * WEEK:%Y-%m-%d}"
    assert [point.value for point in trend.limits.points] == pytest.approx([5 / 7] * 16)


def test_a_period_before_of_which_nothing_is_known_has_no_frequency() -> None:
    trend = _frequency(_asked([0] * 12 + [5] * 12, 12, began=MONDAY + 12 * WEEK))
    assert (trend.before.value, trend.change) == (None, Change())


def test_a_service_that_changes_teams_is_no_rise_of_one_and_no_fall_of_the_other() -> None:
    """Seven a week throughout, handed over twelve days before the second twelve weeks."""
    card = _handed_over(MONDAY + 10 * WEEK + timedelta(days=2))
    new, old = _frequency(card), _frequency(card, 1)
    assert (new.change.ratio, new.arrow) == (pytest.approx(1, rel=0.1), None)
    assert (old.now.value, old.change, old.limits.points) == (None, Change(), ())
    assert card.notes == (
        "ownership leaves out 84 days of old in the period, and figures per day count these days too, but their change does not",
        "ownership leaves out 72 days of new, 12 days of old in the period before, and figures per day count these days too, "
        "but their change does not",
    )


def test_a_week_that_was_owned_in_part_has_no_point_and_is_not_told_by_how_much_weeks_vary() -> None:
    card = _handed_over(MONDAY + 14 * WEEK + timedelta(days=2))
    new, old = _frequency(card), _frequency(card, 1)
    assert (new.starts[0], len(new.starts)) == (f"{MONDAY + 15 * WEEK:%Y-%m-%d}", 9)
    assert (old.starts[-1], len(old.starts)) == (f"{MONDAY + 13 * WEEK:%Y-%m-%d}", 2)
    assert (old.change.ratio, old.change.reason) == (pytest.approx(1, rel=0.2), "fewer than 4 whole weeks")


def _handed_over(at: datetime) -> TrendCard:
    """Twelve weeks and those before with seven deployments each, of a service that the old team hands to the new."""
    owners = [
        Ownership(team="new", service="shop", owned_from=at),
        Ownership(team="old", service="shop", owned_until=at),
    ]
    return _asked([7] * 24, 12, owners=owners)


def test_weeks_that_the_period_cuts_are_left_out() -> None:
    period = Period(MONDAY + timedelta(days=2), MONDAY + 3 * WEEK + timedelta(days=2))
    question = Question(period=period, as_of=period.end)
    assert {week.start for week in whole_buckets(question, "week", [period])} == {MONDAY + WEEK, MONDAY + 2 * WEEK}


def test_the_period_before_has_the_same_length_and_ends_where_this_one_begins() -> None:
    card = _asked([5] * 24, 12)
    assert card.before == Period(MONDAY, MONDAY + 12 * WEEK)
    assert _frequency(card).before.n == 60


def test_weeks_that_vary_more_than_counts_do_widen_the_change_of_frequency() -> None:
    """60 deployments after 40, spread evenly or in bursts: the ratio is the same, the evidence is not."""
    even = _frequency(_asked([4] * 10 + [6] * 10, 10)).change
    bursts = _frequency(_asked([0, 8] * 5 + [0, 12] * 5, 10)).change
    assert even.ratio == bursts.ratio == pytest.approx(1.5)
    assert even.interval[0] is not None
    assert bursts.interval[0] is not None
    assert bursts.interval[0] < even.interval[0] / 1.2


def test_no_release_day_in_four_weeks_after_one_of_twelve_deployments_has_no_arrow() -> None:
    assert _frequency(_asked([0, 12, 0, 0] + [0] * 4, 4)).arrow is None
    assert _frequency(_asked([3, 3, 3, 3] + [0] * 4, 4)).arrow == "down"


def test_three_weeks_against_three_have_no_arrow() -> None:
    trend = _frequency(_asked([2] * 12 + [9] * 3, 3))
    assert trend.arrow is None
    assert trend.change.reason == "fewer than 4 whole weeks"
    assert _frequency(_asked([2] * 12 + [9] * 4, 4)).arrow == "up"


def test_four_weeks_that_are_an_hour_short_are_four() -> None:
    """The clocks of New York go forward on 9 March 2025."""
    period = Period(datetime(2025, 3, 3, 5, tzinfo=UTC), datetime(2025, 3, 31, 4, tzinfo=UTC))
    setting = Setting(Definitions(timezone="America/New_York"), [ServiceName(service="shop", repository="shop")])
    question = Question(period=period, as_of=period.end, definitions=setting.definitions)
    told = known_times(facts_of_records([], setting), question)
    assert [len(known.weekly) for known in told.values()] == [4]


def test_forty_changes_in_two_deployments_are_no_evidence_of_a_lead_time() -> None:
    found = [_lead(hours, batch) for hours, batch in ((1, 1), (1, 20))]
    assert [trend.now.n for trend in found] == [40, 40]
    assert found[0].arrow == "down"
    assert found[1].arrow is None
    assert [trend.change.ratio for trend in found] == pytest.approx([1 / 8] * 2, rel=0.01)


def _lead(hours: float, batch: int) -> Trend:
    """40 changes in ten weeks after 40 that took eight times as long, so many a deployment."""
    commits, deployments = [Commit(repository="shop", sha="c0", committed_at=MONDAY)], []
    shas = ["c0"]
    for place in range(80 // batch):
        at = MONDAY + timedelta(hours=2) + (place + 1) * batch * timedelta(weeks=20) / 80
        waited = timedelta(hours=hours if place >= 40 // batch else 8 * hours)
        for one in range(batch):
            sha = f"c{len(shas)}"
            begun = at - timedelta(minutes=30) - waited - timedelta(seconds=one)
            commits.append(
                Commit(repository="shop", sha=sha, parents=(shas[-1],), committed_at=begun + timedelta(minutes=30))
            )
            shas.append(sha)
        deployments.append(
            Deployment(
                source="test",
                id=f"d{place}",
                service="shop",
                repository="shop",
                sha=shas[-1],
                finished_at=at - timedelta(seconds=1),
            )
        )
    first = Deployment(
        source="test", id="d", service="shop", repository="shop", sha="c0", finished_at=MONDAY + timedelta(hours=1)
    )
    setting = Setting(Definitions(), [ServiceName(service="shop", repository="shop")], [])
    reader = facts_of_records([*commits, first, *deployments], setting)
    end = MONDAY + timedelta(weeks=20, hours=2)
    period = Period(end - timedelta(weeks=10), end)
    card = trends(reader, Question(period=period, as_of=end, definitions=setting.definitions))
    return next(trend for trend in card.groups[0].trends if trend.metric == "change_lead_time")


def test_a_lead_time_that_grew_is_worse_and_one_that_fell_is_better() -> None:
    """Five changes a week, each deployed by itself: an hour after it was written in twelve weeks, ten hours in the other twelve."""
    for hours, arrow, better in (([1] * 12 + [10] * 12, "up", False), ([10] * 12 + [1] * 12, "down", True)):
        card = _lead_times(hours)
        trend = next(trend for trend in card.groups[0].trends if trend.metric == "change_lead_time")
        assert (trend.arrow, trend.better) == (arrow, better)
        assert trend.change.ratio == pytest.approx(hours[-1] / hours[0])


def _lead_times(hours: Sequence[int]) -> TrendCard:
    """By week the hours from commit to deployment, five times a week; the question is over the later half."""
    moments = [
        (MONDAY + n * WEEK + day * timedelta(days=1, minutes=n), after)
        for n, after in enumerate(hours)
        for day in range(5)
    ]
    commits = [
        Commit(repository="shop", sha=f"c{i}", parents=(f"c{i - 1}",) if i else (), committed_at=at, authored_at=at)
        for i, (at, _) in enumerate(moments)
    ]
    deployments = [
        Deployment(
            source="test", id=f"d{i}", service="shop", repository="shop", sha=f"c{i}",
            finished_at=at + timedelta(hours=after),
        )
        for i, (at, after) in enumerate(moments)
    ]  # fmt: skip
    setting = Setting(Definitions(), [ServiceName(service="shop", repository="shop")])
    end = MONDAY + len(hours) * WEEK
    question = Question(period=Period(end - len(hours) // 2 * WEEK, end), as_of=end + WEEK)
    return trends(facts_of_records([*commits, *deployments], setting), question)

"""The made-up organisation: six teams, forty services, and the way each team works, as plain data.

Nothing here describes a real organisation or person. Every pair `(first, last)` is the value at the start and
at the end of the history; between them it changes evenly, so that each team also has a past to compare with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

NAME = "Example organisation (made-up data)"
OWNER = "example"
MAIL_DOMAIN = "example.com"
UPDATES_BOT = "dependency-updates[bot]"
PROMOTION_BOT = "promotion[bot]"
#: The service that changes hands, from whom, to whom, and how many days before the end.
MOVED_SERVICE = "gift-cards"
MOVED_FROM, MOVED_TO, MOVED_DAYS_AGO = "Catalogue", "Checkout", 245

Range = tuple[float, float]
Cadence = Literal["merge", "weekly", "fortnightly", "quarterly"]
Deployer = Literal["bot", "author", "release"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """One team and its character.

    repository: one repository for all its services, else one each.  path_globs: the services share it by folder.
    pulls_per_week: merged pull requests a week and repository.  *_hours: medians of log-normal spans.
    wait_hours: from the merge (cadence `merge`) or from the cut (scheduled) to production.
    fail_rate: share of deployments that break something.  modes: how failures show and end, as weights.
    chain_rate: share of fixes that break again.  stumble_rate: rollouts that fail or are cancelled.
    """

    name: str
    services: tuple[str, ...]
    members: int
    pulls_per_week: Range
    cadence: Cadence
    wait_hours: Range
    fail_rate: Range
    recovery_hours: Range
    modes: Mapping[str, float]
    repository: str | None = None
    path_globs: bool = False
    gitops: bool = False
    staging: bool = True
    squash: bool = True
    deployer: Deployer = "bot"
    commits_per_pull: int = 1
    coding_hours: float = 6.0
    pickup_hours: float = 2.0
    review_hours: float = 2.0
    chain_rate: float = 0.04
    stumble_rate: float = 0.03
    bot_share: float = 0.12
    version: str = "release-{n}"
    flaky: Mapping[str, float] = field(default_factory=dict)


TEAMS: tuple[Team, ...] = (
    Team(  # small batches, promoted automatically after a rehearsal: close to elite
        name="Checkout",
        services=(
            "basket", "checkout-api", "checkout-web", "delivery-options", "discounts", "order-confirmation",
            "stock-reservation",
        ),
        members=9, gitops=True,
        pulls_per_week=(1.6, 3.6), cadence="merge", wait_hours=(9.0, 2.2),
        fail_rate=(0.06, 0.033), recovery_hours=(1.1, 0.55),
        modes={"rollback": 5, "verification": 2, "revert": 2, "flag": 2, "incident": 1},
        coding_hours=4.0, pickup_hours=0.8, review_hours=0.7, chain_rate=0.02, stumble_rate=0.015,
        flaky={"integration-tests": 0.02, "smoke-test": 0.006},
    ),
    Team(  # everything of a week in one release on Tuesday
        name="Catalogue",
        services=(
            "categories", "gift-cards", "images", "prices", "product-api", "product-web", "reviews", "suppliers",
        ),
        members=11,
        pulls_per_week=(2.2, 2.8), cadence="weekly", wait_hours=(26.0, 22.0),
        fail_rate=(0.14, 0.12), recovery_hours=(9.0, 5.0),
        modes={"hotfix": 4, "incident": 3, "rollback": 2, "revert": 1},
        version="{year}.{n}", deployer="author", coding_hours=12.0, pickup_hours=7.0, review_hours=5.0, chain_rate=0.08,
        flaky={"end-to-end-tests": 0.09, "integration-tests": 0.04},
    ),
    Team(  # fast, without a rehearsal, and breaking more as it gets faster
        name="Discovery",
        services=(
            "autocomplete", "landing-pages", "personalisation", "recommendations", "search-api", "search-web",
            "trending",
        ),
        members=7, gitops=True, staging=False,
        pulls_per_week=(1.5, 2.7), cadence="merge", wait_hours=(1.2, 0.5),
        fail_rate=(0.14, 0.23), recovery_hours=(2.0, 2.6),
        modes={"revert": 4, "hotfix": 4, "rollback": 3, "incident": 2, "flag": 1},
        deployer="author", coding_hours=3.0, pickup_hours=0.5, review_hours=0.4, chain_rate=0.16,
        stumble_rate=0.05, bot_share=0.05,
        flaky={"unit-tests": 0.05, "smoke-test": 0.05},
    ),
    Team(  # regulated: two approvals, a release manager, fortnightly windows
        name="Payments",
        services=("card-vault", "fraud-checks", "invoicing", "payment-gateway", "refunds", "settlements"),
        members=10,
        pulls_per_week=(1.1, 1.2), cadence="fortnightly", wait_hours=(150.0, 96.0),
        fail_rate=(0.07, 0.05), recovery_hours=(7.0, 5.0),
        modes={"rollback": 4, "incident": 2, "verification": 1, "revert": 1, "hotfix": 1},
        version="v2.{n}", squash=False, deployer="release", commits_per_pull=2, coding_hours=20.0, pickup_hours=22.0,
        review_hours=14.0, chain_rate=0.03, stumble_rate=0.06,
        flaky={"security-scan": 0.06, "integration-tests": 0.03},
    ),
    Team(  # one repository, eight services by folder
        name="Platform",
        services=(
            "api-gateway", "audit-log", "feature-flags", "file-store", "identity", "notifications", "rate-limiter",
            "scheduler",
        ),
        members=8, repository="platform", path_globs=True,
        pulls_per_week=(11.0, 14.0), cadence="merge", wait_hours=(20.0, 7.0),
        fail_rate=(0.11, 0.075), recovery_hours=(3.0, 1.6),
        modes={"rollback": 4, "revert": 3, "incident": 2, "verification": 1, "flag": 1},
        version="build-{n}", coding_hours=7.0, pickup_hours=3.0, review_hours=2.0, chain_rate=0.05,
        flaky={"integration-tests": 0.05, "package": 0.02},
    ),
    Team(  # four releases a year, by night; too few in a quarter for a level
        name="Back office",
        services=("ledger", "reports", "staff-rota", "warehouse-stock"),
        members=5, repository="back-office",
        pulls_per_week=(3.2, 2.6), cadence="quarterly", wait_hours=(190.0, 160.0),
        fail_rate=(0.30, 0.34), recovery_hours=(70.0, 50.0),
        modes={"incident": 5, "hotfix": 2, "rollback": 2},
        version="v{n}.0", squash=False, deployer="release", commits_per_pull=2, coding_hours=40.0, pickup_hours=60.0,
        review_hours=30.0, chain_rate=0.15, stumble_rate=0.12, bot_share=0.0,
        flaky={"end-to-end-tests": 0.2, "deploy": 0.08},
    ),
)  # fmt: skip


def repository_of(team: Team, service: str) -> str:
    """The full name of the repository that holds a service."""
    return f"{OWNER}/{team.repository or service}"


def members_of(team: Team, teams: tuple[Team, ...] = TEAMS) -> tuple[str, ...]:
    """The made-up handles of a team, `dev-01` and so on; nobody is in two teams."""
    first = 1
    for other in teams:
        if other.name == team.name:
            break
        first += other.members
    return tuple(f"dev-{number:02d}" for number in range(first, first + team.members))


def release_managers(team: Team) -> tuple[str, ...]:
    """The handles of the people who deploy for a team that hands over."""
    return tuple(f"release-{team.name.lower().replace(' ', '-')}-{number}" for number in (1, 2))


def mail(handle: str) -> str:
    """The made-up address of a handle; a bot keeps its brackets out of it."""
    return f"{handle.replace('[bot]', '-bot')}@{MAIL_DOMAIN}"

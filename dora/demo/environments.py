"""The made-up GitOps repository: which version of a service runs where, one YAML file a service and environment."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby
from random import Random

from dora.demo.events import History, Rollout
from dora.demo.git_objects import MadeRepository
from dora.demo.organisation import OWNER, PROMOTION_BOT

NAME = f"{OWNER}/environments"
FILES = "environments/{environment}/{service}.yaml"
VERSION_KEY = "image_tag"


def make_environments(history: History, rng: Random) -> MadeRepository:
    """Write every succeeded GitOps rollout as a commit and give the rollout the id that reading it will give.

    A rollout that changes no file (the same version again) cannot be seen in such a repository and is dropped.
    """
    made = MadeRepository(NAME)
    written = [r for r in history.rollouts if r.mechanism == "gitops" and r.status == "succeeded"]
    start = min((r.created_at for r in written), default=history.since) - timedelta(hours=1)
    made.commit("Begin", PROMOTION_BOT, start, {"README.md": "Made-up data.\n"})
    running: dict[tuple[str, str], str] = {}
    visible = {id(r) for r in history.rollouts} - {id(r) for r in written}
    replicas = 2
    for (at, _), group in groupby(written, key=lambda r: (r.finished_at, r.service if r.purpose != "replay" else "")):
        moved = [r for r in group if running.get((r.environment, r.service)) != r.version]
        if not moved:
            continue
        running.update({(r.environment, r.service): r.version for r in moved})
        commit = made.commit(
            _subject(moved), moved[0].actor, at, {_path(r): _text(r.version, replicas) for r in moved},
            authored_at=moved[0].created_at,
        )  # fmt: skip
        for rollout in moved:
            visible.add(id(rollout))
            rollout.id = f"{commit.sha[:12]}:{rollout.environment}:{rollout.service}"
        if rng.random() < 0.01:  # a change that is no deployment
            replicas = rng.choice((2, 3, 4))
            made.commit(
                f"Run {replicas} copies", moved[0].actor, at, {_path(moved[0]): _text(moved[0].version, replicas)}
            )
    history.rollouts = [rollout for rollout in history.rollouts if id(rollout) in visible]
    return made


def _path(rollout: Rollout) -> str:
    return FILES.format(environment=rollout.environment, service=rollout.service)


def _text(version: str, replicas: int) -> str:
    return f'# made-up data\n{VERSION_KEY}: "{version}"\nreplicas: {replicas}\n'


def _subject(moved: list[Rollout]) -> str:
    if len(moved) > 1:
        return f"Restore the state of {len(moved)} services"
    return f"Deploy {moved[0].service} {moved[0].version} to {moved[0].environment}"

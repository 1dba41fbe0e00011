"""The peers by name: what their modules answer, with the rules that files of the same names tell."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from dora.errors import ConfigError
from metrics.peers import devlake, fourkeys, gitlab, metrik, middleware, pelorus
from metrics.peers.facts import Facts
from metrics.peers.peer import Figure, Peer, Rule

_FIGURES: Mapping[str, Callable[[Facts], Iterator[Figure]]] = {
    "devlake": devlake.figures,
    "fourkeys": fourkeys.figures,
    "gitlab": gitlab.figures,
    "middleware": middleware.figures,
    "metrik": metrik.figures,
    "pelorus": pelorus.figures,
}


def _peer(name: str) -> Peer:
    told = tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text("utf-8"))
    rules = tuple(Rule(**rule) for rule in told["rules"])
    return Peer(name=name, title=told["title"], read=told["read"], rules=rules, figures=_FIGURES[name])


PEERS: Mapping[str, Peer] = {name: _peer(name) for name in _FIGURES}


def peer(name: str) -> Peer:
    """The peer of that name; a `ConfigError` names those there are."""
    if name not in PEERS:
        raise ConfigError(f"no rules of {name!r} are known; choose one of {', '.join(PEERS)}")
    return PEERS[name]

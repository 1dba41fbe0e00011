"""The peers by name."""

from __future__ import annotations

from collections.abc import Mapping

from dora.errors import ConfigError
from metrics.peers import devlake, fourkeys, gitlab, metrik, middleware, pelorus
from metrics.peers.peer import Peer

PEERS: Mapping[str, Peer] = {
    peer.name: peer for peer in (devlake.PEER, fourkeys.PEER, gitlab.PEER, middleware.PEER, metrik.PEER, pelorus.PEER)
}


def peer(name: str) -> Peer:
    """The peer of that name; a `ConfigError` names those there are."""
    if name not in PEERS:
        raise ConfigError(f"no rules of {name!r} are known; choose one of {', '.join(PEERS)}")
    return PEERS[name]

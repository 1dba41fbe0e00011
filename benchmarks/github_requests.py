"""Requests per merged pull request on a backfill of 10,000, counted at a local server: at most 0.03.

    PYTHONPATH=. python benchmarks/github_requests.py [COUNT]

The made-up history: for every four merged pull requests one that was closed or is open; one in 150 with more
than 100 commits, one in 400 with more than 100 reviews.
"""

from __future__ import annotations

import logging
import sys
import time

from pytest_httpserver import HTTPServer

from dora.model import PullRequest
from tests.ingest.github_source import read_stream, source
from tests.servers import GitHubServer, Node, pull_request_node

ALLOWED = 0.03


def history(merged: int) -> list[Node]:
    """Nodes of a repository with that many merged pull requests."""
    nodes = []
    for i in range(1, merged * 5 // 4 + 1):
        commits, reviews = (140 if i % 150 == 0 else i % 9 + 1), (120 if i % 400 == 0 else i % 4)
        node = pull_request_node(i, i * 600, commits, reviews)
        if i % 5 == 0:
            node |= {"state": "CLOSED" if i % 10 else "OPEN", "mergedAt": None, "mergeCommit": None}
        nodes.append(node)
    return nodes


def measure(merged: int) -> tuple[int, int, float]:
    """Merged pull requests read, requests sent, seconds taken."""
    with HTTPServer() as local:
        server = GitHubServer(local)
        server.lists["pullRequests"] = history(merged)
        start = time.perf_counter()
        batches = read_stream(source(server), "pull_requests")
        taken = time.perf_counter() - start
    records = [record for batch in batches for record in batch.records if isinstance(record, PullRequest)]
    return sum(record.merged_at is not None for record in records), len(server.requests), taken


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    count, sent, seconds = measure(wanted)
    print(
        f"{sent} requests for {count:,} merged pull requests: {sent / count:.4f} each (allowed {ALLOWED}); {seconds:.0f} s"
    )
    sys.exit(count != wanted or sent / count > ALLOWED)

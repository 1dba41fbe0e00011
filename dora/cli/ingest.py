"""`dora ingest`: read the sources from where they stand, then build the facts and publish them."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from dora.cli.counts import counted
from dora.cli.forget import forget_sources, forgetting
from dora.cli.mismatches import say_mismatches
from dora.cli.options import config_option, note, progress
from dora.config import Config, SourceTable, cache_folder, load_config, salt_value
from dora.environment import secret_values, without_secrets
from dora.errors import ConfigError
from dora.tables import nearest, read_table

if TYPE_CHECKING:
    from ingest.source import Source
    from ingest.sync import StreamResult


@click.command("ingest")
@click.argument("names", nargs=-1, metavar="[SOURCE]...")
@config_option
@click.option("--since", metavar="90d|DATE", help="On a first read, nothing that ended before this.")
@click.option("--full", is_flag=True, help="Forget where the sources stand and read them from the start.")
@click.option(
    "--forget",
    multiple=True,
    metavar="NAME",
    help="Read nothing, but remove all records that the source NAME said, which dora.toml has no more, for good. "
    "Commits, paths, tags and names of people are kept by repository and stay. Repeatable.",
)
@click.option("--dry-run", is_flag=True, help="Read and count, store nothing; remove nothing.")
@click.option("--wait", type=float, default=0.0, metavar="SECONDS", help="How long to wait for another writer.")
def command(
    names: tuple[str, ...],
    config: str | None,
    since: str | None,
    full: bool,
    forget: tuple[str, ...],
    dry_run: bool,
    wait: float,
) -> None:
    """Read SOURCEs (default: all) from where they stand, build the facts, publish them.

    Incremental and resumable: killed at any moment, the next run goes on. One failing source stops alone; exit 3
    then says that the rest is stored, and exit 1 that every source failed and nothing of them is.
    """
    loaded = load_config(config)
    if forget:
        if names or since or full:
            raise ConfigError("--forget reads nothing; leave out SOURCE, --since and --full")
        forget_sources(loaded, forget, wait, dry_run)
        if not dry_run:
            say_mismatches(loaded)
        return
    chosen = _chosen(loaded, names)
    started = datetime.now(UTC)
    results = (
        _dry_run(loaded, chosen, since)
        if dry_run
        else _run(loaded, chosen, since, full, wait, None if names else started)
    )
    print_results(results)
    if not dry_run:
        say_mismatches(loaded)
        _log(loaded, started, results, complete=not names)
    if code := _exit_code(results):  # `dora demo` goes on after a good one
        sys.exit(code)


def _exit_code(results: Sequence[StreamResult]) -> int:
    """0 without an error, 1 when every stream failed before it read anything, 3 when something else was read."""
    if not any(result.error for result in results):
        return 0
    return 3 if any(result.read or not result.error for result in results) else 1


def open_sources(config: Config, tables: Sequence[SourceTable]) -> list[Source]:
    """Build the configured sources; a mistake in one's options is a `ConfigError` naming its table."""
    from ingest.source import Context, source_module

    globs: dict[str, tuple[str, ...]] = {}
    for service in config.services:
        if service.repository and service.paths:
            globs[service.repository] = (*globs.get(service.repository, ()), *service.paths)
    sources = []
    for table in tables:
        module = source_module(table.type, table.place)
        options = read_table(module.Options, table.options, table.place)
        context = Context(
            cache=cache_folder(),
            base=config.folder,
            salt=salt_value(config),
            secrets=secret_values(options),
            path_globs=globs,
            keep_names=config.warehouse.names,
            progress=progress(),
        )
        sources.append(module.open_source(table.name, options, context))
    return sources


def print_results(results: Sequence[StreamResult]) -> None:
    """Counts per source and stream on stderr; errors last, each with its source."""
    from dora.cli.tables import write_table

    progress()("")
    rows, idle = [], Counter[str]()
    for result in results:
        if not (result.read or result.changed or result.rejected or result.error or result.remark):
            idle[result.source] += 1
            continue
        read = ", ".join(counted(count, table) for table, count in sorted(result.read.items()))
        changed = "new data" if result.read else "rows removed"
        state = "failed" if result.error else (changed if result.changed else result.remark or "unchanged")
        rows.append([result.source, result.stream, state, read or "-", f"{result.changed:,}", f"{result.rejected:,}"])
    rows += [
        [source, f"{count} streams" if count > 1 else "1 stream", "unchanged", "-", "0", "0"]
        for source, count in idle.items()
    ]
    write_table(["source", "stream", "state", "read", "stored", "rejected"], rows, sys.stderr)
    for result in results:
        if result.error:
            note(f"dora: {_placed(result, result.error)}")


def _placed(result: StreamResult, error: str) -> str:
    """An error behind its source and stream, each said once: many errors begin with them."""
    for said in (f"{result.source}: ", f"{result.stream}: "):
        error = error.removeprefix(said)
    return f"{result.source}: {result.stream}: {error}"


def _chosen(config: Config, names: Sequence[str]) -> list[SourceTable]:
    known = [table.name for table in config.sources]
    for name in names:
        if name not in known:
            raise ConfigError(f"{config.file}: there is no source {name!r}{nearest(name, known)}{_left(config, name)}")
    if not config.sources:
        raise ConfigError(f"{config.file}: no [[source]] is configured; `dora init` shows how one looks")
    return [table for table in config.sources if not names or table.name in names]


def _left(config: Config, name: str) -> str:
    """What to do about a source that is not configured any more; nothing about one that never was."""
    if not any(name == source for source, _ in _published_cursors(config)):
        return ""
    return f"; it was once, and {forgetting(name)} removes what it said"


def _run(
    config: Config, chosen: Sequence[SourceTable], since: str | None, full: bool, wait: float, began: datetime | None
) -> list[StreamResult]:
    """`began`: when this run of all sources did; None where it is one of some."""
    from dora.cli.publishing import publish_if_needed
    from dora.lock import write_lock
    from dora.warehouse import open_warehouse
    from ingest.sync import sync

    sources = open_sources(config, chosen)
    say = progress()
    with write_lock(config.warehouse_path, "dora ingest", wait):
        warehouse = open_warehouse(config.warehouse_path, config.warehouse.memory_limit)
        try:
            if full:
                for source in sources:
                    warehouse.forget(source.name)
            results = sync(
                warehouse,
                sources,
                _since(since),
                lambda r: say(f"{r.source} {r.stream}: {sum(r.read.values()):,} rows"),
            )
            publish_if_needed(config, warehouse, say, None if any(r.error for r in results) else began)
        finally:
            warehouse.close()
    return results


def _dry_run(config: Config, chosen: Sequence[SourceTable], since: str | None) -> list[StreamResult]:
    from ingest.sync import preview

    cursors = _published_cursors(config)
    note("dry run: nothing is stored")
    return preview(open_sources(config, chosen), cursors, _since(since))


def _published_cursors(config: Config) -> dict[tuple[str, str], str]:
    """Where every stream stood when the facts were published; nothing before that."""
    from dora.warehouse import open_published

    if not config.published_path.is_file():
        return {}
    reader = open_published(config.published_path)
    try:
        return reader.cursors()
    finally:
        reader.close()


def _since(text: str | None) -> datetime | None:
    from dora.period import parse_instant, parse_seconds

    if text is None:
        return None
    if text[-1:].lower() in "smhdw":
        return datetime.now(UTC) - timedelta(seconds=parse_seconds(text))
    return parse_instant(text)


def _log(config: Config, started: datetime, results: Sequence[StreamResult], complete: bool) -> None:
    from dora.runs import append_run

    streams = [
        {
            "source": r.source,
            "stream": r.stream,
            "read": dict(r.read),
            "changed": r.changed,
            "rejected": r.rejected,
            "error": without_secrets(r.error) if r.error else None,
        }
        for r in results
    ]
    run = {
        "started_at": started.isoformat(timespec="seconds"),
        "ended_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "complete": complete and not any(r.error for r in results),
        "streams": streams,
    }
    append_run(config.warehouse_path, json.loads(json.dumps(run)))

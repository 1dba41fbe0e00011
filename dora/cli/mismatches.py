"""What the configuration says and the data does not have, or the other way round: names, said after every build, by
`dora record` and by `dora doctor`; definitions.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dora.cli.counts import all_counted
from dora.cli.forget import forgetting, retired
from dora.cli.publishing import decisions_of, ownerships_of, services_of
from dora.cli.speech import note
from dora.config import Config
from dora.tables import nearest

if TYPE_CHECKING:
    from dora.model import Record
    from dora.warehouse import Reader


def unknown_services(config: Config) -> list[str]:
    """A sentence for every service that a team owns and no `[[service]]` has; none when no services are listed."""
    if not config.services:
        return []
    owned = {service for team in config.teams for service in (*team.services, *(row.service for row in team.owns))}
    unknown = sorted(owned - {service.name for service in config.services})
    return [f"a team owns {name!r}, but no [[service]] has that name" for name in unknown]


def unknown_to(config: Config, records: Iterable[Record]) -> list[str]:
    """A sentence for every service that records name and no `[[service]]` does; none when no services are listed."""
    from metrics.services import ServiceMap

    if not config.services:
        return []
    known = ServiceMap(services_of(config))
    named = {str(name) for record in records if (name := getattr(record, "service", None)) is not None}
    unknown = sorted(name for name in named if not known.find(name))
    return [
        f"no [[service]] of {config.file} has the name or alias {name!r}: what was recorded is stored, and in no figure until "
        f"one has{nearest(name, known.services)}"
        for name in unknown
    ]


def lost_decisions(config: Config, reader: Reader) -> list[str]:
    """A sentence for every decision of people that does not mean what it says against the published facts, each once."""
    from metrics.decisions import of_earlier_incidents, of_unknown_incidents, taken_back, without_deployment

    decided = decisions_of(config)
    found = [(row, "is about no production deployment that is known") for row in without_deployment(reader, decided)]
    found += [
        (row, f"names incident {row.incident!r}, which no record has: its failure ends with the next deployment")
        for row in of_unknown_incidents(reader, decided)
    ]
    found += [
        (row, f"names incident {row.incident!r}, which was resolved before: its recovery is in no figure")
        for row in of_earlier_incidents(reader, decided)
    ]
    found += [
        (row, "blames what another one absolves, which wins, so that it has no effect") for row in taken_back(decided)
    ]
    told = [
        f"the decision about {row.deployment} ({row.service} {row.version or ''}, {row.environment}, "
        f"{row.finished_at or 'time not said'}) {why}"
        for row, why in found
    ]
    return list(dict.fromkeys(told))


def unread_paths(reader: Reader) -> list[str]:
    """A sentence for every service whose paths tell nothing, because those that commits changed were not read."""
    from metrics.unmatched_paths import unread_paths

    return [
        f"service {service!r} has paths, but none that the commits of {repository!r} changed are stored: all of them count "
        "as its own"
        for service, repository in unread_paths(reader)
    ]


def retired_sources(config: Config, reader: Reader) -> list[tuple[str, str, str]]:
    """Of every source that was read once and that no `[[source]]` names now: its name, a sentence, what to do about it."""
    return [
        (
            name,
            f"no [[source]] has the name {name!r} any more, and its records count: {all_counted(counts)}",
            f"{forgetting(name)} removes them, unless they are history to keep",
        )
        for name, counts in retired(config, reader).items()
    ]


def say_mismatches(config: Config) -> None:
    """Warn, on stderr, of what the configuration names and the published facts do not have."""
    from metrics.facts_version import open_facts

    reader = open_facts(config.published_path)
    try:
        lost, unread = lost_decisions(config, reader), unread_paths(reader)
        gone = retired_sources(config, reader)
    finally:
        reader.close()
    for sentence in unknown_services(config):
        note(f"warning: {sentence}; correct the name")
    for sentence in unread:
        note(f"warning: {sentence}; run `dora ingest`, which reads them")
    for _, sentence, step in gone:
        note(f"warning: {sentence}; {step}")
    for sentence in lost:
        note(f"warning: {sentence}; correct or remove it in {config.overrides_path.name}")


def say_unapplied(config: Config, reader: Reader) -> None:
    """Warn, on stderr, when the published facts were built under other settings than the configuration has now."""
    from metrics.ownership import directory

    unapplied, built = [], directory(reader)
    if reader.meta().get("definitions_hash", config.definitions.hash) != config.definitions.hash:
        unapplied.append("definitions")
    if config.services and {*services_of(config)} != {*built.services}:
        unapplied.append("services")
    if {*ownerships_of(config)} != {*built.ownerships}:
        unapplied.append("teams")
    if unapplied:
        note(
            f"warning: the {' and '.join(unapplied)} in {config.file} differ from those of the published file; `dora build` applies them"
        )

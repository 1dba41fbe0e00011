"""Production patterns that tell no environments apart: they match none, or every one, of those they are asked about.

The organisation's are judged by the environments of the services that follow them, those of a service of its own by its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from dora.definitions import Definitions
from dora.warehouse import Builder, Reader
from metrics.members import grouped
from metrics.ownership import directory
from metrics.quality_effects import NEXT_STEPS
from metrics.question import Question, published_definitions
from metrics.services import matches
from metrics.slices import read_sql

#: The findings, and what counts as production by the patterns.
NO_TELLING = {"production_matches_everything": "every environment", "production_matches_nothing": "no environment"}
#: So many environments, and services with patterns of their own, are named; of the services more are counted.
MOST_NAMED = 5
#: Words of an environment's name that say that it is production.
_PRODUCTION = {"prod", "production", "live"}
#: Words that say that it is another one, such as in pre-production.
_BEFORE = {"pre", "non", "not"}


def no_telling(builder: Builder, definitions: Definitions) -> Iterator[tuple[str, dict[str, object]]]:
    """The findings with what they tell: `service` (None: the organisation), `patterns`, `names`, `deployments`.

    Only deployments of known services are looked at; where there are none, nothing is found.
    """
    own = _own(definitions)
    for service, counted in _judged(builder, own).items():
        patterns = own[service] if service else definitions.production
        owner = service or ("the services without patterns of their own" if own else None)
        told: dict[str, object] = {
            "service": service,
            "patterns": ", ".join(patterns),
            "names": f"the environments{f' of {owner}' if owner else ''} are {', '.join(_most_used(counted))}",
            "deployments": sum(counted.values()),
        }
        chosen = [name for name in counted if matches(name, patterns)]
        if not chosen:
            yield "production_matches_nothing", told
        elif 1 < len(chosen) == len(counted) and not (
            _only_parts(chosen) or (service and _all_named(chosen, patterns))
        ):
            yield "production_matches_everything", told


def sentences(reader: Reader, question: Question) -> Iterator[str]:
    """One about each set of patterns that tells nothing apart and that a service of the question follows."""
    asked = {member.service for member in grouped(question, directory(reader))[1]}
    follow = not asked or bool(asked - {*_own(published_definitions(reader))})
    rows = reader.rows(read_sql("quality/production"), {"findings": [*NO_TELLING]})
    found = [row for row in rows if (follow if row[1] is None else row[1] in asked)]
    services = sum(row[1] is not None for row in found)
    for finding, service, patterns, environments in found[: len(found) - services + MOST_NAMED]:
        name, of = str(finding), f" of {service}" if service else ""
        yield f"{NO_TELLING[name]}{of} counts as production by {patterns}; {environments}; {NEXT_STEPS[name]}"
    if services > MOST_NAMED:
        yield f"services with such patterns besides these: {services - MOST_NAMED}; `dora metrics --quality` counts all"


def _own(definitions: Definitions) -> dict[str, tuple[str, ...]]:
    """The patterns of the services that have others than the organisation."""
    return {
        name: theirs.production for name, theirs in definitions.services if theirs.production != definitions.production
    }


def _judged(builder: Builder, own: Mapping[str, Sequence[str]]) -> dict[str | None, Counter[str]]:
    """How many deployments each environment has, by the service whose own patterns judge it; None: the organisation's do."""
    found: dict[str | None, Counter[str]] = {}
    for service, environment, n in builder.rows(read_sql("quality/judged_environments")):
        judge = str(service) if service in own else None
        found.setdefault(judge, Counter())[str(environment)] += int(str(n))
    return found


def _most_used(counted: Mapping[str, int]) -> list[str]:
    return sorted(counted, key=lambda name: (-counted[name], name))[:MOST_NAMED]


def _only_parts(names: Sequence[str]) -> bool:
    """Whether all names say themselves, in a word of their own, that they are production: regions of it, say."""
    words = [set(re.findall("[a-z]+", name.lower())) for name in names]
    return all(_PRODUCTION & found and not _BEFORE & found for found in words)


def _all_named(names: Sequence[str], patterns: Sequence[str]) -> bool:
    """Whether a service's patterns name each letter by letter: then they are meant."""
    return {name.lower() for name in names} <= {pattern.lower() for pattern in patterns}

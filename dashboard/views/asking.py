"""Answers for the pages, kept as long as the published file stays the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import polars as pl
import streamlit as st

from dashboard.reading import Identity, identity, read
from dora.warehouse import Reader
from metrics.contents import Contents, contents
from metrics.deployment_list import Verdict, deployment_list
from metrics.deployment_story import deployment_story, find_deployment
from metrics.quality import caveats as caveats_of
from metrics.question import Question
from metrics.results import Scorecard
from metrics.scorecard import scorecard
from metrics.story import DeploymentStory
from metrics.waiting_changes import waiting_changes
from metrics.weeks import Known, known_times

T = TypeVar("T")


def scores(published: Path, question: Question) -> Scorecard:
    """The scorecard of a question."""
    return kept(published, f"scores {question!r}", lambda reader: scorecard(reader, question))


def known(published: Path, question: Question) -> Mapping[str, Known]:
    """The time that groups can be judged by, and their deployments by whole week of it."""
    return kept(published, f"known {question!r}", lambda reader: known_times(reader, question))


def deployments(published: Path, question: Question, *verdicts: Verdict) -> pl.DataFrame:
    """The rows of `metrics.deployment_list`."""
    return kept(published, f"list {verdicts} {question!r}", lambda reader: deployment_list(reader, question, *verdicts))


def waiting(published: Path, question: Question) -> pl.DataFrame:
    """The rows of `metrics.waiting_changes`."""
    return kept(published, f"waiting {question!r}", lambda reader: waiting_changes(reader, question))


def caveats(published: Path, question: Question) -> tuple[str, ...]:
    """What `metrics.quality` would have said beside the headline."""
    return kept(published, f"caveats {question!r}", lambda reader: caveats_of(reader, question))


def held(published: Path) -> Contents:
    """What the published file holds."""
    return kept(published, "contents", contents)


def story(published: Path, deployment_id: str, as_of: datetime) -> DeploymentStory:
    """The story of one deployment, without names; DoraError when the id is unknown."""

    def ask(reader: Reader) -> DeploymentStory:
        return deployment_story(reader, find_deployment(reader, deployment_id), as_of)

    return kept(published, f"story {as_of} {deployment_id}", ask)


def kept(published: Path, key: str, ask: Callable[[Reader], T]) -> T:
    """The answer to `ask`, asked once a published file and `key`."""
    answer: T = _kept(identity(published), key, published, ask)
    return answer


@st.cache_data(max_entries=128, show_spinner="Counting …")
def _kept(file: Identity, key: str, _published: Path, _ask: Callable[[Reader], T]) -> T:  # noqa: ARG001 - the cache's key
    return read(_published, _ask)[1]

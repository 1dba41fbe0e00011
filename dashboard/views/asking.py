"""Answers for the pages, kept as long as the published file stays the same."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import streamlit as st

from dashboard.reading import Identity, identity, read
from metrics.deployment_list import Verdict, deployment_list
from metrics.question import Question
from metrics.results import Scorecard
from metrics.scorecard import scorecard
from metrics.waiting_changes import waiting_changes


def scores(published: Path, question: Question) -> Scorecard:
    """The scorecard of a question."""
    return _scores(identity(published), repr(question), published, question)


def deployments(published: Path, question: Question, status: Verdict) -> pl.DataFrame:
    """The rows of `metrics.deployment_list`."""
    return _deployments(identity(published), repr(question), status, published, question)


def waiting(published: Path, question: Question) -> pl.DataFrame:
    """The rows of `metrics.waiting_changes`."""
    return _waiting(identity(published), repr(question), published, question)


@st.cache_data(max_entries=64, show_spinner="Counting …")
def _scores(file: Identity, key: str, _published: Path, _question: Question) -> Scorecard:
    return read(_published, lambda reader: scorecard(reader, _question))[1]


@st.cache_data(max_entries=16, show_spinner="Listing …")
def _deployments(file: Identity, key: str, status: Verdict, _published: Path, _question: Question) -> pl.DataFrame:
    return read(_published, lambda reader: deployment_list(reader, _question, status))[1]


@st.cache_data(max_entries=16, show_spinner=False)
def _waiting(file: Identity, key: str, _published: Path, _question: Question) -> pl.DataFrame:
    return read(_published, lambda reader: waiting_changes(reader, _question))[1]

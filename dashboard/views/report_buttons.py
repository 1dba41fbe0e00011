"""The failure report of one deployment as a download in each format; made when it is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable

import streamlit as st

from metrics.story import DeploymentStory

#: Format -> words on the button, file name's end, media type.
OFFERED = {
    "html": ("HTML", "html", "text/html"),
    "markdown": ("Markdown", "md", "text/markdown"),
    "json": ("JSON", "json", "application/json"),
}


def show(told: DeploymentStory) -> None:
    """Draw one button a format."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            "**Failure report**" if told.verdict.state == "failed" else "**Deployment report**", width="content"
        )
        for name, (label, end, media) in OFFERED.items():
            st.download_button(
                f"Download {label}", data=_rendered(name, told), file_name=f"{file_name(told.deployment.deployment_id)}.{end}",
                mime=media, on_click="ignore", key=f"report-{name}",
            )  # fmt: skip


def file_name(deployment_id: str) -> str:
    """A file name from an id: letters, digits, dots and dashes; never a path, never hidden.

    >>> file_name("../../etc/x")
    'etc-x'
    """
    return re.sub(r"[^A-Za-z0-9.]+", "-", deployment_id).strip(".-")[:100] or "deployment"


def _rendered(name: str, told: DeploymentStory) -> Callable[[], bytes]:
    def render() -> bytes:
        # Only a click needs the templates and pictures of a report.
        from dashboard.report import FORMATS

        text = FORMATS[name].render(told)
        return text if isinstance(text, bytes) else text.encode()

    return render

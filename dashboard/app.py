"""The dashboard's entry: `streamlit run app.py -- PUBLISHED`; names the pages and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

from dashboard.views import data, deploys, overview, shell


def main(published: Path) -> None:
    """Show the page that the address asks for."""
    st.set_page_config(page_title="DORA metrics", page_icon=str(shell.ICON), layout="wide")
    pages = [
        st.Page(shell.page(published, overview.show), title="Overview", url_path="overview", default=True),
        st.Page(shell.page(published, deploys.show), title="Deploys", url_path="deploys"),
        st.Page(shell.page(published, data.show), title="Data", url_path="data"),
    ]
    st.navigation(pages, position="top").run()


main(Path(sys.argv[1] if len(sys.argv) > 1 else "published.duckdb"))

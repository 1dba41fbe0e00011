"""What every page has around it: the made-up banner, the sentence when there is no data, the stamp of the numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashboard import units
from dashboard.colours import DARK, LIGHT, Palette
from dashboard.escaping import shown
from dashboard.reading import Identity, identity
from dashboard.views import asking, prose
from dashboard.views.choices import Setting
from dora.errors import DoraError
from dora.warehouse import Reader
from metrics.known_names import known_names
from metrics.question import published_as_of, published_definitions, published_from

POLL_SECONDS = 10
#: A picture of our own: an icon by name would be fetched from another machine.
ICON = Path(__file__).parents[1] / "icon.svg"
BANNER = "Made-up demonstration data: a generated organisation, no real company, team or person."
Meta = dict[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """What a page gets: the published file, what it says about itself, and the colours of the reader's theme."""

    published: Path
    meta: Meta
    setting: Setting
    palette: Palette


def page(published: Path, show: Callable[[Place], None]) -> Callable[[], None]:
    """`show` with everything around it; an error meant for a person is a sentence on the page, not a traceback."""

    def run() -> None:
        _style()
        now = _now(published)
        try:
            meta, setting = asking.kept(published, "about", _ask_about)
            if meta.get("made_up") == "true":
                st.warning(f"**{BANNER}**")
            if setting.names.first_at is None:
                _nothing_deployed(setting)
            show(Place(published, meta, setting, _palette()))
            _stamp(meta, setting)
        except DoraError as error:
            _no_data(error)
        _follow(published, now)

    run.__name__ = show.__module__.rsplit(".", 1)[-1]
    return run


def _ask_about(reader: Reader) -> tuple[Meta, Setting]:
    known = published_as_of(reader), published_from(reader)
    return reader.meta(), Setting(known_names(reader), published_definitions(reader), *known)


def _palette() -> Palette:
    return DARK if st.context.theme.type == "dark" else LIGHT


def _no_data(error: DoraError) -> None:
    st.title("No data yet")
    st.error("The published file cannot be shown:")
    prose.paragraph("{sentence}", sentence=error)
    st.markdown(
        "Run one of these in the folder that holds `dora.toml`; this page shows the numbers as soon as they exist."
    )
    st.code(
        "dora ingest     # read your own sources\ndora demo       # or look around in made-up data", language="bash"
    )


def _nothing_deployed(setting: Setting) -> None:
    known = units.count(len(setting.names.services))
    st.info(
        f"The published file holds no production deployment yet ({known} services known). "
        "Run `dora doctor` to see which environments and deployments were found, then `dora ingest`."
    )


def _stamp(meta: Meta, setting: Setting) -> None:
    definitions = setting.definitions
    st.caption(
        f"Data as of {units.moment(setting.as_of, definitions.timezone)} · "
        f"definitions {shown(meta.get('definitions_hash', 'unknown'))} · times in {shown(definitions.timezone)} · "
        "intervals are 95 % · no figure on this page is about a person"
    )


def _follow(published: Path, shown_now: Identity | None) -> None:
    """Load the page anew when another file was published, looking every few seconds.

    Never right after drawing: a file published more often than a page is drawn would keep it drawing for ever.
    """
    just_drawn = [True]

    @st.fragment(run_every=POLL_SECONDS)
    def watch() -> None:
        if just_drawn:
            just_drawn.clear()
        elif _now(published) != shown_now:
            st.rerun()

    watch()


def _now(published: Path) -> Identity | None:
    try:
        return identity(published)
    except DoraError:
        return None


def _style() -> None:
    """Less empty space than Streamlit leaves on top, and one line a tile label; nothing is fetched."""
    st.html(
        "<style>.stMainBlockContainer{padding:3.6rem 2rem 2rem;max-width:2200px}"
        "[data-testid='stMetricValue']{line-height:1.25}</style>"
    )

"""The dashboard in a real browser, started the way `dora dashboard` starts it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from dashboard.launch import command
from tests.organisations import publish

CHROMIUM = Path("/usr/bin/chromium")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}")
HOSTILE = ["<script>alert(1)</script>", "[x](javascript:alert(1))", "$x^2$ :red[boo] www.evil.example", "'; drop --"]
SUBJECT = "<img src=x onerror=alert(1)> [a](javascript:alert(2)) :red[b] $y$"


class Page:
    """One browser page, and everything it asked for or complained about."""

    def __init__(self, page: playwright.Page) -> None:
        self.page = page
        self.hosts: set[str] = set()
        self.dialogs: list[str] = []
        self.crashes: list[str] = []
        page.on("request", lambda request: self._note(request.url))
        page.on("websocket", lambda socket: self._note(socket.url))
        page.on("dialog", self._dialog)
        page.on("pageerror", lambda error: self.crashes.append(str(error)))

    def _note(self, url: str) -> None:
        if urlsplit(url).scheme in ("http", "https", "ws", "wss"):
            self.hosts.add(str(urlsplit(url).hostname))

    def _dialog(self, dialog: playwright.Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def open(self, url: str) -> None:
        """Load an address and wait until the stamp at the foot of the page is there."""
        self.page.goto(url)
        self.finished()

    def finished(self) -> None:
        """Wait until the page has been run to its end."""
        self.page.get_by_text("no figure on this page is about a person").wait_for(timeout=60_000)
        self.page.locator("[data-testid='stApp'][data-test-script-state='notRunning']").wait_for(timeout=60_000)

    def errors(self) -> int:
        """How many exceptions Streamlit shows."""
        return int(self.page.locator("[data-testid='stException']").count())


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a running dashboard, and its published file."""
    published = publish(tmp_path_factory.mktemp("served"), HOSTILE, subject=SUBJECT, made_up=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])}
    server = subprocess.Popen(
        command(published, port),
        env=environment,
        cwd=published.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    _wait(address, server)
    yield address, published
    server.terminate()
    server.wait(timeout=20)


def _wait(address: str, server: subprocess.Popen[bytes]) -> None:
    pause = threading.Event()
    for _ in range(300):
        assert server.poll() is None, "the server stopped"
        try:
            with urlopen(f"{address}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            pause.wait(0.1)
    raise AssertionError("the server did not answer in time")


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 1920)])
def test_every_page_stays_on_this_machine_fits_and_runs_nothing_from_the_data(
    browser: playwright.Browser, served: tuple[str, Path], theme: str, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 1000}, color_scheme=theme)
    seen = Page(context.new_page())
    main = seen.page.locator("[data-testid='stMain']")
    for path in ("", "deploys", "deploys?deployment=ci/0-3", "data"):
        seen.open(f"{served[0]}/{path}")
        assert seen.hosts == {"127.0.0.1"}, path
        assert (seen.dialogs, seen.crashes, seen.errors()) == ([], [], 0), path
        assert main.evaluate("box => box.scrollWidth - box.clientWidth") <= 0, path
        assert main.locator("a[href^='javascript:'], a[href*='evil'], img[src='x']").count() == 0, path
    context.close()


def test_names_are_shown_letter_by_letter(browser: playwright.Browser, served: tuple[str, Path]) -> None:
    seen = Page(browser.new_page())
    seen.open(served[0])
    main = seen.page.locator("[data-testid='stMain']")
    for name in HOSTILE:
        playwright.expect(main).to_contain_text(name, timeout=60_000)
    seen.page.close()


def test_a_click_on_a_row_opens_the_deployment_and_its_report_downloads(
    browser: playwright.Browser, served: tuple[str, Path]
) -> None:
    seen = Page(browser.new_page(viewport={"width": 1280, "height": 1000}))
    seen.open(f"{served[0]}/deploys?state=failed")
    seen.page.locator(".dvn-scroller").first.click(position={"x": 60, "y": 50})
    seen.page.wait_for_url("**deployment=**", timeout=30_000)
    seen.finished()
    with seen.page.expect_download() as waiting:
        seen.page.get_by_role("button", name="Download HTML").click()
    report = Path(str(waiting.value.path())).read_text()
    assert waiting.value.suggested_filename.endswith(".html")
    assert "<script>alert(1)" not in report
    seen.page.get_by_role("button", name="← all deployments").click()
    seen.page.get_by_text("deployments to production").wait_for(timeout=30_000)
    assert seen.errors() == 0
    seen.page.close()


def test_an_open_page_survives_a_file_that_is_replaced_all_the_time(
    browser: playwright.Browser, served: tuple[str, Path], tmp_path: Path
) -> None:
    address, published = served
    other = publish(tmp_path / "other", ["Atlas", "Beacon", "Cascade"])
    first = tmp_path / "first.duckdb"
    shutil.copyfile(published, first)
    stop, replaced = threading.Event(), []

    def replace() -> None:
        while not stop.wait(0.5):
            draft = published.with_name("draft")
            shutil.copyfile((other, first)[len(replaced) % 2], draft)
            os.replace(draft, published)
            replaced.append(draft)

    writer = threading.Thread(target=replace)
    seen = Page(browser.new_page(viewport={"width": 1280, "height": 1000}))
    seen.open(address)
    writer.start()
    try:
        for page in ("Deploys", "Data", "Overview", "Deploys"):
            seen.page.get_by_role("link", name=page).click()
            seen.finished()
            assert seen.errors() == 0
            assert seen.page.get_by_text("cannot be shown").count() == 0
    finally:
        stop.set()
        writer.join()
        os.replace(first, published)
    assert len(replaced) >= 4
    assert seen.crashes == []
    seen.page.close()

"""The HTML and PDF report in a real browser: nothing runs, nothing is asked for, nothing sticks out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dashboard.report import FORMATS
from dashboard.report.pdf import BROWSERS, find_browser
from dora.errors import DoraError
from dora.warehouse import Reader
from metrics.deployment_story import deployment_story
from tests.stories import HOSTILE, day, hostile, ordinary, publish, reverted

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
#: 210 mm less twice 14 mm, in CSS pixels.
A4_WITHOUT_MARGINS = 687
#: Words of at most 13 letters in table cells that stand on two lines.
BROKEN_WORDS = """() => {
  const broken = [];
  for (const cell of document.querySelectorAll('td, th, dd')) {
    const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      for (const word of walker.currentNode.data.matchAll(/\\S+/g)) {
        if (word[0].length > 13 || /[-/·]/.test(word[0])) continue;
        const range = document.createRange();
        range.setStart(walker.currentNode, word.index);
        range.setEnd(walker.currentNode, word.index + word[0].length);
        if (new Set([...range.getClientRects()].map(box => Math.round(box.top))).size > 1) broken.push(word[0]);
      }
    }
  }
  return broken;
}"""
#: Texts of a drawing that reach beyond it.
OUTSIDE = (
    "[...document.querySelectorAll('svg text')].filter(t => t.getBoundingClientRect().width > 0)"
    ".filter(t => { const r = t.getBoundingClientRect(), s = t.closest('svg').getBoundingClientRect();"
    " return r.left < s.left - 1 || r.right > s.right + 1 || r.top < s.top - 1 || r.bottom > s.bottom + 1 })"
    ".map(t => t.textContent)"
)
Report = Callable[[str], Path]
SHOWN = tuple(text for text in HOSTILE if text.isprintable())


def browser_path() -> str | None:
    try:
        return find_browser(BROWSERS)
    except DoraError:
        return None


pytestmark = pytest.mark.skipif(browser_path() is None, reason="no Chromium-like browser is installed")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return publish(tmp_path_factory.mktemp("browser"), [*ordinary(), *reverted(), *hostile()])


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(
            executable_path=browser_path(), args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def report(reader: Reader, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The file of a deployment's report; each is made once."""
    folder, made = tmp_path_factory.mktemp("reports"), dict[str, Path]()

    def page_of(deployment_id: str) -> Path:
        if deployment_id not in made:
            content = FORMATS["html"].render(deployment_story(reader, deployment_id, day(40)))
            made[deployment_id] = folder / f"{len(made)}.html"
            made[deployment_id].write_text(content if isinstance(content, str) else content.decode(), encoding="utf-8")
        return made[deployment_id]

    return page_of


@pytest.mark.parametrize("deployment_id", ["ci/worst", "ci/bad", *(f"ci/{text}" for text in HOSTILE)])
def test_nothing_runs_and_nothing_is_asked_for(deployment_id: str, report: Report, browser: playwright.Browser) -> None:
    page = browser.new_page()
    asked: list[str] = []
    dialogs: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.on("console", lambda message: said.append(message.text))
    path = report(deployment_id)
    page.goto(path.as_uri(), wait_until="load")
    assert asked == [path.as_uri()]
    assert dialogs == []
    assert said == [], "the page breaks its own security policy"
    assert page.locator("script, img, iframe, object, link, form").count() == 0
    assert page.locator("a:not([href^='https://'])").count() == 0
    page.close()


def test_hostile_text_is_shown_as_it_is(report: Report, browser: playwright.Browser) -> None:
    page = browser.new_page()
    page.goto(report("ci/worst").as_uri())
    shown = page.locator("body").inner_text()
    for text in SHOWN:
        assert " ".join(text.split()) in shown
    page.close()


def test_injected_script_is_refused_by_the_pages_own_policy(
    report: Report, browser: playwright.Browser, tmp_path: Path
) -> None:
    path = tmp_path / "injected.html"
    path.write_text(report("ci/bad").read_text().replace("</body>", "<script>document.title='owned'</script></body>"))
    page = browser.new_page()
    page.goto(path.as_uri())
    assert "owned" not in page.title()
    page.close()


@pytest.mark.parametrize("deployment_id", ["ci/worst", "ci/bad", "ci/d0"])
def test_no_text_sticks_out_of_the_page(deployment_id: str, report: Report, browser: playwright.Browser) -> None:
    page = browser.new_page()
    page.goto(report(deployment_id).as_uri())
    for width in (400, 641, 800, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(OUTSIDE) == [], f"{width} pixels wide"
    page.close()


@pytest.mark.parametrize("deployment_id", ["ci/worst", "ci/bad"])
def test_page_fits_on_paper(deployment_id: str, report: Report, browser: playwright.Browser) -> None:
    page = browser.new_page(viewport={"width": A4_WITHOUT_MARGINS, "height": 900})
    page.emulate_media(media="print")
    page.goto(report(deployment_id).as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= A4_WITHOUT_MARGINS
    page.close()


def test_short_words_are_never_broken(report: Report, browser: playwright.Browser) -> None:
    page = browser.new_page()
    page.goto(report("ci/bad").as_uri())
    assert page.evaluate("document.querySelectorAll('td').length") > 100
    for width in (400, 761, 1100):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(BROKEN_WORDS) == [], f"{width} pixels wide"
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_keeps_its_contrast(scheme: str, report: Report, browser: playwright.Browser) -> None:
    page = browser.new_page(color_scheme=scheme)
    page.goto(report("ci/bad").as_uri())
    ink, paper = page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    assert contrast(ink, paper) > 7
    page.close()


def contrast(first: str, second: str) -> float:
    """The WCAG ratio of two `rgb(…)` colours."""

    def light(colour: str) -> float:
        parts = [float(part) / 255 for part in colour.strip("rgba()").split(",")[:3]]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lights = sorted((light(first), light(second)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def test_pdf_is_printed(reader: Reader) -> None:
    content = FORMATS["pdf"].render(deployment_story(reader, "ci/bad", day(40)))
    assert isinstance(content, bytes)
    assert content.startswith(b"%PDF-")
    assert content.count(b"/Type /Page\n") >= 2

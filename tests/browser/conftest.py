"""A browser, the made-up study's report, and a visit to it that hears every error and every request."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

try:
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=30_000)  # what a page says in the end, however busy the machine is
except ImportError:  # the fixture of the browser skips the tests
    expect = sync_playwright = None  # type: ignore[assignment]

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The system's Chromium, started once."""
    if sync_playwright is None:
        pytest.skip("Playwright is not installed")
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no Chromium: none of {', '.join(names)} is on the PATH")
    with sync_playwright() as control:
        started = control.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def made_up() -> ModuleType:
    """What the unit tests of the report make their study with."""
    source = Path(__file__).parents[1] / "unit" / "report" / "conftest.py"
    spec = importlib.util.spec_from_file_location("made_up", source)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Pages:
    """Pages of a browser, used again and again: a new one costs more than what most tests do with it."""

    def __init__(self, browser: Any):
        self.browser = browser
        self.free: dict[str, list[Any]] = {}

    def take(self, width: int, color_scheme: str = "null", reduced_motion: str = "null", **options: Any) -> Any:
        """A page as if it were new; `options` are those of a context."""
        free = self.free.setdefault(repr(options), [])
        page = free.pop() if free else self.browser.new_context(**options).new_page()
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(media="null", color_scheme=color_scheme, reduced_motion=reduced_motion)
        return page

    def give_back(self, page: Any, options: dict[str, Any]) -> None:
        """Make it forget what was done with it."""
        page.context.set_offline(False)
        page.unroute_all()
        page.evaluate("sessionStorage.clear()")
        page.goto("about:blank")
        page.context.clear_cookies()
        self.free[repr(options)].append(page)


@pytest.fixture(scope="session")
def pages(chromium: Any) -> Pages:
    """The pages of this worker."""
    return Pages(chromium)


class Listening:
    """A page of those that are used again, with everything that it says and asks for meanwhile."""

    def __init__(
        self, pages: Pages, width: int = 1280, color_scheme: str = "null", reduced_motion: str = "null", **options: Any
    ):
        self.pages, self.options = pages, options
        self.page = pages.take(width, color_scheme, reduced_motion, **options)
        self.said: list[str] = []
        self.asked: list[str] = []
        self.listeners = {
            "console": lambda message: self.said.append(message.text),
            "pageerror": lambda error: self.said.append(str(error)),
            "request": self.note,
        }
        for event, listener in self.listeners.items():
            self.page.on(event, listener)

    def note(self, request: Any) -> None:
        """Remember what is asked for."""
        self.asked.append(request.url)

    def give_back(self) -> None:
        """The next one gets it."""
        self.pages.give_back(self.page, self.options)
        for event, listener in self.listeners.items():
            self.page.remove_listener(event, listener)


class Opened(Listening):
    """A file that is open in a page."""

    def __init__(self, pages: Pages, file: Path, place: str = "", width: int = 1280, **options: Any):
        super().__init__(pages, width, **options)
        self.page.goto(file.as_uri() + place)

    def close(self) -> None:
        """Leave it; nothing may have gone wrong until then, and nothing may have left the page."""
        self.give_back()
        assert self.said == []
        assert [url for url in self.asked if not url.startswith(("file:", "data:", "blob:", "about:"))] == []

"""A real browser for tests: Debian's chromium, users signed in by cookie, and what every page must hold to."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.http import HttpRequest, HttpResponseBase
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, Response, sync_playwright

from portal.local.chromium import FLAGS, chromium_here

SHOTS = Path(settings.BASE_DIR) / ".run" / "shots"
WIDE, PHONE = (1280, 900), (390, 844)
#: Milliseconds that a page may take; two cores shared with a database are slow at times.
PATIENCE = 15_000
#: Times that a page is looked at while it leads on to another by itself.
LOOKS = 5
#: Milliseconds between two looks at what a page still asks for.
TURN = 25
BACKEND = "accounts.backends.RoleBackend"
#: Latin letters that belong on a Chinese page: keys of the keyboard, the other language's own name.
LATIN_ON_EVERY_PAGE = frozenset({"Ctrl", "esc", "English"})

_problems: WeakKeyDictionary[Page, list[str]] = WeakKeyDictionary()
_under_way: WeakKeyDictionary[Page, set[Request]] = WeakKeyDictionary()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser of one module.

    Playwright's synchronous interface keeps an event loop running in this thread, which Django takes for
    asynchronous code and refuses the database. Nothing here is asynchronous; so the refusal is switched off, for as
    long as the loop runs and no longer: a browser that lived for the whole session would switch it off for all tests.
    """
    found = chromium_here()
    if found is None:
        pytest.skip("there is no chromium on this machine (Debian: apt-get install chromium-headless-shell)")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        patch.setattr(StaticFilesHandler, "serve", _kept(StaticFilesHandler.serve))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
            yield browser
            browser.close()


def _kept(serve: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Styles, scripts and letters with a term, as in operation: else a browser asks for each of them on every page again."""

    def serving(handler: StaticFilesHandler, request: HttpRequest) -> HttpResponseBase:
        answer = serve(handler, request)
        answer["Cache-Control"] = "max-age=86400, immutable"
        return answer

    return serving


@pytest.fixture
def new_page(chromium: Browser, live_server: Any) -> Iterator[Callable[..., Page]]:
    """Makes pages of the live server, watched for problems: `new_page(size=PHONE, language="en", dark=True)`."""
    contexts = []

    def make(*, size: tuple[int, int] = WIDE, language: str = "zh-hans", dark: bool = False) -> Page:
        context = chromium.new_context(
            base_url=live_server.url,
            viewport={"width": size[0], "height": size[1]},
            has_touch=size == PHONE,
            locale="en-US" if language == "en" else "zh-CN",
            timezone_id="Asia/Shanghai",
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": live_server.url}])
        page = context.new_page()
        watch(page)
        return page

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def signed_in_page(new_page: Callable[..., Page], live_server: Any) -> Callable[..., Page]:
    """Makes pages on which a user is signed in: `signed_in_page(user, size=PHONE)`."""

    def make(user: Any, **options: Any) -> Page:
        page = new_page(**options)
        sign_in(page, user, live_server.url)
        return page

    return make


def sign_in(page: Page, user: Any, address: str) -> None:
    """Give a page the cookie of a session that the sign-in signals have seen."""
    client = Client()
    client.force_login(user, backend=BACKEND)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": address}])


def watch(page: Page) -> None:
    """Write down whatever goes wrong on a page from now on: console, scripts, policy, requests."""
    problems: list[str] = []
    under_way: set[Request] = set()
    _problems[page], _under_way[page] = problems, under_way

    def console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            problems.append(f"console {message.type}: {message.text}")

    def failed(request: Request) -> None:
        under_way.discard(request)
        # A page that is left ends its own requests.
        if request.failure != "net::ERR_ABORTED":
            problems.append(f"request failed: {request.url} {request.failure}")

    def answered(response: Response) -> None:
        if response.status >= 400 and not response.request.is_navigation_request():
            problems.append(f"{response.status}: {response.url}")

    def asked(request: Request) -> None:
        under_way.add(request)
        if not request.url.startswith(("http://localhost", "http://127.0.0.1", "data:", "blob:")):
            problems.append(f"asked a foreign server: {request.url}")

    page.on("console", console)
    page.on("pageerror", lambda error: problems.append(f"script: {error}"))
    page.on("requestfailed", failed)
    page.on("requestfinished", lambda request: under_way.discard(request))
    page.on("response", answered)
    page.on("request", asked)


def assert_no_console_errors(page: Page) -> None:
    """Nothing has gone wrong on this page so far: no error, no refusal of the policy, no failed request."""
    settle(page)
    assert _problems[page] == [], "\n".join(_problems[page])


def settle(page: Page) -> None:
    """Wait until the page is loaded and asks for nothing more: ten times as soon as the browser's own "networkidle"."""
    page.wait_for_load_state("load")
    quiet = 0
    for _turn in range(PATIENCE // TURN):
        # Events come in while the page is waited for.
        page.wait_for_timeout(TURN)
        quiet = 0 if _under_way[page] else quiet + 1
        if quiet == 2:
            return
    raise AssertionError(f"the page still asks: {', '.join(request.url for request in _under_way[page])}")


def look(page: Page, script: str, given: object = None) -> Any:
    """What a script finds on a page that has come: after a click the old document may still stand, or an empty new one.

    Whoever looks at a page that a click or a key may have left looks by this; a page that leaves under the look is waited for.
    """
    for _attempt in range(LOOKS):
        settle(page)
        try:
            return page.evaluate(script, given)
        except Error as error:
            if "Execution context was destroyed" not in error.message:
                raise
    raise AssertionError(f"the page does not stay: {page.url}")


def resize(page: Page, size: tuple[int, int]) -> None:
    """Another window; a page looks at its width anew in the next frame only."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def assert_no_horizontal_scroll(page: Page) -> None:
    """The page is no wider than its window; names what stands out."""
    found = None
    # A page that was just resized may still be on its way.
    for _attempt in range(20):
        found = _stands_out(page)
        if found is None:
            return
        page.wait_for_timeout(100)
    assert found is None, f"the page is {found[0]} wide in a window of {found[1]}: {found[2]}"


def _stands_out(page: Page) -> Any:
    """Widths of page and window and what stands out; None when nothing does."""
    return look(page,
        """() => {
            const wide = document.documentElement.clientWidth;
            if (document.documentElement.scrollWidth <= wide) return null;
            const out = [...document.body.querySelectorAll("*")].filter(
                (one) => one.getBoundingClientRect().right > wide + 1 && one.checkVisibility()
            );
            return [document.documentElement.scrollWidth, wide, out.slice(0, 8).map(
                (one) => `${one.tagName}.${one.className}`)];
        }"""
    )


def keyboard_reachable(page: Page) -> list[str]:
    """Walk through a page by Tab; gives the names in order, fails on a control that Tab never reaches."""
    count = look(page,
        """() => {
            const mark = (one, at) => one.setAttribute("data-walk", at);
            const shown = (one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true });
            const plain = [...document.querySelectorAll(
                "a[href], button, input, select, textarea, summary, [tabindex]")];
            const clicked = [...document.querySelectorAll("*")].filter((one) => one.hasAttribute("x-on:click")
                || one.hasAttribute("@click") || one.hasAttribute("onclick"));
            const all = [...new Set([...plain, ...clicked])].filter(
                (one) => shown(one) && !one.disabled && one.tabIndex !== -2
                    && one.getAttribute("tabindex") !== "-1" && !one.hasAttribute("data-simplebar"));
            all.forEach(mark);
            document.activeElement?.blur?.();
            return all.length;
        }"""
    )
    reached: dict[int, str] = {}
    for _press in range(count + 10):
        page.keyboard.press("Tab")
        at = page.evaluate(
            """() => {
                const one = document.activeElement;
                const name = one.getAttribute("aria-label") || one.innerText || one.getAttribute("title")
                    || one.labels?.[0]?.innerText || one.name || one.tagName;
                return [one.dataset?.walk ?? null, name.trim()];
            }"""
        )
        if at[0] is not None:
            reached[int(at[0])] = at[1]
    missed = [
        page.evaluate("(at) => document.querySelector(`[data-walk='${at}']`)?.outerHTML.slice(0, 200) ?? ''", str(at))
        for at in range(count) if at not in reached
    ]
    assert not missed, "Tab never reaches:\n" + "\n".join(missed)
    return list(reached.values())


def visible_text(page: Page) -> str:
    """What a person reads on a page: text, placeholders, titles and labels for readers aloud; no names of icons."""
    return look(page,
        """() => {
            const icons = [...document.querySelectorAll(".material-symbols-outlined")];
            icons.forEach((one) => { one.dataset.word = one.textContent; one.textContent = ""; });
            const said = [document.title, document.body.innerText];
            for (const one of document.querySelectorAll("*"))
                for (const name of ["placeholder", "title", "aria-label", "alt"])
                    if (one.getAttribute(name)) said.push(one.getAttribute(name));
            for (const one of document.querySelectorAll("input[type=submit], input[type=button]")) said.push(one.value);
            icons.forEach((one) => { one.textContent = one.dataset.word; });
            return said.join("\\n");
        }"""
    )


def latin_words(text: str, *, allowed: frozenset[str] = frozenset()) -> list[str]:
    """Words of two Latin letters or more, when the allowed ones are struck out."""
    for word in sorted(allowed, key=len, reverse=True):
        text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])", " ", text, flags=re.IGNORECASE)
    return sorted(set(re.findall(r"[A-Za-z][A-Za-z'’-]+", text)))


def screenshot(page: Page, name: str, *, full: bool = True) -> None:
    """Keep a picture of a page in the ignored folder .run/shots, where SHOTS=1 asks for pictures."""
    if os.environ.get("SHOTS") != "1":
        return
    SHOTS.mkdir(parents=True, exist_ok=True)
    settle(page)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=full)

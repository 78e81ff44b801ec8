"""`make screenshots`: the pictures of the documentation, taken anew from a fresh demo by people of its roles.

The demo stands in a folder of its own, made anew each time, so numbers and names are the same; days and hours are written
over on the page before the picture is taken.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import sync_playwright

from portal.local import run
from portal.local.chromium import FLAGS, chromium_here
from portal.local.environment import ROOT, RUN_FOLDER, demo_environment, demo_server, logins_file
from portal.local.postgres import ServerFailed

FOLDER = ROOT / "docs" / "images"
#: The demo of the pictures is thrown away before each run: nothing else may stand in a folder of this name.
OWN_FOLDER = "screenshots"
WIDE, PHONE = (1440, 900), (390, 844)
PORT = 8790
PATIENCE = 30_000
#: Pixels around a part of a page.
ROOM = 16
NO_CHROMIUM = "Pictures are taken by Debian's chromium, which is not on this machine. Install it: apt-get install chromium"
#: Writes over what differs from run to run: hours, days, and the months below a chart.
_STILL = """() => {
    const months = ["2025-07", "2025-09", "2025-11", "2026-01", "2026-03", "2026-05"];
    let month = 0;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node; (node = walker.nextNode());)
        node.data = node.data
            .replace(/\\b20\\d\\d-\\d\\d-\\d\\d \\d\\d:\\d\\d(:\\d\\d)?/g, "2026-06-01 09:30")
            .replace(/\\b\\d\\d-\\d\\d \\d\\d:\\d\\d\\b/g, "06-01 09:30")
            .replace(/20\\d\\d年\\d+月\\d+日 星期./g, "2026年6月1日 星期一")
            .replace(/^(\\s*)20\\d\\d-\\d\\d(\\s*)$/, () => months[month++ % months.length]);
}"""


@dataclass(frozen=True)
class Picture:
    """One picture: its file, who looks at which page, how large, what of it.

    `path` may hold names of rosters ("{messy}"). `part`: a selector of what is shown, the window otherwise.
    """

    name: str
    who: str
    path: str
    size: tuple[int, int] = WIDE
    part: str = ""


_ROSTER = "/admin/beneficiaries/roster/"
PICTURES = (
    Picture("workbench", "hy.reviewer", "/admin/"),
    Picture("upload", "bs.clerk.451081", f"{_ROSTER}upload/"),
    Picture("roster", "bs.clerk.451081", f"{_ROSTER}{{messy}}/change/"),
    Picture("words", "bs.clerk.451081", f"{_ROSTER}{{messy}}/words/"),
    Picture("sheets", "bs.clerk.451081", f"{_ROSTER}{{messy}}/sheets/"),
    Picture("rows", "bs.clerk.451081", f"{_ROSTER}{{messy}}/change/?verdict=5", part="section[aria-labelledby=rows]"),
    Picture("decide", "bs.clerk.451081", f"{_ROSTER}{{messy}}/decide/?code=SAME_PERSON"),
    Picture("approve", "hy.reviewer", f"{_ROSTER}{{submitted}}/approve/"),
    Picture("undo", "hy.clerk.441602", f"{_ROSTER}{{applied}}/undo/"),
    Picture("phone", "bs.clerk.451081", f"{_ROSTER}{{messy}}/change/", size=PHONE),
)


def main() -> None:
    """Make the demo, take every picture, stop what was started."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    chromium = chromium_here()
    if chromium is None:
        sys.exit(NO_CHROMIUM)
    if RUN_FOLDER.name != OWN_FOLDER:
        sys.exit(f"Take pictures with make screenshots: its demo stands in a folder named {OWN_FOLDER}.")
    run.refuse_taken(PORT)
    server = demo_server()
    server.destroy()
    shutil.rmtree(RUN_FOLDER, ignore_errors=True)
    RUN_FOLDER.mkdir(parents=True)
    try:
        with server.running():
            run.prepare(server)
            environment = {**os.environ, **demo_environment(server), "LOG_LEVEL": "WARNING", "LOG_FORMAT": "console"}
            with _web(environment) as address:
                take(chromium, address, passwords(), rosters(environment))
        server.destroy()
    except ServerFailed as error:
        sys.exit(str(error))


@contextmanager
def _web(environment: Mapping[str, str]) -> Iterator[str]:
    """The portal's web process, answering."""
    folder = run.processes_folder()
    folder.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(run.commands(PORT, folder)["web"], env=dict(environment), cwd=ROOT)  # noqa: S603 - ourselves
    address = f"http://127.0.0.1:{PORT}"
    try:
        until = time.monotonic() + run.READY_SECONDS
        while not _answers(address):
            if process.poll() is not None or time.monotonic() > until:
                sys.exit("The portal did not start; see the messages above.")
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health/live", timeout=2):  # noqa: S310 - our own address
            return True
    except (urllib.error.URLError, OSError):
        return False


def passwords() -> dict[str, str]:
    """The demo's logins."""
    lines = logins_file().read_text(encoding="utf-8").splitlines()
    return {name: password for name, password, *_rest in (line.split() for line in lines if line.strip())}


_ASKED = """
from beneficiaries import messy
from beneficiaries.models import Roster
found = Roster.objects.order_by("pk")
submitted = found.get(state="submitted", renewed_period=None)
print(found.get(files__name=messy.FILE_NAME).pk, submitted.pk, found.filter(state="applied").first().pk)
"""


def rosters(environment: Mapping[str, str]) -> dict[str, int]:
    """Numbers of the demo's rosters that are shown."""
    done = subprocess.run(  # noqa: S603 - ourselves
        [*run.MANAGE, "shell", "--verbosity", "0", "--command", _ASKED], env=dict(environment), cwd=ROOT, check=True,
        capture_output=True, text=True,
    )
    return dict(zip(("messy", "submitted", "applied"), map(int, done.stdout.split()[-3:]), strict=True))


def take(chromium: str, address: str, known: Mapping[str, str], numbers: Mapping[str, int]) -> None:
    """Every picture, each by whoever sees that page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, "--hide-scrollbars"])
        pages: dict[tuple[str, tuple[int, int]], Any] = {}
        for picture in PICTURES:
            key = (picture.who, picture.size)
            if key not in pages:
                pages[key] = _signed_in(browser, address, picture, known[picture.who])
            page = pages[key]
            page.goto(address + picture.path.format(**numbers), wait_until="networkidle")
            page.evaluate(_STILL)
            path = FOLDER / f"{picture.name}.png"
            page.screenshot(path=path, **(_around(page, picture.part) if picture.part else {}))
            print(f"{path.relative_to(ROOT)} {path.stat().st_size // 1024} KB", flush=True)
        browser.close()


def _around(page: Any, part: str) -> dict[str, Any]:
    """The place of a part of the page, with some room at its sides."""
    box = page.locator(part).bounding_box()
    clip = {"x": box["x"] - ROOM, "y": box["y"] - ROOM, "width": box["width"] + 2 * ROOM, "height": box["height"] + 2 * ROOM}
    return {"clip": clip, "full_page": True}


def _signed_in(browser: Any, address: str, picture: Picture, password: str) -> Any:
    """A page of the user, by the form that people use."""
    context = browser.new_context(
        viewport={"width": picture.size[0], "height": picture.size[1]}, has_touch=picture.size == PHONE, locale="zh-CN",
        timezone_id="Asia/Shanghai", color_scheme="light", reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(f"{address}/admin/")
    page.locator("input[name=username]").fill(picture.who)
    page.locator("input[name=password]").fill(password)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(f"{address}/admin/")
    return page


def _stop(_number: int, _frame: Any) -> None:
    raise SystemExit(143)


if __name__ == "__main__":
    main()

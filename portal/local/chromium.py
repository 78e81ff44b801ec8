"""Debian's chromium, for tests in a browser and pictures of the docs: where it is and how it starts."""

from __future__ import annotations

import shutil

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)


def chromium_here() -> str | None:
    """Its path; the headless shell first: the same pages for half of the processor's time."""
    return shutil.which("chromium-headless-shell") or shutil.which("chromium")

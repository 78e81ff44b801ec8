"""What WCAG 2.2 AA asks of a rendered page and a script can tell: names, headings, language, contrast, targets."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

from tests.kit.browser import look, settle

#: Gives a list of faults in words. Runs in the page, on what is shown there now.
_AUDIT = (Path(__file__).parent / "accessibility.js").read_text(encoding="utf-8")


def faults_of(page: Page) -> list[str]:
    """Everything that WCAG would refuse on a page that has come."""
    found: list[str] = look(page, _AUDIT)
    return found


def focus_is_seen(page: Page, presses: int = 12) -> list[str]:
    """Walk by Tab; gives the controls that do not show that they hold the focus."""
    hidden = []
    settle(page)
    for _press in range(presses):
        page.keyboard.press("Tab")
        blind = page.evaluate(
            """() => {
                const one = document.activeElement;
                if (!one || one === document.body || one.hasAttribute("data-simplebar") || one.tabIndex < 0) return null;
                const shows = (each) => {
                    const style = getComputedStyle(each);
                    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0)
                        || style.boxShadow.includes("0px 0px 0px 2px");
                };
                const ring = one.closest("[class*='focus-within:outline']");
                return shows(one) || (ring && shows(ring)) ? null : one.outerHTML.slice(0, 160);
            }"""
        )
        if blind:
            hidden.append(blind)
    return hidden

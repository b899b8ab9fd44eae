"""Check a report with axe-core in a real browser: ``python -m tests.accessibility PAGE AXE``.

Needs ``pip install playwright``, a Chromium, and ``axe.min.js`` from ``npm install axe-core``. Not
part of the tests, because no browser comes with the project.
"""

import argparse
import shutil
from pathlib import Path
from typing import Any

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
WIDTHS = (1280, 390, 320)


def violations(browser: Any, page: Path, axe: str, scheme: str, width: int) -> list[str]:
    """Return what axe finds, and whether the page scrolls sideways."""
    size = {"width": width, "height": 900}
    context = browser.new_context(color_scheme=scheme, viewport=size, bypass_csp=True)
    tab = context.new_page()
    tab.goto(page.resolve().as_uri())
    tab.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    tab.evaluate(axe)
    found = tab.evaluate("rules => axe.run({runOnly: rules})", RULES)["violations"]
    sideways = tab.evaluate("document.documentElement.scrollWidth") > width
    wrong = [f"{each['id']}: {each['help']}" for each in found]
    return [*wrong, *(["the page scrolls sideways"] if sideways else [])]


def main() -> int:
    """Check a page in light and dark, on a desktop and a phone."""
    from playwright.sync_api import sync_playwright

    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("page", type=Path)
    options.add_argument("axe", type=Path)
    asked = options.parse_args()
    axe, count = asked.axe.read_text(encoding="utf-8"), 0
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            for width in WIDTHS:
                found = violations(browser, asked.page, axe, scheme, width)
                count += len(found)
                print(f"{scheme}, {width} pixels: {found or 'nothing wrong'}")
        browser.close()
    return int(count > 0)


if __name__ == "__main__":
    raise SystemExit(main())

"""`python -m tests.demo.picture PATH`: the picture that README shows, of the demo as it is after its first commands."""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Final

from playwright.async_api import Page, ViewportSize, expect

from tests.demo.conftest import chromium
from tests.demo.running import running

SIZE: Final = ViewportSize(width=1280, height=800)
MOST: Final = 300_000
"""Bytes."""


async def taken(path: Path) -> int:
    """Take it; returns its size in bytes."""
    with tempfile.TemporaryDirectory() as folder:
        async with running(Path(folder)) as url, chromium() as browser:
            context = await browser.new_context(viewport=SIZE, device_scale_factor=1.4, color_scheme="light")
            page = await context.new_page()
            await page.goto(url)
            await _shown(page)
            await page.screenshot(path=path)
            await context.close()
    return (await asyncio.to_thread(path.stat)).st_size


async def _shown(page: Page) -> None:
    """A feed, filtered, with one entry open."""
    composer = page.locator("#composer-text")
    await composer.fill('/pivotal history acme --actor pi,hubspot,"Mara Núñez" --30d')
    await composer.press("Enter")
    feed = page.locator(".place .message").last
    await expect(feed).to_contain_text("last 30 days")
    details = feed.locator("[data-control^='history:go:open']").first
    await details.click()
    await expect(details).to_have_text("Close")
    await page.evaluate("document.activeElement.blur()")
    await page.mouse.move(0, 0)


def main(path: Path) -> int:
    size = asyncio.run(taken(path))
    if size > MOST:
        sys.stderr.write(f"{path} has {size:,} bytes, more than {MOST:,}.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

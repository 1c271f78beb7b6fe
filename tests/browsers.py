"""A headless browser for tests and benchmarks; None where the machine has none."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from tests.waiting import PATIENCE_S

if TYPE_CHECKING:
    from selenium.webdriver.remote.webdriver import WebDriver

    from tests.firefox import Firefox

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chromium-browser"))), None)
CHROMIUM_DRIVER = shutil.which("chromedriver")
SELENIUM = find_spec("selenium") is not None

NO_CHROMIUM = (
    "needs selenium, Chromium and chromedriver" if not (SELENIUM and CHROMIUM and CHROMIUM_DRIVER) else ""
)
"""Why Chromium cannot be driven; empty where it can."""


@contextmanager
def chromium(width: int = 1280, height: int = 900) -> Iterator["WebDriver"]:
    """Yield Chromium without a window; a width below 600 is a phone's."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for switch in ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(CHROMIUM_DRIVER))
    try:
        resize(driver, width, height)
        yield driver
    finally:
        driver.quit()


def resize(driver: "WebDriver", width: int, height: int) -> None:
    """Show the page at a size; a width below 600 is a phone's."""
    screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)


def shown_s(driver: "WebDriver | Firefox") -> float:
    """Wait until the explorer has shown what its address wants, and return the seconds that it took.

    They count from the mark `asked`, or from the beginning of the visit where there is none.
    """
    patience = time.monotonic() + PATIENCE_S
    while time.monotonic() < patience:
        found = driver.execute_script(
            "const mark = (name) => performance.getEntriesByName(name).at(-1)?.startTime;"
            "return [mark('asked') ?? 0, mark('shown') ?? null]"
        )
        if found[1] is not None and found[1] > found[0]:
            return (found[1] - found[0]) / 1000
        time.sleep(0.02)
    raise TimeoutError(f"nothing was shown in {PATIENCE_S:.0f} s")

"""Pictures of the MLflow UI after the search, by headless Chromium on loopback.

    nas ui --port 5078 &                      # prints the links
    python results/fashion_mnist/screenshots.py SEARCH_LINK TRIALS_LINK [--browser /usr/bin/chromium]

Needs `pip install playwright` and a Chromium.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
SETTLED = 8_000  # milliseconds until the charts are drawn


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("search")
    parser.add_argument("trials")
    parser.add_argument("--browser", default="/usr/bin/chromium")
    asked = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=asked.browser, args=QUIET)
        page = browser.new_page(viewport={"width": 1500, "height": 950})
        take(page, asked.trials, "mlflow_trials_chart")
        take(page, asked.trials.replace("&compareRunsMode=CHART", ""), "mlflow_trials")
        take(page, asked.search.replace("?", "/model-metrics?"), "mlflow_search_metrics")
        browser.close()


def take(page: Page, link: str, name: str) -> None:
    """One picture of a page once it has settled."""
    page.goto(link)
    page.wait_for_timeout(SETTLED)
    page.screenshot(path=HERE / f"{name}.png")


if __name__ == "__main__":
    main()

"""Pictures of what a person sees after a search: the run in MLflow, and `report.html` in both colour schemes.

    nas search digits --budget 3m --directory SEARCH && nas ui --port 5093 &     # prints the links
    python results/review/screenshots.py SEARCH LINK TRIALS [--browser /usr/bin/chromium]

Needs `pip install playwright` and a Chromium; everything is on loopback.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
SETTLED = 9_000  # milliseconds until MLflow has drawn its charts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("search", type=Path)
    parser.add_argument("link", help="of the search, as `nas ui` prints it")
    parser.add_argument("trials", help="the link of its trials")
    parser.add_argument("--browser", default="/usr/bin/chromium")
    asked = parser.parse_args()
    run, _, words = asked.link.partition("?")  # the words choose MLflow's view for the training of models
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=asked.browser, args=QUIET)
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        for name, link in (
            ("mlflow_overview", f"{run}?{words}"),
            ("mlflow_metrics", f"{run}/model-metrics?{words}"),
            ("mlflow_report", f"{run}/artifacts/report.html?{words}"),
            ("mlflow_trials", asked.trials),
        ):
            page.goto(link)
            page.wait_for_timeout(SETTLED)
            page.screenshot(path=HERE / f"{name}.png")
        for scheme in ("light", "dark"):
            page = browser.new_page(viewport={"width": 1000, "height": 1400}, color_scheme=scheme)
            errors: list[str] = []
            page.on("pageerror", lambda error, held=errors: held.append(str(error)))
            page.goto((asked.search / "report.html").absolute().as_uri())
            points = page.locator(".front circle[data-trial]")
            if points.count():
                points.last.click()
            page.screenshot(path=HERE / f"report_{scheme}.png", full_page=True)
            assert not errors, errors
        browser.close()


if __name__ == "__main__":
    main()

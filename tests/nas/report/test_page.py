"""`report.html`: one page that needs nothing beside itself, of a search in any state."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import nas
from nas.report.page import page, write_page

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CLICK = """<script>
window.addEventListener('error', event => document.body.dataset.error = event.message);
window.addEventListener('load', () => {
  const points = document.querySelectorAll('.front circle[data-trial]');
  points[points.length - 1].dispatchEvent(new Event('click'));
  const shown = [...document.querySelectorAll('.network')].filter(one => !one.hidden).map(one => one.id);
  document.body.dataset.wanted = 'network-' + points[points.length - 1].dataset.trial;
  document.body.dataset.shown = shown.join(' ');
});
</script>"""


class Tags(HTMLParser):
    """Whether every element that is opened is closed, and what is loaded from elsewhere."""

    VOID = frozenset({"meta", "img", "br", "path", "circle", "rect", "polyline", "line", "use", "image"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        self.loaded += [
            value or "" for name, value in attrs if name in ("src", "href", "xlink:href") and tag not in ("a", "use")
        ]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("report") / "search"
    nas.search("digits", "cnn", "9 trials", epochs=1, executor="local", tracking_uri="", directory=directory,
               baselines=("linear", "majority"), known="off")  # fmt: skip
    return directory


def made(directory: Path) -> str:
    found = nas.open(directory)
    assert found.stored is not None
    return page(found.stored, found)


def test_the_page_is_whole_and_loads_nothing(search: Path) -> None:
    text = made(search)
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    assert all(address.startswith(("data:", "#")) for address in tags.loaded)
    assert not re.search(r"url\((?!#)", text)
    assert "could not be made" not in text
    standing = nas.open(search).final.standing
    assert standing is not None and standing.headline.split(";")[0] in text
    for title in (
        "Progress",
        "Learning curves",
        "Mistakes on the sealed test",
        "Where the time went",
        "a linear model",
    ):
        assert title in text


def test_the_verdict_is_read_back_as_it_was(search: Path, tmp_path: Path) -> None:
    final = nas.open(search).final
    assert final is not None and final.standing is not None and final.standing.baseline is not None
    assert {one.name for one in final.baselines} == {"linear", "majority"}
    assert final.winner.test_score == pytest.approx(final.standing.winner.value)
    record = search / "final" / "final.json"
    old = record.read_text()
    try:
        import json

        before = {name: value for name, value in json.loads(old).items() if name not in ("standing", "baselines")}
        record.write_text(json.dumps(before))  # as versions of before wrote it
        assert nas.open(search).final.standing is None
        assert "on the sealed test part" in made(search)
    finally:
        record.write_text(old)


def test_a_search_without_a_final_says_what_is_missing(tmp_path: Path) -> None:
    nas.search("digits", "cnn", "1 trials", epochs=1, executor="local", tracking_uri="", directory=tmp_path / "s",
               final=False, known="off")  # fmt: skip
    text = made(tmp_path / "s")
    assert "there is no final yet" in text and "The sealed test has not been opened" in text
    assert "a predictor is judged from 8 on" in text and "could not be made" not in text


def test_names_of_a_person_cannot_change_the_page(search: Path) -> None:
    found = nas.open(search)
    assert found.stored is not None
    header = dataclasses.replace(found.stored.record.header, dataset="<script>alert(1)</script>")
    stored = dataclasses.replace(found.stored, record=dataclasses.replace(found.stored.record, header=header))
    assert "<script>alert" not in page(stored, found)


@pytest.mark.parametrize(("data", "holds"), [("series", "<polyline"), ("table", "<blockquote>")])
def test_mistakes_are_shown_by_their_kind(data: str, holds: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 200)
    if data == "series":
        given = (rng.normal(size=(200, 2, 24)).astype(np.float32), y)
    else:
        import pandas as pd

        given = pd.DataFrame({"a": rng.normal(size=200), "b": rng.choice(["x", "z"], 200), "label": y})
    nas.search(given, "auto", "1 trials", epochs=1, executor="local", tracking_uri="", directory=tmp_path / "s",
               baselines=("off",), known="off")  # fmt: skip
    text = made(tmp_path / "s")
    assert holds in text and "could not be made" not in text


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
def test_in_a_browser_a_click_shows_the_network(search: Path, tmp_path: Path) -> None:
    found = nas.open(search)
    assert found.stored is not None
    path = write_page(found.stored, found, tmp_path / "page.html")
    path.write_text(path.read_text().replace("</body>", f"{CLICK}</body>"))
    command = [str(BROWSER), "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile"]
    done = subprocess.run(
        [*command, "--virtual-time-budget=3000", "--dump-dom", path.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
    )
    body = re.search(r"<body([^>]*)>", done.stdout)
    assert body is not None, done.stderr[-500:]
    said = dict(re.findall(r'data-(\w+)="([^"]*)"', body[1]))
    assert "error" not in said
    assert said["shown"] == said["wanted"]

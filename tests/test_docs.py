"""The pages of docs/ build, their links lead somewhere, and the messages that they quote are those of the code."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = re.sub(
    r"[\"']\s*\n\s*f?[\"']",  # a text that goes on in the next line
    "",
    "\n".join(path.read_text() for room in ("nas", "search_spaces") for path in sorted((ROOT / room).rglob("*.py"))),
)
QUOTED = re.findall(r"^`(.+)`(?: or `(.+)`)?$", (ROOT / "docs/faq.md").read_text(), flags=re.MULTILINE)
MESSAGES = [message for pair in QUOTED for message in pair if message]


@pytest.mark.skipif(find_spec("mkdocs") is None, reason="mkdocs is not installed: pip install '.[docs]'")
def test_the_site_builds_and_every_link_leads_somewhere(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "nas.search" in (tmp_path / "reference" / "index.html").read_text()


@pytest.mark.parametrize("message", MESSAGES)
def test_the_messages_of_the_faq_are_those_of_the_code(message: str) -> None:
    parts = [part.strip() for part in re.split(r"…|\(…\)|'x'", message)]
    assert all(part in SOURCES for part in parts if part), [part for part in parts if part not in SOURCES]

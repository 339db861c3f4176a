"""Links of a page that lead out of docs/: the site has no such pages, so it names the place in the repository.

A hook of mkdocs, see https://www.mkdocs.org/user-guide/configuration/#hooks. A link to a file that is not there fails
the build.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[1]
OUTSIDE = re.compile(r"\[([^\]]+)\]\(\.\./([^)#]+)(#[^)]*)?\)")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The page with the places in the repository in place of such links."""

    def named(link: re.Match[str]) -> str:
        text, place = link[1], link[2]
        if not (REPOSITORY / place).exists():
            raise FileNotFoundError(f"{page.file.src_path} links to {place}, which is not there.")
        return f"`{place}`" if text.strip("`") == place else f"{text} (`{place}`)"

    return OUTSIDE.sub(named, markdown)

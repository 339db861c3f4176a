"""Tables of a page."""

from __future__ import annotations


def table(head: list[str], rows: list[list[str]], numbers: tuple[int, ...] = ()) -> str:
    """An HTML table of texts that are HTML already; the columns of `numbers` are aligned to the right."""

    def line(cells: list[str], tag: str) -> str:
        classes = (' class="number"' if place in numbers else "" for place in range(len(cells)))
        return "".join(f"<{tag}{kind}>{cell}</{tag}>" for kind, cell in zip(classes, cells, strict=True))

    body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in rows)
    return f'<div class="wide"><table><tr>{line(head, "th")}</tr>{body}</table></div>'

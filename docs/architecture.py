"""Draws docs/architecture.svg from the imports of the packages: `make docs`. Same code, same bytes.

Each room is a box; the square in it is as large as its code is long. An importer stands above what it imports. The
placement is the layered one of Sugiyama, Tagawa and Toda (https://doi.org/10.1109/TSMC.1981.4308636): rows by the
longest path, order in a row by the mean place of the neighbours, and room kept in the rows for arrows that pass.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from import_graph import FRONT, HANDED_ON, LAYERS, PACKAGES, Module, modules, room_of, rooms

PICTURE = Path(__file__).with_suffix(".svg")
ABOUT = {"nas": "running a search", "predictors": "how good it will be", "search_spaces": "what can be built"}
COLOURS = {"nas": "#3b6fd4", "predictors": "#a2559c", "search_spaces": "#2e8b57"}
TINTS = {"nas": "#f1f5fd", "predictors": "#faf2f9", "search_spaces": "#eff8f2"}
INK, PALE, WRONG = "#1d2430", "#5b6472", "#d1383d"
BOX, ROW, GAP, PASS = 42, 84, 20, 14  # heights of a box and a row; space between boxes, and for an arrow that passes
SQUARE = 32  # side of the largest room's
WIDENED = 1.8  # times that the boxes of a panel are moved apart at most, where it has the width
IN_A_ROW = 5  # boxes
LETTER, SMALL = 8.7, 6.6  # widths of a letter of a name and of a small one, on the safe side
SWEEPS = 40

Edge = tuple[str, str]


@dataclass
class Node:
    """A box, or a place where an arrow passes through a row. `x` is its centre."""

    name: str
    row: int
    width: float
    x: float = 0.0
    above: list[Node] = field(default_factory=list, repr=False)
    below: list[Node] = field(default_factory=list, repr=False)

    @property
    def passes(self) -> bool:
        return self.width == PASS


@dataclass
class Panel:
    """One package, placed: boxes, and arrows as the nodes that they go through from above to below."""

    package: str
    boxes: dict[str, Node]
    arrows: list[tuple[list[Node], bool]]  # and whether it goes against the order
    width: float
    height: float


def room_edges(package: str, found: Mapping[str, Module]) -> set[Edge]:
    """(importer, imported) between the rooms of one package."""
    pairs = {
        (module.room, room_of(one.imported) or (HANDED_ON if package == FRONT else ""))
        for module in found.values()
        if module.package == package
        for one in module.imports
        if one.imported.split(".")[0] == package
    }
    return {(upper, lower) for upper, lower in pairs if upper != lower and {upper, lower} <= set(rooms(package))}


def against_the_order(package: str, edges: set[Edge]) -> set[Edge]:
    """Imports that point upwards by the order of the rooms of `nas`, and everywhere those that close a circle."""
    height = {room: number for number, room in enumerate(LAYERS if package == FRONT else ())}
    high = len(height)  # a room that is not in the order
    kept: set[Edge] = set()
    for upper, lower in sorted(edges, key=lambda one: (len(reach(one[0], edges)), one)):
        if height.get(upper, high) >= height.get(lower, high) and upper not in reach(lower, kept):
            kept.add((upper, lower))
    return edges - kept


def reach(start: str, edges: Iterable[Edge]) -> set[str]:
    """`start` and all that it leads to."""
    edges = list(edges)
    found, waiting = {start}, [start]
    for name in waiting:
        for upper, lower in edges:
            if upper == name and lower not in found:
                found.add(lower)
                waiting.append(lower)
    return found


def without_shortcuts(edges: set[Edge]) -> set[Edge]:
    """The arrows that do not follow from others: those of a Hasse diagram."""
    return {(upper, lower) for upper, lower in edges if lower not in reach(upper, edges - {(upper, lower)})}


def rows_of(names: Iterable[str], edges: set[Edge]) -> dict[str, int]:
    """Row of each room, 0 at the top: above all that it imports, near to it or to its importers, few in a row."""
    depth = {name: longest(name, edges, {}) for name in names}
    height: dict[str, int] = {}
    full: dict[int, int] = {}
    for name in sorted(depth, key=lambda name: (depth[name], name)):
        height[name] = 1 + max((height[lower] for upper, lower in edges if upper == name), default=-1)
        while full.get(height[name], 0) >= IN_A_ROW:
            height[name] += 1
        full[height[name]] = full.get(height[name], 0) + 1
    for name in sorted(height, key=lambda name: (-height[name], name)):  # few arrows down, more up: better higher
        importers = [height[upper] for upper, lower in edges if lower == name]
        if len(importers) > sum(upper == name for upper, _ in edges):
            for row in range(min(importers) - 1, height[name], -1):
                if full.get(row, 0) < IN_A_ROW:
                    full[height[name]] -= 1
                    full[row] = full.get(row, 0) + 1
                    height[name] = row
                    break
    top = max(height.values(), default=0)
    return {name: top - height[name] for name in height}


def longest(name: str, edges: set[Edge], known: dict[str, int]) -> int:
    """Arrows on the longest way down from a room."""
    if name not in known:
        known[name] = max((1 + longest(lower, edges, known) for upper, lower in edges if upper == name), default=0)
    return known[name]


def placed(package: str, lines: Mapping[str, int], found: Mapping[str, Module]) -> Panel:
    """The panel of a package, its left upper corner at 0, 0."""
    names = rooms(package)
    edges = room_edges(package, found)
    wrong = against_the_order(package, edges)
    row = rows_of(names, edges - wrong)
    boxes = {name: Node(name, row[name], box_width(name, lines[name])) for name in names}
    table: list[list[Node]] = [[] for _ in range(max(row.values(), default=0) + 1)]
    for name in names:
        table[row[name]].append(boxes[name])
    arrows = []
    for one in sorted(without_shortcuts(edges - wrong) | wrong):
        upper, lower = sorted(one, key=lambda name: (row[name], name != one[0]))
        between = [Node(f"{upper}>{lower}", number, PASS) for number in range(row[upper] + 1, row[lower])]
        for node in between:
            table[node.row].append(node)
        path = [boxes[upper], *between, boxes[lower]]
        for first, second in itertools.pairwise(path):
            first.below.append(second)
            second.above.append(first)
        arrows.append((path if upper == one[0] else path[::-1], one in wrong))
    put_in_order(table)
    width = put_in_place(table)
    return Panel(package, boxes, arrows, width, ROW * len(table) - (ROW - BOX))


def box_width(name: str, lines: int) -> float:
    return math.ceil(44 + max(LETTER * len(name), SMALL * len(amount(lines)) + 26))


def amount(lines: int) -> str:
    return f"{lines:,} lines"


def put_in_order(table: list[list[Node]]) -> None:
    """Orders every row so that few arrows cross; the best of all sweeps is kept."""
    for nodes in table:
        for number, node in enumerate(nodes):
            node.x = number
    best, order = math.inf, [list(nodes) for nodes in table]
    for sweep in range(SWEEPS):
        for nodes in table if sweep % 2 else reversed(table):
            side: Callable[[Node], list[Node]] = (lambda node: node.above) if sweep % 2 else (lambda node: node.below)
            nodes.sort(key=lambda node: (mean([one.x for one in side(node)], node.x), node.x))
            for number, node in enumerate(nodes):
                node.x = number + (0.5 - len(nodes) / 2)
        count = crossings(table)
        if count < best:
            best, order = count, [list(nodes) for nodes in table]
    for nodes, kept in zip(table, order, strict=True):
        nodes[:] = kept


def crossings(table: list[list[Node]]) -> int:
    count = 0
    for nodes in table:
        pairs = [(node.x, one.x) for node in nodes for one in node.below]
        count += sum((a - c) * (b - d) < 0 for n, (a, b) in enumerate(pairs) for c, d in pairs[:n])
    return count


def put_in_place(table: list[list[Node]]) -> float:
    """Gives every node its `x`, near its neighbours and apart from those beside it; returns the width."""
    for nodes in table:
        spread(nodes, [0.0] * len(nodes))
    for sweep in range(SWEEPS):
        for nodes in table if sweep % 2 else reversed(table):
            wanted = []
            for node in nodes:
                near = (node.above if sweep % 2 else node.below) or node.above + node.below
                wanted.append(mean([one.x for one in near], node.x))
            spread(nodes, wanted)
    left = min(node.x - node.width / 2 for nodes in table for node in nodes)
    for nodes in table:
        for node in nodes:
            node.x = round(node.x - left)
    return max(node.x + node.width / 2 for nodes in table for node in nodes)


def spread(nodes: list[Node], wanted: list[float]) -> None:
    """The places nearest to `wanted` at which nodes, in this order, do not touch (pooling of neighbours)."""
    offsets, at = [], 0.0
    for number, node in enumerate(nodes):
        at += (nodes[number - 1].width + node.width) / 2 + GAP if number else 0.0
        offsets.append(at)
    pools: list[tuple[float, float, int]] = []  # sum of weighted places, weight, nodes
    for node, place, offset in zip(nodes, wanted, offsets, strict=True):
        weight = 3.0 if node.passes else 1.0  # what passes is best straight
        pool = (weight * (place - offset), weight, 1)
        while pools and pools[-1][0] / pools[-1][1] >= pool[0] / pool[1]:
            last = pools.pop()
            pool = (last[0] + pool[0], last[1] + pool[1], last[2] + pool[2])
        pools.append(pool)
    starts = [total / weight for total, weight, count in pools for _ in range(count)]
    for node, start, offset in zip(nodes, starts, offsets, strict=True):
        node.x = start + offset


def mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


# The picture


def drawn(found: Mapping[str, Module]) -> str:
    """The picture as SVG text: the highest package at the left, the others one above the other at its right."""
    lines = {package: dict.fromkeys(rooms(package), 0) for package in PACKAGES}
    for module in found.values():
        if module.room:
            lines[module.package][module.room] += module.lines
    most = max(count for counts in lines.values() for count in counts.values())
    panels = {package: placed(package, lines[package], found) for package in PACKAGES}
    high, *lower = reversed(PACKAGES)
    margin, head, gutter, title = 28, 62, 56, 64
    inner = {package: panel.height + head + 24 for package, panel in panels.items()}
    height = max(inner[high], sum(inner[package] for package in lower) + gutter * (len(lower) - 1))
    side = max(panels[package].width for package in lower) + 2 * 24
    corners = {high: (margin, title, panels[high].width + 48, height)}
    at, free = float(title), height - sum(inner[package] for package in lower) - gutter * (len(lower) - 1)
    for package in lower:
        tall = inner[package] + free / len(lower)
        corners[package] = (margin + corners[high][2] + gutter, at, side, tall)
        at += tall + gutter
    width = corners[high][2] + gutter + side + 2 * margin
    parts = [frame(math.ceil(width), math.ceil(title + height + 62))]
    parts.append(f'<text class="title" x="{margin}" y="40">What imports what</text>')
    for package in (high, *lower):
        parts += panel_text(panels[package], corners[package], head, lines[package], most, found)
    parts += package_arrows(corners, found, margin)
    parts += legend(margin, title + height + 34, any(wrong for panel in panels.values() for _, wrong in panel.arrows))
    return "\n".join([*parts, "</svg>"]) + "\n"


def frame(width: int, height: int) -> str:
    tips = "".join(
        f'<marker id="{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="6.5" markerHeight="6.5" '
        f'orient="auto"><path d="M0 1 10 5 0 9z" fill="{colour}"/></marker>'
        for name, colour in (("tip", "#7d8796"), ("tip-wrong", WRONG), ("tip-package", PALE))
    )
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" \
font-family="system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="13">
<defs>{tips}
<style>
.title {{ font-size: 20px; font-weight: 600; fill: {INK}; }}
.package {{ font-size: 17px; font-weight: 600; }}
.about, .small {{ fill: {PALE}; }} .small {{ font-size: 11px; }}
.name {{ font-weight: 600; fill: {INK}; }}
.box {{ fill: #ffffff; stroke: #c4cad4; stroke-width: 1.2; }}
.arrow {{ fill: none; stroke: #7d8796; stroke-width: 1.3; marker-end: url(#tip); }}
.wrong {{ stroke: {WRONG}; stroke-dasharray: 5 3; marker-end: url(#tip-wrong); }}
.across {{ fill: none; stroke: {PALE}; stroke-width: 3; marker-end: url(#tip-package); }}
</style></defs>
<rect width="{width}" height="{height}" rx="10" fill="#fafbfc"/>"""


def panel_text(
    panel: Panel,
    corner: tuple[float, float, float, float],
    head: int,
    lines: Mapping[str, int],
    most: int,
    found: Mapping[str, Module],
) -> list[str]:
    package, (left, top, width, height) = panel.package, corner
    parts = [
        f'<rect x="{left:.0f}" y="{top:.0f}" width="{width:.0f}" height="{height:.0f}" rx="10" '
        f'fill="{TINTS[package]}" stroke="{COLOURS[package]}" stroke-opacity="0.45"/>',
        f'<text x="{left + 20:.0f}" y="{top + 32:.0f}"><tspan class="package" fill="{COLOURS[package]}">{package}'
        f'</tspan><tspan class="about" dx="10">{ABOUT[package]}, {amount(sum(lines.values()))}</tspan></text>',
    ]
    wider = max(1.0, min(WIDENED, (width - 240) / panel.width))
    dx = left + (width - panel.width * wider) / 2
    stretch = (height - head - 24 - panel.height) / max(1, panel.height // ROW)  # rows fill the panel

    def y(node: Node) -> float:
        return top + head + node.row * (ROW + stretch)

    ports = ports_of(panel.arrows)
    for path, wrong in sorted(panel.arrows, key=lambda arrow: arrow[1]):
        points = []
        for number, node in enumerate(path):
            down = path[0].row <= path[-1].row
            x = dx + node.x * wider + ports.get((id(path), number), 0.0)
            upper, lower = (x, y(node)), (x, y(node) + BOX)
            if number == 0:
                points.append(lower if down else upper)
            elif number == len(path) - 1:
                points.append(upper if down else lower)
            else:
                points += [upper, lower] if down else [lower, upper]
        parts.append(f'<path class="arrow{" wrong" if wrong else ""}" d="{curve(points)}"/>')
    uses = foreign(package, found)
    for name, node in panel.boxes.items():
        x = dx + node.x * wider - node.width / 2
        parts += box_text(node, x, y(node), lines[name], most, uses.get(name, []), COLOURS[package])
    return parts


def ports_of(arrows: list[tuple[list[Node], bool]]) -> dict[tuple[int, int], float]:
    """Where at its box an arrow begins or ends, off the middle, so that arrows of one side of a box stand apart."""
    sides: dict[tuple[str, bool], list[tuple[float, int, int, float]]] = {}
    for path, _ in arrows:
        for number, near in ((0, 1), (len(path) - 1, len(path) - 2)):
            below = path[near].row > path[number].row
            sides.setdefault((path[number].name, below), []).append(
                (path[near].x, id(path), number, path[number].width)
            )
    ports = {}
    for ends in sides.values():
        ends.sort(key=lambda end: end[0])
        for place, (_, path, number, width) in enumerate(ends):
            step = min(18.0, (width - 30) / len(ends))
            ports[path, number] = (place - (len(ends) - 1) / 2) * step
    return ports


def curve(points: list[tuple[float, float]]) -> str:
    """Straight through the rows that it passes, and bent between them."""
    x, y = points[0]
    text = f"M{x:.1f} {y:.1f}"
    for number, (x2, y2) in enumerate(points[1:]):
        middle = (y + y2) / 2
        straight = number % 2 == 1 or x == x2
        text += f"V{y2:.1f}" if straight else f"C{x:.1f} {middle:.1f} {x2:.1f} {middle:.1f} {x2:.1f} {y2:.1f}"
        x, y = x2, y2
    return text


def box_text(node: Node, x: float, y: float, lines: int, most: int, uses: list[str], colour: str) -> list[str]:
    side = SQUARE * math.sqrt(lines / most)
    middle = (x + 20, y + BOX / 2)
    parts = [
        f'<rect class="box" x="{x:.1f}" y="{y:.1f}" width="{node.width}" height="{BOX}" rx="7"/>',
        f'<rect x="{middle[0] - side / 2:.1f}" y="{middle[1] - side / 2:.1f}" width="{side:.1f}" height="{side:.1f}" '
        f'rx="1.5" fill="{colour}" fill-opacity="0.75"/>',
        f'<text class="name" x="{x + 40:.1f}" y="{y + 18:.1f}">{escape(node.name)}</text>',
        f'<text class="small" x="{x + 40:.1f}" y="{y + 33:.1f}">{amount(lines)}</text>',
    ]
    for number, package in enumerate(uses):
        parts.append(
            f'<circle cx="{x + node.width - 11 - 11 * number:.1f}" cy="{y + 30:.1f}" r="4" fill="{COLOURS[package]}"/>'
        )
    return parts


def foreign(package: str, found: Mapping[str, Module]) -> dict[str, list[str]]:
    """The other packages that each room imports."""
    uses: dict[str, set[str]] = {}
    for module in found.values():
        if module.package == package:
            uses.setdefault(module.room, set()).update(one.imported.split(".")[0] for one in module.imports)
    return {room: sorted(names - {package}) for room, names in uses.items()}


def package_arrows(
    corners: Mapping[str, tuple[float, float, float, float]], found: Mapping[str, Module], margin: int
) -> list[str]:
    """From package to package, each with the number of imports."""
    count: dict[Edge, int] = {}
    for module in found.values():
        for one in module.imports:
            pair = (module.package, one.imported.split(".")[0])
            count[pair] = count.get(pair, 0) + (pair[0] != pair[1])
    parts = []
    for (importer, imported), number in sorted(count.items()):
        if not number:
            continue
        a, b = corners[importer], corners[imported]
        if a[0] == b[0]:
            x = a[0] + a[2] / 2
            down = a[1] < b[1]
            start, end = (a[1] + a[3], b[1] - 2) if down else (a[1], b[1] + b[3] + 2)
            parts.append(f'<path class="across" d="M{x:.0f} {start:.0f}V{end:.0f}"/>')
            parts.append(
                f'<text class="small" x="{x + 12:.0f}" y="{(start + end) / 2 + 4:.0f}">{number} imports</text>'
            )
        else:
            y = b[1] + b[3] / 2
            start, end = (a[0] + a[2], b[0] - 2) if a[0] < b[0] else (a[0], b[0] + b[2] + 2)
            parts.append(f'<path class="across" d="M{start:.0f} {y:.0f}H{end:.0f}"/>')
            parts += [
                f'<text class="small" text-anchor="middle" x="{(start + end) / 2:.0f}" y="{y + dy:.0f}">{text}</text>'
                for dy, text in ((-10, str(number)), (20, "imports"))
            ]
    return parts


def legend(x: float, y: float, wrong: bool) -> list[str]:
    parts, texts = [], ["An arrow goes from the importer to what it imports; one that follows from others is left out."]
    texts.append("A square is as large as the code is long.")
    text = "  ".join(texts)
    parts.append(f'<text class="about" x="{x}" y="{y:.0f}">{text}</text>')
    x += 6.9 * len(text) + 16
    for package in (name for name in reversed(PACKAGES) if name != PACKAGES[-1]):
        parts.append(f'<circle cx="{x:.0f}" cy="{y - 4:.0f}" r="4" fill="{COLOURS[package]}"/>')
        words = f"imports {package}"
        parts.append(f'<text class="about" x="{x + 9:.0f}" y="{y:.0f}">{words}</text>')
        x += 7.2 * len(words) + 26
    if wrong:
        parts.append(f'<path class="arrow wrong" d="M{x:.0f} {y - 4:.0f}H{x + 34:.0f}"/>')
        parts.append(f'<text class="about" x="{x + 42:.0f}" y="{y:.0f}">against the order</text>')
    return parts


if __name__ == "__main__":
    PICTURE.write_text(drawn(modules()))

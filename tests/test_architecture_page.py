"""docs/architecture.md names what is there, and docs/architecture.py draws it."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import architecture
import pytest
from import_graph import PACKAGES, ROOT, modules, rooms

PAGE = (ROOT / "docs" / "architecture.md").read_text()
TREE = re.search(r"```text\n(.*?)```", PAGE, flags=re.DOTALL)
PLACES = re.findall(r"`([\w./-]+\.py): ([\w.]+)`", PAGE)
PATHS = re.findall(r"`([\w.-]+/[\w./-]*)(?:: [\w.]+)?`", PAGE)


def in_the_tree() -> Iterator[str]:
    """The paths that the tree names; a folder ends with a slash."""
    assert TREE is not None
    folders: list[str] = []
    for line in TREE[1].splitlines():
        name = line.split()[0]
        depth = (len(line) - len(line.lstrip())) // 2
        folders = [*folders[:depth], name]
        yield "".join(folders)


def test_the_tree_names_every_room_and_nothing_that_is_gone() -> None:
    named = set(in_the_tree())
    there = {
        f"{package}/{room}" + ("/" if (ROOT / package / room).is_dir() else ".py")
        for package in PACKAGES
        for room in rooms(package)
    }
    top = {path for path in named if path.count("/") == 1 + path.endswith("/") and path.split("/")[0] in PACKAGES}
    none(top - there, "The tree names rooms that are gone:")
    none(there - top, "The tree lacks rooms:")
    none((path for path in named if not exists(path)), "The tree names what is gone:")


def test_every_path_on_the_page_exists() -> None:
    assert PATHS
    none((path for path in PATHS if not exists(path)), "The page names what is gone:")


def test_every_function_on_the_page_exists() -> None:
    assert PLACES
    missing = (f"{path}: {name}" for path, name in PLACES if not exists(path) or name not in defined(path))
    none(missing, "The page names functions that are gone:")


def test_the_walk_goes_from_the_command_line_to_a_worker_and_back() -> None:
    walk = PAGE.split("## One decision")[1].split("\n## ")[0]
    steps = [int(number) for number in re.findall(r"^(\d+)\. ", walk, flags=re.MULTILINE)]
    assert steps == list(range(1, len(steps) + 1))
    for step in re.split(r"^\d+\. ", walk, flags=re.MULTILINE)[1:]:
        assert re.search(r"\.py: ", step), f"a step that names no function: {step.strip()}"


@pytest.fixture(scope="module")
def picture() -> str:
    return architecture.drawn(modules())


def test_the_picture_shows_every_room(picture: str) -> None:
    texts = [element.text for element in ElementTree.fromstring(picture).iter() if element.get("class") == "name"]
    assert sorted(map(str, texts)) == sorted(room for package in PACKAGES for room in rooms(package))


def test_boxes_of_the_picture_do_not_overlap(picture: str) -> None:
    boxes = [
        tuple(float(element.get(name, "")) for name in ("x", "y", "width", "height"))
        for element in ElementTree.fromstring(picture).iter()
        if element.get("class") == "box"
    ]
    for number, (x, y, width, height) in enumerate(boxes):
        for x2, y2, width2, height2 in boxes[:number]:
            assert x + width <= x2 or x2 + width2 <= x or y + height <= y2 or y2 + height2 <= y


def test_same_code_same_picture(picture: str) -> None:
    assert architecture.drawn(modules()) == picture


def test_the_picture_is_there() -> None:
    """Not that it is the one of this very code: then every commit would have to touch it."""
    assert ElementTree.parse(architecture.PICTURE).getroot().tag.endswith("svg")


def none(offenders: Iterable[str], rule: str) -> None:
    """Fails with all offenders in one message."""
    lines = sorted(set(offenders))
    if lines:
        pytest.fail("\n  ".join([rule, *lines]), pytrace=False)


def exists(path: str) -> bool:
    """As it is written: a folder with its slash."""
    place = ROOT / path
    return place.is_dir() if path.endswith("/") else place.is_file()


@functools.cache
def defined(path: str) -> set[str]:
    """Names of functions, classes and values of a file, and `Class.method`, `Class.field`."""
    return set(_defined(ast.parse(Path(ROOT / path).read_text()), ""))


def _defined(tree: ast.Module | ast.ClassDef, prefix: str) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield prefix + node.name
            if isinstance(node, ast.ClassDef):
                yield from _defined(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (prefix + target.id for target in targets if isinstance(target, ast.Name))

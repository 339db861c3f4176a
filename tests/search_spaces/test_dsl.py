from __future__ import annotations

import doctest

from search_spaces import Choice, Repeat, Tied, dsl, resolve
from search_spaces.cells import Conv, Stem


def test_doctests() -> None:
    assert doctest.testmod(dsl).failed == 0


def paths_of(node: object) -> list[str]:
    asked: list[str] = []
    resolve(node, lambda path, options: asked.append(path) or len(options) - 1)  # type: ignore[func-returns-value]
    return asked


def test_paths_hold_the_index_of_every_option_taken() -> None:
    block = Choice(Conv(1), Conv(2, kernel=Choice(3, 5)))
    assert paths_of((Stem(8), Repeat(block, Choice(1, 2)))) == [
        "1.times",
        "1[0]",
        "1[0]:1.kernel",
        "1[1]",
        "1[1]:1.kernel",
    ]
    assert paths_of((Repeat(block, 3, tied=True),)) == ["0[*]", "0[*]:1.kernel"]
    assert paths_of((Tied("cell", block), Tied("cell", block))) == ["@cell", "@cell:1.kernel"]

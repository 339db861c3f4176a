"""One class of options: flags, keywords and TOML files are made from it."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import pytest

from nas.cli.data_flags import with_data_flags
from nas.config.data_options import DataOptions
from nas.config.search_config import SearchConfig
from nas.errors import InputError


@pytest.mark.parametrize(
    ("said", "name", "value"),
    [
        ({"target": "price"}, "target", ("price",)),
        ({"target": ["a", "b"]}, "target", ("a", "b")),
        ({"ignore": ""}, "ignore", ()),
        ({"layout": "images"}, "layout", "pictures"),
        ({"layout": "features"}, "layout", "table"),
        ({"metric": "Balanced accuracy"}, "metric", "balanced_accuracy"),
        ({"size": "96"}, "size", (96, 96)),
        ({"size": "96x128"}, "size", (96, 128)),
        ({"size": 64}, "size", (64, 64)),
        ({"size": (3, 4)}, "size", (3, 4)),
        ({"axes": "nhwc"}, "axes", "NHWC"),
        ({"delimiter": "tab"}, "delimiter", "\t"),
        ({"delimiter": "semicolon"}, "delimiter", ";"),
    ],
)
def test_what_may_be_said_in_several_ways(said: dict[str, Any], name: str, value: Any) -> None:
    options = DataOptions(**said)
    assert getattr(options, name) == value
    again = SearchConfig.from_json(SearchConfig(options=options).to_json()).options
    assert again == options
    assert DataOptions(**options.said) == options


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"layout": "sideways"}, "layout 'sideways'"), ({"kind": "poetry"}, "kind 'poetry'"),
        ({"metric": "acuracy"}, "Did you mean 'accuracy'"), ({"size": "large"}, "pixels such as 96"),
        ({"size": (0, 3)}, "size"), ({"axes": "QQ"}, "every axis by a letter"), ({"encoding": "klingon"}, "encoding"),
        ({"decimal": ";"}, "decimal"), ({"header": "maybe"}, "header"), ({"delimiter": "abc"}, "one character"),
        ({"target": 3}, "a name or a list of names"), ({"blank_target": "guess"}, "blank target"),
        ({"targte": "x"}, "target"),
    ],
)  # fmt: skip
def test_what_breaks_a_rule_is_named(said: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        DataOptions(**said)


def test_options_of_a_toml_file(tmp_path: Path) -> None:
    path = tmp_path / "data.toml"
    path.write_text('target = "price"\nignore = ["id", "name"]\nsize = 96\n')
    options = DataOptions.from_toml(path, target="cost")
    assert (options.target, options.ignore, options.size) == (("cost",), ("id", "name"), (96, 96))
    for text, says in (
        ("target = ", "no readable file"),
        ('taget = "x"', "Did you mean 'target'"),
        ("size = 0", "size"),
    ):
        path.write_text(text)
        with pytest.raises(InputError, match=says):
            DataOptions.from_toml(path)


def test_every_option_is_a_flag_with_a_help_text() -> None:
    def command(data: str, options: DataOptions) -> None:
        raise AssertionError(options)

    flags = inspect.signature(with_data_flags(command)).parameters
    assert list(flags) == ["data", *DataOptions.names(), "options"]
    for name in DataOptions.names():
        assert flags[name].annotation.__metadata__[0].help
    with pytest.raises(AssertionError, match="'cost'"):
        with_data_flags(command)("x", **{**dict.fromkeys([*DataOptions.names(), "options"]), "target": ["cost"]})


def test_a_journal_of_an_older_version_is_read() -> None:
    written = json.loads(SearchConfig().to_json())
    del written["options"]
    old = json.dumps({**written, "layout": "images", "kind": "regression", "size": [16, 16]})
    assert SearchConfig.from_json(old).options == DataOptions(layout="pictures", kind="regression", size=(16, 16))

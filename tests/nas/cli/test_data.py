"""`nas data`, and what `nas search` shows before anything is spent."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import nas
from nas.cli.main import app
from nas.data.schema import Schema
from nas.errors import InputError


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    rows = [f"{i},{a:.3f};{'x' if a > 0 else 'y'}" for i, a in enumerate(rng.normal(size=80))]
    path = tmp_path / "table.csv"
    path.write_text("id;a;kind\n" + "\n".join(row.replace(",", ";", 1) for row in rows))
    return path


def test_the_schema_is_printed_and_nothing_is_written(table: Path) -> None:
    result = CliRunner().invoke(app, ["data", str(table)])
    assert result.exit_code == 0, result.output
    for words in ("Target: kind", "delimiter ;", "2 classes: x", "id: number, left out", "Parts: ", "--keep id"):
        assert words in result.output
    assert list(table.parent.iterdir()) == [table]


def test_it_is_corrected_by_flags_and_files(table: Path) -> None:
    options = table.parent / "data.toml"
    options.write_text('target = "kind"\nkeep = ["id"]\n')
    for words in (["--keep", "id"], ["--options", str(options)]):
        result = CliRunner().invoke(app, ["data", str(table), "--json", *words])
        assert Schema.from_json(result.output).features == ("id", "a")
    result = CliRunner().invoke(app, ["data", str(table), "--json", "--options", str(options), "--target", "a"])
    assert json.loads(result.output)["kind"] == "regression"


def test_what_is_refused_is_refused_before_anything_is_written(table: Path) -> None:
    with pytest.raises(InputError, match="Unknown column for --target 'sort'"):
        nas.search(table, target="sort", directory=table.parent / "search", tracking_uri="")
    assert list(table.parent.iterdir()) == [table]


def test_a_search_shows_and_keeps_its_schema(table: Path) -> None:
    directory = table.parent / "search"
    result = CliRunner().invoke(
        app, ["search", str(table), "--target", "kind", "--metric", "log loss", "--budget", "1 trial", "--epochs", "1",
              "--executor", "local", "--tracking-uri", "", "--no-final", "--directory", str(directory)],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "Target: kind (--target)" in result.output and "Searching tabular" in result.output
    schema = Schema.from_json((directory / "schema.json").read_text(encoding="utf-8"))
    assert schema.metric == "log_loss" and schema.source == str(table)


@pytest.mark.parametrize(
    ("shape", "layout", "space"),
    [((60, 1, 8, 8), "pictures", "hybrid"), ((60, 2, 12), "series", "sequence"), ((60, 5), "table", "tabular")],
)
def test_the_space_goes_by_the_kind_of_data(tmp_path: Path, shape: tuple[int, ...], layout: str, space: str) -> None:
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    result = nas.search(
        (x, np.arange(60) % 2), budget="1 trial", epochs=1, final=False, executor="local", tracking_uri="",
        directory=tmp_path / "search", layout=layout,
    )  # fmt: skip
    assert result.config.space == space

"""The direction of imports, and the one file that may import each heavy library."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("search_spaces", "predictors", "nas")
MAY_IMPORT = {
    "search_spaces": {"search_spaces"},
    "predictors": {"predictors", "search_spaces"},
    "nas": {"nas", "predictors", "search_spaces"},
}
ONLY_IN = {
    "ray": {"nas/execution/ray/cluster.py", "nas/execution/ray/tune.py", "nas/execution/ray/full.py"},
    "mlflow": {"nas/tracking/"},
    "optuna": {"nas/strategies/optuna/"},
    "moocore": {"nas/benchmark/comparison.py"},
    "sklearn": {"predictors/", "nas/data/"},
    "pandas": {"nas/"},
    "matplotlib": {"nas/report/"},
    "PIL": {"nas/data/"},
    "typer": {"nas/cli/main.py", "nas/commands/"},
}
MEASURES = {"search_spaces/profile.py", "search_spaces/latency.py"}
TORCH_IN_SEARCH_SPACES = {"search_spaces/cells/", "search_spaces/network.py"} | MEASURES
FILES = sorted(path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Names of all modules that a file imports, at any depth."""
    names: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def stands_in(path: Path, places: set[str]) -> bool:
    return any(str(path).startswith(place) if place.endswith("/") else str(path) == place for place in places)


@pytest.mark.parametrize("path", FILES, ids=str)
def test_imports_point_from_nas_over_predictors_to_search_spaces(path: Path) -> None:
    ours = {name.split(".")[0] for name in imported(path)} & set(PACKAGES)
    assert ours <= MAY_IMPORT[path.parts[0]]


@pytest.mark.parametrize("path", FILES, ids=str)
def test_heavy_libraries_are_imported_where_they_belong(path: Path) -> None:
    names = imported(path)
    for library, places in ONLY_IN.items():
        if any(name == library or name.startswith(f"{library}.") for name in names):
            assert stands_in(path, places), f"{path} imports {library}, which belongs to {', '.join(sorted(places))}"


@pytest.mark.parametrize("path", [path for path in FILES if path.parts[0] == "search_spaces"], ids=str)
def test_torch_in_search_spaces_stays_with_cells(path: Path) -> None:
    if any(name.split(".")[0] == "torch" for name in imported(path)):
        assert stands_in(path, TORCH_IN_SEARCH_SPACES)


@pytest.mark.parametrize("path", FILES, ids=str)
def test_no_file_is_longer_than_a_sitting(path: Path) -> None:
    lines = (ROOT / path).read_text().count("\n")
    assert lines <= 400, f"{path} has {lines} lines; does it hold two concepts?"


def test_every_package_is_listed_for_installation() -> None:
    import tomllib

    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    found = {".".join(path.parent.parts) for path in FILES if path.name == "__init__.py"}
    assert found == listed

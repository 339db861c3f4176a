"""Who may import whom, and how files are named. Every offender is shown with its file and line.

The order of the packages and rooms stands in `[tool.nas]` of pyproject.toml; `docs/architecture.svg` draws it.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest
from import_graph import FRONT, HANDED_ON, LAYERS, PACKAGES, ROOT, Import, circles, modules, room_of, rooms

MODULES = modules()
ROOMS_AT_MOST = 20
ONLY_IN = {  # the files and folders that may import a library; a longer name goes before a shorter one
    "ray": ["nas/execution/ray/"],
    "mlflow": ["nas/tracking/"],
    "optuna": ["nas/strategies/optuna/"],
    "sklearn.datasets": ["nas/data/sources/"],  # the data sets that come with it
    "sklearn": [
        "predictors/",
        "nas/baselines/",
        "nas/estimator.py",  # follows its interface
        "nas/config/scorer_names.py",  # its metrics
        "nas/data/scorers.py",
    ],
    "lightgbm": ["predictors/", "nas/baselines/"],
    "pandas": ["nas/"],
    "matplotlib": ["nas/report/"],
    "PIL": ["nas/data/"],
    "onnx": ["nas/export/formats/"],
    "onnxruntime": ["nas/export/formats/"],
    "safetensors": ["nas/export/"],
    "typer": ["nas/cli/"],
}
TORCH_IN_SEARCH_SPACES = ["cells/", "network.py", "profile.py", "latency.py"]  # latency measures networks
SAY_NOTHING = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc", "base"}
WITH_SCRIPTS = (*PACKAGES, "docs", "examples", "results", ".ci")


def none(offenders: Iterable[object], rule: str) -> None:
    """Fails with all offenders in one message."""
    lines = [str(one) for one in offenders]
    if lines:
        pytest.fail(f"{rule} {len(lines)} do not keep to it:\n  " + "\n  ".join(lines), pytrace=False)


def stands_in(file: str, places: Iterable[str]) -> bool:
    return any(file.startswith(place) if place.endswith("/") else file == place for place in places)


def test_no_circle_of_imports() -> None:
    """Imports inside functions and under `if TYPE_CHECKING` count: they too say who has to know whom."""
    offenders = ["\n    ".join([f"a circle of {len(circle)}:", *map(str, circle)]) for circle in circles(MODULES)]
    none(offenders, "No module may reach itself by imports.")


def test_packages_point_downwards() -> None:
    def upwards(one: Import) -> bool:
        importer, imported = (PACKAGES.index(name.split(".")[0]) for name in (one.importer, one.imported))
        return importer < imported

    none(filter(upwards, all_imports()), f"Packages import themselves and lower ones: {' <- '.join(PACKAGES)}.")


def test_rooms_of_nas_point_downwards() -> None:
    """`nas/__init__` hands on `search` among others, so that who imports it must lie as high as that."""
    height = {room: number for number, room in enumerate(LAYERS)}
    height[""] = height[HANDED_ON]

    def upwards(one: Import) -> bool:
        importer, imported = room_of(one.importer), room_of(one.imported)
        inside = all(name.split(".")[0] == FRONT for name in (one.importer, one.imported))
        return inside and {importer, imported} <= height.keys() and height[importer] < height[imported]

    none(filter(upwards, all_imports()), f"Rooms of nas import themselves and lower ones: {' <- '.join(LAYERS)}.")


def test_every_room_of_nas_has_its_place_in_the_order() -> None:
    on_disk = set(rooms("nas"))
    offenders = [f"nas/{room} is not in the order" for room in sorted(on_disk - set(LAYERS))]
    offenders += [f"{room} is in the order, but not in nas/" for room in LAYERS if room not in on_disk]
    none(offenders, "`rooms` in `[tool.nas]` of pyproject.toml names every file and folder in nas/, and no other.")


def test_heavy_libraries_are_imported_where_they_belong() -> None:
    offenders = []
    for module in MODULES.values():
        for name, line in sorted(module.others.items()):
            library = next((one for one in ONLY_IN if f"{name}.".startswith(f"{one}.")), None)
            if library and not stands_in(module.file, ONLY_IN[library]):
                offenders.append(
                    f"{module.name} -> {library}  {module.file}:{line}  only: {', '.join(ONLY_IN[library])}"
                )
    none(sorted(set(offenders)), "Each heavy library is imported in one place.")


def test_torch_in_search_spaces_stays_with_cells() -> None:
    places = [f"search_spaces/{place}" for place in TORCH_IN_SEARCH_SPACES]
    offenders = [
        f"{module.name} -> {name}  {module.file}:{line}"
        for module in MODULES.values()
        if module.package == "search_spaces" and not stands_in(module.file, places)
        for name, line in module.others.items()
        if name.split(".")[0] == "torch"
    ]
    none(offenders, f"In search_spaces only {', '.join(places)} import torch.")


def test_no_neighbour_of_a_script_hides_a_standard_module() -> None:
    """`python nas/cli.py` looks into `nas/` first: a file `inspect.py` there is taken for the standard one."""
    scripts = {path.parent for top in WITH_SCRIPTS for path in (ROOT / top).rglob("*.py") if is_script(path)}
    offenders = [
        f"{path.relative_to(ROOT)} is named like the standard module `{path.stem}`"
        for folder in sorted(scripts)
        for path in sorted(folder.iterdir())
        if path.stem in sys.stdlib_module_names and (path.suffix == ".py" or (path / "__init__.py").exists())
    ]
    none(offenders, "A file beside a script has a name of its own.")


def test_nas_is_seen_at_one_glance() -> None:
    found = rooms("nas")
    assert len(found) <= ROOMS_AT_MOST, f"nas/ has {len(found)} rooms, at most {ROOMS_AT_MOST} are seen: {found}"


def test_names_say_something() -> None:
    names = [(name, module.file) for name, module in MODULES.items()]
    names += [
        (node.name, f"{module.file}:{node.lineno}")
        for module in MODULES.values()
        for node in ast.walk(ast.parse(module.path.read_text()))
        if isinstance(node, ast.ClassDef)
    ]
    offenders = [f"{name}  {place}" for name, place in names if SAY_NOTHING & set(words(name))]
    none(offenders, f"Files, folders and classes are named by what they hold: no {', '.join(sorted(SAY_NOTHING))}.")


def test_every_package_is_installed() -> None:
    """`include` of setuptools names the packages with a star for what is in them."""
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]["include"]
    assert sorted(listed) == sorted(f"{package}*" for package in PACKAGES)
    folders = {module.path.parent for module in MODULES.values()}
    none([folder for folder in sorted(folders) if not (folder / "__init__.py").exists()], "A folder has an `__init__`.")


def all_imports() -> list[Import]:
    return sorted(one for module in MODULES.values() for one in module.imports)


def is_script(path: Path) -> bool:
    return bool(re.search(r'^if __name__ == "__main__":', path.read_text(), re.MULTILINE))


def words(name: str) -> list[str]:
    """`BaseSampler` as `base`, `sampler`; `nas.data_base` as `nas`, `data`, `base`."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)]

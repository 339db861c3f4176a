"""An export: network, weights, rules for raw rows and a card in one folder, proved before it is done."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from nas.errors import InputError, SearchFailed
from nas.export.card import Facts, card
from nas.export.model_file import Written, model
from nas.export.onnx_file import write_onnx
from nas.export.raw_inputs import RawInputs, raw_inputs
from nas.export.sources import distributions
from nas.export.verify import Proof, verify
from nas.final.record import CHECK, Check, final_record
from nas.journal.directory import EXPORTED, FILE, FINAL
from nas.journal.journal import read
from nas.setup.kept_code import enter_kept_code
from nas.setup.kept_space import kept_space
from nas.training.whole_network import whole_network
from search_spaces import load_space
from search_spaces.architecture import Architecture
from search_spaces.task import Task

Way = Callable[[], Written]


def export(
    out: Path,
    architecture: Architecture,
    task: Task,
    whole: nn.Sequential,
    check: Check,
    facts: Facts,
    *,
    raw: RawInputs | None = None,
    onnx: bool = False,
) -> Proof:
    """Writes the folder `out`. It appears when everything in it has been verified, or not at all.

    Args:
        whole: the trained network, normalisation included.
        check: what it computes, and what it should have.
        raw: how raw rows become its inputs.
        onnx: whether to write `model.onnx` as well.

    Raises:
        InputError: `out` exists, or cannot be written, or the network has parts whose source cannot be had.
        SearchFailed: the written network does not compute what the trained one does.
    """
    with proved(out, ways(architecture, task, whole), check, task, raw) as (part, proof):
        (part / "architecture.json").write_text(architecture.to_json())
        if onnx:
            write_onnx(part / "model.onnx", whole, check)
        (part / "card.md").write_text(card(architecture, task, facts, proof, raw.schema if raw else None))
    return proof


def ways(architecture: Architecture, task: Task, whole: nn.Sequential) -> tuple[Way, ...]:
    """How a network may be written down: by its constructors, or where those need what is not there, as it stands."""
    own = any("export_arguments" in vars(module) for module in whole.modules())
    every = (functools.partial(model, architecture, task, whole, constructors) for constructors in (True, False))
    return tuple(every)[: 1 + own]


@contextlib.contextmanager
def proved(
    out: Path, ways: Sequence[Way], check: Check, task: Task, raw: RawInputs | None = None
) -> Iterator[tuple[Path, Proof]]:
    """A folder with a verified model.py and weights.pt, for the rest to be added; it becomes `out` if all goes well.

    Args:
        ways: to write the network down; the first that can be verified is taken.
        raw: how raw rows become its inputs.
    """
    out = absent(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        yield part, _first_proved(part, ways, check, task, raw)
        shutil.rmtree(part / "__pycache__", ignore_errors=True)
        part.chmod(0o755)
        os.rename(part, out)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _first_proved(part: Path, ways: Sequence[Way], check: Check, task: Task, raw: RawInputs | None) -> Proof:
    refused: InputError | SearchFailed | None = None
    for way in ways:
        try:
            written = way()
            write(part, written, raw)
            proof = verify(part, check, task, raw.rows if raw else None)
            return dataclasses.replace(proof, packages=written.packages)
        except (InputError, SearchFailed) as error:
            refused = refused or error
    raise refused or SearchFailed("There is no way to write the network down.")


def write(folder: Path, written: Written, raw: RawInputs | None = None) -> None:
    """`model.py`, `weights.pt`, what raw rows need, and where all of it needs more than torch `requirements.txt`."""
    (folder / "model.py").write_text(written.text, encoding="utf-8")
    torch.save(written.state, folder / "weights.pt")
    needed = [f"torch=={torch.__version__.split('+')[0]}"]
    if raw is not None:
        raw.write(folder)
        needed += raw.requirements()
    needed += [line for package in written.packages for line in distributions(package)]
    if len(needed) > 1:
        (folder / "requirements.txt").write_text("\n".join(dict.fromkeys(needed)) + "\n")


def export_winner(search: Path, out: Path, *, onnx: bool = False, final: str = FINAL) -> Path:
    """Exports the winner of the search in directory `search`, from what its final left there.

    Args:
        final: folder below it of that final.

    Raises:
        InputError: the search has no final, or `out` exists.
    """
    record = final_record(search, final)
    know_code(search)
    winner, baseline = record["finalists"][0], record["baseline"]
    task, architecture = Task.from_data(record["task"]), Architecture.from_json(json.dumps(winner["architecture"]))
    whole = finalist_network(search / final, record, winner)
    facts = Facts(
        data=record["data"],
        fingerprint=record["fingerprint"],
        classes=tuple(record["classes"]),
        validation_score=winner["validation_score"],
        test_score=winner["test_score"],
        baseline_score=baseline and baseline["test_score"],
        epochs=winner["epochs"],
        seed=winner["seed"],
        trials=record["trials"],
    )
    check, raw = Check.load(search / final / CHECK), raw_inputs(search, final)
    export(out, architecture, task, whole, check, facts, raw=raw, onnx=onnx)
    return out.absolute()


def finalist_network(final: Path, record: dict[str, Any], finalist: dict[str, Any]) -> nn.Sequential:
    """The whole trained network of one finalist in the record of the folder `final`."""
    architecture = Architecture.from_json(json.dumps(finalist["architecture"]))
    state = torch.load(final / Path(finalist["weights"]).name, weights_only=True)
    mirrored = {"mirrored": [1.0]} if finalist.get("mirrored") else {}  # finals of before do without
    return whole_network(architecture, Task.from_data(record["task"]), {**record["constants"], **mirrored}, state)


def know_code(search: Path) -> None:
    """Loads the code of a search that is a person's own, so that its cells and its metric are there."""
    enter_kept_code(search)
    if kept_space(search) is None and (search / FILE).is_file():
        name = json.loads(read(search).header.config).get("space", "")
        if ":" in name:
            load_space(name)


def export_again(search: Path) -> Path:
    """Exports the winner into the search's own directory; an earlier export of the same search is kept beside it."""
    out, stamp = search / EXPORTED, time.strftime("%Y%m%d-%H%M%S")
    made = export_winner(search, out.with_name(f"{EXPORTED}-{stamp}"))
    if out.exists():
        out.rename(out.with_name(f"{EXPORTED}-before-{stamp}"))
    return made.rename(out)


def absent(out: Path) -> Path:
    """`out` as an absolute path, if nothing stands there yet."""
    out = Path(out).absolute()
    if out.exists():
        raise InputError(f"{out} exists already. Name a directory that does not, or remove this one first.")
    return out

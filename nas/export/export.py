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

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from nas.data.dataset import Dataset
from nas.errors import InputError, SearchFailed
from nas.export import dockerfile
from nas.export.card import Facts, card, formats_of
from nas.export.formats import FORMATS, HF, INT8, PYTHON, asked
from nas.export.formats.added import add_formats
from nas.export.formats.hugging_face import hub_card
from nas.export.formats.subject import Subject
from nas.export.merged_normalisation import merged
from nas.export.model_file import Written, model
from nas.export.raw_inputs import RawInputs, raw_inputs
from nas.export.searched_data import searched_data
from nas.export.sources import distributions
from nas.export.verify import Proof, verify
from nas.final.record import CHECK, Check, final_record
from nas.journal.directory import EXPORTED, FILE, FINAL
from nas.journal.journal import read
from nas.setup.kept_code import enter_kept_code
from nas.setup.kept_space import kept_space
from nas.training.whole_network import Constants, whole_network
from search_spaces import load_space
from search_spaces.architecture import Architecture
from search_spaces.task import Task

Way = Callable[[], Written]
Say = Callable[[str], None]


def export(
    out: Path,
    architecture: Architecture,
    task: Task,
    whole: nn.Sequential,
    check: Check,
    facts: Facts,
    *,
    raw: RawInputs | None = None,
    formats: Sequence[str] = (PYTHON,),
    merge: bool = False,
    constants: Constants | None = None,
    calibration: np.ndarray | None = None,
    say: Say = lambda text: None,
) -> Proof:
    """Writes the folder `out`. It appears when everything in it has been verified, or not at all.

    Args:
        whole: the trained network, normalisation included.
        check: what it computes, and what it should have.
        raw: how raw rows become its inputs.
        formats: beside plain PyTorch, see `nas.export.formats`.
        merge: whether the weights of convolutions take in the batch normalisation behind them.
        constants: of the normalisation that is inside the network, which formats state.
        calibration: inputs of the training part, for int8.
        say: is told what was proved of each format, and what was merged.

    Raises:
        InputError: `out` exists, or cannot be written, or the network has parts whose source cannot be had.
        SearchFailed: the written network, or one of the formats, does not compute what the trained one does.
    """
    every = ways(architecture, task, whole)
    if merge:
        every = tuple(functools.partial(merged, way, task, say) for way in every)
    subject = Subject(task, check, facts.classes, constants or {}, facts.data, calibration)
    with proved(out, every, check, task, raw) as (part, proof):
        (part / "architecture.json").write_text(architecture.to_json())
        described = card(architecture, task, facts, proof, raw.schema if raw else None)
        add(part, formats, subject, described, facts.test_score, say)
    return proof


def add(
    part: Path, formats: Sequence[str], subject: Subject, described: str, test_score: float | None, say: Say
) -> None:
    """The other formats, proved, and `card.md`, which says what was proved of them.

    Args:
        described: the card so far.
    """
    proofs = add_formats(part, formats, subject)
    for one in proofs:
        say(f"{FORMATS[one.name].file}: {one.sentence(subject.task.metric)}")
    text = described + formats_of(proofs, subject.task)
    (part / "card.md").write_text(text)
    if HF in formats:
        (part / FORMATS[HF].file / "README.md").write_text(hub_card(text, subject, test_score), encoding="utf-8")


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
    """`model.py`, its weights in two forms, what raw rows need, and with what, in which container, all of it runs."""
    (folder / "model.py").write_text(written.text, encoding="utf-8")
    torch.save(written.state, folder / "weights.pt")
    apart = {name: value.detach().contiguous().clone() for name, value in written.state.items()}  # no shared memory
    save_file(apart, folder / "model.safetensors")
    needed = [f"torch=={torch.__version__.split('+')[0]}"]
    if raw is not None:
        raw.write(folder)
        needed += raw.requirements()
    needed += [line for package in written.packages for line in distributions(package)]
    (folder / "requirements.txt").write_text("\n".join(dict.fromkeys(needed)) + "\n")
    (folder / dockerfile.FILE).write_text(dockerfile.dockerfile(raw is not None))


def export_winner(
    search: Path,
    out: Path,
    *,
    formats: str | Sequence[str] = PYTHON,
    merge_normalisation: bool = False,
    final: str = FINAL,
    dataset: Dataset | None = None,
    say: Say = lambda text: None,
) -> Path:
    """Exports the winner of the search in directory `search`, from what its final left there.

    Args:
        formats: of `python`, `pt2`, `onnx`, `int8` and `hf`, see `nas.export.formats`; python is always made.
        merge_normalisation: whether convolutions take in the batch normalisation behind them.
        final: folder below it of that final.
        dataset: of the search, for int8; None reads it again from where the search had it.
        say: is told what was proved.

    Raises:
        InputError: the search has no final, `out` exists, a format is unknown or lacks a package, or int8 is asked
            for and the data is not there as it was.
        SearchFailed: a format does not compute what the network does.
    """
    absent(out)
    chosen = asked(formats)
    record = final_record(search, final)
    know_code(search)
    calibration = calibration_of(search, chosen, dataset)
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
    export(
        out, architecture, task, whole, check, facts, raw=raw, formats=chosen, merge=merge_normalisation,
        constants=record["constants"], calibration=calibration, say=say,
    )  # fmt: skip
    return out.absolute()


def calibration_of(search: Path, formats: Sequence[str], dataset: Dataset | None) -> np.ndarray | None:
    """Inputs of the training part where int8 is asked for.

    Raises:
        InputError: they cannot be had again.
    """
    if INT8 not in formats:
        return None
    if dataset is None:
        dataset = searched_data(search, "int8 is calibrated on the training part", "nas.export.export_winner")
    return dataset.search.train.inputs


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

"""Proof of an export: in a clean interpreter that cannot import this project it computes what the search saw."""

from __future__ import annotations

import json
import math
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nas.data.metrics import score_or_nan
from nas.errors import SearchFailed
from nas.export.clean_interpreter import CLEAN, run
from nas.final.record import Check
from search_spaces.task import Task

TOLERANCE = 1e-5
SCORE_TOLERANCE = 1e-6  # of the score on raw rows, relative to scores above 1
SECONDS = 300
STEP_BYTES = 4 << 30  # of memory that a step of the dry run may take

CHECK = (
    CLEAN
    + """
jobs = [sys.argv[start : start + 3] for start in range(1, len(sys.argv) // 3 * 3, 3)]
only({os.path.dirname(path) for job in jobs for path in (os.path.join(job[0], ""), os.path.join(job[0], "x"), job[2])})
def outputs(directory, sample, found_at):
    spec = importlib.util.spec_from_file_location("model", directory + "/model.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["model"] = module
    spec.loader.exec_module(module)
    network = module.load()
    if os.path.exists(directory + "/model.safetensors"):
        other = module.load("model.safetensors").state_dict()
        for name, value in network.state_dict().items():
            if not torch.equal(torch.nan_to_num(value), torch.nan_to_num(other[name])):
                raise ValueError(f"model.safetensors holds another {name} than weights.pt")
    sample, found = np.load(sample, allow_pickle=False), []
    inputs = sample["inputs"]
    with torch.inference_mode():
        for start in range(0, len(inputs), 256):
            found.append(network(torch.from_numpy(inputs[start : start + 256])).float())
    made.append((network, torch.from_numpy(inputs[:4]), found_at))
    return torch.cat(found).numpy()
def raw_rows(path):
    held = np.load(path, allow_pickle=False)
    return rows_of(path, held, json.loads(bytes(held["described"])), "")
def rows_of(path, held, described, before):
    if described["form"] == "named":
        return {name: rows_of(path, held, one, f"{name} ") for name, one in described["inputs"].items()}
    if described["form"] == "text":
        return described["text"]
    if described["form"] == "array":
        return held[before + "rows"]
    if described["form"] == "series":
        return [held[f"{before}series {number}"] for number in range(described["count"])]
    rows = described["columns"] if described["form"] == "table" else described["values"]
    for number, one in enumerate(described.get("pictures", [])):
        rows = {**rows, one["column"]: files_of(path, held, one["names"], f"column {number} ")}
    if "names" not in described:
        return rows
    files = files_of(path, held, described["names"], before)
    return {**rows, described["column"]: files} if described["column"] else files
def files_of(path, held, names, before):
    files = [f"{path}.{before}{number}{name}" for number, name in enumerate(names)]
    for number, file in enumerate(files):
        held[f"{before}file {number}"].tofile(file)
    return files
def predicted(directory, rows):
    spec = importlib.util.spec_from_file_location("predict", directory + "/predict.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["predict"] = module
    spec.loader.exec_module(module)
    predict = module.load_predictor(directory)
    if not len(rows):
        return np.empty((0, len(predict.names)), np.float32)
    def said(rows):
        return predict.backtest(rows)[0] if hasattr(predict, "backtest") else predict(rows).outputs
    found = said(rows)
    if isinstance(rows, dict) and not np.array_equal(found, said(dict(reversed(rows.items())))):
        raise ValueError("it gives other outputs when the columns of a table come in another order")
    return found
def explained(error):
    lines = [f"{one.name}, line {one.lineno}: {one.line}" for one in traceback.extract_tb(error.__traceback__)
             if one.filename.endswith(("model.py", "predict.py"))]
    return f"{type(error).__name__}: {error}" + (f" (in {lines[-1]})" if lines else "")
failed, made = 0, []
for directory, sample, found in jobs:
    try:
        np.save(found, outputs(directory, sample, found))
        if os.path.exists(sample + ".rows.npz"):
            np.save(found + ".rows.npy", predicted(directory, raw_rows(sample + ".rows.npz")))
    except BaseException as error:
        failed = 1
        traceback.print_exc()
        with open(found + ".error", "w") as file:
            file.write(explained(error))
if len(sys.argv) % 3 == 2:  # asked to take a step as well, with so many bytes of memory
    import resource
    with open("/proc/self/statm") as file:
        most = int(file.read().split()[0]) * resource.getpagesize() + int(sys.argv[-1])
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    for network, inputs, found in made:
        try:
            network.train()(inputs).float().square().mean().backward()
            text = ""
        except (MemoryError, torch.OutOfMemoryError):
            continue
        except BaseException as error:
            text = explained(error)
        with open(found + ".step", "w") as file:
            file.write(text)
sys.exit(failed)
"""
)


@dataclass(frozen=True)
class Proof:
    """What the clean interpreter found.

    Args:
        difference: largest absolute difference of an output, relative to the largest output where that exceeds 1.
        score: on the check's examples, computed from the export's outputs.
        logged: the same score, computed from the search's outputs.
        examples: how many there were.
        packages: installed packages that the file imports beside torch.
        raw: examples of them that were given to `predict.py` as raw rows, in two orders of the columns.
    """

    difference: float
    score: float
    logged: float
    examples: int
    packages: tuple[str, ...] = ()
    raw: int = 0


def verify(directory: Path, check: Check, task: Task, rows: Path | None = None) -> Proof:
    """Loads `directory/model.py` in a clean interpreter and compares its outputs and score with the check's.

    Args:
        rows: file with the raw rows of the check's examples, see `nas.final.raw_rows`, for `directory/predict.py`.

    Raises:
        SearchFailed: it does not load, or computes something else.
    """
    [found], _ = verify_all([(directory, check)], task, rows=rows)
    if isinstance(found, str):
        raise SearchFailed(found)
    return found


def verify_all(
    exports: Sequence[tuple[Path, Check]],
    task: Task,
    *,
    steps: bool = False,
    seconds: float = SECONDS,
    rows: Path | None = None,
) -> tuple[list[Proof | str], list[str | None]]:
    """For each export its proof, or what is wrong with it. One clean interpreter looks at all of them.

    Args:
        steps: whether to take a training step with each as well; the second list has, for each, what that raised:
            empty where nothing, None where it took no step to its end.
        seconds: for all of it.
        rows: raw rows of the examples, which all exports are given as well.
    """
    with tempfile.TemporaryDirectory() as folder:
        places, arguments = [], list[str]()
        for number, (directory, check) in enumerate(exports):
            sample, found = Path(folder) / f"sample{number}.npz", Path(folder) / f"found{number}.npy"
            check.save(sample)
            if rows is not None:
                shutil.copyfile(rows, f"{sample}.rows.npz")
            arguments += [str(directory.absolute()), str(sample), str(found)]
            places.append(found)
        arguments += [str(STEP_BYTES)] if steps else []
        said = run(CHECK, arguments, folder, seconds)
        proofs = [_judged(found, *export, task, said) for found, export in zip(places, exports, strict=True)]
        raised = [path.read_text() if path.exists() else None for path in (Path(f"{found}.step") for found in places)]
        return proofs, raised


def _judged(found: Path, directory: Path, check: Check, task: Task, said: str) -> Proof | str:
    error = Path(f"{found}.error")
    if error.exists() or not found.exists():
        why = error.read_text() if error.exists() else said
        return f"The export in {directory} does not load in a clean interpreter: {why}"
    outputs = np.load(found, allow_pickle=False)
    raw = Path(f"{found}.rows.npy")
    from_rows = np.load(raw, allow_pickle=False) if raw.exists() else outputs[:0]
    if outputs.shape != check.outputs.shape:
        return f"The export in {directory} gives outputs of {outputs.shape}, not {check.outputs.shape}."
    count, scale = len(from_rows), max(1.0, float(np.abs(check.outputs).max()))
    every = np.concatenate([outputs - check.outputs, from_rows - check.outputs[:count]])
    difference = float(np.abs(every).max()) / scale
    proof = Proof(
        difference,
        score_or_nan(task, outputs, check.targets),
        score_or_nan(task, check.outputs, check.targets),
        len(outputs),
        raw=count,
    )
    if not difference <= TOLERANCE or not _same(proof.score, proof.logged, TOLERANCE * max(1.0, abs(proof.logged))):
        return f"The export in {directory} does not compute what was trained: {json.dumps(vars(proof))}."
    if count:
        found_score, logged = (
            score_or_nan(task, one[:count], check.targets[:count]) for one in (from_rows, check.outputs)
        )
        if not _same(found_score, logged, SCORE_TOLERANCE * max(1.0, abs(logged))):
            return f"The export in {directory} scores {found_score} on raw rows, not {logged}."
    return proof


def _same(one: float, other: float, tolerance: float) -> bool:
    """Whether two scores are the same, or there are none: a person's own metric may have none for few examples."""
    return abs(one - other) <= tolerance or (math.isnan(one) and math.isnan(other))

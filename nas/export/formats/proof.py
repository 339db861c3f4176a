"""Proof of the formats: each is loaded in a clean interpreter and compared with the plain PyTorch there."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nas.config.metric import shown, words
from nas.data.metrics import score_or_nan
from nas.export.clean_interpreter import CLEAN, run
from nas.export.formats import FORMATS, HF, INT8, PYTHON
from nas.export.formats.int8_file import noise
from nas.export.formats.program import TOLERANCE, apart
from nas.export.formats.subject import BATCHES, Subject

SECONDS = 600  # for all of it
ROUNDING = 1.0  # of int8: how far outputs may be off, by their root mean square, in units of what they vary by
BATCHED = 0.05  # of int8: how far apart an example may be in two batches; a sum may be rounded to the step beside

SCRIPT = (
    CLEAN
    + """
sys.dont_write_bytecode = True
with open(sys.argv[1]) as file:
    jobs = json.load(file)
only({job["directory"] for job in jobs})
def module_of(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
def tensors(run, names=None):
    def ran(inputs):
        with torch.inference_mode():
            given = [torch.from_numpy(one) for one in inputs]
            found = run(**dict(zip(names, given))) if names and len(names) > 1 else run(*given)
            return found.float().numpy()
    return ran
def python(job):
    return tensors(module_of("model", job["directory"] + "/model.py").load(), job["names"])
def exact(job):  # what PyTorch computes with 64 bits, where the network can: one with 32 bits is off by rounding too
    network = module_of("model", job["directory"] + "/model.py").load().double()
    run = tensors(network, job["names"])
    return lambda inputs: run([one.astype(np.float64) if one.dtype.kind == "f" else one for one in inputs])
def pt2(job):
    return tensors(torch.export.load(job["directory"] + "/model.pt2").module())
def runtime(path):
    def opened(job):
        import onnxruntime
        choice = onnxruntime.SessionOptions()
        choice.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(job["directory"] + path, choice, providers=["CPUExecutionProvider"])
        got = [one.name for one in session.get_inputs()]
        if got != job["names"]:
            raise ValueError(f"its inputs are called {got}, not {job['names']}")
        return lambda inputs: session.run(["outputs"], dict(zip(job["names"], inputs)))[0]
    return opened
def hf(job):
    folder = job["directory"] + "/huggingface"
    sys.path.insert(0, folder)
    try:
        if importlib.util.find_spec("huggingface_hub") is None:
            return tensors(module_of("model", folder + "/model.py").load("model.safetensors"), job["names"])
        for name in ("model", "hub"):
            sys.modules.pop(name, None)
        return tensors(module_of("hub", folder + "/hub.py").HubModel.from_pretrained(folder), job["names"])
    finally:
        sys.path.remove(folder)
opened = {"python": python, "exact": exact, "pt2": pt2, "hf": hf,
          "onnx": runtime("/model.onnx"), "int8": runtime("/model.int8.onnx")}
for job in jobs:
    held = np.load(job["samples"], allow_pickle=False)
    samples = {name: [held[f"{name} {place}"] for place in range(len(job["names"]))] for name in job["asked"]}
    found, wrong = {}, {}
    for format in [*job["formats"], "exact"]:
        name = ""
        try:
            run = opened[format](job)
            for name, inputs in samples.items():
                if not name.startswith("all") or format == "int8":
                    parts = [[one[start : start + 256] for one in inputs] for start in range(0, len(inputs[0]), 256)]
                    found[f"{format} {name}"] = np.concatenate([run(part) for part in parts])
        except BaseException as error:
            if format == "exact":
                continue
            at = f" on {job['asked'][name]}" if name else ""
            wrong[format] = f"{type(error).__name__}{at}: {str(error).strip()[:500]}"
            traceback.print_exc()
    np.savez(job["found"], **found)
    with open(job["found"] + ".json", "w") as file:
        json.dump(wrong, file)
"""
)


@dataclass(frozen=True)
class FormatProof:
    """What the clean interpreter found of a format.

    Args:
        name: of the format.
        difference: largest difference of an output from plain PyTorch's, relative to the largest where that exceeds 1,
            or from what it computes with 64 bits where that is nearer; of int8 the root mean square, relative to what
            outputs vary by.
        lengths: at which it was proved beside the data's own; empty where the length is fixed.
        score, before: of int8, and of plain PyTorch, on the same `examples`; None for other formats.
        rounded: what has how many bits, where the outputs of int8 would be blurred by 8 everywhere.
        size: bytes.
    """

    name: str
    difference: float
    lengths: tuple[int, ...] = ()
    score: float | None = None
    before: float | None = None
    examples: int = 0
    size: int = 0
    rounded: str = ""

    def sentence(self, metric: str) -> str:
        """What was proved, in words."""
        at = f"batches of {' and '.join(map(str, BATCHES))}"
        at += f", lengths {' and '.join(map(str, self.lengths))} beside the data's" if self.lengths else ""
        if self.score is None or self.before is None:
            return f"{at}: within {self.difference:.1e} of model.py"
        at += f", {self.rounded}, since 8 bits everywhere are too few" if self.rounded else ""
        return (
            f"{at}: {words(metric)} {shown(metric, self.score)} in place of {shown(metric, self.before)} on "
            f"{self.examples:,} test examples, which costs {self.before - self.score:.4f}"
        )


@dataclass(frozen=True)
class Job:
    """A folder with formats to be proved, at which other lengths, and what `write_int8` said."""

    directory: Path
    subject: Subject
    formats: tuple[str, ...]
    lengths: tuple[int, ...] = ()
    rounded: str = ""


def prove_all(jobs: Sequence[Job], seconds: float = SECONDS) -> list[list[FormatProof] | str]:
    """For each job the proofs of its formats but Python's, or what is wrong. One clean interpreter looks at all."""
    with tempfile.TemporaryDirectory() as folder:
        described = [_described(job, Path(folder), number) for number, job in enumerate(jobs)]
        (Path(folder) / "jobs.json").write_text(json.dumps(described))
        said = run(SCRIPT, [f"{folder}/jobs.json"], folder, seconds)
        return [_judged(job, one, said) for job, one in zip(jobs, described, strict=True)]


def _described(job: Job, folder: Path, number: int) -> dict[str, Any]:
    """The job as JSON; its samples stand in a file beside."""
    samples = {f"batch {batch}": (f"a batch of {batch}", job.subject.sample(batch)) for batch in BATCHES}
    for length in job.lengths:
        for batch in BATCHES:
            at = f"a batch of {batch} of length {length}"
            samples[f"batch {batch} length {length}"] = at, job.subject.sample(batch, length)
    if INT8 in job.formats:
        samples["all"] = "all examples", job.subject.inputs(job.subject.check.inputs)
    path = folder / f"samples{number}.npz"
    held = {f"{name} {place}": one for name, (_, parts) in samples.items() for place, one in enumerate(parts)}
    np.savez(path, **held)  # type: ignore[arg-type]
    return {
        "directory": str(job.directory.absolute()),
        "samples": str(path),
        "found": str(folder / f"found{number}.npz"),
        "names": list(job.subject.input_names()),
        "formats": list(job.formats),
        "asked": {name: at for name, (at, _) in samples.items()},
    }


def _judged(job: Job, described: dict[str, Any], said: str) -> list[FormatProof] | str:
    report = Path(f"{described['found']}.json")
    if not report.exists():
        return f"The formats in {job.directory} could not be looked at: {said}"
    wrong = json.loads(report.read_text())
    if wrong:
        name = next(iter(wrong))
        return f"{FORMATS[name].file} does not run in a clean interpreter: {wrong[name]}"
    with np.load(described["found"], allow_pickle=False) as file:
        found = dict(file)
    asked: dict[str, str] = described["asked"]
    proofs: list[FormatProof] = []
    for batch in BATCHES:  # the reference itself
        rows = job.subject.check.outputs[np.arange(batch) % len(job.subject.check.outputs)]
        difference = apart(found[f"{PYTHON} batch {batch}"], rows)
        if not difference <= TOLERANCE:
            return f"model.py differs from what was trained on a batch of {batch}, by {difference:.1e}."
    for name in job.formats:
        if name == PYTHON:
            continue
        judge = _judged_int8 if name == INT8 else _judged_exact
        proof = judge(job, name, found, asked)
        if isinstance(proof, str):
            return proof
        proofs.append(proof)
    return proofs


def _judged_exact(job: Job, name: str, found: dict[str, np.ndarray], asked: dict[str, str]) -> FormatProof | str:
    worst = 0.0
    for sample, at in asked.items():
        if sample == "all":
            continue
        expected, got = found[f"{PYTHON} {sample}"], found[f"{name} {sample}"]
        if got.shape != expected.shape:
            return f"{FORMATS[name].file} differs from model.py: on {at} it gives {got.shape}, not {expected.shape}."
        exact = found.get(f"exact {sample}", expected)
        difference = min(apart(got, expected), apart(got, exact))
        if not difference <= TOLERANCE:
            place = int(np.nanargmax(np.abs(got.astype(np.float64) - expected).max(axis=0)))
            output = job.subject.classes[place] if place < len(job.subject.classes) else place
            return (
                f"{FORMATS[name].file} differs from model.py by {difference:.1e} on {at}, most in output {output}; "
                f"{TOLERANCE} is allowed."
            )
        worst = max(worst, difference)
    return FormatProof(name, worst, () if name == HF else job.lengths, size=_size(job.directory / FORMATS[name].file))


def _judged_int8(job: Job, name: str, found: dict[str, np.ndarray], asked: dict[str, str]) -> FormatProof | str:
    file, check, task = FORMATS[name].file, job.subject.check, job.subject.task
    outputs, expected = found[f"{name} all"], check.outputs.astype(np.float64)
    if outputs.shape != expected.shape or not np.isfinite(outputs).all():
        return f"{file} gives outputs of {outputs.shape} that are not all finite, model.py {expected.shape}."
    scale = max(float(np.abs(expected).max(initial=0.0)), 1e-12)
    for batch in BATCHES:
        rows = np.arange(batch) % len(outputs)
        difference = float(np.abs(found[f"{name} batch {batch}"] - outputs[rows]).max()) / scale
        if not difference <= BATCHED:
            return (
                f"{file} says other things of the same examples in {asked[f'batch {batch}']}: {difference:.1e} apart."
            )
    off = noise(outputs, expected)
    if not off <= ROUNDING:
        return (
            f"{file} differs from model.py: its outputs are off by {off:.0%} of what they vary by; "
            f"{ROUNDING:.0%} is allowed. Leave int8 out for this network."
        )
    after, before = (score_or_nan(task, one, check.targets) for one in (outputs, check.outputs))
    size = _size(job.directory / file)
    return FormatProof(
        name, off, job.lengths, score=after, before=before, examples=len(outputs), size=size, rounded=job.rounded
    )


def _size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    files = [one for one in path.rglob("*") if one.is_file()] if path.is_dir() else [path]
    return sum(one.stat().st_size for one in files)

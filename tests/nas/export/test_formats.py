"""Formats beside plain PyTorch: what is free in them, what they say of themselves, and a proof that fails."""

from __future__ import annotations

import json
import os
import random
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from own_modules import KnowsTheBatch, OtherwiseWhenTraced, ReadsBothWays
from safetensors.torch import load_file
from test_export import FACTS, IMAGES, NOTHING, check_of, whole

import nas
from nas.errors import InputError, SearchFailed
from nas.export.ensemble import export_ensemble
from nas.export.export import export, export_winner
from nas.export.formats import FORMATS, asked
from nas.export.formats.proof import FormatProof, Job, _judged_exact
from nas.export.formats.subject import Subject
from nas.training.inference import outputs
from nas.training.whole_network import whole_network
from search_spaces import SPACES, Architecture, Space, Task, build
from search_spaces.cells import MLP, Branch, Branches, Conv, Custom, Embed, Head, Recurrent, Stem, Transformer
from search_spaces.task import Input

SERIES = Task((2, 12), 4)


@pytest.fixture(autouse=True)
def _needs_onnx() -> None:
    for name in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(name, reason="needs the extra onnx")


def made(*cells: Any) -> Architecture:
    return Space("made", *cells).sample(random.Random(0))


def exported(
    out: Path, architecture: Architecture, task: Task, network: torch.nn.Sequential, **options: Any
) -> list[str]:
    """What is said of an export in `out`."""
    said: list[str] = []
    check = check_of(network, task)
    options = {"calibration": check.inputs, "formats": tuple(FORMATS), **options}
    export(out, architecture, task, network, check, FACTS, say=said.append, **options)
    return said


def test_recurrent_and_attention_networks_take_any_batch_and_any_length(tmp_path: Path) -> None:
    cells = Recurrent(8, "lstm", True, depth=2), Transformer(0, heads=2), Recurrent(8, "gru", True), Head("last")
    architecture = made(*cells)
    said = exported(tmp_path / "out", architecture, SERIES, whole(architecture, SERIES))
    assert len(said) == 4
    for line in said[:3]:
        assert "batches of 1 and 5, lengths 6 and 16 beside the data's" in line
    program = torch.export.load(tmp_path / "out" / "model.pt2").module()
    network = nas.load(tmp_path / "out")
    x = torch.randn(3, 2, 29)  # a length that the proof did not try
    torch.testing.assert_close(program(x), network(x), atol=1e-5, rtol=1e-4)
    assert found_by_onnx(tmp_path / "out" / "model.onnx", inputs=x.numpy()) == pytest.approx(
        network(x).detach().numpy(), abs=1e-4
    )


def test_activations_get_16_bits_where_8_would_blur_the_outputs(tmp_path: Path) -> None:
    task = Task((9,), 4)
    architecture = made(MLP(8), Head())
    network = whole(architecture, task)
    far = check_of(network, task).inputs.astype(np.float32)
    far[0] *= 200  # of the training part, so that the others share few of 256 steps
    said = exported(tmp_path / "out", architecture, task, network, formats=("python", "int8"), calibration=far)
    assert re.search(
        r"(\d+) of \1 layers with activations of 16 bits, since 8 bits everywhere are too few: accuracy", said[0]
    )
    said = exported(tmp_path / "other", architecture, task, network, formats=("python", "int8"))
    assert "activations of" not in said[0]


def test_a_length_that_the_exporter_fixes_is_not_called_free(tmp_path: Path) -> None:
    architecture = made(Stem(6), Custom(ReadsBothWays), Head())  # a loop over the positions
    said = exported(tmp_path / "out", architecture, SERIES, whole(architecture, SERIES), formats=("python", "onnx"))
    assert said[0].startswith("model.onnx: batches of 1 and 5: within")


def test_a_format_that_computes_something_else_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    architecture = made(Stem(4), Custom(OtherwiseWhenTraced), Head())
    network = whole(architecture, IMAGES)
    with pytest.raises(SearchFailed, match=r"model\.pt2 differs from model\.py by .* on a batch of 1, most in output"):
        exported(tmp_path / "out", architecture, IMAGES, network, formats=("python", "pt2"))
    assert list(tmp_path.iterdir()) == []


def test_a_network_that_fixes_the_batch_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    architecture = made(Stem(4), Custom(KnowsTheBatch), Head())
    with pytest.raises(SearchFailed, match="cannot trace this network"):
        exported(tmp_path / "out", architecture, IMAGES, whole(architecture, IMAGES), formats=("python", "pt2"))
    assert list(tmp_path.iterdir()) == []


def test_several_inputs_go_by_their_names(tmp_path: Path) -> None:
    task = Task.of_several(
        [Input("prices", (2, 8)), Input("words", (5,), 11), Input("photo", (3, 6, 6))], outputs=2, kind="regression"
    )
    cells = Branches(
        (
            Branch("prices", (Recurrent(4, "gru"), Head("last"))),
            Branch("words", (Embed(4), Head())),
            Branch("photo", (Conv(4), Head())),
        ),
        width=6,
    )
    architecture = Architecture("several", (cells, Head()), {})
    torch.manual_seed(0)
    state = {f"1.{name}": value for name, value in build(architecture, task).state_dict().items()}
    network = whole_network(architecture, task, NOTHING, state)
    rng = np.random.default_rng(0)
    prices, words, photo = rng.normal(size=(9, 2, 8)), rng.integers(0, 11, (9, 5)), rng.normal(size=(9, 3, 6, 6))
    flat = np.concatenate([one.reshape(9, -1) for one in (prices, words, photo)], axis=1).astype(np.float32)
    from nas.final.record import Check

    check, said = Check(flat, outputs(network, flat), rng.normal(size=(9, 2))), list[str]()
    export(
        tmp_path / "out", architecture, task, network, check, FACTS, formats=tuple(FORMATS), calibration=flat,
        say=said.append,
    )  # fmt: skip
    assert len(said) == 4
    given = {"prices": prices.astype(np.float32), "words": words, "photo": photo.astype(np.float32)}
    found = found_by_onnx(tmp_path / "out" / "model.onnx", **given)
    np.testing.assert_allclose(found, check.outputs, atol=1e-4)
    program = torch.export.load(tmp_path / "out" / "model.pt2").module()
    np.testing.assert_allclose(program(*map(torch.from_numpy, given.values())).detach(), check.outputs, atol=1e-4)


def test_a_mirrored_picture_merged_norms_and_what_the_files_say(tmp_path: Path) -> None:
    """One network in every format: the mean of a picture and its mirror image, normalisation merged."""
    import onnx

    architecture = made(Stem(6), Conv(8), Head())
    plain = whole(architecture)
    state = {key.replace("1.", "1.network.", 1): value for key, value in plain.state_dict().items()}
    constants = {**NOTHING, "mean": [100.0] * 3, "std": [60.0] * 3, "mirrored": [1.0]}
    network = whole_network(architecture, IMAGES, constants, state)
    said = exported(tmp_path / "out", architecture, IMAGES, network, merge=True, constants=constants)
    assert said[0] == "Batch normalisation is merged into the weights of 2 convolutions." and len(said) == 5
    x = np.random.default_rng(1).normal(100, 60, (3, *IMAGES.input_shape)).astype(np.float32)
    both = (found_by_onnx(tmp_path / "out" / "model.onnx", inputs=one) for one in (x, x[..., ::-1].copy()))
    np.testing.assert_allclose(*both, atol=1e-5)
    weights = load_file(tmp_path / "out" / "model.safetensors")
    assert not any("running" in name for name in weights) and "cells.0.0.bias" in weights
    out = tmp_path / "out"
    for name in ("model.onnx", "model.int8.onnx"):
        model = onnx.load(out / name)
        said = {one.key: one.value for one in model.metadata_props}
        assert json.loads(said["classes"]) == ["a", "b", "c", "d"] and said["opset"] == "20"
        assert json.loads(said["normalisation"])["mean"] == [100.0] * 3
        assert [one.name for one in model.graph.input] == ["inputs"]
        assert [one.name for one in model.graph.output] == ["outputs"]
        assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
        assert b"site-packages" not in (out / name).read_bytes()
    extra = {"metadata.json": ""}
    torch.export.load(out / "model.pt2", extra_files=extra)
    assert json.loads(extra["metadata.json"])["inputs"] == {"inputs": ["batch", 3, 12, 12]}
    copied = (out / "Dockerfile").read_text().split("COPY ")[1:]
    assert all((out / name).is_file() for line in copied for name in line.splitlines()[0].split()[:-1])
    yaml = pytest.importorskip("yaml")
    _, header, text = (out / "huggingface" / "README.md").read_text().split("---\n", 2)
    assert yaml.safe_load(header)["pipeline_tag"] == "image-classification"
    assert yaml.safe_load(header)["model-index"][0]["results"][0]["metrics"][0]["value"] == 0.875
    assert "Other formats" in text and "HubModel.from_pretrained" in text
    assert json.loads((out / "huggingface" / "config.json").read_text())["id2label"]["1"] == "b"
    assert not [path for path in out.rglob("*") if path.name == "__pycache__"]


def test_the_folder_for_the_hub_loads_by_its_mixin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("huggingface_hub", reason="needs the extra hub")
    architecture = SPACES["mlp"]().sample(random.Random(2))
    network = whole(architecture)
    exported(tmp_path / "out", architecture, IMAGES, network, formats=("python", "hf"))
    for name in ("model", "hub"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(str(tmp_path / "out" / "huggingface"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    from hub import HubModel  # type: ignore[import-not-found]

    loaded = HubModel.from_pretrained(str(tmp_path / "out" / "huggingface"))
    x = check_of(network).inputs
    np.testing.assert_allclose(outputs(loaded, x), outputs(network, x), atol=1e-6)
    loaded.save_pretrained(tmp_path / "again")
    assert torch.equal(
        HubModel.from_pretrained(tmp_path / "again")(torch.ones(1, 3, 12, 12)), loaded(torch.ones(1, 3, 12, 12))
    )
    for name in ("model", "hub"):
        sys.modules.pop(name, None)


def test_a_convolution_that_is_used_elsewhere_too_is_not_merged(tmp_path: Path) -> None:
    from nas.export.merged_normalisation import pairs_in

    class Shared(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.norm = torch.nn.Conv2d(3, 3, 1), torch.nn.BatchNorm2d(3)
            self.alone, self.other = torch.nn.Conv2d(3, 3, 1), torch.nn.BatchNorm2d(3)
            self.twice, self.last = torch.nn.Conv2d(3, 3, 1), torch.nn.BatchNorm2d(3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.norm(self.conv(x)) + self.conv(x)
            x = self.other(self.alone(x))
            y = self.twice(x)
            return self.last(y) + y

    assert pairs_in(Shared(), IMAGES) == [("alone", "other")]


@pytest.mark.parametrize(("got", "passes"), [(1.0, True), (1.0 - 3e-4, False)])
def test_a_format_may_be_nearer_to_what_64_bits_give_than_32_bits_are(tmp_path: Path, got: float, passes: bool) -> None:
    """Of a deep network the plain PyTorch itself is off by rounding."""
    task = Task((9,), 1, "regression")
    architecture = made(MLP(8), Head())
    subject = Subject(task, check_of(whole(architecture, task), task), (), {}, "noise", None)
    job = Job(tmp_path, subject, ("python", "onnx"))
    (tmp_path / "model.onnx").touch()
    found = {name: np.full((1, 1), value) for name, value in (("python", 1 + 2e-4), ("exact", 1.0), ("onnx", got))}
    said = _judged_exact(job, "onnx", {f"{name} batch 1": one for name, one in found.items()}, {"batch 1": "a batch"})
    assert isinstance(said, FormatProof) is passes
    assert passes or "model.onnx differs from model.py by 3.0e-04 on a batch" in str(said)


def test_formats_that_are_unknown_or_lack_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked("onnx, python") == ("python", "onnx") and asked(()) == ("python",)
    with pytest.raises(
        InputError, match=r"Unknown format 'onx'\. Known: python, pt2, onnx, int8, hf\. Did you mean 'onnx'"
    ):
        asked("python,onx")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    for name in ("onnx", "int8"):
        with pytest.raises(InputError, match=r"needs onnxruntime\. Install what is missing: pip install onnxruntime$"):
            asked([name])
    assert asked("pt2,hf") == ("python", "pt2", "hf")


def test_int8_of_a_search_on_arrays_asks_for_them_before_anything_is_written(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 5)).astype(np.float32)
    y = (x[:, 0] > 0).astype(int)
    search = tmp_path / "s"
    nas.search(
        (x, y), "mlp", "2 trials", directory=search, epochs=1, executor="local", tracking_uri="", baselines=("off",),
        cpus_per_trial=1,
    )  # fmt: skip
    for call in (export_winner, lambda *given, **named: export_ensemble(*given, 2, **named)):
        with pytest.raises(InputError, match=r"not kept\. Give them again"):
            call(search, tmp_path / "out", formats="int8")
    assert {path.name for path in tmp_path.iterdir()} == {"s"}
    said: list[str] = []
    export_winner(search, tmp_path / "out", formats="int8", dataset=nas.data.load((x, y)), say=said.append)
    assert "which costs" in said[0] and not (tmp_path / "out" / "model.onnx").exists()
    (search / "final" / "final.json").unlink()
    with pytest.raises(InputError, match=r"has no final yet\. Finish it: nas resume"):
        export_winner(search, tmp_path / "none", formats="pt2")


def found_by_onnx(path: Path, **inputs: np.ndarray) -> Any:
    import onnxruntime

    session = onnxruntime.InferenceSession(os.fspath(path), providers=["CPUExecutionProvider"])
    return session.run(["outputs"], inputs)[0]

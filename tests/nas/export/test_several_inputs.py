"""Data with several inputs, and several targets, from the source to an export that takes raw rows by name."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

import nas
from nas.data import Dataset, load
from nas.data.preprocessing import from_json, to_json
from nas.data.schema import Schema
from nas.errors import InputError
from nas.export import load_predictor
from nas.export.export import write
from nas.export.load import load as load_network
from nas.export.model_file import model
from nas.export.new_predictions import predictions
from nas.export.raw_inputs import RawInputs
from nas.export.verify import verify
from nas.final.raw_rows import ROWS
from nas.final.record import Check, write_raw
from nas.setup.problem import space_for, why_space
from nas.training.inference import outputs
from nas.training.score import score
from nas.training.whole_network import constants_of, whole_network
from search_spaces import Task, build, load_space

GOOD, BAD = ("lovely", "bright", "pleasant", "warm"), ("dreary", "cold", "noisy", "damp")
PLAIN = ("house", "street", "garden", "view", "hills", "kitchen", "roof", "stairs", "door", "yard")


def sentence(rng: random.Random, good: bool) -> str:
    words = rng.choices(PLAIN, k=6)
    return " ".join([*words[:3], rng.choice(GOOD if good else BAD), *words[3:]])


def houses(folder: Path, n: int = 150) -> Path:
    """A table of numbers, categories, texts and paths of pictures; each says a part of the target."""
    rng = random.Random(0)
    (folder / "pictures").mkdir(parents=True)
    rows = []
    for number in range(n):
        size, good, red = rng.gauss(0, 1), rng.random() < 0.5, rng.random() < 0.5
        pixels = np.full((8, 8, 3), 60, np.uint8)
        pixels[..., 0 if red else 2] = 200
        Image.fromarray(pixels).save(folder / "pictures" / f"{number}.png")
        state = "sold" if (size > 0) + good + red >= 2 else "open"
        kind = rng.choice(["flat", "villa", "loft"])
        rows.append((f"{size:.3f}", kind, sentence(rng, good), f"pictures/{number}.png", state))
    table = pd.DataFrame(rows, columns=["size", "kind", "about it", "photo", "state"])
    table.iloc[: n - 40].to_csv(folder / "houses.csv", index=False)
    table.iloc[n - 40 :].to_csv(folder / "more.csv", index=False)
    return folder / "houses.csv"


def market(n: int = 90) -> tuple[dict[str, Any], dict[str, Any]]:
    """Windows, texts, a table and paths by name; a value and a class."""
    rng = random.Random(1)
    numbers = np.random.default_rng(0)
    good = [rng.random() < 0.5 for _ in range(n)]
    inputs = {
        "prices": numbers.normal(size=(n, 2, 12)),
        "headline": [sentence(rng, one) for one in good],
        "company": pd.DataFrame({"sector": rng.choices(["tech", "food"], k=n), "size": numbers.normal(size=n)}),
    }
    return inputs, {"risk": numbers.gamma(2.0, size=n), "decision": ["buy" if one else "sell" for one in good]}


def exported(data: Dataset, folder: Path) -> tuple[Path, Check]:
    """An export of an untrained network."""
    torch.manual_seed(0)
    architecture = space_for("auto", data).sample(random.Random(3), data.task)
    state = {f"1.{name}": value for name, value in build(architecture, data.task).state_dict().items()}
    whole = whole_network(architecture, data.task, constants_of(data.search), state).eval()
    test = data.test.open()
    check = Check(test.inputs, outputs(whole, test.inputs), test.targets)
    final, out = folder / "final", folder / "export"
    for one in (final, out):
        one.mkdir()
    write_raw(data, final, len(test))
    assert data.schema is not None and data.preprocessing is not None
    write(out, model(architecture, data.task, whole), RawInputs(data.schema, data.preprocessing, final / ROWS))
    return out, check


def test_a_table_of_several_kinds_is_several_inputs_and_says_so(tmp_path: Path) -> None:
    data = load(houses(tmp_path))
    assert [(one.name, one.vocabulary > 0) for one in data.task.inputs] == [
        ("numbers", False), ("text", True), ("picture", False),
    ]  # fmt: skip
    assert data.task.inputs[2].shape == (3, 8, 8)
    schema = data.schema
    assert schema is not None and schema.layout == "joined"
    said = "\n".join(schema.lines())
    assert "Input numbers: table, 5, of size, kind" in said
    assert "of about it" in said and "Input picture: pictures, 3 x 8 x 8, of photo" in said
    assert Schema.from_json(schema.to_json()).to_json() == schema.to_json()
    space = space_for("auto", data)
    assert space.name == "joined(numbers=tabular,text=text,picture=hybrid)"
    assert load_space(space.name) == space and "each input" in why_space("auto", data)
    assert set(schema.features) == {"size", "kind", "about it", "photo"}
    again = from_json(to_json(data.preprocessing, schema))  # type: ignore[arg-type]
    rows = pd.read_csv(tmp_path / "more.csv", dtype=str)
    rows["photo"] = [str(tmp_path / path) for path in rows["photo"]]
    assert np.array_equal(again.apply(rows), data.preprocessing.apply(rows))  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("options", "layout"),
    [({"layout": "table"}, "table"), ({"layout": "pictures"}, "pictures"), ({"layout": "text"}, "text"),
     ({"ignore": ["photo", "about it"]}, "table"), ({"ignore": ["size", "kind", "photo"]}, "text")],
    ids=str,
)  # fmt: skip
def test_one_input_can_be_asked_for(tmp_path: Path, options: dict[str, Any], layout: str) -> None:
    data = load(houses(tmp_path), **options)
    assert data.schema is not None and data.schema.layout == layout
    assert data.task.inputs == ()


def test_the_export_of_a_mixed_table_scores_a_raw_file_of_it(tmp_path: Path) -> None:
    data = load(houses(tmp_path), test=str(tmp_path / "more.csv"))
    out, check = exported(data, tmp_path)
    proof = verify(out, check, data.task, tmp_path / "final" / ROWS)
    assert proof.raw == len(check.outputs) == 40
    found = predictions(out, tmp_path / "more.csv", part="test")
    assert found.scored == 40 and found.score == pytest.approx(score(data.task, check.outputs, check.targets))
    assert np.allclose(found.found.outputs, check.outputs, atol=1e-5)
    predict = load_predictor(out)
    with pytest.raises(InputError, match="Missing columns: 'photo'"):
        predict({"size": ["1"], "kind": ["flat"], "about it": ["warm"]})
    row = {"photo": tmp_path / "pictures" / "0.png", "about it": "a warm house", "kind": "castle", "size": None}
    assert predict([row]).answers[0] in ("sold", "open")


def test_the_network_of_an_export_takes_its_inputs_by_name(tmp_path: Path) -> None:
    data = load(houses(tmp_path))
    out, check = exported(data, tmp_path)
    network = load_network(out)
    x = torch.from_numpy(check.inputs)
    named = {
        one.name: x[:, place].reshape(-1, *one.shape)
        for one, place in zip(data.task.inputs, data.task.input_slices().values(), strict=True)
    }
    named["text"], named["picture"] = named["text"].long(), named["picture"].to(torch.uint8)
    with torch.inference_mode():
        assert torch.allclose(network(**named), network(x), atol=1e-6)
        with pytest.raises(ValueError, match="The inputs are numbers, text, picture, got numbers"):
            network(numbers=named["numbers"])
        with pytest.raises(ValueError, match="Input picture must have shape"):
            network(**{**named, "picture": named["picture"][:, :1]})


def test_named_inputs_and_targets_from_python_to_predictions(tmp_path: Path) -> None:
    inputs, targets = market()
    data = load((inputs, targets), weights="risk=0.25")
    assert [one.name for one in data.task.inputs] == ["prices", "headline", "company"]
    assert [(one.name, one.kind, one.weight) for one in data.task.targets] == [
        ("risk", "regression", 0.25), ("decision", "classification", 1.0),
    ]  # fmt: skip
    said = "\n".join(data.schema.lines())  # type: ignore[union-attr]
    assert "risk: regression by R², its loss weighs 0.25" in said
    assert "decision: classification by accuracy: buy, sell" in said
    out, check = exported(data, tmp_path)
    proof = verify(out, check, data.task, tmp_path / "final" / ROWS)
    assert proof.raw == len(check.outputs)
    predict = load_predictor(out)
    found = predict({name: inputs[name] for name in ("headline", "company", "prices")})
    assert found["decision"].probabilities.shape == (90, 2)
    assert set(found["decision"].answers) <= {"buy", "sell"}
    assert found.answers[3] == {"risk": found["risk"].answers[3], "decision": found["decision"].answers[3]}
    assert found.table()[0] == ["row", "risk", "decision", "decision p(buy)", "decision p(sell)"]
    with pytest.raises(InputError, match="Missing columns: 'headline'"):
        predict({"prices": inputs["prices"], "company": inputs["company"]})
    with pytest.raises(ValueError, match="no target 'price'; there are: risk, decision"):
        found["price"]


def test_predict_py_of_named_arrays_runs_alone(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    inputs = {"prices": rng.normal(size=(60, 1, 8)), "numbers": rng.normal(size=(60, 3))}
    data = load((inputs, (inputs["numbers"][:, 0] > 0).astype(int)))
    out, _ = exported(data, tmp_path)
    np.savez(tmp_path / "new.npz", **{name: values[:5] for name, values in inputs.items()})
    command = [sys.executable, "-I", str(out / "predict.py"), str(tmp_path / "new.npz")]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert ran.stdout.splitlines()[0] == "row,prediction,p(0),p(1)" and len(ran.stdout.splitlines()) == 6
    assert len(predictions(out, tmp_path / "new.npz").found.outputs) == 5


def test_time_divides_named_inputs() -> None:
    inputs, targets = market()
    moments = np.random.default_rng(0).permutation(90)
    data = load(({**inputs, "day": moments}, targets), time="day")
    assert [one.name for one in data.task.inputs] == ["prices", "headline", "company"]
    latest = [targets["risk"][place] for place in np.argsort(moments)[-len(data.test) :]]
    assert sorted(data.test.open().targets[:, 0]) == pytest.approx(sorted(latest))
    with pytest.raises(InputError, match="input for --time"):
        load((inputs, targets), time="week")


def test_several_targets_of_a_table_are_heads(tmp_path: Path) -> None:
    rng = random.Random(2)
    rows = [(rng.gauss(0, 1), rng.gauss(0, 1)) for _ in range(80)]
    table = pd.DataFrame(rows, columns=["one", "two"])
    table["next risk"] = [abs(one) + rng.random() for one, _ in rows]
    table["decision"] = ["buy" if two > 0 else "sell" for _, two in rows]
    table.to_csv(tmp_path / "table.csv", index=False)
    data = load(tmp_path / "table.csv", target=["next risk", "decision"], weights=["next_risk=2"])
    assert [(one.name, one.kind, one.weight) for one in data.task.targets] == [
        ("next_risk", "regression", 2.0), ("decision", "classification", 1.0),
    ]  # fmt: skip
    assert data.task.inputs == () and data.task.metric == "mean_score"
    out, check = exported(data, tmp_path)
    verify(out, check, data.task, tmp_path / "final" / ROWS)
    found = predictions(out, tmp_path / "table.csv")
    whole = data.search.train.targets, data.search.validation.targets, check.targets
    assert found.scored == 80 and np.isfinite(found.score or np.nan)
    assert sorted(np.concatenate(whole)[:, 0]) == pytest.approx(sorted(table["next risk"]), rel=1e-5)


def test_numbers_of_one_axis_and_series_of_unequal_length_are_inputs(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    inputs = {"age": rng.integers(0, 90, 50), "walks": [rng.normal(size=(2, 3 + place % 4)) for place in range(50)]}
    data = load((inputs, rng.normal(size=50)))
    assert [one.shape for one in data.task.inputs] == [(1,), (3, 6)]
    out, check = exported(data, tmp_path)
    verify(out, check, data.task, tmp_path / "final" / ROWS)
    assert len(load_predictor(out)(inputs)) == 50
    with pytest.raises(InputError, match="one form in all parts"):
        load(((inputs, np.arange(50.0)), ({**inputs, "walks": rng.normal(size=(50, 2, 6))}, np.arange(50.0))))
    wrong = np.where(np.arange(50) == 7, np.nan, 1.0)
    with pytest.raises(InputError, match=r"input 'age'.*finite"):
        load((({"age": rng.normal(size=50)}, np.arange(50.0)), ({"age": wrong}, np.arange(50.0))))


def test_what_is_wrong_with_named_parts_is_said() -> None:
    inputs, targets = market()
    for option in ({"group": "day"}, {"axes": "NCL"}, {"layout": "table"}, {"target": "risk"}):
        with pytest.raises(InputError, match=f"`--{next(iter(option))}` is for data with one input"):
            load((inputs, targets), **option)
    with pytest.raises(InputError, match="input for --ignore"):
        load((inputs, targets), ignore="volume")
    with pytest.raises(InputError, match="as many examples"):
        load(({**inputs, "prices": inputs["prices"][:10]}, targets))
    with pytest.raises(InputError, match="plain words"):
        load(({**inputs, "two words": inputs["prices"]}, targets))
    with pytest.raises(InputError, match="The test part has the inputs"):
        load(((inputs, targets), ({"prices": inputs["prices"]}, targets)))
    with pytest.raises(InputError, match="TARGET=NUMBER"):
        load((inputs, targets), weights="risk=much")
    with pytest.raises(InputError, match="target for --weights"):
        load((inputs, targets), weights="price=2")
    with pytest.raises(InputError, match="there is one"):
        load((inputs, targets["risk"]), weights="risk=2")
    with pytest.raises(InputError, match="must have the targets risk, decision"):
        load(((inputs, targets), (inputs, {"risk": targets["risk"]})))


def test_a_search_on_a_mixed_table_goes_on_and_exports(tmp_path: Path) -> None:
    """Mixed columns (classification): searched jointly, resumed by the space's name alone, exported and predicted."""
    source, place = houses(tmp_path), tmp_path / "search"
    given = {"executor": "local", "tracking_uri": "", "baselines": ["linear"], "epochs": 2, "limits": {"macs": 2e6}}
    result = nas.search(source, budget="2 trials", directory=place, test=str(tmp_path / "more.csv"), **given)
    assert result.config.space == "joined(numbers=tabular,text=text,picture=hybrid)"
    assert json.loads((place / "final" / "final.json").read_text())["task"]["inputs"][1]["name"] == "text"
    more = nas.resume(place, budget="3 trials")
    assert len(more.trials) == 3 and more.exported is not None
    found = predictions(more.exported, tmp_path / "more.csv", part="test")
    assert found.score == pytest.approx(more.final.winner.test_score, abs=1e-6)  # type: ignore[union-attr]
    assert Task.from_data(json.loads((place / "final" / "final.json").read_text())["task"]).inputs[0].name == "numbers"

"""The agent of `examples/market.py`: prices and headlines in, risk and decision out, judged on the future."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

import nas

PATH = Path(__file__).parent.parent.parent / "examples" / "market.py"


@pytest.fixture(scope="module")
def market() -> ModuleType:
    spec = importlib.util.spec_from_file_location("market", PATH)
    assert spec is not None and spec.loader is not None
    module = sys.modules["market"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_market_has_the_structure_that_it_tells(market: ModuleType) -> None:
    made = market.generated(3_000, seed=1)
    assert made.window.shape == (3_000, 1, market.PAST)
    later = market.NEXT  # each window ends where the one before it was judged
    assert np.allclose(made.window[1:, 0, -later:].sum(axis=1), made.future[:-1])
    drift = made.truth[:, 0]
    assert made.future[drift > 0].mean() > 0.02 and made.future[drift < 0].mean() < -0.02
    assert abs(made.future[drift == 0].mean()) < 0.005
    assert np.corrcoef(np.log(made.window[:, 0].std(axis=1)), made.risk)[0, 1] > 0.4
    words = np.array([set(line.split()) & {*market.GOOD} != set() for line in made.headline])
    assert np.corrcoef(words, drift)[0, 1] < 0.5  # neither single words nor headlines alone tell what to do
    again = market.generated(3_000, seed=1)
    assert np.array_equal(again.future, made.future) and again.headline == made.headline


def test_stakes_fall_with_risk_and_changes_cost(market: ModuleType) -> None:
    future = np.full(100, 0.01)
    calm, wild = np.full(100, np.log(market.LEVEL)), np.full(100, np.log(2 * market.LEVEL))
    gains = future + np.tile([0.001, -0.001], 50)
    held, half = (market.traded(np.full(100, "buy"), risk, gains) for risk in (calm, wild))
    assert half["return a year"] == pytest.approx(held["return a year"] / 2)
    turning = np.tile(["buy", "hold"], 50)
    gained = market.traded(turning, calm, future)["return a year"] / (252 / market.NEXT)
    assert gained == pytest.approx((0.01 * 50 - market.COST * 100) / 100)


def test_the_agent_is_searched_trained_and_judged(market: ModuleType, tmp_path: Path) -> None:
    made = market.generated(1_500)
    place = tmp_path / "search"
    result, found = market.compared(
        made, "3 trials", directory=place, executor="local", tracking_uri="", epochs=5, baselines=["linear"], seed=2
    )
    agent = found["the agent"]
    assert list(found) == ["the agent", "linear models of returns", "who made the market", "buy and hold"]
    assert agent["right decisions"] > found["buy and hold"]["right decisions"] + 0.03
    assert agent["R² of risk"] > 0.05
    assert found["who made the market"]["Sharpe ratio"] > max(found[name]["Sharpe ratio"] for name in list(found)[1::2])
    schema = json.loads((place / "schema.json").read_text())
    assert schema["parts"]["train"] == 900 and schema["parts"]["test"] == 300
    assert [one["name"] for one in schema["heads"]] == ["risk", "decision"]
    last = made.between(1_200, 1_500)
    network = nas.load(result.exported)
    predict = nas.load_predictor(result.exported)
    inputs = predict._predict.rules.apply(last.inputs)
    with torch.inference_mode():
        outputs = network(torch.from_numpy(inputs)).numpy()
    assert np.allclose(predict(last.inputs).outputs, outputs, atol=1e-5)
    mean = (agent["R² of risk"] + agent["right decisions"]) / 2
    assert result.final is not None and result.final.winner.test_score == pytest.approx(mean, abs=1e-4)

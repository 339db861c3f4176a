"""A network that says the mean over a picture and its mirror image: in scores, on the test split, in exports."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import nas
from nas.config.budget import Budget
from nas.config.recipe import TrainingConfig
from nas.config.search_config import SearchConfig
from nas.export.ensemble import export_ensemble
from nas.training.augmentation import mirrors
from nas.training.loop import says_the_mean_of_both
from search_spaces import Task

COLOUR, GREY = (3, 8, 8), (1, 8, 8)


def pictures(path: Path, n: int = 240) -> Path:
    """Bright above or bright below: what a mirror keeps."""
    rng = np.random.default_rng(0)
    labels = np.arange(n) % 2
    x = rng.integers(0, 120, (n, 8, 8, 3))
    x[labels == 1, :4] += 100
    x[labels == 0, 4:] += 100
    np.savez(path, X=x.astype(np.uint8), y=labels)
    return path


def test_winner_export_and_ensemble_say_the_same_of_a_picture_and_its_mirror_image(tmp_path: Path) -> None:
    data = pictures(tmp_path / "pictures.npz")
    result = nas.search(
        str(data), "cnn", "2 trials", directory=tmp_path / "search", epochs=2, executor="local", tracking_uri="",
        baselines=("off",), known="off", cpus_per_trial=1,
    )  # fmt: skip
    assert result.final is not None
    text = (tmp_path / "search" / "export" / "model.py").read_text()
    assert "x.flip(-1)" in text
    x = torch.randint(0, 256, (4, *COLOUR), dtype=torch.uint8)
    ensemble = export_ensemble(tmp_path / "search", tmp_path / "both", 2)
    for network in (nas.load(tmp_path / "search"), nas.load(ensemble)):
        with torch.inference_mode():
            torch.testing.assert_close(network(x), network(x.flip(-1)))
            assert not torch.allclose(network(x), network(x.flip(-2)))


@pytest.mark.parametrize(
    ("shape", "recipe", "kind", "expected"),
    [
        (COLOUR, {}, "classification", True),
        (GREY, {}, "classification", False),  # they may be digits or letters
        ((3, 20), {}, "classification", False),
        (COLOUR, {"augmentation": "crop"}, "classification", False),
        (GREY, {"augmentation": "crop+flip"}, "classification", True),
        (COLOUR, {}, "regression", False),
        (COLOUR, {"test_time_flip": False}, "classification", False),
        (GREY, {"test_time_flip": True}, "classification", True),
        ((3, 20), {"test_time_flip": True}, "classification", False),
    ],
)
def test_when_both_are_seen(shape: tuple[int, ...], recipe: dict[str, object], kind: str, expected: bool) -> None:
    assert says_the_mean_of_both(TrainingConfig(**recipe), Task(shape, 2, kind=kind)) is expected  # type: ignore[arg-type]


def test_what_mirrors() -> None:
    assert mirrors("auto", COLOUR)
    assert not mirrors("none", COLOUR)
    assert not mirrors("flip", (3, 20))


def test_where_the_latency_counts_a_picture_is_seen_once() -> None:
    slow = SearchConfig(data="digits", budget=Budget(trials=1))
    fast = SearchConfig(data="digits", budget=Budget(trials=1), limits={"latency": 0.01})
    asked = SearchConfig(
        data="digits", budget=Budget(trials=1), limits={"latency": 0.01}, training=TrainingConfig(test_time_flip=True)
    )
    assert [one.recipe.test_time_flip for one in (slow, fast, asked)] == ["auto", False, True]

"""A recipe of one's own stays with the search: read, resumed and continued elsewhere, and changed code is named."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import nas
from nas.config.metric import words
from nas.config.own_code import made_of
from nas.execution.ray.shipping import modules_to_ship
from nas.setup.changed_code import BEFORE, CODE, changed_code

SCRIPT = Path(__file__).parent / "own_recipe_script.py"


HERE = {**os.environ, "PYTHONPATH": str(Path(nas.__file__).parent.parent)}


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the script, and in `run` its search."""
    folder = tmp_path_factory.mktemp("script")
    shutil.copy(SCRIPT, folder / "mine.py")
    command = [sys.executable, "mine.py", "run"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=HERE)
    assert done.returncode == 0, done.stderr
    return folder / "run"


def test_another_process_reads_it_and_trains_on(searched: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(searched, tmp_path / "moved")
    found = nas.open(moved)
    assert [trial.state for trial in found.candidates] == ["completed"] * 2
    recipe = found.candidates[0].recipe
    assert words(found.stored.task.metric) == "points"
    assert all(trial.score == int(trial.score) > 0 for trial in found.candidates)
    loss = made_of(recipe.loss)()
    assert (type(loss).__name__, loss.gamma) == ("Focal", 2.0)
    assert made_of(recipe.optimizer) is torch.optim.RAdam
    assert found.continue_training(trial=0, epochs=1)(torch.zeros(2, 1, 8, 8)).shape == (2, 10)
    exported = found.export(tmp_path / "out", trial=0)  # a network needs nothing of what trained it
    assert "Focal" not in (exported / "model.py").read_text() and len(nas.open(moved).trials) == 2


def test_it_is_resumed_without_the_script(searched: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(searched, tmp_path / "moved")
    assert [trial.state for trial in nas.resume(moved, budget="3 trials").candidates] == ["completed"] * 3


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("** self.gamma", "** (self.gamma + 1)"),
        ("GAMMA = 2.0", "GAMMA = 3.0"),
        ("(y_true == prediction).sum()", "(y_true == prediction).mean()"),
    ],
)
def test_a_changed_loss_is_named_and_accepted_only_when_asked(
    searched: Path, tmp_path: Path, old: str, new: str
) -> None:
    moved = shutil.copytree(searched, tmp_path / "moved")
    script = searched.parent / "mine.py"
    text = script.read_text()
    script.write_text(text.replace(old, new))
    try:
        with pytest.raises(nas.InputError, match=r"(?s)accept-changed-code.*\+.*" + re.escape(new.split()[0])):
            nas.resume(moved, budget="3 trials")
        found = nas.resume(moved, budget="3 trials", accept_changed_code=True)
        assert [trial.attributes.get(CODE) for trial in found.candidates] == [BEFORE, BEFORE, None]
        assert changed_code(moved) == "" and (moved / "code-before-1").is_dir()
        assert new in (moved / "code" / "own_code.py").read_text()
    finally:
        script.write_text(text)


def test_workers_get_it_by_value(tmp_path: Path) -> None:
    """They need not have the file: this one lies where the reading process does not look."""
    import own_recipe_script as mine
    from ray import cloudpickle

    recipe = nas.TrainingConfig(loss=functools.partial(mine.Focal, gamma=1.0), augment=mine.noisy)
    for module in modules_to_ship((recipe,)):
        cloudpickle.register_pickle_by_value(module)
    (tmp_path / "recipe").write_bytes(cloudpickle.dumps(recipe))
    code = (
        "import pickle, sys; recipe = pickle.load(open('recipe', 'rb')); "
        "from nas.config.own_code import made_of; import torch; "
        "assert 'own_recipe_script' not in sys.modules; "
        "print(made_of(recipe.loss)().gamma, made_of(recipe.augment)(torch.zeros(2, 1)).shape)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False, env=HERE
    )
    assert done.stdout.strip() == "1.0 torch.Size([2, 1])", done.stderr


def test_a_recipe_that_is_used_again_is_the_one_of_this_process(searched: Path, tmp_path: Path) -> None:
    import own_recipe_script as mine

    recipe = nas.TrainingConfig(loss=mine.Focal)
    settings = {"epochs": 1, "executor": "local", "tracking_uri": "", "known": "off", "final": False}
    for name in ("first", "second"):
        nas.search("digits", "mlp", "1 trials", directory=tmp_path / name, training=recipe, **settings)
        nas.open(tmp_path / name)
        assert str(SCRIPT) in (tmp_path / name / "code" / "code.json").read_text()

"""Every short example runs as a newcomer would run it, with less to spend."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SAYS = {
    "pictures": "a cross is taken for a",
    "series": "taken for",
    "text": "'breakfast was not poor' is",
    "front": "the smallest of the front lies in",
    "frozen_backbone": "of them trained",
    "own_loss_and_metric": "a hundred patients cost",
    "lightning_loop": "trained by Lightning",
}
NEEDS = {"lightning_loop": "lightning"}


@pytest.mark.parametrize("name", SAYS)
def test_an_example(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if name in NEEDS:
        pytest.importorskip(NEEDS[name], reason=f"{name}.py needs pip install {NEEDS[name]}")
    monkeypatch.chdir(tmp_path)
    (tmp_path / f"{name}.py").write_text((EXAMPLES / f"{name}.py").read_text())
    spec = importlib.util.spec_from_file_location(name, tmp_path / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    module.main("2 trials", executor="local", tracking_uri="", epochs=1, known="off", directory=tmp_path / "search")
    assert SAYS[name] in capsys.readouterr().out


def test_an_example_says_what_it_needs() -> None:
    example = str(EXAMPLES / "lightning_loop.py")
    without = f"import runpy, sys; sys.modules['lightning'] = None; runpy.run_path({example!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", without], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "pip install lightning" in done.stderr and "Traceback" not in done.stderr

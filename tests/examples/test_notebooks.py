"""The notebooks of examples/ run from top to bottom in a kernel of their own, with less to spend."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed: pip install '.[test]'")
nbformat = pytest.importorskip("nbformat")
EXAMPLES = Path(__file__).parents[2] / "examples"
LESS = 'budget="2 trials", epochs=1, executor="local", known="off", tracking_uri=""'


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(EXAMPLES.parent), os.environ.get("PYTHONPATH", "")]))
    notebook = nbformat.read(path, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)  # outputs are not committed
    for cell in notebook.cells:
        cell.source = cell.source.replace('budget="1m"', LESS)
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    said = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    results = [one["data"]["text/html"] for one in said if "text/html" in one.get("data", {})]
    assert any("accuracy" in one and "<table" in one for one in results)  # a result is shown as HTML
    assert any("Searching" in str(one) for one in said)  # and the search while it runs

"""The whole way as a script: search, registry, a real server asked by curl, evolve, back to the first version."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "examples" / "deploy_and_evolve.sh"


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_from_a_search_to_a_served_model_and_its_challenger(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", str(SCRIPT), str(tmp_path / "made"), str(port)], capture_output=True, text=True, check=False,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(SCRIPT.parents[1])}, cwd=tmp_path,
    )  # fmt: skip
    said = " ".join(done.stdout.split())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "iris version 1 is champion" in said
    assert '"probabilities"' in said and " 200 " in said
    assert "Missing columns: 'sepal width (cm)'" in said and " 400 " in said
    assert "The champion stays" in said or "as version 2" in said
    assert (tmp_path / "made" / "second" / "report.html").is_file()
    with socket.socket() as probe:  # the server has ended with the script
        assert probe.connect_ex(("127.0.0.1", port)) != 0

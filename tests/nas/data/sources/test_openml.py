"""OpenML by number, on the answers of its server that scikit-learn has recorded for its own tests."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
import sklearn.datasets
from sklearn.datasets import _openml

from nas.data import load
from nas.errors import InputError

RECORDED = Path(sklearn.datasets.__file__).parent / "tests" / "data" / "openml"
pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="this scikit-learn comes without its recorded answers")


def answered(request: Any, *_: Any, **__: Any) -> io.BytesIO:
    """What the server said to such an address."""
    address = request if isinstance(request, str) else request.full_url
    parts = address.rstrip("/").split("/")
    if "features" in parts:
        name = f"api-v1-jdf-{parts[-1]}.json.gz"
    elif "qualities" in parts:
        name = f"api-v1-jdq-{parts[-1]}.json.gz"
    elif "json" in parts:
        name = f"api-v1-jd-{parts[-1]}.json.gz"
    else:
        name = f"data-v1-dl-{parts[-2] if parts[-1].endswith('arff') else parts[-1]}.arff.gz"
    found = list(RECORDED.glob(f"id_*/{name}"))
    if not found:
        raise URLError(f"no such data set: {address}")
    answer = io.BytesIO(gzip.decompress(found[0].read_bytes()))
    answer.info = dict  # type: ignore[attr-defined]
    return answer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(_openml, "urlopen", answered)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))


@pytest.mark.usefixtures("server")
def test_columns_target_and_classes_are_those_of_openml() -> None:
    dataset = load("openml:61")
    assert dataset.name == "iris"
    assert dataset.classes == ("Iris-setosa", "Iris-versicolor", "Iris-virginica")
    assert dataset.task.input_shape == (4,)
    assert sum(len(part) for part in (dataset.search.train, dataset.search.validation, dataset.test)) == 150


@pytest.mark.usefixtures("server")
def test_a_number_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match=r"openml:999999 cannot be fetched: .*no such data set.*save the table as CSV"):
        load("openml:999999")


@pytest.mark.parametrize("name", ["openml:", "openml:iris", "openml:0", "openml:-3", "openml:6.1"])
def test_what_is_no_number_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"named by its number.*got '{name}'"):
        load(name)

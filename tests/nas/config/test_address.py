"""No password of an address is kept or shown, wherever it stands in it."""

from __future__ import annotations

import random
import string
from pathlib import Path
from urllib.parse import quote

import pytest

import nas
from nas.config.address import masked, no_password, passwords_of
from nas.errors import InputError
from nas.records.problem import Problem
from nas.setup.stored_search import stored_search
from nas.strategies.optuna.study import copy_study
from nas.tracking.address import store_uri

KINDS = ("postgresql", "mysql+pymysql", "s3", "http", "https", "redis")


def addresses() -> list[tuple[str, str]]:
    """(address, password), drawn with every letter a password may have."""
    rng = random.Random(0)
    letters = string.ascii_letters + string.digits + string.punctuation
    drawn = ["".join(rng.choices(letters, k=rng.randint(6, 20))) for _ in range(60)]
    found = []
    for number, password in enumerate(drawn):
        kind = KINDS[number % len(KINDS)]
        found.append((f"{kind}://me:{quote(password, safe='')}@host:5432/name", quote(password, safe="")))
        found.append((f"{kind}://host/name?password={quote(password, safe='')}&x=1", quote(password, safe="")))
    return [*found, ("https://me:p@ss@host/x", "p@ss"), ("postgresql://:only@host/x", "only")]


@pytest.mark.parametrize(("address", "password"), addresses())
def test_it_is_refused_or_put_away_and_never_said(address: str, password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "")
    for name in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"):
        monkeypatch.setenv(name, "")
    assert passwords_of(address)
    assert password not in masked(f"cannot reach {address}", address)
    with pytest.raises(InputError) as refused:
        no_password(address)
    assert password not in str(refused.value)
    with pytest.raises(InputError) as refused:
        nas.SearchConfig(storage=address)
    assert password not in str(refused.value)
    try:
        assert password not in store_uri(address)
    except InputError as error:
        assert password not in str(error)


@pytest.mark.parametrize(
    "address", ["sqlite:///runs.db", "http://host:5000", "/a/folder", "s3://bucket/x?region=eu", "a:b"]
)
def test_what_has_none_is_taken_as_it_is(address: str) -> None:
    assert no_password(address) == address == masked(address, address)


def test_an_optuna_storage_that_cannot_be_opened_is_one_sentence(tmp_path: Path) -> None:
    nas.search("digits", "mlp", "1 trials", directory=tmp_path / "s", prepare=True, tracking_uri="")
    seen = stored_search(tmp_path / "s")
    assert seen.space is not None
    for address in ("postgresql://me:tiger7@127.0.0.1:9/x", "mysql+nothing://me:tiger7@host/x", "nonsense"):
        with pytest.raises(InputError, match="cannot be opened") as refused:
            copy_study(address, "s", Problem(seen.space), seen.trials)
        assert "tiger7" not in str(refused.value)
        assert "\n" not in str(refused.value)

"""2,000 damaged and hostile files: each is refused with an error of ours, and nothing is written or run."""

from __future__ import annotations

import contextlib
import io
import json
import pickle
import random
import sqlite3
import zipfile
from pathlib import Path

import numpy as np
import pytest

from nas import data as datasets
from nas.config.search_config import SearchConfig
from nas.errors import InputError
from nas.journal import journal as journals
from nas.journal.journal import Header, Journal
from nas.training.storage import load as load_checkpoint
from search_spaces import SPACES, SpaceError, Task
from search_spaces.architecture import Architecture
from search_spaces.network import build
from search_spaces.profile import profile

pytestmark = pytest.mark.faults
TASK = Task((1, 8, 8), 10)
REFUSED = (InputError, SpaceError)


class Bomb:
    """Unpickled, it leaves a file behind."""

    def __reduce__(self):
        return (open, ("exploded", "w"))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    yield
    assert list(folder.iterdir()) == [], "something was written"


def damaged(text: str, rng: random.Random) -> str:
    """The text with a few random edits."""
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(text))
        change = rng.randrange(5)
        if change == 0:
            text = text[:at] + text[at + rng.randrange(1, 30) :]
        elif change == 1:
            text = text[:at] + rng.choice('{}[]",:0-9.eE\\x"\'') + text[at:]
        elif change == 2:
            text = (
                text[:at]
                + rng.choice(["null", "true", "1e999", "-1", '"__class__"', "{}", "[]", "99999999999999"])
                + text[at:]
            )
        elif change == 3:
            text = text[:at] + text[rng.randrange(len(text)) :]
        else:
            text = text.replace(str(rng.randrange(10)), str(rng.choice([-1, 0, 10**9, 0.5, "null"])), 1)
        text = text or "{"
    return text


def test_damaged_architectures(injected) -> None:
    rng = random.Random(0)
    texts = [SPACES[name]().sample(rng).to_json() for name in sorted(SPACES) for _ in range(2)]
    for _ in range(1000):
        try:
            architecture = Architecture.from_json(damaged(rng.choice(texts), rng))
            profile(architecture, TASK)
            build(architecture, TASK)
        except REFUSED:
            pass
    injected("damaged architectures", 1000, outcome="refused, or whole after all")


HOSTILE = [
    "[" * 100_000,
    '{"format": 1, "space": "x", "cells": '
    + '[{"cell": "Residual", "width": ' * 40
    + "1"
    + "}]" * 40
    + ', "decisions": {}}',
    '{"format": 1, "space": "x", "cells": [{"cell": "Conv", "width": 1e18}], "decisions": {}}',
    '{"format": 1, "space": "x", "cells": [{"cell": "Conv", "width": 999999999}], "decisions": {}}',
    '{"format": 1, "space": "x", "cells": [{"cell": "os.system", "command": "touch exploded"}], "decisions": {}}',
    '{"format": 1, "space": "x", "cells": [{"cell": "../../etc/passwd"}], "decisions": {}}',
    '{"format": 1, "space": "x", "cells": [{"cell": "Conv", "__class__": 1}], "decisions": {}}',
    '{"format": 1, "space": "../../x", "cells": 7, "decisions": {}}',
    '{"format": 2}',
    "null",
    "",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_architectures(text: str, injected) -> None:
    with pytest.raises(REFUSED):
        build(Architecture.from_json(text), TASK)
    injected("hostile architectures", 1, outcome="refused")


def test_damaged_configs(injected) -> None:
    rng = random.Random(1)
    text = SearchConfig(data="digits").to_json()
    for _ in range(400):
        with contextlib.suppress(REFUSED):
            SearchConfig.from_json(damaged(text, rng))
    injected("damaged configs", 400, outcome="refused, or whole after all")


def test_damaged_journals(tmp_path: Path, injected) -> None:
    Journal.create(tmp_path / "s", Header(SearchConfig(data="digits").to_json(), "s", "d", "f", "{}")).close()
    whole = (tmp_path / "s" / journals.FILE).read_bytes()
    rng = random.Random(2)
    for number in range(200):
        content = bytearray(whole[: rng.choice([len(whole), rng.randrange(len(whole))])])
        for _ in range(rng.randrange(1, 40)):
            if content:
                content[rng.randrange(len(content))] = rng.randrange(256)
        folder = tmp_path / f"j{number}"
        folder.mkdir()
        (folder / journals.FILE).write_bytes(content)
        with contextlib.suppress(REFUSED):
            journals.read(folder)
    injected("damaged journals", 200, outcome="refused, or whole after all")


def archive(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def test_damaged_archives(tmp_path: Path, injected) -> None:
    rng = random.Random(3)
    whole = archive(x_train=np.zeros((40, 8, 8), np.uint8), y_train=np.arange(40) % 4)
    for number in range(400):
        content = bytearray(whole[: rng.choice([len(whole), rng.randrange(1, len(whole))])])
        for _ in range(rng.randrange(1, 20)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        path = tmp_path / f"{number}.npz"
        path.write_bytes(content)
        with contextlib.suppress(REFUSED):
            datasets.load(path)
    injected("damaged archives", 400, outcome="refused, or whole after all")


def test_objects_in_an_archive_are_not_unpickled(tmp_path: Path, injected) -> None:
    path = tmp_path / "objects.npz"
    path.write_bytes(archive(x_train=np.array([Bomb()] * 8, dtype=object), y_train=np.arange(8) % 2))
    with pytest.raises(InputError):
        datasets.load(path)
    injected("pickles in archives, checkpoints and journals", 1, outcome="refused")


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, injected) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (1 << 34, 64)})
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive_file:
        archive_file.writestr("x_train.npy", header.getvalue() + bytes(1 << 24))
        archive_file.writestr("y_train.npy", b"")
    with pytest.raises(InputError):
        datasets.load(path)
    injected("archive that unpacks to a terabyte", 1, outcome="refused")


def test_a_pickled_checkpoint_is_not_run(tmp_path: Path, injected) -> None:
    path = tmp_path / "7.pt"
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(pickle.UnpicklingError):
        load_checkpoint(str(path))
    injected("pickles in archives, checkpoints and journals", 1, outcome="refused")


def test_a_journal_full_of_nonsense_is_refused(tmp_path: Path, injected) -> None:
    header = Header(json.dumps({"data": "digits"}), "s", "d", "f", "{}")
    Journal.create(tmp_path / "s", header).close()
    with sqlite3.connect(tmp_path / "s" / journals.FILE) as connection:
        connection.execute("update search set config = ?", (json.dumps({"space": "os:system", "training": {}}),))
    record = journals.read(tmp_path / "s")
    with pytest.raises(REFUSED):
        SearchConfig.from_json(record.header.config.replace("training", "trainings"))
    injected("pickles in archives, checkpoints and journals", 1, outcome="refused")

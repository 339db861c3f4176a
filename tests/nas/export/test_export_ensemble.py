"""Which networks of a final an ensemble is made of."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

import nas
from nas.data import load
from nas.errors import InputError
from nas.export.ensemble import export_ensemble
from nas.export.export import finalist_network
from nas.final.record import final_record
from nas.journal.directory import FINAL
from nas.training.ensemble import select
from nas.training.inference import outputs

SEARCH = {
    "epochs": 2,
    "executor": "local",
    "tracking_uri": "",
    "baselines": ("off",),
    "ensemble": "off",
    "known": "off",
    "seed": 0,
}


def test_members_are_those_whose_mean_is_best_on_the_validation_split_of_the_same_data(tmp_path: Path) -> None:
    inputs, labels = load_digits(return_X_y=True)
    data, search = tmp_path / "digits.npz", tmp_path / "search"
    np.savez(data, X=inputs[:500].astype(np.float32), y=labels[:500])
    nas.search(str(data), "mlp", "4 trials", directory=search, **SEARCH)
    out = export_ensemble(search, tmp_path / "model", 2)

    dataset, record = load(str(data)), final_record(search)
    validation = dataset.search.validation
    said = [outputs(finalist_network(search / FINAL, record, run), validation.inputs) for run in record["runs"]]
    expected = [record["runs"][place] for place in select(said, validation.targets, dataset.task, 2)]
    assert json.loads((out / "architecture.json").read_text()) == [run["architecture"] for run in expected]

    np.savez(data, X=inputs[:400].astype(np.float32), y=labels[:400])
    with pytest.raises(InputError, match="has changed since the search"):
        export_ensemble(search, tmp_path / "another", 2)
    assert not (tmp_path / "another").exists()

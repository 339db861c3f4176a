"""Folders that the library `datasets` (5.2) has saved: `tests/data/hugging_face`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from nas.config.data_options import DataOptions
from nas.data import load
from nas.errors import InputError

SAVED = Path(__file__).parents[3] / "data" / "hugging_face"


@pytest.fixture
def messages(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAVED / "messages", tmp_path / "messages"))


def changed(path: Path, **values: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_parts_and_names_of_classes_are_those_of_the_source() -> None:
    dataset = load(SAVED / "messages")
    assert dataset.classes == ("ham", "spam")
    assert [len(part) for part in (dataset.search.train, dataset.search.validation, dataset.test)] == [40, 10, 12]
    assert dataset.search.train.targets.tolist() == [0, 1] * 20
    assert dataset.task.vocabulary


def test_a_single_part_in_several_files_is_read_whole() -> None:
    dataset = load(SAVED / "numbers")
    assert dataset.task.kind == "regression"
    values = np.concatenate(
        [dataset.search.train.targets, dataset.search.validation.targets, dataset.test.open().targets]
    )
    assert sorted(values.ravel().tolist()) == [2.0 * i for i in range(60)]


def test_another_target_can_be_named() -> None:
    dataset = load(SAVED / "numbers", options=DataOptions(target=("b",)))
    assert dataset.classes == ("x", "y")


def test_a_part_of_the_folder_can_be_named_alone() -> None:
    dataset = load(SAVED / "messages" / "train")
    assert sum(len(part) for part in (dataset.search.train, dataset.search.validation, dataset.test)) == 40


def test_parts_of_other_names_are_refused_with_the_one_to_name(messages: Path) -> None:
    changed(messages / "dataset_dict.json", splits=["unsupervised", "train"])
    with pytest.raises(InputError, match=r"unsupervised, train.*Name the folder of one part"):
        load(messages)


def test_a_second_test_part_is_refused(messages: Path) -> None:
    with pytest.raises(InputError, match=r"has a part test of its own\. Leave --test out"):
        load(messages, options=DataOptions(test=str(SAVED / "numbers")))


def test_pictures_are_refused_by_name(messages: Path) -> None:
    changed(messages / "train" / "dataset_info.json", features={"photo": {"_type": "Image"}})
    with pytest.raises(InputError, match=r"photo \(Image\).*one folder a class"):
        load(messages)


@pytest.mark.parametrize("kept", [0, 1, 300])
def test_a_file_that_is_cut_off_is_named(messages: Path, kept: int) -> None:
    file = messages / "train" / "data-00000-of-00001.arrow"
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(InputError, match=r"data-00000-of-00001.arrow is no readable Arrow file"):
        load(messages)

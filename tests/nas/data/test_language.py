"""Running text as windows of tokens and what follows them; the tokens; scores; the model of counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nas.baselines import BASELINES, chosen, for_task
from nas.config.recipe import TrainingConfig
from nas.data import Dataset, load
from nas.data.metrics import metric_for
from nas.data.preprocessing import RULES
from nas.data.preprocessing.language import BYTES, CHARACTERS, LanguageRules
from nas.errors import InputError
from nas.setup.problem import recipe_for, space_for
from search_spaces import Task

WORDS = [
    "the",
    "cat",
    "sat",
    "on",
    "a",
    "mat",
    "and",
    "the",
    "dog",
    "ran",
    "to",
    "the",
    "man",
    "who",
    "had",
    "a",
    "hat",
]
SCRIPTS = {  # what is written, and what its tokens are
    "few": ("abcdefg .\n", CHARACTERS),
    "latin": ("abcdefghijklmnopqrstuvwxyzäöüßéè ,.\n", CHARACTERS),
    "many": ("".join(chr(0x4E00 + place) for place in range(400)) + " 。\n", BYTES),
}


def sentences(count: int = 4_000, seed: int = 0) -> str:
    """Speeches of a play."""
    rng = np.random.default_rng(seed)
    speeches = [" ".join(rng.choice(WORDS, rng.integers(4, 9))) for _ in range(count // 6)]
    names = rng.choice(["ANN", "BOB"], len(speeches))
    return "".join(f"{name}:\n{speech}.\n\n" for name, speech in zip(names, speeches, strict=True))


def written(folder: Path, text: str, name: str = "play.txt") -> str:
    path = folder / name
    path.write_bytes(text.encode())
    return str(path)


def rules_of(dataset: Dataset) -> LanguageRules:
    assert isinstance(dataset.preprocessing, LanguageRules)
    return dataset.preprocessing


@pytest.mark.parametrize("script", SCRIPTS)
def test_tokens_lead_back_to_the_text(script: str) -> None:
    letters, by = SCRIPTS[script]
    rng = np.random.default_rng(1)
    text = "".join(rng.choice(list(letters), 3_000))
    rules = LanguageRules.fitted(text, 16)
    assert rules.by == by
    tokens = rules.tokens(text)
    assert rules.text_of(tokens.tolist()) == text
    assert 0 <= tokens.min() <= tokens.max() < rules.vocabulary
    sizes = np.array(rules.characters)[tokens].sum() if rules.characters else len(tokens)
    assert sizes == len(text)
    again = RULES["language"].from_dict(rules.to_dict())
    assert again == rules
    np.testing.assert_array_equal(again.tokens(text), tokens)
    assert rules.text_of(rules.tokens("z€\r\n").tolist()) in ("��\n", "z�\n", "z€\n", "z€\n")


def test_joined_bytes_are_the_frequent_pairs() -> None:
    letters = "".join(chr(0x3000 + place) for place in range(300))
    rules = LanguageRules.fitted("banana bandana " * 50 + letters, 8)
    assert rules.by == BYTES and rules.vocabulary > 256
    assert len(rules.tokens(" bandana")) == 1
    assert rules.text_of([int(rules.tokens(" bandana")[0])]) == " bandana"
    assert rules.text_of(rules.tokens("ban ana").tolist()) == "ban ana"


def test_windows_lie_within_one_part_and_the_targets_come_next(tmp_path: Path) -> None:
    text = sentences()
    dataset = load(written(tmp_path, text))
    rules, task = rules_of(dataset), dataset.task
    parts = [dataset.search.train, dataset.search.validation, dataset.test.open()]
    place = 0
    for part in parts:
        assert part.targets.dtype == np.int64 and part.inputs.shape == part.targets.shape
        flat, after = part.inputs.ravel().astype(int), part.targets.ravel()
        np.testing.assert_array_equal(flat[1:], after[:-1])
        said = rules.text_of(flat.tolist())
        assert text.find(said, place) >= place
        place = text.find(said, place) + len(said)
    assert len(text) - place < rules.length + 2
    assert dataset.test.open_rows() == text[-len(dataset.test.open_rows()) :]
    assert len(dataset.test.open_rows()) == round(len(text) / 10)
    np.testing.assert_array_equal(rules.windows(dataset.test.open_rows())[0], parts[2].inputs)
    assert (task.kind, task.outputs, task.output_shape) == (
        "language",
        rules.vocabulary,
        (rules.vocabulary, rules.length),
    )
    assert type(task).from_data(task.to_data()) == task
    assert space_for("auto", dataset).name == "language"


def test_the_schema_says_what_was_understood(tmp_path: Path) -> None:
    dataset = load(written(tmp_path, sentences()), window=40)
    assert dataset.schema is not None
    lines = "\n".join(dataset.schema.lines())
    for what in ("running text", "Task: language", "bits per character", "windows to train", "characters, and one for"):
        assert what in lines
    assert type(dataset.schema).from_json(dataset.schema.to_json()) == dataset.schema
    assert dataset.schema.length == 40


def test_bits_are_counted_by_characters(tmp_path: Path) -> None:
    letters = "".join(chr(0x4E00 + place) for place in range(300))
    rng = np.random.default_rng(0)
    dataset = load(written(tmp_path, "".join(rng.choice(list(letters + " "), 12_000))))
    assert rules_of(dataset).by == BYTES
    test, task = dataset.test.open(), dataset.task
    even = np.zeros((len(test), *task.output_shape), np.float32)
    used = len(rules_of(dataset).text_of(test.targets.ravel().tolist()))
    bits = test.targets.size * np.log2(task.outputs) / used
    assert metric_for(task)(even, test.targets) == pytest.approx(-bits, rel=0.01)
    nats = load(written(tmp_path, sentences()), metric="nats_per_character")
    part = nats.test.open()
    even = np.zeros((len(part), *nats.task.output_shape), np.float32)
    assert metric_for(nats.task)(even, part.targets) == pytest.approx(-np.log(nats.task.outputs))


def test_counts_are_probabilities_and_learn_the_words(tmp_path: Path) -> None:
    dataset = load(written(tmp_path, sentences()))
    assert for_task(dataset.task) == ["ngram_language"]
    fitted = BASELINES["ngram_language"].train(dataset.search, 60.0)
    test = dataset.test.open()
    said = fitted.predict(test.inputs)
    assert said.shape == (len(test), *dataset.task.output_shape) and said.dtype == np.float32
    np.testing.assert_allclose(np.exp(said).sum(axis=1), 1.0, atol=1e-4)
    assert dataset.schema is not None
    assert metric_for(dataset.task)(said, test.targets) > 2 * dataset.schema.majority / 3
    alone = BASELINES["ngram_language"].train(dataset.search, 60.0, refit=False)
    measured = metric_for(dataset.task)(
        alone.predict(dataset.search.validation.inputs), dataset.search.validation.targets
    )
    assert alone.validation_score == pytest.approx(measured, abs=1e-6)
    np.testing.assert_array_equal(said[:2], fitted.predict(test.inputs[:2]))
    with pytest.raises(InputError, match="cannot do this task"):
        chosen(["majority"], dataset.task)


def test_parts_of_their_own(tmp_path: Path) -> None:
    late = sentences(600, seed=5)
    dataset = load(written(tmp_path, sentences()), test=written(tmp_path, late, "late.txt"))
    assert dataset.test.open_rows() == late
    assert dataset.schema is not None and dataset.schema.parts is not None
    assert "own test part" in dataset.schema.parts.how


def test_what_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, sentences())
    with pytest.raises(InputError, match=r"running text of .* too few"):
        load(written(tmp_path, sentences(300), "short.txt"))
    with pytest.raises(InputError, match="too few for a window of 9000"):
        load(path, window=9_000)
    with pytest.raises(InputError, match="metric of a language"):
        load(path, metric="accuracy")
    with pytest.raises(InputError, match="running text"):  # classes are wanted, and there are none
        load(path, kind="classification")
    with pytest.raises(InputError, match="one text file"):
        load(tmp_path, kind="language")
    with pytest.raises(InputError, match="one text file"):
        load((np.zeros((9, 2)), np.zeros(9)), kind="language")
    with pytest.raises(InputError, match="`--window` is for"):
        load("iris", window=4)
    with pytest.raises(InputError, match="begins with --horizon"):
        load(path, season=4)


def test_small_batches_where_nothing_is_said() -> None:
    task = Task((8,), 5, "language", 5)
    plain, said = TrainingConfig(), TrainingConfig(batch_size=64, optimizer="sgd")
    assert (recipe_for(plain, task).batch_size, recipe_for(plain, task).optimizer) == (16, "muon")
    assert recipe_for(said, task) == said
    assert recipe_for(plain, Task((8,), 5, vocabulary=5)) == plain


def test_a_table_may_be_read_as_running_text(tmp_path: Path) -> None:
    rows = "".join(f"{number},{number % 7},{number % 3}\n" for number in range(3_000))
    assert load(written(tmp_path, rows, "rows.csv"), kind="language").task.kind == "language"

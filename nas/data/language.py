"""Language modelling: from running text to windows of tokens and, at every position, the token that follows."""

from __future__ import annotations

import numpy as np

from nas.config.data_options import DataOptions
from nas.data.dataset import Dataset, SealedTest, Split, TrainingData, fingerprint
from nas.data.metric_choice import chosen_metric
from nas.data.metrics import characters, metric_for
from nas.data.preprocessing.language import BYTES, CHARACTERS, LanguageRules
from nas.data.reading import Reading
from nas.data.schema import Parts, Schema
from nas.data.splits import hash_of
from nas.errors import InputError
from search_spaces.task import LANGUAGE, Task

MOST_SHARE = 0.1  # of a text, that a part has at most: its last tenth is enough to be judged by
FEWEST_CHARACTERS = 10_000
LONG = 2_000_000  # characters beyond which windows are longer
LENGTH, LONGER, SHORTEST = 128, 256, 32  # tokens of a window
FEWEST_WINDOWS = 10  # of the smallest part, where the length is left open
MOST_TOKENS = 1 << 25  # of the training part in use
MOST_OUTPUTS = 1 << 25  # numbers that a network says of a part that is scored


def language_data(
    reading: Reading, options: DataOptions, validation_share: float, test_share: float, source: str
) -> Dataset:
    """The data set of a running text: its last tenth is the test, the tenth before it validates.

    Windows lie within one part, one behind the other. The tokens are those of the training part.

    Raises:
        InputError: a text that is too short.
    """
    text, name = reading.main.rows.replace("\r\n", "\n"), reading.name
    if len(text) < FEWEST_CHARACTERS:
        raise InputError(
            f"{source or name} is running text of {len(text):,} characters, too few to learn a language from: at least "
            f"{FEWEST_CHARACTERS:,} are needed. If it is meant as labelled texts: give a table with a column of texts "
            "and one of labels, one label before each line, or one folder of text files a class."
        )
    own = {part: held.rows for part, held in (("test", reading.test), ("validation", reading.validation)) if held}
    own = {part: held.replace("\r\n", "\n") for part, held in own.items()}
    test = own.get("test", "")
    if not test:
        cut = len(text) - round(len(text) * min(test_share, MOST_SHARE))
        text, test = text[:cut], text[cut:]
    validation = own.get("validation", "")
    if not validation:
        cut = len(text) - round(len(text) * min(validation_share, MOST_SHARE))
        text, validation = text[:cut], text[cut:]
    rules = LanguageRules.fitted(text, 1)
    counts = [len(rules.tokens(part)) for part in (text, validation, test)]
    length, why_length = _length(name, counts, options)
    rules = LanguageRules(rules.by, length, rules.alphabet, rules.merges)
    notes = list(reading.notes)
    parts = {"training": text, "validation": validation, "test": test}
    most = dict.fromkeys(parts, MOST_OUTPUTS // rules.vocabulary) | {"training": MOST_TOKENS}
    for part, held in parts.items():
        kept = _cut(held, rules, most[part])
        if len(kept) < len(held):
            notes.append(f"of the {part} part the first {len(kept):,} of {len(held):,} characters are used")
            parts[part] = kept
    splits = [Split(*rules.windows(held)) for held in parts.values()]
    unknown = sum(int((split.targets == 0).sum()) for split in splits) if rules.by == CHARACTERS else 0
    if unknown:
        notes.append(f"{unknown} characters of the validation and the test part are none of the training's")
    metric = chosen_metric(options, LANGUAGE, "language")
    task = Task(rules.input_shape, rules.vocabulary, LANGUAGE, rules.vocabulary, metric, characters=rules.characters)
    train, validated, tested = splits
    hashed = fingerprint(*splits)
    tokens = f"{len(rules.alphabet)} characters, and one for any other"
    if rules.by == BYTES:
        each = characters(task, train.targets).sum() / train.targets.size
        tokens = f"{rules.vocabulary:,} pieces of bytes, joined by their frequency, of {each:.2f} characters each"
    how = "by place in the text, " + (f"the source's own {' and '.join(own)} part" if own else "the end for the test")
    schema = Schema(
        name=name,
        source=source,
        layout="text",
        why_layout=reading.why_layout,
        kind=LANGUAGE,
        why_kind="the token that follows is predicted at every position",
        metric=metric,
        targets=("next token",),
        why_target="there are no labels",
        classes=_names(rules),
        majority=metric_for(task)(_unigrams(train, validated, task), validated.targets),
        length=length,
        vocabulary=rules.vocabulary,
        parts=Parts(
            f"windows of {length} tokens, {how}",
            len(train),
            len(validated),
            len(tested),
            hash_of(np.array([len(held) for held in parts.values()])),
        ),
        reading=reading.reading,
        notes=(
            f"tokens are {tokens}; the vocabulary is that of the training part",
            f"a token is predicted from up to {length} tokens of its window ({why_length})",
            *notes,
        ),
        warnings=reading.warnings,
        fingerprint=hashed,
    )
    search = TrainingData(task, train, validated, (0.0,), (1.0,))
    sealed = SealedTest(tested, parts["test"])
    return Dataset(name, task, search, sealed, schema.classes, hashed, (), schema, rules)


def _length(name: str, counts: list[int], options: DataOptions) -> tuple[int, str]:
    """Tokens of a window, and why."""
    fewest = min(counts)
    if options.window is not None:
        if fewest <= options.window:
            raise InputError(
                f"{name}: the smallest part has {fewest:,} tokens, too few for a window of {options.window}. Take a "
                "smaller --window."
            )
        return options.window, "--window"
    length = LONGER if sum(counts) > LONG else LENGTH
    while length > SHORTEST and fewest < FEWEST_WINDOWS * length:
        length //= 2
    if fewest <= length:
        raise InputError(f"{name}: the smallest part has {fewest} tokens, too few for a window of {length}.")
    return length, "by the size of the text; --window says otherwise"


def _cut(text: str, rules: LanguageRules, most: int) -> str:
    """The beginning of a text that has about `most` tokens at most; it ends where a piece does."""
    tokens = rules.tokens(text)
    if len(tokens) <= most:
        return text
    return text[: len(rules.text_of(tokens[:most].tolist()))]


def _names(rules: LanguageRules) -> tuple[str, ...]:
    """Of the tokens, as Python writes them, without what would break a line or a table."""
    texts = (rules.text_of([token]) for token in range(rules.vocabulary))
    if rules.by == BYTES:
        return tuple(f"{token} {text!r}" for token, text in enumerate(texts))
    return ("(any other)", *(repr(letter) for letter in rules.alphabet))


def _unigrams(train: Split, validation: Split, task: Task) -> np.ndarray:
    """The log-share of every token in training, at every position."""
    shares = (np.bincount(train.targets.ravel(), minlength=task.outputs) + 1.0) / (train.targets.size + task.outputs)
    found: np.ndarray = np.broadcast_to(
        np.log(shares, dtype=np.float32)[None, :, None], (len(validation), *task.output_shape)
    )
    return found

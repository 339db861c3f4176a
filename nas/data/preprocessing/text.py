"""Text to tokens: words and marks, or bytes, numbered by a vocabulary of the training part."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from nas.data.preprocessing.cells import cells_of, fields_of, is_missing

PADDING, UNKNOWN, FIRST = 0, 1, 2  # tokens; words are numbered from `FIRST`
PATTERN = r"\w+|[^\w\s]"  # a word, or one mark
MOST_WORDS, LEAST_COUNT = 20_000, 2
LONGEST = 256  # tokens of a text of words
LONGEST_BYTES = 512
BYTES = 256 + 1  # vocabulary of bytes: padding and every byte plus one


@dataclass(frozen=True)
class TextRules:
    """One text to a fixed number of tokens: cut at the end, or padded there with 0.

    Args:
        by: `words` (lower case; token = place in `words` + 2; 1 is any other word) or `bytes` (UTF-8; byte + 1).
        length: tokens of every example.
        words: the vocabulary, the most frequent first; empty for bytes.
        column: of the source; empty where rows are texts.
    """

    rules: ClassVar[str] = "text"
    by: str
    length: int
    words: tuple[str, ...] = ()
    column: str = ""

    @property
    def input_shape(self) -> tuple[int, ...]:
        return (self.length,)

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,) if self.column else ()

    @property
    def vocabulary(self) -> int:
        """Number of distinct tokens."""
        return BYTES if self.by == "bytes" else len(self.words) + FIRST

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self.words, start=FIRST)}

    def apply(self, rows: Any) -> np.ndarray:
        texts = cells_of(rows, self.column)
        x = np.zeros((len(texts), self.length), np.uint8 if self.vocabulary <= 256 else np.float32)
        for number, text in enumerate(texts):
            tokens = self._tokens("" if is_missing(text) else str(text))
            x[number, : len(tokens)] = tokens
        return x

    def _tokens(self, text: str) -> list[int]:
        if self.by == "bytes":
            return [byte + 1 for byte in text.encode()[: self.length]]
        return [self._numbers.get(word, UNKNOWN) for word in words_of(text)[: self.length]]

    @classmethod
    def fitted(cls, texts: Iterable[str], column: str = "", by: str = "auto") -> TextRules:
        """The vocabulary of some texts: words that occur at least twice, at most 20,000 of them.

        The length holds 95 of 100 texts whole, and is at most 256 words or 512 bytes. `auto` takes bytes where texts
        have no words to speak of: fewer than one in 12 characters begins one.
        """
        texts = list(texts)
        split = [words_of(text) for text in texts]
        if by == "auto":
            by = "words" if sum(map(len, split)) * 12 >= sum(map(len, texts)) else "bytes"
        if by == "bytes":
            return cls("bytes", _length([len(text.encode()) for text in texts], LONGEST_BYTES), (), column)
        counts = Counter(word for words in split for word in words)
        words = sorted((word for word, count in counts.items() if count >= LEAST_COUNT), key=lambda w: (-counts[w], w))
        return cls("words", _length([len(words) for words in split], LONGEST), tuple(words[:MOST_WORDS]), column)

    def to_dict(self) -> dict[str, Any]:
        return {
            "rules": self.rules,
            "input_shape": list(self.input_shape),
            "pattern": PATTERN,
            **dataclasses.asdict(self),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> TextRules:
        return cls(**fields_of(cls, data))


def words_of(text: str) -> list[str]:
    """Words and marks, in lower case."""
    return re.findall(PATTERN, text.lower())


def _length(lengths: list[int], most: int) -> int:
    return int(min(max(4, np.ceil(np.quantile(lengths, 0.95))), most))

"""Running text to tokens: its characters where they are few, else bytes that were joined by their frequency."""

from __future__ import annotations

import dataclasses
import heapq
import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from nas.data.preprocessing.cells import fields_of
from nas.errors import InputError

CHARACTERS, BYTES = "characters", "bytes"
MOST_CHARACTERS = 255  # different ones, so that a token fits into a byte
PIECES = r" ?\w{1,16}| ?[^\w\s]{1,16}|\s{1,16}(?!\S)|\s"  # that pairs are joined within, nearly as in GPT-2
TOKENS = 1_024  # of bytes and joined pairs
FITTED_ON = 1_000_000  # characters of the beginning, that pairs are counted in
LEAST_PAIRS = 2  # times that a pair must occur to be joined


@dataclass(frozen=True)
class LanguageRules:
    """Text to windows of tokens.

    Args:
        by: `characters` (token = place in `alphabet` + 1; 0 is any other) or `bytes` (0 to 255, then one token for each
            pair of `merges`, in the order in which they are joined: https://arxiv.org/abs/1508.07909).
        length: tokens of a window.
        alphabet: the characters of the training part, sorted.
        merges: pairs of tokens.
    """

    rules: ClassVar[str] = "language"
    by: str
    length: int
    alphabet: str = ""
    merges: tuple[tuple[int, int], ...] = ()

    @property
    def input_shape(self) -> tuple[int, ...]:
        return (self.length,)

    @property
    def columns(self) -> tuple[str, ...]:
        return ()

    @property
    def vocabulary(self) -> int:
        """Number of distinct tokens."""
        return len(self.alphabet) + 1 if self.by == CHARACTERS else 256 + len(self.merges)

    @property
    def characters(self) -> tuple[int, ...]:
        """How many characters each token stands for; empty where each is one."""
        if self.by == CHARACTERS:
            return ()
        return tuple(sum(byte & 0xC0 != 0x80 for byte in piece) for piece in self._pieces)  # those that begin one

    def apply(self, rows: Any) -> np.ndarray:
        """The end of each text, `(n, length)`; what follows the end of a shorter one stands for nothing."""
        texts = [rows] if isinstance(rows, str) else list(rows)
        found = np.zeros((len(texts), self.length), self._dtype)
        for row, text in enumerate(texts):
            tokens = self.tokens(str(text))[-self.length :]
            if not len(tokens):
                raise InputError(f"Text {row + 1} is empty: give at least one character to go on from.")
            found[row, : len(tokens)] = tokens
        return found

    def ends(self, rows: Any) -> list[int]:
        """Of each text the place of its last token in `apply`."""
        texts = [rows] if isinstance(rows, str) else list(rows)
        return [min(len(self.tokens(str(text))), self.length) - 1 for text in texts]

    def windows(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """The text in windows, one behind the other, and at each position the token that follows: `(n, length)` both.

        A rest that is shorter than a window is left out.
        """
        tokens = self.tokens(text)
        count = max(0, (len(tokens) - 1) // self.length)
        inputs = tokens[: count * self.length].reshape(count, self.length)
        targets = tokens[1 : count * self.length + 1].reshape(count, self.length)
        return inputs.astype(self._dtype), targets.astype(np.int64)

    @property
    def _dtype(self) -> Any:
        return np.uint8 if self.vocabulary <= 256 else np.float32

    def tokens(self, text: str) -> np.ndarray:
        """The tokens of a text, int32; line ends are one character."""
        text = text.replace("\r\n", "\n")
        if self.by == CHARACTERS:
            letters, known = _letters(text), _letters(self.alphabet)
            place = np.minimum(np.searchsorted(known, letters), len(known) - 1)
            return np.where(known[place] == letters, place + 1, 0).astype(np.int32)
        held: dict[str, list[int]] = {}
        found: list[int] = []
        for piece in re.findall(PIECES, text):
            if piece not in held:
                held[piece] = self._joined(piece)
            found.extend(held[piece])
        return np.array(found, np.int32)

    def text_of(self, tokens: Sequence[int]) -> str:
        """The text of some tokens."""
        if self.by == CHARACTERS:
            return "".join("�" if token == 0 else self.alphabet[token - 1] for token in tokens)
        return b"".join(self._pieces[token] for token in tokens).decode("utf-8", "replace")

    @cached_property
    def _ranks(self) -> dict[tuple[int, int], int]:
        return {pair: rank for rank, pair in enumerate(self.merges)}

    @cached_property
    def _pieces(self) -> list[bytes]:
        found = [bytes([byte]) for byte in range(256)]
        for first, second in self.merges:
            found.append(found[first] + found[second])
        return found

    def _joined(self, piece: str) -> list[int]:
        """The tokens of a piece: of all pairs in it the one that was joined first, until there is none."""
        tokens = list(piece.encode("utf-8", "replace"))
        ranks, none = self._ranks, len(self.merges)
        while len(tokens) > 1:
            rank, place = min((ranks.get(pair, none), place) for place, pair in enumerate(itertools.pairwise(tokens)))
            if rank == none:
                break
            tokens[place : place + 2] = [256 + rank]
        return tokens

    @classmethod
    def fitted(cls, text: str, length: int) -> LanguageRules:
        """The tokens of a text: its characters where at most 255 differ, else bytes and 768 joined pairs."""
        text = text.replace("\r\n", "\n")
        alphabet = "".join(sorted({*text}))
        if len(alphabet) <= MOST_CHARACTERS:
            return cls(CHARACTERS, length, alphabet)
        return cls(BYTES, length, merges=_merges(Counter(re.findall(PIECES, text[:FITTED_ON])), TOKENS - 256))

    def to_dict(self) -> dict[str, Any]:
        return {"rules": self.rules, "input_shape": list(self.input_shape), **dataclasses.asdict(self)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> LanguageRules:
        found = fields_of(cls, data)
        return cls(**{**found, "merges": tuple((first, second) for first, second in found["merges"])})


def _letters(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _merges(pieces: Counter[str], most: int) -> tuple[tuple[int, int], ...]:
    """The pairs that are joined, each the most frequent one after those before it; of equal ones the smallest."""
    words = [list(piece.encode("utf-8", "replace")) for piece in pieces]
    times = list(pieces.values())
    counts: Counter[tuple[int, int]] = Counter()
    places: dict[tuple[int, int], set[int]] = defaultdict(set)

    def count(number: int, sign: int) -> set[tuple[int, int]]:
        """Counts the pairs of a word, or takes them off; gives them."""
        pairs = list(itertools.pairwise(words[number]))
        for pair in pairs:
            counts[pair] += sign * times[number]
            places[pair].add(number)
        return set(pairs)

    for number in range(len(words)):
        count(number, 1)
    waiting = [(-times, pair) for pair, times in counts.items()]
    heapq.heapify(waiting)
    found: list[tuple[int, int]] = []
    while len(found) < most and waiting:
        number_of, best = heapq.heappop(waiting)
        if counts[best] != -number_of:
            continue  # counted anew since
        if counts[best] < LEAST_PAIRS:
            break
        token = 256 + len(found)
        found.append(best)
        changed: set[tuple[int, int]] = set()
        for number in places.pop(best):
            changed |= count(number, -1)
            words[number] = _replaced(words[number], best, token)
            changed |= count(number, 1)
        for pair in sorted(changed - {best}):
            heapq.heappush(waiting, (-counts[pair], pair))
        del counts[best]
    return tuple(found)


def _replaced(tokens: list[int], pair: tuple[int, int], token: int) -> list[int]:
    found, place = [], 0
    while place < len(tokens):
        if place + 1 < len(tokens) and (tokens[place], tokens[place + 1]) == pair:
            found.append(token)
            place += 2
        else:
            found.append(tokens[place])
            place += 1
    return found

"""What a language model answers to the beginning of a text. This code, with `LanguageRules`, becomes `predict.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nas.data.preprocessing.cells import is_table
from nas.errors import InputError
from nas.export.predictor import Predictions, Predictor


@dataclass(frozen=True, eq=False)
class Continuations(Predictions):
    """What may follow some texts; `outputs` are the logits of the next token, `(n, tokens)`."""

    def table(self) -> tuple[list[str], list[list[Any]]]:
        """Header and rows of a table: of each text the tokens with their probabilities, the likeliest first."""
        rows = []
        for text, likely in enumerate(self.probabilities, start=1):
            order = np.argsort(-likely, kind="stable")
            rows += [[text, self.names[token], float(likely[token])] for token in order]
        return ["text", "next token", "probability"], rows

    @property
    def probabilities(self) -> np.ndarray:
        """Of every token that it follows, float64 `(n, tokens)`."""
        x = self.outputs.astype(np.float64)
        x = np.exp(x - x.max(axis=1, keepdims=True))
        return np.asarray(x / x.sum(axis=1, keepdims=True))

    @property
    def answers(self) -> list[Any]:
        """For each text the likeliest next token."""
        return [self.names[place] for place in self.outputs.argmax(axis=1)]


class Speaker(Predictor):
    """A language model, with the rules by which text becomes its tokens."""

    def __call__(self, rows: Any, ignore: Sequence[str] = ()) -> Continuations:
        """What may follow each of some texts.

        Args:
            rows: a text, or a list of texts; of long ones the end counts.
            ignore: nothing; texts have no columns.

        Raises:
            InputError: an empty text, or no texts.
        """
        texts = self._texts(rows)
        inputs, ends = self.rules.apply(texts), self.rules.ends(texts)
        logits = self._outputs(inputs)[np.arange(len(texts)), :, ends]
        return Continuations(self.kind, self.names, logits)

    def generate(self, text: str, tokens: int = 200, temperature: float = 0.8, seed: int = 0) -> str:
        """What the model says after a text.

        Args:
            tokens: how many. temperature: above 0; the smaller, the likelier are the tokens that are drawn.
            seed: of the draws.
        """
        if tokens < 1 or not temperature > 0:
            raise InputError(f"Give at least 1 token and a temperature above 0, got {tokens} and {temperature}.")
        rng, said = np.random.default_rng(seed), [int(token) for token in self.rules.tokens(text)]
        if not said:
            raise InputError("Give at least one character to go on from.")
        begin, length = len(said), self.rules.length
        for _ in range(tokens):
            window = np.zeros((1, length), np.float32)
            end = said[-length:]
            window[0, : len(end)] = end
            logits = self._outputs(window)[0, :, len(end) - 1].astype(np.float64) / temperature
            likely = np.exp(logits - logits.max())
            said.append(int(rng.choice(len(likely), p=likely / likely.sum())))
        return str(self.rules.text_of(said[begin:]))

    def backtest(self, rows: Any, ignore: Sequence[str] = ()) -> tuple[np.ndarray, np.ndarray]:
        """The logits `(n, tokens, length)` at every position of a text in windows, and the tokens `(n, length)`."""
        if not isinstance(rows, str):
            raise InputError(f"Give one text, got {type(rows).__name__}.")
        inputs, targets = self.rules.windows(rows)
        if not len(inputs):
            return np.zeros((0, len(self.names), self.rules.length), np.float32), targets
        return self._outputs(inputs), targets

    def _texts(self, rows: Any) -> list[str]:
        if is_table(rows):
            raise InputError("Texts must have no names here: give a text or a list of texts.")
        texts = [rows] if isinstance(rows, str) else [str(text) for text in rows]
        if not texts:
            raise InputError("There are no texts.")
        return texts

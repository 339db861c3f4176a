"""The predictor of an export: raw rows in, class names and probabilities, labels or values out."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nas.data.preprocessing import FILE as PREPROCESS
from nas.data.preprocessing import Preprocessing, from_json
from nas.data.preprocessing.cells import WrongCell
from nas.data.schema import FILE as SCHEMA
from nas.data.schema import Schema
from nas.errors import InputError
from nas.export.predict_file import FILE
from nas.journal.directory import EXPORTED


class LoadedPredictor:
    """The predictor that an export's own `predict.py` gives. Its errors are InputErrors.

    Attributes:
        directory: of the export.
        schema: what was understood of the data that the network was trained on.
        rules: from raw rows to the network's inputs.
    """

    def __init__(self, directory: Path, device: str = "cpu") -> None:
        self.directory = directory
        self.schema = Schema.from_json((directory / SCHEMA).read_text(encoding="utf-8"))
        self.rules: Preprocessing = from_json((directory / PREPROCESS).read_text(encoding="utf-8"))
        self._module = _run(directory / FILE)
        self._predict = self._module.load_predictor(directory, device)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that rows must have; empty where rows have no names."""
        return tuple(self._predict.columns)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the classes, labels or values, in the order of the outputs."""
        return tuple(self._predict.names)

    def __call__(self, rows: Any, ignore: Sequence[str] = ()) -> Any:
        """Predictions for raw rows; columns are matched by their names, in any order.

        Args:
            rows: a list of mappings, a mapping of columns or a DataFrame; paths of pictures, texts, series
                `(channels, length)`, or an array `(n, …)`, as the network was trained on.
            ignore: names of columns that the training's data did not have and that are to be left aside.

        Returns:
            An object with `answers` (class names, sets of labels or values, one a row), `probabilities` `(n, classes)`
            (None for values), `outputs` float32 `(n, outputs)`, `names`, and `rows`.

        Raises:
            InputError: missing or unknown columns, all of them named; a cell or picture that cannot be read; no rows.
        """
        return self._said(self._predict, rows, ignore)

    def backtest(self, rows: Any, ignore: Sequence[str] = ()) -> tuple[np.ndarray, np.ndarray]:
        """Of a forecast or a language: what the network would have said at every step of a history, and what came.

        Both are `(n, …)`, see `nas.export.forecaster.Forecaster.backtest` and `nas.export.speaker.Speaker.backtest`.

        Raises:
            InputError: as of a call; or the network predicts rows by themselves.
        """
        if not hasattr(self._predict, "backtest"):
            raise InputError(f"The network in {self.directory} predicts rows by themselves, and no series.")
        found: tuple[np.ndarray, np.ndarray] = self._said(self._predict.backtest, rows, ignore)
        return found

    def generate(self, text: str, tokens: int = 200, temperature: float = 0.8, seed: int = 0) -> str:
        """What a language model says after a text, see `nas.export.speaker.Speaker.generate`.

        Raises:
            InputError: an empty text; or the network is no language model.
        """
        if not hasattr(self._predict, "generate"):
            raise InputError(f"The network in {self.directory} is no language model.")
        return str(self._said(self._predict.generate, text, tokens, temperature, seed))

    def _said(self, say: Callable[..., Any], *given: Any) -> Any:
        try:
            return say(*given)
        except self._module.InputError as error:
            if hasattr(error, "what"):
                raise WrongCell(error.row, error.column, error.what) from None
            raise InputError(str(error)) from None


def load_predictor(directory: str | Path, device: str = "cpu") -> LoadedPredictor:
    """The predictor of an export, or of a search's own export. Runs the code in it, as `load` does.

    Raises:
        InputError: no export is there, or one that was made before exports took raw rows.
    """
    directory = Path(directory)
    if (directory / EXPORTED / "model.py").is_file():
        directory = directory / EXPORTED
    if not (directory / "model.py").is_file():
        raise InputError(f"There is no export in {directory}. Make one: nas export SEARCH {directory}")
    missing = [name for name in (FILE, PREPROCESS, SCHEMA) if not (directory / name).is_file()]
    if missing:
        raise InputError(
            f"The export in {directory} takes arrays only: it has no {', '.join(missing)}. It was made by an earlier "
            "version, or its data could not be had again. Make it anew where the data is: nas export SEARCH NEW, or "
            "give nas.load arrays."
        )
    return LoadedPredictor(directory.absolute(), device)


def _run(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"nas_predict_{abs(hash(str(path)))}", path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path} cannot be read as Python.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module  # where dataclasses in it look for their annotations
    spec.loader.exec_module(module)
    return module

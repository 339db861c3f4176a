"""What an export answers to raw rows. This code, with the rules of `nas.data.preprocessing`, becomes `predict.py`."""

from __future__ import annotations

import argparse
import csv
import difflib
import importlib.util
import io
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nas.data.preprocessing.cells import WrongCell, columns_of, is_table, words
from nas.errors import InputError

BATCH = 256  # examples that go through the network at once
DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True, eq=False)
class Predictions:
    """What the network says of some rows.

    Args:
        kind: `classification`, `multilabel`, `regression`, `several` for several targets, or `forecasting`.
        names: of the classes, labels or values, in the order of the outputs.
        outputs: float32 `(n, len(names))`: logits, or values in the target's own unit.
        rows: names of the rows, where they have any: paths of pictures, series of a table.
        heads: of several targets name, kind and names of each, in the order of the outputs. `found["risk"]` is what is
            said of the target `risk`.
    """

    kind: str
    names: tuple[str, ...]
    outputs: np.ndarray
    rows: tuple[str, ...] = ()
    heads: tuple[tuple[str, str, tuple[str, ...]], ...] = ()

    def __len__(self) -> int:
        return len(self.outputs)

    def __getitem__(self, target: str) -> Predictions:
        """What is said of one of several targets."""
        start = 0
        for name, kind, names in self.heads:
            if name == target:
                return Predictions(kind, names, self.outputs[:, start : start + len(names)], self.rows)
            start += len(names)
        known = ", ".join(name for name, _, _ in self.heads) or "none has a name"
        raise InputError(f"There is no target {target!r}; there are: {known}.")

    @property
    def probabilities(self) -> np.ndarray | None:
        """Of every class, or of every label by itself, float64 `(n, len(names))`.

        None for values, and for several targets at once: ask each.
        """
        x = self.outputs.astype(np.float64)
        if self.kind in ("regression", "forecasting") or self.heads:
            return None
        if self.kind == "multilabel":
            return 1.0 / (1.0 + np.exp(-np.clip(x, -700, 700)))
        x = np.exp(x - x.max(axis=1, keepdims=True))
        return np.asarray(x / x.sum(axis=1, keepdims=True))

    @property
    def answers(self) -> list[Any]:
        """For each row its class, the set of its labels, its value, or a tuple of its values; of several a mapping."""
        if self.heads:
            said = {name: self[name].answers for name, _, _ in self.heads}
            return [{name: values[row] for name, values in said.items()} for row in range(len(self))]
        if self.kind == "classification":
            return [self.names[place] for place in self.outputs.argmax(axis=1)]
        if self.kind == "multilabel":
            return [{name for name, x in zip(self.names, row, strict=True) if x > 0} for row in self.outputs]
        values = self.outputs.tolist()
        return [row[0] for row in values] if len(self.names) == 1 else [tuple(row) for row in values]

    def table(self) -> tuple[list[str], list[list[Any]]]:
        """Header and rows of a table: number or name of the row, answer, probabilities."""
        firsts = self.rows or range(1, len(self) + 1)
        if self.heads:
            header, rows = ["row"], [[first] for first in firsts]
            for name, _, _ in self.heads:
                (_, *names), found = self[name].table()
                header += [name if one == "prediction" else f"{name} {one}" for one in names]
                rows = [[*row, *more[1:]] for row, more in zip(rows, found, strict=True)]
            return header, rows
        likely = self.probabilities
        if likely is None:
            header = ["row", *(["prediction"] if len(self.names) == 1 else self.names)]
            return header, [[first, *values] for first, values in zip(firsts, self.outputs.tolist(), strict=True)]
        said = self.answers
        if self.kind == "multilabel":
            said = ["; ".join(name for name in self.names if name in one) for one in said]
        header = ["row", "prediction", *(f"p({name})" for name in self.names)]
        shares = likely.tolist()
        return header, [[first, one, *row] for first, one, row in zip(firsts, said, shares, strict=True)]

    def write(self, file: Any) -> None:
        """The table as CSV into an open text file."""
        header, rows = self.table()
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


class Predictor:
    """A network with the rules by which raw rows become its inputs.

    Args:
        network: (batch, *input_shape) in the data's own scale -> (batch, outputs), in evaluation mode.
        rules: with `columns` and `apply`, as they were fitted on the training part.
        kind, names, heads: see `Predictions`.
        vocabulary: number of different tokens, where the inputs are tokens.
        further: columns of the training's source that are no inputs; rows may have them.
    """

    def __init__(
        self,
        network: Any,
        rules: Any,
        kind: str,
        names: Sequence[str],
        vocabulary: int,
        further: Sequence[str],
        heads: Sequence[tuple[str, str, tuple[str, ...]]] = (),
    ) -> None:
        self.network, self.rules = network, rules
        self.kind, self.names = kind, tuple(names)
        self.vocabulary = vocabulary
        self.further = tuple(further)
        self.heads = tuple(heads)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that rows must have; empty where rows have no names."""
        return tuple(self.rules.columns)

    def __call__(self, rows: Any, ignore: Sequence[str] = ()) -> Predictions:
        """Predictions for raw rows, as they stood in the training's source; columns are matched by their names.

        Args:
            rows: a list of mappings, a mapping of columns or a DataFrame; for pictures paths or opened pictures, for
                texts a list of them, for series a list of arrays (channels, length), for arrays (n, …). One path or
                one text is one row. Of several inputs that have names: a mapping of such rows by name.
            ignore: further columns that rows may have.

        Raises:
            InputError: missing or unknown columns, all of them named; a cell that cannot be read; no rows.
        """
        rows = [rows] if isinstance(rows, str | Path) else rows
        if is_table(rows):
            rows = self._known(rows, ignore)
        inputs = self.rules.apply(rows)
        if not len(inputs):
            raise InputError("There are no rows.")
        if self.vocabulary and (inputs.min() < 0 or inputs.max() >= self.vocabulary):
            raise InputError(
                f"Tokens must lie between 0 and {self.vocabulary - 1}, as in training; got {inputs.min():g} to "
                f"{inputs.max():g}."
            )
        return Predictions(self.kind, self.names, self._outputs(inputs), self._names_of(rows), self.heads)

    def _known(self, rows: Any, ignore: Sequence[str]) -> dict[str, Any]:
        """The columns, none missing and none unknown."""
        table = columns_of(rows)
        missing = [name for name in self.columns if name not in table]
        unknown = [name for name in table if name not in {*self.columns, *self.further, *ignore}]
        if not self.columns:
            raise InputError(f"Rows must have no names here, got the columns {', '.join(table)}.")
        if not missing and not unknown:
            return table
        said = []
        if missing:
            near = {name: difflib.get_close_matches(name, unknown, n=1) for name in missing}
            hints = [f"{found[0]!r} for {name!r}" for name, found in near.items() if found]
            hint = f" Did you mean {', '.join(hints)}?" if hints else ""
            said.append(f"Missing columns: {', '.join(map(repr, missing))}.{hint}")
        if unknown:
            said.append(f"Unknown columns, which the training's data did not have: {', '.join(map(repr, unknown))}.")
            said.append("Rename them, or leave them out.")
        raise InputError(" ".join(said))

    @torch.inference_mode()
    def _outputs(self, inputs: np.ndarray) -> np.ndarray:
        device = next(iter(self.network.state_dict().values())).device
        batches = (torch.from_numpy(inputs[start : start + BATCH]) for start in range(0, len(inputs), BATCH))
        return torch.cat([self.network(batch.to(device)).float().cpu() for batch in batches]).numpy()

    def _names_of(self, rows: Any) -> tuple[str, ...]:
        """Of rows that are paths, or that are several steps of one series."""
        if self.rules.rules == "series" and isinstance(rows, dict):
            return tuple(dict.fromkeys(words(rows[self.rules.series])))
        if self.rules.rules == "pictures":
            paths = rows[self.rules.column] if isinstance(rows, dict) else rows
            return tuple(map(str, paths)) if all(isinstance(path, str | Path) for path in paths) else ()
        return ()


def predictor_from(directory: Path, kind: Any, device: str = "cpu", made: Any = Predictor) -> Any:
    """The predictor of an export's directory.

    Args:
        kind: class of its rules. made: class of the predictor.
    """
    described = json.loads((directory / "preprocess.json").read_text(encoding="utf-8"))
    spec = importlib.util.spec_from_file_location(f"model_of_{abs(hash(str(directory)))}", directory / "model.py")
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    sys.modules[module.__name__] = module
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    network = module.load(device=device)
    rules = kind.from_dict(described["inputs"])
    outputs, words = described["outputs"], described["vocabulary"]
    heads = [(one["name"], one["kind"], tuple(one["names"])) for one in outputs.get("heads", ())]
    return made(network, rules, outputs["kind"], outputs["names"], words, described["further_columns"], heads)


def command_line(predictor: Predictor, arguments: Sequence[str]) -> int:
    """`python predict.py FILE [--out predictions.csv]`; 2 where the input is wrong."""
    parser = argparse.ArgumentParser(prog="predict.py", description="Predictions for raw rows, as CSV.")
    parser.add_argument("files", nargs="+", metavar="FILE", help=FILES.get(predictor.rules.rules, FILES["table"]))
    parser.add_argument("--out", help="a file for the predictions; by default they are printed")
    parser.add_argument("--ignore", action="append", default=[], help="a column that training did not have")
    given = parser.parse_args(arguments)
    try:
        rows, lines = rows_of(predictor, [Path(file) for file in given.files])
        try:
            found = predictor(rows, given.ignore)
        except WrongCell as error:
            place = f"line {lines[error.row]}" if error.row < len(lines) else f"example {error.row + 1}"
            raise InputError(f"{given.files[0]}, {place}, column {error.column!r}: {error.what}.") from None
    except InputError as error:
        print(f"predict.py: {error}", file=sys.stderr)  # noqa: T201 - a command
        return 2
    if given.out:
        with open(given.out, "w", newline="", encoding="utf-8") as file:
            found.write(file)
    else:
        found.write(sys.stdout)
    return 0


FILES = {
    "table": "a CSV file whose first line names the columns",
    "pictures": "pictures, or a CSV file with their paths",
    "text": "a CSV file, or a text file with one text a line",
    "series": "a CSV file with one row a step, or a .npy or .npz file with one array (series, channels, length)",
    "arrays": "a .npy or .npz file with one array",
    "forecast": "a CSV file with one row a step",
    "language": "a text file",
    "joined": "a CSV file whose first line names the columns, or a .npz file with an array for each input",
}  # by the rules' word


def rows_of(predictor: Predictor, files: Sequence[Path]) -> tuple[Any, Sequence[int]]:
    """Raw rows of files, and the line of each, from 1, where there are lines.

    Raises:
        InputError: a file that is not there, empty or of another kind.
    """
    for file in files:
        if not file.is_file():
            raise InputError(f"{file} is no file.")
    first = files[0]
    if predictor.rules.rules == "pictures" and first.suffix.lower() not in (".csv", ".tsv"):
        return [str(file) for file in files], ()
    if len(files) > 1:
        raise InputError("Give one file.")
    if first.suffix in (".npy", ".npz"):
        try:
            held = np.load(first, allow_pickle=False)
            named = {name: held[name] for name in held.files} if first.suffix == ".npz" else {}
        except (ValueError, OSError, EOFError) as error:
            raise InputError(f"{first} is no readable array: {error}.") from None
        if predictor.rules.rules not in ("arrays", "series") or not named:
            return named or held, ()
        if len(named) > 1:
            raise InputError(f"{first} holds the arrays {', '.join(named)}. Give a file with the inputs alone.")
        return next(iter(named.values())), ()
    try:
        text = first.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{first} is no text in UTF-8. Save it so.") from None
    if not text.strip():
        raise InputError(f"{first} is empty.")
    if predictor.rules.rules == "language":
        return text, ()
    if not predictor.columns:
        kept = [(line, row.strip()) for line, row in enumerate(text.splitlines(), start=1) if row.strip()]
        return [row for _, row in kept], [line for line, _ in kept]
    return table_of(text, str(first), predictor)


def table_of(text: str, name: str, predictor: Predictor) -> tuple[dict[str, list[str]], Sequence[int]]:
    """The columns of a CSV file by their names, and the line on which each row begins.

    The delimiter is the one by which the first line names most of the columns that are needed. Where the training's
    file named none (`column 1`, …), columns are matched by their places.

    Raises:
        InputError: rows of other lengths.
    """
    needed, every = set(predictor.columns), [*predictor.columns, *predictor.further]

    def header(delimiter: str) -> list[str]:
        return [cell.strip() for cell in next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])]

    delimiter = max(DELIMITERS, key=lambda one: (len(needed & set(header(one))), len(header(one)), -text.count(one)))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    rows, lines, line = [], [], 1
    for row in reader:
        if any(cell.strip() for cell in row):
            rows.append([cell.strip() for cell in row])
            lines.append(line)
        line = reader.line_num + 1
    if needed & set(rows[0]) or not all(one.startswith("column ") for one in every):
        names = [one or f"column {place}" for place, one in enumerate(rows[0], start=1)]
        rows, lines = rows[1:], lines[1:]
    else:
        names = [f"column {place}" for place in range(1, len(rows[0]) + 1)]
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(names):
            raise InputError(f"{name}, line {line}: {len(row)} cells, but there are {len(names)} columns.")
    twice = sorted({one for one in names if names.count(one) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise InputError(f"{name}: columns named twice: {', '.join(twice)}.")
    if not rows:
        raise InputError(f"{name} has no rows below its header.")
    return {one: [row[place] for row in rows] for place, one in enumerate(names)}, lines

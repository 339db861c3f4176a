"""scikit-learn's interface: `Classifier` and `Regressor` search a network in `fit`, and predict from raw rows.

scikit-learn is imported here, and beside the predictors and baselines only here, because an estimator is what its tools
know by its classes: `clone`, `cross_val_score`, `GridSearchCV` and `Pipeline` ask for `BaseEstimator` and its tags. Its
own checks of inputs come along, so that what is wrong with an array is said in the words that its users know.
"""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import tempfile
import time
import warnings
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import (
    assert_all_finite,
    check_array,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from nas.config.budget import Budget
from nas.config.data_options import DataOptions
from nas.config.recipe import TrainingConfig
from nas.data import Dataset, load
from nas.data.preprocessing.series import SeriesRules
from nas.data.sources.arrays import Examples, Inputs, inputs_of
from nas.errors import InputError, SearchFailed, known
from nas.export import export_winner
from nas.export import load as load_winner
from nas.final.finalists import from_search
from nas.journal.directory import claimed, directory_for, weights_in
from nas.search import SearchResult, search
from nas.setup.problem import storage_for
from nas.training.inference import outputs
from nas.training.loop import says_the_mean_of_both
from nas.training.whole_network import constants_of, whole_network
from search_spaces.dsl import Choice
from search_spaces.space import Space

COLUMNS, TEXTS, SERIES, ARRAY = "columns", "texts", "series", "array"  # forms in which inputs are given
TARGET = "target"
SHARES = {"validation_share": 0.2, "test_share": 0.1}  # a caller mostly holds out examples of their own
UNASKED: dict[str, Any] = {"tracking_uri": "", "baselines": ("off",), "export": False}  # left out unless `settings` ask
ANSWERED = ("target", "kind", "test", "validation", "blank_target")  # options that X and y answer
LEAST_EXAMPLES = 3  # one to train, one to validate, one to test
LEAST_SECONDS = 1.0
OWN = ("_form", "_columns", "_task", "_constants", "_several", "_removal")  # what `fit` leaves beside attributes


class SearchedNetwork(BaseEstimator):
    """What `Classifier` and `Regressor` have in common: a search in `fit`, and the outputs of its winner.

    Every parameter but the following is that of `nas.search` of the same name.

    Args:
        metric: what the search makes best, e.g. `balanced_accuracy` or `nas.Metric(mine, greater_is_better=True)`;
            `score` stays scikit-learn's.
        training: a `TrainingConfig`, or a mapping of its fields.
        random_state: the search's `seed`. A number repeats the search; None and a `RandomState` draw one.
        directory: folder in which every `fit` keeps its search in a new folder of its own. None: a temporary one that
            is removed with the estimator.
        final: whether the best are trained in full, the winner on the validation part as well. Without it the winner
            is what the short trainings of the search left.
        options: how X is read, as `DataOptions` or a mapping of its fields, e.g. `{"layout": "tokens"}`.
        settings: further arguments of `nas.search` by name, e.g. `{"epochs": 5, "test_share": 0.2}`. Unless they are
            asked for here there are no baselines, no MLflow and no export, and `test_share` is 0.1.
        verbose: whether the search is shown as it runs.
    """

    def __init__(
        self,
        budget: str | Budget = "10m",
        space: str | Space = "auto",
        *,
        metric: Any = "auto",
        limits: Mapping[str, float] | None = None,
        strategy: str = "guided",
        predictor: str = "auto",
        training: TrainingConfig | Mapping[str, Any] | None = None,
        random_state: Any = 0,
        directory: str | Path | None = None,
        executor: str = "auto",
        final: bool = True,
        options: DataOptions | Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
        verbose: bool = False,
    ) -> None:
        self.budget = budget
        self.space = space
        self.metric = metric
        self.limits = limits
        self.strategy = strategy
        self.predictor = predictor
        self.training = training
        self.random_state = random_state
        self.directory = directory
        self.executor = executor
        self.final = final
        self.options = options
        self.settings = settings
        self.verbose = verbose

    def fit(self, X: Any, y: Any) -> Self:
        """Searches a network for rows and their targets.

        Args:
            X: a DataFrame of numbers, words, dates and blanks; an array `(n, features)`, of pictures
                `(n, height, width[, channels])` or series `(n, channels, length)`; a list of texts, or of series of
                unequal length. `nas.data.load` says what more.
            y: a target for each of the `n` rows.

        Raises:
            InputError: (a `ValueError`) anything that breaks a rule; nothing was searched.
            SearchFailed: not a single candidate could be trained.
        """
        began = time.monotonic()
        if y is None:
            raise InputError(f"{type(self).__name__} requires y to be passed, but the target y is None.")
        self._forget()
        asked = self._settings()
        inputs = self._fitting_rows(X)
        examples = dataclasses.replace(self._examples(inputs, y), target=_free_name(inputs, y))
        if len(inputs) != len(examples.targets):
            raise InputError(f"X has {len(inputs)} rows, but y has {len(examples.targets)}; give one target a row.")
        shares = {name: asked.pop(name, share) for name, share in SHARES.items()}
        dataset = load(examples, options=self._options(), **shares)
        for text in dataset.schema.warnings if dataset.schema is not None else ():
            warnings.warn(f"{text} (flags are names of `options`)", UserWarning, stacklevel=2)
        seed = self.random_state
        if seed is None or isinstance(seed, np.random.RandomState):
            seed = check_random_state(seed).randint(np.iinfo(np.int32).max)
        with self._folder(dataset) as folder:
            result = search(
                dataset,
                self.space,
                _less(Budget.parse(self.budget), time.monotonic() - began),  # type: ignore[arg-type]
                limits=dict(self.limits or {}),
                strategy=self.strategy,
                predictor=self.predictor,
                seed=int(seed) if isinstance(seed, np.integer) else seed,
                directory=folder.path,
                training=_recipe(self.training),
                observers=(*asked.pop("observers", ()), *self._shown()),
                executor=self.executor,
                final=self.final,
                **shares,
                **asked,
            )
            self._take(dataset, result)
            folder.keep()
        return self

    def export(self, directory: str | Path, formats: str | Sequence[str] = "python") -> Path:
        """Writes the network as a folder of plain PyTorch, and in other formats, verified, as `nas export` does.

        Raises:
            InputError: there was no final, or the search's directory is gone, as it is for an estimator that was
                unpickled or copied, unless `directory` was set.
        """
        check_is_fitted(self)
        if self.directory_ is None or not Path(self.directory_).is_dir():
            raise InputError("The directory of this estimator's search is gone. Set `directory` before `fit`.")
        return export_winner(Path(self.directory_), Path(directory), formats=formats)

    # What was asked for

    def _settings(self) -> dict[str, Any]:
        given = dict(self.settings or {})
        own = {"seed": "random_state", "data": "X and y", **{name: name for name in self.get_params(deep=False)}}
        twice = [name for name in given if name in own]
        if twice:
            named = ", ".join(f"{name!r} ({own[name]})" for name in twice)
            raise InputError(f"`settings` names what the estimator has a parameter for: {named}. Set that one.")
        said = [name for name in given if name in DataOptions.names()]
        if said:
            raise InputError(f"`settings` names how data is read: {', '.join(said)}. `options` is for that.")
        return {**UNASKED, **given}

    def _options(self) -> DataOptions:
        given = self.options
        if not isinstance(given, DataOptions):
            for name in given or {}:
                known("option", name, DataOptions.names())
            given = DataOptions(**dict(given or {}))
        answered = [name for name in ANSWERED if name in given.said]
        if answered:
            raise InputError(f"`options` names what X and y tell already: {', '.join(answered)}. Leave it out.")
        if self.metric == "auto":
            return given
        if "metric" in given.said:
            raise InputError(f"`metric` is {self.metric!r}, but `options` says {given.metric!r}. Give one of them.")
        return dataclasses.replace(given, metric=self.metric)

    def _shown(self) -> Sequence[Any]:
        if not self.verbose:
            return ()
        from rich.console import Console  # only now: nothing is shown by default

        from nas.report.progress import Progress

        return (Progress(Console()),)

    def _examples(self, inputs: Inputs, y: Any) -> Examples:
        """Inputs with their targets, as they are learned."""
        raise NotImplementedError

    # Rows

    def _fitting_rows(self, X: Any) -> Inputs:
        """Raw rows to learn from; `predict` expects rows of their form from now on."""
        rows = _rows(X)
        self._columns: tuple[str, ...] = ()
        if isinstance(rows, pd.DataFrame):
            self._form, self._columns = COLUMNS, tuple(rows.columns)
            validate_data(self, X, reset=True, skip_check_array=True)
        elif isinstance(rows, list):
            self._form = TEXTS if isinstance(rows[0], str) else SERIES
        else:
            self._form = ARRAY
            if rows.ndim <= 2:
                self._as_numbers(rows, reset=True, ensure_min_samples=LEAST_EXAMPLES)
            rows = self._finite(rows)
        return rows

    def _rows(self, X: Any) -> Any:
        """Raw rows to predict, in the form of those that were learned from."""
        rows = _rows(X)
        if self._form == COLUMNS:
            rows = self._by_column(X, rows)
        elif self._form == ARRAY:
            if hasattr(self, "n_features_in_"):
                rows = self._as_numbers(X if isinstance(X, pd.DataFrame) else rows, reset=False)
            elif not isinstance(rows, np.ndarray):
                raise InputError(f"X must be an array, as it was in `fit`, got {type(X).__name__}.")
            rows = self._finite(rows)
        elif self._form == TEXTS:
            if not isinstance(rows, list) or not all(isinstance(one, str) for one in rows):
                raise InputError(f"X must be texts, as it was in `fit`, got {type(X).__name__}.")
        elif isinstance(rows, pd.DataFrame):
            raise InputError("X must be series, as it was in `fit`, got a DataFrame.")
        if not len(rows):
            raise InputError("X has no rows.")
        rules = self.preprocessing_
        return _upright(rows, rules.channels) if isinstance(rules, SeriesRules) else rows

    def _as_numbers(self, rows: Any, **how: Any) -> np.ndarray:
        """Rows `(n, features)` of numbers, by the checks of scikit-learn."""
        found: np.ndarray = validate_data(self, rows, dtype="numeric", ensure_all_finite=False, **how)
        return found

    def _finite(self, rows: np.ndarray) -> np.ndarray:
        """Rows that are finite. Blanks of series stand for their ends."""
        layout = self._options().layout
        if rows.dtype.kind == "f" and layout != "series" and rows.ndim != 3:
            with np.errstate(over="ignore"):
                wrong = ~np.isfinite(rows.astype(np.float32, copy=False)).reshape(len(rows), -1).all(axis=1)
            if wrong.any():
                raise InputError(
                    f"X holds NaN or inf, or more than float32 can hold, in {int(wrong.sum())} of {len(rows)} rows, "
                    f"first in row {int(wrong.argmax())}. Fill them, or give a DataFrame, whose blanks are filled."
                )
        return rows

    def _by_column(self, X: Any, rows: Any) -> pd.DataFrame:
        """A table with the columns of `fit`: by name, or by place where X has none."""
        name = type(self).__name__
        if not isinstance(X, pd.DataFrame):
            cells = rows if isinstance(rows, pd.DataFrame | np.ndarray) else np.asarray(rows, dtype=object)
            if cells.ndim != 2 or cells.shape[1] != self.n_features_in_:
                got = cells.shape[1] if cells.ndim == 2 else f"shape {cells.shape} and no"
                raise InputError(
                    f"X has {got} features, but {name} is expecting {self.n_features_in_} features as input."
                )
            if hasattr(self, "feature_names_in_"):
                text = f"X does not have valid feature names, but {name} was fitted with feature names: taken by place."
                warnings.warn(text, UserWarning, stacklevel=4)
            return pd.DataFrame(np.asarray(cells), columns=list(self._columns))
        read = self.preprocessing_.columns
        missing = [column for column in read if column not in rows.columns]
        if missing:
            raise InputError(
                f"X lacks {len(missing)} of the columns that {name} was fitted with: {', '.join(missing)}. There are: "
                f"{', '.join(rows.columns)}. Their order is of no matter."
            )
        further = [column for column in rows.columns if column not in self._columns]
        if further:
            text = f"X has columns that {name} was not fitted with, which are left aside: {', '.join(further)}."
            warnings.warn(text, UserWarning, stacklevel=4)
        return rows

    def _outputs(self, X: Any) -> np.ndarray:
        """Outputs of the network, float64 `(n, outputs)`."""
        check_is_fitted(self)
        inputs = self.preprocessing_.apply(self._rows(X))
        if self._task.vocabulary and self._form == ARRAY and int(inputs.max()) >= self._task.vocabulary:
            raise InputError(
                f"X holds token {int(inputs.max())}, but only tokens below {self._task.vocabulary} were there in `fit`."
            )
        device = "cuda" if torch.cuda.is_available() else "cpu"
        return outputs(self.network_, inputs, device=device).astype(np.float64)

    # What a search leaves

    def _folder(self, dataset: Dataset) -> _Folder:
        if self.directory is None:
            return _Folder(Path(tempfile.mkdtemp(prefix="nas-")), self)
        named = directory_for(None, "fit", dataset.name).name
        return _Folder(claimed(Path(self.directory).absolute() / named), None)

    def _forget(self) -> None:
        """What an earlier `fit` left goes, its temporary directory too: one that fails leaves nothing to predict by."""
        if "_removal" in vars(self):
            self._removal()
        for name in [name for name in vars(self) if name in OWN or (name[0] != "_" and name[-1] == "_")]:
            delattr(self, name)

    def _take(self, dataset: Dataset, result: SearchResult) -> None:
        if dataset.preprocessing is None or dataset.schema is None:
            raise SearchFailed("The data has no preprocessing.")
        recipe = (result.final.winner.trial if result.final is not None else result.best).recipe
        constants = constants_of(dataset.search, says_the_mean_of_both(recipe, dataset.task))
        if result.final is not None:
            best, network = result.final.winner, load_winner(result.directory)
        else:
            trial = result.best
            kept = weights_in(storage_for(result.config, result.directory), trial.number)
            found = from_search(trial, kept, result.directory)
            if found is None:
                raise SearchFailed(f"The weights of the best network are gone from {kept}.")
            state = torch.load(found.weights, weights_only=True)
            best, network = found, whole_network(found.architecture, dataset.task, constants, state)
        self.network_ = network
        self.architecture_ = best.architecture
        self.preprocessing_ = dataset.preprocessing
        self.schema_ = dataset.schema
        self.validation_score_ = best.validation_score
        self.test_score_ = best.test_score
        self.directory_: Path | None = result.directory
        self._task, self._constants = dataset.task, constants

    def __getstate__(self) -> dict[str, Any]:
        """Plain data: arrays in place of the network, which is built anew, and no temporary directory."""
        state = dict(super().__getstate__())
        if state.pop("_removal", None) is not None:
            state["directory_"] = None
        network = state.pop("network_", None)
        if network is not None:
            state["_weights"] = {name: tensor.cpu().numpy() for name, tensor in network.state_dict().items()}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        arrays = state.pop("_weights", None)
        super().__setstate__(state)
        if arrays is not None:
            weights = {name: torch.tensor(np.array(array)) for name, array in arrays.items()}
            self.network_ = whole_network(self.architecture_, self._task, self._constants, weights)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "network_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = False  # of arrays; DataFrames may have blanks
        tags.target_tags.required = True
        return tags


class Classifier(ClassifierMixin, SearchedNetwork):
    """A network that is searched for classes, or for several yes-or-no labels a row.

    Attributes:
        classes_: `(classes,)` sorted; for labels their numbers.
        network_: the trained network, an `nn.Module`, normalisation included. architecture_: what it is made of.
        preprocessing_, schema_: how rows become its inputs, and what was understood of them.
        validation_score_: by `metric`, on examples that chose among networks. test_score_: on the sealed part, which
            chose nothing; None without a final.
        n_features_in_, feature_names_in_: of rows with columns.
        directory_: of the search; `nas.open(directory_)` shows all of it.
    """

    __doc__ += (SearchedNetwork.__doc__ or "").partition("\n")[2]

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest class of each row `(n,)`; for labels 0 or 1 `(n, labels)`.

        X is given as in `fit`. Columns of a DataFrame are matched by name, in any order.
        """
        found = self._outputs(X)
        if self._task.kind == "multilabel":
            return (found > 0).astype(np.int64)
        predicted: np.ndarray = self.classes_[found.argmax(axis=1)]
        return predicted

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, or of each label by itself, `(n, classes)`."""
        found = self._outputs(X)
        likely: np.ndarray = expit(found) if self._task.kind == "multilabel" else softmax(found, axis=1)
        return likely

    def _examples(self, inputs: Inputs, y: Any) -> Examples:
        y = y.toarray() if hasattr(y, "toarray") else y
        cells = np.asarray(y)
        empty = int(pd.isna(cells).sum()) if cells.dtype.kind == "O" else 0
        if empty:
            raise InputError(f"Input y contains NaN: {empty} of {len(cells)} targets are empty. Leave those rows out.")
        if type_of_target(y, input_name="y", raise_unknown=True) == "multilabel-indicator":
            labels = check_array(y, input_name="y")
            self.classes_ = np.arange(labels.shape[1])
            return Examples(inputs, labels.astype(np.int64), "multilabel")
        y = column_or_1d(y, warn=True)
        if y.dtype.kind == "f":
            assert_all_finite(y, input_name="y")
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        return Examples(inputs, codes.astype(np.int64), "classification", tuple(map(str, self.classes_)))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


class Regressor(RegressorMixin, SearchedNetwork):
    """A network that is searched for one or several real values a row.

    Attributes: as those of `Classifier`, without `classes_`.
    """

    __doc__ += (SearchedNetwork.__doc__ or "").partition("\n")[2]

    def predict(self, X: Any) -> np.ndarray:
        """The values of each row, in the targets' own scale: `(n,)`, or `(n, outputs)` where y had that shape.

        X is given as in `fit`. Columns of a DataFrame are matched by name, in any order.
        """
        found = self._outputs(X)
        return found if self._several else found[:, 0]

    def _examples(self, inputs: Inputs, y: Any) -> Examples:
        values = check_array(y, ensure_2d=False, dtype="numeric", input_name="y")
        self._several = values.ndim == 2 and values.shape[1] > 1
        if not self._several:
            values = column_or_1d(values, warn=True)
        return Examples(inputs, values.astype(np.float64), "regression")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


class _Folder:
    """A search's directory: a temporary one of its owner, removed with it, or a named one.

    Where a search fails nothing is left of a temporary directory, and of a named one nothing that is empty.
    """

    def __init__(self, path: Path, owner: SearchedNetwork | None) -> None:
        self.path, self.owner = path, owner
        self.kept = False

    def __enter__(self) -> _Folder:
        return self

    def keep(self) -> None:
        self.kept = True
        if self.owner is not None:
            self.owner._removal = weakref.finalize(self.owner, shutil.rmtree, self.path, ignore_errors=True)

    def __exit__(self, *error: object) -> None:
        if self.kept:
            return
        if self.owner is not None:
            shutil.rmtree(self.path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                self.path.rmdir()


def _rows(X: Any) -> Inputs:
    """Rows as they were given: without the index of a DataFrame, and with objects that are all numbers as numbers."""
    if isinstance(X, pd.Series) and X.map(lambda cell: isinstance(cell, str)).any():
        return [str(text) for text in X.fillna("")]
    if isinstance(X, pd.DataFrame):
        return inputs_of(X.reset_index(drop=True))
    rows = inputs_of(X)
    if not isinstance(rows, pd.DataFrame):
        return rows
    cells = rows.to_numpy()
    if cells.dtype.kind != "O":
        return rows
    try:
        return cells.astype(np.float64)
    except ValueError:
        pass
    except TypeError:
        if any(isinstance(cell, dict | list | tuple | set) for cell in cells.ravel()):
            raise
    return rows


def _upright(rows: Any, channels: int) -> list[np.ndarray]:
    """Series `(channels, length)`, also where all are given as `(length, channels)`."""
    series = [np.atleast_2d(np.asarray(one)) for one in rows]
    if all(one.shape[0] != channels and one.shape[1] == channels for one in series):
        return [one.T for one in series]
    return series


def _free_name(inputs: Inputs, y: Any) -> str:
    """What the target is called among the columns: its own name, unless a column has it."""
    name = str(y.name) if getattr(y, "name", None) is not None else TARGET
    columns = set(inputs.columns) if isinstance(inputs, pd.DataFrame) else set()
    while any(column == name or column.startswith(f"{name} ") for column in columns):
        name = f"{name} (y)"
    return name


def _recipe(training: TrainingConfig | Mapping[str, Any] | None) -> TrainingConfig:
    return training if isinstance(training, TrainingConfig | Choice) else TrainingConfig(**dict(training or {}))


def _less(budget: Budget, seconds: float) -> Budget:
    """What is left of a budget after the data was read."""
    if budget.seconds is None:
        return budget
    return dataclasses.replace(budget, seconds=max(round(budget.seconds - seconds, 1), LEAST_SECONDS))

"""How data is read where it would be read otherwise. One class: flags, Python keywords and a TOML file come from it."""

from __future__ import annotations

import codecs
import dataclasses
import difflib
import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, ValidationInfo

from nas.config.checked import checked
from nas.config.metric import GREATER, LESS, METRICS
from nas.config.scorer_names import scorer_names
from nas.errors import InputError, known

LAYOUTS = ("auto", "pictures", "series", "table", "text", "tokens", "joined")
LAYOUT_SYNONYMS = {"images": "pictures", "features": "table"}
FORECASTING = "forecasting"
LANGUAGE = "language"
KINDS = ("auto", "classification", "regression", "multilabel", "several", FORECASTING, LANGUAGE)
METRIC_NAMES = ("auto", *dict.fromkeys(name for names in METRICS.values() for name in names))
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": " ", "\\t": "\t"}


def _word(what: str, names: tuple[str, ...], synonyms: Mapping[str, str]) -> Any:
    def check(value: str) -> str:
        value = synonyms.get(value, value)
        known(what, value, names)
        return value

    return AfterValidator(check)


def _names(value: Any) -> Any:
    return (value,) if isinstance(value, str) and value else () if value in ("", None) else value


def _size(value: Any) -> Any:
    """`96` and `96x128` to two whole numbers."""
    if isinstance(value, int) and not isinstance(value, bool):
        return (value, value)
    if isinstance(value, str):
        sides = value.lower().replace(" ", "").split("x")
        if len(sides) > 2 or not all(side.isdigit() for side in sides):
            raise InputError(f"`size` must be pixels such as 96, or height x width such as 96x128, got {value!r}.")
        return (int(sides[0]), int(sides[-1]))
    return value


def _whole(value: Any) -> Any:
    """`"7"` to 7."""
    return int(value) if isinstance(value, str) and value.strip().isdigit() else value


def _metric(value: Any, info: ValidationInfo) -> Any:
    """A name of ours or of scikit-learn as it is spelled, `Balanced accuracy` as `balanced_accuracy`; else a thing."""
    from nas.config.own_metric import Metric, metric_called  # only now: `--help` does without PyTorch

    if isinstance(value, dict) and info.mode == "json":
        return Metric.from_data(value)
    if not isinstance(value, str):
        return value
    if value.endswith((GREATER, LESS)):
        return _read_again(value)
    if ":" in value or "." in value:
        return metric_called(value)
    name = re.sub(r"[ -]", "_", value.lower())
    if name not in METRIC_NAMES and name not in scorer_names():
        near = difflib.get_close_matches(name, [*METRIC_NAMES, *scorer_names()], n=1)
        raise InputError(
            f"Unknown metric {name!r}. Known: {', '.join(METRIC_NAMES)}, a scorer of scikit-learn such as f1_macro, or "
            f"your own by `module:function`.{f' Did you mean {near[0]!r}?' if near else ''}"
        )
    return name


def _read_again(text: str) -> Any:
    from nas.config.own_metric import registered

    found = registered(text)
    if found is None:
        raise InputError(f"The metric {text!r} is code of your own that is not loaded here. Give `metric` again.")
    return found


def _as_data(value: Any) -> Any:
    return value if isinstance(value, str) else value.to_data()


def _yes_or_no(value: Any) -> Any:
    return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value


def _axes(value: str) -> str:
    if value == "auto":
        return value
    letters = value.upper()
    if letters[:1] != "N" or len(set(letters)) != len(letters) or set(letters) - set("NCHWL"):
        raise InputError(
            f"`axes` must name every axis by a letter, examples first: N, then C (channels), L (length), H, W "
            f"(height, width), e.g. NCL, NLC, NHWC; got {value!r}."
        )
    return letters


def _delimiter(value: str) -> str:
    value = DELIMITERS.get(value, value)
    if value != "auto" and len(value) != 1:
        raise InputError(f"`delimiter` must be one character, or one of {', '.join(DELIMITERS)}, got {value!r}.")
    return value


def _encoding(value: str) -> str:
    try:
        codecs.lookup("utf-8" if value == "auto" else value)
    except LookupError:
        raise InputError(f"Unknown encoding {value!r}. E.g. utf-8, cp1252, latin-1, utf-16.") from None
    return value


Text = Annotated[str, Field(description="a text")]
Names = Annotated[
    tuple[str, ...], Field(strict=False, description="a name or a list of names"), BeforeValidator(_names)
]

Steps = Annotated[
    Annotated[int, Field(ge=1)] | None,
    Field(description="None or a whole number of at least 1, in steps of the series"),
    BeforeValidator(_whole),
]


def _option(default: Any, says: str) -> Any:
    """A field with the help of its flag."""
    return dataclasses.field(default=default, metadata={"help": says})


@checked("data option")
class DataOptions:
    """How data is read where it would be read otherwise; everything has a default that lets the data decide.

    Args:
        target: columns to predict; by default `target`, `label`, `class` or `y`, else the last column.
        ignore: columns that are not read.
        keep: columns that are learned from although they look as if nothing could be learned from them.
        blank_target: rows without a target are left out (`drop`) or are a class of their own (`class`).
        layout: what an example is: `pictures`, `series`, `table`, `text`, `tokens` for whole numbers that stand for
            words, or `joined` for columns of several kinds, each an input of its own. `images` and `features` are older
            words for `pictures` and `table`.
        kind: what the targets are: `classification`, `regression`, `multilabel` for several yes-or-no columns,
            `several` for several targets, each of a kind of its own, `forecasting` for the next values of series, or
            `language` for the next token of a running text.
        metric: what the search makes best, see `nas.config.metric`; an error is made small. Or the name of a scorer of
            scikit-learn, a metric of torchmetrics, or a function, see `nas.config.own_metric`.
        greater_is_better: of a function, whether that is so.
        size: height and width in pixels that pictures get.
        axes: what the axes of arrays are, e.g. `NHWC`, `NLC`.
        delimiter, decimal, header, encoding: of tables in text files.
        test, validation: files or folders with these parts, of the same kind as the data.
        time: column by which the data is split, the latest examples last; `none` where it was found by itself.
        group: column whose values each belong to one part only, e.g. a person; `none` where it was found by itself. Of
            forecasting the column that tells the series apart.
        positive: class that precision and recall are meant for.
        weights: of the losses of several targets, `TARGET=NUMBER` each; 1 where nothing is said.
        class_weights: `balanced` lets every class count the same in the loss.
        horizon: of forecasting, how many steps are predicted. window: from how many steps before them, or of a language
            from how many tokens. season: steps after which the series are much the same, 1 for none. What is not given
            is found.

    Raises:
        InputError: a value that breaks a rule.
    """

    target: Names = _option(
        (), "Column to predict; several for several outputs. By default target, label, class or y, else the last."
    )
    ignore: Names = _option((), "Column that is not read.")
    keep: Names = _option(
        (), "Column that is learned from although it looks like a number of the row, a path or the like."
    )
    blank_target: Annotated[Literal["auto", "drop", "class"], Field(description="a text")] = _option(
        "auto", "Rows without a target: drop, or class for a class of their own."
    )
    layout: Annotated[str, _word("layout", LAYOUTS, LAYOUT_SYNONYMS), Field(description="a text")] = _option(
        "auto", f"What an example is: {', '.join(LAYOUTS)}."
    )
    kind: Annotated[str, _word("kind", KINDS, {}), Field(description="a text")] = _option(
        "auto", f"What the targets are: {', '.join(KINDS)}."
    )
    metric: Annotated[
        Any,
        BeforeValidator(_metric),
        PlainSerializer(_as_data),
    ] = _option(
        "auto",
        f"What is made best: {', '.join(METRIC_NAMES)}, a scorer of scikit-learn such as f1_macro, a metric of "
        "torchmetrics such as torchmetrics.CohenKappa, or your own as [bold]module:function[/].",
    )
    greater_is_better: Annotated[
        Literal["auto", "yes", "no"], BeforeValidator(_yes_or_no), Field(description="yes or no")
    ] = _option("auto", "Of a metric of your own, whether greater is better: yes or no.")
    size: Annotated[
        tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]] | None,
        Field(strict=False, description="None or two whole numbers of at least 1, height and width"),
        BeforeValidator(_size),
    ] = _option(None, "Pixels that pictures get, e.g. [bold]96[/] or [bold]96x128[/].")
    axes: Annotated[str, AfterValidator(_axes), Field(description="a text")] = _option(
        "auto", "What the axes of arrays are, e.g. [bold]NHWC[/], [bold]NCL[/]."
    )
    delimiter: Annotated[str, AfterValidator(_delimiter), Field(description="a text")] = _option(
        "auto", "Between the cells of a table, e.g. ';' or tab."
    )
    decimal: Annotated[Literal["auto", ".", ","], Field(description="a text")] = _option(
        "auto", "Decimal mark of a table: . or ,"
    )
    header: Annotated[Literal["auto", "yes", "no"], Field(description="a text")] = _option(
        "auto", "Whether the first row of a table names its columns: yes or no."
    )
    encoding: Annotated[str, AfterValidator(_encoding), Field(description="a text")] = _option(
        "auto", "Of a text file, e.g. cp1252."
    )
    test: Text = _option("", "File or folder of the sealed test part.")
    validation: Text = _option("", "File or folder of the validation part.")
    time: Text = _option("", "Column by which the parts follow one another in time; 'none' splits at random.")
    group: Text = _option("", "Column whose values belong to one part each, e.g. a person; 'none' for no such column.")
    positive: Text = _option("", "Class that is looked for, e.g. 'fraud'.")
    weights: Names = _option((), "Weight of one of several targets in the loss, e.g. [bold]risk=0.5[/].")
    class_weights: Annotated[Literal["none", "balanced"], Field(description="a text")] = _option(
        "none", "balanced: every class counts the same in the loss."
    )
    horizon: Steps = _option(None, "Forecasting: how many steps are predicted, e.g. [bold]7[/].")
    window: Steps = _option(
        None, "Forecasting: from how many steps before them, e.g. [bold]28[/]; of running text: tokens."
    )
    season: Steps = _option(None, "Forecasting: steps after which a series is much the same; 1 for none.")

    def __post_init__(self) -> None:
        metric, greater = self.metric, self.greater_is_better
        if not isinstance(metric, str):
            from nas.config.own_metric import Metric, with_direction  # only now: see `_metric`

            if not isinstance(metric, Metric):
                object.__setattr__(self, "metric", with_direction(metric, greater))
                return
            if metric.greater_is_better is (greater == "yes"):
                return
        if greater != "auto":
            raise InputError(f"`greater_is_better` is for a function of your own, but `metric` is {metric}.")

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """All options; each is a flag, a keyword of `nas.search` and a line of a TOML file."""
        return tuple(field.name for field in dataclasses.fields(cls))

    @classmethod
    def from_toml(cls, path: str | Path, **further: Any) -> DataOptions:
        """The options of a TOML file, e.g. `target = "price"`; `further` goes before what stands there.

        Raises:
            InputError: no readable TOML file, or an option that is not known or breaks a rule.
        """
        try:
            found = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise InputError(f"{path} is no readable file of options in TOML: {error}.") from None
        for name in found:
            known(f"data option in {path}", name, cls.names())
        return cls(**{**found, **further})

    def located(self) -> DataOptions:
        """With absolute paths, so that a search goes on from any folder."""
        named: dict[str, Any] = {name: getattr(self, name) for name in ("test", "validation")}
        found: dict[str, Any] = {name: str(Path(path).absolute()) for name, path in named.items() if path}
        return dataclasses.replace(self, **found)

    @property
    def said(self) -> dict[str, Any]:
        """What differs from the defaults."""
        default = DataOptions()
        return {name: getattr(self, name) for name in self.names() if getattr(self, name) != getattr(default, name)}

    def to_json(self) -> str:
        """What differs from the defaults, as JSON."""
        return json.dumps(self.said, default=str)

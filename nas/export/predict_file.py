"""The text of `predict.py`: raw rows in, names and numbers out, by the very code that prepared the training's rows."""

from __future__ import annotations

import ast
import importlib.metadata
import pprint
import re

from nas.data.preprocessing import Preprocessing, parts_of
from nas.data.preprocessing.forecast import ForecastRules
from nas.data.preprocessing.joined import JoinedRules
from nas.data.preprocessing.language import LanguageRules
from nas.export.forecaster import Forecaster
from nas.export.predictor import command_line, predictor_from
from nas.export.sources import NN, Sources
from nas.export.speaker import Speaker

FILE = "predict.py"
WIDTH = 120
FITTING = frozenset({"fitted", "first_windows", "names", "to_dict"})  # methods that only training needs
DOCSTRING = '''"""Predictions of the network beside this file, for raw rows as they stood in the training's data.

    from predict import load_predictor

    predict = load_predictor()     # of this folder
    found = predict(rows)          # {takes}
    found.answers                  # {gives}

or `python predict.py FILE --out predictions.csv`. Needs {needs}; `preprocess.json` says what is done to rows.
"""'''
END = '''
def load_predictor(directory: str | Path = Path(__file__).parent, device: str = "cpu") -> Predictor:
    """The network of an export with its rules; raw rows -> Predictions."""
    return predictor_from(Path(directory), {rules}, device{made})


if __name__ == "__main__":
    sys.exit(command_line(load_predictor(), sys.argv[1:]))'''
TAKES = {
    "table": "a list of dicts, a dict of columns or a DataFrame, columns in any order",
    "pictures": "a list of paths",
    "text": "a list of texts",
    "series": "a list of arrays (channels, length)",
    "arrays": "an array (n, …) as it was trained on",
    "forecast": "a list of dicts, a dict of columns or a DataFrame: at least a window of steps, in any order",
    "language": "a text or a list of texts; predict.generate(text) goes on from one",
    "joined": "a mapping of the raw rows of each input, as it was trained on, by its name",
}
GIVES = {
    "classification": "class names; found.probabilities: (n, classes)",
    "multilabel": "sets of labels; found.probabilities: (n, labels)",
    "regression": "values in the target's own unit",
    "several": "a mapping for each row; found[target] is what is said of one target",
    "language": "the likeliest next tokens; found.probabilities: (n, tokens)",
    "forecasting": "for each series its next steps with their times",
}


def predict_file(rules: Preprocessing, kind: str) -> str:
    """The file for a preprocessing.

    Args:
        kind: of the task.
    """
    sources = Sources(without=FITTING)
    sources.imports.discard(NN)
    own: tuple[type, ...] = (Forecaster,) if isinstance(rules, ForecastRules) else ()
    own = (Speaker,) if isinstance(rules, LanguageRules) else own
    for thing in (type(rules), predictor_from, command_line, *own):
        sources.name(thing)
    by_name = isinstance(rules, JoinedRules) and rules.by_name
    takes = TAKES["table" if rules.columns and not by_name and not own else rules.rules]
    needs = " and ".join(", ".join(packages(rules)).rsplit(", ", 1))
    docstring = DOCSTRING.format(takes=takes, gives=GIVES[kind], needs=needs)
    made = "".join(f", {one.__name__}" for one in own)
    text = sources.file(docstring, END.format(rules=type(rules).__name__, made=made), frozenset({"import sys"}))
    return "\n".join(map(_tidy, text.split("\n")))


def _tidy(line: str) -> str:
    """Without marks for our own checks, and a long constant on several lines."""
    line = re.sub(r"  # (noqa|type: ignore).*", "", line)
    name, _, value = line.partition(" = ")
    if len(line) <= WIDTH or not name.isidentifier():
        return line
    begin = f"{name} = "
    found = pprint.pformat(ast.literal_eval(value), width=WIDTH - len(begin), compact=True, sort_dicts=False)
    return begin + found.replace("\n", "\n" + " " * len(begin))


def packages(rules: Preprocessing) -> tuple[str, ...]:
    """What `predict.py` needs, as it is called in package registries."""
    return ("torch", "numpy", *(["pillow"] if any(part.rules == "pictures" for part in parts_of(rules)) else []))


def requirements(rules: Preprocessing) -> list[str]:
    """`name==version` of them."""
    return [f"{name}=={importlib.metadata.version(name).split('+')[0]}" for name in packages(rules)]

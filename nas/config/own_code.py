"""A person's own code in a recipe, kept as data: its name, and the arguments it is to have.

What such data is, `search_spaces.cells.arguments` says. In a text, code is named by `module:attribute`,
`file.py:attribute` or a dotted name, and may have arguments: `torch.optim.RAdam(betas=(0.9, 0.95))`.
"""

from __future__ import annotations

import ast
import difflib
import functools
import importlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from nas.config.own_module import is_module, module_as_data
from nas.errors import InputError
from search_spaces.architecture import cell_from_data, cell_to_data
from search_spaces.catalog.own import own_attribute
from search_spaces.cells.arguments import DATA, Made, Named, frozen, thawed
from search_spaces.errors import SpaceError
from search_spaces.tree import cells_within, is_open

CALL = re.compile(r"(?P<name>[^()]+?)\s*(?:\((?P<arguments>.*)\))?", re.DOTALL)
BY_NAME = "Say what stands in it: `module:attribute` or `file.py:attribute`."
FROM_FILES = ":"  # between a module or a file and what stands in it


@dataclass(frozen=True)
class Kind:
    """What a person's own code stands for in a recipe.

    Args:
        name: of the setting. words: what it must be, in words that follow "must be".
        fits: whether a thing is that, with what a `functools.partial` is of for the thing.
        home: module in which a name without a module is looked for; example: such a name.
        own: words of ours, which mean no code.
    """

    name: str
    words: str
    fits: Callable[[Any], bool]
    home: str = ""
    example: str = ""
    own: tuple[str | None, ...] = (None,)

    def data(self, value: Any) -> Any:
        """A word of ours as it is; code by a text, or the class, function or module itself, as data.

        Raises:
            InputError: it is not there, or it is something else.
        """
        if isinstance(value, Named | Made) or value in self.own:
            return value
        thing = self.named(value) if isinstance(value, str) else value
        if not self.fits(thing.func if isinstance(thing, functools.partial) else thing):
            raise InputError(f"`{self.name}` must be {self.words}, got {value!r:.200}.")
        try:
            data = module_as_data(thing, self.name) if is_module(thing) else frozen(thing, f"`{self.name}`")
            if is_open(data):
                raise InputError(
                    f"`{self.name}` leaves a value open among its arguments: {value!r:.200}. Leave the setting open as "
                    f"a whole: {self.name}=Choice(functools.partial(…, 0.1), functools.partial(…, 0.2))."
                )
            return from_json_data(json.loads(json.dumps(cell_to_data(data))), self.name)
        except SpaceError as error:
            raise InputError(str(error)) from None

    def named(self, text: str) -> Any:
        """What a text names, with the arguments that it gives."""
        found = CALL.fullmatch(text.strip())
        name = found.group("name") if found else ""
        if not name:
            raise InputError(f"`{self.name}` must be {self.words}, got {text!r}.")
        if "." in name or FROM_FILES in name:
            try:
                thing = thing_called(name, self.name)
            except InputError as error:
                raise InputError(f"`{self.name}` must be {self.words}, got {text!r}. {error}") from error
        else:
            thing = self._at_home(name, text)
        arguments = found.group("arguments") if found else None
        return functools.partial(thing, **_arguments(arguments, text)) if arguments else thing

    def _at_home(self, name: str, text: str) -> Any:
        module = importlib.import_module(self.home) if self.home else None
        thing = getattr(module, name, None)
        if thing is not None and self.fits(thing):
            return thing
        words = [one for one in self.own if one]
        listed = [one for one in dir(module) if self.fits(getattr(module, one, None))] if module else []
        near = difflib.get_close_matches(name, [*words, *listed], n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        if not words and not self.home:
            raise InputError(f"`{self.name}` is {text!r}, which names no module. {BY_NAME}")
        of_home = f"a name of {self.home} such as {self.example}, " if self.home else ""
        raise InputError(
            f"Unknown {self.name} {text!r}. Known: {''.join(f'{word}, ' for word in words)}{of_home}or your own by "
            f"`module:attribute`.{hint}"
        )


def thing_called(name: str, what: str) -> Any:
    """What `module:attribute`, `file.py:attribute` or a dotted name means now.

    Args:
        what: it is to be, for messages.
    """
    if name.endswith(".py"):
        raise InputError(f"{name} is a file. {BY_NAME}")
    place, _, attribute = name.rpartition(FROM_FILES if FROM_FILES in name else ".")
    try:
        return own_attribute(place, attribute, what, "or name another")
    except SpaceError as error:
        raise InputError(str(error)) from error


def made_of(data: Any) -> Any:
    """The class, function, `functools.partial` or module that data stands for, made anew.

    Raises:
        InputError: its code is not loaded here.
    """
    try:
        return thawed(data)
    except SpaceError as error:
        raise InputError(str(error)) from None


def is_code(value: Any) -> bool:
    """Whether a setting of a recipe stands for code."""
    return isinstance(value, Named | Made)


def name_of(data: Any) -> str:
    """How a message calls it: `mine:Focal`, `torch.optim:RAdam`."""
    return next((one.name for one in names_within(data) if one.name != "functools:partial"), repr(data))


def full_text(data: Any) -> str:
    """A text of all that data is made of, modules included."""
    return json.dumps(to_json_data(data))


def names_within(node: Any) -> Iterator[Named]:
    """The names of all code in settings that may be open."""
    return (cell for cell in cells_within(node) if isinstance(cell, Named))


def to_json_data(data: Any) -> Any:
    """As `from_json_data` reads it."""
    return cell_to_data(data)


def from_json_data(data: Any, where: str) -> Any:
    """What `to_json_data` gave.

    Raises:
        SpaceError: anything else.
    """
    return cell_from_data(data, where, DATA)


def _arguments(text: str, whole: str) -> dict[str, Any]:
    try:
        call = ast.parse(f"f({text})", mode="eval").body
        if not isinstance(call, ast.Call) or call.args or any(one.arg is None for one in call.keywords):
            raise ValueError("arguments are written name=value")
        return {str(one.arg): ast.literal_eval(one.value) for one in call.keywords}
    except (ValueError, SyntaxError) as error:
        raise InputError(f"The arguments of {whole!r} cannot be read: {error}. Write e.g. RAdam(eps=1e-7).") from None


def _is_optimizer(thing: Any) -> bool:
    from torch.optim import Optimizer  # only now: settings are read where nothing is trained

    return isinstance(thing, type) and issubclass(thing, Optimizer) and thing is not Optimizer


def _is_loss(thing: Any) -> bool:
    return is_module(thing) or callable(thing)


OPTIMIZER = Kind(
    "optimizer",
    "auto, adamw, sgd, muon, or a class of torch.optim (or one like it), by name or itself",
    _is_optimizer,
    "torch.optim",
    "RAdam",
    ("auto", "adamw", "sgd", "muon"),
)
LOSS = Kind("loss", "`auto`, an nn.Module, a class or a function", _is_loss, "torch.nn", "HuberLoss", ("auto",))
AUGMENT = Kind("augment", "None or a function of a batch", callable)
LOOP = Kind("train", "None or a function `train(network, data, report, budget)`", callable)

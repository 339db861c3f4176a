"""What a person changes about a search that has begun: it stands in the journal, and holds from then on."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, replace
from typing import Any

from nas.config.budget import Budget
from nas.config.metric import inside, is_bounded, is_error, shown, words
from nas.config.search_config import SearchConfig
from nas.errors import InputError

NOTHING = "none"  # takes a goal away
SOON, NOW = "soon", "now"  # how a search is stopped


@dataclass(frozen=True)
class Edit:
    """One change; empty parts change nothing.

    Args:
        ban, pin: what networks must not and must have, see `search_spaces.narrow`; added to what held before.
        clear: whether what was banned and pinned before is free again.
        budget: a new budget (`2h`), or more of it (`+1h`, `+50 trials`).
        stop_at, patience_trials: a number, or `none`; see `SearchConfig`.
        stop: `soon` ends the search phase, with its full final; `now` as Ctrl-C does.
        code: whether the code of a person's own cells was another before.
        number: of the edit, from 1. trial: the first one that it holds for; None until it is taken up.
    """

    ban: tuple[str, ...] = ()
    pin: tuple[str, ...] = ()
    clear: bool = False
    budget: str = ""
    stop_at: str = ""
    patience_trials: str = ""
    stop: str = ""
    code: bool = False
    number: int = 0
    trial: int | None = None

    @property
    def words(self) -> str:
        """What it says, for a person."""
        parts = ["free what was banned and pinned before"] if self.clear else []
        parts += [f"ban {text}" for text in self.ban] + [f"pin {text}" for text in self.pin]
        parts += [f"budget {self.budget}"] if self.budget else []
        parts += [f"stop at {self.stop_at}"] if self.stop_at else []
        parts += [f"patience of {self.patience_trials} trials"] if self.patience_trials else []
        parts += [{SOON: "stop", NOW: "stop now"}[self.stop]] if self.stop else []
        return "; ".join(parts + (["changed code"] if self.code else []))

    @property
    def sentence(self) -> str:
        """What it says and from where on."""
        since = "not taken up yet" if self.trial is None else f"from trial {self.trial} on"
        return f"Edit {self.number}, {since}: {self.words}"

    def to_json(self) -> str:
        """Its parts that say something; number and trial stand beside it."""
        return json.dumps({name: value for name, value in dataclasses.asdict(self).items() if value and name in PARTS})

    @classmethod
    def from_json(cls, text: str, number: int, trial: int | None) -> Edit:
        """What `to_json` wrote.

        Raises:
            ValueError: anything else.
        """
        data: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in json.loads(text).items()
        }
        if not data.keys() <= PARTS:
            raise ValueError(f"an edit of a later version: {text}")
        return cls(**data, number=number, trial=trial)

    def applied(self, config: SearchConfig, metric: str) -> SearchConfig:
        """What was asked for, with this change.

        Raises:
            InputError: a budget or a goal that cannot be.
        """
        if self.budget:
            config = replace(config, budget=changed_budget(config.budget, self.budget))
        if self.stop_at:
            config = replace(config, stop_at=_number("stop_at", self.stop_at))
        if self.patience_trials:
            trials: Any = _number("patience_trials", self.patience_trials)
            whole = trials is not None and trials % 1 == 0
            config = replace(config, patience_trials=int(trials) if whole else trials)
        goal_of(config, metric)
        return config


PARTS = {field.name for field in dataclasses.fields(Edit)} - {"number", "trial"}


def changed_budget(budget: Budget, text: str) -> Budget:
    """A new budget, or the old one with more of what is limited: `+1h`, `+50 trials`, `+1h, +50 trials`.

    Raises:
        InputError: no budget, both ways at once, or more of what had no limit.
    """
    parts = [part.strip() for part in text.split(",")]
    more = [part.removeprefix("+") for part in parts if part.startswith("+")]
    if not more:
        return Budget.parse(text)
    if len(more) < len(parts):
        raise InputError(
            f"Budget `{text}` adds to some limits and sets others. Write a `+` before all, or before none."
        )
    added = Budget.parse(", ".join(more))
    values = {}
    for field in dataclasses.fields(Budget):
        old, new = getattr(budget, field.name), getattr(added, field.name)
        if new is not None and old is None:
            raise InputError(
                f"Budget `{text}` adds to what has no limit: the budget is `{budget}`. Write a whole budget."
            )
        values[field.name] = old if new is None else old + new
    return Budget(**values)


def goal_of(config: SearchConfig, metric: str) -> float | None:
    """The score that is enough, higher being better; None for none.

    Raises:
        InputError: one that the metric cannot have.
    """
    if config.stop_at is None:
        return None
    if is_bounded(metric) and is_error(metric) and config.stop_at < 0:
        raise InputError(f"`stop_at` is a {words(metric)}, which is at least 0, got {config.stop_at}.")
    if is_bounded(metric) and not is_error(metric) and config.stop_at > 1:
        raise InputError(
            f"`stop_at` is a {words(metric)}, which is at most 1, got {config.stop_at}. "
            f"Write e.g. {shown(metric, 0.98)}."
        )
    return inside(metric, config.stop_at)


def _number(name: str, text: str) -> float | None:
    if text == NOTHING:
        return None
    try:
        return float(text)
    except ValueError:
        raise InputError(f"`{name}` must be a number or `{NOTHING}`, got {text!r}.") from None

"""What a search may cost: time, trainings, GPU hours, or several at once."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal

from nas.errors import InputError

FINAL_SHARE = 0.75  # of the time at most: what its trainings do not need belongs to the search
SECONDS = {
    "s": 1, "sec": 1, "second": 1, "seconds": 1,
    "m": 60, "min": 60, "minute": 60, "minutes": 60,
    "h": 3600, "hour": 3600, "hours": 3600,
    "d": 86400, "day": 86400, "days": 86400,
}  # fmt: skip
GPU_SECONDS = {
    "gpu-seconds": 1, "gpu-second": 1, "gpu-s": 1,
    "gpu-minutes": 60, "gpu-minute": 60,
    "gpu-hours": 3600, "gpu-hour": 3600, "gpu-h": 3600,
}  # fmt: skip
TRIALS = ("trials", "trial", "trainings", "training")
EXAMPLES = "`10m`, `2h`, `200 trials`, `4 gpu-hours`, or several such as `2h, 500 trials`"
NUMBER = r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
QUANTITY = re.compile(rf"\s*({NUMBER})\s*([a-zA-Z-]+)\s*")
TIME = re.compile(rf"\s*(?:{NUMBER}[dhms])+\s*")
TIMES = re.compile(rf"({NUMBER})([dhms])")


@dataclass(frozen=True)
class Budget:
    """Limits of a search; the first one that is reached ends it. None is no limit.

    `str(budget)` is what a person would write, and `Budget.parse` makes an equal budget of it.

    Args:
        seconds: wall time from the first second of start-up to the last of the export; more than 0.
        trials: trainings begun, whatever comes of them; those of the final are not counted. At least 1.
        gpu_seconds: seconds of whole GPUs held by trainings, the final's included; more than 0.

    Raises:
        InputError: no limit at all, or one that is no such number.
    """

    seconds: float | None = None
    trials: int | None = None
    gpu_seconds: float | None = None

    def __post_init__(self) -> None:
        if self.seconds is None and self.trials is None and self.gpu_seconds is None:
            raise InputError(f"A Budget must have at least one limit, got none. Write {EXAMPLES}.")
        for name in ("seconds", "gpu_seconds"):
            value = getattr(self, name)
            if value is not None and not (_is_number(value) and 0 < value < math.inf):
                raise InputError(f"Budget: `{name}` must be a number of more than 0, got {value!r}. Write {EXAMPLES}.")
        trials = self.trials
        if trials is not None and (isinstance(trials, bool) or not isinstance(trials, int) or trials < 1):
            raise InputError(
                f"Budget: `trials` must be a whole number of at least 1, got {trials!r}. Write {EXAMPLES}."
            )

    @classmethod
    def parse(cls, text: str | Budget) -> Budget:
        """The budget that a text such as `10m, 200 trials` stands for.

        Raises:
            InputError: not a number with a known unit, a limit of zero, or one limit given twice.
        """
        if isinstance(text, Budget):
            return text
        limits: dict[str, Decimal] = {}
        for part in str(text).split(","):
            name, amount = _limit(part, str(text))
            if name in limits:
                raise InputError(f"Budget `{text}` limits {name.replace('_', ' ')} twice. Write each limit once.")
            limits[name] = amount
        seconds, trials, gpu_seconds = (limits.get(name) for name in ("seconds", "trials", "gpu_seconds"))
        return cls(
            None if seconds is None else float(seconds),
            None if trials is None else int(trials),
            None if gpu_seconds is None else float(gpu_seconds),
        )

    def __str__(self) -> str:
        parts = []
        if self.seconds is not None:
            parts.append(_time(Decimal(str(self.seconds))))
        if self.trials is not None:
            parts.append(f"{self.trials} trial{'' if self.trials == 1 else 's'}")
        if self.gpu_seconds is not None:
            parts.append(_gpu_time(Decimal(str(self.gpu_seconds))))
        return ", ".join(parts)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _limit(part: str, whole: str) -> tuple[str, Decimal]:
    if TIME.fullmatch(part):
        seconds = sum((Decimal(amount) * SECONDS[unit] for amount, unit in TIMES.findall(part)), Decimal(0))
        return "seconds", _positive(seconds, part, whole)
    match = QUANTITY.fullmatch(part)
    if not match:
        raise InputError(f"Budget `{whole}` must be a number and a unit, got {part.strip()!r}. Write {EXAMPLES}.")
    amount, unit = Decimal(match[1]), match[2].lower()
    if unit in TRIALS:
        if amount != amount.to_integral_value():
            raise InputError(
                f"Budget `{whole}` must be a whole number of trials, got {match[1]}. Write e.g. `200 trials`."
            )
        name = "trials"
    elif unit in SECONDS:
        name, amount = "seconds", amount * SECONDS[unit]
    elif unit in GPU_SECONDS:
        name, amount = "gpu_seconds", amount * GPU_SECONDS[unit]
    else:
        raise InputError(f"Budget `{whole}` has the unknown unit {match[2]!r}. Write {EXAMPLES}.")
    return name, _positive(amount, part, whole)


def _positive(amount: Decimal, part: str, whole: str) -> Decimal:
    if not 0 < float(amount) < math.inf:
        raise InputError(
            f"Budget `{whole}` must be more than nothing and not endless, got {part.strip()!r}. Write {EXAMPLES}."
        )
    return amount


def _time(seconds: Decimal) -> str:
    """Exactly so many seconds, as hours, minutes and seconds."""
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60 + (seconds - whole)
    parts = (f"{hours}h" if hours else "", f"{minutes}m" if minutes else "", f"{_plain(rest)}s" if rest else "")
    return "".join(parts)


def _gpu_time(seconds: Decimal) -> str:
    """Exactly so many GPU seconds, in the largest unit that takes no more than two decimals."""
    for unit in ("gpu-hour", "gpu-minute"):
        amount = Decimal(f"{seconds / GPU_SECONDS[unit]:.2f}")
        if amount and amount * GPU_SECONDS[unit] == seconds:
            return f"{_plain(amount)} {unit}{'' if amount == 1 else 's'}"
    return f"{_plain(seconds)} gpu-seconds"


def _plain(amount: Decimal) -> str:
    """Digits without an exponent and without trailing zeros."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def duration(seconds: float) -> str:
    """Seconds as a person writes them, rounded: `45s`, `10m`, `2h30m`.

    >>> duration(9000)
    '2h30m'
    """
    if seconds < 60:
        return f"{seconds:.3g}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = (f"{hours}h" if hours else "", f"{minutes}m" if minutes else "", f"{rest}s" if rest else "")
    return "".join(parts)

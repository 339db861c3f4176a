"""What a search may cost, as the user wrote it: time, trainings, GPU hours, or several at once."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from nas.errors import InputError

SECONDS = {
    "s": 1, "sec": 1, "second": 1, "seconds": 1,
    "m": 60, "min": 60, "minute": 60, "minutes": 60,
    "h": 3600, "hour": 3600, "hours": 3600,
    "d": 86400, "day": 86400, "days": 86400,
}  # fmt: skip
GPU_SECONDS = {"gpu-minutes": 60, "gpu-minute": 60, "gpu-hours": 3600, "gpu-hour": 3600, "gpu-h": 3600}
TRIALS = ("trials", "trial", "trainings", "training")
EXAMPLES = "`10m`, `2h`, `200 trials`, `4 gpu-hours`, or several such as `2h, 500 trials`"
QUANTITY = re.compile(r"\s*([0-9]*\.?[0-9]+)\s*([a-zA-Z-]+)\s*")
TIME = re.compile(r"\s*(?:[0-9]+[dhms])+\s*")


@dataclass(frozen=True)
class Budget:
    """Limits of a search; the first one that is reached ends it. None is no limit.

    Args:
        seconds: wall time from the first second of start-up to the last of the export.
        trials: trainings begun, whatever comes of them; those of the final are not counted.
        gpu_seconds: seconds of whole GPUs held by trainings, the final's included.
    """

    seconds: float | None = None
    trials: int | None = None
    gpu_seconds: float | None = None

    @classmethod
    def parse(cls, text: str | Budget) -> Budget:
        """The budget that a text such as `10m, 200 trials` stands for.

        Raises:
            InputError: not a number with a known unit, a limit of zero, or one limit given twice.
        """
        if isinstance(text, Budget):
            return text
        limits: dict[str, float] = {}
        for part in str(text).split(","):
            name, amount = _limit(part, str(text))
            if name in limits:
                raise InputError(f"Budget `{text}` limits {name.replace('_', ' ')} twice. Write each limit once.")
            limits[name] = amount
        trials = limits.get("trials")
        return cls(limits.get("seconds"), None if trials is None else int(trials), limits.get("gpu_seconds"))

    def __str__(self) -> str:
        parts = []
        if self.seconds is not None:
            parts.append(duration(self.seconds))
        if self.trials is not None:
            parts.append(f"{self.trials} trials")
        if self.gpu_seconds is not None:
            parts.append(f"{self.gpu_seconds / 3600:g} gpu-hours")
        return ", ".join(parts)


def _limit(part: str, whole: str) -> tuple[str, float]:
    if TIME.fullmatch(part):
        seconds = sum(int(amount) * SECONDS[unit] for amount, unit in re.findall(r"([0-9]+)([dhms])", part))
        return "seconds", _positive(seconds, part, whole)
    match = QUANTITY.fullmatch(part)
    if not match:
        raise InputError(f"Budget `{whole}` must be a number and a unit, got {part.strip()!r}. Write {EXAMPLES}.")
    amount, unit = float(match[1]), match[2].lower()
    if unit in TRIALS:
        if amount != int(amount):
            raise InputError(f"Budget `{whole}` must be a whole number of trials, got {amount:g}.")
        name = "trials"
    elif unit in SECONDS:
        name, amount = "seconds", amount * SECONDS[unit]
    elif unit in GPU_SECONDS:
        name, amount = "gpu_seconds", amount * GPU_SECONDS[unit]
    else:
        raise InputError(f"Budget `{whole}` has the unknown unit {match[2]!r}. Write {EXAMPLES}.")
    return name, _positive(amount, part, whole)


def _positive(amount: float, part: str, whole: str) -> float:
    if not 0 < amount < math.inf:
        raise InputError(f"Budget `{whole}` must be more than nothing, got {part.strip()!r}. Write {EXAMPLES}.")
    return amount


def duration(seconds: float) -> str:
    """Seconds as a person writes them: `45s`, `10m`, `2h30m`.

    >>> duration(9000)
    '2h30m'
    """
    if seconds < 60:
        return f"{seconds:.3g}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = (f"{hours}h" if hours else "", f"{minutes}m" if minutes else "", f"{rest}s" if rest else "")
    return "".join(parts)

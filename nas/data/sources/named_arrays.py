"""Arrays by name, as archives and mappings hold them: which are inputs, which targets, and of which part."""

from __future__ import annotations

import re
from collections.abc import Iterable

from nas.errors import InputError

INPUTS = ("x", "images", "image", "imgs", "data", "inputs", "input", "features", "series", "samples")
TARGETS = ("y", "labels", "label", "targets", "target", "classes", "output", "outputs")
PARTS = {
    "": "", "train": "", "training": "", "tr": "",
    "val": "validation", "valid": "validation", "validation": "validation", "dev": "validation",
    "test": "test", "te": "test",
}  # fmt: skip
WANTED = "`x_train` and `y_train` (and may hold `x_test` and `y_test`, `x_val` and `y_val`)"


def found_roles(keys: Iterable[str]) -> dict[str, list[str]]:
    """The keys that may stand for each role."""
    found: dict[str, list[str]] = {}
    for key in keys:
        words = [word for word in re.split(r"[^a-z0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower()) if word]
        parts = [word for word in words if PARTS.get(word) is not None]
        others = [word for word in words if word not in parts]
        if len(parts) > 1 or len(others) != 1:
            continue
        side = "x" if others[0] in INPUTS else "y" if others[0] in TARGETS else ""
        part = PARTS[parts[0]] if parts else ""
        if side:
            found.setdefault(f"{side}_{part}" if part else side, []).append(key)
    return found


def one_part(name: str, keys: Iterable[str], part: str = "") -> dict[str, str]:
    """Keys of the inputs `x` of one part, and of its targets `y` where there are any. A single array is the inputs.

    Args:
        part: `train`, `validation` or `test`; empty where there is one only.

    Raises:
        InputError: no inputs, several arrays that may be them, or several parts of which none is named.
    """
    keys = list(keys)
    found = {"x": keys} if len(keys) == 1 else found_roles(keys)
    ends = {"train": "", "validation": "_validation", "test": "_test"}
    there = [word for word, end in ends.items() if f"x{end}" in found]
    if not there or (part and part not in there):
        raise InputError(f"{name} must hold inputs{f' of --part {part}' if part else ''}, got {', '.join(keys)}.")
    if len(there) > 1 and not part:
        raise InputError(f"{name} holds several parts: {', '.join(there)}. Name one, e.g. --part {there[-1]}.")
    end = ends[part or there[0]]
    for side in "xy":
        if len(found.get(f"{side}{end}", [])) > 1:
            raise InputError(f"{name} holds several arrays for one role: {', '.join(found[f'{side}{end}'])}.")
    return {side: found[f"{side}{end}"][0] for side in "xy" if f"{side}{end}" in found}


def roles(name: str, keys: Iterable[str]) -> dict[str, str]:
    """Keys of the arrays by role: `x`, `y`, and `x_test`, `y_test`, `x_validation`, `y_validation` where there are.

    `X, y`, `images, labels`, `data, target`, `train_images, train_labels` and the like are known.

    Raises:
        InputError: no inputs or no targets of a part, or two arrays for one role, with all keys.
    """
    keys = list(keys)
    found = found_roles(keys)
    twice = {role: names for role, names in found.items() if len(names) > 1}
    if twice:
        listed = "; ".join(f"{' and '.join(names)} for {role}" for role, names in twice.items())
        raise InputError(f"{name} holds several arrays for one role: {listed}. Name them {WANTED}.")
    complete = [part for part in ("", "_validation", "_test") if f"x{part}" in found or f"y{part}" in found]
    missing = [
        f"{side}_{part.strip('_').replace('validation', 'val') or 'train'}"
        for part in {"": 0, **dict.fromkeys(complete)}
        for side in "xy"
        if f"{side}{part}" not in found
    ]
    if missing:
        raise InputError(
            f"{name} must hold the arrays {WANTED}, got {', '.join(sorted(keys)) or 'none'}. "
            f"Missing: {', '.join(missing)}. Write: numpy.savez('data.npz', x_train=X, y_train=y)."
        )
    return {role: names[0] for role, names in found.items()}

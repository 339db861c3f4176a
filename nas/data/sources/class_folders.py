"""A folder of files: one sub-folder a class, below `train`, `validation` and `test` where there are any."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from nas.config.data_options import DataOptions
from nas.errors import InputError

PARTS = {  # names of folders that hold a part, in lower case
    "train": "main", "training": "main",
    "val": "validation", "valid": "validation", "validation": "validation", "dev": "validation",
    "test": "test", "testing": "test",
}  # fmt: skip
RUBBISH = ("__MACOSX", "__pycache__", "Thumbs.db", "@eaDir")

Labelled = list[tuple[Path, str]]


@dataclass(eq=False)
class ClassFolders:
    """Files with their classes, in a fixed order.

    Args:
        parts: `main`, and `validation`, `test` where the folder has them.
    """

    root: Path
    parts: dict[str, Labelled]
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def is_rubbish(path: Path) -> bool:
    """Whether a file or folder is none of the person's: hidden, or left there by a program."""
    return path.name.startswith(".") or path.name in RUBBISH


def class_folders(root: Path, suffixes: Collection[str], what: str, options: DataOptions) -> ClassFolders:
    """The files below `root` that end in one of `suffixes`.

    Hidden files and folders, and what programs leave (`__MACOSX`, checkpoints), are left out.

    Args:
        what: the files are, in the words of a message, e.g. `pictures`.

    Raises:
        InputError: folders named after parts beside others, files without a class, links out of the folder, nothing.
    """
    folders = {path.name: path for path in subfolders(root) if path.name not in options.ignore}
    named = {name: PARTS[name.lower()] for name in folders if name.lower() in PARTS and name not in options.keep}
    others = [name for name in folders if name not in named and files_below(root, folders[name], suffixes)]
    if named and others:
        part = next(iter(named))
        raise InputError(
            f"{root} holds the folders {', '.join(sorted([*named, *others]))}, which can be read in two ways. "
            f"{part!r} as "
            f"one more class: --keep {part}. As a part that is left out: --ignore {part}, and --test {root / part} "
            "if it "
            "holds one folder a class."
        )
    if named and "main" not in named.values():
        raise InputError(f"{root} holds {', '.join(named)} but no folder `train`. Name the training part so.")
    found = ClassFolders(root, {})
    if not named:
        found.parts["main"] = _labelled(root, root, suffixes, what, folders)
    for name, part in named.items():
        files = _labelled(root, folders[name], suffixes, what, {one.name: one for one in subfolders(folders[name])})
        found.parts[part] = [*found.parts.get(part, []), *files]
    if not found.parts["main"]:
        raise InputError(
            f"{root} holds no {what}. Expected one sub-folder for each class with files ending in "
            f"{', '.join(sorted(suffixes))}."
        )
    for name in named:
        if not found.parts[named[name]]:
            raise InputError(f"{folders[name]} holds no {what}. Fill it or leave it out: --ignore {name}.")
    _report_copies(found)
    return found


def subfolders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not is_rubbish(path))


def files_below(root: Path, folder: Path, suffixes: Collection[str]) -> list[Path]:
    """Every file below `folder`; links out of `root` are refused."""
    inside, found = root.resolve(), []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in suffixes or any(map(is_rubbish, (path, *path.relative_to(folder).parents))):
            continue
        if any(part in RUBBISH or part.startswith(".") for part in path.relative_to(folder).parts):
            continue
        if not path.resolve().is_relative_to(inside):
            raise InputError(f"{path} is a link that leads out of {root}. Copy the file into the folder.")
        if path.is_file():
            found.append(path)
    return found


def _labelled(root: Path, folder: Path, suffixes: Collection[str], what: str, classes: dict[str, Path]) -> Labelled:
    loose = [
        path for path in folder.iterdir() if path.is_file() and path.suffix.lower() in suffixes and not is_rubbish(path)
    ]
    found = [(path, name) for name, subfolder in classes.items() for path in files_below(root, subfolder, suffixes)]
    if loose and not found:
        raise InputError(
            f"{folder} holds {len(loose)} {what} that lie in no folder of a class: they have no labels. Put each class "
            "into a folder of its own, or name a CSV of paths and labels"
            + (f"; leave the folder out: --ignore {folder.name}." if folder != root else ".")
        )
    return found


def _report_copies(found: ClassFolders) -> None:
    """Warnings of files that are exact copies of another one: in two parts, in two classes, or in one class."""
    seen: dict[str, tuple[str, str]] = {}
    within, across, contrary = 0, 0, 0
    for part, files in found.parts.items():
        for path, label in files:
            key = hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
            first = seen.get(key)
            if first is None:
                seen[key] = (part, label)
                continue
            across += first[0] != part
            contrary += first[1] != label
            within += first == (part, label)
    if across:
        found.warnings.append(f"{across} files lie in two parts as exact copies: scores on these parts are too good")
    if contrary:
        found.warnings.append(f"{contrary} files lie in two classes as exact copies: one of their labels is wrong")
    if within and len(found.parts) < 3:
        found.warnings.append(
            f"{within} files are exact copies of another one of their class: copies may lie in two parts"
        )

"""Texts: a folder with one sub-folder a class, or a file with a label and a text a line."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from nas.config.data_options import LANGUAGE, DataOptions
from nas.data.preprocessing.language import LanguageRules
from nas.data.preprocessing.text import TextRules
from nas.data.reading import Part, Reading
from nas.data.sources.class_folders import class_folders
from nas.data.sources.encoding import decoded
from nas.errors import InputError

SUFFIXES = frozenset({".txt", ".text", ".md"})
MOST_LABELS = 200
LONGEST_LABEL = 40  # characters


def read_text_folder(root: Path, options: DataOptions) -> Reading:
    """Text files with the names of their folders as classes."""
    found = class_folders(root, SUFFIXES, "text files", options)
    encodings: set[str] = set()
    parts = {}
    for name, files in found.parts.items():
        texts = []
        for path, _ in files:
            text, encoding, _ = decoded(path, options.encoding) if path.stat().st_size else ("", "utf-8", ())
            encodings.add(encoding)
            texts.append(text)
        parts[name] = Part(texts, np.array([label for _, label in files]))
    return Reading(
        name=root.resolve().name,
        layout="text",
        why_layout="a folder of text files, one folder a class",
        main=parts["main"],
        validation=parts.get("validation"),
        test=parts.get("test"),
        fit=lambda rows: TextRules.fitted(rows),
        kind="classification",
        targets=("folder",),
        why_target="the name of the folder",
        reading={"encoding": ", ".join(sorted(encodings))},
        notes=(*found.notes, "texts become lower-case words, numbered by the vocabulary of the training part"),
        warnings=tuple(found.warnings),
    )


def labelled_lines(text: str) -> list[tuple[str, str]] | None:
    """Label and text of every line, where the first word of all lines comes from a few labels; else None."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    pairs = [line.split(None, 1) for line in lines]
    if len(pairs) < 6 or any(len(pair) < 2 or len(pair[0]) > LONGEST_LABEL for pair in pairs):
        return None
    labels = Counter(pair[0] for pair in pairs)
    few = 2 <= len(labels) <= min(MOST_LABELS, len(pairs) // 3)
    return (
        [(pair[0], pair[1]) for pair in pairs] if few and len({pair[1] for pair in pairs}) > 2 * len(labels) else None
    )


def read_labelled_lines(path: Path, options: DataOptions) -> Reading | None:
    """One text a line, its label first; None where the lines are not of this kind."""
    text, encoding, notes = decoded(path, options.encoding)
    pairs = labelled_lines(text)
    if pairs is None:
        return None
    return Reading(
        name=path.stem,
        layout="text",
        why_layout="one text a line, after its label",
        main=Part([text for _, text in pairs], np.array([label for label, _ in pairs])),
        fit=lambda rows: TextRules.fitted(rows),
        kind="classification" if options.kind == "auto" else options.kind,
        targets=("label",),
        why_target="the first word of each line",
        reading={"encoding": encoding},
        notes=(*notes, "texts become lower-case words, numbered by the vocabulary of the training part"),
    )


def read_running_text(path: Path, options: DataOptions) -> Reading:
    """A file of running text, which a language can be learned from; its targets are its own tokens."""
    text, encoding, notes = decoded(path, options.encoding)
    why = "running text: its lines are no rows of a table, and do not begin with a few labels"
    return Reading(
        name=path.stem,
        layout="text",
        why_layout="--kind language" if options.kind == LANGUAGE else why,
        main=Part(text, np.zeros(0)),
        fit=lambda rows: LanguageRules.fitted(rows, 1),
        kind=LANGUAGE,
        reading={"encoding": encoding},
        notes=notes,
    )


def plain_text_refused(path: Path) -> InputError:
    """A file of running text has no targets."""
    return InputError(
        f"{path} is running text: no delimiter parts its lines into columns, and they do not begin with a few labels. "
        "Give a table with a column of texts and one of labels, or one folder of text files a class."
    )

"""The encoding of a text file: by its first bytes, UTF-8 where it is valid, else by its letters."""

from __future__ import annotations

import codecs
from pathlib import Path

from nas.errors import InputError

MARKS = (  # byte order marks, longest first
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
OTHER_SCRIPT = 0.6  # share of bytes beyond ASCII among letters, beyond which it is no Latin script
SAMPLE = 1 << 20  # bytes that are looked at
LIMIT_BYTES = 2 << 30


def decoded(path: Path, encoding: str = "auto") -> tuple[str, str, tuple[str, ...]]:
    """The text of a file, its encoding and notes on it.

    Raises:
        InputError: a file that is empty, too large, no text, or not of this encoding.
    """
    if path.stat().st_size > LIMIT_BYTES:
        raise InputError(f"{path} is larger than 2 GiB. Give a sample of its rows, or a Parquet file.")
    return text_of(path.read_bytes(), str(path), encoding)


def text_of(data: bytes, name: str, encoding: str = "auto") -> tuple[str, str, tuple[str, ...]]:
    """As `decoded`, of bytes."""
    if not data.strip():
        raise InputError(f"{name} is empty.")
    notes: tuple[str, ...] = ()
    if encoding == "auto":
        encoding, notes = _found(data, name)
    try:
        return data.decode(encoding), encoding, notes
    except (UnicodeDecodeError, UnicodeError) as error:
        place = f" at byte {error.start}" if isinstance(error, UnicodeDecodeError) else ""
        raise InputError(
            f"{name} is not text in {encoding}{place}. Name its encoding, e.g. --encoding cp1252."
        ) from None


def _found(data: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return encoding, ()
    sample = data[:SAMPLE]
    if b"\0" in sample:
        even, odd = sample[::2].count(0), sample[1::2].count(0)
        if max(even, odd) > 0.4 * len(sample) / 2:
            return ("utf-16-le" if odd > even else "utf-16-be"), ()
        raise InputError(f"{name} holds zero bytes: it is no text file.")
    try:
        data.decode("utf-8")
        return "utf-8", ()
    except UnicodeDecodeError:
        pass
    beyond = sum(byte > 127 for byte in sample)
    letters = beyond + sum(chr(byte).isalpha() for byte in sample if byte < 128)
    if beyond > OTHER_SCRIPT * letters:
        from charset_normalizer import from_bytes  # only now: few files need it

        best = from_bytes(sample).best()
        if best is None:
            raise InputError(f"{name} is not text in UTF-8, and its encoding is not clear. Name it: --encoding NAME.")
        return best.encoding, (f"not UTF-8: read as {best.encoding}, by its letters; --encoding names another",)
    try:
        data.decode("cp1252")
        found = "cp1252"
    except UnicodeDecodeError:
        found = "latin-1"
    return found, (f"not UTF-8: read as {found} (Western Europe); --encoding names another",)

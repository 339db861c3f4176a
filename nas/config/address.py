"""Addresses of stores, and the passwords in them: those stand on no screen, in no journal and in no message."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

from nas.errors import InputError

HIDDEN = "***"
SECRET = re.compile(r"(?i)^(password|passwd|pwd|secret|token|access_?key|api_?key|sslpassword)$")


def passwords_of(address: str) -> list[str]:
    """What is secret in an address: before its host, and in its query."""
    try:
        parts = urlsplit(address)
        found = [parts.password or "", *(value for name, value in parse_qsl(parts.query) if SECRET.match(name))]
    except ValueError:  # no address at all
        return []
    written = re.findall(r"://[^/@?#]*?:([^/?#]*)@", address)  # as it stands there, percent signs and all
    written += [value for name, value in re.findall(r"[?&]([^=&#]+)=([^&#]*)", address) if SECRET.match(name)]
    return [one for one in dict.fromkeys([*written, *found]) if one]


def masked(text: str, address: str) -> str:
    """A text without what is secret in an address."""
    for password in sorted(passwords_of(address), key=len, reverse=True):
        text = text.replace(password, HIDDEN)
    return text


def no_password(address: str | None) -> str | None:
    """The address, which the journal keeps.

    Raises:
        InputError: it holds a password.
    """
    if address is not None and passwords_of(address):
        raise InputError(
            f"The address {masked(address, address)} holds a password, which would be kept in the search's directory. "
            "Put it where its library looks for it, e.g. into the environment."
        )
    return address

"""Where MLflow's runs lie: addresses made absolute, so that no working directory matters."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from nas.config.address import no_password
from nas.errors import InputError

DEFAULT = Path("results") / "mlflow.db"
ARTIFACTS = "mlartifacts"
SQLITE = "sqlite:///"
KNOWN = ("sqlite:///", "http://", "https://", "postgresql", "mysql", "mssql", "databricks")


def store_uri(uri: str | None) -> str:
    """The absolute address of a store; None is `results/mlflow.db` in the working directory.

    Raises:
        InputError: an address of no known kind.
    """
    if uri is None:
        return f"{SQLITE}{DEFAULT.absolute()}"
    if not uri.startswith(KNOWN):
        raise InputError(
            f"`tracking_uri` must begin with one of {', '.join(KNOWN[:3])}, got "
            f"{uri.partition('://')[0]!r}. For a file write e.g. "
            "sqlite:///runs.db."
        )
    if uri.startswith(SQLITE):
        return f"{SQLITE}{Path(uri.removeprefix(SQLITE)).absolute()}"
    return _without_password(uri)


def _without_password(uri: str) -> str:
    """The address without its password, which goes where MLflow, or the database's driver, looks for it.

    Raises:
        InputError: the password of a kind of store for which there is no such place.
    """
    parts = urlsplit(uri)
    if parts.password is None:
        return str(no_password(uri))  # its query may hold one
    kind, password = parts.scheme.split("+")[0], unquote(parts.password)
    user = unquote(parts.username or "")
    if kind in ("http", "https"):
        os.environ.update({"MLFLOW_TRACKING_USERNAME": user, "MLFLOW_TRACKING_PASSWORD": password})
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    if kind == "postgresql":
        os.environ["PGPASSWORD"] = password
        return urlunsplit(parts._replace(netloc=f"{parts.username or ''}@{parts.netloc.rpartition('@')[2]}"))
    raise InputError(
        "`tracking_uri` holds a password, which would be kept in the search's directory. Put it into a file of the "
        f"database's driver, e.g. {kind}://…?read_default_file=~/.my.cnf."
    )


def database_of(uri: str) -> Path | None:
    """The file of an SQLite store, None for a server."""
    return Path(uri.removeprefix(SQLITE)) if uri.startswith(SQLITE) else None

"""MLflow's registry: an export as a version of a model that answers raw rows, and the alias that points at it."""

from __future__ import annotations

import contextlib
import re
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas.errors import InputError
from nas.export.load_predictor import FILE as PREDICT
from nas.journal.directory import EXPORTED, FILE
from nas.tracking.address import database_of
from nas.tracking.database import connect
from nas.tracking.runs import DIRECTORY, TRIAL, quoted

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,199}")
ALIAS = re.compile(r"(?!v\d+$)(?!latest$)[A-Za-z][A-Za-z0-9_-]{0,99}", re.IGNORECASE)
SERVED = Path(__file__).with_name("served_model.py")
PREDICTOR = "predictor"  # of a LoggedModel: its name


@dataclass(frozen=True)
class Deployed:
    """A version of a registered model.

    Args:
        alias: that points at it now. before: version that the alias pointed at until now; empty where there was none.
        store: in which it is registered.
    """

    name: str
    version: str
    alias: str
    before: str
    store: str

    @property
    def uri(self) -> str:
        """By which MLflow finds it."""
        return f"models:/{self.name}@{self.alias}"


def check_names(name: str, alias: str) -> None:
    """Raises InputError for names that cannot stand in `models:/NAME@ALIAS`."""
    if not NAME.fullmatch(name):
        raise InputError(
            f"`--name` must be letters, digits, `_`, `-` and `.`, beginning with a letter or a digit, got {name!r}."
        )
    if not ALIAS.fullmatch(alias):
        raise InputError(
            f"`--alias` must be letters, digits, `_` and `-`, beginning with a letter, and neither `latest` nor a "
            f"version such as `v2`, got {alias!r}."
        )


def export_of(directory: Path) -> Path:
    """The export in a directory, which is one or a search's.

    Raises:
        InputError: there is none, or one that does not take raw rows.
    """
    found = directory / EXPORTED if (directory / FILE).is_file() else directory
    if not (found / "model.py").is_file():
        if (directory / FILE).is_file():
            raise InputError(
                f"The search in {directory} has no exported winner. Finish it: nas resume {directory}; or export it: "
                f"nas export {directory} OUT, then nas deploy OUT"
            )
        raise InputError(f"There is neither a search nor an export in {directory}.")
    if not (found / PREDICT).is_file():
        raise InputError(
            f"The export in {found} takes arrays only: it has no {PREDICT}. Make it anew where the data is: nas export "
            f"{directory} NEW"
        )
    return found.absolute()


def deploy(directory: Path, name: str, alias: str, uri: str, experiment: str) -> Deployed:
    """Registers the export in `directory` as a new version of `name`, and moves the alias to it.

    Raises:
        InputError: bad names, no export, or a store that cannot be reached.
    """
    check_names(name, alias)
    export = export_of(directory)
    with reached(uri):
        client, found = connect(uri, experiment)
        run = _run_of(client, found, directory)
        model = _logged(client, found, export, run)
        if not client.search_registered_models(f"name = '{name}'"):
            client.create_registered_model(name)
        source = f"models:/{model}"
        linked: str | None = model
        if not uri.startswith("http"):  # MLflow's SQL store would ask the store of its global settings for the model
            source = client.get_logged_model(model).artifact_location
            linked = model if run is not None else None
        version = client.create_model_version(name, source, run_id=run, model_id=linked)
        return _pointed(client, name, alias, str(version.version), uri)


def move_alias(name: str, alias: str, version: str, uri: str, experiment: str) -> Deployed:
    """Points the alias at a version that there is: forward, or back.

    Raises:
        InputError: no such model or version, or a store that cannot be reached.
    """
    check_names(name, alias)
    with reached(uri):
        client, _ = connect(uri, experiment)
        there = sorted(int(one.version) for one in client.search_model_versions(f"name = '{name}'"))
        if int(version) not in there:
            known = ", ".join(map(str, there)) or "none: nothing is registered under this name"
            raise InputError(f"There is no version {version} of {name!r}. Its versions: {known}.")
        return _pointed(client, name, alias, version, uri)


def fetched(name: str, alias: str, uri: str, experiment: str, folder: Path) -> tuple[Path, str]:
    """The export behind an alias, copied into `folder`, and its version.

    Raises:
        InputError: nothing is registered so, it was not registered by `nas deploy`, or the store cannot be reached.
    """
    check_names(name, alias)
    database = database_of(uri)
    if database is not None and not database.is_file():
        raise InputError(f"{name!r} is no directory, and no registered model: there is no store at {database}.")
    with reached(uri):
        client, _ = connect(uri, experiment)
        models = client.search_registered_models(f"name = '{name}'")
        aliases = models[0].aliases if models else {}
        if alias not in aliases:
            raise InputError(
                f"{name!r} is no directory, and {uri} has no model of this name with the alias {alias!r}. Register "
                "one: nas deploy DIRECTORY --name NAME"
            )
        version = client.get_model_version(name, aliases[alias])
        from mlflow.artifacts import download_artifacts

        model = client.get_logged_model(version.model_id) if version.model_id else None
        source = model.artifact_location if model is not None else version.source
        download_artifacts(artifact_uri=source, dst_path=str(folder), tracking_uri=uri)
    found = sorted(folder.rglob(PREDICT))
    if not found:
        raise InputError(f"Version {version.version} of {name!r} is no export of `nas deploy`: it has no {PREDICT}.")
    return found[0].parent, str(version.version)


def _pointed(client: Any, name: str, alias: str, version: str, uri: str) -> Deployed:
    before = client.get_registered_model(name).aliases.get(alias, "")
    client.set_registered_model_alias(name, alias, version)
    return Deployed(name, version, alias, str(before), uri)


def _run_of(client: Any, experiment: str, directory: Path) -> str | None:
    """The run of the search in this directory, where it was tracked."""
    condition = f"tags.`{DIRECTORY}` = '{quoted(directory.absolute())}' and tags.`{TRIAL}` = 'search'"
    found = client.search_runs([experiment], condition, max_results=1)
    return str(found[0].info.run_id) if found else None


def _logged(client: Any, experiment: str, export: Path, run: str | None) -> str:
    """The export as a LoggedModel that answers raw rows."""
    import mlflow.pyfunc
    from mlflow.entities import LoggedModelOutput
    from mlflow.models import Model

    model = client.create_logged_model(experiment, name=PREDICTOR, source_run_id=run)
    try:
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Any type hint is inferred")  # rows may be anything, predict.py checks
            path = Path(folder) / "model"
            mlflow.pyfunc.save_model(
                str(path),
                python_model=str(SERVED),
                artifacts={"export": str(export)},
                mlflow_model=Model(model_uuid=model.model_id, run_id=run, model_id=model.model_id),
                pip_requirements=[f"mlflow=={mlflow.__version__}", *_requirements(export)],
            )
            client.log_model_artifacts(model.model_id, str(path))
    except BaseException:
        client.finalize_logged_model(model.model_id, "FAILED")
        raise
    client.finalize_logged_model(model.model_id, "READY")
    if run is not None:
        client.log_outputs(run, [LoggedModelOutput(model.model_id, 0)])
    return str(model.model_id)


def _requirements(export: Path) -> list[str]:
    lines = (export / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip()]


@contextlib.contextmanager
def reached(uri: str) -> Iterator[None]:
    """Says what to do about a store that is down, refuses, or asks for a password.

    Raises:
        InputError: any of these.
    """
    import requests
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, requests.RequestException, SQLAlchemyError, OSError) as error:
        text = str(error)
        if "401" in text or "UNAUTHENTICATED" in text or "not authenticated" in text:
            raise InputError(
                f"MLflow at {uri} asks for a user and a password. Set MLFLOW_TRACKING_USERNAME and "
                "MLFLOW_TRACKING_PASSWORD."
            ) from None
        first = (text.strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"MLflow at {uri} cannot be used: {first:.300}") from None

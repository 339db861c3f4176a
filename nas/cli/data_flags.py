"""The flags that say how data is read: one for each field of `DataOptions`, and `--options` for a TOML file of them."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from nas.config.data_options import DataOptions

PANEL = "How the data is read"
ARGUMENT = "options"  # of the command, which gets the `DataOptions`


def with_data_flags(command: Callable[..., None], names: Sequence[str] = ()) -> Callable[..., None]:
    """A command that takes `options: DataOptions`, with these flags in its place.

    What is said by a flag goes before what stands in the TOML file.

    Args:
        names: of the options that are flags; all of them, and the TOML file, where none is named.
    """
    signature = inspect.signature(command, eval_str=True)

    @functools.wraps(command)
    def run(*args: Any, **given: Any) -> None:
        said = {field.name: given.pop(field.name) for field in fields}
        said = {name: tuple(value) if isinstance(value, list) else value for name, value in said.items() if value}
        file = given.pop(ARGUMENT, None)
        options = DataOptions.from_toml(file, **said) if file else DataOptions(**said)
        command(*args, **given, **{ARGUMENT: options})

    own = [parameter for parameter in signature.parameters.values() if parameter.name != ARGUMENT]
    fields = [field for field in dataclasses.fields(DataOptions) if not names or field.name in names]
    flags = [*map(_flag, fields), *([] if names else [_file()])]
    run.__signature__ = signature.replace(parameters=[*own, *flags])  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in (*own, *flags)} | {"return": None}
    return run


def _flag(field: dataclasses.Field[Any]) -> inspect.Parameter:
    several = field.default == () and field.name in ("target", "ignore", "keep")
    named = f"--{field.name.replace('_', '-')}"
    text = field.metadata["help"] + (" Repeatable." if several else "")
    option = typer.Option(named, help=text, rich_help_panel=PANEL, metavar="TEXT", show_default=False)
    kind: Any = list[str] | None if several else str | None
    return inspect.Parameter(
        field.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind, option]
    )


def _file() -> inspect.Parameter:
    option = typer.Option(
        "--options",
        help="TOML file with these options, e.g. target = 'price'.",
        rich_help_panel=PANEL,
        show_default=False,
    )
    return inspect.Parameter(
        ARGUMENT, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[Path | None, option]
    )

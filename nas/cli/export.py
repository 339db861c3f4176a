"""`nas export`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nas.cli.options import Directory, console
from nas.errors import InputError


def export(
    directory: Directory,
    out: Annotated[Path, typer.Argument(help="A directory that does not exist yet.")],
    onnx: Annotated[
        bool, typer.Option("--onnx", help="Also write model.onnx (needs the extra [bold]onnx[/]).")
    ] = False,
    ensemble: Annotated[
        int,
        typer.Option(help="Export the average of so many networks of the final, chosen on the validation split."),
    ] = 0,
    trial: Annotated[
        int | None, typer.Option(help="Export this trial, e.g. of the Pareto front; it is trained in full first.")
    ] = None,
) -> None:
    """Export a search's winner as plain PyTorch that takes raw rows, proved in a clean interpreter."""
    from nas.export import export_winner
    from nas.export.ensemble import export_ensemble
    from nas.export.export import FINAL, absent

    if ensemble and (onnx or trial is not None):
        raise InputError(f"`--ensemble` and `{'--onnx' if onnx else '--trial'}` cannot go together. Leave one out.")
    absent(out)  # before anything is trained
    if ensemble:
        made = export_ensemble(directory, out, ensemble)
    else:
        final = FINAL if trial is None else _trained_in_full(directory, trial)
        made = export_winner(directory, out, onnx=onnx, final=final)
    console.print(f"Exported and verified: [bold green]{made}[/]", soft_wrap=True)
    if not (made / "predict.py").is_file():
        console.print("It takes arrays only: the data of the search cannot be read again as it was.", style="yellow")
    for path in sorted(made.iterdir()):
        console.print(f"  {path.name:<20}{path.stat().st_size:>12,} bytes", highlight=False)


def _trained_in_full(directory: Path, trial: int) -> str:
    from nas.final.single_trial import single_trial

    with console.status(f"Training trial {trial} in full") as status:
        return single_trial(
            directory,
            trial,
            lambda candidate, report: status.update(
                f"Training trial {trial} in full: epoch {report.epoch}, score {report.score:.4f}"
            ),
        )

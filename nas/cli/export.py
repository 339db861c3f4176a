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
    formats: Annotated[
        str,
        typer.Option(
            "--format",
            help="Beside plain PyTorch ([bold]python[/]), with commas between them: [bold]pt2[/] (torch.export), "
            "[bold]onnx[/], [bold]int8[/] (ONNX of 8 bits), [bold]hf[/] (a folder for the Hugging Face Hub).",
        ),
    ] = "python",
    ensemble: Annotated[
        int,
        typer.Option(help="Export the average of so many networks of the final, chosen on the validation split."),
    ] = 0,
    trial: Annotated[
        int | None, typer.Option(help="Export this trial, e.g. of the Pareto front; it is trained in full first.")
    ] = None,
    merge_normalisation: Annotated[
        bool,
        typer.Option("--merge-normalisation", help="Take batch normalisation into the convolutions in front of it."),
    ] = False,
) -> None:
    """Export a search's winner as plain PyTorch that takes raw rows, and in other formats, all proved."""
    from nas.export import export_winner
    from nas.export.ensemble import export_ensemble
    from nas.export.export import FINAL, absent
    from nas.export.formats import asked

    if ensemble and trial is not None:
        raise InputError("`--ensemble` and `--trial` cannot go together. Leave one out.")
    absent(out)  # before anything is trained
    chosen = asked(formats)
    if ensemble:
        made = export_ensemble(
            directory, out, ensemble, formats=chosen, merge_normalisation=merge_normalisation, say=_say
        )
    else:
        final = FINAL if trial is None else _trained_in_full(directory, trial)
        made = export_winner(
            directory, out, formats=chosen, merge_normalisation=merge_normalisation, final=final, say=_say
        )
    console.print(f"Exported and verified: [bold green]{made}[/]", soft_wrap=True)
    if not (made / "predict.py").is_file():
        console.print("It takes arrays only: the data of the search cannot be read again as it was.", style="yellow")
    for path in sorted(made.iterdir()):
        size = sum(one.stat().st_size for one in ([path] if path.is_file() else path.iterdir()))
        console.print(f"  {path.name:<20}{size:>12,} bytes", highlight=False)


def _say(text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


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

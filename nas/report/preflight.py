"""The pre-flight of a space as a table for the terminal and as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from nas.config.budget import duration
from nas.report.inspection import Preflight

QUANTILES = (0.0, 0.1, 0.5, 0.9, 1.0)
MOST_LINES = 8


def render(found: Preflight) -> RenderableType:
    """What the pre-flight found, for `rich.print`."""
    return Group(_summary(found), _spread(found), *_warnings(found))


def save_plot(found: Preflight, path: str | Path) -> Path:
    """Histograms of parameters, multiply-adds, memory and depth; PNG or SVG by the name's ending."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 4, figsize=(14, 3), constrained_layout=True)
    columns: list[tuple[str, Sequence[float]]] = [
        ("parameters", found.parameters),
        ("multiply-adds", found.macs),
        (f"MB to train, batch {found.batch_size}", [value / 1e6 for value in found.memory_bytes]),
        ("convolutions and linear layers", found.depth),
    ]
    for axis, (label, values) in zip(axes, columns, strict=True):
        if values:
            axis.hist(values, bins=40, color="#3b6ea5")
        axis.set_xlabel(label)
    axes[0].set_ylabel("architectures")
    valid = f"{len(found.parameters):,} of {found.samples:,} samples build and obey the rules"
    figure.suptitle(f"{found.space} on {_shape(found.task.input_shape)}: {valid}")
    figure.savefig(path)
    plt.close(figure)
    return Path(path)


def _summary(found: Preflight) -> Table:
    table = Table(title=f"Space {found.space} on inputs of {_shape(found.task.input_shape)}", show_header=False)
    table.add_row("decision sequences", f"{found.size:,}" if found.size < 10**15 else f"{float(found.size):.3g}")
    table.add_row("samples drawn", f"{found.samples:,} in {found.seconds:.1f} s")
    table.add_row("that build", f"{found.builds:.1%}")
    table.add_row("that also obey the rules", f"{found.obeys:.1%}")
    table.add_row("distinct networks per decision sequence", f"{found.distinct:.1%}")
    for timing in found.timings:
        size = f"{timing.parameters:,} parameters, {timing.macs / 1e6:,.1f} M multiply-adds"
        table.add_row(f"seconds per epoch of {found.examples:,}", f"{timing.seconds_per_epoch:.2f}  ({size})")
    if found.trainings is not None:
        text = f"about {found.trainings:,} trainings of {found.epochs} epochs; in full they take"
        table.add_row("the budget buys", f"{text} {duration(found.budget_seconds)}, {found.parallel} at a time")
    return table


def _spread(found: Preflight) -> Table:
    table = Table("of the valid ones", "least", "10 %", "half", "90 %", "most")
    rows: list[tuple[str, Sequence[float], float]] = [
        ("parameters", found.parameters, 1),
        ("multiply-adds, M", found.macs, 1e6),
        (f"MB to train at batch {found.batch_size}", found.memory_bytes, 1e6),
        ("convolutions and linear layers", found.depth, 1),
    ]
    for label, values, unit in rows:
        ordered = sorted(values)
        if ordered:
            picked = (ordered[round(share * (len(ordered) - 1))] / unit for share in QUANTILES)
            table.add_row(label, *(f"{value:,.0f}" if unit == 1 else f"{value:,.2f}" for value in picked))
    return table


def _warnings(found: Preflight) -> list[Text]:
    lines = [Text(f"{share:.1%} of the samples break the rule {rule}") for rule, share in found.rejections]
    lines += [Text(f"{times:,} samples do not build: {reason}", style="red") for reason, times in found.failures]
    if found.unreachable:
        listed = ", ".join(found.unreachable[:MOST_LINES])
        more = f" and {len(found.unreachable) - MOST_LINES} more" if len(found.unreachable) > MOST_LINES else ""
        lines.append(Text(f"Options that no valid sample has: {listed}{more}. Leave them out.", style="yellow"))
    return lines[: 2 * MOST_LINES]


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))

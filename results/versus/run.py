"""`nas search` beside what one would take instead: every peer at the same wall time on the same cores.

    NAS_SHARED=../shared python results/versus/run.py [--minutes 8 15] [--seeds 3] [--data NAME ...] [--peers NAME ...]

One process after another, so that none takes the other's cores; the machine must have nothing else to do. Each run is a
line of `runs.jsonl`, and one that is there is not repeated. Writes `table.md` and `versus.png` beside this script.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))
sys.path.insert(0, str(HERE))

import numpy as np
from data import ARCHIVES, folder, read

from results.machine import describe
from results.runs import Runs, half_interval, taken_at

PICTURES = ("cifar10_10k", "fashion_mnist_10k")
SERIES = ("ElectricDevices", "FordA", "ECG5000", "GunPoint", "JapaneseVowels")
PEERS = {  # what one would take for each data set; `nas_search` is what is compared with them
    **dict.fromkeys(PICTURES, ("nas_search", "resnet9", "optuna_glue", "gradient_boosting")),
    **dict.fromkeys(SERIES, ("nas_search", "rocket", "inception_time", "optuna_glue")),
    "adult": ("nas_search", "gradient_boosting", "linear"),
    "abalone": ("nas_search", "gradient_boosting", "linear"),
    "TREC": ("nas_search", "bag_of_ngrams"),
    "sms_spam": ("nas_search", "bag_of_ngrams"),
}
NETWORKS = ("resnet9", "inception_time", "optuna_glue", "nas_search")  # the others are baselines of the project
LAYOUT = {"adult": "features", "abalone": "features", "TREC": "tokens", "sms_spam": "tokens"}
SPACE = {"adult": "mlp", "abalone": "mlp", "TREC": "text", "sms_spam": "text"}
GRACE = 3.0  # times its budget, after which a peer is stopped


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, nargs="*", default=[8.0, 15.0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data", nargs="*", default=list(PEERS), choices=PEERS)
    parser.add_argument("--peers", nargs="*", help="only these")
    parser.add_argument("--lines", type=Path, default=HERE / "runs.jsonl", help="where runs are written down")
    parser.add_argument("--folder", type=Path, default=HERE, help="where table and picture go")
    asked = parser.parse_args()
    runs = Runs([asked.lines])
    for seed in range(asked.seeds):
        for minutes in asked.minutes:
            for name in asked.data:
                for peer in PEERS[name]:
                    if not asked.peers or peer in asked.peers:
                        runs.once((name, minutes, peer, seed), _later(peer, name, 60 * minutes, seed))
                report(runs, asked.folder)


def _later(peer: str, name: str, seconds: float, seed: int) -> Callable[[], dict[str, Any]]:
    return lambda: measured(peer, name, seconds, seed)


def measured(peer: str, name: str, seconds: float, seed: int) -> dict[str, Any]:
    """One peer in a process of its own: its line and the wall time seen from outside."""
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, str(HERE / "peers" / f"{peer if peer in NETWORKS else 'baseline'}.py")]
        if peer not in NETWORKS:
            command += [name, "--name", peer]
        else:
            command += [str(_archive(name, Path(place)))]
        if peer == "nas_search" and name in LAYOUT:
            command += ["--layout", LAYOUT[name], "--space", SPACE[name]]
        command += ["--seconds", str(seconds), "--seed", str(seed)]
        began = time.monotonic()
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=GRACE * seconds + 60)
        except subprocess.TimeoutExpired:
            return {"error": f"not ended after {GRACE * seconds + 60:.0f} s", "wall": time.monotonic() - began}
        wall = round(time.monotonic() - began, 1)
    if done.returncode:
        return {"error": done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no word", "wall": wall}
    line = json.loads(done.stdout.strip().splitlines()[-1])
    print(json.dumps(line), f"wall {wall} s", flush=True)
    return {**line, "wall": wall}


def _archive(name: str, place: Path) -> Path:
    """The archive of a data set; of a table or a text one is made, with training and validation part in one."""
    if name in ARCHIVES:
        return folder() / ARCHIVES[name]
    dataset = read(name)
    parts, test = (dataset.search.train, dataset.search.validation), dataset.test.open()
    path = place / f"{name}.npz"
    np.savez(
        path,
        x_train=np.concatenate([part.inputs for part in parts]),
        y_train=np.concatenate([part.targets for part in parts]).squeeze(),
        x_test=test.inputs,
        y_test=test.targets.squeeze(),
    )
    return path


def report(runs: Runs, place: Path) -> None:
    """`table.md` and `versus.png`."""
    lines = [
        "# What one would take instead, at equal wall time",
        "",
        f"{describe('torch', 'scikit-learn', 'optuna')}; at {taken_at(runs.lines)}. Made by `run.py` beside this page.",
        "Test accuracy (abalone: R²) on the official test part (abalone, sms_spam: a fixed random fifth); mean over",
        "seeds and its 95 % interval by Student's t.",
        "",
        "| data | minutes | peer | test | seeds | wall time, s | failed |",
        "|---|---|---|---|---|---|---|",
    ]
    groups: dict[tuple[str, float, str], list[dict[str, Any]]] = {}
    for line in runs.lines:
        data, minutes, peer, _ = line["key"]
        groups.setdefault((data, minutes, peer), []).append(line)
    for (data, minutes, peer), found in sorted(groups.items(), key=lambda item: (item[0][0], item[0][1])):
        values = np.array([line["test"] for line in found if "error" not in line])
        mean = "-" if not len(values) else f"{values.mean():.4f}"
        half = f" ± {half_interval(values):.4f}" if len(values) > 1 else ""
        wall = np.mean([line["wall"] for line in found])
        failed = len(found) - len(values)
        lines.append(f"| {data} | {minutes:g} | {peer} | {mean}{half} | {len(values)} | {wall:.0f} | {failed or ''} |")
    errors = {f"- {line['key'][2]} on {line['key'][0]}: {line['error']}" for line in runs.lines if "error" in line}
    lines += ["", *sorted(errors)] if errors else []
    (place / "table.md").write_text("\n".join(lines) + "\n")
    _draw(groups, place / "versus.png")


def _draw(groups: dict[tuple[str, float, str], list[dict[str, Any]]], path: Path) -> None:
    """A panel for each data set: a point for each run, minutes across, one colour for each peer."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = sorted({data for data, _, _ in groups})
    peers = sorted({peer for _, _, peer in groups}, key=lambda peer: (peer != "nas_search", peer))
    columns = min(4, len(names))
    rows = -(-len(names) // columns)
    figure, axes = pyplot.subplots(
        rows, columns, figsize=(3.4 * columns, 2.8 * rows), layout="constrained", squeeze=False
    )
    for panel in axes.flat[len(names) :]:
        panel.set_visible(False)
    for name, panel in zip(names, axes.flat, strict=False):
        budgets = sorted({minutes for data, minutes, _ in groups if data == name})
        for place, peer in enumerate(peers):
            shift = 0.12 * (place - (len(peers) - 1) / 2)  # side by side, so that equal scores stay apart
            points = [
                (budgets.index(minutes) + shift, line["test"])
                for (data, minutes, one), found in groups.items()
                if (data, one) == (name, peer)
                for line in found
                if "error" not in line
            ]
            if points:
                panel.scatter(*zip(*points, strict=True), s=18, color=f"C{place}", label=peer)
        panel.set_xticks(range(len(budgets)), [f"{minutes:g} min" for minutes in budgets])
        panel.set_xlim(-0.6, len(budgets) - 0.4)
        panel.set_title(name, fontsize=10)
        panel.set_ylabel("test score", fontsize=8)
    handles = {}
    for panel in axes.flat:
        handles.update(dict(zip(*panel.get_legend_handles_labels()[::-1], strict=True)))
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=len(peers), fontsize=8)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


if __name__ == "__main__":
    main()

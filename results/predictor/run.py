"""Kendall tau, recall and calibration of the predictors on recorded benchmarks.

    NAS_SHARED=../shared .venv/bin/python results/predictor/run.py [--seeds 20] [--seconds 600]

Trains on N random architectures and ranks up to 3,000 others of which none computes the same as one trained on
(`unique_str` for nasbench201). Labels are validation scores of one training (mean of seeds where the table has no
other), what is ranked is the test score. Every result is a line in `runs.jsonl`; a run goes on where the last stopped.
Lines of `stack` are of a predictor that is no longer in the package, see `notes.md`.
"""

from __future__ import annotations

import copy
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent))

import numpy as np
from scipy.stats import norm, rankdata
from sklearn.ensemble import RandomForestRegressor

from nas.benchmark.table import Layout, Table, read
from predictors import MEMBERS, NETWORK, PREDICTORS
from predictors.ensemble import Ensemble
from predictors.features import BlockArrays, Features, Standard, side_by_side
from predictors.members.gaussian_process import GaussianProcess
from predictors.members.trees import BoostedTrees
from predictors.metrics import calibration, calibration_error, kendall_tau, top_k_recall
from results.machine import describe
from results.runs import Runs, half_interval, main, taken_at
from search_spaces import SPACES, Task
from search_spaces.encoding import encode

SHARED = Path(os.environ.get("NAS_SHARED", HERE.parent.parent.parent / "shared"))
TEST = 3000
OTHER_SEEDS = 5  # of what the default is compared with
BARE = "auto without decisions"
PRODUCTS = "nasbench201 c10, 9,445, proxies and their products"  # chosen on validation scores, seeds 100 to 107
SPREAD = ", labels spread out"  # chosen on validation scores, seeds 100 to 109
POOL = 3000  # unlabelled networks among which those to label are spread out
LEVELS = np.linspace(0.05, 0.95, 19)


class Data:
    """A benchmark: architectures, labels, what is ranked, groups of equal networks, and further blocks."""

    def __init__(self, table: Table, label: str, ranked: str, groups: np.ndarray | None = None) -> None:
        self.space, self.task = table.space, table.task
        self.architectures = [table.space.replay(decisions) for decisions in table.decisions]
        self.labels, self.ranked = table.columns[label], table.columns[ranked]
        self.groups = np.arange(len(table)) if groups is None else groups
        self.rows = np.flatnonzero(np.isfinite(self.labels))
        self.extra: dict[str, Callable[..., np.ndarray]] = {}
        self.spread = False
        self.place = {id(one): place for place, one in enumerate(self.architectures)}

    def with_block(self, name: str, values: np.ndarray, rows: np.ndarray | None = None) -> Data:
        """The same with a further block, and only these rows."""
        other = copy.copy(self)
        other.extra = {**self.extra, name: lambda some: values[[self.place[id(one)] for one in some]]} if name else {}
        other.rows = self.rows if rows is None else rows
        return other

    def spread_out(self) -> Data:
        """The same, but what is learned from is spread out over the space in place of drawn."""
        other = copy.copy(self)
        other.spread = True
        return other

    def labelled(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Rows to learn from: drawn, or the medoids of k-means over all features of a pool of unlabelled networks."""
        if not self.spread:
            return rng.choice(self.rows, count, replace=False)
        from sklearn.cluster import KMeans

        pool = rng.choice(self.rows, min(POOL, len(self.rows)), replace=False)
        raw = Features(self.space, self.task, self.extra).blocks([self.architectures[row] for row in pool])
        blocks = [block / np.sqrt(block.shape[1]) for block in Standard.of(raw)(raw).values()]
        means = KMeans(count, n_init=1, random_state=int(rng.integers(1 << 31))).fit(np.hstack(blocks))
        far = means.transform(np.hstack(blocks))
        chosen: list[int] = []
        for cluster in range(count):
            chosen.append(next(int(at) for at in far[:, cluster].argsort() if at not in chosen))
        return pool[chosen]


def quantiles(columns: list[np.ndarray], rows: np.ndarray) -> np.ndarray:
    """(n, columns) normal quantiles over `rows`; zero elsewhere."""
    found = np.zeros((len(columns[0]), len(columns)))
    for place, column in enumerate(columns):
        found[rows, place] = norm.ppf((rankdata(column[rows]) - 0.5) / len(rows))
    return found


def datasets(wanted: set[str]) -> Iterator[tuple[str, Data]]:
    """The benchmarks by name, made when they are needed."""
    if any(name.startswith("nasbench201") for name in wanted):
        import pandas

        file = SHARED / "bench/nasbench201.csv.gz"
        unique = pandas.read_csv(file).unique_str.to_numpy()
        space = SPACES["nasbench201"]()
        tables = {
            name: read(
                file, space, Layout((f"{name}_val_200_mean",), f"{name}_test_200", task=Task((3, 32, 32), count))
            )
            for name, count in (("c10", 10), ("c100", 100))
        }
        c10 = Data(tables["c10"], "c10_val_200_mean", "c10_test_200", unique)
        columns = tables["c10"].columns
        published = [values for name, values in columns.items() if name.startswith("zc_c10")]
        live = np.flatnonzero(np.isfinite(columns["zc_c10_synflow"]))
        proxies = quantiles(published, live)
        early = columns["c10_val_12"][:, None]
        yield "nasbench201 c10", c10
        yield "nasbench201 c10, 9,445", c10.with_block("", proxies, live)
        yield "nasbench201 c10, 9,445, published proxies", c10.with_block("proxies", proxies, live)
        yield (
            "nasbench201 c10, 9,445, proxies and 12 epochs",
            c10.with_block("proxies", np.hstack([proxies, quantiles([early[:, 0]], live)]), live),
        )
        pairs = combinations_with_replacement(proxies.T, 2)
        products = c10.with_block("proxies", np.column_stack([proxies, *(a * b for a, b in pairs)]), live)
        yield PRODUCTS, products
        yield PRODUCTS + SPREAD, products.spread_out()
        yield "nasbench201 c100", Data(tables["c100"], "c100_val_200_mean", "c100_test_200", unique)
    if "nasbench_macro" in wanted:
        table = read(SHARED / "bench/nasbench_macro.csv.gz", SPACES["nasbench_macro"](), Layout(("acc1",), "mean_acc"))
        yield "nasbench_macro", Data(table, "acc1", "mean_acc")
    if "accel_nasbench" in wanted:
        task = Task((3, 224, 224), 1000)
        file = SHARED / "bench/accel_nasbench.csv.gz"
        table = read(file, SPACES["accel_nasbench"](), Layout(("val_top1",), "val_top1", task=task))
        yield "accel_nasbench", Data(table, "val_top1", "val_top1")


class RawForest:
    """scikit-learn's random forest, the GRAF paper's default learner, on our features."""

    def __init__(self, seed: int, names: tuple[str, ...] = ("structure", "cost", "proxies")) -> None:
        self.model, self.names = RandomForestRegressor(100, random_state=seed, n_jobs=1), names

    def fit(self, blocks: BlockArrays, targets: np.ndarray) -> RawForest:
        self.model.fit(side_by_side(blocks, self.names), targets)
        return self

    def predict(self, blocks: BlockArrays) -> tuple[np.ndarray, np.ndarray]:
        mean = self.model.predict(side_by_side(blocks, self.names))
        return mean, np.zeros_like(mean)


class LightTrees:
    """LightGBM with the settings of the prototype (400 trees of depth 4), for comparison only."""

    def __init__(self, names: tuple[str, ...], seed: int) -> None:
        self.names, self.seed = names, seed

    def fit(self, blocks: BlockArrays, targets: np.ndarray) -> LightTrees:
        import lightgbm

        shape: dict[str, Any] = {"num_leaves": 16, "max_depth": 4, "min_child_samples": 3, "n_estimators": 400}
        drawn: dict[str, Any] = {"subsample": 0.8, "subsample_freq": 1, "colsample_bytree": 0.4, "learning_rate": 0.04}
        model = lightgbm.LGBMRegressor(**shape, **drawn, random_state=self.seed, n_jobs=1, verbose=-1)
        self.model = model.fit(side_by_side(blocks, self.names), targets)
        return self

    def predict(self, blocks: BlockArrays) -> tuple[np.ndarray, np.ndarray]:
        mean = self.model.predict(side_by_side(blocks, self.names))
        return mean, np.zeros_like(mean)


CANDIDATES: dict[str, Callable[..., Any]] = {
    "auto": PREDICTORS["auto"],
    BARE: partial(
        Ensemble,
        {
            "process": lambda seed: GaussianProcess(NETWORK),
            "trees": lambda seed: BoostedTrees(NETWORK, seed),
        },
    ),
    "Gaussian process alone": PREDICTORS["gaussian_process"],
    "boosted trees alone": PREDICTORS["boosted_trees"],
    "ridge on decisions": partial(Ensemble, {"ridge": MEMBERS["options"]}),
    "random forest, structure and cost": partial(Ensemble, {"forest": RawForest}),
    "random forest, one-hot": partial(Ensemble, {"forest": lambda seed: RawForest(seed, ("decisions",))}),
    "LightGBM depth 4": partial(Ensemble, {"trees": partial(LightTrees, NETWORK)}),
}
COUNTS = (25, 50, 100, 200)


def one(data: Data, make: Callable[..., Any], count: int, seed: int) -> dict[str, Any]:
    """Trains and ranks once."""
    rng = np.random.default_rng(seed)
    train = data.labelled(count, rng)
    others = data.rows[~np.isin(data.groups[data.rows], data.groups[train])]
    test = rng.choice(others, min(TEST, len(others)), replace=False)
    some = lambda rows: [data.architectures[row] for row in rows]  # noqa: E731
    encode(some(train), data.space, data.task)
    predictor = make(space=data.space, task=data.task, seed=seed, extra=data.extra)
    began = time.process_time()
    predictor.fit(some(train), data.labels[train])
    fitted = time.process_time() - began
    found = predictor.predict(some(test))
    return {
        "tau": kendall_tau(found.mean, data.ranked[test]),
        "recall": top_k_recall(found.mean, data.ranked[test], len(test) // 20),
        "calibration": calibration_error(found.mean, found.std, data.labels[test]),
        "shares": calibration(found.mean, found.std, data.labels[test], LEVELS).round(4).tolist(),
        "seconds": round(fitted, 3),
        "out_of_fold": kendall_tau(predictor.out_of_fold.mean, data.labels[train]),
    }


def collect(runs: Runs, seeds: int) -> None:
    for first in (True, False):  # what the targets are about before what it is compared with
        for name, data in datasets({"nasbench201", "nasbench_macro", "accel_nasbench"}):
            for key in _plan(name, seeds if first else min(seeds, OTHER_SEEDS), first):
                _, candidate, count, seed = key
                runs.once(key, partial(one, data, CANDIDATES[candidate], count, seed))


def _plan(name: str, seeds: int, first: bool) -> Iterator[tuple[str, str, int, int]]:
    special = name.startswith(PRODUCTS)
    if not first:
        chosen = [] if special else [(candidate, 100) for candidate in CANDIDATES]
    elif special:
        chosen = [("auto", 100)]
    else:
        chosen = [*(("auto", count) for count in COUNTS), (BARE, 100)]
    yield from ((name, candidate, count, seed) for candidate, count in chosen for seed in range(seeds))


def report(runs: Runs) -> str:
    groups: dict[tuple[str, str, int], list[dict[str, Any]]] = {}
    for line in runs.lines:
        name, candidate, count, _ = line["key"]
        groups.setdefault((name, candidate, count), []).append(line)
        if candidate in ("auto", BARE) and count == 100 and line["key"][3] < OTHER_SEEDS:
            groups.setdefault((name, f"{candidate}, seeds below {OTHER_SEEDS}", count), []).append(line)
    out = [f"Taken on: {describe('numpy', 'scipy', 'scikit-learn')}; runs at {taken_at(runs.lines)}.", ""]
    for name in dict.fromkeys(key[0] for key in groups):
        out += [
            f"## {name}",
            "",
            "| predictor | labels | Kendall tau | best 5 % | out of fold | calibration error | CPU s a fit | seeds |",
        ]
        out.append("|---|---|---|---|---|---|---|---|")
        for (other, candidate, count), lines in groups.items():
            if other != name:
                continue
            taus = np.array([run["tau"] for run in lines])
            half = half_interval(taus)
            mean = {
                key: np.mean([run[key] for run in lines]) for key in ("recall", "out_of_fold", "calibration", "seconds")
            }
            figures = [f"{mean[key]:.3f}" for key in ("recall", "out_of_fold", "calibration")]
            cells = [candidate, str(count), f"{taus.mean():.3f} ± {half:.3f}", *figures, f"{mean['seconds']:.2f}"]
            out.append(f"| {' | '.join(cells)} | {len(lines)} |")
        out.append("")
    plot(groups)
    return "\n".join(
        [*out, f"On the 9,445 the validation scores themselves rank the test scores with tau {ceiling():.3f}."]
    )


def ceiling() -> float:
    """Tau of what is learned from, were it known of every network, with what is ranked."""
    import pandas

    table = pandas.read_csv(SHARED / "bench/nasbench201.csv.gz")
    live = table[table.zc_c10_synflow.notna()]
    return kendall_tau(live.c10_val_200_mean.to_numpy(), live.c10_test_200.to_numpy())


def plot(groups: dict[tuple[str, str, int], list[dict[str, Any]]]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 5), layout="constrained")
    for name in dict.fromkeys(key[0] for key in groups):
        runs = {
            count: runs for (other, candidate, count), runs in groups.items() if (other, candidate) == (name, "auto")
        }
        counts = sorted(runs)
        if len(counts) == 1:
            continue
        left.errorbar(
            counts,
            [np.mean([run["tau"] for run in runs[count]]) for count in counts],
            [half_interval(np.array([run["tau"] for run in runs[count]])) for count in counts],
            marker="o",
            capsize=3,
            label=name,
        )
        if 100 in runs:
            right.plot(LEVELS, np.mean([run["shares"] for run in runs[100]], axis=0), label=name)
    left.set(
        xlabel="labels",
        ylabel="Kendall tau on unseen architectures",
        xscale="log",
        title="ranking, with 95 % intervals",
    )
    left.set_xticks(COUNTS, labels=COUNTS)
    left.minorticks_off()
    right.plot([0, 1], [0, 1], "k:", lw=1)
    right.set(
        xlabel="central interval of probability", ylabel="share of scores inside", title="calibration at 100 labels"
    )
    left.grid(alpha=0.3)
    right.grid(alpha=0.3)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8)
    figure.savefig(HERE / "predictor.png", dpi=120)
    pyplot.close(figure)


if __name__ == "__main__":
    main(HERE, "The predictor", collect, report)

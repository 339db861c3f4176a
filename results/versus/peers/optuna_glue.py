"""A weekend of glue around Optuna: the tutorial's network with its sizes, rate and optimiser open.

    python results/versus/peers/optuna_glue.py DATA.npz --seconds S [--seed N]

TPE and the median pruner, five epochs a trial on 85 % of the examples for 78 % of the time; then the best is trained on
all of them until the time is over. Pictures or series.
"""

from __future__ import annotations

import time

BEGAN = time.monotonic()  # imports are part of what a person waits for

from collections.abc import Callable

import optuna
import torch
import torch.nn.functional as F
from arrays import Arrays, asked, finish, outputs_of, read
from torch import nn

EPOCHS, BATCH, FOR_TRIALS = 5, 128, 0.78
LAYERS = {1: (nn.Conv1d, nn.BatchNorm1d, nn.MaxPool1d), 2: (nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d)}


def network_of(trial: optuna.trial.BaseTrial, data: Arrays) -> nn.Sequential:
    """Convolutions with pooling and two linear layers."""
    convolution, norm, pool = LAYERS[data.x.ndim - 2]
    layers: list[nn.Module] = []
    channels = data.x.shape[1]
    for place in range(trial.suggest_int("layers", 2, 4)):
        width = trial.suggest_categorical(f"width{place}", [16, 32, 64])
        kernel = trial.suggest_categorical(f"kernel{place}", [3, 5])
        layers += [
            convolution(channels, width, kernel, padding=kernel // 2),
            norm(width),
            nn.ReLU(),
            pool(2, ceil_mode=True),
        ]
        channels = width
    hidden = trial.suggest_categorical("hidden", [64, 128, 256])
    layers += [nn.Flatten(), nn.Dropout(trial.suggest_float("dropout", 0, 0.5))]
    with torch.no_grad():
        features = nn.Sequential(*layers).eval()(data.x[:1]).shape[1]
    return nn.Sequential(*layers, nn.Linear(features, hidden), nn.ReLU(), nn.Linear(hidden, data.classes))


def trained(
    network: nn.Module,
    trial: optuna.trial.BaseTrial,
    data: Arrays,
    rows: torch.Tensor,
    goes_on: Callable[[int], bool],
    deadline: float,
) -> int:
    """Epochs that were trained, until `goes_on(epoch)` says no or until the deadline."""
    rate = trial.suggest_float("rate", 1e-4, 1e-2, log=True)
    kind = trial.suggest_categorical("optimizer", ["Adam", "AdamW"])
    optimizer = getattr(torch.optim, kind)(network.parameters(), lr=rate)
    epoch = 0
    while True:
        network.train()
        for index in rows[torch.randperm(len(rows))].split(BATCH):
            if time.monotonic() > deadline:
                return epoch
            if len(index) < 2:
                continue
            optimizer.zero_grad()
            F.cross_entropy(network(data.x[index]), data.y[index]).backward()
            optimizer.step()
        epoch += 1
        if not goes_on(epoch):
            return epoch


def accuracy(network: nn.Module, data: Arrays, rows: torch.Tensor) -> float:
    network.eval()
    outputs = outputs_of(network, data.x[rows], mirrored=False)
    return float((outputs.argmax(1) == data.y[rows]).float().mean())


def main() -> None:
    given = asked(__doc__ or "")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    data = read(given.data)
    order = torch.randperm(len(data.x))
    rows, held = order[: int(0.85 * len(order))], order[int(0.85 * len(order)) :]
    searched = BEGAN + FOR_TRIALS * given.seconds

    def objective(trial: optuna.Trial) -> float:
        network, best = network_of(trial, data), 0.0

        def goes_on(epoch: int) -> bool:
            nonlocal best
            best = accuracy(network, data, held)
            trial.report(best, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned
            return epoch < EPOCHS

        trained(network, trial, data, rows, goes_on, searched)
        return best

    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=given.seed),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=1),
    )
    study.optimize(objective, timeout=max(1.0, searched - time.monotonic()))
    best = study.best_trial
    network = network_of(best, data)
    began = time.monotonic()
    outputs_of(network.eval(), data.x_test[:512], mirrored=False)
    for_test = (time.monotonic() - began) / min(512, len(data.x_test)) * len(data.x_test) + 1.0
    every = torch.arange(len(data.x))
    epochs = trained(network, best, data, every, lambda epoch: True, BEGAN + given.seconds - for_test)
    finish(
        "optuna_glue", given, BEGAN, data, outputs_of(network.eval(), data.x_test, mirrored=False),
        epochs=epochs, trials=len(study.trials), parameters=sum(p.numel() for p in network.parameters()),
    )  # fmt: skip


if __name__ == "__main__":
    main()

"""An agent that runs a whole search through `nas ask` and `nas tell`: it trains the candidates itself.

    python examples/agent.py [DIRECTORY]

It uses nothing but the documents on stdout (docs/ask_tell.md), so it could be written in any language; only the
training below is Python. After the search `nas resume DIRECTORY` trains the best in full, tests and exports the winner.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from sklearn.datasets import load_digits
from torch import nn

from search_spaces import Architecture, Task, build

Call = Callable[..., str]


def command(*words: str) -> str:
    """What a command of `nas` prints."""
    done = subprocess.run([sys.executable, "-m", "nas.cli.main", *words], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def train(candidate: dict[str, Any]) -> float:
    """Accuracy on every fifth example of a network that was trained on the others for a few epochs."""
    task = Task.from_data(candidate["task"])
    torch.manual_seed(candidate["seed"])
    network = build(Architecture.from_json(json.dumps(candidate["architecture"])), task)
    digits = load_digits()
    inputs = torch.tensor(digits.images, dtype=torch.float32).reshape(-1, *task.input_shape) / 16
    targets = torch.tensor(digits.target)
    held_out = torch.arange(len(targets)) % 5 == 0
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.003)
    network.train()
    for _ in range(candidate["epochs"]):
        order = torch.randperm(int((~held_out).sum()))
        for batch in order.split(64):
            optimizer.zero_grad()
            chosen = inputs[~held_out][batch], targets[~held_out][batch]
            nn.functional.cross_entropy(network(chosen[0]), chosen[1]).backward()
            optimizer.step()
    network.eval()
    with torch.no_grad():
        right = network(inputs[held_out]).argmax(1) == targets[held_out]
    return float(right.float().mean())


def run(directory: str, call: Call = command, budget: str = "6 trials") -> dict[str, Any]:
    """The whole search; what it came to."""
    setting = ("--space", "mlp", "--budget", budget, "--epochs", "2", "--executor", "local", "--tracking-uri", "")
    call("search", "digits", *setting, "--directory", directory, "--prepare", "--quiet")
    while True:
        candidate = json.loads(call("ask", directory, "--json"))
        if candidate["number"] is None:
            break
        began = time.monotonic()
        try:
            found = ("--score", f"{train(candidate):.4f}")
        except RuntimeError as error:
            found = ("--failed", str(error) or type(error).__name__)
        seconds = f"{time.monotonic() - began:.3f}"
        call("tell", directory, str(candidate["number"]), *found, "--seconds", seconds, "--json")
    shown: dict[str, Any] = json.loads(call("show", directory, "--json"))
    return shown


if __name__ == "__main__":
    directory = sys.argv[1] if len(sys.argv) > 1 else "agent-search"
    outcome = run(directory)
    best = outcome["trials"][outcome["best"]]
    print(f"{len(outcome['trials'])} candidates, the best: {best['number']} with {best['score']:.4f}, {best['values']}")
    print(f"Train the best in full, test and export it: nas resume {directory}")

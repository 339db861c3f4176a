"""An agent on a made-up market: a branch for prices, one for headlines, a head for risk and one for decisions.

    python examples/market.py [BUDGET]

The market is generated, and its structure is known: volatility comes in waves, and a headline says where prices drift
next, unless they have gone that way already. So the risk is in the prices, and what to do is in the headline and the
prices together; neither alone tells it. The agent is searched and trained on the past. It is judged on the future,
against buying and holding, and against linear models of the last returns; who made the market shows what could be had.

This proves the machinery (several inputs, several targets, split by time, export by name) and nothing about real
markets, whose structure nobody knows. Do not trade by it.
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge

import nas
from search_spaces import Choice, Repeat, Space
from search_spaces.cells import MLP, Branch, Branches, Conv, Embed, Fusion, Head, Recurrent, Stem, Windows

PAST, NEXT = 24, 5  # days that are seen, and days that a decision holds for
DRIFT, LEVEL = 0.006, 0.010  # of a day that follows news; deviation of a usual day
TRADED = 0.010  # return of the next days beyond which something should have been done
COST = 0.001  # of a change from holding nothing to holding all
DECISIONS = {"sell": -1.0, "hold": 0.0, "buy": 1.0}
GOOD = ("beats", "wins", "raises", "expands", "delights")
BAD = ("misses", "loses", "cuts", "recalls", "disappoints")
PLAIN = ("reports", "meets", "moves", "names", "opens")
THINGS = ("profits", "an order", "its forecast", "a plant", "investors", "a new chief", "its suppliers")


@dataclass(frozen=True, eq=False)
class Market:
    """Non-overlapping stretches of days in the order of time.

    Args:
        window: returns of the days before, `(n, 1, PAST)`. headline: of the last evening, n texts.
        risk: logarithm of the volatility of the next days, `(n,)`. decision: what should be done, n words.
        future: return over the next days, `(n,)`.
        truth: drift of the next days by sign and logarithm of the volatility that they begin with, `(n, 2)`, which only
            the maker of the market knows.
    """

    window: np.ndarray
    headline: list[str]
    risk: np.ndarray
    decision: np.ndarray
    future: np.ndarray
    truth: np.ndarray

    def __len__(self) -> int:
        return len(self.future)

    def between(self, start: int, end: int) -> Market:
        """Some stretches in a row."""
        return Market(*(values[start:end] for values in vars(self).values()))

    @property
    def inputs(self) -> dict[str, Any]:
        """By the names of the branches."""
        return {"window": self.window, "headline": self.headline}

    @property
    def targets(self) -> dict[str, np.ndarray]:
        """By the names of the heads."""
        return {"risk": self.risk, "decision": self.decision}


def generated(stretches: int, seed: int = 0) -> Market:
    """The market. Its log-volatility is an AR(1) process; news moves prices only if they have not moved so before."""
    rng, words = np.random.default_rng(seed), random.Random(seed)
    days = PAST + NEXT * stretches
    waves = np.zeros(days)
    for day in range(1, days):
        waves[day] = 0.97 * waves[day - 1] + 0.12 * rng.normal()
    volatility = LEVEL * np.exp(waves)
    returns = np.zeros(days)
    returns[:PAST] = volatility[:PAST] * rng.normal(size=PAST)
    headlines, windows, future, risk, truth = [], [], [], [], []
    for start in range(PAST, days, NEXT):
        past, coming = returns[start - PAST : start], slice(start, start + NEXT)
        news = int(rng.integers(-1, 2))
        headlines.append(headline(news, words))
        priced_in = np.sign(past[-NEXT:].sum()) == news
        returns[coming] = volatility[coming] * rng.normal(size=NEXT) + DRIFT * news * (not priced_in)
        windows.append(past[None].copy())
        future.append(returns[coming].sum())
        risk.append(np.log(returns[coming].std()))
        truth.append((news * (not priced_in), np.log(volatility[start])))
    gains = np.array(future)
    decision = np.where(gains > TRADED, "buy", np.where(gains < -TRADED, "sell", "hold"))
    return Market(np.stack(windows), headlines, np.array(risk), decision, gains, np.array(truth))


def headline(news: int, words: random.Random) -> str:
    """Good, bad or no news; `fails to` turns good into bad, so that single words do not tell."""
    said = words.choice({1: GOOD, -1: BAD, 0: PLAIN}[news])
    company = words.choice(("the company", "the group", "the maker"))
    if news and words.random() < 0.3:
        opposite = words.choice(BAD if news > 0 else GOOD)
        return f"analysts were wrong : {company} never {opposite} {words.choice(THINGS)}"
    return f"{company} {said} {words.choice(THINGS)} , analysts say"


def agents() -> Space:
    """An LSTM, a GRU or convolutions on prices; the same or windows of words on headlines; three ways to join them."""
    recurrent = Recurrent(0, Choice("lstm", "gru"), Choice(False, True))
    prices = (Stem(Choice(16, 32), Choice(3, 5)), Choice(recurrent, Conv(kernel=5)), Head(Choice("last", "average")))
    texts = (Embed(Choice(16, 32)), Choice(recurrent, Windows(32, Choice((1, 2, 3), (2, 3, 4))), Conv()), Head("max"))
    return Space(
        "agents",
        Branches((Branch("window", prices), Branch("headline", texts)), Choice(16, 32), Choice(0, 4)),
        Fusion(Choice("concatenate", "gate", "attention"), 32),
        Repeat(MLP(32, dropout=Choice(0.0, 0.2)), Choice(1, 2)),
        Head(),
    )


def traded(decisions: np.ndarray, risk: np.ndarray, future: np.ndarray) -> dict[str, float]:
    """What decisions come to: smaller stakes at higher risk, costs for every change.

    Args:
        decisions: words, `(n,)`. risk: predicted logarithms of volatility, `(n,)`.
    """
    stake = np.minimum(1.0, LEVEL / np.exp(risk))
    held = np.array([DECISIONS[word] for word in decisions]) * stake
    gains = held * future - COST * np.abs(np.diff(held, prepend=0.0))
    yearly = 252 / NEXT
    return {"return a year": gains.mean() * yearly, "Sharpe ratio": gains.mean() / gains.std() * yearly**0.5}


def linear(train: Market, test: Market) -> tuple[np.ndarray, np.ndarray]:
    """Decisions and risk of linear models of the last returns and their sizes."""

    def rows(market: Market) -> np.ndarray:
        returns = market.window[:, 0] / LEVEL
        return np.concatenate([returns, np.abs(returns)], axis=1)

    decisions = LogisticRegression(max_iter=2_000, C=0.1).fit(rows(train), train.decision).predict(rows(test))
    return decisions, Ridge(10.0).fit(rows(train), train.risk).predict(rows(test))


def judged(decisions: np.ndarray, risk: np.ndarray, test: Market) -> dict[str, float]:
    """Both heads, and what they are worth."""
    spread = ((test.risk - test.risk.mean()) ** 2).sum()
    return {
        "right decisions": float((decisions == test.decision).mean()),
        "R² of risk": float(1 - ((test.risk - risk) ** 2).sum() / spread),
        **traded(decisions, risk, test.future),
    }


Table = dict[str, dict[str, float]]


def compared(market: Market, budget: str = "90s", **settings: Any) -> tuple[nas.SearchResult, Table]:
    """The search on the past, and the agent beside its rivals on the future that no one has seen.

    Args:
        settings: of `nas.search`.
    """
    first, second = 6 * len(market) // 10, 8 * len(market) // 10
    train, validation = market.between(0, first), market.between(first, second)
    test = market.between(second, len(market))
    parts = tuple((part.inputs, part.targets) for part in (train, validation, test))
    result = nas.search(parts, agents(), budget, weights=["risk=0.5", "decision=1"], **settings)
    said = nas.load_predictor(result.exported)(test.inputs)
    known = market.between(0, second)
    best = np.array(list(DECISIONS))[1 + test.truth[:, 0].astype(int)]
    found = {
        "the agent": judged(np.array(said["decision"].answers), said["risk"].outputs[:, 0], test),
        "linear models of returns": judged(*linear(known, test), test),
        "who made the market": judged(best, test.truth[:, 1], test),
        "buy and hold": judged(np.full(len(test), "buy"), np.full(len(test), np.log(LEVEL)), test),
    }
    return result, found


if __name__ == "__main__":
    result, found = compared(generated(4_000), *sys.argv[1:2])
    for name, values in found.items():
        print(f"{name:<26}" + "  ".join(f"{what} {value:.3f}" for what, value in values.items()))
    print("The market is made up: this proves the machinery and nothing about real markets.")

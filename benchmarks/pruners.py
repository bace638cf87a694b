"""Which pruner finds good models soonest: a replay of recorded learning curves.

    python -m benchmarks.pruners --data replay/taskset

Twelve text-classification tasks with 1,000 Adam configurations each (TaskSet; the curves' first
value is that of the untrained model and is left out, so that 50 epochs remain). A run draws
configurations at random, trains one after the other, and early stopping ends a trial after
`--patience` epochs without an improvement. Every pruner sees the same draws and is asked after
every epoch, through the code that the product runs. Measured is the regret of the best model of
a completed trial (a pruned trial's is not kept): 0 is the best of the task's 1,000, 1 is their
median; the mean over tasks and seeds, at equal numbers of epochs spent, and at equal numbers of
trials with the epochs that they took.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from automl.tuning.pruners import PRUNERS, make_pruner
from automl.tuning.pruners.base import CurvePruner
from automl.tuning.pruners.learning_curve import LearningCurve
from automl.tuning.pruners.peers import Peers
from automl.tuning.pruners.rules import START_UP, AshaPruner, MedianPruner, PatientPruner

EPOCHS = 50
BUDGETS = (250, 500, 1000, 1500)  # epochs: 5, 10, 20 and 30 whole trials
TRIALS = 30

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Task:
    """Best loss so far by configuration and epoch, cut where early stopping ends; its regrets."""

    curves: Sequence[Sequence[float]]
    regret: Array  # (configurations,), of a completed trial


@dataclass(frozen=True)
class Outcome:
    """Mean regret by budget, after `TRIALS` trials, and what these trials took."""

    at_budget: Sequence[float]
    at_trials: float
    epochs: float
    completed: float


def load(path: Path, patience: int) -> Task:
    losses = np.load(path)["valid"][:, 1:]
    losses = np.where(np.isfinite(losses), losses, math.inf)
    best = np.minimum.accumulate(losses, axis=1)
    final, curves = [], []
    for row in best:
        stop = _early_stop(row, patience)
        curves.append(row[:stop].tolist())
        final.append(row[stop - 1])
    scores = np.array(final)
    least, middle = best.min(), np.median(scores)
    return Task(curves, np.minimum((scores - least) / (middle - least), 10.0))


def _early_stop(best: Array, patience: int) -> int:
    """The number of epochs after which a trial ends by itself."""
    if patience >= EPOCHS:
        return EPOCHS
    stale = best[patience:] >= best[:-patience]
    return patience + int(stale.argmax()) + 1 if stale.any() else EPOCHS


def trials(
    task: Task, order: Sequence[int], pruner: CurvePruner | None
) -> Iterator[tuple[int, float]]:
    """Runs one search; yields each trial's epochs and regret (infinite where pruned)."""
    peers = Peers()
    for number, index in enumerate(order):
        whole = task.curves[index]
        stop = _stop(pruner, number, whole, peers)
        peers.add(LearningCurve(number, whole[:stop], completed=stop == len(whole)))
        yield stop, float(task.regret[index]) if stop == len(whole) else math.inf


def _stop(pruner: CurvePruner | None, number: int, whole: Sequence[float], peers: Peers) -> int:
    # A model that early stopping ends at this very epoch is complete: nothing is left to prune.
    for epoch in range(1, len(whole)) if pruner is not None else ():
        assert pruner is not None
        if pruner.stops(LearningCurve(number, whole[:epoch], completed=False), peers):
            return epoch
    return len(whole)


def measure(tasks: Sequence[Task], seeds: int, pruner: CurvePruner | None) -> Outcome:
    at_budget, at_trials, spent, completed = [], [], [], []
    for task in tasks:
        for seed in range(seeds):
            order = np.random.default_rng(seed).permutation(len(task.curves)).tolist()
            found, epochs, best = [math.nan] * len(BUDGETS), 0, 10.0
            for number, (took, regret) in enumerate(trials(task, order, pruner), start=1):
                for place, budget in enumerate(BUDGETS):
                    if epochs <= budget < epochs + took:
                        found[place] = best
                epochs, best = epochs + took, min(best, regret)
                completed.append(math.isfinite(regret))
                if number == TRIALS:
                    at_trials.append(best)
                    spent.append(epochs)
                if number >= TRIALS and epochs > BUDGETS[-1]:
                    break
            at_budget.append(found)
    means = np.array(at_budget).mean(axis=0).tolist()
    return Outcome(means, *(float(np.mean(v)) for v in (at_trials, spent, completed)))


class MedianOfAll(MedianPruner):
    """Compares with pruned and running trials too, which asks less of a trial."""

    compares_running = True

    def is_behind(self, curve: LearningCurve, peers: Peers) -> bool:
        rivals = peers.rivals(curve)
        return len(rivals) >= START_UP and curve.best[-1] > rivals.median()

    def threshold(self, curve: LearningCurve, epoch: int, peers: Peers) -> float:
        return -math.inf


def variants(patience: int) -> Mapping[str, CurvePruner | None]:
    """The shipped pruners by their names, and others that they were chosen from."""

    def asha(first: int, eta: int, start_up: int | None = None) -> AshaPruner:
        pruner = AshaPruner(direction="minimize", epochs=EPOCHS, first=first, eta=eta)
        pruner.start_up = start_up or eta
        return pruner

    median = partial(MedianPruner, direction="minimize")
    made = {
        name: make_pruner(name, direction="minimize", epochs=EPOCHS, patience=patience)
        for name in PRUNERS
    }
    shipped = {name: rule for name, rule in made.items() if isinstance(rule, CurvePruner)}
    return {
        "none": None,
        **shipped,
        "median, warm-up 1": median(warm_up=1),
        "median, warm-up 5": median(warm_up=5),
        "median of all, warm-up 2": MedianOfAll(direction="minimize", warm_up=2),
        "patient 5": PatientPruner(median(warm_up=2), direction="minimize", patience=5),
        "asha eta 2, first 2": asha(2, 2),
        "asha eta 3, first 1": asha(1, 3),
        "asha eta 3, first 2, start-up 1": asha(2, 3, start_up=1),
        "asha eta 3, first 2, start-up 5": asha(2, 3, start_up=5),
        "asha eta 3, first 2, start-up 10": asha(2, 3, start_up=10),
        "asha eta 3, first 3": asha(3, 3),
        "asha eta 3, first 5": asha(5, 3),
        "asha eta 4, first 2": asha(2, 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder of TaskSet .npz files")
    parser.add_argument("--seeds", type=int, default=60, help="runs per task and pruner")
    parser.add_argument("--patience", type=int, default=10, help="early stopping, in epochs")
    parser.add_argument("--only", default="", help="variants whose name contains this text")
    asked = parser.parse_args()
    paths = sorted(asked.data.glob("*.npz"))
    if not paths:
        parser.error(f"no .npz files in {asked.data}; give the folder of the TaskSet curves")
    tasks = [load(path, asked.patience) for path in paths]
    print(f"{len(tasks)} tasks x {asked.seeds} seeds, patience {asked.patience}: mean regret")
    columns = "".join(f"{f'{budget} ep.':>9}" for budget in BUDGETS)
    print(f"{'pruner':32}{columns}{f'{TRIALS} trials':>11}{'their ep.':>11}{'done':>7}{'time':>8}")
    for name, pruner in variants(asked.patience).items():
        if asked.only in name:
            began = time.perf_counter()
            result = measure(tasks, asked.seeds, pruner)
            cells = "".join(f"{value:9.4f}" for value in result.at_budget)
            print(
                f"{name:32}{cells}{result.at_trials:11.4f}{result.epochs:11.0f}"
                f"{result.completed:7.0%}{time.perf_counter() - began:7.1f}s",
                flush=True,
            )


if __name__ == "__main__":
    main()

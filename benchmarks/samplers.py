"""Which sampler finds good configurations soonest: a replay of recorded tables and surrogates.

    python -m benchmarks.samplers --data replay

Four complete tables (fcnet: a two-layer net on naval, parkinsons, protein and slice; 62,208
configurations of 9 hyperparameters, 4 seeds each, of which the trial's number picks one) and,
where onnxruntime is installed, twelve surrogates (LCBench: 7 hyperparameters, validation
cross-entropy after 52 epochs; the tasks whose fit has a Spearman correlation of 0.9 or more).
Every sampler runs through the code that the product runs. Measured is the regret of the best
trial: 0 is the best and 1 the median of the table (of 20,000 random draws from a surrogate, which
a sampler may beat); the mean over tasks and seeds after some numbers of trials, and the
processor time of a trial over the last hundred of them.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.samplers import BaseSampler
from optuna.storages.journal import BaseJournalBackend

from automl.space import Choice, Float, Int, SearchSpace
from automl.tuning.samplers import SAMPLERS, make_sampler
from automl.tuning.samplers.tpe import MOST_BAD, TpeSampler
from automl.tuning.storage import RunStorage

MARKS = (30, 100, 300, 1000, 3000, 10000)
TRUSTED = 0.9
DRAWS = 20_000
LAST_EPOCH = 52

Loss = Callable[[Mapping[str, Any], int], float]
Maker = Callable[[int, SearchSpace], BaseSampler]


@dataclass(frozen=True)
class Task:
    """A loss by configuration and trial number, and the losses that are regrets 0 and 1."""

    name: str
    space: SearchSpace
    loss: Loss
    least: float
    middle: float


class NoFile(BaseJournalBackend):
    """A journal that is only kept in memory."""

    def __init__(self) -> None:
        self._new: list[dict[str, Any]] = []

    def read_logs(self, log_number_from: int) -> Iterable[dict[str, Any]]:
        new, self._new = self._new, []
        return new

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        self._new += logs


def load_tables(folder: Path) -> list[Task]:
    """The tasks of fcnet."""
    paths = sorted(folder.glob("*.npz"))
    if not paths:
        return []
    options = json.loads((folder / "search_space.json").read_text())
    space = SearchSpace("fcnet", [Choice(name, values) for name, values in options.items()], None)
    places = {name: {v: i for i, v in enumerate(values)} for name, values in options.items()}
    shape = tuple(len(values) for values in options.values())
    tasks = []
    for path in paths:
        content = np.load(path)
        table = np.full((*shape, content["values"].shape[1]), np.nan)
        table[tuple(content["config_index"].T)] = content["values"]

        def loss(config: Mapping[str, Any], number: int, table: Any = table) -> float:
            index = tuple(places[name][config[name]] for name in places)
            return float(table[index][number % table.shape[-1]])

        means = content["values"].mean(axis=1)
        name = path.stem.removeprefix("hpolib_")
        tasks.append(Task(name, space, loss, float(means.min()), float(np.median(means))))
    return tasks


def load_surrogates(folder: Path) -> list[Task]:
    """The trusted tasks of LCBench; none where onnxruntime is not installed."""
    if not (folder / "model.onnx").exists() or find_spec("onnxruntime") is None:
        return []
    session = import_module("onnxruntime").InferenceSession(folder / "model.onnx")
    codes = json.loads((folder / "encoding.json").read_text())["OpenML_task_id"]
    forms = json.loads((folder / "config_space.json").read_text())["hyperparameters"]
    names = ("batch_size", "learning_rate", "momentum", "weight_decay", "num_layers", "max_units",
             "max_dropout")  # fmt: skip
    found = {form["name"]: form for form in forms}
    space = SearchSpace("lcbench", [_number(found[name]) for name in names], None)
    with (folder / "test_set_metrics.csv").open() as file:
        fits = [row for row in csv.DictReader(file) if row["target"] == "val_accuracy"]
    tasks = []
    for row in fits:
        if row["instance"] in codes and float(row["spearman"]) >= TRUSTED:
            code = codes[row["instance"]]

            def losses(points: Any, code: int = code) -> Any:
                epochs = np.full((len(points), 1), LAST_EPOCH)
                inputs = {
                    "x_cat": np.full((len(points), 1), code, np.int32),
                    "x_cont": np.hstack([epochs, points]).astype(np.float32),
                }
                return session.run(None, inputs)[0][:, 2]

            def loss(config: Mapping[str, Any], number: int, losses: Any = losses) -> float:
                return float(losses(np.array([[config[name] for name in names]]))[0])

            rng = np.random.default_rng(0)
            drawn = [space.sample(rng) for _ in range(DRAWS)]
            values = losses(np.array([[config[name] for name in names] for config in drawn]))
            task = Task(row["instance"], space, loss, float(values.min()), float(np.median(values)))
            tasks.append(task)
    return tasks


def _number(form: Mapping[str, Any]) -> Float | Int:
    kind = Int if form["type"] == "uniform_int" else Float
    return kind(form["name"], form["lower"], form["upper"], log=bool(form.get("log")))


def run(task: Task, sampler: BaseSampler, trials: int) -> tuple[list[float], float]:
    """The best loss after each trial as a regret, and milliseconds a trial at the end."""
    study = optuna.create_study(storage=RunStorage(NoFile()), sampler=sampler)
    best, found = np.inf, []
    for number in range(trials):
        if number == max(0, trials - 100):
            began = time.process_time()
        trial = study.ask()
        config = task.space.suggest(trial)
        value = task.loss(config, number)
        study._storage.set_trial_state_values(
            trial._trial_id, optuna.trial.TrialState.COMPLETE, [value]
        )
        best = min(best, value)
        found.append((best - task.least) / (task.middle - task.least))
    return found, (time.process_time() - began) * 1000 / min(trials, 100)


def shipped(name: str, seed: int, space: SearchSpace) -> BaseSampler:
    return make_sampler(name, seed=seed, space=space, workers=1, direction="minimize")


def optuna_tpe(seed: int, space: SearchSpace) -> BaseSampler:
    return optuna.samplers.TPESampler(
        multivariate=True, group=True, constant_liar=False, seed=seed, n_startup_trials=10
    )


def variants() -> dict[str, Maker]:
    """The shipped samplers by their names, and others that TPE's limit was chosen from."""
    names = [name for name in SAMPLERS if name not in ("grid", "gp")]
    made: dict[str, Maker] = {name: partial(shipped, name) for name in names}
    for most_bad in (100, 250, 1000, MOST_BAD):
        shown = f"tpe, {most_bad} bad trials" + (" (shipped)" if most_bad == MOST_BAD else "")
        made[shown] = partial(_tpe, most_bad)
    made["tpe of Optuna"] = optuna_tpe
    return made


def _tpe(most_bad: int, seed: int, space: SearchSpace) -> BaseSampler:
    return TpeSampler(seed, "minimize", most_bad=most_bad)


def measure(
    tasks: Sequence[Task], make: Maker, seeds: int, trials: int
) -> tuple[list[float], float]:
    """Mean regret at the marks, and milliseconds a trial."""
    regrets, times = [], []
    for task in tasks:
        for seed in range(seeds):
            found, spent = run(task, make(seed, task.space), trials)
            regrets.append([found[mark - 1] for mark in MARKS if mark <= trials])
            times.append(spent)
    return np.mean(regrets, axis=0).tolist(), float(np.mean(times))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder with fcnet and lcbench")
    parser.add_argument("--seeds", type=int, default=5, help="runs per task and sampler")
    parser.add_argument("--trials", type=int, default=300, help="trials of a run")
    parser.add_argument("--only", default="", help="samplers whose name contains this text")
    asked = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    kinds = {
        "tables": load_tables(asked.data / "fcnet"),
        "surrogates": load_surrogates(asked.data / "lcbench"),
    }
    if not any(kinds.values()):
        parser.error(f"no tasks in {asked.data}; give the folder that holds fcnet and lcbench")
    columns = "".join(f"{f'{mark} trials':>14}" for mark in MARKS if mark <= asked.trials)
    for kind, tasks in kinds.items():
        if not tasks:
            continue
        print(f"{len(tasks)} {kind} x {asked.seeds} seeds: mean regret")
        print(f"{'sampler':34}{columns}{'ms a trial':>12}")
        for name, make in variants().items():
            if asked.only in name:
                regrets, spent = measure(tasks, make, asked.seeds, asked.trials)
                cells = "".join(f"{value:14.4f}" for value in regrets)
                print(f"{name:34}{cells}{spent:12.1f}", flush=True)


if __name__ == "__main__":
    main()

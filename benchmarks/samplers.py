"""Which sampler finds good configurations soonest: a replay of recorded tables and surrogates.

    python -m benchmarks.samplers --data ../shared/replay

Four complete tables (fcnet: a two-layer net on naval, parkinsons, protein and slice; 62,208
configurations of 9 hyperparameters, 4 seeds each, of which the trial's number picks one) and,
where onnxruntime is installed, twelve surrogates (LCBench: 7 hyperparameters, validation
cross-entropy after 52 epochs; the tasks whose fit has a Spearman correlation of 0.9 or more).
One task is conditional: the `mlp` space with a loss that is made up (`load_conditional`).
Every sampler runs through the code that the product runs. Measured is the regret of the best
trial: 0 is the best and 1 the median of the table (of 20,000 random draws from a surrogate, which
a sampler may beat); the mean over tasks and seeds after some numbers of trials, and the
processor time of a proposal after 1,000.
"""

from __future__ import annotations

import argparse
import csv
import json
import shlex
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler
from optuna.storages.journal import BaseJournalBackend

from automl.space import Choice, Configuration, Float, Int, SearchSpace
from automl.space.registry import find_space
from automl.tuning.samplers import SAMPLERS, make_sampler
from automl.tuning.samplers.independent import IndependentSampler
from automl.tuning.samplers.replayable import ReplayableSampler, _view
from automl.tuning.samplers.tpe import MOST_BAD, TpeSampler
from automl.tuning.samplers.unit_cube import to_unit
from automl.tuning.storage import RunStorage
from benchmarks.machine import load, machine, version_line, versions
from benchmarks.results_file import markdown_table, write_section

MARKS = (30, 100, 300, 1000, 3000, 10000)
TRUSTED = 0.9
DRAWS = 20_000
LAST_EPOCH = 52
KINDS = ("tables", "conditional", "surrogates")
BEFORE, TIMED = 1000, 20

Loss = Callable[[Mapping[str, Any], int], float]
Regrets = npt.NDArray[np.float64]
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


def load_conditional() -> list[Task]:
    """The `mlp` space, dozens of hyperparameters under conditions, with a loss that is made up.

    Each active hyperparameter adds the squared distance of its place in the range from one of its
    own, drawn once; each option a number of its own. So much is to be learnt of each by itself,
    and how many there are depends on others, as in a real space.
    """
    space = find_space("mlp")
    rng = np.random.default_rng(0)
    distributions = {k: d for k, d in space.distributions().items() if not d.single()}
    wanted = {key: rng.uniform() for key in distributions}
    levels = {
        key: rng.uniform(size=len(distribution.choices))
        for key, distribution in distributions.items()
        if isinstance(distribution, CategoricalDistribution)
    }

    def loss(config: Mapping[str, Any], number: int) -> float:
        assert isinstance(config, Configuration)
        parts = []
        for key, value in space.optuna_params(config).items():
            distribution = distributions.get(key)
            if isinstance(distribution, CategoricalDistribution):
                parts.append(levels[key][distribution.choices.index(value)])
            elif isinstance(distribution, FloatDistribution | IntDistribution):
                parts.append((to_unit(distribution, value) - wanted[key]) ** 2)
        return float(np.mean(parts))

    values = [loss(space.sample(rng), 0) for _ in range(DRAWS)]
    return [Task("mlp", space, loss, float(min(values)), float(np.median(values)))]


def _number(form: Mapping[str, Any]) -> Float | Int:
    kind = Int if form["type"] == "uniform_int" else Float
    return kind(form["name"], form["lower"], form["upper"], log=bool(form.get("log")))


def run(task: Task, sampler: BaseSampler, trials: int) -> list[float]:
    """The best loss after each trial, as a regret."""
    study = optuna.create_study(storage=RunStorage(NoFile()), sampler=sampler)
    best, found = np.inf, []
    for number in range(trials):
        best = min(best, _trial(study, task, number))
        found.append((best - task.least) / (task.middle - task.least))
    return found


def _trial(study: optuna.Study, task: Task, number: int) -> float:
    trial = study.ask()
    value = task.loss(task.space.suggest(trial), number)
    study._storage.set_trial_state_values(
        trial._trial_id, optuna.trial.TrialState.COMPLETE, [value]
    )
    return value


def proposal_time(task: Task, sampler: BaseSampler) -> float:
    """Processor milliseconds of a proposal, of several after `BEFORE` random trials."""
    study = optuna.create_study(storage=RunStorage(NoFile()), sampler=IndependentSampler(0))
    for number in range(BEFORE):
        _trial(study, task, number)
    study.sampler = sampler
    spent = 0.0
    for number in range(BEFORE, BEFORE + TIMED + 1):
        began = time.process_time()
        task.space.suggest(study.ask())
        # The first one reads the record, as after a resume; it is not what the others take.
        spent += time.process_time() - began if number > BEFORE else 0.0
    return spent * 1000 / TIMED


def shipped(name: str, seed: int, space: SearchSpace) -> BaseSampler:
    return make_sampler(name, seed=seed, space=space, workers=1, direction="minimize")


def optuna_tpe(seed: int, space: SearchSpace) -> BaseSampler:
    """Optuna's TPE as it is: with a generator that a resumed search would have lost."""
    return _optuna_tpe(seed)


def wrapped_tpe(seed: int, space: SearchSpace) -> BaseSampler:
    """Optuna's TPE made a function of the record, as a resumed search needs it."""
    return _Wrapped(seed, _optuna_tpe)


class _Wrapped(ReplayableSampler):
    def sample_relative(
        self, study: optuna.Study, trial: optuna.trial.FrozenTrial, search_space: dict[str, Any]
    ) -> dict[str, Any]:
        # With groups, Optuna's proposes from what it has found when it was asked for the space.
        view, inner = _view(study, trial), self._inner(trial, "relative")
        inner.infer_relative_search_space(view, trial)
        return inner.sample_relative(view, trial, search_space)


def _optuna_tpe(seed: int) -> BaseSampler:
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
    made["tpe of Optuna, wrapped"] = wrapped_tpe
    return made


def _tpe(most_bad: int, seed: int, space: SearchSpace) -> BaseSampler:
    return TpeSampler(seed, "minimize", most_bad=most_bad)


def measure(tasks: Sequence[Task], make: Maker, seeds: int, trials: int) -> Regrets:
    """Regrets at the marks, shape (runs, marks)."""
    regrets = []
    for task in tasks:
        for seed in range(seeds):
            found = run(task, make(seed, task.space), trials)
            regrets.append([found[mark - 1] for mark in MARKS if mark <= trials])
    return np.array(regrets)


def table(tasks: Sequence[Task], asked: argparse.Namespace) -> str:
    """A row for each sampler; the last mark's regret also against that of the first sampler."""
    made = variants()
    marks = [mark for mark in MARKS if mark <= asked.trials]
    rows: list[list[str]] = []
    first = None
    for name in asked.only or made:
        regrets = measure(tasks, made[name], asked.seeds, asked.trials)
        spent = proposal_time(tasks[0], made[name](0, tasks[0].space))
        first = regrets if first is None else first
        gap = (regrets - first)[:, -1]
        error = gap.std(ddof=1) / np.sqrt(len(gap)) if len(gap) > 1 else np.nan
        against = f"{gap.mean():+.4f} ± {error:.4f}" if rows else ""
        cells = [f"{value:.4f}" for value in regrets.mean(axis=0)]
        rows.append([name, *cells, against, f"{spent:.1f}"])
        print("  ".join(rows[-1]), flush=True)
    header = ["sampler", *(f"{mark:,} trials" for mark in marks), "against the first", "ms"]
    return markdown_table(header, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder with fcnet and lcbench")
    parser.add_argument("--seeds", type=int, default=5, help="runs per task and sampler")
    parser.add_argument("--trials", type=int, default=300, help="trials of a run")
    parser.add_argument("--only", nargs="+", choices=list(variants()), help="samplers, in order")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="kinds of tasks")
    parser.add_argument("--output", type=Path, help="file that the tables are also put into")
    asked = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    busy = load()
    makers: dict[str, Callable[[], list[Task]]] = {
        "tables": lambda: load_tables(asked.data / "fcnet"),
        "surrogates": lambda: load_surrogates(asked.data / "lcbench"),
        "conditional": load_conditional,
    }
    kinds = {kind: makers[kind]() for kind in asked.kinds}
    if not any(kinds.values()):
        parser.error(f"no tasks in {asked.data}; give the folder that holds fcnet and lcbench")
    parts = [
        f"`{shlex.join(['python', '-m', 'benchmarks.samplers', *sys.argv[1:]])}`, {date.today()}, "
        f"load before: {busy:.1f}; {machine()}; {version_line(versions())}.",
        "Mean regret of the best trial (0 the best known, 1 the median of the task), the last "
        "column of regrets also as the paired difference from the first sampler's with its "
        f"standard error; processor milliseconds of a proposal after {BEFORE:,} random trials of "
        "the first task.",
    ]
    for kind, tasks in kinds.items():
        if tasks:
            heading = f"{len(tasks)} {kind} x {asked.seeds} seeds"
            print(heading, flush=True)
            parts.append(f"**{heading}**\n\n{table(tasks, asked)}")
    if asked.output is not None:
        write_section(asked.output, "samplers", "\n\n".join(["## Samplers", *parts]))


if __name__ == "__main__":
    main()

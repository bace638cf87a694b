"""Runs of any length without training: the real driver, study and samplers, scripted trials."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from automl.common.forms import to_form
from automl.data.metrics import Objective
from automl.results.run_directory import RunDirectory
from automl.space.registry import find_space
from automl.trial import TrialBudget
from automl.tuning.budget import Clock, SearchBudget
from automl.tuning.driver import Driver
from automl.tuning.driver_settings import DriverSettings
from automl.tuning.observer import Observer
from automl.tuning.pruners import make_pruner
from automl.tuning.samplers import make_sampler
from automl.tuning.study import RunStudy
from automl.tuning.study_opening import open_study
from tests.tuning.scripted_engine import ScriptedEngine

OBJECTIVE = Objective("mse", "minimize")
EPOCHS = 10
PATIENCE = 5
SPACE = "mlp"


@dataclass(frozen=True)
class Drive:
    """What one session of a scripted run took.

    Attributes:
        opening: Processor seconds until the driver was ready.
        driving: Processor seconds that it drove for.
        trials: Trials that it drove.
    """

    opening: float
    driving: float
    trials: int


def make_run(path: Path) -> RunDirectory:
    """An empty run."""
    return RunDirectory.create(
        path, {"objective": to_form(OBJECTIVE), "storage": None, "study": "scripted"}
    )


def drive(run: RunDirectory, trials: int, sampler: str = "random", pruner: str = "none") -> Drive:
    """Drives a run until it has so many trials, two at a time.

    Args:
        run: The run; it may have trials already.
        trials: Their number afterwards.
        sampler: Name of the sampler.
        pruner: Name of the pruner.
    """
    began = time.process_time()
    space = find_space(SPACE)
    made = make_sampler(sampler, seed=3, space=space, workers=2, direction=OBJECTIVE.direction)
    study = RunStudy(open_study(run, run.read_manifest(), made), space, seed=3)
    before = study.count()
    rule = None
    if pruner != "none":
        rule = make_pruner(pruner, direction=OBJECTIVE.direction, epochs=EPOCHS, patience=PATIENCE)
    budget = SearchBudget(trials)
    driver = Driver(
        study,
        ScriptedEngine(slots=2),
        DriverSettings(budget, TrialBudget(EPOCHS, PATIENCE), OBJECTIVE, 10, rule),
        Clock(budget),
        Observer(),
        lambda _: None,
    )
    ready = time.process_time()
    driver.run()
    return Drive(ready - began, time.process_time() - ready, trials - before)

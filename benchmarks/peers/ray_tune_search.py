"""Ray Tune: a function trainable, two trials at a time, random search, actors used again."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ray
from ray import tune

from automl.common.machine import usable_cores
from benchmarks.catalogue import ROOT
from benchmarks.peers.assignment import Assignment
from benchmarks.peers.clock import EventLog
from benchmarks.peers.fitting import fit
from benchmarks.peers.hyperparameters import (
    Domain,
    GivenHyperParameters,
    Options,
    RecordedHyperParameters,
)
from benchmarks.rows import Rows

AT_ONCE = 2
#: One thread a trial, as two run at once on two cores.
_WORKER_ENVIRONMENT = {
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "RAY_USAGE_STATS_ENABLED": "0",
    "PYTHONPATH": str(ROOT),
}


class _Noted(tune.Callback):  # type: ignore[misc]
    """Notes the end of every trial in the process that drives them."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        result = trial.last_result
        self._log.trial(result.get("val_loss"), result.get("epochs", 0))

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        self._log.trial(None, 0, state="error")


def search(assignment: Assignment, log: EventLog) -> None:
    """Searches as asked; every trial reports once, with its model as a checkpoint."""
    os.environ.update(_WORKER_ENVIRONMENT)  # which every process that Ray starts inherits
    ray.init(
        num_cpus=max(AT_ONCE, usable_cores()),
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
    )
    trainable = tune.with_parameters(
        _train, form=assignment.to_json(), rows=dict(assignment.rows())
    )
    tuner = tune.Tuner(
        tune.with_resources(trainable, {"cpu": 1}),
        param_space=param_space(assignment),
        tune_config=tune.TuneConfig(
            metric="val_loss",
            mode="min",
            num_samples=assignment.trials,
            max_concurrent_trials=AT_ONCE,
            reuse_actors=True,
            search_alg=tune.search.BasicVariantGenerator(random_state=assignment.seed),
        ),
        run_config=tune.RunConfig(
            name="search",
            storage_path=str(assignment.folder.absolute()),
            verbose=0,
            callbacks=[_Noted(log)],
        ),
    )
    results = tuner.fit()
    log.searched()
    ray.shutdown()
    if results.errors:
        raise results.errors[0]


def param_space(assignment: Assignment) -> dict[str, Any]:
    """Ray Tune's form of the workload's hyperparameters."""
    recorder = RecordedHyperParameters()
    assignment.shared.values(recorder)
    return {name: ray_domain(domain) for name, domain in recorder.domains.items()}


def ray_domain(domain: Domain) -> Any:
    """Ray Tune's form of what one hyperparameter may be."""
    if isinstance(domain, Options):
        return tune.choice(list(domain.values))
    if domain.whole:
        # Ray leaves out the upper end of whole numbers, but not where there is a step.
        least, most, step = int(domain.least), int(domain.most), int(domain.step or 1)
        if domain.log:
            return tune.lograndint(least, most + 1)
        return tune.randint(least, most + 1) if step == 1 else tune.qrandint(least, most, step)
    if domain.log:
        return tune.loguniform(domain.least, domain.most)
    if domain.step is None:
        return tune.uniform(domain.least, domain.most)
    return tune.quniform(domain.least, domain.most, domain.step)


def _train(config: Mapping[str, Any], form: Mapping[str, Any], rows: Rows) -> None:
    """One trial, in an actor."""
    model, score, epochs = fit(Assignment.from_json(form), GivenHyperParameters(config), rows)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.keras")
        checkpoint = tune.Checkpoint.from_directory(folder)
        tune.report({"val_loss": score, "epochs": epochs}, checkpoint=checkpoint)

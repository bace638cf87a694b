"""Ray Tune at work for an engine: where its trials come from and where its results go."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ray import tune
from ray.tune import Callback, CheckpointConfig, FailureConfig, RunConfig, TuneConfig, Tuner
from ray.tune.experiment import Trial
from ray.tune.search import Searcher
from typing_extensions import override

from automl.common.forms import to_form
from automl.engines.ray_cluster import Cluster
from automl.engines.ray_exchange import Exchange
from automl.engines.ray_trainable import SPEC, TrialTrainable
from automl.engines.ray_workload import Workload

_MACHINE_DIED = re.compile(
    r"its node has died|[Oo]wner's node has (crashed|died)"
    r"|node .{0,80}(has been|was) (marked dead|terminated|preempted|drained)"
    r"|NodeDiedError|NODE_DIED|[Tt]he node .{0,80}died",
    re.DOTALL,
)


class SubmittedTrials(Searcher):  # type: ignore[misc]  # Ray carries no types
    """Suggests what the driver has asked the run's own study for, in the driver's order.

    Args:
        exchange: Where the driver's trials wait.
    """

    def __init__(self, exchange: Exchange) -> None:
        super().__init__()
        self._exchange = exchange

    @override
    def suggest(self, trial_id: str) -> dict[str, Any] | None:
        spec = self._exchange.next_trial(trial_id)
        return None if spec is None else {SPEC: json.dumps(to_form(spec))}

    @override
    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Nothing: `Reporter` has heard of it, with the cause."""

    @override
    def save(self, checkpoint_path: str) -> None:
        """Nothing: a run is resumed from its own study."""

    def __getstate__(self) -> dict[str, Any]:
        return {}  # Tune pickles it for a resumption of its own


class Reporter(Callback):  # type: ignore[misc]  # Ray carries no types
    """Hands on what happens to trials.

    A callback, not a scheduler, because it alone can take a result's files out of it before Tune
    stores the result. Nobody decides here: a worker that waits gets its answer from the driver.

    Args:
        exchange: Where the driver hears of it.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    @override
    def on_step_begin(self, iteration: int, trials: list[Trial], **info: Any) -> None:
        self._exchange.check_open()

    @override
    def on_trial_start(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        self._exchange.placed(trial.trial_id, trial.temporary_state.ray_actor)

    @override
    def on_trial_result(
        self,
        iteration: int,
        trials: list[Trial],
        trial: Trial,
        result: dict[str, Any],
        **info: Any,
    ) -> None:
        self._exchange.took_step(trial.trial_id, result)

    @override
    def on_trial_error(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        said = Path(trial.error_file).read_text(encoding="utf-8") if trial.error_file else ""
        self._exchange.lost(trial.trial_id, describe_death(said), of_machine=is_of_machine(said))

    def __getstate__(self) -> dict[str, Any]:
        return {}  # Tune pickles it for a resumption of its own


def is_of_machine(said: str) -> bool:
    """Whether an actor died because its machine has left the cluster.

    Args:
        said: What Ray says about it.
    """
    return _MACHINE_DIED.search(said) is not None


def describe_death(said: str) -> str:
    """One sentence on why an actor died.

    Args:
        said: What Ray says about it, in many lines.
    """
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    for mark in ("Worker exit detail:", "The actor is dead because", "Error:", "Exception:"):
        for line in reversed(lines):
            if mark in line:
                detail = line.partition(mark)[2] if mark.endswith("detail:") else line
                return f"its Ray actor died: {detail.strip()}"
    return f"its Ray actor died: {lines[-1]}" if lines else "its Ray actor died"


def make_tuner(
    exchange: Exchange, workload: Workload, mailbox: Any, cluster: Cluster, workers: int, name: str
) -> Tuner:
    """A tuner that runs whatever is submitted until the exchange is closed.

    Args:
        exchange: Where trials come from and results go.
        workload: What all trials share; it goes through Ray's object store.
        mailbox: Handle of the actor that trials get their messages from.
        cluster: Where to run.
        workers: Trials at once.
        name: Name of the experiment within the cluster's folder.
    """
    trainable = tune.with_resources(
        tune.with_parameters(TrialTrainable, workload=workload, mailbox=mailbox),
        {"cpu": 1, "gpu": cluster.gpus},
    )
    return Tuner(
        trainable,
        tune_config=TuneConfig(
            search_alg=SubmittedTrials(exchange),
            num_samples=-1,
            max_concurrent_trials=workers,
            reuse_actors=True,
            trial_name_creator=_trial_name,
            trial_dirname_creator=_trial_name,
        ),
        run_config=RunConfig(
            name=name,
            storage_path=str(cluster.folder / "tune"),
            callbacks=[Reporter(exchange)],
            checkpoint_config=CheckpointConfig(checkpoint_at_end=False),
            failure_config=FailureConfig(max_failures=0),
            verbose=0,
        ),
    )


def _trial_name(trial: Trial) -> str:
    return str(trial.trial_id)

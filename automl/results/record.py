"""A run as recorded: its trials and baselines, read from the study without running any of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from automl.errors import RequestError, RunError
from automl.results.replay import StudyContent, StudyTrial, replay_journal
from automl.results.run_directory import RunDirectory
from automl.trial import TrialResult, TrialState

_BASELINE_PREFIX = "baseline:"


@dataclass(frozen=True)
class TrialRecord:
    """One trial or baseline of a run.

    Attributes:
        trial: The trial's number, or the baseline's name.
        state: Where it is in its life. A trial that was interrupted counts as running until
            the run is resumed.
        config: Value of every active hyperparameter.
        seed: The trial's seed, or None where none is recorded yet.
        result: How it ended, or None.
        scores: The objective after each epoch, in its own direction, the first epoch first.
    """

    trial: int | str
    state: TrialState
    config: Mapping[str, Any]
    seed: int | None
    result: TrialResult | None
    scores: tuple[float, ...] = ()

    @property
    def reason(self) -> str:
        """Why the trial failed or ended early, or an empty string."""
        return self.result.reason if self.result is not None else ""

    @property
    def is_ranked(self) -> bool:
        """Whether the trial has completed with a score that can be compared."""
        return (
            self.state is TrialState.COMPLETED
            and self.score is not None
            and not math.isnan(self.score)
        )

    @property
    def score(self) -> float | None:
        """The objective at the best epoch, in its own direction, or None without one."""
        return self.result.score if self.result is not None else None


@dataclass(frozen=True)
class RunRecord:
    """A run as recorded.

    Attributes:
        name: The run's name.
        objective: Name of the objective, such as ``log_loss``.
        direction: ``minimize`` or ``maximize``.
        trials: The trials by number.
        baselines: The baselines, in the order in which they were recorded.
        test_scores: The task's metrics on the test rows, by trial or baseline; only the best
            trial and the baselines are ever scored on them.
    """

    name: str
    objective: str
    direction: str
    trials: tuple[TrialRecord, ...]
    baselines: tuple[TrialRecord, ...] = ()
    test_scores: Mapping[int | str, Mapping[str, float]] = field(default_factory=dict)

    def find(self, trial: int | str) -> TrialRecord:
        """Finds a trial by its number, or a baseline by its name.

        Raises:
            RequestError: The run has no such trial.
        """
        for record in (*self.trials, *self.baselines):
            if record.trial == trial:
                return record
        known = f"0 to {len(self.trials) - 1}" if self.trials else "none yet"
        names = ", ".join(str(record.trial) for record in self.baselines) or "none"
        raise RequestError(
            f"The run {self.name} has no trial {trial}; its trials are {known}, "
            f"its baselines {names}."
        )

    def best(self) -> TrialRecord | None:
        """The completed trial with the best score, the earlier of equals; None without one."""
        sign = 1.0 if self.direction == "minimize" else -1.0
        scored = [
            (sign * record.score, index)
            for index, record in enumerate(self.trials)
            if record.score is not None and record.is_ranked
        ]
        return self.trials[min(scored)[1]] if scored else None


def read_record(run: RunDirectory) -> RunRecord:
    """Reads a run.

    The run's own journal is replayed without Optuna, because importing Optuna alone would take
    longer; a study in a database is read through Optuna.

    Args:
        run: The run's directory.

    Returns:
        All that the study says about the run.

    Raises:
        RunError: ``run.json`` or the study cannot be read.
    """
    manifest = run.read_manifest()
    objective = manifest.get("objective")
    if not isinstance(objective, Mapping) or not {"name", "direction"} <= objective.keys():
        raise RunError(f"{run.manifest_file} names no objective; restore it from a copy.")
    if objective["direction"] not in ("minimize", "maximize"):
        raise RunError(
            f"{run.manifest_file} gives the direction {objective['direction']!r}; "
            "expected minimize or maximize."
        )
    study = read_study(run, manifest)
    return RunRecord(
        name=run.name,
        objective=objective["name"],
        direction=objective["direction"],
        trials=tuple(_trial_record(trial) for trial in study.trials),
        baselines=tuple(
            _baseline_record(key.removeprefix(_BASELINE_PREFIX), form)
            for key, form in study.attributes.items()
            if key.startswith(_BASELINE_PREFIX)
        ),
        test_scores={
            int(key) if key.isdecimal() else key: dict(scores)
            for key, scores in study.attributes.get("test_scores", {}).items()
        },
    )


def read_study(run: RunDirectory, manifest: Mapping[str, Any]) -> StudyContent:
    """Reads the run's study, wherever it is kept.

    Args:
        run: The run's directory.
        manifest: The content of ``run.json``.

    Returns:
        The study; an empty one where nothing was recorded yet.

    Raises:
        RunError: The study cannot be read.
    """
    name = manifest.get("study") or run.name
    if manifest.get("storage"):
        return _read_from_storage(manifest["storage"], name)
    studies = replay_journal(run.study_file)
    # A run's own journal holds one study, whatever the run's directory was renamed to since.
    return studies[0] if studies else StudyContent(name)


def _read_from_storage(url: str, name: str) -> StudyContent:
    import optuna

    try:
        study = optuna.load_study(study_name=name, storage=url)
        trials = study.get_trials(deepcopy=False)
    except KeyError as error:
        raise RunError(f"There is no study {name} in the database of the run.") from error
    except Exception as error:  # each database driver has exceptions of its own
        raise RunError(f"The database of the run cannot be read ({error}).") from error
    states = {
        optuna.trial.TrialState.RUNNING: TrialState.RUNNING,
        optuna.trial.TrialState.COMPLETE: TrialState.COMPLETED,
        optuna.trial.TrialState.PRUNED: TrialState.PRUNED,
        optuna.trial.TrialState.FAIL: TrialState.FAILED,
        optuna.trial.TrialState.WAITING: TrialState.WAITING,
    }
    return StudyContent(
        name,
        dict(study.user_attrs),
        [
            StudyTrial(
                number=trial.number,
                state=states[trial.state],
                value=trial.values[0] if trial.values else None,
                values_by_epoch=dict(trial.intermediate_values),
                attributes=dict(trial.user_attrs),
            )
            for trial in trials
        ],
    )


def _trial_record(trial: StudyTrial) -> TrialRecord:
    form = trial.attributes.get("result")
    return TrialRecord(
        trial=trial.number,
        state=trial.state,
        config=trial.attributes.get("config", {}),
        seed=trial.attributes.get("seed"),
        result=None if form is None else _result(form, trial.number),
        scores=tuple(value for _, value in sorted(trial.values_by_epoch.items())),
    )


def _baseline_record(name: str, form: Mapping[str, Any]) -> TrialRecord:
    result = _result(form["result"], name)
    return TrialRecord(
        trial=name,
        state=result.state,
        config=form.get("config", {}),
        seed=form.get("seed"),
        result=result,
    )


def _result(form: Mapping[str, Any], trial: int | str) -> TrialResult:
    try:
        return TrialResult.from_json(form)
    except (TypeError, ValueError, KeyError) as error:
        raise RunError(
            f"The result of trial {trial} cannot be read ({error}); it may have been written by "
            "another version of automl."
        ) from error

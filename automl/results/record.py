"""A run as recorded: its trials and baselines, read from the study without running any of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from automl.common.forms import MOST, check_form, read_form
from automl.errors import RequestError, RunError
from automl.results.replay import StudyContent, StudyTrial
from automl.results.run_directory import RunDirectory
from automl.results.run_forms import BaselineForm
from automl.results.study_content import read_study
from automl.trial import TrialResult, TrialState
from automl.vocabulary.renamed_metrics import current_name

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
        study_trial: Where the epochs are, or None for a baseline.
        place: In a study that several runs share, the host and directory of the run that the
            trial belongs to; empty otherwise, and for a trial of this run.
    """

    trial: int | str
    state: TrialState
    config: Mapping[str, Any]
    seed: int | None
    result: TrialResult | None
    study_trial: StudyTrial | None = field(default=None, repr=False, compare=False)
    place: str = ""

    @cached_property
    def scores(self) -> tuple[float, ...]:
        """The objective after each epoch, in its own direction, the first epoch first.

        Read when it is asked for: 10,000 trials have 200,000 epochs, and a leaderboard needs
        those of the running trials only.

        Raises:
            RunError: They cannot be read.
        """
        values = {} if self.study_trial is None else self.study_trial.values_by_epoch
        if not _are_scores(values):
            raise _misfit(self.trial)
        return tuple(value for _, value in sorted(values.items()))

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
        of_model: Whether the objective is a metric that only a trial's own model computes.
        further: Metrics that were asked for beside those that always are.
        trials: The trials by number.
        baselines: The baselines, in the order in which they were recorded.
        test_scores: The task's metrics on the test rows, by trial or baseline; only the best
            trial and the baselines are ever scored on them.
        notes: What a reader should know of where this comes from, one sentence each.
    """

    name: str
    objective: str
    direction: str
    trials: tuple[TrialRecord, ...]
    baselines: tuple[TrialRecord, ...] = ()
    test_scores: Mapping[int | str, Mapping[str, float]] = field(default_factory=dict)
    of_model: bool = False
    further: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        """Metrics of the task that the search named, the objective first."""
        own = () if self.of_model or self.objective == "loss" else (self.objective,)
        return (*own, *self.further)

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


def read_record(
    run: RunDirectory, content: StudyContent | None = None, storage: str | None = None
) -> RunRecord:
    """Reads a run.

    The run's own journal is replayed without Optuna, because importing Optuna alone would take
    longer. A database is opened only where the person who reads has named it, for a run may come
    from a stranger; else of a run whose study is in one, its ``leaderboard.csv`` is read.

    Args:
        run: The run's directory.
        content: What its study holds, where that is known already.
        storage: The database that the run's study is in, as the reader names it; or None.

    Returns:
        All that the study says about the run.

    Raises:
        RequestError: The run's study is not in ``storage``.
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
    kind = str((manifest.get("task") or {}).get("kind", ""))
    named = current_name(objective["name"], kind)
    own: dict[str, Any] = {
        "of_model": bool(objective.get("of_model", False)),
        "further": tuple(objective.get("further", ())),
    }
    if manifest.get("storage") and storage is None and content is None:
        from automl.results.recorded_board import record_of_board

        return replace(record_of_board(run, named, objective["direction"]), **own)
    study = content or read_study(run, manifest, storage)
    trials = tuple(
        _trial_record(trial, kind, _place(trial, study, manifest)) for trial in study.trials
    )
    baselines = tuple(
        _baseline_record(key.removeprefix(_BASELINE_PREFIX), form, kind)
        for key, form in study.attributes.items()
        if key.startswith(_BASELINE_PREFIX)
    )
    return RunRecord(
        name=run.name,
        objective=named,
        direction=objective["direction"],
        trials=trials,
        baselines=tuple(_comparable(one, objective, trials) for one in baselines),
        test_scores=_test_scores(study.attributes.get("test_scores", {}), kind),
        **own,
    )


def _comparable(
    baseline: TrialRecord, objective: Mapping[str, Any], trials: Sequence[TrialRecord]
) -> TrialRecord:
    """A baseline that is ranked only where its score is what the trials' scores are."""
    if baseline.result is None or baseline.state is not TrialState.COMPLETED:
        return baseline
    reason = ""
    if objective.get("of_model"):
        reason = f"it is not ranked: {objective['name']} is a metric of the trials' own models"
    elif objective["name"] == "loss":
        losses = [one.result.loss for one in trials if one.is_ranked and one.result is not None]
        own, theirs = baseline.result.loss, losses[0] if losses else ""
        if losses and (not own or own != theirs):
            reason = (
                f"it is not ranked: its loss is {own or 'in another unit'}, and that of the "
                f"trials {theirs or 'is not known'}"
            )
    if not reason:
        return baseline
    reason = f"{reason}; --objective with a metric of the task ranks all"
    return replace(baseline, result=replace(baseline.result, score=None, reason=reason))


def _place(trial: StudyTrial, study: StudyContent, manifest: Mapping[str, Any]) -> str:
    """The run that a trial of a shared study belongs to, if it is another than this one."""
    driver = trial.attributes.get("driver")
    if driver is None or driver == manifest.get("driver"):
        return ""
    return str(study.attributes.get(f"driver:{driver}", f"with the name {driver}"))


def _trial_record(trial: StudyTrial, kind: str, place: str = "") -> TrialRecord:
    form = trial.attributes.get("result")
    # Of a trial with a result they are looked at when they are asked for.
    values = trial.values_by_epoch if form is None else {}
    config, seed = trial.attributes.get("config", {}), trial.attributes.get("seed")
    result = None if form is None else _result(form, trial.number, kind)
    # Written by one process in one order, these can only differ where the study was changed.
    agree = isinstance(config, dict) and isinstance(seed, int | None)
    agree = agree and _are_scores(values)
    if trial.state is TrialState.COMPLETED:
        agree = agree and result is not None and result.state is TrialState.COMPLETED
        agree = agree and result is not None and result.score == trial.value
    if not agree:
        raise _misfit(trial.number)
    return TrialRecord(
        trial=trial.number,
        state=trial.state,
        config=config,
        seed=seed,
        result=result,
        study_trial=trial,
        place=place,
    )


def _are_scores(values: Mapping[int, Any]) -> bool:
    """Whether epochs and scores are numbers that a search may have written."""
    return all(
        type(epoch) is int and (type(score) is float or (type(score) is int and abs(score) < MOST))
        for epoch, score in values.items()
    )


def _misfit(trial: int | str) -> RunError:
    return RunError(
        f"What the study says of trial {trial} does not fit together, so it was changed after it "
        "was written; restore the study from a copy."
    )


def _baseline_record(name: str, form: Any, kind: str) -> TrialRecord:
    try:
        check_form(BaselineForm, form)
    except ValueError as error:
        raise _unreadable(f"trial {name}", error) from error
    result = _result(form["result"], name, kind)
    return TrialRecord(
        trial=name,
        state=result.state,
        config=form["config"],
        seed=form["seed"],
        result=result,
    )


def _result(form: Mapping[str, Any], trial: int | str, kind: str) -> TrialResult:
    try:
        result = read_form(TrialResult, form)
    except ValueError as error:
        raise _unreadable(f"trial {trial}", error) from error
    return replace(
        result,
        metrics=_named_today(result.metrics, kind),
        train_metrics=_named_today(result.train_metrics, kind),
    )


def _named_today(metrics: Mapping[str, float], kind: str) -> dict[str, float]:
    """Metrics under the names that they have today; an older run may call them otherwise."""
    return {current_name(name, kind): value for name, value in metrics.items()}


def _test_scores(form: Any, kind: str) -> dict[int | str, Mapping[str, float]]:
    """The test scores by trial or baseline.

    Raises:
        RunError: They are none.
    """
    try:
        check_form(_TestScores, {"scores": form})
    except ValueError as error:
        raise _unreadable("the test rows", error) from error
    return {
        int(key) if key.isdecimal() else key: _named_today(scores, kind)
        for key, scores in form.items()
    }


@dataclass(frozen=True)
class _TestScores:
    """What a study records of the test rows."""

    scores: Mapping[str, Mapping[str, float | None]]


def _unreadable(what: str, error: ValueError) -> RunError:
    return RunError(
        f"The result of {what} cannot be read ({error}); it may have been written by another "
        "version of automl, or changed since."
    )

"""Reads what a run has recorded: from its study, or from its board where that is closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from automl.common.forms import from_form, read_form
from automl.data.options import RESHUFFLE
from automl.errors import RunError
from automl.results.ensembles import CHOSEN, EnsembleForm, recorded_ensembles
from automl.results.record import AgainstConstant, RunRecord, TrialRecord, are_scores, misfit
from automl.results.recorded_board import record_of_board
from automl.results.refits import RefitForm, recorded_refit
from automl.results.replay import StudyContent, StudyTrial
from automl.results.run_directory import RunDirectory
from automl.results.run_forms import BaselineForm, ObjectiveForm
from automl.results.scorings import (
    FinalistScoring,
    compared,
    over_scorings,
    recorded_finalists,
    recorded_scorings,
    trial_of_model,
)
from automl.results.study_content import read_study
from automl.results.study_entries import entries
from automl.results.temperatures import recorded_temperatures
from automl.results.voids import voided_trials
from automl.trial import (
    PREDICTIONS_FILE,
    REFIT,
    TrialResult,
    TrialState,
    file_of_trial,
    trial_named,
)
from automl.vocabulary.directions import MAXIMIZE, MINIMIZE
from automl.vocabulary.renamed_metrics import current_name

_BASELINE_PREFIX = "baseline:"
T = TypeVar("T")


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
    objective = _objective_of(run, manifest)
    kind = str((manifest.get("task") or {}).get("kind", ""))
    named = current_name(objective.name, kind)
    own: dict[str, Any] = {
        "of_model": objective.of_model,
        "further": tuple(objective.further),
        "own": tuple(one.name for one in objective.own),
    }
    if manifest.get("storage") and storage is None and content is None:
        board = record_of_board(run, named, objective.direction)
        return replace(board, **own, notes=(*board.notes, *_division_notes(manifest)))
    study = content or read_study(run, manifest, storage)
    voided = voided_trials(study.attributes)
    trials = _with_scorings(
        study.attributes,
        tuple(
            _trial_record(run, trial, kind, _place(trial, study, manifest), voided)
            for trial in study.trials
        ),
    )
    baselines = tuple(
        _baseline_record(run, name, form, kind)
        for name, form in entries(study.attributes, _BASELINE_PREFIX)
    )
    ensembles = recorded_ensembles(study.attributes)
    made = tuple(_ensemble_record(name, form, trials, voided) for name, form in ensembles.items())
    refit = _refit_record(run, recorded_refit(study.attributes), trials, voided)
    tested = _tested(study.attributes)
    return RunRecord(
        name=run.name,
        objective=named,
        ensembles=made,
        refit=refit,
        chosen=_chosen(study.attributes, made if refit is None else (*made, refit)),
        direction=objective.direction,
        trials=trials,
        baselines=tuple(_comparable(one, objective, trials) for one in baselines),
        test_scores={
            trial_named(name): _named_today(scores, kind) for name, scores in tested.scores.items()
        },
        notes=_division_notes(manifest),
        test_intervals={trial_named(name): ends for name, ends in tested.intervals.items()},
        temperatures=recorded_temperatures(study.attributes),
        against_constant=_against_constant(study.attributes.get("against_constant")),
        **own,
    )


def _with_scorings(
    attributes: Mapping[str, Any], trials: tuple[TrialRecord, ...]
) -> tuple[TrialRecord, ...]:
    """The trials, of which finalists have the scores of the trainings with fresh seeds."""
    scored = compared(recorded_finalists(attributes), recorded_scorings(attributes))
    return tuple(
        _rescored(trial, trial.result, scorings)
        if (scorings := scored.get(int(trial.trial))) and trial.result is not None
        else trial
        for trial in trials
    )


def _rescored(
    trial: TrialRecord, result: TrialResult, scorings: tuple[FinalistScoring, ...]
) -> TrialRecord:
    final = over_scorings(result, scorings)
    return replace(trial, state=final.state, result=final, scorings=scorings, searched=result)


def _ensemble_record(
    name: str, form: EnsembleForm, trials: Sequence[TrialRecord], voided: Mapping[int, str]
) -> TrialRecord:
    """An ensemble as a row of the leaderboard; of test-time views, with its trial's configuration.

    Raises:
        RunError: It is of a trial that the run does not have.
    """
    of = trial_of_model(form.members[0].name) if form.test_time_views else None
    if of is not None and of >= len(trials):
        raise misfit(name)
    trained = None if of is None else trials[of].result
    each = 0 if trained is None else trained.multiply_adds
    result = TrialResult(
        TrialState.COMPLETED,
        score=form.score,
        metrics=form.metrics,
        folds=tuple(form.folds),
        parameters=form.parameters,
        model_hash=form.model_hash,
        multiply_adds=each * len(form.test_time_views),
    )
    return TrialRecord(
        name,
        TrialState.COMPLETED,
        {} if of is None else trials[of].config,
        None if of is None else trials[of].seed,
        result,
        test_time_views=tuple(form.test_time_views),
        members=tuple(form.members),
        parts=tuple(form.parts),
        voided=_void_member(form, voided),
    )


def _void_member(form: EnsembleForm, voided: Mapping[int, str]) -> str:
    """Why an ensemble is void, if it is: with a model of a trial that is; or ""."""
    for member in form.members:
        trial = trial_of_model(member.name)
        if trial is not None and trial in voided:
            return f"its member of trial {trial} is void ({voided[trial]})"
    return ""


def _refit_record(
    run: RunDirectory,
    form: RefitForm | None,
    trials: Sequence[TrialRecord],
    voided: Mapping[int, str],
) -> TrialRecord | None:
    """The refit as a row of the leaderboard, or None.

    Raises:
        RunError: It is of a trial that the run does not have.
    """
    if form is None:
        return None
    if form.trial >= len(trials):
        raise misfit(REFIT)
    told = f"trained as trial {form.trial} on {form.rows:,} rows, so no rows have validated it"
    return TrialRecord(
        REFIT,
        TrialState.COMPLETED,
        trials[form.trial].config,
        form.seed,
        replace(form.result, state=TrialState.COMPLETED, reason=told, predictions=""),
        refit_of=form.trial,
        voided=f"trial {form.trial} is void ({voided[form.trial]})" if form.trial in voided else "",
    )


def _chosen(attributes: Mapping[str, Any], made: Sequence[TrialRecord]) -> str:
    """The ensemble or refit that is exported, or "" where a trial is."""
    chosen = attributes.get(CHOSEN, "")
    return next((str(one.trial) for one in made if one.trial == chosen and not one.voided), "")


def _objective_of(run: RunDirectory, manifest: Mapping[str, Any]) -> ObjectiveForm:
    """What a run says of its objective.

    Raises:
        RunError: It says nothing that could be ranked by.
    """
    form = manifest.get("objective")
    if form is None:
        raise RunError(f"{run.manifest_file} names no objective; restore it from a copy.")
    objective = from_form(ObjectiveForm, form)
    if objective.direction not in (MINIMIZE, MAXIMIZE):
        raise RunError(
            f"{run.manifest_file} gives the direction {objective.direction!r}; "
            "expected minimize or maximize."
        )
    return objective


def _division_notes(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """What a reader should know of how the trials' rows were divided."""
    data = (manifest.get("request") or {}).get("data") or {}
    if data.get("holdout") != RESHUFFLE:
        return ()
    return (
        "Each trial has a division of its own (--holdout reshuffle): the scores come from "
        "different rows, so a small difference tells little.",
    )


def _comparable(
    baseline: TrialRecord, objective: ObjectiveForm, trials: Sequence[TrialRecord]
) -> TrialRecord:
    """A baseline that is ranked only where its score is what the trials' scores are."""
    if baseline.result is None or baseline.state is not TrialState.COMPLETED:
        return baseline
    reason = ""
    if objective.of_model:
        reason = f"it is not ranked: {objective.name} is a metric of the trials' own models"
    elif objective.name == "loss":
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


def _trial_record(
    run: RunDirectory, trial: StudyTrial, kind: str, place: str, voided: Mapping[int, str]
) -> TrialRecord:
    form = trial.attributes.get("result")
    # Of a trial with a result they are looked at when they are asked for.
    values = trial.values_by_epoch if form is None else {}
    config, seed = trial.attributes.get("config", {}), trial.attributes.get("seed")
    result = None
    if form is not None:
        read = _read(TrialResult, form, f"trial {trial.number}")
        result = _as_today(run, read, trial.number, kind)
    # Written by one process in one order, these can only differ where the study was changed.
    agree = isinstance(config, dict) and isinstance(seed, int | None)
    agree = agree and are_scores(values)
    if trial.state is TrialState.COMPLETED:
        agree = agree and result is not None and result.state is TrialState.COMPLETED
        agree = agree and result is not None and result.score == trial.value
    if not agree:
        raise misfit(trial.number)
    # The study says pruned of what costs too much, for samplers learn from that.
    state = result.state if result is not None and result.is_over_limit else trial.state
    return TrialRecord(
        trial=trial.number,
        state=state,
        config=config,
        seed=seed,
        result=result,
        study_trial=trial,
        place=place,
        voided=voided.get(trial.number, ""),
    )


def _baseline_record(run: RunDirectory, name: str, form: Any, kind: str) -> TrialRecord:
    read = _read(BaselineForm, form, f"trial {name}")
    result = _as_today(run, read.result, name, kind)
    return TrialRecord(name, result.state, read.config, read.seed, result)


def _as_today(run: RunDirectory, result: TrialResult, trial: int | str, kind: str) -> TrialResult:
    """A result as it is recorded today, with the predictions that are still there."""
    return replace(
        result,
        predictions=_kept_predictions(run, trial, result),
        metrics=_named_today(result.metrics, kind),
        train_metrics=_named_today(result.train_metrics, kind),
    )


def _kept_predictions(run: RunDirectory, trial: int | str, result: TrialResult) -> str:
    """Where a trial's predictions lie, if they are there still: they go with its model."""
    path = file_of_trial(trial, PREDICTIONS_FILE)
    try:
        return path if result.predictions == path and run.root.is_file(path) else ""
    except RunError:  # a link is on the way
        return ""


def _named_today(metrics: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Metrics under the names that they have today; an older run may call them otherwise."""
    return {current_name(name, kind): value for name, value in metrics.items()}


@dataclass(frozen=True)
class _Tested:
    """What a study records of the test rows, by trial or baseline.

    Attributes:
        scores: Metrics.
        intervals: Of the objective, the ends of its interval.
    """

    scores: Mapping[str, Mapping[str, float | None]]
    intervals: Mapping[str, tuple[float, float]]


def _tested(attributes: Mapping[str, Any]) -> _Tested:
    form = {name: attributes.get(f"test_{name}", {}) for name in ("scores", "intervals")}
    return _read(_Tested, form, "the test rows")


def _against_constant(form: Any) -> AgainstConstant | None:
    """The best trial beside the constant baseline, where that was recorded."""
    return (
        None if form is None else _read(AgainstConstant, form, "the comparison with the baseline")
    )


def _read(kind: type[T], form: Any, what: str) -> T:
    """Reads a part of what the study records.

    Args:
        kind: The dataclass that it is the form of.
        form: The form.
        what: What it is the result of, for the message.

    Raises:
        RunError: It is none.
    """
    try:
        return read_form(kind, form)
    except ValueError as error:
        raise RunError(
            f"The result of {what} cannot be read ({error}); it may have been written by another "
            "version of automl, or changed since."
        ) from error

"""One trial from its specification to its result: build, trace, train, validate, save."""

from __future__ import annotations

import dataclasses
import gc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras

from automl.common.files import is_disk_full
from automl.data.metrics import Objective, better, default_objective
from automl.errors import AutoMLError, UnrankedError
from automl.export.loadable import error_text
from automl.models.core import Core, build_core, compile_core
from automl.models.first_weights import (
    set_first_statistics,
    set_first_weights,
    set_fixed_weights,
)
from automl.models.loss_names import loss_text
from automl.models.mixed_batches import change_batches
from automl.models.schedules import Schedule, make_schedule
from automl.space import Configuration, SearchSpace
from automl.space.keras_tuner import word_of
from automl.training.averaged_weights import averaged_weights
from automl.training.checkpoint import Checkpoint
from automl.training.cost_check import batch_size_of, core_cost, over_limit, over_unbuilt, with_cost
from automl.training.device_data import DeviceData
from automl.training.failing import failed_training
from automl.training.graphs import forgotten_gradients
from automl.training.history import write_history
from automl.training.hyper_fit import with_found
from automl.training.pausing import (
    Checkpoints,
    Unrestored,
    forget_checkpoint,
    found_checkpoint,
    go_on,
)
from automl.training.planned_run import run_planned
from automl.training.saving import empty_folder, save_check, save_core, save_predictions
from automl.training.stages import SchedulesOver, stage_place, stages_of
from automl.training.timings import Timings
from automl.training.trainers import OUT_OF_MEMORY, Training, make_trainer
from automl.training.trial_progress import TrialProgress
from automl.training.unvalidated import unvalidated, unvalidated_rows
from automl.training.verdicts import ACCURACY, judge
from automl.trial import (
    Answer,
    EpochReport,
    FailureCause,
    TrainerName,
    TrialResult,
    TrialSpec,
    TrialState,
    Verdict,
    file_of_trial,
)
from automl.vocabulary.dtype_policies import DTYPE_POLICY, MIXED_BFLOAT16
from automl.vocabulary.jit_compilation import JIT_COMPILE

BYTES_OF_A_WEIGHT = 4


class _BuilderFailed(Exception):
    """The space's builder raised, or returned something else than a model."""


@dataclasses.dataclass(frozen=True)
class _Trial:
    """What `train_trial` was given, and where it counts."""

    spec: TrialSpec
    space: SearchSpace
    data: DeviceData
    objective: Objective
    directory: Path
    home: Path
    progress: TrialProgress
    timings: Timings
    checkpoint: Checkpoint | None = None
    anew: str = ""
    core: Core | None = None
    callbacks: Callable[[], Sequence[Any]] = tuple


def train_trial(
    spec: TrialSpec,
    space: SearchSpace,
    data: DeviceData,
    objective: Objective,
    directory: Path,
    report: Callable[[EpochReport], Answer],
    interrupted: Callable[[], str | None],
    running: Callable[[int, float], None] | None = None,
    home: Path | None = None,
    callbacks: Callable[[], Sequence[Any]] = tuple,
) -> TrialResult:
    """Trains and scores one configuration on one view.

    The same specification gives the same result, whatever the process ran before. A model that
    only `Model.fit` can train is trained by it, with the same numbers.

    Args:
        spec: What to train and what it may spend.
        space: The search space of the configuration.
        data: The rows, on the device.
        objective: The metric that scores the trial.
        directory: The trial's directory. Holds ``history.csv`` afterwards; ``model.keras`` (the
            core with the best epoch's weights, uncompiled), ``check.npy`` and ``predictions.npz``
            if the trial is complete and beats ``spec.keep_threshold``; ``error.txt`` if an
            exception ended it; ``checkpoint.npz`` if it was paused.
        report: Called after each epoch; its answer prunes or pauses the trial, unless it has come
            to its own end in that epoch.
        interrupted: Called about once a second; a reason ends the trial. With an epoch behind
            it, it is then complete with what it has reached, else failed.
        running: Called every few seconds inside an epoch that takes as long, with its number,
            counted from 1, and the share of its steps that are done; None for nobody.
        home: Where its checkpoint lies, if it is one of several executions of a trial: that
            trial's directory. None for its own.
        callbacks: Makes the callbacks of a person's own.

    Returns:
        How it ended. A trial's own failures are results, never exceptions.
    """
    timings = Timings()
    home = Path(directory) if home is None else home
    checkpoint, anew = found_checkpoint(spec, home)
    if checkpoint is not None:
        timings.go_on(checkpoint.seconds, checkpoint.control["stages"])
    if isinstance(spec.trial, str) and objective.of_model:
        # A baseline's model is ours, without the metrics of a person's own.
        objective = default_objective(data.task)
    progress = TrialProgress(spec, data, objective, report, interrupted, timings, running)
    places = Path(directory), home
    trial = _Trial(
        spec, space, data, objective, *places, progress, timings, checkpoint, anew,
        callbacks=callbacks,
    )  # fmt: skip
    try:
        with forgotten_gradients():
            result = _refused(trial) or _run(trial)
    except _BuilderFailed as failure:
        result = _failure(trial, failure.__cause__ or failure, FailureCause.BUILDER)
    except OUT_OF_MEMORY as error:
        result = _failure(trial, error, FailureCause.OUT_OF_MEMORY)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - only this trial fails
        result = _failure(trial, error, FailureCause.EXCEPTION)
    finally:
        progress.release()
        # The model, its graphs and its optimizer refer to each other: only a collection frees them.
        keras.backend.clear_session(free_memory=False)
        gc.collect()
    seconds = {name: round(value, 6) for name, value in timings.seconds.items()}
    return dataclasses.replace(result, seconds=timings.total, timings=seconds)


def _refused(trial: _Trial) -> TrialResult | None:
    """The result of a configuration that costs more than is allowed; None of any other."""
    with trial.timings.stage("build"):
        return over_unbuilt(trial.spec, trial.space, trial.data)


def _run(trial: _Trial) -> TrialResult:
    """Trains from the checkpoint, or from the beginning; what it raises is the trial's failure."""
    try:
        return _built_and_trained(trial)
    except Unrestored as unrestored:
        anew = str(unrestored)
    return _built_and_trained(dataclasses.replace(trial, checkpoint=None, anew=anew))


def _built_and_trained(trial: _Trial) -> TrialResult:
    """Builds, trains and scores; `Unrestored` is raised where its checkpoint is another model's."""
    spec, progress, timings = trial.spec, trial.progress, trial.timings
    empty_folder(trial.directory)
    if trial.checkpoint is None:
        forget_checkpoint(trial.home)
    # Names and seeds start afresh, so that a trial does not depend on the ones before it.
    keras.backend.clear_session(free_memory=False)
    keras.utils.set_random_seed(spec.seed)
    with timings.stage("build"):
        config = trial.space.configuration(spec.config, check=False)
        core = _build(trial, config)
        rows = len(trial.data.train)
        cost = core_cost(core, config, rows)
        if (refused := over_limit(cost, spec.limits)) is not None:
            return refused
        trial = dataclasses.replace(trial, data=trial.data.in_form(core.form), core=core)
        batch_size = batch_size_of(config, rows)
        set_fixed_weights(core.model, trial.data.train.spread)
        if trial.checkpoint is None:  # which has all that is trained
            set_first_weights(core.model, trial.data.train.spread)
            if not core.compiled_by_user:
                set_first_statistics(core.model, trial.data.train.spread, batch_size)
        steps = -(-rows // batch_size)
        progress.use(trial.data, steps)
    if core.form is None and not core.compiled_by_user:
        change_batches(core.model, config, steps)

    def schedule_over(epochs: int) -> Schedule | None:
        return None if core.compiled_by_user else make_schedule(config, steps, epochs)

    if core.hyper is not None and core.hyper.trains_itself:
        progress.expect_return(trial.space.name)
    result = _in_stages(trial, config, batch_size, schedule_over)
    if core.hyper is not None:
        result = with_found(result, core.hyper, progress.scoring.notes)
    if progress.history:
        rows_of = unvalidated_rows if spec.fixed_length is not None else list
        with timings.stage("save"):
            write_history(rows_of(progress.history), trial.directory)
    result = with_cost(result, cost)
    return result if spec.fixed_length is None else unvalidated(result)


def _in_stages(
    trial: _Trial, config: Configuration, batch_size: int, schedule_over: SchedulesOver
) -> TrialResult:
    """Trains the stages that are left, from the start that the trial has; mostly there is one."""
    core, progress = trial.core, trial.progress
    assert core is not None
    stages = stages_of(core, config)
    place = stage_place(stages, trial.checkpoint, trial.spec.budget.epochs)
    while True:
        stage = stages[place]
        with trial.timings.stage("build"):
            stage.prepare(core, config, trial.data.task)
        training = make_trainer(
            core.model,
            trial.data,
            batch_size,
            trial.spec.budget.epochs,
            not core.compiled_by_user,
            trial.timings,
            core.hyper,
            trial.objective.of_model,
            trial.callbacks(),
            staged=len(stages) > 1,
            mixed=config.get(DTYPE_POLICY) == MIXED_BFLOAT16,
            xla=config.get(JIT_COMPILE) is True,
        )
        with training.options.applied():
            schedules = stage.schedules(schedule_over)
            evaluator = training.trainer.evaluator
            averages = averaged_weights(core, evaluator, config)
            progress.begin(core.model, evaluator, averages, schedules, stage.last)
            checkpoints = Checkpoints(trial.spec, training, progress, trial.timings, trial.home)
            go_on(trial.checkpoint, training, progress)
            with trial.timings.stage("train"):
                if not progress.should_stop():
                    run_planned(training, progress)
                    progress.score_unfinished()
            if stage is stages[-1] or progress.is_over:
                return _ended(trial, training, checkpoints)
        place += 1
        trial = dataclasses.replace(trial, checkpoint=None)


def _ended(trial: _Trial, training: Training, checkpoints: Checkpoints) -> TrialResult:
    """What a trial has come to that is over, or is to pause."""
    assert trial.core is not None
    if trial.progress.paused:
        result = _paused(trial, checkpoints.write())
    else:
        result = _result(trial, trial.core.model)
        forget_checkpoint(trial.home)
    notes = (*result.notes, *(note for note in (training.note, trial.anew) if note))
    computed = training.options.named() if training.name is TrainerName.COMPILED else ()
    return dataclasses.replace(result, trainer=str(training.name), computed=computed, notes=notes)


def _build(trial: _Trial, config: Configuration) -> Core:
    """The core, compiled."""
    try:
        core = build_core(trial.space, config, trial.data.task, trial.data.signature)
    except OUT_OF_MEMORY:
        raise
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        raise _BuilderFailed from error
    compile_core(core, config, trial.data.task)
    return core


def _paused(trial: _Trial, checkpoint: str) -> TrialResult:
    """What a trial that was paused has come to so far."""
    best = trial.progress.stopping
    return TrialResult(
        TrialState.PAUSED,
        score=best.best_score,
        best_epoch=best.best_epoch,
        epochs=len(trial.progress.history),
        reason=trial.progress.reason,
        checkpoint=checkpoint,
    )


def _result(trial: _Trial, model: Any) -> TrialResult:
    """What a training that raised nothing has come to."""
    progress, best = trial.progress, trial.progress.stopping
    result = TrialResult(
        TrialState.COMPLETED,
        epochs=len(progress.history),
        planned_epochs=progress.planned_epochs,
        parameters=int(model.count_params()),
        reason=progress.reason,
        loss=loss_text(model, trial.data.form, trial.data.task),
    )
    if progress.is_diverged:
        return dataclasses.replace(
            result,
            state=TrialState.FAILED,
            verdict=Verdict.DIVERGED,
            cause=FailureCause.DIVERGED,
        )
    if best.best_score is None and progress.pruned:
        return dataclasses.replace(result, state=TrialState.PRUNED)
    if best.best_score is None:
        return dataclasses.replace(result, state=TrialState.FAILED, cause=FailureCause.TIME_LIMIT)
    result = dataclasses.replace(
        result,
        score=progress.scoring.best_score(),
        best_epoch=best.best_epoch,
        metrics=progress.scoring.best_metrics(),
    )
    if progress.pruned:
        return dataclasses.replace(result, state=TrialState.PRUNED, verdict=judge(progress.curve()))
    return _completed(trial, model, result)


def _completed(trial: _Trial, model: Any, result: TrialResult) -> TrialResult:
    """The result of a complete trial, its model saved if it may still matter."""
    progress = trial.progress
    with trial.timings.stage("validate"):
        progress.scoring.restore_best()
        train_metrics = progress.train_metrics()
    gap = None
    accuracy = ACCURACY.get(trial.data.task.kind)
    if accuracy is not None:
        gap = train_metrics[accuracy] - result.metrics[accuracy]
    threshold, model_hash, unsaved, predictions = trial.spec.keep_threshold, "", "", ""
    room = trial.spec.model_room
    fits = room is None or BYTES_OF_A_WEIGHT * result.parameters <= room
    matters = threshold is None or better(result.score, threshold, trial.objective.direction)
    if matters and fits:
        with trial.timings.stage("save"):
            check = progress.scoring.check_predictions()
            model_hash, unsaved = _saved(trial, model)
            if not unsaved:
                save_check(check, trial.directory)
    # A later fold saves no model: its trial keeps that of the first, and the predictions of all.
    is_validated = trial.spec.fixed_length is None
    if is_validated and matters and (model_hash or trial.home != trial.directory):
        with trial.timings.stage("save"):
            predictions = _predictions(trial)
    return dataclasses.replace(
        result,
        train_metrics=train_metrics,
        # Without an epoch there is no curve: the trial was cut inside its first one.
        verdict=judge(progress.curve(gap)) or Verdict.UNFINISHED,
        model_hash=model_hash,
        unsaved=unsaved,
        predictions=predictions,
        test_seconds=round(progress.deadline.test_seconds(), 3),
        export_seconds=round(progress.deadline.export_seconds(), 3),
    )


def _predictions(trial: _Trial) -> str:
    """Saves the predictions that were scored; where they lie in the end, below the run."""
    values, data = trial.progress.scoring.scored_predictions, trial.data
    assert values is not None
    rows, positions = data.validation.rows, data.validation_positions
    path = save_predictions(values, rows, positions, trial.spec.view, trial.directory)
    return file_of_trial(trial.spec.trial, path.name)


def _saved(trial: _Trial, model: Any) -> tuple[str, str]:
    """Saves the trial's model.

    Returns:
        The hash of its weights, and why it could not be saved: a layer of a person's own may not
        be, which is no failure of the training.
    """
    core = trial.core
    try:
        saved = model if core is None else core.in_contract(trial.data.plan.target_scale)
        return save_core(saved, trial.directory), ""
    except (*OUT_OF_MEMORY, OSError, AutoMLError):
        raise
    except Exception as error:
        if core is None or is_disk_full(error):
            raise
        return "", f"its model cannot be saved ({error_text(error)})"


def _failure(trial: _Trial, error: BaseException, cause: FailureCause) -> TrialResult:
    """The result of a trial that an exception ended, its traceback in ``error.txt``."""
    cause = word_of(error) or cause
    if isinstance(error, UnrankedError):
        cause = FailureCause.NO_OBJECTIVE
    return failed_training(trial.directory, error, cause, trial.progress.history)

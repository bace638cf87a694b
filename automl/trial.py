"""What deciding and executing share: a trial to run, what it reports, and how it ended.

Plain values at the bottom of the house, without TensorFlow and without Optuna. A driver makes a
`TrialSpec`, an engine hands it to a worker, the worker reports an `EpochReport` for each epoch
and ends with a `TrialResult`. All of them have a JSON form, which is how they cross a process
boundary and how they are recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from automl.common.model_cost import CostLimits
from automl.trial_time import TrialTime

#: How the reason of a trial begins that the end of the whole search has cut off.
SEARCH_OVER = "the search's time ran out"
#: How it begins, or what is in it, where a trial has come to the end of its own time.
TIME_LIMIT_REACHED = "it reached its time limit"
SHARE_TAKEN = "it took its share of --time"
#: What a trial's directory holds while it may go on from there.
CHECKPOINT_FILE = "checkpoint.npz"
#: What it holds of a model, and beside it: predictions to check it by, and those on the rows that
#: validated it.
MODEL_FILE = "model.keras"
CHECK_FILE = "check.npy"
PREDICTIONS_FILE = "predictions.npz"
MODEL_FILES = (MODEL_FILE, CHECK_FILE, PREDICTIONS_FILE)
#: What it holds of its training.
HISTORY_FILE = "history.csv"
ERROR_FILE = "error.txt"
#: The folder of a run with one folder for each trial.
TRIALS = "trials"
#: The view of rows that are divided once into training and validation rows.
HOLDOUT = "holdout"
#: The baseline that is scikit-learn's gradient boosting, which no engine's worker trains.
BOOSTING = "boosting"
#: The view of all rows but the test rows, and the candidate that is trained on them.
REFIT = "refit"
#: How the view of a trial begins whose rows are divided for it alone; its number follows.
RESHUFFLE = "reshuffle-"


def folder_of_trial(trial: int | str) -> str:
    """The path of a trial's folder, below its run's directory.

    Args:
        trial: The trial's number, or a baseline's name.
    """
    return f"{TRIALS}/{trial}"


def file_of_trial(trial: int | str, name: str) -> str:
    """The path of a trial's file, below its run's directory.

    Args:
        trial: The trial's number, or a baseline's name.
        name: The file's name.
    """
    return f"{folder_of_trial(trial)}/{name}"


def trial_named(text: str) -> int | str:
    """The trial whose name stands in a text, such as a key of JSON or a folder's name.

    Args:
        text: A trial's number, or the name of a baseline, an ensemble or a finalist's training.
    """
    return int(text) if text.isdecimal() else text


class TrialState(StrEnum):
    """Where a trial is in its life; the last three are final."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    PRUNED = "pruned"
    FAILED = "failed"


class Answer(StrEnum):
    """What a driver says to a trial after an epoch.

    ``STOP`` ends it as pruned; ``PAUSE`` ends it as paused, with a checkpoint from which another
    trial may start.
    """

    GO_ON = "go on"
    STOP = "stop"
    PAUSE = "pause"


class Verdict(StrEnum):
    """What a trial's learning curve says (search-space handbook, section 6)."""

    HEALTHY = "healthy"
    DIVERGED = "diverged"
    CHANCE = "chance"
    NOT_LEARNING = "not learning"
    UNDERFITTING = "underfitting"
    OVERFITTING = "overfitting"
    UNSTABLE = "unstable"
    UNFINISHED = "unfinished"


class FailureCause(StrEnum):
    """Why a trial failed, as one of a few causes that can be counted and compared.

    ``REFUSED`` and ``FATAL`` are the builder's own words, KerasTuner's ``FailedTrialError`` (this
    configuration is not to be trained) and ``FatalError`` (no trial is to follow). ``NO_OBJECTIVE``
    says that nothing gives the metric that trials are ranked by. What is ``OVER_LIMIT`` costs more
    than the search allows: it was not trained, and is none of its trials.
    """

    EXCEPTION = "exception"
    BUILDER = "builder"
    REFUSED = "refused"
    FATAL = "fatal"
    DIVERGED = "diverged"
    OUT_OF_MEMORY = "out of memory"
    CRASHED = "crashed"
    STALLED = "stalled"
    TIME_LIMIT = "time limit"
    DISK_FULL = "disk full"
    UNWRITABLE = "not writable"
    DISK_LIMIT = "disk limit"
    OTHER_LOSS = "another loss"
    NO_OBJECTIVE = "no objective"
    OVER_LIMIT = "over a limit"


class TrainerName(StrEnum):
    """What trained a trial, fastest first; the numbers it gives are the same."""

    KERNEL = "kernel"
    COMPILED = "compiled"
    FIT = "fit"
    EAGER = "eager"
    OWN_FIT = "own fit"


@dataclass(frozen=True)
class TrialBudget:
    """How much one trial may spend.

    Attributes:
        epochs: Most epochs to train; schedules stretch over this cap.
        patience: Epochs without an improvement of the objective before training stops.
        min_delta: Least change of the objective, in its own units, that counts as improvement.
        seconds: Wall-clock limit of the trial in seconds, or None for no limit.
        goal: Score (the objective, in its own direction) at which training stops, or None.
    """

    epochs: int
    patience: int
    min_delta: float = 0.0
    seconds: float | None = None
    goal: float | None = None

    def planned(self, epochs: int) -> TrialBudget:
        """The same with fewer epochs; see `TrialResult.planned_epochs`."""
        return replace(self, epochs=epochs or self.epochs)


@dataclass(frozen=True)
class FixedLength:
    """A training that no rows validate: how long it is, for nothing can stop it early.

    The model is that of its last epoch.

    Attributes:
        epochs: Its epochs; schedules stretch over the budget's as always.
        val_losses: What a schedule that follows the validation loss is told after each epoch, as
            it was where there were rows that validate; empty where it follows none.
    """

    epochs: int
    val_losses: tuple[float, ...] = ()

    def followed(self, epoch: int, val_loss: float) -> float:
        """The validation loss that a schedule is told after an epoch.

        Args:
            epoch: The epoch, counted from 1.
            val_loss: What it is told where nothing is known of that epoch.
        """
        return self.val_losses[epoch - 1] if epoch <= len(self.val_losses) else val_loss


@dataclass(frozen=True)
class TrialSpec:
    """One trial as an engine receives it.

    Attributes:
        trial: The trial's number in the study, or a baseline's name.
        config: Value of every active hyperparameter, as JSON scalars.
        seed: Seed of everything random in the trial; 0 is a seed.
        budget: What the trial may spend.
        space: Key into the job's spaces: ``"search"`` or ``"linear"``; ``"boosting"`` has none.
        keep_threshold: Save the model only where the score beats this one; None saves always.
        wait_for_answer: Whether the worker waits after an epoch for the driver's answer (needed
            where a pruner decides), or goes on at once.
        thresholds: Of epochs 1, 2, ...: the score, the best so far, by which the trial need not
            wait, for the answer could only be to go on; infinite ones any or no number reaches.
            It waits at the epochs beyond them.
        time: What it may take of the time of its search.
        model_room: Bytes of weights above which the model is not saved, there being no room for
            it; None for no limit.
        executions: How often it is trained, each time with another seed.
        views: The views that it is trained on, one after another: ``holdout``, or ``fold-1``,
            ``fold-2``, ..., or ``reshuffle-17``; its score is the mean over them, its model that of
            the first.
        start: The checkpoint to go on from, a path below the run's directory, or "" to begin anew.
        finished: What its first executions have come to already; the checkpoint is of the next.
        fixed_length: Where no rows validate it, how long it is; it then ends without a score. What
            its view has for validation is part of what it is trained on.
        cross_fitted: Whether each validation row is scored at the epoch that the others choose, in
            place of all at the one that is best on all (`automl.training.cross_fitting`).
        limits: What its model may cost; one that costs more is not trained.
    """

    trial: int | str
    config: Mapping[str, Any]
    seed: int
    budget: TrialBudget
    space: str = "search"
    keep_threshold: float | None = None
    wait_for_answer: bool = False
    thresholds: tuple[float, ...] = ()
    time: TrialTime = field(default_factory=TrialTime)
    model_room: int | None = None
    executions: int = 1
    views: tuple[str, ...] = (HOLDOUT,)
    start: str = ""
    finished: tuple[TrialResult, ...] = ()
    fixed_length: FixedLength | None = None
    cross_fitted: bool = False
    limits: CostLimits = field(default_factory=CostLimits)

    @property
    def view(self) -> str:
        """The view that it is trained on first, or alone."""
        return self.views[0]


@dataclass(frozen=True)
class EpochReport:
    """One finished epoch.

    Attributes:
        epoch: Number of the epoch, counted from 1.
        score: The objective on the validation rows, in its own direction and units.
        metrics: Everything measured in the epoch, under the column names of ``history.csv``
            (``loss``, ``val_loss``, ``val_accuracy``, ``learning_rate``, ``seconds``, ...).
        before: Scores of all epochs before it, where it is the first one after a checkpoint: of
            the last ones a driver that was killed may have recorded nothing.
        execution: Which of the trial's executions it is of, counted from 1.
    """

    epoch: int
    score: float
    metrics: Mapping[str, float]
    before: tuple[float, ...] = ()
    execution: int = 1


@dataclass(frozen=True)
class TrialResult:
    """How a trial ended.

    Attributes:
        state: COMPLETED, PRUNED or FAILED; PAUSED where the driver has asked for that.
        score: The objective at the best epoch, in its own direction; None without one, as where no
            rows have validated it.
        metrics: The task's metrics on the validation rows at the best epoch.
        train_metrics: The same on the training rows, in inference mode, at the best epoch; on a
            random sample of them where a time limit left no time for all.
        epochs: Epochs finished. A completed trial with none was cut inside its first epoch and
            scored with the weights it had; ``reason`` says after which share of the epoch.
        best_epoch: Number of the best epoch, counted from 1; 0 without one.
        planned_epochs: Epochs that it was to have, over which its schedule stretched, where they
            were fewer than its budget's for want of time; 0 where they were not.
        seconds: Wall-clock seconds the trial took, building and saving included.
        parameters: Number of weights of the model, trainable and not.
        multiply_adds: See `automl.common.model_cost.Cost`; 0 where that is not known.
        training_bytes: Likewise.
        excess: Of a model that costs more than is allowed, how many times as much; else 0.
        verdict: What the learning curve says, or None without a curve.
        reason: One sentence on why it failed or ended early; empty otherwise.
        cause: Of a failed trial, the cause; None otherwise.
        model_hash: SHA-256 over the best epoch's weights, or "" where no model was saved.
        timings: Seconds by stage (``build``, ``trace``, ``train``, ``validate``, ``save``).
        test_seconds: Estimate of how long scoring the test rows with its model takes.
        export_seconds: Estimate of how long handling its model takes after the search, beyond
            what any model takes: loading it, exporting it, checking the export.
        trainer: What trained it: ``kernel``, the compiled kernel of dense nets; ``compiled``, whole
            epochs in one TensorFlow graph; ``fit``, Keras's `fit` with a graph a step; ``eager``,
            Keras's `fit` without one; ``own fit``, a hypermodel's; "" where it is not known.
        computed: Of the trainer ``compiled``, the ways in which TensorFlow computed its steps, such
            as ``XLA`` or ``oneDNN`` (`automl.training.device.GraphOptions`).
        unsaved: Why the model of a completed trial could not be saved, as the end of a sentence;
            "" where it was, or where there was no need to save it.
        loss: What Keras's loss measures, with its unit, such as ``mean_squared_error of
            standardized targets``; "" where it is not known.
        found: JSON forms of hyperparameters that the builder declared and the configuration has
            no value of; in this trial they had their defaults.
        scaled: Values by name that the builder was given for what the configuration holds as a
            share of a range.
        executions: The score of each execution, where there were several; ``score`` is their mean.
        folds: The score on each fold, where there were several views; ``score`` is their mean.
        notes: Sentences for a person about how it was trained; a search says each once.
        checkpoint: Of a paused trial, where it goes on from, a path below the run's directory; ""
            where it can only begin anew.
        predictions: Where its predictions on the validation rows of each view lie, likewise; ""
            where they were not kept. They go when its model goes.
    """

    state: TrialState
    score: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    train_metrics: Mapping[str, float] = field(default_factory=dict)
    epochs: int = 0
    best_epoch: int = 0
    seconds: float = 0.0
    parameters: int = 0
    verdict: Verdict | None = None
    reason: str = ""
    cause: FailureCause | None = None
    model_hash: str = ""
    timings: Mapping[str, float] = field(default_factory=dict)
    test_seconds: float = 0.0
    export_seconds: float = 0.0
    trainer: str = ""
    computed: tuple[str, ...] = ()
    unsaved: str = ""
    loss: str = ""
    found: tuple[Mapping[str, Any], ...] = ()
    scaled: Mapping[str, Any] = field(default_factory=dict)
    executions: tuple[float, ...] = ()
    folds: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()
    checkpoint: str = ""
    predictions: str = ""
    planned_epochs: int = 0
    multiply_adds: int = 0
    training_bytes: int = 0
    excess: float = 0.0

    @property
    def is_over_limit(self) -> bool:
        """Whether its model costs more than is allowed, so that it is none of the trials."""
        return self.cause is FailureCause.OVER_LIMIT

    @classmethod
    def failed(cls, cause: FailureCause, reason: str, seconds: float = 0.0) -> TrialResult:
        """The result of a trial that has failed.

        Args:
            cause: What kind of failure it is.
            reason: Why, for a person.
            seconds: How long the trial took.
        """
        return cls(TrialState.FAILED, cause=cause, reason=reason, seconds=seconds)

    @property
    def is_cut(self) -> bool:
        """Whether a limit of time has ended it, which no second training would meet alike."""
        return any(cut in self.reason for cut in (SEARCH_OVER, TIME_LIMIT_REACHED, SHARE_TAKEN))


@dataclass(frozen=True)
class ExecutionReport:
    """One execution of a trial that has several, finished: a fold, or another seed.

    Attributes:
        number: Which one, counted from 1; those before it were finished before.
        result: What it came to.
        folds: The score on each view that is finished, where there are several.
    """

    number: int
    result: TrialResult
    folds: tuple[float, ...] = ()

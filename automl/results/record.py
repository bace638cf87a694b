"""A run as recorded: its trials and baselines, read from the study without running any of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from automl.common.averages import deviation_of
from automl.common.forms import MOST
from automl.data.image_views import ImageView
from automl.data.kept_temperature import Temperature
from automl.errors import RequestError, RunError
from automl.results.ensembles import TEST_TIME_VIEWS, MemberForm
from automl.results.replay import StudyTrial
from automl.results.scorings import FinalistScoring
from automl.trial import TrialResult, TrialState
from automl.vocabulary.directions import as_loss
from automl.vocabulary.losses import LOSS


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
        scorings: Of a finalist, its trainings with fresh seeds; ``result`` has the means over
            them in place of the score that it was chosen by.
        searched: Of a finalist, what the search's own training came to, whose model is kept;
            None for any other, whose ``result`` says so.
        members: Of an ensemble, its models.
        parts: Of an ensemble on one division, the scores that its score's error is known by.
        test_time_views: The views of each image over which its model's answers are averaged.
        refit_of: Of a refit, the trial whose configuration it has; None of any other.
        voided: Why a person has taken it out of the ranking (`automl.results.voids`), or "".
    """

    trial: int | str
    state: TrialState
    config: Mapping[str, Any]
    seed: int | None
    result: TrialResult | None
    study_trial: StudyTrial | None = field(default=None, repr=False, compare=False)
    place: str = ""
    scorings: tuple[FinalistScoring, ...] = ()
    searched: TrialResult | None = None
    members: tuple[MemberForm, ...] = ()
    parts: tuple[float, ...] = ()
    test_time_views: tuple[ImageView, ...] = ()
    refit_of: int | None = None
    voided: str = ""

    @property
    def name(self) -> str:
        """What it is called in a sentence: ``trial 7``, ``the ensemble``, ``baseline linear``."""
        is_made = bool(self.members) or self.refit_of is not None
        return (
            candidate_name(self.trial)
            if is_made or isinstance(self.trial, int)
            else f"baseline {self.trial}"
        )

    @property
    def is_over_limit(self) -> bool:
        """Whether its model costs more than the search allows, so that it is none of its trials."""
        return self.result is not None and self.result.is_over_limit

    @property
    def is_finalist(self) -> bool:
        """Whether it was scored again, each time with a score, and counts."""
        is_scored = bool(self.scorings) and all(one.score is not None for one in self.scorings)
        return is_scored and not self.voided

    @property
    def trained(self) -> TrialResult | None:
        """What the training came to whose model is kept, or None where it has not ended."""
        return self.searched or self.result

    @cached_property
    def scores(self) -> tuple[float, ...]:
        """The objective after each epoch, in its own direction, the first epoch first.

        Read when it is asked for: 10,000 trials have 200,000 epochs, and a leaderboard needs
        those of the running trials only.

        Raises:
            RunError: They cannot be read.
        """
        values = {} if self.study_trial is None else self.study_trial.values_by_epoch
        if not are_scores(values):
            raise misfit(self.trial)
        return tuple(value for _, value in sorted(values.items()))

    @property
    def reason(self) -> str:
        """Why the trial failed or ended early, or an empty string."""
        return self.result.reason if self.result is not None else ""

    @property
    def standard_error(self) -> float | None:
        """Of the score, where it is a mean over finite scores: of scorings, folds or parts."""
        scores: Sequence[float] = self.parts
        if self.is_finalist:
            scores = [one.score for one in self.scorings if one.score is not None]
        elif self.result is not None and self.result.folds:
            scores = self.result.folds
        if len(scores) < 2 or not all(map(math.isfinite, scores)):
            return None
        return deviation_of(scores) / math.sqrt(len(scores))

    @property
    def is_ranked(self) -> bool:
        """Whether the trial has completed with a score that can be compared, and is not void."""
        return (
            self.state is TrialState.COMPLETED
            and not self.voided
            and self.score is not None
            and not math.isnan(self.score)
        )

    @property
    def score(self) -> float | None:
        """The objective at the best epoch, in its own direction, or None without one."""
        return self.result.score if self.result is not None else None


@dataclass(frozen=True)
class AgainstConstant:
    """By how much a trial is better than the constant baseline on the same validation rows.

    Attributes:
        trial: The trial's number.
        metric: By which metric.
        low: Lower end of the interval of the difference; above 0 where the trial is better.
        high: Its upper end.
    """

    trial: int
    metric: str
    low: float
    high: float

    @property
    def tells_apart(self) -> bool:
        """Whether the trial is better than the baseline by more than chance."""
        return self.low > 0

    @property
    def is_worse(self) -> bool:
        """Whether it is worse than the baseline by more than chance."""
        return self.high < 0


@dataclass(frozen=True)
class RunRecord:
    """A run as recorded.

    Attributes:
        name: The run's name.
        objective: Name of the objective, such as ``log_loss``.
        direction: ``minimize`` or ``maximize``.
        of_model: Whether the objective is a metric that only a trial's own model computes.
        further: Metrics that were asked for beside those that always are.
        own: Those of all of these that were handed over as functions, which no record holds.
        trials: The trials by number.
        baselines: The baselines, in the order in which they were recorded.
        test_scores: The task's metrics on the test rows, by trial or baseline; only the best
            trial and the baselines are ever scored on them.
        notes: What a reader should know of where this comes from, one sentence each.
        ensembles: The ensembles of models of the trials.
        refit: The best configuration trained on all rows but the test rows, or None.
        chosen: Name of the ensemble or refit that is exported; "" where the best trial is.
        test_intervals: The 95 % interval of the objective on the test rows, (low, high), by trial
            or baseline (`automl.results.scored_rows`).
        temperatures: Temperatures that candidates are exported with, by trial or ensemble.
        against_constant: The best trial beside the constant baseline on the validation rows, or
            None where that is not known.
    """

    name: str
    objective: str
    direction: str
    trials: tuple[TrialRecord, ...]
    baselines: tuple[TrialRecord, ...] = ()
    test_scores: Mapping[int | str, Mapping[str, float]] = field(default_factory=dict)
    of_model: bool = False
    further: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    test_intervals: Mapping[int | str, tuple[float, float]] = field(default_factory=dict)
    against_constant: AgainstConstant | None = None
    ensembles: tuple[TrialRecord, ...] = ()
    refit: TrialRecord | None = None
    chosen: str = ""
    temperatures: Mapping[int | str, Temperature] = field(default_factory=dict)

    @property
    def counted(self) -> tuple[TrialRecord, ...]:
        """The trials without those whose models cost more than the search allows."""
        return tuple(trial for trial in self.trials if not trial.is_over_limit)

    @property
    def exported(self) -> TrialRecord | None:
        """What is exported: an ensemble, a refit, or the best trial; None where none completed."""
        return next((one for one in self.made if one.trial == self.chosen), self.best())

    @property
    def validated(self) -> TrialRecord | None:
        """What is exported, or where no rows have validated that, the best trial."""
        exported = self.exported
        return exported if exported is None or exported.refit_of is None else self.best()

    @property
    def made(self) -> tuple[TrialRecord, ...]:
        """The candidates that are made of trials: the ensembles, and the refit."""
        return self.ensembles if self.refit is None else (*self.ensembles, self.refit)

    @property
    def of_predictions(self) -> bool:
        """Whether the objective is a metric that is computed of predictions, and known here."""
        is_metric = not self.of_model and self.objective != LOSS
        return is_metric and self.objective not in self.own

    @property
    def named(self) -> tuple[str, ...]:
        """Metrics of the task that the search named, the objective first."""
        first = (self.objective,) if self.of_predictions else ()
        return tuple(name for name in (*first, *self.further) if name not in self.own)

    def loss(self, score: float | None) -> float:
        """A score as what is to be small; none at all is the largest."""
        return as_loss(score, self.direction)

    def find(self, trial: int | str) -> TrialRecord:
        """Finds a trial by its number, or a baseline, an ensemble or the refit by its name.

        Raises:
            RequestError: The run has no such trial.
        """
        for record in (*self.trials, *self.baselines, *self.made):
            if record.trial == trial:
                return record
        known = f"0 to {len(self.trials) - 1}" if self.trials else "none yet"
        told = [f"its trials are {known}", f"its baselines {_names(self.baselines) or 'none'}"]
        if self.ensembles:
            told.append(f"its ensembles {_names(self.ensembles)}")
        if self.refit is not None:
            told.append("and it has a refit")
        raise RequestError(f"The run {self.name} has no trial {trial}; {', '.join(told)}.")

    def best(self) -> TrialRecord | None:
        """The completed trial with the best score, the earlier of equals; None without one.

        Where there are finalists it is one of them: the scores of others were chosen for luck.
        """
        scored = [
            (not record.is_finalist, bool(record.scorings), self.loss(record.score), index)
            for index, record in enumerate(self.trials)
            if record.score is not None and record.is_ranked
        ]
        return self.trials[min(scored)[-1]] if scored else None


def _names(records: Iterable[TrialRecord]) -> str:
    return ", ".join(str(record.trial) for record in records)


def are_scores(values: Mapping[int, Any]) -> bool:
    """Whether epochs and scores are numbers that a search may have written."""
    return all(
        type(epoch) is int and (type(score) is float or (type(score) is int and abs(score) < MOST))
        for epoch, score in values.items()
    )


def misfit(trial: int | str) -> RunError:
    """The error for a trial of which the study says two things."""
    return RunError(
        f"What the study says of trial {trial} does not fit together, so it was changed after it "
        "was written; restore the study from a copy."
    )


def candidate_name(trial: int | str) -> str:
    """What a candidate is called in a sentence.

    Args:
        trial: A trial's number, or the name of a baseline, an ensemble or a refit.
    """
    if trial == TEST_TIME_VIEWS:
        return "the mean over test-time views"
    return f"trial {trial}" if isinstance(trial, int) else f"the {trial}"

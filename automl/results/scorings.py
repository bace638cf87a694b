"""Scorings of finalists: trainings with fresh seeds, by which the best of a search are compared.

The score by which a trial became one of the best is the luckiest of many, so it says too much good
of it. What finalists are trained for again is recorded beside the trials, and its mean counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from automl.common.averages import mean_of
from automl.common.forms import read_form, to_form
from automl.errors import RunError
from automl.results.study_entries import brief_result, entries, reading_entry, whole_result
from automl.results.trial_means import with_mean_metrics
from automl.trial import TrialResult, TrialState

PREFIX = "scoring:"
_NAME = "scoring_"
#: The finalists of a run: trials by their numbers.
FINALISTS = "finalists"


@dataclass(frozen=True)
class FinalistScoring:
    """One training of a finalist.

    Attributes:
        trial: The finalist: a trial whose configuration is trained.
        number: The round that it belongs to, counted from 1.
        view: The view that it is trained on.
        views: How many views a round has.
        seed: Its seed, the same for every finalist.
        result: What it came to.
        cross_fitted: As `automl.trial.TrialSpec` has it; False in a run of an older version.
        elapsed: Seconds that the run had spent when it ended.
    """

    trial: int
    number: int
    view: str
    views: int
    seed: int
    result: TrialResult
    cross_fitted: bool = False
    elapsed: float = 0.0

    def __post_init__(self) -> None:
        """Checks what is counted with.

        Raises:
            ValueError: A number is none that a search has written.
        """
        if min(self.number, self.views) < 1 or self.trial < 0:
            raise ValueError(f"it is round {self.number} of {self.views} views")

    @property
    def name(self) -> str:
        """The name of the folder that its model is in."""
        return scoring_name(self.trial, self.number, self.view)

    @property
    def score(self) -> float | None:
        """Its score, where it has come to one that counts."""
        score = self.result.score
        is_scored = self.result.state is TrialState.COMPLETED and score is not None
        return score if is_scored and score is not None and math.isfinite(score) else None


def scoring_name(trial: int, number: int, view: str) -> str:
    """What one training of a finalist is called, as a trial of its own.

    Args:
        trial: The finalist.
        number: The round, counted from 1.
        view: The view.
    """
    return f"{_NAME}{trial}_{number}_{view.replace('-', '_')}"


def is_scoring(name: str) -> bool:
    """Whether a name is that of one training of a finalist."""
    return name.startswith(_NAME)


def trial_of_model(name: str) -> int | None:
    """The number of the trial whose configuration a model has; None of a baseline's.

    Args:
        name: The folder that the model is in: a trial's, or that of one training of a finalist.
    """
    number = name.removeprefix(_NAME).partition("_")[0]
    return int(number) if number.isdecimal() else None


def scoring_entry(scoring: FinalistScoring) -> tuple[str, dict[str, Any]]:
    """The key and the value by which a study records one; what has its default is left out."""
    form = {**to_form(scoring), "result": brief_result(scoring.result)}
    return f"{PREFIX}{scoring.name}", form


def recorded_scorings(attributes: Mapping[str, Any]) -> tuple[FinalistScoring, ...]:
    """The scorings that a study has recorded, in that order.

    Args:
        attributes: The study's user attributes.

    Raises:
        RunError: One of them cannot be read.
    """
    found = []
    for name, form in entries(attributes, PREFIX):
        with reading_entry(f"the scoring {name}"):
            whole = {**form, "result": whole_result(form["result"])}
            found.append(read_form(FinalistScoring, whole))
    return tuple(found)


def recorded_finalists(attributes: Mapping[str, Any]) -> tuple[int, ...]:
    """The finalists that a study has recorded; none where no trial was scored again.

    Raises:
        RunError: They are no trials.
    """
    found = attributes.get(FINALISTS, [])
    if not isinstance(found, list) or not all(type(number) is int for number in found):
        raise RunError(f"The study's finalists are {found!r}, which are no trials; restore it.")
    return tuple(found)


def whole_rounds(scorings: Iterable[FinalistScoring]) -> tuple[FinalistScoring, ...]:
    """Those of one finalist that belong to rounds of which all views are scored.

    Args:
        scorings: Scorings of one finalist.
    """
    known = tuple(scorings)
    counts: dict[int, int] = {}
    for one in known:
        counts[one.number] = counts.get(one.number, 0) + 1
    return tuple(one for one in known if counts[one.number] >= one.views)


def compared(
    finalists: Sequence[int], scorings: Iterable[FinalistScoring]
) -> dict[int, tuple[FinalistScoring, ...]]:
    """The whole rounds of each finalist, where all finalists have one; else nothing.

    While some have none, those that have would be compared with lucky scores. A finalist that
    failed has its failures alone.

    Args:
        finalists: The finalists.
        scorings: All scorings of a run.
    """
    by_trial: dict[int, list[FinalistScoring]] = {}
    for one in scorings:
        by_trial.setdefault(one.trial, []).append(one)
    counted = {
        trial: tuple(one for one in known if one.score is None) or whole_rounds(known)
        for trial, known in by_trial.items()
    }
    if not finalists or not all(counted.get(one) for one in finalists):
        return {}
    return {trial: known for trial, known in counted.items() if known}


def over_scorings(result: TrialResult, scorings: Sequence[FinalistScoring]) -> TrialResult:
    """A finalist's result with the means over its scorings in place of what it was chosen by.

    Args:
        result: What the search's own training came to.
        scorings: Its scorings, all of whole rounds.

    Returns:
        The result; where a scoring has failed, one without a score that says why.
    """
    failed = next((one for one in scorings if one.score is None), None)
    if failed is not None:
        why = failed.result.reason or failed.result.state.value
        reason = f"trained again with another seed it failed: {why}"
        return replace(result, reason=reason)
    return replace(
        with_mean_metrics(result, [one.result for one in scorings]),
        state=TrialState.COMPLETED,  # it may have been pruned between two folds
        reason="",
        # Then it has no model of its own, and the first scoring's stands for it.
        model_hash=result.model_hash or scorings[0].result.model_hash,
        score=mean_of(one.score for one in scorings if one.score is not None),
        folds=(),
        executions=(),
    )

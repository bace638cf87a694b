"""How far a search has come, as its observers are told it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from automl.trial import TrialState
from automl.tuning.observer import SearchProgress

if TYPE_CHECKING:
    from automl.tuning.budget import Clock
    from automl.tuning.driver_settings import DriverSettings
    from automl.tuning.ranking import Ranking

TOP_SHOWN = 5


def search_progress(
    ranking: Ranking,
    settings: DriverSettings,
    clock: Clock,
    configs: Mapping[int, Mapping[str, Any]],
    running: int,
    over_limits: int,
) -> SearchProgress:
    """How far a search has come.

    Args:
        ranking: Its trials that are over.
        settings: What its driver decides by.
        clock: Time spent and left.
        configs: Configurations by the trials' numbers.
        running: Trials and baselines that run.
        over_limits: Configurations that cost too much to be trained.
    """
    counts = ranking.counts
    left = clock.left_for_trials()
    return SearchProgress(
        done=counts.total(),
        completed=counts[TrialState.COMPLETED],
        pruned=counts[TrialState.PRUNED],
        failed=counts[TrialState.FAILED],
        running=running,
        total=settings.budget.trials,
        elapsed=clock.elapsed(),
        seconds_left=None if left is None else max(0.0, left),
        objective=settings.objective.name,
        direction=settings.objective.direction,
        top=tuple(
            (number, score, configs.get(number, {})) for number, score in ranking.best(TOP_SHOWN)
        ),
        over_limits=over_limits,
    )

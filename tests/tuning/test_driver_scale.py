"""What a trial costs the driver does not grow with the number of trials."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from automl.space import Float, Int, SearchSpace
from automl.trial import TrialResult, TrialSpec
from automl.tuning.observer import Observer
from tests.tuning import scripted_engine
from tests.tuning.test_driver import Search

# By the first of them all that is bounded (as the good trials of TPE) has reached its bound.
EARLY, LATE = range(280, 286), range(580, 586)


class Lines(Observer):
    """Counts the lines of Python that run for some of the trials.

    Lines, not seconds, which differ from run to run; a comprehension over all trials runs its
    line once for each of them.
    """

    def __init__(self) -> None:
        self.by_trial: dict[int, int] = {}
        self._now: int | None = None

    def trial_ended(self, trial: int | str, result: TrialResult) -> None:
        if isinstance(trial, int):
            self._now = trial + 1 if trial + 1 in (*EARLY, *LATE) else None
            sys.settrace(None if self._now is None else self._trace)

    def _trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        if self._now is not None:
            self.by_trial[self._now] = self.by_trial.get(self._now, 0) + 1
        return self._trace


def always_better(spec: TrialSpec, epoch: int) -> float:
    """A curve that no pruner stops, so that all trials have as many epochs."""
    return 1.0 / epoch - (spec.trial if isinstance(spec.trial, int) else 0)


def plain_space() -> SearchSpace:
    """Two hyperparameters that are always active, so that every trial has as many draws."""
    return SearchSpace("plain", [Float("a", 0.0, 1.0), Int("b", 1, 999)], lambda c, i, t: i)


@pytest.mark.parametrize(
    ("sampler", "pruner"),
    [("random", "none"), ("random", "median"), ("tpe", "asha"), ("evolution", "none")],
)
def test_lines_that_run_for_a_trial(
    sampler: str, pruner: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scripted_engine, "curve", always_better)
    lines, before = Lines(), sys.gettrace()
    options = {"trials": LATE[-1] + 2, "sampler": sampler, "pruner": pruner, "observer": lines}
    try:
        Search(tmp_path / "run", space=plain_space(), **options).session()
    finally:
        sys.settrace(before)
    early = sum(lines.by_trial[number] for number in EARLY)
    late = sum(lines.by_trial[number] for number in LATE)
    # One look at each earlier trial would be one line for each of them.
    assert late - early < 0.2 * len(LATE) * (LATE[0] - EARLY[0])

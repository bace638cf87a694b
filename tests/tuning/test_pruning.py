"""When a running trial is pruned: what is asked, and what need not be."""

from __future__ import annotations

from typing import Any

import optuna
import pytest

from automl.engines.contract import EpochFinished
from automl.trial import EpochReport
from automl.tuning.pruners import make_pruner
from automl.tuning.pruning import COMPARED_AGAIN, Pruning


class Study:
    """A study of which nothing is known but what it was asked."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def thresholds(self, number: int, pruner: Any) -> tuple[float, ...]:
        return (1.0,)

    def should_prune(self, number: int, pruner: optuna.pruners.BasePruner) -> bool:
        self.asked.append(number)
        return False


def pruning(seconds: float | None = None) -> tuple[Study, Pruning]:
    study = Study()
    pruner = make_pruner("median", direction="minimize", epochs=100, patience=10)
    return study, Pruning(study, pruner, "minimize", seconds)  # type: ignore[arg-type]


def finished(trial: int, epoch: int, seconds: float, waits: bool, score: float = 1.0) -> Any:
    return EpochFinished(trial, EpochReport(epoch, score, {"seconds": seconds}), waits)


def test_the_pruner_is_asked_by_who_waits_and_after_another_trial_has_ended() -> None:
    study, made = pruning()
    made.thresholds(3)
    assert not made.stops(3, finished(3, 1, 0.1, waits=False))
    assert study.asked == []
    assert not made.stops(3, finished(3, 2, 0.2, waits=True))
    assert study.asked == [3]
    made.ended(2)
    assert not made.stops(3, finished(3, 3, 0.3, waits=False))
    assert study.asked == [3, 3]
    made.thresholds(3)
    assert not made.stops(3, finished(3, 4, 0.4, waits=False))
    assert study.asked == [3, 3]


def test_a_trial_is_compared_at_equal_seconds_as_these_grow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, made = pruning(seconds=100.0)
    compared: list[int] = []
    whole = made._by_time.should_prune  # type: ignore[union-attr]
    monkeypatch.setattr(
        made._by_time, "should_prune", lambda trial: compared.append(trial) or whole(trial)
    )
    for trial in range(4):
        made.thresholds(trial)
        for epoch in range(1, 40):
            made.stops(trial, finished(trial, epoch, float(epoch), waits=False, score=1.0))
        made.ended(trial)
    compared.clear()
    made.thresholds(9)
    stopped = [
        made.stops(9, finished(9, epoch, 10 + epoch / 100, waits=False, score=5.0))
        for epoch in range(1, 401)
    ]
    assert stopped[0]  # far behind all others
    assert len(compared) < 10
    assert COMPARED_AGAIN ** (len(compared) + 1) > 14 / 10.01

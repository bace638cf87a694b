"""A driver on Ray that was stopped: no trial pays for it, and the cluster is not blamed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import ray

from automl.engines.absence import Absence
from automl.engines.ray import ANSWER_SECONDS, LOOK_SECONDS, RayEngine
from automl.engines.ray_trainable import STARTED
from automl.engines.ray_watch import Watch
from automl.errors import RunError
from automl.testing.engine_trials import make_spec
from tests.engines.test_ray_exchange import PLACE


class Made:
    """A Ray engine without a Ray, on a clock that stands an hour still at one of its readings."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, stopped_at: int = 0) -> None:
        self.now, self.reads, self._stopped_at = 1000.0, 0, stopped_at
        self.killed: list[Any] = []
        self.looks_until_answer = 1
        self.asked_at = 0
        clock = SimpleNamespace(monotonic=self.read)
        monkeypatch.setattr("automl.engines.ray.time", clock)
        monkeypatch.setattr("automl.engines.ray_exchange.time", clock)
        part = SimpleNamespace(
            wait=self._wait, get=lambda _: ("one", {}), kill=self.killed.append,
            exceptions=ray.exceptions,
        )  # fmt: skip
        monkeypatch.setattr("automl.engines.ray.ray", part)
        self.engine = RayEngine(1)
        self.engine._watch = Watch("here")
        monkeypatch.setattr(self.engine._watch, "look", lambda places, now: {})
        monkeypatch.setattr(self.engine._watch, "is_unsure", lambda place, now: False)
        self.engine._absence = Absence(self.read)
        self.engine._mailbox = SimpleNamespace(silences=SimpleNamespace(remote=self._ask))
        self.exchange = self.engine._exchange

    def read(self) -> float:
        self.reads += 1
        self.now += 3600.0 if self.reads == self._stopped_at else 0.0
        return self.now

    def look(self) -> None:
        """The driver waits for news, has none, and looks after its trials."""
        with self.engine._absence.waiting(LOOK_SECONDS):
            self.now += LOOK_SECONDS
        self.engine._kill_overdue()

    def _ask(self) -> str:
        self._looks_left = self.looks_until_answer
        return "asked"

    def _wait(self, asked: list[str], timeout: float) -> tuple[list[str], list[str]]:
        self._looks_left -= 1
        if self._looks_left > 0:
            self.now += timeout
            return [], asked
        return asked, []


def test_wherever_a_driver_is_stopped_no_trial_pays_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for stopped_at in range(1, 200):
        made = Made(monkeypatch, stopped_at)
        made.engine.submit(make_spec(0, seconds=3.0))
        made.look()
        assert made.exchange.next_trial("a") is not None
        made.exchange.placed("a", "the actor")
        made.exchange.took_step("a", {STARTED: PLACE})
        made.looks_until_answer = 2
        for _ in range(4):
            made.look()
        assert made.killed == [], stopped_at
        for _ in range(20):
            made.look()
        assert made.killed == ["the actor"], stopped_at
    assert made.reads < 199  # each reading was the one


def test_a_cluster_is_given_up_where_it_does_not_answer_for_long_enough_looks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = Made(monkeypatch)
    made.engine.submit(make_spec(0))
    made.exchange.next_trial("a")
    made.exchange.took_step("a", {STARTED: PLACE})
    made.looks_until_answer = int(0.9 * ANSWER_SECONDS / LOOK_SECONDS)
    made.look()
    made.looks_until_answer = int(1.1 * ANSWER_SECONDS / LOOK_SECONDS)
    with pytest.raises(RunError, match="has not answered for 30 s"):
        made.look()

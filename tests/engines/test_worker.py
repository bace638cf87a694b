"""A worker's side of the conversation: what it sends at once, and what together."""

from __future__ import annotations

import json
import math
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

import pytest

from automl.engines import worker
from automl.engines.ask_policy import AskPolicy
from automl.engines.worker import _Conversation
from automl.trial import Answer, EpochReport, TrialBudget, TrialSpec


def conversation(**spec: Any) -> tuple[Connection, _Conversation]:
    ours, theirs = Pipe()
    asked = TrialSpec(0, {}, 0, TrialBudget(9, 9), **spec)
    return ours, _Conversation(theirs, AskPolicy(asked, "minimize"))


def messages(connection: Connection) -> list[dict[str, Any]]:
    found = []
    while connection.poll():
        found.append(json.loads(connection.recv_bytes()))
    return found


def epochs(message: dict[str, Any]) -> list[int]:
    return [report["epoch"] for report in message["epochs"]]


@pytest.fixture(autouse=True)
def slow_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "REPORT_SECONDS", 3600.0)


def test_epochs_that_come_fast_are_sent_together_and_before_all_else() -> None:
    driver, trial = conversation()
    trial._sent = -math.inf
    for epoch in (1, 2, 3):
        assert trial.report(EpochReport(epoch, 1.0, {})) is Answer.GO_ON
    (first,) = messages(driver)
    assert (epochs(first), first["waits"]) == ([1], False)
    assert trial.interrupted() is None
    held, alive = messages(driver)
    assert (epochs(held), alive) == ([2, 3], {"alive": True})
    trial.send_reports()
    assert messages(driver) == []


def test_an_epoch_that_waits_takes_the_held_ones_along() -> None:
    driver, trial = conversation(wait_for_answer=True, thresholds=(math.inf, -math.inf))
    trial._sent = math.inf
    assert trial.report(EpochReport(1, 1.0, {})) is Answer.GO_ON
    assert messages(driver) == []
    driver.send_bytes(json.dumps({"answer": "stop", "thresholds": []}).encode())
    assert trial.report(EpochReport(2, 1.0, {})) is Answer.STOP
    (sent,) = messages(driver)
    assert (epochs(sent), sent["waits"]) == ([1, 2], True)


def test_a_trial_that_does_not_wait_hears_that_it_is_to_stop() -> None:
    driver, trial = conversation(wait_for_answer=True, thresholds=(math.inf,) * 3)
    assert trial.report(EpochReport(1, 1.0, {})) is Answer.GO_ON
    driver.send_bytes(json.dumps({"answer": "stop", "thresholds": []}).encode())
    assert trial.interrupted() is None  # which reads it, and keeps it
    assert trial.report(EpochReport(2, 1.0, {})) is Answer.STOP

"""Where the driver's thread and Ray Tune's meet: order, failures of Tune, the end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from automl.engines.contract import TrialEnded
from automl.engines.limits import START_ATTEMPTS
from automl.engines.ray_exchange import RETIRED_SECONDS, ClosedGently, Exchange
from automl.engines.ray_trainable import SPENT, STARTED
from automl.testing.engine_trials import make_spec
from automl.trial import FailureCause
from automl.trial_time import TrialTime

PLACE = {"node": "a", "pid": 1, "began": None}


def make_exchange(trials: int) -> Exchange:
    exchange = Exchange(ClosedGently)
    for trial in range(trials):
        exchange.submit(make_spec(trial))
    return exchange


def next_number(exchange: Exchange, identity: str) -> int | str | None:
    spec = exchange.next_trial(identity)
    return None if spec is None else spec.trial


def test_trials_come_in_the_order_of_submission_and_then_none() -> None:
    exchange = make_exchange(2)
    assert [next_number(exchange, identity) for identity in "abc"] == [0, 1, None]


def test_where_tune_breaks_running_trials_fail_and_the_others_come_again() -> None:
    exchange = make_exchange(3)
    assert [next_number(exchange, identity) for identity in "ab"] == [0, 1]
    exchange.took_step("a", {STARTED: PLACE})
    exchange.broke("bad luck")
    (taken,) = exchange.take_events(0.0)
    assert isinstance(taken.event, TrialEnded)
    assert taken.event.trial == 0
    assert taken.event.result.cause is FailureCause.CRASHED
    assert taken.event.result.reason == "bad luck"
    assert exchange.failure() == ""
    assert [next_number(exchange, identity) for identity in "cd"] == [1, 2]


def test_what_never_starts_is_given_up() -> None:
    exchange = make_exchange(1)
    for attempt in range(START_ATTEMPTS):
        assert exchange.failure() == ""
        assert next_number(exchange, str(attempt)) == 0
        exchange.lost(str(attempt), "no such module")
    assert exchange.failure() == "no such module"


def test_a_start_forgives_earlier_failures() -> None:
    exchange = make_exchange(1)
    for attempt in range(START_ATTEMPTS - 1):
        exchange.next_trial(str(attempt))
        exchange.lost(str(attempt), "no luck")
    exchange.next_trial("last")
    exchange.took_step("last", {STARTED: PLACE})
    exchange.submit(make_spec(1))
    exchange.next_trial("other")
    exchange.lost("other", "no luck")
    assert exchange.failure() == ""


def test_a_result_that_tune_keeps_holds_nothing_of_ours() -> None:
    exchange = make_exchange(1)
    exchange.next_trial("a")
    result = {STARTED: PLACE, "training_iteration": 1}
    exchange.took_step("a", result)
    assert result == {"training_iteration": 1}


def test_closing_ends_tunes_loop() -> None:
    exchange = make_exchange(1)
    exchange.close()
    with pytest.raises(ClosedGently):
        exchange.next_trial("a")
    with pytest.raises(ClosedGently):
        exchange.check_open()


def test_a_trial_that_is_queued_again_keeps_what_it_has_waited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr("automl.engines.ray_exchange.time.monotonic", lambda: now[0])
    exchange = Exchange(ClosedGently)
    exchange.submit(replace(make_spec(0), time=TrialTime(left=30.0)))
    now[0] += 4.0
    first = exchange.next_trial("a")
    assert first is not None
    assert first.time.left == 26.0
    now[0] += 6.0  # while an actor was looked for, and died
    exchange.lost("a", "no luck")
    again = exchange.next_trial("b")
    assert again is not None
    assert again.time.left == 20.0


def test_an_actor_that_was_ended_for_its_size_excuses_one_start_and_not_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr("automl.engines.ray_exchange.time.monotonic", lambda: now[0])
    monkeypatch.setattr("automl.engines.ray_exchange.ray.kill", lambda actor: None)
    exchange = make_exchange(2)
    for identity in ("a", "b"):  # two actors end, of which Tune throws one away
        exchange.next_trial(identity)
        exchange.took_step(identity, {STARTED: PLACE, SPENT: True})
    exchange.submit(make_spec(2))
    now[0] += 1.0
    exchange.next_trial("c")
    exchange.lost("c", "found dead")
    assert exchange._failed_starts == 0
    now[0] += RETIRED_SECONDS
    exchange.next_trial("d")
    exchange.lost("d", "no such module")
    assert exchange._failed_starts == 1

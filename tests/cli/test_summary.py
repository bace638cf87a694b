"""What a search leaves on the screen, where it is not what every search leaves."""

from __future__ import annotations

from automl.cli.summary import _cut_off
from automl.results.record import RunRecord, TrialRecord
from automl.trial import TrialState


def record(*trials: TrialRecord) -> RunRecord:
    return RunRecord("run", "log_loss", "minimize", trials, ())


def test_trials_that_the_end_has_cut_off_are_named() -> None:
    running = [TrialRecord(number, TrialState.RUNNING, {}, 0, None) for number in (3, 7)]
    over = TrialRecord(1, TrialState.COMPLETED, {}, 0, None)
    elsewhere = TrialRecord(2, TrialState.RUNNING, {}, 0, None, place="host:/run")
    assert _cut_off(record(over, elsewhere)) == []
    [one] = _cut_off(record(over, running[0]))
    assert (
        one == "Trial 3 was cut off when the search ended; resumed with time left, it runs again."
    )
    [two] = _cut_off(record(*running))
    assert two.startswith("2 trials were cut off")

"""Failures alike that end a search, and those of its files."""

from __future__ import annotations

import pytest

from automl.errors import RunError
from automl.trial import FailureCause, TrialResult, TrialState
from automl.tuning.failures import SAME_FAILURES, FailuresInARow, check_files_written

DONE = TrialResult(TrialState.COMPLETED, score=0.5)
PRUNED = TrialResult(TrialState.PRUNED, score=0.5)


def failed(cause: FailureCause, reason: str = "it did") -> TrialResult:
    return TrialResult(TrialState.FAILED, reason=reason, cause=cause)


def row(*results: TrialResult, has_completed: bool = False) -> FailuresInARow:
    found = FailuresInARow()
    for result in results:
        found.add(result, has_completed)
    return found


@pytest.mark.parametrize(
    "cause", [cause for cause in FailureCause if cause is not FailureCause.OVER_LIMIT]
)
def test_three_of_one_cause_are_alike_where_nothing_has_completed(cause: FailureCause) -> None:
    assert not row(*[failed(cause)] * (SAME_FAILURES - 1)).are_alike()
    found = row(*[failed(cause)] * SAME_FAILURES)
    assert found.are_alike()
    assert str(cause) in found.message()


@pytest.mark.parametrize(
    "cause", [FailureCause.DIVERGED, FailureCause.REFUSED, FailureCause.OTHER_LOSS]
)
def test_what_speaks_of_a_configuration_ends_no_search_that_has_a_model(
    cause: FailureCause,
) -> None:
    assert not row(*[failed(cause)] * SAME_FAILURES, has_completed=True).are_alike()
    crash = failed(FailureCause.CRASHED)
    assert row(*[crash] * SAME_FAILURES, has_completed=True).are_alike()
    # It ends a row of others, too.
    assert not row(crash, crash, failed(cause), crash, has_completed=True).are_alike()


@pytest.mark.parametrize("between", [DONE, PRUNED])
def test_a_trial_that_did_not_fail_ends_the_row(between: TrialResult) -> None:
    crash = failed(FailureCause.CRASHED)
    assert not row(crash, crash, between, crash).are_alike()
    assert row(crash, between, crash, crash, crash).are_alike()


def test_exceptions_are_told_apart_by_their_kind_and_other_reasons_are_not() -> None:
    def raised(reason: str) -> TrialResult:
        return failed(FailureCause.EXCEPTION, reason)

    assert row(*(raised(f"ValueError: width {n}") for n in range(3))).are_alike()
    assert not row(*map(raised, ("ValueError: a", "TypeError: a", "ValueError: a"))).are_alike()
    late = (failed(FailureCause.TIME_LIMIT, f"it took {n} s") for n in range(3))
    assert row(*late).are_alike()
    assert not row(
        failed(FailureCause.CRASHED), failed(FailureCause.TIME_LIMIT), failed(FailureCause.CRASHED)
    ).are_alike()


def test_a_row_that_is_cleared_begins_anew() -> None:
    crash = failed(FailureCause.CRASHED)
    found = row(crash, crash)
    found.clear()
    found.add(crash, False)
    assert not found.are_alike()


@pytest.mark.parametrize(
    ("cause", "way_out"),
    [
        (FailureCause.TIME_LIMIT, "--trial-time"),
        (FailureCause.OUT_OF_MEMORY, "more memory a worker"),
        (FailureCause.DISK_LIMIT, "--max-disk"),
        (FailureCause.REFUSED, "refuses its own configurations"),
        (FailureCause.EXCEPTION, "the search space or the data is wrong"),
    ],
)
def test_the_sentence_has_the_way_out(cause: FailureCause, way_out: str) -> None:
    message = row(*[failed(cause)] * SAME_FAILURES).message()
    assert message.startswith(f"{SAME_FAILURES} trials in a row failed with the same cause")
    assert way_out in message


@pytest.mark.parametrize(
    ("cause", "way_out"),
    [(FailureCause.DISK_FULL, "make room"), (FailureCause.UNWRITABLE, "writable")],
)
def test_files_that_cannot_be_written_end_a_search_at_once(
    cause: FailureCause, way_out: str
) -> None:
    with pytest.raises(RunError, match=rf"trial 7 .*\(no\).*{way_out}.*automl resume"):
        check_files_written(7, failed(cause, "no"))


@pytest.mark.parametrize("result", [DONE, PRUNED, failed(FailureCause.CRASHED)])
def test_other_ends_say_nothing_of_files(result: TrialResult) -> None:
    check_files_written("linear", result)

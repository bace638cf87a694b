"""A search that has come to nothing: the error says why, and holds what there is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from automl.errors import AutoMLError, RequestError, RunError
from automl.results.run_directory import RunDirectory
from automl.run import conducted
from automl.trial import FailureCause, TrialResult, TrialState
from automl.tuning.observer import Observer
from automl.tuning.outcome import Outcome, StopReason
from automl.tuning.session import SearchEnd, last_failure

MANIFEST = {
    "objective": {"name": "log_loss", "direction": "minimize"},
    "seed": 4,
    "space": {"definition": {"hyperparameters": []}},
    "request": {
        "space": "mlp",
        "sampler": "tpe",
        "pruner": "asha",
        "budget": {"trials": 10, "seconds": None},
        "trial_budget": {"epochs": 20},
    },
}
THREE = Outcome(StopReason.FAILURES, "3 trials in a row failed with the same cause (exception).")


def failed(reason: str) -> TrialResult:
    return TrialResult(TrialState.FAILED, reason=reason, cause=FailureCause.EXCEPTION)


def error_of(start: Callable[[Observer], SearchEnd]) -> AutoMLError:
    with pytest.raises(AutoMLError) as raised:
        conducted(start, None, verbose=0)
    return raised.value


def test_the_last_failure_is_said_with_its_reason() -> None:
    done = TrialResult(TrialState.COMPLETED, score=0.5)
    results = {2: failed("ValueError: no head."), 0: failed("KeyError"), 3: done}
    assert last_failure(results) == "trial 2 failed (exception: ValueError: no head)"
    assert last_failure({0: done}) == last_failure({}) == ""


def test_a_search_without_a_model_says_why_and_leaves_its_run(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "run", MANIFEST)

    def start(told: Observer) -> SearchEnd:
        told.note("rows: 3")
        told.run_opened(run.path)
        return SearchEnd(run, THREE, None, last_failure="trial 2 failed (exception: no head)")

    error = error_of(start)
    assert isinstance(error, RunError)
    assert str(error) == (
        f"No trial of {run.path} completed: trial 2 failed (exception: no head); see "
        f"`automl leaderboard {run.path}`. {THREE.message}"
    )
    assert error.notes == ("rows: 3",)
    assert (error.run.path, error.run.outcome, error.run.notes) == (run.path, THREE, error.notes)
    assert f"stopped: {error}" in run.log_file.read_text()


def test_a_search_that_fails_on_its_way_leaves_its_run_too(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "run", MANIFEST)

    def start(told: Observer) -> SearchEnd:
        told.run_opened(run.path)
        raise RunError("The database fails.")

    error = error_of(start)
    assert error.run.path == run.path
    assert error.run.outcome is None


def test_a_request_that_is_refused_has_no_run_but_what_was_said() -> None:
    def start(told: Observer) -> SearchEnd:
        told.note("rows: 3")
        raise RequestError("no")

    error = error_of(start)
    assert (error.run, error.notes) == (None, ("rows: 3",))
    other = RequestError("elsewhere")  # of an error that no search has raised
    assert (other.run, other.notes) == (None, ())


def test_an_interrupted_search_is_no_error(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "run", {**MANIFEST, "study": "run", "storage": None})
    outcome = Outcome(StopReason.INTERRUPTED, "Stopped.")
    found = conducted(lambda told: SearchEnd(run, outcome, None), None, verbose=0)
    assert (found.path, found.outcome) == (run.path, outcome)


def test_every_reason_for_which_a_search_ends_is_documented() -> None:
    text = (Path(__file__).parents[1] / "docs" / "python.md").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if "run.outcome.stopped_by" in line)
    assert [reason for reason in StopReason if f"`{reason}`" not in line] == []

"""The end of a search: what stands in the way of the export is told with the way out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import automl
from automl.engines.boosting_beside import BoostingBeside
from automl.errors import RequestError, RunError
from automl.results.run_directory import RunDirectory
from automl.trial import SEARCH_OVER, TrialSpec, TrialState
from automl.tuning import finish
from automl.tuning.budget import Clock
from automl.tuning.observer import Observer

pytestmark = pytest.mark.usefixtures("warm")


class Listening(Observer):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def note(self, message: str) -> None:
        self.heard.append(message)


def test_out_of_time_the_test_rows_stay_unopened_until_the_run_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    observer = Listening()
    with monkeypatch.context() as patch:
        patch.setattr(Clock, "left_for_test_rows", lambda self: 0.0)
        run = automl.search(
            "digits",
            space="mlp",
            trials=1,
            epochs=1,
            workers=1,
            cv="none",
            directory=tmp_path / "run",
            observer=observer,
        )
        assert observer.heard[-1].startswith("Trial 0 is not scored on the test rows, for --time")
        assert run.record.test_scores == {}
        assert (run.path / "best" / "model.keras").is_file()
        run.resume()  # it has no trial to run, and takes the time
    scored = automl.load_run(run.path).record.test_scores
    assert set(scored) == {0, "boosting", "linear", "majority"}


def test_without_test_rows_nothing_is_asked_of_them(tmp_path: Path) -> None:
    observer = Listening()
    run = automl.search(
        "iris",
        space="linear",
        trials=1,
        epochs=1,
        workers=1,
        test=0,
        cv="none",
        directory=tmp_path / "run",
        observer=observer,
    )
    assert (run.path / "best" / "model.keras").is_file()
    assert run.record.test_scores == {}
    assert not [said for said in observer.heard if "scored on the test rows" in said]


def test_late_test_rows_get_their_time_also_where_a_resumed_search_goes_on_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Clock, "left_for_test_rows", lambda self: 0.0)
    options: dict[str, Any] = {
        "epochs": 1,
        "workers": 1,
        "cv": "none",
        "directory": tmp_path / "run",
    }
    run = automl.search("digits", trials=1, pruner="none", **options)
    assert run.record.test_scores == {}
    resumed = run.resume(trials=2).record
    best = resumed.best()
    assert best is not None and best.trial == 0
    assert {trial.state for trial in resumed.trials} == {TrialState.COMPLETED}
    assert set(resumed.test_scores) == {0, "boosting", "linear", "majority"}


def test_gradient_boosting_that_the_end_of_the_search_cuts_off_is_trained_when_it_is_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = BoostingBeside.submit

    def cut_off(self: BoostingBeside, spec: TrialSpec) -> None:
        whole(self, spec)
        self.interrupt(spec.trial, SEARCH_OVER)

    asked: dict[str, Any] = {"space": "linear", "epochs": 1, "workers": 1, "cv": "none"}
    with monkeypatch.context() as patch:
        patch.setattr(BoostingBeside, "submit", cut_off)
        run = automl.search("iris", trials=1, directory=tmp_path / "run", verbose=0, **asked)
    names = {baseline.trial for baseline in run.record.baselines}
    assert names == {"majority", "linear"} == set(run.record.test_scores) - {0}
    resumed = run.resume().record
    assert resumed.find("boosting").state is TrialState.COMPLETED
    assert set(resumed.test_scores) == {0, "boosting", "linear", "majority"}
    with pytest.raises(
        RequestError, match=r"a model of scikit-learn's, .* export one of 0, linear"
    ):
        run.export(tmp_path / "model", trial="boosting")


def test_an_export_without_room_is_told_and_costs_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise RequestError("The bundle x cannot be written (No space left on device); choose one.")

    monkeypatch.setattr(finish, "run_in_child", refuse)
    monkeypatch.setattr(finish, "export_request", lambda *_, **__: {})
    run: Any = RunDirectory(tmp_path)
    processes: Any = None
    told = finish._export_best(run, processes, 0)
    assert "No space left on device" in told
    assert "automl resume" in told
    assert "choose one" not in told


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RunError("It does not load (OSError: [Errno 28] No space left on device)."), "make room"),
        (RequestError("best cannot be written (No space left on device); go on"), "make room"),
        (RunError("It predicts other numbers."), "is not exported: It predicts other numbers."),
    ],
)
def test_a_disk_that_is_full_is_named_wherever_an_export_meets_it(
    error: Exception, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(finish, "run_in_child", fail)
    monkeypatch.setattr(finish, "export_request", lambda *_: {})
    run = RunDirectory.create(tmp_path / "run", {"objective": {}})
    told = finish._export_best(run, None, 3)  # type: ignore[arg-type]
    assert said in told
    assert told.count(";") == said.count("make room")

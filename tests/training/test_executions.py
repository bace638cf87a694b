"""Executions: one configuration with several seeds, its score their mean, its model the best."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from automl.common.forms import from_form, to_form
from automl.common.root import Root
from automl.data.metrics import Objective, compute_metrics
from automl.results.predictions import read_predictions
from automl.space.callbacks import carried_callbacks
from automl.space.keras_tuner import hyper_space
from automl.training import executions
from automl.training.device_data import DeviceData
from automl.training.executions import train_executions
from automl.training.score import predict_core
from automl.trial import (
    CHECKPOINT_FILE,
    SEARCH_OVER,
    Answer,
    EpochReport,
    ExecutionReport,
    FailureCause,
    TrialBudget,
    TrialResult,
    TrialSpec,
    TrialState,
)
from automl.trial_time import TrialTime
from tests.training.conftest import FEATURES

SPEC = TrialSpec(0, {}, 3, TrialBudget(2, 9), executions=3)
LOG_LOSS = Objective("log_loss", "minimize")
KEPT = ("model.keras", "check.npy", "predictions.npz")


def build(hp: Any) -> Any:
    model = keras.Sequential([keras.Input((FEATURES,)), keras.layers.Dense(3, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def train(
    data: DeviceData, folder: Path, spec: TrialSpec = SPEC, source: Any = build, **options: Any
) -> TrialResult:
    calls: dict[str, Any] = {
        "report": lambda _: Answer.GO_ON,
        "interrupted": lambda: None,
        **options,
    }
    return train_executions(spec, hyper_space(source), lambda _: data, LOG_LOSS, folder, **calls)


def test_the_score_is_the_mean_and_the_model_the_best_one_s(
    toy: Callable[..., DeviceData], tmp_path: Path
) -> None:
    data, reported = toy(), []
    result = train(data, tmp_path, report=lambda epoch: reported.append(epoch) or Answer.GO_ON)
    assert len(set(result.executions)) == 3
    assert result.score == pytest.approx(np.mean(result.executions))
    assert result.metrics["log_loss"] == pytest.approx(result.score)
    assert [(one.execution, one.epoch) for one in reported] == [
        (number, epoch) for number in (1, 2, 3) for epoch in (1, 2)
    ]
    assert {path.name for path in tmp_path.iterdir()} == {"history.csv", *KEPT}
    saved = keras.models.load_model(tmp_path / "model.keras", compile=False)
    rows = data.validation.rows
    predicted = predict_core(saved, rows, data.plan)
    scored = compute_metrics(data.task, rows.truth, predicted)["log_loss"]
    assert scored == pytest.approx(min(result.executions), rel=1e-4)
    assert any("means over the executions" in note for note in result.notes)
    assert from_form(TrialResult, to_form(result)) == result


def test_one_execution_is_a_trial_like_any_other(
    toy: Callable[..., DeviceData], tmp_path: Path
) -> None:
    one = train(toy(), tmp_path / "1", replace(SPEC, executions=1))
    several = train(toy(), tmp_path / "3")
    assert (one.executions, one.notes) == ((), ())
    assert several.executions[0] == one.score


def test_a_pruned_one_and_a_failed_one_end_the_trial(
    toy: Callable[..., DeviceData], tmp_path: Path
) -> None:
    pruned = train(toy(), tmp_path / "pruned", report=lambda _: Answer.STOP)
    assert (pruned.state, pruned.epochs) == (TrialState.PRUNED, 1)
    times = iter(range(9))

    def breaks(hp: Any) -> Any:
        if next(times) == 1:
            raise ValueError("broken")
        return build(hp)

    failed = train(toy(), tmp_path / "failed", source=breaks)
    assert failed.state is TrialState.FAILED
    assert failed.reason == "execution 2: ValueError: broken"


def test_what_the_end_of_the_search_cuts_off_is_left_out(
    toy: Callable[..., DeviceData], tmp_path: Path
) -> None:
    calls = iter(range(10**6))

    def over() -> str | None:
        return SEARCH_OVER if next(calls) >= 0 else None

    result = train(toy(), tmp_path, replace(SPEC, time=TrialTime(left=1e-9)), interrupted=over)
    assert len(result.executions) <= 1


FOLDS = replace(SPEC, executions=1, views=("fold-1", "fold-2", "fold-3"))


@pytest.fixture
def views(toy: Callable[..., DeviceData]) -> dict[str, DeviceData]:
    return {view: toy(seed=number) for number, view in enumerate(FOLDS.views)}


def over_folds(
    views: dict[str, DeviceData], folder: Path, spec: TrialSpec = FOLDS, **options: Any
) -> TrialResult:
    calls: dict[str, Any] = {
        "report": lambda _: Answer.GO_ON,
        "interrupted": lambda: None,
        **options,
    }
    folder.mkdir(exist_ok=True)
    return train_executions(
        spec, hyper_space(build), views.__getitem__, LOG_LOSS, folder / "trials" / "0", **calls
    )


def test_the_score_over_folds_is_the_mean_of_what_each_gives_by_itself(
    views: dict[str, DeviceData], tmp_path: Path
) -> None:
    result = over_folds(views, tmp_path)
    alone = [
        over_folds(views, tmp_path / view, replace(FOLDS, views=(view,))) for view in FOLDS.views
    ]
    assert result.folds == tuple(one.score for one in alone)
    assert result.score == pytest.approx(np.mean(result.folds))
    assert result.metrics["accuracy"] == pytest.approx(
        np.mean([one.metrics["accuracy"] for one in alone])
    )
    assert result.model_hash == alone[0].model_hash  # that of the first fold
    left = {path.name for path in (tmp_path / "trials" / "0").iterdir()}
    assert left == {"history.csv", *KEPT}


def test_folds_with_several_executions_are_means_of_means(
    views: dict[str, DeviceData], tmp_path: Path
) -> None:
    result = over_folds(views, tmp_path, replace(FOLDS, executions=2))
    for view, score in zip(FOLDS.views, result.folds, strict=True):
        spec = replace(FOLDS, views=(view,), executions=2)
        assert score == pytest.approx(over_folds(views, tmp_path / view, spec).score)
    assert result.score == pytest.approx(np.mean(result.folds))


def test_a_failure_in_a_fold_says_in_which(views: dict[str, DeviceData], tmp_path: Path) -> None:
    def gone(view: str) -> DeviceData:
        if view == "fold-2":
            broken = views[view]
            return replace(broken, train=replace(broken.train, inputs={}))
        return views[view]

    result = train_executions(
        FOLDS,
        hyper_space(build),
        gone,
        LOG_LOSS,
        tmp_path / "trials" / "0",
        lambda _: Answer.GO_ON,
        lambda: None,
    )
    assert result.state is TrialState.FAILED
    assert result.reason.startswith("fold 2: ")


def test_the_end_of_the_search_says_how_many_folds_there_were(
    views: dict[str, DeviceData], tmp_path: Path
) -> None:
    reports: list[int] = []

    def report(epoch: Any) -> Answer:
        reports.append(epoch.epoch)
        return Answer.GO_ON

    over = iter([None] * 1 + [SEARCH_OVER] * 100)
    spec = replace(FOLDS, time=TrialTime())
    result = over_folds(views, tmp_path, spec, report=report, interrupted=lambda: next(over))
    if len(result.folds) < len(FOLDS.views):
        assert result.reason.startswith(f"{SEARCH_OVER} after {len(result.folds)} of 3")
    pruned = over_folds(views, tmp_path, spec, report=lambda _: Answer.STOP)
    assert (pruned.state, pruned.folds) == (TrialState.PRUNED, ())


def test_what_is_finished_is_not_trained_again(
    views: dict[str, DeviceData], tmp_path: Path
) -> None:
    whole = over_folds(views, tmp_path / "whole")
    finished: list[ExecutionReport] = []

    def after(report: ExecutionReport) -> Answer:
        finished.append(report)
        return Answer.GO_ON

    def pausing(epoch: EpochReport) -> Answer:
        return Answer.PAUSE if (epoch.execution, epoch.epoch) == (2, 1) else Answer.GO_ON

    paused = over_folds(views, tmp_path / "part", report=pausing, finished=after)
    assert (paused.state, paused.checkpoint) == (TrialState.PAUSED, f"trials/0/{CHECKPOINT_FILE}")
    assert [report.folds for report in finished] == [whole.folds[:1]]
    heard: list[EpochReport] = []
    spec = replace(FOLDS, finished=(finished[0].result,), start=paused.checkpoint)
    rest = over_folds(
        views, tmp_path / "part", spec, report=lambda epoch: heard.append(epoch) or Answer.GO_ON
    )
    assert [(one.execution, one.epoch) for one in heard] == [(2, 2), (3, 1), (3, 2)]
    assert (rest.folds, rest.model_hash) == (whole.folds, whole.model_hash)
    assert (rest.metrics, rest.train_metrics) == (whole.metrics, whole.train_metrics)
    left = {path.name for path in (tmp_path / "part" / "trials" / "0").iterdir()}
    assert left == {path.name for path in (tmp_path / "whole" / "trials" / "0").iterdir()}


def test_a_checkpoint_of_a_fold_that_is_finished_is_not_gone_on_from(
    views: dict[str, DeviceData], tmp_path: Path
) -> None:
    whole = over_folds(views, tmp_path)
    first = replace(whole, score=whole.folds[0], folds=())
    stale = over_folds(views, tmp_path / "other", report=lambda _: Answer.PAUSE).checkpoint
    (tmp_path / "other" / stale).replace(tmp_path / stale)
    rest = over_folds(views, tmp_path, replace(FOLDS, finished=(first,), start=stale))
    assert rest.folds == whole.folds
    assert not any("began anew" in note for note in rest.notes)


def test_where_the_model_of_the_first_fold_is_gone_all_are_trained_again(
    views: dict[str, DeviceData], tmp_path: Path
) -> None:
    whole = over_folds(views, tmp_path)
    (tmp_path / "trials" / "0" / "model.keras").unlink()
    told = replace(whole, score=123.0, folds=())
    rest = over_folds(views, tmp_path, replace(FOLDS, finished=(told,)))
    assert (rest.folds, rest.model_hash) == (whole.folds, whole.model_hash)


def test_a_trial_is_pruned_between_two_folds_and_keeps_no_model(
    views: dict[str, DeviceData], tmp_path: Path
) -> None:
    whole = over_folds(views, tmp_path / "whole")
    result = over_folds(
        views,
        tmp_path,
        finished=lambda report: Answer.STOP if report.number == 2 else Answer.GO_ON,
    )
    assert (result.state, result.reason) == (TrialState.PRUNED, "it was pruned after fold 2")
    assert result.folds == whole.folds[:2]
    assert result.score == pytest.approx(np.mean(result.folds))
    assert result.model_hash == ""
    assert {path.name for path in (tmp_path / "trials" / "0").iterdir()} == {"history.csv"}


def test_an_exception_in_a_fold_leaves_its_traceback_and_the_folds_before(
    views: dict[str, DeviceData], tmp_path: Path
) -> None:
    broken = replace(views["fold-3"], train=replace(views["fold-3"].train, inputs={}))
    result = over_folds({**views, "fold-3": broken}, tmp_path)
    assert (result.state, len(result.folds)) == (TrialState.FAILED, 2)
    assert (tmp_path / "trials" / "0" / "error.txt").exists()


def test_predictions_of_each_fold_lie_beside_the_model(
    views: dict[str, DeviceData], tmp_path: Path
) -> None:
    result = over_folds(views, tmp_path)
    assert result.predictions == "trials/0/predictions.npz"
    found = read_predictions(Root(tmp_path), tmp_path / result.predictions)
    assert tuple(found) == FOLDS.views
    for view, score in zip(FOLDS.views, result.folds, strict=True):
        data, own = views[view], found[view]
        assert own.values.dtype == np.float32
        scored = compute_metrics(data.task, data.validation.rows.truth, own.values)["log_loss"]
        assert scored == pytest.approx(score, rel=1e-4)
        assert data.validation_positions is not None
        np.testing.assert_array_equal(own.rows, data.validation_positions)


def test_they_go_where_the_model_goes(views: dict[str, DeviceData], tmp_path: Path) -> None:
    worse = over_folds(views, tmp_path, replace(FOLDS, keep_threshold=0.0))
    assert (worse.model_hash, worse.predictions) == ("", "")
    no_room = over_folds(views, tmp_path, replace(FOLDS, model_room=1))
    assert (no_room.model_hash, no_room.predictions) == ("", "")
    one = over_folds(views, tmp_path, replace(FOLDS, views=FOLDS.views[:1], model_room=1))
    assert one.predictions == ""
    assert {path.name for path in (tmp_path / "trials" / "0").iterdir()} == {"history.csv"}


def test_of_several_seeds_the_kept_one_s_predictions_are_kept(
    toy: Callable[..., DeviceData], tmp_path: Path
) -> None:
    data = toy()
    result = train(data, tmp_path / "trials" / "0")
    (own,) = read_predictions(Root(tmp_path), tmp_path / result.predictions).values()
    np.testing.assert_allclose(
        own.values[data.check_positions], np.load(tmp_path / "trials" / "0" / "check.npy"), 1e-6
    )


def test_folds_share_a_trial_s_time(views: dict[str, DeviceData], tmp_path: Path) -> None:
    budget = TrialBudget(100_000, 100_000, seconds=6.0)
    result = over_folds(views, tmp_path, replace(FOLDS, budget=budget))
    assert len(result.folds) == 3
    assert result.reason.startswith("it reached its time limit of 2 s")


def test_the_mean_decides_whether_a_model_is_kept(
    views: dict[str, DeviceData], tmp_path: Path
) -> None:
    folds = over_folds(views, tmp_path / "all").folds
    mean = float(np.mean(folds))
    first_is_worse = folds[0] > mean
    between = (folds[0] + mean) / 2  # one of the two beats it, and it is the mean that counts
    result = over_folds(views, tmp_path / "some", replace(FOLDS, keep_threshold=between))
    saved = (tmp_path / "some" / "trials" / "0" / "model.keras").exists()
    assert saved == bool(result.model_hash) == first_is_worse


@pytest.mark.parametrize("views", [("fold-1",), ("fold-1", "fold-2", "fold-3")])
def test_a_trial_that_the_end_of_the_search_has_overtaken_says_so(
    views: tuple[str, ...], toy: Callable[..., DeviceData], tmp_path: Path
) -> None:
    rows = {view: toy() for view in views}
    result = over_folds(rows, tmp_path, replace(FOLDS, views=views, time=TrialTime(left=-0.5)))
    assert result.reason.startswith(SEARCH_OVER)
    assert result.folds == ()


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 and no more", None], ids=str)
def test_where_predictions_of_finished_folds_are_damaged_all_are_trained_again(
    damage: bytes | None, views: dict[str, DeviceData], tmp_path: Path
) -> None:
    whole = over_folds(views, tmp_path)
    predictions = tmp_path / whole.predictions
    predictions.unlink() if damage is None else predictions.write_bytes(damage)
    told = replace(whole, score=123.0, folds=())
    rest = over_folds(views, tmp_path, replace(FOLDS, finished=(told,)))
    assert (rest.folds, rest.model_hash) == (whole.folds, whole.model_hash)
    assert tuple(read_predictions(Root(tmp_path), predictions)) == FOLDS.views


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), FailureCause.DISK_FULL),
        (PermissionError(errno.EACCES, "Permission denied"), FailureCause.UNWRITABLE),
    ],
    ids=["full disk", "no permission"],
)
def test_files_of_a_fold_that_cannot_be_written_fail_the_trial_and_not_its_worker(
    error: OSError,
    cause: FailureCause,
    views: dict[str, DeviceData],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*_: Any) -> None:
        raise error

    monkeypatch.setattr(executions, "add_predictions", fails)
    result = over_folds(views, tmp_path)
    assert (result.state, result.cause) == (TrialState.FAILED, cause)
    assert result.reason.startswith("fold 2: its files could not be written: ")
    assert len(result.folds) == 1


def much_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each training takes a thousand seconds, as far as its trial can tell."""
    train_trial = executions.train_trial
    monkeypatch.setattr(
        executions,
        "train_trial",
        lambda *given, **named: replace(train_trial(*given, **named), seconds=1000.0),
    )


def test_a_trial_s_own_limit_that_is_over_between_two_folds_is_not_the_search_s(
    views: dict[str, DeviceData], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    much_later(monkeypatch)
    budget = TrialBudget(2, 9, seconds=900.0)
    result = over_folds(views, tmp_path, replace(FOLDS, budget=budget))
    assert (result.state, result.cause) == (TrialState.FAILED, FailureCause.TIME_LIMIT)
    assert result.reason == "fold 2: the time limit of 900 s was over before it"
    assert len(result.folds) == 1


def test_of_several_seeds_those_before_a_trial_s_own_limit_count(
    toy: Callable[..., DeviceData], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    much_later(monkeypatch)
    result = train(toy(), tmp_path, replace(SPEC, budget=TrialBudget(2, 9, seconds=900.0)))
    assert result.state is TrialState.COMPLETED
    assert (len(result.executions), bool(result.model_hash)) == (0, True)


def test_callbacks_keep_their_files_of_every_fold(
    views: dict[str, DeviceData], tmp_path: Path
) -> None:
    _, carried = carried_callbacks(keras.callbacks.CSVLogger("log.csv"))
    result = over_folds(views, tmp_path, callbacks=carried)
    assert result.state is TrialState.COMPLETED
    left = {
        path.relative_to(tmp_path / "trials" / "0").as_posix()
        for path in (tmp_path / "trials" / "0").rglob("*")
        if path.is_file()
    }
    assert left == {"history.csv", *KEPT, *(f"{view}/log.csv" for view in FOLDS.views)}

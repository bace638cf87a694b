"""Whole searches that export the refit: what it is trained on, what is said of it, what is kept."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_wine

import automl
from automl.cli.summary import next_commands
from automl.common.forms import read_form
from automl.data.plan import PreprocessingPlan
from automl.errors import RequestError
from automl.export.bundle import load_keras
from automl.results.findings import findings
from automl.results.leaderboard import leaderboard
from automl.results.readings.table import leaderboard_text
from automl.results.record import TrialRecord
from automl.results.refits import RefitForm, recorded_refit
from automl.trial import REFIT
from automl.tuning.refitting import Refitting

pytestmark = pytest.mark.usefixtures("warm")


def write_rows(folder: Path) -> Path:
    frame = load_wine(as_frame=True).frame
    path = folder / "wine.csv"
    frame.to_csv(path, index=False)
    return path


def search(data: Path, directory: Path, **options: Any) -> automl.Run:
    usual: dict[str, Any] = {
        "target": "target",
        "space": "mlp",
        "settings": {"width": "16:32", "depth": "1:2", "optimizer": "adam", "batch_size": 32},
        "trials": 3,
        "epochs": 6,
        "workers": 1,
        "pruner": "none",
        "finalists": 0,
        "cv": "none",
        "export": "refit",
    }
    return automl.search(data, directory=directory, verbose=0, **{**usual, **options})


def refit_of(run: automl.Run) -> TrialRecord:
    refit = run.record.refit
    assert refit is not None
    return refit


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rows(tmp_path_factory.mktemp("rows"))


@pytest.fixture(scope="module")
def run(rows: Path, tmp_path_factory: pytest.TempPathFactory) -> automl.Run:
    return search(rows, tmp_path_factory.mktemp("refit") / "run")


def test_what_is_to_be_typed_next_is_of_the_refit(run: automl.Run) -> None:
    commands = next_commands(run, "there")
    assert commands[:3] == [
        "automl leaderboard there",
        "automl show there refit",
        "automl export there --to model",
    ]


def test_it_has_all_rows_but_the_test_rows_and_its_epochs_grow_with_them(run: automl.Run) -> None:
    best, refit = run.record.best(), refit_of(run)
    assert best is not None and best.result is not None and refit.result is not None
    counts = json.loads((run.path / "run.json").read_text())["data"]["rows"]
    learnt = counts["train"] + counts["validation"]
    assert refit.refit_of == best.trial and refit.config == best.config
    assert refit.seed != best.seed
    growth = learnt / counts["train"]
    assert refit.result.epochs == round(best.result.best_epoch * growth)
    assert f"on {learnt:,} rows" in refit.result.reason
    plan = json.loads((run.path / "trials" / REFIT / "plan.json").read_text())
    assert plan["summary"]["rows"] == {"train": learnt, "test": counts["test"]}


def test_it_has_no_score_no_rank_and_a_test_score(run: automl.Run) -> None:
    [row] = [row for row in leaderboard(run.record) if row.trial == REFIT]
    assert row.rank is None and row.score is None and row.metrics == {} and row.gap is None
    assert row.test_metrics.keys() >= {"log_loss", "accuracy"} and row.test_interval is not None
    text = leaderboard_text(run.record, leaderboard(run.record))
    assert "never validated" in text and "so no rows have" in " ".join(text.split())
    assert any("The refit, which is exported" in one for one in findings(run.record))


def test_it_is_what_is_exported_and_answers_in_plain_keras_what_was_scored(
    run: automl.Run, tmp_path: Path
) -> None:
    exported = run.record.exported
    assert exported is not None and exported.trial == REFIT
    config = json.loads((run.path / "best" / "config.json").read_text())
    assert config["trial"] == REFIT and config["score"] is None
    assert config["model_hash"] == refit_of(run).result.model_hash  # type: ignore[union-attr]
    assert "Never validated" in (run.path / "best" / "card.md").read_text()
    table = load_wine(as_frame=True).frame.drop(columns="target")
    form = json.loads((run.path / "trials" / REFIT / "plan.json").read_text())["plan"]
    plan = read_form(PreprocessingPlan, form)
    raw = plan.inputs.exported(table, plan.inputs.input_names())
    answers = load_keras(run.path / "best" / "model.keras")(raw)
    core = load_keras(run.path / "trials" / REFIT / "model.keras")
    expected = core({name: np.asarray(x) for name, x in plan.inputs.apply(table).items()})
    assert np.allclose(np.asarray(answers), np.asarray(expected), atol=1e-5)
    again = run.export(tmp_path / "again", trial=REFIT)
    assert (again / "model.keras").is_file()


def test_how_it_was_trained_is_said_where_its_trial_was_trained_otherwise(
    rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Refitting.train

    def slower(*given: Any) -> RefitForm:
        form = whole(*given)
        return replace(form, result=replace(form.result, notes=("It trains by fit.",)))

    monkeypatch.setattr(Refitting, "train", slower)
    run = search(rows, tmp_path / "run", trials=1)
    assert refit_of(run).result is not None
    assert (run.path / "search.log").read_text().count("It trains by fit.") == 1


def test_what_needs_validation_rows_refuses_it(run: automl.Run) -> None:
    with pytest.raises(RequestError, match="no score that could be compared"):
        run.replay(REFIT)
    with pytest.raises(RequestError, match="trained on the validation rows too"):
        run.importance(columns=True, trial=REFIT)


def test_over_folds_it_has_the_rows_of_all_of_them_and_the_bag_stays(
    rows: Path, tmp_path: Path
) -> None:
    run = search(rows, tmp_path / "run", cv=3, finalists=2, trials=10)
    refit, best = refit_of(run), run.record.best()
    assert best is not None and best.is_finalist and refit.refit_of == best.trial
    counts = json.loads((run.path / "run.json").read_text())["data"]["rows"]
    assert refit.result is not None
    assert f"{counts['train'] + counts['validation']:,} rows" in refit.result.reason
    assert {"bag", REFIT} <= {row.trial for row in leaderboard(run.record)}
    exported = run.record.exported
    assert exported is not None and exported.trial == REFIT


def test_resuming_chooses_anew_what_is_exported_and_trains_no_refit_twice(
    rows: Path, tmp_path: Path
) -> None:
    run = search(rows, tmp_path / "run", export="best")
    assert run.record.refit is None
    run = run.resume(export="refit", verbose=0)
    first = refit_of(run)
    assert first.result is not None and run.record.test_scores[REFIT]
    run = run.resume(export="best", verbose=0)
    assert run.record.chosen == "" and refit_of(run).result == first.result
    assert json.loads((run.path / "best" / "config.json").read_text())["trial"] != REFIT
    stamp = (run.path / "trials" / REFIT / "model.keras").stat().st_mtime_ns
    run = run.resume(export="refit", verbose=0)
    assert run.record.chosen == REFIT
    assert (run.path / "trials" / REFIT / "model.keras").stat().st_mtime_ns == stamp


def test_of_a_division_of_its_own_for_each_trial(rows: Path, tmp_path: Path) -> None:
    run = search(rows, tmp_path / "run", cv=None, holdout="reshuffle")
    exported = run.record.exported
    assert exported is not None and exported.trial == REFIT


def test_where_the_data_have_changed_the_best_is_exported_and_it_is_said(
    tmp_path: Path,
) -> None:
    data = write_rows(tmp_path)
    run = search(data, tmp_path / "run", export="best", max_disk="1GB", trials=2)
    assert run.record.refit is None

    class Changes(automl.Observer):
        """Changes the data when the last trial is over."""

        def __init__(self) -> None:
            self.notes: list[str] = []

        def note(self, message: str) -> None:
            self.notes.append(message)

        def finishing(self, message: str) -> None:
            if message.startswith("training trial"):
                lines = data.read_text().splitlines()
                data.write_text("\n".join([*lines[:-1], lines[-2]]) + "\n")

    observer = Changes()
    run = run.resume(export="refit", trials=3, verbose=0, observer=observer)
    assert any(
        note.startswith("The refit is not trained: The data of") and "exported in its place" in note
        for note in observer.notes
    )
    assert run.record.refit is None and (run.path / "best" / "model.keras").is_file()


def test_a_void_trial_s_refit_is_void(rows: Path, tmp_path: Path) -> None:
    run = search(rows, tmp_path / "run")
    number = refit_of(run).refit_of
    assert number is not None
    run.void(number, "rows were wrong")
    run = automl.load_run(run.path)
    assert "rows were wrong" in refit_of(run).voided
    assert run.record.exported is not None and run.record.exported.trial != REFIT


def test_in_memory_rows_are_read_again_where_they_are(tmp_path: Path) -> None:
    x, y = load_wine(return_X_y=True)
    run = automl.search(
        (x, y), directory=tmp_path / "run", trials=2, epochs=3, cv="none", finalists=0,
        workers=1, export="refit", verbose=0,
    )  # fmt: skip
    assert run.record.chosen == REFIT


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"export": "both"}, "best or refit"),
        ({"storage": "sqlite:///x.db"}, "several searches may share"),
    ],
)
def test_what_cannot_be_is_refused(
    options: dict[str, Any], says: str, rows: Path, tmp_path: Path
) -> None:
    with pytest.raises(RequestError, match=says):
        search(rows, tmp_path / "run", **options)


@pytest.mark.parametrize(
    "change",
    [
        {"trial": -1}, {"trial": "0"}, {"rows": 0}, {"seed": 1.5}, {"trial": 99}, {"result": None},
        {"result": {"state": "completed", "score": 0.1}}, {"result": {"state": "gone"}},
    ],
)  # fmt: skip
def test_a_stranger_s_refit_is_refused_in_one_sentence(
    change: dict[str, Any], run: automl.Run
) -> None:
    from automl.errors import RunError
    from automl.results.read_record import read_record
    from automl.results.run_directory import RunDirectory
    from automl.results.study_content import read_study

    directory = RunDirectory.open(run.path)
    content = read_study(directory, directory.read_manifest(), None)
    content.attributes[REFIT] = {**content.attributes[REFIT], **change}
    with pytest.raises(RunError, match="restore"):
        read_record(directory, content)


def test_a_run_without_one_has_none() -> None:
    assert recorded_refit({}) is None

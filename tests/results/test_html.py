"""What a notebook shows of a run: short, and harmless whatever the names are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from automl.api import Run, RunTrial, load_run
from automl.results.overview import overview_text
from automl.results.read_record import read_record
from automl.results.readings.csv import to_csv
from automl.results.readings.html import run_html, trial_html
from automl.results.run_directory import RunDirectory
from tests.faults.whole_run import make_run

PARTS = ("data", "request", "task")
VALUES = (None, 3, "x", [1], {"rows": {"train": "x"}, "kind": [1], "data": 1})
EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    folder = tmp_path_factory.mktemp("html")
    return make_run(folder / "run", folder / "rows.csv")


def test_names_are_escaped(run: RunDirectory) -> None:
    record = read_record(run)
    trials = tuple(replace(trial, config={EVIL: EVIL}) for trial in record.trials)
    record = replace(record, trials=trials, objective=EVIL)
    for text in (run_html(run, record), *(trial_html(trial) for trial in trials)):
        assert "<img" not in text
    assert "&lt;img" in trial_html(trials[0])


def test_a_run_of_any_manifest_is_shown(run: RunDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest, record = run.read_manifest(), read_record(run)
    for part in PARTS:
        for value in VALUES:
            changed = {**manifest, part: value}
            monkeypatch.setattr(RunDirectory, "read_manifest", lambda _, found=changed: found)
            assert "<table>" in run_html(run, record)
            assert overview_text(run, record).startswith("Run ")


def test_what_python_shows_is_short(run: RunDirectory) -> None:
    found = load_run(run.path)
    assert repr(found) == f"Run({str(run.path)!r})"
    trial = found.trial(read_record(run).trials[0].trial)
    assert isinstance(trial, RunTrial)
    assert repr(trial).startswith(f"<trial {trial.number} of {str(run.path)!r}: ")
    assert len(repr(trial)) < len(str(run.path)) + 80
    assert "<table>" in trial._repr_html_()
    assert "<table>" in found._repr_html_()


def test_the_data_frame_has_the_columns_of_the_csv(run: RunDirectory) -> None:
    from automl.results.leaderboard import leaderboard

    found = Run(run).leaderboard()
    header = to_csv(leaderboard(read_record(run))).split("\n")[0]
    assert list(found.columns) == header.split(",")
    assert len(found) == len(leaderboard(read_record(run)))


@pytest.mark.parametrize("content", [None, "{", '{"notes": 3}', '{"notes": [1, "a note"]}'])
def test_notes_of_a_loaded_run(run: RunDirectory, content: str | None) -> None:
    Path(run.plan_file).unlink(missing_ok=True)
    if content is not None:
        Path(run.plan_file).write_text(content)
    assert load_run(run.path).notes == (("a note",) if content and "a note" in content else ())

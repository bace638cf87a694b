"""The comparison end to end: real searches in processes of their own, two trials of one epoch."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from benchmarks.catalogue import WORKLOADS
from benchmarks.peers.__main__ import main, options, shortened
from benchmarks.peers.assignment import Assignment
from benchmarks.peers.child import TOOLS, tools_of
from benchmarks.peers.clock import Record
from benchmarks.peers.runner import Runner
from benchmarks.rows import write_rows


def compare(folder: Path, *peers: str) -> tuple[dict[str, Record], str]:
    """Runs the command on the digits workload; the records by tool, and the written text."""
    output, records = folder / "RESULTS.md", folder / "records.jsonl"
    words = ["digits", "--repeats", "1", "--trials", "2", "--epochs", "1", "--no-reach"]
    places = ["--output", str(output), "--records", str(records), "--work", str(folder)]
    main([*words, *places, "--python", sys.executable, "--peers", *peers])
    made = [Record.from_json(json.loads(line)) for line in records.read_text().splitlines()]
    assert {path.name for path in folder.iterdir()} == {"RESULTS.md", "records.jsonl"}
    return {record.tool: record for record in made}, output.read_text()


def check_done(record: Record) -> None:
    assert record.reason == ""
    assert len(record.trials) == 2
    assert [trial.epochs for trial in record.trials] == [1, 1]
    assert record.best is not None
    assert record.seconds is not None
    assert 0 < record.trials[0].at < record.trials[1].at <= record.seconds <= record.whole
    assert "tensorflow" in record.facts["versions"]


@pytest.mark.slow
def test_this_project_beside_an_optuna_loop(tmp_path: Path) -> None:
    records, text = compare(tmp_path, "optuna")
    assert list(records) == ["automl", "optuna"]
    for record in records.values():
        check_done(record)
    assert set(records["automl"].trials[0].more) >= {"seconds", "timings", "state"}
    assert "**shortened**" in text
    assert "times** (aimed at: 12;" in text


@pytest.mark.slow
def test_ray_tune_and_kerastuner(tmp_path: Path) -> None:
    records, text = compare(tmp_path, "ray", "keras-tuner")
    check_done(records["ray"])
    if importlib.util.find_spec("tensorboard") is not None:
        check_done(records["keras-tuner"])
    else:  # which KerasTuner imports in every search
        assert "tensorboard" in records["keras-tuner"].reason
        assert "KerasTuner RandomSearch: 1 of 1 searches not done" in text


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("tensorboard") is None, reason="KerasTuner needs it")
def test_each_tool_has_image_networks_of_its_own(tmp_path: Path) -> None:
    output, file = tmp_path / "RESULTS.md", tmp_path / "records.jsonl"
    words = ["images-64", "--repeats", "1", "--trials", "1", "--epochs", "1", "--rows", "64"]
    places = ["--output", str(output), "--records", str(file), "--work", str(tmp_path)]
    main([*words, *places, "--python", sys.executable, "--peers", "keras-tuner", "optuna"])
    records = [Record.from_json(json.loads(line)) for line in file.read_text().splitlines()]
    assert [record.tool for record in records] == ["automl", "keras-tuner"]
    assert [record.reason for record in records] == ["", ""]
    text = output.read_text()
    assert "| this project, `image` |" in text
    assert "| KerasTuner RandomSearch, HyperResNet |" in text
    assert "**shortened**" in text


@pytest.mark.slow
def test_this_project_stops_once_a_score_is_reached(tmp_path: Path) -> None:
    rows = write_rows("digits", tmp_path, tmp_path)
    runner = Runner(tmp_path, {"automl": Path(sys.executable)}, limit=300)
    folder = str(tmp_path / "search")
    asked = Assignment("automl", "digits", str(rows), folder, 30, 5, 5, 1, reach=9.0, seconds=90)
    record = runner.run(asked, repeat=0)
    assert record.reason == ""
    assert record.seconds is not None
    assert record.reached(9.0) is not None
    assert 1 <= len(record.trials) <= 3


def test_a_tool_that_is_not_installed_is_a_record_with_the_reason(tmp_path: Path) -> None:
    rows = write_rows("digits", tmp_path, tmp_path)
    runner = Runner(tmp_path, {"autokeras": Path(sys.executable)}, limit=300)
    folder = tmp_path / "search"
    asked = Assignment("autokeras", "digits", str(rows), str(folder), 2, 1, 1, 1)
    record = runner.run(asked, repeat=0)
    if importlib.util.find_spec("autokeras") is None:
        assert record.reason == "ModuleNotFoundError: No module named 'autokeras'"
        assert record.seconds is None
    assert not folder.exists()


def test_a_search_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    rows = write_rows("digits", tmp_path, tmp_path)
    runner = Runner(tmp_path, {"optuna": Path(sys.executable)}, limit=0.2)
    asked = Assignment("optuna", "digits", str(rows), str(tmp_path / "search"), 2, 1, 1, 1)
    record = runner.run(asked, repeat=0)
    assert record.reason == "not done after 0 s"
    assert record.seconds is None


def test_what_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options(["digit"])
    assert "no workload digit; choose from digits, housing" in capsys.readouterr().err


def test_images_names_both_workloads(tmp_path: Path) -> None:
    (tmp_path / "fashion_mnist.npz").touch()
    words = ["digits", "images", "images-28", "--data", str(tmp_path)]
    assert options(words).workloads == [*("digits", "images-28", "images-64")]
    assert set(tools_of(WORKLOADS["images-64"])) == {"automl", "keras-tuner", "autokeras"}
    assert set(tools_of(WORKLOADS["digits"])) == set(TOOLS)


def test_a_shortened_workload_keeps_the_rest() -> None:
    made = shortened(WORKLOADS["digits"], trials=2, epochs=None)
    assert (made.trials, made.epochs, made.patience) == (2, 20, 5)

"""A temperature that a run has recorded: in the exported model, its check, its card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.storages import JournalStorage
from run_maker import add_trial, exported, make_run, people

from automl.common.forms import to_form
from automl.data.kept_temperature import Temperature
from automl.data.request import DataRequest
from automl.data.task import TaskKind
from automl.data.temperature import tempered
from automl.errors import RunError
from automl.export.bundle import open_bundle
from automl.export.in_child import export_in_child
from automl.export.predict import evaluate, predict
from automl.export.prediction_check import compare
from automl.results.asked_threshold import asked_threshold
from automl.results.export_request import export_request
from automl.results.journal import JournalFile
from automl.results.read_record import read_record
from automl.results.run_directory import RunDirectory
from automl.results.temperatures import temperature_entry

KEPT = Temperature(2.5, 0.4321, 0.5432, 0.0123, 24)


def record(run: RunDirectory, key: str, form: Any) -> None:
    storage = JournalStorage(JournalFile(run.study_file))
    optuna.load_study(storage=storage, study_name="run").set_user_attr(key, form)


def test_the_bundle_answers_with_it(tmp_path: Path) -> None:
    request = DataRequest(people(), target=("income",), ignore=("price",))
    plain = exported(tmp_path, request)
    record(plain.run, *temperature_entry(0, KEPT))
    assert read_record(plain.run).temperatures == {0: KEPT}
    bundle = tmp_path / "tempered"
    export_in_child(**export_request(plain.run, None, bundle))

    config = json.loads((bundle / "config.json").read_text(encoding="utf-8"))
    assert config["temperature"] == to_form(KEPT)
    card = (bundle / "card.md").read_text(encoding="utf-8")
    assert "divides its logits by 2.5:" in card
    assert "0.4321, cross-fitted, without" in card
    assert "not calibrated" not in card
    assert "not calibrated" in (plain.bundle / "card.md").read_text(encoding="utf-8")

    before, after = predict(plain.bundle, people()), predict(bundle, people())
    expected = tempered(plain.data.task, before[["probability_low"]].to_numpy(), KEPT.value)
    np.testing.assert_allclose(after["probability_low"], expected[:, 0], atol=1e-5)
    assert (after["prediction"] == before["prediction"]).all()
    old, new = (evaluate(place, people()) for place in (plain.bundle, bundle))
    assert (new["accuracy"], new["f1"]) == (old["accuracy"], old["f1"])
    assert new["roc_auc"] == pytest.approx(old["roc_auc"])
    assert new["log_loss"] != pytest.approx(old["log_loss"], abs=1e-3)

    # a threshold is one of the probabilities that the exported model answers
    arguments = export_request(plain.run, None, tmp_path / "x", asked=asked_threshold("f1", None))
    untempered = export_request(
        plain.run,
        None,
        tmp_path / "x",
        asked=asked_threshold("f1", None),
        record=read_record_without_temperature(plain.run),
    )
    chosen, usual = (one["config"]["threshold"] for one in (arguments, untempered))
    assert chosen["reached"] == pytest.approx(usual["reached"])
    assert chosen["at_half"] == pytest.approx(usual["at_half"])


def read_record_without_temperature(run: RunDirectory) -> Any:
    from dataclasses import replace

    return replace(read_record(run), temperatures={})


@pytest.mark.parametrize("number", [0, 1])
def test_only_the_trial_that_has_one_is_exported_with_it(number: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(90, 3)).astype(np.float32), rng.integers(0, 3, 90)
    run, data = make_run(tmp_path / "run", DataRequest((x, y)))
    add_trial(run, data)
    add_trial(run, data)
    assert data.task.kind is TaskKind.MULTICLASS
    record(run, *temperature_entry(1, KEPT))
    request = export_request(run, number, tmp_path / "bundle")
    assert request["temperature"] == (KEPT.value if number else 1.0)
    export_in_child(**request)
    assert ("temperature" in open_bundle(tmp_path / "bundle").config) == bool(number)
    record(run, *temperature_entry(1, None))
    assert read_record(run).temperatures == {}


@pytest.mark.parametrize("odd", [7, {"value": 2.0}, {**to_form(KEPT), "value": 50.0}])
def test_a_damaged_temperature_is_one_sentence(odd: Any, tmp_path: Path) -> None:
    request = DataRequest(people(), target=("income",), ignore=("price",))
    run, data = make_run(tmp_path / "run", request)
    add_trial(run, data, keep=False)
    record(run, "temperature:0", odd)
    with pytest.raises(RunError, match="temperature of 0 cannot be read"):
        read_record(run)


def test_the_check_sees_a_temperature_that_is_missing_or_another(tmp_path: Path) -> None:
    request = DataRequest(people(), target=("income",), ignore=("price",))
    _, data = make_run(tmp_path / "run", request)
    task, plan = data.task, data.plan
    p = np.linspace(0.0, 1.0, 41, dtype=np.float32).reshape(-1, 1)
    answers = tempered(task, p, 2.5).astype(np.float32)
    assert compare(p, answers, plan, task, 2.5).difference < 1e-4
    for given, temperature in ((p, 2.5), (answers, 1.0), (answers, 2.6)):
        with pytest.raises(RunError, match="not the one that was scored"):
            compare(p, given, plan, task, temperature)
    # one step of float32 just below 1 is far more with a temperature, and no fault of the model
    edge = np.array([[1.0 - 2.4e-7]], np.float32)
    step = np.nextafter(edge, np.float32(0.0))
    moved = tempered(task, step, 4.0)
    assert abs(moved - tempered(task, edge, 4.0)).max() > 1e-3
    assert compare(edge, moved, plan, task, 4.0).rows == 1

"""The decision threshold of an export: chosen, kept in the bundle, used by what reads it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from run_maker import Exported, people

from automl.data.metrics import compute_metric
from automl.errors import RequestError, RunError
from automl.export.bundle import open_bundle
from automl.export.in_child import export_in_child
from automl.export.predict import evaluate, predict
from automl.results.asked_threshold import (
    asked_threshold,
    chosen_threshold,
    validation_rows,
)
from automl.results.export_request import export_request
from automl.trial import PREDICTIONS_FILE

Exporting = Callable[..., Path]


@pytest.fixture
def with_threshold(classes: Exported, tmp_path: Path) -> Exporting:
    def made(threshold: Any = None, costs: Any = None) -> Path:
        asked = asked_threshold(threshold, costs)
        export_in_child(**export_request(classes.run, None, tmp_path / "bundle", asked=asked))
        return tmp_path / "bundle"

    return made


def config_of(bundle: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((bundle / "config.json").read_text(encoding="utf-8"))
    return found


def test_the_default_stays_one_half(classes: Exported) -> None:
    assert "threshold" not in config_of(classes.bundle)
    assert config_of(classes.bundle)["format"] in (1, 2)
    assert open_bundle(classes.bundle).threshold == 0.5
    assert "is above" not in (classes.bundle / "card.md").read_text(encoding="utf-8")


def test_a_threshold_is_kept_told_and_used(classes: Exported, with_threshold: Exporting) -> None:
    probabilities = predict(classes.bundle, people())["probability_low"]
    given = float(np.quantile(probabilities, 0.8))
    bundle = with_threshold(str(given))
    assert config_of(bundle)["threshold"] == {"value": given, "by": "given"}
    assert config_of(bundle)["format"] == 3  # an older program would tell with one half
    told = predict(bundle, people())
    np.testing.assert_array_equal(told["probability_low"], probabilities)
    assert ((told["prediction"] == "low") == (probabilities > given)).all()
    assert 0.1 < (told["prediction"] == "low").mean() < 0.3
    said: list[str] = []
    scores = evaluate(bundle, people(), say=said.append)
    assert scores["accuracy"] == pytest.approx((told["prediction"] == people()["income"]).mean())
    assert f"low is told where its probability is above {given:.6g}" in said[-1]
    before = evaluate(classes.bundle, people())
    assert scores["accuracy"] != before["accuracy"]
    assert [scores[name] for name in ("log_loss", "roc_auc")] == [
        before[name] for name in ("log_loss", "roc_auc")
    ]
    card = (bundle / "card.md").read_text(encoding="utf-8")
    assert f"tells low where its probability is above {given:.6g}, as it was asked for" in card


def test_f1_and_costs_are_of_the_recorded_validation_rows(
    classes: Exported, with_threshold: Exporting
) -> None:
    [rows] = validation_rows(classes.run, 0, classes.data.task)
    np.testing.assert_array_equal(rows.truth, classes.data.validation.truth)
    bundle = with_threshold("f1")
    chosen = config_of(bundle)["threshold"]
    scored = (classes.data.task, rows.truth, rows.probabilities)
    assert chosen["reached"] == pytest.approx(
        compute_metric("f1", *scored, threshold=chosen["value"])
    )
    assert chosen["at_half"] == pytest.approx(compute_metric("f1", *scored))
    assert chosen["reached"] >= chosen["at_half"]
    assert chosen["rows"] == len(rows.truth)
    assert "chosen for the best F1: F1" in (bundle / "card.md").read_text(encoding="utf-8")
    shutil.rmtree(bundle)
    bundle = with_threshold(costs="1,4")
    assert open_bundle(bundle).threshold == pytest.approx(0.2)
    assert config_of(bundle)["threshold"]["costs"] == [1.0, 4.0]
    assert "that of the costs 1 and 4: mean cost" in (bundle / "card.md").read_text(
        encoding="utf-8"
    )


def test_an_older_run_has_a_threshold_where_no_rows_are_needed(
    classes: Exported, with_threshold: Exporting, tmp_path: Path
) -> None:
    kept = classes.run.trial_file(0, PREDICTIONS_FILE)
    content = kept.read_bytes()
    kept.unlink()
    try:
        with pytest.raises(RequestError, match="did not record what is true"):
            with_threshold("f1")
        assert open_bundle(with_threshold(costs=(1, 4))).threshold == pytest.approx(0.2)
    finally:
        kept.write_bytes(content)


def test_costs_of_weighed_classes_are_minimized_on_the_rows(classes: Exported) -> None:
    asked = asked_threshold(None, "1,4")
    assert asked is not None
    of = (asked, classes.run, 0, classes.data.task)
    plain, weighed = chosen_threshold(*of), chosen_threshold(*of, class_weights=True)
    assert (plain.by, weighed.by) == ("costs", "least_cost")
    assert weighed.reached is not None and plain.reached is not None
    assert weighed.reached <= plain.reached


def test_no_other_task_has_one(prices: Exported, images: Exported, tmp_path: Path) -> None:
    for exported, kind in ((prices, "regression"), (images, "multiclass")):
        with pytest.raises(RequestError, match=f"is {kind}; leave --threshold and --costs out"):
            export_request(exported.run, None, tmp_path / "b", asked=asked_threshold("f1", None))


@pytest.mark.parametrize(
    ("threshold", "costs", "words"),
    [
        ("f2", None, "--threshold is f2; expected f1 or a number"),
        ("0", None, "--threshold is 0; expected"),
        (1.0, None, "above 0 and below 1"),
        ("nan", None, "--threshold is nan"),
        (None, "1", "--costs is 1; expected two numbers above 0"),
        (None, "1,0", "--costs is 1,0"),
        (None, "1,inf", "--costs is 1,inf"),
        (None, "1,x", "--costs is 1,x"),
        ("f1", "1,5", "give one of them"),
    ],
)
def test_what_is_none(threshold: Any, costs: Any, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        asked_threshold(threshold, costs)


def test_a_damaged_threshold_is_one_sentence(with_threshold: Exporting) -> None:
    bundle = with_threshold("0.3")
    form = config_of(bundle)
    for odd in (7, {"value": 3.0, "by": "given"}, {"value": "x", "by": "given"}, {"by": "f1"}):
        form.pop("sha256", None)
        (bundle / "config.json").write_text(json.dumps({**form, "threshold": odd}))
        with pytest.raises(RunError, match=r"config\.json.*"):
            open_bundle(bundle)

"""Dates from raw rows to answers: what repeats is learnt, and the exported model finds it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import automl
from automl.engines.processes import Processes
from automl.export.predict import predict
from tests.lent import lending


def days(start: str, count: int) -> pd.DataFrame:
    """Days in a row, shuffled, with whether a shop is open: from Monday to Friday."""
    when = pd.date_range(start, periods=count).to_series().sample(frac=1, random_state=0)
    return pd.DataFrame(
        {
            "when": when.dt.strftime("%d.%m.%Y").to_numpy(),
            "open": np.where(when.dt.day_of_week < 5, "yes", "no"),
        }
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, kept_processes: Processes) -> automl.Run:
    with lending(kept_processes):
        return automl.search(
            days("2024-01-01", 400),
            "open",
            space="mlp",
            trials=1,
            epochs=30,
            workers=1,
            cv="none",
            directory=tmp_path_factory.mktemp("dates") / "run",
        )


def test_a_weekday_is_learnt_and_holds_for_later_rows(run: automl.Run, tmp_path: Path) -> None:
    bundle = run.path / "best"
    later = days("2025-02-04", 84)
    later[["when"]].to_csv(tmp_path / "later.csv", index=False)
    given = predict(bundle, tmp_path / "later.csv")["prediction"].to_numpy()
    assert (given == later["open"]).mean() > 0.85  # of the days alone: 5 of 7


def test_the_bundle_says_what_it_takes_from_a_date(run: automl.Run) -> None:
    assert any("its place in the week is used beside its days" in note for note in run.notes)
    bundle = run.path / "best"
    (feature,) = json.loads((bundle / "config.json").read_text())["plan"]["features"]
    assert feature["cycles"] == ["week"]
    assert "when (date, with its place in the week)" in (bundle / "card.md").read_text()

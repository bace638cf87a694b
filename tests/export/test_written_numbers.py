"""Numbers that are written in a way of their own: exported models read them as training did."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from run_maker import ROWS, Exported, exported

from automl.data.request import DataRequest
from automl.export.predict import evaluate, predict


def german(value: float) -> str:
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


def rows() -> pd.DataFrame:
    """A feature and a target, as numbers."""
    price = np.round(np.random.default_rng(1).normal(0, 4000, ROWS), 2)
    return pd.DataFrame({"price": price, "y": np.round(price / 8 + 1000, 2)})


def as_written(frame: pd.DataFrame) -> pd.DataFrame:
    """The same as people write it: euros, decimal commas, dots between thousands."""
    return pd.DataFrame(
        {"price": [f"{german(v)} €" for v in frame["price"]], "y": [*map(german, frame["y"])]}
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return exported(tmp_path_factory.mktemp("written"), DataRequest(as_written(rows()), ("y",)))


def test_texts_are_the_numbers_that_they_say(made: Exported, tmp_path: Path) -> None:
    frame = rows()
    written = as_written(frame)
    written.to_csv(tmp_path / "rows.csv", sep=";", index=False)
    expected = predict(made.bundle, frame)["prediction"].to_numpy()
    measured = evaluate(made.bundle, frame)
    assert np.ptp(expected) > 0
    for given in (written, tmp_path / "rows.csv"):
        np.testing.assert_array_equal(predict(made.bundle, given)["prediction"], expected)
        assert evaluate(made.bundle, given) == measured


def test_the_bundle_says_how_they_are_written(made: Exported) -> None:
    config = json.loads((made.bundle / "config.json").read_text())
    (feature,) = config["plan"]["features"]
    assert (feature["number_format"]["decimal"], feature["number_format"]["grouping"]) == (",", ".")
    card = (made.bundle / "card.md").read_text()
    assert "Numbers in texts (price: decimal comma, dots between thousands, without '€')" in card

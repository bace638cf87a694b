"""``predict --samples``: how sure an exported model is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from run_maker import Exported, exported, people

from automl.data.request import DataRequest
from automl.errors import RequestError
from automl.export.in_child import predict_in_child
from automl.export.predict import predict
from automl.export.sampling import sampled_outputs


@pytest.fixture(scope="module")
def unsure(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    request = DataRequest(people(), target=("income",), ignore=("price",))
    return exported(tmp_path_factory.mktemp("unsure"), request, dropout=0.5)


def test_mean_and_deviation_stand_beside_the_predictions(unsure: Exported, tmp_path: Path) -> None:
    plain = predict(unsure.bundle, people())
    frame = predict(unsure.bundle, people(), samples=30, seed=4)
    pd.testing.assert_frame_equal(frame[list(plain)], plain)
    assert list(frame)[len(plain.columns) :] == ["mean_high", "std_high", "mean_low", "std_low"]
    np.testing.assert_allclose(frame["mean_high"] + frame["mean_low"], 1.0)
    assert (frame["std_high"] == frame["std_low"]).all()
    assert (frame["std_high"] > 0.0).mean() > 0.9  # a row may leave all of its units silent
    assert (frame["std_high"] < 0.5).all()
    pd.testing.assert_frame_equal(predict(unsure.bundle, people(), samples=30, seed=4), frame)
    other = predict(unsure.bundle, people(), samples=30)
    assert not np.allclose(other["mean_high"], frame["mean_high"])
    people().to_csv(tmp_path / "rows.csv", index=False)
    rows, output = str(tmp_path / "rows.csv"), str(tmp_path / "out.csv")
    predict_in_child(str(unsure.bundle), rows, output, samples=30, seed=4)
    np.testing.assert_allclose(pd.read_csv(output)["std_low"], frame["std_low"])


def test_the_moments_are_those_of_the_passes() -> None:
    import keras

    inputs = keras.Input((1,))
    model = keras.Model(inputs, keras.layers.Dropout(0.25)(inputs))
    ones = {"": np.ones((3, 1), np.float32)}
    mean, deviation = sampled_outputs(model, Path("model"), ones, 4000, 0)
    # each is 0 with probability 1/4 and 4/3 else
    np.testing.assert_allclose(mean, 1.0, atol=0.04)
    np.testing.assert_allclose(deviation, np.sqrt(1 / 3), atol=0.04)
    two, apart = sampled_outputs(model, Path("model"), {"": np.ones((9000, 1), np.float32)}, 2, 0)
    assert set(np.round(two.ravel(), 4)) == {0.0, 0.6667, 1.3333}
    assert set(np.round(apart.ravel(), 4)) == {0.0, round(4 / 3 / np.sqrt(2), 4)}


def test_what_cannot_be_sampled(classes: Exported) -> None:
    with pytest.raises(RequestError, match="has no dropout layer"):
        predict(classes.bundle, people(), samples=10)
    with pytest.raises(RequestError, match="--samples is 1"):
        predict(classes.bundle, people(), samples=1)
    with pytest.raises(RequestError, match="--seed is -1"):
        predict(classes.bundle, people(), samples=2, seed=-1)

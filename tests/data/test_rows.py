"""New rows: read from every kind of source, in any column order, as the plan takes them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.data.rows import read_rows
from automl.errors import DataError

RNG = np.random.default_rng(0)
TABLE = pd.DataFrame(
    {"a": RNG.normal(size=40), "b": RNG.choice(["1.0", "x", "NA"], 40), "y": RNG.normal(size=40)}
)
PLAN = prepare(DataRequest(TABLE, "y")).plan
IMAGES = RNG.integers(0, 256, (40, 3, 2), dtype=np.uint8)
ARRAY_PLAN = prepare(DataRequest((IMAGES, np.arange(40) / 7))).plan


def test_a_table_is_read_in_any_order_with_or_without_target(tmp_path):
    expected = PLAN.apply(TABLE)
    TABLE[["b", "a"]].to_csv(tmp_path / "t.csv", index=False)
    TABLE.to_parquet(tmp_path / "t.parquet")
    TABLE[["a", "b"]].to_csv(tmp_path / "headless.csv", index=False, header=False)
    sources = [(TABLE, ()), (tmp_path / "t.csv", ()), (tmp_path / "t.parquet", ())]
    for source, names in [*sources, (tmp_path / "headless.csv", ["a", "b"])]:
        rows, y = read_rows(source, PLAN, names)
        assert y is None
        for found, wanted in zip(PLAN.apply(rows), expected, strict=True):
            np.testing.assert_array_equal(found, wanted)


def test_rows_whose_texts_all_look_like_numbers_keep_their_codes(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n0.5,1.0\n0.7,1.0\n")
    rows, _ = read_rows(tmp_path / "t.csv", PLAN)
    trained = PLAN.apply(TABLE[TABLE["b"] == "1.0"])["categorical"][0, 0]
    assert trained > 0 and PLAN.apply(rows)["categorical"].ravel().tolist() == [trained] * 2


def test_arrays_are_read_with_or_without_targets(tmp_path):
    np.save(tmp_path / "x.npy", IMAGES)
    np.savez(tmp_path / "x.npz", x=IMAGES)
    np.savez(tmp_path / "test.npz", x_test=IMAGES, y_test=np.arange(40))
    for source in (IMAGES, tmp_path / "x.npy", tmp_path / "x.npz", (IMAGES, np.arange(40))):
        rows, _ = read_rows(source, ARRAY_PLAN)
        np.testing.assert_array_equal(rows, IMAGES)
    assert read_rows(tmp_path / "test.npz", ARRAY_PLAN)[1].tolist() == list(range(40))


def test_rows_of_another_form_are_refused(tmp_path):
    np.savez(tmp_path / "empty.npz", z=IMAGES)
    with pytest.raises(DataError, match="have no column 'b'"):
        read_rows(TABLE[["a"]], PLAN)
    with pytest.raises(DataError, match="trained on a table"):
        read_rows((IMAGES, np.arange(40)), PLAN)
    with pytest.raises(DataError, match="trained on arrays"):
        read_rows(TABLE, ARRAY_PLAN)
    with pytest.raises(DataError, match="shape"):
        read_rows(IMAGES[:, :2], ARRAY_PLAN)
    with pytest.raises(DataError, match="holds no array x"):
        read_rows(tmp_path / "empty.npz", ARRAY_PLAN)

"""Bundles of tables with many columns: what plain Keras is given, and what is given back."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from run_maker import Exported, core_predictions, exported, make_core

from automl.data.kinds import kind_named
from automl.data.kinds.table.model_inputs import MANY_COLUMNS
from automl.data.request import DataRequest
from automl.export.bundle import open_bundle
from automl.export.predict import predict
from automl.results.check_rows import read_check_rows

ROWS = 80


def table(numbers: int, texts: int) -> pd.DataFrame:
    """Numbers and texts in turns, with values missing, words in common, and one long text."""
    rng = np.random.default_rng(5)
    columns: dict[str, object] = {}
    for i in range(max(numbers, texts)):
        if i < numbers:
            columns[f"number {i}"] = rng.normal(i, 1 + i, ROWS)
        if i < texts:
            columns[f"text {i}"] = rng.choice(["a", "b\0", f"only {i}"], ROWS).astype(object)
    columns["y"] = rng.normal(0, 1, ROWS)
    frame = pd.DataFrame(columns)
    frame.loc[::7, frame.columns[0]] = np.nan
    frame.loc[::5, frame.columns[-2]] = None
    return frame


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    request = DataRequest(table(MANY_COLUMNS, 20), target=("y",), allow_wide=True)
    return exported(tmp_path_factory.mktemp("wide"), request)


def assert_predicts_what_was_scored(made: Exported) -> None:
    rows, _ = read_check_rows(made.run)
    given = predict(made.bundle, rows)["prediction"].to_numpy()
    expected = core_predictions(make_core(made.data), made.data)[:, 0]
    np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-5)


def test_many_columns_come_side_by_side(wide: Exported) -> None:
    form = json.loads((wide.bundle / "config.json").read_text())
    assert form["format"] == 2
    assert {name: len(columns) for name, columns in form["inputs"].items()} == {
        "numbers": MANY_COLUMNS,
        "texts": 20,
    }
    assert open_bundle(wide.bundle).inputs["number 7"] == "numbers"
    assert_predicts_what_was_scored(wide)


def test_the_rows_may_have_their_columns_in_any_order(wide: Exported) -> None:
    rows, _ = read_check_rows(wide.run)
    turned = rows[sorted(rows.columns, reverse=True)]
    pd.testing.assert_frame_equal(predict(wide.bundle, turned), predict(wide.bundle, rows))


def test_a_column_has_an_input_of_its_own_where_they_are_few(tmp_path: Path) -> None:
    made = exported(tmp_path, DataRequest(table(40, 3), target=("y",), allow_wide=True))
    form = json.loads((made.bundle / "config.json").read_text())
    assert form["format"] == 1
    assert form["inputs"]["number 3"] == "column_number_3"
    assert_predicts_what_was_scored(made)


def test_the_card_s_lines_call_the_model_from_plain_keras(wide: Exported) -> None:
    """In a process that has nothing of this package, as the card says it, line for line."""
    card = (wide.bundle / "card.md").read_text()
    use = card[card.index("With nothing but Keras") : card.index("## Limits")]
    loading, giving = (
        textwrap.dedent("\n".join(line for line in part.splitlines() if line.startswith("    ")))
        for part in use.split("`inputs` is")
    )
    rows, _ = read_check_rows(wide.run)
    rows.to_parquet(wide.bundle / "rows.parquet")
    *load, call = loading.splitlines()
    script = [
        *("import numpy, pandas", 'frame = pandas.read_parquet("rows.parquet")'),
        *load,
        *giving.splitlines(),
        *(call, 'numpy.save("given.npy", predictions)'),
    ]
    done = subprocess.run(
        [sys.executable, "-I", "-c", "\n".join(script)],
        cwd=wide.bundle,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    expected = core_predictions(make_core(wide.data), wide.data)
    given = np.load(wide.bundle / "given.npy")
    np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-5)


def test_where_there_are_numbers_alone_the_card_needs_no_tensorflow() -> None:
    lines = kind_named("table").input_lines([{"kind": "numeric"}] * (MANY_COLUMNS + 1))
    assert not any("tensorflow" in line or "texts" in line for line in lines)
    assert any(f"(rows, {MANY_COLUMNS + 1})" in line for line in lines)

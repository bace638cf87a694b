"""Rows without a target: texts that mean no value are named, and may be kept as classes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.data.targets.encode import encode_targets
from automl.errors import DataError

ROWS = 200


def table(*labels):
    rng = np.random.default_rng(0)
    return pd.DataFrame({"a": rng.normal(size=ROWS), "y": rng.choice(np.array(labels), ROWS)})


def notes(data):
    return " ".join(note for note in data.notes if "left out" in note)


@pytest.mark.parametrize("form", ["frame", "file"])
@pytest.mark.parametrize("text", ["NA", "None", "null", "nan", "?"])
def test_a_label_that_means_no_value_is_named_and_can_be_kept(text, form, tmp_path):
    frame = table("EU", "US", text)
    source = frame
    if form == "file":
        source = tmp_path / "t.csv"
        frame.to_csv(source, index=False)
    count = int((frame["y"] == text).sum())
    data = prepare(DataRequest(source, "y"))
    assert data.task.classes == ("EU", "US")
    assert f"{count} rows without a value of the target 'y' are left out" in notes(data)
    assert f"{text!r} ({count}) there means no value; --categorical y takes" in notes(data)
    kept = prepare(DataRequest(source, "y", categorical="y", test=0.25))
    assert kept.task.classes == tuple(sorted(["EU", "US", text])) and not notes(kept)
    assert len(kept.train) + len(kept.validation) + len(kept.test) == ROWS
    truth, known = encode_targets(pd.DataFrame({"y": [text, "EU", None]}), kept.task)
    assert known.tolist() == [True, True, False]
    assert kept.task.classes[int(truth[0])] == text


def test_what_means_no_number_is_no_class():
    frame = table("x", "y").assign(y=[("NA" if i % 10 == 0 else f"{i / 2}") for i in range(ROWS)])
    assert notes(prepare(DataRequest(frame, "y"))).endswith("('NA' (20) there means no value)")


def test_all_missing_targets_are_refused_with_what_stands_there():
    with pytest.raises(DataError, match=r"All 200 rows lack .*\('null' \(200\) there means no"):
        prepare(DataRequest(table("null"), "y"))

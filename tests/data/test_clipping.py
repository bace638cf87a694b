"""Clipping: a rare value of a near-constant column outweighs nothing; older plans clip nothing."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from automl.common.forms import read_form, to_form
from automl.data.clipping import Clip, ClipKind
from automl.data.kinds.table.features import NumericFeature
from automl.data.kinds.table.plan import TablePlan
from automl.data.plan import PreprocessingPlan
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.errors import RequestError

HARD, SMOOTH = Clip.of("hard"), Clip.of("smooth")
numbers = arrays(np.float32, 8, elements=st.floats(-(2.0**120), 2.0**120, width=32))


@given(numbers)
def test_hard_clipping_changes_only_what_is_far_out(values):
    clipped = HARD.apply(values.copy())
    near = np.abs(values) <= 5
    np.testing.assert_array_equal(clipped[near], values[near])
    assert (np.abs(clipped) <= 5).all() and (np.sign(clipped) == np.sign(values)).all()


@given(numbers)
def test_smooth_clipping_keeps_order_and_sign_and_stays_below_its_limit(values):
    values = np.sort(values)
    clipped = SMOOTH.apply(values.copy())
    assert (np.diff(clipped) >= -1e-6).all() and (np.abs(clipped) <= 3.000001).all()
    exact = values.astype(np.float64)
    np.testing.assert_allclose(clipped, exact / np.sqrt(1 + (exact / 3) ** 2), rtol=1e-6)


def rare(rows=400):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=rows), "b": np.zeros(rows)})
    frame.loc[:1, "b"] = 7.0
    return frame.assign(y=rng.normal(size=rows), missing=[None, *rng.normal(size=rows - 1)])


@pytest.mark.parametrize(("kind", "most"), [("hard", 5.0), ("smooth", 3.0), ("none", 30.0)])
def test_tables_and_vectors_are_clipped(kind, most):
    frame = rare()
    data = prepare(DataRequest(frame, "y", clip=kind, seed=1))
    far = max(
        np.abs(part.inputs["numeric"]).max() for part in (data.train, data.validation, data.test)
    )
    assert far <= most and (far > 8 or kind != "none")
    assert data.plan.signature.numeric_names[-1] == "missing is missing"
    x = frame[["a", "b"]].to_numpy()
    vectors = prepare(DataRequest((x, frame["y"].to_numpy()), clip=kind, seed=1))
    assert np.abs(vectors.train.inputs["numeric"]).max() <= most
    assert vectors.plan.inputs.block.clip.kind == kind


def test_images_are_not_clipped_for_they_have_one_deviation():
    x = np.zeros((100, 4, 4))
    x[:, 1, 1] = np.arange(100)
    data = prepare(DataRequest((x, np.arange(100) + 0.5)))
    assert data.plan.inputs.block.clip.kind is ClipKind.NONE


def test_plans_without_a_clip_are_read_and_clip_nothing():
    plan = prepare(DataRequest(rare(), "y")).plan
    form = json.loads(json.dumps(to_form(plan)))
    assert read_form(PreprocessingPlan, form) == plan
    assert form["features"][0]["clip"] == {"kind": "hard", "limit": 5.0}
    for feature in form["features"]:
        del feature["clip"]
    old = read_form(PreprocessingPlan, form)
    assert all(feature.clip == Clip() for feature in old.inputs.features)
    request = to_form(DataRequest("t.csv", "y"))
    assert request["clip"] == "hard"
    del request["clip"]
    assert DataRequest.from_json(request).clip == "none"


@pytest.mark.parametrize("wrong", [{"kind": "hard", "limit": 0.0}, {"kind": "x"}, {"limit": "5"}])
def test_a_clip_that_is_none_is_refused(wrong):
    form = to_form(PreprocessingPlan(TablePlan((NumericFeature("a", 0.0, 0.0, 1.0),))))
    form["features"][0]["clip"] = wrong
    with pytest.raises(ValueError, match=r"clip|limit|valid"):
        read_form(PreprocessingPlan, form)


def test_an_unknown_clip_is_refused():
    with pytest.raises(RequestError, match="give hard, smooth, none"):
        DataRequest("t.csv", clip="soft")

"""Ensembles as a study records them: read back as written, and nothing else taken for one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from automl.data.image_views import image_views
from automl.errors import RunError
from automl.results.ensembles import (
    BAG,
    ENSEMBLE,
    TEST_TIME_VIEWS,
    EnsembleForm,
    MemberForm,
    ensemble_entry,
    recorded_ensembles,
)

FORM = EnsembleForm(
    (MemberForm("scoring_3_1_fold_1", "fold-1", 0.75), MemberForm("4", "fold-2", 0.25)),
    0.5,
    {"log_loss": 0.5},
    folds=(0.25, 0.75),
    gain=0.125,
    gain_error=0.0625,
)


def test_what_is_recorded_is_read_back() -> None:
    attributes = {"other": 1, **dict([ensemble_entry(ENSEMBLE, FORM), ensemble_entry(BAG, FORM)])}
    assert recorded_ensembles(attributes) == {ENSEMBLE: FORM, BAG: FORM}


def test_views_are_read_back_and_left_out_where_there_are_none() -> None:
    views = image_views(6, mirrored=True)
    form = replace(FORM, members=(MemberForm("4", "holdout", 1.0),), test_time_views=views)
    key, written = ensemble_entry(TEST_TIME_VIEWS, form)
    assert recorded_ensembles({key: written}) == {TEST_TIME_VIEWS: form}
    _, older = ensemble_entry(ENSEMBLE, FORM)
    assert older is not None and "test_time_views" not in older


def test_one_that_is_there_no_more_is_none() -> None:
    assert recorded_ensembles(dict([ensemble_entry(ENSEMBLE, None)])) == {}


def with_member(**changes: Any) -> dict[str, Any]:
    key, form = ensemble_entry(ENSEMBLE, FORM)
    assert form is not None
    first, *others = form["members"]
    return {key: {**form, "members": [{**first, **changes}, *others]}}


def with_views(*views: Any, members: int = 2) -> dict[str, Any]:
    key, form = ensemble_entry(TEST_TIME_VIEWS, FORM)
    assert form is not None
    models = [{**one, "weight": 1.0} for one in form["members"]][:1]
    kept = models if members == 1 else form["members"]
    return {key: {**form, "members": kept, "test_time_views": list(views)}}


@pytest.mark.parametrize(
    "attributes",
    [
        with_member(view="../.."),
        with_member(view="/etc"),
        with_member(weight=float("nan")),
        with_member(weight=-0.75),
        with_member(weight=0.5),
        {"ensemble:../../evil": ensemble_entry(ENSEMBLE, FORM)[1]},
        {"ensemble:ensemble": 3},
        with_views({"weight": 1.0}),  # of two models
        with_views({"weight": 0.5}, members=1),
        with_views({"weight": 1.0, "shift": 100}, members=1),
        {"ensemble:ensemble": {"members": [], "score": 0.5, "metrics": {}}},
    ],
)
def test_a_stranger_s_record_leads_nowhere(attributes: dict[str, Any]) -> None:
    with pytest.raises(RunError, match="cannot be read"):
        recorded_ensembles(attributes)

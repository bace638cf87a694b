"""Ensembles as a study records them: read back as written, and nothing else taken for one."""

from __future__ import annotations

from typing import Any

import pytest

from automl.errors import RunError
from automl.results.ensembles import (
    BAG,
    ENSEMBLE,
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


def test_one_that_is_there_no_more_is_none() -> None:
    assert recorded_ensembles(dict([ensemble_entry(ENSEMBLE, None)])) == {}


def with_member(**changes: Any) -> dict[str, Any]:
    key, form = ensemble_entry(ENSEMBLE, FORM)
    assert form is not None
    first, *others = form["members"]
    return {key: {**form, "members": [{**first, **changes}, *others]}}


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
        {"ensemble:ensemble": {"members": [], "score": 0.5, "metrics": {}}},
    ],
)
def test_a_stranger_s_record_leads_nowhere(attributes: dict[str, Any]) -> None:
    with pytest.raises(RunError, match="cannot be read"):
        recorded_ensembles(attributes)

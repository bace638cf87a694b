"""Entries of a study's record."""

from __future__ import annotations

import pytest

from automl.common.forms import from_form
from automl.errors import RunError
from automl.results.study_entries import brief_result, entries, reading_entry, whole_result
from automl.trial import FailureCause, TrialResult, TrialState


def test_entries_are_those_of_a_prefix() -> None:
    attributes = {"void:1": "a", "void:2": "b", "avoid:3": "c", "seed": 1}
    assert list(entries(attributes, "void:")) == [("1", "a"), ("2", "b")]


@pytest.mark.parametrize(
    "result",
    [
        TrialResult(TrialState.COMPLETED, score=0.5, epochs=3, metrics={"mse": 0.5}),
        TrialResult.failed(FailureCause.EXCEPTION, "ValueError: no"),
    ],
)
def test_a_brief_result_is_read_back_whole(result: TrialResult) -> None:
    brief = brief_result(result)
    assert len(brief) == 3
    assert from_form(TrialResult, whole_result(brief)) == result


@pytest.mark.parametrize("error", [ValueError("x is None"), TypeError("no"), KeyError("y")])
def test_what_cannot_be_read_is_said_of_what_it_is(error: Exception) -> None:
    told = "What the study says of the refit cannot be read"
    with pytest.raises(RunError, match=told), reading_entry("the refit"):
        raise error

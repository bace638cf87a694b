"""The executions of a trial that are finished, as the study records them while the others run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.common.forms import read_form
from automl.results.study_entries import brief_result, reading_entry, whole_result
from automl.trial import ExecutionReport, TrialResult

_PREFIX = "execution:"


def execution_entry(report: ExecutionReport) -> tuple[str, dict[str, Any]]:
    """The key and the value by which a study records one execution.

    Of a trial of ten folds there are nine, so that what has its default is left out.
    """
    return f"{_PREFIX}{report.number}", brief_result(report.result)


def finished_executions(attributes: Mapping[str, Any]) -> tuple[TrialResult, ...]:
    """What a trial's first executions came to, as `execution_entry` has recorded it.

    Args:
        attributes: The trial's user attributes.

    Raises:
        RunError: One of them was changed since.
    """
    found: list[TrialResult] = []
    while (form := attributes.get(f"{_PREFIX}{len(found) + 1}")) is not None:
        with reading_entry("an execution of a trial"):
            found.append(read_form(TrialResult, whole_result(form)))
    return tuple(found)


def finished_folds(attributes: Mapping[str, Any]) -> int:
    """How many folds a trial that is over has finished, of several.

    Args:
        attributes: The trial's user attributes.
    """
    return len(attributes.get("result", {}).get("folds", ()))

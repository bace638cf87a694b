"""Entries of a study's record: forms under keys with a prefix, and what is said of a wrong one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from automl.common.forms import to_form
from automl.errors import RunError
from automl.trial import TrialResult, TrialState


def entries(attributes: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    """The entries of a prefix: what stands behind it in each key, and the form.

    Args:
        attributes: The study's user attributes.
        prefix: With what the keys begin.
    """
    for key, form in attributes.items():
        if key.startswith(prefix):
            yield key.removeprefix(prefix), form


@contextmanager
def reading_entry(what: str) -> Iterator[None]:
    """Says of what an entry cannot be read.

    Args:
        what: What it is of, for the message: ``the refit``.

    Raises:
        RunError: In the block it has turned out to be none.
    """
    try:
        yield
    except (ValueError, TypeError, KeyError) as error:
        raise RunError(
            f"What the study says of {what} cannot be read ({error}); restore the study from a "
            "copy."
        ) from error


def brief_result(result: TrialResult) -> dict[str, Any]:
    """The form of a training's result, without what a completed one has by default."""
    usual = to_form(TrialResult(TrialState.COMPLETED))
    return {key: value for key, value in to_form(result).items() if value != usual[key]}


def whole_result(brief: Mapping[str, Any]) -> dict[str, Any]:
    """The form of a result of which `brief_result` has left out what is usual."""
    return {"state": str(TrialState.COMPLETED), **brief}

"""The refit as a study records it: the best configuration, trained on all but the test rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from automl.common.forms import read_form
from automl.results.study_entries import reading_entry
from automl.trial import REFIT, TrialResult


@dataclass(frozen=True)
class RefitForm:
    """A refit.

    Attributes:
        trial: The trial whose configuration it has.
        seed: Its seed.
        rows: How many rows it is trained on.
        result: What it came to; it has no score, for no rows are left to validate it.
    """

    trial: int
    seed: int
    rows: int
    result: TrialResult

    def __post_init__(self) -> None:
        """Checks what is shown and looked up, for a run may be anybody's.

        Raises:
            ValueError: It is none that a search has written.
        """
        if self.trial < 0 or self.rows < 1:
            raise ValueError(f"it is of trial {self.trial} and has {self.rows} rows")
        if self.result.score is not None or self.result.metrics:
            raise ValueError("it has a score, though nothing validates it")


def recorded_refit(attributes: Mapping[str, Any]) -> RefitForm | None:
    """The refit that a study has recorded, or None.

    Args:
        attributes: The study's user attributes.

    Raises:
        RunError: It cannot be read.
    """
    form = attributes.get(REFIT)
    if form is None:
        return None
    with reading_entry("the refit"):
        return read_form(RefitForm, form)

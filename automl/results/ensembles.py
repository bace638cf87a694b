"""Ensembles as a study records them: which models, how much each counts, and how good they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from automl.common.forms import read_form, to_form
from automl.errors import RunError

PREFIX = "ensemble:"
#: The candidate that a search exports: a trial's number or the name of an ensemble.
CHOSEN = "chosen"
#: Beside an ensemble's predictions: the plans of the views that its models were trained on.
PLANS_FILE = "plans.json"
#: What was selected among all; and the folds of the best configuration, averaged.
ENSEMBLE, BAG = "ensemble", "bag"


@dataclass(frozen=True)
class MemberForm:
    """One model of an ensemble.

    Attributes:
        name: The folder that it is in, below ``trials``.
        view: The view that it was trained on, whose plan prepares its rows.
        weight: What it counts; those of an ensemble add up to 1.
    """

    name: str
    view: str
    weight: float


@dataclass(frozen=True)
class EnsembleForm:
    """An ensemble.

    Attributes:
        members: Its models.
        score: Its score: of an ensemble cross-fitted, of a bag that of its configuration.
        metrics: The task's metrics, of the same predictions.
        folds: The score on each fold; empty without folds.
        gain: By how much it is better than the best single configuration.
        gain_error: Standard error of that.
        parameters: Number of weights of all its models.
        model_hash: Over the hashes of its models.
    """

    members: Sequence[MemberForm]
    score: float
    metrics: Mapping[str, float]
    folds: Sequence[float] = ()
    gain: float | None = None
    gain_error: float | None = None
    parameters: int = 0
    model_hash: str = ""


def ensemble_entry(name: str, ensemble: EnsembleForm | None) -> tuple[str, dict[str, Any] | None]:
    """The key and the value by which a study records an ensemble; None for none any more."""
    return f"{PREFIX}{name}", None if ensemble is None else to_form(ensemble)


def recorded_ensembles(attributes: Mapping[str, Any]) -> dict[str, EnsembleForm]:
    """The ensembles that a study has recorded, by name.

    Args:
        attributes: The study's user attributes.

    Raises:
        RunError: One cannot be read.
    """
    found = {}
    for key, form in attributes.items():
        if not key.startswith(PREFIX) or form is None:
            continue
        try:
            found[key.removeprefix(PREFIX)] = read_form(EnsembleForm, form)
        except ValueError as error:
            raise RunError(
                f"What the study says of the {key.removeprefix(PREFIX)} cannot be read ({error}); "
                "restore the study from a copy."
            ) from error
    return found

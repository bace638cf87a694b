"""Ensembles as a study records them: which models, how much each counts, and how good they are."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from automl.common.forms import left_out, read_form, to_form
from automl.data.image_views import VIEW_COUNTS, ImageView
from automl.results.study_entries import entries, reading_entry

PREFIX = "ensemble:"
#: The candidate that a search exports: a trial's number or the name of an ensemble.
CHOSEN = "chosen"
#: Beside an ensemble's predictions: the plans of the views that its models were trained on.
PLANS_FILE = "plans.json"
#: What was selected among all; and the folds of the best configuration, averaged.
ENSEMBLE, BAG = "ensemble", "bag"
#: The best single model, its answers averaged over test-time views of each image.
TEST_TIME_VIEWS = "test_time_views"

#: Models that an ensemble has at most: each is loaded, exported and asked for every prediction
#: (own choice; five of five folds).
MOST_MODELS = 25
#: A bag has those of all folds of all rounds.
MOST_BAGGED = 1000
_VIEW = re.compile(r"[a-z]+(-[0-9]+)?")


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

    def __post_init__(self) -> None:
        """Checks what leads to files and is computed with, for a run may be anybody's.

        Raises:
            ValueError: It is none that a search has written.
        """
        if not _VIEW.fullmatch(self.view):
            raise ValueError(f"{self.view!r} is no view")
        if not (math.isfinite(self.weight) and 0 < self.weight <= 1):
            raise ValueError(f"a weight is {self.weight}")


@dataclass(frozen=True)
class EnsembleForm:
    """An ensemble; of test-time views, whose answers are averaged too, that of one model.

    Attributes:
        members: Its models.
        score: Its score: of an ensemble cross-fitted, of a bag that of its configuration, of
            test-time views that of the same trainings as its trial's.
        metrics: The task's metrics, of the same predictions.
        folds: The score on each fold; empty without folds.
        parts: On one division, the score of each part of its validation rows that is scored by
            what was selected on the others; empty with folds.
        gain: By how much it is better than the best single configuration.
        gain_error: Standard error of that.
        parameters: Number of weights of all its models.
        model_hash: Over the hashes of its models; of one, its own.
        test_time_views: The views of each image, whose answers are averaged; empty for none.
    """

    members: tuple[MemberForm, ...]
    score: float
    metrics: Mapping[str, float]
    folds: tuple[float, ...] = ()
    parts: tuple[float, ...] = ()
    gain: float | None = None
    gain_error: float | None = None
    parameters: int = 0
    model_hash: str = ""
    test_time_views: tuple[ImageView, ...] = left_out(())

    def __post_init__(self) -> None:
        """Checks the members and the views.

        Raises:
            ValueError: There are too many, weights do not add up to 1, or views are of several.
        """
        weights = [member.weight for member in self.members]
        if len(weights) > MOST_BAGGED or not math.isclose(math.fsum(weights), 1.0, abs_tol=1e-6):
            raise ValueError(f"the weights of its {len(weights)} models do not add up to 1")
        shares = [view.weight for view in self.test_time_views] or [1.0]
        if len(shares) > max(VIEW_COUNTS) or not math.isclose(math.fsum(shares), 1, abs_tol=1e-6):
            raise ValueError(f"the weights of its {len(shares)} views do not add up to 1")
        if self.test_time_views and len(weights) > 1:
            raise ValueError(f"its views are of {len(weights)} models")


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
    for name, form in entries(attributes, PREFIX):
        if form is None:
            continue
        with reading_entry(f"the {name}"):
            if name not in (ENSEMBLE, BAG, TEST_TIME_VIEWS):
                raise ValueError("there is no ensemble of that name")
            found[name] = read_form(EnsembleForm, form)
    return found

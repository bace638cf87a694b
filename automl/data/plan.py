"""The preprocessing plan: plain values, fitted on training rows, that turn raw rows into arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from automl.common.forms import from_form, to_form
from automl.data.columns.unread import Tell
from automl.data.kinds import kind_of_features
from automl.data.kinds.kind import FloatArray, InputPlan, Inputs
from automl.data.kinds.signature import InputSignature
from automl.data.numbers import check_scales, standardize

BESIDE_INPUTS = ("target", "truth", "weight", "loss_weight")
"""The arrays that rows have beside their inputs."""


@dataclass(frozen=True)
class Rows:
    """Rows ready for training and scoring.

    Attributes:
        inputs: What the core model takes, an array (n, ...) under the name of each input, as
            `InputSignature.inputs` has them.
        target: What the model is trained on: binary float32 (n, 1) of 0 and 1; multiclass
            int32 (n,) of class numbers; multilabel float32 (n, k) of 0 and 1; regression
            float32 (n, t), standardized.
        truth: What metrics compare with: the same, but regression float64 (n, t) in the
            targets' own units.
        weight: Weight of each row in every score, float32 (n,), or None for equal weights.
        loss_weight: Of training rows with class weights, what each counts in the loss that is
            trained on: its weight times its class's, float32 (n,). None where that is `weight`.
    """

    inputs: Inputs
    target: npt.NDArray[Any]
    truth: npt.NDArray[Any]
    weight: FloatArray | None = None
    loss_weight: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.target)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that there are, by their names; the same one once."""
        held = {name: getattr(self, name) for name in BESIDE_INPUTS}
        if self.truth is self.target:
            del held["truth"]
        return {**self.inputs, **{name: x for name, x in held.items() if x is not None}}

    def at(self, positions: npt.NDArray[np.int64]) -> Rows:
        """Some of the rows.

        Args:
            positions: Their numbers, (m,).
        """
        weight, loss_weight = self.weight, self.loss_weight
        return Rows(
            {name: x[positions] for name, x in self.inputs.items()},
            self.target[positions],
            self.truth[positions],
            None if weight is None else weight[positions],
            None if loss_weight is None else loss_weight[positions],
        )


@dataclass(frozen=True)
class TargetScale:
    """How regression targets were standardized; empty for classification.

    Attributes:
        mean: Mean of each target over the training rows.
        std: Standard deviation of each target over the training rows; positive.
    """

    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Checks what is computed with, for a plan may be read from anybody's file.

        Raises:
            ValueError: It cannot be computed with.
        """
        if len(self.mean) != len(self.std):
            raise ValueError("target_scale has more means or more deviations")
        check_scales(self.mean, self.std)


@dataclass(frozen=True)
class _PlanForm:
    """The JSON form of a plan."""

    features: Sequence[Mapping[str, Any]]
    target_scale: TargetScale


@dataclass(frozen=True)
class PreprocessingPlan:
    """How raw rows become arrays; every number in it comes from training rows only.

    All arithmetic is in float32: raw numbers are cast first, then ``(x - mean) * (1 / std)``
    is computed with float32 constants and clipped, so that layers of an exported model give the
    same. Places in cycles are computed from the filled raw numbers, and indicators from what is
    missing; neither is standardized.

    Attributes:
        inputs: How the rows' kind makes inputs of them.
        target_scale: How regression targets are standardized.
    """

    inputs: InputPlan
    target_scale: TargetScale = field(default_factory=TargetScale)

    @property
    def signature(self) -> InputSignature:
        """What the core model takes."""
        return self.inputs.signature

    def unscaled(self) -> PreprocessingPlan:
        """The plan that leaves numbers as they are: neither standardized nor clipped."""
        return replace(self, inputs=self.inputs.unscaled())

    def apply(self, data: Any, tell: Tell | None = None) -> Inputs:
        """Turns raw rows into the core model's inputs; see `InputPlan.apply`."""
        return self.inputs.apply(data, tell)

    def rows(
        self,
        inputs: Inputs,
        truth: npt.NDArray[Any],
        weight: FloatArray | None = None,
        class_weight: FloatArray | None = None,
    ) -> Rows:
        """Puts prepared rows together.

        Args:
            inputs: See `InputPlan.apply`.
            truth: True values; see `Rows.truth`.
            weight: Weight of each row, or None.
            class_weight: Of rows that train, what each counts for its class, or None.
        """
        loss_weight = class_weight
        if class_weight is not None and weight is not None:
            loss_weight = weight * class_weight
        return Rows(inputs, self.apply_target(truth), truth, weight, loss_weight)

    def apply_target(self, truth: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The training form of true values: regression float32 (n, t) standardized, else as is."""
        if not self.target_scale.mean:
            return truth
        return standardize(truth.astype(np.float32), self.target_scale.mean, self.target_scale.std)

    def restore_target(self, predictions: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """A core model's outputs in the targets' own units.

        Args:
            predictions: Outputs (n, outputs), for regression in the standardized scale.

        Returns:
            Regression: float64 (n, t), computed in float32 as an exported model does it; else
            the probabilities as they are.
        """
        if not self.target_scale.mean:
            return predictions
        std = np.asarray(self.target_scale.std, np.float32)
        mean = np.asarray(self.target_scale.mean, np.float32)
        return (predictions.astype(np.float32) * std + mean).astype(np.float64)

    FORM: ClassVar[type] = _PlanForm

    def to_json(self) -> dict[str, Any]:
        """The JSON form."""
        return to_form(_PlanForm(self.inputs.features_form(), self.target_scale))

    @classmethod
    def from_json(cls, form: Mapping[str, Any]) -> PreprocessingPlan:
        """Rebuilds a plan from its JSON form.

        Raises:
            ValueError: It is not one.
        """
        read = from_form(_PlanForm, form)
        kind = kind_of_features(read.features)
        return cls(kind.plan_from_json(read.features), read.target_scale)


def joined_inputs(plans: Sequence[InputPlan]) -> InputPlan | None:
    """One plan with the inputs of several; see `InputPlan.joined`.

    Args:
        plans: The plans, one or more.

    Returns:
        The plan, or None where two of them read a column differently.
    """
    whole: InputPlan | None = plans[0]
    for plan in plans[1:]:
        whole = None if whole is None else whole.joined(plan)
    return whole

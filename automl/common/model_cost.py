"""What a model costs, and the limits of it that a search may set."""

from __future__ import annotations

from dataclasses import dataclass

from automl.common.sizes import shown_size


@dataclass(frozen=True)
class Cost:
    """What a model costs (`automl.models.cost`).

    Attributes:
        parameters: Weights, trainable and not.
        multiply_adds: Multiplications with an addition each that one row takes forward. Training
            on a row takes about three times as many.
        training_bytes: Memory of a step: weights, gradients and what the optimizer keeps of them,
            all layers' outputs for the whole batch, which the way back needs, and the gradients
            of the largest. An estimate: a library's working memory comes to it.
    """

    parameters: int
    multiply_adds: int
    training_bytes: int


@dataclass(frozen=True)
class CostLimits:
    """The most that a model may cost to be trained; None for no limit.

    Attributes:
        parameters: Of `Cost.parameters`.
        multiply_adds: Of `Cost.multiply_adds`.
        training_bytes: Of `Cost.training_bytes`.
    """

    parameters: int | None = None
    multiply_adds: int | None = None
    training_bytes: int | None = None

    @property
    def are_set(self) -> bool:
        """Whether there is a limit at all."""
        return any(limit is not None for limit in vars(self).values())

    def excess(self, cost: Cost) -> float:
        """How many times the limit a model costs, by the limit that it is furthest over.

        Returns:
            A number above 1 where the model is over a limit.
        """
        return max(
            (getattr(cost, name) / limit for name, limit in vars(self).items() if limit), default=0
        )

    def why_over(self, cost: Cost) -> str:
        """What a model is over, as the end of a sentence about it; "" where it is within all."""
        told = {
            "parameters": f"has {cost.parameters:,} parameters, and --max-parameters is ",
            "multiply_adds": f"takes {cost.multiply_adds:,} multiply-adds a row, and --max-flops "
            "is ",
            "training_bytes": f"takes about {shown_size(cost.training_bytes)} to be trained, and "
            "--max-memory is ",
        }
        shown = {**dict.fromkeys(told, "{:,}".format), "training_bytes": shown_size}
        return "; it ".join(
            told[name] + shown[name](limit)
            for name, limit in vars(self).items()
            if limit is not None and getattr(cost, name) > limit
        )

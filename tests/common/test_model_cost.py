"""What a model costs beside what it may cost."""

from __future__ import annotations

import pytest

from automl.common.model_cost import Cost, CostLimits

COST = Cost(parameters=1_413_834, multiply_adds=29_400_000, training_bytes=3 << 29)


def test_without_limits_nothing_is_over() -> None:
    assert not CostLimits().are_set
    assert CostLimits().why_over(COST) == ""
    assert CostLimits().excess(COST) == 0


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        (
            CostLimits(parameters=500_000),
            "has 1,413,834 parameters, and --max-parameters is 500,000",
        ),
        (
            CostLimits(multiply_adds=10_000_000),
            "takes 29,400,000 multiply-adds a row, and --max-flops is 10,000,000",
        ),
        (
            CostLimits(training_bytes=1 << 30),
            "takes about 1.5 GB to be trained, and --max-memory is 1 GB",
        ),
    ],
)
def test_what_is_over_is_said_with_both_numbers(limits: CostLimits, why: str) -> None:
    assert limits.are_set
    assert limits.why_over(COST) == why
    assert limits.excess(COST) > 1


def test_a_limit_that_is_met_exactly_holds() -> None:
    exact = CostLimits(**vars(COST))
    assert exact.why_over(COST) == ""
    assert exact.excess(COST) == 1


def test_the_excess_is_by_the_limit_that_is_furthest_off() -> None:
    limits = CostLimits(1_413_834 // 2, 29_400_000 // 3, 1 << 40)
    assert limits.excess(COST) == pytest.approx(3)
    assert limits.why_over(COST).count("; it ") == 1

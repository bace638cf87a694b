"""Whether a configuration's model costs no more than is allowed, known before it has weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import keras

from automl.common.model_cost import Cost, CostLimits
from automl.models.core import Core, build_core
from automl.models.cost import cost_of
from automl.trial import FailureCause, TrialResult, TrialSpec, TrialState
from automl.vocabulary.optimizers import DEFAULT_OPTIMIZER

if TYPE_CHECKING:
    from automl.space import SearchSpace
    from automl.training.device_data import DeviceData

DEFAULT_BATCH_SIZE = 32
"""Where the space has no ``batch_size`` (search-space handbook, section 3)."""
NOTE = (
    "What costs more than a limit (--max-parameters, --max-flops, --max-memory) is not trained and "
    "counts for no trial, be it the default configuration or one of the portfolio."
)


def batch_size_of(config: Mapping[str, Any], rows: int) -> int:
    """Rows of a step.

    Args:
        config: The trial's configuration.
        rows: Training rows that there are.
    """
    return min(int(config.get("batch_size") or DEFAULT_BATCH_SIZE), rows)


def core_cost(core: Core, config: Mapping[str, Any], rows: int) -> Cost:
    """What training a core costs.

    Args:
        core: The core.
        config: The trial's configuration.
        rows: Training rows that there are.
    """
    named = str(config.get("optimizer") or DEFAULT_OPTIMIZER)
    optimizer = core.model.optimizer if core.compiled_by_user else named
    return cost_of(core.model, batch_size_of(config, rows), optimizer)


def over_limit(cost: Cost, limits: CostLimits) -> TrialResult | None:
    """The result of a configuration whose model costs too much; None where it does not."""
    why = limits.why_over(cost)
    if not why:
        return None
    return TrialResult(
        TrialState.FAILED,
        cause=FailureCause.OVER_LIMIT,
        reason=f"its model {why}",
        excess=limits.excess(cost),
        notes=(NOTE,),
        **vars(cost),
    )


def over_unbuilt(spec: TrialSpec, space: SearchSpace, data: DeviceData) -> TrialResult | None:
    """The same, of a model that is built without weights: those of a large one need memory.

    Args:
        spec: The trial, with its limits.
        space: The space of its configuration.
        data: The rows.

    Returns:
        None, too, where the model cannot be built so: whether it costs too much shows when it is
        built, and so does what is wrong with it.
    """
    if not spec.limits.are_set:
        return None
    keras.backend.clear_session(free_memory=False)
    try:
        config = space.configuration(spec.config, check=False)
        with keras.StatelessScope(initialize_variables=False):
            core = build_core(space, config, data.task, data.signature)
            cost = core_cost(core, config, len(data.train))
    except (Exception, SystemExit):  # noqa: BLE001 - a builder of a person's own may need weights
        return None
    return over_limit(cost, spec.limits)


def with_cost(result: TrialResult, cost: Cost) -> TrialResult:
    """A trial's result with what its model costs."""
    costs = {name: value for name, value in vars(cost).items() if name != "parameters"}
    return replace(result, **costs)

"""How the models of a space want their numbers, found out by asking and building them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from automl.data.options import AUTO, STANDARDIZE
from automl.engines.defaults import Probe, check_defaults
from automl.engines.processes import Processes
from automl.engines.space_tracing import with_hyperparameters_traced
from automl.space.data_rules import check_inputs_suit
from automl.space.fit_options import FitOptions
from automl.space.keras_tuner import fitted_with
from automl.space.origin import takes_over
from automl.tuning.manifest import as_asked
from automl.tuning.search_request import SearchRequest
from automl.vocabulary.inputs import TABLE

if TYPE_CHECKING:
    from automl.data.kinds.signature import InputSignature
    from automl.data.task import Task
    from automl.space import SearchSpace


class InputDetection:
    """Finds out how the models of a space want their numbers, once the task is known.

    Attributes:
        space: The space; once it was asked, with its hyperparameters.
        request: What is asked.
        processes: Where its models are built.
        probe: What building its defaults has shown, or None where nothing was built.
    """

    def __init__(self, request: SearchRequest, space: SearchSpace, processes: Processes) -> None:
        self.space = space
        self.probe: Probe | None = None
        self.request, self.processes = request, processes

    def __call__(self, task: Task, signature: InputSignature) -> str:
        """``"raw"`` or ``"standardize"``; see `automl.data.prepare.prepare`."""
        check_inputs_suit(self.space, signature)
        if self.space.inputs == TABLE or takes_over(self.space):
            return STANDARDIZE  # its builder is given the columns or pixels, and wires them
        self.space = with_hyperparameters_traced(self.space, self.processes)
        fit = FitOptions(self.request.loss, self.request.optimizer)
        asked = fitted_with(as_asked(self.space, self.request), fit)
        self.probe = check_defaults(asked, task, signature, self.processes)
        return self.probe.input or STANDARDIZE

    @property
    def note(self) -> str:
        """What a person should be told of the numbers, or ""."""
        return self.probe.input_note if self.probe is not None else ""

    def settled(self) -> SearchRequest:
        """The request, with what it had left open."""
        data = self.request.data
        if data.input != AUTO:
            return self.request
        found = self.probe.input if self.probe is not None else ""
        return replace(self.request, data=replace(data, input=found or STANDARDIZE))

"""A run's search space while it grows by what trials' builders turn out to have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from automl.space.optuna_bridge import distribution
from automl.space.serialization import hyperparameter_from_json
from automl.trial import TrialResult
from automl.tuning.optuna_private import storage_of

if TYPE_CHECKING:
    import optuna

    from automl.space import SearchSpace

#: Attribute of the study with the hyperparameters that have joined the space, in their order.
FOUND = "found"

SamplerOf = Callable[["SearchSpace"], "optuna.samplers.BaseSampler"]


class GrowingSpace:
    """The space that trials are proposed from: the run's, and what was found since it began.

    What was found is recorded in the study, so that a run that goes on proposes from the same
    space. Samplers keep no state and are made anew for the larger space.

    Args:
        study: Optuna's study.
        space: The run's space as it was when the run began.
        sampler_of: Makes the sampler of a space; None to keep the study's.

    Attributes:
        space: The space as it is now.
    """

    def __init__(
        self, study: optuna.Study, space: SearchSpace, sampler_of: SamplerOf | None
    ) -> None:
        self.space = space
        self._study = study
        self._sampler_of = sampler_of
        self._recorded = 0
        self.look()

    def look(self) -> None:
        """Takes up what the study holds, also what other drivers of it have found."""
        forms = self._study.user_attrs.get(FOUND, [])
        if len(forms) > self._recorded:
            self._recorded = len(forms)
            self._grow(forms)

    def _grow(self, forms: list[Mapping[str, Any]]) -> bool:
        """Extends the space; whether there was anything new."""
        grown = self.space.extended([hyperparameter_from_json(form) for form in forms])
        if grown is self.space:
            return False
        self.space = grown
        if self._sampler_of is not None:
            self._study.sampler = self._sampler_of(grown)
        return True

    def take(
        self, trial_id: int, config: Mapping[str, Any], result: TrialResult
    ) -> dict[str, Any] | None:
        """Takes what a trial's builder has found: into the space, and into the trial's record.

        The trial had the defaults. They become parameters of the trial, so that samplers learn
        from it as from any other.

        Args:
            trial_id: Optuna's id of the trial, which is still running in the record.
            config: Its configuration as it was proposed.
            result: How it ended.

        Returns:
            Its whole configuration; None where nothing was found.
        """
        if not result.found:
            return None
        self.look()
        known = {parameter.key for parameter in self.space.hyperparameters}
        if self._grow(list(result.found)):
            new = [p.to_json() for p in self.space.hyperparameters if p.key not in known]
            recorded = [*self._study.user_attrs.get(FOUND, []), *new]
            self._study.set_user_attr(FOUND, recorded)
            self._recorded = len(recorded)
        whole = dict(config)
        for form in result.found:
            whole.setdefault(form["name"], form["default"])
        self._complete(trial_id, whole)
        return whole

    def _complete(self, trial_id: int, config: Mapping[str, Any]) -> None:
        """Records parameters that the trial has in the space as it is now and had not before."""
        storage = storage_of(self._study)
        params = storage.get_trial(trial_id).params
        by_key = {parameter.key: parameter for parameter in self.space.hyperparameters}
        for key, value in self.space.optuna_params(config).items():
            if key not in params:
                kind = distribution(by_key[key])
                storage.set_trial_param(trial_id, key, kind.to_internal_repr(value), kind)

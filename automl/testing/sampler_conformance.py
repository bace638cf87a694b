"""What every sampler must do with conditional spaces and trials that end badly; to be subclassed.

class TestMySampler(SamplerConformance):
    @classmethod
    def make_sampler(cls, seed: int, space: SearchSpace) -> BaseSampler:
        return MySampler(seed)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import optuna
import pytest
from optuna.samplers import BaseSampler
from optuna.trial import TrialState

from automl.space import Boolean, Choice, Configuration, Float, Int, SearchSpace, tied

TRIALS = 20


def finite_space() -> SearchSpace:
    """A space of 84 configurations, with conditions and a choice of tuples."""
    depth = Int("depth", 0, 3)
    optimizer = Choice("optimizer", ["sgd", "adam"])
    return SearchSpace(
        "finite",
        [
            depth,
            Int("width", 16, 64, step=16, log=True, when=depth > 0),
            optimizer,
            Float("momentum", 0.5, 0.9, step=0.2, when=optimizer == "sgd"),
            Choice("shape", [(1, 2), (3, 4)], when=depth > 1),
        ],
        None,
    )


def endless_space() -> SearchSpace:
    """A space with continuous hyperparameters, and one whose range another one decides."""
    depth = Int("depth", 0, 3)
    optimizer = Choice("optimizer", ["sgd", "momentum", "adam"])
    rate = tied(
        "learning_rate",
        optimizer,
        {
            ("sgd", "momentum"): Float("learning_rate", 1e-3, 0.5, log=True),
            "adam": Float("learning_rate", 1e-5, 1e-2, log=True),
        },
    )
    dropout = Boolean("dropout", when=depth > 0)
    return SearchSpace(
        "endless",
        [
            depth,
            Int("width", 16, 512, step=16, log=True, when=depth > 0),
            optimizer,
            *rate,
            Float("momentum", 0.5, 0.99, when=optimizer == "momentum"),
            dropout,
            Float("rate", 0.05, 0.6, when=dropout == True),  # noqa: E712
            Float("smoothing", 0.0, 0.3, step=0.1),
        ],
        None,
    )


def _end(study: optuna.Study, trial: optuna.trial.Trial, config: Configuration) -> None:
    """Ends a trial in one of the three ways, as a function of its number."""
    value = abs(config.get("width", 8) - 100) + 100 * config.get("depth", 0)
    trial.report(float(value) + 1.0, 1)
    if trial.number % 5 == 3:
        study.tell(trial, state=TrialState.PRUNED)
    elif trial.number % 7 == 6:
        study.tell(trial, state=TrialState.FAIL)
    else:
        study.tell(trial, float(value))


class SamplerConformance(ABC):
    """The contract of samplers as tests; see the head of this file.

    Attributes:
        is_pure: Whether a proposal is a function of the record and the seed, so that a search that
            was killed proposes what an unbroken one would, as automl's own samplers do.
    """

    is_pure = False

    @classmethod
    @abstractmethod
    def make_sampler(cls, seed: int, space: SearchSpace) -> BaseSampler:
        """A new sampler for a space, minimizing."""

    @pytest.fixture(params=[finite_space, endless_space], ids=["finite", "endless"])
    def space(self, request: Any) -> SearchSpace:
        """A space to propose configurations of."""
        made: SearchSpace = request.param()
        return made

    def run(self, space: SearchSpace, seed: int, cut: int = TRIALS) -> list[Configuration]:
        """What is proposed, by another sampler from some trial on."""
        study = optuna.create_study(sampler=self.make_sampler(seed, space))
        study.enqueue_trial(space.optuna_params(space.defaults()))
        proposed = []
        for number in range(TRIALS):
            if number == cut:
                study.sampler = self.make_sampler(seed, space)
            trial = study.ask()
            proposed.append(space.suggest(trial))
            _end(study, trial, proposed[-1])
        return proposed

    def test_what_is_proposed_is_valid_whatever_has_failed(self, space: SearchSpace) -> None:
        """Of conditional spaces too, and after the defaults, which come first."""
        proposed = self.run(space, seed=0)
        assert proposed[0] == space.defaults()
        for config in proposed:
            assert space.configuration(config.to_json()) == config
        assert len(set(proposed)) > 1

    def test_a_seed_decides(self, space: SearchSpace) -> None:
        """The same seed proposes the same."""
        assert self.run(space, seed=3) == self.run(space, seed=3)

    def test_several_trials_are_asked_for_at_once(self, space: SearchSpace) -> None:
        """As by several workers, of which none has ended yet."""
        study = optuna.create_study(sampler=self.make_sampler(1, space))
        for _ in range(4):
            trials = [study.ask() for _ in range(3)]
            for trial, config in [(trial, space.suggest(trial)) for trial in trials]:
                _end(study, trial, config)
        assert all(trial.state.is_finished() for trial in study.trials)

    def test_a_search_that_was_cut_goes_on_the_same(self, space: SearchSpace) -> None:
        """A new sampler on the same record goes on as the old one would have."""
        if not self.is_pure:
            pytest.skip("this sampler keeps a random state of its own")
        assert self.run(space, seed=5, cut=12) == self.run(space, seed=5)

"""Optuna's suggestions from a space, on real studies."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from automl.space import Choice, Float, Int, SearchSpace, tied, training_hyperparameters

optuna.logging.set_verbosity(optuna.logging.WARNING)


def build(config: Any, inputs: Any, task: Any) -> Any:
    return inputs


def study_with(sampler: optuna.samplers.BaseSampler) -> optuna.Study:
    return optuna.create_study(sampler=sampler)


@settings(max_examples=50)
@given(st.data(), st.integers(0, 1000))
def test_suggestions_are_valid_and_only_active_ones_are_asked_for(
    any_spaces: Any, data: st.DataObject, seed: int
) -> None:
    space = data.draw(any_spaces)
    study = study_with(optuna.samplers.RandomSampler(seed=seed))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(5):
            trial = study.ask()
            config = space.suggest(trial)
            assert space.configuration(config) == config
            assert set(trial.params) == set(space.optuna_params(config))
            assert {key.split("[")[0] for key in trial.params} == set(config)
            distributions = space.distributions()
            assert trial.distributions == {key: distributions[key] for key in trial.params}
            study.tell(trial, 1.0)


@settings(max_examples=50)
@given(st.data(), st.integers(0, 1000))
def test_an_enqueued_configuration_comes_back(
    any_spaces: Any, data: st.DataObject, seed: int
) -> None:
    import numpy as np

    space = data.draw(any_spaces)
    study = study_with(optuna.samplers.RandomSampler(seed=seed))
    rng = np.random.default_rng(seed)
    wanted = [space.defaults(), *(space.sample(rng) for _ in range(3))]
    for config in wanted:
        study.enqueue_trial(space.optuna_params(config))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for config in wanted:
            assert space.suggest(study.ask()) == config


@pytest.mark.parametrize("name", ["TPESampler", "QMCSampler"])
@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_samplers_work_on_the_training_fragment(name: str) -> None:
    sampler = getattr(optuna.samplers, name)(seed=1)
    depth = Int("depth", 0, 3)
    width = Int("width", 16, 512, step=16, log=True, when=depth > 0)
    space = SearchSpace("s", [depth, width, training_hyperparameters()], build)
    study = study_with(sampler)
    for number in range(30):
        trial = study.ask()
        config = space.suggest(trial)
        assert space.configuration(config) == config
        study.tell(trial, number % 7)


def test_a_journal_gives_back_tuples_and_none(tmp_path: Path) -> None:
    space = SearchSpace("s", [Choice("size", [(3, 3), None, "auto", 5])], build)
    backend = optuna.storages.journal.JournalFileBackend(str(tmp_path / "study.log"))
    storage = optuna.storages.JournalStorage(backend)
    study = optuna.create_study(storage=storage, study_name="s")
    wanted = list(space.grid())
    for config in wanted:
        study.enqueue_trial(space.optuna_params(config))
    again = optuna.load_study(storage=storage, study_name="s")
    assert [space.suggest(again.ask()) for _ in wanted] == wanted


def test_a_logarithmic_range_with_steps_is_snapped() -> None:
    width = Int("width", 16, 512, step=16, log=True)
    rate = Float("rate", 0.1, 0.9, step=0.2, log=True)
    space = SearchSpace("s", [width, rate], build)
    trial = optuna.trial.FixedTrial({"width": 137, "rate": 0.34})
    assert space.suggest(trial) == {"width": 144, "rate": 0.3}


def test_the_distributions() -> None:
    space = SearchSpace(
        "s",
        [
            Int("depth", 0, 5, step=2),
            Int("width", 16, 512, step=16, log=True),
            Float("rate", 0.0, 1.0, step=0.3),
            Float("slope", 1e-4, 1.0, log=True),
            Choice("size", [(3, 3), None]),
        ],
        build,
    )
    assert space.distributions() == {
        "depth": IntDistribution(0, 4, step=2),
        "width": IntDistribution(16, 512, log=True),
        "rate": FloatDistribution(0.0, 0.9, step=0.3),
        "slope": FloatDistribution(1e-4, 1.0, log=True),
        "size": CategoricalDistribution(["[3, 3]", None]),
    }
    trial = study_with(optuna.samplers.RandomSampler(seed=0)).ask()
    space.suggest(trial)
    assert trial.distributions == space.distributions()


def test_exclusive_names_have_keys_of_their_own() -> None:
    parent = Choice("optimizer", ["sgd", "adam"])
    rates = tied(
        "rate", parent, {"sgd": Float("rate", 0.1, 1.0), "adam": Float("rate", 1e-4, 1e-2)}
    )
    space = SearchSpace("s", [parent, rates], build)
    config = space.configuration({"optimizer": "adam", "rate": 0.005})
    assert space.optuna_params(config) == {"optimizer": "adam", "rate[adam]": 0.005}
    assert list(space.distributions()) == ["optimizer", "rate[sgd]", "rate[adam]"]

"""A run's first trials: the space's default, its portfolio, then what the sampler proposes."""

from __future__ import annotations

import optuna
import pytest

from automl.space import Choice, Int, SearchSpace
from automl.tuning.samplers import make_sampler
from automl.tuning.study import RunStudy

SPACE = SearchSpace(
    "s",
    [Int("depth", 0, 9, default=2), Choice("kind", ["a", "b"])],
    None,
    portfolio=[{"depth": 7}, {"depth": 9, "kind": "b"}],
)
FIRST = [{"depth": 2, "kind": "a"}, {"depth": 7, "kind": "a"}, {"depth": 9, "kind": "b"}]


def session(study: optuna.Study, space: SearchSpace = SPACE, sampler: str = "random") -> RunStudy:
    study.sampler = make_sampler(sampler, seed=1, space=space, workers=1, direction="minimize")
    return RunStudy(study, space, seed=1)


@pytest.mark.parametrize("sampler", ["random", "grid", "tpe", "qmc", "evolution"])
def test_the_portfolio_comes_behind_the_default_whatever_the_sampler(sampler: str) -> None:
    run = session(optuna.create_study(), sampler=sampler)
    configs = [dict(run.ask().config) for _ in range(5)]
    assert configs[:3] == FIRST
    assert sampler != "grid" or all(config not in FIRST for config in configs[3:])


def test_no_trial_is_left_waiting() -> None:
    study = optuna.create_study()
    session(study).ask()
    states = [trial.state for trial in study.get_trials(deepcopy=False)]
    assert states == [optuna.trial.TrialState.RUNNING]


def test_a_run_that_was_cut_goes_on_where_it_was() -> None:
    study = optuna.create_study()
    session(study).ask()
    assert dict(session(study).ask().config) == FIRST[1]
    # Killed between the two halves of a proposal: it waits in the record.
    study.enqueue_trial(SPACE.optuna_params(SPACE.first_configurations()[2]))
    again = session(study)
    assert dict(again.ask().config) == FIRST[2]
    again.ask()
    assert len(study.get_trials(deepcopy=False)) == 4


def test_what_was_asked_for_is_what_is_tried_first() -> None:
    run = session(optuna.create_study(), SPACE.override({"kind": "a", "depth": "0:4"}))
    assert [dict(run.ask().config) for _ in range(2)] == [
        {"depth": 2, "kind": "a"},
        {"depth": 4, "kind": "a"},
    ]

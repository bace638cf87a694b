"""Samplers and pruners of Optuna's own or of a person's, handed over as objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

import automl
from automl.errors import RequestError
from automl.tuning.given import NOTHING_GIVEN, asked_pruner, asked_sampler, named_pruner
from automl.tuning.given import named_sampler as named

pytestmark = pytest.mark.usefixtures("warm")


class Least(optuna.samplers.BaseSampler):
    """Proposes the least of everything, and remembers what it was told."""

    def __init__(self) -> None:
        self.ended: list[tuple[int, optuna.trial.TrialState]] = []

    def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:
        return {}

    def sample_relative(self, study: Any, trial: Any, search_space: Any) -> dict[str, Any]:
        return {}

    def sample_independent(self, study: Any, trial: Any, name: str, distribution: Any) -> Any:
        if isinstance(distribution, optuna.distributions.CategoricalDistribution):
            return distribution.choices[-1]
        return distribution.low

    def after_trial(self, study: Any, trial: Any, state: Any, values: Any) -> None:
        assert not trial.state.is_finished()
        self.ended.append((trial.number, state))


class AfterTwo(optuna.pruners.BasePruner):
    """Stops every trial but the first after its second epoch."""

    def prune(self, study: Any, trial: Any) -> bool:
        return trial.number > 0 and len(trial.intermediate_values) >= 2


@pytest.fixture(scope="module")
def rows() -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 3))
    return x, (x[:, 0] > 0).astype(int)


def test_a_search_asks_the_objects_and_resumes_with_others(
    rows: tuple[Any, Any], tmp_path: Path
) -> None:
    sampler = Least()
    run = automl.search(
        rows,
        trials=3,
        epochs=4,
        workers=1,
        cv="none",
        sampler=sampler,
        pruner=AfterTwo(),
        directory=tmp_path / "run",
        verbose=0,
    )
    states = [run.trial(number).record.state for number in range(3)]
    assert states == ["completed", "pruned", "pruned"]
    assert [number for number, _ in sampler.ended] == [0, 1, 2]
    first, second = run.trial(1).config, run.trial(2).config
    assert first == second  # the least of everything, twice
    assert any("draws its own random numbers" in note for note in run.notes)
    with pytest.raises(RequestError, match=r"sampler was given as an object, .*Least; .*resume"):
        run.resume(trials=4, verbose=0)
    run.resume(trials=4, sampler=optuna.samplers.TPESampler(seed=1), pruner=AfterTwo(), verbose=0)
    assert run.trial(3).record.state == "pruned"


@pytest.mark.parametrize("given", [3, object(), optuna.pruners.NopPruner(), Least])
def test_what_is_no_sampler_is_refused(given: Any) -> None:
    with pytest.raises(RequestError, match=r"give a name, or an object of a class that derives"):
        named(given)


def test_what_ends_optunas_own_loop_is_refused() -> None:
    for sampler in (optuna.samplers.GridSampler({"x": [1]}), optuna.samplers.BruteForceSampler()):
        with pytest.raises(RequestError, match='give sampler="grid"'):
            named(sampler)


def test_names_say_where_the_class_is_found() -> None:
    sampler, pruner = optuna.samplers.CmaEsSampler(), optuna.pruners.WilcoxonPruner()
    assert named(sampler) == ("optuna.samplers.CmaEsSampler", sampler)
    assert named_pruner(pruner) == ("optuna.pruners.WilcoxonPruner", pruner)
    assert named("tpe") == ("tpe", None)
    assert named_pruner(None) == (None, None)
    with pytest.raises(RequestError, match=r"run\.resume\(pruner=\.\.\.\)"):
        asked_pruner("mine.Own", NOTHING_GIVEN, direction="minimize", epochs=3, patience=1)
    with pytest.raises(RequestError, match=r"run\.resume\(sampler=\.\.\.\)"):
        asked_sampler(
            "mine.Own",
            NOTHING_GIVEN,
            seed=0,
            space=None,  # type: ignore[arg-type]
            workers=1,
            direction="minimize",
        )

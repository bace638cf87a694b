"""Samplers: a proposal is a function of the record and the seed, wherever the search was cut."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from automl.errors import RequestError
from automl.space import Choice, Configuration, Float, Int, SearchSpace
from automl.testing.sampler_conformance import SamplerConformance, endless_space, finite_space
from automl.tuning.samplers import (
    DEFAULT_SAMPLER,
    SAMPLERS,
    grid_size,
    make_sampler,
    proposals_left,
)
from automl.tuning.samplers.evolution import POPULATION, EvolutionSampler
from automl.tuning.samplers.study_view import StudyView
from automl.tuning.samplers.unit_cube import from_unit, to_unit

TRIALS = 25


def space_for(sampler: str) -> SearchSpace:
    return finite_space() if sampler in ("grid", "random on a finite space") else endless_space()


AVAILABLE = [name for name in SAMPLERS if name != "gp" or importlib.util.find_spec("torch")]
CASES = [*AVAILABLE, "random on a finite space"]


def sampler_for(case: str, seed: int = 3, workers: int = 1) -> optuna.samplers.BaseSampler:
    return make_sampler(
        case.split()[0], seed=seed, space=space_for(case), workers=workers, direction="minimize"
    )


def cost(config: Configuration) -> float:
    width = config.get("width", 8) * max(1, config.get("depth", 0))
    rate = config.get("learning_rate", 0.01)
    return abs(math.log(width / 100)) + abs(math.log10(rate) + 2) + config.get("momentum", 0)


class TestTpeConforms(SamplerConformance):
    name = "tpe"
    is_pure = True

    @classmethod
    def make_sampler(cls, seed: int, space: SearchSpace) -> optuna.samplers.BaseSampler:
        return make_sampler(cls.name, seed=seed, space=space, workers=1, direction="minimize")


class TestEvolutionConforms(TestTpeConforms):
    name = "evolution"


class TestLocalConforms(TestTpeConforms):
    name = "local"


class TestCmaesConforms(TestTpeConforms):
    name = "cmaes"


class TestRandomConforms(TestTpeConforms):
    name = "random"


class TestOptunasOwnConforms(SamplerConformance):
    @classmethod
    def make_sampler(cls, seed: int, space: SearchSpace) -> optuna.samplers.BaseSampler:
        return optuna.samplers.TPESampler(seed=seed)


class Killed(Exception):
    pass


class MortalTrial(optuna.trial.Trial):
    """A trial whose process ends after some of its hyperparameters were recorded."""

    lives = 10**9

    def _suggest(self, name: str, distribution: BaseDistribution) -> Any:
        if self.lives == 0:
            raise Killed
        self.lives -= 1
        return super()._suggest(name, distribution)


def open_study(path: Path, case: str, workers: int = 1) -> optuna.Study:
    return optuna.create_study(
        storage=JournalStorage(JournalFileBackend(str(path))),
        study_name="run",
        direction="minimize",
        sampler=sampler_for(case, workers=workers),
        load_if_exists=True,
    )


def ask(study: optuna.Study) -> MortalTrial:
    running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    trial_id = running[0]._trial_id if running else study.ask()._trial_id
    return MortalTrial(study, trial_id)


def finish(study: optuna.Study, trial: optuna.trial.Trial, config: Configuration) -> None:
    """Ends a trial in one of the three ways, as a function of its number."""
    value = cost(config)
    trial.report(value + 1, 1)
    if trial.number % 5 == 3:
        study.tell(trial, state=TrialState.PRUNED)
    elif trial.number % 7 == 6:
        study.tell(trial, state=TrialState.FAIL)
    else:
        study.tell(trial, value)


def run(path: Path, case: str, cuts: list[int]) -> list[dict[str, Any]]:
    """Runs `TRIALS` trials; the process dies after each number of suggestions in `cuts`."""
    space, cuts = space_for(case), list(cuts)
    study = open_study(path, case)
    if not study.trials:
        study.enqueue_trial(space.optuna_params(space.defaults()))
    while True:
        finished = [t for t in study.trials if t.state.is_finished()]
        if len(finished) == TRIALS:
            return [t.params for t in finished]
        trial = ask(study)
        if cuts:
            trial.lives = cuts.pop()
        try:
            config = space.suggest(trial)
            if trial.lives < 10**8 and trial.lives % 2:
                raise Killed  # in the middle of its training
        except Killed:
            study = open_study(path, case)
            continue
        finish(study, trial, config)


@pytest.mark.parametrize("case", CASES)
def test_a_search_cut_anywhere_proposes_what_the_unbroken_one_does(
    case: str, tmp_path: Path
) -> None:
    unbroken = run(tmp_path / "unbroken.log", case, [])
    generator = random.Random(case)
    for attempt in range(2):
        cuts = [generator.choice([0, 1, 2, 3, 4, 5, 9]) for _ in range(60)]
        assert run(tmp_path / f"cut{attempt}.log", case, cuts) == unbroken
    assert len({json.dumps(params, sort_keys=True) for params in unbroken}) > TRIALS * 0.7


@pytest.fixture(scope="module")
def unbroken_tpe(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return run(tmp_path_factory.mktemp("tpe") / "whole.log", "tpe", [])


@settings(max_examples=6, deadline=None)
@given(cuts=st.lists(st.integers(0, 8), max_size=60))
def test_tpe_cut_at_any_points_goes_on_the_same(
    cuts: list[int],
    unbroken_tpe: list[dict[str, Any]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    assert run(tmp_path_factory.mktemp("tpe") / "cut.log", "tpe", cuts) == unbroken_tpe


@pytest.mark.parametrize("case", CASES)
def test_samplers_leave_no_notes_in_the_study(case: str, tmp_path: Path) -> None:
    run(tmp_path / "study.log", case, [2, 5])
    study = open_study(tmp_path / "study.log", case)
    assert study._storage.get_study_system_attrs(study._study_id) == {}
    assert {key for trial in study.trials for key in trial.system_attrs} <= {"fixed_params"}


def test_proposals_do_not_depend_on_the_order_of_sets(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]);"
        "import test_samplers as t; print([t.run(Path(sys.argv[2]) / n, n, []) for n in"
        " ('tpe', 'evolution', 'local', 'cmaes', 'qmc')])"
    )
    found = []
    for hash_seed in ("1", "2"):
        folder = tmp_path / hash_seed
        folder.mkdir()
        made = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", script, str(Path(__file__).parent), str(folder)],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        found.append(made.stdout)
    assert found[0] == found[1] != ""


@pytest.mark.parametrize("case", CASES)
def test_another_seed_proposes_something_else(case: str) -> None:
    space = space_for(case)

    def first(seed: int) -> list[dict[str, Any]]:
        study = optuna.create_study(sampler=sampler_for(case, seed=seed))
        for _ in range(5):
            space.suggest(study.ask())
        return [trial.params for trial in study.trials]

    assert first(0) == first(0)
    assert first(0) != first(1)


def test_running_trials_count_only_with_several_workers() -> None:
    def proposal(workers: int, running: bool) -> dict[str, Any]:
        study = optuna.create_study(sampler=sampler_for("tpe", workers=workers))
        space = space_for("tpe")
        for _ in range(15):
            trial = study.ask()
            study.tell(trial, cost(space.suggest(trial)))
        if running:
            for params in ({"depth": 0}, {"depth": 3}):
                study.enqueue_trial({**space.optuna_params(space.defaults()), **params})
                space.suggest(study.ask())
        # The number decides the draw, so it is the same with and without running trials.
        trial_id = study._storage.create_new_trial(study._study_id)
        while study._storage.get_trial(trial_id).number < 17:
            study._storage.set_trial_state_values(trial_id, TrialState.FAIL)
            trial_id = study._storage.create_new_trial(study._study_id)
        trial = optuna.trial.Trial(study, trial_id)
        space.suggest(trial)
        return trial.params

    assert proposal(1, running=True) == proposal(1, running=False)
    assert proposal(2, running=True) != proposal(2, running=False)


def exhaust(name: str, seed: int) -> Iterator[tuple[Configuration, int | None]]:
    space = finite_space()
    study = optuna.create_study(
        sampler=make_sampler(name, seed=seed, space=space, workers=1, direction="minimize")
    )
    study.enqueue_trial(space.optuna_params(space.defaults()))
    while proposals_left(study.sampler, study) != 0:
        trial = study.ask()
        config = space.suggest(trial)
        study.tell(trial, state=TrialState.FAIL)  # what failed is not tried again either
        yield config, proposals_left(study.sampler, study)
    with pytest.raises(RequestError, match=r"All 84 configurations of 'finite' have been tried"):
        space.suggest(study.ask())


@pytest.mark.parametrize("name", ["grid", "random"])
def test_a_finite_space_is_tried_once_each_and_then_is_exhausted(name: str) -> None:
    space = finite_space()
    found = list(exhaust(name, seed=0))
    assert {config for config, _ in found} == set(space.grid())
    assert len(found) == space.count() == grid_size(space) == 84
    # The default was counted before it was asked for.
    assert [left for _, left in found] == list(range(83, -1, -1))
    assert [config for config, _ in found] != [config for config, _ in exhaust(name, seed=1)]


@pytest.mark.parametrize("name", ["grid", "random"])
def test_a_value_fixed_beforehand_is_completed_from_the_untried(name: str) -> None:
    space = finite_space()
    study = optuna.create_study(
        sampler=make_sampler(name, seed=0, space=space, workers=1, direction="minimize")
    )
    for _ in range(10):
        study.enqueue_trial({"depth": 0, "optimizer": "sgd"})
    found = [space.suggest(study.ask()) for _ in range(3)]
    assert all(c.depth == 0 and c.optimizer == "sgd" for c in found)
    assert {c.momentum for c in found} == {0.5, 0.7, 0.9}


def test_random_on_a_finite_space_keeps_every_hyperparameter_uniform() -> None:
    # 4 of the 84 configurations have depth 0; a quarter of the draws do.
    space = finite_space()
    depths: Counter[int] = Counter()
    for seed in range(300):
        study = optuna.create_study(
            sampler=make_sampler("random", seed=seed, space=space, workers=1, direction="minimize")
        )
        depths[space.suggest(study.ask()).depth] += 1
    assert min(depths.values()) > 50
    assert len(depths) == 4


def test_endless_samplers_have_no_end() -> None:
    study = optuna.create_study(sampler=sampler_for("tpe"))
    assert proposals_left(study.sampler, study) is None


@pytest.mark.parametrize("name", ["tpe", "cmaes", "evolution", "local"])
def test_samplers_learn(name: str, tmp_path: Path) -> None:
    space = SearchSpace("bowl", [Float(f"x{i}", 0.0, 1.0) for i in range(4)], None)

    def late_mean(sampler: str) -> float:
        means = []
        for seed in range(3):
            study = optuna.create_study(
                sampler=make_sampler(
                    sampler, seed=seed, space=space, workers=1, direction="maximize"
                ),
                direction="maximize",
            )
            for _ in range(60):
                trial = study.ask()
                config = space.suggest(trial)
                study.tell(trial, -sum((value - 0.8) ** 2 for value in config.values()))
            means.append(np.mean([trial.value for trial in study.trials[-15:]]))
        return float(np.mean(means))

    assert late_mean(name) > late_mean("random") * 0.5  # values are negative


def test_cmaes_takes_trials_it_never_proposed_and_all_that_are_alike() -> None:
    space = endless_space()
    study = optuna.create_study(sampler=sampler_for("cmaes"))
    for _ in range(40):
        study.enqueue_trial(space.optuna_params(space.defaults()))
    for number in range(45):
        trial = study.ask()
        space.suggest(trial)
        study.tell(trial, math.inf if number % 2 else 1.0)
    proposed = study.trials[40:]
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE] * 45
    assert len({str(trial.params) for trial in proposed}) == len(proposed)


def test_a_space_without_a_choice_is_no_trouble() -> None:
    for name in AVAILABLE:
        space = SearchSpace("one", [Int("depth", 2, 2), Choice("kind", ["a"])], None)
        study = optuna.create_study(
            sampler=make_sampler(name, seed=0, space=space, workers=1, direction="minimize")
        )
        assert space.suggest(study.ask()) == {"depth": 2, "kind": "a"}


def test_samplers_of_optuna_do_not_see_the_asking_trial() -> None:
    study = optuna.create_study()
    for _ in range(3):
        study.ask().suggest_float("x", 0, 1)
    view = StudyView(study, 1)
    assert [trial.number for trial in view.get_trials()] == [0, 2]
    assert view.get_trials(states=(TrialState.COMPLETE,)) == []
    view._storage.set_trial_system_attr(study.trials[1]._trial_id, "note", 1)
    assert study.trials[1].system_attrs == {}


def test_a_generation_is_drawn_at_random_before_it_has_children() -> None:
    space = endless_space()
    sampler = make_sampler("evolution", seed=0, space=space, workers=1, direction="minimize")
    assert isinstance(sampler, EvolutionSampler)
    study = optuna.create_study(sampler=sampler)
    for number in range(2 * POPULATION):
        trial = study.ask()
        proposal = sampler.propose(study, study.trials[-1])
        assert bool(proposal) == (number >= POPULATION)
        parents = study.trials[:POPULATION]
        for key, value in proposal.items():
            assert value in [parent.params.get(key) for parent in parents]
        study.tell(trial, cost(space.suggest(trial)))


# ---- requests that cannot be met


def refused(name: str, space: SearchSpace | None = None, seed: int = 0) -> str:
    with pytest.raises(RequestError) as caught:
        make_sampler(
            name, seed=seed, space=space or endless_space(), workers=1, direction="minimize"
        )
    return str(caught.value)


def test_wrong_requests_say_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "did you mean 'cmaes'?" in refused("cma-es")
    assert "at least 0" in refused("tpe", seed=-1)
    message = refused("grid")
    assert "(learning_rate, momentum, rate)" in message
    assert "--set" in message
    large = SearchSpace("large", [Int(f"x{i}", 0, 99) for i in range(3)], None)
    assert "1,000,000 configurations" in refused("grid", large)
    monkeypatch.setattr("automl.tuning.samplers.find_spec", lambda _: None)
    assert "pip install 'automl[gp]'" in refused("gp")
    with pytest.raises(RequestError, match="'minimize' or 'maximize'"):
        make_sampler("tpe", seed=0, space=endless_space(), workers=1, direction="min")


def test_names_are_known_without_optuna() -> None:
    assert DEFAULT_SAMPLER in SAMPLERS
    script = (
        "import sys, automl.tuning.samplers, automl.tuning.pruners;"
        "sys.exit(bool({'optuna', 'numpy', 'tensorflow'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


# ---- the unit cube

numbers = st.one_of(
    st.builds(
        lambda low, size, step: IntDistribution(low, low + size * step, step=step),
        st.integers(-50, 50),
        st.integers(1, 40),
        st.integers(1, 7),
    ),
    st.builds(
        lambda low, size: IntDistribution(low, low + size, log=True),
        st.integers(1, 50),
        st.integers(1, 900),
    ),
    st.builds(
        lambda low, size: FloatDistribution(low, low + size),
        st.floats(-10, 10),
        st.floats(0.01, 100),
    ),
    st.builds(
        lambda low, ratio: FloatDistribution(low, low * ratio, log=True),
        st.floats(1e-8, 10),
        st.floats(1.5, 1e6),
    ),
    st.builds(
        lambda low, size, step: FloatDistribution(low, low + size * step, step=step),
        st.integers(-5, 5).map(float),
        st.integers(1, 30),
        st.sampled_from([0.125, 0.25, 0.5]),
    ),
)


@given(distribution=numbers, share=st.floats(-0.5, 1.5))
def test_a_share_gives_a_value_in_range_and_back(
    distribution: FloatDistribution | IntDistribution, share: float
) -> None:
    value = from_unit(distribution, share)
    assert distribution._contains(distribution.to_internal_repr(value))
    again = from_unit(distribution, to_unit(distribution, value))
    assert again == pytest.approx(value, rel=1e-9, abs=1e-12)


def test_steps_end_exactly_at_the_last() -> None:
    assert from_unit(FloatDistribution(0.0, 0.3, step=0.1), 1.0) == 0.3


def test_options_have_equal_parts() -> None:
    distribution = CategoricalDistribution(["a", "b", "c", "d"])
    drawn = Counter(from_unit(distribution, share / 1000) for share in range(1000))
    assert set(drawn.values()) == {250}
    assert from_unit(distribution, 1.0) == "d"


# ---- who followed the run, and who opens it

FOLLOWED = [*CASES, "tpe with two workers"]


@pytest.mark.parametrize("case", FOLLOWED)
def test_who_followed_the_run_proposes_what_a_new_sampler_does(case: str) -> None:
    """Trials of several workers end in any order, some after later ones have been asked for."""
    space = space_for(case)
    workers = 2 if "workers" in case else 1
    generator = random.Random(case)
    kept = optuna.create_study(sampler=sampler_for(case, workers=workers))
    made = optuna.create_study()
    running: list[tuple[Any, Any, Configuration]] = []
    for _ in range(40):
        made.sampler = sampler_for(case, workers=workers)
        ours, theirs = kept.ask(), made.ask()
        config = space.suggest(ours)
        assert space.suggest(theirs) == config
        running.append((ours, theirs, config))
        while len(running) > 3 or (running and generator.random() < 0.3):
            one, other, its = running.pop(generator.randrange(len(running)))
            finish(kept, one, its)
            finish(made, other, its)


def grown(space: SearchSpace, more: int) -> SearchSpace:
    """The space and some more hyperparameters, as a builder may turn out to have."""
    new = [Float("late", 0.0, 1.0), Choice("later", ["p", "q"]), Int("last", 1, 9)][:more]
    return SearchSpace(space.name, [*space.hyperparameters, *new], None)


@pytest.mark.parametrize("case", [case for case in CASES if case not in ("grid",)])
def test_a_space_may_grow_during_a_run(case: str) -> None:
    """Older trials do not have the new hyperparameters; a new sampler is made for each space."""
    spaces = [grown(space_for(case), more) for more in range(4)]

    def proposals() -> list[dict[str, Any]]:
        study = optuna.create_study()
        for number in range(32):
            space = spaces[number // 8]
            study.sampler = make_sampler(
                case.split()[0], seed=1, space=space, workers=1, direction="minimize"
            )
            trial = study.ask()
            config = space.suggest(trial)
            assert ("last" in config) == (number >= 24)
            finish(study, trial, config)
        return [trial.params for trial in study.trials]

    found = proposals()
    assert found == proposals()
    least = 1 if case == "local" else 3  # which gives the default until a leader has it
    assert len({params["last"] for params in found[24:]}) >= least


@pytest.mark.parametrize("case", ["qmc", "grid", "random on a finite space"])
def test_a_trial_asked_for_late_gets_what_it_would_have_had(case: str) -> None:
    space = space_for(case)

    def asked(late: int | None) -> list[dict[str, Any]]:
        """The trials' values, where one was made in its turn but given its values at the end."""
        study = optuna.create_study(sampler=sampler_for(case))
        for number in range(12):
            if number == late:
                study._storage.create_new_trial(study._study_id)
            else:
                space.suggest(study.ask())
        if late is not None:
            space.suggest(optuna.trial.Trial(study, study.trials[late]._trial_id))
        return [trial.params for trial in study.trials]

    assert asked(late=3)[3] == asked(late=None)[3]

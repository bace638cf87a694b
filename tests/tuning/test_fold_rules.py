"""Which trials stop after a fold: the rules, alone and as they are asked for."""

from __future__ import annotations

from statistics import fmean
from typing import Any

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.errors import RequestError
from automl.trial import Answer, ExecutionReport, TrialResult, TrialState
from automl.tuning.finished_executions import execution_entry, finished_executions
from automl.tuning.fold_pruning import FoldPruning
from automl.tuning.given import NOTHING_GIVEN, Given, asked_fold_rule, asked_pruner
from automl.tuning.pruners import PRUNERS, fold_rule
from automl.tuning.pruners.fold_rules import ForgivingRule, NoRule, PairedRule
from automl.tuning.ranking import Ranking
from automl.tuning.samplers.study_view import rank_key

scores = st.floats(-100, 100)
some = st.lists(scores, min_size=1, max_size=5)


@given(folds=some, best=st.lists(scores, min_size=5, max_size=5))
def test_the_forgiving_rule_is_the_mean_against_the_worst_fold(
    folds: list[float], best: list[float]
) -> None:
    assert bool(ForgivingRule("minimize").reason(folds, best)) == (fmean(folds) > max(best))
    assert bool(ForgivingRule("maximize").reason(folds, best)) == (fmean(folds) < min(best))
    assert NoRule("minimize").reason(folds, best) == ""


def test_what_is_equal_or_not_a_number_goes_on() -> None:
    for direction in ("minimize", "maximize"):
        assert ForgivingRule(direction).reason([1.0], [1.0, 1.0]) == ""
        assert ForgivingRule(direction).reason([float("nan")], [1.0, 1.0]) == ""


def test_wilcoxon_needs_four_folds_that_are_all_worse() -> None:
    best = [0.10, 0.11, 0.12, 0.13, 0.14]
    rule = PairedRule("minimize")
    worse = [score + 0.01 * number for number, score in enumerate(best, 1)]
    assert [bool(rule.reason(worse[:count], best)) for count in (1, 2, 3, 4)] == [
        *[False] * 3,
        True,
    ]
    assert "Wilcoxon" in rule.reason(worse[:4], best)
    assert rule.reason([0.05, *worse[1:4]], best) == ""
    assert PairedRule("maximize").reason(worse[:4], best) == ""
    strict = PairedRule("minimize", optuna.pruners.WilcoxonPruner(p_threshold=0.01))
    assert strict.reason(worse[:4], best) == ""


@pytest.mark.parametrize("name", PRUNERS)
def test_each_pruner_has_a_rule_for_folds_and_one_for_epochs(name: str) -> None:
    rule = asked_fold_rule(name, NOTHING_GIVEN, "minimize")
    kind = {"none": NoRule, "wilcoxon": PairedRule}.get(name, ForgivingRule)
    assert type(rule) is kind is type(fold_rule(name, "minimize"))
    options: Any = {"direction": "minimize", "epochs": 9, "patience": 3, "folds": 3}
    by_epoch = asked_pruner(name, NOTHING_GIVEN, **options)
    assert (by_epoch is None) == (name in ("none", "forgiving", "wilcoxon"))


def test_what_compares_folds_wants_folds() -> None:
    with pytest.raises(RequestError, match=r"--pruner wilcoxon compares folds.*--cv 5"):
        asked_pruner("wilcoxon", NOTHING_GIVEN, direction="minimize", epochs=9, patience=3)


def test_a_pruner_that_was_handed_over_decides_alone_and_wilcoxon_s_by_fold() -> None:
    options: Any = {"direction": "minimize", "epochs": 9, "patience": 3}
    own = Given(pruner=optuna.pruners.MedianPruner())
    assert type(asked_fold_rule("any", own, "minimize")) is NoRule
    assert asked_pruner("any", own, **options, folds=3) is own.pruner
    paired = Given(pruner=optuna.pruners.WilcoxonPruner())
    assert type(asked_fold_rule("any", paired, "minimize")) is PairedRule
    assert asked_pruner("any", paired, **options, folds=3) is None
    assert asked_pruner("any", paired, **options) is paired.pruner


def test_trials_are_compared_with_one_that_has_all_its_folds() -> None:
    ranking = Ranking("minimize", 3)
    pruning = FoldPruning(ForgivingRule("minimize"), ranking, 3)
    bad = ExecutionReport(1, TrialResult(TrialState.COMPLETED), (9.0,))
    assert pruning.answer(5, bad) is Answer.GO_ON  # there is none yet
    ranking.add(0, TrialResult(TrialState.COMPLETED, score=2.0, folds=(2.0,)))
    assert pruning.answer(5, bad) is Answer.GO_ON  # the end of a search has cut it off
    ranking.add(1, TrialResult(TrialState.COMPLETED, score=1.0, folds=(1.0, 1.0, 1.0)))
    assert pruning.answer(5, bad) is Answer.STOP
    ended = TrialResult(TrialState.PRUNED, reason="it was pruned after fold 1")
    assert pruning.explained(5, ended).reason == (
        "it was pruned after 1 of 3 folds: its mean, 9, is worse than the worst fold of the best "
        "trial, 1"
    )
    assert pruning.explained(5, ended) is ended  # said once
    assert pruning.answer(6, bad) is Answer.STOP
    failed = TrialResult(TrialState.FAILED, reason="it crashed")
    assert pruning.explained(6, failed) is failed


def test_executions_are_recorded_without_what_is_usual_and_read_back() -> None:
    result = TrialResult(
        TrialState.COMPLETED, score=0.25, metrics={"accuracy": 0.5}, epochs=3, notes=("a", "b")
    )
    entries = dict(execution_entry(ExecutionReport(number, result)) for number in (1, 2))
    assert "folds" not in entries["execution:1"]
    assert finished_executions(entries) == (result, result)
    assert finished_executions({"execution:2": entries["execution:2"]}) == ()


def test_what_has_finished_folds_stands_before_what_was_stopped_in_its_first() -> None:
    def pruned(folds: tuple[float, ...], value: float) -> Any:
        return optuna.trial.create_trial(
            state=optuna.trial.TrialState.PRUNED,
            value=value,
            intermediate_values={1: 0.1, 40: 0.1} if not folds else {1: 0.1, 3: 0.1},
            user_attrs={"result": {"folds": list(folds)}},
        )

    two, one, better_one, none = (
        pruned((0.5, 0.7), 0.6),
        pruned((0.5,), 0.5),
        pruned((0.4,), 0.4),
        pruned((), 0.1),
    )
    assert sorted([none, one, better_one, two], key=lambda trial: rank_key(trial, "minimize")) == [
        two,
        better_one,
        one,
        none,
    ]

"""Greedy selection: what it takes, what it never takes, and a score from rows it has not seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.results.ensembles import BAG, ENSEMBLE, EnsembleForm, MemberForm
from automl.tuning.ensemble import Member, Part, blended, greedy, parts_of, select
from automl.tuning.ensembling import chosen_ensemble

ROWS = 60
TRUTH = np.sin(np.arange(ROWS, dtype=np.float64))[:, None]


def mse(view: str, values: Any, rows: Any) -> float:
    return float(np.mean((values - TRUTH[rows]) ** 2))


def member(values: Any, view: str = "holdout") -> Member:
    return Member({view: "model"}, {view: np.asarray(values, np.float64).reshape(-1, 1)})


def noisy(seed: int, size: float = 0.3) -> Member:
    draw = np.random.default_rng(seed)
    return member(TRUTH + draw.normal(0, size, TRUTH.shape))


def whole(view: str = "holdout") -> list[Part]:
    return [Part(view, np.arange(ROWS), np.arange(ROWS))]


def test_errors_that_cancel_make_the_ensemble_better_than_each() -> None:
    members = [member(TRUTH + 1.0), member(TRUTH - 1.0)]
    assert greedy(members, whole(), mse, "minimize", 9) == {0: 0.5, 1: 0.5}


def test_of_equals_the_first_is_taken_alone() -> None:
    members = [noisy(1), noisy(1), noisy(1)]
    assert greedy(members, whole(), mse, "minimize", 9) == {0: 1.0}


@pytest.mark.parametrize("junk", [np.full(ROWS, np.nan), np.full(ROWS, 1e30)])
def test_junk_is_never_taken(junk: Any) -> None:
    members = [noisy(1), member(junk), noisy(2)]
    assert 1 not in greedy(members, whole(), mse, "minimize", 9)


def test_a_metric_to_maximize() -> None:
    members = [noisy(1), noisy(2), noisy(3)]
    lowest = greedy(members, whole(), mse, "minimize", 9)
    assert greedy(members, whole(), lambda *args: -mse(*args), "maximize", 9) == lowest


@given(st.lists(st.integers(0, 50), min_size=1, max_size=6), st.integers(1, 4))
def test_it_is_no_worse_than_the_best_member_where_it_was_selected(
    seeds: list[int], most: int
) -> None:
    members = [noisy(seed, 0.1 + seed / 50) for seed in seeds]
    weights = greedy(members, whole(), mse, "minimize", most)
    assert sum(weights.values()) == pytest.approx(1.0)
    assert min(weights.values()) > 0 and len(weights) <= most
    rows = np.arange(ROWS)
    best = min(mse("", one.predictions["holdout"], rows) for one in members)
    assert mse("", blended(members, weights, "holdout"), rows) <= best * (1 + 1e-9)


def test_parts_of_one_division_are_disjoint_and_of_folds_the_folds() -> None:
    parts = parts_of({"holdout": np.arange(23)}, seed=3)
    assert sorted(np.concatenate([part.rows for part in parts])) == list(range(23))
    assert [part.rows.tolist() for part in parts_of({"holdout": np.arange(23)}, seed=3)] == [
        part.rows.tolist() for part in parts
    ]
    folds = parts_of({"fold-1": np.arange(4), "fold-2": np.arange(4, 9)}, seed=0)
    assert [(part.view, len(part.rows)) for part in folds] == [("fold-1", 4), ("fold-2", 5)]


def test_members_that_are_noise_gain_nothing_on_rows_that_were_not_selected_on() -> None:
    truth = np.random.default_rng(0).normal(size=(ROWS, 1))

    def score(view: str, values: Any, rows: Any) -> float:
        return float(np.mean((values - truth[rows]) ** 2))

    members = [member(np.random.default_rng(seed).normal(size=ROWS) * 0.5) for seed in range(1, 21)]
    selected = select(members, parts_of({"holdout": np.arange(ROWS)}, 0), score, "minimize", 20)
    chosen = blended(members, selected.weights, "holdout")
    assert selected.score > score("holdout", chosen, np.arange(ROWS))  # which is too good
    assert selected.score > np.mean(truth**2) * 0.95


def test_the_cross_fitted_predictions_give_the_score() -> None:
    members = [noisy(seed) for seed in range(5)]
    selected = select(members, parts_of({"holdout": np.arange(ROWS)}, 0), mse, "minimize", 5)
    assert mse("", selected.predictions["holdout"], np.arange(ROWS)) == selected.score
    assert selected.gain > selected.gain_error  # independent errors


def test_a_metric_that_is_not_defined_on_a_part_leaves_no_gain_to_trust() -> None:
    def score(view: str, values: Any, rows: Any) -> float:
        return mse(view, values, rows) if 0 in rows else float("nan")  # as AUC of one class

    members = [noisy(seed) for seed in range(5)]
    selected = select(members, parts_of({"holdout": np.arange(ROWS)}, 0), score, "minimize", 5)
    assert (selected.gain, selected.gain_error) == (0.0, float("inf"))


def test_folds_that_are_repeated_are_not_selected_on_where_they_are_scored() -> None:
    halves = [np.arange(30), np.arange(30, 60), np.arange(0, 60, 2), np.arange(1, 60, 2)]
    ids = {f"fold-{number}": half for number, half in enumerate(halves, 1)}
    seen: list[set[str]] = []

    def score(view: str, values: Any, rows: Any) -> float:
        seen[-1].add(view)
        return float(np.mean((values - TRUTH[ids[view][rows]]) ** 2))

    parts = parts_of(ids, 0)
    assert [part.shares_rows(parts[0]) for part in parts] == [True, False, True, True]
    draw = np.random.default_rng(3)
    members = [
        Member(
            dict.fromkeys(ids, "model"),
            {view: TRUTH[own] + draw.normal(0, 0.3, (30, 1)) for view, own in ids.items()},
        )
        for _ in range(4)
    ]
    seen.append(set())
    greedy(members, [one for one in parts if not one.shares_rows(parts[0])], score, "minimize", 4)
    assert seen == [{"fold-2"}]
    seen.append(set())
    selected = select(members, parts, score, "minimize", 4)
    gains = np.asarray(selected.part_scores)
    assert len(gains) == 4 and selected.gain_error > 0


def form(gain: float | None = None, error: float | None = None) -> EnsembleForm:
    members = (MemberForm("3", "holdout", 1.0),)
    return EnsembleForm(members, 0.5, {}, gain=gain, gain_error=error)


def test_the_ensemble_is_exported_where_it_is_better_by_more_than_its_error() -> None:
    assert chosen_ensemble({}) == ""
    assert chosen_ensemble({ENSEMBLE: form(0.2, 0.1)}) == ENSEMBLE
    assert chosen_ensemble({ENSEMBLE: form(0.1, 0.2)}) == ""
    assert chosen_ensemble({ENSEMBLE: form(0.1, 0.2), BAG: form()}) == BAG

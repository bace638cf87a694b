"""A preset is searched as its book did, and each option overrules what that says by itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import automl
from automl.cli.main import main
from automl.data.request import DataRequest
from automl.space.protocol import Protocol
from automl.space.registry import find_space
from automl.trial import TrialBudget
from automl.tuning.budget import SearchBudget
from automl.tuning.options import SEARCH_OPTIONS
from automl.tuning.protocol import with_protocol
from automl.tuning.search_request import SearchRequest

BOOK = Protocol("a book", trials=10, sampler="random", pruner="none", cv=3, epochs=7, patience=2)
REQUEST = SearchRequest(DataRequest("iris"))


def test_what_is_left_open_is_as_in_the_book() -> None:
    request, note = with_protocol(REQUEST, BOOK, set(SEARCH_OPTIONS))
    assert request.budget == SearchBudget(10)
    assert (request.sampler, request.pruner, request.data.cv) == ("random", "none", 3)
    assert request.trial_budget == TrialBudget(7, 2)
    assert note == (
        "the space is searched as in a book: --trials 10 --sampler random --pruner none --cv 3 "
        "--epochs 7 --patience 2 (give others)"
    )


def test_without_a_protocol_or_anything_left_open_nothing_changes() -> None:
    assert with_protocol(REQUEST, None, set(SEARCH_OPTIONS)) == (REQUEST, "")
    assert with_protocol(REQUEST, BOOK, ()) == (REQUEST, "")


@pytest.mark.parametrize("option", list(BOOK.options()))
def test_an_option_overrules_its_own_part_alone(option: str) -> None:
    request, note = with_protocol(REQUEST, BOOK, set(SEARCH_OPTIONS) - {option})
    assert f"--{option} " not in note
    whole, _ = with_protocol(REQUEST, BOOK, set(SEARCH_OPTIONS))
    kept: dict[str, tuple[Any, Any]] = {
        "trials": (request.budget, whole.budget),
        "sampler": (request.sampler, whole.sampler),
        "pruner": (request.pruner, whole.pruner),
        "cv": (request.data.cv, whole.data.cv),
        "epochs": (request.trial_budget.epochs, whole.trial_budget.epochs),
        "patience": (request.trial_budget.patience, whole.trial_budget.patience),
    }
    assert [name for name, (own, books) in kept.items() if own != books] == [option]


@pytest.mark.parametrize(
    ("given", "part"), [("time", "trials"), ("validation", "cv"), ("fold_column", "cv")]
)
def test_a_time_stands_for_trials_and_other_rows_for_folds(given: str, part: str) -> None:
    _, note = with_protocol(REQUEST, BOOK, set(SEARCH_OPTIONS) - {given})
    assert f"--{part} " not in note
    assert "--sampler random" in note


def test_presets_have_the_protocols_of_their_books() -> None:
    geron, handbook = (find_space(name).protocol for name in ("geron-housing", "handbook"))
    assert geron is not None
    assert handbook is not None
    assert geron.options() == {
        "trials": 10,
        "sampler": "random",
        "pruner": "none",
        "cv": 3,
        "epochs": 100,
        "patience": 10,
    }
    assert handbook.options() == {"sampler": "random", "pruner": "none", "epochs": 10}
    assert find_space("mlp").protocol is None
    narrowed = find_space("geron-housing").override({"n_hidden": 1})
    assert narrowed.protocol == geron
    assert "protocol" not in narrowed.to_json()


def test_a_search_of_a_preset_records_how_it_ran(warm: None, tmp_path: Path) -> None:
    run = automl.search(
        "diabetes", space="geron-housing", trials=1, epochs=1, workers=1, verbose=0,
        directory=tmp_path / "run",
    )  # fmt: skip
    request = json.loads((run.path / "run.json").read_text())["request"]
    assert request["budget"]["trials"] == 1
    assert (request["sampler"], request["pruner"], request["data"]["cv"]) == ("random", "none", 3)
    assert request["trial_budget"]["epochs"] == 1
    [note] = [note for note in run.notes if note.startswith("the space is searched as in")]
    assert note.endswith("--sampler random --pruner none --cv 3 --patience 10 (give others)")


def test_the_command_hands_on_only_what_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def search(data: Any, **options: Any) -> None:
        seen.update(options)
        raise automl.errors.RequestError("seen")

    monkeypatch.setattr("automl.api.search", search)
    assert main(["search", "iris", "--space", "geron-housing", "--epochs", "100", "--cv", "4"]) == 2
    typed = {name for name in seen if name in SEARCH_OPTIONS}
    assert typed == {"space", "epochs", "cv"}

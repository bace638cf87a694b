"""What had another name, or is no longer: said, and runs that recorded it go on."""

from __future__ import annotations

import pytest

from automl.data.request import DataRequest
from automl.errors import RequestError
from automl.tuning.former_names import with_current_pruner, with_current_sampler
from automl.tuning.pruners import PRUNERS, REMOVED, make_pruner
from automl.tuning.samplers import FORMER, SAMPLERS, make_sampler
from automl.tuning.samplers.evolution import EvolutionSampler
from automl.tuning.search_request import SearchRequest
from tests.tuning.test_samplers import endless_space


def request(**more: str) -> SearchRequest:
    return SearchRequest(DataRequest("iris"), **more)  # type: ignore[arg-type]


def test_what_takes_a_place_is_there() -> None:
    assert set(FORMER.values()) <= set(SAMPLERS)
    assert {name for name, _ in REMOVED.values()} <= set(PRUNERS)
    assert not set(FORMER) & set(SAMPLERS)
    assert not set(REMOVED) & set(PRUNERS)


def test_a_former_name_gives_the_same_sampler() -> None:
    sampler = make_sampler("nsga2", seed=0, space=endless_space(), workers=1, direction="minimize")
    assert isinstance(sampler, EvolutionSampler)
    found, note = with_current_sampler(request(sampler="nsga2"))
    assert found.sampler == "evolution"
    assert note == "sampler: nsga2 is called evolution (--sampler evolution)"
    assert with_current_sampler(request()) == (request(), "")


def test_a_pruner_that_is_no_longer_is_refused_with_what_to_use() -> None:
    with pytest.raises(RequestError, match="no pruner 'hyperband' any more: asha"):
        make_pruner("hyperband", direction="minimize", epochs=9, patience=3)


def test_a_run_that_recorded_it_goes_on_and_says_with_what() -> None:
    found, note = with_current_pruner(request(pruner="hyperband"))
    assert found.pruner == "asha"
    assert note.startswith("pruner: the run goes on with asha")
    assert with_current_pruner(request(pruner="median")) == (request(pruner="median"), "")

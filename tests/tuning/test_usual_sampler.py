"""Spaces of images are searched near their known good configurations, unless somebody says how."""

from __future__ import annotations

from dataclasses import replace

import pytest

from automl.data.request import DataRequest
from automl.space import SearchSpace
from automl.space.protocol import Protocol
from automl.space.registry import find_space
from automl.tuning.search_request import SearchRequest
from automl.tuning.usual_sampler import with_usual_sampler

REQUEST = SearchRequest(DataRequest("x.npz"))
IMAGES = find_space("image")


@pytest.mark.parametrize("name", ["image", "fastcnn", "resnet"])
def test_few_costly_trials_are_near_the_best(name: str) -> None:
    request, note = with_usual_sampler(REQUEST, find_space(name), {"sampler"})
    assert request == replace(REQUEST, sampler="local")
    assert "--sampler tpe" in note


@pytest.mark.parametrize(
    ("space", "left_open"),
    [
        (IMAGES, {"pruner"}),
        (find_space("mlp"), {"sampler"}),
        (SearchSpace("own", IMAGES.hyperparameters, IMAGES.build, inputs="image"), {"sampler"}),
        (
            SearchSpace(
                "own",
                IMAGES.hyperparameters,
                IMAGES.build,
                inputs="image",
                portfolio=IMAGES.portfolio,
                protocol=Protocol("a book", epochs=5),
            ),
            {"sampler"},
        ),
    ],
)
def test_all_others_keep_theirs(space: SearchSpace, left_open: set[str]) -> None:
    assert with_usual_sampler(REQUEST, space, left_open) == (REQUEST, "")

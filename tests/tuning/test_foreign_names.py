"""The words of other tools, in Python: ours is named, or what to do in its place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import automl
from automl.errors import RequestError
from automl.tuning.foreign_names import ADVICE, OWN_NAMES


def refused(**arguments: Any) -> str:
    with pytest.raises(RequestError) as caught:
        automl.search("iris", **arguments)
    return str(caught.value)


@pytest.mark.parametrize("word", sorted(set(OWN_NAMES) - {"sample_weight"}))
def test_our_word_is_named(word: str) -> None:
    assert refused(**{word: 3}) == f"There is no argument {word!r}: it is {OWN_NAMES[word]!r} here."


@pytest.mark.parametrize("word", sorted(ADVICE))
def test_what_to_do_instead_is_told(word: str) -> None:
    assert refused(**{word: 3}) == f"There is no argument {word!r}: {ADVICE[word]}."


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("trails", "There is no argument 'trails'; did you mean 'trials'?"),
        ("validatoin", "There is no argument 'validatoin'; did you mean 'validation'?"),
        ("banana", "There is no argument 'banana'; see help(automl.search)."),
        ("source", "There is no argument 'source'; see help(automl.search)."),
    ],
)
def test_a_name_is_suggested_only_where_it_is_near(word: str, told: str) -> None:
    assert refused(**{word: 3}) == told


def test_arrays_as_keras_tuner_takes_them_are_told_how_to_give() -> None:
    x, y = np.zeros((4, 2)), np.zeros(4)
    for arguments, named in (((), {"x": x, "y": y}), ((x, y), {}), ((), {})):
        with pytest.raises(RequestError, match=r"automl\.search\(\(x, y\), \.\.\.\)"):
            automl.search(*arguments, **named)

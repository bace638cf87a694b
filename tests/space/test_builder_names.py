"""What a builder that was given as an object is called."""

from __future__ import annotations

import functools
import subprocess
import sys
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import keras_tuner
import pytest

from automl.space.builder_names import name_of
from automl.space.keras_tuner import hyper_space, reference_to
from automl.space.registry import find_space


def build(hp: Any) -> None:
    """A net."""


class MyHyperModel(keras_tuner.HyperModel):
    """Nets of mine."""

    def build(self, hp: Any) -> None:
        """Builds one."""

    def other(self, hp: Any) -> None:
        """Builds another."""


class Maker:
    """Makes nets."""

    def __call__(self, hp: Any) -> None:
        """Makes one."""

    def build(self, hp: Any) -> None:
        """Makes one too."""

    @classmethod
    def build_net(cls, hp: Any) -> None:
        """Makes a net."""

    @staticmethod
    def static(hp: Any) -> None:
        """Makes a net."""


def plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator that does not keep the name."""

    def wrapper(hp: Any) -> Any:
        return function(hp)

    return wrapper


def kept(function: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator that keeps the name."""

    @functools.wraps(function)
    def wrapper(hp: Any) -> Any:
        return function(hp)

    return wrapper


def nested() -> Callable[..., Any]:
    """A function that makes a builder."""

    def small_net(hp: Any) -> None:
        """A small net."""

    return small_net


@plain
def decorated(hp: Any) -> None:
    """A decorated net."""


@kept
def decorated_well(hp: Any) -> None:
    """A net."""


by_lambda = lambda hp: None  # noqa: E731


@pytest.mark.parametrize(
    ("source", "name"),
    [
        (build, "build"),
        (MyHyperModel, "MyHyperModel"),
        (MyHyperModel(), "MyHyperModel"),
        (MyHyperModel().build, "MyHyperModel"),
        (partial(MyHyperModel().build), "MyHyperModel"),
        (MyHyperModel().other, "other"),
        (Maker(), "Maker"),
        (Maker().__call__, "Maker"),
        (Maker().build, "Maker"),
        (Maker.build_net, "build_net"),
        (Maker.static, "static"),
        (partial(Maker(), more=1), "Maker"),
        (partial(partial(build), more=1), "build"),
        (lru_cache(build), "build"),
        (nested(), "small_net"),
        (decorated, "decorated"),
        (plain(build), "build"),
        (plain(MyHyperModel().build), "MyHyperModel"),
        (decorated_well, "decorated_well"),
        (by_lambda, "by_lambda"),
        (plain(lambda hp: None), "build"),
        (lambda hp: None, "build"),
    ],
)
def test_a_builder_is_named_for_what_a_person_has_named(source: Any, name: str) -> None:
    assert name_of(source) == name
    assert hyper_space(source).name == name


def test_the_description_is_that_of_what_it_is_named_for() -> None:
    assert hyper_space(MyHyperModel().build).description == "Nets of mine."
    assert hyper_space(decorated).description == "A decorated net."


def test_a_lambda_that_a_module_holds_is_found_again() -> None:
    assert str(reference_to(by_lambda)).endswith("test_builder_names:by_lambda")
    assert reference_to(lambda hp: None) is None


FILE = """
import functools
from helper_of_names import wrapped

@wrapped
def wide(hp): ...

by_lambda = lambda hp: None

if __name__ == "__main__":
    from automl.space.keras_tuner import space_of
    print(space_of(wide).name, space_of(by_lambda).name, space_of(lambda hp: None).name)
"""
HELPER = """
def wrapped(function):
    def wrapper(hp):
        return function(hp)
    return wrapper
"""


def test_a_name_in_a_file_and_in_a_running_script(tmp_path: Path) -> None:
    (tmp_path / "nets.py").write_text(FILE)
    (tmp_path / "helper_of_names.py").write_text(HELPER)
    for name in ("wide", "by_lambda"):
        assert find_space(f"{tmp_path / 'nets.py'}:{name}").name == name
    script = subprocess.run(
        [sys.executable, "nets.py"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert script.stdout.split() == ["wide", "by_lambda", "build"]

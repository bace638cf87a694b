"""The command line and the Python interface have the same options under the same names."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import Any

import pytest
from typer.main import get_command

import automl
from automl.cli.main import make_app
from automl.data.request import DataRequest

#: Only of the command: what it prints, and how.
PRINTING = {"quiet", "as_json", "debug", "help"}
#: Only of the interface: who watches, in Python.
WATCHING = {"verbose", "observer"}
#: Of Python: the objects that a command cannot be given, and what goes with them alone.
OBJECTS = {"callbacks", "hyperparameters", "tune_new_entries", "allow_new_entries"}
#: Of the data, only for arrays and spaces of their own; and what is given under another name.
INNER = {"source", "seed", "keep_constant"}


def command_options(name: str) -> set[str]:
    command: Any = get_command(make_app())
    return {str(p.name) for p in command.commands[name].params} - PRINTING


def test_search_has_the_same_options_in_both() -> None:
    own = set(inspect.signature(automl.search).parameters) - {"data_options"} - WATCHING - OBJECTS
    of_data = {field.name for field in fields(DataRequest)} - INNER
    assert command_options("search") == own | of_data


def test_resume_has_the_same_options_in_both() -> None:
    own = (
        set(inspect.signature(automl.Run.resume).parameters)
        - {"self"}
        - WATCHING
        - OBJECTS
        - {"data", "sampler", "pruner"}  # objects once more: a name is recorded
    )
    assert command_options("resume") - {"run"} == own


@pytest.mark.parametrize("name", ["search", "resume"])
def test_an_option_is_spelt_like_its_argument(name: str) -> None:
    command: Any = get_command(make_app())
    spelt = {"settings": "--set", "as_json": "--json"}
    for parameter in command.commands[name].params:
        if parameter.param_type_name == "option" and parameter.name != "help":
            expected = spelt.get(parameter.name, f"--{parameter.name.replace('_', '-')}")
            assert expected in parameter.opts


def test_each_argument_is_documented() -> None:
    for function in (automl.search, automl.Run.resume):
        text = inspect.getdoc(function) or ""
        for name in set(inspect.signature(function).parameters) - {"self"}:
            assert f"\n    {name}: " in text or f"\n    **{name}: " in text, name


def test_what_the_package_has_is_listed_before_it_is_imported() -> None:
    assert {"search", "load_run", "Run", "RunTrial", "__version__"} <= set(dir(automl))
    assert not {"Any", "TYPE_CHECKING"} & set(dir(automl))

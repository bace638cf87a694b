"""The command line and the Python interface have the same options under the same names."""

import inspect
from dataclasses import MISSING, fields
from typing import Annotated, Any, TypedDict

import pytest
import typer
from typer.main import get_command

import automl
from automl.cli.main import make_app
from automl.cli.options import typed_values, with_options
from automl.common.option import Option, check_options, described, options_of
from automl.common.option_values import at_least
from automl.data.request import DataRequest
from automl.errors import RequestError
from automl.tuning.options import RESUME_OPTIONS, SEARCH_OPTIONS, SearchOptions
from automl.tuning.search_request import SearchRequest

#: Only of the command: what it prints, and how.
PRINTING = {"quiet", "as_json", "debug", "help"}
#: Only of the interface: who watches, in Python.
WATCHING = {"verbose", "observer"}
#: Of Python: the objects that a command cannot be given, and what goes with them alone.
OBJECTS = {"callbacks", "hyperparameters", "tune_new_entries", "allow_new_entries"}
#: Of the data, only for arrays and spaces of their own; and what is given under another name.
INNER = {"source", "seed", "keep_constant", "kind", "image_seconds"}


def command_options(name: str) -> set[str]:
    command: Any = get_command(make_app())
    return {str(p.name) for p in command.commands[name].params} - PRINTING


def test_search_has_the_same_options_in_both() -> None:
    own = set(inspect.signature(automl.search).parameters) - WATCHING - OBJECTS
    assert command_options("search") == own


def test_each_value_of_a_request_is_declared_as_an_option_with_its_default() -> None:
    made = {"data", "budget", "trial_budget"}  # of several options
    for kind, others in ((SearchRequest, made | {"pruner"}), (DataRequest, INNER)):
        for field in fields(kind):
            if field.name not in others and field.default_factory is MISSING:
                usual = SEARCH_OPTIONS[field.name].default
                empty = {None: (None, ())}.get(usual, (usual,))
                assert field.default in empty, field.name


@pytest.mark.parametrize("name", ["clip", "input", "holdout"])
def test_what_the_help_lists_is_what_may_be_given(name: str) -> None:
    option = SEARCH_OPTIONS[name]
    listed = (option.metavar or "").split("|")
    assert [str(one) for one in option.names] == listed
    assert [option.checked(one) for one in listed] == listed
    with pytest.raises(RequestError, match="neither"):
        option.checked("neither")


def test_each_option_is_a_value_of_the_request_or_says_where_the_run_is() -> None:
    parts = {f.name for kind in (SearchRequest, DataRequest) for f in fields(kind)}
    of_budgets = {"trials", "time", "epochs", "patience", "min_delta", "trial_time", "goal"}
    assert set(SEARCH_OPTIONS) - parts - of_budgets == {"directory"}


def test_what_mypy_checks_are_the_options() -> None:
    assert set(SearchOptions.__annotations__) == set(SEARCH_OPTIONS) - {"target"}
    for name, parameter in inspect.signature(automl.Run.resume).parameters.items():
        if name in RESUME_OPTIONS and name != "space":
            shown = RESUME_OPTIONS[name].shown_type.removesuffix(" | None")
            assert str(parameter.annotation).removesuffix(" | None") == shown
            assert parameter.default is None


class FurtherOptions(TypedDict, total=False):
    """An option that a search does not have."""

    warm_rounds: Annotated[
        int | None,
        Option(
            "Rounds as with --set. Default: 2.",
            default=2,
            letter="r",
            check=at_least(1),
            elsewhere=("rounds",),
        ),
    ]


def test_a_further_option_takes_one_declaration() -> None:
    options = SEARCH_OPTIONS | options_of({"Further": FurtherOptions})
    seen: list[Any] = []
    app = typer.Typer(rich_markup_mode=None)

    @app.command()
    @with_options(options)
    def command(data: str, **typed: Any) -> None:
        seen.append(typed_values(options, typed))

    @described(options)
    def search(target: Any = None, **asked: Any) -> None:
        """Searches.

        Args:
            target, **asked: See automl.tuning.options.
        """

    command_line: Any = get_command(app)
    command_line.main(["x.csv", "-r", "3", "--trials", "5"], standalone_mode=False)
    command_line.main(["x.csv", "--warm-rounds", "4"], standalone_mode=False)
    assert [one["warm_rounds"] for one in seen] == [3, 4]
    (typed,) = [p for p in command_line.params if p.name == "warm_rounds"]
    assert (typed.help, typed.default) == ("Rounds as with --set. Default: 2.", 2)
    parameter = inspect.signature(search).parameters["warm_rounds"]
    assert (parameter.annotation, parameter.default) == ("int | None", 2)
    assert "    warm_rounds: Rounds as with ``settings``. Default: 2.\n" in str(search.__doc__)
    assert check_options(options, {"warm_rounds": None}) == {"warm_rounds": 2}
    with pytest.raises(RequestError, match="warm_rounds is 'x', of the type str"):
        check_options(options, {"warm_rounds": "x"})
    with pytest.raises(RequestError, match="--warm-rounds is 0; it must be at least 1"):
        check_options(options, {"warm_rounds": 0})


def test_resume_has_the_same_options_in_both() -> None:
    own = (
        set(inspect.signature(automl.Run.resume).parameters)
        - {"self"}
        - WATCHING
        - OBJECTS
        - {"data", "sampler", "pruner", "metrics"}  # objects once more: a name is recorded
    )
    assert command_options("resume") - {"run"} == own


@pytest.mark.parametrize("name", ["search", "resume"])
def test_an_option_is_spelt_like_its_argument(name: str) -> None:
    command: Any = get_command(make_app())
    spelt = {"settings": "--set", "as_json": "--json", "from_model": "--from"}
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
    assert {"Metric", "Observer", "search", "load_run", "Run", "RunTrial", "__version__"} <= set(
        dir(automl)
    )
    assert not {"Any", "TYPE_CHECKING"} & set(dir(automl))

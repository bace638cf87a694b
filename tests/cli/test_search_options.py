"""Every option of `search` reaches the request, and its help says the default that holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from automl.cli.main import main, make_app
from automl.data.data_option_values import parse_class_weight, parse_rows
from automl.errors import RequestError
from automl.tuning.options import SEARCH_OPTIONS
from automl.tuning.search_options import parse_settings
from automl.tuning.search_request import SearchRequest

# What is typed, where it shows in the request, and as what.
OPTIONS: list[tuple[list[str], str, Any]] = [
    (["--target", "price"], "data.target", ("price",)),
    (["-t", "a", "--target", "-1"], "data.target", ("a", "-1")),
    (["--task", "binary"], "data.task", "binary"),
    (["--categorical", "zip", "--categorical", "kind"], "data.categorical", ("zip", "kind")),
    (["--decimal", ","], "data.decimal", ","),
    (["--day-first"], "data.day_first", True),
    (["--date-format", "when=%d.%m.%Y"], "data.date_format", {"when": "%d.%m.%Y"}),
    (["--numeric", "a", "--numeric", "b"], "data.numeric", ("a", "b")),
    (["--cv", "5x2"], "data.cv", "5x2"),
    (["--holdout", "reshuffle"], "data.holdout", "reshuffle"),
    (["--fold-column", "fold"], "data.fold_column", "fold"),
    (["--split-column", "part"], "data.split_column", "part"),
    (["--split-by-time", "day", "--gap", "7d"], "data.gap", "7d"),
    (["--cycles", "when=year,day"], "data.cycles", {"when": "year,day"}),
    (["--ignore", "id"], "data.ignore", ("id",)),
    (["--names", "a,b,c"], "data.names", ("a", "b", "c")),
    (["--allow-wide"], "data.allow_wide", True),
    (["--separator", "tab"], "data.separator", "\t"),
    (["--clip", "smooth"], "data.clip", "smooth"),
    (["--input", "raw"], "data.input", "raw"),
    (["--validation", "valid.csv"], "data.validation", "valid.csv"),
    (["--validation", "0.25"], "data.validation", 0.25),
    (["--test", "test.csv"], "data.test", "test.csv"),
    (["--test", "0"], "data.test", 0.0),
    (["--split-by-time", "day"], "data.split_by_time", "day"),
    (["--group", "house"], "data.group", "house"),
    (["--weight", "w"], "data.weight", "w"),
    (["--class-weight", "balanced"], "data.class_weight", "balanced"),
    (["--class-weight", "yes=2,no=0.5"], "data.class_weight", {"yes": 2.0, "no": 0.5}),
    (["--space", "linear"], "space", "linear"),
    (["--set", "depth=3", "--set", "width=64:256"], "settings", {"depth": "3", "width": "64:256"}),
    (["--batch-size", "64"], "batch_size", "64"),
    (["--loss", "mae"], "loss", "mae"),
    (["--optimizer", "sgd"], "optimizer", "sgd"),
    (["--executions-per-trial", "2"], "executions_per_trial", 2),
    (["--trials", "7"], "budget.trials", 7),
    (["-n", "7"], "budget.trials", 7),
    (["--time", "1h30m"], "budget.seconds", 5400.0),
    (["--time", "10m"], "budget.trials", None),
    (["--epochs", "5"], "trial_budget.epochs", 5),
    (["--patience", "2"], "trial_budget.patience", 2),
    (["--min-delta", "0.01"], "trial_budget.min_delta", 0.01),
    (["--trial-time", "30s"], "trial_budget.seconds", 30.0),
    (["--finalists", "3"], "finalists", 3),
    (["--no-ensemble"], "no_ensemble", True),
    (["--export", "refit"], "export", "refit"),
    (["--from", "model"], "from_model", "model"),
    (["--image-size", "64x48"], "data.image_size", (64, 48)),
    (["--symmetric"], "data.symmetric", True),
    (["--channels", "1"], "data.channels", 1),
    (["--image-fit", "pad"], "data.image_fit", "pad"),
    (["--no-temperature"], "no_temperature", True),
    (["--test-time-views", "6"], "test_time_views", 6),
    (["--goal", "0.9"], "trial_budget.goal", 0.9),
    (["--objective", "val_accuracy"], "objective", "val_accuracy"),
    (["--objective", "profit", "--direction", "max"], "direction", "max"),
    (
        ["--metrics", "recall,fbeta:2", "--metrics", "mape"],
        "metrics",
        ("recall", "fbeta:2", "mape"),
    ),
    (["--sampler", "random"], "sampler", "random"),
    (["--pruner", "none"], "pruner", "none"),
    (["--seed", "11"], "seed", 11),
    (["--seed", "11"], "data.seed", 11),
    (["--engine", "ray"], "engine", "ray"),
    (["--engine", "ray", "--address", "auto"], "address", "auto"),
    (["--workers", "3"], "workers", 3),
    (["-w", "3"], "workers", 3),
    (["--device", "cpu"], "device", "cpu"),
    (["--keep-models", "4"], "keep_models", 4),
    (["--max-parameters", "500k"], "max_parameters", 500_000),
    (["--max-flops", "1.5G"], "max_flops", 1_500_000_000),
    (["--max-memory", "1.5G"], "max_memory", 3 << 29),
    (["--memory-per-worker", "1.5G"], "memory_per_worker", 3 << 29),
    (["--max-disk", "500M"], "max_disk", 500 << 20),
    (["--grace", "30s"], "grace", 30.0),
    (["--storage", "sqlite:////tmp/x.db"], "storage", "sqlite:////tmp/x.db"),
    (["--storage", "sqlite:////tmp/x.db", "--study", "team"], "study", "team"),
]
# Shown elsewhere: by what is printed (--quiet, --debug) and by where the run is (--directory).
ELSEWHERE = {"--json", "--quiet", "-q", "--debug", "--directory", "-d", "--help"}


def request_of(monkeypatch: pytest.MonkeyPatch, arguments: Sequence[str]) -> SearchRequest:
    """The request that a command line leads to; the search itself is not begun."""
    seen: list[Any] = []

    def catch(request: SearchRequest, directory: Any, *_: Any) -> None:
        seen.extend((request, directory))
        raise RequestError("caught")

    monkeypatch.setattr("automl.tuning.search.start_search", catch)
    assert main(["search", "data.csv", *arguments]) == 2
    request = seen[0]
    assert isinstance(request, SearchRequest)
    return request


@pytest.mark.parametrize(("arguments", "where", "expected"), OPTIONS)
def test_option_reaches_the_request(
    arguments: list[str], where: str, expected: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    value: Any = request_of(monkeypatch, arguments)
    for name in where.split("."):
        value = getattr(value, name)
    assert value == expected


def search_options() -> set[str]:
    command = get_command(make_app()).commands["search"]  # type: ignore[attr-defined]
    return {name for p in command.params for name in p.opts if name.startswith("-")}


def test_no_option_is_without_effect() -> None:
    tried = {word for arguments, _, _ in OPTIONS for word in arguments if word.startswith("-")}
    assert search_options() - ELSEWHERE == tried - {"-1"}


def test_directory_reaches_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def catch(request: Any, directory: Any, *_: Any) -> None:
        seen.append(directory)
        raise RequestError("caught")

    monkeypatch.setattr("automl.tuning.search.start_search", catch)
    main(["search", "data.csv", "--directory", "here"])
    main(["search", "data.csv", "-d", "there"])
    assert seen == ["here", "there"]


def test_without_options_the_request_has_the_interfaces_defaults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from automl.tuning.budget import DEFAULT_TRIALS

    request = request_of(monkeypatch, [])
    assert request.data.source == "data.csv"
    assert (request.budget.trials, request.budget.seconds) == (DEFAULT_TRIALS, None)
    assert request.trial_budget.epochs == SEARCH_OPTIONS["epochs"].default == 100
    assert request.trial_budget.patience == SEARCH_OPTIONS["patience"].default == 10
    assert request.keep_models == SEARCH_OPTIONS["keep_models"].default == 10
    assert (request.seed, request.workers, request.objective) == (0, None, None)


def help_of(option: str) -> str:
    command = get_command(make_app()).commands["search"]  # type: ignore[attr-defined]
    (parameter,) = [p for p in command.params if option in p.opts]
    default = "" if parameter.default is None else f" [default: {parameter.default}]"
    return f"{parameter.help}{default}"


def test_every_help_text_says_its_default() -> None:
    required = {"--target"}  # has none; the text says who knows it by itself
    flags = {"--quiet", "--debug", "--allow-wide", "--help"}
    for option in search_options() - required - flags:
        if option.startswith("--"):
            assert "efault" in help_of(option), option


def test_defaults_in_help_texts_are_those_of_the_code() -> None:
    from automl.data.task import TaskKind
    from automl.data.views.splits import VALIDATION_SHARE, default_test_share
    from automl.tuning.budget import DEFAULT_TRIALS
    from automl.tuning.pruners import DEFAULT_WITH_TIME, DEFAULT_WITH_TRIALS, PRUNERS
    from automl.tuning.samplers import SAMPLERS
    from automl.vocabulary.metrics import shown_metrics

    assert f"Default: {VALIDATION_SHARE}." in help_of("--validation")
    small, medium, large = (default_test_share(rows) for rows in (999, 9_999, 10_000))
    assert f"{small:g} below 1,000 rows, {medium:g} below 10,000, else {large:g}" in help_of(
        "--test"
    )
    assert f"Default: {DEFAULT_TRIALS}," in help_of("--trials")
    for kind in TaskKind:
        assert shown_metrics(kind)[0] in help_of("--objective")
    for name in (*SAMPLERS, *PRUNERS):
        assert name in help_of("--sampler") + help_of("--pruner")
    assert f"{DEFAULT_WITH_TIME} with --time" in help_of("--pruner")
    assert f"otherwise {DEFAULT_WITH_TRIALS}" in help_of("--pruner")


def test_names_of_extras_survive_the_markup(capsys: pytest.CaptureFixture[str]) -> None:
    main(["search", "--help"])
    assert "automl[gp]" in "".join(capsys.readouterr().out.split("│")).replace("\n", "")


@pytest.mark.parametrize("given", ["depth", "depth=", "=3", " "])
def test_settings_that_are_none_are_refused(given: str) -> None:
    with pytest.raises(RequestError, match="is not NAME=VALUE"):
        parse_settings("--set", [given])


def test_a_setting_given_twice_is_refused() -> None:
    with pytest.raises(RequestError, match="set twice"):
        parse_settings("--set", ["depth=3", "depth=4"])
    assert parse_settings("--set", ["a=b=c"]) == {"a": "b=c"}


def test_a_file_whose_name_is_a_number_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse_rows("--test", "0.2") == parse_rows("--test", "20%") == 0.2
    (tmp_path / "0.2").touch()
    assert parse_rows("--test", "0.2") == "0.2"


def test_a_class_weight_that_is_no_number_is_refused() -> None:
    assert parse_class_weight("--class-weight", "a=b=2") == {"a=b": 2.0}
    with pytest.raises(RequestError, match="yes=two"):
        parse_class_weight("--class-weight", "yes=two")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--time", "soon"], "--time is 'soon', no duration"),
        (["--time", "3s"], "start-up and the checked export alone"),
        (["--memory-per-worker", "lots"], "--memory-per-worker is 'lots', no size"),
        (["--memory-per-worker", "100M"], "TensorFlow alone takes"),
        (["--memory-per-worker", "4G", "--engine", "ray"], "--engine local"),
        (["--max-parameters", "few"], "--max-parameters is 'few', no number"),
        (["--max-flops", "0"], "--max-flops is 0; it must be above zero"),
        (["--max-memory", "0"], "--max-memory is 0; it must be above zero"),
        (["--max-disk", "0"], "--max-disk is 0; it must be above zero"),
        (["--grace", "0"], "--grace is 0 s; it must be above zero"),
        (["--max-disk", "1M"], "--max-disk is 1 MB"),
        (["--keep-models", "0"], "--keep-models is 0"),
        (["--trials", "0"], "--trials is 0"),
        (["--epochs", "0"], "--epochs is 0"),
        (["--seed", "-1"], "--seed is -1"),
        (["--engine", "dask"], "dask"),
        (["--address", "x"], "--engine ray"),
        (["--class-weight", "fair"], "fair"),
    ],
)
def test_wrong_values_are_one_sentence(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["search", "iris", *arguments]) == 2
    printed = capsys.readouterr().err
    assert words in printed
    assert printed.count("\n") == 1

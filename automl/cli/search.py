"""The commands `search` and `resume`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typing_extensions import override

from automl.cli.data_options import (
    AllowWide,
    Categorical,
    ClassWeight,
    ClipKind,
    Cv,
    Cycles,
    Data,
    DateFormat,
    DayFirst,
    Decimal,
    Group,
    Ignore,
    InputKind,
    Names,
    Numeric,
    Separator,
    SplitByTime,
    Target,
    TaskName,
    Test,
    Validation,
    Weight,
)
from automl.cli.run_options import (
    AddressAgain,
    Directory,
    Grace,
    KeepModels,
    MaxDisk,
    NewDevice,
    NewMaxDisk,
    NewMemoryPerWorker,
    NewTime,
    NewTrials,
    NewWorkers,
    Quiet,
    SpaceAgain,
    Storage,
    StorageAgain,
    Study,
)
from automl.cli.search_options import (
    Address,
    BatchSize,
    Device,
    Direction,
    Engine,
    Epochs,
    ExecutionsPerTrial,
    Goal,
    Loss,
    MemoryPerWorker,
    Metrics,
    MinDelta,
    ObjectiveName,
    Optimizer,
    Patience,
    Pruner,
    Sampler,
    Seed,
    Settings,
    Space,
    Time,
    Trials,
    TrialTime,
    Workers,
)
from automl.cli.shared_options import AsJson, Debug, RunPath
from automl.common.shell import shown_path
from automl.errors import RequestError
from automl.tuning.observer import Observer
from automl.tuning.request import DEFAULT_EPOCHS, DEFAULT_KEEP_MODELS, DEFAULT_PATIENCE
from automl.tuning.samplers import DEFAULT_SAMPLER

if TYPE_CHECKING:
    from automl.api import Run


def add_commands(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    app.command()(search)
    app.command()(resume)


def search(
    context: typer.Context,
    data: Data,
    target: Target = None,
    task: TaskName = None,
    categorical: Categorical = None,
    numeric: Numeric = None,
    decimal: Decimal = None,
    day_first: DayFirst = False,
    date_format: DateFormat = None,
    cycles: Cycles = None,
    ignore: Ignore = None,
    names: Names = None,
    separator: Separator = None,
    clip: ClipKind = "hard",
    input: InputKind = "auto",
    allow_wide: AllowWide = False,
    validation: Validation = None,
    cv: Cv = None,
    test: Test = None,
    split_by_time: SplitByTime = None,
    group: Group = None,
    weight: Weight = None,
    class_weight: ClassWeight = None,
    space: Space = "mlp",
    settings: Settings = None,
    batch_size: BatchSize = None,
    loss: Loss = None,
    optimizer: Optimizer = None,
    trials: Trials = None,
    time: Time = None,
    epochs: Epochs = DEFAULT_EPOCHS,
    patience: Patience = DEFAULT_PATIENCE,
    min_delta: MinDelta = 0.0,
    trial_time: TrialTime = None,
    executions_per_trial: ExecutionsPerTrial = 1,
    goal: Goal = None,
    objective: ObjectiveName = None,
    direction: Direction = None,
    metrics: Metrics = None,
    sampler: Sampler = DEFAULT_SAMPLER,
    pruner: Pruner = None,
    seed: Seed = 0,
    engine: Engine = "local",
    address: Address = None,
    workers: Workers = None,
    device: Device = "auto",
    memory_per_worker: MemoryPerWorker = None,
    keep_models: KeepModels = DEFAULT_KEEP_MODELS,
    max_disk: MaxDisk = None,
    grace: Grace = None,
    storage: Storage = None,
    study: Study = None,
    directory: Directory = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Search for a good Keras model for DATA; Ctrl-C ends it early, `automl resume` goes on."""
    asked = dict(locals())
    for name in ("context", "quiet", "as_json", "debug"):  # not for the Python interface
        del asked[name]
    for name in ("target", "categorical", "numeric", "ignore"):
        asked[name] = tuple(asked[name] or ())
    asked["metrics"] = parse_metrics(metrics or ())
    asked["names"] = names or ()
    asked["settings"] = parse_settings(settings or ())
    asked["validation"] = parse_rows(validation)
    asked["test"] = parse_rows(test)
    asked["class_weight"] = parse_class_weight(class_weight)
    asked["date_format"] = parse_of_columns("--date-format", date_format, "when=%d.%m.%Y")
    asked["cycles"] = parse_of_columns("--cycles", cycles, "when=year,week")

    def start(observer: Observer) -> Run:
        from automl.api import search as run_search

        return run_search(**asked, verbose=0, observer=observer)

    conduct(start, quiet, as_json, context.find_root().obj)


def resume(
    context: typer.Context,
    run: RunPath,
    trials: NewTrials = None,
    time: NewTime = None,
    workers: NewWorkers = None,
    device: NewDevice = None,
    memory_per_worker: NewMemoryPerWorker = None,
    max_disk: NewMaxDisk = None,
    space: SpaceAgain = None,
    storage: StorageAgain = None,
    address: AddressAgain = None,
    grace: Grace = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Go on with a search that was stopped or killed, or give it more trials or time.

    --trials and --time are totals: what the run has spent already counts.
    """

    def start(observer: Observer) -> Run:
        from automl.api import load_run

        return load_run(run).resume(
            trials=trials,
            time=time,
            workers=workers,
            device=device,
            memory_per_worker=memory_per_worker,
            max_disk=max_disk,
            space=space,
            storage=storage,
            address=address,
            grace=grace,
            verbose=0,
            observer=observer,
        )

    conduct(start, quiet, as_json, context.find_root().obj)


def conduct(
    start: Callable[[Observer], Run], quiet: bool, as_json: bool, state: dict[str, Any]
) -> None:
    """Runs a search with its progress shown, and sums it up.

    Args:
        start: Begins the search, watched by an observer, and returns when it is over.
        quiet: Whether to show no progress, and print nothing but the run's directory.
        as_json: Whether to print one JSON object at the end, and the progress on standard error.
        state: Where `automl.cli.main` finds what is there in place of what cannot be printed.

    Raises:
        typer.Exit: The search did not end as asked; with the exit code.
    """
    from automl.cli.streams import complain
    from automl.cli.summary import close_search, how_to_resume
    from automl.tuning.interruption import PRESSES, signal_name
    from automl.tuning.observer import Observers

    seen = _Seen()
    try:
        with ExitStack() as stack:
            shown = () if quiet else (_display(as_json, stack),)
            run = start(Observers(seen, *shown))
    except KeyboardInterrupt:
        if seen.run is not None:
            name = signal_name(PRESSES.signal)
            complain(f"Stopped at once by {name}; {how_to_resume(seen.run)}.")
        raise
    place = shown_path(run.path / "search.log")
    state["instead_of_output"] = f"the search has gone on, and {place} has what it said"
    code = close_search(run, quiet, as_json)
    if code:
        raise typer.Exit(code)


class _Seen(Observer):
    """Remembers the run's directory, once there is one."""

    def __init__(self) -> None:
        self.run: Path | None = None

    @override
    def run_opened(self, path: Path) -> None:
        self.run = path


def _display(as_json: bool, stack: ExitStack) -> Observer:
    """What shows the progress: on a terminal it is drawn, elsewhere there are lines."""
    from automl.cli.streams import is_terminal
    from automl.tuning.progress_lines import PrintedLines

    stream = sys.stderr if as_json else sys.stdout
    if not is_terminal(stream):
        return PrintedLines(stream)
    from rich.console import Console

    from automl.tuning.live import LiveDisplay

    return stack.enter_context(LiveDisplay(Console(file=stream, highlight=False)))


def parse_settings(settings: Sequence[str]) -> dict[str, str]:
    """Reads the ``NAME=VALUE`` of --set.

    Raises:
        RequestError: There is no ``=``, or a name is given twice.
    """
    values: dict[str, str] = {}
    for part in settings:
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not name or not value:
            raise RequestError(
                f"--set {part} is not NAME=VALUE; write it like depth=3, width=64:256 or "
                "activation=relu,elu."
            )
        if name in values:
            raise RequestError(
                f"{name} is set twice, to {values[name]} and to {value}; set it once, several "
                f"values as {name}={values[name]},{value}."
            )
        values[name] = value
    return values


def parse_metrics(given: Sequence[str]) -> tuple[str, ...]:
    """Reads the names of --metrics, several with commas between them."""
    names = (name.strip() for part in given for name in part.split(","))
    return tuple(name for name in names if name)


def parse_rows(given: str | None) -> str | float | None:
    """Reads a share of rows (0.2 or 20%) as a number, unless there is a file of that name."""
    if given is None or os.path.exists(given):  # noqa: PTH110 - an odd text is no error here
        return given
    try:
        return float(given[:-1]) / 100 if given.endswith("%") else float(given)
    except ValueError:
        return given


def parse_of_columns(
    option: str, given: Sequence[str] | None, example: str
) -> Mapping[str, str] | None:
    """Reads the ``COLUMN=VALUE`` of an option that may be repeated.

    Args:
        option: The option.
        given: What was given with it.
        example: How it is written.

    Raises:
        RequestError: There is no ``=``.
    """
    values: dict[str, str] = {}
    for part in given or ():
        column, equals, value = part.rpartition("=")
        if not equals or not column.strip():
            raise RequestError(
                f"{option} {part} names no column and value; write it like {example}."
            )
        values[column.strip()] = value
    return values or None


def parse_class_weight(given: str | None) -> str | Mapping[str, float] | None:
    """Reads ``balanced``, or weights such as ``yes=2,no=1``.

    Raises:
        RequestError: It is neither.
    """
    if given is None or "=" not in given:
        return given
    weights: dict[str, float] = {}
    for part in given.split(","):
        label, _, weight = part.rpartition("=")
        try:
            weights[label.strip()] = float(weight)
        except ValueError:
            raise RequestError(
                f"--class-weight {given} cannot be read at {part!r}; write balanced, or a weight "
                "for each class, such as yes=2,no=1."
            ) from None
    return weights

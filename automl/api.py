"""The Python interface: `search` and `load_run`, which both give a `Run`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.common.option import described
from automl.errors import RequestError
from automl.results.run_directory import RunDirectory
from automl.run import Run, conducted
from automl.run_trial import RunTrial
from automl.tuning.options import SEARCH_OPTIONS

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from automl.tuning.observer import Observer
    from automl.tuning.options import SearchOptions
    from automl.tuning.session import SearchEnd

__all__ = ["Run", "RunTrial", "load_run", "search"]


def load_run(path: str | Path, storage: str | None = None) -> Run:
    """Opens an existing run; nothing of it is run, written or connected to.

    Args:
        path: The run's directory.
        storage: URL of the database that the run's study is in, to read it from there; without,
            the run's own ``leaderboard.csv`` is read.

    Returns:
        The run.

    Raises:
        RequestError: There is no run.
    """
    return Run(RunDirectory.open(path), storage=storage)


@described(SEARCH_OPTIONS)
def search(
    data: Any = None,
    target: str | int | Sequence[str | int] | None = None,
    *,
    verbose: int = 1,
    observer: Observer | None = None,
    **options: Unpack[SearchOptions],
) -> Run:
    """Searches for a good Keras model.

    Args:
        data: A file (CSV, TSV, Excel, Parquet, Feather, JSON lines or NPZ, packed or not), a
            folder with a folder of images for each class, ``-`` for standard input, the name of
            one of scikit-learn's bundled sets, a `pandas.DataFrame`, or a pair (x, y): arrays, or
            x a data frame or arrays by name.
        target, **options: See `automl.tuning.options`, from where they are put in here.
        verbose: What is shown on the way, on standard error: 0 nothing, 1 the notes and the
            progress, 2 the notes and a line a trial. `Run.notes`, the run's ``search.log`` and the
            logger ``automl`` have all of it whatever is shown.
        observer: Who watches; see `automl.Observer`.

    Returns:
        The finished run, its best model exported to ``best/``.

    Raises:
        RequestError: Something asked for cannot be done; nothing was written.
        RunError: The search could not go on, or no trial completed.
    """
    from automl.tuning.arguments import asked_values

    given = _known(data, target, options)
    values, objects = asked_values(given)
    space = values["space"]
    left_open = {name for name in SEARCH_OPTIONS if given.get(name) is None}

    def start(told: Observer) -> SearchEnd:
        from automl.engines.warm_processes import warm_processes

        with closing(warm_processes()) as processes:  # they import TensorFlow while the rest begins
            from automl.space.keras_tuner import space_of
            from automl.tuning.search import start_search
            from automl.tuning.search_request import make_request

            own = None if isinstance(space, str) else space_of(space)
            name = str(space) if own is None else own.name
            request = make_request(data, {**values, "space": name})
            return start_search(
                request, values["directory"], told, own, processes, objects, left_open
            )

    return conducted(start, observer, verbose)


def _known(data: Any, target: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """What `search` was called with, other tools' words taken where they are clear.

    Raises:
        RequestError: An argument is not known, or the data are not there.
    """
    from automl.tuning.foreign_names import check_arguments

    given = {"target": target, **options}
    if "sample_weight" in given:  # as fit and KerasTuner's search call it
        given.setdefault("weight", given.pop("sample_weight"))
    check_arguments(given, set(signature(search).parameters))
    if data is None:
        raise RequestError(
            "No data are given; give a file, a data frame or a pair of arrays: "
            "automl.search((x, y), ...)."
        )
    if target is not None and hasattr(target, "ndim"):
        raise RequestError(
            "The second argument is an array, and target is the name of a column; give arrays as "
            "one pair: automl.search((x, y), ...)."
        )
    return given

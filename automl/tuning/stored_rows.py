"""A run's prepared rows: written when it starts, restored when it is resumed without them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.common.files import read_json_object, to_json_text, write_sealed_json
from automl.common.forms import read_form, to_form
from automl.errors import RunError
from automl.results.run_directory import RunDirectory
from automl.trial import REFIT
from automl.tuning.search_request import SearchRequest

if TYPE_CHECKING:
    from automl.data.arrays import Arrays
    from automl.data.prepare import PreparedData, RowsAgain
    from automl.data.request import DataRequest


def write_rows(run: RunDirectory, data: PreparedData) -> None:
    """Writes the plan, the rows by which exports are checked, and the prepared arrays."""
    from automl.results.check_rows import write_check_rows

    write_sealed_json(run.plan_file, plan_form(data, data.notes, data.summary))
    write_check_rows(run, data.check, data.check_positions)
    write_arrays(data, run.arrays)


def write_arrays(data: PreparedData, folder: Path) -> None:
    """Writes the prepared arrays of all views.

    Args:
        data: The prepared rows.
        folder: The folder of all views, which is made.
    """
    from automl.data.arrays import save_arrays
    from automl.data.stored import save_views

    save_arrays(data, folder)
    save_views({f"fold-{number}": fold for number, fold in enumerate(data.folds, 2)}, folder)


def plan_form(
    data: PreparedData | Arrays, notes: Sequence[str], summary: Mapping[str, Any]
) -> dict[str, Any]:
    """What ``plan.json`` says."""
    return {
        "plan": to_form(data.plan),
        "task": to_form(data.task),
        "notes": list(notes),
        "summary": summary,
    }


def restore_rows(
    run: RunDirectory, request: SearchRequest, manifest: Mapping[str, Any], source: Any
) -> None:
    """Prepares the rows again where their arrays are gone, and checks that they are the same.

    Args:
        run: The run's directory.
        request: What was asked.
        manifest: The content of ``run.json``.
        source: The data, where they were given in memory; else None.

    Raises:
        RunError: The data have changed since the run began, or are prepared in another way.
    """
    if rows_are_whole(run, request):
        return
    data = prepared_again(run, request, manifest, source)
    # Removed no earlier: where the rows cannot be made again, they are all that there is.
    run.root.remove_tree(run.arrays)
    write_rows(run, data)  # all of it: the run may have been killed before it had its plan


def prepared_again(
    run: RunDirectory, request: SearchRequest, manifest: Mapping[str, Any], source: Any
) -> PreparedData:
    """A run's rows prepared once more, and the same; nothing is written. See `restore_rows`."""
    from automl.data.prepare import prepare

    asked = request.data if source is None else request.data.with_data(source)
    data = prepare(asked)
    if data.fingerprint != manifest["data"]["fingerprint"]:
        raise _changed(run)
    recorded = _recorded_plan(run) if run.root.is_file(run.plan_file) else None
    if recorded not in (None, to_json_text(to_form(data.plan))):
        raise RunError(
            f"The data of {run.path} are no longer prepared as when the run began, perhaps because "
            "automl has another version; start a new search."
        )
    return data


def rows_again(run: RunDirectory, request: DataRequest) -> RowsAgain:
    """A run's rows read once more, and the same; nothing is written.

    Args:
        run: The run's directory.
        request: The run's data, with everything settled.

    Raises:
        DataError: The data cannot be read again.
        RunError: They have changed since the run began.
    """
    from automl.data.prepare import RowsAgain

    rows = RowsAgain(request)
    if rows.fingerprint != run.read_manifest()["data"]["fingerprint"]:
        raise _changed(run)
    return rows


def write_own_rows(
    run: RunDirectory, trial: int | str, view: str, arrays: Arrays, check: Any
) -> None:
    """Writes the rows of a trial that has others than the run.

    What its export needs stays with the trial: the plan that its rows have given, and the raw rows
    by which an export is checked.

    Args:
        run: The run's directory.
        trial: The trial's number, or its name.
        view: The name of its view.
        arrays: Its prepared rows.
        check: Its raw check rows.
    """
    from automl.data.arrays import save_arrays, view_folder
    from automl.results.check_rows import write_check_rows

    write_check_rows(run, check, arrays.check_positions, trial)
    parts = {"train": arrays.train, "validation": arrays.validation, "test": arrays.test}
    if view == REFIT:
        parts["validation"] = None  # they are among those that train
    counts = {part: len(rows) for part, rows in parts.items() if rows is not None}
    summary = {**read_json_object(run.plan_file)["summary"], "rows": counts}
    own_plan = run.trial_file(trial, run.plan_file.name)
    write_sealed_json(own_plan, plan_form(arrays, (), summary))
    save_arrays(arrays, view_folder(run.arrays, view))


def _changed(run: RunDirectory) -> RunError:
    return RunError(
        f"The data of {run.path} have changed since the run began; start a new search, or restore "
        "the data."
    )


def rows_are_whole(run: RunDirectory, request: SearchRequest) -> bool:
    """Whether plan, arrays and check rows are there and as they were written."""
    import numpy as np

    from automl.data.arrays import verify_arrays
    from automl.data.stored import open_views
    from automl.results.check_rows import read_check_rows

    try:
        arrays = verify_arrays(run.arrays)
        open_views(run.arrays, request.data.views[1:], verified=True)
        _, positions = read_check_rows(run)
        stored = read_json_object(run.plan_file)
    except RunError:
        return False
    # As text, for True is 1 in Python.
    same_task = to_json_text(stored.get("task")) == to_json_text(to_form(arrays.task))
    same_plan = _recorded_plan(run) == to_json_text(to_form(arrays.plan))
    return same_plan and same_task and np.array_equal(positions, arrays.check_positions)


def _recorded_plan(run: RunDirectory) -> str:
    """The run's plan as text; fields that an earlier version did not write have their defaults."""
    from automl.data.plan import PreprocessingPlan

    form: Any = read_json_object(run.plan_file).get("plan")
    try:
        return to_json_text(to_form(read_form(PreprocessingPlan, form)))
    except (ValueError, TypeError, KeyError, AttributeError):  # damaged: equal to no other
        return to_json_text(form)

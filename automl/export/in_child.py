"""Export as tasks with JSON arguments, for a process that has TensorFlow already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from automl.common.forms import read_form, to_form
from automl.common.neutral import csv_cell
from automl.common.root import Root
from automl.data.image_views import ImageView
from automl.data.plan import PreprocessingPlan
from automl.data.rows import read_rows
from automl.data.sources.npz import read_npy
from automl.data.task import Task
from automl.errors import RunError
from automl.export.bundle import CODE_FOLDER, load_keras
from automl.export.formats import DEFAULT, Exported
from automl.export.loadable import loader_of
from automl.export.new_process import new_process
from automl.export.predict import evaluate, predict
from automl.export.prediction_check import compare
from automl.export.writing import check_free, write_export
from automl.space.own_code import OwnCode, read_code

if TYPE_CHECKING:
    import pandas as pd

    from automl.models.preprocessing import WeightedCore


def export_in_child(
    run: str,
    model: str,
    expected: str,
    check_rows: str,
    plan: Mapping[str, Any],
    task: Mapping[str, Any],
    config: Mapping[str, Any],
    card: str,
    to: str,
    code: Mapping[str, Any] | None = None,
    format_name: str = DEFAULT,
    temperature: float = 1.0,
    members: Sequence[Mapping[str, Any]] = (),
    test_time_views: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Exports a trial's model or an ensemble, and checks that it is the one that was scored.

    `automl.results.export_request.export_request` gives the arguments.

    Args:
        run: The run's directory, which the next three are in.
        model: Path of the trial's core model, a ``.keras`` file; "" of an ensemble.
        expected: Path of the trial's predictions for the check rows, ``check.npy``.
        check_rows: Path of the raw check rows, a Parquet or NPZ file.
        plan: The preprocessing plan's JSON form.
        task: The task's JSON form.
        config: What else goes into a bundle's ``config.json``.
        card: The text of ``card.md``.
        to: The directory of the export, which must not exist.
        code: Code of a person's own that the model needs, for which there is consent: what
            `automl.space.own_code.read_code` takes, with ``folder`` and ``objects``; or None.
        format_name: The format; see `automl.export.formats`.
        temperature: By which the logits of its probabilities are divided.
        members: Of an ensemble, each model's path (``model``), the JSON form of the ``plan`` that
            it was trained behind, and what it counts (``weight``).
        test_time_views: JSON forms of the views of each image over which each model's answers are
            averaged.

    Returns:
        ``bundle`` (its path, whatever its format), and what the check found: ``rows``,
        ``difference``, ``tolerance``.

    Raises:
        RequestError: The directory exists or cannot be written.
        RunError: The model cannot be loaded by Keras alone, or is not the one that was scored;
            nothing is left at ``to``.
    """
    from automl.models.preprocessing import raw_ensemble, raw_model

    destination = Path(to)
    check_free(destination)
    the_plan, the_task = read_form(PreprocessingPlan, plan), read_form(Task, task)
    root = Root(Path(run))
    predictions = _expected(Path(expected), root)
    own, loader = _own_code(code, root)
    found: dict[str, Any] = {}
    with new_process() as apart:
        rows, _ = read_rows(root.checked(check_rows), the_plan)
        arrays = the_plan.inputs.exported(rows, the_plan.inputs.input_names())

        def check(path: Path) -> dict[str, Any]:
            beside = None if loader is None else {**loader, "folder": _copied(loader, path)}
            # What is left of the rows, if this process is killed, is left in the unfinished export.
            given = apart.predict(path, arrays, beside, path.parent)
            return compared(given)

        def compared(given: npt.NDArray[Any]) -> dict[str, Any]:
            outcome = compare(predictions, given, the_plan, the_task, temperature)
            found.update(to_form(outcome))
            return found

        if members:
            cores = _members(members, root, test_time_views, loader)
            whole = raw_ensemble(cores, the_plan, the_task, temperature)
        else:
            core = load_keras(root.checked(model), loader)
            whole = raw_model(core, the_plan, the_task, temperature)
        objects = () if code is None else tuple(code["objects"])
        exported = Exported(
            whole, the_plan, the_task, config, card, check, arrays, compared, own, objects
        )
        write_export(exported, destination, format_name)
    return {"bundle": to, **found}


def _members(
    members: Sequence[Mapping[str, Any]],
    root: Root,
    test_time_views: Sequence[Mapping[str, Any]],
    loader: Mapping[str, Any] | None,
) -> list[WeightedCore]:
    """The models of an ensemble, each with its plan and what it counts."""
    from automl.models.averaged_views import averaged_over_views
    from automl.models.preprocessing import WeightedCore

    views = [read_form(ImageView, view) for view in test_time_views]
    found = []
    for one in members:
        core = load_keras(root.checked(one["model"]), loader)
        core = averaged_over_views(core, views) if views else core
        plan = read_form(PreprocessingPlan, one["plan"])
        found.append(WeightedCore(core, plan, one["weight"]))
    return found


def _own_code(
    code: Mapping[str, Any] | None, root: Root
) -> tuple[OwnCode | None, dict[str, Any] | None]:
    """The code as it was recorded, and what loads a model with it."""
    if code is None:
        return None, None
    own = read_code(code, root, Path(code["folder"]))
    return own, loader_of(own, Path(code["folder"]))


def _copied(loader: Mapping[str, Any], model: Path) -> str:
    """The folder of the code beside a bundle's model; "" where the code has no files."""
    return str(model.parent / CODE_FOLDER) if loader["folder"] else ""


def predict_in_child(
    bundle: str,
    rows: str,
    output: str,
    names: list[str] | None = None,
    separator: str | None = None,
    trust: bool = False,
    samples: int | None = None,
    seed: int = 0,
    place: str | None = None,
) -> dict[str, Any]:
    """Predicts rows of a file and writes them as CSV, whole or not at all.

    Args:
        bundle: The bundle's directory.
        rows: Path of the rows.
        output: Path of the CSV file.
        names: Column names of a file without a header.
        separator: What separates the values of a text file; None to find out.
        trust: Consent to run the code in the bundle, where its model needs it.
        samples: Passes with dropout, or None; see `automl.export.predict.predict`.
        seed: Of these.
        place: The folder that paths in the rows start from; None for that of the file.

    Returns:
        ``rows``, how many there were, and ``notes``, what a person should be told of them.
    """
    notes: list[str] = []
    read = _how_to_read(names, separator, trust, place)
    frame = predict(bundle, rows, say=notes.append, samples=samples, seed=seed, **read)
    path = Path(output)
    try:
        with Root(path.parent).replacing(path.name, ending=".csv") as file:
            csv_frame(frame).to_csv(file, index=False)
    except OSError as error:
        raise RunError(
            f"The predictions cannot be written to {output} ({error.strerror or error})."
        ) from error
    return {"rows": len(frame), "notes": notes}


def _how_to_read(
    names: list[str] | None, separator: str | None, trust: bool, place: str | None
) -> dict[str, Any]:
    start = None if place is None else Path(place)
    return {"names": names or (), "separator": separator, "trust": trust, "place": start}


def csv_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Predictions as they are written into CSV: no label of theirs is run by a spreadsheet.

    Args:
        frame: As `automl.export.predict.predict` gives it, which has the labels as they are.
    """
    import pandas as pd

    columns = {
        csv_cell(str(name)): column
        if pd.api.types.is_numeric_dtype(column.dtype)
        else column.map(csv_cell)
        for name, column in frame.items()
    }
    return pd.DataFrame(columns, index=frame.index)


def evaluate_in_child(
    bundle: str,
    rows: str,
    names: list[str] | None = None,
    separator: str | None = None,
    weight: str | None = None,
    trust: bool = False,
    place: str | None = None,
) -> dict[str, Any]:
    """Scores a bundle on rows of a file that have the target; see `automl.export.predict`.

    Returns:
        ``scores`` by the metric's name, and ``notes``, what a person should be told of the rows.
    """
    notes: list[str] = []
    read = _how_to_read(names, separator, trust, place)
    scores = evaluate(bundle, rows, weight=weight, say=notes.append, **read)
    return {"scores": scores, "notes": notes}


def _expected(path: Path, root: Root | None = None) -> npt.NDArray[Any]:
    try:
        predictions = read_npy(path, root=root)
    except (OSError, ValueError) as error:
        raise RunError(
            f"The trial's predictions {path} cannot be read ({error}), so its model cannot be "
            "checked; nothing was exported."
        ) from error
    return predictions

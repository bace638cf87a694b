"""The plan by which a trial's rows were prepared, and what it has learnt, read from its run."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from automl.common.files import read_json_object
from automl.common.forms import read_form
from automl.data.plan import PreprocessingPlan
from automl.data.task import Task
from automl.errors import RunError
from automl.results.run_directory import RunDirectory
from automl.results.run_forms import PlanForm, check_known

T = TypeVar("T")


def recorded_plan(
    run: RunDirectory, trial: int | str
) -> tuple[dict[str, Any], PreprocessingPlan, Task]:
    """Reads a trial's plan and task.

    Args:
        run: The run.
        trial: The trial's number, or the name of a baseline or of what is made of trials.

    Returns:
        All that is recorded beside them, as JSON; the plan; and the task.

    Raises:
        RunError: They cannot be read.
    """
    file = run.plan_of(trial)
    stored = read_json_object(file)
    check_known(PlanForm, stored, file)
    return (
        stored,
        read_part(PreprocessingPlan, stored["plan"], file),
        read_part(Task, stored["task"], file),
    )


def read_part(kind: type[T], form: Any, file: Path) -> T:
    """Reads a part of a file of a run.

    Args:
        kind: The dataclass that it is the form of.
        form: The form.
        file: Where from, for the message.

    Raises:
        RunError: It is none.
    """
    try:
        return read_form(kind, form)
    except ValueError as error:
        raise RunError(f"{file} cannot be used ({error}); restore it from a copy.") from error

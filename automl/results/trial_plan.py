"""The plan by which a trial's rows were prepared, and what it has learnt, read from its run."""

from __future__ import annotations

from automl.common.files import read_json_object
from automl.common.forms import read_form
from automl.data.plan import PreprocessingPlan
from automl.data.task import Task
from automl.errors import RunError
from automl.results.run_directory import RunDirectory


def plan_and_task(run: RunDirectory, trial: int | str) -> tuple[PreprocessingPlan, Task]:
    """Reads a trial's plan and task.

    Args:
        run: The run.
        trial: The trial's number, or a baseline's name.

    Raises:
        RunError: They cannot be read.
    """
    file = run.plan_of(trial)
    stored = read_json_object(file)
    try:
        plan = read_form(PreprocessingPlan, stored.get("plan"))
        return plan, read_form(Task, stored.get("task"))
    except (ValueError, TypeError) as error:
        raise RunError(f"{file} cannot be used ({error}); restore it from a copy.") from error

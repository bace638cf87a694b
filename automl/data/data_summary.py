"""What was found in the data, in sentences for people and as JSON for the record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from automl.common.forms import to_form
from automl.common.shell import option
from automl.data.dataset import Dataset
from automl.data.kinds.kind import InputPlan
from automl.data.plan import PreprocessingPlan
from automl.data.request import DataRequest
from automl.data.say import Say
from automl.data.task import Task
from automl.data.views.splits import Split


def say_parts(
    split: Split, dataset: Dataset, request: DataRequest, stratified: bool, say: Say
) -> None:
    """Says how many rows each part has and how they were divided."""
    given = [
        name for part, name in ((1, "validation"), (2, "test")) if (dataset.part == part).any()
    ]
    if dataset.time is not None:
        how = "in their order, the last" if dataset.in_order else "by time, the latest"
        how += " for test"
    elif dataset.group is not None:
        how = f"by group, seed {request.seed}"
    else:
        how = f"shuffled{', stratified' if stratified else ''}, seed {request.seed}"
    if len(given) == 2:
        how = "as given"
    elif given:
        how += f"; {given[0]} rows as given"
    say(
        f"rows: {len(split.train):,} for training, {len(split.validation):,} for validation, "
        f"{len(split.test):,} for test ({how})"
    )


def say_readings(plans: Sequence[InputPlan], say: Say) -> None:
    """Says which columns are not read alike in all folds.

    Args:
        plans: The plan of each fold.
        say: Called with each sentence.
    """
    read = [plan.read_as() for plan in plans]
    for name in dict.fromkeys(name for columns in read for name in columns):
        counts = Counter(columns.get(name, "left out") for columns in read)
        if len(counts) > 1:
            ways = ", ".join(f"{way} in {count}" for way, count in counts.most_common())
            say(
                f"column {name!r} is read otherwise in other folds, for the training rows of each "
                f"decide: {ways} ({option('--categorical', name)} takes it as categories, "
                f"{option('--numeric', name)} as numbers)"
            )


def summarize(
    split: Split, dataset: Dataset, plan: PreprocessingPlan, task: Task
) -> dict[str, Any]:
    """Rows of each part, and what each column is, as JSON."""
    return {
        "task": to_form(task),
        "rows": {
            "train": len(split.train),
            "validation": len(split.validation),
            "test": len(split.test),
        },
        "weight": dataset.weight_name,
        "columns": plan.inputs.describe(),
        "left_out": dataset.rows.left_out(plan.inputs),
    }

"""Whether epochs and configurations are better chosen by the log loss that a temperature leaves.

    python -m benchmarks.epoch_choice --records /tmp/e.jsonl --output benchmarks/RESULTS.md

Of the same trainings as in `benchmarks.probabilities`, the epoch of all configurations that is best
on the validation rows, by each of two metrics; its log loss and accuracy on the test rows, with the
temperature of the validation rows where the rule of an export keeps one.
"""

from __future__ import annotations

import math
import shlex
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import fmean

from automl.data.metrics import compute_metric
from automl.data.task import Task
from automl.data.temperature import AnsweredRows, choose_temperature, fit_temperature, tempered
from benchmarks.machine import machine, version_line, versions
from benchmarks.probabilities import EQUAL, epochs_of, helped, set_names
from benchmarks.recorded import measure_missing, recorded_parser
from benchmarks.results_file import markdown_table, put_section

METRICS = ("log_loss", "tempered_log_loss")


@dataclass(frozen=True)
class Chosen:
    """What came of the choices of one set and seed, by each of `METRICS`.

    Attributes:
        name: The set.
        seed: Seed of rows, split and weights.
        log_loss: On the test rows, with a temperature where the rule of an export keeps one.
        always: Likewise, always with the one that is best on the validation rows.
        accuracy: On the test rows.
    """

    name: str
    seed: int
    log_loss: Sequence[float]
    always: Sequence[float]
    accuracy: Sequence[float]


def choose(name: str, seed: int) -> Chosen:
    """Chooses by each of the metrics."""
    task, answered = epochs_of(name, seed)
    least = [math.inf] * len(METRICS)
    best: list[tuple[AnsweredRows, AnsweredRows] | None] = [None] * len(METRICS)
    for rows in answered:
        for place, metric in enumerate(METRICS):
            loss = compute_metric(metric, task, rows[0].truth, rows[0].probabilities)
            if loss < least[place]:
                least[place], best[place] = loss, rows
    scores = [_scores(task, *rows) for rows in best if rows is not None]
    return Chosen(name, seed, *zip(*scores, strict=True))


def _scores(task: Task, validation: AnsweredRows, test: AnsweredRows) -> tuple[float, float, float]:
    """What `Chosen` has of a choice."""
    kept = choose_temperature(task, [validation])
    best = fit_temperature(task, validation.truth, validation.probabilities)
    answers = [test.probabilities if one is None else tempered(task, test.probabilities, one)
               for one in (None if kept is None else kept.value, best)]  # fmt: skip
    with_rule, always = (compute_metric("log_loss", task, test.truth, one) for one in answers)
    return with_rule, always, compute_metric("accuracy", task, test.truth, answers[0])


def section(found: Sequence[Chosen], command: str) -> str:
    """The section of RESULTS.md."""
    header = (
        "set", "runs", "log loss, by log_loss", "by tempered_log_loss", "better", "worse", "ratio",
        "always with a temperature: better", "worse", "ratio",
        "accuracy, by log_loss", "by tempered_log_loss",
    )  # fmt: skip
    names = dict.fromkeys(one.name for one in found)
    groups = [(name, [one for one in found if one.name == name]) for name in names]
    return "\n\n".join(
        (
            "## Epochs chosen by the log loss that a temperature leaves",
            f"`{command}`, {date.today()}; {machine()}; {version_line(versions())}.",
            "`MLPClassifier`, the best of 60 epochs of six configurations by each metric of the "
            "validation rows: its scores on the test rows, with a temperature where the rule of an "
            "export keeps one. Better and worse are of the log loss of the one chosen by "
            f"`tempered_log_loss`, within {EQUAL:.1%} it is the same; the ratio is the geometric "
            "mean. *Always* gives that one the temperature of the validation rows whatever the "
            "rule says.",
            markdown_table(header, [_line(name, own) for name, own in (*groups, ("all", found))]),
        )
    )


def _line(name: str, found: Sequence[Chosen]) -> list[str]:
    losses = (fmean(one.log_loss[place] for one in found) for place in range(len(METRICS)))
    accuracies = (fmean(one.accuracy[place] for one in found) for place in range(len(METRICS)))
    return [
        name, str(len(found)), *(f"{loss:.4f}" for loss in losses),
        *helped([one.log_loss[1] / one.log_loss[0] for one in found]),
        *helped([one.always[1] / one.log_loss[0] for one in found]),
        *(f"{share:.4f}" for share in accuracies),
    ]  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures what is not yet in the records, and prints the section or writes it."""
    asked = recorded_parser("epoch_choice", __doc__, 8).parse_args(arguments)
    words = sys.argv[1:] if arguments is None else arguments
    warnings.filterwarnings("ignore", module="sklearn")
    pending = (
        ((name, seed), lambda n=name, s=seed: choose(n, s))
        for seed in range(asked.seeds)
        for name in set_names()
    )
    found = measure_missing(asked.records, Chosen, lambda one: (one.name, one.seed), pending)
    text = section(found, shlex.join(["python", "-m", "benchmarks.epoch_choice", *words]))
    put_section(asked.output, "epoch choice", text)


if __name__ == "__main__":
    main()

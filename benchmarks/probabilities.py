"""Whether a temperature and a threshold that are chosen on validation rows help on test rows.

    python -m benchmarks.probabilities --records /tmp/p.jsonl --output benchmarks/RESULTS.md

scikit-learn's `MLPClassifier` stands in for the networks, for it is fast: as in a search, the best
epoch of the best of a few configurations by the log loss of the validation rows is what is looked
at. Of the bundled sets half of the rows train, a quarter validates, a quarter tests; of the made
ones two thirds train, one validates, and `TEST_ROWS` more rows test.
"""

from __future__ import annotations

import math
import shlex
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import fmean
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.data.decision_threshold import cost_threshold, f1_threshold, least_cost_threshold
from automl.data.metrics import compute_metric
from automl.data.task import Task, TaskKind
from automl.data.temperature import (
    AnsweredRows,
    choose_temperature,
    fit_temperature,
    tempered,
)
from benchmarks.machine import machine, version_line, versions
from benchmarks.recorded import measure_missing, recorded_parser
from benchmarks.results_file import markdown_table, put_section

Array = npt.NDArray[Any]

BUNDLED = ("breast_cancer", "digits", "wine")
SIZES = (200, 500, 1_000, 2_000, 5_000)
KINDS = ("binary", "classes")
TEST_ROWS = 4_000
EPOCHS = 60
HIDDEN = ((32,), (128,), (64, 64))
RATES = (0.001, 0.01)
#: What a false positive and a false negative cost.
COSTS = ((1.0, 5.0), (5.0, 1.0), (1.0, 20.0))
#: A test loss within this share of the other counts as the same.
EQUAL = 0.001


@dataclass(frozen=True)
class Measured:
    """What came of the winner of one set and seed; losses and scores are those of the test rows.

    Attributes:
        name: The set.
        seed: Seed of rows, split and weights.
        temperature: The one that fits the validation rows best.
        kept: Whether it is kept.
        log_loss: Without it.
        tempered: With it.
        f1: Of a binary task with one half and with the threshold chosen for it; else empty.
        costs: Of a binary task the mean cost for each of `COSTS`: with one half, with the threshold
            of the costs, and with that of the least cost on the validation rows; else empty.
    """

    name: str
    seed: int
    temperature: float
    kept: bool
    log_loss: float
    tempered: float
    f1: Sequence[float] = ()
    costs: Sequence[Sequence[float]] = ()


def rows_of(name: str, seed: int) -> tuple[Array, Array, int]:
    """Features, classes, and how many of the rows test."""
    from sklearn import datasets

    if name in BUNDLED:
        x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        return x, y, len(y) // 4
    kind, size = name.split()
    x, y = datasets.make_classification(
        int(size) + TEST_ROWS,
        20,
        n_informative=8,
        n_classes=2 if kind == "binary" else 4,
        flip_y=0.1,
        class_sep=0.8,
        weights=(0.8,) if kind == "binary" else None,
        random_state=seed,
    )
    return x, y, TEST_ROWS


def epochs_of(
    name: str, seed: int, epochs: int = EPOCHS
) -> tuple[Task, Iterator[tuple[AnsweredRows, AnsweredRows]]]:
    """The task, and what each epoch of each model answers for validation and test rows."""
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    x, y, test = rows_of(name, seed)
    x, x_test, y, y_test = train_test_split(x, y, test_size=test, random_state=seed, stratify=y)
    x, x_val, y, y_val = train_test_split(x, y, test_size=1 / 3, random_state=seed, stratify=y)
    scaler = StandardScaler().fit(x)
    x, x_val, x_test = (scaler.transform(rows) for rows in (x, x_val, x_test))
    names = tuple(int(one) for one in np.unique(y))
    binary = len(names) == 2
    kind = TaskKind.BINARY if binary else TaskKind.MULTICLASS
    task = Task(kind, 1 if binary else len(names), ("y",), names)
    truth = [one.reshape(-1, 1) if binary else one for one in (y_val, y_test)]

    def answered() -> Iterator[tuple[AnsweredRows, AnsweredRows]]:
        for model in _models(len(x), seed):
            for _ in range(epochs):
                model.partial_fit(x, y, classes=np.unique(y))
                found = [np.asarray(model.predict_proba(rows)) for rows in (x_val, x_test)]
                found = [(p[:, 1:] if binary else p).astype(np.float32) for p in found]
                validation, tested = map(AnsweredRows, truth, found)
                yield validation, tested

    return task, answered()


def _models(rows: int, seed: int) -> Iterator[Any]:
    from sklearn.neural_network import MLPClassifier

    for hidden in HIDDEN:
        for rate in RATES:
            batch = min(32, rows)
            yield MLPClassifier(
                hidden, learning_rate_init=rate, batch_size=batch, random_state=seed
            )


def answers_of(
    name: str, seed: int, epochs: int = EPOCHS
) -> tuple[Task, AnsweredRows, AnsweredRows]:
    """The task, and what the best epoch of the best model answers for validation and test rows."""
    task, answered = epochs_of(name, seed, epochs)

    def loss(rows: tuple[AnsweredRows, AnsweredRows]) -> float:
        return compute_metric("log_loss", task, rows[0].truth, rows[0].probabilities)

    return (task, *min(answered, key=loss))


def measure(
    name: str, seed: int, task: Task, validation: AnsweredRows, test: AnsweredRows
) -> Measured:
    """What a temperature and thresholds of the validation rows do on the test rows."""
    value = fit_temperature(task, validation.truth, validation.probabilities)
    answers = tempered(task, test.probabilities, value)
    found: dict[str, Any] = {}
    if task.kind is TaskKind.BINARY:
        chosen = f1_threshold(validation).value
        scored = ("f1", task, test.truth, test.probabilities, None)
        found["f1"] = [compute_metric(*scored, threshold) for threshold in (0.5, chosen)]
        found["costs"] = [
            [
                _mean_cost(test, threshold, costs)
                for threshold in (
                    0.5,
                    cost_threshold(validation, *costs).value,
                    least_cost_threshold(validation, *costs).value,
                )
            ]
            for costs in COSTS
        ]
    return Measured(
        name,
        seed,
        value,
        choose_temperature(task, [validation]) is not None,
        compute_metric("log_loss", task, test.truth, test.probabilities),
        compute_metric("log_loss", task, test.truth, answers),
        **found,
    )


def _mean_cost(rows: AnsweredRows, threshold: float, costs: tuple[float, float]) -> float:
    told, truth = rows.probabilities[:, 0] > np.float64(threshold), rows.truth[:, 0] > 0
    return float((costs[0] * (told & ~truth) + costs[1] * (~told & truth)).mean())


def section(found: Sequence[Measured], command: str) -> str:
    """The section of the results."""
    binary = [one for one in found if one.f1]
    counts = [_temperatures(name, ones) for name, ones in _by_set(found).items()]
    costs = [
        _costs(f"{costs[0]:g}, {costs[1]:g}", [one.costs[place] for one in binary])
        for place, costs in enumerate(COSTS)
    ]
    gains = [one.f1[1] - one.f1[0] for one in binary]
    return "\n\n".join(
        [
            "## Temperatures and thresholds",
            f"`{command}`, {date.today()}; {machine()}; {version_line(versions())}.",
            "Winners of small searches (`MLPClassifier`, best epoch of six configurations by the "
            "validation log loss). *Always* takes the temperature of the validation rows whatever "
            "it does, *kept* only by the rule (`automl/data/temperature.py`: cross-fitted, by more "
            "than one standard error, within bounds, which were set after the first four seeds had "
            "been seen). Better and worse are of the test rows' log loss, within "
            f"{EQUAL:.1%} it is the same; the ratio is the geometric mean.",
            markdown_table(
                [
                    *("set", "runs", "always: better", "worse", "ratio"),
                    *("kept", "kept: better", "worse", "ratio"),
                ],
                [*counts, _temperatures("all", found)],
            ),
            "Thresholds of the binary sets, on test rows. F1 with the threshold that is best on "
            f"the validation rows, against 0.5: better in {sum(g > 0 for g in gains)} of "
            f"{len(gains)} runs, worse in {sum(g < 0 for g in gains)}, by {fmean(gains):+.3f} on "
            "the mean. The mean cost of a row for stated costs (false positive, false negative), "
            "with 0.5, with FP / (FP + FN), and with the threshold of the least cost on the "
            "validation rows:",
            markdown_table(
                [
                    "costs",
                    "0.5",
                    "FP / (FP + FN)",
                    "least on validation",
                    "formula cheaper",
                    "dearer",
                ],
                costs,
            ),
        ]
    )


def _by_set(found: Sequence[Measured]) -> Mapping[str, list[Measured]]:
    by_set: dict[str, list[Measured]] = {}
    for one in found:
        by_set.setdefault(one.name, []).append(one)
    return by_set


def _temperatures(name: str, found: Sequence[Measured]) -> list[str]:
    ratios = [one.tempered / one.log_loss for one in found]
    kept = [ratio for one, ratio in zip(found, ratios, strict=True) if one.kept]
    return [name, str(len(found)), *helped(ratios), str(len(kept)), *helped(kept)]


def helped(ratios: Sequence[float]) -> list[str]:
    """How often better, how often worse, and the geometric mean."""
    if not ratios:
        return ["0", "0", ""]
    mean = math.exp(fmean(map(math.log, ratios)))
    better, worse = (sum(sign * (r - 1.0) > EQUAL for r in ratios) for sign in (-1, 1))
    return [str(better), str(worse), f"{mean:.3f}"]


def _costs(name: str, found: Sequence[Sequence[float]]) -> list[str]:
    half, formula, least = (fmean(column) for column in zip(*found, strict=True))
    cheaper, dearer = (sum(sign * (one[2] - one[1]) > 0 for one in found) for sign in (1, -1))
    return [name, f"{half:.4f}", f"{formula:.4f}", f"{least:.4f}", str(cheaper), str(dearer)]


def set_names() -> list[str]:
    """All sets."""
    return [*BUNDLED, *(f"{kind} {size}" for kind in KINDS for size in SIZES)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures what is not yet in the records, and prints the section or writes it."""
    asked = recorded_parser("probabilities", __doc__, 8).parse_args(arguments)
    words = sys.argv[1:] if arguments is None else arguments
    warnings.filterwarnings("ignore", module="sklearn")
    pending = (
        ((name, seed), lambda n=name, s=seed: measure(n, s, *answers_of(n, s)))
        for seed in range(asked.seeds)
        for name in set_names()
    )
    found = measure_missing(asked.records, Measured, lambda one: (one.name, one.seed), pending)
    text = section(found, shlex.join(["python", "-m", "benchmarks.probabilities", *words]))
    put_section(asked.output, "probabilities", text)


if __name__ == "__main__":
    main()

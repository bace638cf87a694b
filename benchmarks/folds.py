"""Whether small sets should be searched over folds: the winner by five folds against one holdout.

    python -m benchmarks.folds --records /tmp/folds.jsonl --output benchmarks/RESULTS.md

Of each set and seed the same configurations of `mlp` (its default, then random ones, of at most 3
layers of 128 units, which is enough for so few rows) are trained
on one holdout and on each of five folds, as the product trains them. What a search over some of
them would have chosen is then replayed many times in random orders. Trainings are counted, not
seconds: a trial over folds is five of them, of as many rows each. Two things are looked at on the
test rows: the model that is exported (of the holdout, or of the first fold), and the configuration
that was chosen, whatever model comes of it. Their regret is 0 for the best configuration of the
set, 1 for the median one, and at most 10; configurations are told by the mean test score of their
five models.
"""

from __future__ import annotations

import argparse
import itertools
import math
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.results_file import add_record, markdown_table, put_section, read_records

Array = npt.NDArray[np.float64]

FOLDS = 5
CONFIGURATIONS = 12
ORDERS = 300
#: Trainings that both may spend, and trials that both may make.
TRAININGS = (5, 10)
TRIALS = (4, 8, 12)
TEST_ROWS = 400
SIZES = (200, 500, 1_000)
MOST_REGRET = 10.0
BUNDLED = ("iris", "wine", "breast_cancer", "diabetes", "digits")


@dataclass(frozen=True)
class Pool:
    """What the configurations of one set and seed came to; scores are losses, lower is better.

    Attributes:
        name: The set.
        rows: Rows that are not test rows.
        seed: Seed of rows, split, configurations and weights.
        holdout: Of each configuration, validation and test score on the holdout.
        folds: Of each configuration and fold, the same.
    """

    name: str
    rows: int
    seed: int
    holdout: Sequence[tuple[float, float]]
    folds: Sequence[Sequence[tuple[float, float]]]

    def regret(self, test: Array) -> Array:
        """Test scores as regret."""
        quality = self.quality()
        best, middle = quality.min(), np.median(quality)
        return np.minimum((test - best) / (middle - best), MOST_REGRET)

    def quality(self) -> Array:
        """Of each configuration, the mean test score of its models of the folds."""
        scores: Array = np.array(self.folds)[:, :, 1].mean(axis=1)
        return scores


@dataclass(frozen=True)
class Regrets:
    """Mean regrets over orders of one pool: of what is exported, and of what was chosen."""

    exported: float
    chosen: float


def by_holdout(pool: Pool, trials: int, orders: Sequence[npt.NDArray[np.int64]]) -> Regrets:
    """What searches on the holdout end with."""
    scores = np.array(pool.holdout)
    return _regrets(pool, scores[:, 0], scores[:, 1], trials, orders)


def by_folds(pool: Pool, trials: int, orders: Sequence[npt.NDArray[np.int64]]) -> Regrets:
    """What searches over folds end with."""
    scores = np.array(pool.folds)
    return _regrets(pool, scores[:, :, 0].mean(axis=1), scores[:, 0, 1], trials, orders)


def _regrets(
    pool: Pool,
    validation: Array,
    test: Array,
    trials: int,
    orders: Sequence[npt.NDArray[np.int64]],
) -> Regrets:
    winners = [order[:trials][np.argmin(validation[order[:trials]])] for order in orders]
    exported = pool.regret(test)[winners].mean()
    return Regrets(float(exported), float(pool.regret(pool.quality())[winners].mean()))


def compared(pools: Sequence[Pool], trials: tuple[int, int]) -> dict[str, float]:
    """Holdout and folds, over all pools.

    Args:
        pools: The pools.
        trials: Trials on the holdout and over folds; of more than there are, all that there are.
    """
    pairs = []
    for pool in pools:
        rng = np.random.default_rng(pool.seed)
        orders = [rng.permutation(len(pool.holdout)) for _ in range(ORDERS)]
        pairs.append((by_holdout(pool, trials[0], orders), by_folds(pool, trials[1], orders)))
    exported = np.array([(a.exported, b.exported) for a, b in pairs])
    chosen = np.array([(a.chosen, b.chosen) for a, b in pairs])
    gain = chosen[:, 0] - chosen[:, 1]
    return {
        "holdout_exported": exported[:, 0].mean(),
        "folds_exported": exported[:, 1].mean(),
        "holdout_chosen": chosen[:, 0].mean(),
        "folds_chosen": chosen[:, 1].mean(),
        "gain": gain.mean(),
        "error": gain.std(ddof=1) / math.sqrt(len(gain)) if len(gain) > 1 else math.nan,
        "wins_exported": (exported[:, 1] < exported[:, 0]).mean(),
        "wins_chosen": (chosen[:, 1] < chosen[:, 0]).mean(),
    }


# ---- measuring


def sources(seed: int) -> Iterator[tuple[str, Any, Any]]:
    """Names, rows and test rows of all sets."""
    from sklearn import datasets
    from sklearn.model_selection import train_test_split

    for name in BUNDLED:
        x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        classes = None if name == "diabetes" else y
        parts = train_test_split(x, y, test_size=0.3, stratify=classes, random_state=seed)
        yield name, (parts[0], parts[2]), (parts[1], parts[3])
    made: Mapping[str, Callable[[int], Any]] = {
        "classes": lambda n: datasets.make_classification(
            n, 20, n_informative=6, n_redundant=4, class_sep=0.8, flip_y=0.1, random_state=seed
        ),
        "numbers": lambda n: datasets.make_friedman1(n, 10, noise=2.0, random_state=seed),
    }
    for size in SIZES:
        for name, make in made.items():
            x, y = make(size + TEST_ROWS)
            yield f"{name} {size}", (x[:size], y[:size]), (x[size:], y[size:])


def measure(name: str, rows: Any, test: Any, seed: int, count: int) -> Pool:
    """Trains all configurations on the holdout and on the folds."""
    from automl.data.prepare import prepare
    from automl.data.request import DataRequest
    from automl.space.registry import find_space

    space = find_space("mlp").override({"depth": "0:3", "width": "16:128"})
    rng = np.random.default_rng(seed)
    configs = [space.defaults(), *(space.sample(rng) for _ in range(count - 1))]
    request = DataRequest(rows, test=test, seed=seed)
    over = prepare(replace(request, cv=FOLDS))
    assert over.test is not None
    truth, folds = over.test.truth, [fold.arrays() for fold in over.folds]
    views = [_beside(data, test[0], truth) for data in (prepare(request), over, *folds)]
    scores = [
        [_trained(space, config, view, seed + number) for view in views]
        for number, config in enumerate(configs)
    ]
    learnt = len(over.train) + len(over.validation)
    return Pool(name, learnt, seed, [own[0] for own in scores], [own[1:] for own in scores])


def _beside(data: Any, x: npt.NDArray[Any], truth: npt.NDArray[Any]) -> Any:
    """Rows on the device, the test rows among the validation rows with no weight.

    They are the rows by which an export would be checked, so that the best epoch's predictions for
    them are kept, and count in no score.
    """
    from automl.data.arrays import Arrays
    from automl.data.plan import Rows
    from automl.training.device_data import DeviceData

    own = data.validation
    test = Rows(data.plan.apply(x), data.plan.apply_target(truth), truth)
    inputs = {name: np.concatenate([own.inputs[name], test.inputs[name]]) for name in own.inputs}
    target, truth = (
        np.concatenate([getattr(own, part), getattr(test, part)]) for part in ("target", "truth")
    )
    weight = np.repeat(np.array([1, 0], np.float32), [len(own), len(test)])
    positions = np.arange(len(own), len(weight))
    rows = Rows(inputs, target, truth, weight)
    train = replace(data.train, weight=np.ones(len(data.train), np.float32))  # weights in both
    arrays = Arrays(data.task, data.plan, train, rows, None, positions)
    return DeviceData.from_arrays(arrays)


def _trained(space: Any, config: Any, view: Any, seed: int) -> tuple[float, float]:
    """Validation and test score of one training; infinite where it failed."""
    from automl.data.metrics import compute_metric, default_objective
    from automl.data.request import DataRequest
    from automl.training.train_trial import train_trial
    from automl.trial import CHECK_FILE, Answer, TrialSpec
    from automl.tuning.search_request import SearchRequest

    objective = default_objective(view.task)
    budget = SearchRequest(DataRequest("")).trial_budget  # that of a search by default
    spec = TrialSpec(0, config.to_json(), seed, budget)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "trials" / "0"
        result = train_trial(
            spec, space, view, objective, place, lambda _: Answer.GO_ON, lambda: None
        )
        if result.score is None or not (place / CHECK_FILE).exists():
            return math.inf, math.inf
        answers = np.load(place / CHECK_FILE)
    truth = view.validation.rows.truth[view.check_positions]
    return result.score, float(compute_metric(objective.name, view.task, truth, answers, None))


# ---- the report


def section(pools: Sequence[Pool], command: str) -> str:
    """The section of RESULTS.md."""
    every = [(f"{n} trainings", (n, max(1, n // FOLDS))) for n in TRAININGS]
    every += [(f"{n} trials", (n, n)) for n in TRIALS]
    lines = [_line(name, compared(pools, trials)) for name, trials in every]
    small = [
        _line(name, compared(own, (CONFIGURATIONS, CONFIGURATIONS)))
        for name, own in _by_size(pools).items()
    ]
    header = (
        "both", "exported: holdout", "folds", "folds better", "chosen: holdout", "folds",
        "folds better", "gain ± its standard error",
    )  # fmt: skip
    names = {pool.name for pool in pools}
    counts = sorted({len(pool.holdout) for pool in pools})
    return "\n\n".join(
        (
            "## Folds or one holdout on small sets",
            f"`{command}`, {datetime.now(UTC):%Y-%m-%d}",
            f"{len(pools)} pools (a set and a seed) of {len(names)} sets, "
            f"{' or '.join(map(str, counts))} configurations of `mlp` each; regret on the test "
            "rows (0: best configuration, 1: median), and in what share of the pools folds leave "
            "less of it. Of a model whose test score is better than the best configuration's mean "
            "the regret is negative.",
            markdown_table(header, lines),
            f"By rows that are not test rows, {CONFIGURATIONS} trials each:",
            markdown_table(("rows", *header[1:]), small),
        )
    )


def _by_size(pools: Sequence[Pool]) -> dict[str, list[Pool]]:
    """Pools by the number of their rows."""
    bounds = (0, 300, 700, 1_500, 3_000, 10_000)
    groups = {}
    for low, high in itertools.pairwise(bounds):
        own = [pool for pool in pools if low < pool.rows <= high]
        if own:
            groups[f"{min(p.rows for p in own):,} to {max(p.rows for p in own):,}"] = own
    return groups


def _line(name: str, found: Mapping[str, float]) -> tuple[str, ...]:
    return (
        name,
        f"{found['holdout_exported']:.3f}",
        f"{found['folds_exported']:.3f}",
        f"{found['wins_exported']:.0%}",
        f"{found['holdout_chosen']:.3f}",
        f"{found['folds_chosen']:.3f}",
        f"{found['wins_chosen']:.0%}",
        f"{found['gain']:+.3f} ± {found['error']:.3f}",
    )


def main() -> None:
    """Measures what is not yet in the records, and prints the section or writes it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--records", type=Path, required=True, help="JSON lines; goes on from them")
    parser.add_argument("--seeds", type=int, default=3, help="seeds of each set")
    parser.add_argument("--only", default="", help="sets whose name contains this text")
    parser.add_argument("--output", type=Path, help="write the section there; else it is printed")
    asked = parser.parse_args()
    from automl.training.device import configure_device

    configure_device()  # one thread, as a worker has it
    pools = read_records(asked.records, Pool)
    known = {(pool.name, pool.seed) for pool in pools}
    for seed in range(asked.seeds):
        for name, rows, test in sources(seed):
            if (name, seed) in known or asked.only not in name:
                continue
            pools.append(measure(name, rows, test, seed, CONFIGURATIONS))
            add_record(asked.records, pools[-1])
            print(f"{name}, seed {seed}: measured", flush=True)
    text = section(pools, f"python -m benchmarks.folds --seeds {asked.seeds}")
    put_section(asked.output, "folds", text)


if __name__ == "__main__":
    main()

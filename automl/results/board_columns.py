"""The leaderboard's columns, numbers and configurations as texts, for whoever lays them out."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from automl.common.neutral import printable
from automl.results.leaderboard import LeaderboardRow
from automl.results.record import RunRecord
from automl.trial import TrialState
from automl.vocabulary.directions import better_word

#: What a refit has in place of a verdict: no rows are left to validate it.
NEVER_VALIDATED = "never validated"


@dataclass(frozen=True)
class TableColumn:
    """One column of a table.

    Attributes:
        header: Its name; a line end in it makes the header higher, not wider.
        cells: Its texts, one a row.
        right: Whether it is set flush right, as numbers are.
    """

    header: str
    cells: Sequence[str]
    right: bool = True

    @property
    def width(self) -> int:
        """Characters of its widest line."""
        return max(map(len, (*self.header.split("\n"), *self.cells)))


def title(record: RunRecord, rows: Sequence[LeaderboardRow]) -> str:
    """One line: the run, how many trials in which state, the objective and its direction."""
    trials = [row for row in rows if not isinstance(row.trial, str)]
    counts = {
        state: sum(row.state == state for row in trials)
        for state in (s.value for s in TrialState)
        if any(row.state == state for row in trials)
    }
    states = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
    better = better_word(record.direction)
    plural = "" if len(trials) == 1 else "s"
    over = over_limits_text(len(record.trials) - len(record.counted))
    return printable(
        f"{record.name}: {len(trials)} trial{plural}{f' ({states})' if states else ''}{over}, "
        f"ranked by validation {record.objective}, {better} is better"
    )


def over_limits_text(count: int) -> str:
    """The end of a phrase on the trials of a run; "" where no configuration was over a limit."""
    return f" and {count} configuration{'' if count == 1 else 's'} over a limit" if count else ""


def leaderboard_columns(record: RunRecord, rows: Sequence[LeaderboardRow]) -> list[TableColumn]:
    """The columns of the results, metrics beside the objective included."""

    def column(
        header: str, cell: Callable[[LeaderboardRow], str], right: bool = True
    ) -> TableColumn:
        return TableColumn(printable(header), [printable(cell(row)) for row in rows], right)

    def metric(name: str) -> TableColumn:
        return column(name, lambda row: number(row.metrics.get(name)))

    def score(row: LeaderboardRow) -> str:
        error = "" if row.standard_error is None else f" ± {row.standard_error:.2g}"
        return f"{number(row.score)}{error}"

    def scorings(row: LeaderboardRow) -> str:
        return f"{row.scorings}{' =' if row.tied else ''}" if row.scorings else ""

    def verdict(row: LeaderboardRow) -> str:
        return (row.verdict or "") if row.refit_of is None else NEVER_VALIDATED

    def latency(at_once: str) -> TableColumn:
        header = f"ms for\n{int(at_once):,} row{'' if at_once == '1' else 's'}"
        return TableColumn(header, [number(row.latency.get(at_once)) for row in rows])

    known = dict.fromkeys(key for row in rows for key in row.metrics)
    # What was asked for stands before what always is, for the last are left out where it is narrow.
    names = dict.fromkeys((*(name for name in record.further if name in known), *known))
    return [
        column("rank", lambda row: "" if row.rank is None else str(row.rank)),
        column("trial", lambda row: str(row.trial), right=False),
        column("state", lambda row: row.state, right=False),
        column(record.objective, score),
        *([column("scorings", scorings)] if any(row.scorings for row in rows) else ()),
        *(metric(name) for name in names if name != record.objective),
        column("gap", lambda row: number(row.gap)),
        column("verdict", verdict, right=False),
        column("weights", lambda row: f"{row.parameters:,}" if row.parameters else ""),
        *_costs(rows),
        TableColumn("epochs\n(best)", [_epochs(row) for row in rows]),
        column("seconds", lambda row: f"{row.seconds:.1f}" if row.seconds else ""),
        *map(latency, dict.fromkeys(key for row in rows for key in row.latency)),
    ]


def _costs(rows: Sequence[LeaderboardRow]) -> list[TableColumn]:
    """What models cost, where their weights do not tell it: a convolution's count at each place."""
    if not any(row.multiply_adds > 2 * row.parameters for row in rows):
        return []
    return [
        TableColumn("multiply-\nadds", [_shortened(row.multiply_adds) for row in rows]),
        TableColumn(
            "MB to\ntrain",
            [f"{row.training_bytes / 2**20:,.0f}" if row.training_bytes else "" for row in rows],
        ),
    ]


def _shortened(count: int) -> str:
    """A large count with three digits: 21.4M; nothing for 0."""
    for unit, size in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if count >= size:
            return f"{count / size:.3g}{unit}"
    return str(count or "")


def finalists_text(record: RunRecord, rows: Sequence[LeaderboardRow]) -> str:
    """One sentence on the trials that were trained again; "" where there are none.

    Args:
        record: The run.
        rows: Its leaderboard.
    """
    finalists = [row for row in rows if row.scorings]
    if not finalists:
        return ""
    names = ", ".join(str(row.trial) for row in finalists)
    tied = [str(row.trial) for row in finalists if row.tied]
    equal = f"; {', '.join(tied)} (=) cannot be told from the first" if tied else ""
    return printable(
        f"Trials {names} were trained again with fresh seeds; their {record.objective} is the mean "
        f"over these scorings, not the one that they were chosen by{equal}."
    )


def split_config(
    rows: Sequence[LeaderboardRow],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Sorts the hyperparameters by whether they differ between the trials of some rows.

    Baselines have spaces of their own and do not count.

    Returns:
        Names that differ (being inactive in some trials is a difference), and names that all
        trials have in common, each in the order of the space.
    """
    configs = [row.config for row in rows if not isinstance(row.trial, str)]
    first: dict[str, str] = {}
    counts: Counter[str] = Counter()
    differing: set[str] = set()
    for config in configs:
        counts.update(config.keys())
        for name, value in config.items():
            if name not in differing:  # one difference settles it
                spelt = json.dumps(value)
                if first.setdefault(name, spelt) != spelt:
                    differing.add(name)
    differing |= {name for name in first if counts[name] < len(configs)}
    return (
        tuple(name for name in first if name in differing),
        tuple(name for name in first if name not in differing),
    )


def config_text(config: Mapping[str, Any], names: Sequence[str]) -> str:
    """Some hyperparameters of a configuration on one line, those that are active."""
    return " ".join(printable(f"{name}={_value(config[name])}") for name in names if name in config)


def _epochs(row: LeaderboardRow) -> str:
    if not row.epochs:  # a trial that was cut inside its first epoch, or a constant baseline
        scored = row.score is not None and isinstance(row.trial, int)
        return "<1" if scored and row.state == TrialState.COMPLETED.value else ""
    return f"{row.epochs} ({row.best_epoch})" if row.best_epoch else str(row.epochs)


def number(value: float | None) -> str:
    """A measured number with four digits that count, or nothing for None."""
    if value is None:
        return ""
    if not math.isfinite(value) or value == 0:
        return f"{value:g}"
    size = abs(value)
    if size >= 1e7 or size < 1e-4:
        return f"{value:.2e}"
    if size >= 1000:
        return f"{value:.0f}"
    return f"{value:.4f}" if size < 1 else f"{value:#.4g}"


def tested_text(score: float | None, interval: tuple[float, float] | None) -> str:
    """A score on the test rows, with its interval where there is one."""
    if score is None or interval is None:
        return number(score)
    return f"{number(score)} [{number(interval[0])}, {number(interval[1])}]"


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else json.dumps(value)

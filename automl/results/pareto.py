"""The Pareto front of a leaderboard: the models that no other beats in everything asked about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from automl.common.names import did_you_mean
from automl.errors import RequestError
from automl.results.leaderboard import LeaderboardRow

LATENCY = "latency"
#: Rows of the batches by which a latency is measured; the first is what a front is made of.
LATENCY_BATCHES = (1, 1000)

#: What a front can be made of, each less is better. The score counts by its rank, in which a
#: finalist's mean stands before the lucky score of a trial that was trained once.
CRITERIA: Mapping[str, Callable[[LeaderboardRow], float | None]] = {
    "score": lambda row: row.rank,
    "parameters": lambda row: row.parameters or None,
    LATENCY: lambda row: row.latency.get(str(LATENCY_BATCHES[0])),
    "seconds": lambda row: row.seconds,
}


def read_criteria(given: str | Sequence[str]) -> tuple[str, ...]:
    """Reads what a front is to be made of.

    Args:
        given: Names of `CRITERIA`, or a text of them with commas between.

    Returns:
        The names, each once.

    Raises:
        RequestError: One is none, or there are fewer than two.
    """
    parts = given.split(",") if isinstance(given, str) else list(given)
    names = tuple(dict.fromkeys(part.strip().lower() for part in parts if part.strip()))
    for name in names:
        if name not in CRITERIA:
            known = list(CRITERIA)
            hint = did_you_mean(name, known, f": there is {', '.join(known)}.")
            raise RequestError(f"A Pareto front cannot be made of {name!r}{hint}")
    if len(names) < 2:
        raise RequestError(
            "A Pareto front is of two criteria or more: give for example score,parameters."
        )
    return names


def pareto_candidates(rows: Sequence[LeaderboardRow]) -> list[LeaderboardRow]:
    """The rows that a front is chosen from: networks with a rank.

    A constant baseline would be on each front, and the nodes of trees are no weights.
    """
    return [
        row
        for row in rows
        if row.rank is not None and (isinstance(row.trial, int) or row.config or row.members)
    ]


def pareto_front(
    rows: Sequence[LeaderboardRow], criteria: Sequence[str]
) -> tuple[list[LeaderboardRow], str]:
    """The rows that no other row is as good as in all criteria and better than in one.

    Args:
        rows: The leaderboard, with latencies where these are a criterion.
        criteria: Names of `CRITERIA`.

    Returns:
        The rows of the front in the order of the leaderboard, and a sentence on what it is.
    """
    asked = [CRITERIA[name] for name in criteria]
    known = [
        (row, [value for value in (read(row) for read in asked) if value is not None])
        for row in pareto_candidates(rows)
    ]
    placed = [(row, values) for row, values in known if len(values) == len(asked)]
    front = [
        row for row, values in placed if not any(_dominates(other, values) for _, other in placed)
    ]
    names = f"{', '.join(criteria[:-1])} and {criteria[-1]}"
    note = f"On the Pareto front of {names}: {len(front)} of {len(placed)} models."
    return front, note


def _dominates(one: Sequence[float], other: Sequence[float]) -> bool:
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))

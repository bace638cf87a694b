"""From the records of a workload to its Markdown table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median

from benchmarks.catalogue import ImageWorkload, Workload
from benchmarks.peers.clock import Record
from benchmarks.results_file import markdown_table

OURS = "automl"
TUNER = "keras-tuner"
REACH = "automl, default settings, until KerasTuner's best"
TITLES = {
    OURS: "this project",
    TUNER: "KerasTuner RandomSearch",
    "optuna": "Optuna + `Model.fit`",
    "ray": "Ray Tune, 2 at a time",
    "autokeras": "AutoKeras (its own optimizers and rates)",
}
#: What tools are called that search image networks of their own.
_IMAGE_TITLES = {
    OURS: "this project, `image`",
    TUNER: "KerasTuner RandomSearch, HyperResNet",
    "autokeras": "AutoKeras, image classifier",
}
HEADER = (
    "tool", "trials an hour", "to the last trial, s", "whole command, s", "trials", "failed",
    "epochs a trial", "best val. loss", "KerasTuner's best reached, s", "ours is faster by",
)  # fmt: skip


def workload_table(workload: Workload, records: Sequence[Record]) -> str:
    """The table of one workload, and what it says of the targets.

    Args:
        workload: The workload.
        records: Searches of it, of all tools and repeats.
    """
    titles = _titles(workload)
    tools = [name for name in titles if any(record.tool == name for record in records)]
    ours = rate_of(records, OURS)
    rows = [[titles[tool], *_cells(tool, records, ours)] for tool in tools]
    told = [_reasons(tool, titles[tool], records) for tool in tools]
    parts = [markdown_table(HEADER, rows), *filter(None, told)]
    parts += [line for line in (_ratio(workload, records), _reach(workload, records)) if line]
    return "\n\n".join(parts)


def rate_of(records: Iterable[Record], tool: str) -> float | None:
    """Trials an hour of a tool, the median over its repeats; None where none was done."""
    return _median(record.rate for record in records if record.tool == tool)


def _titles(workload: Workload) -> Mapping[str, str]:
    """What each tool is called, in the order of the table."""
    return {**TITLES, **_IMAGE_TITLES} if isinstance(workload, ImageWorkload) else TITLES


def _cells(tool: str, records: Sequence[Record], ours: float | None) -> list[str]:
    every = [record for record in records if record.tool == tool]
    done = [record for record in every if record.seconds is not None]
    if not done:
        return ["not done", *["" for _ in HEADER[2:]]]
    trials = [trial for record in done for trial in record.trials]
    rate = rate_of(done, tool)
    seconds = [record.seconds for record in done if record.seconds is not None]
    spread = f" ({min(seconds):.1f}-{max(seconds):.1f})" if len(seconds) > 1 else ""
    faster = f"{ours / rate:.1f}" if ours and rate and tool != OURS else ""
    return [
        f"{rate:,.0f}",
        f"{median(seconds):.1f}{spread}",
        f"{median(record.whole for record in done):.1f}",
        _count(len(record.trials) for record in done),
        _count(sum(trial.score is None for trial in record.trials) for record in done),
        f"{sum(trial.epochs for trial in trials) / max(len(trials), 1):.1f}",
        _number(_median(record.best for record in done)),
        _reached_cell(done, records),
        faster,
    ]


def _reached_cell(done: Sequence[Record], records: Sequence[Record]) -> str:
    """When the score was reached, the median of the repeats that reached it, and how many did."""
    paired = [
        (record, goal) for record in done if (goal := goal_of(records, record.repeat)) is not None
    ]
    times = [at for record, goal in paired if (at := record.reached(goal)) is not None]
    if not paired:
        return ""
    if not times:
        return "never"
    share = f" ({len(times)} of {len(paired)})" if len(times) < len(paired) else ""
    return f"{median(times):.1f}{share}"


def goal_of(records: Iterable[Record], repeat: int) -> float | None:
    """The best score that KerasTuner reached in a repeat, or None where it did not run."""
    for record in records:
        if record.tool == TUNER and record.repeat == repeat and record.seconds is not None:
            return record.best
    return None


def _reasons(tool: str, title: str, records: Sequence[Record]) -> str:
    """Why searches of a tool were not done, each reason once."""
    reasons = [record.reason for record in records if record.tool == tool and record.reason]
    counted = {reason: reasons.count(reason) for reason in reasons}
    return "\n".join(
        f"{title}: {number} of "
        f"{sum(record.tool == tool for record in records)} searches not done: {reason}"
        for reason, number in counted.items()
    )


def _ratio(workload: Workload, records: Sequence[Record]) -> str:
    """The ratio to the best peer beside the one aimed at."""
    ours = rate_of(records, OURS)
    peers = {tool: rate_of(records, tool) for tool in TITLES if tool != OURS}
    known = {tool: rate for tool, rate in peers.items() if rate is not None}
    if ours is None or not known:
        return ""
    best = max(known, key=lambda tool: known[tool])
    ratio = ours / known[best]
    aimed = ""
    if workload.ratio is not None:
        verdict = "met" if ratio >= workload.ratio else "not met"
        aimed = f" (aimed at: {workload.ratio:g}; {verdict})"
    best_title = _titles(workload)[best]
    return f"Trials an hour against the best peer ({best_title}): **{ratio:.1f} times**{aimed}."


def _reach(workload: Workload, records: Sequence[Record]) -> str:
    """How soon this project, left to its defaults, is as good as KerasTuner's whole budget."""
    searches = [record for record in records if record.tool == REACH]
    if not searches:
        return ""
    shares, told = [], []
    for record in searches:
        goal = goal_of(records, record.repeat)
        budget = next(
            (r.seconds for r in records if r.tool == TUNER and r.repeat == record.repeat), None
        )
        at = None if goal is None else record.reached(goal)
        if at is None or budget is None:
            told.append(f"not reached in {record.whole:.0f} s {record.reason}".strip())
        else:
            shares.append(at / budget)
            told.append(f"{at:.1f} s of {budget:.1f} s")
    text = (
        "Until this project, with its default sampler and pruner, reached the best score of "
        f"KerasTuner's whole budget: {'; '.join(told)}"
    )
    if not shares:
        return f"{text}."
    share = median(shares) if len(shares) == len(searches) else max(shares)
    aim = workload.reach
    met = aim is not None and share <= aim and len(shares) == len(searches)
    aimed = f" (aimed at: 1/{1 / aim:.0f}; {'met' if met else 'not met'})" if aim else ""
    return f"{text}: **1/{1 / share:.1f}** of KerasTuner's time{aimed}."


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _count(values: Iterable[int], text: Callable[[int], str] = str) -> str:
    """One number where all are equal, else from which to which."""
    known = sorted(set(values))
    return text(known[0]) if len(known) == 1 else f"{text(known[0])}-{text(known[-1])}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"

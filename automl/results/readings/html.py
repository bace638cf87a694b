"""A run and its trials for a notebook: HTML, every text of which is escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from automl.common.neutral import printable
from automl.results.board_columns import config_text, leaderboard_columns, number, split_config
from automl.results.leaderboard import leaderboard
from automl.results.overview import overview_lines
from automl.results.record import RunRecord, TrialRecord
from automl.results.run_directory import RunDirectory

#: Rows of the leaderboard that are shown; `Run.leaderboard` has all of them.
TOP = 20


def run_html(run: RunDirectory, record: RunRecord) -> str:
    """The run in short, and the top of its leaderboard.

    Args:
        run: Its directory.
        record: What its study says.
    """
    rows = leaderboard(record)
    shown = rows[:TOP]
    columns = leaderboard_columns(record, shown)
    differing, _ = split_config(rows)
    header = [*(column.header for column in columns), "configuration"]
    cells = [
        [*(column.cells[i] for column in columns), config_text(row.config, differing)]
        for i, row in enumerate(shown)
    ]
    more = len(rows) - len(shown)
    note = f"<p>{more} more: <code>run.leaderboard()</code></p>" if more > 0 else ""
    return (
        _pairs({name: "; ".join(texts) for name, texts in overview_lines(run, record).items()})
        + _table(header, cells)
        + note
    )


def trial_html(trial: TrialRecord) -> str:
    """A trial: how it ended, its metrics and its configuration.

    Args:
        trial: What the study says of it.
    """
    told: dict[str, Any] = {"trial": trial.trial, "state": trial.state.value}
    if trial.score is not None:
        told["score"] = number(trial.score)
    if trial.result is not None:
        told |= {name: number(value) for name, value in trial.result.metrics.items()}
    if trial.reason:
        told["reason"] = trial.reason
    return _pairs(told) + _pairs(trial.config)


def _pairs(pairs: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><th style='text-align:left'>{_escaped(name)}</th>"
        f"<td style='text-align:left'>{_escaped(value)}</td></tr>"
        for name, value in pairs.items()
    )
    return f"<table>{rows}</table>"


def _table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    titles = "".join(f"<th>{_escaped(name)}</th>" for name in header)
    body = "".join(
        f"<tr>{''.join(f'<td>{_escaped(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"


def _escaped(value: Any) -> str:
    return html.escape(printable(" ".join(str(value).split())))

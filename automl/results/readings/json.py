"""The leaderboard as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from automl.common.files import to_json_text
from automl.common.forms import to_form
from automl.common.neutral import json_line
from automl.results.leaderboard import LeaderboardRow


def to_json(rows: Sequence[LeaderboardRow]) -> str:
    """The leaderboard as a JSON list, one object a row, one row a line.

    Numbers that are not finite become ``null``. Texts are exact; what a terminal would obey is
    spelt by JSON's escapes.
    """
    lines = (json_line(to_json_text(to_form(row), indent=None)) for row in rows)
    return "[" + ",".join(f"\n{line}" for line in lines) + "\n]\n"

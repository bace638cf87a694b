"""What happened when in one search: events that its process writes and the benchmark reads.

Times are those of the system's monotonic clock, which all processes of a machine share. So the
benchmark takes the start before it makes the process, and interpreter, imports and start-up count.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


class EventLog:
    """The side of the process that searches.

    Args:
        path: Where events are appended to, one JSON object a line.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)  # not an open file: Ray Tune and KerasTuner copy their callbacks

    def trial(self, score: float | None, epochs: int, **more: Any) -> None:
        """A trial is over, and its model is on disk if it is the best one.

        Args:
            score: Validation loss at its best epoch; None or NaN where it failed.
            epochs: Epochs that it trained.
            **more: What else is known of it.
        """
        known = score is not None and math.isfinite(score)
        self._write("trial", score=score if known else None, epochs=epochs, more=more)

    def searched(self) -> None:
        """The last trial is over and the best model is on disk: the fair clock stops here."""
        self._write("searched")

    def failed(self, reason: str) -> None:
        """The search cannot be done, or not go on."""
        self._write("failed", reason=reason)

    def told(self, **facts: Any) -> None:
        """Facts about the process, such as versions."""
        self._write("told", facts=facts)

    def _write(self, event: str, **values: Any) -> None:
        line = json.dumps({"event": event, "at": time.monotonic(), **values})
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")


@dataclass(frozen=True)
class Ended:
    """One trial that is over.

    Attributes:
        at: Seconds since the start of the process.
        score: Validation loss at the best epoch, or None where the trial failed.
        epochs: Epochs that it trained.
        more: What else the tool tells of it.
    """

    at: float
    score: float | None
    epochs: int
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """One search by one tool.

    Attributes:
        workload: Name of the workload.
        tool: Name of the tool, or of its mode.
        repeat: Which repeat, from 0.
        trials: Its trials in the order in which they ended.
        seconds: From the start of the process until the last trial was over and the best model
            on disk; None where it did not come to that.
        whole: Until the process had ended.
        reason: Why it could not be done, or empty.
        facts: What the process told of itself.
    """

    workload: str
    tool: str
    repeat: int
    trials: tuple[Ended, ...]
    seconds: float | None
    whole: float
    reason: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def best(self) -> float | None:
        """The least validation loss, or None without one."""
        return min((t.score for t in self.trials if t.score is not None), default=None)

    @property
    def rate(self) -> float | None:
        """Trials an hour, or None where the search was not done."""
        return None if self.seconds is None else 3600 * len(self.trials) / self.seconds

    def reached(self, score: float) -> float | None:
        """Seconds until a trial with a score at least as good was over, or None."""
        times = (t.at for t in self.trials if t.score is not None and t.score <= score)
        return min(times, default=None)

    def to_json(self) -> dict[str, Any]:
        """The JSON form: only dictionaries, lists and scalars."""
        return asdict(self)

    @classmethod
    def from_json(cls, form: Mapping[str, Any]) -> Record:
        """Rebuilds a record from its JSON form."""
        return cls(**{**form, "trials": tuple(Ended(**trial) for trial in form["trials"])})


def read_events(path: Path, started: float) -> dict[str, Any]:
    """What a process has written: the fields of a `Record` that only it knows.

    Args:
        path: The file of an `EventLog`; none is as good as an empty one.
        started: `time.monotonic()` before the process was made.
    """
    trials: list[Ended] = []
    facts: dict[str, Any] = {}
    seconds, reason = None, ""
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        event = json.loads(line)
        at = event["at"] - started
        match event["event"]:
            case "trial":
                trials.append(Ended(at, event["score"], event["epochs"], event["more"]))
            case "searched":
                seconds = at
            case "failed":
                reason = event["reason"]
            case "told":
                facts |= event["facts"]
    return {"trials": tuple(trials), "seconds": seconds, "reason": reason, "facts": facts}

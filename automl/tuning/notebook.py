"""A search as it runs, in a notebook: one output that changes."""

from __future__ import annotations

import html
import time
from typing import Any, Self

from typing_extensions import override

from automl.common.neutral import printable
from automl.tuning.observer import SearchProgress
from automl.tuning.progress_lines import MOST_RUNNING, describe_run, progress_line
from automl.tuning.running_trials import RunningTrials

#: Seconds between two changes: each is sent to the browser.
PERIOD = 0.5


class NotebookDisplay(RunningTrials):
    """Shows notes, the progress and the best trials below the cell that runs.

    Args:
        display: IPython's ``display``; None to import it.
    """

    def __init__(self, display: Any = None) -> None:
        if display is None:
            from IPython import display as ipython

            display = ipython.display
        super().__init__()
        self._notes: list[str] = []
        self._stage = "reading the data ..."
        self._progress: SearchProgress | None = None
        self._shown_at = 0.0
        self._handle = display(self._bundle(), raw=True, display_id=True)

    def __enter__(self) -> Self:
        """It is shown already."""
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        """Leaves the last state below the cell."""
        self._stage = "" if error is None else "stopped"
        self._running.clear()
        self._show(at_once=True)

    @override
    def note(self, message: str) -> None:
        self._notes.append(message)
        self._show()

    @override
    def run_opened(self, path: Any) -> None:
        self._notes += describe_run(path)
        self._stage = "starting the workers ..."
        self._show(at_once=True)

    @override
    def progressed(self, progress: SearchProgress) -> None:
        self._progress, self._stage = progress, ""
        self._show()

    @override
    def finishing(self, message: str) -> None:
        self._stage = f"{message} ..."
        self._show(at_once=True)

    def _show(self, at_once: bool = False) -> None:
        now = time.monotonic()
        if self._handle is not None and (at_once or now >= self._shown_at + PERIOD):
            self._shown_at = now
            self._handle.update(self._bundle(), raw=True)

    def _bundle(self) -> dict[str, str]:
        lines = [*self._notes]
        if self._progress is not None:
            lines.append(progress_line(self._progress))
            if self._running and not self._stage:
                lines.append(self.describe(self._progress.objective, MOST_RUNNING))
        if self._stage:
            lines.append(self._stage)
        text = "\n".join(map(printable, lines))
        return {"text/plain": text, "text/html": f"<pre>{html.escape(text)}</pre>"}

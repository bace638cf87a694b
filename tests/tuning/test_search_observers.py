"""Notes, log lines and progress reach whoever should know, whatever is shown."""

from __future__ import annotations

import io
import logging
import sys
from typing import Any

import pytest

from automl.errors import RequestError
from automl.trial import TrialResult, TrialState
from automl.tuning.notebook import NotebookDisplay
from automl.tuning.observer import Observer, SearchProgress
from automl.tuning.progress_lines import PacedLines, progress_line
from automl.tuning.search_observers import search_observers

STANDING = SearchProgress(3, 2, 1, 0, 1, 30, 75.0, None, "log_loss", "minimize", ((1, 0.25, {}),))
LINE = "3/30 trials, 1 running, 1 pruned, best log_loss 0.2500 (trial 1), 1:15 elapsed"
ENDED = TrialResult(TrialState.COMPLETED, score=0.25, epochs=2, seconds=1.0)


def tell(observer: Observer) -> None:
    observer.note("rows: 100 %s for training")
    observer.note("rows: 100 %s for training")
    observer.trial_ended(1, ENDED)
    observer.progressed(STANDING)


@pytest.mark.parametrize(
    ("verbose", "shown"),
    [(0, []), (1, ["rows: ", "rows: "]), (2, ["rows: ", "rows: ", "[3/30] trial 1 completed"])],
)
def test_what_is_shown(verbose: int, shown: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with search_observers(None, verbose) as told:
        tell(told.observer)
    captured = capsys.readouterr()
    lines = captured.err.splitlines()
    assert captured.out == ""
    assert len(lines) == len(shown)
    assert all(map(str.startswith, lines, shown))


def test_notes_and_the_logger_have_it_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    watcher = Watcher()
    with caplog.at_level(logging.INFO, "automl"), search_observers(watcher, 0) as told:
        tell(told.observer)
    assert told.kept.notes == ["rows: 100 %s for training"]
    assert caplog.records[0].getMessage() == "rows: 100 %s for training"
    assert "trial 1 completed" in caplog.records[-1].getMessage()
    assert {r.name for r in caplog.records} == {"automl"}
    assert watcher.heard == 2


class Watcher(Observer):
    heard = 0

    def note(self, message: str) -> None:
        self.heard += 1


@pytest.mark.parametrize("verbose", [3, -1, "auto", None])
def test_another_verbose_is_refused(verbose: Any) -> None:
    with pytest.raises(RequestError, match=r"verbose is .*; it is one of 0 \(silent\)"):
        search_observers(None, verbose).__enter__()


def test_without_standard_error_the_search_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    with search_observers(None, 1) as told:
        tell(told.observer)


def test_progress_comes_every_now_and_then() -> None:
    stream = io.StringIO()
    paced = PacedLines(stream, period=3600.0)
    for _ in range(5):
        paced.progressed(STANDING)
    assert stream.getvalue() == ""
    paced.finishing("exporting")
    assert stream.getvalue() == f"{LINE}\nexporting\n"
    often = PacedLines(stream := io.StringIO(), period=0.0)
    often.progressed(STANDING)
    assert stream.getvalue() == f"{LINE}\n"
    assert progress_line(STANDING) == LINE


def test_a_notebook_has_one_output_that_changes() -> None:
    shown: list[Any] = []

    class Handle:
        def update(self, bundle: Any, raw: bool) -> None:
            assert raw
            shown.append(bundle)

    def display(bundle: Any, *, raw: bool, display_id: bool) -> Handle:
        assert raw
        assert display_id
        shown.append(bundle)
        return Handle()

    with NotebookDisplay(display) as observer:
        observer.note("column '<script>' is left out")
        observer.progressed(STANDING)
    assert "reading the data" in shown[0]["text/plain"]
    assert LINE in shown[-1]["text/plain"]
    assert "<script>" not in shown[-1]["text/html"]
    assert "&lt;script&gt;" in shown[-1]["text/html"]

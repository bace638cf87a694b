"""The end of a search: what stands in the way of the export is told with the way out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from automl.errors import RequestError, RunError
from automl.results.run_directory import RunDirectory
from automl.tuning import finish


def test_an_export_without_room_fails_the_run_and_not_the_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise RequestError("The bundle x cannot be written (No space left on device); choose one.")

    monkeypatch.setattr(finish, "run_task", refuse)
    monkeypatch.setattr(finish, "export_request", lambda *_: {})
    run: Any = RunDirectory(tmp_path)
    processes: Any = None
    with pytest.raises(RunError, match=r"No space left on device.*automl resume") as told:
        finish._export_best(run, processes, 0)
    assert "choose one" not in str(told.value)

"""Warm processes that are kept for all tests of a session, and lent to one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from automl.engines.child import Child
from automl.engines.processes import Processes


class Lent(Processes):
    """What a command may start children with and close, though the others go on with it.

    Args:
        kept: The processes that it is lent.
        preload: Modules that all of its children need.
    """

    def __init__(self, kept: Processes, preload: Sequence[str] = ()) -> None:
        self._kept = kept
        self._preload = preload
        self._started: list[Child] = []

    @property
    def import_seconds(self) -> float:  # type: ignore[override]
        return self._kept.import_seconds

    def start(
        self,
        target: str,
        argument: Mapping[str, Any],
        log: Path | None = None,
        preload: Sequence[str] = (),
    ) -> Child:
        child = self._kept.start(target, argument, log, (*preload, *self._preload))
        self._started.append(child)
        return child

    def notice(self) -> None:
        self._kept.notice()

    def waitables(self) -> list[Any]:
        return self._kept.waitables()

    def close(self) -> None:
        for child in self._started:
            child.kill()
            child.close()


@contextmanager
def lending(processes: Processes) -> Iterator[None]:
    """What is searched, exported or asked meanwhile finds TensorFlow imported already."""
    with pytest.MonkeyPatch.context() as patch:
        for place in (
            "engines.warm_processes",
            "engines.space_tracing",
            "engines.local",
            "testing.space_conformance",
            "tuning.column_importance",
            "tuning.search",
            "tuning.trial_replay",
        ):
            patch.setattr(f"automl.{place}.warm_processes", lambda: Lent(processes))
        # The baseline of trees, whose process imports scikit-learn, and no TensorFlow.
        trees = ("sklearn.ensemble",)
        spawned = "automl.engines.boosting_beside.SpawnedProcesses"
        patch.setattr(spawned, lambda: Lent(processes, trees))
        yield

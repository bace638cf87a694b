"""The refit: the best configuration trained once more, on all rows but the test rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from automl.engines.contract import SEARCHED, Engine, Job, TrialEnded
from automl.engines.local import LocalEngine
from automl.errors import DataError, RunError
from automl.results.record import TrialRecord
from automl.results.refits import RefitForm
from automl.results.run_directory import RunDirectory
from automl.trial import REFIT, TrialBudget, TrialResult, TrialSpec, TrialState, trial_named
from automl.trial_time import TrialTime
from automl.tuning.refit_length import refit_length
from automl.tuning.stored_rows import rows_again, write_own_rows

if TYPE_CHECKING:
    from pathlib import Path

    from automl.data.request import DataRequest
    from automl.tuning.interruption import Interruption

#: Seconds to wait for news before it is looked whether the end was asked for.
TICK = 0.1
#: Times --trial-time that a refit may take: it has more rows, and more epochs in proportion.
TIMES_LIMIT = 2.0


class NotRefitted(RunError):
    """There is no refit."""

    def __init__(self, why: str) -> None:
        super().__init__(f"The refit is not trained: {why.rstrip('.')}.")


@dataclass(frozen=True)
class Refitting:
    """Trains the refit of a run.

    Attributes:
        run: The run's directory.
        data: The run's data, with everything settled.
        budget: What each trial may spend.
        views: How many rows train on each view, by its name, the first one first.
        job: What an engine needs, as for the trials.
        engine: Makes the engine, of one worker.
    """

    run: RunDirectory
    data: DataRequest
    budget: TrialBudget
    views: Mapping[str, int]
    job: Job
    engine: Callable[[], LocalEngine]

    def train(
        self,
        best: TrialRecord,
        seed: int,
        left: float | None,
        interruption: Interruption | None,
    ) -> RefitForm:
        """Trains it, in a process of its own.

        Args:
            best: The trial whose configuration it has.
            seed: Its seed.
            left: Seconds until it must be over; None for no limit.
            interruption: What may ask for the end.

        Raises:
            NotRefitted: The data cannot be read again, or it was not trained to its end.
        """
        rows = self.write_rows()
        spec = self._spec(best, seed, left, rows)
        with self.engine() as engine:
            engine.open(self.job)
            result = _conducted(engine, spec, interruption)
        assert spec.fixed_length is not None
        epochs = spec.fixed_length.epochs
        if result.state is not TrialState.COMPLETED or result.epochs < epochs:
            done = f"after {result.epochs} of its {epochs} epochs"
            raise NotRefitted(f"its training ended {done} ({result.reason or result.state})")
        if result.unsaved:
            raise NotRefitted(result.unsaved)
        assert isinstance(best.trial, int)
        return RefitForm(best.trial, seed, rows, result)

    def write_rows(self) -> int:
        """Prepares its rows and writes them beside those of the views; how many train.

        Raises:
            NotRefitted: The data cannot be read again, or have changed.
        """
        try:
            arrays, check = rows_again(self.run, self.data).undivided()
        except (DataError, RunError) as error:
            raise NotRefitted(str(error)) from error
        write_own_rows(self.run, REFIT, REFIT, arrays, check)
        return len(arrays.train)

    def arrays(self) -> Path:
        """Where its rows lie, written anew where they are gone."""
        from automl.data.arrays import view_folder

        folder = view_folder(self.run.arrays, REFIT)
        if not self.run.root.is_folder(folder):
            self.write_rows()
        return folder

    def _spec(self, best: TrialRecord, seed: int, left: float | None, rows: int) -> TrialSpec:
        planned = 0 if best.trained is None else best.trained.planned_epochs
        cap = self.budget.planned(planned).epochs
        length = refit_length(best, self.views, rows, cap, self._losses)
        seconds = self.budget.seconds
        return TrialSpec(
            REFIT,
            best.config,
            seed,
            replace(
                self.budget,
                epochs=length.cap,
                seconds=None if seconds is None else TIMES_LIMIT * seconds,
                goal=None,
            ),
            space=SEARCHED,
            time=TrialTime(left=left),
            views=(REFIT,),
            fixed_length=length.fixed,
        )

    def _losses(self, folder: str) -> list[float]:
        """The validation losses of a training; none where they are gone."""
        from automl.training.history import read_history

        history = read_history(self.run.trial_directory(trial_named(folder)))
        return [row["val_loss"] for row in history]


def _conducted(engine: Engine, spec: TrialSpec, interruption: Interruption | None) -> TrialResult:
    """Drives the training to its end."""
    engine.submit(spec)
    is_told = False
    while True:
        for event in engine.events(TICK):
            if isinstance(event, TrialEnded):
                return event.result
        if interruption is not None and interruption.is_asked() and not is_told:
            engine.interrupt(spec.trial, interruption.message())
            is_told = True

"""What the end of a search works on: the run, its study, its rows, and how much time is left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from automl.engines.processes import Processes
from automl.results.read_record import read_record
from automl.results.record import RunRecord
from automl.results.run_directory import RunDirectory
from automl.results.study_content import study_content
from automl.tuning.ensembling import Ensembling
from automl.tuning.observer import Observer
from automl.tuning.refitting import Refitting

if TYPE_CHECKING:
    from automl.data.arrays import Arrays
    from automl.data.image_views import ImageView
    from automl.data.metrics import Objective
    from automl.tuning.budget import Clock
    from automl.tuning.interruption import Interruption
    from automl.tuning.study import RunStudy


@dataclass(frozen=True)
class Ending:
    """The end of a search.

    Attributes:
        run: The run.
        study: Its study, which what is found is recorded in.
        arrays: The prepared rows.
        processes: Where TensorFlow is.
        observer: Who watches.
        clock: Of a search that has to be over in time; else None. Where it has no time left for
            the test rows they stay unopened, for finishing the run once more.
        interruption: What may have asked for the end, and then leaves only so much time.
        trust: Whether code that models hold may be run: they are this machine's own.
        objective: What trials are ranked by.
        arrays_of: Where the rows of a trial are, where each has a division of its own.
        ensembling: Makes ensembles of the run's models; None for none.
        tempering: Whether probabilities may be tempered in what is exported.
        refitting: Trains the refit that is to be exported; None for none.
        test_time_views: The views over which the best model's answers are averaged; empty for none.
    """

    run: RunDirectory
    study: RunStudy
    arrays: Arrays
    processes: Processes
    observer: Observer
    clock: Clock | None
    interruption: Interruption
    trust: bool
    objective: Objective
    arrays_of: Callable[[int | str], Path] | None
    ensembling: Ensembling | None
    tempering: bool
    refitting: Refitting | None
    test_time_views: tuple[ImageView, ...] = ()

    def record(self) -> RunRecord:
        """The run as its study has it now."""
        return read_record(self.run, study_content(self.study.study))

"""The contract between the driver, which decides, and an engine, which executes.

A driver opens an engine with a `Job`, submits at most ``slots`` trials at a time and reads events
until each has ended. Where a spec says ``wait_for_answer``, the worker waits after an epoch until
`Engine.answer` says whether to go on, unless its score spares it the question
(`automl.engines.ask_policy`); otherwise it goes on by itself. Of a trial that has several
executions (on folds, with other seeds) it always waits after each but the last. An engine never
looks at a configuration's values and never decides anything; a driver never knows where a trial
runs.
A new engine is one file that implements `Engine`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from automl.common.carrying import carried, unpacked
from automl.common.forms import from_form, to_form
from automl.data.metrics import Objective
from automl.errors import SpaceError
from automl.space.fit_options import FitOptions
from automl.space.keras_tuner import fitted_with
from automl.space.origin import Origin, origin_of, with_origin
from automl.trial import HOLDOUT, Answer, EpochReport, ExecutionReport, TrialResult, TrialSpec

if TYPE_CHECKING:
    from automl.space import SearchSpace

#: The key of the space that a search is of, among those of a `Job`.
SEARCHED = "search"


@dataclass(frozen=True)
class SpaceHandle:
    """How a worker finds a search space: by reference, or as a value carried along.

    Attributes:
        reference: What `automl.space.registry.find_space` takes, or "" where the space cannot be
            found again (defined in a notebook or a running script).
        carried: The space, serialized in memory for this run's own workers, in base64; never
            written to a file. "" where there is a reference.
        fit: JSON form of the `FitOptions` that were given beside the space; empty for none.
        origin: JSON form of the `Origin` of layers that the space takes over; empty for none.
    """

    reference: str = ""
    carried: str = ""
    fit: Mapping[str, Any] = field(default_factory=dict)
    origin: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, space: SearchSpace) -> SpaceHandle:
        """A handle on a space: its reference if it has one, the space itself otherwise."""
        fit = to_form(getattr(space.build, "fit", FitOptions()))
        if space.reference is not None:
            origin = origin_of(space)
            form = {} if origin is None else to_form(origin)
            return cls(reference=space.reference, fit=fit, origin=form)
        try:
            whole = carried(space)
        except Exception as error:
            raise SpaceError(
                f"The search space {space.name!r} cannot be sent to a worker process "
                f"({error}); define it in a module or a file of its own."
            ) from error
        return cls(carried=whole, fit=fit)

    def load(self) -> SearchSpace:
        """The space, found or unpacked; called in a worker."""
        if self.reference:
            from automl.space.registry import find_space

            found = fitted_with(find_space(self.reference), from_form(FitOptions, self.fit))
            return with_origin(found, from_form(Origin, self.origin) if self.origin else None)
        space: SearchSpace = unpacked(self.carried)
        return fitted_with(space, from_form(FitOptions, self.fit))


@dataclass(frozen=True)
class Job:
    """What an engine needs once, before the first trial.

    Attributes:
        spaces: The spaces that specs name, by key (``"search"``, ``"linear"``).
        arrays: Folder with the prepared arrays, as `automl.data.arrays.save_arrays` wrote it.
        run: The run's directory; a trial's files go to ``trials/<trial>`` below it.
        objective: The metric that scores a trial, and its direction.
        metrics: The objective's own metrics, serialized, for another process: its form has no
            more of them than what is recorded. "" for none.
        views: The names of the views of the rows.
        callbacks: Keras's callbacks for the models of the search's space, serialized
            (`automl.space.callbacks`); "" for none.
    """

    spaces: Mapping[str, SpaceHandle]
    arrays: Path
    run: Path
    objective: Objective
    views: tuple[str, ...] = (HOLDOUT,)
    metrics: str = ""
    callbacks: str = ""

    @property
    def scored_by(self) -> Objective:
        """The objective as it is computed; called in a worker."""
        return (
            replace(self.objective, own=unpacked(self.metrics)) if self.metrics else self.objective
        )

    def callbacks_of(self, spec: TrialSpec) -> str:
        """The callbacks of a trial, serialized; a baseline has none."""
        return self.callbacks if spec.space == SEARCHED else ""


@dataclass(frozen=True)
class EpochFinished:
    """A running trial has finished an epoch.

    Attributes:
        trial: Its number, or a baseline's name.
        report: The epoch.
        waits: Whether it waits for an answer, if it is one that does.
    """

    trial: int | str
    report: EpochReport
    waits: bool = True


@dataclass(frozen=True)
class ExecutionFinished:
    """A running trial has finished an execution that is not its last, and waits for an answer."""

    trial: int | str
    report: ExecutionReport


@dataclass(frozen=True)
class EpochRunning:
    """A running trial is inside an epoch that takes seconds, so many that one wants to know.

    Attributes:
        trial: The trial.
        epoch: The epoch, counted from 1.
        done: Share of its steps that are done.
    """

    trial: int | str
    epoch: int
    done: float


@dataclass(frozen=True)
class TrialEnded:
    """A trial is over: completed, pruned, or failed (with its cause)."""

    trial: int | str
    result: TrialResult


Event = EpochFinished | EpochRunning | ExecutionFinished | TrialEnded


class Engine(ABC):
    """Runs trials somewhere. A context manager: leaving it ends whatever still runs."""

    @property
    @abstractmethod
    def slots(self) -> int:
        """How many trials run at once."""

    @abstractmethod
    def open(self, job: Job) -> None:
        """Makes ready for the trials of a job; may return before the first worker is up."""

    @abstractmethod
    def submit(self, spec: TrialSpec) -> None:
        """Takes a trial; it starts as soon as a slot is free."""

    @abstractmethod
    def events(self, timeout: float) -> list[Event]:
        """What has happened since the last call, waiting at most ``timeout`` seconds for it.

        Of one trial, epochs come in order and the end comes last. Of an epoch that takes seconds,
        `EpochRunning` comes every few of them. A worker that dies, hangs or
        runs out of memory shows as the end of its trial, with that cause.
        """

    @abstractmethod
    def answer(self, trial: int | str, answer: Answer, thresholds: Sequence[float] = ()) -> None:
        """Answers a trial that waits after an epoch or an execution: go on, stop, or pause.

        A trial that does not wait may be told to stop or to pause, too, and does so after a later
        epoch. A paused trial ends with where its checkpoint lies; a spec may start there, in any
        worker.

        Args:
            trial: Its number, or a baseline's name.
            answer: How it goes on.
            thresholds: As `TrialSpec.thresholds`, of the epochs that follow this one.
        """

    @abstractmethod
    def interrupt(self, trial: int | str, reason: str) -> None:
        """Asks a running trial to end soon, inside an epoch if need be, with what it has."""

    @abstractmethod
    def close(self) -> None:
        """Ends every worker at once; a trial still running ends without a result."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

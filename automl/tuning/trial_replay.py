"""A trial trained again from its record, beside its run: the proof that the record is enough."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.common.carrying import carried
from automl.common.shell import shown_path
from automl.engines.boosting_beside import BoostingBeside
from automl.engines.contract import (
    SEARCHED,
    Engine,
    EpochFinished,
    Event,
    ExecutionFinished,
    Job,
    SpaceHandle,
    TrialEnded,
)
from automl.engines.devices import find_devices
from automl.engines.local import LocalEngine
from automl.engines.processes import Processes
from automl.engines.space_tracing import with_hyperparameters_traced
from automl.engines.warm_processes import warm_processes
from automl.errors import RequestError, RunError
from automl.results.read_record import read_record
from automl.results.record import RunRecord, TrialRecord
from automl.results.retrained import Retrained, changes_since
from automl.results.run_directory import RunDirectory
from automl.results.scorings import is_scoring
from automl.space.origin import Origin
from automl.space.registry import find_space
from automl.trial import BOOSTING, Answer, TrialResult, TrialSpec, TrialState
from automl.tuning.baselines import LINEAR, constant_name, constant_over
from automl.tuning.consent import consented_request, consented_space, found_again
from automl.tuning.given import NOTHING_GIVEN, Given, check_objects
from automl.tuning.manifest import (
    current_versions,
    recorded_objective,
    recorded_request,
    this_machine,
)
from automl.tuning.observer import Observer
from automl.tuning.rows_beside import rows_beside
from automl.tuning.search import as_space, settled_again
from automl.tuning.search_request import SearchRequest
from automl.tuning.transfer import recorded_origin, with_known_origin

if TYPE_CHECKING:
    from automl.data.arrays import Arrays
    from automl.data.metrics import Objective

#: Seconds to wait for news of the trial before it is looked whether its worker lives.
TICK = 1.0


def replay_trial(
    directory: str | Path,
    trial: int | str | None,
    *,
    space: Any = None,
    source: Any = None,
    objects: Given = NOTHING_GIVEN,
    storage: str | None = None,
    from_model: str | None = None,
    say: Callable[[str], None] | None = None,
) -> Retrained:
    """Trains a trial again from its record, in a temporary place; nothing of the run is changed.

    Args:
        directory: The run's directory.
        trial: The trial's number, the baseline's name, or that of one training of a finalist
            (`automl.results.scorings.scoring_name`); None for the best trial.
        space: The search space, a reference or an object, where it was not named for the run on
            this machine and is not installed.
        source: The run's data, where they were given in memory and their prepared form is gone.
        objects: The run's callbacks and metrics once more, where it was started with some.
        storage: The database of the run's study, where it is in one.
        from_model: What the layers of its models come from, where they take some over and it was
            not named for the run on this machine.
        say: Told in a sentence what is trained, once it is known that it can be.

    Returns:
        What is recorded and what it came to now.

    Raises:
        RequestError: There is no such trial, it cannot be trained again as it was, or its space
            or database must be named.
        RunError: The run cannot be read, or its space or data have changed.
    """
    run = RunDirectory.open(directory)
    manifest = run.read_manifest()
    request = recorded_request(run, manifest)
    asking = ("replay", "TRIAL" if trial is None else str(trial))
    request = consented_request(run, manifest, request, storage, request.address, asking)
    record = read_record(run, storage=request.storage)
    found = record.best() if trial is None else _find(record, trial)
    if found is None:
        raise RunError(f"No trial of {run.path} has completed, so there is no best one to replay.")
    recorded = _replayable(found, request)
    is_baseline = isinstance(found.trial, str) and not is_scoring(found.trial)
    wanted = None if is_baseline else consented_space(run, manifest, space, asking)
    origin = None if is_baseline else recorded_origin(manifest, run, from_model, asking)
    if source is not None:
        request = replace(request, data=request.data.with_data(source))
    if say is not None:
        say(f"training {found.trial} of {shown_path(directory)} again, in a temporary place")
    with (
        tempfile.TemporaryDirectory(prefix="automl-replay-") as folder,
        closing(warm_processes()) as processes,
        rows_beside(run, manifest, source, found.trial) as rows,
    ):
        again = _Again(run, manifest, request, objects, processes, Path(folder), rows, origin)
        replayed = again.trained(found, recorded, wanted)
    versions, machine = current_versions(), this_machine()
    changes = changes_since(manifest, versions, machine, recorded, replayed)
    return Retrained(
        found.trial, record.objective, recorded, replayed, changes, found.searched is not None
    )


def _find(record: RunRecord, trial: int | str) -> TrialRecord:
    """A trial, a baseline, or one training of a finalist.

    Raises:
        RequestError: The run has none of this name.
    """
    for finalist in record.trials:
        for one in finalist.scorings:
            if one.name == trial:
                state = one.result.state
                return TrialRecord(
                    one.name, state, finalist.config, one.seed, one.result, scorings=(one,)
                )
    return record.find(trial)


def _replayable(found: TrialRecord, request: SearchRequest) -> TrialResult:
    """What a trial has come to, where it can be trained again as it was.

    Raises:
        RequestError: It cannot.
    """
    recorded, name = found.trained, f"Trial {found.trial}"
    if found.members:
        names = ", ".join(member.name for member in found.members)
        raise RequestError(
            f"The {found.trial} is made of models that are trained already ({names}); replay one "
            "of these."
        )
    if found.refit_of is not None:
        raise RequestError(
            f"The refit has no score that could be compared; replay trial {found.refit_of}, whose "
            "configuration it has."
        )
    if recorded is None:
        raise RequestError(f"{name} has not ended ({found.state}), so there is nothing to compare.")
    if recorded.is_cut:
        raise RequestError(
            f"{name} cannot be replayed exactly, for a limit of time has ended it "
            f"({recorded.reason}): how far it came depended on the machine's speed."
        )
    if recorded.state not in (TrialState.COMPLETED, TrialState.PRUNED) or recorded.score is None:
        why = recorded.reason or recorded.state.value
        raise RequestError(f"{name} has no score to compare with ({why}).")
    within_fold = recorded.folds and request.executions_per_trial > 1
    if recorded.state is TrialState.PRUNED and within_fold:
        raise RequestError(
            f"{name} cannot be replayed, for it was pruned between two executions of a fold, and "
            "its record does not say which."
        )
    return recorded


@dataclass(frozen=True)
class _Again:
    """One training of a recorded trial.

    Attributes:
        run: The run that it is of.
        manifest: The content of ``run.json``.
        request: What was asked, with the data.
        objects: The objects whose names are in ``request``.
        processes: Where workers come from.
        folder: The temporary place of everything that is written.
        rows: The folder of the trial's prepared rows.
        origin: What the layers of the space's models come from, or None.
    """

    run: RunDirectory
    manifest: Mapping[str, Any]
    request: SearchRequest
    objects: Given
    processes: Processes
    folder: Path
    rows: Path
    origin: Origin | None

    def trained(self, found: TrialRecord, recorded: TrialResult, wanted: Any) -> TrialResult:
        """Trains it.

        Args:
            found: The trial.
            recorded: What it has come to.
            wanted: What leads to its search space; None for a baseline.
        """
        from automl.data.arrays import open_arrays
        from automl.data.stored import open_view

        arrays = open_arrays(self.rows)
        if wanted is None:
            own = self.objects.metrics
            objective = recorded_objective(self.run, self.manifest, arrays.task, own)
            if found.trial == constant_name(arrays.task):
                others = (open_view(self.rows, view) for view in self.request.data.views[1:])
                return constant_over([arrays, *others], objective)
            spaces, inputs = {LINEAR: SpaceHandle(LINEAR)}, find_space(LINEAR).inputs
        else:
            spaces, inputs, objective = self._searched(wanted, arrays)
        views = () if self.request.data.is_reshuffled else self.request.data.views
        scoring = found.scorings[0] if is_scoring(str(found.trial)) else None
        job = Job(
            spaces=spaces,
            arrays=self.rows,
            run=self.folder,
            objective=objective,
            metrics=carried(objective.own) if objective.own else "",
            callbacks=self.objects.callbacks,
            **({"views": views} if views else {}),
        )
        is_trial = isinstance(found.trial, int)
        spec = TrialSpec(
            trial=found.trial,
            config=found.config,
            seed=found.seed or 0,
            budget=self.request.trial_budget.planned(recorded.planned_epochs),
            space=str(found.trial) if wanted is None else SEARCHED,
            wait_for_answer=recorded.state is TrialState.PRUNED,
            executions=self.request.executions_per_trial if is_trial else 1,
            views=job.views if scoring is None else (scoring.view,),
            cross_fitted=scoring is not None and scoring.cross_fitted,
        )
        with self._engine(inputs, found.trial == BOOSTING) as engine:
            engine.open(job)
            return _conducted(engine, spec, recorded)

    def _searched(
        self, wanted: Any, arrays: Arrays
    ) -> tuple[dict[str, SpaceHandle], str, Objective]:
        """The space of the search for its workers, what its models take, and the objective."""
        found = found_again(self.run, wanted, lambda known: as_space(known, self.processes))
        traced = with_hyperparameters_traced(found, self.processes)
        space = with_known_origin(traced, self.origin)
        setup = settled_again(
            self.run, self.manifest, self.request, space, self.objects, Observer(), arrays
        )
        check_objects(self.objects, self.processes)
        return {SEARCHED: SpaceHandle.of(setup.space)}, setup.space.inputs, setup.objective

    def _engine(self, inputs: str, boosts: bool) -> Engine:
        """One worker, of the kind that the trials of a search have."""
        limit = self.request.memory_per_worker
        devices = find_devices(self.request.device, 1, inputs, self.processes)
        engine = LocalEngine(1, self.processes, memory_limit=limit, gpus=devices.gpus)
        return BoostingBeside(engine, limit) if boosts else engine


def _conducted(engine: Engine, spec: TrialSpec, recorded: TrialResult) -> TrialResult:
    """Drives a trial to its end, which of one that was pruned is where it was."""
    engine.submit(spec)
    while True:
        for event in engine.events(TICK):
            if isinstance(event, TrialEnded):
                return event.result
            _answer(engine, event, recorded)


def _answer(engine: Engine, event: Event, recorded: TrialResult) -> None:
    is_pruned = recorded.state is TrialState.PRUNED
    finished = len(recorded.folds) or len(recorded.executions)
    if isinstance(event, EpochFinished) and is_pruned and event.waits:
        is_last = not finished and event.report.epoch >= recorded.epochs
        engine.answer(event.trial, Answer.STOP if is_last else Answer.GO_ON)
    elif isinstance(event, ExecutionFinished):
        is_last = is_pruned and event.report.number >= finished
        engine.answer(event.trial, Answer.STOP if is_last else Answer.GO_ON)

"""A whole search: from a request to a run directory with a leaderboard and an exported model."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.common.machine import usable_cores
from automl.data.request import AUTO, STANDARDIZE
from automl.engines.contract import Engine, Job, SpaceHandle
from automl.engines.defaults import Probe, check_defaults
from automl.engines.describe import described, locate_space
from automl.engines.devices import Devices, find_devices, wants_gpu
from automl.engines.processes import Processes, warm_processes
from automl.results.database import telling_of_the_database
from automl.results.files import telling_of_the_disk
from automl.results.run_directory import RunDirectory
from automl.space.batch_size import NAME as BATCH_SIZE
from automl.space.fit_options import FitOptions, check_fit
from automl.space.keras_tuner import INPUTS, fitted_with, is_untraced, remarks, space_of
from automl.space.override import narrowing_notes
from automl.space.registry import find_space
from automl.trial import TrialSpec
from automl.tuning.baselines import (
    LINEAR,
    constant_baseline,
    constant_name,
)
from automl.tuning.budget import Clock, SearchBudget
from automl.tuning.consent import (
    consented_request,
    consented_space,
    found_again,
    remember_named,
)
from automl.tuning.disk import DiskBudget
from automl.tuning.driver import Driver, DriverSettings, Outcome, StopReason
from automl.tuning.finish import finish
from automl.tuning.interruption import Interruption
from automl.tuning.known_runs import known_run
from automl.tuning.leaderboard_file import LeaderboardWriter
from automl.tuning.leftovers import remove_leftovers
from automl.tuning.manifest import (
    as_asked,
    check_space,
    make_manifest,
    membership,
    narrowed_space,
    record_code,
    record_request,
    recorded_objective,
    recorded_request,
)
from automl.tuning.new_run import create_run, free_directory, locked_with_rows
from automl.tuning.observer import Observer, Observers
from automl.tuning.pruners import make_pruner
from automl.tuning.request import SearchRequest
from automl.tuning.rows import restore_rows
from automl.tuning.samplers import make_sampler
from automl.tuning.sharing import SharedRunStudy, check_joining
from automl.tuning.study import RunStudy, check_storage, derive_seed, open_study

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

    from automl.data.arrays import Arrays
    from automl.data.metrics import Objective
    from automl.data.plan import InputSignature
    from automl.data.task import Task
    from automl.space import SearchSpace


@dataclass(frozen=True)
class SearchEnd:
    """How a search ended.

    Attributes:
        run: Its directory.
        outcome: Why it ended.
        best: Number of the best trial, which is exported to ``best/``; None where no trial
            completed.
        storage: The database of its study, which this search was allowed to open, or None.
        not_exported: Why it is not exported, as a sentence, or "".
    """

    run: RunDirectory
    outcome: Outcome
    best: int | None
    storage: str | None = None
    not_exported: str = ""


def start_search(
    request: SearchRequest,
    directory: str | Path | None = None,
    observer: Observer | None = None,
    space: Any = None,
    processes: Processes | None = None,
    callbacks: str = "",
) -> SearchEnd:
    """Runs a new search.

    Args:
        request: What is asked.
        directory: The run's directory, which must not exist; None for a new one below
            ``results/``, named for the data.
        observer: Who watches.
        space: The search space where it was given as an object (a `SearchSpace`, or a builder in
            KerasTuner's form); None to find ``request.space``.
        processes: Where workers come from, handed in where they were started early and closed by
            who did; None to start them here.
        callbacks: The callbacks whose names are in ``request``, serialized (`carried_callbacks`).

    Returns:
        The run and how it ended.

    Raises:
        RequestError: Something asked for cannot be done; nothing was written.
        RunError: The search could not go on; what it has recorded is kept.
    """
    from automl.data.prepare import prepare
    from automl.tuning.objective import (
        asked_objective,
        check_objective,
        check_own_metric,
        one_loss,
    )

    started = time.monotonic()
    observer = observer or Observer()
    target = None if directory is None else free_directory(Path(directory))
    with ExitStack() as stack:
        if processes is None:
            processes = stack.enter_context(closing(warm_processes()))
        space = _as_space(request.space if space is None else space, processes)
        if not is_untraced(space):
            as_asked(space, request)  # a wrong setting is told before the data are read
        _check_names(request, space)
        if space.inputs == "array":  # its author has counted on every column
            request = replace(request, data=replace(request.data, keep_constant=True))
        wanted = _Wanted(request, space, processes)
        data = prepare(request.data, wanted)
        space, request = described(wanted.space, processes), wanted.settled()
        _check_names(request, space)
        objective = asked_objective(request, space, data.task)
        asked = as_asked(space, request)
        loss_note = one_loss(asked, request, data.task)[1]
        changed = {**request.settings, BATCH_SIZE: request.batch_size}
        told = (
            *data.notes,
            *remarks(space),
            *narrowing_notes(space.hyperparameters, changed),
            *check_objective(objective, data),
            loss_note,
        )
        for note in filter(None, told):
            observer.said(note)
        space = _fitted(narrowed_space(space, request, data), request, callbacks, observer)
        manifest = make_manifest(request, space, data, objective)
        if request.storage is not None:
            check_storage(request.storage)
            check_joining(request.storage, manifest["study"], manifest["terms"])
        probe = wanted.probe or check_defaults(space, data.task, data.plan.signature, processes)
        check_own_metric(objective, space, probe.metrics)
        for note in filter(None, (wanted.note, *probe.notes)):
            observer.said(note)
        devices = _devices(request, space, processes)
        run = create_run(target, request.data.name, manifest)
        _remember(run, request, space, observer, begun=True)
        stack.push(locked_with_rows(run, data))
        del data
        session = _Session(run, request, space, objective, processes, devices, observer, begun=True)
        return session.search(started)


def resume_search(
    directory: str | Path,
    observer: Observer | None = None,
    budget: SearchBudget | None = None,
    workers: int | None = None,
    space: Any = None,
    source: Any = None,
    storage: str | None = None,
    address: str | None = None,
    callbacks: str = "",
    **changes: Any,
) -> SearchEnd:
    """Goes on with a run that was interrupted, or that is to have more trials.

    Args:
        directory: The run's directory.
        observer: Who watches.
        budget: New limits of the whole run, or None for those it was started with.
        workers: Trials at once, or None as before.
        space: The run's search space (a reference or an object), where it is neither installed
            nor was named for the run on this machine.
        source: The run's data, where they were given in memory and their prepared form is gone.
        storage: The database of the run's study, where that was not named for it on this machine.
        address: The run's Ray cluster, likewise, or another one.
        callbacks: The run's callbacks once more, serialized.
        **changes: Further fields of `SearchRequest` that are not as before.

    Returns:
        The run and how it ended.

    Raises:
        RequestError: There is no such run, or it cannot be resumed as asked.
        RunError: The run cannot be read, its space or data have changed, or the search could
            not go on.
    """
    started = time.monotonic()
    observer = observer or Observer()
    run = RunDirectory.open(directory)
    manifest = run.read_manifest()
    request = recorded_request(run, manifest)
    if budget is not None:
        request = replace(request, budget=budget)
    if workers is not None:
        request = replace(request, workers=workers)
    request = replace(request, **changes)
    request = consented_request(run, manifest, request, storage, address)
    wanted = consented_space(run, manifest, space)  # before any process is started
    from automl.data.arrays import open_arrays

    with ExitStack() as stack:
        processes = stack.enter_context(closing(warm_processes()))
        found = found_again(run, wanted, lambda known: _as_space(known, processes))
        space = described(found, processes)
        _check_names(request, space)
        stack.enter_context(run.lock())
        remove_leftovers(run)
        begun = known_run(run).begun
        _remember(run, request, space, observer, begun=begun)
        restore_rows(run, request, manifest, source)
        arrays = open_arrays(run.arrays)
        space = narrowed_space(space, request, arrays)
        space = _fitted(space, request, callbacks, observer)
        check_space(run, request, manifest, space)
        objective = recorded_objective(run, manifest, arrays.task)
        del arrays
        devices = _devices(request, space, processes)
        session = _Session(
            run, request, space, objective, processes, devices, observer, begun=begun
        )
        return session.search(started)


class _Session:
    """One session of a search: everything that is open while trials run.

    The run is locked by this process for as long.
    """

    def __init__(
        self,
        run: RunDirectory,
        request: SearchRequest,
        space: SearchSpace,
        objective: Objective,
        processes: Processes,
        devices: Devices,
        observer: Observer,
        *,
        begun: bool,
    ) -> None:
        self._run = run
        self._begun = begun
        self._request = request
        self._space = space
        self._objective = objective
        self._processes = processes
        self._leaderboard = LeaderboardWriter(run)
        self._observer = Observers(observer, self._leaderboard)
        self._devices = devices
        self._workers = devices.workers

    def search(self, started: float) -> SearchEnd:
        """Drives the search to its end and finishes what it leaves."""
        with ExitStack() as stack:
            stack.enter_context(telling_of_the_disk(self._run.path))
            if self._request.storage is not None:
                stack.enter_context(telling_of_the_database(self._request.storage))
            return self._search(started)

    def _search(self, started: float) -> SearchEnd:
        from automl.data.arrays import open_arrays

        record_request(self._run, self._request)
        record_code(self._run, self._space)
        self._observer.run_opened(self._run.path)
        if self._devices.note:
            self._observer.said(self._devices.note)
        arrays = open_arrays(self._run.arrays)
        study = self._open_study()
        self._leaderboard.study = study.study
        clock = Clock(
            self._request.budget,
            study.elapsed(),
            started,
            import_seconds=lambda: self._processes.import_seconds,
        )
        baselines = self._baselines(study, arrays)
        disk = DiskBudget(self._run, self._request.max_disk, self._workers)
        # Until the export is done: a first Ctrl-C never breaks off what is cheap to end.
        with Interruption(self._request.grace) as interruption:
            with self._engine() as engine:
                driver = Driver(
                    study,
                    engine,
                    self._settings(),
                    clock,
                    self._observer,
                    disk.forget_model,
                    baselines,
                    interruption,
                    disk,
                )
                outcome = driver.run()
            finished = finish(
                self._run,
                study,
                arrays,
                self._processes,
                self._observer,
                # Where there was no time for a trial, resuming has only what was left to finish.
                clock if driver.has_trained else None,
                interruption,
                trust=self._begun,
            )
        del arrays  # they are mapped from files, which Windows does not remove while they are
        if outcome.stopped_by in (StopReason.TRIALS, StopReason.EXHAUSTED) and (
            self._request.data.can_be_read_again
        ):
            self._run.root.remove_tree(self._run.arrays)
        return SearchEnd(
            self._run, outcome, finished.best, self._request.storage, finished.not_exported
        )

    def _open_study(self) -> RunStudy:
        def sampler_of(space: SearchSpace) -> BaseSampler:
            return make_sampler(
                self._request.sampler,
                seed=self._request.seed,
                space=space,
                workers=self._workers,
                direction=self._objective.direction,
            )

        manifest, seed = self._run.read_manifest(), self._request.seed
        study = open_study(self._run, manifest, sampler_of(self._space), self._observer.said)
        member = membership(self._run, manifest)
        if member is None:
            return RunStudy(study, self._space, seed, sampler_of)
        self._observer.said(f"study: {study.study_name}, in {member.url}")
        return SharedRunStudy(study, self._space, seed, member, sampler_of, self._observer.said)

    def _settings(self) -> DriverSettings:
        budget = self._request.trial_budget
        pruner = self._request.pruner
        return DriverSettings(
            budget=self._request.budget,
            trial_budget=budget,
            objective=self._objective,
            keep_models=self._request.keep_models,
            executions=self._request.executions_per_trial,
            pruner=None
            if pruner == "none"
            else make_pruner(
                pruner,
                direction=self._objective.direction,
                epochs=budget.epochs,
                patience=budget.patience,
                seed=self._request.seed,
            ),
        )

    def _baselines(self, study: RunStudy, arrays: Arrays) -> tuple[TrialSpec, ...]:
        """Scores the constant baseline, and specifies the linear one, where not yet recorded."""
        recorded = study.baselines()
        constant = constant_name(arrays.task)
        seed = derive_seed(self._request.seed, "baseline", 0)
        if constant not in recorded:
            result = constant_baseline(
                arrays.task, self._objective, arrays.train, arrays.validation
            )
            study.record_baseline(constant, {}, seed, result)
            self._observer.trial_ended(constant, result)
        if LINEAR in recorded or not study.claim(LINEAR):
            return ()
        config = find_space(LINEAR).defaults().to_json()
        return (TrialSpec(LINEAR, config, seed, self._request.trial_budget, space=LINEAR),)

    @contextmanager
    def _engine(self) -> Iterator[Engine]:
        job = Job(
            spaces={"search": SpaceHandle.of(self._space), LINEAR: SpaceHandle(LINEAR)},
            arrays=self._run.arrays,
            run=self._run.path,
            objective=self._objective,
        )
        with _make_engine(self._request, self._devices, self._processes) as engine:
            engine.open(job)
            yield engine


def _devices(request: SearchRequest, space: SearchSpace, processes: Processes) -> Devices:
    """What trials run on; a cluster that is joined has GPUs of its own, which Ray knows."""
    if request.address is None:
        return find_devices(request.device, request.workers, space.inputs, processes)
    return Devices(request.workers or usable_cores(), int(wants_gpu(request.device, space.inputs)))


class _Wanted:
    """Finds out how the models of a space want their numbers, once the task is known.

    Attributes:
        space: The space; once it was asked, with its hyperparameters.
        probe: What building its defaults has shown, or None where nothing was built.
    """

    def __init__(self, request: SearchRequest, space: SearchSpace, processes: Processes) -> None:
        self.space = space
        self.probe: Probe | None = None
        self._request, self._processes = request, processes

    def __call__(self, task: Task, signature: InputSignature) -> str:
        """``"raw"`` or ``"standardize"``; see `automl.data.prepare.prepare`."""
        if self.space.inputs == "table":  # its builder is given the columns, and wires them
            return STANDARDIZE
        self.space = described(self.space, self._processes)
        fit = FitOptions(self._request.loss, self._request.optimizer)
        asked = fitted_with(as_asked(self.space, self._request), fit)
        self.probe = check_defaults(asked, task, signature, self._processes)
        return self.probe.input or STANDARDIZE

    @property
    def note(self) -> str:
        """What a person should be told of the numbers, or ""."""
        return self.probe.input_note if self.probe is not None else ""

    def settled(self) -> SearchRequest:
        """The request, with what it had left open."""
        data = self._request.data
        if data.input != AUTO:
            return self._request
        found = self.probe.input if self.probe is not None else ""
        return replace(self._request, data=replace(data, input=found or STANDARDIZE))


def _make_engine(request: SearchRequest, devices: Devices, processes: Processes) -> Engine:
    workers, gpus = devices.workers, devices.gpus
    if request.engine == "ray":
        from automl.engines.ray import RayEngine

        return RayEngine(workers, address=request.address, on_gpu=gpus > 0)
    from automl.engines.local import LocalEngine

    return LocalEngine(workers, processes, memory_limit=request.memory_per_worker, gpus=gpus)


def _fitted(
    space: SearchSpace, request: SearchRequest, callbacks: str, observer: Observer
) -> SearchSpace:
    """The space with what was asked for of how its models are fitted; says what that means."""
    asked = {name: getattr(request, name) for name in ("loss", "optimizer", "callbacks")}
    for note in check_fit(space.name, space.inputs == INPUTS, asked, bool(callbacks)):
        observer.said(note)
    given = [str(form["name"]) for form in request.hyperparameters]
    options = FitOptions(
        request.loss,
        request.optimizer,
        callbacks,
        settled=(*given, *request.settings, BATCH_SIZE),
        only_known=not request.tune_new_entries,
    )
    return fitted_with(space, options)


def _as_space(given: Any, processes: Processes) -> SearchSpace:
    """The space of a reference, of a space, or of a builder in KerasTuner's form."""
    if isinstance(given, str):
        return locate_space(given, processes)
    return space_of(given)


def _remember(
    run: RunDirectory,
    request: SearchRequest,
    space: SearchSpace,
    observer: Observer,
    *,
    begun: bool,
) -> None:
    """Notes on this machine what was named for a run, so that resuming it does not ask."""
    note = remember_named(run, request, space, begun)
    if note:
        observer.said(note)


def _check_names(request: SearchRequest, space: SearchSpace) -> None:
    """Finds a wrong sampler or pruner before anything is read or written."""
    make_sampler(request.sampler, seed=0, space=space, workers=1, direction="minimize")
    make_pruner(
        request.pruner, direction="minimize", epochs=request.trial_budget.epochs, patience=1
    )

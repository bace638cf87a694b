"""A whole search: from a request to a run directory with a leaderboard and an exported model."""

from __future__ import annotations

import sys
import time
from collections.abc import Collection, Mapping
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from automl.engines.defaults import check_defaults
from automl.engines.devices import Devices, find_devices, joined_devices
from automl.engines.processes import Processes
from automl.engines.space_tracing import locate_space, with_hyperparameters_traced
from automl.engines.warm_processes import warm_processes
from automl.results.run_directory import RunDirectory
from automl.space.batch_size import NAME as BATCH_SIZE
from automl.space.fit_options import FitOptions, check_fit
from automl.space.keras_tuner import INPUTS, fitted_with, is_untraced, remarks, space_of
from automl.space.override import narrowing_notes
from automl.tuning.consent import consented_request, consented_space, found_again, remember_named
from automl.tuning.former_names import with_current_pruner, with_current_sampler
from automl.tuning.given import NOTHING_GIVEN, Given, asked_pruner, asked_sampler, replay_note
from automl.tuning.input_detection import InputDetection
from automl.tuning.known_runs import known_run
from automl.tuning.leftovers import remove_leftovers
from automl.tuning.manifest import (
    as_asked,
    check_same_space,
    make_manifest,
    narrowed_space,
    recorded_objective,
    recorded_request,
)
from automl.tuning.new_run import create_run, free_directory, locked_with_rows
from automl.tuning.observer import Observer
from automl.tuning.protocol import with_protocol
from automl.tuning.search_request import SearchRequest
from automl.tuning.session import SearchEnd, Session
from automl.tuning.sharing import check_joining
from automl.tuning.stored_rows import restore_rows
from automl.tuning.study_opening import check_storage

if TYPE_CHECKING:
    from automl.space import SearchSpace


def start_search(
    request: SearchRequest,
    directory: str | Path | None = None,
    observer: Observer | None = None,
    space: Any = None,
    processes: Processes | None = None,
    objects: Given = NOTHING_GIVEN,
    left_open: Collection[str] = (),
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
        objects: The callbacks, the sampler and the pruner whose names are in ``request``.
        left_open: Names of options that were not given, which the space's protocol may settle.

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
    request, renamed = with_current_sampler(request)
    with ExitStack() as stack:
        if processes is None:
            processes = stack.enter_context(closing(warm_processes()))
        space = _as_space(request.space if space is None else space, processes)
        request, protocol_note = with_protocol(request, space.protocol, left_open)
        if not is_untraced(space):
            as_asked(space, request)  # a wrong setting is told before the data are read
        _check_names(request, space, objects, folds=2)  # there may be more than are known yet
        if space.inputs == "array":  # its author has counted on every column
            request = replace(request, data=replace(request.data, keep_constant=True))
        wanted = InputDetection(request, space, processes)
        data = prepare(request.data, wanted)
        space, request = with_hyperparameters_traced(wanted.space, processes), wanted.settled()
        request = replace(request, data=replace(request.data, cv=data.cv))
        _check_names(request, space, objects, len(request.data.views))
        objective = asked_objective(request, space, data.task)
        loss_note = one_loss(as_asked(space, request), request, data.task)[1]
        changed = {**request.settings, BATCH_SIZE: request.batch_size}
        _say(
            observer,
            renamed,
            protocol_note,
            *data.notes,
            *remarks(space),
            *narrowing_notes(space.hyperparameters, changed),
            *check_objective(objective, data),
            loss_note,
        )
        space = _fitted(narrowed_space(space, request, data), request, objects.callbacks, observer)
        manifest = make_manifest(request, space, data, objective)
        if request.storage is not None:
            check_storage(request.storage)
            check_joining(request.storage, manifest["study"], manifest["terms"])
        probe = wanted.probe or check_defaults(space, data.task, data.plan.signature, processes)
        unsure = check_own_metric(objective, space, probe.metrics)
        _say(observer, wanted.note, *probe.notes, unsure, replay_note(objects))
        devices = _devices(request, space, processes)
        run = create_run(target, request.data.name, manifest)
        _remember(run, request, space, observer, begun=True)
        stack.push(locked_with_rows(run, data))
        del data
        session = Session(
            run, request, space, objective, processes, devices, observer, objects, begun=True
        )
        return session.search(started)


def resume_search(
    directory: str | Path,
    observer: Observer | None = None,
    changes: Mapping[str, Any] = MappingProxyType({}),
    source: Any = None,
    objects: Given = NOTHING_GIVEN,
) -> SearchEnd:
    """Goes on with a run that was interrupted, or that is to have more trials.

    Args:
        directory: The run's directory.
        observer: Who watches.
        changes: The values of the options that are not as before. ``space`` (a reference or an
            object), ``storage`` and ``address`` are needed where they were not named for the run
            on this machine.
        source: The run's data, where they were given in memory and their prepared form is gone.
        objects: The run's callbacks, sampler and pruner once more, where they were objects.

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
    named = {name: changes.get(name) for name in ("space", "storage", "address")}
    request = recorded_request(run, manifest).changed(
        {name: value for name, value in changes.items() if name not in named}
    )
    for current in (with_current_sampler, with_current_pruner):
        request, renamed = current(request)
        _say(observer, renamed)
    request = consented_request(run, manifest, request, named["storage"], named["address"])
    wanted = consented_space(run, manifest, named["space"])  # before any process is started
    from automl.data.arrays import open_arrays

    with ExitStack() as stack:
        processes = stack.enter_context(closing(warm_processes()))
        found = found_again(run, wanted, lambda known: _as_space(known, processes))
        space = with_hyperparameters_traced(found, processes)
        _check_names(request, space, objects, len(request.data.views))
        stack.enter_context(run.lock())
        remove_leftovers(run)
        begun = known_run(run).begun
        _remember(run, request, space, observer, begun=begun)
        restore_rows(run, request, manifest, source)
        arrays = open_arrays(run.arrays)
        space = narrowed_space(space, request, arrays)
        space = _fitted(space, request, objects.callbacks, observer)
        check_same_space(run, request, manifest, space)
        objective = recorded_objective(run, manifest, arrays.task)
        del arrays
        devices = _devices(request, space, processes)
        session = Session(
            run, request, space, objective, processes, devices, observer, objects, begun=begun
        )
        return session.search(started)


def _say(observer: Observer, *notes: str) -> None:
    """Says the notes that are not empty."""
    for note in filter(None, notes):
        observer.said(note)


def _devices(request: SearchRequest, space: SearchSpace, processes: Processes) -> Devices:
    """What trials run on: this machine's, or those of the cluster that is joined."""
    if request.engine == "ray" and (request.address is not None or "ray" in sys.modules):
        from automl.engines.ray_cluster import cluster_size, is_connected

        if request.address is not None or is_connected():
            size = partial(cluster_size, request.address)
            return joined_devices(request.device, request.workers, space.inputs, size)
    return find_devices(request.device, request.workers, space.inputs, processes)


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
    _say(observer, remember_named(run, request, space, begun))


def _check_names(request: SearchRequest, space: SearchSpace, objects: Given, folds: int) -> None:
    """Finds a wrong sampler or pruner before anything is read or written."""
    asked_sampler(request.sampler, objects, seed=0, space=space, workers=1, direction="minimize")
    epochs = request.trial_budget.epochs
    asked_pruner(
        request.pruner, objects, direction="minimize", epochs=epochs, patience=1, folds=folds
    )

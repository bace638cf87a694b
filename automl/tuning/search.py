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

from automl.data.task import are_characters
from automl.engines.defaults import check_defaults
from automl.engines.devices import Devices, find_devices, joined_devices
from automl.engines.processes import Processes
from automl.engines.space_tracing import locate_space, with_hyperparameters_traced
from automl.engines.warm_processes import warm_processes
from automl.results.run_directory import RunDirectory
from automl.space.batch_size import NAME as BATCH_SIZE
from automl.space.callbacks import check_callbacks
from automl.space.data_rules import check_inputs_suit, mirroring_note
from automl.space.fit_options import FitOptions, check_fit
from automl.space.keras_tuner import fitted_with, is_untraced, remarks, space_of
from automl.space.origin import Origin
from automl.space.override import narrowing_notes
from automl.tuning.asked_views import asked_views, unmirrored_note
from automl.tuning.consent import consented_request, consented_space, found_again, remember_named
from automl.tuning.former_names import with_current_pruner, with_current_sampler
from automl.tuning.given import NOTHING_GIVEN, Given, check_objects, replay_note
from automl.tuning.input_detection import InputDetection
from automl.tuning.known_runs import known_run
from automl.tuning.leftovers import remove_leftovers
from automl.tuning.manifest import (
    as_asked,
    as_recorded,
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
from automl.tuning.setup import SearchSetup, check_sampler_and_pruner
from automl.tuning.sharing import check_joining
from automl.tuning.stored_rows import restore_rows
from automl.tuning.study_opening import check_storage
from automl.tuning.transfer import (
    check_rows_fit,
    recorded_origin,
    with_asked_origin,
    with_known_origin,
)
from automl.tuning.usual_computation import with_usual_computation
from automl.tuning.usual_folds import with_usual_folds
from automl.tuning.usual_sampler import with_usual_sampler
from automl.tuning.usual_space import with_usual_space
from automl.vocabulary.inputs import ARRAY, IMAGE

if TYPE_CHECKING:
    from automl.data.arrays import Arrays
    from automl.data.prepare import PreparedData
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
        directory: The run's directory, which must not exist; None for a new one in ``results/``.
        observer: Who watches.
        space: The search space, or builder, where it was given as an object; else None.
        processes: Where workers come from, closed by who gives them; None to start some here.
        objects: The objects whose names are in ``request``.
        left_open: Names of options that were not given, which the space's protocol
            or the number of rows may settle.

    Returns:
        The run and how it ended.

    Raises:
        RequestError: Something asked for cannot be done; nothing was written.
        RunError: The search could not go on; what it has recorded is kept.
    """
    from automl.data.prepare import prepare

    started = time.monotonic()
    observer = observer or Observer()
    target = None if directory is None else free_directory(Path(directory))
    with ExitStack() as stack:
        if processes is None:
            processes = stack.enter_context(closing(warm_processes()))
        request, space_note = with_usual_space(request, left_open)
        found = as_space(request.space if space is None else space, processes)
        request, found = with_asked_origin(request, found)
        request, renamed = with_current_sampler(request)
        request, protocol_note = with_protocol(request, found.protocol, left_open)
        request, folds_note = with_usual_folds(request, found, left_open)
        request, sampler_note = with_usual_sampler(request, found, left_open)
        wanted = InputDetection(_checked(request, found, objects), found, processes)
        check_objects(objects, processes)
        data = prepare(wanted.request.data, wanted)
        devices = _devices(wanted.request, wanted.space, processes)
        notes = (renamed, space_note, protocol_note, folds_note, sampler_note)
        setup = _settled(wanted, data, objects, devices, observer, *notes)
        manifest = _joinable_manifest(setup, data)
        _check_models(setup, wanted, data, observer)
        run = create_run(target, setup.request.data.name, manifest)
        _say(observer, remember_named(run, setup.request, setup.space, begun=True))
        stack.push(locked_with_rows(run, data))
        del data
        return Session(run, setup, processes, devices, observer, begun=True).search(started)


def _checked(request: SearchRequest, space: SearchSpace, objects: Given) -> SearchRequest:
    """The request, when what can be wrong of it is told before the data are read."""
    if not is_untraced(space):
        as_asked(space, request)
    check_sampler_and_pruner(request, space, objects, folds=2)  # more than are known yet
    if space.inputs == ARRAY:  # its author has counted on every column
        return replace(request, data=replace(request.data, keep_constant=True))
    if space.inputs == IMAGE:  # arrays could be rows of another kind too
        seconds = request.budget.seconds
        return replace(request, data=replace(request.data, kind=IMAGE, image_seconds=seconds))
    return request


def _settled(
    wanted: InputDetection,
    data: PreparedData,
    objects: Given,
    devices: Devices,
    observer: Observer,
    *notes: str,
) -> SearchSetup:
    """What is searched, settled by the data; says what a person should know, the notes first."""
    from automl.tuning.objective import asked_objective, check_objective, one_loss

    check_inputs_suit(wanted.space, data.plan.signature)
    space, request = with_hyperparameters_traced(wanted.space, wanted.processes), wanted.settled()
    request = replace(request, data=replace(request.data, cv=data.cv))
    check_rows_fit(space, data.plan, request)
    views = asked_views(request, data.task, data.plan.signature)
    check_sampler_and_pruner(request, space, objects, len(request.data.views))
    objective = asked_objective(request, space, data.task, objects.metrics)
    request, computation = with_usual_computation(request, space, data, devices, wanted.processes)
    changed = {**request.settings, BATCH_SIZE: request.batch_size}
    _say(
        observer,
        *notes,
        *computation,
        *data.notes,
        *remarks(space),
        *narrowing_notes(space.hyperparameters, changed),
        *check_objective(objective, data),
        _mirroring_note(as_asked(space, request), request, data),
        one_loss(as_asked(space, request), request, data.task)[1],
        unmirrored_note(request, views),
    )
    searched = _fitted(narrowed_space(space, request, data), request, objects, observer)
    return SearchSetup(request, searched, objective, objects, as_asked(space, request).hash())


def _mirroring_note(space: SearchSpace, request: SearchRequest, data: PreparedData) -> str:
    """What is to be said of mirrored images of digits and letters, or ""."""
    classes = data.task.classes if are_characters(data.task.classes) else ()
    return mirroring_note(space, classes, request.data.symmetric) if space.inputs == IMAGE else ""


def _joinable_manifest(setup: SearchSetup, data: PreparedData) -> dict[str, Any]:
    """The content of ``run.json``; where the study is in a database, it can be joined."""
    manifest = make_manifest(setup.request, setup.space, data, setup.objective, setup.asked_hash)
    storage = setup.request.storage
    if storage is not None:
        check_storage(storage)
        check_joining(storage, manifest["study"], manifest["terms"])
    return manifest


def _check_models(
    setup: SearchSetup, wanted: InputDetection, data: PreparedData, observer: Observer
) -> None:
    """Builds the space's defaults, unless that was done, and says what a person should know."""
    from automl.tuning.objective import check_own_metric

    probe = wanted.probe or check_defaults(
        setup.space, data.task, data.plan.signature, wanted.processes
    )
    unsure = check_own_metric(setup.objective, setup.space, probe.metrics)
    _say(observer, wanted.note, *probe.notes, unsure, replay_note(setup.objects))


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
            object), ``storage``, ``address`` and ``from_model`` are needed where they were not
            named for the run on this machine.
        source: The run's data, where they were given in memory and their prepared form is gone.
        objects: The run's objects once more, where it was started with some.

    Returns:
        The run and how it ended.

    Raises:
        RequestError: There is no such run, or it cannot be resumed as asked.
        RunError: The run cannot be read, its space or data have changed, or the search could
            not go on.
    """
    from automl.data.arrays import open_arrays

    started = time.monotonic()
    observer = observer or Observer()
    run = RunDirectory.open(directory)
    manifest = run.read_manifest()
    # Before a process is started.
    request, wanted, origin = _consented(run, manifest, changes, observer)
    with ExitStack() as stack:
        processes = stack.enter_context(closing(warm_processes()))
        found = found_again(run, wanted, lambda known: as_space(known, processes))
        space = with_hyperparameters_traced(found, processes)
        check_sampler_and_pruner(request, space, objects, len(request.data.views))
        stack.enter_context(run.lock())
        remove_leftovers(run)
        begun = known_run(run).begun
        space = with_known_origin(space, origin)
        _say(observer, remember_named(run, request, space, begun))
        if source is not None:
            request = replace(request, data=request.data.with_data(source))
        restore_rows(run, request, manifest, source)
        arrays = open_arrays(run.arrays)
        setup = settled_again(run, manifest, request, space, objects, observer, arrays)
        del arrays  # Windows removes no file that is mapped
        check_objects(objects, processes)
        devices = _devices(request, setup.space, processes)
        return Session(run, setup, processes, devices, observer, begun=begun).search(started)


def _consented(
    run: RunDirectory, manifest: Mapping[str, Any], changes: Mapping[str, Any], observer: Observer
) -> tuple[SearchRequest, Any, Origin | None]:
    """What was asked with what has changed, and what leads to the space, as far as allowed.

    The third is what its layers come from.
    """
    named = {name: changes.get(name) for name in ("space", "storage", "address", "from_model")}
    request = recorded_request(run, manifest).changed(
        {name: value for name, value in changes.items() if name not in named}
    )
    for current in (with_current_sampler, with_current_pruner):
        request, renamed = current(request)
        _say(observer, renamed)
    request = consented_request(run, manifest, request, named["storage"], named["address"])
    wanted = consented_space(run, manifest, named["space"])
    return request, wanted, recorded_origin(manifest, run, named["from_model"])


def settled_again(
    run: RunDirectory,
    manifest: Mapping[str, Any],
    request: SearchRequest,
    space: SearchSpace,
    objects: Given,
    observer: Observer,
    arrays: Arrays,
) -> SearchSetup:
    """What is searched, as when the run began.

    Args:
        run: The run.
        manifest: The content of ``run.json``.
        request: What was asked.
        space: The space as it was found, with what its layers come from.
        objects: The objects whose names are in ``request``.
        observer: Who watches.
        arrays: The prepared rows.

    Raises:
        RunError: The space or the objective is another one.
    """
    check_rows_fit(space, arrays.plan, request)
    asked_views(request, arrays.task, arrays.signature)
    searched = _fitted(narrowed_space(space, request, arrays), request, objects, observer)
    asked = as_asked(space, request)
    searched = as_recorded(run, request, manifest, searched, asked)
    objective = recorded_objective(run, manifest, arrays.task, objects.metrics)
    return SearchSetup(request, searched, objective, objects, asked.hash())


def _say(observer: Observer, *notes: str) -> None:
    """Says the notes that are not empty."""
    for note in filter(None, notes):
        observer.note(note)


def _devices(request: SearchRequest, space: SearchSpace, processes: Processes) -> Devices:
    """What trials run on: this machine's, or those of the cluster that is joined."""
    if request.engine == "ray" and (request.address is not None or "ray" in sys.modules):
        from automl.engines.ray_cluster import cluster_size, is_connected

        if request.address is not None or is_connected():
            size = partial(cluster_size, request.address)
            return joined_devices(request.device, request.workers, space.inputs, size)
    return find_devices(request.device, request.workers, space.inputs, processes)


def _fitted(
    space: SearchSpace, request: SearchRequest, objects: Given, observer: Observer
) -> SearchSpace:
    """The space with what was asked for of how its models are fitted; says what that means."""
    is_own = space.inputs == ARRAY
    check_fit(space.name, is_own, {name: getattr(request, name) for name in ("loss", "optimizer")})
    _say(observer, *check_callbacks(request.callbacks, bool(objects.callbacks), space.name, is_own))
    given = [str(form["name"]) for form in request.hyperparameters]
    options = FitOptions(
        request.loss,
        request.optimizer,
        settled=(*given, *request.settings, BATCH_SIZE),
        only_known=not request.tune_new_entries,
    )
    return fitted_with(space, options)


def as_space(given: Any, processes: Processes) -> SearchSpace:
    """The space of a reference, of a space, or of a builder in KerasTuner's form.

    Args:
        given: Any of these.
        processes: Where a space is loaded whose file imports TensorFlow.
    """
    if isinstance(given, str):
        return locate_space(given, processes)
    return space_of(given)

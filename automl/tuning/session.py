"""One session of a search: the study, the engine and the driver, from the rows to the export."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from automl.common.carrying import carried
from automl.common.files import disk_errors_explained
from automl.engines.boosting_beside import BoostingBeside
from automl.engines.contract import SEARCHED, Engine, Job, SpaceHandle
from automl.engines.devices import Devices
from automl.engines.local import LocalEngine
from automl.engines.processes import Processes
from automl.results.database import database_errors_explained
from automl.results.run_directory import RunDirectory
from automl.space.registry import find_space
from automl.trial import BOOSTING, REFIT, TrialResult, TrialSpec, TrialState
from automl.tuning.asked_views import asked_views
from automl.tuning.baselines import LINEAR, constant_name, constant_over
from automl.tuning.budget import Clock
from automl.tuning.disk import DiskBudget
from automl.tuning.driver import Driver
from automl.tuning.ending import Ending
from automl.tuning.ensembling import Ensembling
from automl.tuning.finalists import FinalistDriver
from automl.tuning.finish import Finished, finish
from automl.tuning.interruption import Interruption
from automl.tuning.leaderboard_file import LeaderboardWriter
from automl.tuning.manifest import membership, record_code, record_request
from automl.tuning.observer import Observer, Observers
from automl.tuning.outcome import BY_ITSELF, Outcome, StopReason, interrupted
from automl.tuning.progress_lines import failure
from automl.tuning.race_time import RaceTime, TimeLeft
from automl.tuning.racing import Race, affordable, choose_finalists, ranked_for_race
from automl.tuning.refitting import Refitting
from automl.tuning.reshuffling import Reshuffling
from automl.tuning.search_request import SearchRequest
from automl.tuning.setup import SearchSetup
from automl.tuning.sharing import SharedRunStudy
from automl.tuning.study import RunStudy, trial_seed
from automl.tuning.study_opening import open_study

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

    from automl.data.arrays import Arrays
    from automl.space import SearchSpace

#: The first trial of a run is the space's default configuration.
DEFAULT_TRIAL = 0


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
        last_failure: Where no trial completed, which one failed last and why; or "".
    """

    run: RunDirectory
    outcome: Outcome
    best: int | None
    storage: str | None = None
    not_exported: str = ""
    last_failure: str = ""


class Session:
    """One session of a search: everything that is open while trials run.

    The run is locked by this process for as long.
    """

    def __init__(
        self,
        run: RunDirectory,
        setup: SearchSetup,
        processes: Processes,
        devices: Devices,
        observer: Observer,
        *,
        begun: bool,
    ) -> None:
        self._run = run
        self._begun = begun
        self._setup = setup
        self._request = setup.request
        self._processes = processes
        self._leaderboard = LeaderboardWriter(run)
        self._reshuffling = (
            Reshuffling(run, setup.request.data) if setup.request.data.is_reshuffled else None
        )
        others = () if self._reshuffling is None else (self._reshuffling,)
        self._observer = Observers(observer, self._leaderboard, *others)
        self._devices = devices

    def search(self, started: float) -> SearchEnd:
        """Drives the search to its end and finishes what it leaves."""
        with ExitStack() as stack:
            stack.enter_context(disk_errors_explained(self._run.path))
            if self._request.storage is not None:
                stack.enter_context(database_errors_explained(self._request.storage))
            record_request(self._run, self._request)
            record_code(self._run, self._setup.space)
            self._observer.run_opened(self._run.path)
            if self._devices.note:
                self._observer.note(self._devices.note)
            study = self._open_study()
            self._leaderboard.study = study.study
            outcome, finished = self._driven(study, started)
            self._remove_arrays(outcome)
            return SearchEnd(
                self._run,
                outcome,
                finished.best,
                self._request.storage,
                finished.not_exported,
                last_failure(study.results()) if finished.best is None else "",
            )

    def _driven(self, study: RunStudy, started: float) -> tuple[Outcome, Finished]:
        """Drives the search, scores the test rows and exports the best model.

        The arrays are closed when it returns: Windows removes no file that is mapped.
        """
        from automl.data.arrays import open_arrays

        arrays = open_arrays(self._run.arrays)
        clock = self._clock(study, started)
        baselines = self._baselines(study, arrays)
        disk = DiskBudget(self._run, self._request.max_disk, self._devices.workers)
        # Until the export is done: a first Ctrl-C never breaks off what is cheap to end.
        with Interruption(self._request.grace) as interruption:
            with self._engine(beside=any(one.trial == BOOSTING for one in baselines)) as engine:
                driver = Driver(
                    study,
                    engine,
                    self._setup.driver_settings(),
                    clock,
                    self._observer,
                    disk.forget_model,
                    baselines,
                    interruption,
                    disk,
                    self._run.start_of,
                    None if self._reshuffling is None else self._reshuffling.views_of,
                )
                outcome = self._raced(study, engine, driver, driver.run(), clock, interruption)
            ending = Ending(
                self._run,
                study,
                arrays,
                self._processes,
                self._observer,
                # Where there was no time for a trial, resuming has only what was left to finish.
                clock if driver.has_trained else None,
                interruption,
                trust=self._begun,
                objective=self._setup.objective,
                arrays_of=None if self._reshuffling is None else self._reshuffling.arrays_of,
                ensembling=self._ensembling(arrays),
                tempering=not self._request.no_temperature,
                refitting=self._refitting(),
                test_time_views=asked_views(self._request, arrays.task, arrays.signature),
            )
            return outcome, finish(ending)

    def _raced(
        self,
        study: RunStudy,
        engine: Engine,
        driver: Driver,
        outcome: Outcome,
        clock: Clock,
        interruption: Interruption,
    ) -> Outcome:
        """Trains the best trials again, where the search has come to its end by itself."""
        request = self._request
        if outcome.stopped_by not in BY_ITSELF:
            return outcome
        direction, views = self._setup.objective.direction, request.data.views
        results, voided = study.results(), study.voided()
        valid = {
            number: end
            for number, end in results.items()
            if number not in voided and not end.is_over_limit
        }
        ranked = ranked_for_race(valid, direction)
        finalists = choose_finalists(ranked, len(valid), request.finalists, DEFAULT_TRIAL)
        left = TimeLeft(clock.left_for_finalists(), engine.slots)
        if finalists and request.storage is not None:
            self._observer.note("finalists are not trained again: several may share the study")
            finalists = ()
        if not finalists:
            study.record_finalists(())  # where there were some, they are wanted no longer
            return outcome
        entrants = affordable(finalists, valid, len(views), left, DEFAULT_TRIAL, study.scorings())
        race = Race(entrants.finalists, views, direction, study.scorings())
        if race.pending():
            self._observer.finishing(
                f"training {len(race.finalists)} finalists again with fresh seeds: trials "
                f"{', '.join(map(str, race.finalists))}"
            )
        FinalistDriver(
            study,
            engine,
            race,
            entrants.seconds,
            TrialSpec(DEFAULT_TRIAL, {}, request.seed, request.trial_budget, views=views),
            self._setup.objective.name,
            clock,
            self._observer,
            interruption,
            busy=driver.unfinished,
            start_of=self._run.start_of,
        ).run()
        return interrupted(interruption) if interruption.is_asked() else outcome

    def _ensembling(self, arrays: Arrays) -> Ensembling | None:
        """What makes ensembles of the run's models, where they are asked for."""
        request = self._request
        if request.no_ensemble or request.storage is not None:
            return None
        views = dict(zip(request.data.views, self._opened_views(arrays), strict=True))
        return Ensembling(self._run, views, self._setup.objective, request.seed)

    def _refitting(self) -> Refitting | None:
        """What trains the refit, where that is to be exported."""
        from automl.data.stored import open_views

        request = self._request
        if request.export != REFIT:
            return None
        views = open_views(self._run.arrays, request.data.views)
        limit, gpus = request.memory_per_worker, self._devices.gpus
        return Refitting(
            self._run,
            request.data,
            request.trial_budget,
            {name: len(view.train) for name, view in views.items()},
            self._job(),
            lambda: LocalEngine(1, self._processes, memory_limit=limit, gpus=gpus),
        )

    def _remove_arrays(self, outcome: Outcome) -> None:
        """Removes the prepared rows of a search that is done, where they can be had again."""
        is_done = outcome.stopped_by in (StopReason.TRIALS, StopReason.EXHAUSTED)
        if is_done and self._request.data.can_be_read_again:
            self._run.root.remove_tree(self._run.arrays)

    def _clock(self, study: RunStudy, started: float) -> Clock:
        request, views = self._request, len(self._request.data.views)
        has_finalists = request.finalists > 0 and request.storage is None
        return Clock(
            request.budget,
            study.elapsed(),
            started,
            import_seconds=lambda: self._processes.import_seconds,
            finalists=RaceTime(self._devices.workers, views) if has_finalists else None,
            refit_views=views if request.export == REFIT else 0,
            test_time_views=request.test_time_views,
        )

    def _open_study(self) -> RunStudy:
        def sampler_of(space: SearchSpace) -> BaseSampler:
            return self._setup.sampler(space, self._devices.workers)

        space, seed = self._setup.space, self._request.seed
        manifest = self._run.read_manifest()
        study = open_study(self._run, manifest, sampler_of(space), self._observer.note)
        member = membership(self._run, manifest)
        if member is None:
            return RunStudy(study, space, seed, sampler_of)
        self._observer.note(f"study: {study.study_name}, in {member.url}")
        return SharedRunStudy(study, space, seed, member, sampler_of, self._observer.note)

    def _baselines(self, study: RunStudy, arrays: Arrays) -> tuple[TrialSpec, ...]:
        """Scores the constant baseline, and specifies the others, where not yet recorded."""
        recorded = study.baselines()
        constant = constant_name(arrays.task)
        seed = trial_seed(self._request.seed, "baseline", 0)
        if constant not in recorded:
            result = constant_over(self._opened_views(arrays), self._setup.objective)
            study.record_baseline(constant, {}, seed, result)
            self._observer.trial_ended(constant, result)
        if arrays.task.reconstructs:  # the others would copy the column that they are to tell
            return ()
        views, budget = self._request.data.views, self._request.trial_budget
        specs = []
        has_features = arrays.plan.inputs.has_features
        if has_features and BOOSTING not in recorded and study.claim(BOOSTING):
            # First, for it waits for no worker.
            own = trial_seed(self._request.seed, "baseline", 1)
            specs.append(TrialSpec(BOOSTING, {}, own, budget, space=BOOSTING, views=views))
        if LINEAR not in recorded and study.claim(LINEAR):
            config = find_space(LINEAR).defaults().to_json()
            specs.append(TrialSpec(LINEAR, config, seed, budget, space=LINEAR, views=views))
        return tuple(specs)

    def _opened_views(self, first: Arrays) -> list[Arrays]:
        """The rows of each view."""
        from automl.data.stored import open_view

        others = self._request.data.views[1:]
        return [first, *(open_view(self._run.arrays, view) for view in others)]

    @contextmanager
    def _engine(self, beside: bool) -> Iterator[Engine]:
        """The engine, open; with gradient boosting beside it, where that is to be trained."""
        made = _make_engine(self._request, self._devices, self._processes)
        if beside:
            made = BoostingBeside(made, self._request.memory_per_worker)
        with made as engine:
            engine.open(self._job())
            yield engine

    def _job(self) -> Job:
        """What an engine needs once."""
        return Job(
            spaces={SEARCHED: SpaceHandle.of(self._setup.space), LINEAR: SpaceHandle(LINEAR)},
            arrays=self._run.arrays,
            run=self._run.path,
            objective=self._setup.objective,
            views=self._request.data.views,
            metrics=carried(own) if (own := self._setup.objective.own) else "",
            callbacks=self._setup.objects.callbacks,
        )


def last_failure(results: Mapping[int, TrialResult]) -> str:
    """Which trial failed last and why, as a part of a sentence; "" where none has failed."""
    failed = [
        number
        for number, end in results.items()
        if end.state is TrialState.FAILED and not end.is_over_limit
    ]
    if not failed:
        return ""
    return f"trial {max(failed)} failed ({failure(results[max(failed)]).rstrip('.')})"


def _make_engine(request: SearchRequest, devices: Devices, processes: Processes) -> Engine:
    workers, gpus = devices.workers, devices.gpus
    if request.engine == "ray":
        from automl.engines.ray import RayEngine

        return RayEngine(workers, address=request.address, on_gpu=gpus > 0)
    return LocalEngine(workers, processes, memory_limit=request.memory_per_worker, gpus=gpus)

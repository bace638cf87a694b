"""The run's study: proposals asked from it, reports and results told to it.

Everything that a later decision reads is in the study, so a search can be taken up again from the
record alone. A trial left running by a driver that died is asked again: parameters that were
recorded stay, the others are drawn as they would have been (see `automl.tuning.samplers`), and it
runs again under its own number and seed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from automl.common.forms import from_form, to_form
from automl.results.voids import voided_trials
from automl.trial import EpochReport, ExecutionReport, TrialResult, TrialState
from automl.tuning.finished_executions import execution_entry, finished_executions
from automl.tuning.growing import GrowingSpace, SamplerOf
from automl.tuning.optuna_private import constraint_key, storage_of, study_id, trial_id
from automl.tuning.study_records import StudyRecords

if TYPE_CHECKING:
    import optuna

    from automl.space import SearchSpace

#: Epochs for which a worker is told ahead by which score it need not ask (own choice: a question
#: in so many costs nothing, and with several workers the thresholds do not grow old).
AHEAD = 32

#: Optuna's constraint that says by how much the model of a trial costs more than is allowed.
COST = "cost"

_SEED_STREAMS = {"trial": 1, "baseline": 2, "scoring": 3, "refit": 4}


def trial_seed(seed: int, stream: str, number: int) -> int:
    """A seed of its own for one purpose, from the run's seed.

    Args:
        seed: The run's seed; 0 is a seed like any other.
        stream: ``"trial"``, ``"baseline"``, ``"scoring"`` or ``"refit"``.
        number: Which of them, from 0.

    Returns:
        A seed in 0 .. 2**31 - 1.
    """
    import numpy as np

    entropy = np.random.SeedSequence([seed, _SEED_STREAMS[stream], number])
    return int(entropy.generate_state(1)[0] >> 1)


@dataclass(frozen=True)
class Proposal:
    """A trial that the study proposes.

    Attributes:
        number: Its number.
        config: Its configuration.
        seed: Its seed.
        finished: What its first executions came to before it was cut off.
    """

    number: int
    config: Mapping[str, Any]
    seed: int
    finished: tuple[TrialResult, ...] = ()


class RunStudy(StudyRecords):
    """The study of one run as its driver uses it.

    Args:
        study: Optuna's study, with the run's sampler.
        space: The run's search space, narrowed as asked.
        seed: The run's seed.
        sampler_of: Makes the sampler of the space where it has grown; None to keep the study's.

    Attributes:
        study: Optuna's study.
        configs: Configurations of the trials asked so far, by number.
    """

    def __init__(
        self,
        study: optuna.Study,
        space: SearchSpace,
        seed: int,
        sampler_of: SamplerOf | None = None,
    ) -> None:
        super().__init__(study)
        self._growing = GrowingSpace(study, space, sampler_of)
        self._seed = seed
        self._storage = storage_of(study)
        self._ids: dict[int, int] = {}
        self._scores: dict[int, dict[int, float]] = {}
        self._unwritten: list[tuple[int, int, float]] = []
        self.configs: dict[int, Mapping[str, Any]] = {
            trial.number: trial.user_attrs["config"]
            for trial in study.get_trials(deepcopy=False)
            if "config" in trial.user_attrs
        }
        self._asked = self.count()

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Nobody else asks the study for a trial meanwhile; a run's own study has one driver."""
        yield

    def asked(self) -> int:
        """How many trials have been asked for, by whichever session or driver of the study."""
        return self._asked

    def owns(self, trial: int | str) -> bool:
        """Whether a trial or baseline is this run's, so that its model is in the run's directory.

        Args:
            trial: A trial's number or a baseline's name.
        """
        return True

    def others_results(self) -> dict[int, TrialResult]:
        """Results, not given before, of trials that other drivers of the study have run."""
        return {}

    def claim(self, baseline: str) -> bool:
        """Whether this run is the one that trains a baseline."""
        return True

    def count(self) -> int:
        """How many trials count, in whatever state.

        Not those that wait, nor those whose models cost too much to be trained.
        """
        import optuna

        return sum(
            trial.state != optuna.trial.TrialState.WAITING
            and not trial.constraints.get(COST, 0.0) > 0.0
            for trial in self.study.get_trials(deepcopy=False)
        )

    def interrupted(self) -> list[int]:
        """Numbers of the trials that a driver before this one has left running."""
        import optuna

        running = (optuna.trial.TrialState.RUNNING,)
        return [
            trial.number
            for trial in self.study.get_trials(deepcopy=False, states=running)
            if trial.number not in self._ids
        ]

    def refit_seed(self, trial: int) -> int:
        """The seed of a trial's refit."""
        return trial_seed(self._seed, "refit", trial)

    def results(self) -> dict[int, TrialResult]:
        """Results of the trials that are over, by number."""
        return {
            trial.number: from_form(TrialResult, trial.user_attrs["result"])
            for trial in self.study.get_trials(deepcopy=False)
            if trial.state.is_finished() and "result" in trial.user_attrs
        }

    def voided(self) -> frozenset[int]:
        """The trials that a person has taken out of the ranking."""
        return frozenset(voided_trials(self.study.user_attrs))

    def elapsed(self) -> float:
        """Seconds that the run's earlier sessions had spent when their last training ended."""
        trials = self.study.get_trials(deepcopy=False)
        times = [trial.user_attrs.get("elapsed", 0.0) for trial in trials]
        return max([*times, *(one.elapsed for one in self.scorings())], default=0.0)

    def proposals_left(self) -> int | None:
        """How many new configurations there are to ask for, or None where there is no end."""
        from automl.tuning.samplers import proposals_left

        return proposals_left(self.study.sampler, self.study)

    def ask(self) -> Proposal:
        """Proposes the next trial; a run's first are the space's default and its portfolio."""
        with self._together():
            self._enqueue_first()
            proposal = self._propose(self.study.ask())
        self._asked += 1
        return proposal

    def _enqueue_first(self) -> None:
        """Has the defaults and the portfolio proposed, as long as these are not all tried."""
        import optuna

        trials, space = self.study.get_trials(deepcopy=False), self._growing.space
        if len(trials) > len(space.portfolio):
            return
        waits = any(trial.state == optuna.trial.TrialState.WAITING for trial in trials)
        first = space.first_configurations() if not waits else ()
        if len(trials) < len(first):
            self.study.enqueue_trial(space.optuna_params(first[len(trials)]))

    def ask_again(self, number: int) -> Proposal | None:
        """Proposes a trial that was left running, with the configuration it had or would have.

        Returns:
            The proposal; None where another driver of the study runs the trial now.
        """
        return self._again(number)

    def _again(self, number: int) -> Proposal:
        import optuna

        trial_id = self._storage.get_trial_id_from_study_id_trial_number(
            study_id(self.study), number
        )
        with self._together():
            return self._propose(optuna.trial.Trial(self.study, trial_id))

    def _propose(self, trial: optuna.Trial) -> Proposal:
        # A whole proposal that is recorded already stays, though the space may have grown since.
        config = trial.user_attrs.get("config")
        seed = trial_seed(self._seed, "trial", trial.number)
        if "seed" not in trial.user_attrs:
            trial.set_user_attr("seed", seed)
        if config is None:  # recorded last: a trial that has one is whole
            config = self._growing.space.suggest(trial).to_json()
            trial.set_user_attr("config", config)
        self.configs[trial.number] = config
        self._ids[trial.number] = trial_id(trial)
        self._scores[trial.number] = {}
        return Proposal(trial.number, config, seed, finished_executions(trial.user_attrs))

    def _together(self) -> AbstractContextManager[None]:
        """Lets what is written reach the study's file at once, where it has one."""
        from automl.tuning.storage import RunStorage

        return self._storage.together() if isinstance(self._storage, RunStorage) else nullcontext()

    def report(self, number: int, report: EpochReport) -> None:
        """Takes a trial's score after an epoch; `write_reports` records it."""
        epoch, scores = report.epoch, self._scores[number]
        if epoch in scores or report.before:  # it was begun again, or goes on from a checkpoint
            scores = self._scores[number] = dict(enumerate(report.before, 1))
            known = self._storage.get_trial(self._ids[number]).intermediate_values
            lost = [(step, score) for step, score in scores.items() if step not in known]
            self._unwritten += [(self._ids[number], step, score) for step, score in lost]
        scores[epoch] = report.score
        self._unwritten.append((self._ids[number], epoch, report.score))

    def record_execution(self, number: int, report: ExecutionReport) -> None:
        """Records one of a trial's executions, which is not trained again if the trial is cut."""
        key, form = execution_entry(report)
        with self._together():
            self.write_reports()  # resumed, it does not tell of these epochs again
            self._storage.set_trial_user_attr(self._ids[number], key, form)

    def write_reports(self) -> None:
        """Records the scores that were taken since the last call, at once where there is a file.

        What nobody is asked about waits for no writing: lost with the process, it runs again.
        """
        if self._unwritten:
            unwritten, self._unwritten = self._unwritten, []
            with self._together():
                for trial, epoch, score in unwritten:
                    self._storage.set_trial_intermediate_value(trial, epoch, score)

    def should_prune(self, number: int, pruner: optuna.pruners.BasePruner) -> bool:
        """Asks a pruner about a running trial, as it stands in this session."""
        self.write_reports()  # a decision is a function of the record, which a pruner may read
        return pruner.prune(self.study, self._so_far(number))

    def thresholds(self, number: int, pruner: optuna.pruners.BasePruner) -> tuple[float, ...]:
        """Scores by which a trial's next epochs need no question; () where all of them do."""
        from automl.tuning.pruners.base import CurvePruner

        if not isinstance(pruner, CurvePruner):
            return ()
        return pruner.thresholds(self.study, self._so_far(number), AHEAD)

    def _so_far(self, number: int) -> optuna.trial.FrozenTrial:
        trial: optuna.trial.FrozenTrial = self._storage.get_trial(self._ids[number])
        # An interrupted trial's earlier session may have left scores of later epochs.
        trial.intermediate_values = dict(self._scores[number])
        return trial

    def tell(self, number: int, result: TrialResult, elapsed: float) -> None:
        """Records how a trial ended.

        Args:
            number: The trial.
            result: Its result.
            elapsed: Seconds that the run has spent so far.
        """
        import optuna

        self.write_reports()
        trial_id = self._ids.pop(number)
        self._scores.pop(number, None)
        values: list[float] | None
        scored = result.score is not None and math.isfinite(result.score)
        if result.state is TrialState.COMPLETED and scored:
            state, values = optuna.trial.TrialState.COMPLETE, [float(result.score or 0.0)]
        elif result.state is TrialState.PRUNED and (scored or result.score is None):
            # Without a score where that was in its first epoch.
            state = optuna.trial.TrialState.PRUNED
            values = [float(result.score or 0.0)] if scored else None
        elif result.is_over_limit:
            # Infeasible: samplers learn that of pruned trials, and of failed ones nothing.
            state, values = optuna.trial.TrialState.PRUNED, None
            self._storage.set_trial_system_attr(trial_id, constraint_key(COST), result.excess - 1.0)
            self._asked -= 1
        else:
            state, values = optuna.trial.TrialState.FAIL, None
        with self._together():
            config = self._growing.take(trial_id, self.configs[number], result)
            if config is not None:
                self.configs[number] = config
                self._storage.set_trial_user_attr(trial_id, "config", config)
            self._storage.set_trial_user_attr(trial_id, "result", to_form(result))
            self._storage.set_trial_user_attr(trial_id, "elapsed", round(elapsed, 3))
            self._after_trial(trial_id, state, values)
            self._storage.set_trial_state_values(trial_id, state, values)

    def _after_trial(
        self, trial_id: int, state: optuna.trial.TrialState, values: list[float] | None
    ) -> None:
        """Tells a sampler of a person's own how a trial has ended, as Optuna's loop does."""
        import optuna

        sampler = self.study.sampler
        if type(sampler).after_trial is not optuna.samplers.BaseSampler.after_trial:
            trial = self._storage.get_trial(trial_id)
            sampler.after_trial(self.study, trial, state, values)

"""What a whole search may spend, and how much of it is left."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from automl.common.option_values import above_zero_seconds, at_least
from automl.errors import RequestError
from automl.trial import TrialResult
from automl.trial_time import TrialTime
from automl.tuning.race_time import FINALISTS_FROM, RaceTime

#: Trials of a search for which neither a number nor a time was given.
DEFAULT_TRIALS = 30
#: Trials that are trained again at the end, beside the default configuration (own choice).
DEFAULT_FINALISTS = 4
#: Whether the check of an export forks a process that has Keras already; else it imports it anew.
_FORKS = hasattr(os, "fork")
#: Least seconds kept back from `--time` for scoring the test rows and the checked export. These
#: took 2.2 to 3 s on two cores for tables of up to 50,000 rows (measured).
EXPORT_RESERVE = 5.0 if _FORKS else 8.0
#: The same in times of importing TensorFlow, whose length shows how slow the machine is here and
#: now: on the idle machine the import took 3.2 s.
EXPORT_IMPORTS = 1.5 if _FORKS else 2.5
#: Share of them, and of what a large model takes longer, that is the export's: scoring the test
#: rows loads the model too. 484 MB were exported in 8 of the 14 s (measured).
EXPORT_SHARE = 0.5
#: Seconds that the import is taken for at most while it goes on.
LIKELY_IMPORT = 5.0
#: Least seconds that the test rows get; those of a small model take 0.7 s on an idle machine, and
#: without fork the import as well.
LEAST_FOR_TEST_ROWS = 2.0 if _FORKS else 2.0 + LIKELY_IMPORT
#: Least `--time` of a new search. Importing TensorFlow, then scoring, exporting and checking the
#: export, took 6 s on two cores; below this it cannot come to anything.
LEAST_TIME = 6.0
#: Share of all worker seconds of a search under --time that one trial may take. Without a bound
#: one trial (ftrl, batches of 16) took half of the worker seconds of 90 s on two cores (measured);
#: with this one, eight that never stop by themselves would fill the search. Shares of 1/4 and 1/16
#: find models as good, the longest trial taking 16 to 31 % and 7 to 9 % of the worker seconds
#: (`benchmarks/search_time.py`, two sets, two seeds).
TRIAL_SHARE = 1 / 8
#: Seconds without which no further trial is begun: it could not come to anything; ...
LEAST_SECONDS = 0.5
#: ... nor in less than this share of what the best one took (own choice): the last minutes of a
#: search of costly trials went into some that were cut off in their first epochs.
LEAST_OF_LEADER = 1 / 4
#: Share of the time that the first trials may take where too few epochs fit into a trial's share of
#: it: there is time for others beside them, and for as many after them (own choice).
FIRST_SHARE = 1 / 2
#: Seconds kept back for an ensemble beyond what any model needs. To score, export and check one of
#: 15 models and a bag of 5 on digits took 4 s longer than one model (measured on two idle cores);
#: an ensemble has 25 at most.
ENSEMBLE_RESERVE = 6.0
#: Models of an ensemble for which it is kept back what scoring the best trial's takes, where that
#: is long (own choice: where it is, there are few trials).
ENSEMBLE_MODELS = 3

#: Most that is kept back for training gradient boosting again to score it on the test rows, as a
#: share of the time: it comes last, and `automl resume` makes up for it (own choice).
BOOSTING_SHARE = 0.05
#: Seconds kept back for the refit, in those that the best trial takes on one view: it has more rows
#: and, in proportion, more epochs (1.25 times each over five folds), but none of patience.
REFIT_RESERVE = 1.6
#: Trainings of a finalist that are asked for each test-time view of the validation rows (own
#: choice: as many as tell two finalists apart); beside them the model that is exported.
VIEWED_TRAININGS = 3


@dataclass(frozen=True)
class SearchBudget:
    """How much a search may spend; it ends with whichever is reached first.

    Attributes:
        trials: Total number of trials, those of earlier sessions of the run included (baselines
            are not counted), or None for no limit.
        seconds: Wall-clock seconds from start to exported model, or None for no limit.
    """

    trials: int | None = DEFAULT_TRIALS
    seconds: float | None = None

    def __post_init__(self) -> None:
        """Checks the limits.

        Raises:
            RequestError: A limit is not positive, or there is none.
        """
        if self.trials is not None:
            at_least(1)("trials", self.trials)
        if self.seconds is not None:
            above_zero_seconds("time", self.seconds)
        if self.trials is None and self.seconds is None:
            raise RequestError("The search has no end: give --trials, --time or both.")


def budget_of(trials: int | None, seconds: float | None) -> SearchBudget:
    """The budget of a number of trials, a time or both; of neither, the usual trials."""
    if trials is None and seconds is None:
        trials = DEFAULT_TRIALS
    return SearchBudget(trials, seconds)


def least_of(*seconds: float | None) -> float | None:
    """The least of several limits; None where nothing is limited."""
    return min((one for one in seconds if one is not None), default=None)


class Clock:
    """Time spent on a search, on a clock that does not jump.

    Args:
        budget: What may be spent.
        spent: Seconds that earlier sessions of the run have spent.
        started: When this session started, on the monotonic clock; None for now.
        now: The monotonic clock, in seconds.
        import_seconds: How long importing TensorFlow took in this session; 0 while not known.
        finalists: Where finalists are to be trained again after the trials, how time is kept for
            that; else None.
        refit_views: Where the best trial is to be trained on all rows in the end, how many views
            a trial is trained on; else 0.
        test_time_views: Views of each image over which the best model's answers are averaged in the
            end; 0 for none.
    """

    def __init__(
        self,
        budget: SearchBudget,
        spent: float = 0.0,
        started: float | None = None,
        now: Callable[[], float] = time.monotonic,
        import_seconds: Callable[[], float] = lambda: 0.0,
        finalists: RaceTime | None = None,
        refit_views: int = 0,
        test_time_views: int = 0,
    ) -> None:
        self._now = now
        self._start = (now() if started is None else started) - spent
        self._seconds = budget.seconds
        self._import_seconds = import_seconds
        self._spent = spent
        self._startup = self._session()
        self._export_seconds = self._test_seconds = self._leader_seconds = 0.0
        self._boosting_seconds = 0.0
        self._rivals: tuple[float, ...] = ()
        is_long_enough = budget.seconds is not None and budget.seconds >= FINALISTS_FROM
        self._finalists = finalists if is_long_enough else None
        self._refit_views = refit_views
        self._test_time_views = test_time_views

    def elapsed(self) -> float:
        """Seconds spent on the run so far, earlier sessions included."""
        return self._now() - self._start

    def left(self) -> float | None:
        """Seconds until everything must be done, the export included; None for no limit."""
        return None if self._seconds is None else self._seconds - self.elapsed()

    def left_for_trials(self) -> float | None:
        """Seconds until trials must end so that the export is ready in time; None for no limit."""
        left = self.left_for_finalists()
        return None if left is None else left - self._kept_for_finalists()

    def left_for_finalists(self) -> float | None:
        """Seconds until finalists must have been trained; None for no limit."""
        if self._seconds is None:
            return None
        return self._seconds - self.reserve() - self.elapsed()

    def _kept_for_finalists(self) -> float:
        if self._finalists is None:
            return 0.0
        whole = self._for_trials_and_finalists()
        return self._finalists.kept(whole, self._leader_seconds, self._rivals)

    def _for_trials_and_finalists(self) -> float:
        return (self._seconds or 0.0) - self.reserve()

    def time_of_a_trial(
        self, workers: int, leader: TrialResult | None, own: float | None = None
    ) -> TrialTime:
        """What a trial that begins now may take of the time.

        Args:
            workers: Trials at once.
            leader: The best trial so far, or None.
            own: Seconds that any trial may take, or None.
        """
        left, most = self.left_for_trials(), self.most_of_a_trial(leader)
        share = self.share_of_a_trial(workers, leader)
        return TrialTime(
            left=left,
            share=share,
            planned=least_of(left, share, own),
            most=None if most is None else least_of(most, own),
            kept_back=self.kept_for_leader(),
            leader_epochs=0 if leader is None else leader.epochs,
        )

    def share_of_a_trial(self, workers: int, leader: TrialResult | None) -> float | None:
        """Seconds that one trial may take, so that it does not eat the search.

        It may always take as long as the best one has: else no other could become as good. Where
        finalists are trained again, there must be time to train it again, should it be the best.

        Args:
            workers: Trials at once.
            leader: The best trial so far, or None.

        Returns:
            The seconds, or None for no limit.
        """
        if self._seconds is None:
            return None
        share = TRIAL_SHARE * self._seconds * workers
        left = self.left_for_finalists()
        if self._finalists is not None and left is not None:
            longest = self._finalists.longest_trial(self._for_trials_and_finalists(), left)
            share = min(share, longest)
        return max(share, 0.0 if leader is None else leader.seconds)

    def least_of_a_trial(self) -> float:
        """Seconds for trials without which no further one is begun."""
        return max(LEAST_SECONDS, LEAST_OF_LEADER * self._leader_seconds)

    def most_of_a_trial(self, leader: TrialResult | None) -> float | None:
        """Seconds that one may take where too few epochs fit into its share.

        Args:
            leader: The best trial so far, as long as which another one may take anyway; or None.

        Returns:
            The seconds; None where it may not take more than its share.
        """
        whole, left = self.left_for_finalists(), self.left_for_trials()
        if whole is None or left is None or leader is not None:
            return None
        return min(FIRST_SHARE * whole, left)

    def keep_back_for(self, leader: TrialResult | None, rivals: Sequence[float] = ()) -> None:
        """Takes the best trial so far, whose model may need more after the trials than others.

        Args:
            leader: Its result; None where there is none that this run scores and exports.
            rivals: Seconds that the next best took, the best of them first, at most `RIVALS`.
        """
        self._rivals = tuple(rivals)
        self._export_seconds = 0.0 if leader is None else leader.export_seconds
        self._test_seconds = 0.0 if leader is None else leader.test_seconds
        self._leader_seconds = 0.0 if leader is None else leader.seconds

    def keep_back_for_boosting(self, seconds: float) -> None:
        """Takes how long gradient boosting took, which is trained once more at the end."""
        self._boosting_seconds = seconds

    def reserve(self) -> float:
        """Seconds of a search with a time limit that are kept back for what follows its trials."""
        seconds = self._seconds or 0.0
        needed = self._least_reserve() + self._export_seconds + self._test_seconds
        return min(needed, 0.5 * seconds)

    def kept_for_leader(self) -> float:
        """Seconds of the reserve that are there for the best trial so far."""
        return max(0.0, self.reserve() - self._least_reserve())

    def _least_reserve(self) -> float:
        ensemble = 0.0
        if self._finalists is not None:
            ensemble = ENSEMBLE_RESERVE + ENSEMBLE_MODELS * self._test_seconds
        seconds = self._seconds or 0.0
        boosting = min(self._boosting_seconds, BOOSTING_SHARE * seconds)
        least = max(self._any_export(), 0.02 * seconds) + ensemble + boosting
        return least + self._kept_for_refit() + self._kept_for_views()

    def _kept_for_views(self) -> float:
        """Seconds for passes over validation rows, which take about as long as over test rows."""
        views = self._test_time_views
        trainings = 1 if self._finalists is None else VIEWED_TRAININGS
        passes = trainings * (views + 1) + views  # without views too; and the test rows with them
        return passes * self._test_seconds if views else 0.0

    def left_for_refit(self) -> float | None:
        """Seconds until the refit must have been trained; None for no limit."""
        left = self.left_for_finalists()
        return None if left is None else left + self._kept_for_refit()

    def _kept_for_refit(self) -> float:
        views = self._refit_views
        return REFIT_RESERVE * self._leader_seconds / views if views else 0.0

    def left_for_test_rows(self) -> float | None:
        """Seconds for scoring the test rows so that the export is ready in time; None: no limit."""
        left = self.left()
        if left is None:
            return None
        export = EXPORT_SHARE * (self._any_export() + self._export_seconds)
        return max(left - export, LEAST_FOR_TEST_ROWS * self.slowness())

    def _any_export(self) -> float:
        """Seconds that what follows the trials may take, whatever the model."""
        # While the import goes on, it has taken as long as the session at least.
        imports = self._import_seconds() or min(self._session(), LIKELY_IMPORT)
        return max(EXPORT_RESERVE, EXPORT_IMPORTS * imports)

    def slowness(self) -> float:
        """How much longer than on an idle machine things take here and now; 1 at least."""
        return max(1.0, self._import_seconds() * EXPORT_IMPORTS / EXPORT_RESERVE)

    def _session(self) -> float:
        return self.elapsed() - self._spent

    def out_of_time(self) -> str:
        """One sentence on a search whose time was over before a trial was complete."""
        return (
            f"No trial could be completed in --time {self._seconds:g} s: start-up took "
            f"{max(self._startup, self._import_seconds()):.2g} s, and {self.reserve():.2g} s are "
            "kept for the export; give more --time."
        )

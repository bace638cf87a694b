"""Finalists raced against each other: who is trained again, and who is out.

Each round trains every finalist once on each view, with seeds that are the same for all of them
(common random numbers). Who is told apart from the leader is out; the race is over when the leader
is alone, or after as many rounds as it may have. All of it is a function of what is recorded, so
that a race that was cut off goes on as if it had not been.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from automl.common.averages import mean_of
from automl.results.paired_test import LEAST_PAIRS, is_apart
from automl.results.scorings import FinalistScoring, compared
from automl.trial import TrialResult, TrialState
from automl.tuning.race_time import LEAST_SCORINGS, TimeLeft
from automl.vocabulary.directions import sign_of

#: Scorings of each finalist after which the race is over where nobody is alone by then (own choice:
#: the mean of five trainings has less than half of the standard error of one).
MOST_SCORINGS = 5
#: Trials for each finalist beside the default: of few trials the best is chosen among few, and to
#: train it and its rivals again would cost as much as the search (own choice).
TRIALS_FOR_EACH = 5
_PRUNED = TrialState.PRUNED


@dataclass(frozen=True)
class Start:
    """One training that is to be done.

    Attributes:
        trial: The finalist.
        number: The round, counted from 1.
        view: The view.
    """

    trial: int
    number: int
    view: str


def ranked_for_race(results: Mapping[int, TrialResult], direction: str) -> list[int]:
    """Trials that may be trained again, the best first.

    Completed ones, and those that were pruned between folds, which are compared with the best one
    on the folds that they have finished: most trials over folds end so, long before they are
    junk.

    Args:
        results: Of trials that are over, by number.
        direction: ``minimize`` or ``maximize``.
    """
    sign = sign_of(direction)
    scored = {
        number: sign * result.score
        for number, result in results.items()
        if result.score is not None
        and math.isfinite(result.score)
        and (result.state is TrialState.COMPLETED or (result.state is _PRUNED and result.folds))
    }
    completed = [number for number in scored if results[number].state is TrialState.COMPLETED]
    if not completed:
        return []
    best = results[min(completed, key=lambda number: (scored[number], number))]

    def behind(number: int) -> tuple[float, int]:
        known = results[number].folds
        reference = mean_of(best.folds[: len(known)]) if known and best.folds else best.score or 0.0
        return scored[number] - sign * reference, number

    return sorted(scored, key=behind)


def choose_finalists(ranked: Sequence[int], tried: int, most: int, default: int) -> tuple[int, ...]:
    """Who is trained again.

    Args:
        ranked: The trials that may be, the best first; see `ranked_for_race`.
        tried: How many trials are over, pruned ones too: among so many the best was chosen.
        most: How many of the best at most; 0 for none.
        default: The trial of the default configuration, which is always among them if it may be.

    Returns:
        Numbers of trials, the best first; none where there are too few to choose among.
    """
    if most < 1 or tried < TRIALS_FOR_EACH or len(ranked) < 2:
        return ()
    best = list(ranked[: min(most, max(2, tried // TRIALS_FOR_EACH))])
    if default in ranked and default not in best:
        best.append(default)
    return tuple(best)


@dataclass(frozen=True)
class Entrants:
    """Who races, and how long each may train.

    Attributes:
        finalists: Trials by their numbers, the best first.
        seconds: By trial, how many seconds one training may take; nothing without a limit of
            time. One whose trial was cut off would go on for as long as it gets better, and there
            would be no time for the others.
    """

    finalists: tuple[int, ...] = ()
    seconds: Mapping[int, float] = field(default_factory=dict)


def affordable(
    finalists: Sequence[int],
    results: Mapping[int, TrialResult],
    views: int,
    left: TimeLeft,
    default: int,
    done: Iterable[FinalistScoring] = (),
) -> Entrants:
    """The finalists for whose least scorings there is time: one that is cut off counts for nothing.

    Of a single scoring there is no standard error, and no pair that tells two apart. So fewer
    finalists with two each are preferred, where there is time for two of them; else each has one.

    Args:
        finalists: Trials by their numbers, the best first.
        results: What the search's own trainings came to.
        views: How many views a round has.
        left: The time that there is.
        default: The trial of the default configuration, which goes last.
        done: What is trained already.

    Returns:
        As many of the best as there is time for, and the default; none where it is not enough for
        two. Each training may take as much longer than the trial did as all of them can.
    """
    trained = Counter(one.trial for one in done if one.cross_fitted)
    each = {number: _seconds_a_view(results[number], views) for number in finalists}
    for rounds in range(-(-LEAST_SCORINGS // views), 0, -1):
        for kept in _fields(finalists, default):
            to_do = {one: max(0, rounds * views - trained[one]) for one in kept}
            costs = [each[one] for one in kept for _ in range(to_do[one])]
            if left.has_room_for(costs):
                stretch = left.stretch(costs)
                return Entrants(kept, {one: stretch * each[one] for one in kept if stretch})
    return Entrants()


def _fields(finalists: Sequence[int], default: int) -> Iterator[tuple[int, ...]]:
    """Who may race: ever fewer of the best, the default with them; then the best with any other."""
    kept = list(finalists)
    while len(kept) > 1:
        yield tuple(kept)
        others = [one for one in kept[1:] if one != default]
        kept.remove(others[-1] if others else kept[-1])
    yield from ((finalists[0], other) for other in finalists[1:])


def _seconds_a_view(result: TrialResult, views: int) -> float:
    pruned = result.state is _PRUNED and result.folds
    return result.seconds / (len(result.folds) if pruned else views)


class Race:
    """A race.

    Args:
        finalists: Trials by their numbers, the best first.
        views: What each is trained on in a round.
        direction: ``minimize`` or ``maximize``.
        scorings: Those that are recorded already, whoever they are of.

    Attributes:
        finalists: Who races.
        rounds: How many rounds there may be.
    """

    def __init__(
        self,
        finalists: Sequence[int],
        views: Sequence[str],
        direction: str,
        scorings: Iterable[FinalistScoring] = (),
    ) -> None:
        self.rounds = max(1, math.ceil(MOST_SCORINGS / len(views)))
        self.finalists = tuple(finalists)
        self._views = tuple(views)
        self._sign = sign_of(direction)
        self._done: dict[Start, FinalistScoring] = {}
        for one in scorings:
            self.add(one)

    def add(self, scoring: FinalistScoring) -> None:
        """Takes a training that is over, unless an older version has scored it otherwise."""
        is_alike = scoring.cross_fitted and scoring.views == len(self._views)
        if scoring.trial in self.finalists and is_alike:
            self._done[Start(scoring.trial, scoring.number, scoring.view)] = scoring

    def pending(self) -> list[Start]:
        """What is to be trained now, the first to be first; none when it is over.

        That is a round; of the first ones, as many together as nobody can be told apart before, so
        that no worker waits for the longest of a round.
        """
        left: list[int] = list(self.finalists)
        waiting: list[Start] = []
        for number in range(1, self.rounds + 1):
            racing = [trial for trial in left if not self._has_failed(trial, number)]
            if number > 1 and len(racing) < 2:
                return waiting
            starts = [Start(trial, number, view) for trial in racing for view in self._views]
            waiting += [start for start in starts if start not in self._done]
            if number * len(self._views) >= LEAST_PAIRS:
                if waiting:
                    return waiting
                left = self._survivors(left, number)
        return waiting

    @property
    def most(self) -> int:
        """How many trainings there may be."""
        return len(self.finalists) * self.rounds * len(self._views)

    @property
    def done(self) -> int:
        """How many are over."""
        return len(self._done)

    @property
    def counts(self) -> bool:
        """Whether each finalist has a whole round, or has failed, so that their scores count."""
        return bool(compared(self.finalists, self._done.values()))

    def leader(self) -> tuple[int, float, int] | None:
        """The finalist with the best mean so far, the mean, and of how many scores it is one."""
        scores = {trial: list(of.values()) for trial, of in self._scores(self.rounds).items() if of}
        if not scores:
            return None
        best = min(scores, key=lambda trial: mean_of(scores[trial]))
        return best, self._sign * mean_of(scores[best]), len(scores[best])

    def _has_failed(self, trial: int, number: int) -> bool:
        return any(
            one.trial == trial and one.number <= number and self._done[one].score is None
            for one in self._done
        )

    def _survivors(self, left: Sequence[int], number: int) -> list[int]:
        """Who is still in the race after a round: who is not told apart from the leader."""
        scores = {trial: of for trial, of in self._scores(number).items() if trial in left}
        if not scores:
            return []
        leader = min(scores, key=lambda trial: mean_of(scores[trial].values()))
        return [
            trial
            for trial in scores
            if trial == leader
            or not is_apart(
                [value - scores[leader][key] for key, value in scores[trial].items()],
                len(self._views),
            )
        ]

    def _scores(self, rounds: int) -> dict[int, dict[tuple[int, str], float]]:
        """Scores of who has not failed by round and view, in that order; less is better."""
        return {
            trial: {
                (one.number, one.view): self._sign * score
                for start, one in self._done.items()
                if start.trial == trial
                and start.number <= rounds
                and (score := one.score) is not None
            }
            for trial in self.finalists
            if not self._has_failed(trial, rounds)
        }

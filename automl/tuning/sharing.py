"""A study in a database that several drivers share: who may ask, and whose trial is whose.

What two people do: the first starts a search with ``--storage URL --study NAME``, the other one
the same search, on the same data, with the same two options. Each has a run directory of its own,
with the models of the trials that it trained; the study, and so the leaderboard, is one.

How no trial is run twice: a driver proposes a trial only while it holds the study's lock, and
writes its name on the trial before anything else. A trial with a whole configuration belongs to
its driver for ever: killed, it is run again by ``automl resume`` of that driver's run and by
nobody else, so that nothing depends on telling a dead driver from a slow one. A trial without one
was being proposed by a driver that was killed, since proposing needs the lock; whoever holds the
lock next takes it over. The lock is freed by the system when its holder dies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from automl.common.files import to_json_text
from automl.common.forms import from_form, to_form
from automl.errors import RequestError
from automl.results.database_lock import database_lock
from automl.space.origin import origin_form, origin_of
from automl.trial import TrialResult
from automl.tuning.study import Proposal, RunStudy

if TYPE_CHECKING:
    import optuna

    from automl.data.prepare import PreparedData
    from automl.space import SearchSpace
    from automl.tuning.growing import SamplerOf
    from automl.tuning.search_request import SearchRequest

_DRIVER = "driver"
_TERMS = "terms"
#: What has to be the same in all runs of a study, and how a person would call it.
_MEANINGS = {
    "data": "data",
    "rows": "task, or way to read or split the rows,",
    "space": "search space",
    "objective": "objective",
    "seed": "seed",
    "trial": "limits of a trial (epochs, patience, ...)",
}


def make_terms(
    request: SearchRequest, data: PreparedData, space: SearchSpace, objective: Any
) -> dict[str, Any]:
    """What two searches must have in common for their trials to be compared.

    Args:
        request: What was asked.
        data: The prepared rows.
        space: The space as it is searched.
        objective: What trials are ranked by.
    """
    rows = [to_form(data.plan), to_form(data.task), data.summary, request.data.class_weight]
    origin = origin_of(space)
    return {
        "data": data.fingerprint,
        "rows": hashlib.sha256(to_json_text(rows).encode()).hexdigest(),
        "space": space.hash(),
        **({} if origin is None else {"origin": origin_form(origin)}),
        # What is computed beside it ranks nothing.
        "objective": to_form(
            replace(
                objective,
                further=(),
                own=tuple(one for one in objective.own if one.name == objective.name),
            )
        ),
        "seed": request.seed,
        "trial": request.training_terms(),
    }


def check_terms(study: optuna.Study, terms: Mapping[str, Any]) -> None:
    """Checks that a search may join a study.

    Raises:
        RequestError: The study is of another search.
    """
    import json

    recorded = study.user_attrs.get(_TERMS)
    given = json.loads(to_json_text(terms))
    if recorded is None or recorded == given:
        return
    other = next((key for key in _MEANINGS if recorded.get(key) != given.get(key)), "space")
    raise RequestError(
        f"The study {study.study_name} is of a search with another {_MEANINGS[other]} than this "
        "one, so that their trials cannot be compared; ask for the same, or give another --study."
    )


def check_joining(url: str, name: str, terms: Mapping[str, Any]) -> None:
    """Checks, before a run is made, that it may join a study, where there is one of this name.

    Raises:
        RequestError: The study is of another search.
    """
    import optuna

    from automl.results.database import open_storage

    try:
        study = optuna.load_study(study_name=name, storage=open_storage(url))
    except KeyError:
        return
    check_terms(study, terms)


@dataclass(frozen=True)
class Membership:
    """One run's part in a shared study.

    Attributes:
        url: The database.
        driver: The run's name in the study: letters that no other run has.
        place: Where the run is, for people.
        terms: See `make_terms`.
    """

    url: str
    driver: str
    place: str
    terms: Mapping[str, Any]


class SharedRunStudy(RunStudy):
    """A study that other drivers ask from and tell to at the same time.

    Args:
        study: Optuna's study, in a database.
        space: The run's search space.
        seed: The run's seed.
        membership: The run's part in it.
        sampler_of: Makes the sampler of the space where it has grown; None to keep the study's.
        say: Told what a person should know, as that the database is away.
    """

    def __init__(
        self,
        study: optuna.Study,
        space: SearchSpace,
        seed: int,
        membership: Membership,
        sampler_of: SamplerOf | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        super().__init__(study, space, seed, sampler_of)
        self._say = say
        self._membership = membership
        self._told: set[int] = set()
        self._owned: dict[int, bool] = {}
        self._holds_lock = False
        with self.asking():
            check_terms(study, membership.terms)
            study.set_user_attr(_TERMS, dict(membership.terms))
            study.set_user_attr(f"{_DRIVER}:{membership.driver}", membership.place)

    @override
    @contextmanager
    def asking(self) -> Iterator[None]:
        if self._holds_lock:
            yield
            return
        with database_lock(self._membership.url, self.study.study_name, self._say):
            self._holds_lock = True
            try:
                yield
            finally:
                self._holds_lock = False

    @override
    def asked(self) -> int:
        return self.count()

    @override
    def owns(self, trial: int | str) -> bool:
        if isinstance(trial, str):
            return bool(self.study.user_attrs.get(f"claim:{trial}") == self._membership.driver)
        if trial not in self._owned:
            # All at once: a resumption asks for each trial. What is over stays whose it is.
            trials = self.study.get_trials(deepcopy=False)
            self._owned |= {t.number: self._is_own(t) for t in trials if t.state.is_finished()}
            if trial not in self._owned:
                return any(t.number == trial and self._is_own(t) for t in trials)
        return self._owned[trial]

    def _is_own(self, trial: optuna.trial.FrozenTrial) -> bool:
        return bool(trial.user_attrs.get(_DRIVER) == self._membership.driver)

    @override
    def interrupted(self) -> list[int]:
        trials = self.study.get_trials(deepcopy=False)
        own = {trial.number for trial in trials if self._is_own(trial)}
        return [number for number in super().interrupted() if number in own]

    @override
    def elapsed(self) -> float:
        own = (t for t in self.study.get_trials(deepcopy=False) if self._is_own(t))
        return max((trial.user_attrs.get("elapsed", 0.0) for trial in own), default=0.0)

    @override
    def results(self) -> dict[int, TrialResult]:
        found = super().results()
        self._told |= found.keys()
        return found

    @override
    def others_results(self) -> dict[int, TrialResult]:
        found = {
            trial.number: from_form(TrialResult, trial.user_attrs["result"])
            for trial in self.study.get_trials(deepcopy=False)
            if trial.number not in self._told
            and trial.state.is_finished()
            and "result" in trial.user_attrs
        }
        self._told |= found.keys()
        return {number: result for number, result in found.items() if not self.owns(number)}

    @override
    def tell(self, number: int, result: TrialResult, elapsed: float) -> None:
        with self.asking():  # what the trial has found joins what others have
            super().tell(number, result, elapsed)

    @override
    def ask(self) -> Proposal:
        with self.asking():
            self._growing.look()
            unfinished = self._half_asked()
            return super().ask() if unfinished is None else self._again(unfinished)

    @override
    def ask_again(self, number: int) -> Proposal | None:
        """The trial, unless it had no configuration and another driver has taken it over."""
        with self.asking():
            return self._again(number) if number in self.interrupted() else None

    def _half_asked(self) -> int | None:
        """A trial whose driver was killed while it was proposing it; only under the lock."""
        import optuna

        running = (optuna.trial.TrialState.RUNNING,)
        for trial in self.study.get_trials(deepcopy=False, states=running):
            if "config" not in trial.user_attrs:
                return trial.number
        return None

    @override
    def _propose(self, trial: optuna.Trial) -> Proposal:
        trial.set_user_attr(_DRIVER, self._membership.driver)
        return super()._propose(trial)

    @override
    def claim(self, baseline: str) -> bool:
        key = f"claim:{baseline}"
        with self.asking():
            if key not in self.study.user_attrs:
                self.study.set_user_attr(key, self._membership.driver)
        return self.owns(baseline)

    @override
    def record_test_interval(self, trial: int | str, interval: tuple[float, float] | None) -> None:
        with self.asking():
            super().record_test_interval(trial, interval)

    @override
    def record_test_scores(self, scores: Mapping[str, Mapping[str, float]]) -> None:
        with self.asking():
            super().record_test_scores({**self.test_scores(), **scores})

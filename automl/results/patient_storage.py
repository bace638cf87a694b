"""Optuna's storage in a database whose server may be away for a moment."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, PendingRollbackError

#: Seconds for which what a server does not answer is tried again: it restarts within a few.
RETRY_SECONDS = 60.0
#: Seconds from one try to the next, which grow to the second number.
_PAUSES = (0.2, 5.0)


def is_cut(error: BaseException) -> bool:
    """Whether an error says that the connection to the server is gone, not that it refuses."""
    causes = (error, error.__cause__, error.__context__)
    return any(
        isinstance(cause, (OperationalError, InterfaceError, PendingRollbackError))
        or (isinstance(cause, DBAPIError) and cause.connection_invalidated)
        for cause in causes
    )


def patiently(
    once: Callable[[], Any],
    again: Callable[[], Any],
    reconnect: Callable[[], None],
    say: Callable[[str], None],
) -> Any:
    """Makes a call, and makes it again for a while where a cut connection broke it off.

    Args:
        once: The call.
        again: The same where it may have been carried out though the answer was lost.
        reconnect: Lets go of the connection.
        say: Told what a person should know.

    Returns:
        What the call returns.

    Raises:
        Exception: What the call raises, if it is another fault or the server stays away.
    """
    deadline, pause, call = math.inf, _PAUSES[0], once
    while True:
        try:
            answer = call()
        except (StorageInternalError, DBAPIError, PendingRollbackError) as error:
            if not is_cut(error) or time.monotonic() + pause > deadline:
                raise
            if deadline == math.inf:  # from here on: it may have been stopped in its first call
                deadline = time.monotonic() + RETRY_SECONDS
                say(
                    "the database does not answer; what it was asked is tried again for "
                    f"{RETRY_SECONDS:g} s"
                )
        else:
            if pause > _PAUSES[0]:
                say("the database answers again")
            return answer
        call = again
        reconnect()
        time.sleep(pause)
        pause = min(2 * pause, _PAUSES[1])


class PatientStorage(RDBStorage):
    """Tries again what a cut connection broke off, for a while; nothing is recorded twice.

    Every call is a transaction that is there whole or not at all, and all but two may be repeated
    as they are, since they set a value. Of these two the answer may be lost though the work was
    done: a trial's state is then not set again, and a trial that waits with given values is not
    made again. One that was made without values is a trial that nobody has a configuration for,
    which the next proposal takes up (`automl.tuning.sharing`). All holds where, as there, only one
    driver at a time asks for trials.

    Args:
        url: The database, as `RDBStorage` takes it.
        say: Told what a person should know.
        **options: As `RDBStorage` takes them.
    """

    def __init__(self, url: str, say: Callable[[str], None] | None = None, **options: Any) -> None:
        self._say = say or (lambda _: None)
        super().__init__(url, **options)

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        """Sets a trial's state, once."""

        def again() -> bool:
            return self.get_trial(trial_id).state == state or once()

        once = functools.partial(super().set_trial_state_values, trial_id, state, values)
        return bool(self._patiently(once, again))

    def _create_new_trial(
        self, study_id: int, template_trial: FrozenTrial | None = None
    ) -> FrozenTrial:
        """Makes a trial; one that waits with given values once."""

        def again() -> FrozenTrial:
            if template_trial is not None and template_trial.state is TrialState.WAITING:
                for trial in self.get_all_trials(study_id, states=(TrialState.WAITING,)):
                    if trial.system_attrs == template_trial.system_attrs:
                        return trial
            return once()

        once = functools.partial(super()._create_new_trial, study_id, template_trial)
        made: FrozenTrial = self._patiently(once, again)
        return made

    def _patiently(self, once: Callable[[], Any], again: Callable[[], Any]) -> Any:
        """Makes a call, and makes it again while the server is away."""
        return patiently(once, again, self._reconnect, self._say)

    def _reconnect(self) -> None:
        self.scoped_session.remove()
        self.engine.dispose()


def _patient(name: str) -> Any:
    whole = getattr(RDBStorage, name)

    @functools.wraps(whole)
    def call(self: PatientStorage, *args: Any, **options: Any) -> Any:
        once = functools.partial(whole, self, *args, **options)
        return self._patiently(once, once)

    return call


#: The calls that Optuna's cache makes; the private ones too, for it knows its backend well.
_CALLS = (
    *("create_new_study", "set_study_user_attr", "set_study_system_attr"),
    *("get_study_id_from_name", "get_study_name_from_id", "get_study_directions"),
    *("get_study_user_attrs", "get_study_system_attrs", "get_all_studies", "get_best_trial"),
    *("get_trial", "get_trial_id_from_study_id_trial_number"),
    *("_set_trial_param", "set_trial_param", "set_trial_intermediate_value"),
    *("set_trial_user_attr", "set_trial_system_attr", "_get_trials", "get_all_trials"),
)
for _name in _CALLS:
    setattr(PatientStorage, _name, _patient(_name))

"""A database that several searches use at once, and whose server is away for a moment."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import optuna
import pytest
from optuna.storages import RDBStorage
from optuna.trial import TrialState
from sqlalchemy.exc import OperationalError, ProgrammingError

from automl.errors import RunError
from automl.results import patient_storage
from automl.results.database import open_storage
from automl.results.database_lock import _take_mysql, database_lock
from automl.results.patient_storage import PatientStorage
from tests.results.database_servers import MariaDB, PostgreSQL, Server

optuna.logging.set_verbosity(optuna.logging.CRITICAL)

OPENS = """
import sys, time, pathlib
from automl.results.database import open_storage
import optuna
folder = pathlib.Path(sys.argv[2])
(folder / f"ready-{sys.argv[3]}").touch()
while not (folder / "go").exists():
    time.sleep(0.001)
storage = open_storage(sys.argv[1])
optuna.create_study(storage=storage, study_name="shared", load_if_exists=True).ask()
"""


def open_at_once(url: str, folder: Path, count: int = 4) -> list[str]:
    """Opens a fresh database in several processes at the same moment; what they complain of."""
    opening = [
        subprocess.Popen(
            [sys.executable, "-c", OPENS, url, str(folder), str(number)],
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(count)
    ]
    wait_for(lambda: len(list(folder.glob("ready-*"))) == count)
    (folder / "go").touch()
    return [process.communicate(timeout=300)[1] for process in opening if process.wait(300)]


def wait_for(condition: Callable[[], Any], seconds: float = 300.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_fresh_file_is_opened_by_several_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/studies.db"
    assert open_at_once(url, tmp_path) == []
    study = optuna.load_study(study_name="shared", storage=open_storage(url))
    assert [trial.number for trial in study.trials] == [0, 1, 2, 3]


# ---- a server that is away, without one


def cut() -> OperationalError:
    return OperationalError("SELECT 1", {}, Exception("server closed the connection unexpectedly"))


@pytest.fixture
def patient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PatientStorage:
    monkeypatch.setattr(patient_storage, "_PAUSES", (0.001, 0.002))
    storage = PatientStorage(f"sqlite:///{tmp_path}/studies.db", say=SAID.append)
    SAID.clear()
    return storage


SAID: list[str] = []


def broken(monkeypatch: pytest.MonkeyPatch, name: str, times: int, after: bool) -> None:
    """Makes a call of Optuna's fail so often, before or after it has done its work."""
    whole, left = getattr(RDBStorage, name), [times]

    def call(self: Any, *args: Any, **options: Any) -> Any:
        answer = whole(self, *args, **options) if after or not left[0] else None
        if left[0]:
            left[0] -= 1
            raise cut()
        return answer

    monkeypatch.setattr(RDBStorage, name, call)


@pytest.mark.parametrize("after", [False, True], ids=["not done", "done, the answer lost"])
def test_an_end_is_told_once(
    after: bool, patient: PatientStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = optuna.create_study(storage=patient, study_name="run")
    trial = study.ask()
    broken(monkeypatch, "set_trial_state_values", 3 if not after else 1, after)
    assert patient.set_trial_state_values(trial._trial_id, TrialState.COMPLETE, [0.5])
    (frozen,) = study.trials
    assert (frozen.state, frozen.value) == (TrialState.COMPLETE, 0.5)
    assert SAID == [
        "the database does not answer; what it was asked is tried again for 60 s",
        "the database answers again",
    ]


@pytest.mark.parametrize("after", [False, True], ids=["not done", "done, the answer lost"])
@pytest.mark.parametrize("call", ["_create_new_trial", "set_trial_state_values"])
def test_what_waits_is_made_once_and_taken_up(
    call: str, after: bool, patient: PatientStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = optuna.create_study(storage=patient, study_name="run")
    broken(monkeypatch, call, 1, after)
    study.enqueue_trial({"x": 0.25})
    trial = study.ask()
    assert trial.suggest_float("x", 0.0, 1.0) == 0.25
    assert [frozen.state for frozen in study.trials] == [TrialState.RUNNING]
    assert "the database answers again" in SAID
    # What is asked for twice is made twice.
    study.enqueue_trial({"x": 0.25})
    study.enqueue_trial({"x": 0.25})
    assert len(study.trials) == 3


def test_a_server_that_stays_away_is_told(
    patient: PatientStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = optuna.create_study(storage=patient, study_name="run")
    trial = study.ask()
    monkeypatch.setattr(patient_storage, "RETRY_SECONDS", 0.05)
    broken(monkeypatch, "set_trial_state_values", 10**6, False)
    with pytest.raises(OperationalError):
        patient.set_trial_state_values(trial._trial_id, TrialState.FAIL)


def test_a_process_that_was_stopped_in_a_call_tries_again(
    patient: PatientStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, calls = [100.0], []

    def stopped() -> str:
        calls.append(1)
        if len(calls) == 1:
            now[0] += 3600.0  # meanwhile the server has closed the connection
            raise cut()
        return "there"

    clock = SimpleNamespace(monotonic=lambda: now[0], sleep=lambda seconds: None)
    monkeypatch.setattr(patient_storage, "time", clock)
    assert patient._patiently(stopped, stopped) == "there"


def test_what_is_refused_is_not_tried_again(
    patient: PatientStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def refused() -> None:
        calls.append(1)
        raise ProgrammingError("SELECT", {}, Exception("permission denied"))

    with pytest.raises(ProgrammingError):
        patient._patiently(refused, refused)
    assert calls == [1]


class Answers:
    """A connection to MySQL that gives prepared answers."""

    def __init__(self, *answers: int | None) -> None:
        self.answers = list(answers)

    def execute(self, *_: Any) -> Answers:
        return self

    def scalar(self) -> int | None:
        return self.answers.pop(0)


def test_mysql_s_answer_about_its_lock_counts() -> None:
    waiting = Answers(0, 0, 1)
    assert "RELEASE_LOCK" in _take_mysql(waiting, "study")[0]
    assert waiting.answers == []
    with pytest.raises(RunError, match="GET_LOCK answers None"):
        _take_mysql(Answers(None), "study")


# ---- servers of their own


@pytest.fixture(scope="module", params=[PostgreSQL, MariaDB], ids=["PostgreSQL", "MariaDB"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    found = request.param.programs()
    if found is None:
        pytest.skip(f"{request.param.__name__} is not installed")
    pytest.importorskip(request.param.driver)
    with request.param(found) as started:
        yield started


def test_a_fresh_server_is_opened_by_several_at_once(server: Server, tmp_path: Path) -> None:
    assert open_at_once(server.url, tmp_path) == []
    study = optuna.load_study(study_name="shared", storage=open_storage(server.url))
    assert [trial.number for trial in study.trials] == [0, 1, 2, 3]


def test_a_lock_is_held_by_one_and_does_not_idle_in_a_transaction(server: Server) -> None:
    taken = threading.Event()

    def take() -> None:
        with database_lock(server.url, "study"):
            taken.set()

    with database_lock(server.url, "study"):
        waiting = threading.Thread(target=take)
        waiting.start()
        wait_for(lambda: server.answers(server.waiting))
        assert not server.answers(server.idle)
        assert not taken.is_set()
    waiting.join(60)
    assert taken.is_set()


def test_a_lock_goes_with_its_connection(server: Server) -> None:
    with database_lock(server.url, "study"):
        server.cut()
        with database_lock(server.url, "study"):
            pass


def test_a_study_goes_on_over_cut_connections_and_a_restart(server: Server) -> None:
    said: list[str] = []
    storage = open_storage(server.url, say=said.append)
    study = optuna.create_study(storage=storage, study_name="cut")
    for number in range(6):
        with database_lock(server.url, "cut", said.append):
            trial = study.ask()
            if number == 2:
                server.cut()
            trial.suggest_float("x", 0.0, 1.0)
            if number == 4:
                server.restart()
            trial.set_user_attr("config", {"x": number})
        study.tell(trial, float(number))
    assert [trial.value for trial in study.trials] == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    # Of MySQL's connections Optuna tries each before it is used.
    assert ("the database answers again" in said) or isinstance(server, MariaDB)


def test_a_server_s_study_is_read_and_left_as_it_is(server: Server) -> None:
    optuna.create_study(storage=open_storage(server.url), study_name="read").ask()
    found = optuna.load_study(study_name="read", storage=open_storage(server.url, read_only=True))
    assert [trial.number for trial in found.trials] == [0]
    with pytest.raises(KeyError):
        optuna.load_study(study_name="other", storage=open_storage(server.url, read_only=True))

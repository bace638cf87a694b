"""A database that several searches use at once, and whose server is away for a moment."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import optuna
import pytest
from optuna.storages import RDBStorage
from optuna.trial import TrialState
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError

from automl.errors import RunError
from automl.results import patient_storage
from automl.results.database import open_storage
from automl.results.database_lock import _take_mysql, database_lock
from automl.results.patient_storage import PatientStorage

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
    return [process.communicate(timeout=120)[1] for process in opening if process.wait(120)]


def wait_for(condition: Callable[[], Any], seconds: float = 120.0) -> None:
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


# ---- a server of PostgreSQL's own


class Server:
    """A PostgreSQL for the tests, in a temporary folder."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="pg-"))  # its sockets need a short path
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"postgresql://me@127.0.0.1:{self.port}/postgres"
        # It refuses to run as root.
        self._user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
        if self._user is not None:
            os.chown(self._folder, self._user, -1)
        self._run("initdb", "-U", "me", "--auth=trust", "-E", "UTF8")
        self.control("start")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), "-D", str(self._folder / "data"), *arguments]
        subprocess.run(
            command,
            user=self._user,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=120,
            cwd=self._folder,
        )

    def control(self, action: str) -> None:
        options = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1"
        self._run(
            "pg_ctl", "-w", "-m", "fast", "-o", options, "-l", str(self._folder / "log"), action
        )

    def close(self) -> None:
        self.control("stop")
        shutil.rmtree(self._folder)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    pytest.importorskip("psycopg")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed")
    started = Server(found[-1].parent)
    yield started
    started.close()


def test_a_fresh_server_is_opened_by_several_at_once(server: Server, tmp_path: Path) -> None:
    assert open_at_once(server.url, tmp_path) == []
    study = optuna.load_study(study_name="shared", storage=open_storage(server.url))
    assert [trial.number for trial in study.trials] == [0, 1, 2, 3]


def test_a_lock_does_not_idle_in_a_transaction(server: Server) -> None:
    storage = PatientStorage(server.url)
    states = "SELECT state FROM pg_stat_activity WHERE query LIKE '%pg_advisory_lock%'"
    with database_lock(server.url, "study"), storage.engine.connect() as connection:
        assert "idle in transaction" not in connection.execute(text(states)).scalars().all()
        assert connection.execute(text("SELECT count(*) FROM pg_locks WHERE locktype='advisory'"))


def test_a_study_goes_on_over_cut_connections_and_a_restart(server: Server) -> None:
    said: list[str] = []
    storage = open_storage(server.url, say=said.append)
    study = optuna.create_study(storage=storage, study_name="cut")
    cutting = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    for number in range(6):
        with database_lock(server.url, "cut", said.append):
            trial = study.ask()
            if number == 2:
                PatientStorage(server.url).engine.connect().execute(text(cutting))
            trial.suggest_float("x", 0.0, 1.0)
            if number == 4:
                server.control("restart")
            trial.set_user_attr("config", {"x": number})
        study.tell(trial, float(number))
    assert [trial.value for trial in study.trials] == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert "the database answers again" in said

"""What a process needs and does not get: addresses, threads, processes, the server it came from."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from automl.data.arrays import save_arrays
from automl.data.metrics import Objective
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.engines.child import Child
from automl.engines.contract import EpochFinished, Event, Job, SpaceHandle, TrialEnded
from automl.engines.forked import MOST_LOST, ForkedProcesses
from automl.engines.forkserver import _Server
from automl.engines.local import LocalEngine
from automl.engines.process_output import bounds_met, describe_end, last_line, printed_since
from automl.engines.run_in_child import run_in_child
from automl.errors import RunError
from automl.space.registry import find_space
from automl.trial import Answer, TrialBudget, TrialSpec, TrialState

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
SPACE = Path(__file__).parent / "greedy_space.py"
PR_CAPBSET_DROP, CAP_SYS_ADMIN, CAP_SYS_RESOURCE = 24, 21, 24
SOMEBODY = 54_321  # a user of whom no process runs
CUDA = """\
2026-01-01 00:00:00.123456: E external/local_xla/cuda_fft.cc:467] Unable to register cuFFT factory
WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
E0000 00:00:1.23 4567 cuda_dnn.cc:8579] Unable to register cuDNN factory
To enable the following instructions: AVX2, rebuild TensorFlow with the appropriate flags.
"""


def test_a_notice_of_a_library_is_no_reason() -> None:
    assert last_line(CUDA) == ""
    assert "cuFFT" not in describe_end(-9, CUDA)
    assert last_line("ValueError: too wide\n" + CUDA) == "ValueError: too wide"
    fatal = "F0000 00:00:1.5 123 env.cc:5] Check failed: ret == 0 (11 vs. 0)Thread t via pthread"
    dump = '\nFatal Python error: Aborted\n\nThread 0x7f:\n  File "x.py", line 3 in f\n'
    assert last_line(CUDA + fatal + dump) == "Fatal Python error: Aborted"
    assert last_line(CUDA + fatal).startswith("env.cc:5] Check failed: ret == 0")


def test_only_what_was_printed_since_counts(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    log.write_text("an earlier trial's warning\n")
    start = log.stat().st_size
    assert printed_since(log, start) == ""
    with log.open("a") as file:
        file.write("of this trial\n")
    assert last_line(printed_since(log, start)) == "of this trial"
    log.write_text("short\n")  # the guard has shortened it
    assert printed_since(log, start) == "short\n"


def test_a_bound_that_was_met_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("automl.engines.process_output.process_bound", lambda: 40)
    monkeypatch.setattr("automl.engines.process_output.address_space", lambda: 3 << 29)
    assert "at most 40 processes" in bounds_met("pthread_create() failed")
    assert "1.5 GB of addresses" in bounds_met("std::bad_alloc")
    assert bounds_met("ValueError: too wide") == ""


def limited(code: str, kilobytes: int) -> subprocess.CompletedProcess[str]:
    """Runs Python under ``ulimit -v``."""
    bound = kilobytes << 10
    start = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({bound}, {bound}))\n"
    return subprocess.run(
        [sys.executable, "-c", start + code], capture_output=True, text=True, timeout=300
    )


SEARCH = """
from automl.cli.main import main
search = ["search", "iris", "--cv", "none", "--trials", "1", "--workers", "1", "--directory", "{}"]
raise SystemExit(main(search))
"""


@pytest.mark.parametrize("kilobytes", [1_000_000, 1_500_000])
def test_too_few_addresses_are_named_and_nothing_spins(kilobytes: int, tmp_path: Path) -> None:
    ended = limited(SEARCH.format(tmp_path / "run"), kilobytes)
    assert ended.returncode == 2, ended.stderr
    assert "ulimit -v" in ended.stderr
    assert ended.stderr.count("\n") == 1


def few_processes(bound: int) -> None:
    """Lets this process's user have so few processes and threads, root's too.

    The system counts them by the real user, and asks nothing of root.
    """
    if os.getuid() == 0:
        libc = ctypes.CDLL(None)
        for capability in (CAP_SYS_ADMIN, CAP_SYS_RESOURCE):
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # it ends with the next program
        os.setresuid(SOMEBODY, 0, 0)
    resource.setrlimit(resource.RLIMIT_NPROC, (bound, bound))


@pytest.mark.parametrize("bound", [2, 6, pytest.param(10, marks=pytest.mark.slow)])
def test_too_few_processes_are_named(bound: int, tmp_path: Path) -> None:
    env = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # its threads would be the first to lack
    search = [sys.executable, "-c", SEARCH.format(tmp_path / "run")]
    ended = subprocess.run(
        search, capture_output=True, text=True, timeout=600, env=env,
        preexec_fn=lambda: few_processes(bound),
    )  # fmt: skip
    assert ended.returncode == 1, ended.stderr
    said = ended.stderr.splitlines()[-1]
    assert said.startswith("automl: ") and "`ulimit -u`" in said, said
    assert f"at most {bound} processes" in said and "defect" not in said


def test_a_process_that_may_not_be_forked_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr("automl.engines.forkserver.os.fork", refused)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        descriptor = os.open(os.devnull, os.O_RDONLY)
        _Server(theirs).start({"preload": [], "id": 7}, descriptor)
        notice = json.loads(ours.recv(4096))
    assert notice["failed"] == 7
    monkeypatch.setattr("automl.engines.process_output.process_bound", lambda: 40)
    assert "ulimit -u" in describe_end(1, notice["why"])


def make_engine(tmp_path: Path) -> tuple[ForkedProcesses, Job]:
    arrays = save_arrays(prepare(DataRequest("iris")), tmp_path / "arrays")
    handle = SpaceHandle.of(find_space(str(SPACE)))
    job = Job({"search": handle}, arrays, tmp_path, Objective("log_loss", "minimize"))
    return ForkedProcesses(), job


def wait_for(engine: LocalEngine, kind: type[Event], seconds: float = 300.0) -> Event:
    deadline = time.monotonic() + seconds
    while True:
        assert time.monotonic() < deadline
        for event in engine.events(0.25):
            if isinstance(event, TrialEnded):
                assert kind is TrialEnded, event
            if isinstance(event, kind):
                return event


def test_a_server_that_dies_is_started_again_and_its_trial_queued_again(tmp_path: Path) -> None:
    processes, job = make_engine(tmp_path)
    config = {"appetite": "none", "width": 8}
    spec = TrialSpec(0, config, 0, TrialBudget(200_000, 200_000), wait_for_answer=True)
    try:
        with LocalEngine(1, processes) as engine:
            engine.open(job)
            engine.submit(spec)
            wait_for(engine, EpochFinished)
            worker = engine._workers[0].child.pid
            assert worker is not None
            os.kill(processes._server.pid, signal.SIGKILL)
            again = wait_for(engine, EpochFinished)
            assert isinstance(again, EpochFinished)
            assert again.report.epoch == 1
            assert not Path(f"/proc/{worker}/cmdline").exists() or is_over(worker)
            engine.interrupt(0, "enough")
            engine.answer(0, Answer.STOP)
            ended = wait_for(engine, TrialEnded)
            assert isinstance(ended, TrialEnded)
            assert ended.result.state in (TrialState.PRUNED, TrialState.COMPLETED)
        assert run_in_child(processes, "json:dumps", {"obj": 1}) == "1"
    finally:
        processes.close()


def is_over(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"


def test_a_server_that_does_not_stay_up_is_told() -> None:
    processes = ForkedProcesses()
    try:
        for _ in range(MOST_LOST):
            assert run_in_child(processes, "json:dumps", {"obj": 1}) == "1"
            processes._server.kill()
            processes._server.wait()
        assert run_in_child(processes, "json:dumps", {"obj": 1}) == "1"
        processes._server.kill()
        processes._server.wait()
        with pytest.raises(RunError, match="was ended by SIGKILL"):
            run_in_child(processes, "json:dumps", {"obj": 1})
    finally:
        processes.close()


def test_a_process_id_that_is_used_again_gets_no_signal() -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        child = Child()
        child.started(process.pid)
        child._began = -1  # as if the number had been an earlier process's
        child.kill()
        time.sleep(0.2)
        assert process.poll() is None
        child.started(process.pid)
        child.kill()
        assert process.wait(timeout=300) == -signal.SIGKILL
    finally:
        process.kill()
        process.wait()

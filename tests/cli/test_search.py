"""`search` and `resume`, driven as a person drives them: in a process, a pipe and a terminal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from automl.cli.main import main
from tests.cli.console import Finished, command_line, environment

# The command in a driver's process, which must not have imported TensorFlow in the end.
WITHOUT_TENSORFLOW = (
    "import sys; from automl.cli.main import main; code = main();"
    "assert not {'tensorflow', 'keras', 'ray'} & set(sys.modules); sys.exit(code)"
)
SHORT = (
    *("--epochs", "2", "--workers", "1", "--space", "linear", "--pruner", "none"),
    *("--cv", "none"),
)


def test_plain_lines_and_the_summary(searched: tuple[Path, Finished]) -> None:
    folder, process = searched
    assert process.returncode == 0, process.stderr
    assert process.stderr == ""
    text = process.stdout
    assert "\033" not in text
    lines = text.splitlines()
    first_trial = next(i for i, line in enumerate(lines) if line.startswith("[1/3] trial"))
    told = "\n".join(lines[:first_trial])
    for word in ("task: ", "rows: ", "run: run, ranked by log_loss", "search: space mlp"):
        assert word in told  # before the first trial
    assert sum(line.startswith("[") for line in lines) == 3
    assert any(line.startswith("baseline linear completed") for line in lines)
    summary = text[text.index("run: 3 trials") :]
    for word in (
        "majority",
        "Test rows",
        "is exported to run/best and checked",
        "automl leaderboard run",
        "automl export run --to",
        "automl predict run/best",
        "automl resume run --trials 6",
    ):
        assert word in summary
    assert (folder / "run" / "best" / "model.keras").exists()


def test_the_log_file_has_the_same_lines(searched: tuple[Path, Finished], run: Path) -> None:
    logged = (run / "search.log").read_text(encoding="utf-8").splitlines()
    printed = searched[1].stdout.splitlines()
    assert [line[20:] for line in logged[:-1]] == printed[: len(logged) - 1]
    assert logged[-1][20:].startswith("ended (trials): best trial ")


def test_the_best_and_the_baselines_have_test_scores(
    run: Path, inside: Callable[..., Finished]
) -> None:
    process = inside("leaderboard", str(run), "--format", "json")
    scored = {row["trial"] for row in json.loads(process.stdout) if row["test_metrics"]}
    assert {"boosting", "majority", "linear"} < scored
    assert len([trial for trial in scored if isinstance(trial, int)]) == 1


def test_quiet_prints_the_directory_only_and_resume_goes_on(
    tmp_path: Path, inside: Callable[..., Finished]
) -> None:
    arguments = ["search", "iris", "-q", "--trials", "2", *SHORT, "-d", "mine"]
    quiet = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW, *arguments],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert quiet.returncode == 0, quiet.stderr
    assert quiet.stdout == f"{tmp_path / 'mine'}\n"
    assert "trial 0 completed" in (tmp_path / "mine" / "search.log").read_text()

    again = inside("search", "iris", *SHORT, "-d", "mine", cwd=tmp_path)
    assert again.returncode == 2
    assert "automl resume mine" in again.stderr

    more = inside("resume", "mine", "--trials", "3", cwd=tmp_path)
    assert more.returncode == 0, more.stderr
    assert "[3/3] trial 2 completed" in more.stdout
    assert "trial 1 completed" not in more.stdout
    assert "3 trials of up to 2 epochs" in more.stdout
    manifest = json.loads((tmp_path / "mine" / "run.json").read_text())
    assert manifest["request"]["budget"]["trials"] == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing.csv", "--target", "y"], "nothing.csv"),
        (["iris", "--space", "mpl"], "mlp"),
        (["iris", "--sampler", "tpee"], "tpe"),
        (["iris", "--pruner", "medien"], "median"),
        (["iris", "--set", "dept=3"], "depth"),
        (["iris", "--set", "depth=99"], "depth"),
        (["iris", "--objective", "acuracy"], "accuracy"),
        (["iris", "--target", "x"], "x"),
        (["iris", "--task", "regression"], "numbers were expected"),
        (["iris", "--goal", "nan"], "--goal"),
        (["iris", "--storage", "sqlite:////nowhere/at/all.db"], "unable to open"),
        (["iris", "--storage", "nosuch://base"], "--storage nosuch://base"),
    ],
)
def test_wrong_requests_leave_nothing(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["search", *arguments]) == 2
    printed = capsys.readouterr().err
    assert words in printed
    assert printed.startswith("automl: ")
    assert printed.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


FAILING = '''"""Fails."""
from automl.space import Int, SearchSpace


def build(config, inputs, task):
    import keras

    if config.depth > 1:
        raise ValueError("no such layer")
    return keras.layers.Dense(4)(inputs)


space = SearchSpace("failing", [Int("depth", 1, 999, default=1)], build)
'''


def test_a_search_whose_trials_keep_failing_is_a_failed_run(
    tmp_path: Path, inside: Callable[..., Finished]
) -> None:
    (tmp_path / "failing.py").write_text(FAILING)
    arguments = ["iris", "--space", "failing.py", "--workers", "1", "--epochs", "2"]
    process = inside("search", *arguments, cwd=tmp_path)
    assert process.returncode == 1
    assert "trial 0 completed: " in process.stdout  # the default, which is built beforehand too
    assert "trial 1 failed: " in process.stdout
    assert "no such layer" in process.stdout
    assert "3 trials in a row failed with the same cause" in process.stdout + process.stderr
    shown = inside("show", "results/iris", "1", cwd=tmp_path)
    assert "Traceback" in shown.stdout
    assert "ValueError: no such layer" in shown.stdout


def wait_for(condition: object, seconds: float = 300.0) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.1)


@pytest.mark.skipif(os.name == "nt", reason="signals of another kind")
@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_says_how_to_resume(times: int, tmp_path: Path) -> None:
    process = subprocess.Popen(
        command_line(
            "search", "digits", "--cv", "none", "-n", "500", "-w", "1", "-d", "run", "--test", "0"
        ),
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    log = tmp_path / "run" / "search.log"
    try:
        wait_for(lambda: log.exists() and "trial 0 completed" in log.read_text())
        process.send_signal(signal.SIGINT)
        if times == 2:
            wait_for(lambda: "Ctrl-C again stops at once" in log.read_text())
            process.send_signal(signal.SIGINT)
        printed, complaint = process.communicate(timeout=300)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Traceback" not in complaint
    assert complaint.startswith("automl: ")
    assert "`automl resume run` goes on where it stopped" in complaint
    assert (tmp_path / "run" / "best").exists() is (times == 1)
    assert ("Next:" in printed) is (times == 1)


@pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminals")
def test_on_a_terminal_the_display_comes_and_goes(tmp_path: Path) -> None:
    import pty

    driver, terminal = pty.openpty()
    process = subprocess.Popen(
        command_line("search", "iris", "-n", "2", *SHORT),
        cwd=tmp_path,
        env={**environment(), "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    output = b""
    try:
        while chunk := _read(driver):
            output += chunk
        assert process.wait(timeout=300) == 0
    finally:
        process.kill()
        os.close(driver)
    text = output.decode()
    assert "reading the data ..." in text
    assert "/2 trials" in text
    assert "\033[?25h" in text  # the cursor is back
    end = text[text.rindex("\033[?25h") :]
    assert "iris: 2 trials" in end
    assert "/2 trials" not in end
    assert "automl resume results/iris" in end


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # Linux says so when the other end is closed
        return b""

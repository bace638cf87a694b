"""One small finished run for all tests of the command, and commands without a start-up."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest

from automl.cli.main import main
from tests.cli.console import ENVIRONMENT, Finished, automl


@pytest.fixture(scope="session")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Finished]:
    """A finished search: the folder it ran in, and what it printed."""
    folder = tmp_path_factory.mktemp("searched")
    options = ("--trials", "3", "--epochs", "4", "--workers", "1", "--cv", "none")
    return folder, automl("search", "iris", *options, "--directory", "run", cwd=folder)


@pytest.fixture(scope="session")
def run(searched: tuple[Path, Finished]) -> Path:
    """The directory of a finished run."""
    folder, process = searched
    assert process.returncode == 0, process.stderr
    return folder / "run"


@pytest.fixture
def inside(
    warm: None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Finished]:
    """Runs a command as `tests.cli.console.automl` does, but in this process and warm ones."""
    monkeypatch.setenv("COLUMNS", ENVIRONMENT["COLUMNS"])

    def run(*arguments: str, cwd: Path | None = None) -> Finished:
        capfd.readouterr()
        with contextlib.chdir(cwd or Path.cwd()):
            code = main(list(arguments))
        return Finished(arguments, code, *capfd.readouterr())

    return run

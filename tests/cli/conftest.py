"""One small finished run for all tests of the command."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.console import Finished, automl


@pytest.fixture(scope="session")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Finished]:
    """A finished search: the folder it ran in, and what it printed."""
    folder = tmp_path_factory.mktemp("searched")
    arguments = ("search", "iris", "--trials", "3", "--epochs", "4", "--workers", "1")
    return folder, automl(*arguments, "--directory", "run", cwd=folder)


@pytest.fixture(scope="session")
def run(searched: tuple[Path, Finished]) -> Path:
    """The directory of a finished run."""
    folder, process = searched
    assert process.returncode == 0, process.stderr
    return folder / "run"

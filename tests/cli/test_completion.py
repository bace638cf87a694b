"""Shell completion: it offers names, fast and without TensorFlow, and can be installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.console import environment

CODE = (
    "import sys\nfrom automl.__main__ import main\n"
    "try:\n    code = main()\nexcept SystemExit as error:\n    code = error.code\n"
    "assert not {'tensorflow', 'keras', 'pandas'} & set(sys.modules)\nsys.exit(code)\n"
)


def complete(shell: str, line: str, **extra: str) -> str:
    words = {
        "bash": {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)},
        "zsh": {"_TYPER_COMPLETE_ARGS": line},
        "fish": {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
    }[shell]
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        env={**environment(), **words, **extra, "_AUTOML_COMPLETE": f"complete_{shell}"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("automl search iris --space wid", "wide_and_deep"),
        ("automl spaces show ger", "geron-housing"),
        ("automl search iris --sampler cm", "cmaes"),
        ("automl export results/iris --to model --format sav", "saved_model"),
        ("automl lead", "leaderboard"),
    ],
)
def test_names_are_offered(shell: str, line: str, offered: str) -> None:
    assert offered in complete(shell, line)


@pytest.mark.skipif(not Path("/bin/bash").exists(), reason="has no bash")
def test_it_is_installed_for_the_shell_at_hand(tmp_path: Path) -> None:
    install = f'"{sys.executable}" -m automl --install-completion; echo "code $?"'
    done = subprocess.run(
        ["/bin/bash", "-c", install],
        env={**environment(), "HOME": str(tmp_path), "SHELL": "/bin/bash"},
        cwd=Path.cwd(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "code 0" in done.stdout, done
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any("_AUTOML_COMPLETE" in path.read_text() for path in written)

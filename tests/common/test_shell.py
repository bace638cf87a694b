"""What is suggested can be pasted into a shell, whatever the names are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.common.shell import option, quoted, shown_path

ODD = ["-dd", "--help", "a b", "it's", 'say "x"', "$HOME", "`id`", "a\nb", "\033[31m", "é", "", "*"]
bash = pytest.mark.skipif(not Path("/bin/bash").exists(), reason="has no bash")


def words(line: str) -> list[str]:
    """How a shell reads a line."""
    code = "import sys, os; sys.stdout.buffer.write(b'\\0'.join(map(os.fsencode, sys.argv[1:])))"
    command = ["/bin/bash", "-c", f"exec {quoted(sys.executable)} -c {quoted(code)} {line}"]
    done = subprocess.run(command, capture_output=True, check=True)
    return [os.fsdecode(word) for word in done.stdout.split(b"\0")]


@bash
@pytest.mark.parametrize("value", [*ODD, os.fsdecode(b"caf\xe9")])
def test_a_shell_reads_what_was_quoted(value: str) -> None:
    assert quoted(value).isprintable()
    assert words(f"{quoted(value)} end") == [value, "end"]


@bash
@settings(max_examples=15, deadline=None)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8))
def test_a_shell_reads_any_text(value: str) -> None:
    assert words(f"{quoted(value)} end") == [value, "end"]


def test_a_value_like_an_option_is_tied_to_its_own() -> None:
    assert option("--ignore", "-dd") == "--ignore=-dd"
    assert option("--ignore", "two words") == "--ignore 'two words'"


def test_a_path_like_an_option_gets_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown_path("-dd") == "./-dd"
    assert shown_path(tmp_path / "-dd") == "./-dd"
    assert shown_path(tmp_path / "a b") == "'a b'"
    assert shown_path("/elsewhere/x") == "/elsewhere/x"

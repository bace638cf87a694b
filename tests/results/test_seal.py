"""Seals: what a journal's lines were is known, whoever reads or writes it in between."""

from __future__ import annotations

import json
from pathlib import Path

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from automl.errors import RunError
from automl.results.journal import JournalFile
from automl.results.replay import replay_journal
from automl.results.seal import Seal

optuna.logging.set_verbosity(optuna.logging.ERROR)


def study(path: Path, theirs: bool = False) -> optuna.Study:
    backend = JournalFileBackend(str(path)) if theirs else JournalFile(path)
    return optuna.create_study(
        storage=JournalStorage(backend), study_name="run", load_if_exists=True
    )


def run_trials(opened: optuna.Study, count: int) -> None:
    for _ in range(count):
        trial = opened.ask()
        trial.suggest_float("x", 0.0, 1.0)
        trial.report(0.5, 1)
        opened.tell(trial, trial.number / 7)


def seals(path: Path) -> int:
    return sum("crc32" in json.loads(line) for line in path.read_bytes().splitlines())


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("sealed") / "study.log"
    run_trials(study(path), 3)
    run_trials(study(path), 2)
    return path.read_bytes()


def test_each_end_is_sealed_and_sessions_and_other_writers_fit_together(tmp_path: Path) -> None:
    path = tmp_path / "study.log"
    ours = study(path)
    run_trials(ours, 2)
    assert seals(path) == 3  # the study, and the end of each trial
    theirs = study(path, theirs=True)
    run_trials(theirs, 1)
    assert seals(path) == 3
    assert len(ours.trials) == 3  # which reads what others wrote
    run_trials(ours, 1)
    assert seals(path) == 4
    run_trials(study(path), 1)
    assert seals(path) == 6  # the study, which every session creates where it is not there yet
    assert [t.value for t in study(path, theirs=True).trials] == [i / 7 for i in range(5)]
    assert len(replay_journal(path)[0].trials) == 5


@settings(max_examples=200, deadline=None)
@given(share=st.floats(0, 1), mask=st.integers(1, 255))
def test_no_byte_before_the_last_seal_can_be_changed_unseen(
    journal: bytes, tmp_path_factory: pytest.TempPathFactory, share: float, mask: int
) -> None:
    # Without the line end before it, the last line would be one that was cut off.
    last = journal.rindex(b'{"op_code":6') - 1
    at = int(share * (last - 1))
    path = tmp_path_factory.mktemp("changed") / "study.log"
    path.write_bytes(journal[:at] + bytes([journal[at] ^ mask]) + journal[at + 1 :])
    with pytest.raises(RunError):
        replay_journal(path)
    with pytest.raises(RunError):
        list(JournalFile(path).read_logs(0))


def test_a_line_that_is_gone_repeated_or_moved_is_noticed(journal: bytes, tmp_path: Path) -> None:
    lines = journal.splitlines(keepends=True)
    path = tmp_path / "study.log"
    for i in range(len(lines) - 1):
        for changed in (
            lines[:i] + lines[i + 1 :],
            lines[: i + 1] + lines[i:],
            [*lines[:i], lines[i + 1], lines[i], *lines[i + 2 :]],
        ):
            path.write_bytes(b"".join(changed))
            if i + 1 < len(lines) - 1 or changed[-1] == lines[-1]:
                with pytest.raises(RunError, match=r"was changed after it was written|no journal"):
                    replay_journal(path)


def test_a_journal_without_seals_is_read_as_before(journal: bytes, tmp_path: Path) -> None:
    path = tmp_path / "study.log"
    bare = [json.loads(line) for line in journal.splitlines()]
    text = "".join(json.dumps({k: v for k, v in b.items() if k != "crc32"}) + "\n" for b in bare)
    path.write_text(text)
    assert len(replay_journal(path)[0].trials) == 5
    run_trials(study(path), 1)
    assert seals(path) == 2
    assert len(replay_journal(path)[0].trials) == 6


def test_a_seal_tells_which_lines_are_as_they_were(journal: bytes, tmp_path: Path) -> None:
    lines = journal.splitlines(keepends=True)
    sealed = [i for i, line in enumerate(lines) if b"crc32" in line]
    changed = sealed[1] + 2
    lines[changed] = lines[changed].replace(b"1", b"2")
    path = tmp_path / "study.log"
    path.write_bytes(b"".join(lines))
    message = rf"between line {sealed[1] + 1} and line {sealed[2] + 1}.*first {sealed[1]} lines"
    with pytest.raises(RunError, match=message):
        replay_journal(path)
    path.write_bytes(b"".join(lines[: sealed[1]]))
    assert len(replay_journal(path)[0].trials) == 1


@given(st.lists(st.binary(max_size=9), max_size=6))
def test_the_checksum_does_not_depend_on_how_the_lines_are_cut_into_blocks(
    blocks: list[bytes],
) -> None:
    seal = Seal()
    for block in blocks:
        seal = seal.after(block)
    whole = b"".join(blocks)
    assert seal == Seal().after(whole) == Seal().checked(whole, Path("study.log"))

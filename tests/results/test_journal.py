"""The journal: Optuna's format, whole lines kept after any cut, errors that say what to do."""

from __future__ import annotations

import errno
import io
from pathlib import Path

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from automl.common.root import Root
from automl.errors import RunError
from automl.results.journal import JournalFile
from automl.results.journal_lines import parse_lines, whole_lines

optuna.logging.set_verbosity(optuna.logging.WARNING)


def small_study(path: Path) -> None:
    study = optuna.create_study(storage=JournalStorage(JournalFile(path)), study_name="run")
    study.set_user_attr("baseline:mean", {"seed": 0})
    for _ in range(3):
        trial = study.ask()
        trial.suggest_float("x", 0.0, 1.0)
        trial.suggest_categorical("kind", ["a", "ü"])
        trial.set_user_attr("config", {"kind": "ü"})
        trial.report(0.5, 1)
        study.tell(trial, 0.5)


def logs(path: Path) -> list[dict[str, object]]:
    return list(JournalFileBackend(str(path)).read_logs(0))


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("journal") / "study.log"
    small_study(path)
    return path.read_bytes()


def test_optuna_reads_what_we_wrote(tmp_path: Path) -> None:
    small_study(tmp_path / "study.log")
    study = optuna.load_study(
        study_name="run",
        storage=JournalStorage(JournalFileBackend(str(tmp_path / "study.log"))),
    )
    assert [trial.value for trial in study.trials] == [0.5, 0.5, 0.5]
    assert study.trials[0].user_attrs == {"config": {"kind": "ü"}}


def test_we_read_and_continue_what_optuna_wrote(tmp_path: Path) -> None:
    path = tmp_path / "study.log"
    theirs = optuna.create_study(
        storage=JournalStorage(JournalFileBackend(str(path))), study_name="run"
    )
    theirs.tell(theirs.ask(), 1.0)
    ours = optuna.load_study(study_name="run", storage=JournalStorage(JournalFile(path)))
    ours.tell(ours.ask(), 2.0)
    assert [trial.value for trial in theirs.trials] == [1.0, 2.0]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_whole_lines_survive_a_cut_at_any_byte(
    journal: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(journal)))
    path = tmp_path_factory.mktemp("cut") / "study.log"
    path.write_bytes(journal[:cut])
    kept = journal[:cut].count(b"\n")

    assert len(list(JournalFile(path).read_logs(0))) == kept
    assert path.read_bytes() == journal[:cut]  # reading changes nothing

    ours = JournalFile(path)
    start = data.draw(st.integers(0, kept))
    assert len(list(ours.read_logs(start))) == kept - start
    ours.append_logs([{"op_code": 4, "n": 1}, {"op_code": 4, "n": 2}])

    whole = journal[: journal[:cut].rfind(b"\n") + 1]
    assert path.read_bytes() == whole + b'{"op_code":4,"n":1}\n{"op_code":4,"n":2}\n'
    assert logs(path) == list(ours.read_logs(0)) == list(JournalFile(path).read_logs(0))
    assert [log.get("n") for log in ours.read_logs(kept)] == [1, 2]


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_study_goes_on_after_a_cut(
    journal: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    first_line = journal.index(b"\n") + 1
    path = tmp_path_factory.mktemp("cut") / "study.log"
    path.write_bytes(journal[: data.draw(st.integers(first_line, len(journal)))])
    study = optuna.load_study(study_name="run", storage=JournalStorage(JournalFile(path)))
    before = len(study.trials)
    study.tell(study.ask(), 7.0)
    again = optuna.load_study(
        study_name="run", storage=JournalStorage(JournalFileBackend(str(path)))
    )
    assert len(again.trials) == before + 1
    assert again.trials[-1].value == 7.0


@pytest.mark.parametrize("tail", [b"\x00\x00\x00\n", b'{"op_code":\n', b"\x00\x00"])
def test_a_last_line_that_is_not_json_counts_as_cut(tmp_path: Path, tail: bytes) -> None:
    path = tmp_path / "study.log"
    path.write_bytes(b'{"op_code":2}\n' + tail)
    ours = JournalFile(path)
    assert list(ours.read_logs(0)) == [{"op_code": 2}]
    ours.append_logs([{"op_code": 3}])
    assert path.read_bytes() == b'{"op_code":2}\n{"op_code":3}\n'


def test_a_bad_line_in_the_middle_is_an_error_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "study.log"
    path.write_bytes(b'{"op_code":2}\nbad\n{"op_code":2}\n')
    with pytest.raises(RunError, match="Line 2 of the study file"):
        list(JournalFile(path).read_logs(0))


def test_two_objects_on_one_line_are_an_error(tmp_path: Path) -> None:
    lines = whole_lines(b'{"a":1},{"b":2}\n{"c":3}\n')
    with pytest.raises(RunError, match="Line 1 "):
        parse_lines(lines, tmp_path / "study.log")


def test_a_study_that_is_not_there_is_empty_and_not_made_by_reading(tmp_path: Path) -> None:
    assert list(JournalFile(tmp_path / "study.log").read_logs(0)) == []
    assert not (tmp_path / "study.log").exists()


def test_a_failed_write_leaves_whole_lines_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "study.log"
    ours = JournalFile(path)
    ours.append_logs([{"op_code": 4, "n": 1}])

    class FullDisk(io.FileIO):
        def write(self, content: bytes) -> int:  # type: ignore[override]
            super().write(content[:5])
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(
            Root, "open", lambda self, name, *_args, **_options: FullDisk(self.path / name, "ab")
        )
        with pytest.raises(RunError, match=r"No space left on device.*automl resume"):
            ours.append_logs([{"op_code": 4, "n": 2}])
    assert path.read_bytes() == b'{"op_code":4,"n":1}\n'
    ours.append_logs([{"op_code": 2, "n": 3}])  # whose seal fits what is in the file
    assert [log["n"] for log in ours.read_logs(0)] == [1, 3]
    assert [log["n"] for log in JournalFile(path).read_logs(0)] == [1, 3]

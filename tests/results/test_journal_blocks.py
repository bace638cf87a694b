"""A journal read block by block, and not again where this process wrote it, is the journal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.results import journal, journal_lines
from automl.results.journal import JournalFile
from automl.results.journal_lines import collector_paused, read_blocks, whole_lines

LINES = st.lists(
    st.sampled_from([b'{"op_code":2}', b'{"n":1234567}', b"{}", b"bad", b"\r", b""]), max_size=9
)


@settings(max_examples=200, deadline=None)
@given(lines=LINES, tail=st.sampled_from([b"", b"\n", b"{", b"bad\n"]), block=st.integers(1, 40))
def test_blocks_hold_the_whole_lines(
    lines: list[bytes], tail: bytes, block: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = b"".join(line + b"\n" for line in lines) + tail
    path = tmp_path_factory.mktemp("blocks") / "study.log"
    path.write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal_lines, "_BLOCK", block)
        blocks = list(read_blocks(path))
        assert [line for lines in blocks for line in lines] == whole_lines(content)
        offset = len(lines[0]) + 1 if lines else 0
        rest = [line for lines in read_blocks(path, offset) for line in lines]
        assert rest == whole_lines(content[offset:])


def test_a_journal_that_is_not_there_has_no_blocks(tmp_path: Path) -> None:
    assert list(read_blocks(tmp_path / "study.log")) == []


def test_own_lines_are_not_read_from_the_file_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "study.log"
    path.write_bytes(b'{"op_code":3,"n":0}\n')
    ours, reads = JournalFile(path), []

    def reading(*arguments: Any) -> Any:
        reads.append(arguments)
        return read_blocks(*arguments)

    monkeypatch.setattr(journal, "read_blocks", reading)
    assert [log["n"] for log in ours.read_logs(0)] == [0]
    for n in range(1, 5):
        ours.append_logs([{"op_code": 3, "n": n, "shape": (1, 2)}])
        assert list(ours.read_logs(n)) == [{"op_code": 3, "n": n, "shape": [1, 2]}]
    assert list(ours.read_logs(5)) == []
    assert len(reads) == 1
    # Others have written: whatever they did, the file is what counts.
    with path.open("ab") as file:
        file.write(b'{"op_code":3,"n":5}\n')
    ours.append_logs([{"op_code": 3, "n": 6}])
    assert [log["n"] for log in ours.read_logs(5)] == [5, 6]
    assert [log["n"] for log in ours.read_logs(0)] == list(range(7))


def test_the_collector_is_as_it_was() -> None:
    import gc

    with collector_paused():
        assert not gc.isenabled()
        with collector_paused():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()

"""Archives of which any byte may be another: what is raised is what readers of them expect."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.common.archives import UNREADABLE_ARCHIVE
from automl.data.sources import load
from automl.data.sources.npz import npz_arrays
from automl.errors import DataError, RunError
from automl.export.model_file import check_model_file
from automl.export.own_code import own_objects


def archive(compression: int) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as made:
        made.writestr("config.json", "{}")
        made.writestr("x.npy", b"no array")
    return content.getvalue()


ARCHIVES = [
    archive(kind)
    for kind in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
]
#: The version that an archive asks for in its first entry, of which Python has up to 6.3.
OF_A_LATER_VERSION = ARCHIVES[0].replace(b"PK\x01\x02\x14\x03\x14", b"PK\x01\x02\x14\x03\x40", 1)


@given(
    st.sampled_from(ARCHIVES),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=4),
)
def test_nothing_else_is_raised(content: bytes, edits: list[tuple[float, int]]) -> None:
    mutated = bytearray(content)
    for share, byte in edits:
        mutated[int(share * len(mutated))] = byte
    try:
        with zipfile.ZipFile(io.BytesIO(bytes(mutated))) as found:
            for member in found.infolist():
                found.read(member)
            found.read("config.json")
    except UNREADABLE_ARCHIVE:
        pass


@pytest.mark.parametrize("suffix", ["npz", "xlsx", "zip", "csv"])
def test_an_archive_of_a_later_version_is_refused_by_all_readers(
    suffix: str, tmp_path: Path
) -> None:
    assert OF_A_LATER_VERSION not in ARCHIVES
    path = tmp_path / f"t.{suffix}"
    path.write_bytes(OF_A_LATER_VERSION)
    with pytest.raises(DataError):
        load(path)
    with pytest.raises(DataError):
        npz_arrays(path)
    with pytest.raises(RunError, match=r"no whole \.keras file"):
        check_model_file(path)
    assert own_objects(path) == []

"""Mutated NPZ and NPY files: read as they stand, or refused in one sentence; never unpickled."""

from __future__ import annotations

import io
import pickle
import random
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from automl.data import memory
from automl.data.kinds.array.plan import ArrayFeature, ArrayPlan
from automl.data.plan import PreprocessingPlan
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.data.rows import read_rows
from automl.data.sources.npz import npz_arrays, read_npy
from automl.errors import DataError
from tests.faults.mutations import byte_edits, fuzz, mutate, refused
from tests.faults.rounds import rounds

ROWS = 40
X = np.arange(ROWS * 3, dtype=np.float64).reshape(ROWS, 3) ** 1.5
Y = np.arange(ROWS) ** 2 / 7
PLAN = PreprocessingPlan(ArrayPlan(ArrayFeature((3,), (0.0,) * 3, (1.0,) * 3)))


def archive(compressed: bool, **arrays: np.ndarray) -> bytes:
    content = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(content, **arrays)
    return content.getvalue()


def npy(array: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


def assert_whole(path: Path) -> None:
    """By NumPy and zipfile alone: every checksum fits, and the arrays are those that were read."""
    with zipfile.ZipFile(path) as opened, np.load(path, allow_pickle=False) as arrays:
        for key, array in npz_arrays(path).items():
            opened.read(f"{key}.npy")
            np.testing.assert_array_equal(array, arrays[key])


def assert_sound(source: Any) -> None:
    no, data = refused(lambda: prepare(DataRequest(str(source))))
    if no:
        return
    for rows in (data.train, data.validation):
        assert len(rows) > 0
        assert np.isfinite(rows.inputs["numeric"]).all() and np.isfinite(rows.target).all()
    numeric = data.plan.apply(data.check)["numeric"]
    np.testing.assert_array_equal(numeric, data.validation.inputs["numeric"][data.check_positions])


@pytest.mark.parametrize("examples", rounds(30, 1000))
def test_a_mutated_archive_is_read_as_it_stands_or_refused(
    examples: int, tmp_path: Path, moments: random.Random
) -> None:
    path = tmp_path / "t.npz"

    def check(compressed: bool, labels: bool, edits: Any) -> None:
        y = np.array(["no", "yes"])[np.arange(ROWS) % 2] if labels else Y
        path.write_bytes(mutate(archive(compressed, x=X, y=y), edits))
        no, _ = refused(lambda: npz_arrays(path))
        if not no:
            assert_whole(path)
        assert_sound(path)

    fuzz(check, st.booleans(), st.booleans(), byte_edits, examples=examples, moments=moments)


@pytest.mark.parametrize("examples", rounds(30, 1000))
def test_a_mutated_array_is_read_as_it_stands_or_refused(
    examples: int, tmp_path: Path, moments: random.Random
) -> None:
    path = tmp_path / "t.npy"

    def check(edits: Any) -> None:
        path.write_bytes(mutate(npy(X), edits))
        no, rows = refused(lambda: read_rows(path, PLAN)[0])
        if not no:
            expected = np.load(path, allow_pickle=False)
            np.testing.assert_array_equal(rows, expected)
            raw = path.read_bytes()
            start = 10 + int.from_bytes(raw[8:10], "little")
            if raw[6] > 1:
                start = 12 + int.from_bytes(raw[8:12], "little")
            assert expected.nbytes == len(raw) - start

    fuzz(check, byte_edits, examples=examples, moments=moments)


descriptions = st.sampled_from(
    ["<f8", ">f8", "<f4", "<f2", "<i8", "|u1", "|b1", "<U0", "<U3", "|S0", "|V8", "|O", "<c16",
     "<M8[s]", "<m8[s]", "<f16", [("a", "<f8")], [("a", "|O")], "<f999999999", "abc", 3, None, ""]
)  # fmt: skip
sizes = st.sampled_from(
    [-1, 0, 1, 2, 3, ROWS, 2**31, 2**63 - 1, 2**63, 2**64, True, 1.5, None, "3"]
)


def header(description: Any, order: Any, shape: Any, spelled: str | None) -> bytes:
    """An NPY header that says anything."""
    text = spelled or repr({"descr": description, "fortran_order": order, "shape": shape})
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text) + 1) + text.encode() + b"\n"


@pytest.mark.parametrize("examples", rounds(40, 1500))
def test_an_array_whose_header_says_something_else_is_refused_or_as_said(
    examples: int, tmp_path: Path, moments: random.Random
) -> None:
    def check(
        description: Any, order: Any, shape: Any, spelled: Any, size: int, zipped: bool
    ) -> None:
        content = header(description, order, shape, spelled) + bytes(size)
        path = tmp_path / ("t.npz" if zipped else "t.npy")
        path.write_bytes(content)
        if zipped:
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
                opened.writestr("x.npy", content)
                opened.writestr("y.npy", npy(Y))
        no, arrays = refused(lambda: npz_arrays(path))
        if not no:
            assert arrays["x"].nbytes == size and not arrays["x"].dtype.hasobject
            assert tuple(arrays["x"].shape) == tuple(shape)
        if zipped:
            assert_sound(path)
        refused(lambda: read_rows(path, PLAN))

    spellings = st.sampled_from(
        [None] * 9 + ["", "{", "{}", "[]", "(" * 150, "-" * 4000 + "1", "{'descr': " + "[" * 90,
                      "__import__('os').getcwd()", "\x00"]
    )  # fmt: skip
    fuzz(
        check, descriptions, st.sampled_from([False, True, 0, None, "x"]),
        st.one_of(st.lists(sizes, max_size=3).map(tuple), st.sampled_from([None, 3, [40, 3], "x"])),
        spellings, st.sampled_from([0, 8, 24, ROWS * 8, ROWS * 24]), st.booleans(),
        examples=examples, moments=moments,
    )  # fmt: skip


class Bomb:
    """Unpickled, it leaves a file behind."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return Path.touch, (self.mark,)


@pytest.mark.parametrize("form", ["npz x", "npz y", "npy", "pickle", "pickle as npz", "structured"])
def test_pickled_objects_are_never_loaded(form: str, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    objects = np.array([Bomb(mark)] * ROWS, dtype=object)
    nested = np.array([(Bomb(mark), 1.0)] * ROWS, dtype=[("a", object), ("b", float)])
    contents = {
        "npz x": archive(False, x=objects, y=Y),
        "npz y": archive(True, x=X, y=objects),
        "npy": npy(objects),
        "pickle": pickle.dumps(Bomb(mark)),
        "pickle as npz": pickle.dumps({"x": Bomb(mark)}, protocol=0),
        "structured": archive(False, x=nested, y=Y),
    }
    for suffix in ("npz", "npy"):
        path = tmp_path / f"t.{suffix}"
        path.write_bytes(contents[form])
        for read in (
            lambda p=path: prepare(DataRequest(str(p))),
            lambda p=path: read_rows(p, PLAN),
        ):
            no, _ = refused(read)
            assert no
    assert not mark.exists()
    if form == "npy":
        with pytest.raises(ValueError, match="pickled"):
            read_npy(path)
    assert np.load(tmp_path / "t.npy", allow_pickle=True) is not None or form != "npy"
    assert mark.exists() or form != "npy"  # the bomb is one


def test_an_archive_that_unpacks_to_more_than_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.npz"
    np.savez_compressed(path, x=np.zeros((1 << 15, 64)), y=np.zeros(1 << 15))
    assert path.stat().st_size < 1 << 16
    assert npz_arrays(path)["x"].nbytes == 1 << 24
    monkeypatch.setattr(memory, "total_memory", lambda: 2.0**24)
    with pytest.raises(DataError, match=r"would take about 0\.0 GiB of memory, more than a half"):
        prepare(DataRequest(str(path)))


@pytest.mark.parametrize("claimed", [256, 2**32 - 2], ids=["less", "4 GiB"])
def test_an_archive_that_lies_about_its_size_is_refused(
    claimed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "total_memory", lambda: 2.0**31)
    path = tmp_path / "t.npz"
    content = archive(True, x=X, y=Y)
    entry = content.index(b"PK\x01\x02")  # where the archive's table says how large x.npy is
    path.write_bytes(content[: entry + 24] + struct.pack("<I", claimed) + content[entry + 28 :])
    message = "4.0 GiB of memory" if claimed > 2**31 else "Bad CRC-32"
    with pytest.raises(DataError, match=message):
        prepare(DataRequest(str(path)))


def test_two_arrays_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.npz"
    path.write_bytes(archive(False, x=X, y=Y))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as opened:
        opened.writestr("x.npy", npy(X + 1))
    with pytest.raises(DataError, match="two of its arrays have one name"):
        prepare(DataRequest(str(path)))

"""Where rows come from: files, scikit-learn's bundled sets, DataFrames and arrays."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from automl.data.names import nearest
from automl.data.npz import npz_arrays
from automl.data.parquet_file import read_parquet
from automl.data.request import is_in_memory
from automl.data.text_file import Say, read_text_file
from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

BUNDLED = ("breast_cancer", "diabetes", "digits", "iris", "wine")
TEXT_SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".data")
PARQUET_SUFFIXES = (".parquet", ".pq")


@dataclass(frozen=True)
class ArrayPair:
    """Array data: x (n, ...) and y (n,) or (n, k)."""

    x: npt.NDArray[Any]
    y: npt.NDArray[Any]


Part = Any  # a pandas.DataFrame or an ArrayPair; pandas is imported late


@dataclass(frozen=True)
class Loaded:
    """What a source gave.

    Attributes:
        main: The rows, a `pandas.DataFrame` or an `ArrayPair`.
        validation: Validation rows that the source itself sets apart, or None.
        test: Test rows likewise.
        target: Names of the target columns where the source knows them.
        digest: SHA-256 of the content.
    """

    main: Part
    validation: Part = None
    test: Part = None
    target: tuple[str, ...] = ()
    digest: bytes = field(default=b"", repr=False)


def load(source: Any, names: Sequence[str] = (), say: Say | None = None) -> Loaded:
    """Reads a source.

    Args:
        source: As in `DataRequest.source`.
        names: Column names of a text file without a header.
        say: Called with what a person should be told.

    Raises:
        DataError: There is no such source, or it cannot be read.
    """
    import pandas as pd

    if is_in_memory(source):
        raise DataError(
            "The rows were given in memory and are not kept with the run: give the same rows again."
        )
    if isinstance(source, pd.DataFrame):
        frame = checked_frame(source, "the table")
        return Loaded(frame, digest=_frame_digest(frame))
    if isinstance(source, tuple | list) and len(source) == 2:
        pair = checked_pair(source[0], source[1])
        return Loaded(pair, digest=_pair_digest(pair))
    if isinstance(source, str | Path):
        return _load_named(source, names, say)
    raise DataError(
        f"A {type(source).__name__} is no source of rows: give a file, the name of a bundled set, "
        "a DataFrame, or a pair of arrays (x, y)."
    )


def _load_named(source: str | Path, names: Sequence[str], say: Say | None) -> Loaded:
    path = Path(source)
    if not path.is_file():
        if str(source) in BUNDLED:
            return _load_bundled(str(source))
        raise DataError(_no_file(path))
    suffix = path.suffix.lower()
    readers: dict[str, Callable[[], Loaded]] = {
        **dict.fromkeys(TEXT_SUFFIXES, lambda: Loaded(read_text_file(path, names, say))),
        **dict.fromkeys(PARQUET_SUFFIXES, lambda: Loaded(read_parquet(path))),
        ".npz": lambda: _read_npz(path),
    }
    if suffix not in readers:
        raise DataError(
            f"The file {str(path)!r} is of no known kind: give {', '.join(readers)} (a text file "
            "by one of these endings)."
        )
    loaded = readers[suffix]()
    main = loaded.main
    if not isinstance(main, ArrayPair):
        main = checked_frame(main, repr(str(path)))
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
    return Loaded(main, loaded.validation, loaded.test, digest=digest)


def _no_file(path: Path) -> str:
    if path.is_dir():
        return f"Path {str(path)!r} is a folder: give a file (CSV, TSV, Parquet or NPZ)."
    siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    known = [n for n in siblings if Path(n).suffix.lower() in (*TEXT_SUFFIXES, ".parquet", ".npz")]
    bundled = list(BUNDLED) if path.name == str(path) and not path.suffix else []
    return f"There is no file {str(path)!r}{nearest(path.name, [*known, *bundled])}"


def _load_bundled(name: str) -> Loaded:
    import sklearn.datasets

    bunch = getattr(sklearn.datasets, f"load_{name}")(as_frame=True)
    frame = bunch.frame
    labels = [str(label) for label in bunch.get("target_names", [])]
    if labels and not all(label.isdigit() for label in labels):
        frame["target"] = np.array(labels, dtype=object)[frame["target"].to_numpy()]
    frame = checked_frame(frame, name)
    return Loaded(frame, target=("target",), digest=_frame_digest(frame))


def _read_npz(path: Path) -> Loaded:
    arrays = npz_arrays(path)
    given = set(arrays)
    lonely = [key for key in given if _partner(key) not in given]
    first = "x_train" if "x_train" in given else "x"
    if first not in given or lonely:
        raise DataError(
            f"The file {str(path)!r} holds {', '.join(sorted(given)) or 'no known arrays'}: it "
            "should hold x and y, or x_train and y_train with x_val, y_val, x_test, y_test as "
            "wanted."
        )

    def pair(key: str) -> ArrayPair | None:
        if key not in given:
            return None
        return checked_pair(arrays[key], arrays[_partner(key)])

    return Loaded(pair(first), pair("x_val"), pair("x_test"))


def _partner(key: str) -> str:
    return ("y" if key[0] == "x" else "x") + key[1:]


def checked_pair(x: Any, y: Any) -> ArrayPair:
    """A pair of arrays whose rows fit together.

    Raises:
        DataError: The arrays have no rows, or not equally many.
    """
    try:
        x, y = np.asarray(x), np.asarray(y)
    except ValueError as error:
        raise DataError(
            f"Arrays x and y cannot be made of what was given ({error}): give rows of one length."
        ) from error
    if x.ndim == 0 or y.ndim == 0 or len(x) == 0:
        raise DataError(
            "Arrays x and y must be arrays with a row for each example, but one has no rows."
        )
    if y.ndim > 1 and 0 in y.shape:
        raise DataError("Array y has no columns: give a target for each row of x.")
    if len(x) != len(y):
        raise DataError(
            f"Array x has {len(x)} rows and y has {len(y)}: give a target for each row of x."
        )
    if y.ndim > 2:
        raise DataError(
            f"Array y has the shape {y.shape}: give one or two dimensions (rows, targets)."
        )
    if x.ndim == 1:
        x = x.reshape(-1, 1)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y.reshape(-1)
    return ArrayPair(x, y)


def checked_frame(frame: pd.DataFrame, what: str) -> pd.DataFrame:
    """A table with distinct column names of type `str` and rows counted from 0.

    Raises:
        DataError: Two columns have one name, a column holds lists, or there are no rows.
    """
    import pandas as pd

    frame = frame.reset_index(drop=True)
    names = [str(name) for name in frame.columns]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(
            f"Two columns of {what} are named {twice[0]!r}: give every column a name of its own "
            "(--names names the columns of a file without a header)."
        )
    if len(frame) == 0 or not names:
        raise DataError(f"There are no rows in {what}: give a table with rows.")
    frame.columns = pd.Index(names, dtype=object)
    for name in names:
        column = frame[name]
        if column.dtype == object:
            nested = [v for v in column.head(1000) if not pd.api.types.is_scalar(v)]
            if nested:
                raise DataError(
                    f"Column {name!r} of {what} holds a {type(nested[0]).__name__} in a row: give "
                    "one number or text in each."
                )
    return frame


def _frame_digest(frame: pd.DataFrame) -> bytes:
    import pandas as pd

    digest = hashlib.sha256()
    for name in frame.columns:
        column = frame[name]
        if column.dtype == object:
            column = column.astype("string")
        digest.update(f"{name}\0{frame[name].dtype}\0".encode("utf-8", "replace"))
        hashes = pd.util.hash_pandas_object(column, index=False)
        digest.update(hashes.to_numpy().tobytes())
    return digest.digest()


def _pair_digest(pair: ArrayPair) -> bytes:
    digest = hashlib.sha256()
    for array in (pair.x, pair.y):
        digest.update(f"{array.dtype}{array.shape}".encode())
        if array.dtype == object:
            array = array.astype(str)
        digest.update(np.ascontiguousarray(array).view(np.uint8).data)
    return digest.digest()

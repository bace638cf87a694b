"""The kind of tables: columns by their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy.typing as npt

from automl.common.forms import read_form
from automl.data.columns.column import clean
from automl.data.kinds.kind import InputPlan, Kind, Positions, RawRows
from automl.data.kinds.table.combine import combine_tables
from automl.data.kinds.table.model_inputs import MANY_COLUMNS, NUMBERS, TEXTS
from automl.data.kinds.table.plan import TablePlan
from automl.data.kinds.table.stored import StoredTable
from automl.data.say import Say
from automl.data.separators import checked_separator
from automl.data.sources import Loaded, load
from automl.data.sources.file_format import HowToRead
from automl.data.sources.parquet_file import read_parquet
from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

    from automl.data.dataset import Dataset
    from automl.data.request import DataRequest


class TableKind(Kind):
    """Tables."""

    name = "table"
    word = "a table"
    features = ("numeric", "categorical")
    check_file = "check.parquet"

    def holds(self, rows: Any) -> bool:
        """Whether rows are a frame."""
        import pandas as pd

        return isinstance(rows, pd.DataFrame)

    def combine(
        self, request: DataRequest, parts: Sequence[Any], source: Loaded, say: Say
    ) -> Dataset:
        """Joins all rows of a request, columns by the part that they play."""
        return combine_tables(request, parts, source, say)

    def read(
        self, source: Any, plan: InputPlan, how: HowToRead
    ) -> tuple[Any, npt.NDArray[Any] | None]:
        """Reads a frame of raw columns, targets included if they are there."""
        assert isinstance(plan, TablePlan)
        rows = load(source, how.names, how.say, checked_separator(how.separator)).main
        if not self.holds(rows):
            raise DataError(
                "The model was trained on a table, but the rows are arrays: give a table."
            )
        plan.check_columns(rows)
        return rows, None

    def target_frame(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows themselves."""
        return rows

    def plan_from_json(self, features: Sequence[Mapping[str, Any]]) -> TablePlan:
        """Rebuilds a plan from the JSON forms of its features."""
        return read_form(TablePlan, {"features": list(features)})

    def store(
        self, views: Iterable[tuple[InputPlan, RawRows]], positions: Positions
    ) -> StoredTable:
        """Stores each column once for each way to read it."""
        return StoredTable.of(views, positions)

    def stored(
        self, form: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]
    ) -> StoredTable:
        """The stored columns."""
        return StoredTable.read(form, arrays)

    def write_check_rows(self, file: IO[bytes], rows: Any) -> None:
        """Writes a frame as Parquet."""
        _storable(rows).to_parquet(file, index=False, write_page_checksum=True)

    def read_check_rows(self, path: Path) -> Any:
        """Reads the frame."""
        return read_parquet(path)

    def input_lines(self, features: Sequence[Mapping[str, Any]]) -> list[str]:
        """An input for each column, or all numbers and all texts side by side."""
        kinds = [feature["kind"] for feature in features]
        if len(kinds) <= MANY_COLUMNS:
            return [
                "`inputs` is a dictionary with an array of the shape (rows, 1) for each input: "
                "float32",
                "with NaN for a missing number, or a `tf.constant` of text with `''` for a missing",
                "category. `config.json` says which input a column of the data has (`inputs`).",
            ]
        return _side_by_side(kinds.count("numeric"), kinds.count("categorical"))


KIND = TableKind()


def _storable(frame: pd.DataFrame) -> pd.DataFrame:
    """Gives columns of mixed types, for which Parquet has no type, the texts they are read as."""
    import pandas as pd

    frame = frame.reset_index(drop=True)
    for name in frame.columns:
        if frame[name].dtype == object or isinstance(frame[name].dtype, pd.CategoricalDtype):
            frame[name] = clean(frame[name])
    return frame.rename(columns=str)


def _side_by_side(numbers: int, texts: int) -> list[str]:
    """The same of a model of many columns, with the lines of Python that make it of a frame."""
    parts, code = [], []
    if numbers:
        parts.append(
            f"`{NUMBERS}`, float32 of the shape (rows, {numbers}) with NaN for a missing number"
        )
        code.append(f'"{NUMBERS}": frame[columns["{NUMBERS}"]].to_numpy("float32"),')
    if texts:
        parts.append(
            f"`{TEXTS}`, a `tf.constant` of text of the shape (rows, {texts}) with `''` for a "
            "missing category"
        )
        code.append(
            f'"{TEXTS}": tf.constant('
            f'frame[columns["{TEXTS}"]].fillna("").astype(str).to_numpy(object)),'
        )
    return [
        f"`inputs` is a dictionary with {', and '.join(parts)}: the columns side by side, in the",
        "order in which `config.json` names them (`inputs`). Of a `pandas.DataFrame` of rows:",
        "",
        "    import json",
        *(["    import tensorflow as tf"] if texts else []),
        '    columns = json.load(open("config.json", encoding="utf-8"))["inputs"]',
        "    inputs = {",
        *(f"        {line}" for line in code),
        "    }",
        "",
    ]

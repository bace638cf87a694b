"""What a person asks of the data: where it is, what to learn, what to leave out, how to split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from numbers import Real
from pathlib import Path
from typing import Any

from automl.common.option import check_options
from automl.data.clipping import Clip
from automl.data.options import DATA_OPTIONS
from automl.data.separators import checked_separator
from automl.data.views.fold_rule import BY_SIZE, ONE_DIVISION, FoldRule
from automl.data.views.gap import Gap
from automl.errors import DataError, RequestError
from automl.trial import HOLDOUT

IN_MEMORY = "in memory"
AUTO, STANDARDIZE, RAW = "auto", "standardize", "raw"
INPUTS = (AUTO, STANDARDIZE, RAW)
STANDARD_INPUT = "-"
# Words for `DataRequest.split_by_time`, where no column has that name.
BY_ORDER = "order"
SHUFFLED = "none"
DECIMAL_MARKS = (".", ",")


@dataclass(frozen=True)
class DataRequest:
    """A request for prepared data: the values of its options (`automl.data.options`).

    They have the options' names; of these alone more is to be said:

    Attributes:
        source: Path of a file (CSV, TSV, Excel, Parquet, Feather, JSON lines or NPZ, packed or
            not), ``-`` for standard input, name of a set bundled with scikit-learn, a
            `pandas.DataFrame`, or a pair of arrays ``(x, y)``.
        names: Column names of a text file without a header: the names, or one text of names
            with commas between them, or the path of a file with one name a line.
        weight: Column with the weight of each row; or the weights themselves, an array, a Series
            or a list with one number a row, which are kept in memory only.
        seed: Seed of the split; 0 is a seed.
        keep_constant: Whether columns of numbers that are all the same stay (as zeros) and dates
            get no further columns, for a model whose author has counted on every column.
    """

    source: Any
    target: tuple[str | int, ...] = ()
    ignore: tuple[str | int, ...] = ()
    names: tuple[str, ...] = ()
    separator: str | None = None
    validation: Any = None
    cv: str | int | None = None
    fold_column: str | int | None = None
    test: Any = None
    split_by_time: str | int | None = None
    gap: str | int | None = None
    group: str | int | None = None
    weight: Any = None
    class_weight: str | Mapping[Any, float] | None = None
    task: str | None = None
    categorical: tuple[str | int, ...] = ()
    numeric: tuple[str | int, ...] = ()
    decimal: str | None = None
    day_first: bool = False
    date_format: Mapping[str, str] | None = None
    cycles: Mapping[str, str] | None = None
    clip: str = "hard"
    input: str = AUTO
    seed: int = 0
    allow_wide: bool = False
    keep_constant: bool = False

    def __post_init__(self) -> None:
        """Takes a single name where several may stand.

        Raises:
            RequestError: A share is not a share, or two options contradict each other.
        """
        check_options(DATA_OPTIONS, vars(self))
        self._check_class_weight()
        for name in ("target", "ignore", "categorical", "numeric"):
            object.__setattr__(self, name, _as_tuple(getattr(self, name)))
        object.__setattr__(self, "names", _column_names(self.names))
        object.__setattr__(self, "separator", checked_separator(self.separator))
        Clip.of(self.clip)
        _check_cycles(self.cycles or {})
        if self.input not in INPUTS:
            raise RequestError(
                f"There is no input {self.input!r}: give {', '.join(INPUTS)} (raw leaves numbers "
                "as they are)."
            )
        if [
            str(s) for s in (self.source, self.validation, self.test) if isinstance(s, str | Path)
        ].count(STANDARD_INPUT) > 1:
            raise RequestError(
                "Standard input (-) can be read only once: give the other rows as a file."
            )
        if self.decimal not in (None, *DECIMAL_MARKS):
            raise RequestError(
                f"The decimal mark {self.decimal!r} is not possible: give {DECIMAL_MARKS[0]!r} or "
                f"{DECIMAL_MARKS[1]!r}, or leave it out for what each column shows."
            )
        for name in ("validation", "test"):
            share = getattr(self, name)
            is_share = isinstance(share, int | float) and not isinstance(share, bool)
            possible = is_share and (0 < share < 1 or (name == "test" and share == 0))
            if isinstance(share, int | float) and not possible:
                raise RequestError(
                    f"A {name} share of {share} is not possible: give a number "
                    f"{'above' if name == 'validation' else 'from'} 0 and below 1, or rows."
                )
        self._check_folds()
        self._check_order()
        if isinstance(self.class_weight, str) and self.class_weight != "balanced":
            raise RequestError(
                f"Unknown class weight {self.class_weight!r}: give 'balanced', or a weight for "
                "each class."
            )

    def _check_folds(self) -> None:
        """Checks what is said of folds.

        Raises:
            RequestError: It is no number of folds, or contradicts something else.
        """
        if self.cv == ONE_DIVISION:
            object.__setattr__(self, "cv", None)
        if not self.has_folds:
            return
        rule = None if self.cv in (None, BY_SIZE) else FoldRule.of(str(self.cv))
        if self.validation is not None:
            option = "--cv" if self.fold_column is None else "--fold-column"
            raise RequestError(
                f"{option} divides the rows itself, and its folds validate: leave --validation out."
            )
        if self.fold_column is not None and rule is not None and rule.repeats > 1:
            raise RequestError("--fold-column says which rows are a fold: leave --cv out.")

    def _check_order(self) -> None:
        """Checks what is said of the rows' order.

        Raises:
            RequestError: It contradicts something else.
        """
        in_order = self.split_by_time not in (None, SHUFFLED)
        if in_order and self.group is not None:
            raise RequestError("Rows are split either by time or by group: give one of the two.")
        if in_order and self.fold_column is not None:
            raise RequestError(
                "Folds are divided either by time or by --fold-column: give one of the two."
            )
        if Gap.of(self.gap) and not in_order:
            raise RequestError(
                "--gap leaves rows out between training rows and those after them in time: add "
                "--split-by-time COLUMN, or order for the order that the rows are in."
            )

    def _check_class_weight(self) -> None:
        """Checks what may come from Python as anything.

        Raises:
            RequestError: A weight is no number.
        """
        for label, weight in (
            self.class_weight.items() if isinstance(self.class_weight, Mapping) else ()
        ):
            if isinstance(weight, bool) or not isinstance(weight, Real):
                raise RequestError(
                    f"The weight {weight!r:.60} of class {str(label)!r} is no number; give one "
                    "above 0."
                )

    @property
    def name(self) -> str:
        """A short name of the data: the file's without its ending, or the bundled set's."""
        if isinstance(self.source, str | Path):
            if str(self.source) == STANDARD_INPUT:
                return "stdin"
            path = Path(self.source)
            packed = path.suffix.lower() in (".gz", ".bz2", ".xz", ".zst")
            stem = (Path(path.stem).stem if packed else path.stem) or "data"
            # Bytes that are no UTF-8 would be no name of a study.
            return "".join("_" if "\ud800" <= c <= "\udfff" else c for c in stem)
        return "arrays" if isinstance(self.source, tuple | list) else "table"

    @property
    def has_folds(self) -> bool:
        """Whether the rows that are not test rows are divided into folds."""
        return self.cv not in (None, BY_SIZE) or self.fold_column is not None

    @property
    def views(self) -> tuple[str, ...]:
        """The names of the views of its rows; see `automl.trial.TrialSpec`."""
        return (HOLDOUT,) if self.cv in (None, BY_SIZE) else FoldRule.of(str(self.cv)).views

    @property
    def can_be_read_again(self) -> bool:
        """Whether all sources are files or bundled sets, so that the rows can be made anew."""
        sources = (self.source, self.validation, self.test, _weight_form(self.weight))
        return not any(is_in_memory(_source_form(source)) for source in sources)

    def to_json(self) -> dict[str, Any]:
        """The JSON form; data in memory is only noted as such, and paths become absolute."""
        form = {f.name: getattr(self, f.name) for f in fields(self)}
        for name in ("source", "validation", "test"):
            form[name] = _source_form(form[name])
        form["weight"] = _weight_form(self.weight)
        if isinstance(self.class_weight, Mapping):
            form["class_weight"] = {str(k): float(v) for k, v in self.class_weight.items()}
        for name in ("date_format", "cycles"):
            if form[name] is not None:
                form[name] = {str(k): v for k, v in form[name].items()}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in form.items()}

    @classmethod
    def from_json(cls, form: Mapping[str, Any]) -> DataRequest:
        """Rebuilds a request; data that was in memory must be given again (`with_data`)."""
        values: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in form.items()
        }
        # Runs of earlier versions clipped nothing, and go on so.
        return cls(**{"clip": "none", "input": STANDARDIZE, **values})

    def with_data(self, source: Any, validation: Any = None, test: Any = None) -> DataRequest:
        """The same request on data in memory that its JSON form could not hold."""
        return replace(
            self,
            source=source,
            validation=self.validation if validation is None else validation,
            test=self.test if test is None else test,
        )


def _check_cycles(asked: Mapping[Any, str]) -> None:
    """Checks the names of cycles that columns were given.

    Raises:
        RequestError: There is no such cycle.
    """
    if not asked:
        return
    from automl.data.columns.cycles import (  # a help text needs no NumPy
        NO_CYCLES,
        Cycle,
        parse_cycles,
    )

    for column, cycles in asked.items():
        try:
            parse_cycles(str(cycles))
        except ValueError:
            raise RequestError(
                f"The cycles {cycles!r} of column {str(column)!r} are none: give some of "
                f"{', '.join(Cycle)} with commas between them, or {NO_CYCLES}."
            ) from None


def is_in_memory(form: Any) -> bool:
    """Whether this stands in a JSON form for data that was in memory."""
    return isinstance(form, Mapping) and IN_MEMORY in form


def in_memory(form: Mapping[str, Any]) -> str:
    """How data that cannot be read again were given: as a phrase."""
    return "on standard input" if form[IN_MEMORY] == "standard input" else "in memory"


def _source_form(source: Any) -> Any:
    if source is None or isinstance(source, int | float) or is_in_memory(source):
        return source
    if isinstance(source, str | Path):
        if str(source) == STANDARD_INPUT:
            return {IN_MEMORY: "standard input"}
        path = Path(source)
        return str(path.resolve()) if path.is_file() else str(source)
    return {IN_MEMORY: "arrays" if isinstance(source, tuple | list) else "table"}


def _weight_form(weight: Any) -> Any:
    if weight is None or isinstance(weight, str | int | Mapping):
        return weight
    return {IN_MEMORY: "weights"}


def _as_tuple(value: Any) -> tuple[Any, ...]:
    if value is None:
        return ()
    if hasattr(value, "tolist"):  # an array, or the columns of a table
        return _as_tuple(value.tolist())
    if isinstance(value, str) or not isinstance(value, Sequence):
        return (value,)
    return tuple(value)


def _column_names(names: Any) -> tuple[str, ...]:
    if isinstance(names, Path) or (isinstance(names, str) and "," not in names):
        path = Path(names)
        if path.is_file():
            try:
                lines = path.read_text(encoding="utf-8-sig").splitlines()
            except (OSError, UnicodeDecodeError) as error:
                raise DataError(f"The names in {str(path)!r} cannot be read: {error}.") from error
            return tuple(line.strip() for line in lines if line.strip())
    if isinstance(names, Path):
        raise DataError(f"There is no file {str(names)!r} with column names.")
    if isinstance(names, str):
        return tuple(name.strip() for name in names.split(",")) if names.strip() else ()
    return tuple(str(name) for name in (() if names is None else names))

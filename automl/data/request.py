"""What a person asks of the data: where it is, what to learn, what to leave out, how to split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from automl.common.option import check_options
from automl.data.image_options import RESIZE
from automl.data.options import AUTO, DATA_OPTIONS, FIXED, RESHUFFLE, STANDARDIZE
from automl.data.task import ClassLabel, are_characters
from automl.data.views.fold_rule import BY_SIZE, ONE_DIVISION, FoldRule
from automl.data.views.gap import Gap
from automl.errors import RequestError
from automl.trial import HOLDOUT
from automl.vocabulary.task_kinds import RECONSTRUCTION

IN_MEMORY = "in memory"
STANDARD_INPUT = "-"
# Words for `DataRequest.split_by_time`, where no column has that name.
BY_ORDER = "order"
SHUFFLED = "none"


@dataclass(frozen=True)
class DataRequest:
    """A request for prepared data: the values of its options (`automl.data.options`).

    They have the options' names; of these alone more is to be said:

    Attributes:
        source: Path of a file (CSV, TSV, Excel, Parquet, Feather, JSON lines or NPZ, packed or
            not) or of a folder of images, ``-`` for standard input, name of a set bundled with
            scikit-learn, a `pandas.DataFrame`, or a pair of arrays ``(x, y)``; an array alone
            where it is to be reconstructed.
        names: Column names of a text file without a header: the names, or one text of names
            with commas between them, or the path of a file with one name a line.
        weight: Column with the weight of each row; or the weights themselves, an array, a Series
            or a list with one number a row, which are kept in memory only.
        seed: Seed of the split; 0 is a seed.
        keep_constant: Whether columns of numbers that are all the same stay (as zeros) and dates
            get no further columns, for a model whose author has counted on every column.
        kind: Name of the kind that the models take the rows as, where these could be of several,
            as arrays of images are; None for the kind that the source gives.
        image_seconds: What the search may take, which bounds the usual size of images; None for
            no limit.
    """

    source: Any
    target: tuple[str | int, ...] = ()
    ignore: tuple[str | int, ...] = ()
    names: tuple[str, ...] = ()
    separator: str | None = None
    validation: Any = None
    cv: str | int | None = None
    fold_column: str | int | None = None
    holdout: str = FIXED
    test: Any = None
    split_column: str | int | None = None
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
    kind: str | None = None
    image_size: tuple[int, int] | None = None
    channels: int | None = None
    image_fit: str = RESIZE
    symmetric: bool = False
    image_seconds: float | None = None

    def __post_init__(self) -> None:
        """Checks and reads the values: a single name may stand for several.

        Raises:
            RequestError: A share is not a share, or two options contradict each other.
        """
        for name, value in check_options(DATA_OPTIONS, vars(self)).items():
            object.__setattr__(self, name, value)
        if self.reconstructs:
            self._take_inputs_alone()
        if [
            str(s) for s in (self.source, self.validation, self.test) if isinstance(s, str | Path)
        ].count(STANDARD_INPUT) > 1:
            raise RequestError(
                "Standard input (-) can be read only once: give the other rows as a file."
            )
        self._check_folds()
        self._check_order()

    def _take_inputs_alone(self) -> None:
        """Arrays that come alone are their own targets.

        Raises:
            RequestError: A target is named.
        """
        if self.target:
            raise RequestError(
                "--task reconstruction learns the inputs themselves: leave --target out (--ignore "
                "leaves a column out)."
            )
        for name in ("source", "validation", "test"):
            given = getattr(self, name)
            if bool(getattr(given, "shape", ())) and not _is_frame(given):
                object.__setattr__(self, name, (given, given))

    def _check_folds(self) -> None:
        """Checks what is said of folds.

        Raises:
            RequestError: It is no number of folds, or contradicts something else.
        """
        if self.cv == ONE_DIVISION:
            object.__setattr__(self, "cv", None)
        if self.is_reshuffled and STANDARD_INPUT in (str(self.source), str(self.test)):
            raise RequestError(
                "--holdout reshuffle reads the rows again, and standard input (-) can be read only "
                "once: give a file."
            )
        if self.is_reshuffled and self.has_folds:
            raise RequestError("Folds divide the rows already: give --holdout or folds.")
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

    def mirrors(self, classes: Sequence[ClassLabel]) -> bool:
        """Whether images mean the same mirrored, as those of digits and letters do not.

        Args:
            classes: The labels of the classes; empty for other tasks.
        """
        return self.symmetric or not are_characters(classes)

    @property
    def reconstructs(self) -> bool:
        """Whether the inputs themselves are to be learnt."""
        return self.task == RECONSTRUCTION

    @property
    def is_reshuffled(self) -> bool:
        """Whether each trial has a division of its own."""
        return self.holdout == RESHUFFLE

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


def _is_frame(given: Any) -> bool:
    return hasattr(given, "columns")


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
        return str(path.resolve()) if path.exists() else str(source)
    return {IN_MEMORY: "arrays" if isinstance(source, tuple | list) else "table"}


def _weight_form(weight: Any) -> Any:
    if weight is None or isinstance(weight, str | int | Mapping):
        return weight
    return {IN_MEMORY: "weights"}

"""What every kind of rows is able to do: to be read, compared, fitted, prepared and described.

A kind is a folder beside this file, with a module ``kind`` that holds it as ``KIND``. It has three
parts: its raw rows, as a source gives them; its plan, fitted on training rows; and the kind itself,
which makes them. Its Keras reading stands in `automl.models.inputs`, in a file of its name. Kinds
without columns have much in common, which is in `automl.data.kinds.block`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from automl.data.clipping import Clip
from automl.data.columns.unread import Tell
from automl.data.kinds.signature import InputSignature
from automl.data.say import Say

if TYPE_CHECKING:
    import pandas as pd

    from automl.data.dataset import Dataset
    from automl.data.request import DataRequest
    from automl.data.sources import Loaded
    from automl.data.sources.file_format import HowToRead

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int32]
Inputs = Mapping[str, npt.NDArray[Any]]
"""Rows as a core model takes them: an array (n, ...) for each of `InputSignature.inputs`."""
FloatMatrix = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]


# Own choice: a part of fewer different rows measures which of them it got and not the model.
LEAST_DIFFERENT = 3
# Own choices: the fewest pairs of neighbouring rows that tell whether they overlap, and the share
# of them that must.
LEAST_PAIRS = 16
OVERLAPPING = 0.9


@dataclass(frozen=True)
class Repeats:
    """Which rows are equal.

    Attributes:
        same: Number of the different row that each row is, int64 (n,), counted from 0: two rows
            have one number if they are equal.
        least: How many different rows a part must hold for equal rows to be kept together, or
            None where they should not be. Of numbers that is 3. Of categories alone it is 10, for
            there a model is meant to remember what each combination leads to; of one column of
            categories None, for a category that no training row has tells nothing.
        apart: The column in which alone many rows differ, such as the time at which each was
            noted, or ``""``.
        apart_rows: How many rows equal another in all columns but that one.
    """

    same: Positions
    least: int | None
    apart: str = ""
    apart_rows: int = 0


@dataclass(frozen=True)
class Fitting:
    """What a person asks of a plan.

    Attributes:
        clip: How far standardized numbers may lie from their mean.
        keep_constant: Whether numbers that are all the same stay, as zeros.
    """

    clip: Clip
    keep_constant: bool = False


class InputPlan(ABC):
    """How rows of a kind become what a core model takes; fitted on training rows.

    Attributes:
        kind: Its name.
        has_features: Whether each number of a row is a feature that means something by itself, so
            that trees can split by it: a pixel does not.
    """

    kind: ClassVar[str]
    has_features: ClassVar[bool] = False

    @property
    @abstractmethod
    def signature(self) -> InputSignature:
        """What the core model takes."""

    @abstractmethod
    def unscaled(self) -> InputPlan:
        """The plan that leaves numbers as they are: neither standardized nor clipped."""

    @abstractmethod
    def apply(self, data: Any, tell: Tell | None = None) -> Inputs:
        """Turns raw rows, as a person has them, into the core model's inputs.

        Raises:
            DataError: The rows do not have the plan's form.
        """

    def places(self) -> dict[str, dict[str, tuple[int, ...]]]:
        """Where each column stands among the core model's inputs; empty where rows have none.

        Whoever shuffles these places of the prepared rows together has shuffled the column.

        Returns:
            By the name of the column, for each input that it is in, the numbers of its columns
            there.
        """
        return {}

    def input_names(self) -> dict[str, str]:
        """The input of an exported model that each column has; empty where rows have none."""
        return {}

    def check_inputs(self, inputs: Mapping[str, str]) -> None:
        """Checks the input names of an exported model.

        Raises:
            ValueError: They are not those of the columns.
        """
        if set(inputs) != set(self.input_names()):
            raise ValueError("inputs are not those of the columns")

    @abstractmethod
    def exported(
        self, rows: Any, inputs: Mapping[str, str], tell: Tell | None = None
    ) -> dict[str, npt.NDArray[Any]]:
        """Turns raw rows into what an exported model takes.

        Args:
            rows: Rows as a person has them.
            inputs: As `input_names` gives them.
            tell: Called for each column with values that training has not shown.

        Returns:
            Input name to an array of n rows; of a model with one input without a name the key is
            ``""``.

        Raises:
            DataError: The rows do not have the plan's form.
        """

    @abstractmethod
    def joined(self, other: InputPlan) -> InputPlan | None:
        """A plan with the inputs of both, by which raw rows become what either's model takes.

        It is of use for `exported` alone.

        Returns:
            The plan; None where the two read a column differently.
        """

    def unlike(self, known: InputPlan | None) -> str:
        """Why layers that were trained on other rows know nothing of these, in words; "" else.

        Args:
            known: The plan of those rows, of the same kind; None for photographs, as networks for
                everybody are trained on.
        """
        return ""

    def read_as(self) -> dict[str, str]:
        """What each column is read as, in words; empty where rows have no columns."""
        return {}

    @abstractmethod
    def features_form(self) -> list[dict[str, Any]]:
        """The JSON forms of the plan's features, each with its ``kind``."""

    @abstractmethod
    def describe(self) -> list[dict[str, Any]]:
        """What each column, or the one block of a row, is, as JSON."""


def columns_of(inputs: Mapping[str, str]) -> dict[str, list[str]]:
    """Which columns each input takes.

    Args:
        inputs: As `InputPlan.input_names` gives them.

    Returns:
        Input name to the names of its columns, in their order.
    """
    columns: dict[str, list[str]] = {}
    for column, name in inputs.items():
        columns.setdefault(name, []).append(column)
    return columns


class RawRows(ABC):
    """Raw rows of a kind: a data set's inputs before anything is fitted."""

    kind: ClassVar[str]

    @abstractmethod
    def __len__(self) -> int: ...

    @property
    def counts_classes(self) -> bool:
        """Whether whole numbers as targets are taken for numbers of classes, as of images."""
        return False

    @property
    @abstractmethod
    def repeats(self) -> Repeats:
        """The rows that are equal in all that is learnt from.

        Rows are compared by a 64-bit hash: that two different ones among a million get one number
        has a chance of 3e-8, and would only keep them together.
        """

    @property
    @abstractmethod
    def size(self) -> int:
        """Numbers of a row, about."""

    @abstractmethod
    def numbers(self, positions: Positions) -> FloatMatrix | None:
        """The numbers of some rows, NaN for what is none, (m, p); None where there are none."""

    def shifts(self, first: FloatMatrix, second: FloatMatrix) -> bool:
        """Whether rows go on where those before them began, as overlapping windows do.

        Args:
            first: As `numbers` gives them.
            second: The rows that follow them.
        """
        return False

    @abstractmethod
    def fit(self, train: Positions, asked: Fitting, say: Say) -> tuple[InputPlan, RawRows]:
        """Finds what the rows are and fits the plan, from training rows alone.

        Returns:
            The plan, and the rows as it reads them.

        Raises:
            DataError: There is nothing to learn from.
        """

    @abstractmethod
    def prepared(self, positions: Positions, plan: InputPlan, tell: Tell | None = None) -> Inputs:
        """The core model's inputs of some rows; see `InputPlan.apply`."""

    @abstractmethod
    def at(self, positions: Positions, plan: InputPlan) -> Any:
        """Some rows as a person has them, with what the plan takes of them."""

    @abstractmethod
    def tell_unread(self, positions: Positions, plan: InputPlan, tell: Tell) -> None:
        """Tells of values of some rows that cannot be read."""

    def left_out(self, plan: InputPlan) -> list[str]:
        """Names of the columns that the plan has left out."""
        return []


class StoredRows(ABC):
    """Raw rows of a kind as they lie on disk for all views."""

    @abstractmethod
    def prepared(self, positions: Positions, plan: InputPlan) -> Inputs:
        """The core model's inputs of some rows; see `InputPlan.apply`."""

    @abstractmethod
    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays to write, by their names; each has all rows."""

    @abstractmethod
    def form(self) -> dict[str, Any]:
        """What else is to be known of them, as JSON."""


class Kind(ABC):
    """A kind of rows."""

    name: ClassVar[str]
    word: ClassVar[str]
    """What rows of it are, in a sentence."""
    features: ClassVar[tuple[str, ...]]
    """The ``kind`` of the JSON forms of its plan's features."""
    check_file: ClassVar[str]
    """Name of the file with the rows by which an exported model is checked."""
    example: ClassVar[str] = "ROWS.csv"
    """What stands for rows to predict in a command that is shown."""

    @abstractmethod
    def holds(self, rows: Any) -> bool:
        """Whether rows that a source gave are of this kind."""

    @abstractmethod
    def combine(
        self, request: DataRequest, parts: Sequence[Any], source: Loaded, say: Say
    ) -> Dataset:
        """Joins all rows of a request.

        Args:
            request: The request.
            parts: The rows, those for validation and those for test; None where there are none.
            source: What the source of the rows gave.
            say: Called with what a person should be told.

        Returns:
            The rows; their fingerprint is of what the sources only name, such as files, or "".

        Raises:
            DataError: The rows cannot be used.
            RequestError: An option does not fit the kind.
        """

    def missed(self, rows: Any, request: DataRequest) -> str:
        """What a person should be told of rows that are read as of another kind, or "".

        Args:
            rows: They.
            request: What was asked.
        """
        return ""

    @abstractmethod
    def read(
        self, source: Any, plan: InputPlan, how: HowToRead
    ) -> tuple[Any, npt.NDArray[Any] | None]:
        """Reads raw rows for a trained model; see `automl.data.rows.read_rows`."""

    @abstractmethod
    def target_frame(self, rows: Any) -> pd.DataFrame:
        """Raw rows as a frame with the target columns, where they hold them.

        Raises:
            DataError: They do not.
        """

    def row_names(self, rows: Any) -> npt.NDArray[Any] | None:
        """What each raw row is called, such as its file, (n,); None where they have no names."""
        return None

    @abstractmethod
    def plan_from_json(self, features: Sequence[Mapping[str, Any]]) -> InputPlan:
        """Rebuilds a plan from the JSON forms of its features.

        Raises:
            ValueError: They are none.
        """

    @abstractmethod
    def store(self, views: Iterable[tuple[InputPlan, RawRows]], positions: Positions) -> StoredRows:
        """Stores some rows for views.

        Args:
            views: Of each, its plan and the rows as it reads them; taken one after another, for
                these may be large.
            positions: Which rows.
        """

    @abstractmethod
    def stored(self, form: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> StoredRows:
        """Puts together what `StoredRows.arrays` and `StoredRows.form` gave.

        Raises:
            ValueError: It is something else.
            KeyError: An array is not there.
        """

    @abstractmethod
    def write_check_rows(self, file: IO[bytes], rows: Any) -> None:
        """Writes raw rows, as a person has them, to a file."""

    @abstractmethod
    def read_check_rows(self, path: Path) -> Any:
        """Reads them back."""

    @abstractmethod
    def input_lines(self, features: Sequence[Mapping[str, Any]]) -> list[str]:
        """Lines of Markdown on what to give an exported model as ``inputs``, for its card.

        Args:
            features: The JSON forms of the plan's features.
        """

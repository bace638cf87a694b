"""What this package reads of a run's JSON files, key by key, to be compared with what is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from automl.common.forms import check_form
from automl.errors import RunError
from automl.trial import TrialResult


@dataclass(frozen=True)
class OwnMetricForm:
    """A metric that was handed over as a function."""

    name: str
    direction: str | None = None
    source: str = ""


@dataclass(frozen=True)
class ObjectiveForm:
    """The objective."""

    name: str
    direction: str
    of_model: bool = False
    further: Sequence[str] = ()
    own: Sequence[OwnMetricForm] = ()


@dataclass(frozen=True)
class SpaceForm:
    """The search space."""

    OTHERS: ClassVar[bool] = True

    reference: str | None = None
    hash: str | None = None
    definition: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class CodeForm:
    """Code of a space of a person's own; see `automl.space.own_code.OwnCode`."""

    OTHERS: ClassVar[bool] = True

    file: str
    module: str
    files: Mapping[str, str]


@dataclass(frozen=True)
class RequestedForm:
    """What was asked for, as whoever reads a run without searching needs it."""

    OTHERS: ClassVar[bool] = True

    data: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class DataForm:
    """What the rows of a run were."""

    OTHERS: ClassVar[bool] = True

    fingerprint: str | None = None
    rows: Mapping[str, Any] | None = None
    weight: str | None = None


@dataclass(frozen=True)
class ManifestForm:
    """``run.json``."""

    OTHERS: ClassVar[bool] = True

    created: str | None = None
    request: RequestedForm | None = None
    data: DataForm | None = None
    task: Mapping[str, Any] | None = None
    objective: ObjectiveForm | None = None
    space: SpaceForm | None = None
    origin: Mapping[str, Any] | None = None
    seed: int | None = None
    study: str | None = None
    storage: str | None = None
    driver: str | None = None
    terms: Mapping[str, Any] | None = None
    versions: Mapping[str, str] | None = None
    machine: Mapping[str, Any] | None = None
    code: CodeForm | None = None


@dataclass(frozen=True)
class SummaryForm:
    """What ``plan.json`` says of the rows."""

    OTHERS: ClassVar[bool] = True

    rows: Mapping[str, Any] | None = None
    columns: Sequence[Any] | None = None
    left_out: Any = None


@dataclass(frozen=True)
class PlanForm:
    """``plan.json``."""

    OTHERS: ClassVar[bool] = True

    plan: Mapping[str, Any]
    task: Mapping[str, Any]
    notes: Sequence[str] = ()
    summary: SummaryForm | None = None


@dataclass(frozen=True)
class BaselineForm:
    """A baseline, as the study records it."""

    config: Mapping[str, Any]
    seed: int | None
    result: TrialResult


def check_known(kind: type, form: Mapping[str, Any], path: Path) -> None:
    """Checks the keys that a form and a kind have in common; others are left alone.

    Args:
        kind: One of the dataclasses of this file.
        form: What was read.
        path: Where from, for the message.

    Raises:
        RunError: A value is of another type, or a key that must be there is not.
    """
    try:
        check_form(kind, form)
    except ValueError as error:
        raise RunError(f"In {path} {error}; restore the file from a copy.") from error

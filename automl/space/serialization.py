"""Hyperparameters from their JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.errors import SpaceError
from automl.space.choice import Boolean, Choice
from automl.space.condition import condition_from_json
from automl.space.hyperparameter import Hyperparameter
from automl.space.numeric import Float, Int

_KINDS: dict[str, type[Hyperparameter]] = {
    kind.kind: kind for kind in (Int, Float, Choice, Boolean)
}


def hyperparameter_from_json(form: Mapping[str, Any]) -> Hyperparameter:
    """Rebuilds a hyperparameter from its JSON form.

    Raises:
        SpaceError: The form is not one of a hyperparameter.
    """
    if not isinstance(form, Mapping) or not all(isinstance(key, str) for key in form):
        raise SpaceError(f"{form!r} is not the JSON form of a hyperparameter; expected an object.")
    fields = dict(form)
    kind = fields.pop("kind", None)
    if not isinstance(kind, str) or kind not in _KINDS:
        raise SpaceError(
            f"{kind!r} is not a kind of hyperparameter; expected one of {', '.join(_KINDS)}."
        )
    if fields.get("when") is not None:
        fields["when"] = condition_from_json(fields["when"])
    try:
        return _KINDS[kind](**fields)
    except TypeError as error:
        raise SpaceError(
            f"{dict(form)!r} is not the JSON form of a hyperparameter: {error}."
        ) from error

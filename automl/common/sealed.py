"""Seals of JSON objects: a checksum by which a reader knows that nothing was changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

#: The key of a JSON object under which its checksum stands.
SEAL = "sha256"


def sealed(form: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON object with one more key, `SEAL`: the SHA-256 of the others with their values.

    Args:
        form: Only dictionaries, lists and scalars, all numbers finite.
    """
    plain = {key: value for key, value in form.items() if key != SEAL}
    return {**plain, SEAL: _digest(plain)}


def unsealed(form: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON object without its seal, which is compared with its content.

    Args:
        form: As `sealed` made it and JSON gave it back; one without a seal is taken as it is.

    Raises:
        ValueError: Something in it was changed.
    """
    plain = {key: value for key, value in form.items() if key != SEAL}
    if SEAL in form and form[SEAL] != _digest(plain):
        raise ValueError("it was changed after it was written")
    return plain


def _digest(form: Mapping[str, Any]) -> str:
    # Keys are sorted, and JSON writes a number that it has read as it was.
    text = json.dumps(form, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()

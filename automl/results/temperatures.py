"""Temperatures as a study records them: which candidates are exported with one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.common.forms import read_form, to_form
from automl.data.kept_temperature import Temperature
from automl.results.study_entries import entries, reading_entry
from automl.trial import trial_named

PREFIX = "temperature:"


def temperature_entry(
    trial: int | str, temperature: Temperature | None
) -> tuple[str, dict[str, Any] | None]:
    """The key and the value by which a study records a candidate's temperature, or that of none."""
    return f"{PREFIX}{trial}", None if temperature is None else to_form(temperature)


def recorded_temperatures(attributes: Mapping[str, Any]) -> dict[int | str, Temperature]:
    """The temperatures that a study has recorded, by the candidate's number or name.

    Args:
        attributes: The study's user attributes.

    Raises:
        RunError: One cannot be read.
    """
    found: dict[int | str, Temperature] = {}
    for name, form in entries(attributes, PREFIX):
        if form is not None:
            with reading_entry(f"the temperature of {name}"):
                found[trial_named(name)] = read_form(Temperature, form)
    return found

"""A configuration: one value for every active hyperparameter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from automl.common.names import did_you_mean, known_are
from automl.errors import SpaceError
from automl.space.condition import spell, to_list


class UnreadableValue(SpaceError, AttributeError):
    """A builder read a hyperparameter that is unknown, or inactive and without a substitute."""


@dataclass(frozen=True, eq=False, repr=False)
class Configuration(Mapping[str, Any]):
    """One value for every active hyperparameter, frozen and hashable.

    As a mapping it holds the active ones only. ``config.name`` reads an active one, or the
    ``otherwise`` of an inactive one.

    Args:
        active_values: Value of every active hyperparameter, by name.
        substitutes: The ``otherwise`` of inactive ones that have one, by name.
        conditions: Of every inactive hyperparameter, its condition in words, by name.
    """

    active_values: Mapping[str, Any]
    substitutes: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for word in ("active_values", "substitutes", "conditions"):
            object.__setattr__(self, word, MappingProxyType(dict(getattr(self, word))))

    def __getitem__(self, name: str) -> Any:
        return self.active_values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.active_values)

    def __len__(self) -> int:
        return len(self.active_values)

    def __hash__(self) -> int:
        return hash(frozenset(self.active_values.items()))

    def __eq__(self, other: object) -> bool:
        return dict(self.items()) == dict(other.items()) if isinstance(other, Mapping) else False

    def __getattr__(self, name: str) -> Any:
        # Only called where no real attribute has the name. Private names are asked for by copy,
        # pickle and debuggers before the fields exist.
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self.active_values:
            return self.active_values[name]
        if name in self.substitutes:
            return self.substitutes[name]
        if name in self.conditions:
            raise UnreadableValue(
                f"'{name}' is inactive here: it is active when {self.conditions[name]}; read it "
                "under that condition, or give it an `otherwise`."
            )
        known = [*self.active_values, *self.conditions]
        hint = did_you_mean(name, known, known_are(known))
        raise UnreadableValue(f"The configuration has no hyperparameter '{name}'{hint}")

    def active(self, name: str) -> bool:
        """Whether the hyperparameter has a value in this configuration."""
        return name in self.active_values

    def to_json(self) -> dict[str, Any]:
        """The active values as JSON: only dictionaries, lists and scalars."""
        return {name: to_list(value) for name, value in self.active_values.items()}

    def __repr__(self) -> str:
        inner = ", ".join(f"{name}={spell(value)}" for name, value in self.active_values.items())
        return f"Configuration({inner})"

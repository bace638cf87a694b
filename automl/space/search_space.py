"""A search space: hyperparameters, the conditions between them, and a builder."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from automl.common.names import did_you_mean, known_are
from automl.errors import SpaceError
from automl.space.configuration import Configuration
from automl.space.describe import DescribeRow, describe_rows
from automl.space.enumeration import count_configurations, grid_configurations
from automl.space.grown import value_before
from automl.space.growth import extended_hyperparameters
from automl.space.hyperparameter import UNSET, Hyperparameter
from automl.space.optuna_bridge import distribution, stored, suggest
from automl.space.override import override_hyperparameters
from automl.space.portfolio import Portfolio, checked_portfolio, fitted_entry
from automl.space.protocol import Protocol
from automl.space.serialization import hyperparameter_from_json
from automl.space.validation import flattened, parents_first, validate_space
from automl.vocabulary.inputs import VECTOR, Inputs

if TYPE_CHECKING:
    import numpy as np
    from optuna.distributions import BaseDistribution
    from optuna.trial import BaseTrial

Builder = Callable[..., Any]


@dataclass(frozen=True, init=False, repr=False, eq=False)
class SearchSpace:
    """Hyperparameters with their conditions, and a builder that turns a configuration into layers.

    Args:
        name: The space's name.
        hyperparameters: Hyperparameters and (nested) lists of them.
        build: ``build(config, inputs, task)``: returns a feature tensor (the head is added), a
            Keras model, or a compiled Keras model. Imports keras inside.
        inputs: What the builder gets: ``"vector"``, one tensor of shape (rows, features) with
            every column in it; ``"table"``, numeric and categorical columns apart; or ``"image"``,
            one float32 tensor of shape (rows, height, width, channels), scaled. (``"array"`` is
            for builders in KerasTuner's form: nothing, the model's own input takes the rows.)
        description: One line; by default the first line of the docstring of ``build``'s module.
        protocol: How it is searched where that is left open; None as any space is.
        portfolio: Good configurations, each as what is not its default; tried behind the defaults.

    Attributes:
        hyperparameters: Each after those that its condition reads.
        build: None in a space that was read from a record.
        protocol: No part of its JSON form or its hash.
        reference: How to find the space again (``"mlp"``, ``"/path/file.py:space"``,
            ``"module:attribute"``); None for one that was not found through the registry.

    Raises:
        SpaceError: Names, ranges or conditions contradict one another.
    """

    name: str
    hyperparameters: tuple[Hyperparameter, ...]
    build: Builder | None
    inputs: str
    description: str
    reference: str | None
    protocol: Protocol | None
    portfolio: Portfolio

    def __init__(
        self,
        name: str,
        hyperparameters: Iterable[Any],
        build: Builder | None,
        *,
        inputs: Inputs = VECTOR,
        description: str = "",
        protocol: Protocol | None = None,
        portfolio: Iterable[Mapping[str, Any]] = (),
    ) -> None:
        parameters = flattened(name, hyperparameters)
        kept = checked_portfolio(name, portfolio)
        self._fill(name, parameters, build, inputs, description, protocol=protocol, portfolio=kept)
        validate_space(self.name, self.hyperparameters, self.inputs, self.build, declared=True)
        for entry in kept:
            self.configuration(entry)

    def _fill(
        self,
        name: str,
        hyperparameters: Iterable[Hyperparameter],
        build: Builder | None,
        inputs: str,
        description: str,
        reference: str | None = None,
        protocol: Protocol | None = None,
        portfolio: Portfolio = (),
    ) -> None:
        if not isinstance(description, str):
            raise SpaceError(
                f"The description of search space {name!r} must be text, not {description!r}."
            )
        vars(self).update(
            name=name,
            hyperparameters=parents_first(name, tuple(hyperparameters)),
            build=build,
            inputs=inputs,
            description=description or _first_line(build),
            reference=reference,
            protocol=protocol,
            portfolio=portfolio,
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Names in a configuration, each once."""
        return tuple(dict.fromkeys(parameter.name for parameter in self.hyperparameters))

    def __repr__(self) -> str:
        return f"SearchSpace({self.name!r}, {len(self.names)} hyperparameters)"

    def _copy(self, **changes: Any) -> SearchSpace:
        copy = SearchSpace.__new__(SearchSpace)
        copy._fill(**{**vars(self), **changes})
        return copy

    def with_reference(self, reference: str) -> SearchSpace:
        """The same space, with a note of how to find it again."""
        return self._copy(reference=reference)

    # ---- configurations

    def _configure(self, values: Mapping[str, Any]) -> Configuration:
        """A configuration of these active values, with the substitutes of the inactive ones."""
        substitutes: dict[str, Any] = {}
        conditions: dict[str, str] = {}
        for parameter in self.hyperparameters:
            if parameter.name in values:
                continue
            if parameter.otherwise is not UNSET:
                substitutes.setdefault(parameter.name, parameter.otherwise)
            earlier = conditions.get(parameter.name)
            text = str(parameter.condition)
            conditions[parameter.name] = f"{earlier}, or {text}" if earlier else text
        return Configuration(values, substitutes, conditions)

    def _decide(self, choose: Callable[[Hyperparameter], Any]) -> Configuration:
        """Asks ``choose`` for a value of each active hyperparameter, parents first."""
        values: dict[str, Any] = {}
        for parameter in self.hyperparameters:
            if parameter.active(values):
                values[parameter.name] = choose(parameter)
        return self._configure(values)

    def defaults(self) -> Configuration:
        """The configuration of defaults."""
        return self._decide(lambda parameter: parameter.default)

    def first_configurations(self) -> tuple[Configuration, ...]:
        """What a search tries first: the defaults, then the portfolio as far as it is left."""
        found = ({}, *(fitted_entry(self.hyperparameters, one) for one in self.portfolio))
        return tuple(dict.fromkeys(self.configuration(one) for one in found if one is not None))

    def sample(self, rng: np.random.Generator) -> Configuration:
        """A configuration drawn at random.

        Args:
            rng: NumPy's generator; the same state gives the same configuration.
        """
        return self._decide(lambda parameter: parameter.sample(rng))

    def suggest(self, trial: BaseTrial) -> Configuration:
        """A configuration that an Optuna trial's sampler draws; only active ones are asked for."""
        return self._decide(lambda parameter: suggest(parameter, trial))

    def configuration(self, values: Mapping[str, Any], check: bool = True) -> Configuration:
        """A configuration of given values; active ones that are not given have their default.

        Args:
            values: Values by name, as Python or as JSON values.
            check: False takes the values as they are, names and ranges unchecked: for a
                configuration from a record, whose space may have changed since.

        Raises:
            SpaceError: A name is unknown, a value out of range, or a hyperparameter with a value
                inactive beside the others.
        """
        if not check:
            return self._recorded(values)
        for name in values:
            if name not in self.names:
                raise SpaceError(
                    f"Search space '{self.name}' has no hyperparameter '{name}'"
                    f"{did_you_mean(name, self.names, known_are(self.names))}"
                )
        made = self._decide(
            lambda parameter: (
                parameter.check(values[parameter.name])
                if parameter.name in values
                else parameter.default
            )
        )
        for name in values:
            if not made.active(name):
                raise SpaceError(
                    f"'{name}' was given a value but is inactive beside the other values: it is "
                    f"active when {made.conditions[name]}; leave it out."
                )
        return made

    def _recorded(self, values: Mapping[str, Any]) -> Configuration:
        from automl.space.condition import to_tuple

        given = {name: to_tuple(value) for name, value in values.items()}
        known: dict[str, Any] = {}
        for parameter in self.hyperparameters:
            if parameter.name in given:
                known[parameter.name] = given[parameter.name]
            elif parameter.active(known):
                known[parameter.name] = value_before(self, parameter)
        return self._configure({**known, **given})

    def grid(self, points: int | None = None) -> Iterator[Configuration]:
        """Every configuration, each once, in the order of the hyperparameters' values.

        Args:
            points: How many values of each continuous hyperparameter to take, evenly spaced (in
                the logarithm where it is logarithmic); the others have all of theirs.

        Raises:
            SpaceError: A hyperparameter is continuous and ``points`` is not given.
        """
        return map(self._configure, grid_configurations(self.name, self.hyperparameters, points))

    def count(self) -> int | float:
        """How many configurations there are; ``math.inf`` where one is continuous."""
        total = count_configurations(self.hyperparameters)
        return total if total == math.inf else int(total)

    # ---- Optuna

    def optuna_params(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """A configuration as Optuna's parameters, for ``study.enqueue_trial``.

        Args:
            config: A configuration of this space.

        Returns:
            Optuna's key of every active hyperparameter, with the value as Optuna stores it.
        """
        return {
            parameter.key: stored(config[parameter.name])
            for parameter in self.hyperparameters
            if parameter.name in config and parameter.active(config)
        }

    def distributions(self) -> dict[str, BaseDistribution]:
        """The Optuna distribution of every hyperparameter, active or not, by Optuna's key."""
        return {parameter.key: distribution(parameter) for parameter in self.hyperparameters}

    # ---- views and other forms

    def describe(self) -> list[DescribeRow]:
        """One row for each hyperparameter, to be printed as a table."""
        return describe_rows(self.hyperparameters)

    def override(self, changes: Mapping[str, Any]) -> SearchSpace:
        """The space with hyperparameters fixed, narrowed or restricted.

        Args:
            changes: By name: a value (``"3"``, ``3``) fixes it, ``"64:256"`` narrows a number,
                ``"relu,elu"`` or a list restricts it to these. A name that stands for several
                (such as ``learning_rate``) is changed in all of them; ``learning_rate[sgd]``
                means the one.

        Raises:
            SpaceError: A name is unknown, or a value out of range.
        """
        return self._copy(
            hyperparameters=override_hyperparameters(self.name, self.hyperparameters, changes)
        )

    def extended(self, found: Iterable[Hyperparameter]) -> SearchSpace:
        """The space with hyperparameters that a builder turned out to have.

        Args:
            found: In the order in which they were found; those that the space has stay as they
                are, and of two with one name that could be active together the first counts.

        Returns:
            The larger space, or this one where there is nothing new.
        """
        grown = extended_hyperparameters(self.hyperparameters, found)
        if len(grown) == len(self.hyperparameters):
            return self
        validate_space(self.name, grown, self.inputs, self.build, declared=False)
        return self._copy(hyperparameters=grown)

    def with_hyperparameters(self, hyperparameters: Iterable[Hyperparameter]) -> SearchSpace:
        """The same space with other hyperparameters, which the same builder reads.

        Raises:
            SpaceError: They contradict one another.
        """
        made = tuple(hyperparameters)
        validate_space(self.name, made, self.inputs, self.build, declared=False)
        return self._copy(hyperparameters=made)

    def with_portfolio(self, portfolio: Portfolio) -> SearchSpace:
        """The same space with other configurations to be tried first."""
        return self._copy(portfolio=portfolio)

    def with_builder(self, build: Builder) -> SearchSpace:
        """The same space with another builder."""
        return self._copy(build=build)

    def to_json(self) -> dict[str, Any]:
        """The JSON form: everything but the builder and the reference."""
        return {
            "name": self.name,
            "description": self.description,
            "inputs": self.inputs,
            "hyperparameters": [parameter.to_json() for parameter in self.hyperparameters],
            **({"portfolio": [dict(entry) for entry in self.portfolio]} if self.portfolio else {}),
        }

    @classmethod
    def from_json(cls, form: Mapping[str, Any], build: Builder | None = None) -> SearchSpace:
        """Rebuilds a space from its JSON form.

        Args:
            form: What `to_json` gave.
            build: The builder; None for a space that is only to be read.

        Raises:
            SpaceError: The form is not one of a search space.
        """
        try:
            parameters = [hyperparameter_from_json(part) for part in form["hyperparameters"]]
            name, inputs, description = form["name"], form["inputs"], form["description"]
            portfolio = checked_portfolio(name, form.get("portfolio", ()))
        except (KeyError, TypeError) as error:
            raise SpaceError(
                f"This is not the JSON form of a search space ({error!r}); expected what to_json() "
                "gives."
            ) from error
        space = cls.__new__(cls)
        space._fill(name, parameters, build, inputs, description, portfolio=portfolio)
        validate_space(name, space.hyperparameters, inputs, build, declared=False)
        return space

    def hash(self) -> str:
        """SHA-256 over what a search depends on: names, ranges, defaults and conditions.

        Texts for people (description, help, source) may change without changing the hash, and
        what is tried first. The builder's code is not part of it.
        """
        form = self.to_json()
        form.pop("description")
        form.pop("portfolio", None)
        for part in form["hyperparameters"]:
            part.pop("help", None)
            part.pop("source", None)
        text = json.dumps(form, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()


def _first_line(build: Builder | None) -> str:
    """First line of the docstring of the module that the builder is written in."""
    text = getattr(build, "__globals__", {}).get("__doc__") or ""
    return text.strip().split("\n")[0]

"""Finding the hyperparameters of a builder in KerasTuner's form by building models with it.

A builder declares a hyperparameter where it reads it. So the defaults are built first, and then
values that may lead elsewhere: every other option of a choice, every value of a small integer,
the greatest value of a float and of an integer that a loop may count to. One build tries new
values of all hyperparameters at once; a value that it did not reach, or failed with, is tried
once more by itself. Ranges that were not the same in all of them are taken apart then
(`automl.models.hyper_ranges`). What needs two values together, or the middle of a wide range, is
found when a trial of the search reaches it (`automl.space.growth`).
"""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import keras

from automl.errors import SpaceError
from automl.models.hyper import made_hypermodel, run_builder
from automl.models.hyper_parameters import converted, stepped_values
from automl.models.hyper_ranges import (
    AGAIN,
    DEPENDS,
    Variant,
    WatchedParameters,
    few_values,
    few_values_of,
    share_of,
    signature,
    value_at,
    variants_of,
)
from automl.models.keras_tuner_package import efficientnets, kinds
from automl.space.condition import Ref, all_of
from automl.space.hyperparameter import Hyperparameter
from automl.space.keras_tuner import SHARE, HyperBuilder, line_of
from automl.space.search_space import SearchSpace

MOST_BUILDS = 40
MOST_SECONDS = 30.0
"""Processor seconds after which no further model is built: a small net takes 0.02 to 0.1, an
EfficientNet 1 to 8."""
SMALL = 8
"""Values up to which every value of an integer is tried."""
MOST_COUNTED = 32
"""An integer up to this may count layers in a loop, and its greatest value is tried; a larger one
is a width, whose greatest value would only cost memory, but the value beside its default shows
whether other ranges depend on it."""


def traced(space: SearchSpace) -> SearchSpace:
    """The space with the hyperparameters that tracing finds.

    Args:
        space: An untraced space; see `automl.space.keras_tuner.hyper_space`.

    Returns:
        The space, which may grow later.

    Raises:
        SpaceError: The builder fails with its defaults, returns no model, or declares a
            hyperparameter that no space can have.
    """
    builder = space.build
    assert isinstance(builder, HyperBuilder)
    hypermodel = made_hypermodel(builder.source)
    with contextlib.redirect_stdout(io.StringIO()), _without_pretrained_weights():
        trace = Trace(partial(run_builder, builder.source, hypermodel))
        trace.explore(builder.name, builder.file)
        return space.extended(trace.hyperparameters())


@dataclass
class _Known:
    """One of KerasTuner's hyperparameters, and what is known of it.

    Attributes:
        declared: It, as it was declared first.
        witness: Values of the first build in which it was active; None if there was none yet.
        seen: The values of each build in which it was active, and it as it was declared there.
        is_reused: Whether one model declares it again with another range.
        tried: Values with which a model was built.
        untried: Values still to be tried.
        alone: Those of them that are to be tried by themselves.
    """

    declared: Any
    witness: dict[str, Any] | None = None
    seen: list[tuple[dict[str, Any], Any]] = field(default_factory=list)
    is_reused: bool = False
    tried: list[Any] = field(default_factory=list)
    untried: list[Any] = field(default_factory=list)
    alone: list[Any] = field(default_factory=list)

    def is_active(self, values: Mapping[str, Any]) -> bool:
        return all(condition.is_active(values) for condition in self.declared.conditions)


class Trace:
    """The builds made so far and what they have shown.

    Args:
        build: Builds a model with the values of KerasTuner's ``HyperParameters``.

    Attributes:
        known: The hyperparameters in the order in which they were found.
        builds: How many models were built.
    """

    def __init__(self, build: Callable[[Any], Any]) -> None:
        self.known: list[_Known] = []
        self.builds = 0
        self._build = build
        self._started = time.process_time()

    def explore(self, name: str = "build", file: str = "") -> None:
        """Builds models until no value is left that could lead to something new.

        Args:
            name: The builder's name, for messages.
            file: Its file, for the line that an error comes from.

        Raises:
            SpaceError: The defaults cannot be built.
        """
        try:
            model = self._try({})
        except (Exception, SystemExit) as error:
            raise SpaceError(
                f"The builder {name} fails with its defaults ({line_of(file, error)}"
                f"{type(error).__name__}: {error}); correct it and try again."
            ) from error
        if not isinstance(model, keras.Model):
            kind = "nothing" if model is None else f"a {type(model).__name__}"
            raise SpaceError(
                f"The builder {name} returned {kind}; a function build(hp), or HyperModel.build, "
                "has to return a keras.Model."
            )
        while self.builds < MOST_BUILDS and self._has_time():
            asked = self._next()
            if not asked:
                return
            # A combination that cannot be built is no error: it would cost its trial only.
            with contextlib.suppress(Exception, SystemExit):
                self._try(self._values(asked))
            self._put_aside(asked)

    def hyperparameters(self) -> list[Hyperparameter]:
        """What was found, in the order in which it was found, each range by itself."""
        declared = [known.declared for known in self.known]
        values: dict[str, list[Any]] = {}  # of those so far that have few
        made = []
        for known in self.known:
            variants = self._variants(known, values)
            share = None if variants else self._share(known)
            if share is not None:
                (plain,) = converted([known.declared], declared)
                made.append(replace(share, when=plain.when))
                self._try_another_end(known)
                continue
            made += self._made(known, variants, declared)
            own = few_values_of(variants or [Variant(known.declared)])
            values[known.declared.name] = [*values.get(known.declared.name, []), *own]
        return made

    def _try_another_end(self, known: _Known) -> None:
        """Builds with a value that the first range does not hold: others may depend on it."""
        first = signature(known.seen[0][1])
        values, one = next(seen for seen in known.seen if signature(seen[1]) != first)
        ends = [value_at(one, 1.0), value_at(one, 0.0)]
        asked = next((end for end in ends if end != values[one.name]), None)
        if asked is not None and self.builds < 2 * MOST_BUILDS and self._has_time():
            with contextlib.suppress(Exception, SystemExit):
                self._try({**values, one.name: asked})

    def _share(self, known: _Known) -> Hyperparameter | None:
        """What is searched in place of a value whose range cannot be told; None where nothing can.

        Other hyperparameters may have conditions on values, but not on those made of shares.
        """
        name = known.declared.name
        is_parent = any(
            condition.name == name for one in self.known for condition in one.declared.conditions
        )
        names = {one.declared.name for one in self.known}
        if is_parent or name + SHARE in names or len({type(one) for _, one in known.seen}) > 1:
            return None
        return share_of(known.declared)

    def _made(
        self, known: _Known, variants: list[Variant], declared: list[Any]
    ) -> list[Hyperparameter]:
        remarks = [] if variants else [DEPENDS]
        if known.is_reused:
            remarks.append(AGAIN)
        made = []
        for variant in variants or [Variant(known.declared)]:
            (one,) = converted([variant.declared], declared)
            if variant.parent:
                decides = Ref(variant.parent).isin(list(variant.values))
                one = replace(one, when=decides if one.when is None else all_of(one.when, decides))
            if remarks:
                one = replace(one, help="; ".join((*filter(None, (one.help,)), *remarks)))
            made.append(one)
        return made

    def _variants(self, known: _Known, parents: Mapping[str, list[Any]]) -> list[Variant]:
        """The ranges of one hyperparameter; none where they depend on what cannot be found.

        Args:
            known: The hyperparameter.
            parents: The values of those before it that have few.
        """
        if not known.seen:  # its scope was never entered
            return [Variant(known.declared)]

        def declared_with(parent: str, value: Any) -> Any:
            if self.builds >= 2 * MOST_BUILDS or not self._has_time():
                return None
            before = len(known.seen)
            with contextlib.suppress(Exception, SystemExit):
                self._try({**known.seen[0][0], parent: value})
            return known.seen[-1][1] if len(known.seen) > before else None

        variants = variants_of(list(known.seen), parents, declared_with)
        for variant in reversed(variants[1:]):  # others may depend on values that are new
            values = few_values(variant.declared)
            if len(values) > 1:
                asked = {variant.parent: variant.values[-1], known.declared.name: values[-1]}
                with contextlib.suppress(Exception, SystemExit):
                    self._try({**known.seen[0][0], **asked})
                break
        return variants

    def _has_time(self) -> bool:
        return time.process_time() - self._started < MOST_SECONDS

    def _try(self, values: Mapping[str, Any]) -> Any:
        hp = WatchedParameters()
        hp.values = dict(values)
        self.builds += 1
        whole = False
        try:
            model = self._build(hp)
            whole = True
        finally:
            self._take(hp, whole)
        return model

    def _take(self, hp: Any, whole: bool) -> None:
        """Notes what a build has declared; only a whole one has tried its values."""
        active = {one.name: hp.values[one.name] for one in hp.space if hp.is_active(one)}
        for one in hp.space:
            known = self._find(one)
            known.is_reused |= one.name in hp.again
            if known.is_active(active):
                known.seen.append((active, one))
                if known.witness is None:
                    known.witness = active
                    known.untried += [v for v in _candidates(one) if v not in known.untried]
                if whole:
                    known.tried.append(active[one.name])
                    known.untried = [v for v in known.untried if v != active[one.name]]
        for conditions in (*hp.inactive_scopes, *(one.conditions for one in hp.space)):
            for condition in conditions:
                self._want_one_of(condition.name, condition.values)

    def _find(self, one: Any) -> _Known:
        for known in self.known:
            declared = known.declared
            if declared.name == one.name and declared.conditions == one.conditions:
                return known
        self.known.append(_Known(one))
        return self.known[-1]

    def _want_one_of(self, name: str, values: list[Any]) -> None:
        """Sees to it that a scope is entered once: a parent has one of its values."""
        parents = [known for known in self.known if known.declared.name == name]
        if not any(
            value in (*parent.tried, *parent.untried) for parent in parents for value in values
        ):
            parents[0].untried.append(values[0])

    def _next(self) -> list[tuple[_Known, Any]]:
        """The values to try next: one by itself, or a new one of each hyperparameter."""
        for known in self.known:
            if known.alone:
                return [(known, known.alone[0])]
        return [(known, known.untried[0]) for known in self.known if known.untried]

    def _values(self, asked: list[tuple[_Known, Any]]) -> dict[str, Any]:
        """Values for a build, those asked for among them as far as they can be active."""
        base = asked[0][0].witness or {}
        values: dict[str, Any] = {}
        for known in self.known:
            name = known.declared.name
            if name in values or not known.is_active(values):
                continue
            wanted = [value for other, value in asked if other is known]
            if wanted:
                values[name] = wanted[0]
            elif name in base and known.is_active(base):
                values[name] = base[name]
        return values

    def _put_aside(self, asked: list[tuple[_Known, Any]]) -> None:
        """Values that were not reached are tried alone next, and not a third time."""
        for known, value in asked:
            if value in known.alone:
                known.alone.remove(value)
                if value in known.untried:
                    known.untried.remove(value)
            elif value in known.untried:
                known.alone.append(value)


def _candidates(one: Any) -> list[Any]:
    """Values of a hyperparameter that may lead elsewhere than its default."""
    if isinstance(one, kinds.Choice | kinds.Boolean):
        return list(dict.fromkeys(one.values))
    if isinstance(one, kinds.Float):
        return [float(one.max_value)] if one.step is None else [stepped_values(one)[-1]]
    if not isinstance(one, kinds.Int):
        return []
    if one.step is None or one.sampling == "linear":
        values: Any = range(one.min_value, one.max_value + 1, one.step or 1)
    else:
        values = stepped_values(one)
    if len(values) <= SMALL:
        return list(reversed(values))
    if values[-1] <= MOST_COUNTED:
        return [values[-1]]
    return [next(value for value in values if value != one.default)]


@contextlib.contextmanager
def _without_pretrained_weights() -> Iterator[None]:
    """A context in which KerasTuner's EfficientNets start from random weights.

    Hyperparameters do not depend on the weights, which would be downloaded: 700 MB for all eight.
    """
    models = efficientnets()
    original = dict(models)
    models.update({name: partial(make, weights=None) for name, make in original.items()})
    try:
        yield
    finally:
        models.update(original)

"""Where layers come from that a space takes over with their weights: a bundle, or files of weights.

A space that takes some over says so by its builder, a `ReusingBuilder`. Which files it are is said
at the search's call, or they lie in Keras's cache; their hashes go into the run's record, so that
whoever goes on with it, or trains a trial again, has the same weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from automl.errors import SpaceError

if TYPE_CHECKING:
    from automl.space.search_space import SearchSpace

#: What a space may take over: the layers of an exported model, or a network of
#: ``keras.applications``.
BUNDLE, APPLICATION = "bundle", "application"


@dataclass(frozen=True)
class OriginFile:
    """A file, or a bundle, that layers come from.

    Attributes:
        name: The network that has these weights; "" of a bundle.
        path: Where it is, absolute; a bundle's directory.
        sha256: Of the file, or of the bundle's ``model.keras``.
    """

    name: str
    path: str
    sha256: str


@dataclass(frozen=True)
class Origin:
    """What layers come from.

    Attributes:
        kind: `BUNDLE` or `APPLICATION`.
        files: One for each network that may be taken over.
    """

    kind: str
    files: tuple[OriginFile, ...]

    def __post_init__(self) -> None:
        """Checks a form that may be anybody's.

        Raises:
            ValueError: It is of no known kind, or has no files.
        """
        if self.kind not in (BUNDLE, APPLICATION) or not self.files:
            raise ValueError(f"an origin of kind {self.kind!r} with {len(self.files)} files")

    def file(self, name: str = "") -> OriginFile:
        """The file of a network.

        Raises:
            SpaceError: There is none of this name.
        """
        for one in self.files:
            if one.name == name:
                return one
        raise SpaceError(f"No weights of {name} were found when the search began.")


@dataclass(frozen=True, eq=False)
class ReusingBuilder:
    """A builder that takes over layers with their weights.

    Its inputs are not scaled, for layers want theirs as they were trained: it gets the core's
    inputs (`automl.models.inputs.builder.TableInputs`, or ``ImageInputs``).

    Attributes:
        build: ``build(config, inputs, task, origin)``; see `automl.space.SearchSpace`.
        takes: What it takes over, `BUNDLE` or `APPLICATION`.
        origin: Where from; None until that is known.
    """

    build: Callable[[Any, Any, Any, Origin], Any]
    takes: str
    origin: Origin | None = None

    def __call__(self, config: Any, inputs: Any, task: Any) -> Any:
        """Builds a model.

        Raises:
            SpaceError: Nothing is known that layers could come from.
        """
        if self.origin is None:
            raise SpaceError(
                "This space takes over layers, and there is nothing that they could come from: "
                "name it with --from (from_model in Python)."
            )
        return self.build(config, inputs, task, self.origin)

    @property
    def module(self) -> str:
        """The name of the module that the builder is written in."""
        return self.build.__module__


def takes_over(space: SearchSpace) -> str:
    """What a space takes over, `BUNDLE` or `APPLICATION`; "" for nothing."""
    return space.build.takes if isinstance(space.build, ReusingBuilder) else ""


def origin_of(space: SearchSpace) -> Origin | None:
    """What the layers of a space come from, or None."""
    return space.build.origin if isinstance(space.build, ReusingBuilder) else None


def with_origin(space: SearchSpace, origin: Origin | None) -> SearchSpace:
    """The space with what its layers come from; others stay as they are."""
    if origin is None or not isinstance(space.build, ReusingBuilder):
        return space
    return space.with_builder(replace(space.build, origin=origin))


def origin_form(origin: Origin) -> Mapping[str, Any]:
    """What two searches must have in common of it: the weights, wherever they lie."""
    return {one.name: one.sha256 for one in origin.files}

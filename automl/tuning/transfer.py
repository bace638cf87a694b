"""What ``--from`` names: which space takes it over, whether the rows fit, and that it stays so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.common.forms import read_form, to_form
from automl.errors import RequestError, RunError
from automl.results.run_directory import RunDirectory
from automl.space.origin import (
    APPLICATION,
    BUNDLE,
    Origin,
    origin_of,
    takes_over,
    with_origin,
)
from automl.trial import REFIT
from automl.tuning.consent import RESUME, consented_origin
from automl.tuning.pretrained import application_origin, backbones_of, only_found
from automl.tuning.search_request import SearchRequest
from automl.vocabulary.applications import BACKBONE_NAME
from automl.vocabulary.inputs import IMAGE

if TYPE_CHECKING:
    from automl.data.kinds.kind import InputPlan
    from automl.data.plan import PreprocessingPlan
    from automl.export.bundle import Bundle
    from automl.space import SearchSpace

#: The spaces that take over the layers of a bundle: of images, and of other rows.
OF_IMAGES, OF_ROWS = "transfer", "transfer_rows"
#: The one that takes over networks of ``keras.applications``.
OF_WEIGHTS = "pretrained"
#: The key of ``run.json`` under which it stands what layers come from.
ORIGIN = "origin"


def transfer_space(path: str) -> str:
    """The space that takes over what ``--from`` names: a file is one of weights.

    Raises:
        RequestError: There is neither a file nor a bundle.
    """
    if Path(path).is_file():
        return OF_WEIGHTS
    return OF_IMAGES if _opened(path).plan.inputs.kind == IMAGE else OF_ROWS


def with_asked_origin(
    request: SearchRequest, space: SearchSpace
) -> tuple[SearchRequest, SearchSpace]:
    """Finds what the layers of a space come from.

    Args:
        request: What was asked.
        space: The space as it was found.

    Returns:
        The request, in which images are read in the size of the bundle's unless another was asked
        for; and the space with its origin.

    Raises:
        RequestError: There is no such bundle, or the space takes nothing over.
    """
    if not takes_over(space):
        if request.from_model is not None:
            raise RequestError(
                f"--from is for the spaces that take over layers ({OF_IMAGES}, {OF_ROWS} and "
                f"{OF_WEIGHTS}), and {space.name!r} is another: leave --space or --from out."
            )
        return request, space
    if takes_over(space) == APPLICATION:
        return request, _with_weights(request, space)
    if request.from_model is None:
        raise RequestError(
            f"The space {space.name!r} takes over the layers of an exported model: name it with "
            "--from MODEL."
        )
    from automl.export.reused import origin_of_bundle

    origin = origin_of_bundle(request.from_model)
    inputs = _opened(request.from_model).plan.inputs
    wanted = OF_IMAGES if inputs.kind == IMAGE else OF_ROWS
    if (space.inputs == IMAGE) != (inputs.kind == IMAGE):
        raise RequestError(
            f"The model {request.from_model} takes {_named(inputs)}, and the space {space.name!r} "
            f"is for others: leave --space out, or take --space {wanted}."
        )
    return _in_its_size(request, inputs), with_origin(space, origin)


def _with_weights(request: SearchRequest, space: SearchSpace) -> SearchSpace:
    """The space with the files of its networks' weights, and without networks that have none."""
    asked = space.override(
        {name: value for name, value in request.settings.items() if name == BACKBONE_NAME}
    )
    is_named = BACKBONE_NAME in request.settings
    origin = application_origin(request.from_model, backbones_of(asked), is_named)
    return with_known_origin(space, origin)


def with_known_origin(space: SearchSpace, origin: Origin | None) -> SearchSpace:
    """The space with what its layers come from, as far as that has them; others stay as they are.

    Args:
        space: Any space.
        origin: What they come from, or None.
    """
    if origin is not None and origin.kind == takes_over(space) == APPLICATION:
        space = only_found(space, origin)
    return with_origin(space, origin)


def _opened(path: str) -> Bundle:
    from automl.export.bundle import open_bundle

    return open_bundle(path)


def _named(inputs: InputPlan) -> str:
    from automl.data.kinds import kind_named

    return kind_named(inputs.kind).word


def _in_its_size(request: SearchRequest, inputs: InputPlan) -> SearchRequest:
    """The request, in which images come as the bundle's were, unless it says otherwise."""
    shape = inputs.signature.shape
    if inputs.kind != IMAGE or shape is None:
        return request
    asked = request.data
    size = (shape[0], shape[1]) if asked.image_size is None else asked.image_size
    channels = shape[2] if asked.channels is None else asked.channels
    return replace(request, data=replace(asked, image_size=size, channels=channels))


def check_rows_fit(space: SearchSpace, plan: PreprocessingPlan, request: SearchRequest) -> None:
    """Checks that the layers that a space takes over can take the rows.

    Args:
        space: The space with its origin.
        plan: The plan of the rows.
        request: What was asked.

    Raises:
        RequestError: They cannot.
    """
    origin = origin_of(space)
    if origin is not None and origin.kind == APPLICATION and (wrong := plan.inputs.unlike(None)):
        raise RequestError(
            f"Networks of keras.applications cannot take these images: {wrong}; give bytes of 0 to "
            "255."
        )
    if origin is None or origin.kind != BUNDLE:
        return
    path = origin.file().path
    wrong = _difference(_opened(path).plan.inputs, plan.inputs)
    if wrong:
        raise RequestError(f"The layers of {path} cannot take these rows: {wrong}.")
    several = len(request.data.views) > 1 or request.data.is_reshuffled or request.export == REFIT
    if plan.signature.cardinalities and several:
        raise RequestError(
            f"The layers of {path} know their categories by number, and other divisions of the "
            "rows number them in another way: leave --cv, --holdout and --export refit out."
        )


def _difference(known: InputPlan, own: InputPlan) -> str:
    """Why layers that know rows of one plan cannot take those of another; "" where they can."""
    if known.kind != own.kind:
        return f"the model was trained on {_named(known)}, and they are {_named(own)}"
    there, here = known.signature, own.signature
    if unlike := own.unlike(known):
        return unlike
    if there.shape != here.shape:
        size = "; --image-size and --channels change that" if known.kind == IMAGE else ""
        return f"the model takes the shape {there.shape}, and theirs is {here.shape}{size}"
    if there.numeric_names != here.numeric_names:
        return _other_columns("numbers", there.numeric_names, here.numeric_names)
    if there.categorical_names != here.categorical_names:
        return _other_columns("categories", there.categorical_names, here.categorical_names)
    for one, other in zip(_vocabularies(known), _vocabularies(own), strict=True):
        if one != other:
            return (
                f"the column {one[0]!r} has other categories than the model was trained on, or "
                "others of them are frequent"
            )
    return ""


def _vocabularies(inputs: InputPlan) -> list[tuple[str, tuple[str, ...]]]:
    features = getattr(inputs, "categorical_features", ())
    return [(feature.name, tuple(feature.vocabulary)) for feature in features]


def _other_columns(what: str, there: tuple[str, ...], here: tuple[str, ...]) -> str:
    odd = sorted(set(there) ^ set(here))
    if not odd:
        return f"the model knows the same columns of {what} in another order"
    side = "the model was trained on" if odd[0] in there else "the rows have"
    return f"{side} the column of {what} {odd[0]!r}, which the other has not"


def recorded_origin(
    manifest: Mapping[str, Any],
    run: RunDirectory,
    given: str | None = None,
    asking: Sequence[str] = RESUME,
) -> Origin | None:
    """What the layers of a run's models come from, if it may be read and is still the same.

    Args:
        manifest: The content of ``run.json``.
        run: The run.
        given: The bundle or the file of weights as named in this call, or None.
        asking: The command that asks, and what follows the run in it.

    Raises:
        RequestError: The run records one that nobody has named here.
        RunError: It was changed, is not there any more, or ``run.json`` does not hold one.
    """
    form = manifest.get(ORIGIN)
    try:
        recorded = None if form is None else read_form(Origin, form)
    except ValueError as error:
        raise RunError(
            f"{run.manifest_file} does not say what layers come from ({error}); restore it from a "
            "copy."
        ) from error
    origin = consented_origin(run, recorded, given, asking)
    if origin is None:
        return None
    from automl.export.reused import check_origin

    try:
        check_origin(origin)
    except RequestError as error:
        raise RunError(f"{run.path} takes over layers: {error}") from error
    return origin


def recorded_form(space: SearchSpace) -> dict[str, Any]:
    """What ``run.json`` says of it; nothing where no layers are taken over."""
    origin = origin_of(space)
    return {} if origin is None else {ORIGIN: to_form(origin)}

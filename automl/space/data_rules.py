"""What the data itself forbids, or leaves without effect, in a space."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from automl.errors import SpaceError
from automl.space.families import FAMILY
from automl.space.numeric_rules import kept_of_numbers
from automl.space.search_space import SearchSpace
from automl.space.training import BATCH_SIZES, IMAGE_BATCH_SIZES
from automl.vocabulary.activations import ACTIVATIONS, SATURATING
from automl.vocabulary.augmentations import (
    AUGMENTATION,
    FLIP,
    HEAVY_EPOCHS,
    HEAVY_PARTS,
    MIXING,
    RAND_AUGMENT,
)
from automl.vocabulary.averaging import WEIGHT_AVERAGING
from automl.vocabulary.dtype_policies import DTYPE_POLICY
from automl.vocabulary.inputs import ARRAY, IMAGE, VECTOR
from automl.vocabulary.jit_compilation import JIT_COMPILE
from automl.vocabulary.layers import EMBEDDING_ABOVE, ONE_HOT_BELOW

if TYPE_CHECKING:
    from automl.data.kinds.signature import InputSignature

MOST_STEPS = 512
"""Steps of an epoch above which a batch is too small for the rows. The batch is chosen for
throughput, not for score (Deep Learning Tuning Playbook); with batches of 16 on 16,000 rows one
trial took half of a search's worker seconds (measured)."""
FEWEST_STEPS = 2
"""Steps of an epoch below which a batch is too large for the rows: nearly all rows in one step."""
MOST_AVERAGED_EPOCHS = 3
"""Epochs over which the moving statistics of a batch normalization may average, so that those of
the weights that are validated are not far behind. Géron (Hands-On Machine Learning, 2nd ed.,
chapter 11) has more nines for larger data. Best validation log loss with momentums of 0.9, 0.99 and
0.999 (10, 100 and 1,000 steps), batches of 32, four layers of the mlp space, means of five seeds:
0.076, 0.123, 0.254 on 121 rows of wine; 0.063, 0.086, 0.131 on 387 of breast_cancer; 0.031, 0.031,
0.060 on 1,374 of digits, where 100 steps are 2.3 epochs."""
CHEAP_FAMILIES = ("fastcnn", "plain_cnn", "resnet", "mobilenet", "densenet")
"""Families of convolutional networks whose defaults a few cores train in minutes an epoch (own
choice, by their multiply-adds): of the space of all families a search tries these."""


def check_inputs_suit(space: SearchSpace, signature: InputSignature) -> None:
    """Checks that a space's models can take the rows.

    Args:
        space: The space.
        signature: What the rows are.

    Raises:
        SpaceError: Its builder takes images and the rows are none, or it takes columns by their
            names and the rows are images; as a vector it gets either.
    """
    if space.inputs == VECTOR or (space.inputs == IMAGE) == bool(signature.pixel):
        return
    if space.inputs == IMAGE:
        raise SpaceError(
            f"Space {space.name!r} takes images, and the rows are none: choose a space for tables, "
            "such as mlp."
        )
    raise SpaceError(
        f"The rows are images in files, and models of space {space.name!r} take "
        f"{'an array' if space.inputs == ARRAY else 'a table'}: choose a space of images (`automl "
        "spaces` lists them), or read them into an array (automl.search((x, y), ...))."
    )


def suit_to_data(
    space: SearchSpace,
    *,
    rows: int,
    cardinalities: Sequence[int],
    classification: bool,
    asked: Collection[str] = (),
    of_probabilities: bool = False,
    epochs: int = HEAVY_EPOCHS,
    mirrored: bool = True,
    numbers: int = 0,
) -> SearchSpace:
    """The space without what the data gives no ground for.

    PReLU needs plenty of data (Géron, Hands-On Machine Learning, 2nd ed., chapter 11); how
    categorical columns are encoded is not worth searching where no column has a choice, nor is
    the smoothing of labels where there are none. Averages of weights are tried where they are asked
    for.

    Args:
        space: Any space; what it does not have is not looked for, and what somebody has fixed
            stays fixed.
        rows: Training rows.
        cardinalities: Codes of each categorical column, the slot for unseen values included.
        classification: Whether the task has classes or labels.
        of_probabilities: Whether trials are ranked by how good probabilities are, or their order:
            smoothed labels make these worse (RealMLP has them for errors only).
        epochs: Most epochs of a trial.
        mirrored: Whether images mean the same mirrored, as those of digits and letters do not.
        numbers: Numeric columns; 0 for rows that have no columns.
        asked: Hyperparameters that a person has set: the list that was given is the list.

    Returns:
        A space with fewer options, or the same one.
    """
    if space.inputs == "array":
        return space  # names in a builder of KerasTuner's form mean what its author means
    categories = [codes - 1 for codes in cardinalities]
    without_effect = _without_effect(categories, classification, of_probabilities, epochs, mirrored)
    changes: dict[str, Any] = {}
    for parameter in space.hyperparameters:
        options = getattr(parameter, "options", ())
        if len(options) < 2 or parameter.name in asked:
            continue
        if without_effect.get(parameter.name, False):
            changes[parameter.key] = parameter.default
            continue
        kept = _kept(space, parameter.name, options, rows, epochs, asked)
        kept = kept_of_numbers(parameter.name, kept, rows, numbers, categories)
        if len(kept) < len(options):
            changes[parameter.key] = kept
    return space.override(changes) if changes else space


def _without_effect(
    categories: Sequence[int],
    classification: bool,
    of_probabilities: bool,
    epochs: int,
    mirrored: bool,
) -> dict[str, bool]:
    """Which hyperparameters stay at their defaults; see `suit_to_data`.

    Args:
        categories: Of each categorical column.
        classification: As there, and so are the others.
        of_probabilities: Likewise.
        epochs: Likewise.
        mirrored: Likewise.
    """
    is_open = (ONE_HOT_BELOW <= count <= EMBEDDING_ABOVE for count in categories)
    found = {
        "categorical_encoding": not any(is_open),
        "embedding_size": not any(count >= ONE_HOT_BELOW for count in categories),
        "label_smoothing": not classification or of_probabilities,
        # The compiled kernel keeps no moving averages, and a search trains without it several
        # times slower; what averages gain was not found to be worth a hyperparameter.
        WEIGHT_AVERAGING: True,
        DTYPE_POLICY: True,
        JIT_COMPILE: True,
        FLIP: not mirrored,
        **dict.fromkeys(HEAVY_PARTS, epochs < HEAVY_EPOCHS),
    }
    found[MIXING] |= not classification
    return found


def _kept(
    space: SearchSpace,
    name: str,
    options: Sequence[Any],
    rows: int,
    epochs: int,
    asked: Collection[str],
) -> Sequence[Any]:
    """The options of a hyperparameter that are worth trying; all where no rule is of it."""
    if name in asked:
        return options
    if name == AUGMENTATION and epochs < HEAVY_EPOCHS:
        return [option for option in options if option != RAND_AUGMENT]
    if name == "activation":
        return _worth_trying(options, rows)
    if name == FAMILY and space.inputs == IMAGE and set(CHEAP_FAMILIES) < set(options):
        return [option for option in options if option in CHEAP_FAMILIES]
    if name == "batch_norm_momentum":
        return _fitting_momentums(options, _steps_of_an_epoch(space, rows, epochs, asked))
    if name == "batch_size" and tuple(options) in (BATCH_SIZES, IMAGE_BATCH_SIZES):
        return _fitting_batches(options, rows)
    return options


def mirroring_note(space: SearchSpace, classes: Sequence[object], symmetric: bool) -> str:
    """One sentence on mirrored training images where classes are called like characters; or "".

    Args:
        space: The space as it was asked for.
        classes: Classes that are called so; none where they are called otherwise.
        symmetric: Whether a person has said that they mean the same mirrored.
    """
    if not classes or not any(one.name == FLIP and one.size > 1 for one in space.hyperparameters):
        return ""
    called = f"The classes are called like digits or letters ({classes[0]} to {classes[-1]})"
    if symmetric:
        return f"{called}; by --symmetric mirrored training images are tried all the same."
    return f"{called}, so no mirrored training images are tried; --symmetric has them tried."


def _worth_trying(options: Sequence[Any], rows: int) -> list[Any]:
    """Activations that may come to something; a person's own list has only what they want."""
    is_whole = set(options) in (set(ACTIVATIONS), set(ACTIVATIONS) - set(SATURATING))
    without = {
        name
        for name, activation in ACTIVATIONS.items()
        if rows < activation.least_rows or (is_whole and activation.rarely_good)
    }
    return [option for option in options if option not in without]


def _fitting_batches(options: Sequence[int], rows: int) -> list[int]:
    """Batches with neither too many nor too few steps an epoch; at least the nearest to that."""
    small = [option for option in options if option * FEWEST_STEPS <= rows] or [min(options)]
    return [option for option in small if option * MOST_STEPS >= rows] or [max(small)]


def _steps_of_an_epoch(space: SearchSpace, rows: int, epochs: int, asked: Collection[str]) -> float:
    """Steps of an epoch with the batch that is tried first."""
    batches = [one for one in space.hyperparameters if one.name == "batch_size"]
    if not batches:
        return float(rows)
    options = getattr(batches[0], "options", ()) or [batches[0].default]
    tried = _kept(space, batches[0].name, options, rows, epochs, asked)
    first: int = min(tried, key=lambda batch: abs(batch - batches[0].default))
    return rows / first


def _fitting_momentums(options: Sequence[float], steps: float) -> list[float]:
    """Momentums whose averages are not older than some epochs; at least the least."""
    most = MOST_AVERAGED_EPOCHS * steps
    return [option for option in options if (1.0 - option) * most >= 1.0] or [min(options)]

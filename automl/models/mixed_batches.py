"""Changes of training images that need the whole batch: mixing two images, flipping by turns.

They are made in the training graph, in front of the model: what is predicted or validated never
passes here, and a saved model has no trace of them. Bytes stay bytes, mixed to the nearest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras

from automl.vocabulary.augmentations import (
    ALTERNATING,
    AUGMENTATION,
    CUTMIX_SHARE,
    FLIP,
    MIXING,
    MIXUP,
    MIXUP_ALPHA,
    PARTS,
)
from automl.vocabulary.inputs import IMAGE
from automl.vocabulary.layers import NONE

_SHARES = 2
"""Columns of mixed targets behind the two targets: what each of them counts."""

ops = keras.ops


class MixedLoss(keras.losses.Loss):  # type: ignore[misc]
    """A loss of rows that may be of two images: of either target, each by its share.

    Whole targets, as those that validate, have the loss that they always have.

    Args:
        base: The loss of whole targets.
        width: Numbers of a target: 1 for classes, else one for each label or number.

    Attributes:
        base: Likewise.
    """

    def __init__(self, base: Any, width: int) -> None:
        super().__init__(name=base.name)
        self.base = base
        self._width = width

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Losses of shape (rows,), of targets as they are or as `mixed_targets` gives them."""
        width = self._width
        if len(y_true.shape) != 2 or y_true.shape[-1] != 2 * width + _SHARES:
            return self.base.call(y_true, y_pred)
        first, second = y_true[:, :width], y_true[:, width : 2 * width]
        shares = y_true[:, 2 * width :]
        own = shares[:, 0] * self.base.call(first, y_pred)
        return own + shares[:, 1] * self.base.call(second, y_pred)


def mixes(config: Mapping[str, Any]) -> bool:
    """Whether a configuration has images of a batch mixed, and with them their targets."""
    return config.get(AUGMENTATION) == PARTS and config.get(MIXING, NONE) != NONE


def alternates(config: Mapping[str, Any]) -> bool:
    """Whether a configuration has all images flipped by turns."""
    return config.get(AUGMENTATION) == PARTS and config.get(FLIP) == ALTERNATING


def change_batches(model: Any, config: Mapping[str, Any], steps: int) -> None:
    """Has a compiled model's steps of training change their batches as a configuration says.

    Args:
        model: The compiled core, whose loss is a `MixedLoss` where batches are mixed.
        config: The trial's configuration.
        steps: Steps of an epoch, for what is done by turns.
    """
    changes: list[Callable[..., Any]] = []
    if alternates(config):
        # The optimizer is asked for in each graph: a later stage of training has another one.
        changes.append(
            lambda x, y, w: flipped_by_turns(x, y, w, model.optimizer.iterations // steps)
        )
    if mixes(config):
        mixed = mixup if config[MIXING] == MIXUP else cutmix
        strength = float(config[MIXUP_ALPHA if config[MIXING] == MIXUP else CUTMIX_SHARE])
        changes.append(lambda x, y, w: mixed_batch(x, y, w, mixed, strength))
    if not changes:
        return
    train_step = model.train_step

    def changed_step(data: Any) -> Any:
        x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
        for change in changes:
            x, y, weight = change(x, y, weight)
        return train_step((x, y) if weight is None else (x, y, weight))

    model.train_step = changed_step


def flipped_by_turns(x: Any, y: Any, weight: Any, epoch: Any) -> tuple[Any, Any, Any]:
    """A batch whose images are mirrored in every other epoch.

    Half of them, drawn by their own numbers, in the even epochs, the others in the odd ones: none
    is seen twice in a row as it is (Jordan 2024, arXiv 2404.00498).

    Args:
        x: The inputs; ``image`` is (rows, height, width, channels).
        y: The targets.
        weight: What rows count, or None.
        epoch: How many epochs are finished.
    """
    images = x[IMAGE]
    numbers = ops.floor(ops.abs(ops.sum(ops.cast(images, "float32"), axis=(1, 2, 3))))
    drawn = ops.cast(ops.mod(numbers, 2), "int64")
    turn = ops.mod(drawn + ops.cast(epoch, "int64"), 2) == 1
    mirrored = ops.where(turn[:, None, None, None], ops.flip(images, axis=2), images)
    return {**x, IMAGE: mirrored}, y, weight


def mixed_batch(
    x: Any, y: Any, weight: Any, mix: Callable[[Any, float], tuple[Any, Any]], strength: float
) -> tuple[Any, Any, Any]:
    """A batch each of whose images has a part of another one, and targets that say so.

    The other one is that at the same place from the end of the batch, whose order is random.

    Args:
        x: The inputs; ``image`` is (rows, height, width, channels).
        y: The targets, (rows,) or (rows, width).
        weight: What rows count, or None.
        mix: `mixup` or `cutmix`.
        strength: Its strength.

    Returns:
        The batch, its targets as `MixedLoss` takes them; the rows' weights are within these.
    """
    images, share = mix(x[IMAGE], strength)
    return {**x, IMAGE: images}, mixed_targets(y, weight, share), None


def mixed_targets(y: Any, weight: Any, share: Any) -> Any:
    """Targets of two rows each, and what either counts: (rows, 2 * width + 2) float32."""
    target = ops.cast(y if len(y.shape) == 2 else y[:, None], "float32")
    own = ops.ones_like(share) if weight is None else ops.cast(weight, "float32")
    own = ops.reshape(own, (-1,))
    shares = ops.stack([own * share, ops.flip(own, axis=0) * (1.0 - share)], axis=1)
    return ops.concatenate([target, ops.flip(target, axis=0), shares], axis=1)


def mixup(images: Any, alpha: float) -> tuple[Any, Any]:
    """Means of two images (Zhang et al. 2018, arXiv 1710.09412).

    Args:
        images: (rows, height, width, channels).
        alpha: Of the Beta distribution of the shares, one for each row.

    Returns:
        The images, and the share of each that is its own, at least one half.
    """
    drawn = keras.random.beta((ops.shape(images)[0],), alpha, alpha)
    share = ops.maximum(drawn, 1.0 - drawn)
    part, numbers = share[:, None, None, None], ops.cast(images, "float32")
    return _as_before(part * numbers + (1.0 - part) * ops.flip(numbers, axis=0), images), share


def cutmix(images: Any, share: float) -> tuple[Any, Any]:
    """Images with a box out of another one (Yun et al. 2019, arXiv 1905.04899).

    Args:
        images: (rows, height, width, channels).
        share: Share of the rows that get one; its area is drawn evenly, and its place.

    Returns:
        The images, and the share of each that is its own.
    """
    rows, height, width = (ops.shape(images)[axis] for axis in range(3))
    drawn = keras.random.uniform((4, rows))
    side = ops.sqrt(drawn[0]) * ops.cast(drawn[1] < share, "float32")
    inside = _between(drawn[2], side, height)[:, :, None] & _between(drawn[3], side, width)[:, None]
    own = 1.0 - ops.mean(ops.cast(inside, "float32"), axis=(1, 2))
    return ops.where(inside[..., None], ops.flip(images, axis=0), images), own


def _between(center: Any, side: Any, size: Any) -> Any:
    """Which places of an axis lie in boxes: (rows, size) truth values.

    Args:
        center: Of each box, as a share of the axis, (rows,).
        side: Its side, likewise.
        size: Places of the axis.
    """
    places = (ops.cast(ops.arange(size), "float32") + 0.5) / ops.cast(size, "float32")
    return ops.abs(places[None, :] - center[:, None]) < side[:, None] / 2


def _as_before(numbers: Any, images: Any) -> Any:
    """Numbers in the type of images."""
    kept = str(keras.backend.standardize_dtype(images.dtype))
    return ops.cast(ops.round(numbers), kept) if kept.startswith("uint") else numbers

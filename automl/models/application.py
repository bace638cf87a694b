"""Networks of ``keras.applications`` as backbones, with what they do to pixels as Keras layers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from automl.common.texts import first_line
from automl.errors import SpaceError
from automl.models.conv_blocks import sides
from automl.models.weights_file import foreign_part
from automl.vocabulary.applications import APPLICATIONS, PixelRange
from automl.vocabulary.two_stages import BACKBONE

_COLOURS = 3
#: ConvNeXt's own layers.
_SCALE, _BRANCHES = "LayerScale", "StochasticDepth"
#: ImageNet's means and deviations of red, green and blue, as Keras's ``imagenet_utils`` has them.
_CAFFE_MEAN = (103.939, 116.779, 123.68)  # of blue, green, red
_TORCH_MEAN = (0.485, 0.456, 0.406)
_TORCH_STD = (0.229, 0.224, 0.225)


def application_backbone(name: str, x: Any, path: str = "") -> Any:
    """A network without its outputs.

    Args:
        name: One of `automl.vocabulary.applications.APPLICATIONS`.
        x: Images as the network takes them.
        path: The file of its weights; "" for random ones.

    Raises:
        SpaceError: The file holds other weights, or none, or takes some from another file.
    """
    make = getattr(keras.applications, name)
    made = make(include_top=False, weights=None, input_shape=tuple(x.shape[1:]))
    if path:
        try:
            foreign = foreign_part(path)
            if not foreign:
                made.load_weights(path)
        except Exception as error:  # h5py, zipfile and Keras raise unrelated kinds
            reason = first_line(error)
            raise SpaceError(
                f"The file {path} does not hold the weights of {name} without its outputs "
                f"({reason[:200]}): get the right file, or name the network it is of with "
                "--set backbone=NAME."
            ) from error
        if foreign:
            raise SpaceError(
                f"The file {path} takes its {foreign} from another file, which is not read: get "
                f"one that holds all weights of {name}."
            )
    plain = of_usual_layers(made)
    return keras.Model(plain.inputs, plain.outputs[0], name=BACKBONE)


def of_usual_layers(network: Any) -> Any:
    """A network without layers of its own, which Keras alone could not load again.

    ConvNeXt has two: one that scales channels, and one that leaves out whole branches.

    Args:
        network: A functional ``keras.Model``.

    Returns:
        The same weights and answers, in layers that Keras loads; the network itself where it has
        no others.
    """
    if not any(_is_own(layer) for layer in network.layers):
        return network
    plain = keras.models.clone_model(
        network, clone_function=lambda layer: _usual(layer) if _is_own(layer) else layer
    )
    for layer in network.layers:
        if type(layer).__name__ == _SCALE:
            gamma = np.asarray(layer.gamma)
            plain.get_layer(layer.name).set_weights([gamma.reshape(1, 1, -1, 1)])
    return plain


def _is_own(layer: Any) -> bool:
    return type(layer).__name__ in (_SCALE, _BRANCHES)


def _usual(layer: Any) -> Any:
    """A layer of Keras's usual ones that does what a network's own one does."""
    if type(layer).__name__ == _BRANCHES:
        alike = (None, 1, 1, 1)
        return keras.layers.Dropout(layer.drop_path_rate, noise_shape=alike, name=layer.name)
    return keras.layers.DepthwiseConv2D(
        1,
        use_bias=False,
        depthwise_initializer=keras.initializers.Constant(layer.init_values),
        name=layer.name,
    )


def application_pixels(x: Any, name: str) -> Any:
    """Pixels of 0 to 255 as a network wants them: three colours, large enough, in its range.

    Args:
        x: float32 (None, height, width, channels).
        name: The network.

    Raises:
        SpaceError: The images have two channels.
    """
    known, channels = APPLICATIONS[name], int(x.shape[-1])
    if channels == 1:
        x = keras.layers.Concatenate()([x] * _COLOURS)
    elif channels > _COLOURS:
        x = x[..., :_COLOURS]
    elif channels != _COLOURS:
        raise SpaceError(
            f"{name} takes images of three colours, and these have {channels} channels: take "
            "--channels 3."
        )
    height, width = sides(x)
    factor = known.least / min(height, width)
    if factor > 1.0:
        x = keras.layers.Resizing(round(height * factor), round(width * factor))(x)
    return _in_range(x, known.pixels)


def _in_range(x: Any, pixels: PixelRange) -> Any:
    """What ``preprocess_input`` of the network's module does."""
    if pixels is PixelRange.TF:
        return keras.layers.Rescaling(1.0 / 127.5, -1.0)(x)
    if pixels is PixelRange.CAFFE:
        flipped = keras.ops.flip(x, axis=-1)
        return keras.ops.subtract(flipped, np.asarray(_CAFFE_MEAN, np.float32))
    if pixels is PixelRange.TORCH:
        mean, std = np.asarray(_TORCH_MEAN), np.asarray(_TORCH_STD)
        centred = keras.ops.subtract(x, (255.0 * mean).astype(np.float32))
        return keras.ops.multiply(centred, (1.0 / (255.0 * std)).astype(np.float32))
    return x

"""The networks of ``keras.applications``: how they want their pixels, and their files of weights.

The files are those without the outputs, as ``include_top=False`` names them in Keras's cache;
`tests/vocabulary/test_applications.py` compares all of it with Keras.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

#: The name of the hyperparameter that chooses one.
BACKBONE_NAME: Final = "backbone"
#: The folder of Keras's cache in which the files lie.
CACHE_FOLDER: Final = "models"


class PixelRange(StrEnum):
    """What a network does with pixels of 0 to 255 first of all; Keras's ``preprocess_input``.

    ``CAFFE``: blue, green, red, minus the means of ImageNet; ``TF``: -1 to 1; ``TORCH``: 0 to 1,
    standardized by the means and deviations of ImageNet; ``OWN``: it does that itself.
    """

    CAFFE = "caffe"
    TF = "tf"
    TORCH = "torch"
    OWN = "own"


@dataclass(frozen=True)
class Application:
    """A network.

    Attributes:
        file: The name of its weights in the folder ``models`` of Keras's cache.
        pixels: How it wants its pixels.
        module: The module of ``keras.applications`` with its ``preprocess_input``.
        least: Pixels of the shorter side that it takes at least.
    """

    file: str
    pixels: PixelRange
    module: str
    least: int = 32


_USUAL = "_weights_tf_dim_ordering_tf_kernels"


def _of(
    module: str, pixels: PixelRange, files: Mapping[str, str], least: int = 32
) -> dict[str, Application]:
    return {name: Application(file, pixels, module, least) for name, file in files.items()}


APPLICATIONS: Mapping[str, Application] = {
    **_of(
        "mobilenet_v2",
        PixelRange.TF,
        {"MobileNetV2": f"mobilenet_v2{_USUAL}_1.0_224_no_top.h5"},
    ),
    **_of("mobilenet", PixelRange.TF, {"MobileNet": "mobilenet_1_0_224_tf_no_top.h5"}),
    **_of(
        "mobilenet_v3",
        PixelRange.OWN,
        {
            f"MobileNetV3{size}": f"weights_mobilenet_v3_{size.lower()}_224_1.0_float_no_top_v2.h5"
            for size in ("Small", "Large")
        },
    ),
    **_of(
        "efficientnet",
        PixelRange.OWN,
        {f"EfficientNetB{size}": f"efficientnetb{size}_notop.h5" for size in range(8)},
    ),
    **_of(
        "efficientnet_v2",
        PixelRange.OWN,
        {
            f"EfficientNetV2{size}": f"efficientnetv2-{size.lower()}_notop.h5"
            for size in ("B0", "B1", "B2", "B3", "S", "M", "L")
        },
    ),
    **_of(
        "resnet",
        PixelRange.CAFFE,
        {f"ResNet{size}": f"resnet{size}{_USUAL}_notop.h5" for size in (50, 101, 152)},
    ),
    **_of(
        "resnet_v2",
        PixelRange.TF,
        {f"ResNet{size}V2": f"resnet{size}v2{_USUAL}_notop.h5" for size in (50, 101, 152)},
    ),
    **_of(
        "densenet",
        PixelRange.TORCH,
        {f"DenseNet{size}": f"densenet{size}{_USUAL}_notop.h5" for size in (121, 169, 201)},
    ),
    **_of("vgg16", PixelRange.CAFFE, {"VGG16": f"vgg16{_USUAL}_notop.h5"}),
    **_of("vgg19", PixelRange.CAFFE, {"VGG19": f"vgg19{_USUAL}_notop.h5"}),
    **_of(
        "inception_v3", PixelRange.TF, {"InceptionV3": f"inception_v3{_USUAL}_notop.h5"}, least=75
    ),
    **_of(
        "inception_resnet_v2",
        PixelRange.TF,
        {"InceptionResNetV2": f"inception_resnet_v2{_USUAL}_notop.h5"},
        least=75,
    ),
    **_of(
        "nasnet",
        PixelRange.TF,
        {f"NASNet{size}": f"nasnet_{size.lower()}_no_top.h5" for size in ("Mobile", "Large")},
    ),
    **_of(
        "convnext",
        PixelRange.OWN,
        {
            f"ConvNeXt{size}": f"convnext_{size.lower()}_notop.h5"
            for size in ("Tiny", "Small", "Base", "Large", "XLarge")
        },
    ),
    **_of("xception", PixelRange.TF, {"Xception": f"xception{_USUAL}_notop.h5"}, least=71),
}

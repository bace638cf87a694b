"""The options of a search about images: their one size, their channels."""

from collections.abc import Sequence
from numbers import Integral
from typing import Annotated, Any, TypedDict

from automl.common.option import Option
from automl.common.option_values import of_types
from automl.errors import RequestError

#: How images of other proportions get those of all.
RESIZE, PAD = IMAGE_FITS = ("resize", "pad")
#: Numbers of a pixel that files of images can be read as: grey, colours, with transparency.
CHANNELS = (1, 3, 4)
#: Pixels of the longest side: a model of larger ones is trained by nobody here.
LONGEST_SIDE = 4096


def image_size(name: str, value: Any) -> tuple[int, int]:
    """Height and width, as a number for both, a text such as ``64x48``, or a pair.

    Raises:
        RequestError: It is no size.
    """
    given = value.lower().split("x") if isinstance(value, str) else value
    sides = list(given) if isinstance(given, Sequence) else [given]
    try:
        sides = [int(side) for side in sides]
    except (TypeError, ValueError):
        sides = []
    if len(sides) not in (1, 2) or not all(1 <= side <= LONGEST_SIDE for side in sides):
        raise RequestError(
            f"The image size {value!r} is none: give pixels of 1 to {LONGEST_SIDE}, one number for "
            "squares or height and width, such as 64x48."
        )
    return sides[0], sides[-1]


def channel_count(name: str, value: Any) -> int:
    """How many numbers a pixel has.

    Raises:
        RequestError: Images cannot be read so.
    """
    count: int = of_types("a number of channels", Integral)(name, value)
    if count not in CHANNELS:
        raise RequestError(
            f"Images cannot be read with {count} channels: give 1 for grey, 3 for colours, or 4 "
            "for colours with transparency."
        )
    return count


class ImageOptions(TypedDict, total=False):
    """How images are read."""

    image_size: Annotated[
        int | str | Sequence[int] | None,
        Option(
            "Pixels to which all images are brought: one number for squares, or HEIGHTxWIDTH "
            "(64x48). Default: the median size of the images, made smaller where it would cost "
            "much, or more than --time has room for.",
            metavar="SIZE",
            check=image_size,
            elsewhere=("target_size", "img_size", "resize"),
        ),
    ]
    channels: Annotated[
        int | None,
        Option(
            "Numbers of a pixel: 1 is grey, 3 colours, 4 colours with transparency. Default: 1 "
            "where all images are grey, else 3.",
            metavar="1|3|4",
            check=channel_count,
            elsewhere=("color_mode", "num_channels"),
        ),
    ]
    image_fit: Annotated[
        str,
        Option(
            "How images of other proportions get those of all: resize stretches them, pad adds "
            "black at two sides first.",
            default=RESIZE,
            metavar="|".join(IMAGE_FITS),
            names=IMAGE_FITS,
        ),
    ]
    symmetric: Annotated[
        bool,
        Option(
            "Images mean the same mirrored, though their classes are called like digits or "
            "letters (0 to 9, A): mirrored training images are tried, which else they are not.",
        ),
    ]

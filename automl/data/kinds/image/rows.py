"""Raw rows of images, as they lie on disk too: bytes, all of one size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from automl.data.columns.unread import Tell
from automl.data.image_options import RESIZE
from automl.data.kinds.block import BlockRows
from automl.data.kinds.image.fit import fit_images
from automl.data.kinds.image.plan import ImagePlan
from automl.data.kinds.kind import Fitting, InputPlan, Inputs, Positions, RawRows
from automl.data.large_arrays import taken
from automl.data.say import Say
from automl.data.sources.image_set import ImageSet
from automl.vocabulary.inputs import IMAGE


@dataclass(frozen=True)
class ImageRows(BlockRows):
    """Images of one size.

    Attributes:
        x: The images, (n, height, width, channels), uint8 or float32.
        files: See `ImageSet`.
        shares: Whether they came as numbers of 0 to 1.
        fit_by: How images of another size come to this one; see `ImageFit.how`.
        is_listed: Whether a table names them, whose columns say by themselves what they hold.
    """

    kind: ClassVar[str] = IMAGE
    files: npt.NDArray[np.object_] | None = None
    shares: bool = False
    fit_by: str = RESIZE
    is_listed: bool = False

    @property
    def counts_classes(self) -> bool:
        """Whole numbers beside arrays of images are numbers of classes."""
        return not self.is_listed

    def fit(self, train: Positions, asked: Fitting, say: Say) -> tuple[InputPlan, RawRows]:
        """Fits the plan: mean and deviation of each channel."""
        return ImagePlan(fit_images(self.x, train, self.shares, self.fit_by, say)), self

    def prepared(self, positions: Positions, plan: InputPlan, tell: Tell | None = None) -> Inputs:
        """Some images as they are: the model scales them."""
        return {IMAGE: taken(self.x, positions)}

    def at(self, positions: Positions, plan: InputPlan) -> ImageSet:
        """Some images."""
        return ImageSet(self.x, files=self.files)[positions]

"""The small sets that come with scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

BUNDLED = ("breast_cancer", "diabetes", "digits", "iris", "wine")


def read_bundled(name: str) -> pd.DataFrame:
    """One of scikit-learn's sets, its target in the column ``target``, classes by their names."""
    import sklearn.datasets

    bunch = getattr(sklearn.datasets, f"load_{name}")(as_frame=True)
    frame: pd.DataFrame = bunch.frame
    labels = [str(label) for label in bunch.get("target_names", [])]
    if labels and not all(label.isdigit() for label in labels):
        frame["target"] = np.array(labels, dtype=object)[frame["target"].to_numpy()]
    return frame

"""Numeric columns in pieces: for each of a column's bins how far a value has come in it, 0 to 1.

The piecewise linear encoding of Gorishniy et al. 2022, arXiv 2203.05556, with bins between
quantiles of the training rows. Each place is an affine function of its column, cut to 0 and 1, so
that the layers are Keras's own: a depthwise convolution that nothing trains, and a ReLU. What lies
beyond the first and the last bin, the column itself tells, which stands beside them.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt

#: What the layer is called, by which it is known.
PIECEWISE = "piecewise"
#: Rows that quantiles are taken of (own choice: the error of the 48th part is a hundredth of it).
ROWS = 20_000
#: Least width of a bin, in the column's standard deviations (own choice): of narrower ones float32
#: tells no place apart.
LEAST_WIDTH = 1e-3
#: Least edges of a column that gets bins: a column of two values is told by itself.
_LEAST_EDGES = 3


def in_pieces(numeric: Any, bins: int) -> Any:
    """The places of numeric columns in their bins, once the layer has its weights.

    Args:
        numeric: float32 tensor of shape (None, columns), standardized.
        bins: Most bins of a column.

    Returns:
        float32 tensor of shape (None, columns * bins), 0 where a column has fewer bins.
    """
    columns = int(numeric.shape[-1])
    layer = keras.layers.DepthwiseConv1D(
        1,
        depth_multiplier=bins,
        depthwise_initializer="zeros",
        trainable=False,
        name=f"{PIECEWISE}_linear",
    )
    places = layer(keras.layers.Reshape((1, columns))(numeric))
    return keras.layers.Flatten()(keras.layers.ReLU(max_value=1.0)(places))


def is_piecewise(layer: Any) -> bool:
    """Whether a layer is that of `in_pieces`, which nothing trains."""
    is_named = str(layer.name).partition("_")[0] == PIECEWISE
    return is_named and isinstance(layer, keras.layers.DepthwiseConv1D)


def set_bins(layer: Any, rows: npt.NDArray[Any]) -> None:
    """Gives the layer of `in_pieces` the bins of training rows.

    Args:
        layer: The depthwise convolution.
        rows: float32 (n, columns), as the layer takes them.
    """
    kernel = np.zeros(layer.kernel.shape, np.float32)
    bias = np.zeros(kernel.shape[1:], np.float32)
    for column, values in enumerate(rows.T):
        edges = bin_edges(values, kernel.shape[-1])
        if len(edges) < _LEAST_EDGES:
            continue
        widths = np.diff(edges)
        kernel[0, column, : len(widths)] = 1.0 / widths
        bias[column, : len(widths)] = -edges[:-1] / widths
    layer.kernel.assign(kernel)
    layer.bias.assign(bias.reshape(-1))


def bin_edges(values: npt.NDArray[Any], bins: int) -> npt.NDArray[np.float64]:
    """Where a column's bins begin and end: its different values, or quantiles where these are many.

    A value that more rows have than a bin would is an edge of its own, and the quantiles are those
    of the other rows: of a column that is mostly 0 all bins but one would else lie at 0.

    Args:
        values: (n,), at least one.
        bins: Most bins.

    Returns:
        float64 (m,), ascending, of at most ``bins + 1`` numbers, each at least `LEAST_WIDTH` above
        the one before.
    """
    distinct, counts = np.unique(values.astype(np.float64), return_counts=True)
    if len(distinct) <= bins + 1:
        return _apart(distinct)
    is_heavy = counts > len(values) / bins
    heavy = distinct[is_heavy]
    rest = np.repeat(distinct[~is_heavy], counts[~is_heavy])
    quantiles = np.quantile(rest, np.linspace(0.0, 1.0, bins + 1 - len(heavy)))
    return _apart(np.sort(np.concatenate([heavy, quantiles])))


def _apart(edges: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Ascending edges without those that are too near to the one before."""
    kept = edges[:1].tolist()
    for edge in edges[1:].tolist():
        if edge - kept[-1] >= LEAST_WIDTH:
            kept.append(edge)
    return np.array(kept)

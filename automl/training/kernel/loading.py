"""The compiled kernel, where it is there."""

from __future__ import annotations

import functools
from typing import Any

_PRODUCT_TYPE = "void (char *, char *, int *, int *, int *, "
"""How the type of SciPy's ``sgemm`` starts where its integers are C's ``int``."""


@functools.cache
def load_kernel() -> Any | None:
    """The kernel's module, ready for use.

    The matrix product is the one of the BLAS that SciPy brings along (OpenBLAS in its wheels),
    which SciPy offers to compiled code in `scipy.linalg.cython_blas`.

    Returns:
        The module, or None where it was not compiled when the package was installed (no C
        compiler there) or SciPy offers another kind of product; TensorFlow then trains.
    """
    try:
        from scipy.linalg import cython_blas

        from automl.training.kernel import _kernel
    except ImportError:
        return None
    product = cython_blas.__pyx_capi__["sgemm"]
    if not _kernel.use_product(product).startswith(_PRODUCT_TYPE):
        return None
    return _kernel

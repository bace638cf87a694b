"""Precisions that models are trained in, by the names of Keras's dtype policies."""

from __future__ import annotations

DTYPE_POLICY = "dtype_policy"
FLOAT32, MIXED_BFLOAT16 = "float32", "mixed_bfloat16"

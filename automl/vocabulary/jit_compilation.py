"""Whether XLA compiles training steps, by the name of Keras's argument of `compile`."""

from __future__ import annotations

JIT_COMPILE = "jit_compile"

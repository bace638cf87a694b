"""The compiled kernel of dense networks; all else is in pyproject.toml."""

from pathlib import Path

from setuptools import Extension, setup

KERNEL = Path("automl/training/dense/kernel")

setup(
    ext_modules=[
        Extension(
            "automl.training.dense._kernel",
            sources=sorted(str(path) for path in KERNEL.glob("*.c")),
            depends=sorted(str(path) for path in KERNEL.glob("*.h")),
            extra_compile_args=[
                *("-O3", "-fno-math-errno", "-fno-trapping-math", "-fopenmp-simd"),
                "-Wno-psabi",  # functions that return vectors are all inlined
            ],
            # Without a C compiler the package installs all the same, and TensorFlow trains dense
            # networks too, only slower.
            optional=True,
        )
    ]
)

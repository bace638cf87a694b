"""The packages and the compiled kernel of dense networks; all else is in pyproject.toml."""

from pathlib import Path

from setuptools import Extension, find_packages, setup

KERNEL = Path("automl/training/kernel/source")

setup(
    # The built-in spaces lie at the top of the repository and are installed inside the package: a
    # package `search_spaces` of an environment is anybody's.
    packages=[*find_packages(include=["automl", "automl.*"]), "automl.search_spaces"],
    package_dir={"automl.search_spaces": "search_spaces"},
    ext_modules=[
        Extension(
            "automl.training.kernel._kernel",
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
    ],
)

"""Importing packages without parts of them; each case in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "code",
    [
        """
        with hidden("json", "wave"):
            import json  # imported already
            with pytest.raises(ImportError):
                import wave
        import wave
        assert wave.open
        """,
        """
        import_lazily("wave")
        import wave
        assert "struct" in sys.modules or not vars(wave).get("open")
        assert wave.open
        """,
        """
        import_lazily("no_such_package")
        assert "no_such_package" not in sys.modules
        """,
        """
        from automl.models.keras_tuner_package import keras_tuner
        assert "sklearn" not in sys.modules
        import sklearn.base
        keras_tuner.HyperParameters().Int("depth", 1, 3)
        """,
    ],
    ids=["hidden", "lazy", "missing", "KerasTuner"],
)
def test_what_is_imported(code: str) -> None:
    lines = [line.removeprefix("        ") for line in code.splitlines()]
    first = "import json, sys, pytest\nfrom automl.imports import hidden, import_lazily\n"
    subprocess.run([sys.executable, "-c", first + "\n".join(lines)], check=True, timeout=120)

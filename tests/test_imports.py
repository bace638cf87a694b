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
        from automl.models.keras_tuner_package import keras_tuner
        assert "sklearn" not in sys.modules
        import sklearn.base
        keras_tuner.HyperParameters().Int("depth", 1, 3)
        """,
        """
        import typing
        with annotations_compiled_once():
            known = typing.get_type_hints(type("A", (), {"__annotations__": {"b": "list[int]"}}))
            assert known == {"b": list[int]}
            first, second = typing.ForwardRef("int"), typing.ForwardRef("int")
            assert first.__forward_code__ is second.__forward_code__
            with pytest.raises(SyntaxError):
                typing.ForwardRef("no annotation")
        assert typing.ForwardRef("int").__forward_code__ is not first.__forward_code__
        """,
    ],
    ids=["hidden", "KerasTuner", "compiled once"],
)
def test_what_is_imported(code: str) -> None:
    lines = [line.removeprefix("        ") for line in code.splitlines()]
    first = (
        "import json, sys, pytest\nfrom automl.imports import annotations_compiled_once, hidden\n"
    )
    command = [sys.executable, "-c", first + "\n".join(lines)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr

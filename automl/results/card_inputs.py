"""What the card of an exported model says of its inputs, for a person who calls it from Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl.data.kinds.table.model_inputs import MANY_COLUMNS, NUMBERS, TEXTS


def input_lines(features: Sequence[Mapping[str, Any]]) -> list[str]:
    """Lines of Markdown on what to give to the model as ``inputs``.

    Args:
        features: The JSON forms of the plan's features.
    """
    kinds = [feature["kind"] for feature in features]
    if "array" in kinds:
        shape = next(feature["shape"] for feature in features if feature["kind"] == "array")
        return [f"`inputs` is one float32 array of the shape (rows, {', '.join(map(str, shape))})."]
    if len(kinds) <= MANY_COLUMNS:
        return [
            "`inputs` is a dictionary with an array of the shape (rows, 1) for each input: float32",
            "with NaN for a missing number, or a `tf.constant` of text with `''` for a missing",
            "category. `config.json` says which input a column of the data has (`inputs`).",
        ]
    return _side_by_side(kinds.count("numeric"), kinds.count("categorical"))


def _side_by_side(numbers: int, texts: int) -> list[str]:
    """The same of a model of many columns, with the lines of Python that make it of a frame."""
    parts, code = [], []
    if numbers:
        parts.append(
            f"`{NUMBERS}`, float32 of the shape (rows, {numbers}) with NaN for a missing number"
        )
        code.append(f'"{NUMBERS}": frame[columns["{NUMBERS}"]].to_numpy("float32"),')
    if texts:
        parts.append(
            f"`{TEXTS}`, a `tf.constant` of text of the shape (rows, {texts}) with `''` for a "
            "missing category"
        )
        code.append(
            f'"{TEXTS}": tf.constant('
            f'frame[columns["{TEXTS}"]].fillna("").astype(str).to_numpy(object)),'
        )
    return [
        f"`inputs` is a dictionary with {', and '.join(parts)}: the columns side by side, in the",
        "order in which `config.json` names them (`inputs`). Of a `pandas.DataFrame` of rows:",
        "",
        "    import json",
        *(["    import tensorflow as tf"] if texts else []),
        '    columns = json.load(open("config.json", encoding="utf-8"))["inputs"]',
        "    inputs = {",
        *(f"        {line}" for line in code),
        "    }",
        "",
    ]

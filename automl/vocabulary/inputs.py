"""What the builder of a search space gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

Inputs = Literal["vector", "table", "array", "image"]

VECTOR: Final = "vector"
TABLE: Final = "table"
ARRAY: Final = "array"
IMAGE: Final = "image"

#: Each with what it means for the builder, as a list of spaces says it.
INPUTS: Mapping[str, str] = {
    VECTOR: "the builder gets a vector",
    TABLE: "the builder gets a table",
    ARRAY: "traced from build(hp), whose model takes rows as one array",
    IMAGE: "the builder gets images",
}

"""The compiled kernel; see ``kernel/module.c``."""

from typing import Any

Buffer = Any

def train(
    program: tuple[Buffer, Buffer, Buffer, int, Buffer, Buffer],
    optimizer: tuple[int, int, float, float, float, float, float, float, float],
    loss: tuple[int, float, float],
    weights: Buffer,
    state: Buffer,
    slots: Buffer,
    x: Buffer,
    y: Buffer,
    row_weights: Buffer | None,
    order: Buffer,
    rates: Buffer | None,
    momenta: Buffer | None,
    seeds: Buffer,
    tally: Buffer,
    batch: int,
    first: int,
    last: int,
    /,
) -> int: ...
def predict(
    program: tuple[Buffer, Buffer, Buffer, int, Buffer, Buffer],
    loss: tuple[int, float, float],
    weights: Buffer,
    state: Buffer,
    x: Buffer,
    y: Buffer,
    row_weights: Buffer | None,
    outputs: Buffer,
    /,
) -> float: ...
def use_product(capsule: object, /) -> str: ...
def wide_registers(wanted: bool, /) -> bool: ...

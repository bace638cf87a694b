"""The kernel's matrix products, over sizes that fill its tiles and sizes that do not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import hypothesis.strategies as st
import keras
import numpy as np
import pytest
from hypothesis import example, given, settings

from automl.data.plan import Rows
from automl.training.device_data import DeviceRows
from automl.training.kernel.loading import load_kernel
from automl.training.kernel.trainer import DenseTrainer
from tests.training.conftest import PlainCourse
from tests.training.kernel.test_parity import keras_epoch

sizes = st.integers(1, 40)


def network(columns: int, widths: tuple[int, int], optimizer: str) -> Any:
    keras.utils.set_random_seed(1)
    inputs = keras.Input((columns,), name="numeric")
    first = keras.layers.Dense(widths[0], activation="tanh")(inputs)
    second = keras.layers.Dense(widths[0], use_bias=False)(first)
    both = keras.layers.Add()([first, second])  # its gradient is added to what is there
    outputs = keras.layers.Dense(widths[1])(both)
    model = keras.Model({"numeric": inputs}, outputs)
    model.compile(optimizer, "mse")
    return model


@settings(max_examples=12, deadline=None)
@example(columns=33, widths=(48, 16), rows=70, batch=64, optimizer="sgd")
@example(columns=16, widths=(17, 1), rows=140, batch=130, optimizer="adam")  # left to BLAS
@example(columns=6, widths=(16, 32), rows=13, batch=6, optimizer="sgd")
@given(
    columns=sizes,
    widths=st.tuples(sizes, sizes),
    rows=st.integers(2, 80),
    batch=st.integers(1, 80),
    optimizer=st.sampled_from(["sgd", "adam"]),
)
def test_any_size_trains_as_in_keras(
    columns: int, widths: tuple[int, int], rows: int, batch: int, optimizer: str
) -> None:
    data = random_rows(columns, widths[1], rows)
    model, reference = (network(columns, widths, optimizer) for _ in range(2))
    batch = min(batch, rows)
    trainer = trained(model, data, batch)
    keras_epoch(reference, data, PlainCourse(rows=rows, epochs=1).order(1), batch)
    trainer.restore(trainer.snapshot())
    for mine, theirs in zip(model.get_weights(), reference.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=2e-4)


def random_rows(columns: int, outputs: int, rows: int) -> DeviceRows:
    generator = np.random.default_rng(columns)
    x = generator.normal(size=(rows, columns)).astype(np.float32)
    y = generator.normal(size=(rows, outputs)).astype(np.float32)
    return DeviceRows.from_rows(Rows({"numeric": x}, y, truth=y, weight=None))


def trained(model: Any, data: DeviceRows, batch: int) -> DenseTrainer:
    trainer = DenseTrainer(model, data, data, batch)
    trainer.run(PlainCourse(rows=len(data), epochs=1))
    return trainer


@pytest.fixture(params=[True, False], ids=["AVX-512", "narrower"])
def wide_registers(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Uses AVX-512, or not, while a test runs."""
    kernel = load_kernel()
    assert kernel is not None
    is_wide = kernel.wide_registers(request.param)
    if is_wide is not request.param:
        pytest.skip("a processor without AVX-512")
    yield is_wide
    kernel.wide_registers(True)


@pytest.mark.parametrize("width", [1, 7, 8, 15, 16, 17, 31, 32, 33, 50, 1024])
def test_every_width_of_registers_trains_as_keras_does(wide_registers: bool, width: int) -> None:
    data = random_rows(9, 3, rows=60)
    model, reference = (network(9, (width, 3), "sgd") for _ in range(2))
    trainer = trained(model, data, 25)
    keras_epoch(reference, data, PlainCourse(rows=60, epochs=1).order(1), 25)
    trainer.restore(trainer.snapshot())
    for mine, theirs in zip(model.get_weights(), reference.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=2e-4)


@settings(max_examples=12, deadline=None)
@given(width=sizes, rows=st.integers(2, 80), batch=st.integers(1, 64))
def test_the_numbers_are_those_of_narrower_registers(width: int, rows: int, batch: int) -> None:
    kernel, found = load_kernel(), []
    assert kernel is not None
    if not kernel.wide_registers(True):
        pytest.skip("a processor without AVX-512")
    for wanted in (False, True):
        kernel.wide_registers(wanted)
        model = network(9, (width, 3), "adam")
        found.append(trained(model, random_rows(9, 3, rows), min(batch, rows)).snapshot()[0])
    np.testing.assert_array_equal(*found)


def test_a_rate_of_zero_changes_nothing() -> None:
    model = network(5, (20, 3), "sgd")
    model.optimizer.learning_rate = 0.0
    before = model.get_weights()
    x = np.ones((40, 5), np.float32)
    y = np.ones((40, 3), np.float32)
    data = DeviceRows.from_rows(Rows({"numeric": x}, y, truth=y, weight=None))
    trainer = DenseTrainer(model, data, data, 32)
    trainer.run(PlainCourse(rows=40, epochs=1))
    trainer.restore(trainer.snapshot())
    for mine, theirs in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, theirs)

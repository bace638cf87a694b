"""The trainer around the kernel: where it stops, what it keeps, what it compares."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from automl.data.plan import Rows
from automl.errors import TrialError
from automl.training.chunks import Chunks
from automl.training.device_data import DeviceRows
from automl.training.kernel.trainer import DenseTrainer
from tests.training.conftest import PlainCourse
from tests.training.kernel.networks import ROWS, Network, make_rows

DROPOUT = Network(dropout=keras.layers.Dropout, optimizer="nadam")


def trained(control: PlainCourse, batch: int = 8, network: Network = DROPOUT) -> DenseTrainer:
    rows = make_rows()
    trainer = DenseTrainer(network.make(), rows, rows, batch)
    trainer.run(control)
    return trainer


def test_where_an_epoch_is_cut_does_not_change_its_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = PlainCourse(rows=ROWS, epochs=2)
    trained(whole)
    monkeypatch.setattr(Chunks, "took", lambda self, steps, seconds: setattr(self, "steps", 1))
    cut = PlainCourse(rows=ROWS, epochs=2)
    trained(cut)
    assert cut.asked > whole.asked
    assert cut.logs == whole.logs


def test_it_can_be_stopped_inside_an_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Chunks, "took", lambda self, steps, seconds: None)
    control = PlainCourse(rows=ROWS, epochs=3, stop=lambda asked: True)
    trained(control)
    assert control.asked == 1
    assert control.logs == []


def test_the_rates_of_the_course_are_used() -> None:
    steps = -(-ROWS // 8)
    falling = PlainCourse(rows=ROWS, epochs=1, steps=steps, rate=0.01)
    constant = PlainCourse(rows=ROWS, epochs=1, steps=steps)
    standing = PlainCourse(rows=ROWS, epochs=1, steps=steps, rate=1e-30)
    first = trained(falling).snapshot()[0]
    assert not np.array_equal(first, trained(constant).snapshot()[0])
    untouched = DenseTrainer(DROPOUT.make(), make_rows(), make_rows(), 8).snapshot()[0]
    np.testing.assert_allclose(trained(standing).snapshot()[0], untouched, atol=1e-20)


def test_a_loss_that_is_not_finite_ends_training() -> None:
    control = PlainCourse(rows=ROWS, epochs=3, steps=-(-ROWS // 8), rate=1e30)
    trained(control, network=Network("relu", optimizer="sgd"))
    [(epoch, step, loss)] = control.lost
    assert epoch == 1
    assert 2 <= step <= 4
    assert not np.isfinite(loss)


def test_the_best_weights_come_back() -> None:
    trainer = trained(PlainCourse(rows=ROWS, epochs=1))
    rows = make_rows()
    kept, (loss, outputs) = trainer.snapshot(), trainer.evaluate(rows)
    trainer.run(PlainCourse(rows=ROWS, epochs=3))
    assert trainer.evaluate(rows)[0] != loss
    trainer.restore(kept)
    again, outputs_again = trainer.evaluate(rows)
    assert again == loss
    assert np.array_equal(outputs_again, outputs)


def test_numbers_too_small_for_a_processor_count_as_zero_as_in_tensorflow() -> None:
    x, y = np.full((8, 1), 1e-20, np.float32), np.ones((8, 1), np.float32)
    rows = DeviceRows.from_rows(Rows({"numeric": x}, y, truth=y, weight=None))
    inputs = keras.Input((1,), name="numeric")
    layer = keras.layers.Dense(1, use_bias=False)
    model = keras.Model({"numeric": inputs}, layer(inputs))
    model.compile("adam", "mse")
    layer.kernel.assign([[1e-20]])
    trainer = DenseTrainer(model, rows, rows, 8)
    assert not trainer.evaluate(rows)[1].any()  # 1e-40
    assert not model.predict({"numeric": x}, verbose=0).any()
    trainer.run(PlainCourse(rows=8, epochs=1))
    first, second = trainer._slots
    assert first < 0.0
    assert second == 0.0  # a thousandth of the square of 2e-20
    assert np.float32(1e-20) * np.float32(1e-20) > 0.0  # NumPy has them still


def test_a_model_that_predicts_otherwise_is_refused() -> None:
    trainer = trained(PlainCourse(rows=ROWS, epochs=1))
    weights, state = trainer.snapshot()
    trainer._program.trained[0].assign = lambda value: None
    with pytest.raises(TrialError, match="predicts otherwise than Keras"):
        trainer.restore((weights + 0.1, state))


def test_the_same_seed_gives_the_same_bits() -> None:
    first, second = (PlainCourse(rows=ROWS, epochs=3) for _ in range(2))
    weights = [trained(control).snapshot()[0] for control in (first, second)]
    assert first.logs == second.logs
    assert np.array_equal(*weights)

"""Learning-rate schedules: formulas, knots, and agreement with Keras's own."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.errors import SpaceError
from automl.models.schedules import Schedule, make_schedule
from automl.vocabulary.schedules import SCHEDULES

LENGTHS = st.tuples(st.integers(1, 40), st.integers(1, 60))


def whole(schedule: Schedule) -> np.ndarray:
    """All rates of a trial, one epoch after the other."""
    return np.concatenate([schedule.rates(e) for e in range(1, schedule.epochs + 1)])


def rates(name: str, steps: int, epochs: int, rate: float = 0.1, **extra: Any) -> np.ndarray:
    return whole(make_schedule({"schedule": name, "learning_rate": rate, **extra}, steps, epochs))


@given(st.sampled_from(SCHEDULES), LENGTHS, st.floats(1e-5, 1.0))
def test_every_schedule_gives_float32_rates_between_zero_and_the_rate(name, lengths, rate):
    steps, epochs = lengths
    schedule = make_schedule({"schedule": name, "learning_rate": rate}, steps, epochs)
    values = schedule.rates(epochs)
    assert values.dtype == np.float32
    assert values.shape == (steps,)
    curve = whole(schedule)
    assert np.all(np.isfinite(curve))
    assert np.all(curve >= 0.0)
    assert np.all(curve <= np.float32(rate) * (1 + 1e-6))


@given(st.sampled_from([n for n in SCHEDULES if n not in ("one_cycle", "warmup_cosine")]), LENGTHS)
def test_schedules_without_a_rise_start_at_the_rate(name, lengths):
    assert rates(name, *lengths)[0] == np.float32(0.1)


@given(
    st.sampled_from(["constant", "power", "exponential", "piecewise", "cosine", "linear"]), LENGTHS
)
def test_schedules_without_a_rise_never_rise(name, lengths):
    assert np.all(np.diff(rates(name, *lengths)) <= 1e-9)


@given(st.integers(1, 20), st.integers(1, 30))
def test_power_halves_after_s_and_is_a_third_after_2s(steps, decay_epochs):
    curve = rates("power", steps, 2 * decay_epochs + 1, schedule_decay_epochs=decay_epochs)
    s = steps * decay_epochs
    assert curve[s] == pytest.approx(0.1 / 2, rel=1e-6)
    assert curve[2 * s] == pytest.approx(0.1 / 3, rel=1e-6)


def test_power_of_two_falls_to_a_quarter_after_s():
    curve = rates("power", 10, 21, schedule_power=2.0)
    assert curve[200] == pytest.approx(0.025, rel=1e-6)


@given(st.integers(1, 20), st.integers(1, 30))
def test_exponential_is_a_tenth_after_every_s(steps, decay_epochs):
    curve = rates("exponential", steps, 2 * decay_epochs + 1, schedule_decay_epochs=decay_epochs)
    s = steps * decay_epochs
    assert curve[s] == pytest.approx(0.01, rel=1e-5)
    assert curve[2 * s] == pytest.approx(0.001, rel=1e-5)


@given(st.integers(1, 20), st.integers(1, 20))
def test_piecewise_has_three_levels_of_a_third_each(steps, thirds):
    curve = rates("piecewise", steps, 3 * thirds).reshape(3, -1)
    assert np.allclose(curve, np.array([[0.1], [0.01], [0.001]]), rtol=1e-5)


def test_piecewise_reads_its_factor_and_boundaries():
    extra = {
        "schedule_factor": 0.5,
        "schedule_first_boundary": 0.2,
        "schedule_second_boundary": 0.6,
    }
    curve = rates("piecewise", 1, 10, rate=1.0, **extra)
    assert curve.tolist() == [1.0] * 2 + [0.5] * 4 + [0.25] * 4


@given(st.integers(20, 2000))
def test_one_cycle_peaks_at_half_and_ends_far_below_its_start(total):
    curve = rates("one_cycle", 1, total)
    peak = int(np.argmax(curve))
    assert peak == total // 2
    assert curve[peak] == np.float32(0.1)
    assert curve[0] == pytest.approx(0.01, rel=1e-6)
    returned = total - total // 10
    assert curve[returned] == pytest.approx(0.01, rel=1e-5)
    assert curve[-1] == pytest.approx(1e-5, rel=1e-3)
    assert np.all(np.diff(curve[: peak + 1]) > 0)
    assert np.all(np.diff(curve[peak:]) < 0)
    assert np.allclose(np.diff(curve[: peak + 1]), np.diff(curve[: peak + 1]).mean(), atol=1e-6)


@given(st.integers(20, 500), st.floats(0.5, 0.99))
def test_one_cycle_mirrors_the_momentum(total, momentum):
    config = {"schedule": "one_cycle", "learning_rate": 0.1, "momentum": momentum}
    schedule = make_schedule(config, 1, total)
    momenta = np.concatenate([schedule.momenta(e) for e in range(1, total + 1)])
    curve = whole(schedule)
    returned = total - total // 10
    # Mirrored: the two are linear in each other until the last tenth, where momentum stays high.
    share = (curve[:returned] - 0.01) / 0.09
    assert np.allclose(momenta[:returned], momentum - 0.1 * share, atol=1e-5)
    assert np.allclose(momenta[returned:], momentum, atol=1e-6)
    assert momenta.dtype == np.float32


@given(st.sampled_from(SCHEDULES), LENGTHS)
def test_only_one_cycle_with_a_momentum_touches_the_momentum(name, lengths):
    config = {"schedule": name, "learning_rate": 0.1}
    assert make_schedule(config, *lengths).momenta(1) is None
    if name != "one_cycle":
        assert make_schedule({**config, "momentum": 0.9}, *lengths).momenta(1) is None


@given(st.integers(2, 400))
def test_cosine_is_half_way_down_at_half_time(total):
    curve = rates("cosine", 1, 2 * total)
    assert curve[total] == pytest.approx(0.05, rel=1e-5)
    expected = 0.1 * (1 + np.cos(np.pi * np.arange(2 * total) / (2 * total))) / 2
    assert np.allclose(curve, expected, atol=1e-7)


@given(st.integers(1, 6), st.integers(1, 50))
def test_cosine_restarts_are_cosines_each_twice_as_long(cycles, first):
    total = first * (2**cycles - 1)
    curve = rates("cosine_restarts", 1, total, schedule_cycles=cycles)
    start = 0
    for cycle in range(cycles):
        length = first * 2**cycle
        assert np.allclose(curve[start : start + length], rates("cosine", 1, length), atol=1e-6)
        start += length
    assert start == total


@given(st.integers(40, 2000))
def test_warmup_cosine_rises_over_a_twentieth_and_falls_to_nothing(total):
    curve = rates("warmup_cosine", 1, total)
    rise = round(total * 0.05)
    assert int(np.argmax(curve)) in (rise - 1, rise)
    assert curve[0] == pytest.approx(0.1 / rise, rel=1e-6)
    assert curve[rise] == pytest.approx(0.1, rel=1e-6)
    assert np.allclose(curve[rise:], rates("cosine", 1, total - rise), atol=1e-7)


@given(st.integers(1, 500))
def test_linear_falls_by_equal_steps(total):
    assert np.allclose(rates("linear", 1, total), 0.1 * (1 - np.arange(total) / total), atol=1e-8)


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 20).map(lambda n: n / 10), min_size=1, max_size=25),
    st.integers(1, 4),
    st.floats(0.1, 0.9),
)
def test_performance_lowers_the_rate_as_keras_does_on_a_plateau(losses, patience, factor):
    import keras

    config = {
        "schedule": "performance",
        "learning_rate": 0.1,
        "schedule_patience": patience,
        "schedule_factor": factor,
    }
    schedule = make_schedule(config, 3, len(losses) + 1)
    model = keras.Sequential()
    model.optimizer = keras.optimizers.SGD(learning_rate=0.1)
    plateau = keras.callbacks.ReduceLROnPlateau(
        monitor="val_loss", mode="min", factor=factor, patience=patience, min_delta=0.0
    )
    plateau.set_model(model)
    plateau.on_train_begin()
    for epoch, loss in enumerate(losses, start=1):
        assert np.allclose(schedule.rates(epoch), float(model.optimizer.learning_rate), rtol=1e-5)
        schedule.after_epoch(loss)
        plateau.on_epoch_end(epoch, {"val_loss": loss})


def test_performance_waits_patience_epochs():
    schedule = make_schedule({"schedule": "performance", "learning_rate": 0.1}, 1, 20)
    for loss in [1.0, 0.5, 0.5, 0.6, 0.5, 0.7]:
        schedule.after_epoch(loss)
        assert schedule.rates(1)[0] == np.float32(0.1)
    schedule.after_epoch(0.5)
    assert schedule.rates(1)[0] == np.float32(0.05)


def test_a_validation_loss_that_is_not_a_number_has_not_fallen():
    config = {"schedule": "performance", "learning_rate": 0.1, "schedule_patience": 2}
    schedule = make_schedule(config, 1, 9)
    for loss in [math.nan, math.nan]:
        schedule.after_epoch(loss)
    assert schedule.rates(3)[0] == np.float32(0.05)


def test_without_a_schedule_or_a_rate_the_optimizers_default_is_constant():
    assert whole(make_schedule({}, 2, 2)).tolist() == [np.float32(1e-3)] * 4
    assert make_schedule({"optimizer": "sgd"}, 1, 1).rates(1)[0] == np.float32(1e-2)


@pytest.mark.parametrize("epoch", [0, -1, 6])
def test_epochs_count_from_one_to_the_cap(epoch):
    with pytest.raises(ValueError, match="from 1 to the cap 5"):
        make_schedule({}, 2, 5).rates(epoch)


def test_a_trial_without_steps_is_refused():
    with pytest.raises(ValueError, match="at least one step"):
        make_schedule({}, 0, 5)


def test_an_unknown_schedule_shows_the_nearest_name():
    with pytest.raises(SpaceError, match="no schedule 'cosin'; choose cosine"):
        make_schedule({"schedule": "cosin"}, 1, 1)

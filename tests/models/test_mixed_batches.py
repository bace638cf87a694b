"""Whole batches changed in training: mixed images with mixed targets, and flips by turns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from automl.data.task import Task, TaskKind
from automl.models.augmented_images import without_augmentation
from automl.models.core import build_core, compile_core
from automl.models.loss_names import loss_text
from automl.models.losses import make_loss
from automl.models.mixed_batches import (
    MixedLoss,
    alternates,
    change_batches,
    cutmix,
    flipped_by_turns,
    mixed_batch,
    mixed_targets,
    mixes,
    mixup,
)
from tests.models.test_augmented_images import SPACE, TWO, core, signature

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (10, 6, 4, 1)).astype(np.uint8)
TASKS = {
    "multiclass": (Task(TaskKind.MULTICLASS, 3, ("y",), ("a", "b", "c")), (0, 2, 1, 1)),
    "binary": (Task(TaskKind.BINARY, 1, ("y",), (0, 1)), ((0.0,), (1.0,), (1.0,), (0.0,))),
    "multilabel": (
        Task(TaskKind.MULTILABEL, 3, ("x", "y", "z")),
        ((0.0, 1.0, 1.0), (1.0, 0.0, 0.0), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    ),
    "numbers": (
        Task(TaskKind.REGRESSION, 2, ("x", "y")),
        ((0.5, -1.0), (1.5, 0.0), (-2.0, 0.1), (0.0, 1.0)),
    ),
}


def predicted(task: Task) -> Any:
    numbers = RNG.uniform(0.1, 0.9, (4, task.outputs)).astype(np.float32)
    whole = numbers / numbers.sum(axis=1, keepdims=True)
    return whole if task.kind is TaskKind.MULTICLASS else numbers


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("kind", TASKS)
@pytest.mark.parametrize("weighted", [False, True])
def test_the_loss_is_that_of_either_target_by_its_share(
    kind: str, smoothing: float, weighted: bool
) -> None:
    task, targets = TASKS[kind]
    y = np.array(targets, np.int32 if kind == "multiclass" else np.float32)
    base = make_loss(task, {"label_smoothing": smoothing})
    loss = MixedLoss(base, 1 if kind == "multiclass" else task.outputs)
    outputs, share = predicted(task), np.array([0.9, 0.5, 0.75, 1.0], np.float32)
    weight = np.array([1.0, 2.0, 0.5, 3.0], np.float32) if weighted else np.ones(4, np.float32)
    mixed = float(loss(mixed_targets(y, weight if weighted else None, share), outputs))
    own, other = (np.asarray(base.call(one, outputs)) for one in (y, y[::-1]))
    expected = (weight * share * own + weight[::-1] * (1 - share) * other).mean()
    assert mixed == pytest.approx(expected, rel=1e-5)
    # Whole targets have the loss that they always have, weights too.
    assert float(loss(y, outputs, weight)) == pytest.approx(float(base(y, outputs, weight)))


def test_mixup_is_the_mean_by_shares_to_the_nearest_byte() -> None:
    keras.utils.set_random_seed(1)
    images, share = (np.asarray(one) for one in mixup(IMAGES, 0.4))
    assert images.dtype == np.uint8
    assert ((share >= 0.5) & (share <= 1)).all()
    assert len(set(share)) > 1
    part = share[:, None, None, None]
    np.testing.assert_allclose(images, part * IMAGES + (1 - part) * IMAGES[::-1], atol=0.51)
    floats, _ = mixup(IMAGES.astype(np.float32) / 255, 0.4)
    assert str(floats.dtype).endswith("float32'>") or "float32" in str(floats.dtype)


def test_cutmix_has_a_box_of_the_other_and_the_share_that_is_left() -> None:
    keras.utils.set_random_seed(2)
    own, other = np.zeros((64, 8, 12, 2), np.uint8), np.full((64, 8, 12, 2), 255, np.uint8)
    both = np.concatenate([own, other])
    images, share = (np.asarray(one) for one in cutmix(both, 1.0))
    foreign = (images != both).all(axis=-1)
    np.testing.assert_allclose(share, 1 - foreign.mean(axis=(1, 2)), atol=1e-6)
    assert 0 < foreign.mean() < 0.6
    for one in foreign:  # a box: rows times columns
        np.testing.assert_array_equal(one, one.any(axis=1)[:, None] & one.any(axis=0)[None])
    some = np.asarray(cutmix(both, 0.25)[1])
    assert 0.1 < (some < 1).mean() < 0.4


def test_by_turns_each_image_is_mirrored_every_other_epoch() -> None:
    seen = [
        np.asarray(flipped_by_turns({"image": IMAGES}, None, None, epoch)[0]["image"])
        for epoch in range(4)
    ]
    mirrored = [(one == IMAGES[:, :, ::-1]).all(axis=(1, 2, 3)) for one in seen]
    np.testing.assert_array_equal(seen[0], seen[2])
    np.testing.assert_array_equal(seen[1], seen[3])
    assert (mirrored[0] != mirrored[1]).all()
    assert 0 < mirrored[0].sum() < len(IMAGES)


@pytest.mark.parametrize(
    "values",
    [
        {"mixing": "mixup"},
        {"mixing": "cutmix"},
        {"flip": "alternating"},
        {"mixing": "cutmix", "flip": "alternating"},
    ],
)
def test_only_training_meets_them_and_the_saved_model_does_not(
    values: dict[str, Any], tmp_path: Path
) -> None:
    config = SPACE.configuration({"augmentation": "parts", "shift": 0.05, **values})
    made = build_core(SPACE, config, TWO, signature())
    compile_core(made, config, TWO)
    model = made.model
    images = RNG.integers(0, 256, (16, 8, 8, 1)).astype(np.uint8)
    y = np.arange(16) % 2
    plain = core(augmentation="none").model
    plain.set_weights(model.get_weights())
    before = plain.evaluate({"image": images}, y, verbose=0)[0]
    change_batches(model, config, steps=2)
    validated = model.evaluate({"image": images}, y, verbose=0)
    assert np.atleast_1d(validated)[0] == pytest.approx(before, rel=1e-5)
    weight = np.linspace(0.5, 2, 16)
    losses = [model.train_on_batch({"image": images}, y, sample_weight=weight) for _ in range(3)]
    assert np.isfinite(np.ravel(losses)).all()
    assert loss_text(model, None, TWO) == loss_text(plain, None, TWO)
    saved = without_augmentation(model)
    assert not saved.compiled  # a clone that Keras compiles alike needs the code of its loss
    saved.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras", compile=False)
    np.testing.assert_allclose(
        again.predict({"image": images}, verbose=0), model.predict({"image": images}, verbose=0)
    )


def test_several_numbers_are_mixed_too() -> None:
    task, _ = TASKS["numbers"]
    config = SPACE.configuration({"augmentation": "parts", "mixing": "mixup"})
    made = build_core(SPACE, config, task, signature())
    model = compile_core(made, config, task)
    change_batches(model, config, steps=2)
    images = RNG.integers(0, 256, (16, 8, 8, 1)).astype(np.uint8)
    loss = model.train_on_batch({"image": images}, RNG.normal(size=(16, 2)).astype(np.float32))
    assert np.isfinite(np.ravel(loss)).all()


def test_turns_go_on_where_a_later_stage_has_an_optimizer_of_its_own() -> None:
    config = SPACE.configuration({"augmentation": "parts", "flip": "alternating"})
    made = core(augmentation="parts", flip="alternating")
    model, seen = made.model, []
    model.train_step = lambda data: seen.append(np.asarray(data[0]["image"]))
    change_batches(model, config, steps=2)
    compile_core(made, config, TWO)
    for step in range(4):
        model.optimizer.iterations.assign(step)
        model.train_step(({"image": IMAGES}, np.arange(10) % 2))
    np.testing.assert_array_equal(seen[0], seen[1])
    np.testing.assert_array_equal(seen[2], np.flip(seen[0], 2))
    np.testing.assert_array_equal(seen[2], seen[3])


def test_off_is_off() -> None:
    config = SPACE.configuration({"augmentation": "parts"})
    assert not mixes(config)
    assert not alternates(config)
    made = core(augmentation="parts")
    step = made.model.train_step
    change_batches(made.model, config, 2)
    assert made.model.train_step == step
    assert not mixes(SPACE.configuration({"augmentation": "none"}))


def test_weights_of_rows_are_within_the_targets() -> None:
    _, y, weight = mixed_batch(
        {"image": IMAGES}, np.arange(10), np.arange(10.0), lambda x, _: (x, np.ones(10, "f4")), 1.0
    )
    assert weight is None
    np.testing.assert_allclose(np.asarray(y)[:, 2], np.arange(10))
    np.testing.assert_allclose(np.asarray(y)[:, 3], 0)

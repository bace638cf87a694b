"""The families of convolutional networks: published counts, maps, biases, saving, and `image`.

Networks are built without weights (`keras.StatelessScope`), which takes a tenth of the time.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.data.task import Task, TaskKind
from automl.models.first_weights import set_first_weights
from automl.space import Configuration, SearchSpace, find_space
from automl.space.data_rules import CHEAP_FAMILIES, suit_to_data

FAMILIES = (
    *("plain_cnn", "lenet5", "alexnet", "vgg", "resnet", "inception"),
    *("xception", "senet", "mobilenet", "densenet", "fastcnn"),
)
NAMES = (*FAMILIES, "image")
#: Small networks that the quick test saves: each kind of layer is in one of them.
SAVED = {
    "alexnet": {},
    "xception": {"middle_blocks": 0, "width_factor": 0.125},
    "senet": {"residual_groups": (1, 1, 1)},
    "fastcnn": {},
}
PHOTO = (224, 224, 3)
SHAPES = ((28, 28, 1), (32, 32, 3), PHOTO)
RESNET50 = {
    **{"residual_block": "bottleneck", "residual_groups": (3, 4, 6, 3)},
    **{"first_filters": 64},
}
#: Biases that Keras's ResNet50 has in front of its batch normalizations, and ours has not.
RESNET50_BIASES = 26_560
LINEAR = keras.activations.linear


def task(classes: int = 10) -> Task:
    return Task(TaskKind.MULTICLASS, classes, ("y",), tuple(map(str, range(classes))))


def built(name: str, config: Configuration, shape: tuple[int, ...], classes: int = 10) -> Any:
    builder = find_space(name).build
    assert builder is not None
    inputs = keras.Input(shape)
    return keras.Model(inputs, builder(config, inputs, task(classes)))


def without_weights(name: str, config: Configuration, shape: Any, classes: int = 10) -> Any:
    keras.utils.clear_session(free_memory=False)
    with keras.StatelessScope(initialize_variables=False):
        return built(name, config, shape, classes)


@pytest.mark.parametrize(
    ("name", "values", "shape", "classes", "count"),
    [
        ("plain_cnn", {}, (28, 28, 1), 10, 1_413_834),
        ("lenet5", {}, (28, 28, 1), 10, 61_706),
        ("alexnet", {"width_factor": 1.0, "head_width": 4096}, (227, 227, 3), 1000, 62_378_344),
        (
            "vgg",
            {"width_factor": 1.0, "head_width": 4096, "normalization": "none"},
            *(PHOTO, 1000, 138_357_544),
        ),
        pytest.param(
            "inception",
            {"width_factor": 1.0, "normalization": "none", "local_response": True},
            *(PHOTO, 1000, 6_998_552),
            marks=pytest.mark.slow,
        ),
        pytest.param(
            *("xception", {"width_factor": 1.0, "middle_blocks": 8}, PHOTO, 1000, 22_910_480),
            marks=pytest.mark.slow,
        ),
        ("mobilenet", {"width_factor": 1.0}, PHOTO, 1000, 4_253_864),
        ("fastcnn", {"fast_widths": (24, 48, 96)}, (28, 28, 1), 10, 163_760 + 10 + 8 + 672),
    ],
)
def test_published_networks_have_the_published_counts(
    name: str, values: dict[str, Any], shape: tuple[int, ...], classes: int, count: int
) -> None:
    config = find_space(name).configuration(values)
    assert without_weights(name, config, shape, classes).count_params() == count


@pytest.mark.slow
def test_densenet_121_and_se_resnet_50_have_the_published_counts() -> None:
    dense = {"growth": 32, "dense_blocks": (6, 12, 24, 16)}
    config = find_space("densenet").configuration(dense)
    assert without_weights("densenet", config, PHOTO, 1000).count_params() == 8_062_504
    config = find_space("senet").configuration(RESNET50)
    model = without_weights("senet", config, PHOTO, 1000)
    assert sum(int(np.prod(one.shape)) for one in model.trainable_weights) == 28_088_024


def test_resnet_50_has_the_published_count_but_for_biases_before_batch_normalization() -> None:
    model = without_weights("resnet", find_space("resnet").configuration(RESNET50), PHOTO, 1000)
    assert model.count_params() == 25_636_712 - RESNET50_BIASES
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert sum(layer.filters for layer in convolutions) == RESNET50_BIASES
    assert not any(layer.use_bias for layer in convolutions)


@pytest.mark.parametrize(
    ("values", "trained"),
    [
        ({"residual_groups": (2, 2, 2, 2), "first_filters": 64}, 11_689_512),
        ({"residual_groups": (3, 4, 6, 3), "first_filters": 64}, 21_797_672),
        ({**RESNET50, "residual_version": "v1.5"}, 25_557_032),
        # Keras's ResNet50V2 has biases where maps are added up, as ours has nowhere.
        ({**RESNET50, "residual_version": "v2"}, 25_568_360 - 19_008),
    ],
    ids=["18", "34", "50 v1.5", "50 v2"],
)
def test_residual_networks_have_the_published_counts_of_trained_weights(
    values: dict[str, Any], trained: int
) -> None:
    model = without_weights("resnet", find_space("resnet").configuration(values), PHOTO, 1000)
    assert sum(int(np.prod(one.shape)) for one in model.trainable_weights) == trained


def convolutions(name: str, values: dict[str, Any], shape: tuple[int, ...]) -> list[Any]:
    model = without_weights(name, find_space(name).configuration(values), shape)
    return [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]


@pytest.mark.parametrize(("version", "side"), [("v1", 1), ("v1.5", 3), ("v2", 3)])
def test_a_bottleneck_steps_where_its_version_has_it(version: str, side: int) -> None:
    values = {**RESNET50, "residual_groups": (1, 1, 1), "residual_version": version}
    steps = [
        (layer.kernel_size[0], layer.filters)
        for layer in convolutions("resnet", values, (32, 32, 3))
        if layer.strides == (2, 2)
    ]
    # That of the block, and that of its projection.
    assert sorted(steps) == sorted([(side, 128), (1, 512), (side, 256), (1, 1024)])


def test_stems_are_for_small_images_or_photographs() -> None:
    for name in ("resnet", "senet", "densenet"):
        small, large = (convolutions(name, {}, shape)[0] for shape in ((32, 32, 3), PHOTO))
        assert (small.kernel_size, small.strides) == ((3, 3), (1, 1))
        assert (large.kernel_size, large.strides) == ((7, 7), (2, 2))


def test_modules_of_googlenet_have_one_large_convolution_or_two_small_ones() -> None:
    whole, double = (
        [
            layer.kernel_size[0]
            for layer in convolutions("inception", {"large_branch": branch}, (32, 32, 3))
        ]
        for branch in ("5x5", "double_3x3")
    )
    assert whole.count(5) == 9 and double.count(5) == 0
    assert double.count(3) == whole.count(3) + 2 * 9


def test_the_first_layers_of_xception_are_not_separable() -> None:
    model = without_weights("xception", find_space("xception").defaults(), (32, 32, 3))
    kinds = [type(layer).__name__ for layer in model.layers if "Conv2D" in type(layer).__name__]
    assert kinds[:2] == ["Conv2D", "Conv2D"] and "DepthwiseConv2D" in kinds


def test_three_multipliers_reach_the_layers_of_mobilenet() -> None:
    values = {"width_factor": 0.25, "depth_multiplier": 2, "resolution": 0.5}
    config = find_space("mobilenet").configuration(values)
    model = without_weights("mobilenet", config, (32, 32, 3))
    kinds = {type(layer).__name__: layer for layer in reversed(model.layers)}
    assert kinds["Conv2D"].filters == 8 and kinds["DepthwiseConv2D"].depth_multiplier == 2
    assert kinds["Resizing"].output.shape == (None, 16, 16, 3)


def check_maps(model: Any, name: str, config: Configuration) -> None:
    """No map below 1 x 1; channels in multiples of 8; no bias that a normalization takes off."""
    lenet = name == "lenet5" or config.get("family") == "lenet5"
    for layer in model.layers:
        shape = layer.output.shape
        assert all(side >= 1 for side in shape[1:]), layer.name
        if isinstance(layer, keras.layers.Conv2D):
            assert layer.filters % 8 == 0 or (lenet and layer.filters == 6)
        if isinstance(layer, keras.layers.BatchNormalization):
            before = layer.input._keras_history.operation
            if isinstance(before, keras.layers.Conv2D) and before.activation is LINEAR:
                assert not before.use_bias
    assert model.output_shape == (None, 10)
    assert model.layers[-1].name == "head"


def sampled(name: str, shape: tuple[int, ...], seeds: range) -> Iterator[Configuration]:
    """Builds samples without weights and checks their maps, one after the other."""
    space = find_space(name)
    for seed in seeds:
        config = space.sample(np.random.default_rng(seed))
        check_maps(without_weights(name, config, shape), name, config)
        yield config


def saved_difference(name: str, config: Configuration, shape: tuple[int, ...], to: Path) -> float:
    """The largest difference that saving and loading makes to what a network predicts.

    Its maps are checked too. Both are called eagerly, in a quarter to half of the time that tracing
    their graphs takes.
    """
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(1)
    model = built(name, config, shape)
    check_maps(model, name, config)
    x = np.random.default_rng(1).random((2, *shape), np.float32)
    model.save(to)
    again = keras.models.load_model(to, compile=False, safe_mode=True)
    answers = [np.asarray(one(x, training=False)) for one in (model, again)]
    return float(np.abs(answers[0] - answers[1]).max())


@pytest.mark.parametrize(("turn", "name"), list(enumerate(NAMES)))
def test_a_sample_builds_for_small_or_large_images(turn: int, name: str) -> None:
    assert list(sampled(name, SHAPES[turn % len(SHAPES)], range(turn, turn + 1)))


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_200_samples_build_without_a_map_below_a_pixel_and_are_loaded_as_they_were_saved(
    name: str, shape: tuple[int, ...], tmp_path: Path
) -> None:
    space, differing = find_space(name), []
    for turn in range(200):
        config = space.sample(np.random.default_rng(turn))
        # `image` builds what the families build; of photographs a sample is enough.
        if name == "image" or (shape == PHOTO and turn % 20):
            check_maps(without_weights(name, config, shape), name, config)
            continue
        difference = saved_difference(name, config, shape, tmp_path / "model.keras")
        if not difference <= 1e-5:
            differing.append((dict(config), difference))
    assert differing == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "shape", [(1, 1, 1), pytest.param((3, 5, 3), marks=pytest.mark.slow)], ids=str
)
def test_the_defaults_build_for_hardly_any_pixels(name: str, shape: tuple[int, ...]) -> None:
    config = find_space(name).defaults()
    check_maps(without_weights(name, config, shape), name, config)


@pytest.mark.parametrize(
    ("name", "values"),
    [*SAVED.items(), *(pytest.param(name, {}, marks=pytest.mark.slow) for name in FAMILIES)],
)
def test_networks_save_load_and_predict_the_same(
    name: str, values: dict[str, Any], tmp_path: Any
) -> None:
    keras.utils.set_random_seed(1)
    config = find_space(name).override({"batch_size": 16}).configuration(values)
    assert name != "alexnet" or config.local_response  # a layer that needs no code when loaded
    model = built(name, config, (16, 16, 3))
    x = np.random.default_rng(1).random((4, 16, 16, 3), np.float32)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
    assert np.allclose(again.predict_on_batch(x), model.predict_on_batch(x), atol=1e-6)


@pytest.mark.parametrize("name", FAMILIES)
def test_each_family_brings_three_to_five_known_good_configurations(name: str) -> None:
    assert 3 <= len(find_space(name).first_configurations()) - 1 <= 5


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_image_gives_each_family_what_its_own_space_has(seed: int) -> None:
    config = find_space("image").sample(np.random.default_rng(seed))
    own = find_space(config.family)
    values = {name: value for name, value in config.items() if config.active(name)}
    values.pop("family")
    assert set(own.names) >= set(values)
    missing = [p.name for p in own.hyperparameters if p.active(values) and p.name not in values]
    assert missing == []


def test_image_tries_the_cheap_families_unless_others_are_named() -> None:
    space = find_space("image")
    assert space.defaults().family == "fastcnn"
    given = {"rows": 1000, "cardinalities": (), "classification": True}

    def tried(space: Any, **more: Any) -> set[str]:
        suited = suit_to_data(space, **given, **more)
        return {suited.sample(np.random.default_rng(seed)).family for seed in range(200)}

    assert tried(space) == set(CHEAP_FAMILIES)
    assert tried(space.override({"family": "vgg,resnet"}), asked=("family",)) == {"vgg", "resnet"}
    assert tried(space.override({"family": "vgg,resnet"})) == {"vgg", "resnet"}
    first = suit_to_data(space, **given).first_configurations()
    assert [config.family for config in first] == [
        *("fastcnn", "plain_cnn", "fastcnn", "fastcnn", "resnet", "densenet")
    ]


def test_whitened_kernels_are_set_from_rows_and_not_trained() -> None:
    keras.utils.set_random_seed(0)
    config = find_space("fastcnn").configuration({"fast_widths": (16, 32, 64)})
    model = built("fastcnn", config, (16, 16, 3))
    rows = np.random.default_rng(0).random((200, 16, 16, 3), np.float32)
    set_first_weights(model, lambda count: rows[:count])
    layer = model.get_layer("whitening")
    assert [variable.name for variable in layer.trainable_variables] == ["bias"]
    kernel = layer.kernel.numpy()
    assert np.array_equal(kernel[..., :12], -kernel[..., 12:])
    # What comes out of them is decorrelated, each direction with the variance of one.
    out = keras.Model(model.inputs, layer.output).predict(rows, verbose=0)[..., :12]
    flat = out.reshape(-1, 12) - layer.bias.numpy()[:12]
    assert np.allclose(flat.T @ flat / len(flat), np.eye(12), atol=0.05)
    first = model.get_layer("identity_0_0").kernel.numpy()
    assert np.array_equal(first[1, 1, :16, :16], np.eye(16))
    assert np.count_nonzero(first[..., :16]) == 16


@pytest.mark.parametrize("name", NAMES)
def test_each_is_described_and_rebuilt(name: str) -> None:
    space = find_space(name)
    assert space.inputs == "image"
    assert all(row.help and row.source for row in space.describe())
    again = SearchSpace.from_json(space.to_json())
    assert again.hash() == space.hash()
    assert again.first_configurations() == space.first_configurations()

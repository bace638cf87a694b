"""What the rows of the data leave out of a space, and what a person's own list keeps."""

from __future__ import annotations

import pytest

from automl.space import Choice, SearchSpace
from automl.space.data_rules import mirroring_note, suit_to_data
from automl.space.numeric_rules import MOST_EMBEDDED_BYTES
from automl.space.registry import find_space
from automl.training.kernel.dense_rows import MAX_PREPARED_BYTES
from automl.vocabulary.activations import ACTIVATIONS
from automl.vocabulary.augmentations import HEAVY_EPOCHS


def options(space: SearchSpace, name: str) -> set[object]:
    return {option for p in space.hyperparameters if p.name == name for option in p.options}


def suited(space: SearchSpace, rows: int, asked: tuple[str, ...] = ()) -> SearchSpace:
    return suit_to_data(space, rows=rows, cardinalities=(), classification=True, asked=asked)


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        (20, {16}),
        (97, {16, 32}),
        (1_221, {16, 32, 64, 128, 256}),
        (16_000, {32, 64, 128, 256}),
        (40_000, {128, 256}),
        (1_000_000, {256}),
    ],
)
def test_batches_fit_the_rows(rows: int, kept: set[int]) -> None:
    space = suited(find_space("mlp"), rows)
    assert options(space, "batch_size") == kept
    assert space.defaults()["batch_size"] in kept


@pytest.mark.parametrize(
    ("rows", "kept"),
    [(100, {0.9}), (1_000, {0.9}), (1_400, {0.9, 0.99}), (20_000, {0.9, 0.99, 0.999})],
)
def test_averages_of_normalizations_fit_the_steps(rows: int, kept: set[float]) -> None:
    space = suited(find_space("mlp").override({"batch_size": 32}), rows)
    assert options(space, "batch_norm_momentum") == kept
    asked = suited(find_space("mlp"), rows, ("batch_norm_momentum",))
    assert options(asked, "batch_norm_momentum") == {0.9, 0.99, 0.999}


@pytest.mark.parametrize(
    ("batches", "asked", "kept"),
    [
        # 20,000 rows are too many for batches of 16, unless a person or a builder has named them.
        ((16, 256), ("batch_size",), {0.9, 0.99, 0.999}),
        ((16, 32, 64, 128, 256), ("batch_size",), {0.9, 0.99, 0.999}),
        ((16, 32, 64, 128, 256), (), {0.9, 0.99}),
        ((16, 256), (), {0.9, 0.99, 0.999}),
        # 78, 20 and 3 steps.
        ((256, 1024), ("batch_size",), {0.9, 0.99}),
        ((1024, 4096), ("batch_size",), {0.9}),
        ((8192,), ("batch_size",), {0.9}),
    ],
)
def test_steps_are_those_of_the_batches_that_are_tried(
    batches: tuple[int, ...], asked: tuple[str, ...], kept: set[float]
) -> None:
    parameters = (
        Choice("batch_size", batches, default=batches[0]),
        Choice("batch_norm_momentum", (0.9, 0.99, 0.999), default=0.9),
    )
    own = SearchSpace("own", parameters, lambda config, inputs, task: inputs)
    assert options(suited(own, 20_000, asked), "batch_norm_momentum") == kept


def test_activations_that_came_to_nothing_are_tried_only_where_they_are_set() -> None:
    mlp = find_space("mlp")
    assert options(suited(mlp, 20_000), "activation") == {
        name for name, activation in ACTIVATIONS.items() if not activation.rarely_good
    }
    chosen = mlp.override({"activation": "sigmoid,relu", "batch_size": "16,256"})
    kept = suited(chosen, 1_000_000, ("activation", "batch_size"))
    assert options(kept, "activation") == {"sigmoid", "relu"}
    assert options(kept, "batch_size") == {16, 256}
    assert suited(mlp.override({"activation": "sigmoid"}), 500).defaults()["activation"]


def test_averages_of_weights_are_tried_where_they_are_asked_for() -> None:
    mlp = find_space("mlp")
    assert options(suited(mlp, 500), "weight_averaging") == {"none"}
    asked = suited(mlp, 500, ("weight_averaging",))
    assert options(asked, "weight_averaging") == {"none", "moving_average", "checkpoint_average"}
    assert suited(mlp, 500).defaults()["weight_averaging"] == "none"


@pytest.mark.parametrize("of_probabilities", [False, True])
def test_labels_are_not_smoothed_for_a_metric_of_probabilities(of_probabilities: bool) -> None:
    space = suit_to_data(
        find_space("mlp"),
        rows=500,
        cardinalities=(),
        classification=True,
        of_probabilities=of_probabilities,
    )
    assert options(space, "label_smoothing") == ({0.0} if of_probabilities else {0.0, 0.05, 0.1})


def image_space(**data: object) -> SearchSpace:
    usual: dict[str, object] = {"rows": 500, "cardinalities": (), "classification": True}
    return suit_to_data(find_space("fastcnn"), **{**usual, **data})  # type: ignore[arg-type]


def test_mirrored_images_are_tried_where_they_mean_the_same() -> None:
    flips = {"none", "horizontal", "vertical", "both", "alternating"}
    assert options(image_space(), "flip") == flips
    assert options(image_space(mirrored=False), "flip") == {"none"}
    assert options(image_space(mirrored=False, asked=("flip",)), "flip") > {"none"}


def test_heavy_changes_of_images_are_tried_from_a_number_of_epochs_on() -> None:
    few, many = image_space(epochs=HEAVY_EPOCHS - 1), image_space(epochs=HEAVY_EPOCHS)
    assert options(many, "augmentation") - options(few, "augmentation") == {"rand_augment"}
    assert options(few, "mixing") == {"none"}
    assert options(few, "cutout") == {0.0}
    assert len(options(few, "shift")) > 1
    assert options(many, "mixing") == {"none", "mixup", "cutmix"}
    assert options(image_space(classification=False), "mixing") == {"none"}


def test_what_is_said_of_mirrored_digits() -> None:
    digits, fastcnn = tuple(range(10)), find_space("fastcnn")
    told = mirroring_note(fastcnn, digits, symmetric=False)
    assert told.startswith("The classes are called like digits or letters (0 to 9), so no mirrored")
    assert "--symmetric" in told
    assert "tried all the same" in mirroring_note(fastcnn, digits, symmetric=True)
    assert mirroring_note(fastcnn, (), symmetric=False) == ""
    assert mirroring_note(fastcnn.override({"flip": "none"}), digits, symmetric=False) == ""
    assert mirroring_note(find_space("mlp"), digits, symmetric=False) == ""


def test_a_persons_own_list_of_activations_stays() -> None:
    space = SearchSpace(
        "own", [Choice("activation", ["relu", "sigmoid", "leaky_relu"])], lambda *_: None
    )
    assert options(suited(space, 500), "activation") == {"relu", "sigmoid", "leaky_relu"}


@pytest.mark.parametrize(("numbers", "kept"), [(0, 1), (1, 2), (32, 2), (33, 1)])
def test_numbers_of_tables_are_embedded_where_they_are_not_too_many(
    numbers: int, kept: int
) -> None:
    space = find_space("mlp")
    given = {"rows": 1000, "cardinalities": (), "classification": True, "numbers": numbers}
    found = options(suit_to_data(space, **given), "numeric_embedding")
    assert "none" in found and len(found) == kept
    asked = options(suit_to_data(space, **given, asked=("numeric_embedding",)), "numeric_embedding")
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("rows", "kept", "default"),
    [(100, {8}, 8), (600, {8, 16}, 16), (1_536, {8, 16, 32, 48}, 48)],
)
def test_bins_of_numbers_hold_rows_enough(rows: int, kept: set[int], default: int) -> None:
    space = suit_to_data(
        find_space("mlp"), rows=rows, cardinalities=(), classification=True, numbers=3
    )
    assert options(space, "numeric_bins") == kept
    assert space.defaults()["numeric_bins"] == default


@pytest.mark.parametrize(
    ("rows", "kept", "bins"),
    [(100_000, 2, {8, 16, 32, 48}), (500_000, 2, {8}), (2_000_000, 1, {8})],
)
def test_numbers_in_pieces_leave_the_kernel_its_rows(rows: int, kept: int, bins: set[int]) -> None:
    given = {"rows": rows, "cardinalities": (), "classification": True, "numbers": 10}
    suited = suit_to_data(find_space("mlp"), **given)
    assert len(options(suited, "numeric_embedding")) == kept
    assert options(suited, "numeric_bins") == bins
    assert MOST_EMBEDDED_BYTES < MAX_PREPARED_BYTES


def test_hyperparameters_of_these_names_mean_what_an_author_says() -> None:
    own = SearchSpace(
        "own",
        [Choice("numeric_embedding", ["periodic", "plr"]), Choice("numeric_bins", ["auto", 8])],
        lambda *_: None,
    )
    for numbers in (3, 300):
        given = {"rows": 100, "cardinalities": (), "classification": True, "numbers": numbers}
        assert suit_to_data(own, **given).hash() == own.hash()

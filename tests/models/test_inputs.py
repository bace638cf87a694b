"""Inputs: encodings, the rule for embeddings, input normalization, and reloading."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.data.kinds.signature import InputSignature
from automl.errors import SpaceError
from automl.models.inputs.builder import TableInputs, embedding_size, uses_embedding, vector_input

SIGNATURE = InputSignature(
    numeric=3, cardinalities=(4, 21, 61), mean=(10.0, -2.0, 0.0), std=(5.0, 0.1, 1.0)
)


def arrays(signature: InputSignature, rows: int = 16) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(1)
    made = {}
    if signature.numeric:
        made["numeric"] = generator.normal(size=(rows, signature.numeric)).astype(np.float32)
    if signature.cardinalities:
        columns = [generator.integers(0, n, rows) for n in signature.cardinalities]
        made["categorical"] = np.stack(columns, axis=1).astype(np.int32)
    return made


def run(signature, config=None, data=None):
    table = TableInputs(signature)
    model = keras.Model(table.tensors, vector_input(table, config or {}))
    data = arrays(signature) if data is None else data
    return data, model.predict_on_batch(data), model


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 3), st.lists(st.integers(2, 10), max_size=4), st.integers(0, 2**31))
def test_one_hot_columns_follow_the_numeric_ones(numeric, cardinalities, seed):
    if not numeric and not cardinalities:
        return
    signature = InputSignature(numeric, tuple(cardinalities), (0.0,) * numeric, (1.0,) * numeric)
    data, vector, _ = run(signature)
    parts = [data["numeric"]] if numeric else []
    # Code 0 was not seen in training: all zeros.
    parts += [np.eye(n)[data["categorical"][:, i]][:, 1:] for i, n in enumerate(cardinalities)]
    assert np.array_equal(vector, np.concatenate(parts, axis=1).astype(np.float32))


@pytest.mark.parametrize(
    ("categories", "between", "embedded"),
    [
        (9, "embedding", False),
        (10, "embedding", True),
        (10, "one_hot", False),
        (50, "one_hot", False),
        (51, "one_hot", True),
    ],
)
def test_the_rule_decides_outside_10_to_50_categories(categories, between, embedded):
    assert uses_embedding(categories, between) is embedded


@given(st.integers(1, 10_000))
def test_embedding_size_is_half_the_categories_up_to_50(categories):
    assert embedding_size(categories) == max(1, min(50, (categories + 1) // 2))


@pytest.mark.parametrize(
    ("config", "width"),
    [
        ({}, 3 + 3 + 20 + 30),
        ({"categorical_encoding": "embedding"}, 3 + 3 + 10 + 30),
        ({"categorical_encoding": "embedding", "embedding_dim": 4}, 3 + 3 + 4 + 4),
        ({"categorical_encoding": "embedding", "embedding_dim": 50}, 3 + 3 + 20 + 50),
    ],
)
def test_width_of_the_vector(config, width):
    assert run(SIGNATURE, config)[1].shape == (16, width)


def test_embeddings_learn_and_unseen_categories_have_a_slot():
    _, vector, model = run(InputSignature(0, (61,)), data={"categorical": np.array([[0], [60]])})
    layer = next(la for la in model.layers if isinstance(la, keras.layers.Embedding))
    assert np.array_equal(vector, layer.embeddings.numpy()[[0, 60]])


def test_without_input_normalization_raw_units_come_back():
    data, vector, _ = run(SIGNATURE, {"input_normalization": "none"})
    raw = data["numeric"] * np.array([5.0, 0.1, 1.0]) + np.array([10.0, -2.0, 0.0])
    assert np.allclose(vector[:, :3], raw, rtol=1e-5)


def test_batch_input_normalization_is_a_batch_norm_over_raw_units():
    data, vector, model = run(SIGNATURE, {"input_normalization": "batch"})
    assert sum(isinstance(la, keras.layers.BatchNormalization) for la in model.layers) == 1
    raw = data["numeric"] * np.array([5.0, 0.1, 1.0]) + np.array([10.0, -2.0, 0.0])
    assert np.allclose(vector[:, :3], raw / np.sqrt(1.001), rtol=1e-4)


def test_an_unknown_input_normalization_is_refused():
    with pytest.raises(SpaceError, match="no input normalization 'scale'"):
        run(SIGNATURE, {"input_normalization": "scale"})


@pytest.mark.parametrize("normalization", ["standardize", "batch", "none"])
def test_the_inputs_reload_with_nothing_but_keras(tmp_path, normalization):
    data, vector, model = run(
        SIGNATURE,
        {"input_normalization": normalization, "categorical_encoding": "embedding"},
    )
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    assert np.array_equal(again.predict_on_batch(data), vector)


def test_table_inputs_give_the_columns_apart():
    table = TableInputs(SIGNATURE)
    assert table.numeric.shape == (None, 3)
    assert [codes.shape for codes in table.categorical] == [(None,)] * 3
    assert table.cardinalities == (4, 21, 61)
    bare = TableInputs(InputSignature(2, (), (0.0, 0.0), (1.0, 1.0)))
    assert bare.categorical == []
    assert TableInputs(InputSignature(0, (3,))).numeric is None


def test_data_without_columns_is_refused():
    with pytest.raises(SpaceError, match="no columns"):
        TableInputs(InputSignature(0))


def test_columns_without_a_category_are_refused():
    with pytest.raises(SpaceError, match="no category"):
        TableInputs(InputSignature(0, (1, 1))).vector()

"""Networks of keras.applications in layers that Keras alone loads."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from keras.src.applications.convnext import ConvNeXt

from automl.models.application import of_usual_layers


def test_convnext_has_usual_layers_with_the_same_answers(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    network = ConvNeXt(
        [1, 1, 2, 1],
        [8, 8, 16, 16],
        drop_path_rate=0.5,
        layer_scale_init_value=0.7,
        include_top=False,
        input_shape=(32, 32, 3),
        name="small",
    )
    plain = of_usual_layers(network)
    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3)).astype(np.float32)
    expected = np.asarray(network(images))
    np.testing.assert_allclose(plain(images), expected, rtol=1e-4, atol=1e-5)
    assert plain.count_params() == network.count_params()
    assert not np.allclose(plain(images, training=True), expected, atol=1e-3)
    plain.save(tmp_path / "plain.keras")
    again = keras.saving.load_model(tmp_path / "plain.keras", safe_mode=True)
    np.testing.assert_allclose(again(images), expected, rtol=1e-4, atol=1e-5)
    new = keras.models.clone_model(plain)
    scales = [one for one in new.layers if isinstance(one, keras.layers.DepthwiseConv2D)]
    assert any(np.allclose(one.get_weights()[0], 0.7) for one in scales)


def test_other_networks_stay_as_they_are() -> None:
    network = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3)])
    assert of_usual_layers(network) is network

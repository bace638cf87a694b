"""The names by which a space asks for layers to be frozen first and fine-tuned then."""

from __future__ import annotations

from typing import Final

#: Begins the name of the layer, or the model inside the model, that was trained before.
BACKBONE: Final = "backbone"
#: Of an exported model, the name of the layer, or of the model in it, up to whose output layers are
#: taken over, such as an autoencoder's; else they are up to its outputs.
ENCODER: Final = "encoder"
#: Whether its weights are those that it was trained to, or new ones.
WEIGHTS: Final = "weights"
PRETRAINED, RANDOM = WEIGHT_KINDS = ("pretrained", "random")
#: Share of its layers, from the top, that the second stage trains; without any there is one stage.
FINE_TUNED_SHARE: Final = "fine_tuned_share"
#: Share of the epochs in which all of it is frozen.
FROZEN_EPOCHS: Final = "frozen_epochs"
#: By what the learning rate is divided in the second stage (Géron, Hands-On Machine Learning, 2nd
#: ed., chapter 14: 0.2, then 0.01).
RATE_DIVISOR: Final = 20.0

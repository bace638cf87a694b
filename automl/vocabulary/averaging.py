"""Averages of a model's weights over its training."""

from __future__ import annotations

WEIGHT_AVERAGING = "weight_averaging"
MOVING_AVERAGE, AVERAGE_DECAY = "moving_average", "average_decay"
CHECKPOINT_AVERAGE, AVERAGED_EPOCHS = "checkpoint_average", "averaged_epochs"

"""Averages of a model's weights over its training."""

from __future__ import annotations

WEIGHT_AVERAGING, AVERAGE_DECAY = "weight_averaging", "average_decay"
MOVING_AVERAGE = "moving_average"

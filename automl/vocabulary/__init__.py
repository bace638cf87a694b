"""One entry a name: metrics, losses, optimizers, schedules, activations; all else derives."""

"""A search space whose builder fails in the way that a file says for each of its places."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from automl.space import Int, SearchSpace

#: Environment variable with a JSON file: place to fault; a place that is not in it is healthy.
FAULTS = "AUTOML_TEST_FAULTS"


def build(config: Any, inputs: Any, task: Any) -> Any:
    """Builds one hidden layer, or fails as it is told to."""
    import keras

    fault = json.loads(Path(os.environ[FAULTS]).read_text()).get(str(config.place))
    if fault is not None:
        _fail(fault)
    hidden = keras.layers.Dense(4 + config.place, activation="relu")(inputs)
    return keras.layers.Rescaling(float("nan"))(hidden) if fault == "nan" else hidden


def _fail(fault: str) -> None:
    import ctypes
    import signal
    import sys
    import threading
    import time

    match fault:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "segfault":
            ctypes.string_at(0)
        case "exit":
            os._exit(7)
        case "memory":
            raise MemoryError
        case "hang":
            time.sleep(3600)
        case "print":
            while True:
                print("la" * 4096)
        case "raise":
            raise ValueError("this builder does not like you")
        case "sys.exit":
            sys.exit(3)
        case "threads":
            for _ in range(20):
                threading.Thread(target=time.sleep, args=(3600,)).start()


space = SearchSpace("sick", [Int("place", 0, 47, default=0)], build)

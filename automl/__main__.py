"""The console command, and ``python -m automl``: from its first moment Ctrl-C ends it quietly."""

from __future__ import annotations

import contextlib
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from automl.tuning.interruption import Presses


def main() -> int:
    """Runs what was typed; see `automl.cli.main.main`."""
    presses: Presses | None = None
    try:
        _leave_out_the_working_directory()
        from automl.tuning.interruption import PRESSES

        presses = PRESSES
        presses.listen()
        from automl.cli.main import main as run

        return run()
    except KeyboardInterrupt:  # while the command itself was being imported
        return 128 + (signal.SIGINT if presses is None else presses.signal)
    finally:
        # The work is done, and its exit code known; nothing more can be broken off.
        if presses is not None:
            presses.end()


def _leave_out_the_working_directory() -> None:
    """Takes back that ``python -m`` looks for modules where it is called, as in a stranger's run.

    The console command does not look there either. What is developed there is left alone.
    """
    if sys.flags.safe_path or not sys.path:
        return
    with contextlib.suppress(FileNotFoundError):  # a working directory that is gone gives nothing
        here = Path.cwd()
        if sys.path[0] in ("", str(here)) and Path(__file__).parents[1] != here:
            del sys.path[0]


if __name__ == "__main__":
    sys.exit(main())

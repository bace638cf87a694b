"""The console command, and ``python -m automl``: from its first moment Ctrl-C ends it quietly."""

from __future__ import annotations

import contextlib
import signal
import sys
from pathlib import Path


def main() -> int:
    """Runs what was typed; see `automl.cli.main.main`."""
    try:
        _leave_out_the_working_directory()
        from automl.tuning.interruption import PRESSES

        PRESSES.listen()
        from automl.cli.main import main as run

        return run()
    except KeyboardInterrupt:  # while the command itself was being imported
        return 130
    finally:
        # The work is done, and its exit code known; nothing more can be broken off.
        signal.signal(signal.SIGINT, signal.SIG_IGN)


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

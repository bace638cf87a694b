"""The console command, and ``python -m automl``: from its first moment Ctrl-C ends it quietly."""

from __future__ import annotations

import signal
import sys


def main() -> int:
    """Runs what was typed; see `automl.cli.main.main`."""
    try:
        from automl.tuning.interruption import PRESSES

        PRESSES.listen()
        from automl.cli.main import main as run

        return run()
    except KeyboardInterrupt:  # while the command itself was being imported
        return 130
    finally:
        # The work is done, and its exit code known; nothing more can be broken off.
        signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())

"""What starts warm child processes, each with a connection for JSON messages: the base class."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from automl.engines.child import Child

#: How often it is looked whether a process whose connection is closed has ended, with a pause of so
#: many seconds before each look: together 10 s, after which it is taken to live on (own choice).
END_LOOKS, END_PAUSE = 2000, 0.005


class Processes(ABC):
    """Starts child processes and notices their ends.

    Attributes:
        import_seconds: How long importing TensorFlow and what goes with it took here and now, or
            0 while that is not known.
    """

    import_seconds: float = 0.0

    @abstractmethod
    def start(
        self,
        target: str,
        argument: Mapping[str, Any],
        log: Path | None = None,
        preload: Sequence[str] = (),
    ) -> Child:
        """Starts ``target`` (``module:function``) in a child, with a small JSON argument.

        Args:
            target: A function of a connection and the argument.
            argument: JSON values.
            log: File that the child's standard output and error are appended to.
            preload: Modules that this child needs, and later ones will, imported for all of them
                at once where they are forked from one process. They must run no operation.

        Returns:
            The child; it may still be on its way up.
        """

    @abstractmethod
    def notice(self) -> None:
        """Brings ``pid``, ``connection`` and ``exit_code`` of the children up to date."""

    def await_end(self, child: Child) -> None:
        """Waits for the exit code of a child whose connection is closed; it comes a little later.

        Looks are counted, not seconds, for whoever waits here may be stopped meanwhile.

        Args:
            child: The child. If it has closed its connection and lives on, it is given up.
        """
        for _ in range(END_LOOKS):
            if child.exit_code is not None:
                return
            time.sleep(END_PAUSE)
            self.notice()

    @abstractmethod
    def waitables(self) -> list[Any]:
        """What `multiprocessing.connection.wait` can wait on for the next notice."""

    @abstractmethod
    def close(self) -> None:
        """Kills every child and frees what was held."""

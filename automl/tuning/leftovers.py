"""What a driver that was killed has left in its run, which the next one removes."""

from __future__ import annotations

import re

from automl.common.root import writer_of
from automl.results.run_directory import RunDirectory
from automl.trial import TRIALS, folder_of_trial

#: Beside what was being written (`automl.common.root.writer_of`): bundles that were being exported
#: and raw check rows with them (`automl.tuning.finish`, `automl.export.new_process`), and models
#: under the names that earlier versions wrote them to.
_UNFINISHED = re.compile(r"\.best|\.check-.*|\.\d+\..+\.(keras|npy)")


def remove_leftovers(run: RunDirectory) -> None:
    """Removes what was not finished.

    Args:
        run: The run, locked by this process and with no trial running, so that nobody writes.

    Raises:
        RunError: A link is on the way.
        OSError: Something cannot be removed.
    """
    trials = [folder_of_trial(name) for name in run.root.names(TRIALS)]
    for folder in ("", "arrays", *trials):
        if folder and not run.root.is_folder(folder):
            continue
        for name in run.root.names(folder):
            if writer_of(name) is not None or _UNFINISHED.fullmatch(name):
                run.root.remove_tree(f"{folder}/{name}" if folder else name)

"""What a driver that was killed has left in its run, which the next one removes."""

from __future__ import annotations

import re

from automl.results.run_directory import RunDirectory

#: Files that were being written, and bundles that were being exported, raw check rows with them:
#: `automl.common.root.Root.write`, `automl.export.bundle_writing.write_bundle`,
#: `automl.training.saving.save_core`, `automl.tuning.finish`.
_UNFINISHED = re.compile(r"\..+\.\d+\.tmp|\.\d+\..+\.(keras|npy)|\.best|\.check-.*")


def remove_leftovers(run: RunDirectory) -> None:
    """Removes what was not finished.

    Args:
        run: The run, locked by this process and with no trial running, so that nobody writes.

    Raises:
        RunError: A link is on the way.
        OSError: Something cannot be removed.
    """
    trials = [f"trials/{name}" for name in run.root.names("trials")]
    for folder in ("", "arrays", *trials):
        if folder and not run.root.is_folder(folder):
            continue
        for name in run.root.names(folder):
            if _UNFINISHED.fullmatch(name):
                run.root.remove_tree(f"{folder}/{name}" if folder else name)

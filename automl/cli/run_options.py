"""The options about the run itself: of `search` where it is written, of `resume` what changes."""

from __future__ import annotations

from typing import Annotated

import typer

OUTPUT = "Run"

Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet",
        "-q",
        metavar="",
        help="Print nothing but the run's directory, at the end; search.log has the progress.",
    ),
]
KeepModels = Annotated[
    int,
    typer.Option(
        "--keep-models",
        help="How many of the best trials keep their model, for export.",
        rich_help_panel=OUTPUT,
    ),
]
MaxDisk = Annotated[
    str | None,
    typer.Option(
        "--max-disk",
        metavar="SIZE",
        help="Space on the disk that the run's directory may take: 500M, 4G. Models of the trials "
        "that rank last go first; what a resumption, the export of the best trial or the "
        "leaderboard needs stays, and where that does not fit the search stops. Default: no "
        "limit but --keep-models.",
        rich_help_panel=OUTPUT,
    ),
]
Grace = Annotated[
    str | None,
    typer.Option(
        "--grace",
        metavar="DURATION",
        help="After SIGTERM or SIGHUP: what runs is ended at once, and what is complete is scored "
        "and exported within this time. Give less than whoever sends it waits before it kills: "
        "Docker 10s, Slurm and Kubernetes 30s, systemd 90s. Default: 10s.",
        rich_help_panel=OUTPUT,
    ),
]
Storage = Annotated[
    str | None,
    typer.Option(
        "--storage",
        metavar="URL",
        help="Database for Optuna's study, such as sqlite:///studies.db or "
        "postgresql://user@host/name; its password is read from AUTOML_STORAGE_PASSWORD. "
        "Default: study.log in the run's directory, which is measured to be ten times faster "
        "than SQLite.",
        rich_help_panel=OUTPUT,
    ),
]
Study = Annotated[
    str | None,
    typer.Option(
        "--study",
        metavar="NAME",
        help="Of --storage, a study to share: every search with the same name, data and space "
        "runs trials of it, each in a directory of its own; --trials counts them all. "
        "Default: a study of this run's own.",
        rich_help_panel=OUTPUT,
    ),
]
Directory = Annotated[
    str | None,
    typer.Option(
        "--directory",
        "-d",
        metavar="PATH",
        help="The run's directory. Default: results/<name of the data>.",
        rich_help_panel=OUTPUT,
    ),
]

# ---- of a run that goes on

NewTrials = Annotated[
    int | None,
    typer.Option("--trials", "-n", help="New total number of trials. Default: as before."),
]
NewTime = Annotated[
    str | None,
    typer.Option(
        "--time",
        metavar="DURATION",
        help="New total wall clock: 90s, 10m, 1h30m. Default: as before.",
    ),
]
NewMemoryPerWorker = Annotated[
    str | None,
    typer.Option(
        "--memory-per-worker",
        metavar="SIZE",
        help="Memory that a worker may hold: 500M, 4G. Default: as before.",
    ),
]
NewMaxDisk = Annotated[
    str | None,
    typer.Option(
        "--max-disk",
        metavar="SIZE",
        help="Space on the disk that the run may take: 500M, 4G. Default: as before.",
    ),
]
SpaceAgain = Annotated[
    str | None,
    typer.Option(
        "--space",
        metavar="SPACE",
        help="The run's search space, where it is not an installed one and the run was not begun "
        "on this machine: my_space.py or module:attribute, which is then run. Default: as before.",
    ),
]
StorageAgain = Annotated[
    str | None,
    typer.Option(
        "--storage",
        metavar="URL",
        help="Database that the run's study is in, where the run was not begun on this machine; "
        "it is then opened. Default: as before.",
    ),
]
AddressAgain = Annotated[
    str | None,
    typer.Option(
        "--address",
        metavar="ADDRESS",
        help="The run's Ray cluster, where the run was not begun on this machine, or another one. "
        "Default: as before.",
    ),
]
NewWorkers = Annotated[
    int | None, typer.Option("--workers", "-w", help="Trials at once. Default: as before.")
]
NewDevice = Annotated[
    str | None,
    typer.Option("--device", metavar="NAME", help="auto, cpu or gpu. Default: as before."),
]

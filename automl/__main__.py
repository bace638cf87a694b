"""``python -m automl``: the console command where it is not on the path."""

from __future__ import annotations

import sys

from automl.cli.main import main

sys.exit(main())

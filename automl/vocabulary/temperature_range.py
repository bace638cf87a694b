"""Between which numbers a classifier's temperature lies; reading a run needs no NumPy for it."""

from __future__ import annotations

#: The least and the largest temperature (own choice). Where all rows are told right no probability
#: would be sharp enough, and the first row told wrong would pay.
LEAST, MOST = 0.2, 5.0

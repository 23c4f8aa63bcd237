"""Where the sample's published figures are found: store, months, business date."""

from datetime import date

SAMPLE_AS_OF = date(2025, 11, 30)
"""Business date of the sample: the first day on which October's first fix and May's churn are final."""

MAIN_STORE = "S001"
"""The store whose rows reproduce every published table."""

MAIN_REGION = "01"
"""Region of the main store; the printed regional benchmarks are this region's."""

CSS_MONTH = date(2025, 10, 1)
CSS_PREVIOUS_MONTH = date(2025, 9, 1)
MYSTERY_MONTH = date(2025, 10, 1)
CALLBACK_MONTH = date(2025, 4, 1)
COMPLAINT_MONTH = date(2025, 10, 1)
FIRST_FIX_MONTH = date(2025, 10, 1)
FILES_YEAR = 2025
"""January to September of this year carry the published on-file customers and active base."""

CHURN_MONTH = date(2025, 5, 1)

"""When the clock reminds somebody of something, and how often.

A day on which no job ran is made up for within :data:`GRACE_DAYS`; what is older than that is left to the
inbox, where it stands all the time.
"""

from __future__ import annotations

LOAN_DAYS = (-7, -1, 1, 7)
"""Days after the last day of a loan, before it when negative."""
GRACE_DAYS = 2
ANSWER_DAYS = 3
"""Working days before the last day on which idle flags can be answered."""
PHOTO_DAYS = 3
"""Days for which something is on offer before its missing photos are missed."""
REPEAT_DAYS = 7
"""Between two reminders of the same thing that stays undone: flags past their day, photos, proceeds."""
MOST_IN_DIGEST = 50
"""Messages written out in the mail of a day; of the others only the number is told."""

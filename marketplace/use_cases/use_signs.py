"""Signs of use: the one place where it is written down that an asset was in use on a day.

Whoever sees one says so here: loans, confirmations by hand, stocktakes, trips of vehicles.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from sqlalchemy import Select, update
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset
from marketplace.domain.idle import UseSign


def note(session: Session, assets: Collection[int] | Select[int], day: dt.date, sign: UseSign) -> None:
    """Note a sign of use of some assets, by their ids or a query; one older than is known changes nothing.

    It is no change of the card: version, search document and record stay as they are.
    """
    later = Asset.last_used_on.is_(None) | (Asset.last_used_on < day)
    seen = update(Asset).where(Asset.id.in_(assets), later).values(last_used_on=day, last_used_by=sign)
    session.execute(seen.execution_options(synchronize_session=False))

"""What is wrong in a form, for the list at its head."""

from __future__ import annotations

from collections.abc import Mapping

from marketplace.domain.errors import Invalid, RuleError
from marketplace.edge.i18n import message_of


def mistakes_in(error: RuleError | None, labels: Mapping[str, str]) -> list[dict[str, str]]:
    """Each field that can't be accepted, with its label and the reason; empty for other refusals."""
    if not isinstance(error, Invalid):
        return []
    return [
        {"field": place.field, "label": labels.get(place.field, ""), "message": message_of(place)}
        for place in error.fields
    ]

"""One language outside of a request: source texts translated, dates and figures as its readers write them.

Pages have Flask-Babel for this; jobs, and whatever is written for somebody who isn't there, have this.
Both read the same catalogues.
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from gettext import NullTranslations
from pathlib import Path

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal
from babel.support import Translations

from marketplace.config import ROOT

CATALOGUES = ROOT / "marketplace" / "translations"
SOURCE_LANGUAGE = "zh"
"""The language in which source texts are written; it needs no catalogue."""


class Texts:
    """What a reader of one language reads; a :class:`marketplace.domain.message_params.Reader`."""

    def __init__(self, locale: str, catalogues: Path = CATALOGUES) -> None:
        self.locale = Locale.parse(locale)
        self.tag = locale.replace("_", "-")
        """The language as HTML and mail name it."""
        self._catalogue = _load(self.locale.language, catalogues)

    def translate(self, source: str) -> str:
        """A source text in this language; itself where there is no translation."""
        # An empty text is the catalogue's own head.
        return self._catalogue.gettext(source) if source else source

    def day(self, value: dt.date) -> str:
        """2026年9月1日, September 1, 2026."""
        return format_date(value, long_day_pattern(self.locale), locale=self.locale)

    def number(self, value: int) -> str:
        """12,800."""
        return format_decimal(value, locale=self.locale)


def long_day_pattern(locale: Locale) -> str:
    """How running text writes a date."""
    return "yyyy年M月d日" if locale.language == SOURCE_LANGUAGE else "long"


@cache
def _load(language: str, catalogues: Path) -> NullTranslations:
    return NullTranslations() if language == SOURCE_LANGUAGE else Translations.load(catalogues, [language])

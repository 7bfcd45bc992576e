"""Marking and normalising text."""

from __future__ import annotations

import unicodedata


def N_(message: str) -> str:  # noqa: N802 - the conventional name for "translate later"
    """Mark a Chinese message for translation where no language is known yet; the edge translates it."""
    return message


def normalise(text: str) -> str:
    """Fold what people mean to be the same: full-width forms, case, runs of white space.

    Both what is indexed and what is asked for go through here, because the search engine does not
    fold full-width letters itself.
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def clean(text: str) -> str:
    """Text as it is kept: NFC, no control characters, trimmed; line breaks stay."""
    kept = "".join(
        c for c in unicodedata.normalize("NFC", text) if c in "\n\t" or unicodedata.category(c) != "Cc"
    )
    return kept.strip()

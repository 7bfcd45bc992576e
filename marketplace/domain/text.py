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
    """Text as it is kept: NFC, trimmed, nothing that can't be stored or exchanged; line breaks stay.

    Control characters, halves of surrogate pairs and the two non-characters at the end of the basic
    plane go: databases or XML refuse them.
    """
    if text.isprintable() and unicodedata.is_normalized("NFC", text):
        return text.strip()
    kept = "".join(c for c in text if c in "\n\t" or _may_stay(c))
    return unicodedata.normalize("NFC", kept).strip()


def _may_stay(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cs") and character not in "\ufffe\uffff"

"""Icons of the sprite; ``static/src/icons.txt`` names those there are."""

from __future__ import annotations

from functools import lru_cache

from markupsafe import Markup

from marketplace.web.assets_manifest import asset_url

_ICON = Markup('<svg class="icon{css}"{says}><use href="{sprite}#{name}"></use></svg>')
_LABEL, _HIDDEN = Markup(' role="img" aria-label="{}"'), Markup(' aria-hidden="true"')


def draw(name: str, label: str = "", css: str = "") -> Markup:
    """One icon; with a label it speaks for itself. A page has a hundred, so each is put together once."""
    return _drawn(asset_url("icons.svg"), name, label, css)


@lru_cache(maxsize=1_000)
def _drawn(sprite: str, name: str, label: str, css: str) -> Markup:
    says = _LABEL.format(label) if label else _HIDDEN
    return _ICON.format(css=f" {css}" if css else "", says=says, sprite=sprite, name=name)

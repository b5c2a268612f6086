"""A named-entity tagger: `nertagger.load("en")(text).entities`, without TensorFlow."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nertagger.runtime.tagger import Tagger, load
    from nertagger.text.document import Document, Entity, Token

__all__ = ["Document", "Entity", "Tagger", "Token", "__version__", "load"]

__version__ = "0.1.0"

_HOMES = {
    "load": "nertagger.runtime.tagger",
    "Tagger": "nertagger.runtime.tagger",
    "Document": "nertagger.text.document",
    "Entity": "nertagger.text.document",
    "Token": "nertagger.text.document",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])

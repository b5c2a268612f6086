"""The recurrent cells: their equations, the Keras cells and layers made of them.

`equations` and `numpy_ops` need NumPy alone, `backpropagation` too; the names that need Keras are
imported when they are first asked for.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "SimpleRNNCell": "cells",
    "LSTMCell": "cells",
    "PeepholeLSTMCell": "cells",
    "CoupledLSTMCell": "cells",
    "GRUCell": "cells",
    "SimpleRNN": "layers",
    "LSTM": "layers",
    "PeepholeLSTM": "layers",
    "CoupledLSTM": "layers",
    "GRU": "layers",
    "LAYERS": "layers",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])

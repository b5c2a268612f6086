"""One thread for matrix products: a tagger's are small, and its processes share the cores."""

from __future__ import annotations

import os
from collections.abc import MutableMapping

_VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def use_one_blas_thread(environment: MutableMapping[str, str] | None = None) -> None:
    """Says so in the environment, which NumPy reads when it is imported; other settings stay.

    Args:
        environment: of a process to be started; this one's if it is None.
    """
    environment = os.environ if environment is None else environment
    for variable in _VARIABLES:
        environment.setdefault(variable, "1")

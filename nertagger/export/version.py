"""What `nertagger export` does: a model's next version, with a SavedModel."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from nertagger.errors import InputError
from nertagger.runtime.directory import ASSETS, find_model, read_model, versions
from nertagger.silence import import_keras
from nertagger.writing import atomic_directory


def export_model(
    model: str | os.PathLike[str] | None = None, output: str | os.PathLike[str] | None = None
) -> Path:
    """Writes a version of a model that TensorFlow Serving can load, all of it or nothing.

    Args:
        model: a name, a base directory (its highest version is meant) or one version of it.
        output: the base directory to write to; without it the model's own.

    Returns:
        The new version's directory, <base>/<highest + 1>.

    Raises:
        InputError: there is no such model, it cannot be used, or `output` cannot be one.
    """
    source = find_model(model).resolve()
    base = _base(source) if output is None else Path(output)
    for place in (base, *base.parents):
        if place.exists() and not place.is_dir():
            raise InputError("a file; --output expects a directory, new or of a model", place)
    config, encoder, tensors = read_model(source)[1:]
    import_keras()
    from nertagger.export.saved_model import export_saved_model

    made = [place for place in (base, *base.parents) if not place.exists()]
    base.mkdir(parents=True, exist_ok=True)
    try:
        version = base / str(max(versions(base), default=0) + 1)
        with atomic_directory(version) as directory:
            shutil.copytree(source / ASSETS, directory / ASSETS)
            export_saved_model(directory, config, encoder, tensors)
    except BaseException:
        for place in made:
            with contextlib.suppress(OSError):
                place.rmdir()
        raise
    return version


def _base(version: Path) -> Path:
    if not (version.name.isascii() and version.name.isdecimal()):
        raise InputError(
            "is no numbered version of a model, so that the next one has no place; "
            "say where to write with --output",
            version,
        )
    return version.parent

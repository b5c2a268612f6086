"""Fetches the files of a collection from a Git repository, file by file, at a pinned commit."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

from nertagger.corpora.column_layout import rewrite_columns
from nertagger.corpora.git_repository import GitRepository
from nertagger.corpora.public import GitCollection, GitFile
from nertagger.errors import InputError
from nertagger.writing import atomic_file


def fetch_from_git(
    collection: GitCollection,
    folder: Path,
    progress: Callable[[GitFile, int, int | None], None] | None = None,
) -> None:
    """Fetches the files that are not in the folder yet, in this project's columns.

    A file that is there stays when a later one fails. Which commit a file is of, and the SHA-256 of
    what was written, stand beside it in a hidden file; one that does not agree with both is fetched
    again.

    Args:
        collection: what to fetch.
        folder: where to keep it; it is made if need be.
        progress: called with each file, how many bytes of it have come, and how many there are once
            that is known.

    Raises:
        InputError: there is no git; the repository, the commit or a file of it cannot be fetched;
            or something is not what the commit's hash says, in which case nothing of it is left.
    """
    missing = [file for file in collection.files if not _is_there(collection, file, folder)]
    if not missing:
        return
    folder.mkdir(parents=True, exist_ok=True)
    objects = folder / ".repository"
    try:
        repository = GitRepository(objects, collection.url, collection.commit)
        repository.fetch_trees()
        for file in missing:
            _fetch_file(repository, collection, file, folder, progress)
    finally:
        shutil.rmtree(objects, ignore_errors=True)
        with contextlib.suppress(OSError):
            folder.rmdir()


def _fetch_file(
    repository: GitRepository,
    collection: GitCollection,
    file: GitFile,
    folder: Path,
    progress: Callable[[GitFile, int, int | None], None] | None,
) -> None:
    if file.suffix:
        ids = repository.files_in(file.path, file.suffix)
    else:
        ids = {file.path: repository.file_id(file.path)}
    size, sentences = 0, False
    digest = hashlib.sha256()
    if progress:
        progress(file, 0, None)
    with atomic_file(folder / file.name, "wb") as target:
        contents = repository.fetch_contents(ids.values())
        for path, content in zip(ids, contents, strict=True):
            for line in rewrite_columns(content, collection.layout, path, bool(file.suffix)):
                data = line.encode()
                digest.update(data)
                target.write(data)
                sentences = True
            size += len(content)
            if progress:
                progress(file, size, None)
        if not sentences:
            raise InputError(f"{collection.url} has no sentence in {file.path}; nothing was kept")
    with atomic_file(_pin_path(folder, file)) as text:
        json.dump(_pin(collection, file) | {"sha256": digest.hexdigest()}, text, indent=2)
        text.write("\n")
    if progress:
        progress(file, size, size)


def _is_there(collection: GitCollection, file: GitFile, folder: Path) -> bool:
    try:
        with _pin_path(folder, file).open(encoding="utf-8") as text:
            pin = json.load(text)
        with (folder / file.name).open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
    except (OSError, ValueError):
        return False
    return pin == _pin(collection, file) | {"sha256": digest}


def _pin(collection: GitCollection, file: GitFile) -> dict[str, str]:
    return {
        "url": collection.url,
        "commit": collection.commit,
        "path": file.path,
        "layout": repr(collection.layout),
    }


def _pin_path(folder: Path, file: GitFile) -> Path:
    return folder / f".{file.name}.pin"

"""Fetches public corpora and vectors from their homes into the user's cache."""

from __future__ import annotations

import contextlib
import os
import shutil
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any

from nertagger.corpora.git_fetching import fetch_from_git
from nertagger.corpora.public import GitCollection, GitFile, PublicCollection, PublicFile
from nertagger.errors import InputError
from nertagger.writing import atomic_file

_CHUNK = 1 << 16
_TIMEOUT = 30.0
_PARTIAL_CONTENT = 206
_RANGE_NOT_SATISFIABLE = 416


def cache_directory() -> Path:
    """Where fetched files are kept: $NERTAGGER_CACHE, or the system's folder for a user's caches.

    Raises:
        InputError: pooch, the extra `data`, is not installed.
    """
    chosen = os.environ.get("NERTAGGER_CACHE")
    return Path(chosen).expanduser() if chosen else Path(_pooch().os_cache("nertagger"))


def fetched_files(collection: PublicCollection | GitCollection, cache: Path) -> list[Path]:
    """Where the files of a collection are, or will be, in a cache."""
    folder = cache / collection.name
    return [folder / file.kept_as for file in collection.files]


def fetch(
    collection: PublicCollection | GitCollection,
    cache: Path,
    progress: Callable[[PublicFile | GitFile, int, int | None], None] | None = None,
) -> list[Path]:
    """Fetches what is not in the cache yet.

    A download that broke off goes on where it stopped, if the server can do that, or else with the
    file that it stopped at. A file gets its name only after its hash has been checked.

    Args:
        collection: what to fetch.
        cache: the folder to keep it in; it is made if need be.
        progress: called now and then with each file, the number of its bytes that are there, and
            of all its bytes, which for Git is known only once they are there.

    Returns:
        The files, or what was extracted from them, in the order of `collection.files`.

    Raises:
        InputError: a file cannot be fetched, or is not the one that was pinned, in which case
            nothing of it is left; or pooch or git, whichever it needs, is not installed.
    """
    folder = cache / collection.name
    if isinstance(collection, GitCollection):
        fetch_from_git(collection, folder, progress)
        return fetched_files(collection, cache)
    pooch = _pooch()
    for file, wanted in zip(collection.files, fetched_files(collection, cache), strict=True):
        if file.member and wanted.is_file():
            continue
        folder.mkdir(parents=True, exist_ok=True)
        try:
            path = pooch.retrieve(
                file.url,
                known_hash=f"sha256:{file.sha256}",
                fname=file.name,
                path=folder,
                downloader=_Downloader(folder / f".{file.name}.part", file, progress),
            )
        except (urllib.error.URLError, HTTPException, ConnectionError, TimeoutError) as error:
            raise InputError(
                f"{file.url} cannot be fetched: {_reason(error)}; the same command tries again, "
                "and goes on from where it stopped"
            ) from None
        except ValueError as error:
            if "hash" not in str(error).lower():
                raise
            with contextlib.suppress(OSError):
                folder.rmdir()
            raise InputError(
                f"{file.url} is not the file that was pinned, its SHA-256 is not {file.sha256}; "
                "nothing was kept. It may have been changed at its home, or on the way here"
            ) from None
        if file.member:
            _extract(Path(path), file.member, wanted)
    return fetched_files(collection, cache)


class _Downloader:
    """Downloads for pooch, and goes on with a part that is there already.

    The part goes once it is whole: whether it is right is then pooch's to find out.
    """

    def __init__(
        self,
        part: Path,
        file: PublicFile,
        progress: Callable[[PublicFile, int, int | None], None] | None,
    ):
        self.part = part
        self.file = file
        self.progress = progress

    def __call__(self, url: str, output_file: Any, pooch: Any) -> None:
        with self._open(url) as response, self.part.open(self._mode(response)) as part:
            size = part.tell()
            while chunk := response.read(_CHUNK):
                part.write(chunk)
                size += len(chunk)
                if self.progress:
                    self.progress(self.file, size, self.file.size)
                if size > self.file.size:
                    break
        if size < self.file.size:
            raise urllib.error.URLError(
                f"the connection broke off after {size:,} of {self.file.size:,} bytes"
            )
        os.replace(self.part, output_file)

    def _open(self, url: str) -> Any:
        have = self.part.stat().st_size if self.part.is_file() else 0
        if have:
            request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"})
            try:
                return urllib.request.urlopen(request, timeout=_TIMEOUT)
            except urllib.error.HTTPError as error:
                if error.code != _RANGE_NOT_SATISFIABLE:
                    raise
                error.close()
        return urllib.request.urlopen(url, timeout=_TIMEOUT)

    @staticmethod
    def _mode(response: Any) -> str:
        return "ab" if response.status == _PARTIAL_CONTENT else "wb"


def _extract(archive: Path, member: str, target: Path) -> None:
    with (
        zipfile.ZipFile(archive) as files,
        files.open(member) as source,
        atomic_file(target, "wb") as file,
    ):
        shutil.copyfileobj(source, file, _CHUNK)
    archive.unlink()


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server says {error.code} {error.reason}"
    if isinstance(error, urllib.error.URLError):
        return str(error.reason)
    return str(error) or type(error).__name__


def _pooch() -> Any:
    try:
        import pooch
    except ImportError:
        raise InputError(
            "fetching corpora needs pooch; install it with: pip install 'nertagger[data]'"
        ) from None
    pooch.get_logger().setLevel("WARNING")
    return pooch

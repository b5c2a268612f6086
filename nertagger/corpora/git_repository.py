"""Objects of a Git repository at one commit, each checked against the hash that names it.

The id of a commit is a hash over its text, which holds the id of a tree; a tree holds the ids of
further trees and of the files' contents. So whoever checks each object against its id, from the
commit down to a file, knows that the file is the one that was pinned, whoever sent it. The user's
`git` brings the objects; the checks are made here, and do not rely on it or on the server.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from nertagger.errors import InputError

_STALL_SECONDS = 60
_TIMEOUT = 3600.0
_AT_ONCE = 256
_FILE_MODES = (b"100644", b"100755")
_TREE_MODE = b"40000"
_HASH_BYTES = 20
_KEPT_VARIABLES = ("GIT_EXEC_PATH", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH")


class _Entry(NamedTuple):
    mode: bytes
    id: str


class GitRepository:
    """A bare repository that holds only what was asked for of another one.

    Nothing is checked out, so no filter runs; no hook runs; and neither the user's configuration
    nor the system's is read.

    Args:
        folder: where to make it; what is there is removed first.
        url: of the other repository.
        commit: the commit's id, 40 hexadecimal digits.

    Raises:
        InputError: there is no `git`, or it cannot make a repository.
    """

    def __init__(self, folder: Path, url: str, commit: str):
        git = shutil.which("git")
        if git is None:
            raise InputError(
                f"fetching {url} needs git, which is not on the PATH; install it: "
                "https://git-scm.com"
            )
        self._git = git
        self._folder = folder.absolute()
        self._url = url
        self._commit = commit
        self._trees: dict[str, dict[bytes, _Entry]] = {}
        shutil.rmtree(folder, ignore_errors=True)
        self._run("init", "--quiet", "--bare", "--template=", str(self._folder))
        self._run("config", "remote.origin.url", url)
        self._run("config", "remote.origin.promisor", "true")

    def fetch_trees(self) -> None:
        """Fetches the commit and its trees, without the files' contents.

        Raises:
            InputError: the server cannot be reached, or has no such commit.
        """
        self._fetch([self._commit])

    def file_id(self, path: str) -> str:
        """The id of the content of a file.

        Raises:
            InputError: there is no such file, or an object on the way is not what its id says.
        """
        folder, _, name = path.rpartition("/")
        entry = self._tree(folder).get(name.encode())
        if entry is None or entry.mode not in _FILE_MODES:
            raise InputError(f"{self._url} has no file {path} at commit {self._commit}")
        return entry.id

    def files_in(self, folder: str, suffix: str) -> dict[str, str]:
        """The ids of the files right in a folder whose names end so, by path, in order.

        Raises:
            InputError: there is none, or an object on the way is not what its id says.
        """
        found = {
            f"{folder}/{name.decode(errors='backslashreplace')}": entry.id
            for name, entry in sorted(self._tree(folder).items())
            if entry.mode in _FILE_MODES and name.endswith(suffix.encode())
        }
        if not found:
            raise InputError(f"{self._url} has no file {folder}/*{suffix} at commit {self._commit}")
        return found

    def fetch_contents(self, ids: Iterable[str]) -> Iterator[bytes]:
        """Fetches the contents of files, and yields each, in order, once its hash has been checked.

        Raises:
            InputError: the server cannot be reached, or a content is not what its id says.
        """
        ids = list(ids)
        for begin in range(0, len(ids), _AT_ONCE):
            wanted = ids[begin : begin + _AT_ONCE]
            self._fetch(wanted)
            yield from self._objects(wanted, "blob")

    def _tree(self, path: str) -> dict[bytes, _Entry]:
        if path not in self._trees:
            if path:
                above, _, name = path.rpartition("/")
                entry = self._tree(above).get(name.encode())
                if entry is None or entry.mode != _TREE_MODE:
                    raise InputError(f"{self._url} has no folder {path} at commit {self._commit}")
                tree = entry.id
            else:
                (text,) = self._objects([self._commit], "commit")
                tree = text.split(b"\n", 1)[0].removeprefix(b"tree ").decode()
            (content,) = self._objects([tree], "tree")
            self._trees[path] = dict(_entries(content))
        return self._trees[path]

    def _fetch(self, ids: list[str]) -> None:
        options = ("--quiet", "--no-tags", "--depth=1", "--filter=blob:none")
        self._run("fetch", *options, "origin", *ids)

    def _objects(self, ids: list[str], kind: str) -> Iterator[bytes]:
        output = self._run("cat-file", "--batch", given="".join(f"{id}\n" for id in ids))
        position = 0
        for id in ids:
            # Each object comes as "<id> <kind> <size>" LF content LF, or as "<id> missing" LF.
            end = output.find(b"\n", position)
            words = output[position:end].split() if end >= 0 else []
            if len(words) != 3 or not words[2].isdigit():
                raise InputError(f"{self._url} did not send the {kind} {id}; nothing was kept")
            begin, size = end + 1, int(words[2])
            content = output[begin : begin + size]
            self._check(content, kind, id)
            yield content
            position = begin + size + 1

    def _check(self, content: bytes, kind: str, id: str) -> None:
        # SHA-1 is what Git names its objects by; there is no choice.
        actual = hashlib.sha1(b"%b %d\0" % (kind.encode(), len(content)), usedforsecurity=False)
        actual.update(content)
        if actual.hexdigest() != id:
            raise InputError(
                f"{self._url} at commit {self._commit} is not what was pinned, the hash of a "
                f"{kind} is {actual.hexdigest()}, not {id}; nothing was kept. It may have been "
                "changed at its home, or on the way here"
            )

    def _run(self, *arguments: str, given: str = "") -> bytes:
        settings = (
            f"core.hooksPath={os.devnull}",
            "core.askPass=",
            "credential.helper=",
            "gc.auto=0",
            "maintenance.auto=false",
            "protocol.version=2",
            "http.lowSpeedLimit=1",
            f"http.lowSpeedTime={_STALL_SECONDS}",
        )
        options = [word for setting in settings for word in ("-c", setting)]
        command = [self._git, *options, "--git-dir", str(self._folder), *arguments]
        try:
            done = subprocess.run(
                command,
                input=given.encode(),
                capture_output=True,
                timeout=_TIMEOUT,
                check=False,
                env=self._environment(),
                cwd=self._folder.parent,
            )
        except subprocess.TimeoutExpired:
            raise self._failure(f"git took longer than {_TIMEOUT:.0f} s") from None
        except OSError as error:
            raise self._failure(f"{self._git} cannot be run: {error.strerror or error}") from None
        if done.returncode:
            raise self._failure(_reason(done.stderr) or f"git exited with {done.returncode}")
        return done.stdout

    def _environment(self) -> dict[str, str]:
        environment = {
            name: value
            for name, value in os.environ.items()
            if name in _KEPT_VARIABLES or not name.startswith(("GIT_", "SSH_ASKPASS"))
        }
        return environment | {
            "GIT_ALLOW_PROTOCOL": self._url.partition(":")[0],
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "LC_ALL": "C",
        }

    def _failure(self, reason: str) -> InputError:
        return InputError(
            f"{self._url} cannot be fetched at commit {self._commit}: {reason}; "
            "the same command tries again"
        )


def _entries(tree: bytes) -> Iterator[tuple[bytes, _Entry]]:
    """Name and entry of each file and folder in a tree: "<mode> <name>" NUL, the id's 20 bytes."""
    position = 0
    while position < len(tree):
        end = tree.index(b"\0", position)
        mode, _, name = tree[position:end].partition(b" ")
        position = end + 1 + _HASH_BYTES
        yield name, _Entry(mode, tree[end + 1 : position].hex())


def _reason(errors: bytes) -> str:
    """What git says is wrong, in a line, without what a terminal would take for a command."""
    lines = [line.strip() for line in errors.decode(errors="replace").splitlines() if line.strip()]
    worst = [line for line in lines if line.startswith(("fatal: ", "error: "))] or lines[-1:]
    line = worst[0].split(": ", 1)[-1] if worst else ""
    return "".join(character if character.isprintable() else " " for character in line).rstrip(".")

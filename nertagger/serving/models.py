"""Models and their versions: which are served, loading new ones, letting old ones go.

A thread looks at the folders. A new version is loaded while the old one goes on serving, and takes
over when it is ready; the old one goes when its last request is answered.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nertagger.errors import InputError
from nertagger.serving.servable import Servable
from nertagger.serving.status import StatusError, invalid_argument

log = logging.getLogger("nertagger.serving")

SAVED_MODEL_FILES = ("saved_model.pb", "saved_model.pbtxt")

START, LOADING, AVAILABLE, UNLOADING, END = "START", "LOADING", "AVAILABLE", "UNLOADING", "END"


@dataclass(frozen=True)
class ModelConfig:
    """A model to serve.

    Attributes:
        name: the name in the URL.
        base_path: the folder whose numbered folders are its versions, or one of them.
        latest: how many of the highest versions are served.
        every: whether all versions are.
        specific: the versions that are, if they are named.
        labels: names for versions.
    """

    name: str
    base_path: Path
    latest: int = 1
    every: bool = False
    specific: tuple[int, ...] = ()
    labels: dict[str, int] = field(default_factory=dict)

    def wanted(self) -> dict[int, Path]:
        """The versions to serve now, and their folders."""
        found = find_versions(self.base_path)
        if self.every:
            return found
        if self.specific:
            return {version: found[version] for version in self.specific if version in found}
        return {version: found[version] for version in sorted(found)[-max(self.latest, 1) :]}


def find_versions(base: Path) -> dict[int, Path]:
    """The SavedModels in a folder, by number; a folder that is one itself is the only one."""
    if _is_saved_model(base):
        name = base.resolve().name
        return {int(name) if name.isdecimal() and name.isascii() else 1: base}
    try:
        children = sorted(base.iterdir())
    except OSError:
        return {}
    return {
        int(child.name): child
        for child in children
        if child.name.isascii() and child.name.isdecimal() and _is_saved_model(child)
    }


def _is_saved_model(path: Path) -> bool:
    return any((path / name).is_file() for name in SAVED_MODEL_FILES)


class _Version:
    """A version of a model, and how many requests are using it."""

    def __init__(self, path: Path):
        self.path = path
        self.state = START
        self.error: StatusError | None = None
        self.servable: Servable | None = None
        self.uses = 0
        # A version that failed is tried again only when its files have changed.
        self.stamp = _stamp(path)


def _stamp(path: Path) -> tuple:
    try:
        files = sorted(path.glob("*")) + sorted((path / "variables").glob("*"))
        return tuple((f.name, f.stat().st_size, f.stat().st_mtime_ns) for f in files)
    except OSError:
        return ()


class ModelManager:
    """The models that are served.

    Args:
        configs: the models.
        load: makes a servable of a name, a version and a folder.
        poll_seconds: between two looks at the folders; 0 looks once.
    """

    def __init__(
        self,
        configs: Sequence[ModelConfig],
        load: Callable[[str, int, Path], Servable] = Servable,
        poll_seconds: float = 1.0,
    ):
        self.configs = {config.name: config for config in configs}
        self._load = load
        self._poll_seconds = poll_seconds
        self._versions: dict[str, dict[int, _Version]] = {name: {} for name in self.configs}
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Loads every model, and then watches for new versions.

        Raises:
            InputError: a model has no version that can be loaded.
        """
        self.poll()
        for name, config in self.configs.items():
            states = self._versions[name].values()
            if not any(version.state == AVAILABLE for version in states):
                reason = next((v.error.message for v in states if v.error), "no version in it")
                self.stop()
                raise InputError(f"model {name!r}: {reason}", config.base_path)
        if self._poll_seconds > 0:
            self._thread = threading.Thread(target=self._watch, name="versions", daemon=True)
            self._thread.start()

    def _watch(self) -> None:
        while not self._stopping.wait(self._poll_seconds):
            try:
                self.poll()
            except Exception:
                log.exception("looking for new versions failed; will look again")

    def poll(self) -> None:
        """Loads the versions that are wanted and not there, then lets go of the others."""
        for name, config in self.configs.items():
            if not config.base_path.is_dir():
                # A folder that is gone for a moment must not take the model with it.
                continue
            wanted = config.wanted()
            known = self._versions[name]
            for number in sorted(wanted):
                present = known.get(number)
                if present and present.state == AVAILABLE:
                    continue
                if present and present.error and present.stamp == _stamp(wanted[number]):
                    continue
                self._load_version(name, number, wanted[number])
            served = [n for n in wanted if known[n].state == AVAILABLE]
            for number, version in list(known.items()):
                gone = number not in wanted and version.state == AVAILABLE
                # Rather an old version than none.
                if gone and (served or not wanted):
                    self._unload(name, number, version)

    def _load_version(self, name: str, number: int, path: Path) -> None:
        version = _Version(path)
        version.state = LOADING
        with self._changed:
            self._versions[name][number] = version
        try:
            servable = self._load(name, number, path)
            try:
                servable.warm_up()
            except StatusError as error:
                log.warning("%s version %d: warm-up failed: %s", name, number, error)
        except StatusError as error:
            version.error = error
            version.state = END
            # At the start, the exception says it.
            if self._thread:
                log.error("%s version %d: %s", name, number, error.message)
            return
        with self._changed:
            version.servable = servable
            version.state = AVAILABLE
        log.info("%s version %d is served from %s", name, number, path)

    def _unload(self, name: str, number: int, version: _Version) -> None:
        with self._changed:
            version.state = UNLOADING
            self._changed.wait_for(lambda: version.uses == 0)
            servable, version.servable = version.servable, None
            version.state = END
        if servable:
            servable.close()
        log.info("%s version %d is no longer served", name, number)

    def version_of_label(self, name: str, label: str) -> int:
        """The version that a label names.

        Raises:
            StatusError: there is no such label.
        """
        config = self.configs.get(name)
        if config is None or label not in config.labels:
            raise invalid_argument("Unrecognized servable version label: ", label)
        return config.labels[label]

    @contextlib.contextmanager
    def use(self, name: str, number: int | None = None) -> Iterator[Servable]:
        """A servable, which stays loaded while it is in use.

        Args:
            name: of the model.
            number: of the version; without it, the highest one that is loaded.

        Raises:
            StatusError: it is not there.
        """
        with self._changed:
            versions = self._versions.get(name, {})
            available = [n for n, version in versions.items() if version.state == AVAILABLE]
            chosen = max(available, default=None) if number is None else number
            if chosen is None or chosen not in available:
                request = f"Latest({name})" if number is None else f"Specific({name}, {number})"
                raise StatusError("NOT_FOUND", f"Servable not found for request: {request}")
            version = versions[chosen]
            version.uses += 1
        try:
            assert version.servable is not None
            yield version.servable
        finally:
            with self._changed:
                version.uses -= 1
                self._changed.notify_all()

    def status(self, name: str, number: int | None = None) -> Any:
        """The states of a model's versions, the highest first: a GetModelStatusResponse.

        Raises:
            StatusError: there is no such model or version.
        """
        from tensorflow_serving.apis import get_model_status_pb2

        with self._changed:
            versions = dict(self._versions.get(name, {}))
        if number is not None:
            if number not in versions:
                raise StatusError("NOT_FOUND", f"Could not find version {number} of model {name}")
            versions = {number: versions[number]}
        if not versions:
            raise StatusError("NOT_FOUND", f"Could not find any versions of model {name}")
        response = get_model_status_pb2.GetModelStatusResponse()
        for key in sorted(versions, reverse=True):
            version = versions[key]
            entry = response.model_version_status.add()
            entry.version = key
            entry.state = get_model_status_pb2.ModelVersionStatus.State.Value(version.state)
            # Set even if it is OK, so that it is there to be written.
            entry.status.error_code = 0
            if version.error:
                from nertagger.serving.status import CODES

                entry.status.error_code = CODES.index(version.error.code)
                entry.status.error_message = version.error.message
        return response

    def ready(self) -> dict[str, list[int]]:
        """The versions that are served, by model."""
        with self._changed:
            return {
                name: sorted(n for n, version in versions.items() if version.state == AVAILABLE)
                for name, versions in self._versions.items()
            }

    def stop(self) -> None:
        """Stops watching, waits for what is in use, and unloads everything."""
        self._stopping.set()
        if self._thread:
            self._thread.join()
        for name, versions in self._versions.items():
            for number, version in versions.items():
                if version.state == AVAILABLE:
                    self._unload(name, number, version)

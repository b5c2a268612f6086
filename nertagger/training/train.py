"""From corpora to a new version of a model: what `nertagger train` does."""

from __future__ import annotations

import contextlib
import fcntl
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from nertagger.errors import InputError
from nertagger.evaluation.evaluate import evaluate
from nertagger.evaluation.label_map import map_labels
from nertagger.models.architecture import Architecture
from nertagger.silence import import_keras
from nertagger.text.document import Document
from nertagger.training.contexts import CONTEXT_SKIPPED
from nertagger.training.dataset import CHARACTERS_PER_TOKEN, Dataset, read_dataset
from nertagger.training.options import TrainingOptions
from nertagger.training.temperature import fitting_temperature
from nertagger.writing import atomic_file

WORKING = ".training"


def train(
    options: TrainingOptions,
    resume: bool = False,
    console: Console | None = None,
    export: Callable[..., None] | None = None,
) -> dict[str, Any]:
    """Trains a tagger and writes it as the next version of its model directory.

    Args:
        options: what to train, on what.
        resume: go on from where the last training with the same options was stopped.
        console: for progress; stderr by default.
        export: see `model_directory.write_model_directory`.

    Returns:
        `model` (the directory written), `name`, `scores` (of its best epoch on dev), `epoch` and
        `interrupted`.

    Raises:
        InputError: an input that cannot be used, or an interruption before the first epoch ended.
    """
    console = console or Console(stderr=True)

    def log(line: str) -> None:
        console.print(line, highlight=False, markup=False, soft_wrap=True)

    if options.output:
        base = Path(options.output)
        _check_base(base)
    dataset = read_dataset(options, log)
    if not options.output:
        base = Path("saved_models") / dataset.name
        _check_base(base)
    options = options.for_corpus(len(dataset.offsets) - 1)
    architecture = architecture_of(options, dataset)
    working = base / WORKING
    with _directory(base), _lock(working):
        _prepare(working, options, dataset, resume, log)
        log("loading Keras")
        import_keras()
        from nertagger.runtime.tagger import Tagger
        from nertagger.training.fit import fit
        from nertagger.training.model_directory import configuration, write_model_directory

        name = base.resolve().name
        config = configuration(
            name,
            architecture.to_dict(),
            dataset.labels,
            dataset.scheme,
            {},
            {},
            options.name_agreement,
            options.least_score,
            dataset.encoder.misspellings,
        )

        def tagger_of(tensors: Mapping[str, np.ndarray], temperature: float = 1.0) -> Tagger:
            return Tagger(config | {"temperature": temperature}, dataset.encoder, tensors)

        fitted = fit(architecture, dataset, options, working, tagger_of, console)
        if fitted.tensors is None:
            raise InputError("interrupted before the first epoch was finished; nothing was written")
        tensors = fitted.tensors
        log("making the scores probabilities, on dev")

        def tagged(temperature: float, least_score: float = 0.0) -> list[Document]:
            tagger = tagger_of(tensors, temperature)
            tagger.least_score = least_score
            return map_labels(tagger.pipe(d.text for d in dataset.dev), dataset.dev_map)

        # All that is found says how sure the network should be, whatever will be told of it.
        config["temperature"] = fitting_temperature(tagged, dataset.dev)
        scores = evaluate(dataset.dev, tagged(config["temperature"], options.least_score))
        best = max(fitted.history, key=lambda row: row["dev_f1"])
        config["training"] = {
            "options": options.to_values(),
            "corpus": dataset.name,
            "corpora": dataset.corpora,
            "dev": dataset.dev_name,
            "sentences": len(dataset.offsets) - 1,
            "tokens": int(dataset.offsets[-1]),
            "fingerprint": dataset.fingerprint,
            "epoch": best["epoch"],
            "epochs": len(fitted.history),
        }
        config["scores"] = {
            key: scores[key] for key in ("micro", "macro", "per_type", "calibration")
        }
        version, notes = write_model_directory(
            base, config, dataset.encoder, tensors, fitted.history, export
        )
        for note in notes:
            log(note)
        if not fitted.interrupted:
            shutil.rmtree(working)
    return {
        "model": str(version),
        "name": name,
        "epoch": best["epoch"],
        "scores": config["scores"],
        "interrupted": fitted.interrupted,
    }


def architecture_of(options: TrainingOptions, dataset: Dataset) -> Architecture:
    """The architecture that the options ask for, at the sizes that the dataset has."""
    encoder, vectors = dataset.encoder, dataset.vectors
    count, dimension = (0, 0) if vectors is None else (len(vectors.codes), vectors.dimension)
    try:
        return Architecture(
            tags=dataset.tags,
            vocabulary_size=encoder.vocabulary.size,
            cell=options.cell,
            activation=options.activation,
            units=options.units,
            layers=options.layers,
            head=options.head,
            word_encoding=options.word_encoding,
            word_dimension=options.word_dimension or dimension or 100,
            character_encoding=options.characters,
            character_count=encoder.characters.size if encoder.characters is not None else 2,
            characters_per_token=CHARACTERS_PER_TOKEN,
            vector_count=count,
            vector_dimension=dimension,
            case_count=encoder.case_count,
            context_dimension=options.context_dimension if count else 0,
            context_skipped=CONTEXT_SKIPPED if count and options.context_dimension else 0,
            dropout=options.dropout,
            recurrent_dropout=options.recurrent_dropout,
            l2=options.l2,
        )
    except ValueError as error:
        raise InputError(str(error)) from None


def _check_base(base: Path) -> None:
    if base.exists() and not base.is_dir():
        raise InputError("a file; --output expects a directory, new or of a model", base)


@contextlib.contextmanager
def _directory(base: Path) -> Iterator[None]:
    """Makes `base`, and takes it away again if nothing came to stay in it."""
    made = [path for path in (base, *base.parents) if not path.exists()]
    try:
        base.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"cannot be made ({error.strerror}); expected a directory to write to", base
        ) from None
    try:
        yield
    finally:
        for path in made:
            # Fails, as it should, where something is in it.
            with contextlib.suppress(OSError):
                path.rmdir()


@contextlib.contextmanager
def _lock(working: Path) -> Iterator[None]:
    try:
        working.mkdir(exist_ok=True)
        file = open(working / "lock", "w")  # noqa: SIM115
    except OSError as error:
        raise InputError(f"cannot be written to ({error.strerror})", working) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError(
                "another training is at work here; wait for it, or use another --output", working
            ) from None
        try:
            yield
        finally:
            # Kept where there is a checkpoint to go on from.
            if working.exists() and not (working / "checkpoint.safetensors").exists():
                shutil.rmtree(working)


def _prepare(
    working: Path, options: TrainingOptions, dataset: Dataset, resume: bool, log: Any
) -> None:
    identity: dict[str, Any] = {
        "options": options.to_values() | dict.fromkeys(("output", "licence", "about")),
        "fingerprint": dataset.fingerprint,
    }
    path = working / "options.json"
    checkpoint = working / "checkpoint.safetensors"
    if resume and checkpoint.exists():
        before = json.loads(path.read_text(encoding="utf-8"))
        for key, value in identity["options"].items():
            if before["options"].get(key) != value:
                raise InputError(
                    f"--resume with {key} = {value!r}, but the training that was stopped has "
                    f"{before['options'].get(key)!r}; give the same options, or leave --resume out",
                    working,
                )
        if before["fingerprint"] != identity["fingerprint"]:
            raise InputError("--resume, but the corpus has changed; leave --resume out", working)
        log("going on from the last checkpoint")
        return
    if resume:
        log("no checkpoint to go on from: training from the start")
    elif checkpoint.exists():
        log("an unfinished training is dropped (--resume would have gone on with it)")
    for name in ("checkpoint.safetensors", "best.safetensors"):
        (working / name).unlink(missing_ok=True)
    with atomic_file(path) as file:
        json.dump(identity, file)

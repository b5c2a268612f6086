"""`nertagger evaluate`."""

from __future__ import annotations

import contextlib
import json
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nertagger.bulk.blas_threads import use_one_blas_thread

if TYPE_CHECKING:
    from nertagger.corpora.corpus import Corpus

_WIDTH = 120
"""Of tables in a file, in columns."""


@click.command(name="evaluate")
@click.argument("model")
@click.argument("corpus_path", metavar="FILE")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="Tables are rounded, JSON is not.",
)
@click.option(
    "--map",
    "label_map",
    metavar="FROM=TO,…",
    default="",
    help="Labels to rename on both sides before they are compared, such as COUNTRY=LOC,TIME=O; "
    "O drops them.",
)
@click.option("--output", metavar="FILE", help="Where the result goes.  [default: stdout]")
def command(
    model: str, corpus_path: str, output_format: str, label_map: str, output: str | None
) -> int:
    """Score MODEL on the labelled text in FILE, CoNLL columns or JSON Lines.

    An entity counts if both its ends and its label are right. Precision, recall and F1 come for
    each type and in the mean; then the commonest errors, and where the most of them are.
    """
    use_one_blas_thread()
    path = None if output in (None, "-") else Path(str(output))
    if path is not None:
        from nertagger.bulk.destination import check_output

        corpus = Path(corpus_path)
        check_output(path, corpus.stat() if corpus.is_file() else None)
    with _one_line_warnings():
        result = evaluate_model(model, corpus_path, label_map)
    with _open_output(path) as file:
        if output_format == "json":
            json.dump(result, file, ensure_ascii=False, indent=2)
            file.write("\n")
        else:
            _print_tables(result, file, None if path is None else _WIDTH)
    return 0


def evaluate_model(model: str, corpus_path: str, label_map: str = "") -> dict[str, Any]:
    """The scores of a model on a corpus, and an analysis of its errors.

    Args:
        model: a name or a path.
        corpus_path: of the labelled text.
        label_map: see `parse_label_map`.

    Returns:
        What `evaluation.evaluate.evaluate` returns, with "model" and "corpus", the two paths.

    Raises:
        InputError: the corpus, the model or the map cannot be used.
    """
    from nertagger.corpora.reading import read_corpus
    from nertagger.evaluation.evaluate import evaluate
    from nertagger.evaluation.label_map import parse_label_map
    from nertagger.runtime.tagger import load
    from nertagger.text.sentences import count_long_sentences, long_sentences_note

    tagger = load(model)
    corpus = read_corpus(corpus_path)
    mapping = parse_label_map(label_map, {*corpus.labels, *tagger.labels})
    _warn_of_labels(corpus, tagger.labels, mapping)
    if long := sum(count_long_sentences(document.text) for document in corpus.documents):
        warnings.warn(f"{corpus.path}: {long_sentences_note(long)}", stacklevel=2)
    predicted = tagger.pipe(document.text for document in corpus.documents)
    result = evaluate(corpus.documents, predicted, mapping)
    return {"model": str(tagger.path), "corpus": str(corpus.path), **result}


def _warn_of_labels(corpus: Corpus, known: Iterable[str], mapping: Mapping[str, str]) -> None:
    labels = {mapping.get(label, label) for label in known} - {"O"}
    missed: dict[str, int] = {}
    for document in corpus.documents:
        for entity in document.entities:
            label = mapping.get(entity.label, entity.label)
            if label != "O" and label not in labels:
                missed[label] = missed.get(label, 0) + 1
    if missed:
        listed = ", ".join(f"{label} ({count:,})" for label, count in sorted(missed.items()))
        warnings.warn(
            f"{corpus.path}: the model has no {listed}, which count as missed; "
            f"it has {', '.join(sorted(labels)) or 'none of these labels'}; "
            "--map FROM=TO renames labels, FROM=O drops them",
            stacklevel=2,
        )


@contextlib.contextmanager
def _one_line_warnings() -> Iterator[None]:
    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        print(f"nertagger: warning: {' '.join(str(message).split())}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = show
        yield


@contextlib.contextmanager
def _open_output(path: Path | None) -> Iterator[Any]:
    if path is None:
        yield sys.stdout
        return
    from nertagger.bulk.destination import cannot_write, is_special
    from nertagger.writing import atomic_file

    try:
        with path.open("w", encoding="utf-8") if is_special(path) else atomic_file(path) as file:
            yield file
    except OSError as error:
        raise cannot_write(path, error) from None


def _print_tables(result: Mapping[str, Any], file: Any, width: int | None) -> None:
    from rich.console import Console

    from nertagger.evaluation.report import print_report

    print_report(result, Console(file=file, width=width))

"""Checks a corpus: its spans, duplicates, balance, held-out names and ambiguous words."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from nertagger.corpora.alignment import Misalignment, labelled_sentences
from nertagger.corpora.bundled import BUNDLED_LABELS, bundled_corpora, data_directory
from nertagger.corpora.lines import read_lines
from nertagger.corpora.lint_coverage import ambiguous_words, balance, shared_entities
from nertagger.corpora.lint_duplicates import duplicates
from nertagger.corpora.lint_sources import LintedFile, Problem, read_file


def lint(
    paths: Sequence[str | os.PathLike[str]],
    labels: Sequence[str] = (),
    shared_names: Collection[str] | None = None,
    words: str | os.PathLike[str] | None = None,
) -> list[Problem]:
    """Everything that is wrong in some corpus files, which are taken for parts of one corpus.

    Always checked: that spans fit their text, do not overlap, have no white space at an end and
    fit the tokens of the tagger; and that no sentence is there twice, or nearly.

    Args:
        paths: of the files.
        labels: that the corpus annotates; with them an unknown label is a problem, and so is one
            that is rare or dominates in a file.
        shared_names: names that held-out files may share with the training file of their folder;
            with them, sharing any other is a problem. None checks nothing.
        words: a file with a word a line; with it, a word is a problem that the files do not have
            as an entity and as something else.

    Raises:
        InputError: a file cannot be read.
    """
    files: list[LintedFile] = []
    problems: list[Problem] = []
    for path in dict.fromkeys(Path(path) for path in paths):
        file, unreadable = read_file(path)
        files.append(file)
        problems += unreadable
        problems += _spans(file, labels)
        if labels:
            problems += balance(file, labels)
    sentences = [sentence for file in files for sentence in file.sentences()]
    problems += duplicates(sentences)
    if shared_names is not None:
        problems += shared_entities(files, shared_names)
    if words is not None:
        problems += ambiguous_words(sentences, read_list(words), Path(words))
    return problems


def lint_bundled_corpus() -> list[Problem]:
    """Everything that is wrong in the corpus that this project wrote; nothing, that is.

    Raises:
        InputError: it is not there.
    """
    data = data_directory()
    shared_names = read_list(data / "shared_names.txt")
    problems: list[Problem] = []
    for language, parts in bundled_corpora().items():
        words = data / "ambiguous_words.txt" if language == "en" else None
        problems += lint(list(parts.values()), BUNDLED_LABELS, shared_names, words)
    return problems


def read_list(path: str | os.PathLike[str]) -> list[str]:
    """The lines of a list, without white space at their ends.

    Raises:
        InputError: the file cannot be read.
    """
    return [line.strip() for line in read_lines(path)]


def _spans(file: LintedFile, labels: Sequence[str]) -> Iterator[Problem]:
    for line, document in file.documents:
        misalignments: list[Misalignment] = []
        labelled_sentences(document, misalignments)
        for misalignment in misalignments:
            yield Problem(file.path, line, f"the span {misalignment}")
        for entity in document.entities:
            if labels and entity.label not in labels:
                known = ", ".join(labels)
                message = (
                    f"{entity.text!r} has the label {entity.label!r}; one of {known} is expected"
                )
                yield Problem(file.path, line, message)

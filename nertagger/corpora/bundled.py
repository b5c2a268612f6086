"""The corpus that this project wrote, found in a checkout and in an installed package alike."""

from __future__ import annotations

from pathlib import Path

from nertagger.corpora.corpus import Corpus
from nertagger.corpora.reading import FORMATS, read_corpus
from nertagger.errors import InputError

# What the bundled corpus annotates, in every language.
BUNDLED_LABELS = (
    "PER",
    "ORG",
    "LOC",
    "COUNTRY",
    "FAC",
    "NORP",
    "DATE",
    "TIME",
    "MONEY",
    "PRODUCT",
    "MISC",
)
# In the order in which they are listed.
_PARTS = ("train", "dev", "test")

_PACKAGE = Path(__file__).resolve().parents[1]


def data_directory() -> Path:
    """The folder `data/`: inside the package where it is installed, beside it in a checkout.

    Raises:
        InputError: it is in neither place.
    """
    for directory in (_PACKAGE / "_data", _PACKAGE.parent / "data"):
        if directory.is_dir():
            return directory
    raise InputError("the bundled corpus is not there; install nertagger again", _PACKAGE / "_data")


def bundled_corpora() -> dict[str, dict[str, Path]]:
    """The files of the bundled corpus: language -> part -> path.

    Where a part is there in several formats, the file is the one of the format named first in
    `reading.FORMATS`: JSON Lines, of which the others are made.

    Raises:
        InputError: the bundled corpus is not there.
    """
    extensions = [extension for form in FORMATS.values() for extension in form.extensions]

    def order(path: Path) -> tuple[int, str, int]:
        part = _PARTS.index(path.stem) if path.stem in _PARTS else len(_PARTS)
        return part, path.stem, extensions.index(path.suffix)

    corpora: dict[str, dict[str, Path]] = {}
    for directory in sorted(path for path in data_directory().iterdir() if path.is_dir()):
        files = [path for path in directory.iterdir() if path.suffix in extensions]
        for path in sorted(files, key=order):
            corpora.setdefault(directory.name, {}).setdefault(path.stem, path)
    return corpora


def bundled_corpus_path(part: str, language: str = "en") -> Path:
    """The file of one part of the bundled corpus.

    Raises:
        InputError: there is no such language or part; those that there are are named.
    """
    corpora = bundled_corpora()
    if language not in corpora:
        raise InputError(
            f"there is no bundled corpus {language!r}; there is {', '.join(corpora) or 'none'}"
        )
    if part not in corpora[language]:
        raise InputError(
            f"the bundled corpus {language!r} has no part {part!r}; "
            f"it has {', '.join(corpora[language])}"
        )
    return corpora[language][part]


def bundled_corpus(part: str, language: str = "en") -> Corpus:
    """One part of the bundled corpus, such as "train", "dev" or "test".

    Raises:
        InputError: there is no such language or part.
    """
    return read_corpus(bundled_corpus_path(part, language))

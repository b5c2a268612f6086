"""The corpus that this project wrote, found in a checkout and in an installed package alike."""

from __future__ import annotations

from pathlib import Path

from nertagger.corpora.corpus import Corpus
from nertagger.corpora.reading import FORMATS, read_corpus
from nertagger.errors import InputError

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


def bundled_corpus_path(part: str, language: str = "en") -> Path:
    """The file of one part of the bundled corpus: `data/<language>/<part>`, in any known format.

    Raises:
        InputError: there is no such language or part; those that there are are named.
    """
    data = data_directory()
    extensions = {extension for form in FORMATS.values() for extension in form.extensions}

    def parts(directory: Path) -> dict[str, Path]:
        files = sorted(directory.iterdir()) if directory.is_dir() else []
        return {file.stem: file for file in files if file.suffix in extensions}

    languages = {
        directory.name: files for directory in sorted(data.iterdir()) if (files := parts(directory))
    }
    if language not in languages:
        raise InputError(
            f"there is no bundled corpus {language!r}; there is {', '.join(languages) or 'none'}"
        )
    if part not in languages[language]:
        raise InputError(
            f"the bundled corpus {language!r} has no part {part!r}; "
            f"it has {', '.join(languages[language])}"
        )
    return languages[language][part]


def bundled_corpus(part: str, language: str = "en") -> Corpus:
    """One part of the bundled corpus, such as "train", "dev" or "test".

    Raises:
        InputError: there is no such language or part.
    """
    return read_corpus(bundled_corpus_path(part, language))

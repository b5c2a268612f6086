"""Which public corpora and vectors can be fetched, and from where.

Each file is pinned by the hash of its content: its SHA-256, or the id of a commit of the Git
repository that it lives in, which is a hash over all that the commit holds.
"""

from __future__ import annotations

from dataclasses import dataclass

from nertagger.corpora.column_layout import ColumnLayout
from nertagger.text.tags import OUTSIDE


@dataclass(frozen=True)
class PublicFile:
    """A file of a public collection.

    Attributes:
        name: what it is called in the cache.
        url: where it is.
        sha256: of its content, in hexadecimal.
        size: in bytes.
        member: if it is a ZIP archive, the file in it that is wanted, extracted beside it.
    """

    name: str
    url: str
    sha256: str
    size: int
    member: str = ""

    @property
    def kept_as(self) -> str:
        """The name of what is in the cache in the end."""
        return self.member or self.name


@dataclass(frozen=True)
class Collection:
    """A corpus, or a set of vectors, that others have published.

    Attributes:
        name: by which it is asked for.
        what: it is, in a line.
        licence: under which it is published, in a line.
        home: its page.
    """

    name: str
    what: str
    licence: str
    home: str


@dataclass(frozen=True)
class PublicCollection(Collection):
    """One whose files have addresses of their own.

    Attributes:
        files: of it.
    """

    files: tuple[PublicFile, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


@dataclass(frozen=True)
class GitFile:
    """A file to make of one file, or of a folder of them, in a Git repository.

    Attributes:
        name: what it is called in the cache.
        path: of the file in the repository, or of the folder.
        suffix: for a folder, what the names of the wanted files right in it end with. Each is a
            document, in the order of their names.
    """

    name: str
    path: str
    suffix: str = ""

    @property
    def kept_as(self) -> str:
        """The name of what is in the cache in the end."""
        return self.name


@dataclass(frozen=True)
class GitCollection(Collection):
    """A corpus in a Git repository, to be kept in this project's columns.

    Attributes:
        url: the repository.
        commit: its id, which pins everything.
        layout: the columns of its files.
        files: of it.
    """

    url: str
    commit: str
    layout: ColumnLayout
    files: tuple[GitFile, ...]

    @property
    def size(self) -> None:
        """Nobody knows before it is fetched."""
        return None


_CONLL2003 = (
    "https://raw.githubusercontent.com/davidsbatista/NER-datasets/"
    "dcb6c7439a7de43abc2448bad5b1d81a47f26c0d/CONLL2003/"
)
_WNUT17 = (
    "https://raw.githubusercontent.com/leondz/emerging_entities_17/"
    "a12ed2349a0b1916b6389a4ecc2e2ddb737e51f8/"
)

COLLECTIONS: dict[str, PublicCollection | GitCollection] = {
    collection.name: collection
    for collection in (
        PublicCollection(
            "conll2003",
            "English newswire of 1996; PER, LOC, ORG, MISC (Tjong Kim Sang and De Meulder 2003)",
            "Reuters corpus licence: research only, not to be passed on",
            "https://www.clips.uantwerpen.be/conll2003/ner/",
            (
                PublicFile(
                    "train.conll",
                    _CONLL2003 + "train.txt",
                    "c99b26852dabf57ca9d30a0e892b84544cc8962003151e14a71077c55dc66db5",
                    3_283_418,
                ),
                PublicFile(
                    "valid.conll",
                    _CONLL2003 + "valid.txt",
                    "f1f6469322876887de1d04acd43c59b02f59d5b02acf42c027132fa1bf349cb2",
                    827_441,
                ),
                PublicFile(
                    "test.conll",
                    _CONLL2003 + "test.txt",
                    "82e0c72d262f86ad3e78b15c5d980bbf87cb205aa4bf6d2d97643f463f8d7ff7",
                    748_093,
                ),
            ),
        ),
        PublicCollection(
            "wnut17",
            "English social media; six types, all names rare (Derczynski et al. 2017)",
            "CC BY 4.0",
            "https://noisy-text.github.io/2017/emerging-rare-entities.html",
            (
                PublicFile(
                    "train.conll",
                    _WNUT17 + "wnut17train.conll",
                    "731820e13f71af324c6b55a1575ec2ce59fbaa2a0806f8f0400b98d56cd6a7a5",
                    493_781,
                ),
                PublicFile(
                    "dev.conll",
                    _WNUT17 + "emerging.dev.conll",
                    "e053b752b8155113ca66e7db08af5f2f5f43ab993694e4774f1ec5bad42312d8",
                    114_749,
                ),
                PublicFile(
                    "test.conll",
                    _WNUT17 + "emerging.test.annotated",
                    "2aa79b764e56ec9264a1b30fdd9b70195bd00ff400b62edd8f399d5f13c178f0",
                    192_425,
                ),
            ),
        ),
        PublicCollection(
            "glove-6b-100d",
            "English word vectors, 400,000 lower-case words (Pennington et al. 2014)",
            "Public Domain Dedication and License 1.0 (PDDL)",
            "https://nlp.stanford.edu/projects/glove/",
            (
                PublicFile(
                    "glove.6B.zip",
                    "https://nlp.stanford.edu/data/glove.6B.zip",
                    "617afb2fe6cbd085c235baf7a465b96f4112bd7f7ccb2b2cbd649fed9cbcf2fb",
                    862_182_613,
                    member="glove.6B.100d.txt",
                ),
            ),
        ),
        GitCollection(
            "wikineural-en",
            "English Wikipedia, tagged by machine; PER, LOC, ORG, MISC (Tedeschi et al. 2021)",
            "CC BY-NC-SA 4.0",
            "https://github.com/Babelscape/wikineural",
            "https://github.com/Babelscape/wikineural",
            "d2e28c770cba2b285e742529ae18ed849e336c65",
            ColumnLayout(token=1, tag=2),
            (
                GitFile("train.conll", "data/wikineural/en/train.conllu"),
                GitFile("dev.conll", "data/wikineural/en/val.conllu"),
                GitFile("test.conll", "data/wikineural/en/test.conllu"),
            ),
        ),
        GitCollection(
            "uner-en-ewt",
            "English web text: PER, LOC, ORG, and OTH for names of another kind "
            "(Mayhew et al. 2024)",
            "CC BY-SA 4.0",
            "https://www.universalner.org/",
            "https://github.com/UniversalNER/UNER_English-EWT",
            "0c7ce0debb13a7d304da656f16309397e8ff36ef",
            # The tag B-O, which many a document begins or ends its first sentence with, names no
            # entity.
            ColumnLayout(
                token=1, tag=2, comment="#", document="# newdoc", labels={OUTSIDE: OUTSIDE}
            ),
            (
                GitFile("train.conll", "en_ewt-ud-train.iob2"),
                GitFile("dev.conll", "en_ewt-ud-dev.iob2"),
                GitFile("test.conll", "en_ewt-ud-test.iob2"),
            ),
        ),
        GitCollection(
            "worldwide",
            "English newswire from outside the West, 2020s; PER, LOC, ORG, FAC, NORP, DATE, MONEY, "
            "PRODUCT, MISC (Shan et al. 2023)",
            "none stated; the articles belong to their newspapers",
            "https://github.com/stanfordnlp/en-worldwide-newswire",
            "https://github.com/stanfordnlp/en-worldwide-newswire",
            "2f8164b557c4ea20738ac1da896ae4bcc9d0fab5",
            # The further columns have the entities within entities.
            ColumnLayout(
                token=0,
                tag=1,
                labels={
                    "Person": "PER",
                    "Location": "LOC",
                    "Organization": "ORG",
                    "Facility": "FAC",
                    "Date": "DATE",
                    "Money": "MONEY",
                    "Product": "PRODUCT",
                    "Misc": "MISC",
                    "Miscellaneous": "MISC",
                },
                address_first=True,
            ),
            (GitFile("articles.conll", "processed_annotated", suffix=".tsv"),),
        ),
    )
}

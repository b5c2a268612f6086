"""What experiments learn from where they are given nothing: the beginning of the bundled corpus."""

from __future__ import annotations

from nertagger.corpora.bundled import bundled_corpus
from nertagger.text.document import Document

DOCUMENTS = 593
"""Of the English train part so many, the first: 1,265 sentences, 24,655 tokens. They tell the cells
apart, in a minute with `--quick`, and the tables in docs/laboratory stay true while the corpus
grows at its end."""


def learning_documents() -> list[Document]:
    """The documents to learn from."""
    return bundled_corpus("train").documents[:DOCUMENTS]

"""What sentences are told of their documents, against means taken word by word."""

import dataclasses

import numpy as np

from nertagger.recurrent import numpy_ops
from nertagger.runtime.document_context import SCALE
from nertagger.text.vector_packing import pack, unpack
from nertagger.training.contexts import CONTEXT_SKIPPED, contexts_of
from nertagger.training.dataset import read_dataset
from nertagger.training.options import TrainingOptions


def test_contexts_are_the_means_of_what_is_not_too_common():
    random = np.random.default_rng(2)
    table = random.normal(size=(CONTEXT_SKIPPED + 40, 9))
    table[0] = 0
    vectors = pack(table)
    plain = unpack(numpy_ops, vectors.codes, vectors.scales, 9)
    rows = random.integers(0, len(table), 120)
    # A sentence without a word that counts, and documents of none, one and many sentences.
    rows[40:45] = [0, 1, CONTEXT_SKIPPED, 3, 0]
    rows[115:] = CONTEXT_SKIPPED + 1
    offsets = np.array([0, 10, 12, 40, 45, 60, 61, 115, 120])
    documents = np.array([0, 3, 3, 4, 8])
    contexts = contexts_of(rows, vectors, offsets, documents)

    def mean(begin, end):
        counted = [plain[row] for row in rows[begin:end] if row > CONTEXT_SKIPPED]
        return SCALE * np.mean(counted, axis=0) if counted else np.zeros(9)

    for sentence in range(8):
        own = mean(offsets[sentence], offsets[sentence + 1])
        np.testing.assert_allclose(contexts.of_sentences[sentence], own, atol=1e-5)
        document = np.searchsorted(documents, sentence, side="right") - 1
        whole = mean(offsets[documents[document]], offsets[documents[document + 1]])
        np.testing.assert_allclose(contexts.of_documents[sentence], whole, atol=1e-5)
    assert not contexts.of_sentences[3].any()
    again = contexts.of(np.array([7, 0, 7]))
    np.testing.assert_array_equal(again.of_documents, contexts.of_documents[[7, 0, 7]])


def corpus(path, *documents):
    """A corpus in columns, every token an O but the first, which is a LOC."""
    lines = []
    for document in documents:
        lines.append("-DOCSTART-\tO\n")
        for sentence in document:
            first, *rest = sentence.split()
            lines += [f"{first}\tB-LOC", *(f"{token}\tO" for token in rest), ""]
    path.write_text("\n".join(lines))
    return str(path)


def test_a_training_reads_documents_and_words_as_they_are(tmp_path):
    words = [f"common{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(CONTEXT_SKIPPED)]
    words += ["harbour", "harvest"]
    vectors = tmp_path / "vectors.txt"
    vectors.write_text("".join(f"{word} {number} -1\n" for number, word in enumerate(words)))
    path = corpus(
        tmp_path / "train.conll",
        ["Lima harbour .", "Oslo harvset harvest ."],
        ["Rome commonaa ."],
    )
    options = TrainingOptions(train=path, dev=path, vectors=str(vectors), vocabulary_size=6)
    dataset = read_dataset(options, lambda line: None)
    assert dataset.contexts is not None
    # Of three dots, which have no vectors, the commonest words and two others.
    harbour, harvest = SCALE * CONTEXT_SKIPPED, SCALE * (CONTEXT_SKIPPED + 1)
    whole = (harbour + harvest) / 2
    found = dataset.contexts.of_documents
    np.testing.assert_allclose(found[:, 0], [whole, whole, 0], rtol=0.1)
    alone = dataset.contexts.of_sentences
    np.testing.assert_allclose(alone[:, 0], [harbour, harvest, 0], rtol=0.1)
    # Other text is read as what it may be meant for, the corpus to learn from as it stands.
    tokens = dataset.spellings.rows
    assert dataset.spellings.features["vectors"][tokens][4] == 0
    assert dataset.encoder.encode(["harvset"])["vectors"][0] == len(words)
    without = dataclasses.replace(options, context_dimension=0)
    assert read_dataset(without, lambda line: None).contexts is None

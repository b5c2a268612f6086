"""The model that was trained is the model that runs: Keras and NumPy give the same logits."""

import numpy as np
import pytest

from nertagger.models.random_models import architectures, random_model
from nertagger.models.tensors import named_tensors
from nertagger.recurrent import numpy_ops
from nertagger.runtime.document_context import SCALE
from nertagger.runtime.network import Network, tensor_shapes
from nertagger.text.character_features import CharacterVocabulary
from nertagger.text.token_encoder import TokenEncoder
from nertagger.text.vector_packing import unpack
from nertagger.text.vocabulary import Vocabulary
from nertagger.text.word_forms import fold
from nertagger.text.word_rows import WordRows

LENGTHS = (3, 7, 1, 7, 12, 2)
DOCUMENTS = (0, 0, 0, 1, 3, 3)


def _words():
    random = np.random.default_rng(0)
    letters = list("abcdefghijABC.1-é")
    return list(
        dict.fromkeys("".join(random.choice(letters, random.integers(1, 14))) for _ in range(120))
    )


def _encoder(architecture, words):
    a = architecture
    folded = list(dict.fromkeys(map(fold, words)))
    codes = [*map(ord, "abcdefghijABC.1"), *range(0x4000, 0x4000 + a.character_count - 17)]
    return TokenEncoder(
        Vocabulary(folded[: a.vocabulary_size - 2]),
        CharacterVocabulary(codes) if a.character_encoding != "none" else None,
        a.characters_per_token,
        WordRows.of(["<PAD>", *words[40 : 39 + a.vector_count]]) if a.vector_count else None,
        a.case_count > 0,
    )


@pytest.mark.parametrize("architecture", architectures(), ids=lambda a: f"{a.cell}-{a.head}")
def test_logits_are_those_of_the_keras_model(architecture):
    words = _words()
    encoder = _encoder(architecture, words)
    model = random_model(architecture)
    tensors = named_tensors(model)
    assert {n: t.shape for n, t in tensors.items()} == tensor_shapes(architecture.to_dict())
    offsets = np.cumsum([0, *LENGTHS])
    tokens = [str(word) for word in np.random.default_rng(1).choice(words, offsets[-1])]
    mask = np.arange(max(LENGTHS)) < np.array(LENGTHS)[:, None]
    inputs = {}
    encoded = encoder.encode(tokens)
    for name, values in encoded.items():
        inputs[name] = np.zeros((*mask.shape, *values.shape[1:]), "int32")
        inputs[name][mask] = values
    # The third of the documents is empty.
    document_offsets = np.append(offsets[np.searchsorted(DOCUMENTS, range(4))], offsets[-1])
    if architecture.context_dimension:
        rows, dimension = encoded["vectors"], architecture.vector_dimension
        vectors = unpack(
            numpy_ops, tensors["vectors.codes"][rows], tensors["vectors.scales"][rows], dimension
        )
        document_of = np.repeat(DOCUMENTS, LENGTHS)
        inputs["document"] = np.zeros((len(LENGTHS), dimension), "float32")
        for sentence, document in enumerate(DOCUMENTS):
            counted = (document_of == document) & (rows > architecture.context_skipped)
            if counted.any():
                inputs["document"][sentence] = SCALE * vectors[counted].mean(axis=0)
    expected = np.asarray(model({i.name: inputs[i.name] for i in model.inputs}))[mask]
    network = Network(architecture.to_dict(), tensors, encoder)
    result = network.logits(tokens, offsets, document_offsets)
    np.testing.assert_allclose(result, expected, atol=1e-5)

"""The graph reads logits as the NumPy decoder does, which is tested against enumeration."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from nertagger.crf.equations import Chain
from nertagger.export.decoding import DecodingGraph
from nertagger.runtime.decoding import Decoder
from nertagger.text.tags import allowed_transitions, tags_of_labels

LENGTHS = np.array([12, 1, 7, 2, 12, 3, 5, 30])


def _chain(tags, generator):
    return Chain(
        *(
            np.where(allowed, generator.normal(0, 1, allowed.shape), -10000).astype("float32")
            for allowed in allowed_transitions(tags)
        )
    )


@pytest.mark.parametrize("scale", [0.5, 3.0, 30.0])
@pytest.mark.parametrize("temperature", [1.0, 1.7])
@pytest.mark.parametrize(
    ("head", "scheme"),
    [("sigmoid", "BIO"), *itertools.product(("softmax", "crf"), ("BIO", "BIOES"))],
)
def test_decoding(head, scheme, temperature, scale):
    generator = np.random.default_rng(3)
    tags = ["NAME"] if head == "sigmoid" else tags_of_labels(("LOC", "PER", "ORG"), scheme)
    mask = np.arange(LENGTHS.max()) < LENGTHS[:, None]
    logits = generator.normal(0, scale, (*mask.shape, len(tags))).astype("float32")
    chain = _chain(tags, generator) if head == "crf" else None
    tensors = {}
    if chain is not None:
        tensors = {f"crf.{name}": value for name, value in chain._asdict().items()}
    offsets = np.cumsum([0, *LENGTHS])

    expected = Decoder(head, tags, tensors, temperature)
    wanted = expected.decode(logits[mask], offsets)
    graph = DecodingGraph(head, tags, chain, temperature)
    found = tf.function(graph, autograph=False)(tf.constant(logits), tf.constant(mask))

    assert graph.labels == list(expected.labels)
    assert graph.tag_names == list(expected.tag_names)
    np.testing.assert_array_equal(found.tags.numpy()[mask], wanted.tags)
    np.testing.assert_allclose(found.scores.numpy()[mask], wanted.scores, atol=1e-5)
    entity_scores = found.entity_scores.numpy()[mask]
    np.testing.assert_allclose(entity_scores[wanted.firsts], wanted.entity_scores, atol=1e-5)
    assert len(wanted.firsts) > 5
    # Elsewhere nothing is said.
    others = np.ones(len(entity_scores), bool)
    others[wanted.firsts] = False
    assert not entity_scores[others].any()

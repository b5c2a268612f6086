"""Tags, entities and probabilities, against enumeration and against seqeval."""

import itertools

import numpy as np
import pytest
from seqeval.metrics.sequence_labeling import get_entities

from nertagger.runtime.decoding import Decoder
from nertagger.text.tags import allowed_transitions, spans_from_tags, tags_of_labels

LABELS = ("LOC", "PER")
LENGTHS = (4, 1, 5, 2, 5, 3)
OFFSETS = np.cumsum([0, *LENGTHS])


def _chain(tags, seed):
    random = np.random.default_rng(seed)
    names = ("crf.transitions", "crf.start", "crf.end")
    return {
        name: np.where(allowed, random.normal(0, 1, allowed.shape), -10000).astype("float32")
        for name, allowed in zip(names, allowed_transitions(tags), strict=True)
    }


def _paths(logits, tensors, tags, temperature):
    """Every path the scheme allows, and its probability."""
    transitions, start, end = (tensors[n].astype(float) for n in tensors)
    paths, scores = [], []
    steps, first, _ = allowed_transitions(tags)
    for path in itertools.product(range(len(tags)), repeat=len(logits)):
        if not first[path[0]] or not all(steps[i, j] for i, j in itertools.pairwise(path)):
            continue
        score = start[path[0]] + end[path[-1]] + sum(logits[t, k] for t, k in enumerate(path))
        score += sum(transitions[i, j] for i, j in itertools.pairwise(path))
        paths.append([tags[k] for k in path])
        scores.append(score / temperature)
    probabilities = np.exp(np.array(scores) - max(scores))
    return paths, probabilities / probabilities.sum()


def _entities(decoder, decoded, offsets):
    found = []
    for begin, end in itertools.pairwise(offsets):
        here = (decoded.firsts >= begin) & (decoded.firsts < end)
        found.append(
            [
                (int(first - begin), int(last - begin) + 1, decoder.labels[label])
                for first, last, label in zip(
                    decoded.firsts[here], decoded.lasts[here], decoded.labels[here], strict=True
                )
            ]
        )
    return found


def _bio(spans, length):
    tags = ["O"] * length
    for start, end, label in spans:
        tags[start:end] = [f"B-{label}", *[f"I-{label}"] * (end - start - 1)]
    return tags


@pytest.mark.parametrize("scheme", ["BIO", "BIOES"])
@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_chain_probabilities_are_those_of_all_paths(scheme, temperature):
    labels = LABELS if scheme == "BIO" else LABELS[:1]
    tags = tags_of_labels(labels, scheme)
    tensors = _chain(tags, 5)
    # Entities a plenty, and of several tokens.
    logits = np.random.default_rng(6).normal(0, 2, (OFFSETS[-1], len(tags))).astype("float32")
    logits[:, 0] -= 2
    decoder = Decoder("crf", tags, tensors, temperature)
    decoded = decoder.decode(logits, OFFSETS)
    entities = _entities(decoder, decoded, OFFSETS)
    scores = iter(decoded.entity_scores)
    assert any(end - start > 1 for spans in entities for start, end, _ in spans)
    for (begin, end), spans in zip(itertools.pairwise(OFFSETS), entities, strict=True):
        paths, probabilities = _paths(logits[begin:end], tensors, tags, temperature)
        all_spans = [spans_from_tags(path) for path in paths]
        assert spans == all_spans[probabilities.argmax()]
        for span in spans:
            expected = sum(
                p for p, found in zip(probabilities, all_spans, strict=True) if span in found
            )
            assert next(scores) == pytest.approx(expected, abs=1e-5)
        shown = _bio(spans, end - begin)
        assert [decoder.tag_names[tag] for tag in decoded.tags[begin:end]] == shown
        for t, tag in enumerate(shown):
            same = [_bio(found, end - begin)[t] == tag for found in all_spans]
            assert decoded.scores[begin + t] == pytest.approx(probabilities[same].sum(), abs=1e-5)
            outside = sum(p for p, path in zip(probabilities, paths, strict=True) if path[t] == "O")
            assert decoded.outside[begin + t] == pytest.approx(outside, abs=1e-5)


@pytest.mark.parametrize("scheme", ["BIO", "BIOES"])
def test_broken_sequences_are_read_as_seqeval_reads_them(scheme):
    tags = tags_of_labels(LABELS, scheme)
    decoder = Decoder("softmax", tags, {})
    random = np.random.default_rng(7)
    lengths = random.integers(1, 9, 200)
    offsets = np.cumsum([0, *lengths])
    chosen = random.integers(0, len(tags), offsets[-1])
    logits = random.normal(0, 0.1, (len(chosen), len(tags))).astype("float32")
    logits[np.arange(len(chosen)), chosen] += 2
    decoded = decoder.decode(logits, offsets)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    scores = iter(decoded.entity_scores)
    for (begin, end), spans in zip(
        itertools.pairwise(offsets), _entities(decoder, decoded, offsets), strict=True
    ):
        sequence = [tags[k] for k in chosen[begin:end]]
        expected = [(first, last + 1, label) for label, first, last in get_entities(sequence)]
        assert spans == expected
        shown = [decoder.tag_names[tag] for tag in decoded.tags[begin:end]]
        assert shown == _bio(spans, end - begin)
        for first, last, _ in spans:
            product = np.prod(
                [probabilities[begin + t, chosen[begin + t]] for t in range(first, last)]
            )
            assert next(scores) == pytest.approx(product, rel=1e-5)


def test_sigmoid_runs_are_names():
    logits = np.array([3, 1, -2, 0.5, -1, 2, 4], "float32")[:, None]
    decoder = Decoder("sigmoid", ["NAME"], {})
    # The last sentence begins right after a name: two entities, not one.
    offsets = np.array([0, 3, 6, 7])
    decoded = decoder.decode(logits, offsets)
    p = 1 / (1 + np.exp(-logits[:, 0]))
    assert decoder.labels == ["NAME"]
    assert [decoder.tag_names[tag] for tag in decoded.tags] == [
        *("B-NAME", "I-NAME", "O"),
        *("B-NAME", "O", "B-NAME"),
        "B-NAME",
    ]
    assert _entities(decoder, decoded, offsets) == [
        [(0, 2, "NAME")],
        [(0, 1, "NAME"), (2, 3, "NAME")],
        [(0, 1, "NAME")],
    ]
    np.testing.assert_allclose(decoded.entity_scores, [p[0] * p[1], p[3], p[5], p[6]], rtol=1e-6)
    np.testing.assert_allclose(decoded.scores, np.maximum(p, 1 - p), rtol=1e-6)
    np.testing.assert_allclose(decoded.outside, 1 - p, rtol=1e-5)


def test_temperature_softens_every_head():
    logits = np.random.default_rng(8).normal(0, 3, (6, 1)).astype("float32")
    cold, warm = (Decoder("sigmoid", ["NAME"], {}, t).decode(logits, [0, 6]) for t in (1.0, 3.0))
    np.testing.assert_array_equal(cold.tags, warm.tags)
    assert (warm.scores < cold.scores).all()


@pytest.mark.parametrize("head", ["crf", "softmax", "sigmoid"])
def test_no_sentences_decode_to_nothing(head):
    tags = ["NAME"] if head == "sigmoid" else tags_of_labels(LABELS, "BIO")
    decoder = Decoder(head, tags, _chain(tags, 1) if head == "crf" else {})
    decoded = decoder.decode(np.zeros((0, len(tags)), "float32"), np.zeros(1, int))
    assert all(len(part) == 0 for part in decoded)


def test_many_sentences_decode_as_one_by_one():
    tags = tags_of_labels(LABELS, "BIOES")
    decoder = Decoder("crf", tags, _chain(tags, 2))
    random = np.random.default_rng(9)
    offsets = np.cumsum([0, *random.integers(1, 20, 400)])
    logits = random.normal(0, 2, (offsets[-1], len(tags))).astype("float32")
    together = decoder.decode(logits, offsets)
    for begin, end in itertools.pairwise(offsets):
        alone = decoder.decode(logits[begin:end], np.array([0, end - begin]))
        here = (together.firsts >= begin) & (together.firsts < end)
        np.testing.assert_array_equal(together.tags[begin:end], alone.tags)
        np.testing.assert_allclose(together.scores[begin:end], alone.scores, atol=1e-6)
        np.testing.assert_array_equal(together.firsts[here] - begin, alone.firsts)
        np.testing.assert_array_equal(together.lasts[here] - begin, alone.lasts)
        np.testing.assert_allclose(together.entity_scores[here], alone.entity_scores, atol=1e-6)

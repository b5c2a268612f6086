"""Text in, documents out."""

import itertools

import numpy as np
import plain_network
import pytest
import tiny_models

import nertagger
from nertagger import Document, Tagger
from nertagger.text.sentences import split_sentences
from nertagger.text.tags import spans_from_tags
from nertagger.text.tokens import tokenize

HARD = [
    "",
    " \t\n ",
    "\ud800 lone \udfff surrogates\ud83d",
    "Ada Lovelace\nmet Mr. Babbage in London, U.S.A. (twice).",
    "\0\ufeff‮",
    "東京都は日本の首都。",
    "x" * 5000,
    "👩‍👩‍👧 and 👍🏽!",
]


@pytest.fixture(params=["crf", "softmax", "sigmoid"])
def tagger(request):
    return Tagger(*tiny_models.make(head=request.param))


@pytest.fixture
def chain_tagger():
    return Tagger(*tiny_models.make())


def _check(document):
    """What holds of every document."""
    starts, ends = tokenize(document.text)
    tokens = document.tokens
    assert [(t.start, t.end) for t in tokens] == list(
        zip(starts.tolist(), ends.tolist(), strict=True)
    )
    assert all(document.text[t.start : t.end] == t.text for t in tokens)
    found = []
    bounds = split_sentences(document.text, starts, ends)
    for begin, end in itertools.pairwise(bounds.tolist()):
        found += [
            (tokens[begin + first].start, tokens[begin + last - 1].end, label)
            for first, last, label in spans_from_tags([t.tag for t in tokens[begin:end]])
        ]
    assert found == [(e.start, e.end, e.label) for e in document.entities]
    assert all(document.text[e.start : e.end] == e.text for e in document.entities)
    for item in (*document.entities, *tokens):
        assert type(item.start) is int
        assert type(item.score) is float
        assert 0 <= item.score <= 1


@pytest.mark.parametrize("text", HARD, ids=range(len(HARD)))
def test_any_string_is_tagged(tagger, text):
    document = tagger(text)
    assert document.text == text
    _check(document)
    if not text.strip():
        assert document.entities == []
        assert document.tokens == []


def test_finds_entities(tagger):
    document = tagger(tiny_models.TEXT)
    _check(document)
    assert document.entities
    assert {entity.label for entity in document.entities} <= set(tagger.labels)


def test_entities_that_are_not_likely_enough_are_not_told(tagger):
    everything = tagger(tiny_models.TEXT)
    scores = sorted(entity.score for entity in everything.entities)
    tagger.least_score = least = scores[len(scores) // 2]
    document = tagger(tiny_models.TEXT)
    _check(document)
    told = [entity for entity in everything.entities if entity.score >= least]
    assert 0 < len(told) < len(everything.entities)
    assert document.entities == told
    for before, after in zip(everything.tokens, document.tokens, strict=True):
        if any(entity.start <= before.start < entity.end for entity in told):
            assert after == before
        else:
            # What was an O before keeps its score; what becomes one was less likely to be.
            assert after.tag == "O"
            assert after.score == before.score if before.tag == "O" else after.score < 0.5
    tagger.least_score = 1.0
    assert tagger(tiny_models.TEXT).entities == []


def test_softmax_tags_are_the_plain_network_s():
    config, encoder, tensors = tiny_models.make(head="softmax")
    document = Tagger(config, encoder, tensors)(tiny_models.TEXT)
    texts = [token.text for token in document.tokens]
    starts, ends = tokenize(document.text)
    bounds = split_sentences(document.text, starts, ends)
    expected = []
    for begin, end in itertools.pairwise(bounds.tolist()):
        logits = plain_network.logits(
            texts[begin:end], config["architecture"], tensors, encoder, texts
        )
        tags = [config["tags"][k] for k in logits.argmax(axis=1)]
        starts_at = begin
        expected += [
            (starts_at + first, starts_at + last, label)
            for first, last, label in spans_from_tags(tags)
        ]
    found = [(int(starts[a]), int(ends[b - 1]), label) for a, b, label in expected]
    assert found == [(e.start, e.end, e.label) for e in document.entities]


def test_a_stream_comes_back_in_order_and_as_one_by_one(tagger):
    random = np.random.default_rng(2)
    texts = [
        " ".join(str(word) for word in random.choice(tiny_models.WORDS, n))
        for n in random.integers(0, 30, 90)
    ] + HARD
    alone = [tagger(text) for text in texts]
    for batch_size in (1, 7, 256):
        documents = list(tagger.pipe(iter(texts), batch_size))
        assert [document.text for document in documents] == texts
        for one, other in zip(documents, alone, strict=True):
            assert [e[:4] for e in one.entities] == [e[:4] for e in other.entities]
            assert [t[:4] for t in one.tokens] == [t[:4] for t in other.tokens]
            scores = [[e.score for e in d.entities] for d in (one, other)]
            np.testing.assert_allclose(*scores, atol=1e-5)


def test_a_stream_is_read_a_batch_at_a_time(chain_tagger):
    read = 0

    def texts():
        nonlocal read
        for number in itertools.count():
            read += 1
            yield f"Ada {number}"

    stream = chain_tagger.pipe(texts(), batch_size=10)
    assert next(stream).text == "Ada 0"
    assert read == 10
    long = chain_tagger.pipe((tiny_models.TEXT * 500 for _ in range(100)), batch_size=100)
    assert isinstance(next(long), Document)


def test_batches_of_nothing(chain_tagger):
    assert list(chain_tagger.pipe([])) == []
    assert [d.tokens for d in chain_tagger.pipe(["", " ", "\n"])] == [[], [], []]
    assert chain_tagger.tag_tokens([]) == []
    assert chain_tagger.tag_tokens([[], []]) == [[], []]


def test_a_sentence_of_20000_tokens(chain_tagger):
    words = [tiny_models.WORDS[n % 7] for n in range(20_000)]
    document = chain_tagger(" ".join(words))
    assert len(document.tokens) == 20_000
    _check(document)


def test_more_distinct_tokens_than_the_cache_holds(chain_tagger):
    chain_tagger.network.cache.capacity = 50
    text = " ".join(f"word{n}" for n in range(2000))
    assert len(chain_tagger(text).tokens) == 2000
    assert len(chain_tagger.network.cache) <= 50


def test_the_caller_s_tokens_get_the_tag_of_their_first_piece(chain_tagger):
    sentences = [
        ["Ada", "Lovelace's", "engine(s)", "of", "U.S.", "London-based", "Babbage."],
        ["", " ", "Ada", "\u00a0", "Charles Babbage", ""],
        [],
        ["Ada"],
    ]
    tagged = chain_tagger.tag_tokens(sentences)
    assert [[token.text for token in sentence] for sentence in tagged] == sentences
    for words, tokens in zip(sentences, tagged, strict=True):
        text = " ".join(words)
        pieces = chain_tagger(text).tokens
        for token in tokens:
            assert text[token.start : token.end] == token.text
            inside = [p for p in pieces if token.start <= p.start < token.end]
            expected = (inside[0].tag, pytest.approx(inside[0].score)) if inside else ("O", 1.0)
            assert (token.tag, token.score) == expected
    assert len(tagged[0]) < len(chain_tagger(" ".join(sentences[0])).tokens)


def test_what_is_no_text_is_refused(chain_tagger):
    with pytest.raises(TypeError, match="must be a string, not bytes"):
        chain_tagger(b"Ada")
    with pytest.raises(TypeError, match="must be a string, not NoneType"):
        list(chain_tagger.pipe(["Ada", None]))
    with pytest.raises(TypeError, match="not one string"):
        chain_tagger.pipe("Ada")
    with pytest.raises(TypeError, match="lists of tokens"):
        chain_tagger.tag_tokens(["Ada Lovelace"])
    with pytest.raises(TypeError, match="must be a string, not int"):
        chain_tagger.tag_tokens([["Ada", 3]])
    with pytest.raises(ValueError, match="batch_size is 0; expected 1 or more"):
        chain_tagger.pipe(["Ada"], batch_size=0)


def test_a_loaded_tagger_is_the_one_that_was_written(tmp_path):
    config, encoder, tensors = tiny_models.make(head="crf", word_encoding="one-hot")
    config["temperature"] = 1.7
    tiny_models.write(tmp_path, 3, (config, encoder, tensors))
    loaded = nertagger.load(tmp_path)
    assert loaded.path == tmp_path / "3"
    assert loaded.config == config
    assert loaded.labels == ["LOC", "PER"]
    assert loaded(tiny_models.TEXT) == Tagger(config, encoder, tensors)(tiny_models.TEXT)
    del config["temperature"]
    assert loaded(tiny_models.TEXT) != Tagger(config, encoder, tensors)(tiny_models.TEXT)

"""Documents: lazily made tokens, and the JSON shape that every command shares."""

import json

import numpy as np
import pytest

from nertagger.text.document import Document, Entity, Token, tokens_from_arrays

TEXT = "Zoë Ng met Bo 🦊."


@pytest.fixture
def document():
    return Document(
        TEXT,
        [Entity("Zoë Ng", "PER", 0, 6, 0.9), Entity("Bo", "PER", 11, 13, 0.5)],
        [Token("Zoë", 0, 3, "B-PER", 0.9), Token("Ng", 4, 6, "I-PER", 0.8)],
    )


def test_json_round_trip(document):
    data = json.loads(json.dumps(document.to_dict(tokens=True)))
    assert Document.from_dict(data) == document
    assert data["entities"][1] == {
        "text": "Bo",
        "label": "PER",
        "start": 11,
        "end": 13,
        "score": 0.5,
    }
    assert "tokens" not in document.to_dict()


def test_tokens_are_made_once_and_only_when_read():
    calls = []

    def tokens():
        calls.append(1)
        return [Token("Bo", 0, 2)]

    document = Document("Bo", (), tokens)
    assert repr(document) == "Document(text='Bo', entities=[])"
    document.to_dict()
    assert calls == []
    assert document.tokens is document.tokens
    assert document.tokens == [Token("Bo", 0, 2, "O", 1.0)]
    assert calls == [1]


def test_tokens_from_arrays_are_plain_python_numbers():
    tokens = tokens_from_arrays(
        TEXT,
        np.array([0, 14], np.int32),
        np.array([3, 15], np.int32),
        ["B-PER", "O"],
        np.array([0.5, 0.25], np.float32),
    )
    document = Document(TEXT, tokens=tokens)
    assert document.tokens == [Token("Zoë", 0, 3, "B-PER", 0.5), Token("🦊", 14, 15, "O", 0.25)]
    assert type(document.tokens[0].start) is int
    json.dumps(document.to_dict(tokens=True))


def test_numpy_numbers_in_entities_become_json():
    document = Document(
        "Bo",
        [Entity("Bo", "PER", np.int32(0), np.int32(2), np.float32(0.5))],  # type: ignore[arg-type]
    )
    assert json.loads(json.dumps(document.to_dict()))["entities"][0]["score"] == 0.5


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ([], 'string under "text"'),
        ({"text": 3}, 'string under "text"'),
        ({"text": "Bo", "entities": {}}, "must be a list"),
        ({"text": "Bo", "entities": ["PER"]}, "must be an object"),
        ({"text": "Bo", "entities": [{"label": "PER", "start": 0, "end": 3}]}, "does not fit"),
        ({"text": "Bo", "entities": [{"label": "PER", "start": 1, "end": 1}]}, "does not fit"),
        ({"text": "Bo", "entities": [{"label": "PER", "start": 0.0, "end": 2}]}, "integers"),
        ({"text": "Bo", "entities": [{"start": 0, "end": 2}]}, '"label"'),
        (
            {"text": "Bo", "entities": [{"text": "o", "label": "P", "start": 0, "end": 2}]},
            "code points",
        ),
        (
            {"text": "Bo", "entities": [{"label": "P", "start": 0, "end": 2, "score": "1"}]},
            '"score"',
        ),
    ],
)
def test_what_is_no_document_is_refused(data, reason):
    with pytest.raises(ValueError, match=reason):
        Document.from_dict(data)

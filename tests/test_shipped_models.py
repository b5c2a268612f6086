"""The models in saved_models/: whole, small enough, described, and able to tag."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from nertagger.corpora.bundled import BUNDLED_LABELS
from nertagger.corpora.reading import read_corpus
from nertagger.evaluation.evaluate import evaluate
from nertagger.evaluation.label_map import parse_label_map
from nertagger.runtime.directory import versions
from nertagger.runtime.tagger import load
from nertagger.training.options import RECIPES, options_of, read_options

ROOT = Path(__file__).resolve().parents[1]
CORPORA = Path(os.environ.get("NERTAGGER_CORPORA", ROOT.parent / "shared" / "corpora"))
MODELS = sorted(path.parent for path in ROOT.glob("saved_models/*/train.toml"))
MEGABYTE = 1_000_000


@pytest.fixture(params=MODELS, ids=lambda path: path.name)
def base(request) -> Path:
    return request.param


def test_there_are_the_models_that_the_commands_look_for():
    assert {"en", "zh"} <= {path.name for path in MODELS}


def test_one_version_of_at_most_25_megabytes_of_weights(base):
    (version,) = versions(base).values()
    assets = version / "assets.extra/nertagger"
    weights = (
        version / "variables/variables.data-00000-of-00001",
        assets / "weights.safetensors",
    )
    for path in weights:
        assert path.stat().st_size < 25 * MEGABYTE, path
    assert (version / "saved_model.pb").is_file()
    assert not (base / ".training").exists()


def test_the_card_and_the_file_that_makes_it_again_say_what_the_model_is(base):
    (version,) = versions(base).values()
    assets = version / "assets.extra/nertagger"
    options = options_of(read_options(base / "train.toml"))
    used = json.loads((assets / "config.json").read_text(encoding="utf-8"))["training"]["options"]
    # Variations that there were not yet when it was trained.
    used = {**RECIPES["plain"], **used}
    settled = options.to_values()
    assert {name for name, value in settled.items() if value not in (None, used[name])} == set()
    card = (assets / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert f"**Licence**: {options.licence}" in card
    assert "## Weaknesses" in card


def test_it_is_called_by_the_name_of_its_folder(base):
    (version,) = versions(base).values()
    extra = version / "assets.extra"
    config = json.loads((extra / "nertagger/config.json").read_text(encoding="utf-8"))
    assert config["name"] == base.name
    # Of a request to TensorFlow Serving the model's name, field 1, comes before a signature's, 3.
    name = base.name.encode()
    requests = (extra / "tf_serving_warmup_requests").read_bytes()
    assert requests.count(b"\x0a" + bytes([len(name)]) + name + b"\x1a") == 21


def found(model: str, text: str) -> set[tuple[str, str]]:
    return {
        (entity.text, entity.label)
        for entity in load(str(ROOT / "saved_models" / model))(text).entities
    }


def test_english_has_eleven_labels_and_tags_a_sentence_of_each_kind():
    assert set(load(str(ROOT / "saved_models/en")).labels) == set(BUNDLED_LABELS)
    assert found("en", "Harry Potter and Hermione Granger invented a new spell.") == {
        ("Harry Potter", "PER"),
        ("Hermione Granger", "PER"),
    }
    text = (
        "On Friday, at 7 p.m., President Anna Berg of Kenya met Chinese officials of Siemens "
        "in Berlin."
    )
    assert found("en", text) == {
        ("Friday", "DATE"),
        ("7 p.m.", "TIME"),
        ("Anna Berg", "PER"),
        ("Kenya", "COUNTRY"),
        ("Chinese", "NORP"),
        ("Siemens", "ORG"),
        ("Berlin", "LOC"),
    }
    assert found("en", "The house costs $2 million.") == {("$2 million", "MONEY")}
    assert not found("en", "It was raining. The old man shut the door and sat down to wait.")


def test_chinese_is_tagged_by_characters():
    assert ("北京", "LOC") in found("zh", "他周二在北京见到了老朋友。")


@pytest.mark.slow
def test_english_reaches_what_its_card_says_of_worldwide_newswire():
    path = CORPORA / "worldwide" / "dev.conll"
    if not path.exists():
        pytest.skip(f"needs {path}; NERTAGGER_CORPORA names the folder of public corpora")
    tagger = load(str(ROOT / "saved_models/en"))
    documents = read_corpus(path).documents
    predicted = tagger.pipe(document.text for document in documents)
    scores = evaluate(documents, predicted, parse_label_map("COUNTRY=LOC,TIME=O"))
    assert scores["micro"]["f1"] == pytest.approx(tagger.config["scores"]["micro"]["f1"], abs=1e-3)

"""Finding models, and refusing what is none, in one line."""

import dataclasses
import json
import struct

import numpy as np
import pytest
import tiny_models
from safetensors.numpy import save_file

from nertagger.errors import InputError
from nertagger.models.architecture import Architecture
from nertagger.runtime import directory
from nertagger.runtime.configuration import ARCHITECTURE_KEYS
from nertagger.runtime.directory import find_model, model_folders, read_model, versions


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NERTAGGER_MODEL", raising=False)
    monkeypatch.setattr(directory, "SHIPPED", "none-ships-here")
    return tmp_path


@pytest.fixture
def version(tmp_path):
    return tiny_models.write(tmp_path / "base")


def _assets(version):
    return version / "assets.extra" / "nertagger"


def _refused(version, *words):
    with pytest.raises(InputError) as raised:
        read_model(version)
    message = str(raised.value)
    assert "\n" not in message
    assert raised.value.path is not None
    for word in words:
        assert word in message
    return raised.value


def test_the_highest_version_is_meant(workplace):
    for number in (2, 10, 9):
        tiny_models.write(workplace / "base", number)
    for other in ("11a", ".12.tmp", "-13", "٣"):
        (workplace / "base" / other).mkdir()
    (workplace / "base" / "14").write_text("a file")
    assert list(versions(workplace / "base")) == [2, 9, 10]
    for model in ("base", "./base", workplace / "base", "base/10"):
        assert find_model(model).resolve() == workplace / "base" / "10"
    assert find_model("base/9").resolve() == workplace / "base" / "9"


def test_a_name_is_looked_up_in_saved_models(workplace):
    tiny_models.write(workplace / "saved_models" / "news")
    assert find_model("news").resolve() == workplace / "saved_models" / "news" / "1"
    # A directory of that name without a model does not hide it.
    (workplace / "news").mkdir()
    assert find_model("news").resolve() == workplace / "saved_models" / "news" / "1"
    tiny_models.write(workplace / "news", 4)
    assert find_model("news").name == "4"


def test_models_that_ship_are_found_from_anywhere(workplace, monkeypatch):
    package = workplace / "site" / "nertagger"
    tiny_models.write(package / "_saved_models" / "shipped")
    monkeypatch.setattr(directory, "__file__", str(package / "runtime" / "directory.py"))
    assert package / "_saved_models" in model_folders()
    assert find_model("shipped") == package / "_saved_models" / "shipped" / "1"
    monkeypatch.setattr(directory, "SHIPPED", "shipped")
    assert find_model() == package / "_saved_models" / "shipped" / "1"


def test_the_environment_names_a_model(workplace, monkeypatch):
    tiny_models.write(workplace / "one")
    tiny_models.write(workplace / "two")
    monkeypatch.setenv("NERTAGGER_MODEL", "one")
    assert find_model().parent.name == "one"
    assert find_model("two").parent.name == "two"
    monkeypatch.setenv("NERTAGGER_MODEL", "three")
    with pytest.raises(InputError, match=r"no model 'three' \(from \$NERTAGGER_MODEL\)"):
        find_model()


def test_what_holds_no_model_is_refused(workplace):
    with pytest.raises(InputError, match=r"no model 'nothing' in saved_models.*nertagger train"):
        find_model("nothing")
    with pytest.raises(InputError, match=r"no model '\./nothing'; expected a name or a directory"):
        find_model("./nothing")
    (workplace / "empty").mkdir()
    with pytest.raises(InputError, match=r"holds no model: expected .*config\.json"):
        find_model("empty")
    (workplace / "file").write_text("")
    with pytest.raises(InputError, match="is a file; expected the directory of a model"):
        find_model("file")


def test_a_saved_model_without_our_assets_is_refused(workplace):
    (workplace / "foreign" / "1").mkdir(parents=True)
    (workplace / "foreign" / "1" / "saved_model.pb").write_bytes(b"")
    _refused(find_model("foreign"), "config.json", "is missing", "train it again")


@pytest.mark.parametrize(
    "name",
    ["config.json", "vocabulary.txt", "characters.txt", "vectors.txt", "weights.safetensors"],
)
def test_a_missing_file_is_named(version, name):
    (_assets(version) / name).unlink()
    error = _refused(version, name)
    assert "missing" in str(error) or "No such file" in str(error)


@pytest.mark.parametrize("name", ["vocabulary.txt", "characters.txt", "vectors.txt"])
def test_a_list_that_is_cut_off_is_refused(version, name):
    path = _assets(version) / name
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]))
    _refused(version, name, f"has {len(lines) - 1} lines", f"{len(lines)} entries")
    path.write_bytes(b"\xff\n" * len(lines))
    _refused(version, name)
    path.write_text("x\n" * len(lines))
    _refused(version, name, "<PAD>")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ("not JSON",)),
        (b'{\n"name": 1,', ("config.json:2: is not JSON",)),
        (b"\xff\xfe", ("not UTF-8 at byte 0",)),
        (b"[" * 100_000, ("nested",)),
        (b"[1]", ("expected a JSON object",)),
        (b"{}", ("has no 'architecture'",)),
    ],
)
def test_a_broken_configuration_is_refused(version, content, words):
    (_assets(version) / "config.json").write_bytes(content)
    _refused(version, *words)


def _change(config, key, value):
    *parents, last = key.split(".")
    for parent in parents:
        config = config[parent]
    if value is None:
        del config[last]
    else:
        config[last] = value


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("format_version", 2, ("format_version 2", "upgrade nertagger")),
        ("format_version", "1", ("'1', expected 1",)),
        ("format_version", None, ("has no 'format_version'",)),
        ("labels", None, ("has no 'labels'",)),
        ("labels", "PER", ("'labels' is 'PER', expected a list",)),
        ("colour", "red", ("has 'colour'", "upgrade")),
        ("temperature", 0, ("'temperature' is 0, expected more than 0",)),
        ("least_score", 1.5, ("'least_score' is 1.5, expected 0 to 1",)),
        ("temperature", "hot", ("'temperature' is 'hot', expected a number",)),
        ("temperature", True, ("'temperature' is True, expected a number",)),
        ("text.misspellings", "no", ("'text.misspellings' is 'no', expected true or false",)),
        ("text.language", "en", ("has 'text.language'", "does not know")),
        ("tags", ["O"], ("'tags' are not those of 'architecture'",)),
        ("architecture.units", None, ("has no 'architecture.units'",)),
        ("architecture.units", 0, ("'architecture.units' is 0, expected a whole number from 1",)),
        ("architecture.units", 5, ("has shape [30, 24], but config.json says [30, 20]",)),
        ("architecture.units", 6.0, ("expected a whole number",)),
        ("architecture.layers", 2, ("has no tensor 'encoder.1.",)),
        ("architecture.cell", "transformer", ("expected one of simple-rnn, lstm",)),
        ("architecture.cell", ["lstm"], ("expected one of simple-rnn, lstm",)),
        ("architecture.head", "softmax", ("has a tensor 'crf.", "says nothing of")),
        ("architecture.head", "sigmoid", ("sigmoid has exactly one",)),
        ("architecture.context_dimension", -1, ("expected a whole number from 0",)),
        ("architecture.context_dimension", 5, ("'context.kernel' has shape [3, 4]",)),
        ("architecture.vector_count", 0, ("which needs 'context_skipped' and vectors",)),
        ("architecture.attention", 8, ("has 'architecture.attention'", "does not know")),
        ("architecture.tags", [], ("expected a list of tags",)),
        ("architecture.tags", ["O", "X-PER"], ("'X-PER' is no tag",)),
        ("architecture.vocabulary_size", 4, ("tensor", "embedding.word")),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused(version, key, value, words):
    path = _assets(version) / "config.json"
    config = json.loads(path.read_text())
    _change(config, key, value)
    if key == "architecture.tags":
        config["tags"] = value
    path.write_text(json.dumps(config))
    _refused(version, *words)


def test_the_keys_of_an_architecture_are_those_that_models_have():
    assert {field.name for field in dataclasses.fields(Architecture)} == ARCHITECTURE_KEYS
    architecture = tiny_models.make()[0]["architecture"]
    assert json.loads(json.dumps(Architecture.from_dict(architecture).to_dict())) == architecture


def test_tensors_of_another_shape_or_type_are_refused(version):
    _, _, tensors = tiny_models.make()
    path = _assets(version) / "weights.safetensors"
    save_file(tensors | {"head.bias": np.zeros((9, 1), "float32")}, path)
    _refused(version, "tensor 'head.bias' has shape [9, 1], but config.json says [9]")
    save_file(tensors | {"head.bias": np.zeros(9, "float16")}, path)
    _refused(version, "tensor 'head.bias' is float16, expected float32")
    save_file(tensors | {"head.bias": np.zeros(9, "float64")}, path)
    _refused(version, "tensor 'head.bias' is of type 'F64'; expected one of I32, F16, F32")
    save_file(tensors | {"extra": np.zeros(9, "float32")}, path)
    _refused(version, "has a tensor 'extra'")
    del tensors["head.bias"]
    save_file(tensors, path)
    _refused(version, "has no tensor 'head.bias'")


def test_weights_cut_off_anywhere_are_refused(version):
    path = _assets(version) / "weights.safetensors"
    content = path.read_bytes()
    header = 8 + struct.unpack("<Q", content[:8])[0]
    for size in (0, 5, 8, 20, header - 1, header, header + 100, len(content) - 1):
        path.write_bytes(content[:size])
        _refused(version, "weights.safetensors", "train")

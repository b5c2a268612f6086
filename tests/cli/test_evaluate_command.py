"""`nertagger evaluate`: its scores against seqeval, and what it says of bad input."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
import seqeval.metrics
from click.testing import CliRunner

from nertagger.cli.evaluate import command
from nertagger.errors import InputError
from nertagger.runtime.tagger import load


def run(*arguments):
    result = CliRunner().invoke(command, [str(argument) for argument in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def scores(*arguments):
    return json.loads(run(*arguments, "--format", "json").stdout)


@pytest.fixture
def tokens(words):
    """Words that the tokenizer leaves whole and that end no sentence."""
    return [word for word in words if word.isalpha() and word.isascii()]


def random_tags(chance, length, labels=("LOC", "PER", "MISC")):
    tags = []
    while len(tags) < length:
        label = chance.choice(["O", *labels])
        many = min(chance.choice([1, 1, 2, 3]), length - len(tags))
        tags += ["O"] * many if label == "O" else [f"B-{label}", *[f"I-{label}"] * (many - 1)]
    return tags


def write_conll(path, sentences):
    rows = ("".join(f"{t}\t{tag}\n" for t, tag in zip(*s, strict=True)) for s in sentences)
    path.write_text("\n".join(rows))
    return path


def predicted_tags(model, sentences):
    """The model's tags for each sentence, told apart from what is evaluated by tokens alone."""
    return [
        [token.tag for token in document.tokens]
        for document in load(model).pipe(" ".join(tokens) for tokens, _ in sentences)
    ]


def assert_equal_to_seqeval(found, gold, predicted):
    report = seqeval.metrics.classification_report(
        gold, predicted, output_dict=True, zero_division=0
    )
    expected = {name.removesuffix(" avg"): row for name, row in report.items()}
    rows = found["per_type"] | {name: found[name] for name in ("micro", "macro", "weighted")}
    assert rows.keys() == expected.keys()
    for name, row in rows.items():
        other = expected[name]
        assert row["support"] == other["support"]
        for ours, theirs in (("precision", "precision"), ("recall", "recall"), ("f1", "f1-score")):
            assert row[ours] == pytest.approx(other[theirs], abs=1e-12)


@pytest.fixture
def sentences(tokens):
    chance = random.Random(3)
    made = []
    for _ in range(200):
        length = chance.randrange(1, 30)
        made.append((chance.choices(tokens, k=length), random_tags(chance, length)))
    return made


def test_scores_are_seqeval_s(model, sentences, tmp_path):
    path = write_conll(tmp_path / "gold.conll", sentences)
    predicted = predicted_tags(model, sentences)
    # Half of gold is what the model says, so that there is something to be found.
    for index in range(0, len(sentences), 2):
        sentences[index] = (sentences[index][0], predicted[index])
    write_conll(path, sentences)
    found = scores(model, path)
    assert_equal_to_seqeval(found, [tags for _, tags in sentences], predicted)
    assert 0.2 < found["micro"]["f1"] < 0.9
    assert found["documents"] == 200
    assert found["corpus"] == str(path)
    assert found["model"] == str(Path(model) / "1")
    assert sum(row["count"] for row in found["confusions"]) == sum(found["errors"].values())
    assert found["worst"][0]["errors"] >= found["worst"][-1]["errors"] > 0


def test_labels_can_be_mapped_and_dropped(model, sentences, tmp_path):
    path = write_conll(tmp_path / "gold.conll", sentences)
    predicted = predicted_tags(model, sentences)

    def mapped(tags):
        names = {"B-PER": "B-LOC", "I-PER": "I-LOC", "B-MISC": "O", "I-MISC": "O"}
        return [names.get(tag, tag) for tag in tags]

    found = scores(model, path, "--map", "PER=LOC,MISC=O")
    gold = [mapped(tags) for _, tags in sentences]
    assert_equal_to_seqeval(found, gold, [mapped(tags) for tags in predicted])
    assert set(found["per_type"]) == {"LOC"}


def test_labels_that_the_model_has_not_are_told_and_count_as_missed(model, sentences, tmp_path):
    path = write_conll(tmp_path / "gold.conll", sentences)
    result = run(model, path, "--format", "json")
    count = sum(tag == "B-MISC" for _, tags in sentences for tag in tags)
    (line,) = result.stderr.strip().split("\n")
    assert f"the model has no MISC ({count:,}), which count as missed" in line
    assert json.loads(result.stdout)["per_type"]["MISC"]["recall"] == 0
    assert run(model, path, "--map", "MISC=O").stderr == ""


def test_long_sentences_and_lines_are_scored(model, tokens, tmp_path):
    chance = random.Random(5)
    length = 20_000
    sentence = (chance.choices(tokens, k=length), random_tags(chance, length, ("LOC", "PER")))
    path = write_conll(tmp_path / "gold.conll", [sentence])
    result = run(model, path, "--format", "json")
    found = json.loads(result.stdout)
    assert_equal_to_seqeval(found, [sentence[1]], predicted_tags(model, [sentence]))
    text = "Ada " + ("x" * 400 + " ") * 2500
    path = tmp_path / "gold.jsonl"
    path.write_text(json.dumps({"text": text, "entities": [[0, 3, "PER"]]}))
    found = scores(model, path)
    documents = load(model)(text).entities
    assert sum(row["support"] for row in found["per_type"].values()) == 1
    hits = sum((e.start, e.end, e.label) == (0, 3, "PER") for e in documents)
    assert found["micro"]["precision"] == (hits / len(documents) if documents else 0)


def test_tables_are_rounded_and_go_where_they_are_wanted(model, sentences, tmp_path):
    path = write_conll(tmp_path / "gold.conll", sentences)
    output = tmp_path / "scores.txt"
    result = run(model, path, "--output", output)
    assert result.stdout == ""
    table = output.read_text("utf-8")
    f1 = scores(model, path)["micro"]["f1"]
    assert f"{100 * f1:.2f}" in table
    for part in ("precision", "LOC", "PER", "MISC", "Commonest errors", "expected", "received"):
        assert part in table
    assert "\033" not in table
    output = tmp_path / "scores.json"
    run(model, path, "--output", output, "--format", "json")
    assert json.loads(output.read_text("utf-8")) == scores(model, path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"gold.conll: is empty"),
        (b"Ada\tB-PER\nin\n", r"gold.conll:2: "),
        (b"Ada\tQ-PER\n", r"gold.conll:1: .*no tag"),
        (b"Ada\0\tO\n", r"gold.conll:1: has a NUL"),
        (b"Ada \xff\tO\n", r"gold.conll:1: is not UTF-8"),
    ],
)
def test_a_corpus_that_is_none_is_refused(model, tmp_path, content, message):
    path = tmp_path / "gold.conll"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        run(model, path)


def test_other_bad_input_is_refused(model, sentences, tmp_path):
    path = write_conll(tmp_path / "gold.conll", sentences)
    for arguments, message in (
        ((model, tmp_path), "is a directory"),
        ((model, tmp_path / "none.conll"), "there is no such file"),
        ((tmp_path / "none", path), "no model"),
        ((model, path, "--map", "COUNTRY=LOC"), "neither corpus nor model has"),
        ((model, path, "--map", "PER"), "'PER' is no pair"),
        ((model, path, "--output", tmp_path / "no" / "x"), "there is no directory"),
        ((model, path, "--output", tmp_path), "is a directory"),
        ((model, path, "--output", path), "is the input"),
    ):
        with pytest.raises(InputError, match=message):
            run(*arguments)
    assert os.listdir(tmp_path) == ["gold.conll"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
@pytest.mark.parametrize("form", ["json", "table"])
def test_a_full_disk_is_one_line(model, sentences, tmp_path, form):
    path = write_conll(tmp_path / "gold.conll", sentences)
    with pytest.raises(InputError, match="/dev/full: cannot be written: no space left on device"):
        run(model, path, "--output", "/dev/full", "--format", form)
    assert Path("/dev/full").is_char_device()


def test_neither_tensorflow_nor_keras_is_imported(model, sentences, tmp_path):
    path = write_conll(tmp_path / "gold.conll", sentences)
    code = (
        "import atexit, sys\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        "from nertagger.cli import main\n"
        "main()"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, "evaluate", model, path], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert "micro" in result.stdout
    modules = {name.partition(".")[0] for name in result.stderr.split()}
    assert "numpy" in modules
    assert not {"tensorflow", "keras", "h5py", "matplotlib", "safetensors"} & modules

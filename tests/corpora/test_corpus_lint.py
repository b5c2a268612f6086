"""The linter names the file, the line and the fault."""

import json

import pytest

from nertagger.corpora.lint import lint
from nertagger.errors import InputError


def document(text, *entities):
    spans = []
    for surface, label in entities:
        start = text.index(surface)
        spans.append({"start": start, "end": start + len(surface), "label": label})
    return json.dumps({"text": text, "entities": spans})


def write(path, *lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def found(problems):
    return [(problem.path.name, problem.line) for problem in problems]


def test_faulty_spans_are_named_and_the_rest_is_read_on(tmp_path):
    path = write(
        tmp_path / "a.jsonl",
        document("Ada met Bo.", ("Ada", "PER")),
        '{"text": "Ada met Bo.", "entities": [{"start": 3, "end": 7, "label": "PER"}]}',
        '{"text": "Ada met Bo", "label": [[0, 7, "PER"], [4, 10, "PER"]]}',
        "{",
        "",
        document("A kitten slept in Oslo.", ("kit", "PER")),
        document("They went to Oslo.", ("Oslo", "PLACE")),
    )
    problems = lint([path], labels=("PER", "LOC"))
    spans = [problem for problem in problems if problem.line]
    assert found(spans) == [("a.jsonl", line) for line in (2, 3, 4, 6, 7)]
    faults = ("white space", "overlaps", "not JSON", "ends inside a token", "'PLACE'")
    for problem, fault in zip(spans, faults, strict=True):
        assert fault in problem.message
    assert str(spans[0]).startswith(f"{path}:2: ")


def test_a_label_that_is_rare_or_dominates_is_told(tmp_path):
    text = "Ada and Bo and Cy and Di and Ed went to Oslo."
    people = [(name, "PER") for name in ("Ada", "Bo", "Cy", "Di", "Ed")]
    path = write(tmp_path / "a.jsonl", document(text, *people, ("Oslo", "LOC")))
    messages = [problem.message for problem in lint([path], labels=("PER", "LOC", "ORG"))]
    assert len(messages) == 2
    assert messages[0].startswith("5 of its 6 entities are PER")
    assert messages[1].startswith("0 of its 6 entities are ORG")
    assert lint([path]) == []


def test_duplicates_are_found_across_files_and_kinds(tmp_path):
    original = "On Monday the harbour master rowed out to the lightship with a bag of onions."
    first = write(
        tmp_path / "train.jsonl",
        document(original),
        document("Ada sold 12 hens to the miller before breakfast.", ("Ada", "PER")),
        document("Thanks a lot!"),
        document("The ferry was late, the coffee was cold and nobody at all complained."),
    )
    second = write(
        tmp_path / "dev.jsonl",
        document("Nothing new here at all.\n" + original.upper()),
        document("Bo Li sold 9 hens to the miller before breakfast.", ("Bo Li", "PER")),
        document("Thanks a lot!"),
        document(original.replace("onions", "turnips").replace("Monday", "Friday")),
        document("The coffee was late, and so were the ferry, the post and the milk."),
    )
    problems = lint([first, second])
    assert found(problems) == [("dev.jsonl", 1), ("dev.jsonl", 2), ("dev.jsonl", 4)]
    assert "the same sentence" in problems[0].message
    assert "entities and digits" in problems[1].message
    assert "nearly" in problems[2].message
    assert f"{first}:1" in problems[2].message


def test_rows_of_names_are_no_template(tmp_path):
    rows = [
        document(f"{one} 3 {two} 1 (after extra time)", (one, "ORG"), (two, "ORG"))
        for one, two in (("Porto", "Lazio"), ("Basel", "Genk"))
    ]
    assert lint([write(tmp_path / "a.jsonl", *rows)]) == []


def test_near_duplicates_are_those_of_a_direct_comparison(tmp_path):
    import itertools
    import random

    generator = random.Random(5)
    vocabulary = [f"w{chr(97 + i)}{chr(97 + j)}" for i in range(6) for j in range(6)]
    sentences = []
    for _ in range(60):
        words = generator.sample(vocabulary, generator.randint(5, 12))
        sentences += [words, generator.sample(words, len(words))[generator.randint(0, 3) :]]
    sentences = [words for words in sentences if len(words) >= 5]
    path = write(tmp_path / "a.jsonl", *(document(" ".join(words)) for words in sentences))
    expected = set()
    for (_, before), (line, words) in itertools.combinations(enumerate(sentences, 1), 2):
        a, b = set(before), set(words)
        if len(a & b) >= 0.7 * len(a | b):
            expected.add(line)
    assert {problem.line for problem in lint([path])} == expected
    assert len(expected) > 20


def test_names_shared_with_the_training_part_are_told(tmp_path):
    train = write(
        tmp_path / "en" / "train.jsonl",
        document("Ada saw Oslo in May.", ("Ada", "PER"), ("Oslo", "LOC"), ("May", "DATE")),
    )
    dev = write(
        tmp_path / "en" / "dev.jsonl",
        document("By May OSLO was dull.", ("May", "DATE"), ("OSLO", "LOC")),
        document("So said Ada.", ("Ada", "PER")),
    )
    other = write(tmp_path / "fr" / "dev.jsonl", document("Ada dort.", ("Ada", "PER")))
    paths = [train, dev, other]
    assert lint(paths) == []
    problems = lint(paths, shared_names=[])
    assert found(problems) == [("dev.jsonl", 1), ("dev.jsonl", 2)]
    assert "'OSLO'" in problems[0].message
    assert found(lint(paths, shared_names=["oslo"])) == [("dev.jsonl", 2)]


def test_ambiguous_words_need_both_kinds(tmp_path):
    corpus = write(
        tmp_path / "a.jsonl",
        document("Apple hired him.", ("Apple", "ORG")),
        document("He ate an APPLE."),
        document("Will Smith left.", ("Will Smith", "PER")),
        document("In May it rained.", ("May", "DATE")),
        document("She is called May.", ("May", "PER")),
        document("The big apple is New York.", ("New York", "LOC")),
    )
    words = write(tmp_path / "words.txt", "apple", "Will", "May", "Rose", "New York")
    problems = lint([corpus], words=words)
    assert found(problems) == [("words.txt", 2), ("words.txt", 4), ("words.txt", 5)]
    assert "as PER" in problems[0].message
    assert "not at all" in problems[1].message


def test_columns_are_checked_too(tmp_path):
    row = "Ada\tB-PER\nrowed\tO\nhome\tO\nvery\tO\nslowly\tO\n\n"
    path = tmp_path / "a.conll"
    path.write_text(row + "Bo\tB-XYZ\nleft\tO\n\n" + row)
    problems = lint([path], labels=("PER",))
    assert "'XYZ'" in problems[0].message
    assert str(problems[-1]).startswith(f"{path}: ")
    assert "the same sentence" in problems[-1].message


def test_a_file_that_cannot_be_read_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        lint([tmp_path / "none.jsonl"])

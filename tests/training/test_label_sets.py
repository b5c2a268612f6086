"""Several corpora learnt together, each with labels of its own."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from small_corpus import write_corpus

from nertagger.corpora.corpus import Corpus
from nertagger.corpora.reading import read_corpus
from nertagger.errors import InputError
from nertagger.evaluation.evaluate import evaluate
from nertagger.runtime.tagger import load
from nertagger.training.options import TrainingOptions, read_options
from nertagger.training.sources import LabelledCorpus, Source, plain_name, read_source
from nertagger.training.tag_sets import TagNumbers
from nertagger.training.train import train

TAGS = ["O", *(f"{prefix}-{label}" for label in ("FAC", "LOC", "TIME") for prefix in "BIES")]


def source(annotated: tuple[str, ...], **alternatives: tuple[str, ...]) -> LabelledCorpus:
    corpus = Corpus("made up", [], (), "BIO", Path("x"))
    return LabelledCorpus(
        corpus, annotated, {"|".join(value): value for value in alternatives.values()}
    )


def test_what_a_corpus_does_not_annotate_may_be_there():
    numbers = TagNumbers(TAGS, "BIOES")
    whole = numbers.of_corpus(source(("FAC", "LOC", "TIME")), [["O", "B-LOC", "I-LOC"]])
    assert numbers.table() is None
    assert [TAGS[number] for number in whole] == ["O", "B-LOC", "E-LOC"]
    part = numbers.of_corpus(source(("FAC", "LOC")), [["O", "B-LOC"], ["O"]])
    table = numbers.table()
    assert table.shape == (len(TAGS) + 1, len(TAGS))
    np.testing.assert_array_equal(table[: len(TAGS)], np.eye(len(TAGS), dtype=bool))
    allowed = [{tag for tag, is_in in zip(TAGS, table[n], strict=True) if is_in} for n in part]
    assert allowed == [
        {"O", "B-TIME", "I-TIME", "E-TIME", "S-TIME"},
        {"S-LOC"},
        {"O", "B-TIME", "I-TIME", "E-TIME", "S-TIME"},
    ]


def test_a_span_may_be_one_of_several():
    numbers = TagNumbers(TAGS, "BIOES")
    found = numbers.of_corpus(
        source(("FAC", "LOC", "TIME"), place=("LOC", "FAC")), [["B-LOC|FAC", "I-LOC|FAC", "O"]]
    )
    table = numbers.table()
    allowed = [{tag for tag, is_in in zip(TAGS, table[n], strict=True) if is_in} for n in found]
    assert allowed == [{"B-LOC", "B-FAC"}, {"E-LOC", "E-FAC"}, {"O"}]


def test_labels_are_relabelled_by_a_list_and_then_renamed(tmp_path):
    listed = tmp_path / "towns.txt"
    listed.write_text("# towns\nNew-Harbour\nTarn\n")
    corpus = write_corpus(tmp_path / "a.jsonl", 60, seed=1)
    result = read_source(
        Source(
            str(corpus),
            relabel={"list": str(listed), "from": "LOC", "to": "TOWN"},
            map="LOC=LOC|FAC,PER=NAME",
            labels=("NAME", "TOWN"),
        )
    )
    before = read_corpus(corpus).documents
    for document, original in zip(result.corpus.documents, before, strict=True):
        for entity, old in zip(document.entities, original.entities, strict=True):
            expected = "NAME" if old.label == "PER" else "LOC|FAC"
            assert entity.label == ("TOWN" if old.text in ("New Harbour", "Tarn") else expected)
    assert result.corpus.labels == ("FAC", "LOC", "NAME", "TOWN")
    assert result.annotated == ("NAME", "TOWN")
    assert result.labels_of("LOC|FAC") == ("LOC", "FAC")


@pytest.mark.parametrize(
    ("one", "other"),
    [("The Gambia", "GAMBIA"), ("U . S .", "US"), ("Côte d’Ivoire", "CÔTE D'IVOIRE")],
)
def test_spellings_of_a_listed_name(one, other):
    assert plain_name(one) == plain_name(other) != plain_name(other + "n")


def test_countries_are_told_from_other_places():
    corpus = Source("bundled", relabel={"list": "countries.txt", "from": "LOC", "to": "COUNTRY"})
    missed = {
        entity.text
        for document in read_source(Source("bundled")).corpus.documents
        for entity in document.entities
        if entity.label == "COUNTRY"
    } - {
        entity.text
        for document in read_source(
            dataclasses.replace(
                corpus, map="", relabel={"list": "countries.txt", "from": "COUNTRY", "to": "LISTED"}
            )
        ).corpus.documents
        for entity in document.entities
        if entity.label == "LISTED"
    }
    # Of long ago: the list has the states of living memory. America is a continent to others.
    ancient = {"Mali Empire", "Ottoman Empire", "Ndongo", "Matamba", "Joseon", "Mercia", "Genoa"}
    ancient |= {"Holy Roman Empire", "Kingdom of Saxony", "Russian Empire", "Schaumburg-Lippe"}
    ancient |= {"Waldeck", "Reuss", "Kingdom of Serbs, Croats and Slovenes", "Württemberg"}
    ancient |= {"Upper Volta", "Electorate of Hanover", "Sultanate of Zanzibar", "Prussia"}
    ancient |= {"Zululand", "Rhodesia", "British Empire", "Republic of Venice", "DDR", "Carthage"}
    ancient |= {"Duchy of Warsaw", "Srivijaya", "Ilkhanate", "Jin", "Biafra"}
    invented = {"Ghassan", "Empire", "Kingdom of Ald", "Hegemony", "Taiidan Empire"}
    short = {"NED", "RUS", "SUR", "GBR", "HUN", "JPN", "NZL", "BE", "DK", "PT", "RO", "SE", "ROK"}
    colloquial = {"America", "Aotearoa", "states", "Congo Republic", "georgia", "korea"}
    assert missed <= ancient | invented | short | colloquial
    changed = {
        entity.text
        for document, original in zip(
            read_source(corpus).corpus.documents,
            read_source(Source("bundled")).corpus.documents,
            strict=True,
        )
        for entity, old in zip(document.entities, original.entities, strict=True)
        if entity.label != old.label
    }
    namesakes = {"Georgia", "Chad", "Jordan", "Niger", "Lebanon", "Bahrain", "Trinidad", "Gambia"}
    no_states_then = {"Palestine", "Syria", "Malta", "Kosovo"}
    assert changed <= namesakes | no_states_then


def test_of_a_corpus_the_first_documents_alone_may_be_learnt(tmp_path):
    path = str(write_corpus(tmp_path / "people.jsonl", 9, seed=1))
    whole = read_source(Source(path)).corpus.documents
    assert len(whole) > 4
    assert read_source(Source(path, documents=4)).corpus.documents == whole[:4]
    assert read_source(Source(path, documents=1000)).corpus.documents == whole
    value = {"path": path, "documents": 4}
    assert Source.from_value(value).to_value() == value


def options_of(small_options: TrainingOptions, tmp_path: Path, **changes) -> TrainingOptions:
    """One corpus that has people alone and one that has places alone, under another name."""

    def only(label: str, name: str, seed: int) -> str:
        path = write_corpus(tmp_path / name, 60, seed=seed)
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        for line in lines:
            line["label"] = [span for span in line["label"] if span[2] == label]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return str(path)

    sources = (
        Source(only("PER", "people.jsonl", 3)),
        Source(only("LOC", "places.jsonl", 4), map="LOC=PLACE", repeat=2),
    )
    return dataclasses.replace(
        small_options, train=sources, dev_map="PLACE=LOC", epochs=12, **changes
    )


@pytest.mark.parametrize("head", ["crf", "softmax"])
def test_corpora_that_annotate_different_labels_make_one_tagger(
    small_options, quiet, tmp_path, head
):
    options = options_of(small_options, tmp_path, head=head)
    result = train(options, console=quiet)
    assert result["scores"]["micro"]["f1"] > 0.9
    tagger = load(result["model"])
    assert tagger.labels == ["PER", "PLACE"]
    gold = read_corpus(options.dev).documents
    predicted = tagger.pipe(document.text for document in gold)
    again = evaluate(gold, predicted, {"PLACE": "LOC"})
    assert again["micro"] == result["scores"]["micro"]
    config = json.loads(Path(result["model"], "assets.extra/nertagger/config.json").read_text())
    rows = config["training"]["corpora"]
    assert [(row["name"], row["labels"], row["repeat"]) for row in rows] == [
        ("people", ["PER"], 1),
        ("places", ["PLACE"], 2),
    ]
    assert config["training"]["sentences"] == rows[0]["sentences"] + 2 * rows[1]["sentences"]
    card = Path(result["model"], "assets.extra/nertagger/MODEL_CARD.md").read_text()
    assert "places, 2 times an epoch" in card


def test_the_card_of_a_mixture_holds_the_file_that_makes_it_again(small_options, quiet, tmp_path):
    options = options_of(
        small_options, tmp_path, licence="CC0 1.0", about="## Weaknesses\n\nOnly two labels."
    )
    others = Source(str(write_corpus(tmp_path / "others.jsonl", 60, seed=5)), own_head=True)
    options = dataclasses.replace(options, train=(*options.train, others), epochs=1)
    card = Path(train(options, console=quiet)["model"], "assets.extra/nertagger/MODEL_CARD.md")
    text = card.read_text()
    assert "others, for a head of its own, not kept |" in text
    assert "**Licence**: CC0 1.0." in text
    assert "Only two labels." in text
    assert "Entities with a score below 0.33 are not told." in text
    toml = tmp_path / "again.toml"
    toml.write_text(text.split("```toml\n")[1].split("```")[0])
    again = TrainingOptions(**read_options(toml))
    settled = options.for_corpus(180)
    assert again == dataclasses.replace(settled, output=None, licence=None, about=None)


def test_one_yes_or_no_has_no_place_for_several_label_sets(small_options, quiet, tmp_path):
    with pytest.raises(InputError, match=r"people annotates PER, and places PLACE.*--head crf"):
        train(options_of(small_options, tmp_path, head="sigmoid"), console=quiet)
    assert not Path(small_options.output).exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("train = []", "empty list"),
        ("train = 3", "train is 3; expected a path"),
        ('train = [{paths = "a"}]', "train has 'paths'; known: path"),
        ('train = [{labels = ["A"]}]', "has no path"),
        ('train = {path = "a", labels = "PER"}', "labels of train is 'PER'; expected a list"),
        ('train = {path = "a", repeat = 0}', "repeat of train is 0; expected a whole number"),
        ('train = {path = "a", documents = 0}', "documents of train is 0; expected a whole number"),
        ('train = {path = "a", relabel = {list = "b"}}', "expected a table such as"),
    ],
)
def test_a_wrong_list_of_corpora_is_refused(tmp_path, content, said):
    path = tmp_path / "train.toml"
    path.write_text(content)
    with pytest.raises(InputError) as refused:
        read_options(path)
    assert said in str(refused.value)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"map": "CITY=LOC"}, "has no CITY to map; it has LOC, PER"),
        ({"map": "LOC=LOC|"}, "empty label"),
        ({"relabel": {"list": "countries.txt", "from": "GPE", "to": "X"}}, "has no GPE"),
        ({"relabel": {"list": "nowhere.txt", "from": "LOC", "to": "X"}}, "nowhere.txt"),
    ],
)
def test_labels_that_are_not_there_are_told(tmp_path, changes, said):
    corpus = write_corpus(tmp_path / "a.jsonl", 20)
    with pytest.raises(InputError) as refused:
        read_source(Source(str(corpus), **changes))
    assert said in str(refused.value)


def test_the_commonest_vectors_and_the_corpus_s_words_are_kept(small_options, quiet, tmp_path):
    vectors = tmp_path / "vectors.txt"
    words = ["of", "zebra", "the", "Tarn", "quagga", "sells"]
    vectors.write_text("".join(f"{word} {n} 1\n" for n, word in enumerate(words, 1)))
    options = dataclasses.replace(small_options, vectors=str(vectors), vector_rows=2, epochs=1)
    model = train(options, console=quiet)["model"]
    kept = Path(model, "assets.extra/nertagger/vectors.txt").read_text().splitlines()
    assert kept == ["<PAD>", "of", "zebra", "the", "Tarn", "sells"]

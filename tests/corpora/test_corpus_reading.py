"""Which reader a file gets, the bundled corpus, and the real corpora where they are at hand."""

import os
from pathlib import Path

import pytest

from nertagger.corpora import bundled
from nertagger.corpora.alignment import labelled_documents
from nertagger.corpora.reading import FORMATS, read_corpus, write_corpus
from nertagger.errors import InputError
from nertagger.text.document import Document, Entity

CORPORA = Path(
    os.environ.get("NERTAGGER_CORPORA", Path(__file__).parents[3] / "shared" / "corpora")
)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.conll", "Ada\tB-PER\n"),
        ("a.TSV", "Ada\tB-PER\n"),
        ("a.txt", "Ada B-PER\n"),
        ("a", '"\tO\n\nAda\tB-PER\n'),
        ("b.txt", "[\tO\n{\tO\nAda\tB-PER\n"),
        ("a.jsonl", '{"text": "Ada", "label": [[0, 3, "PER"]]}'),
        ("b", '\n{"text": "Ada", "label": [[0, 3, "PER"]]}'),
        ("c.json", '[["Ada", {"entities": [[0, 3, "PER"]]}]]'),
        ("d.txt", '[["Ada", {"entities": [[0, 3, "PER"]]}]]'),
        ("e.txt", '["Ada", {"entities": [[0, 3, "PER"]]}]'),
        ("f.data", '[\n  {"text": "Ada", "entities": [[0, 3, "PER"]]}\n]'),
    ],
)
def test_the_format_is_told_by_extension_or_content(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    corpus = read_corpus(tmp_path / name)
    assert [e.text for document in corpus.documents for e in document.entities] == ["Ada"]


@pytest.mark.parametrize("extension", [form.extensions[0] for form in FORMATS.values()])
def test_every_format_is_written_too(tmp_path, extension):
    documents = [Document("Ada sang", [Entity("Ada", "PER", 0, 3)])]
    write_corpus(tmp_path / f"a{extension}", documents)
    assert read_corpus(tmp_path / f"a{extension}").documents == documents


def test_an_unknown_extension_is_not_written(tmp_path):
    with pytest.raises(InputError, match=r"\.jsonl"):
        write_corpus(tmp_path / "a.xml", [])
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_read_is_told(tmp_path):
    (tmp_path / "empty").touch()
    for path, reason in [
        (tmp_path, "directory"),
        ("none", "no such"),
        (tmp_path / "empty", "empty"),
    ]:
        with pytest.raises(InputError, match=reason):
            read_corpus(path)


@pytest.mark.parametrize("place", ["nertagger/_data", "data"])
def test_the_bundled_corpus_is_found_installed_and_in_a_checkout(tmp_path, monkeypatch, place):
    (tmp_path / place / "en").mkdir(parents=True)
    (tmp_path / place / "en" / "dev.conll").write_text("Ada\tB-PER\n")
    (tmp_path / place / "en" / "README.md").write_text("x")
    monkeypatch.setattr(bundled, "_PACKAGE", tmp_path / "nertagger")
    corpus = bundled.bundled_corpus("dev")
    assert (corpus.name, corpus.labels) == ("en", ("PER",))
    with pytest.raises(InputError, match="no part 'test'; it has dev"):
        bundled.bundled_corpus("test")
    with pytest.raises(InputError, match="'xx'; there is en"):
        bundled.bundled_corpus("dev", "xx")


def test_a_lost_bundled_corpus_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(bundled, "_PACKAGE", tmp_path / "nertagger")
    with pytest.raises(InputError, match="install nertagger again"):
        bundled.bundled_corpus("dev")


@pytest.mark.skipif(
    not CORPORA.is_dir(), reason=f"no corpora at {CORPORA}; NERTAGGER_CORPORA names their folder"
)
@pytest.mark.parametrize(
    ("name", "documents", "sentences", "entities", "labels"),
    [
        ("conll2003/train", 946, 14041, 23499, 4),
        ("conll2003/valid", 216, 3250, 5942, 4),
        ("worldwide/dev", 88, 1328, 3899, 9),
        ("wnut17/train", 3394, 3394, 1975, 6),
        ("wnut17/dev", 1009, 1009, 836, 6),
    ],
)
@pytest.mark.filterwarnings("ignore::nertagger.corpora.alignment.MisalignedSpanWarning")
def test_real_corpora_are_read_whole(name, documents, sentences, entities, labels):
    corpus = read_corpus(CORPORA / f"{name}.conll")
    assert len(corpus.documents) == documents
    assert sum(document.text.count("\n") + 1 for document in corpus.documents) == sentences
    assert corpus.entity_count == entities
    assert len(corpus.labels) == labels
    assert corpus.scheme == "BIO"
    assert corpus.name == name.split("/")[0]
    labelled = labelled_documents(corpus.documents[:100])
    tags = [tag for document in labelled for sentence in document for tag in sentence.tags]
    begun = sum(len(document.entities) for document in corpus.documents[:100])
    # An entity that crosses a sentence end begins twice; none may be lost.
    assert begun <= sum(tag.startswith("B-") for tag in tags) <= 1.02 * begun

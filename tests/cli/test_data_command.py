"""`nertagger data`: what it prints, where, and with which exit code."""

import hashlib
import json
import shutil
import subprocess

import pytest
from click.testing import CliRunner

from nertagger.cli.data import command
from nertagger.corpora import public
from nertagger.corpora.column_layout import ColumnLayout
from nertagger.corpora.reading import read_corpus
from nertagger.errors import InputError

LINE = {"text": "Ada rowed to Oslo.", "entities": [{"start": 0, "end": 3, "label": "PER"}]}


def run(*arguments):
    result = CliRunner().invoke(command, [str(argument) for argument in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "toy.jsonl"
    path.write_text(json.dumps(LINE) + "\n")
    return path


def test_convert_writes_columns_and_back(corpus, tmp_path):
    result = run("convert", corpus, tmp_path / "toy.conll")
    assert result.stdout == ""
    assert "1 documents, 1 entities" in result.stderr
    assert "Ada\tB-PER\nrowed\tO\n" in (tmp_path / "toy.conll").read_text()
    run("convert", tmp_path / "toy.conll", tmp_path / "back.jsonl")
    (document,) = read_corpus(tmp_path / "back.jsonl").documents
    assert [(entity.text, entity.label) for entity in document.entities] == [("Ada", "PER")]


def test_convert_tells_spans_that_do_not_fit(tmp_path):
    path = tmp_path / "toy.jsonl"
    path.write_text('{"text": "kittens", "label": [[0, 3, "PER"]]}\n')
    result = run("convert", path, tmp_path / "toy.conll")
    assert "ends inside a token" in result.stderr


def test_convert_refuses_what_it_cannot_write(corpus, tmp_path):
    with pytest.raises(InputError, match="extension"):
        run("convert", corpus, tmp_path / "toy.xlsx")
    assert run("convert", corpus, tmp_path).exit_code == 2


def test_statistics_are_a_table_or_json(corpus):
    table = run("statistics", corpus).stdout
    assert table.splitlines()[0] == "|  | toy |"
    assert "| PER | 1 |" in table
    (counts,) = json.loads(run("statistics", "--format", "json", corpus).stdout)
    assert (counts["sentences"], counts["tokens"], counts["labels"]) == (1, 5, {"PER": 1})


def test_lint_exits_with_1_if_something_is_wrong(corpus):
    result = CliRunner().invoke(command, ["lint", str(corpus)], standalone_mode=False)
    assert (result.return_value, result.stdout) == (0, "")
    arguments = ["lint", "--labels", "LOC", str(corpus)]
    result = CliRunner().invoke(command, arguments, standalone_mode=False)
    assert result.return_value == 1
    assert f"{corpus}:1: 'Ada' has the label 'PER'" in result.stdout
    assert result.stderr.strip() == "2 problems"


def test_list_names_what_there_is():
    output = run("list").stdout
    for name in ("train.jsonl", "CC0", *public.COLLECTIONS):
        assert name in output


def test_pull_shows_the_licence_before_the_first_use_only(tmp_path, monkeypatch):
    pytest.importorskip("pooch", reason="the extra `data` is not installed")
    source = tmp_path / "source"
    source.write_bytes(b"Ada\tB-PER\n")
    file = public.PublicFile(
        "train.conll", source.as_uri(), hashlib.sha256(source.read_bytes()).hexdigest(), 10
    )
    toy = public.PublicCollection("toy", "A toy.", "for looking only", "http://a.org", (file,))
    monkeypatch.setitem(public.COLLECTIONS, "toy", toy)
    monkeypatch.setenv("NERTAGGER_CACHE", str(tmp_path / "cache"))
    first, second = run("pull", "toy"), run("pull", "toy")
    assert "for looking only" in first.stderr
    assert second.stderr == ""
    path = tmp_path / "cache" / "toy" / "train.conll"
    assert first.stdout == second.stdout == f"{path}\n"
    assert path.read_bytes() == source.read_bytes()


def test_pull_from_git_shows_the_licence_before_the_first_use_only(tmp_path, monkeypatch):
    if shutil.which("git") is None:
        pytest.skip("git is not on the PATH")
    source = tmp_path / "source"
    source.mkdir()
    (source / "rows.tsv").write_bytes(b"1\tAda\tB-PER\n")
    git = ("git", "-C", str(source), "-c", "user.name=Toy", "-c", "user.email=toy@example.org")
    for arguments in (
        ("init", "--quiet"),
        ("add", "."),
        ("commit", "--quiet", "--message=Publish"),
        ("config", "uploadpack.allowAnySHA1InWant", "true"),
    ):
        subprocess.run([*git, *arguments], check=True)
    commit = subprocess.check_output([*git, "rev-parse", "HEAD"], text=True).strip()
    toy = public.GitCollection(
        "toy",
        "A toy.",
        "for looking only",
        "http://a.org",
        source.as_uri(),
        commit,
        ColumnLayout(token=1, tag=2),
        (public.GitFile("train.conll", "rows.tsv"),),
    )
    monkeypatch.setitem(public.COLLECTIONS, "toy", toy)
    monkeypatch.setenv("NERTAGGER_CACHE", str(tmp_path / "cache"))
    assert "toy  (size unknown)  for looking only" in run("list").stdout
    first, second = run("pull", "toy"), run("pull", "toy")
    assert "for looking only" in first.stderr
    assert second.stderr == ""
    path = tmp_path / "cache" / "toy" / "train.conll"
    assert first.stdout == second.stdout == f"{path}\n"
    assert path.read_bytes() == b"Ada\tB-PER\n\n"


def test_pull_of_an_unknown_name_lists_the_known():
    result = run("pull", "nothing")
    assert result.exit_code == 2
    assert "wnut17" in result.stderr

"""Fetching from Git repositories: over smart HTTP on loopback, and from file:// addresses."""

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from nertagger.corpora import git_repository
from nertagger.corpora.column_layout import ColumnLayout
from nertagger.corpora.fetching import fetch
from nertagger.corpora.public import GitCollection, GitFile
from nertagger.errors import InputError

GIT = shutil.which("git")
pytestmark = pytest.mark.skipif(GIT is None, reason="git is not on the PATH")

TRAIN = "0\tAda\tB-PER\n1\tsaw\tO\n2\tKyoto\tB-LOC\n\n"
DEV = "0\tBo\tB-PER\n1\tslept\tO\n\n"
FILES = {
    "data/en/train.conllu": TRAIN,
    "data/en/dev.conllu": DEV,
    "data/articles/b.tsv": "0\tOslo\tB-LOC\n",
    "data/articles/a.tsv": "0\tKenya\tB-LOC\n\n0\tIt\tO\n",
    "data/articles/c.txt": "no rows\n",
    "data/articles/more/d.tsv": "no rows\n",
    "unwanted.bin": "x" * 100_000,
}
TRAIN_WRITTEN = "Ada\tB-PER\nsaw\tO\nKyoto\tB-LOC\n\n"
DEV_WRITTEN = "Bo\tB-PER\nslept\tO\n\n"
ARTICLES_WRITTEN = "-DOCSTART-\tO\n\nKenya\tB-LOC\n\nIt\tO\n\n-DOCSTART-\tO\n\nOslo\tB-LOC\n\n"


def git(folder, *arguments):
    settings = ("-c", "user.name=Toy", "-c", "user.email=toy@example.org")
    command = [GIT, *settings, "-C", str(folder), *arguments]
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A repository whose wanted commit is not its newest."""
    folder = tmp_path_factory.mktemp("published") / "toy"
    folder.mkdir()
    git(folder, "init", "--quiet")
    git(folder, "config", "uploadpack.allowFilter", "true")
    git(folder, "config", "uploadpack.allowAnySHA1InWant", "true")
    git(folder, "config", "http.receivepack", "false")
    for path, text in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=Publish the toy corpus")
    (folder / "data/en/train.conllu").write_text(TRAIN.replace("Ada", "Eve"))
    git(folder, "commit", "--quiet", "--all", "--message=Change it")
    return folder


@pytest.fixture
def cache(tmp_path):
    folder = tmp_path / "cache"
    folder.mkdir()
    return folder


LAYOUT = ColumnLayout(token=1, tag=2)


def collection(published, url="", commit="", files=("train", "dev"), layout=LAYOUT):
    return GitCollection(
        "toy",
        "A toy.",
        "CC0",
        "http://example.org",
        url or published.as_uri(),
        commit or git(published, "rev-parse", "HEAD~1"),
        layout,
        tuple(GitFile(f"{name}.conll", f"data/en/{name}.conllu") for name in files),
    )


def files_below(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


class Server:
    """Git's smart HTTP protocol, with `git http-backend` behind it.

    From the packs numbered `fail_from` on, counted from 1, the answer is an error."""

    def __init__(self, folder):
        self.packs = 0
        self.fail_from = None
        self.stalls = False
        self.may_answer = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.answer(b"")

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                if b"command=fetch" in body:
                    outer.packs += 1
                    if outer.fail_from and outer.packs >= outer.fail_from:
                        return self.send_error(503)
                self.answer(body)

            def answer(self, body):
                if outer.stalls:
                    outer.may_answer.wait(20)
                    return
                path, _, query = self.path.partition("?")
                environment = {
                    "PATH": os.environ["PATH"],
                    "GIT_PROJECT_ROOT": str(folder.parent),
                    "GIT_HTTP_EXPORT_ALL": "1",
                    "GIT_CONFIG_COUNT": "1",
                    "GIT_CONFIG_KEY_0": "safe.directory",
                    "GIT_CONFIG_VALUE_0": "*",
                    "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                    "REQUEST_METHOD": self.command,
                    "PATH_INFO": path,
                    "QUERY_STRING": query,
                    "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                    "CONTENT_LENGTH": str(len(body)),
                }
                done = subprocess.run(
                    [GIT, "http-backend"], input=body, capture_output=True, env=environment
                )
                head, _, content = done.stdout.partition(b"\r\n\r\n")
                headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
                self.send_response(int(headers.pop("Status", "200").split()[0]))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,))
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.http.server_port}/{folder.name}/.git"


@pytest.fixture
def server(published):
    executables = Path(git(published, "--exec-path"))
    if not (executables / "git-http-backend").exists():
        pytest.skip("this git comes without its http-backend")
    server = Server(published)
    yield server
    server.may_answer.set()
    server.http.shutdown()
    server.thread.join()
    server.http.server_close()


@pytest.mark.parametrize("scheme", ["file", "http"])
def test_files_are_fetched_rewritten_and_not_fetched_again(published, cache, server, scheme):
    toy = collection(published, server.url if scheme == "http" else "")
    seen = []
    for _ in range(2):
        paths = fetch(toy, cache, lambda *arguments: seen.append(arguments))
        assert paths == [cache / "toy" / "train.conll", cache / "toy" / "dev.conll"]
        assert [path.read_text() for path in paths] == [TRAIN_WRITTEN, DEV_WRITTEN]
    assert seen[0] == (toy.files[0], 0, None)
    assert seen[-1] == (toy.files[1], len(DEV), len(DEV))
    assert [whole for _, _, whole in seen if whole] == [len(TRAIN), len(DEV)]
    assert files_below(cache) == [".dev.conll.pin", ".train.conll.pin", "dev.conll", "train.conll"]
    assert server.packs == (3 if scheme == "http" else 0)


def test_a_relative_cache_will_do(published, cache, monkeypatch):
    monkeypatch.chdir(cache)
    (path, _) = fetch(collection(published), Path("here"))
    assert path.read_text() == TRAIN_WRITTEN


def test_a_folder_becomes_one_file_with_a_document_for_each(published, cache, monkeypatch):
    monkeypatch.setattr(git_repository, "_AT_ONCE", 1)
    toy = GitCollection(
        **{
            **vars(collection(published)),
            "files": (GitFile("articles.conll", "data/articles", suffix=".tsv"),),
        }
    )
    (path,) = fetch(toy, cache)
    assert path.read_text() == ARTICLES_WRITTEN


def test_only_what_is_wanted_is_fetched(published, tmp_path, server):
    commit = git(published, "rev-parse", "HEAD~1")
    repository = git_repository.GitRepository(tmp_path / "objects", server.url, commit)
    repository.fetch_trees()
    identity = repository.file_id("data/en/train.conllu")
    assert identity == git(published, "rev-parse", "HEAD~1:data/en/train.conllu")
    content = TRAIN.encode()
    assert hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest() == identity
    assert list(repository.fetch_contents([identity])) == [content]
    stored = git(tmp_path / "objects", "cat-file", "--batch-all-objects", "--batch-check")
    assert [line.split()[1] for line in stored.splitlines()].count("blob") == 1


def test_what_is_damaged_or_of_another_pin_is_fetched_again(published, cache):
    (train, dev) = fetch(collection(published), cache)
    train.write_text("damaged")
    changed_at = dev.stat().st_mtime_ns
    fetch(collection(published), cache)
    assert train.read_text() == TRAIN_WRITTEN
    assert dev.stat().st_mtime_ns == changed_at
    fetch(collection(published, commit=git(published, "rev-parse", "HEAD")), cache)
    assert train.read_text() == TRAIN_WRITTEN.replace("Ada", "Eve")
    fetch(collection(published), cache)
    fetch(collection(published, layout=ColumnLayout(token=1, tag=2, labels={"PER": "O"})), cache)
    assert train.read_text() == TRAIN_WRITTEN.replace("B-PER", "O")


def test_a_broken_fetch_goes_on_with_the_file_it_stopped_at(published, cache, server):
    server.fail_from = 3
    with pytest.raises(InputError, match=r"cannot be fetched at commit .*503.*tries again"):
        fetch(collection(published, server.url), cache)
    assert files_below(cache) == [".train.conll.pin", "train.conll"]
    server.packs, server.fail_from = 0, None
    (train, dev) = fetch(collection(published, server.url), cache)
    assert (train.read_text(), dev.read_text()) == (TRAIN_WRITTEN, DEV_WRITTEN)
    assert server.packs == 2


def test_an_interruption_leaves_whole_files_only(published, cache):
    def interrupt(file, size, whole):
        if file.name == "dev.conll" and size:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(collection(published), cache, interrupt)
    assert files_below(cache) == [".train.conll.pin", "train.conll"]
    # As after a crash, which removes nothing.
    left = cache / "toy" / ".repository"
    left.mkdir()
    (left / "shallow.lock").touch()
    fetch(collection(published), cache)
    assert files_below(cache) == [".dev.conll.pin", ".train.conll.pin", "dev.conll", "train.conll"]


LYING_GIT = """#!{python}
import subprocess, sys
done = subprocess.run([{git!r}, *sys.argv[1:]], stdin=sys.stdin, capture_output=True)
output = done.stdout.replace({old!r}, {new!r}) if "cat-file" in sys.argv else done.stdout
sys.stdout.buffer.write(output)
sys.stderr.buffer.write(done.stderr)
sys.exit(done.returncode)
"""


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("commit", b"Publish the toy", b"Publish any toy"),
        ("tree", b"train.conllu", b"trail.conllu"),
        ("blob", b"\tB-PER\n", b"\tB-LOC\n"),
        ("blob", b"slept\tO\n", b"slept\tO!"),
    ],
)
def test_no_object_is_believed_unchecked(published, cache, tmp_path, monkeypatch, kind, old, new):
    folder = tmp_path / "bin"
    folder.mkdir()
    liar = folder / "git"
    liar.write_text(LYING_GIT.format(python=sys.executable, git=GIT, old=old, new=new))
    liar.chmod(0o755)
    toy = collection(published, files=("dev",))
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    with pytest.raises(InputError, match=f"not what was pinned, the hash of a {kind} is"):
        fetch(toy, cache)
    assert list(cache.iterdir()) == []


def test_a_tampered_server_is_refused(published, cache, tmp_path):
    copy = tmp_path / "toy"
    shutil.copytree(published, copy)
    identity = git(copy, "rev-parse", "HEAD~1:data/en/dev.conllu")
    other = git(copy, "rev-parse", "HEAD~1:data/en/train.conllu")
    objects = copy / ".git" / "objects"
    tampered = objects / identity[:2] / identity[2:]
    tampered.chmod(0o644)
    tampered.write_bytes((objects / other[:2] / other[2:]).read_bytes())
    with pytest.raises(InputError, match="cannot be fetched at commit"):
        fetch(collection(copy, files=("dev",)), cache)
    assert list(cache.iterdir()) == []


def test_what_is_not_there_is_told_and_leaves_nothing(published, cache, server):
    def assert_refused(message, **changes):
        with pytest.raises(InputError, match=message) as caught:
            fetch(GitCollection(**{**vars(collection(published)), **changes}), cache)
        assert "\n" not in str(caught.value)
        assert list(cache.iterdir()) == []

    assert_refused("not our ref", commit="1" * 40)
    assert_refused("not found", url=server.url.replace("toy", "none"))
    assert_refused(r"127\.0\.0\.1:9/toy cannot be fetched", url="http://127.0.0.1:9/toy")
    assert_refused("no file data/en/test.conllu", files=(GitFile("a", "data/en/test.conllu"),))
    assert_refused("no file data/en at", files=(GitFile("a", "data/en"),))
    assert_refused("no folder data/fr", files=(GitFile("a", "data/fr/train.conllu"),))
    assert_refused(r"no file data/en/\*\.tsv", files=(GitFile("a", "data/en", ".tsv"),))
    assert_refused("unwanted.bin:1: has 1 columns", files=(GitFile("a", "unwanted.bin"),))


def test_a_server_that_says_nothing_is_given_up(published, cache, server, monkeypatch):
    monkeypatch.setattr(git_repository, "_STALL_SECONDS", 1)
    server.stalls = True
    with pytest.raises(InputError, match="cannot be fetched"):
        fetch(collection(published, server.url), cache)
    monkeypatch.setattr(git_repository, "_STALL_SECONDS", 60)
    monkeypatch.setattr(git_repository, "_TIMEOUT", 0.5)
    with pytest.raises(InputError, match="git took longer than"):
        fetch(collection(published, server.url), cache)
    assert list(cache.iterdir()) == []


def test_without_git_it_is_named_unless_all_is_there(published, cache, monkeypatch):
    toy = collection(published)
    monkeypatch.setenv("PATH", str(cache))
    with pytest.raises(InputError, match="needs git, which is not on the PATH"):
        fetch(toy, cache)
    assert list(cache.iterdir()) == []
    monkeypatch.undo()
    paths = fetch(toy, cache)
    monkeypatch.setenv("PATH", str(cache))
    assert fetch(toy, cache) == paths


def test_neither_configuration_nor_environment_reaches_git(published, cache, tmp_path, monkeypatch):
    (tmp_path / "home").mkdir()
    configuration = tmp_path / "home" / ".gitconfig"
    configuration.write_text(f'[url "file:///nowhere"]\n\tinsteadOf = {published.as_uri()}\n')
    toy = collection(published)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "url.file:///nowhere.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", published.as_uri())
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(tmp_path / "elsewhere"))
    (train, _) = fetch(toy, cache)
    assert train.read_text() == TRAIN_WRITTEN
    assert not (tmp_path / "elsewhere").exists()

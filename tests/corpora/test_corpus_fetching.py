"""Fetching from a server on loopback: hashes, broken connections, archives."""

import hashlib
import io
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from nertagger.corpora import fetching
from nertagger.corpora.public import COLLECTIONS, GitCollection, PublicCollection, PublicFile
from nertagger.errors import InputError

pytest.importorskip("pooch", reason="the extra `data` is not installed")

CONTENT = bytes(range(256)) * 1200


class Server:
    """Serves `content`; `ranges` says whether it can go on, `stop_after` after how many bytes the
    connection breaks. `requested` has the Range of each request."""

    def __init__(self):
        self.content = CONTENT
        self.ranges = True
        self.stop_after = None
        self.requested = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                wanted = self.headers.get("Range")
                outer.requested.append(wanted)
                if self.path == "/missing":
                    return self.send_error(404)
                begin = int(wanted.split("=")[1].rstrip("-")) if wanted and outer.ranges else 0
                if wanted and outer.ranges and begin >= len(outer.content):
                    return self.send_error(416)
                self.send_response(206 if begin else 200)
                self.send_header("Content-Length", str(len(outer.content) - begin))
                self.end_headers()
                body = outer.content[begin:]
                self.wfile.write(body if outer.stop_after is None else body[: outer.stop_after])

            def log_message(self, *arguments):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,))
        self.thread.start()

    def collection(self, path="/file", content=CONTENT, member=""):
        url = f"http://127.0.0.1:{self.http.server_port}{path}"
        digest = hashlib.sha256(content).hexdigest()
        file = PublicFile("train.conll", url, digest, len(content), member)
        return PublicCollection("toy", "A toy.", "CC0", "http://example.org", (file,))


@pytest.fixture
def server():
    server = Server()
    yield server
    server.http.shutdown()
    server.thread.join()
    server.http.server_close()


def files_below(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_what_was_fetched_is_not_fetched_again(server, tmp_path):
    seen = []
    collection = server.collection()
    for _ in range(2):
        (path,) = fetching.fetch(collection, tmp_path, lambda file, size, whole: seen.append(size))
        assert path == tmp_path / "toy" / "train.conll"
        assert path.read_bytes() == CONTENT
    assert server.requested == [None]
    assert seen[-1] == len(CONTENT)
    assert files_below(tmp_path) == ["train.conll"]


def test_another_content_is_an_error_and_leaves_nothing(server, tmp_path):
    server.content = b"x" + CONTENT[1:]
    with pytest.raises(InputError, match="not the file that was pinned"):
        fetching.fetch(server.collection(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_too_long_a_content_is_not_read_to_its_end(server, tmp_path):
    server.content = CONTENT * 10
    seen = []
    with pytest.raises(InputError, match="not the file that was pinned"):
        fetching.fetch(server.collection(), tmp_path, lambda file, size, whole: seen.append(size))
    assert seen[-1] < 2 * len(CONTENT)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ranges", [True, False], ids=["with ranges", "without"])
def test_a_broken_download_goes_on(server, tmp_path, ranges):
    server.ranges = ranges
    server.stop_after = 100_000
    with pytest.raises(InputError, match="broke off after 100,000 of 307,200 bytes"):
        fetching.fetch(server.collection(), tmp_path)
    assert not (tmp_path / "toy" / "train.conll").exists()
    server.stop_after = None
    (path,) = fetching.fetch(server.collection(), tmp_path)
    assert path.read_bytes() == CONTENT
    assert server.requested == [None, "bytes=100000-"]
    assert files_below(tmp_path) == ["train.conll"]


def test_a_part_of_another_file_is_not_kept(server, tmp_path):
    (tmp_path / "toy").mkdir()
    part = tmp_path / "toy" / ".train.conll.part"
    part.write_bytes(b"other" * 10)
    with pytest.raises(InputError, match="not the file that was pinned"):
        fetching.fetch(server.collection(), tmp_path)
    assert files_below(tmp_path) == []
    part.parent.mkdir(exist_ok=True)
    part.write_bytes(CONTENT * 2)
    (path,) = fetching.fetch(server.collection(), tmp_path)
    assert path.read_bytes() == CONTENT


def test_a_damaged_file_in_the_cache_is_fetched_again(server, tmp_path):
    (path,) = fetching.fetch(server.collection(), tmp_path)
    path.write_bytes(b"damaged")
    fetching.fetch(server.collection(), tmp_path)
    assert path.read_bytes() == CONTENT


def test_a_member_of_an_archive_is_extracted(server, tmp_path):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("small.txt", "no")
        file.writestr("large.txt", "the 0.1 0.2\n")
    server.content = archive.getvalue()
    collection = server.collection(content=server.content, member="large.txt")
    for _ in range(2):
        (path,) = fetching.fetch(collection, tmp_path)
        assert path.read_text() == "the 0.1 0.2\n"
    assert server.requested == [None]
    assert files_below(tmp_path) == ["large.txt"]


def test_no_server_and_no_file_are_told(server, tmp_path):
    with pytest.raises(InputError, match="says 404"):
        fetching.fetch(server.collection("/missing"), tmp_path)
    file = PublicFile("a", "http://127.0.0.1:9/a", "0" * 64, 1)
    collection = PublicCollection("toy", "A toy.", "CC0", "http://example.org", (file,))
    with pytest.raises(InputError, match=r"127\.0\.0\.1:9/a cannot be fetched"):
        fetching.fetch(collection, tmp_path)


def test_every_public_file_is_pinned():
    for collection in COLLECTIONS.values():
        assert collection.licence
        if isinstance(collection, GitCollection):
            assert len(bytes.fromhex(collection.commit)) == 20
            assert collection.url.startswith("https://")
            continue
        for file in collection.files:
            assert len(bytes.fromhex(file.sha256)) == 32
            assert file.url.startswith("https://")
            assert not {"master", "main", "HEAD"} & set(file.url.split("/"))


def test_the_cache_is_where_the_user_wants_it(tmp_path, monkeypatch):
    monkeypatch.setenv("NERTAGGER_CACHE", str(tmp_path / "here"))
    assert fetching.cache_directory() == tmp_path / "here"
    assert not (tmp_path / "here").exists()
    monkeypatch.delenv("NERTAGGER_CACHE")
    assert fetching.cache_directory().name == "nertagger"

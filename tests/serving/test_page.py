"""The page for people, in a browser where there is one."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from importlib import resources

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
FOLDER = resources.files("nertagger.serving").joinpath("page")
FILES = {
    name: FOLDER.joinpath(name).read_text(encoding="utf-8")
    for name in ("index.html", "page.css", "page.js")
}


def test_nothing_is_loaded_from_elsewhere(server):
    for name, content in FILES.items():
        assert not re.search(r"https?://|//[a-z]+\.[a-z]|@import|\burl\(", content), name
    status, page, headers = server.request("GET", "/")
    assert status == 200
    assert page.decode() == FILES["index.html"]
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for source in re.findall(r'(?:src|href)="([^"]+)"', FILES["index.html"]):
        if source != "data:,":
            assert server.request("GET", f"/{source}")[0] == 200


def test_the_page_is_light():
    assert sum(map(len, FILES.values())) < 16_000


def test_it_knows_which_models_tag(server):
    status, body, _ = server.request("GET", "/page/models.json")
    assert status == 200
    assert {m["name"]: m["tagger"] for m in json.loads(body)} == {
        "half": False,
        "a b": False,
        "types": False,
        "tagger": True,
    }


def _browse(url: str, tmp_path, *arguments: str) -> str:
    command = [
        *(CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
        *("--disable-background-networking", "--disable-component-update", "--no-first-run"),
        *(f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=10000"),
        *(*arguments, url),
    ]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return done.stdout.decode()


@pytest.mark.skipif(CHROMIUM is None, reason="needs a Chromium: apt-get install chromium")
class TestInChromium:
    def test_entities_are_marked_with_label_and_confidence(self, server, tmp_path):
        dom = _browse(f"http://127.0.0.1:{server.port}/", tmp_path, "--dump-dom")
        marks = re.findall(r'<mark tabindex="0"[^>]*aria-label="([^"]+)"', dom)
        # The stand-in takes each capitalised word of the example for an entity.
        assert len(marks) == 9
        assert marks[0] == "Ada, PER, confidence 25.0 %"
        assert marks[1].startswith("Lovelace, ORG, confidence 11.1")
        legend = re.search(r'<ul id="legend".*?</ul>', dom, re.S)[0]
        assert re.findall(r"</span>(\w+)<span class=\"number\">(\d+)<", legend) == [
            ("ORG", "8"),
            ("PER", "1"),
        ]
        assert re.search(r'<p id="state"[^>]*>9 entities in \d+ ms</p>', dom)
        assert f"http://127.0.0.1:{server.port}/v1/models/tagger:predict" in dom

    @pytest.mark.parametrize(("name", "size"), [("wide", "1000,800"), ("phone", "500,900")])
    def test_it_is_drawn(self, server, tmp_path, name, size):
        picture = tmp_path / f"{name}.png"
        url = f"http://127.0.0.1:{server.port}/"
        _browse(url, tmp_path, f"--window-size={size}", f"--screenshot={picture}")
        # Its size in the PNG's header; an empty page would be far smaller.
        data = picture.read_bytes()
        width, height = map(int, size.split(","))
        assert data[16:24] == width.to_bytes(4, "big") + height.to_bytes(4, "big")
        assert len(data) > 20_000
        if kept := os.environ.get("NERTAGGER_SCREENSHOTS"):
            shutil.copy(picture, kept)

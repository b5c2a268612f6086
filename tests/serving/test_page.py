"""The page for people, in a browser where there is one."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
from importlib import resources

import pytest
from chromium_session import CHROMIUM, browser

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


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    if CHROMIUM is None:
        pytest.skip("needs a Chromium: apt-get install chromium")
    with browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


MARKS = "[...document.querySelectorAll('mark')].map(m => m.firstChild.textContent)"


def _empty_page(page, server, **window) -> None:
    page.open(f"http://127.0.0.1:{server.port}/", **{"width": 1000, "height": 800} | window)
    # The stand-in takes each capitalised word for an entity: there are nine in the example.
    page.wait_for("document.querySelectorAll('mark').length === 9")
    page.evaluate("document.getElementById('clear').click()")
    page.wait_for("document.querySelectorAll('mark').length === 0")


def test_entities_are_marked_while_one_types(page, server):
    _empty_page(page, server)
    page.type("so Ann")
    page.wait_for(f"{MARKS}.join() === 'Ann'")
    page.type(" met \U0001f600 Bob <b>")
    page.wait_for(f"{MARKS}.join() === 'Ann,Bob'")
    shown = "document.getElementById('result').cloneNode(true)"
    without = f"(r => {{ r.querySelectorAll('span').forEach(s => s.remove()); return r }})({shown})"
    # Places are code points, and what looks like markup is text.
    assert page.evaluate(f"{without}.textContent") == "so Ann met \U0001f600 Bob <b>"
    assert page.evaluate("document.querySelector('#legend').textContent") == "PER2"
    assert page.evaluate("/^2 entities in \\d+ ms$/.test(state.textContent)")


def test_confidence_is_shown_on_hover_and_on_focus(page, server):
    _empty_page(page, server)
    page.type("Ann and Bob")
    page.wait_for("document.querySelectorAll('mark').length === 2")
    tip = "getComputedStyle(document.querySelectorAll('mark .tip')[{}]).display"
    assert page.evaluate(tip.format(0)) == "none"
    page.move_to("document.querySelectorAll('mark')[0]")
    page.wait_for(f"{tip.format(0)} === 'block'")
    assert page.evaluate("document.querySelector('mark .tip').textContent") == (
        "PER, confidence 25.0 %"
    )
    # With the keyboard: behind the text come the first entity and the second.
    page.evaluate("text.focus()")
    page.press("Tab", 9)
    page.press("Tab", 9)
    page.wait_for(f"{tip.format(1)} === 'block'")
    label = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert label == "Bob, PER, confidence 25.0 %"


def test_the_curl_command_does_the_same(page, server):
    _empty_page(page, server)
    text = 'Ann\'s "Bob" $HOME `x` \\ é'
    page.type(text)
    page.wait_for("curl.textContent.includes('$HOME')")
    command = shlex.split(page.evaluate("curl.textContent"))
    assert command[:2] == ["curl", "-d"]
    assert json.loads(command[2]) == {"instances": [text]}
    address = f"http://127.0.0.1:{server.port}"
    assert command[-1] == f"{address}/v1/models/tagger:predict"
    status, _, _ = server.request("POST", command[-1].removeprefix(address), command[2])
    assert status == 200


def test_the_servers_error_is_shown(page, server):
    _empty_page(page, server)
    page.evaluate("model.options[0].value = 'nobody'")
    page.type("Ann")
    page.wait_for("state.textContent === 'Servable not found for request: Latest(nobody)'")
    assert page.evaluate("state.classList.contains('failed')")


@pytest.mark.parametrize(
    ("name", "window"),
    [
        ("wide", {"width": 1000, "height": 700}),
        ("phone", {"width": 340, "height": 740}),
        ("dark", {"width": 1000, "height": 700, "dark": True}),
    ],
)
def test_it_fits_and_is_drawn(page, server, tmp_path, name, window):
    page.open(f"http://127.0.0.1:{server.port}/", **window)
    page.wait_for("document.querySelectorAll('mark').length === 9")
    assert page.evaluate("document.documentElement.scrollWidth") <= window["width"]
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    lightness = sum(map(int, re.findall(r"\d+", background)[:3])) / 3
    assert (lightness < 128) == window.get("dark", False)
    picture = tmp_path / f"{name}.png"
    page.draw(picture)
    assert picture.stat().st_size > 20_000
    # Somebody may want to look at it.
    if kept := os.environ.get("NERTAGGER_SCREENSHOTS"):
        shutil.copy(picture, kept)

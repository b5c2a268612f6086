from __future__ import annotations

import os

import pytest

from nertagger.writing import atomic_directory, atomic_file


def test_a_file_is_replaced_only_when_it_is_whole(tmp_path):
    path = tmp_path / "scores.txt"
    path.write_text("before")

    def write_half() -> None:
        with atomic_file(path) as file:
            file.write("half")
            file.flush()
            assert path.read_text() == "before"
            raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        write_half()
    assert path.read_text() == "before"
    with atomic_file(path) as file:
        file.write("ä\n")
    assert path.read_bytes() == "ä\n".encode()
    assert os.listdir(tmp_path) == ["scores.txt"]


def test_a_new_file_has_the_usual_rights(tmp_path):
    mask = os.umask(0o022)
    try:
        with atomic_file(tmp_path / "new", "wb") as file:
            file.write(b"x")
    finally:
        os.umask(mask)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o644


def test_a_directory_appears_at_once_and_whole_or_not_at_all(tmp_path):
    version = tmp_path / "3"

    def write_half() -> None:
        with atomic_directory(version) as directory:
            (directory / "weights").write_text("half")
            raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        write_half()
    assert os.listdir(tmp_path) == []
    with atomic_directory(version) as directory:
        (directory / "weights").write_text("whole")
        assert not version.exists()
        assert not any(name.isdigit() for name in os.listdir(tmp_path))
    assert (version / "weights").read_text() == "whole"
    with pytest.raises(FileExistsError), atomic_directory(version):
        pass

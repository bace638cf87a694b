"""A directory tree that is never left, whatever links somebody has put below it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from automl.common.root import Root
from automl.errors import RunError


@pytest.fixture
def root(tmp_path: Path) -> Root:
    (tmp_path / "run" / "trials" / "0").mkdir(parents=True)
    (tmp_path / "run" / "trials" / "0" / "file").write_bytes(b"inside")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").write_bytes(b"outside")
    return Root(tmp_path / "run")


# Whatever is done to a file, by its name.
DEEDS: dict[str, Callable[[Root, Any], Any]] = {
    "read": lambda root, path: root.open(path).read(),
    "change": lambda root, path: root.open(path, "r+b").write(b"x"),
    "append": lambda root, path: root.open(path, "ab").write(b"x"),
    "empty": lambda root, path: root.open(path, "wb").close(),
    "check": lambda root, path: root.checked(path),
}
BELOW = {
    "create": lambda root, path: root.create(path).close(),
    "write": lambda root, path: root.write(path, b"x"),
    "remove": lambda root, path: root.remove(path),
    "remove_tree": lambda root, path: root.remove_tree(path),
    "replace": lambda root, path: root.replace(path, "new"),
    "move in": lambda root, path: root.replace("trials/0/file", path),
    "look": lambda root, path: root.status(path),
    "make": lambda root, path: root.make_folder(Path(path) / "deeper"),
    "list": lambda root, path: root.names(Path(path).parent),
}


def refused(deed: Callable[[], Any]) -> None:
    with pytest.raises(RunError, match="not inside it or is a link"):
        deed()


def untouched(root: Root) -> None:
    outside = root.path.parent / "outside"
    assert [path.name for path in outside.iterdir()] == ["file"]
    assert (outside / "file").read_bytes() == b"outside"


@pytest.mark.parametrize("deed", DEEDS.values(), ids=list(DEEDS))
def test_a_file_that_is_a_link_is_not_opened(deed: Callable[..., Any], root: Root) -> None:
    (root.path / "trials" / "1").symlink_to(root.path.parent / "outside" / "file")
    (root.path / "dangling").symlink_to(root.path.parent / "outside" / "new")
    refused(lambda: deed(root, "trials/1"))
    refused(lambda: deed(root, "dangling"))
    untouched(root)


@pytest.mark.parametrize("deed", [*DEEDS.values(), *BELOW.values()], ids=[*DEEDS, *BELOW])
@pytest.mark.parametrize("level", ["trials", "trials/1"])
def test_no_folder_that_is_a_link_is_entered(
    level: str, deed: Callable[..., Any], root: Root
) -> None:
    if level == "trials":
        (root.path / "trials").rename(root.path / "others")
    (root.path / level).symlink_to(root.path.parent / "outside")
    refused(lambda: deed(root, f"{level}/file"))
    untouched(root)


@pytest.mark.parametrize("deed", [*DEEDS.values(), *BELOW.values()], ids=[*DEEDS, *BELOW])
@pytest.mark.parametrize("path", ["../outside/file", "trials/../../outside/file", "/etc/file"])
def test_no_path_leads_out(path: str, deed: Callable[..., Any], root: Root) -> None:
    refused(lambda: deed(root, path))
    untouched(root)


def test_a_link_itself_is_replaced_and_removed(root: Root) -> None:
    link = root.path / "link"
    for deed in (
        lambda: root.write("link", b"new"),
        lambda: root.create("link").close(),
        lambda: root.remove("link"),
        lambda: root.remove_tree("link"),
    ):
        link.unlink(missing_ok=True)
        link.symlink_to(root.path.parent / "outside")
        deed()
        assert not link.is_symlink()
        untouched(root)


def test_a_temporary_name_that_is_a_link_is_not_written_through(root: Root) -> None:
    (root.path / f".a.{os.getpid()}.tmp").symlink_to(root.path.parent / "outside" / "file")
    root.write("a", b"new")
    assert (root.path / "a").read_bytes() == b"new"
    untouched(root)


def test_the_root_itself_may_be_a_link(root: Root) -> None:
    link = root.path.parent / "link"
    link.symlink_to(root.path)
    assert Root(link).open("trials/0/file").read() == b"inside"
    assert Root(link).checked("trials/0/file") == link / "trials" / "0" / "file"


@pytest.mark.parametrize("mode", ["rb", "ab", "r+b"])
def test_a_pipe_is_refused_and_not_waited_for(mode: str, root: Root) -> None:
    os.mkfifo(root.path / "study.log")
    with pytest.raises(RunError):
        root.open("study.log", mode)


def test_a_file_with_another_name_elsewhere_is_read_but_not_changed(root: Root) -> None:
    (root.path / "hard").hardlink_to(root.path.parent / "outside" / "file")
    assert root.open("hard").read() == b"outside"
    for mode in ("ab", "r+b", "wb"):
        with pytest.raises(RunError, match="hard link"):
            root.open("hard", mode)
    root.write("hard", b"new")
    untouched(root)


def test_a_root_that_is_gone_is_not_made_again(root: Root) -> None:
    root.path.rename(root.path.parent / "renamed")
    for deed in (
        lambda: root.make_folder("trials/1"),
        lambda: root.write("a", b""),
        lambda: root.open("a", "ab"),
    ):
        with pytest.raises(FileNotFoundError):
            deed()
    assert not root.path.exists()


def test_what_is_ordinary(root: Root) -> None:
    root.make_folder("trials/1/deep")
    root.make_folder("trials/1/deep")
    root.write(root.path / "trials" / "1" / "a", b"one")
    with root.open("trials/1/a", "a", encoding="utf-8") as file:
        file.write(", two")
    assert root.open("trials/1/a", "r", encoding="utf-8").read() == "one, two"
    assert root.names("trials") == ["0", "1"]
    assert root.names("nowhere") == []
    assert (root.is_file("trials/1/a"), root.is_folder("trials/1")) == (True, True)
    assert root.status("nowhere/a") is None
    root.replace("trials/1", "trials/2")
    root.remove_tree("trials/2")
    root.remove_tree("trials/2")
    root.remove("trials/2")
    assert root.names("trials") == ["0"]


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_new_files_have_the_permissions_of_the_umask(umask: int, root: Root) -> None:
    before = os.umask(umask)
    try:
        root.write("a", b"")
        root.make_folder("b")
    finally:
        os.umask(before)
    assert stat.S_IMODE((root.path / "a").stat().st_mode) == 0o666 & ~umask
    assert stat.S_IMODE((root.path / "b").stat().st_mode) == 0o777 & ~umask

"""What goes wrong at the command line is told in one line, with exit code 2 and no traceback."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard import cli
from tests.parts import missing

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("PINGQI_HOME", str(folder))
    for name in ("DATABASE_URL", "HOST", "PORT"):
        monkeypatch.delenv(f"PINGQI_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    return folder


def _fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that must fail, and return its one line."""
    monkeypatch.setattr(sys, "argv", ["pingqi", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    printed = capsys.readouterr()
    assert ended.value.code == 2
    (line,) = printed.err.strip().splitlines()
    assert line.startswith("错误 ")
    return line


def test_a_file_that_is_no_store(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home.mkdir()
    (home / "city.gpkg").write_bytes(os.urandom(4096))
    monkeypatch.setenv("PINGQI_PORT", "58123")
    for command in (["doctor"], ["serve"], ["serve", "--demo-if-empty"], ["demo", "--scale", "small"]):
        line = _fails(monkeypatch, capsys, *command)
        assert str(home / "city.gpkg") in line
        assert "PINGQI_HOME" in line


def test_the_program_itself_ends_with_2(home: Path) -> None:
    home.mkdir()
    (home / "city.gpkg").write_bytes(b"not a store")
    ran = subprocess.run(
        [sys.executable, "-c", "from dashboard.cli import main; main()", "doctor"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
    )
    assert ran.returncode == 2
    assert len(ran.stderr.strip().splitlines()) == 1


def test_a_store_of_a_newer_version(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["pingqi", "doctor"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    connection = sqlite3.connect(home / "city.gpkg")
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    capsys.readouterr()
    line = _fails(monkeypatch, capsys, "doctor")
    assert "9999" in line
    assert "升级程序" in line


def test_a_port_that_is_taken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        monkeypatch.setenv("PINGQI_PORT", port)
        line = _fails(monkeypatch, capsys, "serve")
    assert f"127.0.0.1:{port}" in line
    assert "PINGQI_PORT" in line
    assert not home.exists()


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("PORT", "http", "PINGQI_PORT"),
        ("DATABASE_URL", "nonsense", "PINGQI_DATABASE_URL"),
        ("DATABASE_URL", "mysql://host/city", "mysql"),
        ("DATABASE_URL", "postgresql://127.0.0.1:1/city", "数据库打不开"),
    ],
)
def test_a_setting_that_cannot_be(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(f"PINGQI_{name}", value)
    assert told in _fails(monkeypatch, capsys, "doctor")


def test_a_path_with_brackets_is_told_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "[red]平齐[bold] 的一个很长的文件夹名字" / "长到一行八十个字符放不下它的全部"
    folder.mkdir(parents=True)
    (folder / "city.gpkg").write_text("not a store")
    monkeypatch.setenv("PINGQI_HOME", str(folder))
    assert str(folder) in _fails(monkeypatch, capsys, "doctor")


def test_accounts_that_cannot_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    password = tmp_path / "password"
    password.write_text("secret\n")
    add = ("account", "wang", "--name", "王", "--password-file", str(password))
    assert "42x" in _fails(monkeypatch, capsys, *add, "--scope", "42x")
    assert "king" in _fails(monkeypatch, capsys, *add, "--role", "king")
    monkeypatch.setattr(sys, "argv", ["pingqi", *add])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    capsys.readouterr()
    assert "wang" in _fails(monkeypatch, capsys, *add)


def test_a_python_that_is_too_old_is_told_before_anything_is_made(tmp_path: Path) -> None:
    make = shutil.which("make")
    if make is None:
        missing("make is not installed")
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "sh", "find", "test", "touch", "rm", "grep", "sed"):
        found = shutil.which(name)
        if found:
            (tools / name).symlink_to(found)
    for name in ("python3", "python"):
        old = tools / name
        old.write_text("#!/bin/sh\nexit 1\n")  # it says that it is older than 3.11
        old.chmod(0o755)
    ran = subprocess.run(  # noqa: S603
        [make, "-C", str(ROOT), "setup", f"VENV={tmp_path / '.venv'}"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": str(tools), "LC_ALL": "C.UTF-8"},
    )
    assert ran.returncode == 2
    assert "Python 3.11" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not (tmp_path / ".venv").exists()

"""The house rules that tools can hold."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

HOSTS = re.compile(r"https?://(?:files\.|registry\.|pypi\.|mirrors?\.)[\w.-]+", re.IGNORECASE)


def _tracked(root: Path) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True
    ).stdout
    return [root / name for name in listed.split("\0") if name and (root / name).is_file()]


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock", "package-lock.json"])
def test_lock_files_carry_hashes_and_no_host(root: Path, name: str) -> None:
    text = (root / name).read_text()
    assert "sha256:" in text or '"integrity": "sha512-' in text
    assert not HOSTS.search(text)
    assert '"resolved"' not in text


def test_init_files_are_empty(root: Path) -> None:
    filled = [path for path in _tracked(root) if path.name == "__init__.py" and path.read_text().strip()]
    assert not filled


def test_no_import_hides_in_a_function(root: Path) -> None:
    hidden = [
        f"{path.relative_to(root)}:{number}"
        for path in _tracked(root)
        if path.suffix == ".py"
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if re.match(r"\s+(?:import \w|from [\w.]+ import )", line) and '"""' not in line
    ]
    assert not [place for place in hidden if not place.startswith("tests/engines/test_embedded.py")]


def test_files_stay_small(root: Path) -> None:
    long = {
        str(path.relative_to(root)): count
        for path in _tracked(root)
        if path.suffix == ".py" and "migrations/versions" not in str(path)
        if (count := len(path.read_text().splitlines())) > (600 if "tests" in path.parts else 400)
    }
    assert not long

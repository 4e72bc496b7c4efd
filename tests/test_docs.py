"""The documents of the project: the README's tree, commands and findings are true."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from evidence_review.__main__ import main
from evidence_review.dataset import load
from evidence_review.dictionary import find_root
from evidence_review.readme import with_findings

ROOT = find_root(Path(__file__).parent)
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(sh[^\n]*)\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
COMMANDS = [line for kind, block in BLOCKS if kind == "sh" for line in block.splitlines()]
ELSEWHERE = [line for kind, block in BLOCKS if "workflow" in kind for line in block.splitlines()]
APART = [line for kind, block in BLOCKS if "integration" in kind for line in block.splitlines()]
BROWSED = [line for kind, block in BLOCKS if "browser" in kind for line in block.splitlines()]
NETWORKED = [line for kind, block in BLOCKS if "network" in kind for line in block.splitlines()]
# These two are this very run, and the rebuild of all reports in test_report.py.
WHOLE = {"python3 run.py", "python3 run.py test"}


def tracked():
    found = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return {path for path in found if (ROOT / path).exists()}


def tree():
    block = re.search(r"## The tree\n\n```\n(.*?)```", README, re.DOTALL)[1]
    return {line.split()[0] for line in block.splitlines()}


def test_the_tree_is_the_tracked_files():
    hidden = {".gitattributes", ".gitignore", "README.md"}
    for entry in tree():
        known = {path for path in tracked() if path == entry or path.startswith(entry)}
        assert known, f"{entry} is in the README and not in the repository"
    for path in tracked() - hidden:
        assert any(path == e or (e.endswith("/") and path.startswith(e)) for e in tree()), path


def test_the_findings_are_what_the_data_says():
    assert with_findings(README, load(ROOT)) == README
    assert "claims on" in README


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """The review in a folder of its own, as the place where commands are run."""
    for path in sorted(tracked()):
        if not path.startswith(("tests/", "evidence_review/")):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, tmp_path / path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def needs_of(command):
    """The marks of a command that needs what is no Python package."""
    return [pytest.mark.needs("Pango")] if " pdf " in command else []


@pytest.mark.parametrize(
    "command", [pytest.param(c, marks=needs_of(c)) for c in COMMANDS if c not in WHOLE]
)
def test_every_command_of_the_readme_runs(copy, command):
    words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', command)]
    assert words[:2] == ["python3", "run.py"]
    assert main(words[2:]) == 0


@pytest.mark.browser
def test_the_command_that_needs_a_browser_runs(copy):
    """In a process of its own: the browser of other tests may be at work in this one."""
    assert BROWSED == ["python3 run.py screenshots"]
    subprocess.run([sys.executable, "-m", "evidence_review", "screenshots"], cwd=copy, check=True)
    assert len(list((copy / "reports").glob("screenshot-*.png"))) == 2


def test_the_command_that_needs_a_network_says_so_where_there_is_none(copy, capsys):
    # Against a local stub it is tested in test_literature.py.
    assert NETWORKED == ["python3 run.py references"]
    assert main(["references", "--registry", "http://127.0.0.1:9"]) == 1
    assert "could not run" in capsys.readouterr().err


def test_the_two_commands_of_set_up_are_what_continuous_integration_runs():
    assert set(COMMANDS) >= WHOLE
    assert "python3 run.py test" in (ROOT / ".ci/run").read_text(encoding="utf-8")


def test_commands_that_need_another_machine_are_run_by_the_public_workflow():
    workflow = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    for command in ELSEWHERE:
        assert command.removeprefix("conda env create -f ") in workflow, command


def test_continuous_integration_sets_up_snakemake_as_the_readme_says():
    """Where there is none, the tests of many documents are skipped."""
    assert len(APART) == 2
    for path in (".ci/run", ".github/workflows/ci.yml"):
        text = (ROOT / path).read_text(encoding="utf-8")
        assert all(command in text for command in APART), path
        assert text.index(APART[-1]) < text.index("python3 run.py test")


def test_the_python_of_the_readme_runs(monkeypatch):
    monkeypatch.chdir(ROOT)
    block = re.search(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)[1]
    names = {}
    exec(block, names)
    assert set(names["cast"].columns) >= {"proposition_id", "source_id", "vote"}


def test_every_command_has_a_line_in_the_readme():
    names = ("check", "format", "locate", "render", "notebooks", "references", "pdf", "zip")
    for name in (*names, "screenshots"):
        said = [*COMMANDS, *NETWORKED, *BROWSED]
        assert any(command.startswith(f"python3 run.py {name}") for command in said)


def test_no_document_names_a_folder_that_is_not_there():
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "references/codebook.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for path in re.findall(
            r"`((?:references|reports|notebooks|evidence_review)/[\w./-]*)`", text
        ):
            assert (ROOT / path).exists(), f"{name}: {path}"

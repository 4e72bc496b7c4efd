"""The set-up: its lists of packages agree, and run.py makes, keeps, mends and refuses rightly."""

import ast
import datetime
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires, version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
MANY = (ROOT / "requirements-many.lock").read_text(encoding="utf-8")
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]


def by_name(requirements):
    """The version specifier of each requirement, by canonical name."""
    parsed = [Requirement(words) for words in requirements]
    return {canonicalize_name(each.name): each.specifier for each in parsed}


def locked(lock=LOCK):
    """The requirement of each entry of a lock, and its hashes."""
    entries = re.split(r"\n(?=\S)", re.sub(r"^\s*#.*\n", "", lock, flags=re.MULTILINE).strip())
    return [
        (Requirement(entry.split("\\")[0]), re.findall(r"--hash=sha256:[0-9a-f]{64}\b", entry))
        for entry in entries
    ]


def locked_here():
    """The locked version of each distribution that belongs into this Python."""
    return {
        canonicalize_name(each.name): next(iter(each.specifier)).version
        for each, _ in locked()
        if each.marker is None or each.marker.evaluate()
    }


# The lists of packages


def test_conda_lists_what_pyproject_lists():
    *conda, pip = CONDA["dependencies"]
    *from_registry, itself = pip["pip"]
    listed = by_name([*conda, *from_registry])
    del listed["pip"]

    assert listed.pop("python") == PROJECT["project"]["requires-python"]
    assert listed == by_name([*PROJECT["project"]["dependencies"], *EXTRAS["test"], *EXTRAS["lab"]])
    assert itself == "-e ."
    assert CONDA["channels"] == ["conda-forge", "nodefaults"]


def test_lock_pins_what_pyproject_asks_for():
    declared = by_name(
        [
            *PROJECT["project"]["dependencies"],
            *EXTRAS["test"],
            *PROJECT["dependency-groups"]["build"],
        ]
    )
    pinned = {}
    for each, _ in locked():
        (pin,) = each.specifier
        assert pin.operator == "=="
        pinned.setdefault(canonicalize_name(each.name), []).append(pin.version)

    unmet = {
        name: pinned.get(name)
        for name, specifier in declared.items()
        if not pinned.get(name) or not all(map(specifier.contains, pinned[name]))
    }
    assert unmet == {}


def test_lock_has_all_that_its_packages_need():
    """`run.py` installs the lock without looking for dependencies, so none may be missing."""
    pins = locked_here()
    unmet = [
        (name, need)
        for name in pins
        for need in map(Requirement, requires(name) or [])
        if version(name) == pins[name]
        and (need.marker is None or need.marker.evaluate({"extra": ""}))
        and not need.specifier.contains(pins.get(canonicalize_name(need.name), "0"))
    ]
    assert unmet == []


def test_every_lock_entry_has_hashes():
    assert len(locked()) > 100
    assert [str(each) for each, hashes in locked() if not hashes] == []


def test_lock_names_no_registry_and_no_machine():
    lines = [line for line in LOCK.splitlines() if not re.match(r"\s*(#|--hash=)", line)]
    assert [line for line in lines if re.search(r"[/@]|^-|[A-Z]:\\", line)] == []
    assert "://" not in LOCK


def test_jupyterlab_is_an_extra_and_not_locked():
    """It brings rfc3987-syntax, which adds more than a second to the start of each process."""
    assert "jupyterlab" in by_name(EXTRAS["lab"])
    assert not {"jupyterlab", "rfc3987-syntax"} & {canonicalize_name(e.name) for e, _ in locked()}


def test_snakemake_is_an_extra_and_locked_apart():
    """It wants an older `packaging`, and 25 packages that nobody needs for one document."""
    pins = {str(each.name): next(iter(each.specifier)) for each, _ in locked(MANY)}
    assert [str(each) for each, hashes in locked(MANY) if not hashes] == []
    assert by_name(EXTRAS["many"])["snakemake"].contains(pins["snakemake"].version)
    assert "snakemake" not in {each.name for each, _ in locked()}
    assert "://" not in MANY


def test_build_tools_are_the_locked_ones():
    build = by_name(PROJECT["dependency-groups"]["build"])
    assert by_name(PROJECT["build-system"]["requires"]).items() <= build.items()


@pytest.mark.parametrize("folder", ["evidence_review", "tests"])
def test_every_import_is_declared(folder):
    declared = by_name([*PROJECT["project"]["dependencies"], *EXTRAS["test"]])
    distributions = packages_distributions()
    ours = {"evidence_review", "run", "tests", *(p.stem for p in (ROOT / "tests").glob("*.py"))}
    undeclared = {
        module
        for path in (ROOT / folder).rglob("*.py")
        for module in imported_modules(path) - sys.stdlib_module_names - ours
        if not {canonicalize_name(d) for d in distributions.get(module, [])} & declared.keys()
    }
    assert undeclared == set()


def imported_modules(path):
    """The top-level names of the modules that a file imports."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    plain = {a.name for node in nodes if isinstance(node, ast.Import) for a in node.names}
    parts = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
    return {name.split(".")[0] for name in plain | parts}


def test_citation_is_of_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == PROJECT["project"]["version"]
    assert isinstance(citation["date-released"], datetime.date)


# run.py as a file


def test_run_parses_on_python_3_6():
    tree = ast.parse((ROOT / "run.py").read_text(encoding="utf-8"), feature_version=(3, 6))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    annotations = [
        annotation
        for function in functions
        for annotation in (
            function.returns,
            *(a.annotation for a in function.args.args + function.args.kwonlyargs),
            *(a.annotation for a in (function.args.vararg, function.args.kwarg) if a),
        )
    ]
    # Python 3.6 evaluates them, and knows neither `list[str]` nor `str | None`.
    assert [ast.unparse(a) for a in annotations if not isinstance(a, ast.Name | ast.Constant)] == []


def test_run_needs_the_standard_library_only():
    assert imported_modules(ROOT / "run.py") <= sys.stdlib_module_names - {"tomllib"}


# run.py at work


@pytest.fixture
def run(tmp_path, monkeypatch):
    """run.py as a module, on an empty folder in which nothing is installed for real."""
    specification = importlib.util.spec_from_file_location("run_in_test", ROOT / "run.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    for name, path in [
        ("REPOSITORY", tmp_path),
        ("LOCK", tmp_path / "requirements.lock"),
        ("PROJECT", tmp_path / "pyproject.toml"),
        ("ENVIRONMENT", tmp_path / ".venv"),
        ("LAB_ENVIRONMENT", tmp_path / ".venv-lab"),
    ]:
        monkeypatch.setattr(module, name, path)
    (tmp_path / "requirements.lock").write_text(LOCK, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    return module


@pytest.fixture
def installs(run, monkeypatch):
    """What run.py has made and installed: fakes that leave the traces of the real ones."""
    calls = []

    def make_environment(environment):
        calls.append("make")
        shutil.rmtree(environment, ignore_errors=True)
        for path in [run.python_of(environment), site_packages(run, environment) / "pip.dist-info"]:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()

    def pip_install(environment, *words):
        calls.append(" ".join(words))
        (site_packages(run, environment) / f"package_{len(calls)}-1.0.dist-info").mkdir()

    monkeypatch.setattr(run, "make_environment", make_environment)
    monkeypatch.setattr(run, "pip_install", pip_install)
    return calls


def site_packages(run, environment):
    """The folder of an environment that holds its packages."""
    return environment / ("Lib" if run.os.name == "nt" else "lib/python3.99") / "site-packages"


def test_set_up_happens_once(run, installs, capsys):
    python = run.set_up(run.ENVIRONMENT)
    assert python == run.python_of(run.ENVIRONMENT)
    assert installs[0] == "make"
    assert "--require-hashes" in installs[1] and str(run.LOCK) in installs[1]
    assert installs[2] == "--no-deps --no-build-isolation --editable ."
    assert "once, about a minute" in capsys.readouterr().out

    assert run.set_up(run.ENVIRONMENT) == python
    assert len(installs) == 3
    assert capsys.readouterr().out == ""


def lose_a_package(run):
    next(site_packages(run, run.ENVIRONMENT).glob("package_*")).rmdir()


def change_a_version(run):
    package = next(site_packages(run, run.ENVIRONMENT).glob("package_*"))
    package.rename(package.with_name("package_2-2.0.dist-info"))


def lose_the_python(run):
    run.python_of(run.ENVIRONMENT).unlink()


def cut_the_stamp(run):
    (run.ENVIRONMENT / run.STAMP).write_text("", encoding="utf-8")


def spoil_the_stamp(run):
    (run.ENVIRONMENT / run.STAMP).write_bytes(b"\xff\xfe\x00")


def lock_another_version(run):
    run.LOCK.write_text(LOCK + "\n", encoding="utf-8")


def edit_pyproject(run):
    run.PROJECT.write_text("[project]\nname = 'x'\n", encoding="utf-8")


def upgrade_python(run):
    run.platform.python_version = lambda: "3.99.0"


def move_the_folder(run):
    run.REPOSITORY = run.REPOSITORY / "elsewhere"


@pytest.mark.parametrize(
    "happens",
    [
        lose_a_package,
        change_a_version,
        lose_the_python,
        cut_the_stamp,
        spoil_the_stamp,
        lock_another_version,
        edit_pyproject,
        upgrade_python,
        move_the_folder,
    ],
)
def test_set_up_is_redone_when_it_no_longer_fits(run, installs, monkeypatch, happens):
    monkeypatch.setattr(run, "platform", type("Platform", (), {"python_version": lambda: "3.11.7"}))
    run.set_up(run.ENVIRONMENT)
    happens(run)
    installs.clear()
    run.set_up(run.ENVIRONMENT)
    assert installs[:1] == ["make"]


def test_set_up_is_redone_after_an_interruption(run, installs, monkeypatch):
    whole = run.pip_install

    def stopped(environment, *words):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "pip_install", stopped)
    with pytest.raises(KeyboardInterrupt):
        run.set_up(run.ENVIRONMENT)
    monkeypatch.setattr(run, "pip_install", whole)
    installs.clear()
    run.set_up(run.ENVIRONMENT)
    assert len(installs) == 3


def test_environment_in_the_way_is_refused(run):
    run.ENVIRONMENT.write_text("a file", encoding="utf-8")
    with pytest.raises(run.Refusal, match="delete it"):
        run.make_environment(run.ENVIRONMENT)


def test_stale_stamp_goes_before_the_environment_does(run, monkeypatch):
    """An interruption between the two must not leave a stamp on half an environment."""
    run.ENVIRONMENT.mkdir()
    stamp = run.ENVIRONMENT / run.STAMP
    stamp.touch()

    def create(builder, environment):
        assert not stamp.exists()
        raise subprocess.CalledProcessError(1, "ensurepip")

    monkeypatch.setattr("venv.EnvBuilder.create", create)
    with pytest.raises(run.Refusal, match="ensurepip"):
        run.make_environment(run.ENVIRONMENT)


def test_lab_has_an_environment_of_its_own(run, installs):
    run.set_up(run.LAB_ENVIRONMENT)
    assert installs[-1].endswith("--editable .[lab]")
    constraints = (run.LAB_ENVIRONMENT / "constraints.txt").read_text(encoding="utf-8")
    assert [Requirement(line) for line in constraints.splitlines()] == [e for e, _ in locked()]
    assert not run.ENVIRONMENT.exists()


# Refusals: one line with the cure, an exit code, no traceback


@pytest.mark.parametrize("old", [(3, 6, 15), (3, 10, 13)])
def test_old_python_is_refused(run, old):
    with pytest.raises(run.Refusal) as refusal:
        run.refuse_unfit_python(old, ())
    assert ".".join(map(str, old)) in str(refusal.value)
    assert "3.11 or newer" in str(refusal.value)


def test_oldest_python_is_the_declared_one(run):
    declared = Requirement(f"python{PROJECT['project']['requires-python']}").specifier
    assert declared == ">=" + ".".join(map(str, run.OLDEST_PYTHON))
    run.refuse_unfit_python((*run.OLDEST_PYTHON, 0), ("venv", "ensurepip"))


def test_python_without_venv_is_refused(run):
    with pytest.raises(run.Refusal, match=r"no no_such_module.*apt install python3-venv"):
        run.refuse_unfit_python((3, 11, 2), ("venv", "no_such_module"))


PIP_SAYS = {
    "hash differs": "THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
    "no package registry can be reached": (
        "WARNING: Retrying (Retry(total=0)) after connection broken by"
        " 'NewConnectionError('Failed to establish a new connection: [Errno 111]')'\n"
        "ERROR: No matching distribution found for altair==6.3.0"
    ),
    "disk is full": "ERROR: Could not install packages due to an OSError: [Errno 28] No space left"
    " on device",
    "PIP_CERT": "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]'))",
    "Python 3.11, 3.12": "ERROR: No matching distribution found for vl-convert-python",
    "ERROR: something else": "Collecting altair\nERROR: something else\n",
    "without a reason": "",
}


@pytest.mark.parametrize(("said", "output"), PIP_SAYS.items())
def test_failed_pip_is_explained_in_one_line(run, monkeypatch, capsys, said, output):
    def pip(command, **options):
        return subprocess.CompletedProcess(command, 1, stdout=output.encode())

    monkeypatch.setattr(run, "make_environment", lambda environment: environment.mkdir())
    monkeypatch.setattr(run.subprocess, "run", pip)
    monkeypatch.setattr(run.subprocess, "call", lambda *_, **__: pytest.fail("went on"))

    assert run.main(["check"]) == 1
    errors = capsys.readouterr().err
    assert said in errors
    assert re.fullmatch(r"run\.py: .+\n", errors)
    assert (run.ENVIRONMENT / run.LOG).read_text(encoding="utf-8") == output
    assert not (run.ENVIRONMENT / run.STAMP).exists()


def test_main_says_refusals_in_one_line(run, monkeypatch, capsys):
    monkeypatch.setattr(run, "OLDEST_PYTHON", (99, 0))
    assert run.main([]) == 1
    assert re.fullmatch(r"run\.py: this needs Python 99\.0 .+\n", capsys.readouterr().err)


def test_main_says_that_a_file_is_missing(run, capsys):
    run.LOCK.unlink()
    assert run.main([]) == 1
    assert re.fullmatch(r"run\.py: .*requirements\.lock.*\n", capsys.readouterr().err)


def test_main_stops_without_a_traceback(run, monkeypatch, capsys):
    def stopped(words):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "carry_out", stopped)
    assert run.main([]) == 130
    assert capsys.readouterr().err.count("\n") == 1


# Commands


@pytest.fixture
def commands(run, monkeypatch):
    """The modules that run.py runs, with their words; each returns the code in `codes`."""
    ran = []
    monkeypatch.setattr(run, "set_up", lambda environment: environment)
    monkeypatch.setattr(run, "run", lambda python, *words, cwd=None: ran.append(words) or 0)
    return ran


def test_words_are_handed_on_unchanged(run, commands):
    run.carry_out([])
    run.carry_out(["check"])
    run.carry_out(["render", "consensus", "--out", "a folder"])
    run.carry_out(["lab", "--no-browser"])
    assert commands == [
        ("evidence_review", "render"),
        ("evidence_review", "check"),
        ("evidence_review", "render", "consensus", "--out", "a folder"),
        ("jupyterlab", "--no-browser"),
    ]


def test_further_words_of_test_are_refused(run, commands):
    with pytest.raises(run.Refusal, match="-m pytest tests -k setup"):
        run.carry_out(["test", "-k", "setup"])
    assert commands == []


def test_checks_all_run_in_order(run, commands, capsys):
    assert run.carry_out(["test"]) == 0
    assert [" ".join(words) for words in commands] == [
        "ruff check .",
        "ruff format --check .",
        "mypy evidence_review",
        "evidence_review check",
        "pytest -p no:cacheprovider --nbval notebooks",
        "pytest tests",
    ]
    assert capsys.readouterr().out.endswith("Nothing failed.\n")


@pytest.mark.parametrize("failing", [0, 3, 5])
def test_a_failed_check_stops_nothing_and_is_told(run, commands, monkeypatch, capsys, failing):
    codes = [2 if number == failing else 0 for number in range(len(run.CHECKS))]
    monkeypatch.setattr(run, "run", lambda python, *words, cwd=None: codes.pop(0))
    assert run.carry_out(["test"]) == 1
    assert codes == []
    name = " ".join(run.CHECKS[failing])
    printed = capsys.readouterr().out
    assert printed.endswith(f"Failed: {name}\n")
    assert printed.count("FAILED") == 1
    # CI reads pytest's own closing line; nothing after it may look like one.
    assert not re.search(r"\d+ (passed|failed)", printed)


def test_children_load_nothing_from_elsewhere(run, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    kept = run.children_environment()
    assert kept["PYTHONUTF8"] == "1"
    assert not {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE"} & kept.keys()
    assert "PATH" in {name.upper() for name in kept}


@pytest.mark.parametrize(("code", "ours"), [(0, 0), (3, 3), (-9, 137)])
def test_exit_code_of_a_child_is_ours(run, monkeypatch, code, ours):
    monkeypatch.setattr(run.subprocess, "call", lambda *_, **__: code)
    assert run.run(Path(sys.executable), "evidence_review") == ours


# What tests need that pip does not bring


def browser_tests_on_a_bare_machine(**environment):
    """What pytest says of a browser test where no program is found."""
    kept = {k: v for k, v in os.environ.items() if k not in ("CI", "PATH")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/test_browser.py"],
        cwd=ROOT,
        env={**kept, "PATH": "", **environment},
        capture_output=True,
        text=True,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a browser is found without a path")
def test_tests_that_did_not_run_are_told_of_in_one_line_with_the_cure():
    done = browser_tests_on_a_bare_machine()
    assert done.returncode == 0
    (said,) = [line for line in done.stdout.splitlines() if line.startswith("NOT TESTED")]
    assert re.search(r"NOT TESTED: \d+ tests of test_browser\.py", said)
    assert "no Chromium" in said and "apt install chromium" in said
    # CI reads pytest's own closing line, which stays the last.
    assert " skipped" in done.stdout.splitlines()[-1]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a browser is found without a path")
def test_tests_that_did_not_run_fail_in_continuous_integration():
    done = browser_tests_on_a_bare_machine(CI="true")
    assert done.returncode == 1
    assert "continuous integration must have it: this machine has no Chromium" in done.stdout


def test_npm_packages_are_pinned_by_hash_and_name_no_registry():
    text = (ROOT / "tests/package-lock.json").read_text(encoding="utf-8")
    lock = json.loads(text)["packages"]
    wanted = json.loads((ROOT / "tests/package.json").read_text(encoding="utf-8"))["dependencies"]
    found = {name: each for name, each in lock.items() if name}
    assert {f"node_modules/{name}" for name in wanted} == set(found)
    for name, each in found.items():
        assert each["version"] == wanted[name.removeprefix("node_modules/")]
        assert re.fullmatch(r"sha512-[\w+/]{86}==", each["integrity"])
    assert "://" not in text and "resolved" not in text


def test_continuous_integration_has_what_tests_need():
    run = (ROOT / ".ci/run").read_text(encoding="utf-8")
    workflow = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    for text in (run, workflow):
        before = text[: text.index("python3 run.py test")]
        assert "npm ci --ignore-scripts" in before and "libpangoft2-1.0-0" in before
        assert "chromium" in before and "java" in before
    assert "export CI=" in run


# Where else the commands stand


def test_ci_runs_the_command_of_the_readme():
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    commands = [step["run"] for step in steps if "run" in step]
    assert {
        "python3 run.py test",
        "python run.py",
        "python run.py check",
        "python run.py lab --version",
    } <= set(commands)
    assert (ROOT / ".ci/run").read_text(encoding="utf-8").endswith("\npython3 run.py test\n")
    assert "python3 run.py test" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_workflow_may_read_only_and_pins_its_actions():
    text = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {"contents": "read"}
    assert not [job for job in workflow["jobs"].values() if "permissions" in job]
    actions = re.findall(r"uses: (\S+)", text)
    assert actions
    assert [action for action in actions if not re.fullmatch(r"[\w-]+/[\w-]+@v\d+", action)] == []


def test_git_leaves_the_documents_alone():
    """The last rule that fits a file wins, so that of the documents has to be the last."""
    rules = (ROOT / ".gitattributes").read_text(encoding="utf-8").split("\n")
    assert [rule for rule in rules if rule][-1] == "references/documents/** -text"

#!/usr/bin/env python3
"""Set the project up where that is due, then run it.

    python3 run.py            render every report
    python3 run.py test       lint, types, data, notebooks and tests
    python3 run.py lab        open the notebooks in JupyterLab
    python3 run.py WORD ...   the same as `python -m evidence_review WORD ...`

It needs nothing but the standard library, and is written in the grammar of Python 3.6, so that
an old Python can read far enough to say that it is too old. Annotations newer than 3.6 stand in
quotes for the same reason.
"""

import hashlib
import importlib.util
import os
import platform
import re
import subprocess
import sys
import time
from pathlib import Path

OLDEST_PYTHON = (3, 11)
REPOSITORY = Path(__file__).resolve().parent
LOCK = REPOSITORY / "requirements.lock"
PROJECT = REPOSITORY / "pyproject.toml"
ENVIRONMENT = REPOSITORY / ".venv"
# Apart, because JupyterLab in an environment makes every process there start a second later.
LAB_ENVIRONMENT = REPOSITORY / ".venv-lab"
STAMP = "set-up.stamp"
LOG = "set-up.log"

# The tests come last: their closing line is the one that counts what passed.
CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy", "evidence_review"),
    ("evidence_review", "check"),
    ("pytest", "-p", "no:cacheprovider", "--nbval", "notebooks"),
    ("pytest", "tests"),
)

# What pip's output says, and what to tell the person; the first that fits.
PIP_FAILURES = (
    (
        "DO NOT MATCH THE HASHES",
        "a downloaded package is not the one in requirements.lock (its hash differs), so nothing"
        " was installed: try again with PIP_NO_CACHE_DIR=1, and if it differs still, ask whoever"
        " runs your network or package mirror",
    ),
    (
        "No space left on device|not enough space on the disk",
        "the disk is full: the set-up needs about 1 GB, free that and try again",
    ),
    (
        "CERTIFICATE_VERIFY_FAILED|SSLError",
        "the package registry's certificate is not trusted here: set PIP_CERT to the certificate"
        " file of your network and try again",
    ),
    (
        "ProxyError|NewConnectionError|ConnectionError|ConnectTimeout|ReadTimeout|timed out"
        "|Failed to establish|Temporary failure in name resolution",
        "no package registry can be reached: connect to the internet (behind a proxy set"
        " HTTPS_PROXY, for a mirror PIP_INDEX_URL) and try again; the reports that are there"
        " already, in the folder reports, open without any of this",
    ),
    (
        "No matching distribution|Failed to build|Failed building wheel|metadata-generation-failed",
        "a locked package cannot be had for this Python ({python}, {machine}): try again with"
        " Python 3.11, 3.12, 3.13 or 3.14 for 64-bit Linux, macOS or Windows",
    ),
)


class Refusal(Exception):
    """What keeps this from going on, and the cure, in one line."""


def refuse_unfit_python(version: "tuple[int, ...]", modules: "tuple[str, ...]") -> None:
    """Do nothing for a Python that is new enough and has the modules; Refusal for another."""
    if version[:2] < OLDEST_PYTHON:
        oldest, found = (".".join(map(str, numbers)) for numbers in (OLDEST_PYTHON, version[:3]))
        raise Refusal(
            f"this needs Python {oldest} or newer and was started with {found}: install a newer"
            " one and start it with that, for example: python3.13 run.py"
        )
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise Refusal(
            f"this Python has no {' and no '.join(missing)}: install it (Debian and Ubuntu:"
            " sudo apt install python3-venv) and try again"
        )


def python_of(environment: Path) -> Path:
    """The Python of a virtual environment."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def fingerprint(python_version: str, repository: Path) -> str:
    """The SHA-256 of all that an environment is made from, in hexadecimal."""
    made_from = (
        LOCK.read_bytes(),
        PROJECT.read_bytes(),
        python_version.encode(),
        os.fsencode(repository),
    )
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in made_from)).hexdigest()


def installed(environment: Path) -> "list[str]":
    """The names and versions of the distributions in an environment, sorted."""
    packages = "Lib/site-packages" if os.name == "nt" else "lib/python3.*/site-packages"
    return sorted(path.stem for path in environment.glob(f"{packages}/*.dist-info"))


def is_set_up(environment: Path, expected: str) -> bool:
    """Whether an environment was made to the end from `expected`, and has lost nothing since."""
    try:
        recorded = (environment / STAMP).read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        return False
    return (
        recorded[:1] == [expected]
        and set(recorded[1:]) <= set(installed(environment))
        and python_of(environment).exists()
    )


def write_stamp(environment: Path, expected: str) -> None:
    """Record that an environment is complete."""
    unfinished = environment / (STAMP + ".new")
    unfinished.write_text("\n".join([expected, *installed(environment)]), encoding="utf-8")
    unfinished.replace(environment / STAMP)


def children_environment() -> "dict[str, str]":
    """The variables of this process without those that would change what its children load."""
    # Nothing is compiled at set-up, so a child that may not keep its byte code is slow for ever.
    unwanted = {"PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONPATH"}
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    # Otherwise a pipe on Windows cannot take the symbols of the stances.
    return {**kept, "PYTHONUTF8": "1"}


def make_environment(environment: Path) -> None:
    """Make an empty virtual environment, in place of what is there."""
    import venv

    try:
        environment.mkdir(exist_ok=True)
        stamp = environment / STAMP
        if stamp.exists():
            stamp.unlink()
        venv.EnvBuilder(clear=True, symlinks=os.name != "nt", with_pip=True).create(environment)
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        reason = " ".join(str(error).split())
        raise Refusal(
            f"cannot make {environment} ({reason}): close what runs from it, delete it, and"
            " try again in a folder that you may write to"
        ) from error


def explain(output: str, log: Path) -> str:
    """One line on why pip failed, and the cure, from what it printed."""
    for pattern, cure in PIP_FAILURES:
        if re.search(pattern, output):
            return cure.format(python=platform.python_version(), machine=platform.machine())
    errors = [line for line in output.splitlines() if line.startswith("ERROR")]
    return f"pip failed ({errors[-1] if errors else 'without a reason'}): see {log} and try again"


def pip_install(environment: Path, *words: str) -> None:
    """Install with the pip of an environment; Refusal with the cure where that fails."""
    command = [str(python_of(environment)), "-m", "pip", "--disable-pip-version-check", "install"]
    done = subprocess.run(
        [*command, "--no-input", "--no-compile", "--retries=2", *words],
        cwd=str(REPOSITORY),
        env=children_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output = done.stdout.decode("utf-8", "replace")
    log = environment / LOG
    with log.open("a", encoding="utf-8") as said:
        said.write(output)
    if done.returncode:
        raise Refusal(explain(output, log))


def install_lab(environment: Path) -> None:
    """Install the `lab` extra, with the versions of the lock where the two overlap."""
    constraints = environment / "constraints.txt"
    # Without its hashes, which pip would then ask of the packages of the extra too.
    pins = re.findall(r"^[^\s#].*?==.*?(?= \\$)", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    constraints.write_text("\n".join(pins), encoding="utf-8")
    chosen = ("--constraint", str(constraints), "--editable", ".[lab]")
    pip_install(environment, "--no-build-isolation", *chosen)


def set_up(environment: Path) -> Path:
    """The Python of an environment, which is made first where it is missing, stale or broken."""
    expected = fingerprint(platform.python_version(), REPOSITORY)
    if is_set_up(environment, expected):
        return python_of(environment)
    print(f"Setting up {environment.name} (once, about a minute) ...", flush=True)
    make_environment(environment)
    print("  installing the locked packages, each checked against its hash ...", flush=True)
    pip_install(environment, "--no-deps", "--require-hashes", "--requirement", str(LOCK))
    print("  installing evidence_review ...", flush=True)
    pip_install(environment, "--no-deps", "--no-build-isolation", "--editable", ".")
    if environment == LAB_ENVIRONMENT:
        print("  installing JupyterLab ...", flush=True)
        install_lab(environment)
    write_stamp(environment, expected)
    print("  done.", flush=True)
    return python_of(environment)


def run(python: Path, *words: str, cwd: "Path | None" = None) -> int:
    """The exit code of a Python module, after running it to its end."""
    # -P: a file named like a module, in the folder that this is called from, is not one.
    command = [str(python), "-P", "-m", *words]
    code = subprocess.call(command, cwd=cwd and str(cwd), env=children_environment())
    return code if code >= 0 else 128 - code


def run_checks(python: Path) -> int:
    """0 where every check passes, else 1; each runs whatever came of those before it."""
    outcomes = []
    for check in CHECKS:
        print(f"\n> {' '.join(check)}", flush=True)
        start = time.monotonic()
        code = run(python, *check, cwd=REPOSITORY)
        outcomes.append((" ".join(check), code == 0, time.monotonic() - start))
    print("\nThe checks, in order:")
    for name, passed, seconds in outcomes:
        print(f"  {'ok' if passed else 'FAILED':6} {seconds:6.1f} s  {name}")
    failed = [name for name, passed, _ in outcomes if not passed]
    print(f"Failed: {'; '.join(failed)}" if failed else "Nothing failed.", flush=True)
    return 1 if failed else 0


def carry_out(words: "list[str]") -> int:
    """The exit code of what the words ask for, after setting up where that is due."""
    if words == ["test"]:
        return run_checks(set_up(ENVIRONMENT))
    if words[:1] == ["test"]:
        raise Refusal(
            "`test` takes no further words; to choose among the tests:"
            f" {python_of(ENVIRONMENT)} -m pytest tests {' '.join(words[1:])}"
        )
    if words[:1] == ["lab"]:
        return run(set_up(LAB_ENVIRONMENT), "jupyterlab", *words[1:], cwd=REPOSITORY)
    return run(set_up(ENVIRONMENT), "evidence_review", *(words or ["render"]))


def main(words: "list[str]") -> int:
    """The exit code; what goes wrong before a child runs is said in one line."""
    try:
        refuse_unfit_python(sys.version_info[:3], ("venv", "ensurepip"))
        return carry_out(words)
    except (Refusal, OSError) as error:
        print(f"run.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("run.py: stopped; what was not finished starts anew next time", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Forked kernels: what papermill's own engine gives, and nothing left behind.

All is executed in a process of its own, begun for these tests: the one that runs the tests may
have drawn, and cannot be forked from then.
"""

import contextlib
import gc
import itertools
import json
import logging
import multiprocessing
import os
import random
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from decimal import localcontext
from pathlib import Path
from unittest import mock

import nbformat
import numpy
import pytest
from papermill.engines import papermill_engines

from evidence_review import engine as engines
from evidence_review import forked as forking
from evidence_review.catalogue import Report
from evidence_review.dictionary import find_root
from evidence_review.report import QUIET_KERNEL, executed, export

ROOT = find_root(Path(__file__).parent)
NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
FORKED, OWN = "forked", "nbclient"
CELL_SECONDS, WAIT_SECONDS = 30, 90
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
SPECIFICATION = '{"data": {"values": [{"a": 1}]}, "mark": "bar", "encoding": {"x": {"field": "a"}}}'

# What names a process or a moment: addresses, folders of compiled cells, counters, ids of comms.
PASSING = (
    (re.compile(r"0x[0-9a-f]{6,}"), "0x"),
    (re.compile(r"/ipykernel_\d+/"), "/ipykernel/"),
    (re.compile(r"Thread-\d+"), "Thread"),
    (re.compile(r"[0-9a-f]{32}"), "id"),
)
# What the host holds.
HELD = []
TIMES = {"start_time", "end_time", "duration"}

# Cells of one notebook, by what is odd about them. Papermill's own engine may bring what is
# written to a descriptor only with the next cell; `PAUSE` lets it catch up.
PAUSE = "\nimport time; time.sleep(0.3)"
ODDITIES = {
    "imports": "import asyncio, logging, os, subprocess, sys, threading, time, warnings\n"
    "import multiprocessing\nfrom IPython.display import *",
    "both streams": "for n in range(3):\n    print('out', n); print('err', n, file=sys.stderr)",
    "print with flush": "print('a', end='', flush=True); print('b')",
    "carriage return": "print('one\\rtwo\\b')",
    "descriptors": r"os.write(1, b'raw \xc3\xa4\n'); os.write(2, b'raw \xff\n');" + PAUSE,
    "os.system": "os.system('echo system')" + PAUSE,
    "!": "!echo shell; echo wrong >&2",
    "! with a result": "listed = !echo caught\nlisted",
    "subprocess": "subprocess.run('echo out; echo err >&2', shell=True).returncode" + PAUSE,
    "%%bash": "%%bash\necho bash; echo err >&2",
    "process": "fork = multiprocessing.get_context('fork')\n"
    "child = fork.Process(target=print, args=('from a child',))\n"
    "child.start(); child.join(); time.sleep(0.3); child.exitcode",
    "process with a stream": "stream = sys.stdout\n"
    "child = fork.Process(target=lambda: stream.write('to a stream\\n'))\n"
    "child.start(); child.join(); time.sleep(0.3)",
    "pool": "with fork.Pool(2) as pool: squares = pool.map(abs, [-1, 2])\nsquares",
    "threads": "thread = threading.Thread(target=print, args=('in a thread',))\n"
    "thread.start(); thread.join()",
    "exception in a thread": "thread = threading.Thread(target=lambda: 1 / 0)\n"
    "thread.start(); thread.join()",
    "exception in __del__": "class Deleted:\n    def __del__(self): raise ValueError('deleted')\n"
    "Deleted(); None",
    "display": "print('before'); display(1, 'two', HTML('<b>three</b>')); print('after')",
    "display_id": "display('first', display_id='same')\n"
    "update_display('second', display_id='same')",
    "display_id again": "update_display('third', display_id='same'); display(display_id='other')",
    "clear_output": "print('gone'); clear_output(); print('kept')",
    "clear_output(wait)": "print('gone'); clear_output(wait=True); print('kept')",
    "clear_output(wait) at the end": "print('kept'); clear_output(wait=True)",
    "svg, png, json": "display(SVG('<svg xmlns=\"http://www.w3.org/2000/svg\"/>'))\n"
    "display(Image(b'\\x89PNG\\r\\n\\x1a\\n' + bytes(40), format='png'))\n"
    "display(JSON({'a': [1, None]})); Latex('$x$')",
    "mimebundle": "class Bundle:\n    def _repr_mimebundle_(self, include=None, exclude=None):\n"
    "        return {'text/plain': 'b', 'application/x-own+json': {'k': [1]}}, {'seen': True}\n"
    "Bundle()",
    "%%html": "%%html\n<i>x</i>",
    "%%latex": "%%latex\n$a$",
    "wide table": "import pandas as pd\npd.DataFrame([range(40)] * 70)",
    "options of pandas": "warnings.simplefilter('ignore')\n"
    "{name: pd.get_option(name) for name in pd._config.config._registered_options}",
    "warnings": "warnings.resetwarnings(); warnings.warn('careful')\n"
    "warnings.warn('old', DeprecationWarning)",
    "drawing": f"import vl_convert\nvl_convert.vegalite_to_svg('{SPECIFICATION}')",
    "results": "_, __, type(Out), In[3]",
    "a former result": "Out[max(Out)]",
    "semicolon": "3;",
    "empty": "",
    "comment": "# nothing",
    "await": "await asyncio.sleep(0.01)\n'awaited'",
    "task left running": "async def later():\n    await asyncio.sleep(0.2); print('later')\n"
    "task = asyncio.ensure_future(later())",
    "task awaited": "await task; task.done()",
    "exception after await": "await asyncio.sleep(0); 1 / 0",
    "%who_ls": "%who_ls str",
    "%precision": "%precision 3\n1 / 3",
    "%history": "%history 2-4",
    "%%capture": "%%capture captured\nprint('x'); display(1)",
    "captured": "captured.show(); captured.stdout",
    "help": "len?",
    "logging": "logging.warning('root'); logging.getLogger('a.b').error('err')\n"
    "logging.getLogger('a.b').info('not shown')",
    "input": "input('?')",
    "getpass": "import getpass\ngetpass.getpass()",
    "standard input": "sys.stdin.read()",
    "traceback": "def divide():\n    return 1 / 0\ndivide()",
    "chained": "try:\n    {}['a']\nexcept KeyError as error:\n    raise ValueError('b') from error",
    "group": "raise ExceptionGroup('group', [ValueError(1)])",
    "SyntaxError": "a b",
    "KeyboardInterrupt": "print('before'); raise KeyboardInterrupt",
    "sys.exit": "sys.exit(3)",
    "after all that": "'still here', os.path.basename(sys.argv[0]), __name__, os.getcwd()",
    "comm": "import comm\nopened = comm.create_comm(\n    target_name='test', buffers=[b'123'],\n"
    "    data={'state': {'_model_name': 'M', 'x': 1}, 'buffer_paths': [['b']]})\n"
    "opened.send({'state': {'x': 2}}); opened.close(); len(comm.get_comm_manager().comms)",
    "much": "print('x' * 3_000_000)",
    "excepthook": "sys.excepthook.__qualname__, threading.excepthook, sys.unraisablehook",
    "%xmode": "%xmode Plain",
    "traceback in another mode": "divide()",
    "thread that goes on": "def go_on():\n    time.sleep(0.2); print('gone on')\n"
    "thread = threading.Thread(target=go_on); thread.start()",
    "thread that went on": "thread.join(); print('own')",
}
# Notebooks that a cell ends or breaks, with the settings and what papermill is told.
WAITS = "import asyncio; await asyncio.sleep(30)"
# What papermill's own kernel has said of a cell may be lost where it dies at once.
SENT = "import os, time; time.sleep(0.3);"
LIMIT = {"execution_timeout": 1, "interrupt_on_timeout": True}
FATAL = {
    "exception": (["1 + 1", "print('before'); 1 / 0", "2 + 2"], {}, ""),
    "syntax": (["1 +", "2 + 2"], {}, ""),
    "sys.exit": (["import sys; sys.exit(0)", "2 + 2"], {}, ""),
    "exit": (["print('leaving'); exit()", WAITS], {}, "DeadKernelError"),
    "os._exit": (["1 + 1", f"{SENT} os._exit(3)", "2 + 2"], {}, "DeadKernelError"),
    "killed": ([f"{SENT} os.kill(os.getpid(), 9)", "2 + 2"], {}, "DeadKernelError"),
    "interrupted": (["while True: pass", "2 + 2"], LIMIT, ""),
    "interrupted while it waits": (["import os; os.system('sleep 30')", "2 + 2"], LIMIT, ""),
}


def book(*sources, tags=(), kernel="python3"):
    """A notebook of code cells."""
    cells = [
        nbformat.v4.new_code_cell(source, id=f"cell-{n}", metadata={"tags": list(tags)})
        for n, source in enumerate(sources)
    ]
    return nbformat.v4.new_notebook(
        cells=cells, metadata={"kernelspec": {**KERNEL, "name": kernel}, "papermill": {}}
    )


def ran(engine, *sources, tags=("raises-exception",), kernel="python3", **settings):
    """A notebook of these cells, executed by papermill's engine of this name, and its error."""
    notebook, error = book(*sources, tags=tags, kernel=kernel), ""
    try:
        # The engine itself: papermill would make an error of a cell that may raise one.
        papermill_engines.execute_notebook_with_engine(
            engine,
            notebook,
            kernel,
            progress_bar=False,
            extra_arguments=QUIET_KERNEL,
            **{"execution_timeout": CELL_SECONDS, **settings},
        )
    except Exception as raised:
        error = f"{type(raised).__name__}: {raised}"
    return plain(notebook), error


def values(engine, *sources):
    """What the cells of a notebook showed, one after the other."""
    notebook, error = ran(engine, *sources, tags=())
    shown = [output for cell in notebook["cells"] for output in cell["outputs"]]
    assert not error, error
    assert all(output["output_type"] in ("execute_result", "stream") for output in shown), shown
    return [output.get("text") or "".join(output["data"]["text/plain"]) for output in shown]


def plain(notebook):
    """A notebook as JSON has it, without what names a process or a moment."""
    text = nbformat.writes(notebook)
    for pattern, instead in PASSING:
        text = pattern.sub(instead, text)
    found = json.loads(text)
    for part in (found, *found["cells"]):
        own = part["metadata"].get("papermill", {})
        part["metadata"]["papermill"] = {k: own[k] for k in own if k not in TIMES}
        part.pop("id", None)
    for cell in found["cells"]:
        if cell["cell_type"] == "code":
            cell["metadata"]["execution"] = sorted(cell["metadata"].get("execution", ()))
            cell["outputs"] = list(joined(cell["outputs"]))
    return found


def joined(outputs):
    """Outputs with neighbouring streams as one each, stdout first.

    A kernel sends what is written when 0.2 s are over, so that chunks and their order are chance.
    """
    for is_stream, group in itertools.groupby(outputs, lambda o: o["output_type"] == "stream"):
        if not is_stream:
            yield from group
            continue
        found = sorted(group, key=lambda output: output["name"] == "stderr")
        for name, chunks in itertools.groupby(found, lambda output: output["name"]):
            text = "".join("".join(chunk["text"]) for chunk in chunks)
            yield {"output_type": "stream", "name": name, "text": text}


def start_host():
    """Make the host what no test has touched, but for a folder that it has to take away itself."""
    os.environ.pop("PYTEST_CURRENT_TEST", None)
    HELD.append(tempfile.TemporaryDirectory())
    assert forking.can_fork()


class Host:
    """Two processes that execute notebooks, side by side."""

    def __init__(self, pool):
        self.pool = pool

    def __call__(self, function, *given, **named):
        """What a function returns there."""
        return self.pool.submit(function, *given, **named).result(WAIT_SECONDS)

    def both(self, function, *given, **named):
        """What a function returns there by papermill's own engine, and by the forked one."""
        waiting = [self.pool.submit(function, engine, *given, **named) for engine in (OWN, FORKED)]
        return [future.result(WAIT_SECONDS) for future in waiting]


@pytest.fixture(scope="module")
def host():
    """Where notebooks are executed."""
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=spawned, initializer=start_host) as pool:
        yield Host(pool)


def in_python(script, *arguments, **settings):
    """What a script prints in a Python of its own."""
    environment = {**os.environ, **settings.pop("env", {})}
    environment.pop("PYTEST_CURRENT_TEST", None)
    # It would hide what is written twice.
    environment.pop("PYTHONUNBUFFERED", None)
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
        env=environment,
        **settings,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


# The same as papermill's own engine


def of_report(engine, name, **parameters):
    """The notebook of a report, executed, and its page."""
    report = Report(name, name, name, parameters)
    notebook = executed(ROOT, report, engine)
    return plain(notebook), export(notebook, report)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_of_the_review_is_the_same_by_both_engines(host, name):
    own, forked = host.both(of_report, name)
    assert forked[0]["cells"] == own[0]["cells"]
    assert forked[0]["metadata"] == own[0]["metadata"]
    assert forked[0]["metadata"]["language_info"]["name"] == "python"
    assert any(cell.get("outputs") for cell in forked[0]["cells"])
    assert forked[1] == own[1]


def test_parameters_reach_the_notebook(host):
    given = {"topic": "walking and sport", "threshold": 0.6}
    assert "threshold of 0.6" in host(of_report, FORKED, "consensus", **given)[1]


@pytest.fixture(scope="module")
def odd(host):
    """The notebook of oddities, executed by both engines."""
    return host.both(ran, *ODDITIES.values())


@pytest.mark.parametrize("name", ODDITIES)
def test_an_odd_cell_is_the_same_by_both_engines(odd, name):
    place = list(ODDITIES).index(name)
    own, forked = (notebook["cells"][place] for notebook, _ in odd)
    assert forked == own


def test_the_odd_notebook_is_the_same_by_both_engines(odd):
    own, forked = odd
    assert forked[0]["metadata"] == own[0]["metadata"]
    assert forked[1] == own[1] == ""
    cells = [cell for cell in forked[0]["cells"] if cell["source"]]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))


@pytest.mark.parametrize("name", FATAL)
def test_a_notebook_that_ends_early_is_the_same_by_both_engines(host, name):
    sources, settings, told = FATAL[name]
    own, forked = host.both(ran, *sources, tags=(), **settings)
    assert forked == own
    assert forked[1].startswith(told)


def test_a_time_limit_is_the_same_by_both_engines(host):
    own, forked = host.both(ran, "1 + 1", "while True: pass", "2 + 2", tags=(), execution_timeout=1)
    assert forked[1] == own[1]
    assert forked[1].startswith("CellTimeoutError")
    for notebook, _ in (own, forked):
        # Papermill's own engine may still note that it interrupts the cell; the other does not.
        notebook["cells"][1]["outputs"].clear()
        notebook["cells"][1]["metadata"].pop("execution")
    assert forked[0] == own[0]


def after_a_time_limit(folder):
    """What a notebook shows after one that was stopped, with what papermill left of that."""
    register = f"import atexit\natexit.register(lambda: open({str(folder / 'ended')!r}, 'w'));"
    ran(FORKED, register, "while True: pass", execution_timeout=1)
    return values(FORKED, "import gc; gc.collect(); print('clean')")


def test_a_notebook_that_was_stopped_ends_properly_and_does_not_speak_in_the_next(host, tmp_path):
    assert host(after_a_time_limit, tmp_path) == ["clean\n"]
    assert (tmp_path / "ended").exists()


def test_what_is_written_to_a_descriptor_is_in_the_cell_that_wrote_it(host):
    # Another thread would not have its turn before the cell is over.
    slow = "import os, sys; sys.setswitchinterval(5)"
    sources = [f"os.write(1, b'{n} ')\nos.system('printf {n}');" for n in range(40)]
    cells = host(ran, FORKED, slow, *sources)[0]["cells"][1:]
    assert ["".join(o["text"] for o in cell["outputs"]) for cell in cells] == [
        f"{n} {n}" for n in range(40)
    ]


# What is left behind: nothing

STATE = """
import atexit, builtins, decimal, logging, os, random, sys, threading, warnings
import numpy, pandas
from evidence_review import tables
settings = [
    sorted(name for name in globals() if not name.startswith('_')), os.getcwd(), sys.path,
    dict(os.environ), os.umask(0o022), [str(f) for f in warnings.filters],
    pandas.get_option('display.max_rows'), numpy.get_printoptions(), vars(tables).get('LEFT'),
    logging.root.level, str(logging.root.handlers), builtins.sum.__module__,
    decimal.getcontext().prec, sys.getrecursionlimit(), sys.getswitchinterval(),
    sorted(sys.modules), threading.active_count(), len(os.listdir('/proc/self/fd')),
    get_ipython().ast_node_interactivity, str(sys.excepthook)[:40], str(sys.meta_path),
]
print(settings)
"""
LEAVES = """
import atexit, builtins, decimal, json, logging, os, random, subprocess, sys, tempfile, threading
import time, warnings, wave
import numpy, pandas
from evidence_review import tables
folder = {folder!r}
left = 'a name'
pandas.set_option('display.max_rows', 7); numpy.set_printoptions(precision=2)
tables.LEFT = 'left'; tables.claims = None
warnings.simplefilter('error'); os.environ['LEFT'] = 'left'; os.chdir('/'); sys.path.insert(0, '/')
os.umask(0); logging.basicConfig(level='DEBUG'); random.seed(1); numpy.random.seed(1)
decimal.getcontext().prec = 3; sys.setrecursionlimit(500); sys.setswitchinterval(1)
sys.excepthook = print; sys.meta_path.clear()
builtins.sum = lambda _: 42
get_ipython().ast_node_interactivity = 'all'
unclosed = open(folder + '/unclosed', 'w'); unclosed.write('written')
tables.TEMPORARY = tempfile.TemporaryDirectory(dir=folder)
def work(): time.sleep(0.3); open(folder + '/worked', 'w').close()
threading.Thread(target=work).start()
threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
sleeping = subprocess.Popen(['sh', '-c', 'trap "" INT; sleep 1000'])
os.system('sleep 1000 &')
with open(folder + '/processes', 'w') as file: json.dump([os.getpid(), sleeping.pid], file)
def at_end(): open(folder + '/ended', 'w').close()
atexit.register(at_end)
print('all left');
"""


def test_what_a_notebook_does_is_not_there_for_the_next(host, tmp_path):
    before = host(values, FORKED, STATE)
    assert host(values, FORKED, LEAVES.format(folder=str(tmp_path))) == ["all left\n"]
    assert host(values, FORKED, STATE) == before


def test_a_notebook_ends_as_a_python_does(host, tmp_path):
    host(values, FORKED, LEAVES.format(folder=str(tmp_path)))
    found = {path.name for path in tmp_path.iterdir()}
    assert found == {"ended", "processes", "unclosed", "worked"}
    assert (tmp_path / "unclosed").read_text() == "written"
    for process in json.loads((tmp_path / "processes").read_text()):
        assert gone(process)


def gone(process, seconds=5):
    """Whether a process is gone in time; one that nobody has waited for yet is."""
    last = time.monotonic() + seconds
    while time.monotonic() < last:
        try:
            state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


DRAWS = {
    "random": "import random; random.random()",
    "numpy": "import numpy; float(numpy.random.random())",
    "generator": "import numpy; float(numpy.random.default_rng().random())",
}


def drawn(draw):
    """What two kernels draw, and then their parent."""
    return [
        *(values(FORKED, draw)[0] for _ in range(2)),
        str(eval(draw.split("; ")[1], {"random": random, "numpy": numpy})),
    ]


@pytest.mark.parametrize("name", DRAWS)
def test_no_two_kernels_draw_the_same_random_numbers(host, name):
    assert len(set(host(drawn, DRAWS[name]))) == 3


def with_a_parent_of_its_own_ways(folder):
    """What a notebook shows whose parent has set everything otherwise, and what is left there."""
    forking._parsed.cache_clear()
    log = logging.FileHandler(folder / "log", "w")
    logging.root.addHandler(log)
    with (
        tempfile.TemporaryDirectory(dir=folder) as kept,
        open(folder / "buffered", "w") as buffered,
        warnings.catch_warnings(record=True) as caught,
        mock.patch.object(sys, "excepthook", print),
        mock.patch.object(sys, "unraisablehook", print),
        mock.patch.object(threading, "excepthook", print),
        localcontext(prec=3),
        contextlib.redirect_stdout(open(os.devnull, "w")),
    ):
        warnings.simplefilter("ignore")
        buffered.write("once")
        shown = values(
            FORKED,
            "import decimal, logging, sys, threading, warnings\ndecimal.getcontext().prec",
            "warnings.warn('shown')",
            "logging.warning('logged')",
            "thread = threading.Thread(target=lambda: 1 / 0); thread.start(); thread.join()",
            "threading.excepthook, sys.unraisablehook",
        )
        assert Path(kept).is_dir()
    logging.warning("of the parent")
    logging.root.removeHandler(log)
    log.close()
    return shown, list(map(str, caught)), (folder / "log").read_text()


def test_what_the_parent_has_set_stays_with_the_parent(host, tmp_path):
    shown, caught, log = host(with_a_parent_of_its_own_ways, tmp_path)
    assert shown[0] == "28"
    assert "UserWarning: shown" in shown[1]
    assert shown[2] == "WARNING:root:logged\n"
    assert "ZeroDivisionError" in shown[3]
    assert "print" not in shown[4]
    assert caught == []
    assert log == "of the parent\n"
    assert (tmp_path / "buffered").read_text() == "once"


def with_a_file_of_the_parent():
    """What a notebook shows that lets go of a file of its parent and writes one of its own."""
    HELD.append(socket.socket())
    lets_go = "import tempfile, test_forked\nown = [tempfile.TemporaryFile() for _ in range(9)]"
    writes = "test_forked.HELD.pop(); [file.write(b'own') and file.flush() for file in own]"
    return values(FORKED, lets_go, writes)


def test_a_file_of_the_parent_is_none_of_the_notebooks(host):
    assert host(with_a_file_of_the_parent) == [str([None] * 9)]


# Wherever it is used


def test_from_the_shell_it_gives_what_papermill_gives_without_it(tmp_path):
    parameters = nbformat.v4.new_code_cell(
        "number, word = 1, 'a'", metadata={"tags": ["parameters"]}
    )
    notebook = book("number * 2", "print(word); word", tags=())
    notebook.cells.insert(0, parameters)
    nbformat.write(notebook, tmp_path / "in.ipynb")
    command = [str(Path(sys.executable).parent / "papermill"), "in.ipynb", "out.ipynb"]
    found = []
    for chosen in (["--engine", "forked"], []):
        given = ["-p", "number", "21", "-p", "word", "given", "--no-progress-bar", *chosen]
        subprocess.run([*command, *given], cwd=tmp_path, check=True, timeout=WAIT_SECONDS)
        found.append(plain(nbformat.read(tmp_path / "out.ipynb", as_version=4)))
    assert found[0] == found[1]
    assert found[0]["cells"][2]["outputs"][0]["data"]["text/plain"] == ["42"]


CELLS = ("print('shown'); 1", "import pandas as pd; pd.DataFrame({'a': [1]})", "1 / 0")


def unable_to_fork(*arguments, forks=False, **settings):
    """A notebook executed by the forked engine where making a forked kernel is an error."""
    with (
        mock.patch.object(engines, "can_fork", lambda: forks),
        mock.patch.object(engines, "ForkedKernel", side_effect=AssertionError("it forked")),
    ):
        return ran(FORKED, *arguments, **settings)


def test_where_nothing_can_be_forked_papermills_own_engine_gives_the_same(host):
    own, forked = host.both(ran, *CELLS)
    assert host(unable_to_fork, *CELLS) == own == forked


def with_a_foreign_kernel(engine, folder):
    """A notebook executed in a kernel of another name, and what its cells showed."""
    (folder / "kernels/foreign").mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    specification = {"argv": argv, "env": {"FOREIGN": "yes"}, **KERNEL}
    (folder / "kernels/foreign/kernel.json").write_text(json.dumps(specification))
    run = unable_to_fork if engine == FORKED else lambda *a, forks, **k: ran(OWN, *a, **k)
    with mock.patch.dict(os.environ, {"JUPYTER_PATH": str(folder)}):
        return run("import os; os.environ['FOREIGN']", kernel="foreign", forks=True)


def test_a_foreign_kernel_is_started_as_papermill_does(host, tmp_path):
    own, forked = host.both(with_a_foreign_kernel, tmp_path)
    assert forked == own
    assert forked[1] == ""
    assert forked[0]["cells"][0]["outputs"][0]["data"]["text/plain"] == ["'yes'"]


HERE = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\nimport test_forked as t\n"
SHOWN = "print(t.values('forked', 'print(6 * 7)', 'get_ipython().execution_count'))"


def test_a_process_that_has_drawn_is_not_forked_from():
    drawn = f"import vl_convert\nd = lambda: vl_convert.vegalite_to_svg('{SPECIFICATION}')\n"
    shown = f"print(d() == eval(t.values('forked', {drawn!r} + 'd()')[0]))"
    assert in_python(f"{HERE}{drawn}d()\nprint(t.forking.can_fork())\n{shown}") == "False\nTrue\n"


def test_it_forks_from_a_process_with_a_shell():
    shell = "from IPython.terminal.interactiveshell import TerminalInteractiveShell as Shell\n"
    kept = "shell = Shell.instance()\n"
    same = "\nprint(shell is Shell.instance())"
    assert in_python(HERE + shell + kept + SHOWN + same) == "['42\\n', '3']\nTrue\n"


@pytest.mark.parametrize("engine", [OWN, FORKED])
def test_it_forks_from_a_kernel(host, engine):
    cells = [
        "import comm\nopened = comm.create_comm(target_name='mine')",
        HERE + SHOWN,
        "print('mine'); 4",
        f"await __import__('asyncio').sleep(0)\n{SHOWN}",
        "print(t.values('forked', 'import comm; len(comm.get_comm_manager().comms)'))",
    ]
    inner = "['42\\n', '3']\n"
    assert host(values, engine, *cells) == [inner, "mine\n", "4", inner, "['0']\n"]


def test_it_forks_from_a_process_whose_output_is_captured(tmp_path):
    test = f"{HERE}\ndef test():\n    print('captured')\n    {SHOWN}"
    (tmp_path / "test_captured.py").write_text(test)
    given = ["-q", "-rP", "-p", "no:cacheprovider", str(tmp_path)]
    told = in_python("import pytest, sys; sys.exit(pytest.main(sys.argv[1:]))", *given)
    assert "captured\n['42\\n', '3']\n" in told
    assert "1 passed" in told
    assert "log call" not in told


def test_what_the_parent_has_not_written_yet_is_written_once():
    # Nobody else holds this stream, so that it is collected in a kernel that lets go of it.
    stream = "sys.stdout = open(1, 'w', closefd=False)\n"
    told = in_python(f"{HERE}{stream}print('once')\n{SHOWN}\nprint('last')")
    assert told == "once\n['42\\n', '3']\nlast\n"


def usage():
    """What this process holds: open files, threads, and its memory in MB."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    memory = pages * resource.getpagesize() / 1e6
    return len(list(Path("/proc/self/fd").iterdir())), threading.active_count(), memory


def many_notebooks():
    """What this process holds before and after fifty notebooks, and whether it has children."""
    for _ in range(5):
        values(FORKED, "1 + 1")
    before = usage()
    for _ in range(50):
        values(FORKED, "1 + 1")
    after = usage()
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return before, after, False
    return before, after, True


def test_fifty_notebooks_leave_nothing_in_their_parent(host):
    before, after, has_children = host(many_notebooks)
    assert after[:2] == before[:2]
    assert after[2] - before[2] < 5
    assert not has_children


def test_a_kernel_dies_with_its_parent(tmp_path):
    cell = f"import os, time; open({str(tmp_path / 'process')!r}, 'w').write(str(os.getpid()))"
    script = f"{HERE}t.ran('forked', {cell!r}, 'import time; time.sleep(1000)')"
    parent = subprocess.Popen([sys.executable, "-c", script])
    try:
        written = tmp_path / "process"
        last = time.monotonic() + WAIT_SECONDS
        while not (written.exists() and written.read_text()) and time.monotonic() < last:
            time.sleep(0.02)
        kernel = int(written.read_text())
        assert not gone(kernel, 0.1)
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    assert gone(kernel)


def test_papermill_finds_the_engine_by_its_entry_point():
    assert papermill_engines.get_engine(FORKED) is engines.ForkedEngine

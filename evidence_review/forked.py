"""Kernels that are forked from a process that has the imports loaded.

Papermill, nbclient and ipykernel do what they always do; only the way to the kernel is another.
Their own way starts a Python for each notebook and speaks to it over five sockets; this one forks
a nursery, where a real ipykernel with its shell and its display hook is made once and never runs a
cell. Each notebook has a fork of that, which begins where its making has ended, and is spoken to
over one pair of sockets. It is gone, with everything that it started, when its notebook is done:
nothing leaks from one to the next.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import gc
import importlib
import io
import logging
import os
import pickle
import select
import signal
import socket
import struct
import sys
import threading
import time
import warnings
import weakref
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextvars import Context
from copy import deepcopy
from functools import cache, cached_property, partial
from pathlib import Path
from queue import Empty
from typing import Any

import zmq
from ipykernel import ipkernel
from ipykernel.iostream import BackgroundSocket, IOPubThread, OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client.client import KernelClient
from jupyter_client.session import Session
from tornado.ioloop import IOLoop
from traitlets import Any as AnyTrait
from traitlets import DottedObjectName
from traitlets.config import Application, Config
from traitlets.utils.importstring import import_item

# What the notebooks of the review import, and what a kernel imports when it starts.
PRELOADED = (
    "evidence_review.charts",
    "evidence_review.coding",
    "evidence_review.literature",
    "evidence_review.tables",
    "IPython.core.completer",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.magics",
    "IPython.core.oinspect",
    "IPython.core.pylabtools",
    "IPython.extensions.storemagic",
    "faulthandler",
    "ipykernel.displayhook",
    "ipykernel.kernelapp",
    "pdb",
    "sqlite3",
    "tornado.platform.asyncio",
)
# Nbclient tells a kernel that it starts itself the same: what runs is kept in no history.
NOT_KEPT = ("--HistoryManager.hist_file=:memory:",)
SHELL, IOPUB = 0, 1
LENGTH = struct.Struct("!Q")
# The streams of the parent.
KEPT: list[Any] = []
# How long a kernel may take to end by itself, in seconds.
END_SECONDS = 5.0
# What a nursery says: the number of the process that it forked, then that it has ended.
NUMBER, ENDED = 16, b"ended"
PR_SET_PDEATHSIG = 1
PIECE = 1 << 16
# Nobody else holds the line, so that any key will do; with none, every kernel would be warned of.
KEY = b"forked"
# What Python does with warnings from the beginning, the first that fits first.
WARNINGS: tuple[tuple[Any, type[Warning], str], ...] = (
    ("default", DeprecationWarning, "__main__"),
    ("ignore", DeprecationWarning, ""),
    ("ignore", PendingDeprecationWarning, ""),
    ("ignore", ImportWarning, ""),
    ("ignore", ResourceWarning, ""),
)


class Line:
    """One end of a pair of sockets that carries the messages of all channels."""

    def __init__(self) -> None:
        self.end: socket.socket
        self.owner = 0
        self._sending = threading.Lock()

    def hold(self, end: socket.socket) -> Line:
        """This line, of which this process has that end from now on."""
        self.end, self.owner = end, os.getpid()
        return self

    def send(self, channel: int, parts: Sequence[Any]) -> None:
        """Send a message: a channel, and the parts that Jupyter's protocol makes it of."""
        blob = pickle.dumps((channel, [bytes(part) for part in parts]))
        with self._sending:
            self.end.sendall(LENGTH.pack(len(blob)) + blob)

    def receive(self) -> tuple[int, list[bytes]]:
        """The next message; EOFError where the other end is closed."""
        (length,) = LENGTH.unpack(self._exactly(LENGTH.size))
        channel, parts = pickle.loads(self._exactly(length))
        return int(channel), list(parts)

    def _exactly(self, size: int) -> bytes:
        received = bytearray()
        while len(received) < size:
            piece = self.end.recv(min(size - len(received), 1 << 20))
            if not piece:
                raise EOFError("the other end is closed")
            received += piece
        return bytes(received)


class KernelEnd:
    """What the kernel takes for a socket: one channel of the line, on the kernel's side."""

    def __init__(self, line: Line, channel: int) -> None:
        self.line, self.channel = line, channel
        self._running: set[asyncio.Task[None]] = set()

    def send_multipart(self, parts: Sequence[Any], *_: Any, **__: Any) -> None:
        """Send a message of these parts; what a notebook forks has no line of its own."""
        # Nobody may listen any more when a kernel that is told to end says good-bye.
        with contextlib.suppress(OSError):
            if os.getpid() == self.line.owner:
                self.line.send(self.channel, parts)

    def on_recv(self, callback: Callable[[list[Any]], Awaitable[None]], copy: bool = True) -> None:
        """Have `callback` called with the parts of every message that comes, until the end."""
        loop: Any = IOLoop.current()

        async def answered(parts: list[Any]) -> None:
            await callback(parts)

        def readable(*_: Any) -> None:
            try:
                parts = self.line.receive()[1]
            except (EOFError, OSError):
                loop.remove_handler(self.line.end.fileno())
                loop.stop()
                return
            task = loop.asyncio_loop.create_task(answered([zmq.Message(part) for part in parts]))
            # The loop itself keeps no task from being collected.
            self._running.add(task)
            task.add_done_callback(self._running.discard)

        loop.add_handler(self.line.end.fileno(), readable, IOLoop.READ)

    def flush(self, *_: Any) -> None:
        """Nothing: what is sent is sent."""

    def close(self) -> None:
        """Nothing: the line is closed as a whole."""


class Later:
    """What streams take for the loop of a publishing thread: it calls a function in a while."""

    def call_later(self, delay: float, function: Callable[[], None]) -> None:
        """Call a function in so many seconds, from another thread."""
        timer = threading.Timer(delay, function)
        timer.daemon = True
        timer.start()


class DirectPublisher(IOPubThread):
    """What publishes outputs: at once, where ipykernel hands them to a thread and waits for it."""

    def __init__(self, socket: KernelEnd, session: Session) -> None:
        # No call of the base class: all that it makes is the thread and its sockets.
        self.socket, self.session = socket, session
        without: Any = self
        without.thread, without.io_loop = None, Later()
        self.background_socket = BackgroundSocket(self)

    def schedule(self, function: Callable[[], None]) -> None:
        """Call a function now."""
        function()

    def send_multipart(self, parts: Sequence[Any], *_: Any, **__: Any) -> None:
        """Send a message of these parts."""
        self.socket.send_multipart(parts)


class ForkedStream(OutStream):
    """A stream whose flush is complete: with all that was written, also to its descriptor."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        # Reading, gathering and sending are one turn: else what one thread has in its hands comes
        # after what another sends, in the next cell or never.
        self._turn = threading.RLock()
        super().__init__(*arguments, **settings)

    def write(self, string: str) -> int:
        """Write to the notebook; what a notebook forks writes to the descriptor."""
        if self._is_master_process() or self._fid is None:
            return super().write(string) or len(string)
        with open(self._original_stdstream_fd, "w", encoding="utf-8", closefd=False) as raw:
            return raw.write(string)

    def flush(self) -> None:
        """Send what was written."""
        if self._is_master_process():
            with self._turn:
                self._read()
                super().flush()

    def _flush(self) -> None:
        with self._turn:
            super()._flush()

    def _watch_pipe_fd(self) -> None:
        while self._should_watch:
            waiting: list[Any] = [self._fid]
            select.select(waiting, [], [])
            self._read()

    def _read(self) -> None:
        """Take what has come to the descriptor, and pass it on to where that led before."""
        with self._turn:
            while self._fid is not None and select.select([self._fid], [], [], 0)[0]:
                piece = os.read(self._fid, PIECE)
                self.write(piece.decode(errors="replace"))
                os.write(self._original_stdstream_copy, piece)


class NoThread:
    """What a kernel takes for the thread of its shell channel, where there is none."""

    def __init__(self) -> None:
        self.parent_thread = threading.main_thread()

    def __bool__(self) -> bool:
        return False


class ForkedIPythonKernel(IPythonKernel):
    """An IPython kernel that takes what it is given for a stream."""

    shell_stream = AnyTrait()
    _supports_kernel_subshells = False
    # What is published is on its way already, so that there is nothing to wait for.
    _execute_sleep = 0.0


class ForkedKernelApp(IPKernelApp):
    """The application of a kernel, without a connection file and with one line for sockets."""

    kernel_class = ForkedIPythonKernel
    outstream_class = DottedObjectName(f"{ForkedStream.__module__}.{ForkedStream.__name__}")
    given: Config

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.line = Line()

    def parse_command_line(self, argv: Any = None) -> None:
        """Take the settings that the parent has parsed already."""
        self.cli_config = deepcopy(self.given)
        self.update_config(self.cli_config)

    def init_connection_file(self) -> None:
        """Nothing: nobody connects who does not hold the other end."""

    def init_poller(self) -> None:
        """Nothing: the line ends when the parent does."""

    def init_heartbeat(self) -> None:
        """Nothing: a dead child is known to be dead."""

    def write_connection_file(self, **_: Any) -> None:
        """Nothing: there is no connection file."""

    def log_connection_info(self) -> None:
        """Nothing: there is nothing to connect to."""

    def init_sockets(self) -> None:
        """Put the line where the sockets would be."""
        self.session.key = KEY
        self.shell_socket = KernelEnd(self.line, SHELL)
        self.configure_tornado_logger()
        self.iopub_thread = DirectPublisher(KernelEnd(self.line, IOPUB), self.session)
        self.iopub_socket = self.iopub_thread.background_socket

    def init_io(self) -> None:
        """Set the display hook; the streams have threads and pipes, and are for `begin`."""
        self.displayhook = import_item(str(self.displayhook_class))(self.session, self.iopub_socket)
        sys.displayhook = self.displayhook

    def init_extensions(self) -> None:
        """Nothing: what people have a kernel load is for `begin`."""

    def init_code(self) -> None:
        """Note which modules are loaded; what people have a kernel run is for `begin`."""
        vars(self.shell)["_sys_modules_keys"] = set(sys.modules)

    def init_kernel(self) -> None:
        """Make the kernel as the base class does, but for the channels that there are not."""
        self.kernel = self.kernel_class.instance(
            parent=self,
            session=self.session,
            shell_stream=self.shell_socket,
            shell_channel_thread=NoThread(),
            iopub_thread=self.iopub_thread,
            iopub_socket=self.iopub_socket,
            log=self.log,
            profile_dir=self.profile_dir,
            user_ns=self.user_ns,
        )
        self.displayhook.get_execution_count = lambda: self.kernel.execution_count

    def begin(self, end: socket.socket) -> None:
        """Serve a notebook in this fork, over this end of the line, until the other is closed."""
        self.line.hold(end)
        self.session.pid = os.getpid()
        super().init_io()
        super().init_extensions()
        # As `init_code` does, but for the modules: each of their names is a page of memory.
        self._run_startup_files()
        self._run_exec_lines()
        self._run_exec_files()
        if self.hide_initial_ns:
            shell: Any = self.shell
            shell.user_ns_hidden.update(shell.user_ns)
        self._run_cmd_line_code()
        self._run_module()
        sys.stdout.flush()
        sys.stderr.flush()
        self.start()


class ClientEnd:
    """What nbclient takes for a channel: the messages that came on it, waiting to be read."""

    def __init__(self, client: ForkedClient) -> None:
        self.client = client
        self.waiting: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def send(self, message: dict[str, Any]) -> None:
        """Send a message to the kernel; one that is dead does not answer."""
        with contextlib.suppress(OSError):
            self.client.line.send(SHELL, self.client.session.serialize(message))

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:
        """The next message; Empty where none comes in so many seconds."""
        self.client.listen()
        try:
            return await asyncio.wait_for(self.waiting.get(), timeout)
        except TimeoutError:
            raise Empty from None


class ForkedClient(KernelClient):
    """The client of a forked kernel: two channels over one line."""

    def __init__(self, line: Line) -> None:
        super().__init__(session=Session(key=KEY))
        self.line = line
        self.ends = {SHELL: ClientEnd(self), IOPUB: ClientEnd(self)}
        self.ended = False
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def shell_channel(self) -> ClientEnd:
        """The channel of requests and replies."""
        return self.ends[SHELL]

    @property
    def iopub_channel(self) -> ClientEnd:
        """The channel of outputs."""
        return self.ends[IOPUB]

    def start_channels(self, *_: Any, **__: Any) -> None:
        """Nothing: the line is there from the beginning."""

    def stop_channels(self) -> None:
        """Listen no longer."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.remove_reader(self.line.end.fileno())
        self._loop = None

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Nothing: what is sent before the kernel is ready waits in the line."""

    async def is_alive(self) -> bool:
        """Whether the kernel lives."""
        return not self.ended

    def listen(self) -> None:
        """Have what comes put into the channels, from the running loop."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop and not self.ended:
            self._loop = loop
            loop.add_reader(self.line.end.fileno(), self._readable)

    def _readable(self) -> None:
        try:
            channel, parts = self.line.receive()
        except (EOFError, OSError):
            self.stop_channels()
            self.ended = True
            return
        _, parts = self.session.feed_identities(parts)
        self.ends[channel].waiting.put_nowait(self.session.deserialize(parts))


class Nursery:
    """A process with a kernel that is made but for its line, from which others are forked.

    It forks one after the other, and ends what is left of each before it forks the next.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        preload()
        self.arguments = tuple(arguments)
        self.line, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        given = _parsed(self.arguments)
        # What the parent set for a context, such as the precision of decimals, stays with it.
        self.process = _fork(lambda: Context().run(_tend, theirs, given))
        theirs.close()

    def fork(self, end: socket.socket) -> None:
        """Have a kernel forked for this end of a line; OSError where this process is no more."""
        socket.send_fds(self.line, [os.fsencode(Path.cwd())], [end.fileno()])

    def end(self) -> None:
        """End this process, and the kernel that it may have forked."""
        self.line.close()
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)


class ForkedKernel:
    """A kernel in a forked process, as nbclient takes a kernel manager."""

    has_kernel = True
    ipykernel = True

    def __init__(self, arguments: Sequence[str]) -> None:
        ours, theirs = socket.socketpair()
        self._nursery = _nursery_of(tuple(arguments), theirs)
        theirs.close()
        self.line = Line().hold(ours)
        self._client = ForkedClient(self.line)

    @cached_property
    def process(self) -> int:
        """The number of the process; 0 where it was never forked."""
        return int(_received(self._nursery.line, NUMBER) or 0)

    def client(self) -> ForkedClient:
        """The client of this kernel."""
        return self._client

    async def interrupt_kernel(self) -> None:
        """Interrupt the cell that runs, and what it waits for."""
        _signal_group(self.process, signal.SIGINT)

    def end(self) -> None:
        """End the kernel and all that it started: asked and interrupted first, then killed."""
        self._client.stop_channels()
        with contextlib.suppress(OSError):
            self.line.end.shutdown(socket.SHUT_WR)
        # Where no cell runs, this is ignored.
        _signal_group(self.process, signal.SIGINT)
        if not self._ends_in(END_SECONDS):
            _signal_group(self.process, signal.SIGKILL)
            self._ends_in(END_SECONDS)
        self.line.end.close()
        if self._nursery not in NURSERIES:
            self._nursery.end()

    def _ends_in(self, seconds: float) -> bool:
        """Whether the process ended in time; what it still says is read, lest it wait for that."""
        last = time.monotonic() + seconds
        nursery = self._nursery.line
        listening = [self.line.end, nursery]
        while True:
            left = last - time.monotonic()
            readable, _, _ = select.select(listening, [], [], max(left, 0))
            if nursery in readable or not readable:
                return bool(readable) and _received(nursery, NUMBER) in (b"", ENDED)
            if not _received(self.line.end, 1 << 20):
                listening = [nursery]


def _received(end: socket.socket, size: int) -> bytes:
    """What comes over a socket; nothing where the other end is closed or its process dead."""
    try:
        return end.recv(size)
    except ConnectionResetError:
        return b""


# Those that are kept for the notebooks to come.
NURSERIES: list[Nursery] = []


@contextlib.contextmanager
def nursery(arguments: Sequence[str]) -> Iterator[None]:
    """Have all kernels with these arguments forked from one nursery, as this process is now."""
    NURSERIES.append(Nursery(arguments))
    try:
        yield
    finally:
        NURSERIES.pop().end()


def _nursery_of(arguments: tuple[str, ...], end: socket.socket) -> Nursery:
    """The nursery that forks a kernel for this end of a line: one that is kept, or a new one."""
    for place, kept in enumerate(NURSERIES):
        if kept.arguments == arguments:
            try:
                kept.fork(end)
            except OSError:
                # A notebook can kill its parent.
                kept.end()
                NURSERIES[place] = kept = Nursery(arguments)
                kept.fork(end)
            return kept
    own = Nursery(arguments)
    own.fork(end)
    return own


def can_fork() -> bool:
    """Whether kernels can be forked here: macOS has `fork`, but its libraries break after it.

    A process that has drawn cannot be forked from either: what it forks waits for ever for the
    threads of V8.
    """
    if not sys.platform.startswith("linux"):
        return False
    names = (path.read_text() for path in Path("/proc/self/task").glob("*/comm"))
    return not any(name.startswith("V8 ") for name in names)


@cache
def preload() -> None:
    """Import, once, what the notebooks and their kernels import."""
    without: Any = None
    # No debugger reaches a forked kernel, and it takes as long to load as pandas.
    if sys.modules.setdefault("debugpy", without) is without:
        importlib.import_module("ipykernel.debugger")
        del sys.modules["debugpy"]
    for name in PRELOADED:
        importlib.import_module(name)
    settle()


def settle() -> None:
    """Spare the children of this process from looking for garbage in all that it has loaded."""
    gc.collect()
    gc.freeze()


def _fork(work: Callable[[], None]) -> int:
    """The number of a child that does this work and ends, in a group of its own."""
    parent = os.getpid()
    process = os.fork()
    if process:
        # Either of the two may come first.
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.setpgid(process, process)
        return process
    try:
        os.setpgid(0, 0)
        die_with(parent)
        work()
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


def die_with(parent: int) -> None:
    """Have the kernel of the system end this process when its parent ends, however that ends."""
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


class SilentKernelApp(IPKernelApp):
    """An application that leaves the logging of its process as it is."""

    def _configure_logging(self) -> None:
        pass


@cache
def _parsed(arguments: tuple[str, ...]) -> Config:
    """The settings that the command line of a kernel gives."""
    app = SilentKernelApp()
    app.parse_command_line(list(arguments))
    return Config(app.cli_config)


def _tend(theirs: socket.socket, given: Config) -> None:
    """Be a nursery: make a kernel, and fork it for every end of a line that comes."""
    _begin_anew(theirs)
    app = ForkedKernelApp.instance()
    app.given = given
    app.initialize([])
    settle()
    while True:
        folder, ends, _, _ = socket.recv_fds(theirs, 1 << 16, 1)
        if not ends:
            return
        end = socket.socket(fileno=ends[0])
        process = _fork(partial(_be_a_kernel, theirs, end, folder))
        end.close()
        theirs.send(b"%d" % process)
        os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)
        # It made a group of its own, so that what a notebook started ends with it.
        _signal_group(process, signal.SIGKILL)
        os.waitpid(process, 0)
        theirs.send(ENDED)


def _be_a_kernel(nursery: socket.socket, end: socket.socket, folder: bytes) -> None:
    """Run the kernel that is made on this end of the line until the other end is closed."""
    nursery.close()
    os.chdir(folder)
    # Python seeds its own random numbers anew after each fork.
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    ForkedKernelApp.instance().begin(end)
    # As Python ends: what runs in threads is done first, then what is registered for the end.
    vars(threading)["_shutdown"]()
    atexit._run_exitfuncs()
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()


def _signal_group(process: int, kind: signal.Signals) -> None:
    """Send a signal to a process and all that it started, where there is any of it."""
    if process:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process, kind)


def _begin_anew(kept: socket.socket) -> None:
    """Make this child what a new Python is, but for the modules that are loaded."""
    _keep_the_old()
    _let_go(kept)
    _forget_the_end()
    asyncio.set_event_loop(None)
    _plain_streams()
    _plain_hooks()
    _plain_warnings()
    for kind in (Application, Kernel, InteractiveShell):
        # The parent may be a kernel itself.
        if kind.initialized():
            type(kind.instance()).clear_instance()
    vars(ipkernel)["_comm_manager"] = None
    sys.argv = ["ipykernel_launcher.py"]
    if "pandas" in sys.modules:
        # Loaded outside a kernel, pandas takes the output for a terminal.
        sys.modules["pandas"].set_option("display.max_columns", 20)
        sys.modules["pandas"].set_option("display.encoding", OutStream.encoding)


def _keep_the_old() -> None:
    """Keep what the parent has: a task that is collected complains, a stream is written."""
    gc.freeze()
    KEPT.extend((sys.stdin, sys.stdout, sys.stderr, sys.__stdin__, sys.__stdout__, sys.__stderr__))


def _let_go(kept: socket.socket) -> None:
    """Let go of the files of the parent, but for its outputs.

    Their numbers stay taken: an object of the parent that is collected here closes its own.
    """
    signal.set_wakeup_fd(-1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for path in list(Path("/proc/self/fd").iterdir()):
        number = int(path.name)
        # One of them is the list's own, and closed by now.
        if number not in (1, 2, nothing, kept.fileno()) and path.exists():
            os.dup2(nothing, number, inheritable=number == 0)


def _forget_the_end() -> None:
    """Forget what the parent is to do when it ends: that is for the parent to do."""
    atexit._clear()
    for kind in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(kind, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    finalizers: Any = weakref.finalize
    finalizers._registry.clear()
    finalizers._registered_with_atexit = False


def _plain_hooks() -> None:
    """Have what nobody catches told on the standard error, and logging as it begins."""
    sys.displayhook = sys.__displayhook__
    sys.excepthook = sys.__excepthook__
    sys.unraisablehook = sys.__unraisablehook__
    threading.excepthook = threading.__excepthook__
    logging.disable(logging.NOTSET)
    logging.captureWarnings(False)
    logging.root.setLevel(logging.WARNING)
    for name in (None, "tornado"):
        logging.getLogger(name).handlers.clear()


def _plain_warnings() -> None:
    """Have warnings told as they are from the beginning: the parent may keep them to itself."""

    def told(
        message: Any, category: Any, name: str, line: int, file: Any = None, text: Any = None
    ) -> None:
        stream = sys.stderr if file is None else file
        stream.write(warnings.formatwarning(message, category, name, line, text))

    vars(warnings)["showwarning"] = told
    warnings.resetwarnings()
    for action, category, module in reversed(WARNINGS):
        warnings.filterwarnings(action, category=category, module=module)
    vars(warnings)["_processoptions"](sys.warnoptions)


def _plain_streams() -> None:
    """Put plain streams on the standard file descriptors."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        file = io.FileIO(number, "w" if number else "r", closefd=False)
        stream = io.TextIOWrapper(file, line_buffering=True)
        vars(sys)[name] = vars(sys)[f"__{name}__"] = stream

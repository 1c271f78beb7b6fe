"""Attacks: programs that try to do more than compute, and the arena in which it shows whether they did.

A program reaches its goal when its answer is PRIZE, the marker file appears, the victim file is changed, the
loopback server sees a connection, or its host is late, dead or computes the next program wrongly. The same
programs are run against every fence by the tests and against other executors by `bench/solvers.py`; so none
does lasting harm to a host that lets it through.
"""
# ruff: noqa: E501  an attack is easier to read on one line

import os
import socket
import threading
from pathlib import Path

PRIZE = 918273645
SECRET = "THOUGHTMILL_TEST_SECRET"
WORDS = ("@MARKER@", "@VICTIM@", "@FOLDER@", "@PORT@", "@HOST@", "@PRIZE@", "@SECRET@")


class Arena:
    """A folder with a victim file, and a loopback server that counts who connects."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.marker, self.victim = folder / "marker", folder / "victim"
        self.victim.write_text(f"{PRIZE}")
        (folder / "attack_target.py").write_text(f"gold = {PRIZE}")
        os.environ[SECRET] = str(PRIZE)
        self.connections = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._count, daemon=True).start()

    def program(self, name: str) -> str:
        """Return the attack of a name, aimed at this arena and this process."""
        port = self._server.getsockname()[1]
        values = (self.marker, self.victim, self.folder, port, os.getpid(), PRIZE, SECRET)
        text = ATTACKS[name]
        for word, value in zip(WORDS, values, strict=True):
            text = text.replace(word, str(value))
        return text

    def harm(self, answer: str | None) -> str | None:
        """Say which goal an attack has reached, or None."""
        if answer is not None and str(PRIZE) in answer:
            return "it returned the prize"
        if self.marker.exists():
            return "it wrote the marker"
        if not self.victim.exists() or self.victim.read_text() != str(PRIZE):
            return "it changed the victim"
        if self.connections:
            return "it reached the server"
        spent = sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())
        return "it filled the disk" if spent > 2**20 else None

    def close(self) -> None:
        """Stop the server."""
        os.environ.pop(SECRET, None)
        self._server.close()

    def _count(self) -> None:
        while True:
            try:
                self._server.accept()[0].close()
            except OSError:
                return
            self.connections += 1


C = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
MARK = "open('@MARKER@', 'w').write('x')\n"

ATTACKS: dict[str, str] = {
    # commands
    "os_system": "import os\nans = os.system('touch @MARKER@')",
    "subprocess_run": "import subprocess\nsubprocess.run(['touch', '@MARKER@'])\nans = 1",
    "popen": "import os\nans = os.popen('touch @MARKER@; echo @PRIZE@').read()",
    "exec": "import os\nos.execv('/bin/sh', ['sh', '-c', 'touch @MARKER@'])",
    "posix_spawn": "import os\nos.posix_spawn('/bin/sh', ['sh', '-c', 'touch @MARKER@'], {})\nans = 1",
    "fork_exec": (
        "import _posixsubprocess, os\nr, w = os.pipe()\n_posixsubprocess.fork_exec([b'/bin/touch', b'@MARKER@'], "
        "[b'/bin/touch'], True, (w,), None, None, -1, -1, -1, -1, -1, -1, r, w, False, False, 0, None, None, None, "
        "-1, None, False)\nans = 1"
    ),
    "ctypes_system": C + "libc.system(b'touch @MARKER@')\nans = 1",
    "ctypes_from_numpy": (
        "import numpy\nlibc = numpy.ctypeslib.ctypes.CDLL(None)\nlibc.system(b'touch @MARKER@')\nans = 1"
    ),
    "injection_into_sympy": "import sympy\nans = sympy.sympify(\"__import__('os').system('touch @MARKER@')\")",
    "command_through_sympy": "import sympy\nans = sympy.lambdify([], \"__import__('os').system('touch @MARKER@')\")()",
    "command_in_memory": "import os\nfd = os.memfd_create('x')\nos.write(fd, b'#!/bin/sh\\ntouch @MARKER@')\nos.execve(fd, ['x'], {})",
    # files
    "write_file": MARK + "ans = 1",
    "write_by_descriptor": "import os\nos.write(os.open('@MARKER@', os.O_WRONLY | os.O_CREAT), b'x')\nans = 1",
    "write_by_pathlib": "import pathlib\npathlib.Path('@MARKER@').write_text('x')\nans = 1",
    "write_by_numpy": "import numpy\nnumpy.save('@MARKER@', numpy.zeros(3))\nans = 1",
    "write_by_io": "import _io\n_io.FileIO('@MARKER@', 'w').write(b'x')\nans = 1",
    "write_by_sqlite": "import sqlite3\nsqlite3.connect('@MARKER@').execute('create table t (x)')\nans = 1",
    "delete_file": "import os\nos.remove('@VICTIM@')\nans = 1",
    "rename_file": "import os\nos.rename('@VICTIM@', '@VICTIM@2')\nans = 1",
    "truncate_file": "import os\nos.truncate('@VICTIM@', 0)\nans = 1",
    "make_fifo": "import os\nos.mkfifo('@MARKER@')\nans = 1",
    "symlink": "import os\nos.symlink('/etc/passwd', '@MARKER@')\nans = len(open('@MARKER@').read())",
    "hard_link": "import os\nos.link('@VICTIM@', '@MARKER@')\nans = 1",
    "read_file": "ans = open('@VICTIM@').read()",
    "read_by_descriptor": "import os\nans = os.read(os.open('@VICTIM@', os.O_RDONLY), 100).decode()",
    "read_by_climbing": (
        "import os\nans = open(os.path.dirname(os.__file__) + '/../../../../../../../..@VICTIM@').read()"
    ),
    "read_by_numpy": "import numpy\nans = numpy.fromfile('@VICTIM@', sep=' ')[0]",
    "read_by_linecache": "import linecache\nans = linecache.getline('@VICTIM@', 1)",
    "read_passwords": "open('/etc/passwd').read()\nans = @PRIZE@",
    "list_root": "import os\nos.listdir('/')\nans = @PRIZE@",
    "read_own_environment": "import os\nans = os.environ['@SECRET@']",
    "read_process_environment": "open('/proc/self/environ', 'rb').read()\nans = @PRIZE@",
    "read_first_environment": "open('/proc/1/environ', 'rb').read()\nans = @PRIZE@",
    "read_host_environment": "open('/proc/@HOST@/environ', 'rb').read()\nans = @PRIZE@",
    "read_host_memory": "open('/proc/@HOST@/mem', 'rb').seek(0)\nans = @PRIZE@",
    "read_parent_memory": "import os\nopen(f'/proc/{os.getppid()}/mem', 'rb')\nans = @PRIZE@",
    "import_our_package": "from thoughtmill.factory.solvers.programs import Programs\nans = @PRIZE@ if Programs else 1",
    "import_our_tests": "import sys\nsys.path.insert(0, '@FOLDER@')\nimport attack_target\nans = attack_target.gold",
    "import_by_its_path": "import runpy\nans = runpy.run_path('@FOLDER@/attack_target.py')['gold']",
    "read_mapped_file": "import mmap\nfile = open('@VICTIM@', 'r+')\nans = mmap.mmap(file.fileno(), 0).read().decode()",
    "write_by_memmap": "import numpy\nnumpy.memmap('@MARKER@', mode='w+', shape=(10,))\nans = 1",
    "write_history": "import readline\nreadline.write_history_file('@MARKER@')\nans = 1",
    "list_users": "import pwd\nans = @PRIZE@ if pwd.getpwall() else 1",
    "read_environment_in_memory": (
        C + "entries = ctypes.POINTER(ctypes.c_char_p).in_dll(libc, 'environ')\nfound, at = b'', 0\n"
        "while entries and entries[at]:\n    found += entries[at]\n    at += 1\nans = @PRIZE@ if b'@SECRET@' in found else 1"
    ),
    "read_own_command": "import sys\nans = @PRIZE@ if 'fence' in ' '.join(sys.orig_argv) else 1",
    "new_copy_of_a_module": "import sys\ndel sys.modules['posix']\nimport posix\nposix.mkfifo('@MARKER@')\nans = 1",
    "new_copy_past_the_import": (
        "import importlib._bootstrap as b, importlib.machinery as m\n"
        "posix = b._imp.create_builtin(m.ModuleSpec('posix', m.BuiltinImporter))\nb._imp.exec_builtin(posix)\n"
        "posix.mkfifo('@MARKER@')\nans = 1"
    ),
    "another_interpreter": (
        "import _xxsubinterpreters as other\nother.run_string(other.create(), \"open('@MARKER@', 'w')\")\nans = 1"
    ),
    "read_by_another_package": (
        "import tokenizers\ntry: tokenizers.Tokenizer.from_file('@VICTIM@')\n"
        "except Exception as error: ans = @PRIZE@ if '@PRIZE@' in str(error) else 1"
    ),
    "function_in_a_set": "import os\n[f for f in os.supports_dir_fd if f.__name__ == 'mkfifo'][0]('@MARKER@')\nans = 1",
    "what_refuses_changed": (
        "import os\ntry: os.listdir('/')\nexcept PermissionError as error: trace = error.__traceback__\n"
        "while trace.tb_next: trace = trace.tb_next\nhook = trace.tb_frame.f_locals['hook']\n"
        "for name, cell in zip(hook.__code__.co_freevars, hook.__closure__):\n"
        "    if name == 'begins': cell.cell_contents = lambda text, parts: parts is not hidden\n"
        "    if name == 'refused': cell.cell_contents = hidden = ()\n"
        "    if name == 'writing': cell.cell_contents = 0\n" + MARK + "ans = 1"
    ),
    # network
    "tcp": "import socket\nsocket.create_connection(('127.0.0.1', @PORT@), 1)\nans = @PRIZE@",
    "raw_socket": "import _socket\ns = _socket.socket()\ns.connect(('127.0.0.1', @PORT@))\nans = @PRIZE@",
    "http": "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:@PORT@', timeout=1)\nans = 1",
    "unix_socket": "import socket\ns = socket.socket(socket.AF_UNIX)\ns.bind('@MARKER@')\nans = 1",
    "listen": "import socket\ns = socket.create_server(('127.0.0.1', 0))\nans = @PRIZE@",
    "datagram": "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.sendto(b'x', ('127.0.0.1', @PORT@))\nans = @PRIZE@",
    "abstract_socket": "import socket\ns = socket.socket(socket.AF_UNIX)\ns.bind('\\0thoughtmill')\nans = @PRIZE@",
    # processes, threads, signals
    "fork_bomb": "import os\nn = 0\nfor _ in range(40):\n    if os.fork() == 0:\n        os._exit(0)\n    n += 1\nans = @PRIZE@",
    "daemon": (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(0.2)\n        "
        + MARK.strip()
        + "\n    os._exit(0)\nans = 1"
    ),
    "thread": (
        "import threading, time\ndef later():\n    time.sleep(0.2)\n    "
        + MARK.strip()
        + "\nthreading.Thread(target=later, daemon=True).start()\nans = 1"
    ),
    "bare_thread": "import _thread, time\n_thread.start_new_thread(lambda: open('@MARKER@', 'w'), ())\ntime.sleep(0.1)\nans = 1",
    "multiprocessing": "import multiprocessing\np = multiprocessing.Pool(2)\nans = @PRIZE@",
    "shared_memory": (
        "import _posixshmem, os\n_posixshmem.shm_open('/thoughtmill', os.O_CREAT | os.O_RDWR, mode=0o600)\n"
        "_posixshmem.shm_unlink('/thoughtmill')\nans = @PRIZE@"
    ),
    "kill_host": "import os\nos.kill(@HOST@, 9)\nans = 1",
    "kill_parent": "import os\nos.kill(os.getppid(), 9)\nans = @PRIZE@",
    "stop_parent": "import os\nos.kill(os.getppid(), 19)\nans = @PRIZE@",
    "stop_itself": "import os\nos.kill(os.getpid(), 19)\nans = 1",
    "kill_group": "import os\nos.killpg(os.getpgid(@HOST@), 9)\nans = @PRIZE@",
    "signal_host_by_descriptor": "import os, signal\nsignal.pidfd_send_signal(os.pidfd_open(@HOST@), 0)\nans = @PRIZE@",
    "slow_host_down": "import os\nos.setpriority(os.PRIO_PROCESS, @HOST@, 1)\nans = @PRIZE@",
    "pin_host": "import os\nos.sched_setaffinity(@HOST@, os.sched_getaffinity(@HOST@))\nans = @PRIZE@",
    "exit_at_once": "import os\nos._exit(0)",
    "crash": "import ctypes\nctypes.string_at(0)",
    "crash_by_recursion": "import sys\nsys.setrecursionlimit(10**9)\ndef f(n): return f(n + 1) + f(n)\nf(0)",
    "exit_handler": "import atexit\n@atexit.register\ndef late():\n    " + MARK + "ans = 1",
    "finalizer": "class WorkerTimeout:\n    def __del__(self): open('@MARKER@', 'w').write('x')\nlate = WorkerTimeout()\nans = 1",
    "broken_bytecode": "def f(): pass\nf.__code__ = f.__code__.replace(co_code=b'\\x64\\xff' * 100, co_stacksize=0)\nf()",
    # time
    "loop": "while True: pass",
    "loop_in_c": "ans = sum(range(10**13))",
    "power": "ans = 9**9**9",
    "sleep": "import time\ntime.sleep(1000)\nans = 1",
    "regular_expression": "import re\nans = len(re.findall('(a|a)*b(a|a)*c', 'a' * 60))",
    "swallowing": "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
    "ignored_signals": (
        "import signal\nfor s in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT, signal.SIGXCPU):\n"
        "    signal.signal(s, signal.SIG_IGN)\nwhile True: pass"
    ),
    "alarm_off": "import signal\nsignal.setitimer(signal.ITIMER_REAL, 0)\nsignal.alarm(0)\nwhile True: pass",
    "factorial": "import math\nans = math.factorial(10**9)",
    "sympy_power": "import sympy\nans = sympy.sympify('9**9**9')",
    "lock": "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()",
    "input": "ans = input()",
    "silent_loop": "import os\nos.closerange(3, 64)\nwhile True: pass",
    "half_a_line_then_sleep": (
        "import os, time\nfor fd in range(3, 64):\n    try: os.write(fd, b'num')\n    except OSError: pass\ntime.sleep(1000)"
    ),
    "endless_message": "class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E",
    "endless_recursion": "def f():\n    try: f()\n    finally: f()\nf()",
    "shift": "ans = 1 << 10**10",
    "wide_format": "ans = f'{1:>2000000000}'",
    # memory, output, disk
    "list_bomb": "x = [0] * (3 * 2**27)\nans = @PRIZE@",
    "bytes_bomb": "x = b'x' * (3 * 2**30)\nans = @PRIZE@",
    "text_bomb": "x = 'x' * (3 * 2**30)\nans = @PRIZE@",
    "growing_bomb": "x = []\nfor _ in range(3000): x.append('x' * 2**20)\nans = @PRIZE@",
    "mapped_bomb": "import mmap\nmaps = [mmap.mmap(-1, 2**28) for _ in range(12)]\nfor m in maps: m.write(b'x' * 2**28)\nans = @PRIZE@",
    "limits_up": (
        "import resource\nresource.setrlimit(resource.RLIMIT_AS, (-1, -1))\nx = 'x' * (3 * 2**30)\nans = @PRIZE@"
    ),
    "flood": "for _ in range(300_000): print('flood' * 20)\nans = @PRIZE@",
    "flood_errors": "import sys\nfor _ in range(2000): sys.stderr.write('flood' * 2000)\nans = 1",
    "flood_descriptor": "import os\nfor _ in range(2000): os.write(1, b'flood' * 2000)\nans = 1",
    "long_line": "print('9' * 10**7)",
    "disk": "f = open('@FOLDER@/big', 'wb')\nf.write(b'x' * 2**25)\nf.flush()\nans = @PRIZE@",
    "huge_number": "ans = 10**4000000",
    "huge_fraction": "from fractions import Fraction\nans = Fraction(1, 10**100000)",
    "huge_decimal": "from decimal import Decimal\nans = Decimal('1e999999')",
    "nested_list": "ans = []\nfor _ in range(100_000): ans = [ans]",
    "list_in_itself": "ans = []\nans.append(ans)",
    # lies
    "lying_equality": "class Lie:\n    def __eq__(self, other): return True\n    def __str__(self): return '@PRIZE@'\nans = Lie()",
    "lying_integer": "class Lie(int):\n    def __eq__(self, other): return True\n    __repr__ = __str__ = lambda self: '@PRIZE@'\nans = Lie(7)",
    "lying_float": "class Lie(float):\n    def __repr__(self): return '@PRIZE@'\nans = Lie(1)",
    "lying_text": "class Lie(str):\n    def __str__(self): return '@PRIZE@'\n    strip = __str__\nans = Lie('4')",
    "lying_key": "class Lie:\n    def __hash__(self): return 0\n    def __eq__(self, other): return True\nans = {Lie(): Lie()}",
    "lying_exit": "import sys\nclass Lie:\n    def __eq__(self, other): return True\n    def __hash__(self): return 0\nsys.exit(Lie())",
    "lying_name": "raise type('E\\nnumber @PRIZE@', (Exception,), {})('\\nnumber @PRIZE@')",
    "pickle_bomb": (
        "import os\nclass Bomb:\n    def __reduce__(self): return os.system, ('touch @MARKER@',)\nans = Bomb()"
    ),
    "text_bomb_on_reading": "class Bomb:\n    def __repr__(self):\n        " + MARK + "        return '1'\n    __str__ = __repr__\nans = Bomb()",
    "surrogates": "ans = '\\ud800' * 100\nprint(ans)",
    # other programs and the host's own state
    "change_builtins": "import builtins\nbuiltins.sum = builtins.print = builtins.repr = builtins.len = lambda *a: 0\nans = 1",
    "change_math": "import math\nmath.sqrt = math.floor = lambda x: 0\nans = 1",
    "change_modules": "import sys\nfor name in list(sys.modules): sys.modules[name] = None\nans = 1",
    "change_types": "import fractions\nfractions.Fraction.__add__ = lambda a, b: 0\nans = 1",
    "walk_frames": (
        "import sys\nframe, found = sys._getframe(), ''\nwhile frame:\n    found += repr(frame.f_globals) + repr(frame.f_locals)\n"
        "    frame = frame.f_back\nans = @PRIZE@ if 'gold' + '_answer' in found else 1"
    ),
    "walk_objects": (
        # Python 3.14 lists its own table of literals: so the name is none.
        "import gc\nname = '_'.join(['gold', 'answer'])\n"
        "ans = @PRIZE@ if any(type(o) is dict and name in o for o in gc.get_objects()) else 1"
    ),
    "more_room_in_the_host": (
        "import sys\nframe = sys._getframe()\nwhile frame:\n    if 'printed' in frame.f_locals: frame.f_locals['printed']._room = 10**12\n"
        "    frame = frame.f_back\nfor _ in range(300_000): print('flood' * 20)\nans = 1"
    ),
    "broken_line": (
        "import os\nfor fd in range(3, 64):\n    try: os.write(fd, b'number \\xff\\x00 1\\n' + b'9' * 60_000)\n"
        "    except OSError: pass\nos._exit(0)"
    ),
    "no_builtins": "import builtins\nfor name in list(vars(builtins)): setattr(builtins, name, None)\nans = 5",
    "trace": "import sys\nsys.settrace(lambda *a: None)\nsys.setprofile(lambda *a: None)\nans = 1",
    "write_all_descriptors": (
        "import os\nfor fd in range(64):\n    try: os.write(fd, b'x' * 100)\n    except OSError: pass\nans = 1"
    ),
    "close_all_descriptors": "import os\nos.closerange(0, 64)\nans = 1",
    # system calls
    "unshare": C + "ans = @PRIZE@ if libc.unshare(0x10000000) == 0 else 1",
    "mount": C + "done = libc.mount(b'none', b'@FOLDER@', b'tmpfs', 0, None)\nlibc.umount(b'@FOLDER@')\nans = 1 if done else @PRIZE@",
    "ptrace": C + "ans = @PRIZE@ if libc.ptrace(0x4206, @HOST@, 0, 0) == 0 else 1",
    "keyring": C + "ans = @PRIZE@ if libc.syscall(250, 0, -3, 1) >= 0 else 1",
    "kernel_program": C + "ans = @PRIZE@ if libc.syscall(321, 5, None, 0) >= 0 or ctypes.get_errno() != 1 else 1",
    "io_uring": C + "ans = @PRIZE@ if ctypes.get_errno() == 0 and libc.syscall(425, 1, bytes(200)) >= 0 else 1",
    "become_root": "import os\nos.setuid(0)\nos.chroot('/')\nans = @PRIZE@",
    # texts that parsers choke on
    "deep_brackets": "ans = " + "(" * 50_000 + "1" + ")" * 50_000,
    "deep_signs": "ans = " + "-" * 50_000 + "1",
    "null_bytes": "ans = 1\x00",
    "ten_megabytes": "ans = 1 #" + "x" * 10**7,
    "lone_surrogate": "ans = '\ud800'",
}  # fmt: skip

"""What a hostile plugin does (S-17): bodies of one call, by name.

In scope is what the host can meet without trusting the plugin: errors, answers and delays of every
kind, and disorder in the process that the node must not depend on. Out of scope, because a plugin
runs in the node's own process: ending the process or crashing the interpreter, writing to memory,
replacing functions of the node or of the libraries that it verifies with, closing descriptors that
are not its own, and using up memory, processor or processes for good. Against those stands the list
of allowed plugins, and that a node that dies loses nothing that it acknowledged (D-01).
"""

from __future__ import annotations

from typing import Final

ANOTHER_KEY: Final = frozenset({"its key changes", "its algorithm changes"})
"""Afterwards the plugin is another signer, and stays refused: nothing more is taken in."""

HANGS: Final = frozenset({"hangs", "waits for an event", "busy loop", "waits for itself"})
"""Behaviours that only a deadline ends."""

SIGNER: Final = {
    # What is raised.
    "raises": "raise RuntimeError('broken')",
    "raises no Exception": "raise BaseException('broken')",
    "exits": "sys.exit(3)",
    "raises Ctrl-C": "raise KeyboardInterrupt",
    "raises GeneratorExit": "raise GeneratorExit",
    "raises StopIteration": "raise StopIteration",
    "raises MemoryError": "raise MemoryError",
    "recurses without end": "return self.misbehave(message)",
    "raises an error of ours": "from lienthong.errors import NotFound\nraise NotFound(what='x')",
    "says that data is damaged": (
        "from lienthong.errors import DataCorrupt\nraise DataCorrupt(what='everything')"
    ),
    "raises what cannot be shown": (
        "class Mute(Exception):\n    def __str__(self): raise OSError\nraise Mute"
    ),
    "raises a huge text": "raise ValueError('x' * 10_000_000)",
    "raises lines and terminal codes": "raise ValueError('a\\r\\n{}\\x1b[31m\\u202e')",
    # When it answers.
    "hangs": "time.sleep(3)",
    "waits for an event": "threading.Event().wait(3)",
    "busy loop": "end = time.monotonic() + 2\nwhile time.monotonic() < end: pass",
    "waits for itself": "lock = threading.Lock(); lock.acquire(); lock.acquire(timeout=3)",
    "is a little slow": "time.sleep(0.05)\nreturn KEY.sign(message)",
    # What is answered.
    "nothing": "return None",
    "text": "return 'signature'",
    "a number": "return 64",
    "a bytearray": "return bytearray(KEY.sign(message))",
    "a view": "return memoryview(KEY.sign(message))",
    "a list": "return list(KEY.sign(message))",
    "a generator without end": "return (bytes(64) for _ in iter(int, 1))",
    "a coroutine-like object": "return type('Odd', (), {'__await__': lambda self: iter(())})()",
    "bytes that lie about their length": (
        "class Odd(bytes):\n    def __len__(self): return 64\nreturn Odd(b'x')"
    ),
    "bytes that equal everything": (
        "class Odd(bytes):\n"
        "    def __eq__(self, other): return True\n"
        "    __hash__ = bytes.__hash__\n"
        "return Odd(bytes(64))"
    ),
    "no bytes": "return b''",
    "a byte too few": "return KEY.sign(message)[:-1]",
    "a byte too many": "return KEY.sign(message) + b'x'",
    "64 MiB": "return bytes(64 * 1024 * 1024)",
    "zeros": "return bytes(64)",
    "random bytes": "return os.urandom(64)",
    # What is signed.
    "another key's signature": "return OTHER.sign(message)",
    "a signature of before": "return KEY.sign(MESSAGES[0])",
    "a signature of another text": "return KEY.sign(message + b'x')",
    "a signature of a digest": "import hashlib\nreturn KEY.sign(hashlib.sha256(message).digest())",
    "a bit turned": "value = bytearray(KEY.sign(message)); value[5] ^= 1\nreturn bytes(value)",
    "a larger tree": (
        "origin, size, rest = message.split(b'\\n', 2)\n"
        "return KEY.sign(b'\\n'.join([origin, b'%d' % (int(size) + 1), rest]))"
    ),
    "its key changes": ("Toy.public_key = info(OTHER)\nreturn OTHER.sign(message)"),
    "its algorithm changes": (
        "Toy.algorithm = SignatureAlgorithm.RSA_PSS_SHA256\nreturn os.urandom(256)"
    ),
    "its chain changes": "Toy.chain = (b'leaf',) * 1000\nreturn OTHER.sign(message)",
    # Disorder in the process; the signature is good.
    "writes to stdout": "print('serving 1')\nsys.stdout.flush()\nreturn KEY.sign(message)",
    "writes to stderr": "sys.stderr.write('{\"forged\": 1}\\n')\nreturn KEY.sign(message)",
    "leaks descriptors": (
        "LEAKED.extend(os.open(os.devnull, os.O_RDONLY) for _ in range(100))\n"
        "return KEY.sign(message)"
    ),
    "changes the folder": "os.chdir('/')\nreturn KEY.sign(message)",
    "changes the mask": "os.umask(0)\nreturn KEY.sign(message)",
    "changes the environment": "os.environ['LIENTHONG_X'] = 'x'\nreturn KEY.sign(message)",
    "starts threads": (
        "[threading.Thread(target=time.sleep, args=(0.2,), daemon=True).start()\n"
        " for _ in range(50)]\n"
        "return KEY.sign(message)"
    ),
    "starts a process": (
        "import subprocess\n"
        "subprocess.run([sys.executable, '-S', '-c', ''], check=True)\n"
        "return KEY.sign(message)"
    ),
    "stops collecting garbage": "gc.disable()\nreturn KEY.sign(message)",
    "sets a signal's handler": "signal.signal(signal.SIGTERM, signal.SIG_IGN)",
}

TIME: Final = {
    "raises": "raise RuntimeError('broken')",
    "exits": "sys.exit(3)",
    "hangs": "time.sleep(3)",
    "nothing": "return None",
    "a number": "return time.time()",
    "a bare instant": "return datetime.now(UTC)",
    "no time zone": "return reading(datetime(2026, 1, 1))",
    "an uncertainty below zero": "return reading(datetime.now(UTC), uncertainty=-1.0)",
    "no number as uncertainty": "return reading(datetime.now(UTC), uncertainty=float('nan'))",
    "no source": "return reading(datetime.now(UTC), source='')",
    "a source that forges lines": "return reading(datetime.now(UTC), source='a\\r\\nb\\x1b[31m')",
    "the end of time": "return reading(datetime.max)",
}

STORE: Final = {
    "raises at the beginning": ("begin", "raise RuntimeError('broken')"),
    "exits at the beginning": ("begin", "raise SystemExit"),
    "begins with something else": ("begin", "return object()"),
    "raises at the end": ("end", "raise RuntimeError('broken')"),
    "exits at the end": ("end", "raise SystemExit"),
    "head is no head": ("head", "return (1, 2)"),
    "head is nothing": ("head", "return None"),
    "head raises": ("head", "raise KeyError('head')"),
}
"""Where a record store misbehaves, and how."""

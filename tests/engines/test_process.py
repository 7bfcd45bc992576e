"""What our processes ask of the system that runs them."""

from __future__ import annotations

import re
import subprocess
import sys

BUSY = """
import ctypes, sys, threading
from marketplace.engines import process
if sys.argv[1] == "shared":
    process.share_heaps()
together = threading.Barrier(8)
def work():
    kept = [bytearray(2000) for _ in range(1000)]
    together.wait()
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc = ctypes.CDLL(None)
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""


def _heaps(how: str) -> int:
    done = subprocess.run([sys.executable, "-c", BUSY, how], capture_output=True, text=True, check=True)
    return len(re.findall("<heap nr", done.stdout))


def test_threads_share_two_heaps() -> None:
    assert _heaps("alone") > 2
    assert _heaps("shared") == 2

"""``make bench``: every figure beside its own limit, measured in the same run.

Prints one JSON line per figure. Quote ratios, not times: machines differ and are noisy.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

PARTS = ("bench.search", "bench.import", "bench.audit", "bench.idle", "bench.orders", "bench.public")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=int, default=100_000, help="size of the register (default 100,000)")
    parser.add_argument("--only", choices=[part.partition(".")[2] for part in PARTS])
    given = parser.parse_args()
    for part in PARTS:
        if given.only in (None, part.partition(".")[2]):
            subprocess.run([sys.executable, "-m", part, "--cards", str(given.cards)], check=True)


if __name__ == "__main__":
    main()

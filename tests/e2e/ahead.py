"""Run ``lienthong-node`` with a clock that is ahead: time passes while nobody waits.

python ahead.py DAYS python -m lienthong_node …
"""

from __future__ import annotations

import sys
from datetime import timedelta

from lienthong_node import opening

_now, _ahead = opening.utc_now, timedelta(days=float(sys.argv[1]))
opening.utc_now = lambda: _now() + _ahead

if __name__ == "__main__":
    from lienthong_node.cli import main

    sys.argv = sys.argv[4:]
    main()

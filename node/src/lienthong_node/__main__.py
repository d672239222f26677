"""``python -m lienthong_node``: the same as ``lienthong-node``."""

from __future__ import annotations

from lienthong_node.cli import main

if __name__ == "__main__":
    main()

"""Limits of the machine, measured in the same run as everything else."""

from __future__ import annotations

import hashlib
import multiprocessing
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import apsw
from attrs import frozen
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from tests.bench.raw import raw_rates
from tests.bench.rows import Row

SECONDS: Final = 0.5
MESSAGE: Final = bytes(1000)
MIB: Final = 1024 * 1024


@frozen(kw_only=True)
class Limits:
    """Rates a second; of keys, hashing and commits on one core."""

    cores: float
    """What two processes verify at once, in what one verifies alone: less than 2 where the two
    cores share their parts, or the machine has other guests."""

    p256_sign: float
    p256_verify: float
    rsa_sign: float
    rsa_verify: float
    sha256_mib: float
    commits: float
    """Durable SQLite transactions of one row of 2 kB, WAL and synchronous=FULL."""

    grouped_rows: float
    """Rows of 2 kB in durable transactions of a hundred."""

    unary: float
    """Calls over one mTLS connection, 32 at a time, client and server on this machine."""

    upload_mib: float
    """A stream of chunks of 256 KiB over mTLS to a server that drops them."""

    download_mib: float
    """The other way."""


def measure(folder: Path) -> Limits:
    """Measure all limits; takes about ten seconds."""
    p256 = ec.generate_private_key(ec.SECP256R1())
    rsa2048 = rsa.generate_private_key(65537, 2048)
    ecdsa, pkcs = ec.ECDSA(SHA256()), padding.PKCS1v15()
    of_p256 = p256.sign(MESSAGE, ecdsa)
    of_rsa = rsa2048.sign(MESSAGE, pkcs, SHA256())
    p256_public, rsa_public = p256.public_key(), rsa2048.public_key()
    block = bytes(MIB)
    unary, upload, download = raw_rates(folder / "raw")
    return Limits(
        cores=_verifying(2) / _verifying(1),
        p256_sign=_rate(lambda: p256.sign(MESSAGE, ecdsa)),
        p256_verify=_rate(lambda: p256_public.verify(of_p256, MESSAGE, ecdsa)),
        rsa_sign=_rate(lambda: rsa2048.sign(MESSAGE, pkcs, SHA256())),
        rsa_verify=_rate(lambda: rsa_public.verify(of_rsa, MESSAGE, pkcs, SHA256())),
        sha256_mib=_rate(lambda: hashlib.sha256(block).digest()),
        commits=_commits(folder / "single.db", 1),
        grouped_rows=_commits(folder / "grouped.db", 100),
        unary=unary,
        upload_mib=upload,
        download_mib=download,
    )


def rows(limits: Limits) -> list[Row]:
    """The limits themselves, as context."""
    return [
        Row(name="limit: two processes, in one", value=limits.cores, unit=""),
        Row(name="limit: P-256 signatures, one core", value=limits.p256_sign, unit="1/s"),
        Row(name="limit: P-256 verifications, one core", value=limits.p256_verify, unit="1/s"),
        Row(name="limit: RSA-2048 signatures, one core", value=limits.rsa_sign, unit="1/s"),
        Row(name="limit: RSA-2048 verifications, one core", value=limits.rsa_verify, unit="1/s"),
        Row(name="limit: SHA-256, one core", value=limits.sha256_mib, unit="MiB/s"),
        Row(name="limit: durable commits", value=limits.commits, unit="1/s"),
        Row(name="limit: rows in durable groups of 100", value=limits.grouped_rows, unit="1/s"),
        Row(name="limit: raw gRPC calls, mTLS", value=limits.unary, unit="1/s"),
        Row(name="limit: raw gRPC stream, up", value=limits.upload_mib, unit="MiB/s"),
        Row(name="limit: raw gRPC stream, down", value=limits.download_mib, unit="MiB/s"),
    ]


def _rate(work: Callable[[], object], seconds_in_all: float = SECONDS) -> float:
    """Calls a second."""
    started = time.perf_counter()
    count = 0
    while (seconds := time.perf_counter() - started) < seconds_in_all:
        for _ in range(20):
            work()
        count += 20
    return count / seconds


def _verifying(processes: int) -> float:
    """P-256 verifications a second of so many processes at once."""
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        # All are started before any counts.
        pool.map(_verify_p256, [0.05] * processes, chunksize=1)
        return sum(pool.map(_verify_p256, [2 * SECONDS] * processes, chunksize=1))


def _verify_p256(seconds: float) -> float:
    key = ec.generate_private_key(ec.SECP256R1())
    public, ecdsa = key.public_key(), ec.ECDSA(SHA256())
    signature = key.sign(MESSAGE, ecdsa)
    return _rate(lambda: public.verify(signature, MESSAGE, ecdsa), seconds)


def _commits(path: Path, group: int) -> float:
    """Rows a second in durable transactions of *group* rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = apsw.Connection(str(path))
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", "full")
    connection.execute("CREATE TABLE entry (idx INTEGER PRIMARY KEY, body BLOB)")
    batch = [(bytes(2000),)] * group

    def commit() -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO entry (body) VALUES (?)", batch)
        connection.execute("COMMIT")

    rate = _rate(commit) * group
    connection.close()
    return rate

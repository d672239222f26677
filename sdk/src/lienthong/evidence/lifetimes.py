"""Until when algorithms and authorities are relied upon: data, kept apart from the rules."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from hashlib import sha256
from importlib import resources
from types import MappingProxyType
from typing import Any, Final, Self

from attrs import field, frozen
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from lienthong.errors import ConfigInvalid
from lienthong.pki.certificate import Certificate
from lienthong.pki.timestamp import TimeStamp

NEVER: Final = datetime.max.replace(tzinfo=UTC)
JOURNAL_DIGEST: Final = "SHA-256"
"""Of the journal's own tree, and of what its entries hold digests of."""

_TABLES: Final = {"algorithm": "name", "authority": "certificate"}
_KEYS: Final = frozenset({"ends", "basis"})


def _frozen(value: Mapping[str, datetime]) -> Mapping[str, datetime]:
    return MappingProxyType(dict(value))


@frozen(kw_only=True)
class Lifetimes:
    """The last instant of what has a known end; UTC."""

    algorithms: Mapping[str, datetime] = field(factory=dict, converter=_frozen)
    """By name: ``SHA-256``, ``RSA-2048``, ``P-256``, ``Ed25519``."""

    authorities: Mapping[str, datetime] = field(factory=dict, converter=_frozen)
    """By SHA-256 of the certificate, in hex: what it had signed by then is still relied upon."""

    @classmethod
    def parse(cls, text: str, source: str) -> Self:
        """Read a file of the form of ``data/algorithms.toml``; ends are whole days, UTC.

        Raises:
            ConfigInvalid: naming the file and what is wrong.
        """
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigInvalid(
                file=source, key="the file", found=error, expected="TOML"
            ) from error
        for key in data.keys() - _TABLES:
            raise ConfigInvalid(file=source, key=key, found="unknown", expected=", ".join(_TABLES))
        return cls(
            algorithms=_ends(data, "algorithm", source),
            authorities=_ends(data, "authority", source),
        )

    def of(self, names: Iterable[str]) -> datetime:
        """The first end of some algorithms."""
        return min((self.algorithms.get(name, NEVER) for name in names), default=NEVER)

    def end_of(self, stamp: TimeStamp) -> datetime:
        """Until when a token proves something by itself.

        The first end of: the certificates of its path, the algorithms of its digest and of the
        path's keys and signatures, the authorities of its path.
        """
        path = stamp.authority.path
        expiry = min(not_after for _, _, not_after in stamp.authority.periods)
        lost = (self.authorities.get(sha256(der).hexdigest(), NEVER) for der in path)
        return min(expiry, self.of([stamp.algorithm, *_algorithms(path)]), *lost)


@cache
def default_lifetimes() -> Lifetimes:
    """What comes with the SDK."""
    name = "algorithms.toml"
    text = (resources.files("lienthong.data") / name).read_text("utf-8")
    return Lifetimes.parse(text, name)


def _ends(data: Mapping[str, Any], table: str, source: str) -> dict[str, datetime]:
    rows, key = data.get(table, []), _TABLES[table]
    if not isinstance(rows, list):
        raise ConfigInvalid(file=source, key=table, found="no list", expected=f"[[{table}]]")
    found = {}
    for row in rows:
        fits = isinstance(row, dict) and row.keys() <= _KEYS | {key}
        name, ends = (row.get(key), row.get("ends")) if fits else (None, None)
        if not isinstance(name, str) or type(ends) is not date:
            expected = f"{key} = a text, ends = a date"
            raise ConfigInvalid(file=source, key=table, found=row, expected=expected)
        found[name] = datetime.combine(ends + timedelta(days=1), time(), UTC)
    return found


def _algorithms(path: Iterable[bytes]) -> Iterable[str]:
    """Names of the keys of a path, and of the digests that its certificates are signed with.

    A trust anchor's own signature is believed by nobody.
    """
    *below, anchor = map(Certificate.load, path)
    for certificate in below:
        digest = certificate.parsed.signature_hash_algorithm
        if digest is not None:
            yield digest.name.upper().replace("SHA", "SHA-")
    for certificate in (*below, anchor):
        yield _key_name(certificate)


def _key_name(certificate: Certificate) -> str:
    key = certificate.public_key
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA-{key.key_size}"
    return f"P-{key.key_size}" if isinstance(key, ec.EllipticCurvePublicKey) else "Ed25519"

"""A remote signing service for tests: the CSC API 2.0 over HTTPS on the loopback address.

::

    files = PKI.server().write(tmp_path)
    with RemoteService(
        identity.key,
        identity.chain,
        server=(files.chain, files.key),
        authorities=PKI.write(tmp_path),
    ) as service:
        open_signer(service.uri, service.secrets)
"""

from __future__ import annotations

import json
import ssl
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import parse_qs, quote

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from lienthong.pki.algorithms import PrivateKey
from lienthong_signer_csc.credential import FactorKind

TOKEN: Final = "token-1f2e3d4c"  # noqa: S105 - of a service that lives as long as a test
CLIENT: Final = "office"
CLIENT_SECRET: Final = "client-secret-8b7a"  # noqa: S105 - of a service for tests
PIN: Final = "pin-472911"
OTP: Final = "otp-605117"
CREDENTIAL: Final = "credential one"

Reply = tuple[int, str, bytes]
"""Status, content type and body."""

_HASHES: Final[Mapping[str, hashes.HashAlgorithm]] = {
    "2.16.840.1.101.3.4.2.1": hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
}
_PSS: Final = "1.2.840.113549.1.1.10"


class Refusal(Exception):
    """What the service answers instead: a status and an error code (CSC API 10.1)."""

    def __init__(self, code: str, description: str = "", status: int = 400) -> None:
        super().__init__(code)
        self.reply = (status, {"error": code, "error_description": description})


class Asks(Enum):
    """When a service asks the owner of a key, and how the client learns of the answer."""

    WHILE_AUTHORIZING = auto()
    """``credentials/authorize`` answers when the owner has."""

    AFTER_AUTHORIZING = auto()
    """It gives a handle to ask with, ``credentials/authorizeCheck``."""

    WHEN_SIGNING = auto()
    """``signatures/signHash`` gives a number to ask with, ``signatures/signPolling``."""


class Phone:
    """The owner's: each look takes the next answer, and the last one stays.

    ``Phone(None, None, True)`` is confirmed at the third look, ``Phone(None)`` never.
    """

    def __init__(self, *answers: bool | None) -> None:
        """Say what its owner answers: nothing yet, yes or no."""
        self._answers = list(answers)

    def look(self) -> bool | None:
        """Whether the owner has confirmed."""
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


class RemoteService:
    """Signs with one key, for whoever has the token.

    Attributes:
        calls: methods with their bodies, in order.
        instead: what to answer to a method in place of the right thing.
        kinds: of the factors that are no passwords.
        phone: where the owner confirms; None where nobody is asked.
        asks: when the owner is asked.
    """

    def __init__(
        self,
        key: PrivateKey,
        chain: tuple[bytes, ...],
        *,
        server: tuple[Path, Path],
        authorities: Path,
        factors: Mapping[str, str] | None = None,
        scal: str = "1",
        multisign: int = 3,
        expires: int = 300,
    ) -> None:
        """Prepare a service.

        Args:
            key: signs.
            chain: its certificates, DER.
            server: its certificates and its key, PEM.
            authorities: that a client has to trust, PEM.
            factors: passwords of the credential by name; none for implicit authorization.
            scal: whether authorizations are bound to digests ("2") or not ("1").
            multisign: signatures of one authorization.
            expires: seconds that tokens and authorizations last.
        """
        self._key = key
        self._chain = chain
        self._authorities = authorities
        self.factors = dict(factors or {})
        self.kinds: dict[str, FactorKind] = {}
        self.phone: Phone | None = None
        self.asks = Asks.WHILE_AUTHORIZING
        self.scal = scal
        self.multisign = multisign
        self.expires = expires
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.instead: dict[str, Callable[[dict[str, Any]], Reply | None]] = {}
        self._grants: dict[str, tuple[int, list[str]]] = {}
        self._waiting: dict[str, dict[str, Any]] = {}
        self._over = threading.Event()
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(*server)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def uri(self) -> str:
        """The address of the credential."""
        return f"{self.base}&credential={quote(CREDENTIAL)}"

    @property
    def base(self) -> str:
        """The address of the service, without a credential."""
        port = self._server.server_address[1]
        return f"csc:https://127.0.0.1:{port}/csc/v2?ca={quote(str(self._authorities))}"

    def secrets(self, name: str) -> str:
        """Answers every question as the service expects it."""
        kinds = {"access token": TOKEN, "client secret": CLIENT_SECRET} | self.factors
        return next(value for kind, value in kinds.items() if name.startswith(kind))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, method: str, token: str | None, body: dict[str, Any]) -> Reply:
        """Answer one call."""
        self.calls.append((method, body))
        if method in self.instead:
            reply = self.instead[method](body)
            if reply is not None:
                return reply
        try:
            values = self._answer(method, token, body)
            status = values.pop("status", 200)
        except Refusal as refusal:
            status, values = refusal.reply
        return status, "application/json;charset=UTF-8", json.dumps(values).encode()

    def _answer(self, method: str, token: str | None, body: dict[str, Any]) -> dict[str, Any]:
        if method == "oauth2/token":
            return self._grant_token(body)
        if token != f"Bearer {TOKEN}":
            raise Refusal("invalid_token", "the access token is not valid", 401)
        if method == "credentials/list":
            return {"credentialIDs": [CREDENTIAL]}
        if method == "info":
            return {"asynchronousOperationMode": self.asks is Asks.WHEN_SIGNING}
        later = {"credentials/authorizeCheck": "handle", "signatures/signPolling": "requestID"}
        if method in later:
            return self._told_later(str(body.get(later[method])))
        if body.get("credentialID") != CREDENTIAL:
            raise Refusal("invalid_request", "Invalid parameter credentialID")
        methods = {
            "credentials/info": self._info,
            "credentials/getChallenge": self._send,
            "credentials/authorize": self._authorize,
            "signatures/signHash": self._sign,
        }
        return methods[method](body)

    def _grant_token(self, body: dict[str, Any]) -> dict[str, Any]:
        if (body.get("client_id"), body.get("client_secret")) != (CLIENT, CLIENT_SECRET):
            raise Refusal("invalid_client", "unknown client", 401)
        return {"access_token": TOKEN, "token_type": "Bearer", "expires_in": self.expires}

    def _info(self, _: dict[str, Any]) -> dict[str, Any]:
        rsa_names = ["1.2.840.113549.1.1.1", _PSS]
        names = rsa_names if isinstance(self._key, rsa.RSAPrivateKey) else ["1.2.840.10045.2.1"]
        kinds = {name: self.kinds.get(name, FactorKind.PASSWORD) for name in self.factors}
        objects = [{"type": kind.value, "id": name} for name, kind in kinds.items()]
        explicit = {"mode": "explicit", "objects": objects}
        return {
            "key": {"status": "enabled", "algo": names, "len": 2048},
            "cert": {
                "status": "valid",
                "certificates": [b64encode(der).decode() for der in self._chain],
            },
            "auth": explicit if self.factors else {"mode": "implicit"},
            "SCAL": self.scal,
            "multisign": self.multisign,
        }

    def _send(self, body: dict[str, Any]) -> dict[str, Any]:
        if self.kinds.get(body["authObjectID"]) is not FactorKind.SENT:
            raise Refusal("invalid_request", "Invalid parameter authObjectID")
        return {"status": 204}

    def _authorize(self, body: dict[str, Any]) -> dict[str, Any]:
        told = {one["id"]: one.get("value", "") for one in body["authData"]}
        for name, value in self.factors.items():
            if told.get(name) != value:
                code = "invalid_otp" if name == "OTP" else "invalid_pin"
                raise Refusal(code, f"the {name} {told.get(name)} is wrong")
        if body["numSignatures"] > self.multisign:
            raise Refusal("invalid_request", "Numbers of signatures is too high")
        bound = body.get("hashes", [])
        if self.scal == "2" and not bound:
            raise Refusal("invalid_request", "Missing parameter hashes")
        sad = f"sad-{len(self.calls)}"
        self._grants[sad] = (body["numSignatures"], bound)
        leave = {"SAD": sad, "expiresIn": self.expires}
        if self.phone is None or self.asks is Asks.WHEN_SIGNING:
            return leave
        if self.asks is Asks.AFTER_AUTHORIZING:
            return {"status": 202, "handle": self._keep(leave)}
        while self._is_waiting():
            self._over.wait(0.01)
        return leave

    def _is_waiting(self) -> bool:
        """Look at the telephone."""
        answer = True if self.phone is None else self.phone.look()
        if answer is False:
            raise Refusal("access_denied", "the user has refused")
        return answer is None and not self._over.is_set()

    def _keep(self, result: dict[str, Any]) -> str:
        number = f"later-{len(self.calls)}"
        self._waiting[number] = result
        return number

    def _told_later(self, number: str) -> dict[str, Any]:
        if number not in self._waiting:
            raise Refusal("invalid_request", "it is not known")
        if self._is_waiting():
            return {"status": 202, "handle": number, "error": "accepted_request"}
        return self._waiting.pop(number)

    def _sign(self, body: dict[str, Any]) -> dict[str, Any]:
        left, bound = self._grants.get(body["SAD"], (0, []))
        if left == 0:
            raise Refusal("invalid_request", "Invalid parameter SAD")
        if self.scal == "2" and body["hashes"] != bound:
            raise Refusal("invalid_request", "Hash is not authorized by the SAD")
        self._grants[body["SAD"]] = (left - 1, bound)
        made = [self.sign(b64decode(text), body) for text in body["hashes"]]
        signatures = {"signatures": [b64encode(value).decode() for value in made]}
        if body["operationMode"] == "S":
            return signatures
        return {"responseID": self._keep(signatures)}

    def sign(self, digest: bytes, body: Mapping[str, Any]) -> bytes:
        """A signature of a digest, as a call asks for it."""
        algorithm = _HASHES[body["hashAlgorithmOID"]]
        if isinstance(self._key, ec.EllipticCurvePrivateKey):
            return self._key.sign(digest, ec.ECDSA(Prehashed(algorithm)))
        assert isinstance(self._key, rsa.RSAPrivateKey)  # noqa: S101 - others sign no digests
        pad: padding.AsymmetricPadding = padding.PKCS1v15()
        if body["signAlgo"] == _PSS:
            pad = padding.PSS(mgf=padding.MGF1(algorithm), salt_length=algorithm.digest_size)
        return self._key.sign(digest, pad, Prehashed(algorithm))


def _handler(service: RemoteService) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30
        # One write for an answer: a second one waits for what the other side acknowledges late.
        wbufsize = -1

        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if self.headers["Content-Type"] == "application/json":
                body = json.loads(data)
            else:
                body = {name: values[0] for name, values in parse_qs(data).items()}
            method = self.path.removeprefix("/csc/v2/")
            status, kind, reply = service.answer(method, self.headers["Authorization"], body)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(reply)))
            if status // 100 == 3:  # noqa: PLR2004
                self.send_header("Location", f"https://127.0.0.1:{self.server.server_port}/csc/v2")  # type: ignore[attr-defined]
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing on stderr."""

    return Handler

"""The client: sends, receives and reports through one axis, and believes nothing unchecked."""

from __future__ import annotations

from lienthong.client.aio import AsyncClient
from lienthong.client.checking import Looked
from lienthong.client.compose import PreparedPackage
from lienthong.client.examining import Examined
from lienthong.client.files import FileSource, Progress
from lienthong.client.profile import KeyFileWarning, Profile, TransportFiles
from lienthong.client.reading import PackageView
from lienthong.client.registering import RegisterWarning
from lienthong.client.rejudging import JudgedAgain
from lienthong.client.retry import RetryPolicy
from lienthong.client.sending import Sending, SendOutcome
from lienthong.client.sync import Client
from lienthong.client.wire import Account, Direction, Limits, Resolution
from lienthong.client.witnessing import Witnessed

__all__ = [
    "Account",
    "AsyncClient",
    "Client",
    "Direction",
    "Examined",
    "FileSource",
    "JudgedAgain",
    "KeyFileWarning",
    "Limits",
    "Looked",
    "PackageView",
    "PreparedPackage",
    "Profile",
    "Progress",
    "RegisterWarning",
    "Resolution",
    "RetryPolicy",
    "SendOutcome",
    "Sending",
    "TransportFiles",
    "Witnessed",
]

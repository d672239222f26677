"""Lists of somebody whom certificates name as publisher in the issuer's place (cRLIssuer)."""

from __future__ import annotations

from typing import Final

import pytest
from cryptography import x509

from lienthong.model.file_signature import Finding
from lienthong.pki.revocation import Reason, Revocation
from lienthong.testing.pki import Authority, Identity, signing_extensions
from lienthong.testing.status import DAY, Revoked, make_list, serial_of
from sdk.tests.pki.list_signers import ROOT, ask, list_keys, second_key
from sdk.tests.pki.statuses import CA, KEY_COMPROMISE, NOW, SERIAL, SIGNER

INDIRECT: Final = x509.IssuingDistributionPoint(
    full_name=None,
    relative_name=None,
    only_contains_user_certs=False,
    only_contains_ca_certs=False,
    only_some_reasons=None,
    indirect_crl=True,
    only_contains_attribute_certs=False,
)
PUBLISHER: Final = "Lists of the province"


def publisher(issuer: Authority = ROOT) -> tuple[Identity, Authority]:
    key = second_key(issuer, PUBLISHER)
    return key, Authority(name=PUBLISHER, key=key.key, certificate=key.certificate, now=NOW)


def named(name: str) -> x509.Name:
    return x509.load_der_x509_certificate(second_key(name=name).certificate).subject


CA_NAME: Final = named(CA.name)
PUBLISHER_NAME: Final = named(PUBLISHER)


def told(name: str) -> tuple[x509.ExtensionType, bool]:
    """That somebody of this name publishes the lists."""
    whom = [x509.DirectoryName(named(name))]
    point = x509.DistributionPoint(
        full_name=None, relative_name=None, reasons=None, crl_issuer=whom
    )
    return x509.CRLDistributionPoints([point]), False


def told_by(name: str) -> Identity:
    """A signer whose certificate names a publisher of lists about it."""
    return CA.issue("signer", extensions=[*signing_extensions(), told(name)])


def entry(issuer: str, serial: int) -> dict[int, Revoked]:
    whose = x509.CertificateIssuer([x509.DirectoryName(named(issuer))])
    marks = ((whose, True),)
    return {serial: Revoked(at=NOW - DAY, reason=KEY_COMPROMISE, extensions=marks)}


class TestPublishersForOthers:
    def ask(
        self,
        entries: dict[int, Revoked] | None = None,
        *,
        scope: x509.IssuingDistributionPoint = INDIRECT,
        holder: Identity | None = None,
        issuer: Authority = ROOT,
    ) -> Revocation:
        key, authority = publisher(issuer)
        made = make_list(authority, entries, at=NOW, extensions=[(scope, True)])
        leaf = holder or told_by(PUBLISHER)
        path = (leaf.certificate, CA.certificate, ROOT.certificate)
        return ask([made], [key.certificate], path=path)

    def test_whom_the_certificate_names_tells_of_it(self) -> None:
        assert self.ask().finding is Finding.GOOD

    def test_whom_it_does_not_name_does_not(self) -> None:
        assert self.ask(holder=SIGNER).reason is Reason.NO_DATA
        assert self.ask(holder=told_by("Others")).reason is Reason.NO_DATA

    def test_a_list_that_does_not_say_it_tells_of_others_does_not(self) -> None:
        own = _scope(INDIRECT, indirect_crl=False, only_contains_user_certs=True)
        assert self.ask(scope=own).reason is Reason.OUT_OF_SCOPE

    def test_a_namesake_under_a_stranger_does_not(self) -> None:
        strangers = Authority.root("Strangers", now=NOW)
        assert self.ask(issuer=strangers).reason is Reason.WRONG_SIGNER

    @pytest.mark.parametrize("constrained", [True, False])
    def test_a_name_that_nobody_has_compared_with_constraints_is_a_stranger_s(
        self, constrained: bool
    ) -> None:
        constraints = x509.NameConstraints([x509.DirectoryName(named("x"))], None)
        own = x509.load_der_x509_certificate(CA.certificate).extensions
        extensions = [(one.value, one.critical) for one in own]
        if constrained:
            extensions.append((constraints, True))
        between = ROOT.authority("Between CA", extensions=extensions)
        key, authority = publisher(between)
        holder = between.issue("signer", extensions=[*signing_extensions(), told(PUBLISHER)])
        path = (holder.certificate, between.certificate, ROOT.certificate)
        made = make_list(authority, at=NOW, extensions=[(INDIRECT, True)])
        expected = Reason.WRONG_SIGNER if constrained else Reason.SIGNER_UNKNOWN
        assert ask([made], [key.certificate], path=path).reason is expected

    def test_the_issuer_of_an_entry_is_asked_with_its_number(self) -> None:
        holder = told_by(PUBLISHER)
        serial = serial_of(holder.certificate)
        assert self.ask(entry(CA.name, serial), holder=holder).finding is Finding.BAD
        assert self.ask(entry("Others", serial), holder=holder).finding is Finding.GOOD
        its_own = {serial: Revoked(at=NOW - DAY)}
        assert self.ask(its_own, holder=holder).finding is Finding.GOOD

    def test_the_issuer_of_an_entry_counts_for_those_after_it(self) -> None:
        holder = told_by(PUBLISHER)
        serial = serial_of(holder.certificate)
        entries = entry(CA.name, serial + 1) | {serial: Revoked(at=NOW - DAY)}
        assert self.ask(entries, holder=holder).finding is Finding.BAD

    @pytest.mark.parametrize(
        "names",
        [
            [x509.DNSName("other.example")],
            [x509.DirectoryName(PUBLISHER_NAME), x509.DirectoryName(CA_NAME)],
        ],
        ids=["nobody", "two"],
    )
    def test_an_entry_that_is_not_of_one_authority_spoils_the_list(
        self, names: list[x509.GeneralName]
    ) -> None:
        entries = {SERIAL: Revoked(at=NOW, extensions=((x509.CertificateIssuer(names), True),))}
        assert self.ask(entries).reason is Reason.NOT_UNDERSTOOD

    def test_an_authority_may_tell_of_others_beside_its_own(self) -> None:
        scope = [(INDIRECT, True)]
        good = make_list(CA, entry("Others", SERIAL), at=NOW, extensions=scope)
        assert ask([good]).finding is Finding.GOOD
        bad = make_list(CA, entry(CA.name, SERIAL), at=NOW, extensions=scope)
        assert ask([bad]).finding is Finding.BAD

    @pytest.mark.parametrize("is_named", [True, False])
    def test_a_publisher_speaks_for_itself_only_where_its_issuer_says_so(
        self, is_named: bool
    ) -> None:
        extensions = [*list_keys(), *([told(PUBLISHER)] if is_named else [])]
        key = CA.issue(PUBLISHER, extensions=extensions)
        authority = Authority(name=PUBLISHER, key=key.key, certificate=key.certificate, now=NOW)
        path = (told_by(PUBLISHER).certificate, CA.certificate, ROOT.certificate)
        gone = entry(CA.name, serial_of(key.certificate))
        for entries, alone in ((None, Reason.NONE), (gone, Reason.SIGNER_UNKNOWN)):
            made = make_list(authority, entries, at=NOW, extensions=[(INDIRECT, True)])
            expected = alone if is_named else Reason.SIGNER_UNKNOWN
            assert ask([made], [key.certificate], path=path).reason is expected


def _scope(
    scope: x509.IssuingDistributionPoint, **changed: object
) -> x509.IssuingDistributionPoint:
    names = (
        "full_name",
        "relative_name",
        "only_contains_user_certs",
        "only_contains_ca_certs",
        "only_some_reasons",
        "indirect_crl",
        "only_contains_attribute_certs",
    )
    return x509.IssuingDistributionPoint(**{one: getattr(scope, one) for one in names} | changed)

"""Which certificates a list is about: names, places, reasons, and lists of changes alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtensionOID, NameOID

from lienthong.model.file_signature import Finding
from lienthong.model.trust import StatusEvidence
from lienthong.pki.names import name_key, place_key
from lienthong.pki.revocation import Reason, Revocation, RevocationIndex, path_status
from lienthong.pki.status_scope import ALL_REASONS, Reasons, reasons_covered
from lienthong.testing.pki import Identity, signing_extensions
from lienthong.testing.status import DAY, HOUR, Revoked, make_list, serial_of
from sdk.tests.pki.statuses import CA, HOLD, KEY_COMPROMISE, NOW, PKI, SIGNER, ask, revoked, scoped

SOME = frozenset({KEY_COMPROMISE, x509.ReasonFlags.ca_compromise})
REST = ALL_REASONS - SOME


def name(common: str, country: str = "VN") -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, country),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


class TestNames:
    @pytest.mark.parametrize(
        "other", ["UBND TỈNH", "  UBND   tỉnh ", "ubnd tỉnh", "ＵＢＮＤ tỉnh", "UBND ti\u0309nh"]
    )
    def test_spelling_makes_no_difference(self, other: str) -> None:
        assert name_key(name(other)) == name_key(name("UBND tỉnh"))

    @pytest.mark.parametrize("other", ["UBND tinh", "UBNDtỉnh", "UBND tỉnh.", ""])
    def test_words_do(self, other: str) -> None:
        made = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, other or "-")])
        assert name_key(made) != name_key(name("UBND tỉnh"))

    def test_kind_of_string_makes_no_difference(self) -> None:
        for kind in (x509.name._ASN1Type.PrintableString, x509.name._ASN1Type.UTF8String):
            made = x509.NameAttribute(NameOID.COMMON_NAME, "Lists", _type=kind)
            assert name_key(x509.Name([made])) == name_key(
                x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "lists")])
            )

    def test_order_of_parts_does(self) -> None:
        parts = list(name("UBND tỉnh"))
        assert name_key(x509.Name(parts)) != name_key(x509.Name(parts[::-1]))
        together = x509.Name([x509.RelativeDistinguishedName(parts)])
        turned = x509.Name([x509.RelativeDistinguishedName(parts[::-1])])
        assert name_key(together) == name_key(turned) != name_key(x509.Name(parts))

    def test_mail_addresses_are_as_written(self) -> None:
        one, other = (
            x509.Name([x509.NameAttribute(NameOID.EMAIL_ADDRESS, text)])
            for text in ("an@tinh.vn", "An@tinh.vn")
        )
        assert name_key(one) != name_key(other)

    def test_places_are_names_or_addresses(self) -> None:
        address = x509.UniformResourceIdentifier("http://a.example/List")
        other = x509.UniformResourceIdentifier("http://a.example/list")
        assert place_key(address) != place_key(other)
        assert place_key(x509.DirectoryName(name("A"))) == place_key(x509.DirectoryName(name("a")))

    def test_a_list_whose_maker_spells_its_name_otherwise_counts(self) -> None:
        spelt = PKI.root.authority(CA.name.upper().replace(" ", "  "))
        made = make_list(spelt, at=NOW, key=CA.key)
        assert ask(lists=[made]).finding is Finding.GOOD
        hit = make_list(spelt, revoked(NOW - DAY), at=NOW, key=CA.key)
        assert ask(lists=[hit]).finding is Finding.BAD
        forged = make_list(spelt, at=NOW)
        assert ask(lists=[forged]).reason is Reason.WRONG_SIGNER


def check_list_for_no_reason() -> None:
    """Nobody makes such a list with our tools: an empty bit string for onlySomeReasons."""
    octets = bytes.fromhex("3006 8101ff 830100")
    place = x509.UnrecognizedExtension(ExtensionOID.ISSUING_DISTRIBUTION_POINT, octets)
    made = make_list(CA, at=NOW, extensions=[(place, True)])
    assert ask(lists=[made]).reason is Reason.OUT_OF_SCOPE


class TestReasons:
    def test_lists_that_cover_all_reasons_together_make_good(self) -> None:
        parts = [scoped(only_some_reasons=SOME), scoped(only_some_reasons=REST)]
        found = ask(lists=parts)
        assert (found.finding, found.reason) == (Finding.GOOD, Reason.NONE)
        assert len({found.source, *found.others}) == 2

    def test_one_reason_less_does_not(self) -> None:
        less = REST - {x509.ReasonFlags.privilege_withdrawn}
        parts = [scoped(only_some_reasons=SOME), scoped(only_some_reasons=less)]
        assert ask(lists=parts).reason is Reason.SOME_REASONS

    def test_who_is_on_either_is_revoked(self) -> None:
        hit = scoped(revoked(NOW - HOUR), only_some_reasons=SOME)
        assert ask(lists=[hit, scoped(only_some_reasons=REST)]).finding is Finding.BAD
        held = scoped(revoked(NOW - HOUR, HOLD), only_some_reasons=REST)
        assert ask(lists=[scoped(only_some_reasons=SOME), held]).finding is Finding.BAD

    def test_a_list_for_no_reason_at_all_settles_nothing(self) -> None:
        check_list_for_no_reason()

    @pytest.mark.planted("list for no reason taken for one of all reasons")
    def test_an_empty_set_that_is_taken_for_none_is_noticed(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def lenient(scope: Any, *given: Any) -> Reasons:
            return reasons_covered(scope, *given) or ALL_REASONS

        monkeypatch.setattr("lienthong.pki.status_list.reasons_covered", lenient)
        with pytest.raises(AssertionError):
            check_list_for_no_reason()

    def test_who_is_on_one_from_later_on_may_be_on_the_other_from_before(self) -> None:
        later = scoped(revoked(NOW + HOUR), only_some_reasons=SOME)
        alone = ask(lists=[later])
        assert (alone.finding, alone.reason) == (Finding.UNKNOWN, Reason.SOME_REASONS)
        both = ask(lists=[scoped(only_some_reasons=REST), later])
        assert (both.finding, both.revoked_at) == (Finding.GOOD, NOW + HOUR)
        assert both.reason is Reason.KEY_COMPROMISE

    def test_a_stale_one_settles_nothing(self) -> None:
        parts = [scoped(only_some_reasons=SOME), scoped(only_some_reasons=REST)]
        found = ask(lists=parts, at=NOW + 2 * DAY)
        assert (found.finding, found.reason) == (Finding.UNKNOWN, Reason.STALE)


def at_place(address: str, reasons: Iterable[x509.ReasonFlags] | None = None) -> Identity:
    """A signer about whom lists are published at an address, perhaps for some reasons."""
    point = x509.DistributionPoint(
        full_name=[x509.UniformResourceIdentifier(address)],
        relative_name=None,
        reasons=frozenset(reasons) if reasons else None,
        crl_issuer=None,
    )
    points = (x509.CRLDistributionPoints([point]), False)
    return CA.issue("signer", extensions=[*signing_extensions(), points])


def status(holder: Identity, *lists: bytes) -> Revocation:
    path = (holder.certificate, CA.certificate)
    return path_status(path, NOW, RevocationIndex(StatusEvidence(lists=lists)))[0]


class TestPlaces:
    HERE, THERE = "http://lists.example/1", "http://lists.example/2"

    def of(self, address: str, **changed: object) -> bytes:
        return scoped(None, full_name=[x509.UniformResourceIdentifier(address)], **changed)

    def test_the_list_of_its_place_counts_and_no_other(self) -> None:
        holder = at_place(self.HERE)
        assert status(holder, self.of(self.HERE)).finding is Finding.GOOD
        assert status(holder, self.of(self.THERE)).reason is Reason.OUT_OF_SCOPE
        assert status(SIGNER, self.of(self.HERE)).reason is Reason.OUT_OF_SCOPE

    def test_a_place_for_some_reasons_makes_good_for_those_alone(self) -> None:
        holder = at_place(self.HERE, SOME)
        found = status(holder, self.of(self.HERE))
        assert (found.finding, found.reason) == (Finding.UNKNOWN, Reason.SOME_REASONS)
        whole = make_list(CA, at=NOW)
        assert status(holder, whole).finding is Finding.GOOD

    def test_reasons_of_place_and_list_have_to_agree(self) -> None:
        holder = at_place(self.HERE, SOME)
        found = status(holder, self.of(self.HERE, only_some_reasons=REST))
        assert found.reason is Reason.OUT_OF_SCOPE

    def test_a_place_may_be_named_below_the_issuer(self) -> None:
        part = x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.COMMON_NAME, "L1")])
        shouted = x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.COMMON_NAME, "l1")])
        point = x509.DistributionPoint(
            full_name=None, relative_name=part, reasons=None, crl_issuer=None
        )
        points = (x509.CRLDistributionPoints([point]), False)
        holder = CA.issue("signer", extensions=[*signing_extensions(), points])
        assert status(holder, scoped(relative_name=shouted)).finding is Finding.GOOD
        other = x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.COMMON_NAME, "L2")])
        assert status(holder, scoped(relative_name=other)).reason is Reason.OUT_OF_SCOPE


SERIAL = serial_of(SIGNER.certificate)
HELD = {SERIAL: Revoked(at=NOW - 3 * HOUR, reason=HOLD)}
RELEASED = {SERIAL: Revoked(at=NOW - HOUR, reason=x509.ReasonFlags.remove_from_crl)}


def changes(
    entries: dict[int, Revoked] | None, *, since: int = 1, number: int = 2, **scope: object
) -> bytes:
    """A list of what has changed since the list with a number."""
    marks: list[tuple[x509.ExtensionType, bool]] = [(x509.DeltaCRLIndicator(since), True)]
    if scope:
        point = x509.IssuingDistributionPoint(
            full_name=None,
            relative_name=None,
            only_contains_user_certs=True,
            only_contains_ca_certs=False,
            only_some_reasons=None,
            indirect_crl=False,
            only_contains_attribute_certs=False,
        )
        marks.append((point, True))
    return make_list(CA, entries, at=NOW - HOUR / 2, number=number, extensions=marks)


class TestChanges:
    BASE = make_list(CA, HELD, at=NOW - 2 * HOUR)

    def test_a_suspension_that_changes_end_is_over(self) -> None:
        assert ask(lists=[self.BASE]).finding is Finding.BAD
        found = ask(lists=[self.BASE, changes(RELEASED)])
        assert (found.finding, found.reason, found.revoked_at) == (
            Finding.GOOD,
            Reason.NONE,
            None,
        )
        assert len(found.others) == 1

    def test_changes_without_an_end_leave_it(self) -> None:
        assert ask(lists=[self.BASE, changes(None)]).finding is Finding.BAD

    def test_nothing_else_ends(self) -> None:
        gone = make_list(CA, revoked(NOW - 3 * HOUR), at=NOW - 2 * HOUR)
        assert ask(lists=[gone, changes(RELEASED)]).finding is Finding.BAD

    def test_who_is_revoked_by_the_changes_is_revoked(self) -> None:
        empty = make_list(CA, at=NOW - 2 * HOUR)
        assert ask(lists=[empty, changes(revoked(NOW - HOUR))]).finding is Finding.BAD

    def test_changes_prolong_what_is_known(self) -> None:
        old = make_list(CA, at=NOW - 9 * DAY, next_update=NOW - 8 * DAY)
        assert ask(lists=[old]).reason is Reason.STALE
        assert ask(lists=[old, changes(None)]).finding is Finding.GOOD

    @pytest.mark.parametrize(
        "made",
        [
            changes(RELEASED, since=2, number=3),
            changes(RELEASED, since=0, number=1),
            changes(RELEASED, user=True),
        ],
        ids=["of a later list", "not newer", "of another scope"],
    )
    def test_changes_of_another_list_say_nothing(self, made: bytes) -> None:
        assert ask(lists=[self.BASE, made]).finding is Finding.BAD

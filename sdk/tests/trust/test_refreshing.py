"""Fetching status: what is due, what may be kept, and what stays when a publisher fails.

The rows of the fail-closed table are tested one by one: OCSP dead, list stale, a publisher that
sends HTML, too much, too slowly or in circles, and a clock that is off by a day. In each the
answer for the certificate is told too: good while what was kept counts, unknown afterwards.
"""

from __future__ import annotations

import attrs
import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from lienthong.errors import ChainUntrusted
from lienthong.model.file_signature import Finding
from lienthong.pki.revocation import Reason
from lienthong.testing.pki import Authority, signing_extensions
from lienthong.testing.status import DAY, HOUR, Answer, Revoked, make_list, make_response
from lienthong.testing.status_server import Reply, StatusServer
from lienthong.trust import Fetcher, Kind, Refresher
from sdk.tests.trust.publisher import KEY_COMPROMISE, MINUTE, NOW, PKI, Publisher


def test_what_the_certificates_of_a_path_name_is_fetched(publisher: Publisher) -> None:
    assert publisher.status().reason is Reason.NO_DATA
    assert publisher.refresh() == (2, {})
    assert publisher.status().finding is Finding.GOOD
    assert sorted(publisher.server.asked) == ["/ca.crl", "/ocsp"]
    assert publisher.refresher.watch(publisher.path) == 0


def test_a_revocation_is_known_after_the_next_fetch(publisher: Publisher) -> None:
    publisher.refresh()
    publisher.pass_time(31 * MINUTE)
    publisher.revoked = Revoked(at=publisher.clock() - MINUTE, reason=KEY_COMPROMISE)
    assert publisher.status().finding is Finding.GOOD
    publisher.refresh(due_only=True)
    assert publisher.status().finding is Finding.BAD


def test_only_what_is_due_is_asked_again(publisher: Publisher) -> None:
    publisher.refresh()
    publisher.pass_time(29 * MINUTE)
    assert publisher.refresh(due_only=True) == (0, {})
    publisher.pass_time(MINUTE)
    assert publisher.refresh(due_only=True) == (2, {})
    assert publisher.kept(Kind.LIST).next_at == publisher.clock() + 30 * MINUTE


def test_a_daily_list_that_was_just_seen_counts_for_an_hour(publisher: Publisher) -> None:
    publisher.server.answer("/ocsp", lambda _: Reply(status=503))
    publisher.refresh()
    publisher.pass_time(20 * HOUR, published=False)
    assert publisher.status().reason is Reason.STALE
    publisher.refresh()
    assert publisher.status().finding is Finding.GOOD
    assert publisher.status().as_of == publisher.clock()


@pytest.mark.parametrize(("repeats", "finding"), [(True, Finding.GOOD), (False, Finding.UNKNOWN)])
def test_only_a_response_to_the_question_itself_is_as_fresh_as_the_asking(
    publisher: Publisher, repeats: bool, finding: Finding
) -> None:
    """One without the nonce may be an old one that somebody on the way sends again."""

    def respond(question: bytes) -> Reply:
        asked = ocsp.load_der_ocsp_request(question)
        nonce = [(one.value, False) for one in asked.extensions if repeats]
        said = Answer(
            certificate=publisher.signer.certificate, this_update=NOW, next_update=NOW + DAY
        )
        return Reply(content=make_response(publisher.root, said, extensions=nonce))

    publisher.server.answer("/ca.crl", lambda _: Reply(status=503))
    publisher.server.answer("/ocsp", respond)
    publisher.pass_time(2 * HOUR, published=False)
    publisher.refresh()
    assert publisher.status().finding is finding


class TestRows:
    """Fail closed, one row after the other."""

    def test_ocsp_dead(self, publisher: Publisher) -> None:
        publisher.refresh()
        publisher.server.answer("/ocsp", lambda _: Reply(status=503))
        publisher.server.answer("/ca.crl", lambda _: Reply(status=503))
        publisher.pass_time(59 * MINUTE, published=False)
        fetched, failed = publisher.refresh()
        assert (fetched, set(failed)) == (0, {Kind.LIST, Kind.RESPONSE})
        assert publisher.status().finding is Finding.GOOD
        publisher.pass_time(2 * MINUTE, published=False)
        found = publisher.status()
        assert (found.finding, found.reason) == (Finding.UNKNOWN, Reason.STALE)
        publisher.up()
        publisher.made_at = publisher.clock()
        publisher.refresh()
        assert publisher.status().finding is Finding.GOOD

    def test_list_stale(self, publisher: Publisher) -> None:
        publisher.server.answer("/ocsp", lambda _: Reply(status=503))
        publisher.made_at = NOW - 2 * DAY
        _, failed = publisher.refresh()
        assert Reason.STALE in failed[Kind.LIST]
        assert publisher.status().finding is Finding.UNKNOWN

    @pytest.mark.parametrize(
        "bad",
        [
            Reply(content=b"<html>maintenance</html>"),
            Reply(content=b"x", length=40 * 1024 * 1024),
            Reply(content=b"x", length=1000, stalls=True),
            Reply(status=302, location="/ca.crl"),
            Reply(status=404),
        ],
        ids=["html", "huge", "slow", "loop", "missing"],
    )
    def test_a_publisher_that_fails_takes_nothing_away(
        self, publisher: Publisher, bad: Reply
    ) -> None:
        publisher.refresh()
        before = publisher.kept(Kind.LIST)
        for place in ("/ca.crl", "/ocsp"):
            publisher.server.answer(place, lambda _: bad)
        publisher.pass_time(HOUR / 2, published=False)
        _, failed = publisher.refresh()
        assert set(failed) == {Kind.LIST, Kind.RESPONSE}
        assert all(failed.values())
        after = publisher.kept(Kind.LIST)
        assert (after.content, after.confirmed_at) == (before.content, before.confirmed_at)
        assert (after.failures, bool(after.reason)) == (1, True)
        assert publisher.status().finding is Finding.GOOD
        publisher.pass_time(HOUR, published=False)
        assert publisher.status().finding is Finding.UNKNOWN

    def test_a_clock_a_day_behind_takes_nothing_from_the_future(self, publisher: Publisher) -> None:
        publisher.clock.advance(-DAY)
        _, failed = publisher.refresh()
        assert all("future" in reason for reason in failed.values())
        assert publisher.status().finding is Finding.UNKNOWN

    def test_a_clock_a_day_ahead_takes_nothing_that_has_ended(self, publisher: Publisher) -> None:
        publisher.clock.advance(DAY + MINUTE)
        _, failed = publisher.refresh()
        assert set(failed) == {Kind.LIST, Kind.RESPONSE}
        assert publisher.status().finding is Finding.UNKNOWN

    @pytest.mark.planted("status that was not verified is kept")
    def test_keeping_what_was_not_verified_is_noticed(
        self, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        publisher.refresh()
        monkeypatch.setattr(Refresher, "_check_list", lambda *_: None)
        publisher.server.answer("/ca.crl", lambda _: Reply(content=b"<html>"))
        with pytest.raises(AssertionError):
            self.test_a_publisher_that_fails_takes_nothing_away(
                publisher, Reply(content=b"<html>maintenance</html>")
            )


class TestWhatMayBeKept:
    def refused(self, publisher: Publisher, content: bytes, place: str = "/ca.crl") -> str:
        publisher.server.put(place, content)
        _, failed = publisher.refresh()
        return failed[Kind.LIST if place == "/ca.crl" else Kind.RESPONSE]

    def test_not_the_list_of_somebody_else(self, publisher: Publisher) -> None:
        impostor = Authority.root(publisher.root.name, now=NOW)
        assert Reason.WRONG_SIGNER in self.refused(publisher, make_list(impostor, at=NOW))

    def test_not_an_older_list_than_the_one_kept(self, publisher: Publisher) -> None:
        publisher.refresh()
        older = make_list(publisher.root, at=NOW - HOUR)
        assert "older" in self.refused(publisher, older)

    @pytest.mark.parametrize(
        "less",
        [
            x509.DeltaCRLIndicator(1),
            x509.IssuingDistributionPoint(None, None, False, True, None, False, False),
            x509.IssuingDistributionPoint(
                None, None, False, False, frozenset([KEY_COMPROMISE]), False, False
            ),
        ],
        ids=["delta", "of authorities only", "of one reason"],
    )
    def test_not_a_list_that_tells_less(
        self, publisher: Publisher, less: x509.ExtensionType
    ) -> None:
        """Genuine, but not the one of this place: somebody between has exchanged it."""
        publisher.refresh()
        partial = make_list(publisher.root, at=NOW + MINUTE, number=2, extensions=[(less, True)])
        assert "less" in self.refused(publisher, partial)
        assert publisher.status().finding is Finding.GOOD

    def test_a_list_that_tells_less_than_one_that_has_ended(self, publisher: Publisher) -> None:
        """The issuer may publish otherwise from now on."""
        publisher.refresh()
        publisher.pass_time(2 * DAY, published=False)
        indicator = x509.DeltaCRLIndicator(1)
        later = make_list(
            publisher.root, at=publisher.clock(), number=2, extensions=[(indicator, True)]
        )
        publisher.server.put("/ca.crl", later)
        publisher.refresh()
        assert publisher.kept(Kind.LIST).content == later

    def test_not_a_response_to_another_question(self, publisher: Publisher) -> None:
        said = Answer(certificate=publisher.signer.certificate, this_update=NOW)
        replayed = make_response(
            publisher.root, said, extensions=[(x509.OCSPNonce(b"another question"), False)]
        )
        assert "another question" in self.refused(publisher, replayed, "/ocsp")

    def test_a_response_made_beforehand_for_everybody(self, publisher: Publisher) -> None:
        said = Answer(certificate=publisher.signer.certificate, this_update=NOW)
        publisher.server.put("/ocsp", make_response(publisher.root, said))
        assert publisher.refresh() == (2, {})

    def test_not_a_response_about_another_certificate(self, publisher: Publisher) -> None:
        said = Answer(certificate=publisher.issue("other").certificate, this_update=NOW)
        assert self.refused(publisher, make_response(publisher.root, said), "/ocsp")

    def test_an_error_that_nobody_expects_ends_no_other_fetch(
        self, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: object) -> None:
            raise KeyError("a parser's own kind of error")

        monkeypatch.setattr(Refresher, "_check_list", broken)
        assert publisher.refresh() == (1, {Kind.LIST: "KeyError"})


class TestWhoIsAsked:
    def test_no_place_of_a_certificate_that_leads_to_nobody_trusted(
        self, publisher: Publisher
    ) -> None:
        stranger = Authority.root("Stranger", now=NOW)
        signer = stranger.issue("signer", extensions=signing_extensions())
        for path in ([signer.certificate, stranger.certificate], [signer.certificate], []):
            with pytest.raises(ChainUntrusted):
                publisher.refresher.watch(path)

    def test_no_place_of_a_certificate_that_its_issuer_did_not_sign(
        self, publisher: Publisher
    ) -> None:
        impostor = Authority.root(publisher.root.name, now=NOW)
        forged = impostor.issue("signer", extensions=signing_extensions())
        with pytest.raises(ChainUntrusted):
            publisher.refresher.watch([forged.certificate, publisher.root.certificate])

    def test_the_places_that_the_store_gives(self, publisher: Publisher) -> None:
        publisher.server.put("/root.crl", make_list(publisher.root, at=NOW))
        store = publisher.refresher.store
        lists = ((publisher.root.certificate, publisher.server.url("/root.crl")),)
        publisher.refresher.store = attrs.evolve(store, lists=lists)
        assert publisher.refresh() == (3, {})

    @pytest.mark.parametrize("path", ["x" * 2000, "a\nb", "a\x00b"])
    def test_no_place_that_is_no_address(self, publisher: Publisher, path: str) -> None:
        publisher.list_url = publisher.server.url(f"/{path}")
        odd = publisher.issue("odd")
        assert publisher.refresher.watch([odd.certificate, publisher.root.certificate]) == 1
        assert [
            one.kind for one in publisher.folder.all() if one.certificate == odd.certificate
        ] == [Kind.RESPONSE]

    def test_the_issuer_of_a_certificate_on_somebody_s_wish(self, publisher: Publisher) -> None:
        url = publisher.server.put("/ca.cer", PKI.intermediate.certificate)
        access = x509.AccessDescription(
            AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(url)
        )
        extensions = [(x509.AuthorityInformationAccess([access]), False), *signing_extensions()]
        signer = PKI.intermediate.issue("signer", extensions=extensions)
        assert publisher.refresher.seek(signer.certificate) == 1
        assert publisher.refresh() == (3, {})
        publisher.book.look()
        assert publisher.book.issuers() == (PKI.intermediate.certificate,)
        publisher.server.put("/ca.cer", PKI.root.certificate)
        _, failed = publisher.refresh()
        assert "another one" in failed[Kind.ISSUER]
        publisher.book.look()
        assert publisher.book.issuers() == (PKI.intermediate.certificate,)


class TestWaits:
    def test_waits_grow_from_a_minute_to_half_an_hour(self, publisher: Publisher) -> None:
        publisher.server.answer("/ocsp", lambda _: Reply(status=503))
        waits = []
        for _ in range(8):
            publisher.refresh()
            kept = publisher.kept(Kind.RESPONSE)
            assert kept.next_at is not None
            waits.append((kept.next_at - publisher.clock()) // MINUTE)
        assert waits == [1, 2, 4, 8, 16, 30, 30, 30]
        publisher.up()
        publisher.refresh()
        assert publisher.kept(Kind.RESPONSE).failures == 0

    def test_waits_are_spread(self, publisher: Publisher) -> None:
        publisher.refresher.spread = lambda: 0.0
        publisher.server.answer("/ocsp", lambda _: Reply(status=503))
        publisher.refresh()
        response, made = publisher.kept(Kind.RESPONSE), publisher.kept(Kind.LIST)
        assert response.next_at == NOW + MINUTE / 2
        assert made.next_at == NOW + 27 * MINUTE

    def test_a_host_that_cannot_be_reached_is_asked_once_a_turn(self, publisher: Publisher) -> None:
        asked: list[str] = []
        publisher.server.__exit__(None, None, None)

        class Counting(Fetcher):
            def get(self, url: str, *, limit: int) -> bytes:
                asked.append(url)
                return super().get(url, limit=limit)

            def post(self, url: str, body: bytes, *, content_type: str, limit: int) -> bytes:
                asked.append(url)
                return super().post(url, body, content_type=content_type, limit=limit)

        publisher.refresher.fetcher = Counting(private_hosts=["127.0.0.1"], connect_s=1)
        _, failed = publisher.refresh()
        publisher.server = StatusServer().__enter__()
        assert (len(asked), len(failed)) == (1, 2)
        publisher.server.__exit__(None, None, None)

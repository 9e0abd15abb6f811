"""Keys, and what is signed with them."""

from __future__ import annotations

import string
from datetime import timedelta

import pytest

from bot.links import LINK_LASTS, Keys, KeysWrong, LinkRefused, Signing, hashed, new_key, read_keys
from tests.fakes import FakeClock
from tests.world import WEDNESDAY

OLD, NEW = new_key(), new_key()
ADDRESS = "https://desk.example.org"


def signing(*keys: str, clock: FakeClock | None = None) -> Signing:
    return Signing(Keys(keys or (NEW,)), clock or FakeClock(WEDNESDAY), ADDRESS)


def why(made: Signing, token: str) -> str:
    with pytest.raises(LinkRefused) as refused:
        made.read_link(token)
    return refused.value.why


# --- keys ------------------------------------------------------------------------------------------------------------


def test_a_new_key_is_taken_and_is_another_each_time() -> None:
    assert len({new_key() for _ in range(20)}) == 20
    assert read_keys({"HELLO30_KEYS": NEW}).newest_first == (NEW,)


def test_keys_stand_newest_first_with_commas_between_them() -> None:
    assert read_keys({"HELLO30_KEYS": f" {NEW} , {OLD},"}).newest_first == (NEW, OLD)


@pytest.mark.parametrize("text", ["", " ", ",", None])
def test_without_a_key_it_says_how_to_make_one(text: str | None) -> None:
    with pytest.raises(KeysWrong, match="hello30 key"):
        read_keys({} if text is None else {"HELLO30_KEYS": text})


@pytest.mark.parametrize("weak", ["secret", "x" * 43, "password" * 5, NEW[:31]], ids=range(4))
def test_a_key_that_could_be_guessed_is_refused_and_not_repeated(weak: str) -> None:
    with pytest.raises(KeysWrong, match="Key 2 in HELLO30_KEYS could be guessed") as refused:
        read_keys({"HELLO30_KEYS": f"{NEW},{weak}"})
    assert weak not in str(refused.value)
    assert NEW not in str(refused.value)


def test_keys_are_never_shown() -> None:
    assert NEW not in repr(Keys((NEW,)))
    assert NEW not in str(Keys((NEW,)))


# --- links -----------------------------------------------------------------------------------------------------------


def test_a_link_says_for_whom_it_is_and_until_when() -> None:
    made = signing()
    link = made.read_link(made.link("martin"))
    assert (link.person, link.until) == ("martin", WEDNESDAY + LINK_LASTS)
    assert made.read_link(made.link("martin")).id != link.id


def test_a_link_grows_old_by_our_clock() -> None:
    clock = FakeClock(WEDNESDAY)
    made = signing(clock=clock)
    token = made.link("martin")
    clock.move_to(WEDNESDAY + LINK_LASTS)
    assert made.read_link(token).person == "martin"
    clock.move_to(WEDNESDAY + LINK_LASTS + timedelta(microseconds=1))
    assert why(made, token) == "expired"


@pytest.mark.parametrize("ahead", [0.000001, 2, 60])
def test_a_link_of_a_clock_that_is_a_little_ahead_is_good(ahead: float) -> None:
    token = signing(clock=FakeClock(WEDNESDAY + timedelta(seconds=ahead))).link("martin")
    assert signing().read_link(token).person == "martin"


@pytest.mark.parametrize("ahead", [timedelta(seconds=60, microseconds=1), timedelta(days=1)])
def test_a_link_of_a_clock_that_is_far_ahead_works_later_and_is_not_called_old(ahead: timedelta) -> None:
    token, clock = signing(clock=FakeClock(WEDNESDAY + ahead)).link("martin"), FakeClock(WEDNESDAY)
    assert why(signing(clock=clock), token) == "early"
    clock.move_to(WEDNESDAY + ahead)
    assert signing(clock=clock).read_link(token).person == "martin"


def test_a_link_says_to_the_microsecond_when_it_was_made() -> None:
    now = WEDNESDAY + timedelta(microseconds=123_457)
    made = signing(clock=FakeClock(now))
    assert made.read_link(made.link("martin")).made == now


def test_whatever_sign_is_changed_left_out_or_added_the_link_is_refused() -> None:
    made = signing()
    token = made.link("martin")
    others = string.ascii_letters + string.digits + "-_.=! "
    for place, sign in enumerate(token):
        for other in set(others) - {sign}:
            assert why(made, token[:place] + other + token[place + 1 :]) == "altered"
        assert why(made, token[:place] + token[place + 1 :]) == "altered"
        assert why(made, token[:place] + "!" + token[place:]) == "altered"
    for more in ("=", "A", "!", "\n", ".", "é"):
        assert why(made, token + more) == "altered"


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "x" * 100_000, "é", "\x00"])
def test_what_is_no_link_is_refused(token: str) -> None:
    assert why(signing(), token) == "altered"


def test_an_older_key_is_good_until_it_is_taken_out() -> None:
    token, cookie = signing(OLD).link("martin"), signing(OLD).cookie("secret", "martin")
    proof = signing(OLD).proof("session")
    assert signing(NEW, OLD).read_link(token).person == "martin"
    assert signing(NEW, OLD).read_cookie(cookie) == ("secret", "martin")
    assert signing(NEW, OLD).is_proof("session", proof)
    assert why(signing(NEW), token) == "altered"
    assert signing(NEW).read_cookie(cookie) is None
    assert not signing(NEW).is_proof("session", proof)


def test_the_newest_key_signs() -> None:
    assert signing(NEW).read_link(signing(NEW, OLD).link("martin")).person == "martin"


def test_nothing_signed_for_one_use_is_good_for_another() -> None:
    made = signing()
    link, cookie = made.link("martin"), made.cookie("secret", "martin")
    assert made.read_cookie(link) is None
    assert why(made, cookie) == "altered"
    assert not made.is_proof("secret", cookie)


# --- cookies and proofs ----------------------------------------------------------------------------------------------


def test_a_cookie_that_was_altered_is_none() -> None:
    made = signing()
    cookie = made.cookie("secret", "martin")
    for place, sign in enumerate(cookie):
        for other in "aB-_0.":
            if other != sign:
                assert made.read_cookie(cookie[:place] + other + cookie[place + 1 :]) is None
    for other in ("", "x" * 100_000, "é.é", cookie + "="):
        assert made.read_cookie(other) is None


def test_a_proof_is_of_one_session() -> None:
    made = signing()
    proof = made.proof("one")
    assert made.is_proof("one", proof)
    assert not made.is_proof("two", proof)
    for other in ("", proof[:-1], f"{proof}=", "é", "\ud800", "x" * 100_000):
        assert not made.is_proof("one", other)


def test_what_is_stored_is_not_what_the_browser_keeps() -> None:
    assert hashed("secret") != "secret"
    assert len(hashed("secret")) == 64

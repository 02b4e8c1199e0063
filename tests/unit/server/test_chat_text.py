"""Text of the chat: emoji, names after an @, search, the word filter, links. Each both ways: caught, and let pass."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from studio.server import chat_text, chat_words
from studio.server.chat_links import has_link
from studio.server.chat_text import MENTIONS, folded, mentioned, one_emoji, search_terms, with_emoji
from studio.server.chat_words import WordFilter, clean_word
from studio.server.errors import Refusal
from studio.server.wording import SPELT_OUT, clean_text

FILTER = WordFilter(["fuck*", "shit", "ass", "anus", "penis", "hell", "tail", "хуй"])


def test_shortcodes_become_the_emoji_they_stand_for_and_nothing_else_does() -> None:
    assert with_emoji("I :heart: it :+1: :tada:") == "I ❤️ it 👍 🎉"
    assert with_emoji("at 10:30:45 :no_such_code: a:b") == "at 10:30:45 :no_such_code: a:b"


@pytest.mark.parametrize(
    ("given", "is_kept_as"),
    [("👍", "👍"), (":heart:", "❤️"), ("❤", "❤️"), ("👍🏽", "👍🏽"), ("👩‍👩‍👧", "👩‍👩‍👧"), (" 🎉 ", "🎉")],
)
def test_a_reaction_is_one_emoji_in_one_form(given: str, is_kept_as: str) -> None:
    assert one_emoji(given) == is_kept_as


@pytest.mark.parametrize("given", ["", "a", "1", "👍👍", "👍 ok", ":nope:", "<b>", "👍\u202e", "©️®️"])
def test_anything_else_is_no_reaction(given: str) -> None:
    with pytest.raises(Refusal) as refused:
        one_emoji(given)
    assert refused.value.code == "text_bad"


def test_of_two_names_the_longer_one_is_mentioned() -> None:
    people = [("1", "Ann"), ("2", "Ann Marie"), ("3", "Zoë"), ("4", "Bo")]
    assert mentioned("Hello @ann marie, and @ZOË!", people) == ("2", "3")
    assert mentioned("@Ann, @Ann again", people) == ("1",)
    assert mentioned("@Annabel and ann@bo.example and @Boris, @ Bo", people) == ()


def test_a_search_finds_the_beginnings_of_words_without_case_and_accents() -> None:
    assert folded("Crème BRÛLÉE, straße!") == " creme brulee strasse "
    assert search_terms("Brûl  CREM") == (" brul", " crem")
    assert search_terms("%_' --") == ()
    assert search_terms("東京") == ("東京",)  # a script without spaces: found anywhere


@pytest.mark.parametrize(
    "text",
    """fuck|FUCK you|Fück|fuuuuck|f.u.c.k|f u c k|you f u c k|I f u c k|f-uck|fuc*k|f_u_c_k|fu ck you|fucking
    |f u c k e r|sh1t|sh!t|$hit|s.h.i.t!|sh it|shit,you|shit!!!|a$$|a55|ASSSS|ѕhіt|ｓｈｉｔ|𝓼𝓱𝓲𝓽|s\u200bhit
    |ⓢⓗⓘⓣ|f🙂uck|FÜÇK|хуй|хуууй|XYй
    |pen*is|p e n i s|go to hell|he11
    |🅕🅤🅒🅚|🅵🆄🅲🅺|🇫🇺🇨🇰|🇸 🇭 🇮 🇹|f🅤ck|fuck🇮🇹|sh🇮🇹|ƒuck|ꟻuck|fucƙ|fuȼk|fʉck|fυck|fµck|fvck|sⱨit|ꓝꓴꓚꓗ
    |fⲩck|fuϲk|phuck|PHUCK
    |f uck|fuc k|p enis|f*ck|f**k|sh*t|F*CK|123fuck|shit99|fuـck
    |f\u0336u\u0336c\u0336k|fu\u034fck|fu\u00adck|fu\u200dck|fu\u3164ck
    |f\u2009u\u2009c\u2009k|f\u20ddu\u20ddc\u20ddk|fu\u2800ck|fu\u061cck|f+u+c+k|f/u/c/k|f•u•c•k|\u2067fuck\u2069|🤬f🤬u🤬c🤬k""".replace(
        "\n    ", ""
    ).split("|"),
)
def test_a_word_is_seen_through_its_disguise(text: str) -> None:
    assert FILTER.catches(text)


@pytest.mark.parametrize(
    "text",
    """class|assume|assess|a s s u m e|Scunthorpe|as is|an us citizen|he'll|she’ll go|we'll|pen is mine
    |I saw a pen.Is it yours|tall|fail|a tall tale|let s hit the road|455|it costs $455|U S A|pass|bass|shell|hello
    |push it|mass it|his hit list|shift|Saturn's|manuscript|details|1,455 people|A5 5 pages
    |vitamin class|vs you|TV shows|phase
    |telephone|hello🇮🇹|I love 🇮🇹|🇦🇸 is a flag|24hello|mp3|s*l*w|h**lo|cl*ss|2*3*4|**class**
    |let s hit it|I m hit|grade f as is
    |Penistone|Lightwater|arsenal|cocktail|analysis|therapist|Essex|cockpit|shellfish
    |a b c|plan b it is|hvac""".replace("\n    ", "").split("|"),
)
def test_other_words_are_left_alone(text: str) -> None:
    assert not FILTER.catches(text)


def test_a_word_of_the_filter_must_have_letters() -> None:
    assert clean_word("!!!") == "" and clean_word("*") == "" and clean_word("Bäd*") == "bad*"
    assert not WordFilter(["***"]).catches("anything") and not WordFilter([]).catches("anything")


@pytest.mark.parametrize(
    "text",
    """http://x.de|see example.com|EXAMPLE.COM now|www.x|example dot com|example (dot) com|example[.]com|example . com
    |e x a m p l e . c o m|ехаmple.соm|bit.ly/abc|t.me/abc|youtu.be/x|10.0.0.1:80|hxxp://a|example。com|example·com
    |mail me@example.com|x.co.uk|notion.so|go to evil .com|evil. com|javascript:alert(1)|evil.c0m
    |w w w . evil . c o m|ftp://a|ｅｘａｍｐｌｅ．ｃｏｍ|https : //a.b""".replace("\n    ", "").split("|"),
)
def test_a_link_is_a_link_in_any_disguise(text: str) -> None:
    assert has_link(text)


@pytest.mark.parametrize(
    "text",
    """Hello. World|That's it.Come on|e.g. this|i.e. no|3.5 litres|version 1.2.3|ok.So we go|end. It is|polka dot shirt
    |put a dot in the middle|hm...so|Mr. Smith|yes. No. Me.|a.m. and p.m.|what is this: nothing|U.S.A.|note: see
    |That was great. Is he in?|1.000.000|ratio 3:2|at 8.30|night. Me too|data: yes|http is a protocol""".replace(
        "\n    ", ""
    ).split("|"),
)
def test_other_text_is_none(text: str) -> None:
    assert not has_link(text)


def test_only_the_first_signs_of_a_message_are_looked_at_for_names(monkeypatch: pytest.MonkeyPatch) -> None:
    people = [(str(number), "@" * number) for number in range(1, 41)] + [("ann", "Ann"), ("a2", "ann"), ("", "")]
    assert mentioned("@x " * (MENTIONS - 1) + "@ann", people) == ("ann",)
    assert mentioned("@x " * MENTIONS + "@ann", people) == ()
    assert mentioned("me@here " * 100 + "@Anne @A\u0301nn @ann", [*people, ("3", "Ánn")]) == ("3", "ann")
    made = []
    monkeypatch.setattr(chat_text, "_plain", lambda text: made.append(len(text)) or text)
    mentioned("@" * 2000, people)
    assert len(made) == len(people) + 1 and sum(made) < 4000, "the text was read anew for each sign"


def test_the_same_word_is_compared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = chat_words.drawn_letters
    read: list[str] = []
    monkeypatch.setattr(chat_words, "drawn_letters", lambda text: read.append(text) or drawn(text))
    filtered = WordFilter(f"word{number}" for number in range(200))
    read.clear()
    for text in ("ab " * 666, "ﷺ" * 500):
        assert not filtered.catches(text)
        once = len(read)
        assert not filtered.catches(text + text)
        assert len(read) - once <= once < 100, "once for each place where it stands"
        read.clear()


@pytest.mark.parametrize("nothing", ["", " \t", "\u200b", "\u2800", "\u3164 \u200d", "\u00ad"])
def test_a_message_of_which_nothing_is_seen_is_empty(nothing: str) -> None:
    with pytest.raises(Refusal, match="is empty"):
        clean_text(nothing)


def test_a_message_that_is_long_once_its_signs_are_written_out_is_refused() -> None:
    assert clean_text("Wait… ½ a litre™ " * 25)
    with pytest.raises(Refusal) as refused:
        clean_text("ﷺ" * (SPELT_OUT // 18 + 1))
    assert refused.value.code == "text_bad"


def seconds(work: Callable[[], object]) -> float:
    def once() -> float:
        began = time.thread_time()
        work()
        return time.thread_time() - began

    return min(once() for _ in range(5))


@pytest.mark.parametrize("piece", ["-1.", "-a.", "1.", "a-", ".-1", "..-1."])
def test_the_time_to_look_for_links_grows_as_the_text_does(piece: str) -> None:
    short, long = piece * 250, piece * 2500
    assert seconds(lambda: has_link(long)) < 30 * seconds(lambda: has_link(short)), "ten times the text"


@pytest.mark.parametrize(
    "text", ["-example.com", "..-example.com", "ok...well-evil.com", " .-evil.com", "a b-evil.com"]
)
def test_a_hyphen_hides_no_link(text: str) -> None:
    assert has_link(text)

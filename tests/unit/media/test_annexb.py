"""Byte streams of H.264 and H.265 are cut where the standard says."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from studio.media.annexb import START_CODE, h264_type, h265_type, nal_units, without_filler
from studio.media.packet import Codec
from tests.fakes.program import make_program

# A NAL unit holds no start code (emulation prevention), does not begin with zero and does not end with it. Filler has
# nal_ref_idc 0 (H.264, 7.4.1) and here nuh_layer_id 0 (H.265).
NO_FILLER_HEADS = {0x2C, 0x4C, 0x4D, 0x6C}
QUICK = settings(deadline=None, max_examples=60)
UNITS = st.lists(
    st.builds(
        lambda head, body: bytes([head]) + body.replace(b"\x00", b"\x01") + b"\x80",
        st.integers(1, 127).filter(lambda head: head not in NO_FILLER_HEADS),
        st.binary(max_size=40),
    ),
    max_size=6,
)


@QUICK
@given(UNITS, st.booleans())
def test_units_come_out_as_they_went_in(units: list[bytes], short: bool) -> None:
    code = START_CODE[1:] if short else START_CODE
    assert list(nal_units(b"".join(code + unit for unit in units))) == units


@QUICK
@given(st.binary(max_size=200))
def test_any_bytes_can_be_cut(data: bytes) -> None:
    assert all(unit for unit in nal_units(data))
    without_filler(data)


@QUICK
@given(UNITS, st.sets(st.integers(0, 5)))
def test_only_filler_is_taken_out(units: list[bytes], places: set[int]) -> None:
    for h265, filler in ((False, b"\x0c\xff\x80"), (True, b"\x4c\x01\xff\x80")):
        kept = [unit for unit in units if (h265_type(unit) != 38 if h265 else h264_type(unit) != 12)]
        mixed = list(kept)
        for place in sorted(places):
            mixed.insert(place, filler)
        data = b"".join(START_CODE + unit for unit in mixed)
        assert list(nal_units(without_filler(data, h265=h265))) == kept


def test_a_stream_without_filler_is_handed_on_uncopied() -> None:
    data = START_CODE + b"\x65\x88\x84\x80"
    assert without_filler(data) is data


def test_pictures_of_the_encoder_lose_nothing_but_filler() -> None:
    for packet in make_program().packets:
        if packet.codec is Codec.H264:
            kept = list(nal_units(without_filler(packet.data)))
            assert kept == [unit for unit in nal_units(packet.data) if h264_type(unit) != 12]
            assert any(h264_type(unit) in (1, 5) for unit in kept)

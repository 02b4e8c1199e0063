"""Read the SDP offers of WHIP and WHEP clients (RFC 8866, RFC 9429); whatever is malformed is refused in words."""

from __future__ import annotations

from dataclasses import dataclass, field

from studio.media import ErrorKind, StoaError

LIMIT_CHARACTERS = 200_000
LIMIT_SECTIONS = 16


@dataclass(slots=True)
class OfferedCodec:
    """One payload type. `name` is in lower case, `format` its fmtp parameters, `feedback` its rtcp-fb values."""

    payload_type: int
    name: str
    clock_rate_hz: int
    channels: int
    format: dict[str, str] = field(default_factory=dict)
    feedback: set[str] = field(default_factory=set)


@dataclass(slots=True)
class OfferedSection:
    """One m-line, in the offer's order. `line` is its port-less beginning, kept for the answer that rejects it."""

    kind: str
    protocol: str
    formats: str
    mid: str = ""
    direction: str = "sendrecv"
    port: int = 9
    rtcp_mux: bool = False
    codecs: dict[int, OfferedCodec] = field(default_factory=dict)
    ufrag: str = ""
    password: str = ""
    setup: str = ""
    fingerprints: list[tuple[str, str]] = field(default_factory=list)

    def rtx_for(self, payload_type: int) -> int | None:
        """The payload type that carries retransmissions of another (RFC 4588)."""
        for codec in self.codecs.values():
            if codec.name == "rtx" and codec.format.get("apt") == str(payload_type):
                return codec.payload_type
        return None


@dataclass(slots=True)
class SdpOffer:
    """An offer whose sections share one transport (BUNDLE)."""

    sections: list[OfferedSection]
    bundled: set[str]
    ufrag: str
    password: str
    setup: str
    fingerprints: list[tuple[str, str]]


def _malformed(words: str) -> StoaError:
    return StoaError(
        ErrorKind.BAD_DATA,
        f"The offer is not usable SDP: {words}.",
        remedy="Send the offer of a WebRTC client, unchanged, as application/sdp.",
        permanent=True,
    )


def parse_offer(text: str) -> SdpOffer:
    """Raises StoaError(BAD_DATA) for what is no SDP, and for an offer without ICE, DTLS or a media section."""
    if len(text) > LIMIT_CHARACTERS:
        raise _malformed(f"it is longer than {LIMIT_CHARACTERS} characters")
    lines = text.replace("\r\n", "\n").split("\n")
    if not lines or not lines[0].startswith("v=0"):
        raise _malformed("it does not begin with v=0")
    session = OfferedSection("session", "", "")
    sections: list[OfferedSection] = []
    bundled: set[str] = set()
    for line in lines:
        if line.startswith("m="):
            sections.append(_section(line))
            if len(sections) > LIMIT_SECTIONS:
                raise _malformed(f"it has more than {LIMIT_SECTIONS} media sections")
        elif line.startswith("a=group:BUNDLE"):
            bundled.update(line.split()[1:])
        elif line.startswith("a="):
            try:
                _attribute(sections[-1] if sections else session, line[2:].rstrip())
            except (ValueError, IndexError) as cause:
                raise _malformed(f"this line means nothing: {line[:80]!r}") from cause
    return _whole(session, sections, bundled)


def _whole(session: OfferedSection, sections: list[OfferedSection], bundled: set[str]) -> SdpOffer:
    media = [section for section in sections if section.kind in ("audio", "video") and section.port]
    if not media:
        raise _malformed("it has no audio or video section")
    first = media[0]
    ufrag, password = first.ufrag or session.ufrag, first.password or session.password
    fingerprints = first.fingerprints or session.fingerprints
    if not ufrag or not password:
        raise _malformed("it has no ICE user fragment and password")
    if not fingerprints:
        raise _malformed("it has no DTLS fingerprint")
    if len(media) > 1 and not {section.mid for section in media} <= bundled:
        raise StoaError(
            ErrorKind.NOT_SUPPORTED,
            "The offer wants a transport for each track.",
            remedy="Use the bundle policy max-bundle: all tracks share one transport here.",
            permanent=True,
        )
    return SdpOffer(sections, bundled, ufrag, password, first.setup or session.setup or "actpass", fingerprints)


def _is_port(text: str) -> bool:
    """At most five digits: Python refuses to make a number of thousands of them."""
    return text.isdecimal() and len(text) <= 5


def _section(line: str) -> OfferedSection:
    words = line[2:].split()
    if len(words) < 4 or not _is_port(words[1].partition("/")[0]):
        raise _malformed(f"this line means nothing: {line[:80]!r}")
    return OfferedSection(words[0], words[2], " ".join(words[3:]), port=int(words[1].partition("/")[0]))


def _attribute(section: OfferedSection, text: str) -> None:
    name, _, value = text.partition(":")
    match name:
        case "mid":
            section.mid = value
        case "sendonly" | "recvonly" | "sendrecv" | "inactive":
            section.direction = name
        case "rtcp-mux":
            section.rtcp_mux = True
        case "ice-ufrag":
            section.ufrag = value
        case "ice-pwd":
            section.password = value
        case "setup":
            section.setup = value
        case "fingerprint":
            algorithm, digest = value.split()
            section.fingerprints.append((algorithm.lower(), digest))
        case "rtpmap":
            number, description = value.split(" ", 1)
            parts = description.split("/")
            channels = int(parts[2]) if len(parts) > 2 else 1
            if not 0 <= int(number) <= 127:
                raise ValueError(number)
            section.codecs[int(number)] = OfferedCodec(int(number), parts[0].lower(), int(parts[1]), channels)
        case "fmtp":
            number, _, description = value.partition(" ")
            codec = section.codecs.get(int(number))
            if codec is not None:
                pairs = (item.strip().partition("=") for item in description.split(";") if item.strip())
                codec.format = {key.strip().lower(): item.strip() for key, _, item in pairs}
        case "rtcp-fb":
            number, _, description = value.partition(" ")
            for codec in section.codecs.values():
                if number in ("*", str(codec.payload_type)):
                    codec.feedback.add(description.strip())
        case _:
            pass

"""The media router: WHIP publishers in, WHEP viewers out, RTP packets forwarded without decoding."""

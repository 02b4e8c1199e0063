"""Access tokens: the one place where Stoa makes and reads JSON Web Tokens. They carry LiveKit's claims.

`grants` says what a person may do and until when, `claims` are what a token says, `signed` is the envelope round them
(HS256 and nothing else), `reading` judges one, `access` is what the session server signs and reads. `stoa token` makes
and explains those of a LiveKit server. Why it is so stands in docs/decisions/0029-tokens.md.
"""

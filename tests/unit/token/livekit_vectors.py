"""Tokens that LiveKit's own tools made, and tokens of ours that they took: recorded with `livekit-api` 1.2.2 (PyPI).

Theirs came out of its `AccessToken`; ours were given to its `TokenVerifier`, which found in them what stands beside.
"""

from __future__ import annotations

from studio.token.signed import ApiKey

KEY = ApiKey("APIvector", b"the-secret-of-the-vectors-0123456789")
MADE_S = 1795243463

# with_identity("ann"), with_name("Ann É"), with_metadata('{"seat": 7}'), with_attributes({"team": "red"}), a ttl of two
# hours, VideoGrants(room_join, room="weekly", room_admin, can_publish_sources=[camera, screen_share], no data)
THEIRS_OF_AN_ADMIN = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJuYW1lIjoiQW5uIFx1MDBjOSIsIm1ldGFkYXRhIjoie1wic2VhdFwiOiA3fSI"
    "sInZpZGVvIjp7InJvb21BZG1pbiI6dHJ1ZSwicm9vbUpvaW4iOnRydWUsInJvb20iOiJ3ZWVrbHkiLCJjYW5QdWJsaXNoIjp0cnV"
    "lLCJjYW5TdWJzY3JpYmUiOnRydWUsImNhblB1Ymxpc2hEYXRhIjpmYWxzZSwiY2FuUHVibGlzaFNvdXJjZXMiOlsiY2FtZXJhIiw"
    "ic2NyZWVuX3NoYXJlIl19LCJhdHRyaWJ1dGVzIjp7InRlYW0iOiJyZWQifSwic3ViIjoiYW5uIiwiaXNzIjoiQVBJdmVjdG9yIiw"
    "ibmJmIjoxNzk1MjQzNDYzLCJleHAiOjE3OTUyNTA2NjN9.eS8CjzLVg_NJioAbURxgrEBVCxxYGdFoVlEBKbmcFDA"
)

# with_identity("bob"), VideoGrants(room_join, room="weekly"), six hours
THEIRS_WITH_DEFAULTS = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ2aWRlbyI6eyJyb29tSm9pbiI6dHJ1ZSwicm9vbSI6IndlZWtseSIsImNhblB"
    "1Ymxpc2giOnRydWUsImNhblN1YnNjcmliZSI6dHJ1ZSwiY2FuUHVibGlzaERhdGEiOnRydWV9LCJzdWIiOiJib2IiLCJpc3MiOiJ"
    "BUEl2ZWN0b3IiLCJuYmYiOjE3OTUyNDM0NjMsImV4cCI6MTc5NTI2NTA2M30.ZgRUVnlhjG2WfTfhii0HFL7YSBkul9qgfuzfDWI"
    "KLZY"
)

# No identity: VideoGrants(room_create, room_list), SIPGrants(admin), for calls of the server's API
THEIRS_FOR_A_SERVER = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ2aWRlbyI6eyJyb29tQ3JlYXRlIjp0cnVlLCJyb29tTGlzdCI6dHJ1ZSwiY2F"
    "uUHVibGlzaCI6dHJ1ZSwiY2FuU3Vic2NyaWJlIjp0cnVlLCJjYW5QdWJsaXNoRGF0YSI6dHJ1ZX0sInNpcCI6eyJhZG1pbiI6dHJ"
    "1ZSwiY2FsbCI6ZmFsc2V9LCJzdWIiOiIiLCJpc3MiOiJBUEl2ZWN0b3IiLCJuYmYiOjE3OTUyNDM0NjMsImV4cCI6MTc5NTI2NTA"
    "2M30.P_TrVsLAuo0ONr4rwsetphpoUH4Eg6e_OmuSfL_CGtY"
)

# `stoa token livekit --identity ann --room weekly --name "Ann É" --publish camera,microphone,screen_share,data --admin`
OURS_S = 1795243465
OURS = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJBUEl2ZWN0b3IiLCJzdWIiOiJhbm4iLCJuYW1lIjoiQW5uIMOJIiw"
    "ibmJmIjoxNzk1MjQzNDY1LCJleHAiOjE3OTUyNDcwNjUsInZpZGVvIjp7InJvb20iOiJ3ZWVrbHkiLCJyb29tSm9pbiI6dHJ1ZSw"
    "iY2FuUHVibGlzaCI6dHJ1ZSwiY2FuUHVibGlzaFNvdXJjZXMiOlsiY2FtZXJhIiwibWljcm9waG9uZSIsInNjcmVlbl9zaGFyZSJ"
    "dLCJjYW5TdWJzY3JpYmUiOnRydWUsImNhblB1Ymxpc2hEYXRhIjp0cnVlLCJyb29tQWRtaW4iOnRydWUsImhpZGRlbiI6ZmFsc2V"
    "9fQ.Kg4f4PBRqe0AQrixpI_hUFlC3n0CrmQtXlK0v4qLLI0"
)

# The same of a person with ends of their own (the claim `stoa`), which LiveKit passes over
OURS_WITH_ENDS_S = 1795243467
OURS_WITH_ENDS = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJBUEl2ZWN0b3IiLCJzdWIiOiJhbm4iLCJqdGkiOiJ0XzEiLCJuYmY"
    "iOjE3OTUyNDM0NjcsImV4cCI6MTc5NTI0NTQ2NywidmlkZW8iOnsicm9vbSI6InIiLCJyb29tSm9pbiI6dHJ1ZSwiY2FuUHVibGl"
    "zaCI6dHJ1ZSwiY2FuUHVibGlzaFNvdXJjZXMiOlsiY2FtZXJhIiwic2NyZWVuX3NoYXJlIiwic2NyZWVuX3NoYXJlX2F1ZGlvIl0"
    "sImNhblN1YnNjcmliZSI6dHJ1ZSwiY2FuUHVibGlzaERhdGEiOnRydWUsInJvb21BZG1pbiI6ZmFsc2UsImhpZGRlbiI6ZmFsc2V"
    "9LCJzdG9hIjp7ImVuZHMiOnsiam9pbiI6MTc5NTI0NTQ2NywiY2FtZXJhIjoxNzk1MjQ0OTY3LCJzY3JlZW4iOjE3OTUyNDQzNjd"
    "9fX0.6s69ClMxkHVoma3g-eFQqqqlCFIfNvME2UWNYsjM5S8"
)

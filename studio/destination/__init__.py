"""Where the program goes: WHIP, RTMP and SRT, each connection in a process of its own."""

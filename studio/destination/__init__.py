"""Where the program is sent: WHIP, RTMP and SRT, each in a process of its own."""

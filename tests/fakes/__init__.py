"""Stand-ins for parts of Stoa; each passes the contract suite of the real one."""

"""Spawning, supervising, heartbeats, restart policy, and the typed link between an owner and its child."""

from studio.process.backoff import Backoff
from studio.process.child import ChildLink, ChildPipes
from studio.process.link import Link, SocketLink
from studio.process.messages import End, Fault, Heartbeat
from studio.process.spawn import SpawnedChild, child_command
from studio.process.supervise import ChildPlan, Loss, SupervisedChild, Watchdog

__all__ = [
    "Backoff",
    "ChildLink",
    "ChildPipes",
    "ChildPlan",
    "End",
    "Fault",
    "Heartbeat",
    "Link",
    "Loss",
    "SocketLink",
    "SpawnedChild",
    "SupervisedChild",
    "Watchdog",
    "child_command",
]

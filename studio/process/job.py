"""Windows: a job object that ends the children with their owner, as end-of-file does elsewhere.

Layout of JOBOBJECT_EXTENDED_LIMIT_INFORMATION: Microsoft, winnt.h. Not run on this project's Linux machines.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
from typing import Any

KILL_ON_JOB_CLOSE = 0x2000
EXTENDED_LIMIT_INFORMATION = 9


class _Basic(ctypes.Structure):
    _fields_ = (
        ("per_process_user_time", ctypes.c_int64),
        ("per_job_user_time", ctypes.c_int64),
        ("limit_flags", ctypes.c_uint32),
        ("minimum_working_set", ctypes.c_size_t),
        ("maximum_working_set", ctypes.c_size_t),
        ("active_process_limit", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority_class", ctypes.c_uint32),
        ("scheduling_class", ctypes.c_uint32),
    )


class _Extended(ctypes.Structure):
    _fields_ = (
        ("basic", _Basic),
        ("io", ctypes.c_uint64 * 6),
        ("process_memory_limit", ctypes.c_size_t),
        ("job_memory_limit", ctypes.c_size_t),
        ("peak_process_memory", ctypes.c_size_t),
        ("peak_job_memory", ctypes.c_size_t),
    )


_job: Any = None


def assign_to_job(process: subprocess.Popen[bytes]) -> None:
    """Put a child into this process's job (made on first use). Windows only."""
    global _job
    if sys.platform != "win32":
        raise OSError("job objects exist on Windows only")
    kernel32 = ctypes.windll.kernel32
    if _job is None:
        _job = kernel32.CreateJobObjectW(None, None)
        limits = _Extended()
        limits.basic.limit_flags = KILL_ON_JOB_CLOSE
        kernel32.SetInformationJobObject(_job, EXTENDED_LIMIT_INFORMATION, ctypes.byref(limits), ctypes.sizeof(limits))
    kernel32.AssignProcessToJobObject(_job, int(process._handle))  # type: ignore[attr-defined,unused-ignore]

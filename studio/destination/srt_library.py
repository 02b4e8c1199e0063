"""libsrt, called through cffi in ABI mode: the declarations of its API 1.5 (srt/srt.h), and where it is found."""

from __future__ import annotations

import ctypes.util
import sys
from functools import cache
from pathlib import Path
from typing import Any

import cffi

from studio.media import ErrorKind, StoaError

ffi = cffi.FFI()
ffi.cdef(
    """
    typedef int SRTSOCKET;
    typedef struct {
        int64_t msTimeStamp, pktSentTotal, pktRecvTotal;
        int pktSndLossTotal, pktRcvLossTotal, pktRetransTotal, pktSentACKTotal, pktRecvACKTotal, pktSentNAKTotal,
            pktRecvNAKTotal;
        int64_t usSndDurationTotal;
        int pktSndDropTotal, pktRcvDropTotal, pktRcvUndecryptTotal;
        uint64_t byteSentTotal, byteRecvTotal, byteRcvLossTotal, byteRetransTotal, byteSndDropTotal, byteRcvDropTotal,
            byteRcvUndecryptTotal;
        int64_t pktSent, pktRecv;
        int pktSndLoss, pktRcvLoss, pktRetrans, pktRcvRetrans, pktSentACK, pktRecvACK, pktSentNAK, pktRecvNAK;
        double mbpsSendRate, mbpsRecvRate;
        int64_t usSndDuration;
        int pktReorderDistance;
        double pktRcvAvgBelatedTime;
        int64_t pktRcvBelated;
        int pktSndDrop, pktRcvDrop, pktRcvUndecrypt;
        uint64_t byteSent, byteRecv, byteRcvLoss, byteRetrans, byteSndDrop, byteRcvDrop, byteRcvUndecrypt;
        double usPktSndPeriod;
        int pktFlowWindow, pktCongestionWindow, pktFlightSize;
        double msRTT, mbpsBandwidth;
        int byteAvailSndBuf, byteAvailRcvBuf;
        double mbpsMaxBW;
        int byteMSS, pktSndBuf, byteSndBuf, msSndBuf, msSndTsbPdDelay;
        int pktRcvBuf, byteRcvBuf, msRcvBuf, msRcvTsbPdDelay;
        int64_t later_versions[128];
    } SRT_TRACEBSTATS;

    int srt_startup(void);
    int srt_cleanup(void);
    SRTSOCKET srt_create_socket(void);
    int srt_connect(SRTSOCKET u, const void *name, int namelen);
    int srt_close(SRTSOCKET u);
    int srt_setsockflag(SRTSOCKET u, int opt, const void *optval, int optlen);
    int srt_sendmsg(SRTSOCKET u, const char *buf, int len, int ttl, int inorder);
    const char *srt_getlasterror_str(void);
    int srt_getlasterror(int *errno_loc);
    int srt_getrejectreason(SRTSOCKET sock);
    const char *srt_rejectreason_str(int id);
    int srt_getsockstate(SRTSOCKET u);
    int srt_bistats(SRTSOCKET u, SRT_TRACEBSTATS *perf, int clear, int instantaneous);
    int srt_epoll_create(void);
    int srt_epoll_add_usock(int eid, SRTSOCKET u, const int *events);
    int srt_epoll_wait(int eid, SRTSOCKET *readfds, int *rnum, SRTSOCKET *writefds, int *wnum, int64_t msTimeOut,
                       void *lrfds, int *lrnum, void *lwfds, int *lwnum);
    int srt_epoll_release(int eid);
    void srt_setloglevel(int ll);
    uint32_t srt_getversion(void);
    """
)

# SRT_SOCKOPT
SNDSYN, MAXBW, SENDER, PASSPHRASE, PBKEYLEN, CONNTIMEO = 1, 16, 21, 26, 27, 36
LATENCY, STREAMID, TRANSTYPE, PEER_IDLE = 23, 46, 50, 55
TRANSTYPE_LIVE = 0
# SRT_ERRNO
ECONNREJ, EASYNCSND = 1002, 6001
# SRT_SOCKSTATUS
CONNECTED = 5
# SRT_EPOLL_OPT
EPOLL_OUT, EPOLL_ERR = 0x4, 0x8
# SRT_REJECT_REASON
REJ_PEER, REJ_BACKLOG, REJ_BADSECRET, REJ_UNSECURE, REJ_TIMEOUT = 2, 5, 10, 11, 16
_LOG_CRITICAL = 2
_OLDEST = 0x010402

_NAMES = {
    "linux": ("libsrt.so.1.5", "libsrt-openssl.so.1.5", "libsrt-gnutls.so.1.5", "libsrt.so.1.4", "libsrt.so"),
    "darwin": (
        "libsrt.1.5.dylib",
        "/opt/homebrew/lib/libsrt.1.5.dylib",
        "/usr/local/lib/libsrt.1.5.dylib",
        "/opt/local/lib/libsrt.1.5.dylib",
    ),
    "win32": ("srt.dll", "libsrt.dll"),
}
_REMEDIES = {
    "linux": "Install it: libsrt1.5-openssl on Debian and Ubuntu, srt or srt-libs elsewhere.",
    "darwin": "Install it: brew install srt.",
    "win32": "Install libsrt (srt.dll) beside Stoa or in the PATH.",
}


@cache
def load_srt() -> Any:
    """The library, started. Raises StoaError(NOT_SUPPORTED) with the way to install it where it is missing."""
    for name in _candidates():
        try:
            library: Any = ffi.dlopen(name)
        except OSError:
            continue
        if library.srt_getversion() >= _OLDEST and library.srt_startup() >= 0:
            library.srt_setloglevel(_LOG_CRITICAL)
            return library
    raise StoaError(
        ErrorKind.NOT_SUPPORTED,
        "The SRT library (libsrt 1.4.2 or newer) is not on this machine.",
        remedy=_REMEDIES.get(sys.platform, "Install libsrt."),
        permanent=True,
    )


def srt_version() -> str:
    """The version of the library that is here. Raises StoaError(NOT_SUPPORTED)."""
    version = load_srt().srt_getversion()
    return f"{version >> 16}.{version >> 8 & 0xFF}.{version & 0xFF}"


def _candidates() -> list[str]:
    names = list(_NAMES.get(sys.platform, ()))
    bundle = getattr(sys, "_MEIPASS", "")
    bundled = [str(Path(bundle, Path(name).name)) for name in names] if bundle else []
    found = ctypes.util.find_library("srt")
    return [*bundled, *names, *([found] if found else [])]

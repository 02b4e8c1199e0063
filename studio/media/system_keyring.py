"""The system's keyring, the one place where secrets are kept. Calls may wait for a person: never on an event loop."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from types import ModuleType

from studio.media.errors import ErrorKind, StoaError

_looking = threading.Lock()


class NoKeyring(StoaError):
    """There is no keyring that can be opened, or its person did not open it; nothing was written."""

    def __init__(self, remedy: str = "") -> None:
        super().__init__(
            ErrorKind.NOT_SUPPORTED,
            "There is no keyring here that can be opened.",
            remedy=remedy or "Start one (gnome-keyring, KWallet) and unlock it.",
        )


class SystemKeyring:
    """The entries of one purpose for one STOA_HOME. Any thread; blocks while the system asks its person."""

    def __init__(self, home: Path, purpose: str = "") -> None:
        """`purpose` parts the entries from those of another kind with the same names."""
        words = ("Stoa Studio", purpose, hashlib.sha256(str(home).encode()).hexdigest()[:8])
        self.service = " ".join(word for word in words if word)

    def keep(self, name: str, secret: str) -> None:
        """Store it, in place of what is there. Raises NoKeyring."""
        try:
            _library().set_password(self.service, name, secret)
        except Exception as cause:  # a backend is somebody else's, and so is what it raises
            raise NoKeyring from cause

    def find(self, name: str) -> str | None:
        """What is kept by this name, None for nothing. Raises NoKeyring."""
        try:
            found: str | None = _library().get_password(self.service, name)
            return found
        except Exception as cause:
            raise NoKeyring from cause

    def forget(self, name: str) -> bool:
        """Delete it; False where it was not there. Raises NoKeyring."""
        import keyring.errors

        try:
            _library().delete_password(self.service, name)
        except keyring.errors.PasswordDeleteError:
            return False
        except Exception as cause:
            raise NoKeyring from cause
        return True


def _library() -> ModuleType:
    """`keyring`, which looks for one once in a process: where it found none, a person may have started one since."""
    import keyring
    import keyring.backend
    import keyring.backends.fail
    import keyring.core

    with _looking:
        if type(keyring.get_keyring()) is keyring.backends.fail.Keyring:
            vars(keyring.backend.get_all_keyring).pop("saved_result", None)
            keyring.core.init_backend()
    return keyring

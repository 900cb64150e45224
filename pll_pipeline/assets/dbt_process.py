"""dbt in a process that ends with the one that started it, also where that was killed.

Run as a script, so that nothing of the package is imported: `dbt_process.py PARENT FOLDER …dbt's
arguments`. On Linux the kernel ends the process; elsewhere it looks for its parent itself. Not
here: which command of dbt is run (`marts.py`).
"""

from __future__ import annotations

import ctypes
import os
import signal
import ssl
import sys
import threading
import time
from types import SimpleNamespace

_SECONDS_BETWEEN_LOOKS = 0.5
_ASK_FOR_SIGNAL = 1  # PR_SET_PDEATHSIG, from Linux's <sys/prctl.h>


def end_with(parent: int) -> None:
    """From now on this process ends when its parent, of that id, has ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_ASK_FOR_SIGNAL, signal.SIGKILL, 0, 0, 0)
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    os._exit(1)


class _CheckingContext(ssl.SSLContext):
    """A TLS context that always checks the certificate and its name, whatever it is asked."""

    check_hostname = property(lambda _: True, lambda _, __: None)
    verify_mode = property(lambda _: ssl.CERT_REQUIRED, lambda _, __: None)


def check_certificates() -> None:
    """Let dbt-spark refuse a server whose certificate is not that of its name: it checks none.

    The machine's authorities are trusted, or those of the file that `SSL_CERT_FILE` names.
    """
    from dbt.adapters.spark import connections

    def checking_context() -> ssl.SSLContext:
        context = _CheckingContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_default_certs()
        return context

    connections.ssl = SimpleNamespace(
        create_default_context=checking_context, CERT_NONE=ssl.CERT_NONE
    )


def main() -> None:
    """Run dbt in a folder of its own."""
    parent, folder, *arguments = sys.argv[1:]
    end_with(int(parent))
    if "spark" in arguments and os.environ["PLL_SPARK_TLS"] == "True":
        check_certificates()
    os.chdir(folder)
    sys.argv = ["dbt", *arguments]
    from dbt.cli.main import cli

    cli()


if __name__ == "__main__":
    main()

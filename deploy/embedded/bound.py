"""Becomes another program that dies with its starter: `bound.py STARTER_PID SIGNAL USER PROGRAM ARGUMENT...`, 0 for none.

A program of its own and not subprocess's preexec_fn, which may hang in a process that has threads.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(starter: int, on_orphaned: int, user: int, argv: list[str]) -> None:
    if user:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    if on_orphaned and sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, on_orphaned, 0, 0, 0)  # after the change of user, which clears it
        if os.getppid() != starter:  # it died before the call above
            sys.exit(1)
    os.execv(argv[0], argv)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])

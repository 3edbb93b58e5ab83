"""The license agreement of the emulator, as the console shows it."""

from typing import Final

PAGE_LINES: Final = 16
"""Lines a page: a terminal of 24 rows keeps the prompt in sight."""

_TEXT: Final = """\
LICENSE AGREEMENT OF THE EMULATED APPLIANCE

1. What this is
   This device is an emulation made for tests. It imitates how a gateway
   of the vendor named in its banner licenses its users. It is not that
   vendor's software, and grants no right to any of it.

2. What it may be used for
   You may run as many emulated devices as your machine carries, connect
   them to each other, break them and throw them away.

3. What its licenses are worth
   License keys, authentication codes and leases of a lab are signed by
   the lab's own authority. They have no effect on any real product, and
   no key of a real product has any effect here.

4. What passes through it
   An emulated gateway lets users sign in so that they are counted. It
   carries none of their traffic and protects nothing. Do not put it in
   front of anything that you care about, and do not enter a password
   that is used elsewhere.

5. What is kept
   What you configure, who signs in and every decision about licenses is
   written to the lab's directory, where whoever runs the lab can read
   it. Taking the lab down removes it.

6. No warranty
   The emulation is provided as it is, without warranty of any kind. It
   can differ from the real product where the public documents are
   silent, and says so where that is known.

7. Acceptance
   The device serves and takes licenses only once these terms have been
   accepted, here or in the admin console. Declining halts it.
"""
_LINES: Final = _TEXT.splitlines()
PAGES: Final = tuple(
    "\n".join(_LINES[first : first + PAGE_LINES]).strip("\n") + "\n" for first in range(0, len(_LINES), PAGE_LINES)
)
"""The agreement, page by page."""

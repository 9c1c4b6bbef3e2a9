/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Keeps the desktop of Wine, and prints "ready" when it exists. Otherwise a test starts the
 * desktop, and Wine does so in a copy of the process, which has its sockets for a moment: an
 * address is then still in use after the test has closed its socket. */

#include <stdio.h>
#include <windows.h>

int
main (void)
{
  GetDesktopWindow ();
  puts ("ready");
  fflush (stdout);
  Sleep (INFINITE);
  return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* run-limited PROGRAM [ARGUMENT...]: runs a program without the rights of an administrator, if this
 * one has them. Wine gives them to every program, and plum-glib trusts the environment less then.
 */

#include <stdio.h>
#include <wchar.h>
#include <windows.h>

/* Skips the name of this program, which may be quoted. */
static wchar_t *
skip_name (wchar_t *line)
{
  const wchar_t end = *line == L'"' ? L'"' : L' ';

  line++;
  while (*line != L'\0' && *line != end)
    line++;
  while (*line == L'"' || *line == L' ')
    line++;
  return line;
}

static HANDLE
get_limited_token (void)
{
  TOKEN_LINKED_TOKEN linked = { NULL };
  HANDLE own = NULL;
  HANDLE primary = NULL;
  DWORD size = 0;

  if (!OpenProcessToken (GetCurrentProcess (), TOKEN_QUERY, &own) ||
      !GetTokenInformation (own, TokenLinkedToken, &linked, sizeof linked, &size))
    return NULL;

  DuplicateTokenEx (linked.LinkedToken, MAXIMUM_ALLOWED, NULL, SecurityImpersonation, TokenPrimary,
                    &primary);
  return primary;
}

int
main (void)
{
  STARTUPINFOW startup = { .cb = sizeof startup };
  PROCESS_INFORMATION process;
  HANDLE token = get_limited_token ();
  DWORD status = 1;

  GetStartupInfoW (&startup);
  if (token == NULL || !CreateProcessAsUserW (token, NULL, skip_name (GetCommandLineW ()), NULL,
                                              NULL, TRUE, 0, NULL, NULL, &startup, &process))
    {
      fprintf (stderr, "run-limited: cannot start the program: error %lu\n", GetLastError ());
      return 126;
    }

  /* Ctrl-C is for the program. */
  SetConsoleCtrlHandler (NULL, TRUE);
  WaitForSingleObject (process.hProcess, INFINITE);
  GetExitCodeProcess (process.hProcess, &status);
  return (int) status;
}

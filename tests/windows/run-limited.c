/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* run-limited PROGRAM [ARGUMENT...]: runs a program without the rights of an administrator, if this
 * one has them. Wine gives them to every program, and plum-glib trusts the environment less then.
 * Ends the program after TIMEOUT_MS, or when this one is killed. */

#include <stdio.h>
#include <wchar.h>
#include <windows.h>

/* More than the longest test takes on a busy host; less than meson allows, which would wait for the
 * output of a program that it does not know. */
#define TIMEOUT_MS 200000

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

/* Windows ends the programs in the job when this one ends. */
static HANDLE
create_job (void)
{
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {
    .BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
  };
  HANDLE job = CreateJobObjectW (NULL, NULL);

  SetInformationJobObject (job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
  return job;
}

int
main (void)
{
  HANDLE job = create_job ();
  STARTUPINFOW startup = { .cb = sizeof startup };
  PROCESS_INFORMATION process;
  HANDLE token = get_limited_token ();
  DWORD status = 1;

  GetStartupInfoW (&startup);
  if (token == NULL ||
      !CreateProcessAsUserW (token, NULL, skip_name (GetCommandLineW ()), NULL, NULL, TRUE,
                             CREATE_SUSPENDED, NULL, NULL, &startup, &process))
    {
      fprintf (stderr, "run-limited: cannot start the program: error %lu\n", GetLastError ());
      return 126;
    }

  AssignProcessToJobObject (job, process.hProcess);
  ResumeThread (process.hThread);

  /* Ctrl-C is for the program. */
  SetConsoleCtrlHandler (NULL, TRUE);
  if (WaitForSingleObject (process.hProcess, TIMEOUT_MS) == WAIT_TIMEOUT)
    {
      fprintf (stderr, "run-limited: the program did not end in %u s\n", TIMEOUT_MS / 1000);
      TerminateJobObject (job, 124);
    }
  GetExitCodeProcess (process.hProcess, &status);
  return (int) status;
}

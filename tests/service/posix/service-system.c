/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service-system.h"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

gboolean
service_system_leave_network (void)
{
  return unshare (CLONE_NEWUSER | CLONE_NEWNET) == 0;
}

int
service_system_fork (int status)
{
  int child = fork ();
  int result;

  if (child == 0)
    _exit (status);

  g_assert_cmpint (waitpid (child, &result, 0), ==, child);
  return WEXITSTATUS (result);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service-system.h"

gboolean
service_system_leave_network (void)
{
  return FALSE;
}

int
service_system_fork (int status)
{
  return -1;
}

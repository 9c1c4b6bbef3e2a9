/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

/* What the tests of the service need from the operating system. */

/* Moves this process into a network without a route. Returns FALSE if the system cannot do this. */
gboolean service_system_leave_network (void);

/* Forks a child that exits with the status. Returns its status, or -1 if the system has no fork().
 */
int service_system_fork (int status);

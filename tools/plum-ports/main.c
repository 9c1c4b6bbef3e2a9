/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ports-application.h"

int
main (int argc, char *argv[])
{
  g_autoptr (PortsApplication) application = ports_application_new ();

  return g_application_run (G_APPLICATION (application), argc, argv);
}

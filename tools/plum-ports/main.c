/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ports-application.h"

#include <glib/gi18n-lib.h>
#include <locale.h>

int
main (int argc, char *argv[])
{
  g_autoptr (PortsApplication) application = NULL;

  setlocale (LC_ALL, "");
#ifdef HAVE_LIBINTL
  /* The library has bound the domain. GtkBuilder looks up the templates in it. */
  textdomain (GETTEXT_PACKAGE);
#endif

  application = ports_application_new ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}

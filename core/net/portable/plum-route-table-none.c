/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-route-table-private.h"

#include <glib/gi18n-lib.h>

gboolean
plum_route_table_is_available (void)
{
  return FALSE;
}

GArray *
plum_route_table_read (GSocketFamily family, GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                       _ ("The system does not report its routes"));
  return NULL;
}

GArray *
plum_route_table_read_neighbours (void)
{
  return g_array_new (FALSE, FALSE, sizeof (PlumRouteMessage));
}

int
plum_route_table_open_socket (GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                       _ ("The system does not report changes of its routes"));
  return -1;
}

gboolean
plum_route_table_drain_socket (int fd)
{
  return FALSE;
}

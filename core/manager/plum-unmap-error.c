/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-unmap-error-private.h"

#include <glib/gi18n-lib.h>

/* Adds to the error until when the router may keep the mapping, as far as it is known. router may
 * be NULL. (transfer full) */
static char *
describe_leftover (const char *message, const char *router, gint64 expires)
{
  g_autoptr (GDateTime) time = NULL;
  g_autofree char *end = NULL;

  if (expires == PLUM_LEASE_RECORD_FOREVER)
    return router != NULL
             /* Translators: an error, and the address of a router. */
             ? g_strdup_printf (
                 _ ("%s. The router %s may keep the mapping until it is removed by hand"), message,
                 router)
             /* Translators: an error. */
             : g_strdup_printf (
                 _ ("%s. The router may keep the mapping until it is removed by hand"), message);

  time = g_date_time_new_from_unix_local (expires / G_USEC_PER_SEC);
  if (time == NULL)
    return router != NULL
             /* Translators: an error, and the address of a router. */
             ? g_strdup_printf (_ ("%s. The router %s may keep the mapping until it expires"),
                                message, router)
             /* Translators: an error. */
             : g_strdup_printf (_ ("%s. The router may keep the mapping until it expires"),
                                message);

  end = g_date_time_format (time, "%F %R");
  return router != NULL
           /* Translators: an error, the address of a router, and a date with a time. */
           ? g_strdup_printf (_ ("%s. The router %s may keep the mapping until %s"), message,
                              router, end)
           /* Translators: an error, and a date with a time. */
           : g_strdup_printf (_ ("%s. The router may keep the mapping until %s"), message, end);
}

GError *
plum_unmap_error_new_left (const PlumLeaseRecord *record, const GError *error)
{
  g_autofree char *router =
    record->gateway != NULL ? g_inet_address_to_string (record->gateway) : NULL;
  g_autofree char *message = describe_leftover (error->message, router, record->expires);

  return g_error_new_literal (error->domain, error->code, message);
}

GError *
plum_unmap_error_new_unreachable (void)
{
  return g_error_new_literal (PLUM_ERROR, PLUM_ERROR_TIMED_OUT,
                              _ ("The router that the mapping was made on was not found, or "
                                 "does not answer by the same protocol"));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "host-options.h"

#include "output.h"

#include <glib/gi18n-lib.h>

HostOptions host_options;

gboolean
host_options_parse (GInetAddressMask **from, GInetAddress **host, GSocketFamily *family)
{
  g_autoptr (GError) error = NULL;

  *from = NULL;
  *host = NULL;
  if (host_options.from != NULL)
    {
      *from = g_inet_address_mask_new_from_string (host_options.from, &error);
      if (*from == NULL)
        {
          output_error (_ ("--from: “%s” is invalid, must be an address or a network such as "
                           "203.0.113.0/24"),
                        host_options.from);
          return FALSE;
        }
      *family = g_inet_address_mask_get_family (*from);
    }

  if (host_options.host == NULL)
    return TRUE;

  *host = g_inet_address_new_from_string (host_options.host);
  if (*host == NULL)
    {
      output_error (_ ("--for: “%s” is not an address"), host_options.host);
      return FALSE;
    }
  if (*from != NULL && g_inet_address_get_family (*host) != *family)
    {
      output_error (_ ("--for and --from: the addresses must be of the same family"));
      return FALSE;
    }
  *family = g_inet_address_get_family (*host);
  return TRUE;
}

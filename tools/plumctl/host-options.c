/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "host-options.h"

#include "endpoint.h"
#include "output.h"

#include <glib/gi18n-lib.h>

HostOptions host_options;

/* Adds the address or network in the text to the list. */
static gboolean
add_from (GListStore *from, const char *text, GSocketFamily *family)
{
  g_autoptr (GInetAddressMask) mask = g_inet_address_mask_new_from_string (text, NULL);

  if (mask == NULL || g_inet_address_mask_get_length (mask) == 0)
    {
      output_error (_ ("--from: “%s” is invalid, must be an address or a network such as "
                       "203.0.113.0/24"),
                    text);
      return FALSE;
    }
  if (g_list_model_get_n_items (G_LIST_MODEL (from)) > 0 &&
      g_inet_address_mask_get_family (mask) != *family)
    {
      output_error (_ ("--from: the addresses must be of the same family"));
      return FALSE;
    }

  *family = g_inet_address_mask_get_family (mask);
  g_list_store_append (from, mask);
  return TRUE;
}

static gboolean
parse_from (GListModel **from, GSocketFamily *family)
{
  g_autoptr (GListStore) list = g_list_store_new (G_TYPE_INET_ADDRESS_MASK);

  *from = NULL;
  if (host_options.from == NULL)
    return TRUE;

  for (guint i = 0; host_options.from[i] != NULL; i++)
    if (!add_from (list, host_options.from[i], family))
      return FALSE;

  *from = G_LIST_MODEL (g_steal_pointer (&list));
  return TRUE;
}

gboolean
host_options_parse (GListModel **from, GInetAddress **host, GSocketFamily *family)
{
  *host = NULL;
  if (!parse_from (from, family))
    return FALSE;
  if (host_options.host == NULL)
    return TRUE;

  *host = g_inet_address_new_from_string (host_options.host);
  if (*host == NULL)
    {
      output_error (_ ("--for: “%s” is not an address"), host_options.host);
      return FALSE;
    }
  if (!address_is_other_host (*host))
    {
      output_error (_ ("--for: “%s” is not the address of another host"), host_options.host);
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

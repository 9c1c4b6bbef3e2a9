/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-neighbour-private.h"

#include "plum-values-private.h"
#include "plum-windows-adapters.h"

static gboolean
is_known (const MIB_IPNET_ROW2 *row, GInetAddress *address, guint interface_index)
{
  g_autoptr (GInetAddress) found = plum_windows_address_read ((const SOCKADDR *) &row->Address);

  return row->InterfaceIndex == interface_index && row->State >= NlnsProbe &&
         row->PhysicalAddressLength > 0 &&
         row->PhysicalAddressLength <= sizeof row->PhysicalAddress && found != NULL &&
         g_inet_address_equal (found, address);
}

/* Reads the table: ResolveIpNetEntry2() would send a request. */
static char *
find_in_table (GInetAddress *address, guint interface_index)
{
  MIB_IPNET_TABLE2 *table = NULL;
  GString *text = NULL;

  if (GetIpNetTable2 (AF_INET, &table) != 0)
    return NULL;

  for (ULONG i = 0; i < table->NumEntries && text == NULL; i++)
    {
      const MIB_IPNET_ROW2 *row = &table->Table[i];

      if (!is_known (row, address, interface_index))
        continue;
      text = g_string_new (NULL);
      for (ULONG j = 0; j < row->PhysicalAddressLength; j++)
        g_string_append_printf (text, "%s%02x", j > 0 ? ":" : "", row->PhysicalAddress[j]);
    }

  FreeMibTable (table);
  return text != NULL ? g_string_free (text, FALSE) : NULL;
}

char *
plum_neighbour_lookup (PlumNetwork *network)
{
  PlumNetwork *inner = plum_network_get_inner (network);
  GInetAddress *gateway = plum_network_get_gateway (network);

  if (inner != NULL)
    return plum_neighbour_lookup (inner);
  if (gateway == NULL || g_inet_address_get_family (gateway) != G_SOCKET_FAMILY_IPV4)
    return NULL;

  return find_in_table (gateway, plum_network_get_interface_index (network));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-windows-route.h"

#include <string.h>

#include "plum-route-interfaces-private.h"

typedef struct
{
  guint interface_index;
  guint64 metric;
} Candidate;

void
plum_windows_route_free (PlumWindowsRoute *self)
{
  g_clear_object (&self->next_hop);
  g_clear_object (&self->source);
  g_free (self);
}

static PlumWindowsRoute *
plum_windows_route_new (const MIB_IPFORWARD_ROW2 *row, const SOCKADDR_INET *source)
{
  PlumWindowsRoute *self = g_new0 (PlumWindowsRoute, 1);
  GInetAddress *next_hop = plum_windows_address_read ((const SOCKADDR *) &row->NextHop);

  self->interface_index = row->InterfaceIndex;
  self->prefix_length = row->DestinationPrefix.PrefixLength;
  self->source = plum_windows_address_read ((const SOCKADDR *) source);
  if (next_hop != NULL && !g_inet_address_get_is_any (next_hop))
    self->next_hop = g_steal_pointer (&next_hop);
  g_clear_object (&next_hop);
  return self;
}

/* --- The table of routes --- */

/* The metric of a route is that of its entry and that of its interface. */
static guint64
get_metric (const MIB_IPFORWARD_ROW2 *row, const IP_ADAPTER_ADDRESSES *adapters)
{
  const gboolean ipv4 = row->DestinationPrefix.Prefix.si_family == AF_INET;

  for (const IP_ADAPTER_ADDRESSES *i = adapters; i != NULL; i = i->Next)
    if ((ipv4 ? i->IfIndex : i->Ipv6IfIndex) == row->InterfaceIndex)
      return (guint64) row->Metric + (ipv4 ? i->Ipv4Metric : i->Ipv6Metric);
  return row->Metric;
}

static gboolean
matches (const MIB_IPFORWARD_ROW2 *row, GInetAddress *destination)
{
  g_autoptr (GInetAddress) prefix =
    plum_windows_address_read ((const SOCKADDR *) &row->DestinationPrefix.Prefix);
  g_autoptr (GInetAddressMask) mask = NULL;

  if (prefix == NULL)
    return FALSE;

  mask = g_inet_address_mask_new (prefix, row->DestinationPrefix.PrefixLength, NULL);
  return mask != NULL && g_inet_address_mask_matches (mask, destination);
}

/* The longest prefix takes precedence, then the smallest metric. (nullable) (transfer none) */
static const MIB_IPFORWARD_ROW2 *
find_row (const MIB_IPFORWARD_TABLE2 *table,
          const IP_ADAPTER_ADDRESSES *adapters,
          GInetAddress *destination,
          guint interface_index)
{
  const MIB_IPFORWARD_ROW2 *best = NULL;
  guint64 best_metric = 0;

  for (ULONG i = 0; i < table->NumEntries; i++)
    {
      const MIB_IPFORWARD_ROW2 *row = &table->Table[i];
      const guint64 metric = get_metric (row, adapters);
      const int longer =
        best == NULL ? 1
                     : row->DestinationPrefix.PrefixLength - best->DestinationPrefix.PrefixLength;

      if ((interface_index != 0 && row->InterfaceIndex != interface_index) ||
          !matches (row, destination) || longer < 0 || (longer == 0 && metric >= best_metric))
        continue;
      best = row;
      best_metric = metric;
    }

  return best;
}

/* The first address of the adapter, but one that is valid outside of the link if there is one. */
static gboolean
find_source (const IP_ADAPTER_ADDRESSES *adapter, GSocketFamily family, SOCKADDR_INET *out)
{
  gboolean found = FALSE;

  for (const IP_ADAPTER_UNICAST_ADDRESS *i = adapter != NULL ? adapter->FirstUnicastAddress : NULL;
       i != NULL; i = i->Next)
    {
      g_autoptr (GInetAddress) address = plum_windows_address_read (i->Address.lpSockaddr);

      if (address == NULL || g_inet_address_get_family (address) != family ||
          (found && g_inet_address_get_is_link_local (address)))
        continue;

      plum_windows_address_write (address, 0, out);
      found = TRUE;
      if (!g_inet_address_get_is_link_local (address))
        break;
    }

  return found;
}

/* Packets to the addresses of this host do not leave it. The loopback interface has all of
 * 127.0.0.0/8. (nullable) (transfer none) */
static const IP_ADAPTER_ADDRESSES *
find_loopback (const IP_ADAPTER_ADDRESSES *adapters, GInetAddress *destination)
{
  gboolean is_own = g_inet_address_get_is_loopback (destination);

  for (const IP_ADAPTER_ADDRESSES *i = adapters; i != NULL && !is_own; i = i->Next)
    for (const IP_ADAPTER_UNICAST_ADDRESS *j = i->FirstUnicastAddress; j != NULL; j = j->Next)
      {
        g_autoptr (GInetAddress) own = plum_windows_address_read (j->Address.lpSockaddr);

        is_own = is_own || (own != NULL && g_inet_address_equal (own, destination));
      }

  for (const IP_ADAPTER_ADDRESSES *i = adapters; i != NULL && is_own; i = i->Next)
    if (i->IfType == IF_TYPE_SOFTWARE_LOOPBACK)
      return i;
  return NULL;
}

/* What GetBestRoute2() does, from the table of routes. */
static DWORD
search_table (GInetAddress *destination,
              guint interface_index,
              MIB_IPFORWARD_ROW2 *row,
              SOCKADDR_INET *source)
{
  const GSocketFamily family = g_inet_address_get_family (destination);
  g_autofree IP_ADAPTER_ADDRESSES *adapters = plum_windows_adapters_read (NULL);
  const IP_ADAPTER_ADDRESSES *loopback = find_loopback (adapters, destination);
  const MIB_IPFORWARD_ROW2 *found;
  MIB_IPFORWARD_TABLE2 *table = NULL;
  DWORD code;

  memset (row, 0, sizeof *row);
  if (loopback != NULL)
    {
      row->InterfaceIndex = plum_windows_adapter_get_index (loopback, family);
      if (interface_index != 0 && interface_index != row->InterfaceIndex)
        return ERROR_NETWORK_UNREACHABLE;
      return find_source (loopback, family, source) ? 0 : ERROR_NETWORK_UNREACHABLE;
    }

  code = GetIpForwardTable2 ((ADDRESS_FAMILY) family, &table);
  if (code != 0)
    return code;

  found = find_row (table, adapters, destination, interface_index);
  if (found != NULL)
    *row = *found;
  FreeMibTable (table);
  return found != NULL &&
             find_source (plum_windows_adapters_find_index (adapters, family, row->InterfaceIndex),
                          family, source)
           ? 0
           : ERROR_NETWORK_UNREACHABLE;
}

/* --- Queries --- */

PlumWindowsRoute *
plum_windows_route_find (GInetAddress *destination, guint interface_index, DWORD *code)
{
  SOCKADDR_INET to;
  SOCKADDR_INET source = { 0 };
  MIB_IPFORWARD_ROW2 row = { 0 };

  plum_windows_address_write (destination, interface_index, &to);
  *code = GetBestRoute2 (NULL, interface_index, NULL, &to, 0, &row, &source);
  /* Wine lists its routes, but does not search them. */
  if (*code == ERROR_NOT_SUPPORTED)
    *code = search_table (destination, interface_index, &row, &source);

  return *code == 0 ? plum_windows_route_new (&row, &source) : NULL;
}

static int
compare_candidates (gconstpointer a, gconstpointer b)
{
  const Candidate *left = a;
  const Candidate *right = b;

  if (left->metric != right->metric)
    return left->metric < right->metric ? -1 : 1;
  return 0;
}

/* Virtual private networks use halves of the default route to override it. */
GArray *
plum_windows_route_list_interfaces (GSocketFamily family, DWORD *code)
{
  g_autofree IP_ADAPTER_ADDRESSES *adapters = plum_windows_adapters_read (NULL);
  g_autoptr (GArray) candidates = g_array_new (FALSE, FALSE, sizeof (Candidate));
  MIB_IPFORWARD_TABLE2 *table = NULL;
  GArray *indexes;

  *code = GetIpForwardTable2 ((ADDRESS_FAMILY) family, &table);
  if (*code != 0)
    return NULL;

  for (ULONG i = 0; i < table->NumEntries; i++)
    {
      const MIB_IPFORWARD_ROW2 *row = &table->Table[i];
      const Candidate candidate = { row->InterfaceIndex, get_metric (row, adapters) };

      if (row->DestinationPrefix.PrefixLength <= 1 && !row->Loopback)
        g_array_append_val (candidates, candidate);
    }
  FreeMibTable (table);

  g_array_sort (candidates, compare_candidates);
  indexes = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint i = 0; i < candidates->len; i++)
    plum_route_interfaces_add (indexes, g_array_index (candidates, Candidate, i).interface_index);
  return indexes;
}

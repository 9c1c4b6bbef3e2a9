/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-mapping-internal-private.h"

void
plum_mapping_make_host_properties (GParamSpec **properties)
{
  /**
   * PlumMapping:internal-address: (getter get_internal_address)
   *
   * The address of another host of the local network that the mapping leads to, such as a camera
   * that cannot request mappings itself; %NULL, the default, for this host.
   *
   * The address must be on the link of the gateway, and neither belong to this host nor to the
   * gateway. Otherwise [method@Plum.Manager.add_mapping] fails with %G_IO_ERROR_INVALID_ARGUMENT;
   * if the host is in another network later, the mapping fails with %PLUM_ERROR_NO_GATEWAY.
   *
   * PCP (the THIRD_PARTY option, RFC 6887 13.1) and UPnP can request such a mapping; NAT-PMP
   * cannot. Many routers refuse it, such as those in the “secure mode” of UPnP.
   *
   * Since: 1.0
   */
  properties[PROP_INTERNAL_ADDRESS] =
    g_param_spec_object ("internal-address", NULL, NULL, G_TYPE_INET_ADDRESS, CONSTRUCT_FLAGS);

  /**
   * PlumMapping:remote-address: (getter get_remote_address)
   *
   * The address of the host, or of the network, from which connections are accepted; %NULL, the
   * default, for all hosts. For several, use [property@Plum.Mapping:remote-addresses], of which
   * this is the first one.
   *
   * The family must be that of the mapping, and the length at least 1. Otherwise
   * [method@Plum.Manager.add_mapping] fails with %G_IO_ERROR_INVALID_ARGUMENT.
   *
   * PCP can restrict a mapping to a host or a network (the FILTER option, RFC 6887 13.3), UPnP to
   * one host, NAT-PMP not at all. If no protocol of the router can, the mapping fails: it is never
   * opened to more hosts. A router that accepts the restriction, but reports that it does not apply
   * it, is a failure as well, and the mapping is deleted.
   *
   * Since: 1.0
   */
  properties[PROP_REMOTE_ADDRESS] =
    g_param_spec_object ("remote-address", NULL, NULL, G_TYPE_INET_ADDRESS_MASK, CONSTRUCT_FLAGS);

  /**
   * PlumMapping:remote-addresses: (getter get_remote_addresses)
   *
   * The hosts and networks from which connections are accepted: a list of
   * [class@Gio.InetAddressMask]; %NULL, the default, for all hosts.
   *
   * The list is copied at construction, without duplicates; an empty list is the same as %NULL. If
   * [property@Plum.Mapping:remote-address] is set as well, it is added. What that property requires
   * of its address applies to each of them, and there are at most 256; otherwise
   * [method@Plum.Manager.add_mapping] fails with %G_IO_ERROR_INVALID_ARGUMENT.
   *
   * Only PCP can restrict a mapping to several hosts or networks, and to at most 32. How many the
   * router accepts is its choice.
   *
   * Since: 1.0
   */
  properties[PROP_REMOTE_ADDRESSES] =
    g_param_spec_object ("remote-addresses", NULL, NULL, G_TYPE_LIST_MODEL, CONSTRUCT_FLAGS);
}

static void
plum_mapping_add_remote_addresses (PlumMapping *self, GListModel *addresses)
{
  guint n = g_list_model_get_n_items (addresses);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (addresses, i);

      g_return_if_fail (G_IS_INET_ADDRESS_MASK (item));
      plum_hosts_add_remote (&self->spec.hosts, G_INET_ADDRESS_MASK (item));
    }
}

void
plum_mapping_add_remote (PlumMapping *self, const GValue *value)
{
  GObject *object = g_value_get_object (value);

  if (G_IS_INET_ADDRESS_MASK (object))
    plum_hosts_add_remote (&self->spec.hosts, G_INET_ADDRESS_MASK (object));
  else if (object != NULL)
    plum_mapping_add_remote_addresses (self, G_LIST_MODEL (object));
}

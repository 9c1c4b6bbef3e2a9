/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-map-port.h"

#define MAX_DRAWS 64

static const UpnpPort *
upnp_map_port_lookup (UpnpNegotiation *negotiation, guint port)
{
  return upnp_ports_lookup (upnp_session_get_ports (negotiation->operation.session),
                            negotiation->protocol, port, &negotiation->hosts);
}

static gint64
get_time (UpnpNegotiation *negotiation)
{
  return plum_backend_get_time (upnp_session_get_backend (negotiation->operation.session));
}

guint
upnp_map_port_get_holder (UpnpNegotiation *negotiation, guint port)
{
  const UpnpPort *held = upnp_map_port_lookup (negotiation, port);

  if (held == NULL)
    return 0;
  return upnp_hosts_equal (&held->hosts, &negotiation->hosts) ? held->internal_port
                                                              : UPNP_UNKNOWN_PORT;
}

gboolean
upnp_map_port_may_use (UpnpNegotiation *negotiation, guint port)
{
  guint holder = upnp_map_port_get_holder (negotiation, port);

  return port != 0 && (holder == 0 || holder == negotiation->attempt.internal_port);
}

gboolean
upnp_map_port_is_renewal (UpnpNegotiation *negotiation, guint port)
{
  const UpnpPort *held = upnp_map_port_lookup (negotiation, port);

  return held != NULL && held->internal_port == negotiation->attempt.internal_port &&
         upnp_hosts_equal (&held->hosts, &negotiation->hosts) &&
         (held->expires == 0 || get_time (negotiation) < held->expires);
}

guint
upnp_map_port_get_remaining (UpnpNegotiation *negotiation, guint port)
{
  const UpnpPort *held = upnp_map_port_lookup (negotiation, port);

  if (!upnp_map_port_is_renewal (negotiation, port))
    return 0;
  if (held->expires == 0)
    return PLUM_LIFETIME_FOREVER;

  return (guint) ((held->expires - get_time (negotiation)) / G_USEC_PER_SEC);
}

guint
upnp_map_port_choose (UpnpNegotiation *negotiation, guint lowest, gboolean internal_tried)
{
  guint port = negotiation->attempt.internal_port;

  if (!internal_tried && port >= lowest && upnp_map_port_may_use (negotiation, port))
    return port;

  for (guint i = 0; i < MAX_DRAWS; i++)
    {
      port = (guint) g_random_int_range (UPNP_MAP_LOWEST_PORT, G_MAXUINT16 + 1);
      if (upnp_map_port_may_use (negotiation, port))
        break;
    }

  return port;
}

void
upnp_map_port_hold (UpnpNegotiation *negotiation, guint port, guint lifetime)
{
  UpnpPort held = { .protocol = negotiation->protocol,
                    .external_port = port,
                    .internal_port = negotiation->attempt.internal_port,
                    .hosts = negotiation->hosts };

  if (lifetime != PLUM_LIFETIME_FOREVER)
    held.expires = get_time (negotiation) + lifetime * (gint64) G_USEC_PER_SEC;
  upnp_ports_add (upnp_session_get_ports (negotiation->operation.session), &held);
}

void
upnp_map_port_remove (UpnpNegotiation *negotiation, guint port)
{
  upnp_ports_remove (upnp_session_get_ports (negotiation->operation.session), negotiation->protocol,
                     port, &negotiation->hosts);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "upnp-hosts.h"

G_BEGIN_DECLS

/* A mapped port or, on an IPv6 network, a pinhole, whose external port is the internal one. */
typedef struct
{
  PlumProtocol protocol;
  guint external_port;
  guint internal_port;
  guint unique_id; /* of a pinhole: the router's number for it */
  guint lease;     /* of a pinhole: s, as granted */
  gint64 expires;  /* of a port: when the router may give it to another host, in µs; 0: never */
  UpnpHosts hosts;
} UpnpPort;

/* In place of an unconfirmed external port: the router chose it, and the answer was lost. */
#define UPNP_UNKNOWN_PORT (G_MAXUINT16 + 1)

/* The ports and pinholes that this process holds or may hold on the router. A router lets the
 * mappings of one host overwrite each other, so this table prevents it (quirk 50). It also keeps
 * the numbers of pinholes, which the router may reuse for other hosts after it has lost its state.
 */
typedef struct _UpnpPorts UpnpPorts;

/* by_hosts: several pinholes may have the same port, for other hosts. */
UpnpPorts *upnp_ports_new (gboolean by_hosts);
void upnp_ports_free (UpnpPorts *self);

/* Copies port. */
void upnp_ports_add (UpnpPorts *self, const UpnpPort *port);
void upnp_ports_remove (UpnpPorts *self,
                        PlumProtocol protocol,
                        guint external_port,
                        const UpnpHosts *hosts);
/* NULL: not held. hosts: of the pinhole; does not matter for a port. */
const UpnpPort *upnp_ports_lookup (UpnpPorts *self,
                                   PlumProtocol protocol,
                                   guint external_port,
                                   const UpnpHosts *hosts);
/* Any of them. (nullable) */
const UpnpPort *upnp_ports_peek (UpnpPorts *self);
/* The router no longer has any of them. */
void upnp_ports_clear (UpnpPorts *self);

/* The external port of the last request for an internal port that the router has not answered: it
 * may be mapped or not. 0: no such request; UPNP_UNKNOWN_PORT: the router chose it. */
void upnp_ports_set_unconfirmed (UpnpPorts *self,
                                 PlumProtocol protocol,
                                 guint internal_port,
                                 const UpnpHosts *hosts,
                                 guint external_port);
guint upnp_ports_get_unconfirmed (UpnpPorts *self,
                                  PlumProtocol protocol,
                                  guint internal_port,
                                  const UpnpHosts *hosts);

/* The address that an entry of this host still leads to, because the address of this host has
 * changed and the router did not delete the entry. */
void upnp_ports_set_former_client (UpnpPorts *self,
                                   PlumProtocol protocol,
                                   guint external_port,
                                   const char *client);
/* (nullable) */
const char *upnp_ports_get_former_client (UpnpPorts *self,
                                          PlumProtocol protocol,
                                          guint external_port);

G_END_DECLS

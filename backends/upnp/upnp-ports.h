/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* The external ports that this process holds on the router, or may hold. A router does not keep
 * mappings of one host from overwriting each other, so we must (quirk 50). */
typedef struct _UpnpPorts UpnpPorts;

UpnpPorts *upnp_ports_new (void);
void upnp_ports_free (UpnpPorts *self);

void upnp_ports_add (UpnpPorts *self,
                     PlumProtocol protocol,
                     guint external_port,
                     guint internal_port);
void upnp_ports_remove (UpnpPorts *self, PlumProtocol protocol, guint external_port);
/* The internal port it leads to; 0: not held. */
guint upnp_ports_lookup (UpnpPorts *self, PlumProtocol protocol, guint external_port);
/* The router has forgotten them all. */
void upnp_ports_clear (UpnpPorts *self);
gboolean upnp_ports_is_empty (UpnpPorts *self);
/* Any one of those held. */
gboolean upnp_ports_peek (UpnpPorts *self,
                          PlumProtocol *protocol,
                          guint *external_port,
                          guint *internal_port);

/* The external port that was asked for last, for an internal one, as long as no answer has come:
 * it may be mapped or not. 0: there is no such doubt. */
void upnp_ports_set_unconfirmed (UpnpPorts *self,
                                 PlumProtocol protocol,
                                 guint internal_port,
                                 guint external_port);
guint upnp_ports_get_unconfirmed (UpnpPorts *self, PlumProtocol protocol, guint internal_port);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* The external ports that this process holds or may hold on the router. A router lets the mappings
 * of one host overwrite each other, so this table prevents it (quirk 50). */
typedef struct _UpnpPorts UpnpPorts;

UpnpPorts *upnp_ports_new (void);
void upnp_ports_free (UpnpPorts *self);

void upnp_ports_add (UpnpPorts *self,
                     PlumProtocol protocol,
                     guint external_port,
                     guint internal_port);
void upnp_ports_remove (UpnpPorts *self, PlumProtocol protocol, guint external_port);
/* The internal port that it leads to; 0: not held. */
guint upnp_ports_lookup (UpnpPorts *self, PlumProtocol protocol, guint external_port);
/* The router no longer has any of them. */
void upnp_ports_clear (UpnpPorts *self);
gboolean upnp_ports_is_empty (UpnpPorts *self);
/* Returns any of them. FALSE: there is none. */
gboolean upnp_ports_peek (UpnpPorts *self,
                          PlumProtocol *protocol,
                          guint *external_port,
                          guint *internal_port);

/* The external port of the last request for an internal port that the router has not answered: it
 * may be mapped or not. 0: there is none. */
void upnp_ports_set_unconfirmed (UpnpPorts *self,
                                 PlumProtocol protocol,
                                 guint internal_port,
                                 guint external_port);
guint upnp_ports_get_unconfirmed (UpnpPorts *self, PlumProtocol protocol, guint internal_port);

G_END_DECLS

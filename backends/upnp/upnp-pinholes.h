/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* A pinhole that this process holds in the firewall. */
typedef struct
{
  PlumProtocol protocol;
  guint port;
  guint unique_id; /* the router's number for it */
  guint lease;     /* s, as granted */
} UpnpPinhole;

/* The pinholes that this process holds or may hold. The router assigns their numbers, and may reuse
 * them for other hosts after it has lost its state. */
typedef struct _UpnpPinholes UpnpPinholes;

UpnpPinholes *upnp_pinholes_new (void);
void upnp_pinholes_free (UpnpPinholes *self);

void upnp_pinholes_add (UpnpPinholes *self, const UpnpPinhole *pinhole);
void upnp_pinholes_remove (UpnpPinholes *self, PlumProtocol protocol, guint port);
/* NULL: not held. */
const UpnpPinhole *upnp_pinholes_lookup (UpnpPinholes *self, PlumProtocol protocol, guint port);
/* Any of them; NULL: there is none. */
const UpnpPinhole *upnp_pinholes_peek (UpnpPinholes *self);
/* The router no longer has any of them. */
void upnp_pinholes_clear (UpnpPinholes *self);

/* Whether the router has not answered a request for a pinhole: it may exist or not. */
void upnp_pinholes_set_unconfirmed (UpnpPinholes *self,
                                    PlumProtocol protocol,
                                    guint port,
                                    gboolean unconfirmed);
gboolean upnp_pinholes_get_unconfirmed (UpnpPinholes *self, PlumProtocol protocol, guint port);

G_END_DECLS

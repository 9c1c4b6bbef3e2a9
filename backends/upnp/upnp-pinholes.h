/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* A pinhole that this process holds in the firewall. */
typedef struct
{
  PlumProtocol protocol;
  guint port;
  guint unique_id; /* what the router calls it */
  guint lease;     /* s, as granted */
} UpnpPinhole;

/* The pinholes that this process holds, or may hold. The router knows them by numbers that it makes
 * up, and that it may give to others once it has forgotten ours. */
typedef struct _UpnpPinholes UpnpPinholes;

UpnpPinholes *upnp_pinholes_new (void);
void upnp_pinholes_free (UpnpPinholes *self);

void upnp_pinholes_add (UpnpPinholes *self, const UpnpPinhole *pinhole);
void upnp_pinholes_remove (UpnpPinholes *self, PlumProtocol protocol, guint port);
/* NULL: not held. */
const UpnpPinhole *upnp_pinholes_lookup (UpnpPinholes *self, PlumProtocol protocol, guint port);
/* Any one of those held. */
const UpnpPinhole *upnp_pinholes_peek (UpnpPinholes *self);
/* The router has forgotten them all. */
void upnp_pinholes_clear (UpnpPinholes *self);

/* Was a pinhole asked for, and no answer has come? Then it may be there or not. */
void upnp_pinholes_set_unconfirmed (UpnpPinholes *self,
                                    PlumProtocol protocol,
                                    guint port,
                                    gboolean unconfirmed);
gboolean upnp_pinholes_get_unconfirmed (UpnpPinholes *self, PlumProtocol protocol, guint port);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "upnp-negotiation.h"

G_BEGIN_DECLS

/* Searches the router's table for an entry of the negotiation's internal port that this process
 * does not know: the answer to AddAnyPortMapping, which names the port, was lost. description is
 * borrowed. */
void upnp_find_start (UpnpNegotiation *negotiation,
                      guint internal_port,
                      const char *description,
                      UpnpFindFunc func);

/* Searches the table for the entry of an external port of the negotiation, by its number. The
 * result is UPNP_LOOKUP_TAKEN if its remote host is not the requested one. */
void upnp_find_start_port (UpnpNegotiation *negotiation, guint external_port, UpnpFindFunc func);

G_END_DECLS

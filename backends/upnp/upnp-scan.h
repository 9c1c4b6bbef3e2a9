/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "upnp-negotiation.h"

G_BEGIN_DECLS

/* Searches the whole table for the entry of an external port of the negotiation's protocol,
 * whichever host it leads to: the router does not answer a question for the port itself. */
void upnp_scan_start (UpnpNegotiation *negotiation, guint external_port, UpnpScanFunc func);

G_END_DECLS

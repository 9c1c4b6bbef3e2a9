/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "soap-codec.h"

G_BEGIN_DECLS

/* Names the host or the program that has the external port. (transfer full) */
char *upnp_map_text_dup_taken (PlumProtocol protocol,
                               guint external_port,
                               const UpnpTableEntry *entry,
                               const char *local_address);
/* Names the host and the port that the entry leads to, as far as the router reports them. (transfer
 * full) */
char *upnp_map_text_dup_target (const UpnpTableEntry *entry);
/* What an add with this lease may have left on the router. external_port: 0: unknown. lease: s; 0:
 * permanent. (transfer full) */
char *upnp_map_text_dup_leftover (PlumProtocol protocol, guint external_port, guint lease);

G_END_DECLS

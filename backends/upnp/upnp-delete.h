/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "upnp-session.h"

G_BEGIN_DECLS

/* Deletes an entry of the table, or closes a pinhole of this host, that the user named. Only what
 * leads to the internal address of the entry is deleted; NULL: this host. */
void upnp_delete_entry_start (UpnpSession *session, PlumEntry *entry, PlumCall *call);
void upnp_delete_pinhole_start (UpnpSession *session, PlumEntry *entry, PlumCall *call);

G_END_DECLS

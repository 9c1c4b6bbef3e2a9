/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* Listens for ssdp:alive messages of the gateway while no port is mapped, and reports them to core,
 * which limits the rate and discovers again. Sends nothing, because the messages can be forged. */
typedef struct _UpnpAnnouncements UpnpAnnouncements;

/* backend is borrowed. */
UpnpAnnouncements *upnp_announcements_new (PlumBackend *backend, GMainContext *context);
void upnp_announcements_free (UpnpAnnouncements *self);

G_END_DECLS

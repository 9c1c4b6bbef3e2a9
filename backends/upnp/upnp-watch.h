/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "upnp-session.h"

G_BEGIN_DECLS

/* Receives the announcements of the device while ports are mapped. Any host can forge them, so each
 * is only a hint: the watch queries the device for one of the ports, at most every 10 s, and
 * reports the device as lost if the port is missing. If it is there, the watch asks for the
 * external address as well, and reports a new one. */
typedef struct _UpnpWatch UpnpWatch;

/* session is borrowed. */
UpnpWatch *upnp_watch_new (UpnpSession *session, UpnpDevice *device);
UpnpDevice *upnp_watch_get_device (UpnpWatch *self);
void upnp_watch_free (UpnpWatch *self);

G_END_DECLS

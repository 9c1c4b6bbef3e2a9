/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "upnp-session.h"

G_BEGIN_DECLS

/* As long as ports are mapped: hears the device say goodbye, or be there anew. Anybody can say that
 * in its name, so it is a hint only: the device is asked for one of our ports, at most every 10 s,
 * and is lost if it does not know it. */
typedef struct _UpnpWatch UpnpWatch;

/* session is borrowed. */
UpnpWatch *upnp_watch_new (UpnpSession *session, UpnpDevice *device);
UpnpDevice *upnp_watch_get_device (UpnpWatch *self);
void upnp_watch_free (UpnpWatch *self);

G_END_DECLS

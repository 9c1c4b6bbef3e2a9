/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "upnp-backend.h"

G_BEGIN_DECLS

/* As long as ports are mapped: hears the device say goodbye, or be there anew. Anybody can say that
 * in its name, so it is a hint only: the device is asked for one of our ports, at most every 10 s,
 * and is lost if it does not know it. */
typedef struct _UpnpWatch UpnpWatch;

/* backend is borrowed. */
UpnpWatch *upnp_watch_new (PlumUpnpBackend *backend, UpnpDevice *device);
void upnp_watch_free (UpnpWatch *self);

G_END_DECLS

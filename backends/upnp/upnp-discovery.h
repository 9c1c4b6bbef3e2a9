/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "upnp-session.h"

G_BEGIN_DECLS

/* Finds the device and the service that map ports: those of the gateway as soon as it answers, else
 * the best of all that answer. */
void upnp_discovery_start (UpnpSession *session, PlumCall *call);

G_END_DECLS

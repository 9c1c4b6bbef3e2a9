/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "upnp-session.h"

G_BEGIN_DECLS

/* Asks for the external address of the router. */
void upnp_get_address_start (UpnpSession *session, PlumCall *call);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "upnp-session.h"

G_BEGIN_DECLS

/* Reads the router's table: as a whole if the router supports that, else entry by entry. */
void upnp_list_start (UpnpSession *session, PlumCall *call);

G_END_DECLS

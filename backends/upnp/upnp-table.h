/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "upnp-backend.h"

G_BEGIN_DECLS

/* The smaller operations on the router's table. */

/* Deletes the mapping, if it is ours. lease: (nullable): the answer to the mapping never came */
void upnp_unmap_start (PlumUpnpBackend *backend,
                       PlumRequest *request,
                       PlumLease *lease,
                       PlumCall *call);
void upnp_check_start (PlumUpnpBackend *backend,
                       PlumRequest *request,
                       PlumLease *lease,
                       PlumCall *call);
void upnp_get_address_start (PlumUpnpBackend *backend, PlumCall *call);
void upnp_delete_entry_start (PlumUpnpBackend *backend, PlumEntry *entry, PlumCall *call);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* The addresses of this host that mappings request, each with the number of its users. */
typedef struct _PlumLocalAddresses PlumLocalAddresses;

PlumLocalAddresses *plum_local_addresses_new (void);
void plum_local_addresses_free (PlumLocalAddresses *self);

void plum_local_addresses_add (PlumLocalAddresses *self, GInetAddress *address);
void plum_local_addresses_remove (PlumLocalAddresses *self, GInetAddress *address);

guint plum_local_addresses_get_n (PlumLocalAddresses *self);
/* (transfer none) */
GInetAddress *plum_local_addresses_get (PlumLocalAddresses *self, guint index);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PlumLocalAddresses, plum_local_addresses_free)

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(PLUM_INSIDE) && !defined(PLUM_COMPILATION)
#  error "Only <plum-glib/plum-glib.h> can be included directly."
#endif

#include <gio/gio.h>
#include <plum-glib/plum-version-macros.h>

G_BEGIN_DECLS

#define PLUM_TYPE_LEASE (plum_lease_get_type ())

PLUM_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (PlumLease, plum_lease, PLUM, LEASE, GObject)

PLUM_AVAILABLE_IN_1_0
PlumLease *plum_lease_new (GInetAddress *external_address,
                           guint external_port,
                           guint lifetime,
                           GVariant *token);
PLUM_AVAILABLE_IN_1_0
GInetAddress *plum_lease_get_external_address (PlumLease *self);
PLUM_AVAILABLE_IN_1_0
guint plum_lease_get_external_port (PlumLease *self);
PLUM_AVAILABLE_IN_1_0
guint plum_lease_get_lifetime (PlumLease *self);
PLUM_AVAILABLE_IN_1_0
GVariant *plum_lease_get_token (PlumLease *self);

G_END_DECLS

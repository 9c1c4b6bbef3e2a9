/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(PLUM_INSIDE) && !defined(PLUM_COMPILATION)
#  error "Only <plum-glib/plum-glib.h> can be included directly."
#endif

#include <gio/gio.h>
#include <plum-glib/plum-enums.h>
#include <plum-glib/plum-version-macros.h>

G_BEGIN_DECLS

#define PLUM_TYPE_ENTRY (plum_entry_get_type ())

PLUM_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (PlumEntry, plum_entry, PLUM, ENTRY, GObject)

PLUM_AVAILABLE_IN_1_0
PlumEntry *plum_entry_new (PlumProtocol protocol,
                           guint external_port,
                           guint internal_port,
                           GInetAddress *internal_address,
                           const char *description,
                           guint lifetime,
                           gboolean enabled);
PLUM_AVAILABLE_IN_1_0
PlumProtocol plum_entry_get_protocol (PlumEntry *self);
PLUM_AVAILABLE_IN_1_0
guint plum_entry_get_external_port (PlumEntry *self);
PLUM_AVAILABLE_IN_1_0
guint plum_entry_get_internal_port (PlumEntry *self);
PLUM_AVAILABLE_IN_1_0
GInetAddress *plum_entry_get_internal_address (PlumEntry *self);
PLUM_AVAILABLE_IN_1_0
const char *plum_entry_get_description (PlumEntry *self);
PLUM_AVAILABLE_IN_1_0
guint plum_entry_get_lifetime (PlumEntry *self);
PLUM_AVAILABLE_IN_1_0
gboolean plum_entry_get_enabled (PlumEntry *self);
PLUM_AVAILABLE_IN_1_0
const char *plum_entry_get_remote_host (PlumEntry *self);
PLUM_AVAILABLE_IN_1_0
GInetAddressMask *plum_entry_get_remote_address (PlumEntry *self);
PLUM_AVAILABLE_IN_1_0
const char *plum_entry_get_protocol_text (PlumEntry *self);
PLUM_AVAILABLE_IN_1_0
const char *plum_entry_get_internal_port_text (PlumEntry *self);
PLUM_AVAILABLE_IN_1_0
const char *plum_entry_get_internal_address_text (PlumEntry *self);
PLUM_AVAILABLE_IN_1_0
const char *plum_entry_get_problem (PlumEntry *self);
PLUM_AVAILABLE_IN_1_0
GInetAddress *plum_entry_get_gateway_address (PlumEntry *self);
PLUM_AVAILABLE_IN_1_0
gboolean plum_entry_is_readable (PlumEntry *self);

G_END_DECLS

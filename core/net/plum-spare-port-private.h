/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Binds an unused UDP port, which then belongs to no other program of this host until the socket is
 * freed. Nothing is sent from it, and nothing is read. (transfer full) (nullable) */
GSocket *plum_spare_port_new (GSocketFamily family, guint *port, GError **error);

G_END_DECLS

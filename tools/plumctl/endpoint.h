/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

/* Whether ports can be mapped to the address for another host. */
gboolean address_is_other_host (GInetAddress *address);

/* Whether both are the same address. A missing one equals none. */
gboolean address_equal (GInetAddress *a, GInetAddress *b);

/* Whether both have the same address and port. A missing one equals none. */
gboolean endpoint_equal (GInetSocketAddress *a, GInetSocketAddress *b);

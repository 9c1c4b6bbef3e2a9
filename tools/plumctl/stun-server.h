/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

/* Parses HOST or HOST:PORT; an IPv6 address with a port is in brackets. (transfer full): a
 * GNetworkAddress */
GSocketConnectable *stun_server_parse (const char *text, GError **error);

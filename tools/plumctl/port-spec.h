/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

/* The maximum number of ports in one SPEC: a typing error (tcp:1-65535) must not fill the
 * router's table. */
#define PORT_SPEC_MAX_PORTS 1024u

/* A SPEC on the command line: PROTOCOL:INTERNAL[-INTERNAL][:EXTERNAL[-EXTERNAL]]. */
typedef struct
{
  PlumProtocol protocol;
  guint first_internal;
  guint n_ports;
  guint first_external; /* 0: chosen by the router */
} PortSpec;

gboolean port_spec_parse (const char *text, PortSpec *out, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

/* The most ports that one SPEC may name: a slip of the finger (tcp:1-65535) must not fill
 * the router's table. */
#define PORT_SPEC_MAX_PORTS 1024u

/* A SPEC of the command line: PROTOCOL:INTERNAL[-INTERNAL][:EXTERNAL[-EXTERNAL]]. */
typedef struct
{
  PlumProtocol protocol;
  guint first_internal;
  guint n_ports;
  guint first_external; /* 0: as the router likes */
} PortSpec;

gboolean port_spec_parse (const char *text, PortSpec *out, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "router-chain.h"

G_BEGIN_DECLS

/* Texts for the states and errors of the library. Plain text, without markup. */

char *ports_text_for_router (PlumGateway *gateway);
char *ports_text_for_scope (PlumAddressScope scope);
char *ports_text_for_error (const GError *error);
char *ports_text_for_backend (const char *name, const char *description);
char *ports_text_for_backend_in_use (const char *name, const char *description);
char *ports_text_for_probe (PlumProbe *probe);
char *ports_text_for_path (PlumMapping *mapping);
char *ports_text_for_chain (const RouterChain *chain);
char *ports_text_for_mapping (PlumMapping *mapping);
char *ports_text_for_port (PlumMapping *mapping);
char *ports_text_for_endpoint (PlumMapping *mapping);

G_END_DECLS

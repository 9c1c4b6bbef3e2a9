/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* What the library tells, as sentences. Pure; plain text, not markup. */

char *ports_words_for_scope (PlumAddressScope scope);
char *ports_words_for_error (const GError *error);
char *ports_words_for_probe (PlumProbe *probe);
char *ports_words_for_mapping (PlumMapping *mapping);
char *ports_words_for_port (PlumMapping *mapping);
char *ports_words_for_endpoint (PlumMapping *mapping);

G_END_DECLS

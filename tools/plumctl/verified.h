/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "stun-result.h"

#include <plum-glib/plum-glib.h>

/* The result of the test of a mapped UDP port with a STUN server, which is kept with the mapping.
 * It is about the external endpoint that the mapping had at the time. */

/* Takes the content of @result. */
void verified_set (PlumMapping *mapping, StunResult *result, const char *host, guint port);
gboolean verified_is_set (PlumMapping *mapping);
/* UNKNOWN without a result, or if the external endpoint has changed since. */
StunAnswer verified_get (PlumMapping *mapping);
/* The answer and its reason, without the name of the mapping. NULL without a result. */
char *verified_describe (PlumMapping *mapping);
/* Writes the members "verified" and "stun". */
void verified_write_json (PlumMapping *mapping, JsonWriter *json);

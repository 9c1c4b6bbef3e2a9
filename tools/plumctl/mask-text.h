/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

/* Whether an address may identify a user. */
gboolean mask_text_is_private (GInetAddress *address);
/* Replaces the addresses and the identifiers of devices in a text of any encoding, in place. */
void mask_text_in_place (char *text, size_t length);

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

/* Replaces public addresses and identifiers of devices in a recording. A replacement has the same
 * length, so that lengths in recorded packets stay valid, and is also public, so that the recording
 * leads to the same verdict. Private addresses are kept: they do not identify a user. */

GInetAddress *mask_address (GInetAddress *address);
char *mask_text (const char *text);
GBytes *mask_bytes (GBytes *bytes, GPtrArray *addresses);

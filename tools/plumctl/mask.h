/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

/* Takes public addresses out of a recording. Each stand-in is as long as what it stands for, so
 * that lengths in the recorded packets stay true, and public as well, so that the recording
 * leads to the same verdict. Private addresses stay: they tell nothing about anybody. */

GInetAddress *mask_address (GInetAddress *address);
char *mask_text (const char *text);
GBytes *mask_bytes (GBytes *bytes, GPtrArray *addresses);

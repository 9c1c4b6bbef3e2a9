/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

gboolean shown_text_is_visible (gunichar c);
char *shown_text_dup (const char *text, const char *replacement);

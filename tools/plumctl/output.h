/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

typedef enum {
  OUTPUT_PLAIN,
  OUTPUT_GOOD,
  OUTPUT_BAD,
  OUTPUT_FAINT,
} OutputColour;

void output_init (void);
gboolean output_is_terminal (void);
void output_set_untranslated (void);
void output_set_quiet (gboolean quiet);

void output_line (OutputColour colour, const char *format, ...) G_GNUC_PRINTF (2, 3);
void output_json (const char *json);
void output_live (const char *text);
void output_error (const char *format, ...) G_GNUC_PRINTF (1, 2);
void output_hint (const char *format, ...) G_GNUC_PRINTF (1, 2);

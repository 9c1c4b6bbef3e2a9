/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

/* Writes one JSON document (RFC 8259) into a string. The caller is responsible for balanced
 * nesting; the writer adds commas, quotes strings and ensures valid UTF-8. The key is NULL for a
 * member of an array. */
typedef struct
{
  GString *text;
  gboolean needs_comma;
} JsonWriter;

void json_writer_init (JsonWriter *self);
char *json_writer_finish (JsonWriter *self);

void json_writer_begin_object (JsonWriter *self, const char *key);
void json_writer_end_object (JsonWriter *self);
void json_writer_begin_array (JsonWriter *self, const char *key);
void json_writer_end_array (JsonWriter *self);

void json_writer_string (JsonWriter *self, const char *key, const char *value);
void json_writer_int (JsonWriter *self, const char *key, gint64 value);
void json_writer_bool (JsonWriter *self, const char *key, gboolean value);
void json_writer_null (JsonWriter *self, const char *key);

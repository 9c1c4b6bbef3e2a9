/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Fuzzes: core/store/plum-lease-codec.c */

#include "fuzz.h"

#include <string.h>

#include "plum-lease-codec-private.h"

static void
check_record (const PlumLeaseRecord *record)
{
  g_assert_true (record->protocol == PLUM_PROTOCOL_TCP || record->protocol == PLUM_PROTOCOL_UDP);
  g_assert_cmpuint (record->internal_port, >=, 1);
  g_assert_cmpuint (record->internal_port, <=, G_MAXUINT16);
  g_assert_cmpuint (record->external_port, >=, 1);
  g_assert_cmpuint (record->external_port, <=, G_MAXUINT16);
  g_assert_nonnull (record->key);
  g_assert_cmpuint (g_bytes_get_size (record->key), ==, PLUM_LEASE_RECORD_KEY_SIZE);
  g_assert_nonnull (record->interface_name);
  g_assert_nonnull (record->backend_name);
  g_assert_cmpint (record->expires, >=, 0);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) records = plum_lease_codec_decode ((const char *) data, size, &error);
  g_autoptr (GPtrArray) again = NULL;
  GString *text, *second;

  if (records == NULL)
    {
      g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
      return 0;
    }

  g_assert_no_error (error);
  for (guint i = 0; i < records->len; i++)
    check_record (g_ptr_array_index (records, i));

  /* Encoding and decoding a record again must return the same text. */
  text = plum_lease_codec_encode (records);
  again = plum_lease_codec_decode (text->str, text->len, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (again->len, ==, records->len);
  second = plum_lease_codec_encode (again);
  g_assert_cmpstr (text->str, ==, second->str);
  g_string_free (second, TRUE);
  g_string_free (text, TRUE);
  return 0;
}

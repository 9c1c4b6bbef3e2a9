/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-bytes.h"
#include "plum-lease-table.h"
#include "plum-retry.h"
#include "plum-wire-address.h"
#include "test-bytes.h"

static void
test_reader_in_bounds (void)
{
  size_t len;
  g_autofree uint8_t *bytes = test_bytes_from_hex ("0102030405060708", &len);
  PlumReader r = PLUM_READER_INIT (bytes, len);

  g_assert_cmphex (plum_reader_be (&r, 1), ==, 0x01);
  g_assert_cmphex (plum_reader_be (&r, 2), ==, 0x0203);
  g_assert_cmphex (plum_reader_be (&r, 4), ==, 0x04050607);
  g_assert_cmpuint (plum_reader_left (&r), ==, 1);
  g_assert_true (plum_reader_ok (&r));
}

static void
test_reader_stays_failed (void)
{
  size_t len;
  g_autofree uint8_t *bytes = test_bytes_from_hex ("010203", &len);
  PlumReader r = PLUM_READER_INIT (bytes, len);
  uint8_t out[2] = { 9, 9 };

  g_assert_cmphex (plum_reader_be (&r, 4), ==, 0);
  g_assert_false (plum_reader_ok (&r));
  g_assert_cmphex (plum_reader_be (&r, 1), ==, 0);
  plum_reader_bytes (&r, out, 2);
  test_bytes_assert_hex (out, 2, "0000");
  g_assert_cmpuint (plum_reader_left (&r), ==, 0);
  g_assert_null (plum_reader_take (&r, SIZE_MAX));
}

static void
test_writer (void)
{
  uint8_t out[8];
  PlumWriter w = PLUM_WRITER_INIT (out, sizeof out);

  plum_writer_be (&w, 0x01, 1);
  plum_writer_be (&w, 0x0203, 2);
  plum_writer_be (&w, 0x04050607, 4);
  plum_writer_zeros (&w, 1);
  g_assert_cmpuint (plum_writer_finish (&w), ==, 8);
  test_bytes_assert_hex (out, 8, "0102030405060700");
  plum_writer_be (&w, 1, 1);
  g_assert_cmpuint (plum_writer_finish (&w), ==, 0);
}

static void
assert_schedule (const PlumRetryPlan *plan, int jitter_ppm, const gint64 *waits, size_t n)
{
  gint64 wait = 0;

  for (size_t i = 0; i < n; i++)
    {
      wait = plum_retry_wait_ms (plan, (guint) i + 1, wait, jitter_ppm);
      g_assert_cmpint (wait, ==, waits[i]);
    }
}

static void
test_retry_natpmp (void)
{
  static const gint64 waits[] = { 250, 500, 1000, 2000, 4000, 8000, 16000, 32000, 64000 };

  assert_schedule (&plum_retry_natpmp, PLUM_RETRY_JITTER_PPM, waits, G_N_ELEMENTS (waits));
  g_assert_false (plum_retry_is_last (&plum_retry_natpmp, 8));
  g_assert_true (plum_retry_is_last (&plum_retry_natpmp, 9));
}

static void
test_retry_pcp (void)
{
  static const gint64 nominal[] = { 250,   500,   1000,   3000,   6000,   12000,   24000,
                                    48000, 96000, 192000, 384000, 768000, 1024000, 1024000 };
  static const gint64 least[] = { 250, 500, 1000, 2700, 4860 };
  static const gint64 some[] = { 250, 500, 1000, 3037, 6149 };
  static const gint64 most[] = { 250, 500, 1000, 3300, 7260 };

  assert_schedule (&plum_retry_pcp, 0, nominal, G_N_ELEMENTS (nominal));
  assert_schedule (&plum_retry_pcp, -PLUM_RETRY_JITTER_PPM, least, G_N_ELEMENTS (least));
  assert_schedule (&plum_retry_pcp, 12500, some, G_N_ELEMENTS (some));
  assert_schedule (&plum_retry_pcp, PLUM_RETRY_JITTER_PPM, most, G_N_ELEMENTS (most));
  g_assert_false (plum_retry_is_last (&plum_retry_pcp, 1000));
}

static void
test_retry_probe (void)
{
  static const gint64 waits[] = { 250, 500, 1000 };

  assert_schedule (&plum_retry_probe, 0.0, waits, G_N_ELEMENTS (waits));
  g_assert_true (plum_retry_is_last (&plum_retry_probe, 3));
}

static void
test_wire_address (void)
{
  static const struct
  {
    const char *address;
    const char *wire;
  } rows[] = {
    { "192.168.1.10", "00000000000000000000ffffc0a8010a" },
    { "2001:db8:1::10", "20010db8000100000000000000000010" },
  };
  uint8_t wire[PLUM_WIRE_ADDRESS_SIZE];

  for (size_t i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GInetAddress) address = g_inet_address_new_from_string (rows[i].address);
      g_autoptr (GInetAddress) back = NULL;

      plum_wire_address_from_inet (address, wire);
      test_bytes_assert_hex (wire, sizeof wire, rows[i].wire);
      back = plum_wire_address_to_inet (wire);
      g_assert_true (g_inet_address_equal (address, back));
    }

  plum_wire_address_any (G_SOCKET_FAMILY_IPV4, wire);
  test_bytes_assert_hex (wire, sizeof wire, "00000000000000000000ffff00000000");
  g_assert_null (plum_wire_address_to_inet (wire));
  plum_wire_address_any (G_SOCKET_FAMILY_IPV6, wire);
  test_bytes_assert_hex (wire, sizeof wire, "00000000000000000000000000000000");
  g_assert_null (plum_wire_address_to_inet (wire));
  g_assert_false (plum_wire_address_is_ipv4 (wire));
}

static gint64
get_time (gpointer user_data)
{
  return *(gint64 *) user_data;
}

static void
test_lease_table_hold (void)
{
  gint64 now = 0;
  PlumLeaseTable *table = plum_lease_table_new (get_time, &now);
  PlumExchangeKey key = { { 1, 2, 3 } };
  g_autoptr (GError) refused = g_error_new (PLUM_ERROR, PLUM_ERROR_REFUSED, "no");
  g_autoptr (GError) error = NULL;

  g_assert_false (plum_lease_table_check_hold (table, &key, 8080, FALSE, &error));
  plum_lease_table_hold (table, &key, 8080, FALSE, refused, 30 * G_USEC_PER_SEC);
  now = 1;
  g_assert_true (plum_lease_table_check_hold (table, &key, 8080, FALSE, &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_REFUSED);
  g_assert_cmpstr (error->message, ==, "no (not requested again for another 30 s)");
  /* Another port is another request. */
  g_assert_false (plum_lease_table_check_hold (table, &key, 8081, FALSE, NULL));
  g_assert_false (plum_lease_table_check_hold (table, &key, 8080, TRUE, NULL));
  now = 30 * G_USEC_PER_SEC;
  g_assert_false (plum_lease_table_check_hold (table, &key, 8080, FALSE, NULL));
  now = 1;
  plum_lease_table_restart (table);
  g_assert_false (plum_lease_table_check_hold (table, &key, 8080, FALSE, NULL));
  plum_lease_table_free (table);
}

static void
test_lease_table_live (void)
{
  gint64 now = 0;
  PlumLeaseTable *table = plum_lease_table_new (get_time, &now);
  PlumExchangeKey key = { { 1, 2, 3 } };
  g_autoptr (GInetAddress) here = g_inet_address_new_from_string ("1.2.3.4");
  g_autoptr (GInetAddress) there = g_inet_address_new_from_string ("1.2.3.5");

  g_assert_false (plum_lease_table_grant (table, &key, here, 8080, 10));
  g_assert_cmpuint (plum_lease_table_get_n_live (table), ==, 1);
  g_assert_false (plum_lease_table_grant (table, &key, here, 8080, 10));
  g_assert_true (plum_lease_table_grant (table, &key, there, 8080, 10));
  g_assert_true (plum_lease_table_grant (table, &key, NULL, 8080, 10));
  g_assert_cmpuint (plum_lease_table_get_n_live (table), ==, 1);
  plum_lease_table_remove (table, &key);
  g_assert_cmpuint (plum_lease_table_get_n_live (table), ==, 0);
  g_assert_null (plum_lease_table_lookup (table, &key));
  plum_lease_table_free (table);
}

/* The lease has ended: nothing repeats the request for the mapping. */
static void
test_lease_table_expired (void)
{
  gint64 now = 0;
  PlumLeaseTable *table = plum_lease_table_new (get_time, &now);
  PlumExchangeKey key = { { 1, 2, 3 } };
  g_autoptr (GArray) keys = NULL;

  plum_lease_table_grant (table, &key, NULL, 8080, 10);
  now = 9;
  g_assert_nonnull (plum_lease_table_find_live (table));
  g_assert_true (plum_lease_table_is_renewal (table, &key, 8080));

  now = 10;
  g_assert_null (plum_lease_table_find_live (table));
  g_assert_false (plum_lease_table_is_renewal (table, &key, 8080));
  g_assert_cmpuint (plum_lease_table_get_n_live (table), ==, 0);
  keys = plum_lease_table_get_live (table);
  g_assert_cmpuint (keys->len, ==, 0);

  plum_lease_table_grant (table, &key, NULL, 8080, 20);
  g_assert_nonnull (plum_lease_table_find_live (table));
  plum_lease_table_free (table);
}

/* The gateway has refused the mapping: it is live, but not requested for its address. */
static void
test_lease_table_held_live (void)
{
  gint64 now = 0;
  PlumLeaseTable *table = plum_lease_table_new (get_time, &now);
  PlumExchangeKey key = { { 1, 2, 3 } };
  g_autoptr (GError) refused = g_error_new (PLUM_ERROR, PLUM_ERROR_REFUSED, "no");

  plum_lease_table_grant (table, &key, NULL, 8080, 10);
  plum_lease_table_hold (table, &key, 8080, FALSE, refused, 5);
  g_assert_null (plum_lease_table_find_live (table));
  g_assert_cmpuint (plum_lease_table_get_n_live (table), ==, 1);
  now = 5;
  g_assert_nonnull (plum_lease_table_find_live (table));
  plum_lease_table_free (table);
}

/* Expired holds and mappings are removed, and live mappings are kept. */
static void
test_lease_table_sweep (void)
{
  gint64 now = 0;
  PlumLeaseTable *table = plum_lease_table_new (get_time, &now);
  PlumExchangeKey live = { { 200 } };
  g_autoptr (GError) refused = g_error_new (PLUM_ERROR, PLUM_ERROR_REFUSED, "no");
  guint n = 0;

  plum_lease_table_grant (table, &live, NULL, 8080, G_MAXINT64);
  for (guint i = 0; i < 1000; i++)
    {
      PlumExchangeKey key = { { 1, (uint8_t) (i / 256), (uint8_t) i } };

      now = (gint64) i * 10;
      plum_lease_table_hold (table, &key, 1, FALSE, refused, now + 5);
    }

  for (guint i = 0; i < 1000; i++)
    {
      PlumExchangeKey key = { { 1, (uint8_t) (i / 256), (uint8_t) i } };

      n += plum_lease_table_lookup (table, &key) != NULL;
    }
  g_assert_cmpuint (n, <=, 128);
  g_assert_nonnull (plum_lease_table_lookup (table, &live));
  plum_lease_table_free (table);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/common/reader/in-bounds", test_reader_in_bounds);
  g_test_add_func ("/common/reader/stays-failed", test_reader_stays_failed);
  g_test_add_func ("/common/writer", test_writer);
  g_test_add_func ("/common/retry/natpmp", test_retry_natpmp);
  g_test_add_func ("/common/retry/pcp", test_retry_pcp);
  g_test_add_func ("/common/retry/probe", test_retry_probe);
  g_test_add_func ("/common/wire-address", test_wire_address);
  g_test_add_func ("/common/lease-table/hold", test_lease_table_hold);
  g_test_add_func ("/common/lease-table/live", test_lease_table_live);
  g_test_add_func ("/common/lease-table/expired", test_lease_table_expired);
  g_test_add_func ("/common/lease-table/held-live", test_lease_table_held_live);
  g_test_add_func ("/common/lease-table/sweep", test_lease_table_sweep);

  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "plum-lease-codec-private.h"
#include "test-loop.h"

#define KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define SHORTEST                                                                                   \
  "map protocol=tcp family=ipv4 internal=8080 external=8081 key=" KEY                              \
  " interface=eth0 backend=pcp until=1700000000000000"

static GInetAddress *
address_new (const char *text)
{
  return text != NULL ? g_inet_address_new_from_string (text) : NULL;
}

static PlumLeaseRecord *
record_new (guint internal_port, const char *gateway, const char *hardware_address)
{
  PlumLeaseRecord *record = plum_lease_record_new ();
  guint8 key[PLUM_LEASE_RECORD_KEY_SIZE];

  for (unsigned int i = 0; i < sizeof key; i++)
    key[i] = (guint8) (internal_port + i);
  record->protocol = PLUM_PROTOCOL_UDP;
  record->family = G_SOCKET_FAMILY_IPV4;
  record->internal_port = internal_port;
  record->external_port = 40000;
  record->key = g_bytes_new (key, sizeof key);
  record->gateway = address_new (gateway);
  if (hardware_address != NULL)
    record->hardware_address = g_ref_string_new (hardware_address);
  record->interface_name = g_intern_string ("eth0");
  record->backend_name = g_intern_string ("upnp");
  record->expires = g_get_real_time () + (gint64) G_USEC_PER_SEC * 3600;
  return record;
}

static void
assert_equal (const PlumLeaseRecord *a, const PlumLeaseRecord *b)
{
  g_assert_true (plum_lease_record_has_same_port (a, b));
  g_assert_true (plum_hosts_equal (&a->hosts, &b->hosts));
  g_assert_true (plum_lease_record_is_same_request (a, b));
  g_assert_true (plum_lease_record_is_same_lease (a, b));
  g_assert_cmpstr (a->hardware_address, ==, b->hardware_address);
  g_assert_cmpint (a->expires, ==, b->expires);
}

static GPtrArray *
decode (const char *text)
{
  return plum_lease_codec_decode (text, strlen (text), NULL);
}

/* Whether a file with this line is valid. */
static gboolean
is_record (const char *text)
{
  g_autofree char *file = g_strdup_printf ("plum-state 1\n%s\nend 1\n", text);
  g_autoptr (GPtrArray) records = decode (file);

  return records != NULL;
}

/* Whether the shortest record is still valid after replacing old with new. */
static gboolean
is_record_with (const char *old, const char *new)
{
  g_auto (GStrv) parts = g_strsplit (SHORTEST, old, 2);
  g_autofree char *text = NULL;

  g_assert_cmpuint (g_strv_length (parts), ==, 2);
  text = g_strconcat (parts[0], new, parts[1], NULL);
  return is_record (text);
}

static void
test_round_trip (void)
{
  g_autoptr (GPtrArray) records =
    g_ptr_array_new_with_free_func ((GDestroyNotify) plum_lease_record_free);
  g_autoptr (GPtrArray) decoded = NULL;
  g_autoptr (GString) text = NULL;
  g_autoptr (GError) error = NULL;
  PlumLeaseRecord *full = record_new (8080, "192.168.1.1", "02:00:5e:10:00:01");
  PlumLeaseRecord *bare = record_new (8081, NULL, NULL);

  full->external_address = address_new ("1.2.3.4");
  full->through = address_new ("192.168.1.254");
  full->local_address = address_new ("192.168.0.50");
  full->token = g_variant_ref_sink (g_variant_new ("(ssb)", "a b=c\n%", "d", TRUE));
  full->interface_name = g_intern_string ("odd =%\xff");
  bare->expires = PLUM_LEASE_RECORD_FOREVER;
  bare->hosts.internal = address_new ("192.168.1.50");
  test_hosts_add_remote (&bare->hosts, "203.0.113.0/24,198.51.100.7");
  bare->description = g_strdup ("a = printer");
  g_ptr_array_add (records, full);
  g_ptr_array_add (records, bare);

  text = plum_lease_codec_encode (records);
  decoded = plum_lease_codec_decode (text->str, text->len, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (decoded->len, ==, 2);
  assert_equal (decoded->pdata[0], full);
  assert_equal (decoded->pdata[1], bare);
}

static void
test_ipv6 (void)
{
  g_assert_true (is_record ("map protocol=udp family=ipv6 internal=1 external=65535 key=" KEY
                            " gateway=fe80::1 interface=eth0 backend=pcp until=never"));
}

/* Hosts of the other family would be requested from the wrong router. */
static void
test_hosts (void)
{
  g_assert_true (is_record (SHORTEST " host=10.0.0.5 remote=10.0.0.0/8 name=a%20printer"));
  g_assert_true (is_record (SHORTEST " remote=1.2.3.4"));
  g_assert_false (is_record (SHORTEST " host=::1"));
  g_assert_false (is_record (SHORTEST " host=10.0.0.5 host=10.0.0.6"));
  g_assert_false (is_record (SHORTEST " host="));
  g_assert_false (is_record (SHORTEST " remote=2001:db8::/32"));
  g_assert_false (is_record (SHORTEST " remote=0.0.0.0/0"));
  g_assert_false (is_record (SHORTEST " remote=1.2.3.4/24"));
  g_assert_false (is_record (SHORTEST " name=012345678901234567890123456789012"));
  g_assert_false (is_record (SHORTEST " name=%c3%bc"));
}

static void
test_empty (void)
{
  g_autoptr (GPtrArray) records = decode ("plum-state 1\nend 0\n");

  g_assert_nonnull (records);
  g_assert_cmpuint (records->len, ==, 0);
}

static void
test_truncated (void)
{
  const char *text =
    "plum-state 1\n" SHORTEST "\n" SHORTEST " gateway=10.0.0.1 token=%27a%27\nend 2\n";
  gsize len = strlen (text);
  g_autoptr (GPtrArray) whole = decode (text);

  g_assert_nonnull (whole);
  for (gsize i = 0; i < len; i++)
    {
      g_autofree char *block = g_memdup2 (text, i);
      g_autoptr (GError) error = NULL;

      g_assert_null (plum_lease_codec_decode (block, i, &error));
      g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
    }
}

#define SECTION "plum-state 1\n" SHORTEST "\nend 1\n"
#define ADDITION SHORTEST " gateway=10.0.0.1\n" SHORTEST " gateway=10.0.0.2\nend 2\n"

static void
test_addition (void)
{
  g_autoptr (GPtrArray) first = decode (SECTION);
  g_autoptr (GPtrArray) both = NULL;
  g_autoptr (GString) text = plum_lease_codec_encode (first);
  g_autoptr (GString) addition = plum_lease_codec_encode_addition (first);

  g_string_append (text, addition->str);
  g_string_append (text, ADDITION);
  both = decode (text->str);
  g_assert_nonnull (both);
  g_assert_cmpuint (both->len, ==, 4);
  assert_equal (both->pdata[1], first->pdata[0]);
}

/* The program ended while it appended: no request of the addition was sent. */
static void
test_truncated_addition (void)
{
  gsize first = strlen (SECTION);
  gsize len = strlen (SECTION ADDITION);

  for (gsize i = first; i < len; i++)
    {
      g_autofree char *block = g_memdup2 (SECTION ADDITION, i);
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) records = plum_lease_codec_decode (block, i, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (records->len, ==, 1);
    }
}

static void
test_damaged_addition (void)
{
  g_assert_null (decode (SECTION SHORTEST "\nend 2\n"));
  g_assert_null (decode (SECTION "end 1\n"));
  g_assert_null (decode (SECTION "map\nend 1\n"));
  g_assert_null (decode (SECTION "map\nend 1\n" ADDITION));
  g_assert_null (decode (SECTION "map protocol=" ADDITION));
  g_assert_null (decode ("plum-state 1\n" ADDITION SHORTEST "\nend 3\n"));
}

static void
test_other_version (void)
{
  g_assert_null (decode ("plum-state 2\nend 0\n"));
}

static void
test_zero_byte (void)
{
  static const char text[] = "plum-state 1\nend 0\n";

  g_assert_null (plum_lease_codec_decode (text, sizeof text, NULL));
}

static void
test_wrong_count (void)
{
  g_assert_null (decode ("plum-state 1\n" SHORTEST "\nend 2\n"));
  g_assert_null (decode ("plum-state 1\n" SHORTEST "\nend 01\n"));
}

static void
test_refused_words (void)
{
  static const char *const words[][2] = {
    { "protocol=tcp", "protocol=sctp" },
    { "family=ipv4", "family=ipx" },
    { "internal=8080", "internal=0" },
    { "internal=8080", "internal=65536" },
    { "internal=8080", "internal=-1" },
    { "internal=8080", "internal=" },
    { "internal=8080", "internal=8080 internal=8080" },
    { "internal=8080 ", "" },
    { "external=8081", "external=0x10" },
    { KEY, "00" },
    { KEY, KEY "00" },
    { "key=0", "key=g" },
    { "interface=eth0", "interface=" },
    { "interface=eth0", "interface=%0" },
    { "interface=eth0", "interface=%00" },
    { "until=1", "until=-1" },
    { "until=1700000000000000", "until=9223372036854775807" },
    { "backend=pcp", "backend=pcp address=1.2.3" },
    { "backend=pcp", "backend=pcp token=(" },
    { "backend=pcp", "backend=pcp token=%27%ff%27" },
    { "backend=pcp", "backend=pcp gateway=::1" },
    { "backend=pcp", "backend=pcp gateway=10.0.0.1 through=::1" },
    { "backend=pcp", "backend=pcp through=10.0.0.1" },
    { "backend=pcp", "backend=pcp gateway=10.0.0.1 through=10.0.0.2 through=10.0.0.2" },
    { "backend=pcp", "backend=pcp colour=blue" },
    { "backend=pcp", "backend=pcp word" },
    { "backend=pcp", "backend=pcp  " },
    { "map ", "nap " },
  };

  g_assert_true (is_record (SHORTEST));
  for (unsigned int i = 0; i < G_N_ELEMENTS (words); i++)
    {
      if (is_record_with (words[i][0], words[i][1]))
        g_error ("“%s” was accepted", words[i][1]);
    }
}

static void
test_deep_token (void)
{
  g_autoptr (GString) token = g_string_new (NULL);
  g_autofree char *text = NULL;

  for (unsigned int i = 0; i < 4000; i++)
    g_string_append (token, "<");
  text = g_strconcat (SHORTEST " token=", token->str, NULL);
  g_assert_false (is_record (text));
}

/* Any changed bit results in valid records or an error. */
static void
test_flipped (void)
{
  const char *text = "plum-state 1\n" SHORTEST " gateway=10.0.0.1 token=%28%27a%27%2c1%29\nend 1\n";
  gsize len = strlen (text);
  guint n_accepted = 0;

  for (gsize i = 0; i < len; i++)
    for (unsigned int bit = 0; bit < 8; bit++)
      {
        g_autofree char *block = g_memdup2 (text, len);
        g_autoptr (GError) error = NULL;
        g_autoptr (GPtrArray) records = NULL;

        block[i] = (char) (block[i] ^ (1 << bit));
        records = plum_lease_codec_decode (block, len, &error);
        g_assert_true ((records == NULL) == (error != NULL));
        if (records != NULL)
          n_accepted++;
      }

  g_assert_cmpuint (n_accepted, >, 0);
}

static void
test_same_router (void)
{
  g_autoptr (PlumLeaseRecord) known = record_new (80, "192.168.1.1", "02:00:00:00:00:01");
  g_autoptr (PlumLeaseRecord) other = record_new (80, "192.168.1.1", "02:00:00:00:00:02");
  g_autoptr (PlumLeaseRecord) unknown = record_new (80, "192.168.1.1", NULL);
  g_autoptr (PlumLeaseRecord) elsewhere = record_new (80, "192.168.1.2", "02:00:00:00:00:01");
  g_autoptr (PlumLeaseRecord) none = record_new (80, NULL, NULL);

  g_assert_true (plum_lease_record_is_same_router (known, unknown));
  g_assert_true (plum_lease_record_is_same_router (none, none));
  g_assert_false (plum_lease_record_is_same_router (known, other));
  g_assert_false (plum_lease_record_is_same_router (known, elsewhere));
  g_assert_false (plum_lease_record_is_same_router (known, none));
}

static void
test_delete_arguments (void)
{
  g_autoptr (PlumLeaseRecord) record = record_new (80, "192.168.1.1", NULL);
  g_autoptr (PlumRequest) request = plum_lease_record_make_request (record);
  g_autoptr (PlumLease) pending = NULL;
  g_autoptr (PlumLease) lease = NULL;

  g_assert_true (g_bytes_equal (plum_request_get_key (request), record->key));
  g_assert_cmpuint (plum_request_get_external_port (request), ==, 40000);
  pending = plum_lease_record_make_lease (record);
  g_assert_null (plum_lease_get_token (pending));
  g_assert_cmpuint (plum_lease_get_external_port (pending), ==, record->external_port);

  record->token = g_variant_ref_sink (g_variant_new_string ("token"));
  record->expires = PLUM_LEASE_RECORD_FOREVER;
  lease = plum_lease_record_make_lease (record);
  g_assert_true (plum_lease_get_token (lease) == record->token);
  g_assert_cmpuint (plum_lease_get_external_port (lease), ==, 40000);
  g_assert_cmpuint (plum_lease_get_lifetime (lease), ==, PLUM_LIFETIME_FOREVER);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lease-codec/round-trip", test_round_trip);
  g_test_add_func ("/lease-codec/ipv6", test_ipv6);
  g_test_add_func ("/lease-codec/hosts", test_hosts);
  g_test_add_func ("/lease-codec/empty", test_empty);
  g_test_add_func ("/lease-codec/truncated", test_truncated);
  g_test_add_func ("/lease-codec/addition", test_addition);
  g_test_add_func ("/lease-codec/truncated-addition", test_truncated_addition);
  g_test_add_func ("/lease-codec/damaged-addition", test_damaged_addition);
  g_test_add_func ("/lease-codec/other-version", test_other_version);
  g_test_add_func ("/lease-codec/zero-byte", test_zero_byte);
  g_test_add_func ("/lease-codec/wrong-count", test_wrong_count);
  g_test_add_func ("/lease-codec/refused-words", test_refused_words);
  g_test_add_func ("/lease-codec/deep-token", test_deep_token);
  g_test_add_func ("/lease-codec/flipped", test_flipped);
  g_test_add_func ("/lease-record/same-router", test_same_router);
  g_test_add_func ("/lease-record/delete-arguments", test_delete_arguments);

  return g_test_run ();
}

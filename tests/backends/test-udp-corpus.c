/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "natpmp-codec.h"
#include "pcp-codec.h"

#include <string.h>

/* Datagrams of PCP and NAT-PMP, if PLUM_CORPUS_DIR names a folder with an INDEX.tsv, as for
 * test-upnp-corpus. The expected results are prose: the test extracts the facts from it. */

enum {
  COLUMN_FILE,
  COLUMN_SOURCE,
  COLUMN_ROUTER,
  COLUMN_KIND,
  COLUMN_EXPECTED,
  N_COLUMNS
};

/* The group of the pattern in the text; NULL: it does not match. (transfer full) */
static char *
find_fact (const char *text, const char *pattern)
{
  g_autoptr (GRegex) regex = g_regex_new (pattern, 0, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;

  return g_regex_match (regex, text, 0, &match) ? g_match_info_fetch (match, 1) : NULL;
}

static void
assert_number (const char *expected, const char *pattern, guint64 value)
{
  g_autofree char *fact = find_fact (expected, pattern);

  if (fact != NULL)
    g_assert_cmpuint (g_ascii_strtoull (fact, NULL, 0), ==, value);
}

static void
assert_result (const char *expected, guint result)
{
  static const char pattern[] = "(?:result (?:code )?|[A-Z_]+ \\()(0x[0-9a-f]+|[0-9]+)";
  g_autofree char *fact = find_fact (expected, pattern);

  g_assert_cmpuint (result, ==, fact != NULL ? g_ascii_strtoull (fact, NULL, 0) : 0);
}

static void
assert_address (const char *expected, const guint8 *bytes)
{
  g_autofree char *fact = find_fact (expected, "([0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+)");
  g_autoptr (GInetAddress) address = g_inet_address_new_from_bytes (bytes, G_SOCKET_FAMILY_IPV4);
  g_autofree char *text = g_inet_address_to_string (address);

  if (fact != NULL)
    g_assert_cmpstr (text, ==, fact);
}

static void
assert_natpmp (const char *expected, const guint8 *data, gsize len)
{
  g_autoptr (GError) error = NULL;
  NatpmpReply reply;

  g_assert_true (natpmp_decode_reply (data, len, &reply, &error));
  g_assert_no_error (error);
  assert_result (expected, reply.result);
  if (reply.kind == NATPMP_REPLY_ADDRESS)
    assert_address (expected, reply.address);
  if (reply.kind == NATPMP_REPLY_MAP)
    {
      assert_number (expected, "lifetime ([0-9]+)", reply.lifetime);
      assert_number (expected, "granted ([0-9]+)", reply.external_port);
    }
  if (reply.kind != NATPMP_REPLY_VERSION)
    assert_number (expected, "epoch .*?(0x[0-9a-f]+)", reply.epoch);
}

static void
assert_pcp (const char *expected, const guint8 *data, gsize len)
{
  g_autoptr (GError) error = NULL;
  PcpReply reply;

  g_assert_true (pcp_decode_reply (data, len, &reply, &error));
  g_assert_no_error (error);
  assert_result (expected, reply.result);
  if (reply.kind != PCP_REPLY_MAP)
    return;

  assert_number (expected, "lifetime ([0-9]+)", reply.lifetime);
  assert_number (expected, "epoch .*?(0x[0-9a-f]+)", reply.epoch);
  assert_number (expected, "\\.[0-9]+:([0-9]+)", reply.map.external_port);
  assert_address (expected, reply.map.external_address + PCP_ADDRESS_SIZE - 4);
}

/* A router may answer PCP in NAT-PMP's form, and the reverse (quirks 1 and 3). */
static void
assert_decodes (const char *kind, const char *expected, const guint8 *data, gsize len)
{
  NatpmpReply natpmp;
  PcpReply pcp;

  if (len < 4 || (data[1] & 0x80) == 0)
    {
      g_assert_false (natpmp_decode_reply (data, len, &natpmp, NULL));
      g_assert_false (pcp_decode_reply (data, len, &pcp, NULL));
      return;
    }

  if (data[0] == 0 || len < 24)
    assert_natpmp (expected, data, len);
  if (g_str_equal (kind, "pcp-packet") && (data[0] == 0 || len >= 24))
    assert_pcp (expected, data, len);
}

static void
test_packet (gconstpointer user_data)
{
  const char *const *columns = user_data;
  g_autofree char *path =
    g_build_filename (g_getenv ("PLUM_CORPUS_DIR"), columns[COLUMN_FILE], NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *data = NULL;
  gsize len;

  g_file_get_contents (path, &data, &len, &error);
  g_assert_no_error (error);
  g_test_message ("%s", columns[COLUMN_EXPECTED]);
  assert_decodes (columns[COLUMN_KIND], columns[COLUMN_EXPECTED], (const guint8 *) data, len);

  /* Every prefix, in a block of exactly its size. */
  for (gsize n = 0; n < len; n++)
    {
      g_autofree guint8 *block = g_memdup2 (data, n);
      NatpmpReply natpmp;
      PcpReply pcp;

      natpmp_decode_reply (block, n, &natpmp, NULL);
      pcp_decode_reply (block, n, &pcp, NULL);
    }
}

static void
test_no_corpus (void)
{
  g_test_skip ("PLUM_CORPUS_DIR names no folder with an INDEX.tsv");
}

int
main (int argc, char *argv[])
{
  const char *directory = g_getenv ("PLUM_CORPUS_DIR");
  g_autofree char *path =
    directory != NULL ? g_build_filename (directory, "INDEX.tsv", NULL) : NULL;
  g_autofree char *index = NULL;
  g_auto (GStrv) lines = NULL;

  g_test_init (&argc, &argv, NULL);

  if (path == NULL || !g_file_get_contents (path, &index, NULL, NULL))
    {
      g_test_add_func ("/udp/corpus", test_no_corpus);
      return g_test_run ();
    }

  lines = g_strsplit (index, "\n", -1);
  for (guint i = 1; lines[0] != NULL && lines[i] != NULL; i++)
    {
      g_auto (GStrv) columns = g_strsplit (lines[i], "\t", -1);
      g_autofree char *name = NULL;

      if (g_strv_length (columns) < N_COLUMNS ||
          !g_str_has_suffix (columns[COLUMN_KIND], "-packet"))
        continue;
      name = g_strconcat ("/udp/corpus/", columns[COLUMN_FILE], NULL);
      g_test_add_data_func_full (name, g_steal_pointer (&columns), test_packet,
                                 (GDestroyNotify) g_strfreev);
    }

  return g_test_run ();
}

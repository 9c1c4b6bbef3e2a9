/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parrot-codec.h"

#include <string.h>

#define NUMBER 0x1f03a2c7

static void
assert_line (GBytes *bytes, const char *expected)
{
  gsize len;
  const char *data = g_bytes_get_data (bytes, &len);

  g_assert_cmpmem (data, len, expected, strlen (expected));
}

static void
test_encode_hello (void)
{
  g_autoptr (GBytes) bytes = parrot_encode_hello (NUMBER);

  assert_line (bytes, "PARROT/1 1f03a2c7 HELLO");
}

static void
test_encode_map (void)
{
  g_autoptr (GBytes) bytes = parrot_encode_map (NUMBER, PLUM_PROTOCOL_TCP, 8080, 18080, 3600);

  assert_line (bytes, "PARROT/1 1f03a2c7 MAP tcp 8080 18080 3600");
}

static void
test_encode_ask (void)
{
  g_autoptr (GBytes) bytes = parrot_encode_ask (0, PLUM_PROTOCOL_UDP, 53);

  assert_line (bytes, "PARROT/1 00000000 ASK udp 53");
}

static gboolean
decode (const char *line, gsize len, ParrotAnswer *answer)
{
  g_autoptr (GError) error = NULL;
  /* A block of exactly this size: a sanitizer detects a read past its end. */
  g_autofree char *data = g_memdup2 (line, len);
  gboolean ok = parrot_decode_answer (data, len, NUMBER, answer, &error);

  if (!ok)
    g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
  return ok;
}

static void
test_decode_granted (void)
{
  g_auto (ParrotAnswer) answer = { NULL };
  const char *line = "PARROT/1 1f03a2c7 OK 203.0.113.7 18080 3600\n";
  g_autofree char *address = NULL;

  g_assert_true (decode (line, strlen (line), &answer));
  address = g_inet_address_to_string (answer.address);
  g_assert_cmpstr (address, ==, "203.0.113.7");
  g_assert_cmpuint (answer.external_port, ==, 18080);
  g_assert_cmpuint (answer.lifetime, ==, 3600);
  g_assert_null (answer.refusal);
}

static void
test_decode_refused (void)
{
  g_auto (ParrotAnswer) answer = { NULL };
  const char *line = "PARROT/1 1f03a2c7 NO the table is full";

  g_assert_true (decode (line, strlen (line), &answer));
  g_assert_cmpstr (answer.refusal, ==, "the table is full");
}

static void
test_decode_invalid (void)
{
  const char *lines[] = {
    "",
    "PARROT/1",
    "PARROT/2 1f03a2c7 OK 203.0.113.7",
    "PARROT/1 1f03a2c8 OK 203.0.113.7",
    "PARROT/1 1f03a2c7 OK",
    "PARROT/1 1f03a2c7 OK example.org",
    "PARROT/1 1f03a2c7 OK 203.0.113.7 18080",
    "PARROT/1 1f03a2c7 OK 203.0.113.7 65536 3600",
    "PARROT/1 1f03a2c7 OK 203.0.113.7 0 3600",
    "PARROT/1 1f03a2c7 OK 203.0.113.7 18080 0",
    "PARROT/1 1f03a2c7 OK 203.0.113.7 18080 -1",
    "PARROT/1 1f03a2c7 OK 203.0.113.7 18080 3600 7",
    "PARROT/1 1f03a2c7 PERHAPS",
    "PARROT/1 1f03a2c7 OK \377\376",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      ParrotAnswer untouched = { NULL };

      g_autofree char *shown = g_strescape (lines[i], NULL); /* the output of a test is UTF-8 */

      g_test_message ("%s", shown);
      g_assert_false (decode (lines[i], strlen (lines[i]), &untouched));
      g_assert_null (untouched.address);
    }
}

/* No prefix of a response is read past its end. A prefix that is valid has an address. */
static void
test_decode_truncated (void)
{
  const char *line = "PARROT/1 1f03a2c7 OK 203.0.113.7 18080 3600";

  for (gsize len = 0; len < strlen (line); len++)
    {
      g_auto (ParrotAnswer) answer = { NULL };

      if (decode (line, len, &answer))
        g_assert_nonnull (answer.address);
    }
}

static void
test_decode_too_long (void)
{
  g_autoptr (GString) line = g_string_new ("PARROT/1 1f03a2c7 NO ");
  ParrotAnswer untouched = { NULL };

  while (line->len <= PARROT_MAX)
    g_string_append_c (line, 'x');
  g_assert_false (decode (line->str, line->len, &untouched));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/parrot/encode/hello", test_encode_hello);
  g_test_add_func ("/parrot/encode/map", test_encode_map);
  g_test_add_func ("/parrot/encode/ask", test_encode_ask);
  g_test_add_func ("/parrot/decode/granted", test_decode_granted);
  g_test_add_func ("/parrot/decode/refused", test_decode_refused);
  g_test_add_func ("/parrot/decode/invalid", test_decode_invalid);
  g_test_add_func ("/parrot/decode/truncated", test_decode_truncated);
  g_test_add_func ("/parrot/decode/too-long", test_decode_too_long);
  return g_test_run ();
}

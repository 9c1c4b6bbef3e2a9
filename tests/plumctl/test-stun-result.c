/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "stun-result.h"
#include "stun-server.h"

#include <string.h>

/* The endpoint that the router reports is 1.2.3.4:9900, unless a row has another one. */
typedef struct
{
  const char *name;
  const char *server;    /* address */
  const char *reflexive; /* address; NULL: unknown */
  guint port;
  const char *host; /* reported by the router */
  StunAnswer strangers;
  StunMatch match;
  StunAnswer verified;
  const char *reason;
} Row;

static const Row rows[] = {
  { "proven", "1.1.1.1", "1.2.3.4", 9900, "1.2.3.4", STUN_YES, STUN_MATCH_SAME, STUN_YES,
    "a packet from 1.1.1.2:3479, to which nothing was sent, reached 1.2.3.4:9900" },
  { "not-reached", "1.1.1.1", "1.2.3.4", 9900, "1.2.3.4", STUN_NO, STUN_MATCH_SAME, STUN_NO,
    "packets from 1.1.1.2:3479 to 1.2.3.4:9900 did not arrive, although the port is mapped" },
  { "strangers-unknown", "1.1.1.1", "1.2.3.4", 9900, "1.2.3.4", STUN_UNKNOWN, STUN_MATCH_SAME,
    STUN_UNKNOWN, "the reason" },
  { "other-address", "1.1.1.1", "1.2.9.9", 9900, "1.2.3.4", STUN_UNKNOWN, STUN_MATCH_OTHER_ADDRESS,
    STUN_NO,
    "the internet sees 1.2.9.9:9900, but the router reports the external address 1.2.3.4" },
  { "other-address-of-a-private-one", "1.1.1.1", "1.2.9.9", 9900, "10.77.0.2", STUN_NO,
    STUN_MATCH_OTHER_ADDRESS, STUN_NO,
    "the internet sees 1.2.9.9:9900, but the router reports the external address 10.77.0.2" },
  /* A packet that reaches another endpoint does not prove that of the router. */
  { "other-address-lets-strangers-in", "1.1.1.1", "1.2.9.9", 9900, "1.2.3.4", STUN_YES,
    STUN_MATCH_OTHER_ADDRESS, STUN_NO,
    "the internet sees 1.2.9.9:9900, but the router reports the external address 1.2.3.4" },
  { "other-port", "1.1.1.1", "1.2.3.4", 1024, "1.2.3.4", STUN_NO, STUN_MATCH_OTHER_PORT,
    STUN_UNKNOWN,
    "packets of this port leave as 1.2.3.4:1024, not from the mapped port 9900, so their answers "
    "do "
    "not show whether that port can be reached" },
  { "other-port-lets-strangers-in", "1.1.1.1", "1.2.3.4", 1024, "1.2.3.4", STUN_YES,
    STUN_MATCH_OTHER_PORT, STUN_UNKNOWN, NULL },
  { "no-answer", "1.1.1.1", NULL, 0, "1.2.3.4", STUN_UNKNOWN, STUN_MATCH_UNKNOWN, STUN_UNKNOWN,
    "the reason" },
  { "address-of-router-unknown", "1.1.1.1", "1.2.3.4", 9900, NULL, STUN_YES, STUN_MATCH_UNKNOWN,
    STUN_UNKNOWN, "the internet sees 1.2.3.4:9900, and the router does not report its address" },
  { "server-is-private", "192.168.1.5", "192.168.1.10", 9900, "1.2.3.4", STUN_YES,
    STUN_MATCH_UNKNOWN, STUN_UNKNOWN, "the STUN server 192.168.1.5:3478 is not on the internet" },
  { "server-sees-private-address", "1.1.1.1", "10.0.0.9", 9900, "1.2.3.4", STUN_NO,
    STUN_MATCH_UNKNOWN, STUN_UNKNOWN,
    "the STUN server 1.1.1.1:3478 sees 10.0.0.9:9900, which is not a public address" },
  { "ipv6-proven", "2a00::1", "2a00:1111::10", 9900, "2a00:1111::10", STUN_YES, STUN_MATCH_SAME,
    STUN_YES,
    "a packet from [2a00::2]:3479, to which nothing was sent, reached [2a00:1111::10]:9900" },
};

static GInetSocketAddress *
make_endpoint (const char *address, guint port)
{
  return address != NULL
           ? G_INET_SOCKET_ADDRESS (g_inet_socket_address_new_from_string (address, port))
           : NULL;
}

static void
set_up (StunResult *result, const Row *row)
{
  gboolean ipv6 = strchr (row->server, ':') != NULL;

  *result = (StunResult){
    .server = g_strdup ("stun.example"),
    .address = make_endpoint (row->server, 3478),
    .reflexive = make_endpoint (row->reflexive, row->port),
    .other = make_endpoint (ipv6 ? "2a00::2" : "1.1.1.2", 3479),
    .strangers = row->strangers,
    .reason = row->strangers == STUN_UNKNOWN ? g_strdup ("the reason") : NULL,
  };
}

static void
test_row (gconstpointer data)
{
  const Row *row = data;
  g_autofree char *text = NULL;
  StunResult result;

  set_up (&result, row);
  g_assert_cmpint (stun_result_match (&result, row->host, 9900), ==, row->match);
  g_assert_cmpint (stun_result_verify (&result, row->host, 9900), ==, row->verified);
  text = stun_result_explain (&result, row->host, 9900);
  g_assert_nonnull (text);
  if (row->reason != NULL)
    g_assert_cmpstr (text, ==, row->reason);
  stun_result_clear (&result);
}

static void
assert_json (const StunResult *result, const char *expected)
{
  g_autofree char *text = NULL;
  JsonWriter json;

  json_writer_init (&json);
  json_writer_begin_object (&json, NULL);
  stun_result_write_json (result, &json);
  json_writer_end_object (&json);
  text = json_writer_finish (&json);
  g_assert_cmpstr (text, ==, expected);
}

static void
test_json (void)
{
  StunResult result;

  assert_json (NULL, "{\"stun\":null}");

  set_up (&result, &rows[0]);
  assert_json (&result, "{\"stun\":{\"server\":\"stun.example\",\"address\":\"1.1.1.1:3478\","
                        "\"reflexive\":\"1.2.3.4:9900\",\"other_address\":\"1.1.1.2:3479\","
                        "\"open_to_strangers\":true,\"reason\":null}}");
  result.strangers = STUN_NO;
  assert_json (&result, "{\"stun\":{\"server\":\"stun.example\",\"address\":\"1.1.1.1:3478\","
                        "\"reflexive\":\"1.2.3.4:9900\",\"other_address\":\"1.1.1.2:3479\","
                        "\"open_to_strangers\":false,\"reason\":null}}");
  stun_result_clear (&result);

  result = (StunResult){ .server = g_strdup ("stun.example"), .reason = g_strdup ("why") };
  assert_json (&result, "{\"stun\":{\"server\":\"stun.example\",\"address\":null,"
                        "\"reflexive\":null,\"other_address\":null,"
                        "\"open_to_strangers\":null,\"reason\":\"why\"}}");
  stun_result_clear (&result);
}

static void
test_names (void)
{
  g_assert_cmpstr (stun_answer_get_name (STUN_YES), ==, "yes");
  g_assert_cmpstr (stun_answer_get_name (STUN_NO), ==, "no");
  g_assert_cmpstr (stun_answer_get_name (STUN_UNKNOWN), ==, "unknown");
}

static void
assert_server (const char *text, const char *host, guint port)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnectable) server = stun_server_parse (text, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (g_network_address_get_hostname (G_NETWORK_ADDRESS (server)), ==, host);
  g_assert_cmpuint (g_network_address_get_port (G_NETWORK_ADDRESS (server)), ==, port);
}

static void
test_server (void)
{
  assert_server ("stun.example.org", "stun.example.org", 3478);
  assert_server ("stun.example.org:19302", "stun.example.org", 19302);
  assert_server ("1.2.3.1", "1.2.3.1", 3478);
  assert_server ("1.2.3.1:3479", "1.2.3.1", 3479);
  assert_server ("2a00::1", "2a00::1", 3478);
  assert_server ("[2a00::1]", "2a00::1", 3478);
  assert_server ("[2a00::1]:3479", "2a00::1", 3479);
}

static void
test_invalid_server (void)
{
  static const char *const words[] = {
    "",
    ":",
    ":3478",
    "host:",
    "host:0",
    "host:65536",
    "host:-1",
    "host:99999999999999",
    "[2a00::1",
    "[2a00::1]x",
    "[]",
    "[]:1",
    "a\xff",
    "stun:stun.example.org",
    "stun:host:1",
    "1.2.3.4:5:6",
    "a b",
    "host:34 78",
    "host/3478",
    "\n",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GSocketConnectable) server = stun_server_parse (words[i], &error);

      if (server != NULL)
        g_error ("“%s” is accepted", words[i]);
      g_assert_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strconcat ("/plumctl/stun-result/", rows[i].name, NULL);

      g_test_add_data_func (path, &rows[i], test_row);
    }
  g_test_add_func ("/plumctl/stun-result/json", test_json);
  g_test_add_func ("/plumctl/stun-result/names", test_names);
  g_test_add_func ("/plumctl/stun-server/valid", test_server);
  g_test_add_func ("/plumctl/stun-server/invalid", test_invalid_server);

  return g_test_run ();
}

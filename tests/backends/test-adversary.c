/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "adversary-fixture.h"

#include <string.h>

#include "fake-gateway.h"
#include "natpmp-backend.h"
#include "pcp-backend.h"

/*
 * A manager with a mapping by PCP or NAT-PMP, and a hostile host on the LAN. Each test asserts that
 * the mapping does not change, that no change is reported, and that this host sends few datagrams.
 */

#define GATEWAY ADVERSARY_NET ".1"
#define STRANGER ADVERSARY_NET ".66"
#define PORT 8080
#define FLOOD 50000
#define FLOOD_MS 5000

/* bytes: what a flood may allocate for a while, such as a timer. */
#define FLOOD_MEMORY (64 * 1024)

typedef struct
{
  Adversary a;
  FakeGateway *gateway;
  GBytes *answer; /* the last MAP response */
} Fixture;

static void
on_traffic (PlumGateway *gateway,
            const char *backend,
            PlumTrafficDirection direction,
            GSocketAddress *peer,
            GBytes *bytes,
            Fixture *f)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  if (direction == PLUM_TRAFFIC_RECEIVED && size >= 16 && (data[1] & 0x7f) != 0)
    {
      g_clear_pointer (&f->answer, g_bytes_unref);
      f->answer = g_bytes_ref (bytes);
    }
}

/* data: "pcp" or "natpmp", the protocol of the gateway. */
static void
fixture_set_up (Fixture *f, gconstpointer data)
{
  adversary_set_up (&f->a, GATEWAY);
  f->gateway = fake_gateway_new (GATEWAY);
  if (g_str_equal (data, "natpmp"))
    f->gateway->switches.pcp = FAKE_OFF;
  plum_manager_add_backend_type (f->a.manager, PLUM_TYPE_PCP_BACKEND, "pcp", 300, NULL);
  plum_manager_add_backend_type (f->a.manager, PLUM_TYPE_NATPMP_BACKEND, "natpmp", 200, NULL);
  adversary_watch_traffic (&f->a, G_CALLBACK (on_traffic), f);

  adversary_add_mapping (&f->a, PORT);
  test_loop_advance_until (&f->a.loop, adversary_is_up (&f->a), 5000);
  g_assert_cmpstr (plum_mapping_get_backend_name (f->a.mapping), ==, data);
  g_assert_nonnull (f->answer);
  adversary_expect_no_change (&f->a);
}

static void
fixture_tear_down (Fixture *f, gconstpointer data)
{
  g_assert_cmpuint (plum_mapping_get_external_port (f->a.mapping), ==, PORT);
  adversary_tear_down (&f->a);
  g_assert_false (fake_gateway_has_mapping (f->gateway, PLUM_PROTOCOL_TCP, PORT));
  g_assert_cmpuint (f->gateway->counts.bad, ==, 0);
  fake_gateway_free (f->gateway);
  g_clear_pointer (&f->answer, g_bytes_unref);
}

/* The last answer, with another external port and address. */
static GBytes *
make_forged (Fixture *f)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (f->answer, &size);
  g_autofree guint8 *copy = g_memdup2 (data, size);
  gsize port_at = copy[0] == 2 ? 42 : 10;

  copy[port_at] = 0x1a;
  copy[port_at + 1] = 0x0a;
  if (copy[0] == 2)
    copy[size - 1] ^= 0xff;
  return g_bytes_new (copy, size);
}

static void
send_from (Fixture *f, const char *host, guint16 port, GBytes *bytes)
{
  g_autoptr (GSocket) from = adversary_socket_new (host, port);

  adversary_send (from, f->gateway->last_client, bytes);
  test_loop_settle (&f->a.loop);
}

static void
test_other_host (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) forged = make_forged (f);

  send_from (f, STRANGER, 5351, forged);
  test_loop_advance (&f->a.loop, 30000);
}

static void
test_other_port (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) forged = make_forged (f);

  send_from (f, GATEWAY, 0, forged);
  test_loop_advance (&f->a.loop, 30000);
}

/* From the gateway's address and port, which a host on the LAN can forge. */
static void
send_as_gateway (Fixture *f, const guint8 *data, gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);

  adversary_send (f->gateway->socket, f->gateway->last_client, bytes);
}

static void
test_wrong_nonce (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) forged = make_forged (f);
  gsize size = g_bytes_get_size (forged);
  g_autofree guint8 *copy = g_memdup2 (g_bytes_get_data (forged, NULL), size);

  copy[24] ^= 1;
  send_as_gateway (f, copy, size);
  test_loop_advance (&f->a.loop, 30000);
}

/* No request is in flight, so nothing is an answer. NAT-PMP has no nonce. */
static void
test_unsolicited (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) forged = make_forged (f);
  gsize size;
  const guint8 *bytes = g_bytes_get_data (forged, &size);

  send_as_gateway (f, bytes, size);
  test_loop_advance (&f->a.loop, 30000);
}

/* An old answer has an old epoch. */
static void
test_replay (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) old = g_bytes_ref (f->answer);
  gsize size;
  const guint8 *bytes = g_bytes_get_data (old, &size);

  test_loop_advance (&f->a.loop, 600 * 1000);
  fake_gateway_reset_counts (f->gateway);
  for (guint i = 0; i < 1000; i++)
    {
      send_as_gateway (f, bytes, size);
      test_loop_settle (&f->a.loop);
    }
  test_loop_advance (&f->a.loop, 9000);

  g_assert_cmpuint (f->gateway->counts.datagrams, <=, 4);
}

/* FLOOD datagrams in FLOOD_MS, in bursts that fit the socket's buffer, alternately one of each. */
static void
flood_to (Fixture *f, GSocketAddress *to, GBytes **datagrams, guint n_datagrams)
{
  const guint burst = 50;
  gsize memory = test_memory_in_use ();

  fake_gateway_reset_counts (f->gateway);
  for (guint i = 0; i < FLOOD; i++)
    {
      adversary_send (f->gateway->socket, to, datagrams[i % n_datagrams]);
      if (i % burst == burst - 1)
        test_loop_advance (&f->a.loop, FLOOD_MS * burst / FLOOD);
    }

  g_assert_cmpuint (test_memory_in_use (), <=, memory + FLOOD_MEMORY);
}

static void
flood (Fixture *f, const guint8 *data, gsize size)
{
  g_autoptr (GBytes) datagram = g_bytes_new (data, size);

  flood_to (f, f->gateway->last_client, &datagram, 1);
}

/* Forged announcements of a restart cause a few probes, which show that there was none. */
static void
test_announce_flood (Fixture *f, gconstpointer data)
{
  guint8 pcp[24] = { 2, 0x80 };
  guint8 natpmp[12] = { 0, 128 };
  const char *host = plum_mapping_get_external_host (f->a.mapping);
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);
  gboolean is_pcp = g_str_equal (data, "pcp");

  memcpy (natpmp + 8, g_inet_address_to_bytes (address), 4);
  flood (f, is_pcp ? pcp : natpmp, is_pcp ? sizeof pcp : sizeof natpmp);
  g_assert_cmpuint (f->gateway->counts.datagrams, <=, 4);
}

/* The same to the multicast group, in both protocols, with another address in NAT-PMP's: no
 * content of an announcement is used. */
static void
test_multicast_flood (Fixture *f, gconstpointer data)
{
  static const guint8 pcp[24] = { 2, 0x80 };
  static const guint8 natpmp[12] = { 0, 128, 0, 0, 0, 0, 0, 0, 6, 6, 6, 6 };
  g_autoptr (GSocketAddress) group = g_inet_socket_address_new_from_string ("224.0.0.1", 5350);
  g_autoptr (GBytes) first = g_bytes_new_static (pcp, sizeof pcp);
  g_autoptr (GBytes) second = g_bytes_new_static (natpmp, sizeof natpmp);
  GBytes *both[] = { first, second };

  fake_gateway_reset_counts (f->gateway);
  if (!fake_gateway_announce (f->gateway))
    {
      g_test_skip ("No multicast on loopback here");
      return;
    }
  test_loop_settle (&f->a.loop);
  g_assert_cmpuint (f->gateway->counts.datagrams, >, 0); /* it listens */

  test_loop_advance (&f->a.loop, 20000);
  flood_to (f, group, both, G_N_ELEMENTS (both));
  g_assert_cmpuint (f->gateway->counts.datagrams, >, 0);
  g_assert_cmpuint (f->gateway->counts.datagrams, <=, 4);
}

/* NAT-PMP cannot tell a forged answer from a real one while a request is in flight. A host that
 * forges the gateway's address can therefore forge the external address, until the gateway's own
 * answer corrects it. The port stays. */
static void
test_address_flood (Fixture *f, gconstpointer data)
{
  static const guint8 forged[12] = { 0, 128, 0, 0, 0, 0, 0, 0, 6, 6, 6, 6 };
  g_autofree char *host = g_strdup (plum_mapping_get_external_host (f->a.mapping));

  flood (f, forged, sizeof forged);
  g_assert_cmpuint (f->gateway->counts.datagrams, <=, 4);
  g_assert_true (adversary_is_up (&f->a));
  g_assert_cmpuint (plum_mapping_get_external_port (f->a.mapping), ==, PORT);

  test_loop_advance (&f->a.loop, 30000);
  g_assert_cmpstr (plum_mapping_get_external_host (f->a.mapping), ==, host);
  f->a.n_changes = 0;
}

static void
test_garbage_flood (Fixture *f, gconstpointer data)
{
  guint8 garbage[1100];

  for (guint i = 0; i < sizeof garbage; i++)
    garbage[i] = (guint8) (i * 7);
  garbage[0] = 2;
  garbage[1] = 0x81;

  flood (f, garbage, sizeof garbage);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 0);
}

/* "Unsupported version" with no request in flight. */
static void
test_version_flood (Fixture *f, gconstpointer data)
{
  static const guint8 version[8] = { 0, 0x81, 0, 1 };

  flood (f, version, sizeof version);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 0);
}

/* --- A hostile or broken gateway --- */

typedef struct
{
  Adversary a;
  FakeGateway *gateway;
} Gateway;

static void
gateway_set_up (Gateway *g, gconstpointer data)
{
  adversary_set_up (&g->a, GATEWAY);
  g->gateway = fake_gateway_new (GATEWAY);
  if (g_str_equal (data, "natpmp"))
    g->gateway->switches.pcp = FAKE_OFF;
  plum_manager_add_backend_type (g->a.manager, PLUM_TYPE_PCP_BACKEND, "pcp", 300, NULL);
  plum_manager_add_backend_type (g->a.manager, PLUM_TYPE_NATPMP_BACKEND, "natpmp", 200, NULL);
}

static void
gateway_tear_down (Gateway *g, gconstpointer data)
{
  adversary_tear_down (&g->a);
  fake_gateway_free (g->gateway);
}

static void
test_lifetime_for_ever (Gateway *g, gconstpointer data)
{
  g->gateway->switches.granted_lifetime = G_MAXUINT32;
  adversary_add_mapping (&g->a, PORT);
  test_loop_advance_until (&g->a.loop, adversary_is_up (&g->a), 5000);

  /* Not longer than one day (RFC 6887 15), whatever the router grants. */
  if (g_str_equal (data, "pcp"))
    g_assert_cmpuint (plum_mapping_get_lifetime (g->a.mapping), ==, 86400);
  else
    g_assert_cmpuint (plum_mapping_get_lifetime (g->a.mapping), >=, 7200);
}

static void
test_lifetime_none (Gateway *g, gconstpointer data)
{
  g->gateway->switches.grant_nothing = TRUE;
  adversary_add_mapping (&g->a, PORT);
  test_loop_advance (&g->a.loop, 3600 * 1000);

  g_assert_false (adversary_is_up (&g->a));
  g_assert_nonnull (plum_mapping_get_error (g->a.mapping));
}

/* A lease of one second does not cause renewals without a pause. */
static void
test_lifetime_of_a_second (Gateway *g, gconstpointer data)
{
  g->gateway->switches.granted_lifetime = 1;
  adversary_add_mapping (&g->a, PORT);
  test_loop_advance (&g->a.loop, 60 * 1000);

  g_assert_cmpuint (g->gateway->counts.datagrams, <=, 60 * 20);
}

/* Twenty mappings: at least 4 s between the requests for one (RFC 6887 11.2.1), and a mapping is
 * not up once its lease has expired. */
static void
test_lifetime_of_a_second_for_twenty (Gateway *g, gconstpointer data)
{
  g_autoptr (GPtrArray) mappings = g_ptr_array_new_with_free_func (g_object_unref);

  g->gateway->switches.granted_lifetime = 1;
  for (guint i = 0; i < 20; i++)
    {
      PlumMapping *mapping = plum_mapping_new (PLUM_PROTOCOL_TCP, PORT + i);

      plum_manager_add_mapping (g->a.manager, mapping, NULL);
      g_ptr_array_add (mappings, mapping);
    }

  test_loop_advance (&g->a.loop, 900);
  for (guint i = 0; i < 20; i++)
    g_assert_cmpint (plum_mapping_get_state (mappings->pdata[i]), ==, PLUM_STATE_SUCCESS);
  test_loop_advance (&g->a.loop, 200);
  for (guint i = 0; i < 20; i++)
    g_assert_cmpint (plum_mapping_get_state (mappings->pdata[i]), ==, PLUM_STATE_PENDING);

  test_loop_advance (&g->a.loop, 10800);
  g_test_message ("%u datagrams in 12 s", g->gateway->counts.datagrams);
  g_assert_cmpuint (g->gateway->counts.pcp_map + g->gateway->counts.natpmp_map, ==, 60);
  g_assert_cmpuint (g->gateway->counts.datagrams, <=, 20 * 4 + 10);
}

/* A forged answer precedes the true one: the mapping ends where the router has it. */
static void
test_forged_answer (Gateway *g, gconstpointer data)
{
  g->gateway->switches.forged_port = 6666;
  g->gateway->switches.forged_lifetime = 86400;
  g->gateway->switches.n_forged = 1;
  adversary_add_mapping (&g->a, PORT);
  test_loop_advance (&g->a.loop, 20000);
  g_assert_true (adversary_is_up (&g->a));
  g_assert_cmpuint (plum_mapping_get_external_port (g->a.mapping), ==, PORT);
  g_assert_cmpuint (plum_mapping_get_lifetime (g->a.mapping), ==, 7200);
}

/* A grant for longer than requested: renewed as if it were for the requested time. */
static void
test_long_grant_is_renewed (Gateway *g, gconstpointer data)
{
  g->gateway->switches.granted_lifetime = 86400;
  adversary_add_mapping (&g->a, PORT);
  test_loop_advance_until (&g->a.loop, adversary_is_up (&g->a), 5000);
  fake_gateway_reset_counts (g->gateway);
  test_loop_advance (&g->a.loop, 4600 * 1000);
  g_assert_cmpuint (g->gateway->counts.pcp_map + g->gateway->counts.natpmp_map, ==, 1);
}

/* Each answer takes 3, 4 or 9 s. */
static void
test_slow_router (Gateway *g, gconstpointer data)
{
  static const guint delays[] = { 3000, 4000, 9000 };

  for (size_t i = 0; i < G_N_ELEMENTS (delays); i++)
    {
      g_autoptr (PlumMapping) mapping = plum_mapping_new (PLUM_PROTOCOL_TCP, PORT + i);

      g->gateway->switches.delay_ms = delays[i];
      plum_manager_add_mapping (g->a.manager, mapping, NULL);
      test_loop_advance_until (&g->a.loop, plum_mapping_get_state (mapping) == PLUM_STATE_SUCCESS,
                               2 * delays[i] + 1000);
      g_assert_no_error (plum_mapping_get_error (mapping));
    }
  g->gateway->switches.delay_ms = 0;
}

/* The router starts after the retries, and announces itself: the next recheck is not waited for. */
static void
test_late_start (Gateway *g, gconstpointer data)
{
  FakeSwitches silent = { .pcp = FAKE_SILENT, .natpmp = FAKE_SILENT };
  FakeSwitches started = g->gateway->switches;

  g->gateway->switches = silent;
  adversary_add_mapping (&g->a, PORT);
  test_loop_advance (&g->a.loop, 140 * 1000);
  g_assert_cmpint (plum_mapping_get_state (g->a.mapping), ==, PLUM_STATE_FAILURE);

  g->gateway->switches = started;
  if (!fake_gateway_announce (g->gateway))
    {
      g_test_skip ("the interface lo does no multicast here");
      return;
    }
  test_loop_advance (&g->a.loop, 1000);
  g_assert_true (adversary_is_up (&g->a));
}

/* Forged announcements of a router that is silent: a probe every 10 s at most. */
static void
test_late_start_forged (Gateway *g, gconstpointer data)
{
  g->gateway->switches = (FakeSwitches){ .pcp = FAKE_SILENT, .natpmp = FAKE_SILENT };
  adversary_add_mapping (&g->a, PORT);
  test_loop_advance (&g->a.loop, 140 * 1000);
  fake_gateway_reset_counts (g->gateway);
  for (guint i = 0; i < 1000; i++)
    {
      g->gateway->switches = (FakeSwitches){ 0 };
      if (!fake_gateway_announce (g->gateway))
        {
          g_test_skip ("the interface lo does no multicast here");
          return;
        }
      g->gateway->switches = (FakeSwitches){ .pcp = FAKE_SILENT, .natpmp = FAKE_SILENT };
      test_loop_advance (&g->a.loop, 100);
    }
  g_test_message ("%u datagrams in 100 s", g->gateway->counts.datagrams);
  g_assert_cmpuint (g->gateway->counts.datagrams, <=, 2 * 3 * 11);
}

/* The epoch jumps to an extreme with each answer: each is a loss, and the work stays bounded. */
static void
test_epoch_extremes (Gateway *g, gconstpointer data)
{
  adversary_add_mapping (&g->a, PORT);
  test_loop_advance_until (&g->a.loop, adversary_is_up (&g->a), 5000);
  fake_gateway_reset_counts (g->gateway);

  for (guint i = 0; i < 60; i++)
    {
      g->gateway->switches.epoch_offset = i % 2 == 0 ? G_MAXINT : G_MININT;
      fake_gateway_hint (g->gateway);
      test_loop_advance (&g->a.loop, 10000);
    }

  g_assert_true (adversary_is_up (&g->a));
  g_assert_cmpuint (plum_mapping_get_external_port (g->a.mapping), ==, PORT);
  g_assert_cmpuint (g->gateway->counts.datagrams, <=, 600);
}

#define ADD(path, protocol, func)                                                                  \
  g_test_add (path, Fixture, protocol, fixture_set_up, func, fixture_tear_down)
#define ADD_GATEWAY(path, protocol, func)                                                          \
  g_test_add (path, Gateway, protocol, gateway_set_up, func, gateway_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("/adversary/pcp/other-host", "pcp", test_other_host);
  ADD ("/adversary/pcp/other-port", "pcp", test_other_port);
  ADD ("/adversary/pcp/wrong-nonce", "pcp", test_wrong_nonce);
  ADD ("/adversary/pcp/replay", "pcp", test_replay);
  ADD ("/adversary/pcp/announce-flood", "pcp", test_announce_flood);
  ADD ("/adversary/pcp/multicast-flood", "pcp", test_multicast_flood);
  ADD ("/adversary/pcp/garbage-flood", "pcp", test_garbage_flood);
  ADD ("/adversary/pcp/version-flood", "pcp", test_version_flood);
  ADD ("/adversary/natpmp/other-host", "natpmp", test_other_host);
  ADD ("/adversary/natpmp/other-port", "natpmp", test_other_port);
  ADD ("/adversary/natpmp/unsolicited", "natpmp", test_unsolicited);
  ADD ("/adversary/natpmp/replay", "natpmp", test_replay);
  ADD ("/adversary/natpmp/announce-flood", "natpmp", test_announce_flood);
  ADD ("/adversary/natpmp/multicast-flood", "natpmp", test_multicast_flood);
  ADD ("/adversary/natpmp/address-flood", "natpmp", test_address_flood);
  ADD ("/adversary/natpmp/garbage-flood", "natpmp", test_garbage_flood);
  ADD ("/adversary/natpmp/version-flood", "natpmp", test_version_flood);

  ADD_GATEWAY ("/adversary/pcp/lifetime-for-ever", "pcp", test_lifetime_for_ever);
  ADD_GATEWAY ("/adversary/pcp/lifetime-none", "pcp", test_lifetime_none);
  ADD_GATEWAY ("/adversary/pcp/lifetime-of-a-second", "pcp", test_lifetime_of_a_second);
  ADD_GATEWAY ("/adversary/pcp/epoch-extremes", "pcp", test_epoch_extremes);
  ADD_GATEWAY ("/adversary/natpmp/lifetime-for-ever", "natpmp", test_lifetime_for_ever);
  ADD_GATEWAY ("/adversary/natpmp/lifetime-none", "natpmp", test_lifetime_none);
  ADD_GATEWAY ("/adversary/natpmp/lifetime-of-a-second", "natpmp", test_lifetime_of_a_second);
  ADD_GATEWAY ("/adversary/natpmp/epoch-extremes", "natpmp", test_epoch_extremes);

  ADD_GATEWAY ("/adversary/pcp/twenty-of-a-second", "pcp", test_lifetime_of_a_second_for_twenty);
  ADD_GATEWAY ("/adversary/natpmp/twenty-of-a-second", "natpmp",
               test_lifetime_of_a_second_for_twenty);
  ADD_GATEWAY ("/adversary/pcp/forged-answer", "pcp", test_forged_answer);
  ADD_GATEWAY ("/adversary/natpmp/forged-answer", "natpmp", test_forged_answer);
  ADD_GATEWAY ("/adversary/natpmp/long-grant", "natpmp", test_long_grant_is_renewed);
  ADD_GATEWAY ("/adversary/pcp/slow-router", "pcp", test_slow_router);
  ADD_GATEWAY ("/adversary/natpmp/slow-router", "natpmp", test_slow_router);

  ADD_GATEWAY ("/adversary/pcp/late-start", "pcp", test_late_start);
  ADD_GATEWAY ("/adversary/natpmp/late-start", "natpmp", test_late_start);
  ADD_GATEWAY ("/adversary/pcp/late-start-forged", "pcp", test_late_start_forged);

  return g_test_run ();
}

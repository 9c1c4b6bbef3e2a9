/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What routers report besides mappings, with a running manager: the model, the external address and
 * the remaining time. The number of exchanges is part of each result. */

#include "adversary-fixture.h"

#include "fake-gateway.h"
#include "fake-igd.h"
#include "natpmp-backend.h"
#include "pcp-backend.h"
#include "upnp-backend.h"

#include <string.h>

#define ROUTER ADVERSARY_NET ".9"
#define HOST "127.0.0.1"
#define PORT 8080
#define MINUTE_MS (60 * 1000)

typedef struct
{
  Adversary a;
  FakeGateway *gateway; /* (nullable): PCP and NAT-PMP */
  FakeIgd *igd;         /* (nullable): UPnP */
  GAsyncResult *result;
} Fixture;

static void
set_up_igd (Fixture *f, gconstpointer data)
{
  adversary_set_up (&f->a, ROUTER);
  f->igd = fake_igd_new (ROUTER);
  plum_manager_add_backend_type (f->a.manager, PLUM_TYPE_UPNP_BACKEND, "upnp", 100, NULL);
}

/* natpmp: whether the router speaks NAT-PMP besides PCP. */
static void
set_up_gateway (Fixture *f, gconstpointer natpmp)
{
  adversary_set_up (&f->a, ROUTER);
  f->gateway = fake_gateway_new (ROUTER);
  f->gateway->switches.natpmp = natpmp != NULL ? FAKE_ON : FAKE_OFF;
  fake_gateway_set_external_address (f->gateway, "203.0.113.5");
  plum_manager_add_backend_type (f->a.manager, PLUM_TYPE_PCP_BACKEND, "pcp", 300, NULL);
  plum_manager_add_backend_type (f->a.manager, PLUM_TYPE_NATPMP_BACKEND, "natpmp", 200, NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_clear_object (&f->result);
  adversary_tear_down (&f->a);
  g_clear_pointer (&f->gateway, fake_gateway_free);
  g_clear_pointer (&f->igd, fake_igd_free);
}

static void
discover (Fixture *f)
{
  plum_manager_discover_async (f->a.manager, NULL, test_store_result, &f->result);
  test_loop_advance_until (&f->a.loop, f->result != NULL, 20000);
  g_clear_object (&f->result);
}

static PlumGateway *
get_gateway (Fixture *f)
{
  g_autoptr (PlumGateway) gateway =
    g_list_model_get_item (plum_manager_get_gateways (f->a.manager), 0);

  g_assert_nonnull (gateway);
  return gateway;
}

static void
map (Fixture *f)
{
  adversary_add_mapping (&f->a, PORT);
  test_loop_advance_until (&f->a.loop, adversary_is_up (&f->a), 20000);
  test_loop_settle (&f->a.loop);
}

/* --- The router --- */

/* The description and the status were read in any case. */
static void
test_model (Fixture *f, gconstpointer data)
{
  PlumGateway *gateway;

  f->igd->switches.model_number = "7.57";
  f->igd->switches.presentation_url = "http://" ROUTER "/start";
  f->igd->switches.uptime = "3600";
  discover (f);
  gateway = get_gateway (f);
  g_assert_cmpstr (plum_gateway_get_manufacturer (gateway), ==, "Fake & Sons");
  g_assert_cmpstr (plum_gateway_get_model (gateway), ==, "F1");
  g_assert_cmpstr (plum_gateway_get_model_version (gateway), ==, "7.57");
  g_assert_cmpstr (plum_gateway_get_presentation_url (gateway), ==, "http://" ROUTER "/start");
  g_assert_cmpint (plum_gateway_get_connection_status (gateway), ==,
                   PLUM_CONNECTION_STATUS_CONNECTED);
  g_assert_cmpuint (plum_gateway_get_uptime (gateway), ==, 3600);
  g_assert_cmpuint (f->igd->counts.descriptions, ==, 1);
  g_assert_cmpuint (f->igd->counts.get_status, ==, 1);
  g_assert_cmpuint (f->igd->counts.get_address, ==, 1);
  g_assert_cmpuint (f->igd->counts.posts, ==, 2);
}

/* A user has to find the settings of this router. */
static void
test_model_without_service (Fixture *f, gconstpointer data)
{
  f->igd->switches.no_service = TRUE;
  discover (f);
  g_assert_null (plum_gateway_get_backend_name (get_gateway (f)));
  g_assert_cmpstr (plum_gateway_get_model (get_gateway (f)), ==, "F1");
  g_assert_cmpint (plum_gateway_get_connection_status (get_gateway (f)), ==,
                   PLUM_CONNECTION_STATUS_UNKNOWN);
}

/* The status of the service that is used, not of the first one. */
static void
test_status_of_the_service (Fixture *f, gconstpointer data)
{
  f->igd->switches.two_services = TRUE;
  discover (f);
  g_assert_cmpint (plum_gateway_get_connection_status (get_gateway (f)), ==,
                   PLUM_CONNECTION_STATUS_CONNECTED);
}

static void
test_disconnected (Fixture *f, gconstpointer data)
{
  f->igd->switches.status = "Disconnected";
  discover (f);
  g_assert_cmpint (plum_gateway_get_connection_status (get_gateway (f)), ==,
                   PLUM_CONNECTION_STATUS_DISCONNECTED);
  g_assert_cmpuint (plum_gateway_get_uptime (get_gateway (f)), ==, 0);
}

/* --- A new external address --- */

static guint n_changed;

static void
on_changed (PlumMapping *mapping, gpointer user_data)
{
  n_changed++;
}

/* One exchange a minute, however many mappings there are. */
static void
test_poll (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) second = plum_mapping_new (PLUM_PROTOCOL_UDP, PORT);

  map (f);
  g_assert_true (plum_manager_add_mapping (f->a.manager, second, NULL));
  test_loop_advance (&f->a.loop, 3000);
  f->igd->counts = (FakeIgdCounts){ 0 };
  n_changed = 0;
  g_signal_connect (f->a.mapping, "changed", G_CALLBACK (on_changed), NULL);
  test_loop_advance (&f->a.loop, 2 * MINUTE_MS);
  g_assert_cmpuint (f->igd->counts.get_address, ==, 2);
  g_assert_cmpuint (f->igd->counts.posts, ==, 2);
  g_assert_cmpuint (n_changed, ==, 0);

  f->igd->switches.external_address = "198.51.100.9";
  test_loop_advance (&f->a.loop, MINUTE_MS);
  g_assert_cmpstr (plum_mapping_get_external_host (f->a.mapping), ==, "198.51.100.9");
  g_assert_cmpstr (plum_mapping_get_external_host (second), ==, "198.51.100.9");
  g_assert_cmpuint (n_changed, ==, 1);
  g_assert_cmpuint (f->igd->counts.posts, ==, 3);
}

/* The router loses its address, and gets another one. A router that refuses the request has not
 * reported that it has none. */
static void
test_poll_lost (Fixture *f, gconstpointer data)
{
  map (f);
  test_loop_advance (&f->a.loop, 3000);
  n_changed = 0;
  g_signal_connect (f->a.mapping, "changed", G_CALLBACK (on_changed), NULL);
  f->igd->switches.address_fault = 501;
  test_loop_advance (&f->a.loop, MINUTE_MS);
  g_assert_cmpstr (plum_mapping_get_external_host (f->a.mapping), ==, "1.2.3.4");
  g_assert_cmpuint (n_changed, ==, 0);

  f->igd->switches.address_fault = 0;
  f->igd->switches.external_address = "";
  test_loop_advance (&f->a.loop, MINUTE_MS);
  g_assert_true (adversary_is_up (&f->a));
  g_assert_null (plum_mapping_get_external_host (f->a.mapping));
  g_assert_cmpuint (plum_mapping_get_external_port (f->a.mapping), ==, PORT);
  g_assert_null (plum_gateway_get_external_address (get_gateway (f)));
  g_assert_cmpuint (n_changed, ==, 1);

  test_loop_advance (&f->a.loop, 2 * MINUTE_MS);
  g_assert_cmpuint (n_changed, ==, 1);
  f->igd->switches.external_address = "198.51.100.9";
  test_loop_advance (&f->a.loop, MINUTE_MS);
  g_assert_cmpstr (plum_mapping_get_external_host (f->a.mapping), ==, "198.51.100.9");
  g_assert_cmpuint (n_changed, ==, 2);
}

/* FALSE: the test is skipped. */
static gboolean
announce (Fixture *f, const char *nts)
{
  gboolean sent = fake_igd_notify (f->igd, nts);

  test_loop_advance (&f->a.loop, 100);
  if (sent && f->igd->counts.get_specific > 0)
    return TRUE;

  g_test_skip ("lo carries no multicast here");
  return FALSE;
}

/* A departure or a restart is a reason to ask at once. The port comes first: the router may be a
 * new one. */
static void
test_announced (Fixture *f, gconstpointer goodbye)
{
  map (f);
  test_loop_advance (&f->a.loop, 3000);
  f->igd->counts = (FakeIgdCounts){ 0 };
  n_changed = 0;
  g_signal_connect (f->a.mapping, "changed", G_CALLBACK (on_changed), NULL);
  f->igd->switches.external_address = "198.51.100.9";
  f->igd->boot_id++;
  if (!announce (f, goodbye != NULL ? "ssdp:byebye" : "ssdp:alive"))
    return;

  g_assert_cmpstr (plum_mapping_get_external_host (f->a.mapping), ==, "198.51.100.9");
  g_assert_cmpuint (n_changed, ==, 1);
  g_assert_cmpuint (f->igd->counts.get_specific, ==, 1);
  g_assert_cmpuint (f->igd->counts.get_address, ==, 1);
  g_assert_cmpuint (f->igd->counts.posts, ==, 2);
}

/* Any host can forge announcements: two exchanges in ten seconds, however many there are. */
static void
test_many_announcements (Fixture *f, gconstpointer data)
{
  map (f);
  test_loop_advance (&f->a.loop, 3000);
  f->igd->counts = (FakeIgdCounts){ 0 };
  f->igd->boot_id++;
  if (!announce (f, "ssdp:alive"))
    return;

  for (guint i = 0; i < 90; i++)
    {
      f->igd->boot_id++;
      fake_igd_notify (f->igd, "ssdp:alive");
      test_loop_advance (&f->a.loop, 100);
    }
  g_assert_cmpuint (f->igd->counts.posts, ==, 2);
  test_loop_advance (&f->a.loop, 10000);
  g_assert_cmpuint (f->igd->counts.posts, ==, 4);
}

/* What the announcements of miniupnpd cause in an hour, two copies every 30 s: a minute passes
 * between two looks at the mapping, and between two requests for the address. */
static void
test_routine_announcements (Fixture *f, gconstpointer data)
{
  map (f);
  test_loop_advance (&f->a.loop, 3000);
  f->igd->counts = (FakeIgdCounts){ 0 };
  if (!announce (f, "ssdp:alive"))
    return;

  g_assert_cmpuint (f->igd->counts.get_address, ==, 0);
  for (guint i = 0; i < 120; i++)
    {
      fake_igd_notify (f->igd, "ssdp:alive");
      test_loop_advance (&f->a.loop, 250);
      fake_igd_notify (f->igd, "ssdp:alive");
      test_loop_advance (&f->a.loop, 30000 - 250);
    }
  /* The recheck reads the entry 12 times. */
  g_assert_cmpuint (f->igd->counts.get_specific, <=, 61 + 12);
  g_assert_cmpuint (f->igd->counts.get_address, <=, 60);
  g_assert_cmpuint (f->igd->counts.posts, <=, 61 + 12 + 60 + 2);
}

/* A router that is still setting up its connection has no address, and the poll finds the new
 * one. */
static void
test_announced_without_address (Fixture *f, gconstpointer data)
{
  map (f);
  test_loop_advance (&f->a.loop, 3000);
  f->igd->counts = (FakeIgdCounts){ 0 };
  n_changed = 0;
  g_signal_connect (f->a.mapping, "changed", G_CALLBACK (on_changed), NULL);
  f->igd->switches.external_address = "0.0.0.0";
  f->igd->boot_id++;
  if (!announce (f, "ssdp:alive"))
    return;

  g_assert_null (plum_mapping_get_external_host (f->a.mapping));
  f->igd->switches.external_address = "198.51.100.9";
  test_loop_advance (&f->a.loop, MINUTE_MS);
  g_assert_cmpstr (plum_mapping_get_external_host (f->a.mapping), ==, "198.51.100.9");
  g_assert_cmpuint (n_changed, ==, 2);
}

/* The router refuses to report its address: the address remains. */
static void
test_announced_refused (Fixture *f, gconstpointer data)
{
  map (f);
  test_loop_advance (&f->a.loop, 3000);
  f->igd->counts = (FakeIgdCounts){ 0 };
  f->igd->switches.address_fault = 501;
  f->igd->boot_id++;
  if (!announce (f, "ssdp:alive"))
    return;

  g_assert_cmpuint (f->igd->counts.get_address, ==, 1);
  g_assert_cmpstr (plum_mapping_get_external_host (f->a.mapping), ==, "1.2.3.4");
}

/* A PCP or NAT-PMP router that has lost its address is found out by the recheck. */
static void
test_recheck_lost (Fixture *f, gconstpointer natpmp)
{
  if (natpmp != NULL)
    f->gateway->switches.pcp = FAKE_OFF;
  map (f);
  n_changed = 0;
  g_signal_connect (f->a.mapping, "changed", G_CALLBACK (on_changed), NULL);
  f->gateway->switches.no_address = TRUE;
  f->gateway->switches.address_result = 3;
  test_loop_advance (&f->a.loop, 6 * MINUTE_MS);
  g_assert_true (adversary_is_up (&f->a));
  g_assert_null (plum_mapping_get_external_host (f->a.mapping));
  g_assert_cmpuint (n_changed, ==, 1);

  f->gateway->switches.no_address = FALSE;
  f->gateway->switches.address_result = 0;
  test_loop_advance (&f->a.loop, 5 * MINUTE_MS);
  g_assert_cmpstr (plum_mapping_get_external_host (f->a.mapping), ==, "203.0.113.5");
  g_assert_cmpuint (n_changed, ==, 2);
}

/* The packets of PCP and NAT-PMP between two rechecks: none. */
static void
test_no_poll (Fixture *f, gconstpointer data)
{
  map (f);
  test_loop_advance (&f->a.loop, 3000);
  fake_gateway_reset_counts (f->gateway);
  test_loop_advance (&f->a.loop, 4 * MINUTE_MS);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 0);
}

/* --- The remaining time --- */

static gint64
get_remaining (Fixture *f)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();

  return g_date_time_difference (plum_mapping_get_expires_at (f->a.mapping), now) /
         G_TIME_SPAN_SECOND;
}

/* The router keeps the entry for less time than it was asked for. */
static void
test_remaining (Fixture *f, gconstpointer data)
{
  map (f);
  fake_igd_wipe (f->igd);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, PORT, PORT, HOST, 1000);
  test_loop_advance (&f->a.loop, 5 * MINUTE_MS);
  g_assert_cmpint (get_remaining (f), <=, 700);
  g_assert_cmpint (get_remaining (f), >=, 690);
  f->igd->counts.add = 0;
  test_loop_advance_until (&f->a.loop, f->igd->counts.add == 1, 450 * 1000);
  g_assert_cmpint (get_remaining (f), >=, 7190);
}

/* It repeats the requested lifetime: the lease ends when it was granted for. */
static void
test_constant (Fixture *f, gconstpointer data)
{
  gint64 before;

  f->igd->switches.constant_lease = TRUE;
  map (f);
  before = get_remaining (f);
  f->igd->counts.add = 0;
  test_loop_advance (&f->a.loop, 55 * MINUTE_MS);
  g_assert_cmpuint (f->igd->counts.add, ==, 0);
  g_assert_cmpint (get_remaining (f), <=, before);
  test_loop_advance_until (&f->a.loop, f->igd->counts.add == 1, 20 * MINUTE_MS);
}

/* --- The external address of a PCP router --- */

static char *
query (Fixture *f, GError **error)
{
  g_autoptr (GInetAddress) address = NULL;

  plum_gateway_query_external_address_async (get_gateway (f), NULL, test_store_result, &f->result);
  test_loop_advance_until (&f->a.loop, f->result != NULL, 30000);
  address = plum_gateway_query_external_address_finish (get_gateway (f), f->result, error);
  g_clear_object (&f->result);
  return address != NULL ? g_inet_address_to_string (address) : NULL;
}

static void
assert_address (Fixture *f, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *address = query (f, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (address, ==, expected);
}

static void
test_probe (Fixture *f, gconstpointer data)
{
  discover (f);
  g_assert_null (plum_gateway_get_external_address (get_gateway (f)));
  fake_gateway_reset_counts (f->gateway);
  assert_address (f, "203.0.113.5");
  g_assert_cmpuint (f->gateway->counts.pcp_map, ==, 1);
  g_assert_cmpuint (f->gateway->counts.pcp_unmap, ==, 1);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 2);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 0);
}

/* NAT-PMP has a request for it, which the discovery has just sent. */
static void
test_no_probe (Fixture *f, gconstpointer data)
{
  discover (f);
  fake_gateway_reset_counts (f->gateway);
  assert_address (f, "203.0.113.5");
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 0);

  test_loop_advance (&f->a.loop, 2 * MINUTE_MS);
  assert_address (f, "203.0.113.5");
  g_assert_cmpuint (f->gateway->counts.natpmp_address, ==, 1);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 1);
}

/* A lease of PCP reports the address: the query renews it. */
static void
test_probe_with_lease (Fixture *f, gconstpointer data)
{
  map (f);
  fake_gateway_set_external_address (f->gateway, "203.0.113.6");
  fake_gateway_reset_counts (f->gateway);
  assert_address (f, "203.0.113.6");
  g_assert_cmpuint (f->gateway->counts.pcp_unmap, ==, 0);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 1);
  g_assert_cmpstr (plum_mapping_get_external_host (f->a.mapping), ==, "203.0.113.6");
}

/* The mapping ends by itself after two minutes. */
static void
test_probe_without_delete (Fixture *f, gconstpointer data)
{
  discover (f);
  f->gateway->switches.keep = TRUE;
  fake_gateway_reset_counts (f->gateway);
  assert_address (f, "203.0.113.5");
  g_assert_cmpuint (f->gateway->counts.pcp_unmap, ==, 3);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 1);
  test_loop_advance (&f->a.loop, 2 * MINUTE_MS);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 0);
}

/* --- Disabled entries --- */

/* The router disables the entry while the port is mapped, and each new one: the mapping fails, and
 * is not made again at each check. */
static void
test_disabled (Fixture *f, gconstpointer data)
{
  plum_manager_set_recheck_period (f->a.manager, MINUTE_MS);
  map (f);
  g_assert_cmpuint (plum_mapping_get_generation (f->a.mapping), ==, 1);

  fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, PORT)->disabled = TRUE;
  f->igd->switches.disable_adds = G_MAXUINT;
  test_loop_advance (&f->a.loop, 30 * MINUTE_MS);
  g_assert_cmpint (plum_mapping_get_state (f->a.mapping), ==, PLUM_STATE_FAILURE);
  g_assert_error (plum_mapping_get_error (f->a.mapping), PLUM_ERROR, PLUM_ERROR_REFUSED);
  g_assert_nonnull (strstr (plum_mapping_get_error (f->a.mapping)->message, "but disabled it"));
  g_assert_cmpuint (plum_mapping_get_generation (f->a.mapping), ==, 1);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

#define ADD(path, set_up, data, func)                                                              \
  g_test_add ("/router-reports/" path, Fixture, GINT_TO_POINTER (data), set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("model", set_up_igd, 0, test_model);
  ADD ("model/without-service", set_up_igd, 0, test_model_without_service);
  ADD ("model/status-of-the-service", set_up_igd, 0, test_status_of_the_service);
  ADD ("model/disconnected", set_up_igd, 0, test_disconnected);
  ADD ("poll", set_up_igd, 0, test_poll);
  ADD ("poll/lost", set_up_igd, 0, test_poll_lost);
  ADD ("recheck/lost/pcp", set_up_gateway, 0, test_recheck_lost);
  ADD ("recheck/lost/natpmp", set_up_gateway, 1, test_recheck_lost);
  ADD ("poll/not-by-pcp", set_up_gateway, 0, test_no_poll);
  ADD ("poll/not-by-natpmp", set_up_gateway, 1, test_no_poll);
  ADD ("announced/alive", set_up_igd, 0, test_announced);
  ADD ("announced/byebye", set_up_igd, 1, test_announced);
  ADD ("announced/many", set_up_igd, 0, test_many_announcements);
  ADD ("announced/routine", set_up_igd, 0, test_routine_announcements);
  ADD ("announced/refused", set_up_igd, 0, test_announced_refused);
  ADD ("announced/without-address", set_up_igd, 0, test_announced_without_address);
  ADD ("remaining", set_up_igd, 0, test_remaining);
  ADD ("remaining/constant", set_up_igd, 0, test_constant);
  ADD ("probe", set_up_gateway, 0, test_probe);
  ADD ("probe/not-with-natpmp", set_up_gateway, 1, test_no_probe);
  ADD ("probe/with-lease", set_up_gateway, 0, test_probe_with_lease);
  ADD ("probe/without-delete", set_up_gateway, 0, test_probe_without_delete);
  ADD ("disabled", set_up_igd, 0, test_disabled);

  return g_test_run ();
}

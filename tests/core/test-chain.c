/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "chain-fixture.h"

#include <string.h>

/* A port is mapped through R1 and R2, which the fixture describes. */

#define FIRST_ONLY(port) CHAIN_R1 " " CHAIN_R1_WAN ":" port " alpha"

static void
on_changed (PlumMapping *mapping, ChainFixture *f)
{
  f->n_changed++;
}

/* Counts PlumMapping::changed from now on. */
static void
count_changes (ChainFixture *f, PlumMapping *mapping)
{
  f->n_changed = 0;
  g_signal_connect (mapping, "changed", G_CALLBACK (on_changed), f);
}

/* --- Up --- */

static void
test_granted (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  PlumGateway *upstream;
  g_autofree char *address = NULL;

  SKIP_WITHOUT_LAN (f);

  mapping = core_add (&f->core, 8080, 0);
  count_changes (f, mapping);
  test_loop_advance (&f->core.loop, 999);
  core_assert_state (mapping, PENDING);
  core_assert_log ("alpha:discover alpha:map:tcp:8080:8080");
  test_loop_advance (&f->core.loop, 1);
  core_assert_log ("alpha2:discover alpha2:map:tcp:8080:8080");

  chain_assert_endpoint (mapping, "1.2.3.4", 8080);
  g_assert_cmpint (plum_mapping_get_external_scope (mapping), ==, PLUM_ADDRESS_SCOPE_PUBLIC);
  chain_assert_hops (mapping, CHAIN_BOTH ("8080"));
  g_assert_null (plum_mapping_get_upstream_error (mapping));
  g_assert_cmpuint (f->n_changed, ==, 1);
  g_assert_cmpuint (plum_mapping_get_generation (mapping), ==, 1);

  g_object_get (core_gateway (&f->core), "upstream", &upstream, NULL);
  g_assert_true (upstream == plum_gateway_get_upstream (core_gateway (&f->core)));
  address = g_inet_address_to_string (plum_gateway_get_address (upstream));
  g_assert_cmpstr (address, ==, CHAIN_R2);
  g_assert_cmpint (plum_gateway_get_external_scope (upstream), ==, PLUM_ADDRESS_SCOPE_PUBLIC);
  g_assert_cmpstr (plum_gateway_get_backend_name (upstream), ==, "alpha");
  g_object_unref (upstream);
  chain_look (f);
  g_assert_cmpuint (f->n_probes, ==, 1);
}

/* The backend at R2 knows the address under which R2 sees this host. */
static void
test_client_address (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autofree char *client = NULL;
  g_autofree char *local = NULL;
  PlumNetwork *network;

  SKIP_WITHOUT_LAN (f);

  mapping = chain_add_up (f, 8080, 0);
  network = plum_backend_get_network (ALPHA2->backend);
  client = g_inet_address_to_string (plum_network_get_client_address (network));
  local = g_inet_address_to_string (plum_network_get_local_address (network));
  g_assert_cmpstr (client, ==, CHAIN_R1_WAN);
  g_assert_cmpstr (local, ==, "192.0.2.2");
  g_assert_cmpuint (plum_network_get_hop (network), ==, 2);
  network = plum_backend_get_network (ALPHA->backend);
  g_assert_true (plum_network_get_client_address (network) ==
                 plum_network_get_local_address (network));
  g_assert_cmpuint (plum_network_get_hop (network), ==, 1);
}

/* R1 grants another port than the requested one: R2 is asked for the requested one. */
static void
test_other_port_at_first (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  ALPHA->granted_port = 6000;
  mapping = chain_add_up (f, 8080, 9090);
  core_assert_log ("alpha:discover alpha:map:tcp:8080:9090 alpha2:discover "
                   "alpha2:map:tcp:6000:9090");
  chain_assert_hops (mapping,
                     CHAIN_R1 " " CHAIN_R1_WAN ":6000 alpha, " CHAIN_R2 " 1.2.3.4:9090 alpha");
}

/* The first router leads to the other host, and admits the remote hosts only. */
static void
test_hosts (ChainFixture *f, gconstpointer data)
{
  g_autoptr (GInetAddress) internal = g_inet_address_new_from_string ("192.0.2.50");
  g_autoptr (GInetAddressMask) remote = g_inet_address_mask_new_from_string ("203.0.113.7", NULL);
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *from = NULL;
  PlumRequest *request;

  SKIP_WITHOUT_LAN (f);

  ALPHA->supports_hosts = TRUE;
  mapping = g_object_new (PLUM_TYPE_MAPPING, "internal-port", 8080, "internal-address", internal,
                          "remote-address", remote, NULL);
  plum_manager_add_mapping (f->core.manager, mapping, &error);
  g_assert_no_error (error);
  test_loop_advance (&f->core.loop, 1000);
  chain_assert_hops (mapping, CHAIN_BOTH ("8080"));

  request = plum_call_get_request (ALPHA->last_map);
  g_assert_true (g_inet_address_equal (plum_request_get_internal_address (request), internal));
  from = test_request_dup_remote (request);
  g_assert_cmpstr (from, ==, "203.0.113.7");
  request = plum_call_get_request (ALPHA2->last_map);
  g_assert_null (plum_request_get_internal_address (request));
  g_assert_null (plum_request_get_remote_addresses (request));

  chain_clear_log ();
  core_destroy (&f->core, mapping);
  test_loop_advance (&f->core.loop, 1000);
  core_assert_log ("alpha2:unmap:tcp:8080 alpha:unmap:tcp:8080");
}

static void
test_two_ports (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) one = NULL;
  g_autoptr (PlumMapping) two = NULL;

  SKIP_WITHOUT_LAN (f);

  one = chain_add_up (f, 8080, 0);
  chain_clear_log ();
  two = core_add (&f->core, 8081, 0);
  test_loop_settle (&f->core.loop);
  chain_assert_endpoint (two, "1.2.3.4", 8081);
  core_assert_log ("alpha:map:tcp:8081:8081 alpha2:map:tcp:8081:8081");
}

static void
test_shared (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) one = NULL;
  g_autoptr (PlumMapping) two = NULL;

  SKIP_WITHOUT_LAN (f);

  one = core_add (&f->core, 8080, 0);
  test_loop_settle (&f->core.loop);
  two = core_add (&f->core, 8080, 0);
  test_loop_settle (&f->core.loop);
  core_assert_state (two, PENDING);
  test_loop_advance (&f->core.loop, 1000);
  chain_assert_endpoint (one, "1.2.3.4", 8080);
  chain_assert_endpoint (two, "1.2.3.4", 8080);
  core_assert_log ("alpha:discover alpha:map:tcp:8080:8080 alpha2:discover "
                   "alpha2:map:tcp:8080:8080");

  core_destroy (&f->core, one);
  test_loop_settle (&f->core.loop);
  core_assert_log ("");
  chain_assert_endpoint (two, "1.2.3.4", 8080);
}

/* Each lease is renewed on its own schedule, and only the time is notified. */
static void
test_renewals (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  ALPHA2->granted_lifetime = 600;
  mapping = chain_add_up (f, 8080, 0);
  g_assert_cmpuint (plum_mapping_get_lifetime (mapping), ==, 600);
  count_changes (f, mapping);
  test_loop_advance (&f->core.loop, 7000 * 1000);
  g_assert_cmpuint (ALPHA->n_map, ==, 2);
  g_assert_cmpuint (ALPHA2->n_map, >=, 7000 / 375);
  g_assert_cmpuint (ALPHA2->n_map, <=, 1 + 7000 / 300);
  g_assert_cmpuint (ALPHA2->n_check, >=, 20);
  g_assert_cmpuint (f->n_changed, ==, 0);
  chain_assert_hops (mapping, CHAIN_BOTH ("8080"));
}

static void
test_three_routers (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  ALPHA2->external = "10.0.0.50";
  plum_manager_set_max_hops (f->core.manager, 3);
  mapping = core_add (&f->core, 8080, 0);
  test_loop_advance (&f->core.loop, 2000);
  chain_assert_endpoint (mapping, "1.2.3.4", 8080);
  chain_assert_hops (mapping, CHAIN_R1 " " CHAIN_R1_WAN ":8080 alpha, " CHAIN_R2
                                       " 10.0.0.50:8080 alpha, 10.0.0.1 1.2.3.4:8080 alpha");
  chain_clear_log ();
  core_destroy (&f->core, mapping);
  test_loop_settle (&f->core.loop);
  core_assert_log ("alpha3:unmap:tcp:8080 alpha2:unmap:tcp:8080 alpha:unmap:tcp:8080");
  core_assert_state (mapping, DESTROYED);
}

/* Two of three routers are allowed. */
static void
test_three_routers_of_two (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  ALPHA2->external = "10.0.0.50";
  mapping = core_add (&f->core, 8080, 0);
  test_loop_advance (&f->core.loop, 5000);
  chain_assert_endpoint (mapping, "10.0.0.50", 8080);
  g_assert_null (plum_mapping_get_upstream_error (mapping));
  g_assert_cmpuint (ALPHA3->n_made, ==, 0);
}

/* --- Nothing goes beyond R1 --- */

static void
test_public (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  ALPHA->external = "1.2.3.4";
  mapping = core_add_up (&f->core, 8080, 0);
  test_loop_advance (&f->core.loop, 3600 * 1000);
  g_assert_cmpuint (ALPHA2->n_made, ==, 0);
  chain_look (f);
  g_assert_cmpuint (f->n_packets, ==, 0);
  chain_assert_hops (mapping, CHAIN_R1 " 1.2.3.4:8080 alpha");
}

static void
test_address_unknown (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  ALPHA->external = NULL;
  mapping = core_add_up (&f->core, 8080, 0);
  test_loop_advance (&f->core.loop, 3600 * 1000);
  g_assert_cmpuint (ALPHA2->n_made, ==, 0);
  chain_look (f);
  g_assert_cmpuint (f->n_packets, ==, 0);
}

static void
test_max_hops_1 (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  plum_manager_set_max_hops (f->core.manager, 1);
  mapping = core_add_up (&f->core, 8080, 0);
  test_loop_advance (&f->core.loop, 3600 * 1000);
  chain_assert_endpoint (mapping, CHAIN_R1_WAN, 8080);
  g_assert_null (plum_mapping_get_upstream_error (mapping));
  g_assert_cmpuint (ALPHA2->n_made, ==, 0);
  chain_look (f);
  g_assert_cmpuint (f->n_packets, ==, 0);
}

/* Without a grant of R1, R2 is not sought. */
static void
test_first_refuses (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  ALPHA->map = NO (REFUSED);
  mapping = core_add (&f->core, 8080, 0);
  test_loop_advance (&f->core.loop, 3600 * 1000);
  core_assert_state (mapping, FAILURE);
  g_assert_cmpuint (ALPHA2->n_made, ==, 0);
  chain_look (f);
  g_assert_cmpuint (f->n_packets, ==, 0);
}

static void
test_max_hops_raised (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  plum_manager_set_max_hops (f->core.manager, 1);
  mapping = core_add_up (&f->core, 8080, 0);
  count_changes (f, mapping);
  plum_manager_set_max_hops (f->core.manager, 2);
  test_loop_advance (&f->core.loop, 1000);
  chain_assert_hops (mapping, CHAIN_BOTH ("8080"));
  g_assert_cmpuint (f->n_changed, ==, 1);
}

/* --- Who R2 is --- */

static void
test_probe_answered (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  mapping = core_add (&f->core, 8080, 0);
  test_loop_settle (&f->core.loop);
  chain_look (f);
  g_assert_cmpuint (f->n_probes, ==, 1);
  g_assert_cmpuint (f->probe->data[8], ==, 2); /* the TTL */
  chain_answer_probe (f, "192.168.0.254");
  chain_assert_hops (mapping, CHAIN_R1 " " CHAIN_R1_WAN ":8080 alpha, 192.168.0.254 1.2.3.4:8080 "
                                       "alpha");
}

/* A forged answer is not asked; the guess is. */
static const char *const hostile[] = {
  CHAIN_R1,                       /* R1 itself */
  CHAIN_R1_WAN,                   /* the other side of R1 */
  "192.0.2.2",                    /* this host */
  "192.0.2.77",                   /* the inner LAN */
  "10.77.0.2",                    /* this host, on another interface */
  "10.77.0.9",                    /* a network of another interface */
  "127.0.0.1",                    /* loopback */
  "169.254.1.1",                  /* link-local */
  "224.0.0.1",                    /* a multicast group */
  "239.255.255.250", "240.0.0.1", /* reserved */
  "255.255.255.255", "0.0.0.0",
};

static void
test_hostile_probe_answer (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  g_assert_true (test_lan_ip ("addr add 10.77.0.2/24 dev wan1"));
  mapping = chain_add_up (f, 8080, 0);
  for (guint i = 0; i < G_N_ELEMENTS (hostile); i++)
    {
      g_autofree char *address = NULL;

      g_test_message ("%s", hostile[i]);
      /* Starts the search again. */
      plum_manager_set_max_hops (f->core.manager, 1);
      test_loop_settle (&f->core.loop);
      g_assert_null (plum_gateway_get_upstream (core_gateway (&f->core)));
      plum_manager_set_max_hops (f->core.manager, 2);
      chain_look (f);
      g_assert_cmpuint (f->n_probes, ==, i + 2);
      chain_answer_probe (f, hostile[i]);
      test_loop_advance (&f->core.loop, 1000);
      address = g_inet_address_to_string (
        plum_gateway_get_address (plum_gateway_get_upstream (core_gateway (&f->core))));
      g_assert_cmpstr (address, ==, CHAIN_R2);
      test_loop_advance (&f->core.loop, 2000);
      chain_assert_hops (mapping, CHAIN_BOTH ("8080"));
    }
}

/* R1 reports one private address after the other: few datagrams are sent beyond it, and the search
 * continues later. */
static void
test_flood_of_addresses (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  mapping = chain_add_up (f, 8080, 0);
  chain_look (f);
  g_assert_cmpuint (f->n_probes, ==, 1);
  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *text = g_strdup_printf ("192.168.%u.7", 100 + i % 2);
      g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);

      plum_backend_report_external_address (ALPHA->backend, address);
      test_loop_advance (&f->core.loop, 10);
    }
  chain_look (f);
  g_assert_cmpuint (f->n_probes, ==, 3);
  test_loop_advance (&f->core.loop, 31000);
  chain_look (f);
  g_assert_cmpuint (f->n_probes, ==, 4);
}

/* The next router is the provider's: it is left alone. */
static void
test_provider (ChainFixture *f, gconstpointer data)
{
  static const char *const providers[] = { "62.155.240.1", "100.64.0.1" };

  SKIP_WITHOUT_LAN (f);

  for (guint i = 0; i < G_N_ELEMENTS (providers); i++)
    {
      g_autoptr (PlumMapping) mapping = core_add (&f->core, 8080 + i, 0);

      test_loop_settle (&f->core.loop);
      chain_look (f);
      if (i == 0)
        chain_answer_probe (f, providers[i]);
      test_loop_advance (&f->core.loop, 1000);
      chain_assert_endpoint (mapping, CHAIN_R1_WAN, 8080 + i);
      g_assert_error (plum_mapping_get_upstream_error (mapping), PLUM_ERROR, PLUM_ERROR_NO_GATEWAY);
      g_assert_nonnull (strstr (plum_mapping_get_upstream_error (mapping)->message, providers[0]));
    }
  g_assert_cmpuint (ALPHA2->n_made, ==, 0);
}

/* A network of this host contains the guess. */
static void
test_guess_is_own_network (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  g_assert_true (test_lan_ip ("addr add 192.168.0.77/24 dev wan1"));
  mapping = core_add (&f->core, 8080, 0);
  test_loop_advance (&f->core.loop, 1000);
  chain_assert_endpoint (mapping, CHAIN_R1_WAN, 8080);
  g_assert_error (plum_mapping_get_upstream_error (mapping), PLUM_ERROR, PLUM_ERROR_NO_GATEWAY);
  g_assert_cmpuint (ALPHA2->n_made, ==, 0);
}

/* The host is connected to the network of R2 later: R2 is no longer beyond R1. */
static void
test_network_becomes_own (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  mapping = chain_add_up (f, 8080, 0);
  core_begin_watch (&f->core);
  chain_clear_log ();
  g_assert_true (test_lan_ip ("addr add 192.168.0.77/24 dev wan1"));
  test_loop_settle (&f->core.loop);
  test_loop_advance (&f->core.loop, 300);
  chain_assert_endpoint (mapping, CHAIN_R1_WAN, 8080);
  g_assert_null (plum_gateway_get_upstream (core_gateway (&f->core)));
  core_assert_log ("");
}

/* What answers beyond R1 is R1. */
static void
test_same_router (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  ALPHA2->external = CHAIN_R1_WAN;
  mapping = core_add (&f->core, 8080, 0);
  test_loop_advance (&f->core.loop, 1500);
  chain_assert_endpoint (mapping, CHAIN_R1_WAN, 8080);
  chain_assert_hops (mapping, FIRST_ONLY ("8080"));
  g_assert_nonnull (
    strstr (plum_mapping_get_upstream_error (mapping)->message, "is not another router"));
  g_assert_null (
    plum_gateway_get_external_address (plum_gateway_get_upstream (core_gateway (&f->core))));
  core_assert_log ("alpha:discover alpha:map:tcp:8080:8080 alpha2:discover "
                   "alpha2:map:tcp:8080:8080 alpha2:unmap:tcp:8080");
}

/* --- R2 does not map --- */

static void
test_second_refuses (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  ALPHA2->map = NO (REFUSED);
  mapping = core_add (&f->core, 8080, 0);
  count_changes (f, mapping);
  test_loop_advance (&f->core.loop, 1000);
  chain_assert_endpoint (mapping, CHAIN_R1_WAN, 8080);
  chain_assert_hops (mapping, FIRST_ONLY ("8080"));
  g_assert_error (plum_mapping_get_upstream_error (mapping), PLUM_ERROR, PLUM_ERROR_REFUSED);
  g_assert_cmpstr (plum_mapping_get_upstream_error (mapping)->message, ==,
                   "The router " CHAIN_R2 " beyond " CHAIN_R1
                   " does not map the port: alpha said no to map");
  g_assert_null (plum_mapping_get_error (mapping));
  g_assert_cmpuint (f->n_changed, ==, 1);

  /* It is asked again, as after any failure. */
  test_loop_advance (&f->core.loop, 14000);
  g_assert_cmpuint (ALPHA2->n_map, ==, 1);
  ALPHA2->map = AT_ONCE;
  test_loop_advance (&f->core.loop, 3000);
  chain_assert_hops (mapping, CHAIN_BOTH ("8080"));
  g_assert_null (plum_mapping_get_upstream_error (mapping));
  g_assert_cmpuint (f->n_changed, ==, 2);
}

static void
test_second_silent (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  ALPHA2->discover = SILENCE;
  mapping = core_add (&f->core, 8080, 0);
  count_changes (f, mapping);
  test_loop_advance (&f->core.loop, 2999);
  core_assert_state (mapping, PENDING);
  test_loop_advance (&f->core.loop, 1);
  chain_assert_endpoint (mapping, CHAIN_R1_WAN, 8080);
  g_assert_error (plum_mapping_get_upstream_error (mapping), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_cmpuint (f->n_changed, ==, 1);

  ALPHA2->discover = AT_ONCE;
  test_loop_advance (&f->core.loop, 60 * 1000);
  chain_assert_hops (mapping, CHAIN_BOTH ("8080"));
  g_assert_cmpuint (f->n_changed, ==, 2);
  g_assert_cmpuint (plum_mapping_get_generation (mapping), ==, 2);
}

/* It answers after the report to the users. */
static void
test_second_late (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  ALPHA2->map = AFTER (5000);
  mapping = core_add (&f->core, 8080, 0);
  count_changes (f, mapping);
  test_loop_advance (&f->core.loop, 3000);
  chain_assert_endpoint (mapping, CHAIN_R1_WAN, 8080);
  test_loop_advance (&f->core.loop, 3000);
  chain_assert_endpoint (mapping, "1.2.3.4", 8080);
  g_assert_cmpuint (f->n_changed, ==, 2);
}

/* A program that gives less time than the router beyond needs gets what is granted. */
static void
test_create_in_less_time (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (GError) error = NULL;

  SKIP_WITHOUT_LAN (f);

  ALPHA2->discover = SILENCE;
  plum_manager_create_mapping_async (f->core.manager, PLUM_PROTOCOL_TCP, 8080, 0, 2000, NULL,
                                     test_store_result, &f->core.result);
  test_loop_advance (&f->core.loop, 1999);
  g_assert_null (f->core.result);
  test_loop_advance (&f->core.loop, 1);
  g_assert_nonnull (f->core.result);
  mapping = plum_manager_create_mapping_finish (f->core.manager, f->core.result, &error);
  g_assert_no_error (error);
  chain_assert_endpoint (mapping, CHAIN_R1_WAN, 8080);
  test_loop_advance (&f->core.loop, 3600 * 1000);
  chain_assert_endpoint (mapping, CHAIN_R1_WAN, 8080);
}

/* --- The required port is that of the outermost router --- */

static void
test_required_port (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = NULL;
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  first = chain_add_up (f, 8081, 0); /* R1 is known to have a private address */
  chain_clear_log ();
  ALPHA->granted_port = 6000;
  mapping = core_add_exact (&f->core, 8080, 9090);
  test_loop_settle (&f->core.loop);
  chain_assert_endpoint (mapping, "1.2.3.4", 9090);
  core_assert_log ("alpha:map:tcp:8080:9090 alpha2:map:tcp:6000:9090!");
}

/* The router beyond is no longer asked: the first one does not have the required port. */
static void
test_required_port_of_one_router (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = NULL;
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (PlumMapping) third = NULL;

  SKIP_WITHOUT_LAN (f);

  first = chain_add_up (f, 8081, 0);
  ALPHA->granted_port = 6000;
  mapping = core_add_exact (&f->core, 8080, 9090);
  test_loop_settle (&f->core.loop);
  ALPHA->granted_port = 0;
  third = core_add (&f->core, 8082, 0);
  test_loop_settle (&f->core.loop);
  chain_assert_endpoint (mapping, "1.2.3.4", 9090);
  plum_manager_set_max_hops (f->core.manager, 1);
  test_loop_advance (&f->core.loop, 20000);
  chain_assert_endpoint (mapping, CHAIN_R1_WAN, 9090);
  chain_assert_endpoint (first, CHAIN_R1_WAN, 8081);
  chain_assert_endpoint (third, CHAIN_R1_WAN, 8082);
}

/* The close names the port of the mapping, and not that of the first router. */
static void
test_closed_names_the_mapping (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (GError) error = NULL;

  SKIP_WITHOUT_LAN (f);

  ALPHA->granted_port = 6000;
  mapping = chain_add_up (f, 8080, 0);
  ALPHA2->unmap = SILENCE;
  chain_close_manager (f, 10000);
  g_assert_false (plum_manager_close_finish (f->core.manager, f->core.result, &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_nonnull (strstr (error->message, "TCP port 8080"));
  g_assert_null (strstr (error->message, "6000"));
}

/* The same for what R2 grants after the mapping was removed, and does not confirm to delete. */
static void
test_closed_names_late_lease (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) late = plum_lease_new (NULL, 7000, 7200, NULL);
  g_autoptr (PlumMapping) removed = NULL;
  g_autoptr (GError) error = NULL;

  SKIP_WITHOUT_LAN (f);

  ALPHA->granted_port = 6000;
  ALPHA2->map = SILENCE;
  removed = core_add (&f->core, 8080, 0);
  test_loop_advance (&f->core.loop, 1000);
  core_destroy (&f->core, removed);
  test_loop_settle (&f->core.loop);
  ALPHA2->unmap = NO (MALFORMED);
  plum_call_return_lease (ALPHA2->last_map, late);
  test_loop_settle (&f->core.loop);
  chain_close_manager (f, 10000);
  g_assert_false (plum_manager_close_finish (f->core.manager, f->core.result, &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_nonnull (strstr (error->message, "TCP port 8080"));
  g_assert_null (strstr (error->message, "6000"));
}

/* The error names the port of the other mapping, and not that of the first router. */
static void
test_required_port_of_another (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) other = NULL;
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  ALPHA->granted_port = 6000;
  ALPHA2->granted_port = 9090;
  other = chain_add_up (f, 8081, 9090);
  ALPHA->granted_port = 6001;
  mapping = core_add_exact (&f->core, 8080, 9090);
  test_loop_advance (&f->core.loop, 5000);
  core_assert_state (mapping, FAILURE);
  g_assert_error (plum_mapping_get_error (mapping), PLUM_ERROR, PLUM_ERROR_CONFLICT);
  g_assert_nonnull (strstr (plum_mapping_get_error (mapping)->message, "TCP port 8081"));
}

static void
test_required_port_taken (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = NULL;
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  first = chain_add_up (f, 8081, 0);
  chain_clear_log ();
  ALPHA->granted_port = 6000;
  ALPHA2->granted_port = 7000;
  mapping = core_add_exact (&f->core, 8080, 9090);
  test_loop_advance (&f->core.loop, 1000);
  core_assert_state (mapping, FAILURE);
  g_assert_error (plum_mapping_get_error (mapping), PLUM_ERROR, PLUM_ERROR_CONFLICT);
  g_assert_nonnull (strstr (plum_mapping_get_error (mapping)->message, "7000"));
  core_assert_log ("alpha:map:tcp:8080:9090 alpha2:map:tcp:6000:9090! alpha2:unmap:tcp:6000");
}

/* --- Deletes --- */

static void
test_destroyed (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  ALPHA2->unmap = AFTER (100);
  mapping = chain_add_up (f, 8080, 0);
  chain_clear_log ();
  core_destroy (&f->core, mapping);
  test_loop_advance (&f->core.loop, 99);
  core_assert_log ("alpha2:unmap:tcp:8080");
  core_assert_state (mapping, DESTROYING);
  test_loop_advance (&f->core.loop, 1);
  core_assert_log ("alpha:unmap:tcp:8080");
  core_assert_state (mapping, DESTROYED);
  g_assert_null (plum_mapping_get_error (mapping));
  g_assert_cmpuint (ALPHA2->unmapped_port, ==, 8080);
}

/* R2 does not answer the delete: R1's is sent in time, and the mapping tells what may be left. */
static void
test_destroyed_unconfirmed (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  ALPHA2->unmap = SILENCE;
  mapping = chain_add_up (f, 8080, 0);
  chain_clear_log ();
  core_destroy (&f->core, mapping);
  test_loop_advance (&f->core.loop, 5000);
  core_assert_log ("alpha2:unmap:tcp:8080 alpha:unmap:tcp:8080");
  core_assert_state (mapping, DESTROYED);
  g_assert_error (plum_mapping_get_error (mapping), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
}

/* The time limit of a release is that of both routers together. */
static void
test_destroyed_in_time (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  plum_manager_set_release_timeout (f->core.manager, 2000);
  ALPHA->unmap = SILENCE;
  ALPHA2->unmap = SILENCE;
  mapping = chain_add_up (f, 8080, 0);
  chain_clear_log ();
  core_destroy (&f->core, mapping);
  test_loop_advance (&f->core.loop, 1000);
  core_assert_log ("alpha2:unmap:tcp:8080 alpha:unmap:tcp:8080");
  test_loop_advance (&f->core.loop, 999);
  core_assert_state (mapping, DESTROYING);
  test_loop_advance (&f->core.loop, 1);
  core_assert_state (mapping, DESTROYED);
  g_assert_error (plum_mapping_get_error (mapping), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
}

static void
test_closed (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) one = NULL;
  g_autoptr (PlumMapping) two = NULL;
  g_autoptr (GError) error = NULL;

  SKIP_WITHOUT_LAN (f);

  one = chain_add_up (f, 8080, 0);
  chain_clear_log ();
  chain_close_manager (f, 100);
  core_assert_log ("alpha2:unmap:tcp:8080 alpha:unmap:tcp:8080");
  g_assert_true (plum_manager_close_finish (f->core.manager, f->core.result, &error));
  g_assert_no_error (error);
}

/* A close ends after one mapping timeout, also if neither router answers. */
static void
test_closed_unconfirmed (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) one = NULL;
  g_autoptr (GError) error = NULL;

  SKIP_WITHOUT_LAN (f);

  ALPHA->unmap = SILENCE;
  ALPHA2->unmap = SILENCE;
  one = chain_add_up (f, 8080, 0);
  chain_clear_log ();
  chain_close_manager (f, 10000);
  core_assert_log ("alpha2:unmap:tcp:8080 alpha:unmap:tcp:8080");
  g_assert_false (plum_manager_close_finish (f->core.manager, f->core.result, &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
}

/* R1 refuses after a restart, and the answer of R2 to the deletions is missing. Then R1 reports
 * another address, so that R2 is no longer the next router: all leases there are given up, also if
 * the first one is the last of its mapping. data: whether the manager is closed, instead of one
 * mapping destroyed. */
static void
test_moves_while_released (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) one = NULL;
  g_autoptr (PlumMapping) two = NULL;
  g_autoptr (PlumMapping) three = NULL;
  g_autoptr (GInetAddress) other = g_inet_address_new_from_string ("1.2.3.9");
  gboolean closes = data != NULL;

  SKIP_WITHOUT_LAN (f);

  one = chain_add_up (f, 8080, 0);
  two = chain_add_up (f, 8081, 0);
  three = chain_add_up (f, 8082, 0);
  ALPHA->map = NO (NO_RESOURCES);
  ALPHA2->unmap = SILENCE;
  plum_backend_report_lost (ALPHA->backend, "restart");
  test_loop_advance (&f->core.loop, 6000);
  core_assert_state (one, FAILURE);
  core_assert_state (three, FAILURE);

  if (closes)
    plum_manager_close_async (f->core.manager, NULL, NULL, NULL);
  else
    core_destroy (&f->core, one);
  test_loop_advance (&f->core.loop, 100);
  core_assert_state (one, DESTROYING);
  plum_backend_report_external_address (ALPHA->backend, other);
  test_loop_advance (&f->core.loop, 20000);
  core_assert_state (one, DESTROYED);
  if (closes)
    core_assert_state (three, DESTROYED);
  else
    core_assert_state (three, FAILURE);
}

static void
set_up_alone (ChainFixture *f, gconstpointer data)
{
  chain_fixture_set_up (f, NULL);
}

/* The mapping is destroyed while R2 is sought, and while it is asked. */
static void
test_destroyed_early (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) one = NULL;
  g_autoptr (PlumMapping) two = NULL;

  SKIP_WITHOUT_LAN (f);

  one = core_add (&f->core, 8080, 0);
  test_loop_settle (&f->core.loop);
  core_destroy (&f->core, one);
  test_loop_advance (&f->core.loop, 5000);
  core_assert_state (one, DESTROYED);
  core_assert_log ("alpha:discover alpha:map:tcp:8080:8080 alpha:unmap:tcp:8080");

  ALPHA2->map = SILENCE;
  two = core_add (&f->core, 8081, 0);
  test_loop_settle (&f->core.loop);
  core_destroy (&f->core, two);
  test_loop_advance (&f->core.loop, 5000);
  core_assert_state (two, DESTROYED);
  core_assert_log ("alpha:map:tcp:8081:8081 alpha2:discover alpha2:map:tcp:8081:8081 "
                   "alpha2:unmap:tcp:8081 alpha:unmap:tcp:8081");
}

/* It is added again while the routers delete it. */
static void
test_added_during_delete (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) one = NULL;
  g_autoptr (PlumMapping) two = NULL;

  SKIP_WITHOUT_LAN (f);

  ALPHA2->unmap = AFTER (100);
  one = chain_add_up (f, 8080, 0);
  chain_clear_log ();
  core_destroy (&f->core, one);
  two = core_add (&f->core, 8080, 0);
  test_loop_advance (&f->core.loop, 200);
  core_assert_state (one, DESTROYED);
  chain_assert_endpoint (two, "1.2.3.4", 8080);
  core_assert_log ("alpha2:unmap:tcp:8080 alpha:unmap:tcp:8080 alpha:map:tcp:8080:8080 "
                   "alpha2:map:tcp:8080:8080");
}

/* --- Changes --- */

/* R1 grants another port after it has lost its state: R2's entry is removed first. */
static void
test_first_changes_port (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  mapping = chain_add_up (f, 8080, 0);
  count_changes (f, mapping);
  chain_clear_log ();
  ALPHA->granted_port = 6000;
  plum_backend_report_lost (ALPHA->backend, "restart");
  test_loop_advance (&f->core.loop, 6000);
  core_assert_log ("alpha:discover alpha:map:tcp:8080:8080 alpha2:unmap:tcp:8080 "
                   "alpha2:map:tcp:6000:8080");
  chain_assert_hops (mapping,
                     CHAIN_R1 " " CHAIN_R1_WAN ":6000 alpha, " CHAIN_R2 " 1.2.3.4:8080 alpha");
  g_assert_cmpuint (f->n_changed, ==, 1); /* the generation: the endpoint is the same */
  core_assert_state (mapping, SUCCESS);
}

/* R1 is at another address of R2's network: the entry that leads to the old one is removed, as far
 * as the protocol allows it, and R2 is asked again. */
static void
test_first_changes_address (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  mapping = chain_add_up (f, 8080, 0);
  chain_clear_log ();
  g_assert_cmpuint (ALPHA2->n_made, ==, 1);
  ALPHA->external = "192.168.0.51";
  ALPHA2->unmap_moved = AT_ONCE;
  test_loop_advance (&f->core.loop, 301 * 1000); /* the recheck asks R1 for its address */
  test_loop_advance (&f->core.loop, 3000);
  core_assert_log ("alpha2:discover alpha2:unmap:tcp:8080:192.168.0.50 alpha2:map:tcp:8080:8080");
  chain_assert_hops (mapping, CHAIN_R1 " 192.168.0.51:8080 alpha, " CHAIN_R2 " 1.2.3.4:8080 alpha");
  g_assert_cmpuint (ALPHA2->n_made, ==, 2);
}

/* R1 gets a public address: R2 is left alone from then on. */
static void
test_first_becomes_public (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  mapping = chain_add_up (f, 8080, 0);
  chain_clear_log ();
  ALPHA->external = "5.6.7.8";
  test_loop_advance (&f->core.loop, 301 * 1000);
  chain_assert_endpoint (mapping, "5.6.7.8", 8080);
  g_assert_null (plum_gateway_get_upstream (core_gateway (&f->core)));
  core_assert_log ("");
}

static void
test_first_restarts (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  mapping = chain_add_up (f, 8080, 0);
  core_listen (&f->core, mapping);
  chain_clear_log ();
  plum_backend_report_lost (ALPHA->backend, "restart");
  test_loop_advance (&f->core.loop, 6000);
  core_assert_log ("alpha:discover alpha:map:tcp:8080:8080");
  core_assert_events (&f->core, "expires-at generation");
  chain_assert_hops (mapping, CHAIN_BOTH ("8080"));
}

static void
test_second_restarts (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  mapping = chain_add_up (f, 8080, 0);
  core_listen (&f->core, mapping);
  chain_clear_log ();
  plum_backend_report_lost (ALPHA2->backend, "restart");
  test_loop_advance (&f->core.loop, 6000);
  core_assert_log ("alpha2:discover alpha2:map:tcp:8080:8080");
  core_assert_events (&f->core, "generation"); /* R1's lease expires first */
  chain_assert_hops (mapping, CHAIN_BOTH ("8080"));
}

/* R1 is renewed while R2 recovers: nothing is notified. */
static void
test_renewal_during_recovery (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  ALPHA->granted_lifetime = 10;
  mapping = chain_add_up (f, 8080, 0);
  ALPHA2->map = AFTER (9000);
  core_listen (&f->core, mapping);
  plum_backend_report_lost (ALPHA2->backend, "restart");
  test_loop_advance (&f->core.loop, 8000);
  g_assert_cmpuint (ALPHA->n_map, >=, 2);
  chain_assert_hops (mapping, CHAIN_BOTH ("8080"));
  chain_assert_endpoint (mapping, "1.2.3.4", 8080);
}

/* R2's lease expires, because it no longer answers. */
static void
test_second_expires (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  ALPHA2->granted_lifetime = 100;
  mapping = chain_add_up (f, 8080, 0);
  ALPHA2->map = SILENCE;
  ALPHA2->discover = SILENCE;
  test_loop_advance (&f->core.loop, 98 * 1000);
  chain_assert_endpoint (mapping, "1.2.3.4", 8080);
  test_loop_advance (&f->core.loop, 2000);
  core_assert_state (mapping, PENDING);
  test_loop_advance (&f->core.loop, 3000);
  chain_assert_endpoint (mapping, CHAIN_R1_WAN, 8080);
  g_assert_nonnull (plum_mapping_get_upstream_error (mapping));

  ALPHA2->map = AT_ONCE;
  ALPHA2->discover = AT_ONCE;
  test_loop_advance (&f->core.loop, 100 * 1000);
  chain_assert_hops (mapping, CHAIN_BOTH ("8080"));
}

/* R1 refuses after a restart: R2's entry leads to nothing, and is removed. */
static void
test_first_fails_later (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  mapping = chain_add_up (f, 8080, 0);
  chain_clear_log ();
  ALPHA->map = NO (REFUSED);
  plum_backend_report_lost (ALPHA->backend, "restart");
  test_loop_advance (&f->core.loop, 6000);
  core_assert_state (mapping, FAILURE);
  core_assert_log ("alpha:discover alpha:map:tcp:8080:8080 alpha2:unmap:tcp:8080");
  ALPHA->map = AT_ONCE;
  test_loop_advance (&f->core.loop, 20000);
  chain_assert_hops (mapping, CHAIN_BOTH ("8080"));
}

/* R2 answers the map call of a removed mapping, and is slow to delete what it granted: the next
 * request waits for that. */
static void
test_late_delete (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) late = plum_lease_new (NULL, 8080, 7200, NULL);
  g_autoptr (PlumMapping) mapping = NULL;
  PlumMapping *removed;

  SKIP_WITHOUT_LAN (f);

  ALPHA2->map = SILENCE;
  removed = core_add (&f->core, 8080, 0);
  test_loop_advance (&f->core.loop, 1000);
  core_destroy (&f->core, removed);
  g_object_unref (removed);
  test_loop_settle (&f->core.loop);
  chain_clear_log ();

  ALPHA2->map = AT_ONCE;
  ALPHA2->unmap = AFTER (2000);
  plum_call_return_lease (ALPHA2->last_map, late);
  test_loop_settle (&f->core.loop);
  mapping = core_add (&f->core, 8080, 0);
  test_loop_advance (&f->core.loop, 1999);
  core_assert_log ("alpha2:unmap:tcp:8080 alpha:map:tcp:8080:8080");
  test_loop_advance (&f->core.loop, 1);
  core_assert_log ("alpha2:map:tcp:8080:8080");
  chain_assert_hops (mapping, CHAIN_BOTH ("8080"));
}

/* --- A server of the provider --- */

static void
test_shared_address (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  ALPHA->external = "100.64.0.2";
  mapping = core_add (&f->core, 8080, 0);
  test_loop_settle (&f->core.loop);
  chain_assert_hops (mapping, CHAIN_R1 " 100.64.0.2:8080 alpha, 192.0.0.9 1.2.3.4:8080 beta");
  /* Only the backend that names the server asks it, and no datagram seeks a router. */
  core_assert_log ("alpha:discover beta:discover alpha:map:tcp:8080:8080 beta2:discover "
                   "beta2:map:tcp:8080:8080");
  g_assert_cmpuint (ALPHA2->n_made, ==, 0);
  chain_look (f);
  g_assert_cmpuint (f->n_packets, ==, 0);

  core_destroy (&f->core, mapping);
  test_loop_settle (&f->core.loop);
  core_assert_log ("beta2:unmap:tcp:8080 alpha:unmap:tcp:8080");
}

/* The server cannot be reached for a while: the reason is said, and it is asked again. */
static void
test_shared_address_loses_its_route (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  ALPHA->external = "100.64.0.2";
  mapping = core_add (&f->core, 8080, 0);
  test_loop_settle (&f->core.loop);
  chain_assert_endpoint (mapping, "1.2.3.4", 8080);
  test_loop_advance (&f->core.loop, 1000);

  g_assert_true (test_lan_ip ("route add blackhole 192.0.0.9/32"));
  test_loop_advance (&f->core.loop, 5000);
  chain_assert_endpoint (mapping, "100.64.0.2", 8080);
  g_assert_cmpstr (plum_mapping_get_upstream_error (mapping)->message, ==,
                   "The address 100.64.0.2 is shared by the provider, and its servers cannot be "
                   "asked");

  g_assert_true (test_lan_ip ("route del blackhole 192.0.0.9/32"));
  test_loop_advance (&f->core.loop, 301 * 1000);
  chain_assert_endpoint (mapping, "1.2.3.4", 8080);
}

/* DS-Lite (RFC 6333). */
static void
test_shared_address_of_ds_lite (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  ALPHA->external = "192.0.0.2";
  mapping = core_add (&f->core, 8080, 0);
  test_loop_settle (&f->core.loop);
  chain_assert_hops (mapping, CHAIN_R1 " 192.0.0.2:8080 alpha, 192.0.0.9 1.2.3.4:8080 beta");
}

static void
test_shared_address_without_server (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  ALPHA->external = "100.64.0.2"; /* and alpha is the only backend */
  mapping = core_add_up (&f->core, 8080, 0);
  chain_assert_endpoint (mapping, "100.64.0.2", 8080);
  g_assert_error (plum_mapping_get_upstream_error (mapping), PLUM_ERROR, PLUM_ERROR_NO_GATEWAY);
  test_loop_advance (&f->core.loop, 3600 * 1000);
  g_assert_cmpuint (ALPHA2->n_made, ==, 0);
  chain_look (f);
  g_assert_cmpuint (f->n_packets, ==, 0);
}

/* The address of this host is the provider's, and no router translates it. */
static void
set_up_direct (ChainFixture *f)
{
  BETA->discover = SILENCE;
  ALPHA->discover = NO (NOT_SUPPORTED);
  g_assert_true (test_lan_ip ("addr add 100.64.0.10/24 dev wan0"));
  g_assert_true (test_lan_ip ("neigh add 100.64.0.1 lladdr 02:00:00:00:00:01 dev wan0 nud "
                              "permanent"));
  g_assert_true (test_lan_ip ("route replace default via 100.64.0.1 dev wan0 src 100.64.0.10"));
}

static void
test_direct (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  set_up_direct (f);
  mapping = core_add (&f->core, 8080, 0);
  test_loop_advance (&f->core.loop, 9999);
  core_assert_state (mapping, PENDING);
  g_assert_cmpuint (BETA2->n_made, ==, 0);
  chain_clear_log ();
  test_loop_advance (&f->core.loop, 1);
  core_assert_log ("beta2:discover beta2:map:tcp:8080:8080");
  chain_assert_endpoint (mapping, "1.2.3.4", 8080);
  chain_assert_hops (mapping, "192.0.0.9 1.2.3.4:8080 beta");
  core_assert_backend (mapping, "beta");
  g_assert_null (plum_mapping_get_error (mapping));

  /* The router is asked again, in vain. */
  core_listen (&f->core, mapping);
  test_loop_advance (&f->core.loop, 120 * 1000);
  core_assert_events (&f->core, "");
  chain_assert_endpoint (mapping, "1.2.3.4", 8080);
  chain_clear_log ();
  core_destroy (&f->core, mapping);
  test_loop_settle (&f->core.loop);
  core_assert_log ("beta2:unmap:tcp:8080");
  core_assert_state (mapping, DESTROYED);
}

static void
test_direct_refused (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  set_up_direct (f);
  BETA2->map = NO (REFUSED);
  mapping = core_add (&f->core, 8080, 0);
  test_loop_advance (&f->core.loop, 11000);
  core_assert_state (mapping, FAILURE);
  g_assert_error (plum_mapping_get_error (mapping), PLUM_ERROR, PLUM_ERROR_REFUSED);
  BETA2->map = AT_ONCE;
  test_loop_advance (&f->core.loop, 60 * 1000);
  chain_assert_hops (mapping, "192.0.0.9 1.2.3.4:8080 beta");
}

/* Nothing is sent to the provider: the router maps ports, or only one router may be asked. */
static void
test_direct_not_needed (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  set_up_direct (f);
  ALPHA->discover = AT_ONCE;
  ALPHA->external = "1.2.3.4";
  mapping = core_add (&f->core, 8080, 0);
  test_loop_advance (&f->core.loop, 3600 * 1000);
  core_assert_state (mapping, SUCCESS);
  g_assert_cmpuint (BETA2->n_made, ==, 0);
}

static void
test_direct_one_hop (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  set_up_direct (f);
  plum_manager_set_max_hops (f->core.manager, 1);
  mapping = core_add (&f->core, 8080, 0);
  test_loop_advance (&f->core.loop, 3600 * 1000);
  core_assert_state (mapping, FAILURE);
  g_assert_cmpuint (BETA2->n_made, ==, 0);
}

/* The lease of the server is lost with the network: its address leads nowhere. */
static void
test_direct_loses_the_network (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  set_up_direct (f);
  mapping = core_add (&f->core, 8080, 0);
  test_loop_advance (&f->core.loop, 11000);
  chain_assert_endpoint (mapping, "1.2.3.4", 8080);
  ALPHA->discover = SILENCE;
  g_assert_true (test_lan_ip ("route replace default via " CHAIN_R1 " dev wan0"));
  test_loop_advance (&f->core.loop, 1000);
  core_assert_state (mapping, PENDING);
  g_assert_null (plum_mapping_get_external_host (mapping));
}

/* The server must no longer be asked: the failure of the router is reported. */
static void
test_direct_loses_the_server (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  SKIP_WITHOUT_LAN (f);

  set_up_direct (f);
  mapping = core_add (&f->core, 8080, 0);
  test_loop_advance (&f->core.loop, 11000);
  chain_assert_endpoint (mapping, "1.2.3.4", 8080);
  plum_manager_set_max_hops (f->core.manager, 1);
  test_loop_settle (&f->core.loop);
  core_assert_state (mapping, FAILURE);
  g_assert_null (plum_mapping_get_external_host (mapping));
  g_assert_error (plum_mapping_get_error (mapping), PLUM_ERROR, PLUM_ERROR_NO_BACKEND);

  plum_manager_set_max_hops (f->core.manager, 2);
  test_loop_advance (&f->core.loop, 61000);
  chain_assert_endpoint (mapping, "1.2.3.4", 8080);
}

int
main (int argc, char *argv[])
{
  test_lan_enter_namespace ();
  g_test_init (&argc, &argv, NULL);

  CHAIN_ADD ("granted", test_granted);
  CHAIN_ADD ("client-address", test_client_address);
  CHAIN_ADD ("other-port-at-first", test_other_port_at_first);
  CHAIN_ADD ("hosts", test_hosts);
  CHAIN_ADD ("two-ports", test_two_ports);
  CHAIN_ADD ("shared", test_shared);
  CHAIN_ADD ("renewals", test_renewals);
  CHAIN_ADD ("three-routers", test_three_routers);
  CHAIN_ADD ("three-routers-of-two", test_three_routers_of_two);
  CHAIN_ADD ("nothing-beyond/public", test_public);
  CHAIN_ADD ("nothing-beyond/address-unknown", test_address_unknown);
  CHAIN_ADD ("nothing-beyond/max-hops-1", test_max_hops_1);
  CHAIN_ADD ("nothing-beyond/first-refuses", test_first_refuses);
  CHAIN_ADD ("max-hops-raised", test_max_hops_raised);
  CHAIN_ADD ("next/probe-answered", test_probe_answered);
  CHAIN_ADD ("next/hostile", test_hostile_probe_answer);
  CHAIN_ADD ("next/flood", test_flood_of_addresses);
  CHAIN_ADD ("next/provider", test_provider);
  CHAIN_ADD ("next/own-network", test_guess_is_own_network);
  CHAIN_ADD ("next/becomes-own-network", test_network_becomes_own);
  CHAIN_ADD ("next/same-router", test_same_router);
  CHAIN_ADD ("second/refuses", test_second_refuses);
  CHAIN_ADD ("second/silent", test_second_silent);
  CHAIN_ADD ("second/late", test_second_late);
  CHAIN_ADD ("second/create-in-less-time", test_create_in_less_time);
  CHAIN_ADD ("required-port/granted", test_required_port);
  CHAIN_ADD ("required-port/of-one-router", test_required_port_of_one_router);
  CHAIN_ADD ("close/names-the-mapping", test_closed_names_the_mapping);
  CHAIN_ADD ("close/names-late-lease", test_closed_names_late_lease);
  CHAIN_ADD ("required-port/taken", test_required_port_taken);
  CHAIN_ADD ("required-port/of-another-mapping", test_required_port_of_another);
  CHAIN_ADD ("delete/destroyed", test_destroyed);
  CHAIN_ADD ("delete/unconfirmed", test_destroyed_unconfirmed);
  CHAIN_ADD ("delete/in-time", test_destroyed_in_time);
  g_test_add ("/chain/delete/moved", ChainFixture, NULL, set_up_alone, test_moves_while_released,
              chain_fixture_tear_down);
  g_test_add ("/chain/close/moved", ChainFixture, GINT_TO_POINTER (TRUE), set_up_alone,
              test_moves_while_released, chain_fixture_tear_down);
  CHAIN_ADD ("delete/closed", test_closed);
  CHAIN_ADD ("delete/closed-unconfirmed", test_closed_unconfirmed);
  CHAIN_ADD ("delete/early", test_destroyed_early);
  CHAIN_ADD ("delete/added-again", test_added_during_delete);
  CHAIN_ADD ("change/first-port", test_first_changes_port);
  CHAIN_ADD ("change/first-address", test_first_changes_address);
  CHAIN_ADD ("change/first-becomes-public", test_first_becomes_public);
  CHAIN_ADD ("change/first-restarts", test_first_restarts);
  CHAIN_ADD ("change/second-restarts", test_second_restarts);
  CHAIN_ADD ("change/renewal-during-recovery", test_renewal_during_recovery);
  CHAIN_ADD ("change/second-expires", test_second_expires);
  CHAIN_ADD ("change/first-fails", test_first_fails_later);
  CHAIN_ADD ("delete/late-lease", test_late_delete);
  CHAIN_ADD_N ("provider/shared-address", 2, test_shared_address);
  CHAIN_ADD_N ("provider/ds-lite", 2, test_shared_address_of_ds_lite);
  CHAIN_ADD_N ("provider/loses-its-route", 2, test_shared_address_loses_its_route);
  CHAIN_ADD ("provider/no-server", test_shared_address_without_server);
  CHAIN_ADD_N ("provider/direct", 2, test_direct);
  CHAIN_ADD_N ("provider/direct-refused", 2, test_direct_refused);
  CHAIN_ADD_N ("provider/direct-not-needed", 2, test_direct_not_needed);
  CHAIN_ADD_N ("provider/direct-one-hop", 2, test_direct_one_hop);
  CHAIN_ADD_N ("provider/direct-loses-the-network", 2, test_direct_loses_the_network);
  CHAIN_ADD_N ("provider/direct-loses-the-server", 2, test_direct_loses_the_server);
  return g_test_run ();
}

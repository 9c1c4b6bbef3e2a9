/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "chain-fixture.h"

/* A program asks for the router beyond the first one, without a mapping. */

static void
begin (ChainFixture *f, PlumGateway *gateway, GCancellable *cancellable)
{
  g_clear_object (&f->core.result);
  plum_gateway_query_upstream_async (gateway, cancellable, test_store_result, &f->core.result);
}

/* (transfer full) (nullable) */
static PlumGateway *
end (ChainFixture *f, PlumGateway *gateway, GError **error)
{
  g_assert_nonnull (f->core.result);
  return plum_gateway_query_upstream_finish (gateway, f->core.result, error);
}

static void
assert_fails (ChainFixture *f, PlumGateway *gateway, int code, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (end (f, gateway, &error));
  g_assert_error (error, PLUM_ERROR, code);
  g_assert_cmpstr (error->message, ==, message);
}

static void
assert_router (PlumGateway *gateway, const char *address, const char *external)
{
  g_autofree char *own = g_inet_address_to_string (plum_gateway_get_address (gateway));
  g_autofree char *outer = g_inet_address_to_string (plum_gateway_get_external_address (gateway));

  g_assert_cmpstr (own, ==, address);
  g_assert_cmpstr (outer, ==, external);
  g_assert_cmpstr (plum_gateway_get_backend_name (gateway), !=, NULL);
}

/* Makes the gateway, which exists only when the program needs it. (transfer none) */
static PlumGateway *
get_first (ChainFixture *f)
{
  g_clear_object (&f->core.result);
  plum_manager_discover_async (f->core.manager, NULL, test_store_result, &f->core.result);
  test_loop_advance_until (&f->core.loop, f->core.result != NULL, 10000);
  chain_clear_log ();
  return core_gateway (&f->core);
}

static void
test_found (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumGateway) found = NULL;
  PlumGateway *first;

  SKIP_WITHOUT_LAN (f);

  first = get_first (f);
  g_assert_null (plum_gateway_get_upstream (first));
  begin (f, first, NULL);
  test_loop_settle (&f->core.loop);
  chain_look (f);
  g_assert_cmpuint (f->n_probes, ==, 1);
  chain_answer_probe (f, "192.168.0.254");
  found = end (f, first, NULL);
  assert_router (found, "192.168.0.254", "1.2.3.4");
  g_assert_true (found == plum_gateway_get_upstream (first));
  core_assert_log ("alpha2:discover");
}

/* No router answers the probe: the first address of the network is asked. */
static void
test_guessed (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumGateway) found = NULL;
  g_autoptr (PlumGateway) again = NULL;
  PlumGateway *first;

  SKIP_WITHOUT_LAN (f);

  first = get_first (f);
  begin (f, first, NULL);
  test_loop_advance (&f->core.loop, 999);
  g_assert_null (f->core.result);
  test_loop_advance (&f->core.loop, 1);
  found = end (f, first, NULL);
  assert_router (found, CHAIN_R2, "1.2.3.4");
  core_assert_log ("alpha2:discover");

  begin (f, first, NULL);
  test_loop_settle (&f->core.loop);
  again = end (f, first, NULL);
  g_assert_true (again == found);
  core_assert_log ("");
  chain_look (f);
  g_assert_cmpuint (f->n_probes, ==, 1);
}

static void
test_third (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumGateway) second = NULL;
  g_autoptr (PlumGateway) third = NULL;

  SKIP_WITHOUT_LAN (f);

  plum_manager_set_max_hops (f->core.manager, 3);
  ALPHA2->external = "10.0.0.7";
  begin (f, get_first (f), NULL);
  test_loop_advance (&f->core.loop, 1000);
  second = end (f, core_gateway (&f->core), NULL);
  begin (f, second, NULL);
  test_loop_advance (&f->core.loop, 1000);
  third = end (f, second, NULL);
  assert_router (third, "10.0.0.1", "1.2.3.4");
  begin (f, third, NULL);
  test_loop_settle (&f->core.loop);
  assert_fails (f, third, PLUM_ERROR_NO_GATEWAY,
                "No router beyond 10.0.0.1 is asked: its external address 1.2.3.4 is not private");
}

static void
test_of_provider (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumGateway) found = NULL;

  SKIP_WITHOUT_LAN (f);

  ALPHA->external = "100.64.0.2";
  begin (f, get_first (f), NULL);
  test_loop_settle (&f->core.loop);
  found = end (f, core_gateway (&f->core), NULL);
  assert_router (found, "192.0.0.9", "1.2.3.4");
}

/* The gateway reports the external address only when it is asked for it. */
static void
test_asks_for_address (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumGateway) found = NULL;
  PlumGateway *first;

  SKIP_WITHOUT_LAN (f);

  ALPHA->address = NO (TIMED_OUT);
  first = get_first (f);
  g_assert_null (plum_gateway_get_external_address (first));
  ALPHA->address = AT_ONCE;
  begin (f, first, NULL);
  test_loop_advance (&f->core.loop, 1000);
  found = end (f, first, NULL);
  core_assert_log ("alpha2:discover");
}

static void
test_address_unknown (ChainFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  SKIP_WITHOUT_LAN (f);

  ALPHA->address = NO (TIMED_OUT);
  begin (f, get_first (f), NULL);
  test_loop_settle (&f->core.loop);
  g_assert_null (end (f, core_gateway (&f->core), &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  chain_look (f);
  g_assert_cmpuint (f->n_packets, ==, 0);
}

static void
test_public_address (ChainFixture *f, gconstpointer data)
{
  SKIP_WITHOUT_LAN (f);

  ALPHA->external = "1.2.3.4";
  begin (f, get_first (f), NULL);
  test_loop_advance (&f->core.loop, 10000);
  assert_fails (f, core_gateway (&f->core), PLUM_ERROR_NO_GATEWAY,
                "No router beyond " CHAIN_R1
                " is asked: its external address 1.2.3.4 is not private");
  chain_look (f);
  g_assert_cmpuint (f->n_packets, ==, 0);
  g_assert_cmpuint (ALPHA2->n_made, ==, 0);
}

static void
test_one_hop (ChainFixture *f, gconstpointer data)
{
  SKIP_WITHOUT_LAN (f);

  plum_manager_set_max_hops (f->core.manager, 1);
  begin (f, get_first (f), NULL);
  test_loop_advance (&f->core.loop, 10000);
  assert_fails (f, core_gateway (&f->core), PLUM_ERROR_NO_GATEWAY,
                "No router beyond " CHAIN_R1 " is asked: at most 1 router may be");
  chain_look (f);
  g_assert_cmpuint (f->n_packets, ==, 0);
}

static void
test_not_found (ChainFixture *f, gconstpointer data)
{
  SKIP_WITHOUT_LAN (f);

  g_assert_true (test_lan_ip ("addr add 192.168.0.77/24 dev wan1"));
  begin (f, get_first (f), NULL);
  test_loop_advance (&f->core.loop, 1000);
  assert_fails (f, core_gateway (&f->core), PLUM_ERROR_NO_GATEWAY,
                "The router beyond " CHAIN_R1_WAN " is unknown: no router has answered the probe");
  g_assert_cmpuint (ALPHA2->n_made, ==, 0);
}

/* No router has answered the probe, and nothing answers at the first address of the network. */
static void
test_guess_is_silent (ChainFixture *f, gconstpointer data)
{
  SKIP_WITHOUT_LAN (f);

  ALPHA2->discover = NO (TIMED_OUT);
  begin (f, get_first (f), NULL);
  test_loop_advance (&f->core.loop, 1000);
  assert_fails (f, core_gateway (&f->core), PLUM_ERROR_NO_BACKEND,
                "The router beyond " CHAIN_R1
                " is unknown: no router has answered the probe, and the address " CHAIN_R2
                " does not map ports: alpha said no to discover");
}

/* The router is known, and says nothing. */
static void
test_silent (ChainFixture *f, gconstpointer data)
{
  PlumGateway *first;

  SKIP_WITHOUT_LAN (f);

  ALPHA2->discover = NO (TIMED_OUT);
  first = get_first (f);
  begin (f, first, NULL);
  test_loop_settle (&f->core.loop);
  chain_look (f);
  chain_answer_probe (f, CHAIN_R2);
  assert_fails (f, first, PLUM_ERROR_NO_BACKEND,
                "The router " CHAIN_R2 " beyond " CHAIN_R1
                " does not map ports: alpha said no to discover");
  g_assert_nonnull (plum_gateway_get_upstream (first));
  g_assert_null (plum_gateway_get_backend_name (plum_gateway_get_upstream (first)));
}

/* The external address changes while the router is asked: the one beyond the new address is. */
static void
test_moves (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumGateway) found = NULL;
  g_autoptr (GInetAddress) moved = g_inet_address_new_from_string ("192.168.7.50");

  SKIP_WITHOUT_LAN (f);

  ALPHA2->discover = AFTER (500);
  begin (f, get_first (f), NULL);
  test_loop_advance (&f->core.loop, 1200);
  plum_backend_report_external_address (ALPHA->backend, moved);
  test_loop_advance (&f->core.loop, 1500);
  found = end (f, core_gateway (&f->core), NULL);
  assert_router (found, "192.168.7.1", "1.2.3.4");
}

static void
test_cancelled (ChainFixture *f, gconstpointer data)
{
  static const guint delays[] = { 0, 500, 1000, 1400 };

  SKIP_WITHOUT_LAN (f);

  for (guint i = 0; i < G_N_ELEMENTS (delays); i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GError) error = NULL;
      PlumGateway *first = get_first (f);

      ALPHA2->discover = SILENCE;
      begin (f, first, cancellable);
      test_loop_advance (&f->core.loop, delays[i]);
      g_cancellable_cancel (cancellable);
      test_loop_settle (&f->core.loop);
      g_assert_null (end (f, first, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    }
}

static void
test_gateway_removed (ChainFixture *f, gconstpointer data)
{
  static const guint delays[] = { 500, 1400 };

  SKIP_WITHOUT_LAN (f);

  ALPHA2->discover = SILENCE;
  for (guint i = 0; i < G_N_ELEMENTS (delays); i++)
    {
      g_autoptr (PlumGateway) first = g_object_ref (get_first (f));
      g_autoptr (GError) error = NULL;

      begin (f, first, NULL);
      test_loop_advance (&f->core.loop, delays[i]);
      core_set_gateway (&f->core, "192.0.2.77");
      test_loop_settle (&f->core.loop);
      g_assert_null (end (f, first, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
      plum_manager_set_gateway_address (f->core.manager, NULL);
      test_loop_settle (&f->core.loop);
    }
}

/* A mapping and the program wait for the same search. */
static void
test_with_mapping (ChainFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (PlumGateway) found = NULL;

  SKIP_WITHOUT_LAN (f);

  mapping = core_add (&f->core, 8080, 0);
  test_loop_settle (&f->core.loop);
  begin (f, core_gateway (&f->core), NULL);
  test_loop_advance (&f->core.loop, 1000);
  found = end (f, core_gateway (&f->core), NULL);
  chain_assert_endpoint (mapping, "1.2.3.4", 8080);
  chain_look (f);
  g_assert_cmpuint (f->n_probes, ==, 1);
}

#define UPSTREAM_ADD(path, n, func)                                                                \
  g_test_add ("/upstream-query/" path, ChainFixture, GUINT_TO_POINTER (n), chain_fixture_set_up,   \
              func, chain_fixture_tear_down)

int
main (int argc, char *argv[])
{
  test_lan_enter_namespace ();
  g_test_init (&argc, &argv, NULL);

  UPSTREAM_ADD ("found", 1, test_found);
  UPSTREAM_ADD ("guessed", 1, test_guessed);
  UPSTREAM_ADD ("third", 1, test_third);
  UPSTREAM_ADD ("provider", 2, test_of_provider);
  UPSTREAM_ADD ("address/asked-for", 1, test_asks_for_address);
  UPSTREAM_ADD ("address/unknown", 1, test_address_unknown);
  UPSTREAM_ADD ("address/public", 1, test_public_address);
  UPSTREAM_ADD ("one-hop", 1, test_one_hop);
  UPSTREAM_ADD ("not-found", 1, test_not_found);
  UPSTREAM_ADD ("silent", 1, test_silent);
  UPSTREAM_ADD ("guess-is-silent", 1, test_guess_is_silent);
  UPSTREAM_ADD ("moves", 1, test_moves);
  UPSTREAM_ADD ("cancelled", 1, test_cancelled);
  UPSTREAM_ADD ("removed", 1, test_gateway_removed);
  UPSTREAM_ADD ("with-mapping", 1, test_with_mapping);
  return g_test_run ();
}

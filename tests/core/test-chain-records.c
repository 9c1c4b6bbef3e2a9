/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "chain-fixture.h"

#include <string.h>

#include "test-state-directory.h"

/* What an earlier run of the program left on R1 and R2, which the fixture describes. */

/* --- A crash --- */

/* A new manager takes over what an earlier one left on both routers. */
static void
restart_manager (ChainFixture *f, TestStateDirectory *directory)
{
  g_clear_object (&f->core.manager);
  test_loop_advance (&f->core.loop, 1000);
  f->core.manager = fake_manager_new (1);
  ALPHA->external = CHAIN_R1_WAN;
  plum_manager_set_gateway_address (f->core.manager, NULL);
  plum_manager_set_state_directory (f->core.manager, directory->path);
}

/* Maps TCP port 8080 through both routers, and ends without deleting anything. */
static void
crash_with_chain (ChainFixture *f, TestStateDirectory *directory)
{
  PlumMapping *mapping;

  test_state_directory_set_up (directory);
  plum_manager_set_state_directory (f->core.manager, directory->path);
  ALPHA->granted_port = 6000;
  ALPHA2->granted_port = 7000;
  mapping = core_add (&f->core, 8080, 0);
  test_loop_advance (&f->core.loop, 1200);
  chain_assert_endpoint (mapping, "1.2.3.4", 7000);
  g_object_unref (mapping);
  test_loop_advance (&f->core.loop, 1000);
  restart_manager (f, directory);
  chain_clear_log ();
}

static void
test_taken_over (ChainFixture *f, gconstpointer data)
{
  TestStateDirectory directory;
  PlumMapping *mapping;

  SKIP_WITHOUT_LAN (f);

  test_state_directory_set_up (&directory);
  plum_manager_set_state_directory (f->core.manager, directory.path);
  ALPHA2->granted_port = 7000;
  mapping = core_add (&f->core, 8080, 0);
  test_loop_advance (&f->core.loop, 1200);
  chain_assert_endpoint (mapping, "1.2.3.4", 7000);
  g_object_unref (mapping);
  test_loop_advance (&f->core.loop, 1000);

  restart_manager (f, &directory);
  mapping = core_add (&f->core, 8080, 0);
  test_loop_advance (&f->core.loop, 1200);
  chain_assert_endpoint (mapping, "1.2.3.4", 7000);
  core_assert_log ("alpha:discover alpha:map:tcp:8080:8080 alpha2:discover "
                   "alpha2:map:tcp:8080:7000");
  /* The grace period of the sweeper has passed: nothing was left. */
  test_loop_advance (&f->core.loop, 60 * 1000);
  core_assert_log ("");
  g_object_unref (mapping);
  chain_close_manager (f, 100);
  core_assert_log ("alpha2:unmap:tcp:8080 alpha:unmap:tcp:8080");
  g_assert_cmpuint (test_state_directory_count (&directory), ==, 0);
  test_state_directory_tear_down (&directory);
}

/* The next run maps another port: what was left is deleted on both routers. */
static void
test_swept (ChainFixture *f, gconstpointer data)
{
  TestStateDirectory directory;
  g_autoptr (PlumMapping) other = NULL;
  PlumMapping *mapping;

  SKIP_WITHOUT_LAN (f);

  test_state_directory_set_up (&directory);
  plum_manager_set_state_directory (f->core.manager, directory.path);
  mapping = core_add (&f->core, 8080, 0);
  test_loop_advance (&f->core.loop, 1200);
  chain_assert_endpoint (mapping, "1.2.3.4", 8080);
  g_object_unref (mapping);
  test_loop_advance (&f->core.loop, 1000);

  restart_manager (f, &directory);
  other = core_add (&f->core, 9090, 0);
  test_loop_advance (&f->core.loop, 1200);
  chain_assert_endpoint (other, "1.2.3.4", 9090);
  chain_clear_log ();
  test_loop_advance (&f->core.loop, 60 * 1000);
  g_assert_cmpuint (ALPHA->n_unmap, ==, 1);
  g_assert_cmpuint (ALPHA2->n_unmap, ==, 1);
  chain_assert_endpoint (other, "1.2.3.4", 9090);
  chain_close_manager (f, 200);
  g_assert_cmpuint (test_state_directory_count (&directory), ==, 0);
  test_state_directory_tear_down (&directory);
}

/* A close without a mapping deletes what was left on both routers, R2's first. */
static void
test_closed (ChainFixture *f, gconstpointer data)
{
  TestStateDirectory directory;

  SKIP_WITHOUT_LAN (f);

  crash_with_chain (f, &directory);
  plum_manager_discover_async (f->core.manager, NULL, NULL, NULL);
  test_loop_advance (&f->core.loop, 500);
  chain_close_manager (f, 5000);
  core_assert_log ("alpha:discover alpha2:discover alpha2:unmap:tcp:6000 alpha:unmap:tcp:8080");
  g_assert_cmpuint (test_state_directory_count (&directory), ==, 0);
  test_state_directory_tear_down (&directory);
}

/* Another router is beyond the first one by now: R1's mapping is not kept for what is unreachable.
 */
static void
test_swept_elsewhere (ChainFixture *f, gconstpointer data)
{
  TestStateDirectory directory;
  g_autoptr (PlumMapping) other = NULL;
  PlumMapping *mapping;

  SKIP_WITHOUT_LAN (f);

  test_state_directory_set_up (&directory);
  plum_manager_set_state_directory (f->core.manager, directory.path);
  mapping = core_add (&f->core, 8080, 0);
  test_loop_advance (&f->core.loop, 1200);
  chain_assert_endpoint (mapping, "1.2.3.4", 8080);
  g_object_unref (mapping);
  test_loop_advance (&f->core.loop, 1000);

  restart_manager (f, &directory);
  ALPHA->external = "1.2.3.4";
  other = core_add (&f->core, 9090, 0);
  test_loop_advance (&f->core.loop, 60 * 1000);
  g_assert_cmpuint (ALPHA->n_unmap, ==, 1);
  g_assert_cmpuint (ALPHA2->n_unmap, ==, 0);
  chain_close_manager (f, 3000);
  test_state_directory_tear_down (&directory);
}

/* A leftover of the other protocol has the same port beyond. */
static void
test_swept_of_other_protocol (ChainFixture *f, gconstpointer data)
{
  TestStateDirectory directory;
  g_autoptr (PlumMapping) udp = plum_mapping_new (PLUM_PROTOCOL_UDP, 8080);
  g_autoptr (PlumMapping) tcp = NULL;

  SKIP_WITHOUT_LAN (f);

  test_state_directory_set_up (&directory);
  plum_manager_set_state_directory (f->core.manager, directory.path);
  g_assert_true (plum_manager_add_mapping (f->core.manager, udp, NULL));
  test_loop_advance (&f->core.loop, 2200);
  chain_assert_endpoint (udp, "1.2.3.4", 8080);
  g_clear_object (&udp);

  restart_manager (f, &directory);
  tcp = core_add (&f->core, 8080, 0);
  test_loop_advance (&f->core.loop, 1200);
  chain_assert_endpoint (tcp, "1.2.3.4", 8080);
  chain_clear_log ();
  test_loop_advance (&f->core.loop, 60 * 1000);
  core_assert_log ("alpha2:unmap:udp:8080 alpha:unmap:udp:8080");
  chain_close_manager (f, 200);
  test_state_directory_tear_down (&directory);
}

/* --- Removed by a later run --- */

static void
begin_unmap (ChainFixture *f, guint external_port)
{
  g_clear_object (&f->core.result);
  plum_manager_unmap_async (f->core.manager, PLUM_PROTOCOL_TCP, G_SOCKET_FAMILY_IPV4, 8080,
                            external_port, NULL, test_store_result, &f->core.result);
}

static void
end_unmap (ChainFixture *f, int code, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (f->core.result);
  plum_manager_unmap_finish (f->core.manager, f->core.result, &error);
  if (code < 0)
    {
      g_assert_no_error (error);
      return;
    }

  g_assert_error (error, PLUM_ERROR, code);
  if (!g_pattern_match_simple (message, error->message))
    g_assert_cmpstr (error->message, ==, message);
}

static void
assert_recorded_beyond (ChainFixture *f, guint n)
{
  g_autoptr (GListModel) own =
    plum_manager_dup_recorded_entries (f->core.manager, G_SOCKET_FAMILY_IPV4);
  g_autoptr (GListModel) beyond = plum_manager_dup_recorded_upstream_entries (f->core.manager);

  g_assert_cmpuint (g_list_model_get_n_items (beyond), ==, n);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (PlumEntry) entry = g_list_model_get_item (beyond, i);
      g_autofree char *router = g_inet_address_to_string (plum_entry_get_gateway_address (entry));
      g_autofree char *host = g_inet_address_to_string (plum_entry_get_internal_address (entry));

      g_assert_cmpstr (router, ==, CHAIN_R2);
      g_assert_cmpstr (host, ==, CHAIN_R1_WAN);
      g_assert_cmpuint (plum_entry_get_internal_port (entry), ==, 6000);
      g_assert_cmpuint (plum_entry_get_external_port (entry), ==, 7000);
    }
  for (guint i = 0; i < g_list_model_get_n_items (own); i++)
    {
      g_autoptr (PlumEntry) entry = g_list_model_get_item (own, i);
      g_autofree char *router = g_inet_address_to_string (plum_entry_get_gateway_address (entry));

      g_assert_cmpstr (router, ==, CHAIN_R1);
      g_assert_cmpuint (plum_entry_get_internal_port (entry), ==, 8080);
    }
}

/* data: the external port: any, that of the first or that of the outermost router. */
static void
test_unmapped (ChainFixture *f, guint external_port)
{
  TestStateDirectory directory;

  SKIP_WITHOUT_LAN (f);

  crash_with_chain (f, &directory);
  assert_recorded_beyond (f, 1);
  g_assert_cmpuint (ALPHA2->n_made, ==, 0); /* nothing is asked for the list */
  begin_unmap (f, external_port);
  test_loop_advance (&f->core.loop, 1000);
  end_unmap (f, -1, NULL);
  core_assert_log ("alpha:discover alpha2:discover alpha2:unmap:tcp:6000 alpha:unmap:tcp:8080");
  chain_close_manager (f, 200);
  g_assert_cmpuint (test_state_directory_count (&directory), ==, 0);
  test_state_directory_tear_down (&directory);
}

static void
test_unmap_any (ChainFixture *f, gconstpointer data)
{
  test_unmapped (f, 0);
}

static void
test_unmap_first_port (ChainFixture *f, gconstpointer data)
{
  test_unmapped (f, 6000);
}

static void
test_unmap_outermost_port (ChainFixture *f, gconstpointer data)
{
  test_unmapped (f, 7000);
}

/* R2 is asked first; what it does not confirm is not said to be removed. */
/* The port is that of the outermost of three routers. */
static void
crash_with_three (ChainFixture *f, TestStateDirectory *directory)
{
  PlumMapping *mapping;

  test_state_directory_set_up (directory);
  plum_manager_set_state_directory (f->core.manager, directory->path);
  plum_manager_set_max_hops (f->core.manager, 3);
  ALPHA2->external = "10.0.0.50";
  ALPHA->granted_port = 6000;
  ALPHA2->granted_port = 7000;
  ALPHA3->granted_port = 7500;
  mapping = core_add (&f->core, 8080, 0);
  test_loop_advance (&f->core.loop, 3000);
  chain_assert_endpoint (mapping, "1.2.3.4", 7500);
  g_object_unref (mapping);
  test_loop_advance (&f->core.loop, 1000);
  restart_manager (f, directory);
  plum_manager_set_max_hops (f->core.manager, 3);
  chain_clear_log ();
}

static void
test_unmap_third_port (ChainFixture *f, gconstpointer data)
{
  TestStateDirectory directory;

  SKIP_WITHOUT_LAN (f);

  crash_with_three (f, &directory);
  ALPHA2->external = "10.0.0.50";
  begin_unmap (f, 7500);
  test_loop_advance (&f->core.loop, 5000);
  end_unmap (f, -1, NULL);
  core_assert_log ("alpha:discover alpha2:discover alpha3:discover alpha3:unmap:tcp:7000 "
                   "alpha2:unmap:tcp:6000 alpha:unmap:tcp:8080");
  chain_close_manager (f, 200);
  test_state_directory_tear_down (&directory);
}

/* The third router is not found. What led there from it is deleted before, so it must be noted
 * first. */
static void
test_unmap_third_not_found (ChainFixture *f, gconstpointer data)
{
  TestStateDirectory directory;

  SKIP_WITHOUT_LAN (f);

  crash_with_three (f, &directory);
  begin_unmap (f, 0);
  test_loop_advance (&f->core.loop, 5000);
  end_unmap (f, PLUM_ERROR_TIMED_OUT, "*The router 10.0.0.1 may keep the mapping*");
  core_assert_log ("alpha:discover alpha2:discover alpha2:unmap:tcp:6000 alpha:unmap:tcp:8080");
  chain_close_manager (f, 5000);
  test_state_directory_tear_down (&directory);
}

static void
test_unmap_not_confirmed (ChainFixture *f, gconstpointer data)
{
  TestStateDirectory directory;

  SKIP_WITHOUT_LAN (f);

  crash_with_chain (f, &directory);
  ALPHA2->unmap = SILENCE;
  begin_unmap (f, 0);
  test_loop_advance (&f->core.loop, 10999);
  core_assert_log ("alpha:discover alpha2:discover alpha2:unmap:tcp:6000");
  test_loop_advance (&f->core.loop, 1);
  core_assert_log ("alpha:unmap:tcp:8080");
  end_unmap (f, PLUM_ERROR_TIMED_OUT, "*. The router " CHAIN_R2 " may keep the mapping until *");
  assert_recorded_beyond (f, 1);
  test_state_directory_tear_down (&directory);
}

/* R2 does not answer any more. */
static void
test_unmap_silent (ChainFixture *f, gconstpointer data)
{
  TestStateDirectory directory;

  SKIP_WITHOUT_LAN (f);

  crash_with_chain (f, &directory);
  ALPHA2->discover = NO (TIMED_OUT);
  begin_unmap (f, 0);
  test_loop_advance (&f->core.loop, 1000);
  core_assert_log ("alpha:discover alpha2:discover alpha:unmap:tcp:8080");
  end_unmap (f, PLUM_ERROR_TIMED_OUT,
             "The router beyond " CHAIN_R1 " is unknown: *. The router " CHAIN_R2
             " may keep the mapping until *");
  test_state_directory_tear_down (&directory);
}

/* R1 has a public address by now: nothing is sent beyond it. */
static void
test_unmap_unreachable (ChainFixture *f, gconstpointer data)
{
  TestStateDirectory directory;

  SKIP_WITHOUT_LAN (f);

  crash_with_chain (f, &directory);
  chain_look (f);
  f->n_packets = 0;
  ALPHA->external = "1.2.3.4";
  begin_unmap (f, 0);
  test_loop_advance (&f->core.loop, 1000);
  core_assert_log ("alpha:discover alpha:unmap:tcp:8080");
  end_unmap (f, PLUM_ERROR_TIMED_OUT,
             "No router beyond " CHAIN_R1 " is asked: *. The router " CHAIN_R2
             " may keep the mapping until *");
  chain_look (f);
  g_assert_cmpuint (f->n_packets, ==, 0);
  test_state_directory_tear_down (&directory);
}

/* R1 has forgotten its mapping, and only R2's is recorded. */
static void
test_unmap_only_beyond (ChainFixture *f, gconstpointer data)
{
  TestStateDirectory directory;

  SKIP_WITHOUT_LAN (f);

  crash_with_chain (f, &directory);
  ALPHA2->unmap = NO (TIMED_OUT);
  begin_unmap (f, 0);
  test_loop_advance (&f->core.loop, 1000);
  end_unmap (f, PLUM_ERROR_TIMED_OUT, "*");
  restart_manager (f, &directory);
  chain_clear_log ();

  /* The port is that of R2, because nothing says what led to R1's. */
  ALPHA2->unmap = AT_ONCE;
  begin_unmap (f, 7000);
  test_loop_advance (&f->core.loop, 1000);
  core_assert_log ("alpha:discover alpha2:discover alpha2:unmap:tcp:6000 alpha:unmap:tcp:8080");
  test_loop_advance (&f->core.loop, 1000); /* until it is written */
  assert_recorded_beyond (f, 0);
  end_unmap (f, -1, NULL); /* R1 has confirmed it without a lease */
  test_state_directory_tear_down (&directory);
}

/* Another port: nothing is sent beyond the first router. */
static void
test_unmap_other_port (ChainFixture *f, gconstpointer data)
{
  TestStateDirectory directory;

  SKIP_WITHOUT_LAN (f);

  crash_with_chain (f, &directory);
  g_clear_object (&f->core.result);
  plum_manager_unmap_async (f->core.manager, PLUM_PROTOCOL_UDP, G_SOCKET_FAMILY_IPV4, 8080, 0, NULL,
                            test_store_result, &f->core.result);
  test_loop_advance (&f->core.loop, 1000);
  core_assert_log ("alpha:discover alpha:unmap:udp:8080");
  end_unmap (f, -1, NULL);
  assert_recorded_beyond (f, 1);
  test_state_directory_tear_down (&directory);
}

int
main (int argc, char *argv[])
{
  test_lan_enter_namespace ();
  g_test_init (&argc, &argv, NULL);

  CHAIN_ADD ("crash/taken-over", test_taken_over);
  CHAIN_ADD ("crash/swept", test_swept);
  CHAIN_ADD ("crash/swept-elsewhere", test_swept_elsewhere);
  CHAIN_ADD ("crash/closed", test_closed);
  CHAIN_ADD ("crash/swept-of-other-protocol", test_swept_of_other_protocol);
  CHAIN_ADD ("unmap/any", test_unmap_any);
  CHAIN_ADD ("unmap/first-port", test_unmap_first_port);
  CHAIN_ADD ("unmap/outermost-port", test_unmap_outermost_port);
  CHAIN_ADD ("unmap/third-port", test_unmap_third_port);
  CHAIN_ADD ("unmap/third-not-found", test_unmap_third_not_found);
  CHAIN_ADD ("unmap/not-confirmed", test_unmap_not_confirmed);
  CHAIN_ADD ("unmap/silent", test_unmap_silent);
  CHAIN_ADD ("unmap/unreachable", test_unmap_unreachable);
  CHAIN_ADD ("unmap/only-beyond", test_unmap_only_beyond);
  CHAIN_ADD ("unmap/other-port", test_unmap_other_port);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "core-fixture.h"

#include "test-lan.h"

/* Whatever a router was asked to map is deleted from it: what is left at the end is nothing. */

static void
clear_log (void)
{
  g_free (fake_backends_take_log ());
}

static gboolean
close_manager (CoreFixture *f, gint64 ms)
{
  g_autoptr (GError) error = NULL;
  gboolean confirmed;

  g_clear_object (&f->result);
  plum_manager_close_async (f->manager, NULL, test_store_result, &f->result);
  test_loop_advance (&f->loop, ms);
  g_assert_nonnull (f->result);
  confirmed = plum_manager_close_finish (f->manager, f->result, &error);
  if (!confirmed)
    g_assert_error (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  return confirmed;
}

/* --- Losses --- */

/* Reports a loss that takes effect at once, and one that waits for the end of the pause. */
static void
lose_twice (CoreFixture *f)
{
  plum_backend_report_lost (ALPHA->backend, "once");
  test_loop_advance (&f->loop, 6000);
  plum_backend_report_lost (ALPHA->backend, "again");
  test_loop_settle (&f->loop);
}

static void
test_delayed_loss_of_older_lease (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  lose_twice (f);
  clear_log ();
  test_loop_advance (&f->loop, 10000);
  core_assert_log ("alpha:discover alpha:map:tcp:8080:8080");
}

static void
test_delayed_loss_spares_newer_lease (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (PlumMapping) second = NULL;

  mapping = core_add_up (f, 8080, 0);
  lose_twice (f);
  second = core_add_up (f, 8081, 0);
  clear_log ();
  ALPHA->map = NO (REFUSED);
  test_loop_advance (&f->loop, 10000);
  core_assert_backend (second, "alpha");
  core_assert_log ("alpha:discover alpha:map:tcp:8080:8080 alpha:unmap:tcp:8080 "
                   "beta:map:tcp:8080:8080");
}

static void
test_delayed_loss_spares_renewed_lease (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->granted_lifetime = 8;
  mapping = core_add_up (f, 8080, 0);
  plum_backend_report_lost (ALPHA->backend, "once");
  test_loop_advance_until (&f->loop, ALPHA->n_map == 2, 6000);
  test_loop_settle (&f->loop);
  ALPHA->granted_lifetime = 7200;
  plum_backend_report_lost (ALPHA->backend, "again");
  test_loop_settle (&f->loop);
  test_loop_advance_until (&f->loop, ALPHA->n_map == 3, 6000); /* the renewal */
  test_loop_settle (&f->loop);
  ALPHA->map = NO (REFUSED);
  test_loop_advance (&f->loop, 30000);
  g_assert_cmpuint (ALPHA->n_map, ==, 3);
  core_assert_state (mapping, SUCCESS);
}

/* The router has the lease of alpha still, but refuses to renew it. */
static void
test_another_backend_grants (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  clear_log ();
  ALPHA->map = NO (REFUSED);
  plum_backend_report_lost (ALPHA->backend, "falsely");
  test_loop_advance (&f->loop, 5000);
  core_assert_backend (mapping, "beta");
  core_assert_log ("alpha:discover alpha:map:tcp:8080:8080 alpha:unmap:tcp:8080 "
                   "beta:map:tcp:8080:8080");
  g_assert_true (close_manager (f, 0));
  core_assert_log ("beta:unmap:tcp:8080");
}

/* The delete of the old lease is not answered: it is repeated when the port is released. */
static void
test_another_backend_grants_unconfirmed (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  ALPHA->map = NO (REFUSED);
  ALPHA->unmap = SILENCE;
  plum_backend_report_lost (ALPHA->backend, "falsely");
  test_loop_advance (&f->loop, 8000);
  core_assert_backend (mapping, "beta");
  g_assert_cmpuint (ALPHA->n_unmap, ==, 1);
  g_assert_cmpuint (BETA->n_map, ==, 1);

  ALPHA->unmap = AT_ONCE;
  test_loop_advance (&f->loop, 600 * 1000);
  g_assert_cmpuint (ALPHA->n_unmap, ==, 1);
  clear_log ();
  g_assert_true (close_manager (f, 0));
  core_assert_log ("beta:unmap:tcp:8080 alpha:unmap:tcp:8080");
}

/* It is repeated after the mapping is destroyed: until then, the mapping may be there. */
static void
test_another_backend_grants_destroyed (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  ALPHA->map = NO (REFUSED);
  ALPHA->unmap = SILENCE;
  plum_backend_report_lost (ALPHA->backend, "falsely");
  test_loop_advance (&f->loop, 8000);
  core_assert_backend (mapping, "beta");

  core_destroy (f, mapping);
  test_loop_settle (&f->loop);
  core_assert_state (mapping, DESTROYED);
  g_assert_error (plum_mapping_get_error (mapping), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  ALPHA->unmap = AT_ONCE;
  g_assert_true (close_manager (f, 10000));
}

/* With another external port, the delete cannot remove the new mapping: it is repeated meanwhile.
 */
static void
test_unconfirmed_is_repeated (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  ALPHA->map = NO (REFUSED);
  ALPHA->unmap = SILENCE;
  BETA->granted_port = 40000;
  plum_backend_report_lost (ALPHA->backend, "falsely");
  test_loop_advance (&f->loop, 8000);
  core_assert_backend (mapping, "beta");
  ALPHA->unmap = AT_ONCE;
  test_loop_advance (&f->loop, 900 * 1000);
  g_assert_cmpuint (ALPHA->n_unmap, ==, 2);
  test_loop_advance (&f->loop, 900 * 1000);
  g_assert_cmpuint (ALPHA->n_unmap, ==, 2);
}

/* alpha no longer answers: another backend takes over, and alpha's lease is deleted later. */
static void
test_silent_backend_may_have_it (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->map = ALPHA->unmap = SILENCE;
  mapping = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, 12000);
  core_assert_backend (mapping, "beta");
  g_assert_cmpuint (ALPHA->n_unmap, ==, 1);
  ALPHA->unmap = AT_ONCE;
  test_loop_advance (&f->loop, 600 * 1000);
  clear_log ();
  g_assert_true (close_manager (f, 1000));
  core_assert_log ("beta:unmap:tcp:8080 alpha:discover alpha:unmap:tcp:8080");
}

static void
test_unreadable_answer_is_cleaned_up (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->map = NO (MALFORMED);
  mapping = core_add_up (f, 8080, 0);
  core_assert_backend (mapping, "beta");
  g_assert_cmpuint (ALPHA->n_unmap, ==, 1);
}

static void
test_lost_and_refused_is_deleted_at_close (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  ALPHA->map = NO (NO_RESOURCES);
  plum_backend_report_lost (ALPHA->backend, "falsely");
  test_loop_advance (&f->loop, 5000);
  core_assert_state (mapping, FAILURE);
  clear_log ();
  g_assert_true (close_manager (f, 0));
  core_assert_log ("alpha:unmap:tcp:8080");
}

/* The router has kept a mapping that it refuses to renew, as often as it is asked. */
static PlumMapping *
add_lost_and_refused (CoreFixture *f)
{
  PlumMapping *mapping = core_add_up (f, 8080, 0);

  ALPHA->map = NO (NO_RESOURCES);
  plum_backend_report_lost (ALPHA->backend, "falsely");
  test_loop_advance (&f->loop, 100000);
  core_assert_state (mapping, FAILURE);
  g_assert_cmpuint (ALPHA->n_map, >=, 3);
  clear_log ();
  return mapping;
}

static void
test_refused_again_is_deleted_at_close (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add_lost_and_refused (f);

  g_assert_true (close_manager (f, 0));
  core_assert_log ("alpha:unmap:tcp:8080");
}

static void
test_refused_again_is_left_at_close (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add_lost_and_refused (f);

  ALPHA->unmap = NO (TIMED_OUT);
  g_assert_false (close_manager (f, 0));
  core_assert_log ("alpha:unmap:tcp:8080");
}

static void
test_refused_again_destroyed (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add_lost_and_refused (f);

  core_destroy (f, mapping);
  test_loop_settle (&f->loop);
  core_assert_state (mapping, DESTROYED);
  g_assert_error (plum_mapping_get_error (mapping), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  core_assert_log ("alpha:unmap:tcp:8080");
  g_assert_true (close_manager (f, 0));
  core_assert_log ("");
}

/* It is not deleted while the program wants it, and the next grant renews it. */
static void
test_refused_again_is_granted (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add_lost_and_refused (f);

  ALPHA->map = AT_ONCE;
  test_loop_advance (&f->loop, 6 * 60 * 1000);
  core_assert_state (mapping, SUCCESS);
  g_assert_cmpuint (ALPHA->n_unmap, ==, 0);
  core_destroy (f, mapping);
  test_loop_settle (&f->loop);
  g_assert_no_error (plum_mapping_get_error (mapping));
  g_assert_true (close_manager (f, 0));
  g_assert_cmpuint (ALPHA->n_unmap, ==, 1);
}

/* The request is not answered, and the delete that follows it is: nothing is left. */
static void
test_refused_again_is_cleaned_up (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add_lost_and_refused (f);

  ALPHA->map = SILENCE;
  test_loop_advance (&f->loop, 6 * 60 * 1000);
  core_assert_state (mapping, FAILURE);
  g_assert_cmpuint (ALPHA->n_unmap, >=, 1);
  clear_log ();
  core_destroy (f, mapping);
  test_loop_settle (&f->loop);
  g_assert_no_error (plum_mapping_get_error (mapping));
  g_assert_true (close_manager (f, 0));
  core_assert_log ("");
}

/* The same without a crash. */
static void
test_refused_then_another_port (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add_lost_and_refused (f);

  ALPHA->map = AT_ONCE;
  ALPHA->granted_port = 40001;
  test_loop_advance (&f->loop, 3 * 7200 * 1000);
  core_assert_state (mapping, SUCCESS);
  g_assert_cmpuint (plum_mapping_get_external_port (mapping), ==, 40001);
  g_assert_cmpuint (ALPHA->n_unmap, ==, 0);
  core_destroy (f, mapping);
  test_loop_settle (&f->loop);
  g_assert_no_error (plum_mapping_get_error (mapping));
  g_assert_cmpuint (ALPHA->n_unmap, ==, 1);
}

/* The delete that follows an unanswered request is not confirmed, and another backend maps the same
 * external port: neither its renewals nor a new address delete it with what is left. */
static void
test_unconfirmed_beside_another_backend (CoreFixture *f, gconstpointer data)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string ("198.51.100.9");
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->map = SILENCE;
  ALPHA->unmap = SILENCE;
  mapping = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, 30000);
  core_assert_backend (mapping, "beta");
  ALPHA->map = NO (REFUSED);
  ALPHA->unmap = AT_ONCE;
  ALPHA->n_unmap = 0;
  test_loop_advance (&f->loop, 6 * 60 * 1000);
  plum_backend_report_external_address (BETA->backend, address);
  test_loop_advance (&f->loop, 5400 * 1000);
  g_assert_cmpuint (BETA->n_map, >, 1);
  g_assert_cmpuint (ALPHA->n_unmap, ==, 0);
}

/* --- One server, two protocols --- */

static void
set_server (guint n, const char *server)
{
  for (unsigned int i = 0; i < n; i++)
    ((PlumBackendClass *) g_type_class_peek_static (fake_backend_type (i)))->server = server;
}

static void
test_silent_server_is_asked_once (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  set_server (2, "udp/5351");
  ALPHA->map = BETA->map = SILENCE;
  mapping = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, 12000);
  core_assert_backend (mapping, "gamma");
  g_assert_cmpuint (BETA->n_map, ==, 0);
  set_server (2, NULL);
}

/* A server that answers only the other protocol is still used: by the next attempt. */
static void
test_silent_server_by_the_other_protocol (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  set_server (2, "udp/5351");
  ALPHA->map = SILENCE;
  GAMMA->map = NO (REFUSED);
  mapping = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, 12000);
  core_assert_state (mapping, FAILURE);
  g_assert_cmpuint (BETA->n_map, ==, 0);
  test_loop_advance (&f->loop, 30000);
  core_assert_backend (mapping, "beta");
  g_assert_cmpuint (ALPHA->n_map, ==, 1);
  set_server (2, NULL);
}

/* A refusal is an answer: the other protocol of the server is asked at once. */
static void
test_refusal_is_no_silence (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  set_server (2, "udp/5351");
  ALPHA->map = NO (REFUSED);
  mapping = core_add_up (f, 8080, 0);
  core_assert_backend (mapping, "beta");
  set_server (2, NULL);
}

/* --- Announcements while a mapping waits --- */

static void
fail_twice (CoreFixture *f)
{
  ALPHA->discover = BETA->discover = SILENCE;
  g_object_unref (core_add (f, 8080, 0));
  test_loop_advance (&f->loop, 120 * 1000);
}

static void
test_announcement_is_heard (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  fail_twice (f);
  mapping = g_list_model_get_item (G_LIST_MODEL (f->manager), 0);
  core_assert_state (mapping, FAILURE);
  g_assert_true (ALPHA->listening && BETA->listening);
  BETA->discover = AT_ONCE;
  plum_backend_report_announced (BETA->backend, "started");
  test_loop_advance (&f->loop, 1000);
  core_assert_backend (mapping, "beta");
  g_assert_false (ALPHA->listening || BETA->listening);
}

static void
test_announcements_are_limited (CoreFixture *f, gconstpointer data)
{
  guint n;

  fail_twice (f);
  n = BETA->n_discover;
  BETA->discover = NO (TIMED_OUT);
  for (unsigned int i = 0; i < 90; i++)
    {
      plum_backend_report_announced (BETA->backend, "started");
      test_loop_advance (&f->loop, 100);
    }
  g_assert_cmpuint (BETA->n_discover, ==, n + 1);
  test_loop_advance (&f->loop, 1000); /* the last one counts */
  g_assert_cmpuint (BETA->n_discover, ==, n + 2);
}

/* A backend that was tried in the failed attempt is asked again. */
static void
test_announcement_after_refusal (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->map = BETA->map = NO (NO_RESOURCES);
  mapping = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, 100);
  core_assert_state (mapping, FAILURE);
  ALPHA->map = AT_ONCE;
  plum_backend_report_announced (ALPHA->backend, "started");
  test_loop_advance (&f->loop, 1000);
  core_assert_backend (mapping, "alpha");
}

/* Forged announcements of a router that serves its mappings are nothing. */
static void
test_no_announcements_while_mapped (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  g_assert_false (ALPHA->listening || BETA->listening);
  clear_log ();
  plum_backend_report_announced (ALPHA->backend, "started");
  test_loop_advance (&f->loop, 20000);
  core_assert_log ("");
}

static void
test_destroyed_stops_listening (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  fail_twice (f);
  plum_backend_report_announced (BETA->backend, "started");
  test_loop_advance (&f->loop, 10);
  plum_backend_report_announced (BETA->backend, "started");
  mapping = g_list_model_get_item (G_LIST_MODEL (f->manager), 0);
  core_destroy (f, mapping);
  test_loop_settle (&f->loop);
  g_assert_false (ALPHA->listening || BETA->listening);
}

/* --- Close --- */

static void
test_close_is_bounded (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = NULL;
  g_autoptr (PlumMapping) second = NULL;

  plum_manager_set_mapping_timeout (f->manager, 5000);
  first = core_add_up (f, 8080, 0);
  second = core_add_up (f, 8081, 0);
  ALPHA->unmap = BETA->unmap = SILENCE;
  g_assert_false (close_manager (f, 5000));
  g_assert_cmpuint (ALPHA->n_unmap, ==, 2);
}

/* A delete that an earlier destroy started, a leftover and a lease share the time of the close. */
static void
test_close_is_bounded_for_all (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = NULL;
  g_autoptr (PlumMapping) second = NULL;

  plum_manager_set_mapping_timeout (f->manager, 5000);
  first = core_add_up (f, 8080, 0);
  second = core_add_up (f, 8081, 0);
  ALPHA->map = NO (REFUSED);
  ALPHA->unmap = BETA->unmap = SILENCE;
  plum_backend_report_lost (ALPHA->backend, "falsely");
  test_loop_advance (&f->loop, 10000);
  core_destroy (f, first);
  test_loop_advance (&f->loop, 3000);
  g_assert_false (close_manager (f, 5000));
}

/* --- The own address changes --- */

typedef struct
{
  CoreFixture core;
  TestLan lan;
} Lan;

static void
ip (const char *line)
{
  g_assert_true (test_lan_ip (line));
}

static void
lan_set_up (Lan *f, gconstpointer data)
{
  core_fixture_set_up (&f->core, data);
  test_lan_set_up (&f->lan, TEST_LAN_IPV4);
  plum_manager_set_gateway_address (f->core.manager, NULL);
  if (f->lan.ready)
    ip ("route add default via 192.0.2.1 dev wan0");
}

static void
lan_tear_down (Lan *f, gconstpointer data)
{
  core_fixture_tear_down (&f->core, NULL);
  test_lan_tear_down (&f->lan, TEST_LAN_IPV4);
}

static void
change_address (Lan *f, const char *from, const char *to)
{
  g_autofree char *add = g_strdup_printf ("addr add %s/24 dev wan0", to);
  g_autofree char *del = g_strdup_printf ("addr del %s/24 dev wan0", from);

  ip (del);
  ip (add);
  test_lan_ip ("route add default via 192.0.2.1 dev wan0");
  test_loop_advance (&f->core.loop, 1000);
}

static PlumMapping *
lan_add_up (Lan *f)
{
  PlumMapping *mapping;

  ALPHA->granted_port = 40000;
  mapping = core_add_up (&f->core, 8080, 0);
  ALPHA->granted_port = 0;
  core_begin_watch (&f->core);
  clear_log ();
  return mapping;
}

static void
test_address_changes (Lan *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  if (!f->lan.ready)
    return;

  ALPHA->unmap_moved = AT_ONCE;
  mapping = lan_add_up (f);
  change_address (f, "192.0.2.2", "192.0.2.9");
  core_assert_state (mapping, SUCCESS);
  core_assert_log ("alpha:discover alpha:unmap:tcp:8080:192.0.2.2 alpha:map:tcp:8080:40000");
  g_assert_true (close_manager (&f->core, 0));
  core_assert_log ("alpha:unmap:tcp:8080");
}

/* The old mapping does not delay the new one for long, and is deleted at the close. */
static void
test_address_changes_unconfirmed (Lan *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  if (!f->lan.ready)
    return;

  ALPHA->unmap_moved = SILENCE;
  mapping = lan_add_up (f);
  change_address (f, "192.0.2.2", "192.0.2.9");
  test_loop_advance (&f->core.loop, 2000);
  core_assert_state (mapping, SUCCESS);
  core_assert_log ("alpha:discover alpha:unmap:tcp:8080:192.0.2.2 alpha:map:tcp:8080:40000");
  ALPHA->unmap_moved = AT_ONCE;
  test_loop_advance (&f->core.loop, 600 * 1000);
  core_assert_log ("alpha:unmap:tcp:8080:192.0.2.2");
}

/* A protocol that cannot delete it keeps the mapping of the new address. */
static void
test_address_changes_unsupported (Lan *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  if (!f->lan.ready)
    return;

  mapping = lan_add_up (f);
  change_address (f, "192.0.2.2", "192.0.2.9");
  core_assert_state (mapping, SUCCESS);
  g_assert_cmpuint (plum_mapping_get_external_port (mapping), ==, 40000);
  core_assert_log ("alpha:discover alpha:unmap:tcp:8080:192.0.2.2 alpha:map:tcp:8080:40000");
  test_loop_advance (&f->core.loop, 900 * 1000);
  core_assert_log ("");
}

/* Back at an earlier address, whose mapping the router still has: it has the port of that one, and
 * not the port that was granted to the other address meanwhile. */
static void
test_address_returns (Lan *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  if (!f->lan.ready)
    return;

  mapping = lan_add_up (f);
  ALPHA->granted_port = 40001;
  change_address (f, "192.0.2.2", "192.0.2.9");
  core_assert_state (mapping, SUCCESS);
  ALPHA->granted_port = 0;
  clear_log ();
  change_address (f, "192.0.2.9", "192.0.2.2");
  core_assert_state (mapping, SUCCESS);
  core_assert_log ("alpha:discover alpha:unmap:tcp:8080:192.0.2.9 alpha:map:tcp:8080:40000");
}

/* The address is the same: what was granted last takes precedence over what is left from before. */
static void
test_address_stays (Lan *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  if (!f->lan.ready)
    return;

  mapping = lan_add_up (f);
  ALPHA->map = NO (REFUSED);
  ALPHA->unmap = SILENCE;
  BETA->granted_port = 40001;
  plum_backend_report_lost (ALPHA->backend, "falsely");
  test_loop_advance (&f->core.loop, 8000);
  core_assert_backend (mapping, "beta");
  ALPHA->map = AT_ONCE;
  BETA->granted_port = 0;
  ip ("route del default via 192.0.2.1 dev wan0");
  test_loop_advance (&f->core.loop, 1000);
  core_assert_state (mapping, PENDING);
  ip ("route add default via 192.0.2.1 dev wan0");
  test_loop_advance (&f->core.loop, 10000);
  core_assert_state (mapping, SUCCESS);
  g_assert_cmpuint (plum_mapping_get_external_port (mapping), ==, 40001);
}

static void
set_router (const char *hardware_address)
{
  g_autofree char *line =
    g_strdup_printf ("neigh replace 192.0.2.1 lladdr %s dev wan0 nud permanent", hardware_address);

  ip (line);
}

/* Another router has the address of the first one, which may still have its mapping. */
static void
test_router_replaced (Lan *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  if (!f->lan.ready)
    return;

  set_router ("02:00:00:00:00:01");
  mapping = lan_add_up (f);
  set_router ("02:00:00:00:00:02");
  test_loop_advance (&f->core.loop, 2000);
  plum_backend_report_lost (ALPHA->backend, "another router");
  test_loop_advance (&f->core.loop, 6000);
  core_assert_state (mapping, SUCCESS);
  core_assert_log ("alpha:discover alpha:map:tcp:8080:40000");

  /* Only the second router confirms a delete. */
  core_destroy (&f->core, mapping);
  test_loop_settle (&f->core.loop);
  core_assert_log ("alpha:unmap:tcp:8080");
  core_assert_state (mapping, DESTROYED);
  g_assert_false (close_manager (&f->core, 0));
}

static void
assert_left (PlumMapping *mapping)
{
  core_assert_state (mapping, DESTROYED);
  g_assert_error (plum_mapping_get_error (mapping), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_cmpstr (plum_mapping_get_error (mapping)->message, ==, "the deletion was not confirmed");
}

/* The mapping of the new address is deleted, that of the old one stays. Another port is not left.
 */
static void
test_address_changes_destroyed (Lan *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (PlumMapping) other = NULL;

  if (!f->lan.ready)
    return;

  mapping = lan_add_up (f);
  change_address (f, "192.0.2.2", "192.0.2.9");
  other = core_add_up (&f->core, 8081, 0);
  core_destroy (&f->core, mapping);
  core_destroy (&f->core, other);
  test_loop_settle (&f->core.loop);
  assert_left (mapping);
  core_assert_state (other, DESTROYED);
  g_assert_no_error (plum_mapping_get_error (other));
  g_assert_false (close_manager (&f->core, 0));
}

/* The mapping is destroyed while that of the old address is being deleted. */
static void
test_destroyed_during_delete (Lan *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (PlumMapping) other = NULL;

  if (!f->lan.ready)
    return;

  ALPHA->unmap_moved = SILENCE;
  mapping = lan_add_up (f);
  change_address (f, "192.0.2.2", "192.0.2.9");
  core_assert_log ("alpha:discover alpha:unmap:tcp:8080:192.0.2.2");
  other = core_add_up (&f->core, 8081, 0);
  core_destroy (&f->core, mapping);
  core_destroy (&f->core, other);
  test_loop_settle (&f->core.loop);
  assert_left (mapping);
  core_assert_state (other, DESTROYED);
  g_assert_no_error (plum_mapping_get_error (other));
}

/* The network is gone: nothing can be deleted. */
static void
test_network_lost_destroyed (Lan *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  if (!f->lan.ready)
    return;

  mapping = lan_add_up (f);
  ip ("route del default via 192.0.2.1 dev wan0");
  test_loop_advance (&f->core.loop, 1000);
  core_assert_state (mapping, PENDING);
  core_destroy (&f->core, mapping);
  test_loop_settle (&f->core.loop);
  assert_left (mapping);
}

/* The network goes while the delete is pending. */
static void
test_network_lost_during_delete (Lan *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  if (!f->lan.ready)
    return;

  mapping = lan_add_up (f);
  ALPHA->unmap = SILENCE;
  core_destroy (&f->core, mapping);
  test_loop_settle (&f->core.loop);
  core_assert_state (mapping, DESTROYING);
  ip ("route del default via 192.0.2.1 dev wan0");
  test_loop_advance (&f->core.loop, 1000);
  assert_left (mapping);
}

#define ADD(path, func) CORE_ADD_N ("/leftovers/" path, 2, func)
#define ADD_LAN(path, func)                                                                        \
  g_test_add ("/leftovers/address/" path, Lan, GUINT_TO_POINTER (1), lan_set_up, func,             \
              lan_tear_down)

int
main (int argc, char **argv)
{
  test_lan_enter_namespace ();
  g_test_init (&argc, &argv, NULL);

  ADD ("loss/delayed", test_delayed_loss_of_older_lease);
  ADD ("loss/delayed-spares-newer-lease", test_delayed_loss_spares_newer_lease);
  ADD ("loss/delayed-spares-renewed-lease", test_delayed_loss_spares_renewed_lease);
  ADD ("backend/another-grants", test_another_backend_grants);
  ADD ("backend/another-grants-unconfirmed", test_another_backend_grants_unconfirmed);
  ADD ("backend/another-grants-destroyed", test_another_backend_grants_destroyed);
  ADD ("backend/unconfirmed-is-repeated", test_unconfirmed_is_repeated);
  ADD ("backend/silent-may-have-it", test_silent_backend_may_have_it);
  ADD ("backend/unreadable-answer", test_unreadable_answer_is_cleaned_up);
  CORE_ADD_N ("/leftovers/backend/lost-and-refused", 1, test_lost_and_refused_is_deleted_at_close);
  CORE_ADD_N ("/leftovers/backend/refused-again", 1, test_refused_again_is_deleted_at_close);
  CORE_ADD_N ("/leftovers/backend/refused-again-left", 1, test_refused_again_is_left_at_close);
  CORE_ADD_N ("/leftovers/backend/refused-again-destroyed", 1, test_refused_again_destroyed);
  CORE_ADD_N ("/leftovers/backend/refused-again-granted", 1, test_refused_again_is_granted);
  CORE_ADD_N ("/leftovers/backend/refused-then-another-port", 1, test_refused_then_another_port);
  ADD ("backend/unconfirmed-beside-another", test_unconfirmed_beside_another_backend);
  CORE_ADD_N ("/leftovers/backend/refused-again-cleaned-up", 1, test_refused_again_is_cleaned_up);
  CORE_ADD_N ("/leftovers/server/silent-is-asked-once", 3, test_silent_server_is_asked_once);
  CORE_ADD_N ("/leftovers/server/silent-by-the-other-protocol", 3,
              test_silent_server_by_the_other_protocol);
  CORE_ADD_N ("/leftovers/server/refusal-is-no-silence", 3, test_refusal_is_no_silence);
  ADD ("announced/heard", test_announcement_is_heard);
  ADD ("announced/limited", test_announcements_are_limited);
  ADD ("announced/after-refusal", test_announcement_after_refusal);
  ADD ("announced/not-while-mapped", test_no_announcements_while_mapped);
  ADD ("announced/destroyed", test_destroyed_stops_listening);
  ADD ("close/bounded", test_close_is_bounded);
  ADD ("close/bounded-for-all", test_close_is_bounded_for_all);
  ADD_LAN ("changes", test_address_changes);
  ADD_LAN ("changes-unconfirmed", test_address_changes_unconfirmed);
  ADD_LAN ("changes-unsupported", test_address_changes_unsupported);
  ADD_LAN ("returns", test_address_returns);
  g_test_add ("/leftovers/address/stays", Lan, GUINT_TO_POINTER (2), lan_set_up, test_address_stays,
              lan_tear_down);
  ADD_LAN ("changes-destroyed", test_address_changes_destroyed);
  ADD_LAN ("destroyed-during-delete", test_destroyed_during_delete);
  ADD_LAN ("router-replaced", test_router_replaced);
  ADD_LAN ("network-lost", test_network_lost_destroyed);
  ADD_LAN ("network-lost-during-delete", test_network_lost_during_delete);

  return g_test_run ();
}

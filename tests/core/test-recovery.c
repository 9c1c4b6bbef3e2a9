/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "core-fixture.h"

/* Changes while a mapping is up: the router loses its mappings, the external address or the network
 * changes, the host is suspended. */

#define N_MANY 40

static void
test_lost_is_mapped_again (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->granted_port = 5000;
  mapping = core_add_up (f, 8080, 0);
  ALPHA->granted_port = 0;
  core_listen (f, mapping);
  g_free (fake_backends_take_log ());

  plum_backend_report_lost (ALPHA->backend, "restarted");
  test_loop_advance (&f->loop, 5000);
  core_assert_log ("alpha:discover alpha:map:tcp:8080:5000");
  core_assert_events (f, "expires-at generation");
  core_assert_state (mapping, SUCCESS);
}

static void
test_lost_with_another_port_notifies_once (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  ALPHA->granted_port = 6000;
  core_listen (f, mapping);
  plum_backend_report_lost (ALPHA->backend, "restarted");
  test_loop_advance (&f->loop, 5000);
  core_assert_events (f, "expires-at external-address external-port generation hops");
  g_assert_cmpuint (plum_mapping_get_external_port (mapping), ==, 6000);
}

static void
add_many (CoreFixture *f, GPtrArray *mappings)
{
  for (unsigned int i = 0; i < N_MANY; i++)
    g_ptr_array_add (mappings, core_add_up (f, 8000 + i, 0));
}

static void
test_lost_is_spread (CoreFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) mappings = g_ptr_array_new_with_free_func (g_object_unref);

  add_many (f, mappings);
  plum_backend_report_lost (ALPHA->backend, "restarted");
  /* The probability that all requests are sent in the first half second is 10^-40. */
  test_loop_advance (&f->loop, 500);
  g_assert_cmpuint (ALPHA->n_map, <, 2 * N_MANY);
  test_loop_advance (&f->loop, 4500);
  g_assert_cmpuint (ALPHA->n_map, ==, 2 * N_MANY);
}

/* A pending discovery of the better backend is no reason to use another backend. */
static void
test_lost_keeps_backend (CoreFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) mappings = g_ptr_array_new_with_free_func (g_object_unref);

  /* The grace period of the first race has ended. */
  BETA->discover = AFTER (1000);
  add_many (f, mappings);
  test_loop_advance (&f->loop, 2000);
  ALPHA->discover = AFTER (340);
  plum_backend_report_lost (ALPHA->backend, "restarted");
  test_loop_advance (&f->loop, 5000);
  for (unsigned int i = 0; i < mappings->len; i++)
    core_assert_backend (mappings->pdata[i], "alpha");
  g_assert_cmpuint (BETA->n_map, ==, 0);
}

static void
test_lost_of_another_backend (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  plum_backend_report_lost (BETA->backend, "restarted");
  test_loop_advance (&f->loop, 5000);
  g_assert_cmpuint (ALPHA->n_map, ==, 1);
  core_assert_state (mapping, SUCCESS);
}

static void
test_lost_and_refused (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  ALPHA->map = NO (NO_RESOURCES);
  plum_backend_report_lost (ALPHA->backend, "restarted");
  test_loop_advance (&f->loop, 5000);
  core_assert_state (mapping, FAILURE);
  g_assert_null (plum_mapping_get_external_host (mapping));
}

/* The external port, which peers may know, is requested again even after a failure. */
static void
test_same_port_after_failure (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->granted_port = 5000;
  mapping = core_add_up (f, 8080, 0);
  ALPHA->granted_port = 0;
  ALPHA->map = NO (NO_RESOURCES);
  plum_backend_report_lost (ALPHA->backend, "restarted");
  test_loop_advance (&f->loop, 5000);
  ALPHA->map = AT_ONCE;
  test_loop_advance (&f->loop, 17000);
  g_assert_cmpuint (plum_mapping_get_external_port (mapping), ==, 5000);
}

static void
test_lost_pause_doubles (CoreFixture *f, gconstpointer data)
{
  static const struct
  {
    guint at;
    guint n_discover;
  } steps[] = {
    { 0, 2 },     /* acted on at once; the race was the first discovery */
    { 1000, 2 },  /* ignored for 10 s */
    { 10000, 3 }, /* acted on; then ignored for 20 s */
    { 11000, 3 }, { 29999, 3 }, { 30000, 4 }, /* then for 40 s */
    { 31000, 4 }, { 69999, 4 }, { 70000, 5 },
  };
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);
  guint now = 0;

  for (unsigned int i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      test_loop_advance (&f->loop, steps[i].at - now);
      now = steps[i].at;
      plum_backend_report_lost (ALPHA->backend, "again");
      test_loop_settle (&f->loop);
      g_assert_cmpuint (ALPHA->n_discover, ==, steps[i].n_discover);
    }
  core_assert_state (mapping, SUCCESS);
}

static void
test_lost_pause_is_reset (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  plum_backend_report_lost (ALPHA->backend, "once");
  test_loop_advance (&f->loop, 60000);
  plum_backend_report_lost (ALPHA->backend, "much later");
  test_loop_advance (&f->loop, 10000);
  plum_backend_report_lost (ALPHA->backend, "after ten seconds");
  test_loop_settle (&f->loop);
  g_assert_cmpuint (ALPHA->n_discover, ==, 4);
  core_assert_state (mapping, SUCCESS);
}

static void
test_check_result (CoreFixture *f, gconstpointer code)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);
  PlumError error = GPOINTER_TO_INT (code);
  gboolean gone = error == PLUM_ERROR_DESTROYED || error == PLUM_ERROR_CONFLICT;

  ALPHA->check = (FakeReply){ .fails = TRUE, .code = error };
  core_listen (f, mapping);
  test_loop_advance (&f->loop, 300 * 1000);
  g_assert_cmpuint (ALPHA->n_check, ==, 1);
  g_assert_cmpuint (ALPHA->n_map, ==, gone ? 2 : 1);
  core_assert_events (f, gone ? "expires-at generation" : "");
}

static void
report_address (CoreFixture *f, const char *text)
{
  g_autoptr (GInetAddress) address = text != NULL ? g_inet_address_new_from_string (text) : NULL;

  plum_backend_report_external_address (ALPHA->backend, address);
  test_loop_settle (&f->loop);
}

static void
test_address_by_signal (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = core_add_up (f, 8080, 0);
  g_autoptr (PlumMapping) second = core_add_up (f, 8081, 0);

  core_listen (f, first);
  report_address (f, "100.64.0.7");
  core_assert_events (f, "external-address external-host external-scope hops");
  g_assert_cmpstr (plum_mapping_get_external_host (second), ==, "100.64.0.7");
  g_assert_cmpint (plum_gateway_get_external_scope (core_gateway (f)), ==,
                   PLUM_ADDRESS_SCOPE_CGNAT);
  report_address (f, "100.64.0.7");
  core_assert_events (f, "");
}

static void
test_address_removed (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  report_address (f, NULL);
  g_assert_null (plum_mapping_get_external_host (mapping));
  g_assert_null (plum_gateway_get_external_address (core_gateway (f)));
  core_assert_state (mapping, SUCCESS);
  g_assert_cmpuint (plum_mapping_get_external_port (mapping), ==, 8080);
}

static void
test_address_by_recheck (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = core_add_up (f, 8080, 0);
  g_autoptr (PlumMapping) second = core_add_up (f, 8081, 0);
  g_autofree char *text = NULL;

  ALPHA->external = "1.2.3.5";
  test_loop_advance (&f->loop, 300 * 1000);
  g_assert_cmpstr (plum_mapping_get_external_host (first), ==, "1.2.3.5");
  g_assert_cmpstr (plum_mapping_get_external_host (second), ==, "1.2.3.5");
  text = g_inet_address_to_string (plum_gateway_get_external_address (core_gateway (f)));
  g_assert_cmpstr (text, ==, "1.2.3.5");
}

/* A new address in one renewal applies to all mappings. */
static void
test_address_by_renewal (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = NULL;
  g_autoptr (PlumMapping) second = NULL;

  plum_manager_set_recheck_period (f->manager, G_MAXINT);
  ALPHA->granted_lifetime = 100;
  first = core_add_up (f, 8080, 0);
  ALPHA->granted_lifetime = 7200;
  second = core_add_up (f, 8081, 0);
  ALPHA->external = "1.2.3.5";
  test_loop_advance (&f->loop, 100 * 1000);
  g_assert_cmpuint (ALPHA->n_map, ==, 3);
  g_assert_cmpstr (plum_mapping_get_external_host (first), ==, "1.2.3.5");
  g_assert_cmpstr (plum_mapping_get_external_host (second), ==, "1.2.3.5");
}

/* The time in which one mapping is checked or renewed after a resume. */
#define RESUME_MS 50

static void
suspend (CoreFixture *f, gint64 seconds)
{
  core_begin_watch (f);
  plum_clock_suspend (f->loop.clock, seconds * G_USEC_PER_SEC);
  test_loop_settle (&f->loop);
}

static void
test_resume_checks (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  core_listen (f, mapping);
  suspend (f, 100);
  test_loop_advance (&f->loop, RESUME_MS);
  g_assert_cmpuint (ALPHA->n_check, ==, 1);
  core_assert_events (f, "");
}

static void
test_resume_renews_overdue_lease (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  suspend (f, 5000);
  test_loop_advance (&f->loop, 5000);
  g_assert_cmpuint (ALPHA->n_map, ==, 2);
  core_assert_state (mapping, SUCCESS);
}

static void
test_resume_after_expiry (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  core_listen (f, mapping);
  suspend (f, 8 * 3600);
  test_loop_advance (&f->loop, 5000);
  g_assert_cmpuint (ALPHA->n_map, ==, 2);
  core_assert_state (mapping, SUCCESS);
}

static void
test_resume_retries_failure (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->map = NO (REFUSED);
  mapping = core_add (f, 8080, 0);
  test_loop_settle (&f->loop);
  ALPHA->map = AT_ONCE;
  suspend (f, 10);
  test_loop_advance (&f->loop, RESUME_MS);
  core_assert_state (mapping, SUCCESS);
}

/* No mapping acts at once; each acts once, within 50 ms times the number of mappings. */
static void
test_resume_spreads (CoreFixture *f, gconstpointer data)
{
  const guint n = 40;

  for (guint i = 0; i < n; i++)
    g_object_unref (core_add_up (f, 8080 + i, 0));

  suspend (f, 5000);
  g_assert_cmpuint (ALPHA->n_map, ==, n);
  g_assert_cmpuint (ALPHA->n_check, ==, 0);
  test_loop_advance (&f->loop, n * RESUME_MS / 2);
  g_assert_cmpuint (ALPHA->n_map, >, n);
  g_assert_cmpuint (ALPHA->n_map, <, 2 * n);
  test_loop_advance (&f->loop, n * RESUME_MS / 2);
  g_assert_cmpuint (ALPHA->n_map, ==, 2 * n);
  /* A mapping that is being renewed at the time of the recheck is not checked as well. */
  g_assert_cmpuint (ALPHA->n_check, <=, n);
  g_assert_cmpuint (ALPHA->n_check, >=, n - 3);
}

static void
test_other_gateway (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->granted_port = 5000;
  mapping = core_add_up (f, 8080, 0);
  ALPHA->granted_port = 0;
  core_listen (f, mapping);
  g_free (fake_backends_take_log ());
  core_set_gateway (f, "127.9.9.8");
  core_assert_state (mapping, PENDING);
  test_loop_settle (&f->loop);

  /* Nothing is sent to the old gateway. The lost external port is requested from the new one. */
  core_assert_log ("alpha:discover alpha:map:tcp:8080:5000");
  core_assert_state (mapping, SUCCESS);
  g_assert_cmpuint (ALPHA->n_made, ==, 2);
  g_assert_true (plum_mapping_get_gateway (mapping) == core_gateway (f));
}

static void
test_network_lost_and_found (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  plum_manager_set_gateway_address (f->manager, NULL);
  plum_manager_set_interface (f->manager, "none0");
  test_loop_settle (&f->loop);
  core_assert_state (mapping, PENDING);
  g_assert_error (plum_mapping_get_error (mapping), PLUM_ERROR, PLUM_ERROR_NO_GATEWAY);
  g_assert_null (plum_mapping_get_gateway (mapping));
  g_assert_cmpuint (ALPHA->n_unmap, ==, 0);

  plum_manager_set_interface (f->manager, NULL);
  core_set_gateway (f, "127.9.9.9");
  test_loop_settle (&f->loop);
  core_assert_state (mapping, SUCCESS);
  g_assert_null (plum_mapping_get_error (mapping));
}

static void
test_starts_without_network (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  plum_manager_set_gateway_address (f->manager, NULL);
  plum_manager_set_interface (f->manager, "none0");
  mapping = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, 3600 * 1000);
  core_assert_state (mapping, PENDING);
  g_assert_error (plum_mapping_get_error (mapping), PLUM_ERROR, PLUM_ERROR_NO_GATEWAY);

  plum_manager_set_interface (f->manager, NULL);
  core_set_gateway (f, "127.9.9.9");
  test_loop_settle (&f->loop);
  core_assert_state (mapping, SUCCESS);
}

static void
test_query_to_closed_gateway (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);
  g_autoptr (PlumGateway) closed = g_object_ref (core_gateway (f));
  g_autoptr (GError) error = NULL;

  core_set_gateway (f, "127.9.9.8");
  plum_gateway_list_entries_async (closed, NULL, test_store_result, &f->result);
  test_loop_settle (&f->loop);
  g_assert_nonnull (f->result);
  g_assert_null (plum_gateway_list_entries_finish (closed, f->result, &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_NO_BACKEND);
  g_clear_object (&f->result);
  core_assert_state (mapping, SUCCESS);
}

/* --- A protocol that was switched off --- */

static void
close_alpha (void)
{
  ALPHA->discover = CLOSED;
  ALPHA->map = CLOSED;
  ALPHA->check = CLOSED;
}

/* The backend that answers by now is used. */
static void
assert_replaced (CoreFixture *f, const FakeReply *check, gint64 ms)
{
  g_autoptr (PlumMapping) mapping = NULL;

  BETA->discover = NO (TIMED_OUT);
  mapping = core_add_up (f, 8080, 0);
  core_assert_backend (mapping, "alpha");
  close_alpha ();
  ALPHA->check = *check;
  BETA->discover = AT_ONCE;

  test_loop_advance (&f->loop, ms);
  core_assert_state (mapping, SUCCESS);
  core_assert_backend (mapping, "beta");
}

static void
test_closed_at_check (CoreFixture *f, gconstpointer data)
{
  assert_replaced (f, &CLOSED, 305 * 1000);
}

static void
test_closed_at_renewal (CoreFixture *f, gconstpointer data)
{
  assert_replaced (f, &NO (NOT_SUPPORTED), 5000 * 1000);
}

static void
count_change (guint *n_changed)
{
  (*n_changed)++;
}

/* A lease is valid until it expires: the router may have the mapping, and only the router could say
 * otherwise. data: what the checks find. */
static void
assert_kept (CoreFixture *f, const FakeReply *check)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);
  guint n_changed = 0;
  gulong handler =
    g_signal_connect_swapped (mapping, "changed", G_CALLBACK (count_change), &n_changed);

  close_alpha ();
  ALPHA->check = *check;
  test_loop_advance (&f->loop, 7100 * 1000);
  core_assert_state (mapping, SUCCESS);
  core_assert_backend (mapping, "alpha");
  g_assert_cmpuint (n_changed, ==, 0);

  test_loop_advance (&f->loop, 200 * 1000);
  core_assert_state (mapping, FAILURE);
  g_assert_cmpuint (n_changed, >=, 1);

  ALPHA->discover = ALPHA->map = ALPHA->check = AT_ONCE;
  test_loop_advance (&f->loop, 400 * 1000);
  core_assert_state (mapping, SUCCESS);
  g_signal_handler_disconnect (mapping, handler);
}

static void
test_closed_and_no_other (CoreFixture *f, gconstpointer data)
{
  assert_kept (f, &CLOSED);
}

static void
test_closed_at_renewal_and_no_other (CoreFixture *f, gconstpointer data)
{
  assert_kept (f, &NO (NOT_SUPPORTED));
}

/* The port is open again: the lease that was kept is renewed in time. */
static void
test_closed_and_open_again (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  close_alpha ();
  test_loop_advance (&f->loop, 1000 * 1000);
  ALPHA->discover = ALPHA->map = ALPHA->check = AT_ONCE;
  ALPHA->n_map = 0;
  test_loop_advance (&f->loop, 6000 * 1000);
  core_assert_state (mapping, SUCCESS);
  g_assert_cmpuint (ALPHA->n_map, >=, 1);
  test_loop_advance (&f->loop, 6000 * 1000);
  core_assert_state (mapping, SUCCESS);
}

/* One ICMP error concerns all mappings, and none goes down. */
static void
test_closed_for_many (CoreFixture *f, gconstpointer data)
{
  PlumMapping *mappings[20];

  for (guint i = 0; i < G_N_ELEMENTS (mappings); i++)
    mappings[i] = core_add_up (f, 8080 + i, 0);
  close_alpha ();
  test_loop_advance (&f->loop, 305 * 1000);
  for (guint i = 0; i < G_N_ELEMENTS (mappings); i++)
    {
      core_assert_state (mappings[i], SUCCESS);
      g_object_unref (mappings[i]);
    }
}

/* A forged ICMP error costs one exchange. */
static void
test_closed_for_a_moment (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  ALPHA->check = CLOSED;
  g_free (fake_backends_take_log ());
  test_loop_advance (&f->loop, 305 * 1000);
  core_assert_state (mapping, SUCCESS);
  g_assert_cmpuint (ALPHA->n_check, ==, 1);
  core_assert_log ("alpha:discover alpha:map:tcp:8080:8080");
}

/* The mapping is up, and its lease is kept. */
static PlumMapping *
add_kept (CoreFixture *f)
{
  PlumMapping *mapping = core_add_up (f, 8080, 0);

  close_alpha ();
  test_loop_advance (&f->loop, 305 * 1000);
  core_assert_state (mapping, SUCCESS);
  return mapping;
}

/* The port of the protocol is open again. The router does not map the port once more. */
static void
open_and_refuse (const FakeReply *check)
{
  ALPHA->discover = AT_ONCE;
  ALPHA->check = *check;
  ALPHA->map = NO (REFUSED);
}

/* code: what the check finds. */
static void
test_closed_and_then_missing (CoreFixture *f, gconstpointer code)
{
  g_autoptr (PlumMapping) mapping = add_kept (f);

  open_and_refuse (&(FakeReply){ .fails = TRUE, .code = GPOINTER_TO_INT (code) });
  test_loop_advance (&f->loop, 305 * 1000);
  core_assert_state (mapping, FAILURE);
}

static void
test_closed_and_then_lost (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add_kept (f);

  open_and_refuse (&AT_ONCE);
  plum_backend_report_lost (ALPHA->backend, "restarted");
  test_loop_advance (&f->loop, 5000);
  core_assert_state (mapping, FAILURE);
}

/* A router that answers in between, and reports no loss, changes nothing. */
static void
test_closed_and_closed_again (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add_kept (f);

  ALPHA->discover = ALPHA->check = AT_ONCE;
  test_loop_advance (&f->loop, 300 * 1000);
  core_assert_state (mapping, SUCCESS);
  close_alpha ();
  test_loop_advance (&f->loop, 305 * 1000);
  core_assert_state (mapping, SUCCESS);
}

#define MISSING(name, code)                                                                        \
  g_test_add ("/recovery/closed/" name, CoreFixture, GINT_TO_POINTER (PLUM_ERROR_##code),          \
              set_up_one, test_closed_and_then_missing, core_fixture_tear_down)

#define CHECK(name, code)                                                                          \
  g_test_add ("/recovery/check/" name, CoreFixture, GINT_TO_POINTER (PLUM_ERROR_##code),           \
              set_up_one, test_check_result, core_fixture_tear_down)

static void
set_up_one (CoreFixture *f, gconstpointer code)
{
  core_fixture_set_up (f, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  CORE_ADD ("/recovery/lost/mapped-again", test_lost_is_mapped_again);
  CORE_ADD ("/recovery/lost/another-port-notifies-once", test_lost_with_another_port_notifies_once);
  CORE_ADD ("/recovery/lost/spread", test_lost_is_spread);
  CORE_ADD_N ("/recovery/lost/keeps-backend", 2, test_lost_keeps_backend);
  CORE_ADD_N ("/recovery/lost/of-another-backend", 2, test_lost_of_another_backend);
  CORE_ADD ("/recovery/lost/and-refused", test_lost_and_refused);
  CORE_ADD ("/recovery/lost/same-port-after-failure", test_same_port_after_failure);
  CORE_ADD ("/recovery/lost/pause-doubles", test_lost_pause_doubles);
  CORE_ADD ("/recovery/lost/pause-is-reset", test_lost_pause_is_reset);
  CHECK ("gone", DESTROYED);
  CHECK ("another-host-has-it", CONFLICT);
  CHECK ("no-answer", TIMED_OUT);
  CHECK ("cannot-check", NOT_SUPPORTED);
  CORE_ADD_N ("/recovery/closed/at-check", 2, test_closed_at_check);
  CORE_ADD_N ("/recovery/closed/at-renewal", 2, test_closed_at_renewal);
  CORE_ADD ("/recovery/closed/and-no-other", test_closed_and_no_other);
  CORE_ADD ("/recovery/closed/at-renewal-and-no-other", test_closed_at_renewal_and_no_other);
  CORE_ADD ("/recovery/closed/and-open-again", test_closed_and_open_again);
  CORE_ADD ("/recovery/closed/for-many", test_closed_for_many);
  CORE_ADD ("/recovery/closed/for-a-moment", test_closed_for_a_moment);
  MISSING ("and-then-gone", DESTROYED);
  MISSING ("and-then-another-host-has-it", CONFLICT);
  CORE_ADD ("/recovery/closed/and-then-lost", test_closed_and_then_lost);
  CORE_ADD ("/recovery/closed/and-closed-again", test_closed_and_closed_again);
  CORE_ADD ("/recovery/address/by-signal", test_address_by_signal);
  CORE_ADD ("/recovery/address/removed", test_address_removed);
  CORE_ADD ("/recovery/address/by-recheck", test_address_by_recheck);
  CORE_ADD ("/recovery/address/by-renewal", test_address_by_renewal);
  CORE_ADD ("/recovery/resume/checks", test_resume_checks);
  CORE_ADD ("/recovery/resume/spread", test_resume_spreads);
  CORE_ADD ("/recovery/resume/renews-overdue-lease", test_resume_renews_overdue_lease);
  CORE_ADD ("/recovery/resume/after-expiry", test_resume_after_expiry);
  CORE_ADD ("/recovery/resume/retries-failure", test_resume_retries_failure);
  CORE_ADD ("/recovery/network/other-gateway", test_other_gateway);
  CORE_ADD ("/recovery/network/lost-and-found", test_network_lost_and_found);
  CORE_ADD ("/recovery/network/starts-without", test_starts_without_network);
  CORE_ADD ("/recovery/network/query-to-closed-gateway", test_query_to_closed_gateway);

  return g_test_run ();
}

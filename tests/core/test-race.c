/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "core-fixture.h"

#include <string.h>

/* Which backend is used: the race of the discoveries, the choice, and what happens when the chosen
 * backend fails. alpha has the highest priority, then beta, then gamma. */

static void
test_best_within_grace (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->discover = AFTER (300);
  mapping = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, 299);
  core_assert_state (mapping, PENDING);
  test_loop_advance (&f->loop, 1);
  core_assert_backend (mapping, "alpha");
}

static void
test_grace_ends (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->discover = AFTER (3000);
  BETA->discover = AFTER (20);
  mapping = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, 20 + 349);
  core_assert_state (mapping, PENDING);
  test_loop_advance (&f->loop, 1);
  core_assert_backend (mapping, "beta");
}

static void
test_late_better_backend_joins (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = NULL;
  g_autoptr (PlumMapping) second = NULL;

  ALPHA->discover = AFTER (1000);
  first = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, 1000);
  g_assert_cmpint (plum_probe_get_outcome (core_probe (f, 0)), ==, PLUM_PROBE_SUCCESS);
  g_assert_cmpstr (plum_gateway_get_backend_name (core_gateway (f)), ==, "alpha");

  /* A mapping with a lease keeps its backend; a new mapping uses the better one. */
  core_assert_backend (first, "beta");
  second = core_add_up (f, 8081, 0);
  core_assert_backend (second, "alpha");
}

static void
test_late_backend_prevents_failure (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  plum_manager_set_discover_timeout (f->manager, 1000);
  ALPHA->map = NO (REFUSED);
  BETA->discover = AFTER (900);
  mapping = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, 900);
  core_assert_backend (mapping, "beta");
}

static void
test_refusal_decides_immediately (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->discover = NO (REFUSED);
  mapping = core_add_up (f, 8080, 0);
  core_assert_backend (mapping, "beta");
  g_assert_cmpint (plum_probe_get_outcome (core_probe (f, 0)), ==, PLUM_PROBE_REFUSED);
}

static void
test_does_not_wait_for_worse_backends (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  BETA->discover = SILENCE;
  mapping = core_add_up (f, 8080, 0);
  core_assert_backend (mapping, "alpha");
}

static void
test_all_silent (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  const GError *error;

  ALPHA->discover = BETA->discover = GAMMA->discover = SILENCE;
  plum_manager_set_discover_timeout (f->manager, 3000);
  mapping = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, 2999);
  core_assert_state (mapping, PENDING);
  test_loop_advance (&f->loop, 1);
  core_assert_state (mapping, FAILURE);

  error = plum_mapping_get_error (mapping);
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_NO_BACKEND);
  g_assert_cmpstr (error->message, ==,
                   "The backend “alpha” did not answer within 3.0 s; "
                   "The backend “beta” did not answer within 3.0 s; "
                   "The backend “gamma” did not answer within 3.0 s");
}

static void
test_every_verdict_is_reported (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  const GError *error;

  ALPHA->map = NO (NO_RESOURCES);
  BETA->discover = NO (TIMED_OUT);
  GAMMA->map = NO (REFUSED);
  mapping = core_add (f, 8080, 0);
  test_loop_settle (&f->loop);

  error = plum_mapping_get_error (mapping);
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_NO_RESOURCES);
  g_assert_cmpstr (error->message, ==,
                   "alpha said no to map; beta said no to discover; gamma said no to map");
}

/* In the order of priority, not of the answers, without what did not ask the router. */
static void
test_verdicts_are_in_order (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->discover = NO (NOT_SUPPORTED);
  BETA->discover =
    ((FakeReply){ .fails = TRUE, .code = PLUM_ERROR_NOT_SUPPORTED, .delay_ms = 900 });
  GAMMA->discover = ((FakeReply){ .fails = TRUE, .code = PLUM_ERROR_TIMED_OUT, .delay_ms = 20 });
  mapping = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, 1000);
  g_assert_error (plum_mapping_get_error (mapping), PLUM_ERROR, PLUM_ERROR_NO_BACKEND);
  g_assert_cmpstr (plum_mapping_get_error (mapping)->message, ==,
                   "beta said no to discover; gamma said no to discover");
}

static void
test_late_errors_are_in_order (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->discover = AFTER (900);
  ALPHA->map = NO (REFUSED);
  BETA->map = ((FakeReply){ .fails = TRUE, .code = PLUM_ERROR_NO_RESOURCES, .delay_ms = 1000 });
  GAMMA->discover = NO (NOT_SUPPORTED);
  mapping = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, 2000);
  g_assert_error (plum_mapping_get_error (mapping), PLUM_ERROR, PLUM_ERROR_NO_RESOURCES);
  g_assert_cmpstr (plum_mapping_get_error (mapping)->message, ==,
                   "alpha said no to map; beta said no to map");
}

static void
test_no_backend (CoreFixture *f, gconstpointer data)
{
  const char *const unknown[] = { "omega", NULL };
  g_autoptr (PlumMapping) mapping = NULL;

  plum_manager_set_enabled_backends (f->manager, unknown);
  mapping = core_add (f, 8080, 0);
  test_loop_settle (&f->loop);
  g_assert_error (plum_mapping_get_error (mapping), PLUM_ERROR, PLUM_ERROR_NO_BACKEND);
  g_assert_nonnull (strstr (plum_mapping_get_error (mapping)->message, "“omega”"));
}

static void
test_fall_through (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->map = NO (REFUSED);
  mapping = core_add (f, 8080, 0);
  core_listen (f, mapping);
  test_loop_settle (&f->loop);
  core_assert_backend (mapping, "beta");
  core_assert_log ("alpha:discover beta:discover alpha:map:tcp:8080:8080 beta:map:tcp:8080:8080");
  g_assert_null (strstr (f->events->str, "state=3"));
  g_assert_null (plum_mapping_get_error (mapping));
}

static void
test_cleared_before_the_next (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  plum_manager_set_mapping_timeout (f->manager, 2000);
  ALPHA->map = SILENCE;
  ALPHA->unmap = AFTER (100);
  mapping = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, 2099);
  core_assert_log ("alpha:discover beta:discover alpha:map:tcp:8080:8080 alpha:unmap:tcp:8080");
  test_loop_advance (&f->loop, 1);
  core_assert_log ("beta:map:tcp:8080:8080");
  core_assert_backend (mapping, "beta");
}

static void
test_clearing_is_bounded (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  plum_manager_set_mapping_timeout (f->manager, 2000);
  ALPHA->map = ALPHA->unmap = SILENCE;
  mapping = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, 2249);
  core_assert_state (mapping, PENDING);
  test_loop_advance (&f->loop, 1);
  core_assert_backend (mapping, "beta");
}

static void
settle_late (FakeScript *script, guint port)
{
  g_autoptr (PlumLease) lease = plum_lease_new (NULL, port, 7200, NULL);

  plum_call_return_lease (script->last_map, lease);
}

static void
test_late_lease_is_released (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->map = SILENCE;
  BETA->map = NO (REFUSED);
  mapping = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, 11000);
  core_assert_state (mapping, FAILURE);
  g_free (fake_backends_take_log ());
  settle_late (ALPHA, 8080);
  test_loop_settle (&f->loop);
  core_assert_log ("alpha:unmap:tcp:8080");
}

static void
test_late_lease_of_another_port (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->map = SILENCE;
  mapping = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, 11000);
  core_assert_backend (mapping, "beta");
  g_free (fake_backends_take_log ());
  settle_late (ALPHA, 9999);
  test_loop_settle (&f->loop);
  core_assert_log ("alpha:unmap:tcp:8080");
}

/* A router has one table for all backends: releasing the late lease would delete the new one. */
static void
test_late_lease_of_a_granted_port (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->map = SILENCE;
  mapping = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, 11000);
  core_assert_backend (mapping, "beta");
  g_free (fake_backends_take_log ());
  settle_late (ALPHA, 8080);
  test_loop_settle (&f->loop);
  core_assert_log ("");
}

/* The same request is pending again: a delete would remove the mapping that it creates. */
static void
test_late_lease_of_a_requested_port (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);
  g_autoptr (PlumCall) renewal = NULL;
  g_autoptr (PlumLease) lease = plum_lease_new (NULL, 8080, 7200, NULL);

  ALPHA->map = SILENCE;
  test_loop_advance_until (&f->loop, ALPHA->n_map == 2, 4500 * 1000);
  renewal = g_object_ref (ALPHA->last_map);
  plum_backend_report_lost (ALPHA->backend, "restarted");
  test_loop_advance_until (&f->loop, ALPHA->n_map == 3, 5000);
  g_free (fake_backends_take_log ());
  plum_call_return_lease (renewal, lease);
  test_loop_settle (&f->loop);
  core_assert_log ("");
  core_assert_state (mapping, SUCCESS);
}

/* The router answers the map call of a removed mapping, and is slow to delete what it granted. */
static void
begin_late_delete (CoreFixture *f, guint external_port)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->map = SILENCE;
  mapping = core_add (f, 8080, 0);
  test_loop_settle (&f->loop);
  core_destroy (f, mapping);
  test_loop_settle (&f->loop);
  core_assert_log ("alpha:discover alpha:map:tcp:8080:8080 alpha:unmap:tcp:8080");
  ALPHA->unmap = AFTER (3000);
  settle_late (ALPHA, external_port);
  ALPHA->map = AT_ONCE;
}

static void
test_late_delete_precedes_request (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  begin_late_delete (f, 9999);
  mapping = core_add (f, 8080, 0); /* before the delete is sent */
  test_loop_advance (&f->loop, 2999);
  core_assert_log ("alpha:unmap:tcp:8080");
  core_assert_state (mapping, PENDING);
  test_loop_advance (&f->loop, 1);
  core_assert_log ("alpha:map:tcp:8080:8080");
  core_assert_state (mapping, SUCCESS);
}

static void
test_pending_late_delete_precedes_request (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  begin_late_delete (f, 8080);
  test_loop_advance (&f->loop, 1000);
  core_assert_log ("alpha:unmap:tcp:8080");
  mapping = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, 1999);
  core_assert_log ("");
  test_loop_advance (&f->loop, 1);
  core_assert_log ("alpha:map:tcp:8080:8080");
  core_assert_state (mapping, SUCCESS);
}

/* A protocol may delete by the external port. */
static void
test_late_delete_precedes_external_port (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (PlumMapping) other = NULL;

  begin_late_delete (f, 8080);
  mapping = core_add (f, 9090, 8080);
  other = core_add (f, 7070, 0);
  test_loop_advance (&f->loop, 2999);
  core_assert_log ("alpha:map:tcp:7070:7070 alpha:unmap:tcp:8080");
  test_loop_advance (&f->loop, 1);
  core_assert_log ("alpha:map:tcp:9090:8080");
  core_assert_state (mapping, SUCCESS);
}

/* The delete is not answered: the request does not wait forever. */
static void
test_late_delete_is_not_answered (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  begin_late_delete (f, 8080);
  ALPHA->unmap = SILENCE;
  test_loop_settle (&f->loop);
  core_assert_log ("alpha:unmap:tcp:8080");
  mapping = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, 9999);
  core_assert_log ("");
  test_loop_advance (&f->loop, 1);
  core_assert_log ("alpha:map:tcp:8080:8080");
  core_assert_state (mapping, SUCCESS);
}

/* The mapping is removed while its request waits. The manager is freed while the delete is pending.
 */
static void
test_late_delete_outlives_request (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  begin_late_delete (f, 8080);
  test_loop_advance (&f->loop, 1000);
  mapping = core_add (f, 8080, 0);
  core_destroy (f, mapping);
  test_loop_settle (&f->loop);
  core_assert_state (mapping, DESTROYED);
  core_assert_log ("alpha:unmap:tcp:8080");
}

/* The same port is requested before the delete is sent: the request takes over what is there. */
static void
test_late_lease_is_taken_over (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  begin_late_delete (f, 8080);
  mapping = core_add (f, 8080, 0);
  test_loop_settle (&f->loop);
  core_assert_log ("alpha:map:tcp:8080:8080");
  core_assert_state (mapping, SUCCESS);
}

/* The router grants another port than that which the pending request suggests: protocols that have
 * one mapping for each internal port give the request this one. */
static void
test_late_lease_of_a_requested_internal_port (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);
  g_autoptr (PlumCall) renewal = NULL;
  g_autoptr (PlumLease) lease = plum_lease_new (NULL, 9999, 7200, NULL);

  ALPHA->map = SILENCE;
  test_loop_advance_until (&f->loop, ALPHA->n_map == 2, 4500 * 1000);
  renewal = g_object_ref (ALPHA->last_map);
  plum_backend_report_lost (ALPHA->backend, "restarted");
  test_loop_advance_until (&f->loop, ALPHA->n_map == 3, 5000);
  g_free (fake_backends_take_log ());
  plum_call_return_lease (renewal, lease);
  test_loop_settle (&f->loop);
  core_assert_log ("");
  core_assert_state (mapping, SUCCESS);
}

static void
test_settled_twice (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->map = SILENCE;
  mapping = core_add (f, 8080, 0);
  test_loop_settle (&f->loop);
  settle_late (ALPHA, 8080);
  g_test_expect_message ("Plum", G_LOG_LEVEL_CRITICAL, "The backend “alpha” settled a call twice");
  plum_call_fail (ALPHA->last_map, PLUM_ERROR_REFUSED, "second outcome");
  g_test_assert_expected_messages ();
  test_loop_settle (&f->loop);
  core_assert_state (mapping, SUCCESS);
}

static void
test_settled_late_and_once (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->map = SILENCE;
  mapping = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, 11000);
  plum_call_fail (ALPHA->last_map, PLUM_ERROR_REFUSED, "late"); /* is ignored */
  test_loop_settle (&f->loop);
  g_assert_error (plum_mapping_get_error (mapping), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
}

static void
test_never_settled (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->map = SILENCE;
  mapping = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, plum_manager_get_mapping_timeout (f->manager) - 1);
  core_assert_state (mapping, PENDING);
  g_assert_false (g_cancellable_is_cancelled (plum_call_get_cancellable (ALPHA->last_map)));
  test_loop_advance (&f->loop, 1);
  core_assert_state (mapping, FAILURE);
  g_assert_true (g_cancellable_is_cancelled (plum_call_get_cancellable (ALPHA->last_map)));
  g_assert_cmpstr (plum_mapping_get_error (mapping)->message, ==,
                   "The backend “alpha” did not answer within 10.0 s");
}

static void
count_cancelled (PlumCall *call, gpointer user_data)
{
  ++*(guint *) user_data;
}

static void
settle_cancelled (PlumCall *call, gpointer user_data)
{
  count_cancelled (call, user_data);
  plum_call_fail (call, PLUM_ERROR_TIMED_OUT, "is ignored");
}

/* The function is called once, for the call that has it at that time; the cancellable that is
 * requested later is cancelled. */
static void
check_cancelled_func (CoreFixture *f, gboolean destroy)
{
  guint n_replaced = 0, n_called = 0, n_late = 0;
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (PlumCall) call = NULL;

  ALPHA->map = SILENCE;
  mapping = core_add (f, 8080, 0);
  test_loop_settle (&f->loop);
  call = g_object_ref (ALPHA->last_map);
  plum_call_set_cancelled_func (call, count_cancelled, &n_replaced);
  plum_call_set_cancelled_func (call, settle_cancelled, &n_called);
  if (destroy)
    core_destroy (f, mapping);
  else
    test_loop_advance (&f->loop, plum_manager_get_mapping_timeout (f->manager));

  g_assert_cmpuint (n_replaced, ==, 0);
  g_assert_cmpuint (n_called, ==, 1);
  g_assert_true (g_cancellable_is_cancelled (plum_call_get_cancellable (call)));
  plum_call_set_cancelled_func (call, count_cancelled, &n_late);
  test_loop_advance (&f->loop, 60000);
  g_assert_cmpuint (n_called + n_late, ==, 1);
}

static void
test_cancelled_func_timeout (CoreFixture *f, gconstpointer data)
{
  check_cancelled_func (f, FALSE);
}

static void
test_cancelled_func_destroyed (CoreFixture *f, gconstpointer data)
{
  check_cancelled_func (f, TRUE);
}

typedef struct
{
  CoreFixture *fixture;
  PlumMapping *mapping;
  guint n_called;
} Release;

static void
release_call (PlumCall *call, gpointer user_data)
{
  Release *release = user_data;

  release->n_called++;
  g_clear_object (&ALPHA->last_map);
  core_destroy (release->fixture, release->mapping);
}

/* The function releases the call, and causes core to release it as well. */
static void
test_cancelled_func_releases (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  Release release = { f };

  ALPHA->map = SILENCE;
  mapping = release.mapping = core_add (f, 8080, 0);
  test_loop_settle (&f->loop);
  plum_call_set_cancelled_func (ALPHA->last_map, release_call, &release);
  test_loop_advance (&f->loop, plum_manager_get_mapping_timeout (f->manager));

  g_assert_cmpuint (release.n_called, ==, 1);
  core_assert_state (mapping, DESTROYED);
}

/* Neither a function that was unset, nor that of a call with a result, is called, although the call
 * is cancelled before the result is delivered. */
static void
test_cancelled_func_not_called (CoreFixture *f, gconstpointer data)
{
  guint n_called = 0;
  g_autoptr (PlumMapping) unset = NULL;
  g_autoptr (PlumMapping) settled = NULL;

  ALPHA->map = SILENCE;
  unset = core_add (f, 8080, 0);
  test_loop_settle (&f->loop);
  plum_call_set_cancelled_func (ALPHA->last_map, count_cancelled, &n_called);
  plum_call_set_cancelled_func (ALPHA->last_map, NULL, NULL);

  settled = core_add (f, 8081, 0);
  test_loop_settle (&f->loop);
  plum_call_set_cancelled_func (ALPHA->last_map, count_cancelled, &n_called);
  settle_late (ALPHA, 8081);
  plum_call_set_cancelled_func (ALPHA->last_map, count_cancelled, &n_called);
  core_destroy (f, settled);

  test_loop_advance (&f->loop, plum_manager_get_mapping_timeout (f->manager) + 1);
  core_assert_state (unset, FAILURE);
  g_assert_cmpuint (n_called, ==, 0);
}

/* The router answers one request after the other, so the last mapping waits longer than the timeout
 * of one attempt. */
static void
test_waits_for_others (CoreFixture *f, gconstpointer data)
{
  guint timeout = plum_manager_get_mapping_timeout (f->manager);
  g_autoptr (PlumMapping) last = NULL;
  g_autoptr (PlumCall) call = NULL;

  ALPHA->map = SILENCE;
  last = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, timeout / 2);
  call = g_object_ref (ALPHA->last_map);

  ALPHA->map = (FakeReply){ 0 };
  for (guint i = 0; i < 8; i++)
    {
      g_object_unref (core_add (f, 9000 + i, 0));
      test_loop_advance (&f->loop, timeout / 2);
      core_assert_state (last, PENDING);
    }

  test_loop_advance (&f->loop, timeout / 2 - 1);
  core_assert_state (last, PENDING);
  test_loop_advance (&f->loop, 2);
  core_assert_state (last, FAILURE);
  g_assert_true (g_cancellable_is_cancelled (plum_call_get_cancellable (call)));
}

/* A backend that forgets one call but settles others does not keep it pending for ever. */
static void
test_forgotten_among_others (CoreFixture *f, gconstpointer data)
{
  guint timeout = plum_manager_get_mapping_timeout (f->manager);
  g_autoptr (PlumMapping) forgotten = NULL;

  ALPHA->map = SILENCE;
  forgotten = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, timeout / 2);

  ALPHA->map = (FakeReply){ 0 };
  for (guint i = 0; i < 130 && plum_mapping_get_state (forgotten) == PLUM_STATE_PENDING; i++)
    {
      g_object_unref (core_add (f, 9000 + i, 0));
      test_loop_advance (&f->loop, timeout / 2);
    }
  core_assert_state (forgotten, FAILURE);
}

/* Calls that timed out are no sign that the router answers. */
static void
test_others_time_out (CoreFixture *f, gconstpointer data)
{
  guint timeout = plum_manager_get_mapping_timeout (f->manager);
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (PlumCall) call = NULL;

  ALPHA->map = SILENCE;
  ALPHA->unmap = SILENCE;
  mapping = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, timeout / 2);
  call = g_object_ref (ALPHA->last_map);
  ALPHA->map = (FakeReply){ .fails = TRUE, .code = PLUM_ERROR_TIMED_OUT };
  g_object_unref (core_add (f, 9000, 0));
  test_loop_advance (&f->loop, timeout / 2 + 1);
  g_assert_true (g_cancellable_is_cancelled (plum_call_get_cancellable (call)));
}

static void
test_enabled_backends (CoreFixture *f, gconstpointer data)
{
  const char *const enabled[] = { "gamma", "alpha", NULL };
  g_autoptr (PlumMapping) mapping = NULL;

  plum_manager_set_enabled_backends (f->manager, enabled);
  mapping = core_add_up (f, 8080, 0);
  core_assert_backend (mapping, "gamma");
  g_assert_cmpuint (BETA->n_made, ==, 0);
  g_assert_cmpstr (plum_probe_get_name (core_probe (f, 0)), ==, "gamma");
  g_assert_cmpstr (plum_probe_get_name (core_probe (f, 1)), ==, "alpha");
}

static void
test_enabled_backends_change (CoreFixture *f, gconstpointer data)
{
  const char *const enabled[] = { "beta", NULL };
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  core_assert_backend (mapping, "alpha");
  plum_manager_set_enabled_backends (f->manager, enabled);
  test_loop_settle (&f->loop);
  core_assert_backend (mapping, "beta");
}

static void
test_unknown_backend_is_reported (CoreFixture *f, gconstpointer data)
{
  const char *const enabled[] = { "alpha", "omega", NULL };
  g_autoptr (PlumBackendInfo) info = NULL;

  plum_manager_set_enabled_backends (f->manager, enabled);
  info = g_list_model_get_item (plum_manager_get_backends (f->manager), 1);
  g_assert_cmpstr (plum_backend_info_get_name (info), ==, "omega");
  g_assert_error (plum_backend_info_get_error (info), PLUM_ERROR, PLUM_ERROR_MODULE);
}

static void
test_environment_takes_precedence (CoreFixture *f, gconstpointer data)
{
  const char *const enabled[] = { "alpha", NULL };
  g_autoptr (PlumMapping) mapping = NULL;

  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
      g_test_trap_assert_passed ();
      return;
    }

  g_setenv ("PLUM_BACKENDS", "gamma, beta", TRUE);
  plum_manager_set_enabled_backends (f->manager, enabled);
  mapping = core_add_up (f, 8080, 0);
  core_assert_backend (mapping, "gamma");
  g_assert_cmpuint (ALPHA->n_made, ==, 0);
  g_assert_cmpuint (BETA->n_made, ==, 1);
}

static void
test_priority_between (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  plum_manager_add_backend_type (f->manager, fake_backend_type (FAKE_GAMMA), "third", 250, NULL);
  mapping = core_add_up (f, 8080, 0);
  g_assert_cmpstr (plum_probe_get_name (core_probe (f, 0)), ==, "alpha");
  g_assert_cmpstr (plum_probe_get_name (core_probe (f, 1)), ==, "third");
  g_assert_cmpstr (plum_probe_get_name (core_probe (f, 2)), ==, "beta");
}

static void
test_equal_priority_sorts_by_name (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  plum_manager_add_backend_type (f->manager, fake_backend_type (FAKE_BETA), "aleph", 300, NULL);
  mapping = core_add_up (f, 8080, 0);
  core_assert_backend (mapping, "aleph");
}

static void
on_outcome (PlumProbe *probe, GParamSpec *pspec, CoreFixture *f)
{
  g_string_append_printf (f->events, "%s=%d ", plum_probe_get_name (probe),
                          plum_probe_get_outcome (probe));
}

static void
test_probes_notify (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->discover = AFTER (40);
  BETA->discover = NO (REFUSED);
  mapping = core_add (f, 8080, 0);
  for (unsigned int i = 0; i < 2; i++)
    g_signal_connect (core_probe (f, i), "notify::outcome", G_CALLBACK (on_outcome), f);
  g_assert_cmpint (plum_probe_get_outcome (core_probe (f, 0)), ==, PLUM_PROBE_PENDING);
  test_loop_advance (&f->loop, 40);

  g_assert_cmpstr (f->events->str, ==, "beta=3 alpha=1 ");
  g_assert_cmpuint (plum_probe_get_ms (core_probe (f, 0)), ==, 40);
  g_assert_error (plum_probe_get_error (core_probe (f, 1)), PLUM_ERROR, PLUM_ERROR_REFUSED);
}

static void
test_recent_failure_is_not_probed_again (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (PlumMapping) soon = NULL;
  g_autoptr (PlumMapping) later = NULL;

  ALPHA->discover = NO (TIMED_OUT);
  mapping = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, 4000);
  soon = core_add (f, 8081, 0);
  test_loop_settle (&f->loop);
  core_assert_state (soon, FAILURE);
  g_assert_cmpuint (ALPHA->n_discover, ==, 1);

  test_loop_advance (&f->loop, 2000);
  later = core_add (f, 8082, 0);
  test_loop_settle (&f->loop);
  g_assert_cmpuint (ALPHA->n_discover, ==, 2);
}

static void
test_failed_backend_is_probed_again_at_retries (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->map = NO (REFUSED);
  BETA->discover = NO (TIMED_OUT);
  mapping = core_add (f, 8080, 0);
  test_loop_settle (&f->loop);
  core_assert_state (mapping, FAILURE);

  BETA->discover = AT_ONCE;
  test_loop_advance (&f->loop, 17000);
  core_assert_backend (mapping, "beta");
}

#define RACE(path, func) CORE_ADD_N ("/race/" path, 2, func)

/* After a while, a backend that has not answered does not hold up the decision. */
static void
test_settles (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GListModel) list = NULL;
  g_autoptr (GError) error = NULL;

  ALPHA->discover = AFTER (9000);
  mapping = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, 350);
  core_assert_backend (mapping, "beta");
  plum_gateway_list_entries_async (core_gateway (f), NULL, test_store_result, &result);
  test_loop_advance (&f->loop, 2649);
  g_assert_null (result);
  test_loop_advance (&f->loop, 1);
  g_assert_nonnull (result);
  list = plum_gateway_list_entries_finish (core_gateway (f), result, &error);
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);

  /* The late answer still counts. */
  test_loop_advance (&f->loop, 6000);
  g_assert_cmpint (plum_probe_get_outcome (core_probe (f, 0)), ==, PLUM_PROBE_SUCCESS);
}

/* Nothing answers for a long time: that is no failure before discover-timeout. */
static void
test_slow_is_waited_for (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->discover = AFTER (9000);
  BETA->discover = NO (TIMED_OUT);
  mapping = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, 8999);
  core_assert_state (mapping, PENDING);
  test_loop_advance (&f->loop, 1);
  core_assert_backend (mapping, "alpha");
}

/* The only one that can map refuses: the failure is reported before discover-timeout, and a late
 * one gets another attempt. */
static void
test_settles_failure (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->discover = AFTER (9000);
  BETA->map = NO (REFUSED);
  mapping = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, 3000);
  core_assert_state (mapping, FAILURE);
  test_loop_advance (&f->loop, 6000);
  core_assert_backend (mapping, "alpha");
}

/* Neither the request nor the delete is answered: the error says what may remain. */
static void
test_clearing_unconfirmed (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  plum_manager_set_mapping_timeout (f->manager, 2000);
  ALPHA->map = ALPHA->unmap = SILENCE;
  BETA->map = NO (REFUSED);
  mapping = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, 2250);
  core_assert_state (mapping, FAILURE);
  g_assert_nonnull (strstr (plum_mapping_get_error (mapping)->message, "the router may keep"));
}

/* The lease has no address: another backend of the router knows it, at once or later. */
static void
check_address_of_another (CoreFixture *f, guint delay_ms)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->external = NULL;
  BETA->discover = AFTER (delay_ms);
  mapping = core_add (f, 8080, 0);
  test_loop_advance (&f->loop, 2000);
  core_assert_backend (mapping, "alpha");
  g_assert_cmpstr (plum_mapping_get_external_host (mapping), ==, "1.2.3.4");

  /* A renewal without an address keeps it. */
  core_listen (f, mapping);
  test_loop_advance_until (&f->loop, ALPHA->n_map == 2, 7200 * 1000);
  test_loop_settle (&f->loop);
  core_assert_events (f, "expires-at");
}

static void
test_address_of_another (CoreFixture *f, gconstpointer data)
{
  check_address_of_another (f, 0);
}

static void
test_address_of_a_late_one (CoreFixture *f, gconstpointer data)
{
  check_address_of_another (f, 1000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  RACE ("best-within-grace", test_best_within_grace);
  RACE ("grace-ends", test_grace_ends);
  RACE ("late-better-backend-joins", test_late_better_backend_joins);
  RACE ("late-backend-prevents-failure", test_late_backend_prevents_failure);
  RACE ("refusal-decides-immediately", test_refusal_decides_immediately);
  RACE ("does-not-wait-for-worse-backends", test_does_not_wait_for_worse_backends);
  CORE_ADD_N ("/race/all-silent", 3, test_all_silent);
  CORE_ADD_N ("/race/every-verdict-is-reported", 3, test_every_verdict_is_reported);
  CORE_ADD_N ("/race/verdicts-are-in-order", 3, test_verdicts_are_in_order);
  CORE_ADD_N ("/race/late-errors-are-in-order", 3, test_late_errors_are_in_order);
  RACE ("no-backend", test_no_backend);
  RACE ("fall-through", test_fall_through);
  RACE ("cleared-before-the-next", test_cleared_before_the_next);
  RACE ("clearing-is-bounded", test_clearing_is_bounded);
  RACE ("late-lease/released", test_late_lease_is_released);
  RACE ("late-lease/another-port", test_late_lease_of_another_port);
  RACE ("late-lease/granted-port", test_late_lease_of_a_granted_port);
  CORE_ADD ("/race/late-lease/requested-port", test_late_lease_of_a_requested_port);
  CORE_ADD ("/race/late-lease/requested-internal-port",
            test_late_lease_of_a_requested_internal_port);
  CORE_ADD ("/race/late-lease/taken-over", test_late_lease_is_taken_over);
  CORE_ADD ("/race/late-delete/precedes-request", test_late_delete_precedes_request);
  CORE_ADD ("/race/late-delete/pending", test_pending_late_delete_precedes_request);
  CORE_ADD ("/race/late-delete/external-port", test_late_delete_precedes_external_port);
  CORE_ADD ("/race/late-delete/not-answered", test_late_delete_is_not_answered);
  CORE_ADD ("/race/late-delete/outlives-request", test_late_delete_outlives_request);
  CORE_ADD ("/race/settled/twice", test_settled_twice);
  CORE_ADD ("/race/settled/late-and-once", test_settled_late_and_once);
  CORE_ADD ("/race/settled/never", test_never_settled);
  CORE_ADD ("/race/settled/cancelled-func/timeout", test_cancelled_func_timeout);
  CORE_ADD ("/race/settled/cancelled-func/destroyed", test_cancelled_func_destroyed);
  CORE_ADD ("/race/settled/cancelled-func/releases", test_cancelled_func_releases);
  CORE_ADD ("/race/settled/cancelled-func/not-called", test_cancelled_func_not_called);
  CORE_ADD ("/race/settled/after-others", test_waits_for_others);
  CORE_ADD ("/race/settled/forgotten-among-others", test_forgotten_among_others);
  CORE_ADD ("/race/settled/others-time-out", test_others_time_out);
  CORE_ADD_N ("/race/enabled/filter-and-order", 3, test_enabled_backends);
  RACE ("enabled/change", test_enabled_backends_change);
  RACE ("enabled/unknown-is-reported", test_unknown_backend_is_reported);
  CORE_ADD_N ("/race/enabled/environment", 3, test_environment_takes_precedence);
  RACE ("priority/between", test_priority_between);
  CORE_ADD ("/race/priority/equal-sorts-by-name", test_equal_priority_sorts_by_name);
  RACE ("probes/notify", test_probes_notify);
  CORE_ADD ("/race/again/not-within-five-seconds", test_recent_failure_is_not_probed_again);
  RACE ("again/at-retries", test_failed_backend_is_probed_again_at_retries);

  CORE_ADD_N ("/race/settles", 2, test_settles);
  CORE_ADD_N ("/race/settles-failure", 2, test_settles_failure);
  CORE_ADD_N ("/race/clearing-unconfirmed", 2, test_clearing_unconfirmed);
  CORE_ADD_N ("/race/slow-is-waited-for", 2, test_slow_is_waited_for);
  CORE_ADD_N ("/race/address-of-another", 2, test_address_of_another);
  CORE_ADD_N ("/race/address-of-a-late-one", 2, test_address_of_a_late_one);

  return g_test_run ();
}

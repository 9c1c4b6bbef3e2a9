/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "core-fixture.h"

#include "plum-gateway-private.h"

/* Mappings that require one particular external port. */

#define NOT_8080(backend, port)                                                                    \
  "External port 8080 is required, but the router granted external port " port " to the " backend  \
  " backend"

static void
assert_conflict (PlumMapping *mapping, const char *message)
{
  core_assert_state (mapping, FAILURE);
  g_assert_error (plum_mapping_get_error (mapping), PLUM_ERROR, PLUM_ERROR_CONFLICT);
  g_assert_cmpstr (plum_mapping_get_error (mapping)->message, ==, message);
  g_assert_cmpuint (plum_mapping_get_external_port (mapping), ==, 0);
}

static void
assert_up (PlumMapping *mapping, guint external_port)
{
  core_assert_state (mapping, SUCCESS);
  g_assert_no_error (plum_mapping_get_error (mapping));
  g_assert_cmpuint (plum_mapping_get_external_port (mapping), ==, external_port);
}

static void
test_properties (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) plain = plum_mapping_new (PLUM_PROTOCOL_TCP, 8080);
  g_autoptr (PlumMapping) exact =
    g_object_new (PLUM_TYPE_MAPPING, "internal-port", 8080, "require-external-port", TRUE, NULL);
  gboolean value = FALSE;

  g_assert_false (plum_mapping_get_require_external_port (plain));
  g_assert_true (plum_mapping_get_require_external_port (exact));
  g_object_get (exact, "require-external-port", &value, NULL);
  g_assert_true (value);
}

/* --- One mapping --- */

static void
test_requested_port (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_exact (f, 8080, 9000);

  test_loop_settle (&f->loop);
  assert_up (mapping, 9000);
  core_assert_log ("alpha:discover alpha:map:tcp:8080:9000!");
}

static void
test_internal_port_if_none_is_requested (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_exact (f, 8080, 0);

  test_loop_settle (&f->loop);
  assert_up (mapping, 8080);
  core_assert_log ("alpha:discover alpha:map:tcp:8080:8080!");
}

/* Both backends may use one router: the unfit lease is deleted before the second is asked. */
static void
test_other_port_is_deleted_first (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->granted_port = 50001;
  ALPHA->unmap = AFTER (200);
  mapping = core_add_exact (f, 8080, 0);
  test_loop_settle (&f->loop);
  core_assert_log ("alpha:discover beta:discover alpha:map:tcp:8080:8080! alpha:unmap:tcp:8080");
  g_assert_cmpuint (ALPHA->unmapped_port, ==, 50001);
  core_assert_state (mapping, PENDING);
  test_loop_advance (&f->loop, 200);
  core_assert_log ("beta:map:tcp:8080:8080!");
  assert_up (mapping, 8080);
  core_assert_backend (mapping, "beta");
}

static void
test_delete_times_out_early (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->granted_port = 50001;
  ALPHA->unmap = SILENCE;
  mapping = core_add_exact (f, 8080, 0);
  test_loop_advance (&f->loop, 249);
  core_assert_state (mapping, PENDING);
  test_loop_advance (&f->loop, 1);
  assert_up (mapping, 8080);
}

static void
test_other_port_from_all (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->granted_port = 50001;
  BETA->granted_port = 50002;
  mapping = core_add_exact (f, 8080, 0);
  test_loop_settle (&f->loop);
  assert_conflict (mapping, NOT_8080 ("alpha", "50001") "; " NOT_8080 ("beta", "50002"));
  g_assert_cmpuint (ALPHA->n_unmap, ==, 1);
  g_assert_cmpuint (BETA->n_unmap, ==, 1);

  ALPHA->granted_port = 0;
  test_loop_advance (&f->loop, 17000);
  assert_up (mapping, 8080);
}

/* If a port is required, a conflict takes precedence over another error. */
static void
test_conflict_takes_precedence (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->map = NO (REFUSED);
  BETA->map = NO (CONFLICT);
  mapping = core_add_exact (f, 8080, 0);
  test_loop_settle (&f->loop);
  assert_conflict (mapping, "alpha said no to map; beta said no to map");
}

static void
test_own_conflict (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = core_add_up (f, 8081, 8080);
  g_autoptr (PlumMapping) second = NULL;

  g_free (fake_backends_take_log ());
  second = core_add_exact (f, 8080, 0);
  test_loop_settle (&f->loop);
  assert_conflict (second, "Another mapping of this program uses external port 8080 for TCP port "
                           "8081");
  core_assert_log ("");

  core_destroy (f, first);
  test_loop_advance (&f->loop, 17000);
  assert_up (second, 8080);
}

/* The router grants one port twice: the unfit lease has replaced the other mapping. */
static void
test_other_port_is_in_use (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = core_add_up (f, 8081, 5000);
  g_autoptr (PlumMapping) second = NULL;

  g_free (fake_backends_take_log ());
  ALPHA->granted_port = 5000;
  second = core_add_exact (f, 8080, 0);
  test_loop_settle (&f->loop);
  assert_conflict (second, NOT_8080 ("alpha", "5000"));
  core_assert_log ("alpha:map:tcp:8080:8080! alpha:unmap:tcp:8080");
  test_loop_advance (&f->loop, 5000);
  core_assert_log ("alpha:map:tcp:8081:5000");
  assert_up (first, 5000);
}

/* --- Renewal and loss --- */

static void
test_renewal_requires (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_exact (f, 8080, 0);

  test_loop_settle (&f->loop);
  g_free (fake_backends_take_log ());
  test_loop_advance (&f->loop, 4500 * 1000 + 1);
  core_assert_log ("alpha:map:tcp:8080:8080!");
  assert_up (mapping, 8080);
}

static void
test_renewal_to_another_port (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_exact (f, 8080, 0);

  test_loop_settle (&f->loop);
  g_free (fake_backends_take_log ());
  core_listen (f, mapping);
  ALPHA->granted_port = 50001;
  test_loop_advance_until (&f->loop, ALPHA->n_map > 1, 4500 * 1000);
  test_loop_settle (&f->loop);
  core_assert_log ("alpha:map:tcp:8080:8080! alpha:unmap:tcp:8080 "
                   "alpha:map:tcp:8080:8080! alpha:unmap:tcp:8080");
  assert_conflict (mapping, NOT_8080 ("alpha", "50001"));
  core_assert_events (
    f, "backend-name error error-summary expires-at external-address external-host "
       "external-port external-scope gateway hops lifetime state=1 state=3 verdicts");

  ALPHA->granted_port = 0;
  test_loop_advance (&f->loop, 17000);
  assert_up (mapping, 8080);
}

static void
test_loss (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_exact (f, 8080, 0);

  test_loop_settle (&f->loop);
  ALPHA->granted_port = 50001;
  plum_backend_report_lost (ALPHA->backend, "restarted");
  test_loop_advance (&f->loop, 5000);
  assert_conflict (mapping, NOT_8080 ("alpha", "50001"));
}

/* --- Changes while an unfit lease is deleted --- */

static void
test_destroyed_during_delete (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->granted_port = 50001;
  ALPHA->unmap = AFTER (200);
  mapping = core_add_exact (f, 8080, 0);
  test_loop_settle (&f->loop);
  g_free (fake_backends_take_log ());
  core_destroy (f, mapping);
  test_loop_advance (&f->loop, 200);
  core_assert_log ("alpha:unmap:tcp:8080");
  g_assert_cmpuint (ALPHA->unmapped_port, ==, 50001);
  core_assert_state (mapping, DESTROYED);
  core_assert_empty (f);
}

static void
test_network_lost_during_delete (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->granted_port = 50001;
  ALPHA->unmap = AFTER (200);
  mapping = core_add_exact (f, 8080, 0);
  test_loop_settle (&f->loop);
  plum_manager_set_interface (f->manager, "none0");
  test_loop_advance (&f->loop, 1000);
  core_assert_state (mapping, PENDING);
}

/* --- Equal mappings that require different ports, or no port --- */

#define SHARED(port, required)                                                                     \
  "External port " required " is required, but another mapping of this program uses external "     \
  "port " port " for TCP port 8080"

static void
test_added_with_another_port (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = core_add_up (f, 8080, 0);
  g_autoptr (PlumMapping) second = core_add_exact (f, 8080, 9000);

  assert_conflict (second, SHARED ("8080", "9000"));
  assert_up (first, 8080);

  /* The lease no longer serves any user. */
  g_free (fake_backends_take_log ());
  core_destroy (f, first);
  test_loop_settle (&f->loop);
  core_assert_log ("alpha:unmap:tcp:8080 alpha:map:tcp:8080:9000!");
  assert_up (second, 9000);
}

static void
test_added_with_the_same_port (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = core_add_up (f, 8080, 9000);
  g_autoptr (PlumMapping) second = core_add_exact (f, 8080, 9000);

  assert_up (second, 9000);
  g_assert_cmpuint (ALPHA->n_map, ==, 1);

  /* Renewals now require the port. */
  g_free (fake_backends_take_log ());
  test_loop_advance (&f->loop, 4500 * 1000 + 1);
  core_assert_log ("alpha:map:tcp:8080:9000!");
  assert_up (first, 9000);
}

/* The requirement takes effect at once, for both mappings. */
static void
test_added_during_request (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = NULL;
  g_autoptr (PlumMapping) second = NULL;

  ALPHA->map = AFTER (100);
  first = core_add (f, 8080, 0);
  test_loop_settle (&f->loop);
  core_assert_log ("alpha:discover alpha:map:tcp:8080:8080");
  second = core_add_exact (f, 8080, 9000);
  test_loop_settle (&f->loop);
  core_assert_log ("alpha:unmap:tcp:8080 alpha:map:tcp:8080:9000!");
  test_loop_advance (&f->loop, 100);
  assert_up (first, 9000);
  assert_up (second, 9000);
}

static void
test_added_during_request_for_the_same_port (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = NULL;
  g_autoptr (PlumMapping) second = NULL;

  ALPHA->map = AFTER (100);
  ALPHA->granted_port = 50001;
  first = core_add (f, 8080, 0);
  test_loop_settle (&f->loop);
  second = core_add_exact (f, 8080, 0);
  test_loop_advance (&f->loop, 100);
  core_assert_log ("alpha:discover alpha:map:tcp:8080:8080 alpha:unmap:tcp:8080");
  core_assert_state (first, FAILURE);
  assert_conflict (second, NOT_8080 ("alpha", "50001"));

  /* Without the requirement, that port fits at once. */
  core_destroy (f, second);
  test_loop_advance (&f->loop, 100);
  assert_up (first, 50001);
}

/* A lease that is being recovered takes precedence over a new requirement. */
static void
test_added_during_recovery (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = core_add_up (f, 8080, 0);
  g_autoptr (PlumMapping) second = NULL;

  plum_backend_report_lost (ALPHA->backend, "restarted");
  g_free (fake_backends_take_log ());
  second = core_add_exact (f, 8080, 9000);
  core_assert_state (second, PENDING);
  test_loop_advance (&f->loop, 5000);
  core_assert_log ("alpha:map:tcp:8080:8080");
  assert_up (first, 8080);
  assert_conflict (second, SHARED ("8080", "9000"));
}

static void
test_first_requirement_takes_precedence (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = core_add_exact (f, 8080, 9000);
  g_autoptr (PlumMapping) second = core_add_exact (f, 8080, 9001);

  test_loop_settle (&f->loop);
  assert_up (first, 9000);
  assert_conflict (second, SHARED ("9000", "9001"));

  core_destroy (f, first);
  test_loop_settle (&f->loop);
  core_assert_state (first, DESTROYED);
  assert_up (second, 9001);
}

static void
test_second_requirement_after_a_failure (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = NULL;
  g_autoptr (PlumMapping) second = NULL;

  ALPHA->map = NO (CONFLICT);
  first = core_add_exact (f, 8080, 9000);
  second = core_add_exact (f, 8080, 9001);
  test_loop_settle (&f->loop);
  assert_conflict (first, "alpha said no to map");
  assert_conflict (second, "External port 9001 is required, but another mapping of this program "
                           "requires external port 9000 for TCP port 8080");

  ALPHA->map = AT_ONCE;
  core_destroy (f, first);
  test_loop_settle (&f->loop);
  assert_up (second, 9001);
}

/* A failure keeps its error while the lease that caused it is lost. */
static void
test_error_is_kept (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = core_add_up (f, 8080, 0);
  g_autoptr (PlumMapping) second = core_add_exact (f, 8080, 9000);

  ALPHA->map = SILENCE;
  core_set_gateway (f, "127.9.9.8");
  test_loop_settle (&f->loop);
  core_assert_state (first, PENDING);
  assert_conflict (second, SHARED ("8080", "9000"));
}

static void
test_destroyed_during_delete_for_another_port (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = core_add_up (f, 8080, 0);
  g_autoptr (PlumMapping) second = core_add_exact (f, 8080, 9000);

  ALPHA->unmap = AFTER (500);
  core_destroy (f, first);
  test_loop_settle (&f->loop);
  core_assert_state (first, DESTROYED);
  core_destroy (f, second);
  test_loop_settle (&f->loop);
  core_assert_state (second, DESTROYING);
  test_loop_advance (&f->loop, 500);
  core_assert_state (second, DESTROYED);
  g_assert_cmpuint (ALPHA->n_map, ==, 1);
  core_assert_empty (f);
}

static void
on_destroying_add_exact (PlumMapping *mapping, GParamSpec *pspec, CoreFixture *f)
{
  if (plum_mapping_get_state (mapping) == PLUM_STATE_DESTROYING)
    g_object_unref (core_add_exact (f, 8080, 9000));
}

/* The lease does not serve the only user that is left. */
static void
test_added_while_the_last_is_removed (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = core_add_up (f, 8080, 0);
  g_autoptr (PlumMapping) second = NULL;

  g_free (fake_backends_take_log ());
  g_signal_connect (first, "notify::state", G_CALLBACK (on_destroying_add_exact), f);
  core_destroy (f, first);
  test_loop_settle (&f->loop);
  core_assert_state (first, DESTROYED);
  second = g_list_model_get_item (G_LIST_MODEL (f->manager), 0);
  assert_up (second, 9000);
  core_assert_log ("alpha:unmap:tcp:8080 alpha:map:tcp:8080:9000!");
}

static void
add_sharing_tests (void)
{
  CORE_ADD ("/exact/sharing/added-with-another-port", test_added_with_another_port);
  CORE_ADD ("/exact/sharing/added-with-the-same-port", test_added_with_the_same_port);
  CORE_ADD ("/exact/sharing/added-during-request", test_added_during_request);
  CORE_ADD ("/exact/sharing/added-during-request-for-the-same-port",
            test_added_during_request_for_the_same_port);
  CORE_ADD ("/exact/sharing/added-during-recovery", test_added_during_recovery);
  CORE_ADD ("/exact/sharing/first-requirement-takes-precedence",
            test_first_requirement_takes_precedence);
  CORE_ADD ("/exact/sharing/second-requirement-after-a-failure",
            test_second_requirement_after_a_failure);
  CORE_ADD ("/exact/sharing/error-is-kept", test_error_is_kept);
  CORE_ADD ("/exact/sharing/destroyed-during-delete",
            test_destroyed_during_delete_for_another_port);
  CORE_ADD ("/exact/sharing/added-while-the-last-is-removed", test_added_while_the_last_is_removed);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  CORE_ADD ("/exact/properties", test_properties);
  CORE_ADD ("/exact/requested-port", test_requested_port);
  CORE_ADD ("/exact/internal-port-if-none-is-requested", test_internal_port_if_none_is_requested);
  CORE_ADD_N ("/exact/other-port/deleted-first", 2, test_other_port_is_deleted_first);
  CORE_ADD_N ("/exact/other-port/delete-times-out-early", 2, test_delete_times_out_early);
  CORE_ADD_N ("/exact/other-port/from-all", 2, test_other_port_from_all);
  CORE_ADD ("/exact/other-port/in-use", test_other_port_is_in_use);
  CORE_ADD_N ("/exact/conflict-takes-precedence", 2, test_conflict_takes_precedence);
  CORE_ADD ("/exact/own-conflict", test_own_conflict);
  CORE_ADD ("/exact/renewal/requires", test_renewal_requires);
  CORE_ADD ("/exact/renewal/to-another-port", test_renewal_to_another_port);
  CORE_ADD ("/exact/loss", test_loss);
  CORE_ADD ("/exact/during-delete/destroyed", test_destroyed_during_delete);
  CORE_ADD ("/exact/during-delete/network-lost", test_network_lost_during_delete);
  add_sharing_tests ();

  return g_test_run ();
}

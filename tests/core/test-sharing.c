/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "core-fixture.h"

#include "plum-gateway-private.h"

/* Several mappings for one port, mappings that are destroyed in each phase, and handlers that
 * change mappings while a change is notified. */

static void
test_equal_mappings_share_lease (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = core_add_up (f, 8080, 0);
  g_autoptr (PlumMapping) second = core_add (f, 8080, 0);

  core_assert_state (second, SUCCESS);
  g_assert_cmpuint (plum_mapping_get_id (first), !=, plum_mapping_get_id (second));
  g_assert_cmpuint (ALPHA->n_map, ==, 1);

  core_destroy (f, first);
  core_assert_state (first, DESTROYED);
  core_assert_state (second, SUCCESS);
  g_assert_cmpuint (ALPHA->n_unmap, ==, 0);

  core_destroy (f, second);
  test_loop_settle (&f->loop);
  core_assert_state (second, DESTROYED);
  g_assert_cmpuint (ALPHA->n_unmap, ==, 1);
  core_assert_empty (f);
}

static void
test_other_request_gets_the_granted_port (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = core_add_up (f, 8080, 9000);
  g_autoptr (PlumMapping) second = core_add_up (f, 8080, 9001);

  g_assert_cmpuint (plum_mapping_get_external_port (first), ==, 9000);
  g_assert_cmpuint (plum_mapping_get_external_port (second), ==, 9000);
}

static void
test_external_port_is_requested_twice (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = core_add (f, 8080, 9000);
  g_autoptr (PlumMapping) second = core_add (f, 8081, 9000);
  g_autoptr (PlumMapping) third = core_add (f, 9000, 0);

  test_loop_settle (&f->loop);
  g_assert_cmpuint (plum_mapping_get_external_port (first), ==, 9000);
  g_assert_cmpuint (plum_mapping_get_external_port (second), ==, 8081);
  g_assert_cmpuint (plum_mapping_get_external_port (third), >=, 1024);
  g_assert_cmpuint (plum_mapping_get_external_port (third), !=, 9000);
  g_assert_cmpuint (plum_mapping_get_external_port (third), !=, 8081);
}

/* For an equal mapping the port is requested again, unless all backends have just failed. */
static void
test_equal_to_a_failed_one (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = NULL;
  g_autoptr (PlumMapping) second = NULL;
  g_autoptr (PlumMapping) third = NULL;

  ALPHA->map = NO (REFUSED);
  first = core_add (f, 8080, 0);
  test_loop_settle (&f->loop);
  core_assert_state (first, FAILURE);
  second = core_add (f, 8080, 0);
  core_assert_state (second, PENDING);
  test_loop_settle (&f->loop);
  core_assert_state (second, FAILURE);
  g_assert_cmpuint (ALPHA->n_map, ==, 2);

  ALPHA->discover = NO (TIMED_OUT);
  core_set_gateway (f, "127.9.9.8");
  test_loop_settle (&f->loop);
  third = core_add (f, 8080, 0);
  core_assert_state (third, FAILURE);
  g_assert_cmpuint (ALPHA->n_map, ==, 2);
}

/* The router replaces the mapping of a port that it grants twice: the second mapping releases the
 * port, and the first requests it again. */
static void
test_external_port_is_granted_twice (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = NULL;
  g_autoptr (PlumMapping) second = NULL;

  ALPHA->granted_port = 5000;
  first = core_add_up (f, 8080, 0);
  g_free (fake_backends_take_log ());
  second = core_add (f, 8081, 0);
  test_loop_settle (&f->loop);
  core_assert_state (second, FAILURE);
  g_assert_error (plum_mapping_get_error (second), PLUM_ERROR, PLUM_ERROR_CONFLICT);
  core_assert_log ("alpha:map:tcp:8081:8081 alpha:unmap:tcp:8081");

  test_loop_advance (&f->loop, 5000);
  core_assert_log ("alpha:map:tcp:8080:5000");
  core_assert_state (first, SUCCESS);
}

static void
test_added_during_release (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = core_add_up (f, 8080, 9000);
  g_autoptr (PlumMapping) second = NULL;

  ALPHA->unmap = AFTER (500);
  g_free (fake_backends_take_log ());
  core_destroy (f, first);
  second = core_add (f, 8080, 9001);
  test_loop_advance (&f->loop, 499);
  core_assert_state (first, DESTROYING);
  core_assert_state (second, PENDING);
  core_assert_log ("alpha:unmap:tcp:8080");
  test_loop_advance (&f->loop, 1);
  core_assert_state (first, DESTROYED);
  core_assert_log ("alpha:map:tcp:8080:9001");
  core_assert_state (second, SUCCESS);
}

static void
test_added_and_destroyed_during_release (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = core_add_up (f, 8080, 0);
  g_autoptr (PlumMapping) second = NULL;

  ALPHA->unmap = AFTER (500);
  core_destroy (f, first);
  second = core_add (f, 8080, 0);
  core_destroy (f, second);
  test_loop_advance (&f->loop, 500);
  core_assert_state (second, DESTROYED);
  g_assert_cmpuint (ALPHA->n_map, ==, 1);
  core_assert_empty (f);
}

typedef struct
{
  const char *name;
  FakeReply discover;
  FakeReply first_map; /* of the first attempt */
  FakeReply later_map; /* of later requests */
  gboolean lost;       /* the mapping is up, and the router loses it */
  gint64 advance_ms;   /* the time until the phase */
  guint n_unmap;       /* the expected number of deletes */
} Phase;

static const Phase phases[] = {
  { .name = "choosing", .discover = { .silent = TRUE } },
  { .name = "mapping", .first_map = { .silent = TRUE }, .n_unmap = 1 },
  { .name = "clearing", .first_map = { .silent = TRUE }, .advance_ms = 10100, .n_unmap = 2 },
  { .name = "held", .n_unmap = 1 },
  { .name = "renewing",
    .later_map = { .silent = TRUE },
    .advance_ms = 4500 * 1000 + 1,
    .n_unmap = 1 },
  { .name = "recovering", .lost = TRUE, .n_unmap = 1 },
  { .name = "mapping-again",
    .later_map = { .silent = TRUE },
    .lost = TRUE,
    .advance_ms = 5000,
    .n_unmap = 1 },
  { .name = "failed", .first_map = { .fails = TRUE, .code = PLUM_ERROR_REFUSED } },
};

static void
test_destroyed_in_phase (CoreFixture *f, gconstpointer data)
{
  const Phase *phase = data;
  g_autoptr (PlumMapping) mapping = NULL;

  plum_manager_set_recheck_period (f->manager, G_MAXINT);
  ALPHA->discover = phase->discover;
  ALPHA->map = phase->first_map;
  ALPHA->unmap = AFTER (200);
  mapping = core_add (f, 8080, 0);
  test_loop_settle (&f->loop);
  if (!phase->first_map.silent)
    ALPHA->map = phase->later_map;
  if (phase->lost)
    plum_backend_report_lost (ALPHA->backend, "restarted");
  test_loop_advance (&f->loop, phase->advance_ms);

  core_destroy (f, mapping);
  test_loop_advance (&f->loop, 250);
  core_assert_state (mapping, DESTROYED);
  g_assert_cmpuint (ALPHA->n_unmap, ==, phase->n_unmap);
  core_assert_empty (f);

  /* Nothing follows. */
  g_free (fake_backends_take_log ());
  test_loop_advance (&f->loop, 24 * 3600 * 1000);
  core_assert_log ("");
}

static void
set_up_phase (CoreFixture *f, gconstpointer phase)
{
  core_fixture_set_up (f, NULL);
}

/* A lost lease that is being requested from another backend: both may have the mapping. */
static void
test_destroyed_between_two_backends (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  ALPHA->map = NO (REFUSED);
  BETA->map = SILENCE;
  plum_backend_report_lost (ALPHA->backend, "restarted");
  test_loop_advance_until (&f->loop, BETA->n_map == 1, 5000);
  core_destroy (f, mapping);
  test_loop_settle (&f->loop);
  g_assert_cmpuint (ALPHA->n_unmap, ==, 1);
  g_assert_cmpuint (BETA->n_unmap, ==, 1);
  core_assert_state (mapping, DESTROYED);
}

/* --- Handlers that change mappings --- */

typedef void (*React) (CoreFixture *f, PlumMapping *mapping);

typedef struct
{
  CoreFixture *f;
  PlumState state;
  React react;
} Reaction;

static void
on_state (PlumMapping *mapping, GParamSpec *pspec, Reaction *reaction)
{
  React react = reaction->react;

  if (plum_mapping_get_state (mapping) != reaction->state || react == NULL)
    return;

  reaction->react = NULL;
  react (reaction->f, mapping);
}

static void
lose_network (CoreFixture *f, PlumMapping *mapping)
{
  plum_manager_set_interface (f->manager, "none0");
}

static void
add_equal (CoreFixture *f, PlumMapping *mapping)
{
  g_object_unref (core_add (f, plum_mapping_get_internal_port (mapping), 0));
}

static void
add_another (CoreFixture *f, PlumMapping *mapping)
{
  g_object_unref (core_add (f, 9999, 0));
}

static void
destroy_and_add_the_other (CoreFixture *f, PlumMapping *mapping)
{
  guint other = plum_mapping_get_internal_port (mapping) == 8080 ? 8081 : 8080;
  guint id = plum_mapping_get_id (mapping) == 1 ? 2 : 1;

  plum_manager_destroy_mapping_async (f->manager, id, NULL, NULL, NULL);
  g_object_unref (core_add (f, other, 0));
}

static void
dispose_manager (CoreFixture *f, PlumMapping *mapping)
{
  g_object_run_dispose (G_OBJECT (f->manager));
}

static void
free_reaction (gpointer data, GClosure *closure)
{
  g_free (data);
}

/* Calls what once, when the mapping first has the state. */
static void
react (CoreFixture *f, PlumMapping *mapping, PlumState state, React what)
{
  Reaction *reaction = g_new (Reaction, 1);

  *reaction = (Reaction){ .f = f, .state = state, .react = what };
  g_signal_connect_data (mapping, "notify::state", G_CALLBACK (on_state), reaction, free_reaction,
                         0);
}

/* The second mapping must not be notified of a success that no longer applies. */
static void
test_obsolete_success_is_not_notified (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = core_add (f, 8080, 0);
  g_autoptr (PlumMapping) second = core_add (f, 8080, 0);

  react (f, first, PLUM_STATE_SUCCESS, lose_network);
  test_loop_settle (&f->loop);
  core_assert_state (first, PENDING);
  core_assert_state (second, PENDING);
}

/* The delete is sent before the program is notified: the equal mapping requests the port again. */
static void
test_equal_added_while_destroying (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = core_add_up (f, 8080, 0);
  g_autoptr (PlumMapping) second = NULL;

  react (f, first, PLUM_STATE_DESTROYING, add_equal);
  core_destroy (f, first);
  test_loop_settle (&f->loop);
  core_assert_state (first, DESTROYED);
  second = g_list_model_get_item (G_LIST_MODEL (f->manager), 0);
  core_assert_state (second, SUCCESS);
  g_assert_cmpuint (ALPHA->n_unmap, ==, 1);
  g_assert_cmpuint (ALPHA->n_map, ==, 2);
}

/* The handler runs after the old network is left, and before the new one is used. */
static void
test_added_while_moving (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = core_add_up (f, 8080, 0);
  g_autoptr (PlumMapping) second = NULL;

  react (f, first, PLUM_STATE_PENDING, add_another);
  core_set_gateway (f, "127.9.9.8");
  test_loop_settle (&f->loop);
  second = g_list_model_get_item (G_LIST_MODEL (f->manager), 1);
  core_assert_state (first, SUCCESS);
  core_assert_state (second, SUCCESS);
}

static void
test_replaced_while_moving (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = core_add_up (f, 8080, 0);
  g_autoptr (PlumMapping) second = core_add_up (f, 8081, 0);

  react (f, first, PLUM_STATE_PENDING, destroy_and_add_the_other);
  react (f, second, PLUM_STATE_PENDING, destroy_and_add_the_other);
  core_set_gateway (f, "127.9.9.8");
  test_loop_settle (&f->loop);
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (f->manager)); i++)
    {
      g_autoptr (PlumMapping) listed = g_list_model_get_item (G_LIST_MODEL (f->manager), i);

      core_assert_state (listed, SUCCESS);
    }
}

static void
test_manager_disposed_in_state (CoreFixture *f, gconstpointer state)
{
  g_autoptr (PlumMapping) first = core_add (f, 8080, 0);
  g_autoptr (PlumMapping) second = core_add (f, 8080, 0);

  react (f, first, GPOINTER_TO_INT (state), dispose_manager);
  if (GPOINTER_TO_INT (state) == PLUM_STATE_FAILURE)
    ALPHA->map = NO (REFUSED);
  test_loop_settle (&f->loop);
  if (GPOINTER_TO_INT (state) == PLUM_STATE_DESTROYING)
    {
      core_destroy (f, second);
      core_destroy (f, first);
      test_loop_settle (&f->loop);
    }
  core_assert_state (first, DESTROYED);
  core_assert_state (second, DESTROYED);
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  CoreFixture *f = user_data;

  g_assert_true (plum_manager_close_finish (PLUM_MANAGER (source), result, NULL));
  g_clear_object (&f->manager);
}

/* Many programs release the last reference in the callback of the close. */
static void
test_manager_unreffed_when_closed (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  ALPHA->unmap = AFTER (100);
  plum_manager_close_async (f->manager, NULL, on_closed, f);
  test_loop_advance (&f->loop, 100);
  g_assert_null (f->manager);
  core_assert_state (mapping, DESTROYED);
}

static void
on_items_destroy_first (
  GListModel *model, guint position, guint removed, guint added, CoreFixture *f)
{
  if (added > 0)
    plum_manager_destroy_mapping_async (f->manager, 1, NULL, NULL, NULL);
}

/* The handler removes the only user of the lease that the new mapping is going to share. */
static void
test_destroyed_while_adding (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = NULL;
  g_autoptr (PlumMapping) second = NULL;

  ALPHA->map = NO (REFUSED);
  first = core_add (f, 8080, 0);
  test_loop_settle (&f->loop);
  ALPHA->map = AT_ONCE;
  g_signal_connect (f->manager, "items-changed", G_CALLBACK (on_items_destroy_first), f);
  second = core_add (f, 8080, 0);
  test_loop_settle (&f->loop);
  core_assert_state (first, DESTROYED);
  core_assert_state (second, SUCCESS);
}

static void
on_items_close (GListModel *model, guint position, guint removed, guint added, CoreFixture *f)
{
  if (added > 0)
    plum_manager_close_async (f->manager, NULL, test_store_result, &f->result);
}

/* The mapping was added before the program is notified; the close destroys it. */
static void
test_closed_while_adding (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = plum_mapping_new (PLUM_PROTOCOL_TCP, 8080);
  g_autoptr (GError) error = NULL;

  g_signal_connect (f->manager, "items-changed", G_CALLBACK (on_items_close), f);
  g_assert_true (plum_manager_add_mapping (f->manager, mapping, &error));
  g_assert_no_error (error);
  test_loop_settle (&f->loop);
  core_assert_state (mapping, DESTROYED);
  g_assert_true (plum_manager_close_finish (f->manager, f->result, NULL));
}

static void
on_outcome_destroy (PlumProbe *probe, GParamSpec *pspec, CoreFixture *f)
{
  plum_manager_destroy_mapping_async (f->manager, 1, NULL, NULL, NULL);
}

static void
test_destroyed_when_a_probe_starts (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->discover = NO (TIMED_OUT);
  mapping = core_add (f, 8080, 0);
  test_loop_settle (&f->loop);
  g_signal_connect (core_probe (f, 0), "notify::outcome", G_CALLBACK (on_outcome_destroy), f);
  test_loop_advance (&f->loop, 17000);
  core_assert_state (mapping, DESTROYED);
  core_assert_empty (f);
}

static void
on_address_destroy (PlumGateway *gateway, GParamSpec *pspec, CoreFixture *f)
{
  plum_manager_destroy_mapping_async (f->manager, 1, NULL, NULL, NULL);
}

static void
test_destroyed_when_the_address_is_known (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add (f, 8080, 0);

  g_signal_connect (core_gateway (f), "notify::external-address", G_CALLBACK (on_address_destroy),
                    f);
  test_loop_settle (&f->loop);
  core_assert_state (mapping, DESTROYED);
  g_assert_cmpuint (ALPHA->n_unmap, ==, 1);
  core_assert_empty (f);
}

#define MANAGER_DISPOSED(name, STATE)                                                              \
  g_test_add ("/sharing/handler/manager-disposed/" name, CoreFixture,                              \
              GINT_TO_POINTER (PLUM_STATE_##STATE), set_up_phase, test_manager_disposed_in_state,  \
              core_fixture_tear_down)

static void
add_handler_tests (void)
{
  CORE_ADD ("/sharing/handler/obsolete-success-is-not-notified",
            test_obsolete_success_is_not_notified);
  CORE_ADD ("/sharing/handler/equal-added-while-destroying", test_equal_added_while_destroying);
  CORE_ADD ("/sharing/handler/added-while-moving", test_added_while_moving);
  CORE_ADD ("/sharing/handler/replaced-while-moving", test_replaced_while_moving);
  MANAGER_DISPOSED ("success", SUCCESS);
  MANAGER_DISPOSED ("failure", FAILURE);
  MANAGER_DISPOSED ("destroying", DESTROYING);
  CORE_ADD ("/sharing/handler/manager-unreffed-when-closed", test_manager_unreffed_when_closed);
  CORE_ADD ("/sharing/handler/destroyed-while-adding", test_destroyed_while_adding);
  CORE_ADD ("/sharing/handler/closed-while-adding", test_closed_while_adding);
  CORE_ADD ("/sharing/handler/destroyed-when-a-probe-starts", test_destroyed_when_a_probe_starts);
  CORE_ADD ("/sharing/handler/destroyed-when-the-address-is-known",
            test_destroyed_when_the_address_is_known);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  CORE_ADD ("/sharing/equal", test_equal_mappings_share_lease);
  CORE_ADD ("/sharing/equal-to-a-failed-one", test_equal_to_a_failed_one);
  CORE_ADD ("/sharing/other-request", test_other_request_gets_the_granted_port);
  CORE_ADD ("/sharing/requested-twice", test_external_port_is_requested_twice);
  CORE_ADD ("/sharing/granted-twice", test_external_port_is_granted_twice);
  CORE_ADD ("/sharing/added-during-release", test_added_during_release);
  CORE_ADD ("/sharing/added-and-destroyed-during-release", test_added_and_destroyed_during_release);
  for (unsigned int i = 0; i < G_N_ELEMENTS (phases); i++)
    {
      g_autofree char *path = g_strconcat ("/sharing/destroyed/", phases[i].name, NULL);

      g_test_add (path, CoreFixture, &phases[i], set_up_phase, test_destroyed_in_phase,
                  core_fixture_tear_down);
    }
  CORE_ADD_N ("/sharing/destroyed/between-two-backends", 2, test_destroyed_between_two_backends);
  add_handler_tests ();

  return g_test_run ();
}

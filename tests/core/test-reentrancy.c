/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "core-fixture.h"

/* Handlers of all signals call random public functions. PLUM_TEST_SEEDS is the number of runs. */

#define N_SEEDS 20
#define N_STEPS 120
#define MAX_MAPPINGS 24
#define MAX_CALLS 4 /* of each handler */
#define MAX_DEPTH 3

typedef struct
{
  TestLoop loop;
  GRand *rand;
  PlumManager *manager; /* (nullable) */
  GPtrArray *mappings;  /* (element-type PlumMapping): also those that are destroyed */
  GPtrArray *watched;   /* (element-type GObject) */
  guint depth;
  guint n_calls;
} Run;

static void on_anything (Run *run);

static guint
pick (Run *run, guint n)
{
  return (guint) g_rand_int_range (run->rand, 0, (gint32) n);
}

static void
on_notify (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  on_anything (user_data);
}

static void
on_items_changed (GListModel *list, guint position, guint removed, guint added, gpointer user_data)
{
  on_anything (user_data);
}

static void
on_state_changed (PlumManager *manager, PlumMapping *mapping, int old_state, gpointer user_data)
{
  on_anything (user_data);
}

static void
on_note (PlumGateway *gateway, const char *name, const char *note, gpointer user_data)
{
  on_anything (user_data);
}

static void
on_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  on_anything (user_data);
}

static void
watch (Run *run, gpointer object)
{
  if (g_ptr_array_find (run->watched, object, NULL))
    return;

  g_ptr_array_add (run->watched, g_object_ref (object));
  g_signal_connect (object, "notify", G_CALLBACK (on_notify), run);
  if (PLUM_IS_GATEWAY (object))
    g_signal_connect (object, "note", G_CALLBACK (on_note), run);
}

static void
watch_gateways (Run *run)
{
  GListModel *gateways = plum_manager_get_gateways (run->manager);

  for (guint i = 0; i < g_list_model_get_n_items (gateways); i++)
    {
      g_autoptr (PlumGateway) gateway = g_list_model_get_item (gateways, i);

      watch (run, gateway);
    }
}

static void
add_mapping (Run *run)
{
  g_autoptr (PlumMapping) mapping = NULL;

  if (run->mappings->len >= MAX_MAPPINGS)
    return;

  mapping = g_object_new (PLUM_TYPE_MAPPING, "protocol", pick (run, 2), "internal-port",
                          8080 + pick (run, 4), "requested-external-port", 9000 + pick (run, 3),
                          "require-external-port", pick (run, 3) == 0, NULL);
  g_ptr_array_add (run->mappings, g_object_ref (mapping));
  watch (run, mapping);
  plum_manager_add_mapping (run->manager, mapping, NULL);
}

static PlumMapping *
pick_mapping (Run *run)
{
  return run->mappings->len > 0 ? run->mappings->pdata[pick (run, run->mappings->len)] : NULL;
}

static void
set_gateway (Run *run)
{
  static const char *const addresses[] = { "127.9.9.9", "127.9.9.8" };
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (addresses[pick (run, 2)]);

  plum_manager_set_gateway_address (run->manager, address);
}

/* A backend reports something: from a call of the program, but as it would from a socket. */
static void
report (Run *run)
{
  FakeScript *script = fake_backend_script (pick (run, 2));
  g_autoptr (PlumBackend) backend = script->backend != NULL ? g_object_ref (script->backend) : NULL;
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string ("1.2.3.5");

  if (backend == NULL)
    return;

  switch (pick (run, 3))
    {
    case 0:
      plum_backend_report_lost (backend, "random");
      break;
    case 1:
      plum_backend_report_external_address (backend, address);
      break;
    default:
      plum_backend_report_announced (backend, "random");
      break;
    }
}

static void
destroy_mapping (Run *run)
{
  PlumMapping *mapping = pick_mapping (run);

  if (mapping != NULL)
    plum_manager_destroy_mapping_async (run->manager, plum_mapping_get_id (mapping), NULL,
                                        on_result, run);
}

static void
wait_for_mapping (Run *run)
{
  PlumMapping *mapping = pick_mapping (run);

  if (mapping != NULL && plum_mapping_get_id (mapping) != 0)
    plum_mapping_wait_async (mapping, NULL, on_result, run);
}

/* The last reference may be that of a pending operation. */
static void
end_manager (Run *run)
{
  if (pick (run, 2) == 0)
    plum_manager_close_async (run->manager, NULL, on_result, run);
  else
    g_clear_object (&run->manager);
}

static void
call_one (Run *run)
{
  g_autoptr (PlumManager) alive = NULL;

  if (run->manager == NULL)
    return;

  if (pick (run, 2) == 0)
    alive = g_object_ref (run->manager);
  switch (pick (run, 16))
    {
    case 0:
    case 1:
      add_mapping (run);
      break;
    case 2:
    case 3:
      destroy_mapping (run);
      break;
    case 4:
      wait_for_mapping (run);
      break;
    case 5:
      set_gateway (run);
      break;
    case 6:
      report (run);
      break;
    case 7:
      plum_manager_discover_async (run->manager, NULL, on_result, run);
      break;
    case 8:
      plum_manager_create_mapping_async (run->manager, PLUM_PROTOCOL_UDP, 8080 + pick (run, 4), 0,
                                         pick (run, 2) * 2000, NULL, on_result, run);
      break;
    case 9:
      plum_manager_set_recheck_period (run->manager, 60000 + pick (run, 100) * 1000);
      break;
    case 10:
      plum_manager_set_mapping_timeout (run->manager, 100 + pick (run, 5000));
      break;
    case 11:
      plum_manager_add_backend_type (run->manager, fake_backend_type (FAKE_GAMMA), "gamma", 100,
                                     NULL);
      break;
    case 12:
      watch_gateways (run);
      break;
    case 13:
      g_main_context_iteration (run->loop.context, FALSE);
      break;
    case 14:
      plum_manager_set_interface (run->manager, pick (run, 2) == 0 ? "lo" : NULL);
      break;
    default:
      if (pick (run, 12) == 0)
        end_manager (run);
      break;
    }
}

static void
on_anything (Run *run)
{
  if (run->depth >= MAX_DEPTH || run->n_calls == 0)
    return;

  run->depth++;
  for (guint n = pick (run, MAX_CALLS); n > 0 && run->n_calls > 0; n--)
    {
      run->n_calls--;
      call_one (run);
    }
  run->depth--;
}

static FakeReply
pick_reply (Run *run, guint one_in)
{
  static const PlumError codes[] = { PLUM_ERROR_REFUSED, PLUM_ERROR_NO_RESOURCES,
                                     PLUM_ERROR_CONFLICT, PLUM_ERROR_MALFORMED,
                                     PLUM_ERROR_TIMED_OUT };

  switch (pick (run, one_in))
    {
    case 0:
      return (FakeReply){ .fails = TRUE, .code = codes[pick (run, G_N_ELEMENTS (codes))] };
    case 1:
      return SILENCE;
    case 2:
      return AFTER (pick (run, 3000));
    default:
      return AT_ONCE;
    }
}

static void
shuffle_scripts (Run *run)
{
  for (unsigned int i = 0; i < FAKE_N_BACKENDS; i++)
    {
      FakeScript *script = fake_backend_script (i);

      script->discover = pick_reply (run, 10);
      script->map = pick_reply (run, 8);
      script->unmap = pick_reply (run, 8);
      script->check = pick_reply (run, 8);
      script->granted_lifetime = pick (run, 3) == 0 ? 10 + pick (run, 100) : 0;
      script->granted_port = pick (run, 8) == 0 ? 40000 + pick (run, 3) : 0;
    }
}

static void
run_steps (Run *run)
{
  for (guint step = 0; step < N_STEPS && run->manager != NULL; step++)
    {
      run->n_calls = 40;
      if (pick (run, 4) == 0)
        shuffle_scripts (run);
      call_one (run);
      test_loop_advance (&run->loop, pick (run, 3) == 0 ? pick (run, 60000) : pick (run, 500));
    }

  run->n_calls = 0;
  if (run->manager != NULL)
    plum_manager_close_async (run->manager, NULL, NULL, NULL);
  g_clear_object (&run->manager);
  test_loop_advance (&run->loop, 3600 * 1000);
}

static void
clear (Run *run)
{
  for (unsigned int i = 0; i < run->watched->len; i++)
    g_signal_handlers_disconnect_by_data (run->watched->pdata[i], run);
  g_ptr_array_unref (run->watched);
  g_ptr_array_unref (run->mappings);
  fake_backends_reset ();
  test_loop_settle (&run->loop);
  for (unsigned int i = 0; i < FAKE_N_BACKENDS; i++)
    g_assert_null (fake_backend_script (i)->backend);
  g_assert_cmpint (plum_clock_get_next_deadline (run->loop.clock), ==, -1);
}

static void
test_seed (guint32 seed)
{
  Run run = { .rand = g_rand_new_with_seed (seed) };

  g_test_message ("seed %u", seed);
  g_random_set_seed (seed);
  test_loop_set_up (&run.loop, TRUE);
  run.manager = fake_manager_new (2);
  run.mappings = g_ptr_array_new_with_free_func (g_object_unref);
  run.watched = g_ptr_array_new_with_free_func (g_object_unref);
  g_signal_connect (run.manager, "notify", G_CALLBACK (on_notify), &run);
  g_signal_connect (run.manager, "items-changed", G_CALLBACK (on_items_changed), &run);
  g_signal_connect (run.manager, "mapping-state-changed", G_CALLBACK (on_state_changed), &run);
  watch (&run, plum_manager_get_gateways (run.manager));
  g_signal_connect (plum_manager_get_gateways (run.manager), "items-changed",
                    G_CALLBACK (on_items_changed), &run);

  run_steps (&run);
  clear (&run);
  test_loop_tear_down (&run.loop);
  g_rand_free (run.rand);
}

static void
test_random (void)
{
  const char *text = g_getenv ("PLUM_TEST_SEEDS");
  guint n = text != NULL ? (guint) g_ascii_strtoull (text, NULL, 10) : N_SEEDS;

  for (guint i = 0; i < n; i++)
    test_seed (i);
}

/* A backend calls the library while the gateway sends an event to its clients. */

typedef struct
{
  CoreFixture *fixture;
  PlumMapping *next;
} Removal;

static gboolean
on_map_destroys_next (gpointer user_data)
{
  Removal *removal = user_data;

  core_destroy (removal->fixture, removal->next);
  return G_SOURCE_REMOVE;
}

/* All mappings wait for the discovery. The request for the first one destroys the second one, which
 * is the next to hear of the discovery: the third one must still hear of it. */
static void
test_next_client_is_removed (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = NULL;
  g_autoptr (PlumMapping) second = NULL;
  g_autoptr (PlumMapping) third = NULL;
  Removal removal = { f };

  ALPHA->discover = AFTER (100);
  first = core_add (f, 8080, 0);
  second = core_add (f, 8081, 0);
  third = core_add (f, 8082, 0);
  removal.next = second;
  ALPHA->on_map = on_map_destroys_next;
  ALPHA->on_map_data = &removal;

  test_loop_advance (&f->loop, 100);
  core_assert_state (first, SUCCESS);
  core_assert_state (second, DESTROYED);
  core_assert_state (third, SUCCESS);
  core_assert_log ("alpha:discover alpha:map:tcp:8080:8080 alpha:map:tcp:8082:8082");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  CORE_ADD ("/reentrancy/next-client-is-removed", test_next_client_is_removed);
  g_test_add_func ("/reentrancy/random", test_random);
  return g_test_run ();
}

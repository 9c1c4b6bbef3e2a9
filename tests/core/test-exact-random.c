/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "core-fixture.h"

/* Equal mappings with different requirements, and random events: a mapping that requires a port
 * never has another one, and no mapping remains on the router. */

#define N_SEEDS 100
#define N_STEPS 80

/* Asserts what is true of every mapping at any time. */
static void
assert_consistent (PlumMapping *mapping)
{
  guint requested = plum_mapping_get_requested_external_port (mapping);

  if (requested == 0)
    requested = plum_mapping_get_internal_port (mapping);

  if (plum_mapping_get_state (mapping) == PLUM_STATE_FAILURE)
    g_assert_nonnull (plum_mapping_get_error (mapping));
  if (plum_mapping_get_state (mapping) == PLUM_STATE_SUCCESS &&
      plum_mapping_get_require_external_port (mapping))
    g_assert_cmpuint (plum_mapping_get_external_port (mapping), ==, requested);
}

static void
on_any_state (PlumManager *manager, PlumMapping *mapping, PlumState old_state, gpointer user_data)
{
  assert_consistent (mapping);
}

static void
change_backend (GRand *rand)
{
  static const FakeReply replies[] = {
    { .delay_ms = 0 },
    { .delay_ms = 100 },
    { .delay_ms = 300 },
    { .silent = TRUE },
    { .fails = TRUE, .code = PLUM_ERROR_CONFLICT },
  };
  static const guint granted[] = { 0, 0, 0, 50001, 9000 };
  FakeScript *script = fake_backend_script (g_rand_int_range (rand, 0, 2));

  script->map = replies[g_rand_int_range (rand, 0, G_N_ELEMENTS (replies))];
  script->unmap = replies[g_rand_int_range (rand, 0, G_N_ELEMENTS (replies))];
  script->granted_port = granted[g_rand_int_range (rand, 0, G_N_ELEMENTS (granted))];
}

static void
take_step (CoreFixture *f, GRand *rand)
{
  static const guint requested_ports[] = { 0, 9000, 9001 };
  static const gint64 times_ms[] = { 0, 50, 250, 20 * 1000, 4500 * 1000 };
  guint requested = requested_ports[g_rand_int_range (rand, 0, G_N_ELEMENTS (requested_ports))];
  guint port = (guint) g_rand_int_range (rand, 8080, 8082);
  guint n = g_list_model_get_n_items (G_LIST_MODEL (f->manager));
  g_autoptr (PlumMapping) any =
    g_list_model_get_item (G_LIST_MODEL (f->manager), n > 0 ? g_rand_int (rand) % n : 0);
  FakeScript *script = fake_backend_script (g_rand_int_range (rand, 0, 2));

  switch (g_rand_int_range (rand, 0, 8))
    {
    case 0:
      g_object_unref (core_add (f, port, requested));
      break;
    case 1:
    case 2:
      g_object_unref (core_add_exact (f, port, requested));
      break;
    case 3:
    case 4:
      if (any != NULL)
        core_destroy (f, any);
      break;
    case 5:
      change_backend (rand);
      break;
    case 6:
      if (script->backend != NULL)
        plum_backend_report_lost (script->backend, "restarted");
      break;
    default:
      test_loop_advance (&f->loop, times_ms[g_rand_int_range (rand, 0, G_N_ELEMENTS (times_ms))]);
      break;
    }
}

static void
destroy_all (CoreFixture *f)
{
  ALPHA->unmap = BETA->unmap = AT_ONCE;
  for (guint i = g_list_model_get_n_items (G_LIST_MODEL (f->manager)); i > 0; i--)
    {
      g_autoptr (PlumMapping) mapping = g_list_model_get_item (G_LIST_MODEL (f->manager), i - 1);

      core_destroy (f, mapping);
    }
  test_loop_advance (&f->loop, 30 * 1000);
  core_assert_empty (f);
}

static void
test_random_events (CoreFixture *f, gconstpointer data)
{
  g_signal_connect (f->manager, "mapping-state-changed", G_CALLBACK (on_any_state), NULL);
  g_object_unref (core_add_up (f, 8079, 0)); /* creates the gateway */

  for (guint seed = 0; seed < N_SEEDS; seed++)
    {
      g_autoptr (GRand) rand = g_rand_new_with_seed (seed);

      for (guint step = 0; step < N_STEPS; step++)
        {
          take_step (f, rand);
          for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (f->manager)); i++)
            {
              g_autoptr (PlumMapping) mapping =
                g_list_model_get_item (G_LIST_MODEL (f->manager), i);

              assert_consistent (mapping);
            }
        }
      destroy_all (f);
      g_free (fake_backends_take_log ());
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  CORE_ADD_N ("/exact/random-events", 2, test_random_events);

  return g_test_run ();
}

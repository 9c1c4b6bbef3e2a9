/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "core-fixture.h"

/* Many mappings that wait for the discovery: the first ones make their requests at once, the others
 * in later iterations of the main loop. */

#define N_MANY 100
#define N_AT_ONCE 32

static void
add_many (CoreFixture *f, GPtrArray *mappings)
{
  for (guint i = 0; i < N_MANY; i++)
    g_ptr_array_add (mappings, core_add (f, 8000 + i, 0));
  test_loop_until (&f->loop, ALPHA->n_map > 0);
}

static void
assert_all_up (GPtrArray *mappings)
{
  for (guint i = 0; i < mappings->len; i++)
    core_assert_state (mappings->pdata[i], SUCCESS);
}

static void
test_requests_in_turns (CoreFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) mappings = g_ptr_array_new_with_free_func (g_object_unref);

  add_many (f, mappings);
  g_assert_cmpuint (ALPHA->n_map, ==, N_AT_ONCE);
  test_loop_settle (&f->loop);
  g_assert_cmpuint (ALPHA->n_map, ==, N_MANY);
  assert_all_up (mappings);
}

static void
test_next_one_is_destroyed (CoreFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) mappings = g_ptr_array_new_with_free_func (g_object_unref);

  add_many (f, mappings);
  core_destroy (f, mappings->pdata[N_AT_ONCE]);
  g_ptr_array_remove_index (mappings, N_AT_ONCE);
  test_loop_settle (&f->loop);
  g_assert_cmpuint (ALPHA->n_map, ==, N_MANY - 1);
  assert_all_up (mappings);
}

static void
test_manager_is_disposed (CoreFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) mappings = g_ptr_array_new_with_free_func (g_object_unref);

  add_many (f, mappings);
  g_clear_object (&f->manager);
  for (guint i = 0; i < mappings->len; i++)
    core_assert_state (mappings->pdata[i], DESTROYED);
}

typedef struct
{
  CoreFixture *fixture;
  PlumMapping *last;
} Handler;

static void
on_state (PlumMapping *mapping, GParamSpec *pspec, gpointer user_data)
{
  Handler *handler = user_data;

  test_loop_until (&handler->fixture->loop,
                   plum_mapping_get_state (handler->last) != PLUM_STATE_PENDING);
}

/* A handler of the first one of the others. */
static void
test_handler_runs_loop (CoreFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) mappings = g_ptr_array_new_with_free_func (g_object_unref);
  Handler handler = { .fixture = f };

  add_many (f, mappings);
  handler.last = mappings->pdata[N_MANY - 1];
  g_signal_connect (mappings->pdata[N_AT_ONCE], "notify::state", G_CALLBACK (on_state), &handler);
  test_loop_settle (&f->loop);
  g_signal_handlers_disconnect_by_data (mappings->pdata[N_AT_ONCE], &handler);
  assert_all_up (mappings);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  CORE_ADD ("/many/in-turns", test_requests_in_turns);
  CORE_ADD ("/many/next-one-is-destroyed", test_next_one_is_destroyed);
  CORE_ADD ("/many/manager-is-disposed", test_manager_is_disposed);
  CORE_ADD ("/many/handler-runs-loop", test_handler_runs_loop);

  return g_test_run ();
}

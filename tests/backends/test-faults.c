/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "adversary-fixture.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fake-gateway.h"
#include "fake-igd.h"
#include "pcp-backend.h"
#include "upnp-backend.h"

/*
 * The system has no more file descriptors to give, for a while: no socket, neither of the network
 * nor
 * to ask the kernel for routes. What goes on then is told as an error, what was mapped stays, and
 * all is
 * well again when there are some.
 */

#define GATEWAY ADVERSARY_NET ".3"
#define PORT 8080

typedef struct {
  Adversary     a;
  FakeGateway  *gateway;     /* (nullable) */
  FakeIgd      *igd;         /* (nullable) */
  struct rlimit limit;
} Fixture;

/* data: "pcp" or "upnp" */
static void
fixture_set_up (Fixture       *f,
                gconstpointer  data)
{
  adversary_set_up (&f->a, GATEWAY);
  if (g_str_equal (data, "pcp"))
    {
      f->gateway = fake_gateway_new (GATEWAY);
      plum_manager_add_backend_type (f->a.manager, PLUM_TYPE_PCP_BACKEND, "pcp", 300);
    }
  else
    {
      f->igd = fake_igd_new (GATEWAY);
      plum_manager_add_backend_type (f->a.manager, PLUM_TYPE_UPNP_BACKEND, "upnp", 100);
    }
}

static void
fixture_tear_down (Fixture       *f,
                   gconstpointer  data)
{
  adversary_tear_down (&f->a);
  g_clear_pointer (&f->gateway, fake_gateway_free);
  g_clear_pointer (&f->igd, fake_igd_free);
}

/* From now on there is no descriptor any more; those that are open go on. */
static void
take_descriptors (Fixture *f)
{
  int next = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  struct rlimit limit;

  g_assert_cmpint (next, >=, 0);
  close (next);
  g_assert_no_errno (getrlimit (RLIMIT_NOFILE, &f->limit));
  limit = f->limit;
  limit.rlim_cur = (rlim_t) next;
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &limit));
  g_assert_cmpint (open ("/dev/null", O_RDONLY | O_CLOEXEC), <, 0);
}

static void
give_descriptors (Fixture *f)
{
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &f->limit));
}

/* From the start: not even the route can be found. */
static void
test_at_start (Fixture       *f,
               gconstpointer  data)
{
  take_descriptors (f);
  adversary_add_mapping (&f->a, PORT);
  test_loop_advance (&f->a.loop, 10000);
  g_assert_false (adversary_is_up (&f->a));
  give_descriptors (f);

  test_loop_advance_until (&f->a.loop, adversary_is_up (&f->a), 600 * 1000);
}

/* Something is mapped: it stays, through renewals that cannot be sent. */
static void
test_while_mapped (Fixture       *f,
                   gconstpointer  data)
{
  adversary_add_mapping (&f->a, PORT);
  test_loop_advance_until (&f->a.loop, adversary_is_up (&f->a), 5000);
  adversary_expect_no_change (&f->a);

  take_descriptors (f);
  test_loop_advance (&f->a.loop, 5400 * 1000);
  give_descriptors (f);
  test_loop_advance (&f->a.loop, 7200 * 1000);

  g_assert_true (adversary_is_up (&f->a));
}

/* A create fails, and says what is wrong. */
static void
test_create (Fixture       *f,
             gconstpointer  data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  take_descriptors (f);
  plum_manager_create_mapping_async (f->a.manager, PLUM_PROTOCOL_TCP, PORT, 0, 5000, NULL,
                                     test_store_result, &result);
  test_loop_advance_until (&f->a.loop, result != NULL, 10000);
  give_descriptors (f);

  g_assert_null (plum_manager_create_mapping_finish (f->a.manager, result, &error));
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, "open files"));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (f->a.manager)), ==, 0);
}

/* The machine slept for a day, and nothing had said so: what has run out is asked for anew. */
static void
test_clock_step (Fixture       *f,
                 gconstpointer  data)
{
  adversary_add_mapping (&f->a, PORT);
  test_loop_advance_until (&f->a.loop, adversary_is_up (&f->a), 5000);

  plum_clock_suspend (f->a.loop.clock, 24 * G_TIME_SPAN_HOUR);
  test_loop_advance (&f->a.loop, 60 * 1000);

  g_assert_true (adversary_is_up (&f->a));
  g_assert_cmpuint (plum_mapping_get_external_port (f->a.mapping), ==, PORT);
  if (f->gateway != NULL)
    g_assert_true (fake_gateway_has_mapping (f->gateway, PLUM_PROTOCOL_TCP, PORT));
  else
    g_assert_nonnull (fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, PORT));
}

#define ADD(path, backend, func) \
  g_test_add (path, Fixture, backend, fixture_set_up, func, fixture_tear_down)

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("/faults/no-descriptors/pcp/at-start", "pcp", test_at_start);
  ADD ("/faults/no-descriptors/pcp/while-mapped", "pcp", test_while_mapped);
  ADD ("/faults/no-descriptors/pcp/create", "pcp", test_create);
  ADD ("/faults/no-descriptors/upnp/at-start", "upnp", test_at_start);
  ADD ("/faults/no-descriptors/upnp/while-mapped", "upnp", test_while_mapped);
  ADD ("/faults/no-descriptors/upnp/create", "upnp", test_create);
  ADD ("/faults/clock-step/pcp", "pcp", test_clock_step);
  ADD ("/faults/clock-step/upnp", "upnp", test_clock_step);

  return g_test_run ();
}

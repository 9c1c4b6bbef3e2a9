/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define UPNP_TEST_NET "127.77.44"

#include "upnp-fixture.h"

const char upnp_test_net[] = UPNP_TEST_NET;

/* A request for a mapping takes effect, but is not answered. Whatever happens to the first delete,
 * the next one finds the entry. */

/* Starts a call without a lease, and cancels it when the counter has the value. */
static void
cancel_at (Fixture *f, PlumCallKind kind, const guint *counter, guint value)
{
  g_autoptr (PlumRequest) request = test_request_new (PLUM_PROTOCOL_TCP, 8080, 9000, LIFETIME, 1);
  const PlumCallArgs args = { .request = request };
  g_autoptr (PlumCall) started = plum_backend_call (f->backend, kind, &args, TIMEOUT, NULL, NULL);

  test_loop_until (&f->loop, *counter >= value);
  plum_call_cancel (started);
}

static void
map_unanswered (Fixture *f)
{
  discover (f);
  cancel_at (f, PLUM_CALL_MAP, &f->igd->counts.add, 1);
  g_assert_nonnull (fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, 9000));
}

static void
assert_first_fails (Fixture *f, guint n_others)
{
  g_autoptr (PlumCall) done = lease_call (f, PLUM_CALL_UNMAP, NULL);

  g_assert_nonnull (plum_call_get_error (done));
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, n_others + 1);
}

static void
assert_next_deletes (Fixture *f, guint n_others)
{
  guint posts;

  unmap_port (f, NULL);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, n_others);

  /* Nothing is left to do. */
  posts = f->igd->counts.posts;
  unmap_port (f, NULL);
  g_assert_cmpuint (f->igd->counts.posts, ==, posts);
}

static void
test_cancelled (Fixture *f, gconstpointer data)
{
  map_unanswered (f);
  cancel_at (f, PLUM_CALL_UNMAP, &f->igd->counts.get_specific, f->igd->counts.get_specific + 1);
  assert_next_deletes (f, 0);
}

static void
test_look_timed_out (Fixture *f, gconstpointer data)
{
  map_unanswered (f);
  f->igd->switches.http_silent = TRUE;
  assert_first_fails (f, 0);
  f->igd->switches.http_silent = FALSE;
  assert_next_deletes (f, 0);
}

static void
test_delete_refused (Fixture *f, gconstpointer data)
{
  map_unanswered (f);
  f->igd->switches.delete_fault = 606;
  assert_first_fails (f, 0);
  f->igd->switches.delete_fault = 0;
  assert_next_deletes (f, 0);
}

/* The port that the router chose has to be searched for. */
static void
test_search_fails (Fixture *f, gconstpointer data)
{
  discover (f);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 80, STRANGER, 0);
  cancel_at (f, PLUM_CALL_MAP, &f->igd->counts.add_any, 1);
  test_loop_settle (&f->loop);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 2);

  f->igd->switches.generic_fault = 501;
  assert_first_fails (f, 1);
  f->igd->switches.generic_fault = 0;
  f->igd->switches.specific_fault = 0;
  f->igd->switches.delete_fault = 606;
  assert_first_fails (f, 1); /* it was found */
  f->igd->switches.delete_fault = 0;
  assert_next_deletes (f, 1);
}

/* A delete with a lease of another port does not concern the request. */
static void
test_other_port (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) other = plum_lease_new (NULL, 9001, LIFETIME, NULL);

  map_unanswered (f);
  unmap_port (f, other);
  assert_next_deletes (f, 0);
}

static const UpnpTest tests[] = {
  { "unanswered/cancelled", { 0 }, test_cancelled },
  { "unanswered/look-timed-out", { 0 }, test_look_timed_out },
  { "unanswered/delete-refused", { 0 }, test_delete_refused },
  { "unanswered/search-fails", { .version = 2, .specific_fault = 401 }, test_search_fails },
  { "unanswered/other-port", { 0 }, test_other_port },
};

int
main (int argc, char *argv[])
{
  return upnp_test_run (argc, argv, tests, G_N_ELEMENTS (tests));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "pcp-backend.h"
#include "set-fixture.h"

/* Sets of ports (RFC 7753): every call is settled once, whatever a handler of a signal does, and
 * whichever exchange is pending. */

#define FIRST 8000
#define N 11

typedef struct
{
  BackendFixture base; /* first: the functions of set-fixture.h use it */
  GPtrArray *victims;  /* (nullable) (element-type PlumCall): what a signal cancels */
  GPtrArray *calls;    /* (element-type PlumCall): of the random test */
  guint n_signals;
  /* The router describes sets that it does not have, and calls are made that core never makes: two
   * at a time for a mapping. */
  gboolean is_wild;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  backend_fixture_set_up (&f->base, PLUM_TYPE_PCP_BACKEND, SET_GATEWAY);
  f->base.gateway->switches.port_set = FAKE_SET_WORKS;
  f->calls = g_ptr_array_new_with_free_func (g_object_unref);
  set_remote = NULL;
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_assert_cmpuint (f->base.gateway->counts.bad, ==, 0);
  g_clear_pointer (&f->calls, g_ptr_array_unref);
  backend_fixture_tear_down (&f->base);
}

static FakeSwitches *
switches (Fixture *f)
{
  return &f->base.gateway->switches;
}

static FakeCounts *
counts (Fixture *f)
{
  return &f->base.gateway->counts;
}

static guint
get_n_mappings (Fixture *f)
{
  return fake_gateway_get_n_mappings (f->base.gateway);
}

static GPtrArray *
map_all (Fixture *f)
{
  GPtrArray *calls = set_map (&f->base, FIRST, N, FIRST);

  set_assert_leases (calls, FIRST);
  return calls;
}

static void
advance (Fixture *f, gint64 ms)
{
  test_loop_advance (&f->base.loop, ms);
}

/* A new backend, such as after a restart of the program. */
static void
replace_backend (Fixture *f, const char *local)
{
  g_clear_object (&f->base.backend);
  backend_fixture_make (&f->base, PLUM_TYPE_PCP_BACKEND, SET_GATEWAY, local);
}

static void
reboot (Fixture *f)
{
  advance (f, 10000);
  fake_gateway_reboot (f->base.gateway);
}

static void
reboot_and_hint (Fixture *f)
{
  reboot (f);
  fake_gateway_hint (f->base.gateway);
  advance (f, 1000);
  g_assert_cmpuint (f->base.lost->len, ==, 1);
}

static void
assert_errors (GPtrArray *calls, GQuark domain, int code)
{
  for (guint i = 0; i < calls->len; i++)
    g_assert_error (plum_call_get_error (calls->pdata[i]), domain, code);
}

/* --- Handlers that cancel --- */

static void
cancel_victims (Fixture *f)
{
  f->n_signals++;
  for (guint i = 0; f->victims != NULL && i < f->victims->len; i++)
    plum_call_cancel (f->victims->pdata[i]);
}

static void
on_lost (PlumBackend *backend, const char *reason, gpointer user_data)
{
  cancel_victims (user_data);
}

static void
on_moved (PlumBackend *backend, GInetAddress *address, gpointer user_data)
{
  cancel_victims (user_data);
}

static void
connect_signals (Fixture *f)
{
  g_signal_connect (f->base.backend, "lost", G_CALLBACK (on_lost), f);
  g_signal_connect (f->base.backend, "external-address-changed", G_CALLBACK (on_moved), f);
}

/* The calls that the answer has settled, and whose results are not delivered yet. */
static void
test_lost_cancels (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) some = NULL;

  connect_signals (f);
  advance (f, 4000 * 1000);
  switches (f)->set_size = 4;
  some = set_start (&f->base, FIRST, 3, FIRST, FALSE);
  f->victims = some;
  set_wait (&f->base, some);
  g_assert_cmpuint (f->n_signals, ==, 1);
}

static void
test_moved_cancels (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) some = NULL;

  connect_signals (f);
  advance (f, 4000 * 1000);
  fake_gateway_set_external_address (f->base.gateway, "5.6.7.8");
  some = set_start (&f->base, FIRST, 3, FIRST, FALSE);
  f->victims = some;
  set_wait (&f->base, some);
  g_assert_cmpuint (f->n_signals, ==, 1);
}

static void
on_moved_release (PlumBackend *backend, GInetAddress *address, gpointer user_data)
{
  Fixture *f = user_data;

  if (f->victims == NULL)
    f->victims = set_start_unmap (&f->base, FIRST, 1, NULL);
}

/* Only the first port of a set is left, at another address. The program releases the port before it
 * learns that the others have to be requested again. */
static void
test_moved_releases (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) some = NULL;

  g_signal_connect (f->base.backend, "external-address-changed", G_CALLBACK (on_moved_release), f);
  advance (f, 4000 * 1000);
  fake_gateway_set_external_address (f->base.gateway, "5.6.7.8");
  switches (f)->set_size = 1;
  some = set_start (&f->base, FIRST, 3, FIRST, FALSE);
  set_wait (&f->base, some);
  g_assert_nonnull (f->victims);
  set_wait (&f->base, f->victims);
  set_assert_done (f->victims);
  g_assert_cmpuint (f->base.lost->len, ==, 1);
  g_clear_pointer (&f->victims, g_ptr_array_unref);
}

/* The port of the router is closed: all exchanges end together, first the deletion of a grant that
 * cannot be used. The program then cancels the calls of the others. */
static void
test_closed_port_cancels (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) one = NULL;
  g_autoptr (GPtrArray) others = NULL;

  connect_signals (f);
  advance (f, 4000 * 1000);
  switches (f)->set_first = 20000;
  switches (f)->silent_unmap = TRUE;
  one = set_start (&f->base, FIRST, 1, FIRST, FALSE);
  test_loop_advance_until (&f->base.loop, counts (f)->pcp_unmap == 1, 100);

  /* The next deadline is that of the deletion, at 750 ms. */
  advance (f, 600);
  fake_gateway_set_open (f->base.gateway, FALSE);
  others = set_start (&f->base, 9000, N, 9000, FALSE);
  f->victims = others;
  set_wait (&f->base, one);
  set_wait (&f->base, others);
  g_assert_cmpuint (f->n_signals, ==, 1);
  assert_errors (one, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
}

static void
on_lost_unref (PlumBackend *backend, const char *reason, gpointer user_data)
{
  Fixture *f = user_data;

  cancel_victims (f);
  g_signal_handlers_disconnect_by_data (backend, f);
  g_clear_object (&f->base.backend);
}

/* The program drops the last reference of the backend. */
static void
test_lost_unrefs (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) some = NULL;
  PlumBackend *weak = f->base.backend;

  g_object_add_weak_pointer (G_OBJECT (weak), (gpointer *) &weak);
  g_signal_connect (f->base.backend, "lost", G_CALLBACK (on_lost_unref), f);
  advance (f, 4000 * 1000);
  switches (f)->set_size = 4;
  some = set_start (&f->base, FIRST, 3, FIRST, FALSE);
  f->victims = some;
  set_wait (&f->base, some);
  g_assert_cmpuint (f->n_signals, ==, 1);
  g_clear_pointer (&some, g_ptr_array_unref);
  g_clear_pointer (&calls, g_ptr_array_unref);
  g_assert_null (weak);
  replace_backend (f, BACKEND_LOCAL);
}

/* --- Releases while a request is pending --- */

/* One port is released while the first request for the set is pending. */
static GPtrArray *
release_while_pending (Fixture *f, guint port, GPtrArray **calls)
{
  switches (f)->delay_ms = 100;
  *calls = set_start (&f->base, FIRST, N, FIRST, FALSE);
  test_loop_settle (&f->base.loop);
  plum_call_cancel ((*calls)->pdata[port - FIRST]);
  g_ptr_array_remove_index (*calls, port - FIRST);
  return set_start_unmap (&f->base, port, 1, NULL);
}

/* The port that is released while the set is requested is deleted. */
static void
release_while_pending_and_check (Fixture *f, guint port)
{
  g_autoptr (GPtrArray) calls = NULL;
  g_autoptr (GPtrArray) one = NULL;

  one = release_while_pending (f, port, &calls);
  set_wait (&f->base, calls);
  set_wait (&f->base, one);
  set_assert_done (one);
  g_assert_cmpuint (get_n_mappings (f), ==, N - 1);
  g_assert_false (fake_gateway_has_mapping (f->base.gateway, PLUM_PROTOCOL_TCP, port));
}

/* The server maps no set: nothing keeps the port open. */
static void
test_release_and_refused (Fixture *f, gconstpointer data)
{
  switches (f)->port_set = FAKE_SET_REFUSED;
  release_while_pending_and_check (f, GPOINTER_TO_UINT (data));
}

/* The answer maps the first port only, which is the released one or another. */
static void
test_release_and_ignored (Fixture *f, gconstpointer data)
{
  switches (f)->port_set = FAKE_SET_IGNORED;
  release_while_pending_and_check (f, GPOINTER_TO_UINT (data));
}

/* The released port is not in the set that the server maps. */
static void
test_release_and_smaller (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;
  g_autoptr (GPtrArray) one = NULL;

  switches (f)->max_set = 4;
  one = release_while_pending (f, FIRST + N - 1, &calls);
  set_wait (&f->base, calls);
  set_wait (&f->base, one);
  set_assert_done (one);
  g_assert_cmpuint (get_n_mappings (f), ==, N - 1);
}

static void
test_release_and_granted (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;
  g_autoptr (GPtrArray) one = release_while_pending (f, FIRST + 3, &calls);

  set_wait (&f->base, calls);
  set_wait (&f->base, one);
  assert_errors (one, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpuint (get_n_mappings (f), ==, N);
}

/* The other calls are cancelled as well: the set is deleted for the release that waited. */
static void
test_release_and_cancelled (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;
  g_autoptr (GPtrArray) one = release_while_pending (f, FIRST + 3, &calls);

  test_loop_settle (&f->base.loop);
  for (guint i = 0; i < calls->len; i++)
    plum_call_cancel (calls->pdata[i]);
  set_wait (&f->base, one);
  set_assert_done (one);
  g_assert_cmpuint (counts (f)->pcp_unmap, ==, 1);
  g_assert_cmpuint (get_n_mappings (f), ==, 0);
}

/* The release itself is cancelled. */
static void
test_release_is_cancelled (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;
  g_autoptr (GPtrArray) one = release_while_pending (f, FIRST + 3, &calls);

  test_loop_settle (&f->base.loop);
  plum_call_cancel (one->pdata[0]);
  set_wait (&f->base, calls);
  g_assert_cmpuint (counts (f)->pcp_unmap, ==, 0);
  g_assert_cmpuint (get_n_mappings (f), ==, N);
}

/* A grant that cannot be used is deleted, which the server does not confirm: it is not known
 * whether the released port is closed. */
static void
test_release_and_not_deleted (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;
  g_autoptr (GPtrArray) one = NULL;

  switches (f)->set_first = 20000;
  switches (f)->silent_unmap = TRUE;
  one = release_while_pending (f, FIRST + 3, &calls);
  set_wait (&f->base, one);
  assert_errors (one, PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  for (guint i = 0; i < calls->len; i++)
    plum_call_cancel (calls->pdata[i]);
}

/* --- Deletions that fail --- */

/* The server answers the deletion of a set with an error: each port is reported, and the set is
 * deleted with one request again when core repeats the release. */
static void
test_deletion_fails (Fixture *f, gconstpointer data)
{
  const guint result = GPOINTER_TO_UINT (data);
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) first = NULL;
  g_autoptr (GPtrArray) again = NULL;

  switches (f)->unmap_result = result;
  first = set_unmap (&f->base, FIRST, N, calls);
  assert_errors (first, PLUM_ERROR, result == 2 ? PLUM_ERROR_REFUSED : PLUM_ERROR_NO_RESOURCES);
  g_assert_cmpuint (counts (f)->pcp_unmap, ==, 1);

  switches (f)->unmap_result = 0;
  again = set_unmap (&f->base, FIRST, N, calls);
  set_assert_done (again);
  g_assert_cmpuint (counts (f)->pcp_unmap, ==, 2);
  g_assert_cmpuint (get_n_mappings (f), ==, 0);
}

/* The last port of a set is released and the deletion fails. Any of the ports whose release failed
 * before, because the set was in use, deletes the set when core repeats its release. */
static void
test_deletion_fails_after_busy (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) most = set_unmap (&f->base, FIRST, N - 1, calls);
  g_autoptr (GPtrArray) granted = g_ptr_array_new ();
  g_autoptr (GPtrArray) last = NULL;
  g_autoptr (GPtrArray) again = NULL;
  g_autoptr (GPtrArray) rest = NULL;

  assert_errors (most, G_IO_ERROR, G_IO_ERROR_BUSY);
  switches (f)->unmap_result = 7;
  g_ptr_array_add (granted, calls->pdata[N - 1]);
  last = set_unmap (&f->base, FIRST + N - 1, 1, granted);
  assert_errors (last, PLUM_ERROR, PLUM_ERROR_NO_RESOURCES);

  switches (f)->unmap_result = 0;
  again = set_unmap (&f->base, FIRST + 3, 1, NULL);
  set_assert_done (again);
  g_assert_cmpuint (get_n_mappings (f), ==, 0);
  rest = set_unmap (&f->base, FIRST, N, calls);
  set_assert_done (rest);
  g_assert_cmpuint (counts (f)->pcp_unmap, ==, 2);
}

/* --- What is known of the members --- */

/* Ports of a set that was never mapped are requested in another set, and released. */
static void
test_overlapping_runs (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;
  g_autoptr (GPtrArray) some = NULL;
  g_autoptr (GPtrArray) unmaps = NULL;

  switches (f)->drop_requests = G_MAXUINT;
  calls = set_map (&f->base, FIRST, N, FIRST);
  assert_errors (calls, PLUM_ERROR, PLUM_ERROR_TIMED_OUT);

  switches (f)->drop_requests = 0;
  some = set_map (&f->base, FIRST + 2, 4, FIRST + 2);
  set_assert_leases (some, FIRST + 2);
  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (GPtrArray) one = set_unmap (&f->base, FIRST + 2 + i, 1, NULL);

      if (i < 3)
        assert_errors (one, G_IO_ERROR, G_IO_ERROR_BUSY);
      else
        set_assert_done (one);
    }
  g_assert_cmpuint (get_n_mappings (f), ==, 0);
}

/* The lease of an earlier run names a set; in this run, the port has a mapping of its own. */
static void
test_token_of_own_mapping (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) again = NULL;
  g_autoptr (GPtrArray) unmaps = NULL;

  fake_gateway_reboot (f->base.gateway);
  replace_backend (f, BACKEND_LOCAL);
  switches (f)->port_set = FAKE_SET_IGNORED;
  again = map_all (f);
  unmaps = set_unmap (&f->base, FIRST, N, calls);
  set_assert_done (unmaps);
  g_assert_cmpuint (get_n_mappings (f), ==, 0);
}

/* The deletion of a set of an earlier run fails. Then its first port is mapped by itself, under the
 * nonce of the set, and requested once more. */
static void
test_first_port_after_token (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) unmaps = NULL;
  g_autoptr (GPtrArray) one = NULL;
  g_autoptr (GPtrArray) again = NULL;
  g_autoptr (GPtrArray) others = NULL;
  g_autoptr (GPtrArray) last = NULL;

  replace_backend (f, BACKEND_LOCAL);
  switches (f)->silent_unmap = TRUE;
  unmaps = set_unmap (&f->base, FIRST, N, calls);
  assert_errors (unmaps, PLUM_ERROR, PLUM_ERROR_TIMED_OUT);

  switches (f)->silent_unmap = FALSE;
  fake_gateway_wipe (f->base.gateway);
  one = set_map (&f->base, FIRST, 1, FIRST);
  set_assert_leases (one, FIRST);
  again = set_map (&f->base, FIRST, 1, FIRST);
  set_assert_leases (again, FIRST);

  g_ptr_array_remove_index (calls, 0);
  others = set_unmap (&f->base, FIRST + 1, N - 1, calls);
  assert_errors (others, G_IO_ERROR, G_IO_ERROR_BUSY);
  last = set_unmap (&f->base, FIRST, 1, again);
  set_assert_done (last);
  g_assert_cmpuint (get_n_mappings (f), ==, 0);
}

/* A set was deleted twice since it was last mapped. It is mapped again: the lease of a member that
 * another mapping has replaced must not count as deleted. */
static void
test_deleted_twice (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;
  g_autoptr (GPtrArray) one = NULL;
  g_autoptr (GPtrArray) granted = g_ptr_array_new ();
  g_autoptr (GPtrArray) below = NULL;
  g_autoptr (GPtrArray) above = NULL;
  g_autoptr (PlumRequest) request =
    test_request_new (PLUM_PROTOCOL_TCP, FIRST + 3, FIRST + 3, 7200, 99);
  g_autoptr (PlumCall) added = NULL;

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GPtrArray) lost = NULL;
      g_autoptr (GPtrArray) unmaps = NULL;

      switches (f)->drop_replies = G_MAXUINT;
      lost = set_map (&f->base, FIRST, N, FIRST);
      assert_errors (lost, PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
      switches (f)->drop_replies = 0;
      unmaps = set_unmap (&f->base, FIRST, N, NULL);
      set_assert_done (unmaps);
    }

  calls = map_all (f);
  added = backend_ask (&f->base, PLUM_CALL_MAP, request);
  backend_assert_lease (added, FIRST + 3, "1.2.3.4", 7200);
  g_ptr_array_add (granted, calls->pdata[3]);
  one = set_unmap (&f->base, FIRST + 3, 1, granted);
  assert_errors (one, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpuint (get_n_mappings (f), ==, N);

  /* The other mapping still uses the port. */
  below = set_unmap (&f->base, FIRST, 3, NULL);
  above = set_unmap (&f->base, FIRST + 4, N - 4, NULL);
  assert_errors (below, G_IO_ERROR, G_IO_ERROR_BUSY);
  assert_errors (above, G_IO_ERROR, G_IO_ERROR_BUSY);
}

/* The program requests the first port of a set of an earlier run again, and releases the others. */
static void
test_token_of_requested_port (Fixture *f, gconstpointer data)
{
  const gboolean unmap_first = GPOINTER_TO_UINT (data);
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) one = NULL;
  g_autoptr (GPtrArray) unmaps = NULL;

  replace_backend (f, BACKEND_LOCAL);
  g_ptr_array_remove_index (calls, 0);
  if (unmap_first)
    unmaps = set_start_unmap (&f->base, FIRST + 1, N - 1, calls);
  one = set_start (&f->base, FIRST, 1, FIRST, FALSE);
  if (!unmap_first)
    unmaps = set_start_unmap (&f->base, FIRST + 1, N - 1, calls);
  set_wait (&f->base, one);
  set_wait (&f->base, unmaps);
  set_assert_leases (one, FIRST);
  assert_errors (unmaps, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpuint (get_n_mappings (f), ==, N);
}

/* The same, while the backend finds out whether the server checks filters. */
static void
test_token_of_probed_port (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) one = NULL;
  g_autoptr (GPtrArray) unmaps = NULL;

  replace_backend (f, BACKEND_LOCAL);
  switches (f)->filter = FAKE_FILTER_WORKS;
  switches (f)->delay_ms = 100;
  set_remote = "203.0.113.0/24";
  one = set_start (&f->base, FIRST, 1, FIRST, FALSE);
  test_loop_advance_until (&f->base.loop, counts (f)->pcp_invalid_filter == 1, 100);
  g_ptr_array_remove_index (calls, 0);
  unmaps = set_unmap (&f->base, FIRST + 1, N - 1, calls);
  assert_errors (unmaps, G_IO_ERROR, G_IO_ERROR_BUSY);
  set_wait (&f->base, one);
  set_assert_leases (one, FIRST);
  g_assert_cmpuint (get_n_mappings (f), ==, N);
}

/* After a restart, the server does not map the whole set: the last port is requested by itself. It
 * is released before that is answered, with its lease, which still names the set. */
static void
test_token_of_ended_set (Fixture *f, gconstpointer data)
{
  const guint port = FIRST + N - 1;
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) again = NULL;
  g_autoptr (GPtrArray) one = NULL;

  reboot_and_hint (f);
  switches (f)->port_set = GPOINTER_TO_UINT (data);
  switches (f)->max_set = 4;
  switches (f)->delay_ms = 100;
  again = set_start (&f->base, FIRST, N, FIRST, FALSE);
  test_loop_advance_until (&f->base.loop,
                           fake_gateway_has_mapping (f->base.gateway, PLUM_PROTOCOL_TCP, port),
                           1000);
  plum_call_cancel (again->pdata[N - 1]);
  g_ptr_array_remove_index (again, N - 1);
  g_ptr_array_remove_range (calls, 0, N - 1);
  one = set_unmap (&f->base, port, 1, calls);
  set_assert_done (one);
  set_wait (&f->base, again);
  set_assert_leases (again, FIRST);
  g_assert_cmpuint (get_n_mappings (f), ==, N - 1);
  g_assert_false (fake_gateway_has_mapping (f->base.gateway, PLUM_PROTOCOL_TCP, port));
}

/* The first request for a set is refused by the kernel of the router: there is no set, and a port
 * is released by itself. */
static void
test_closed_port_forgets (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;
  g_autoptr (GPtrArray) one = NULL;

  fake_gateway_set_open (f->base.gateway, FALSE);
  calls = set_map (&f->base, FIRST, N, FIRST);
  assert_errors (calls, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  fake_gateway_set_open (f->base.gateway, TRUE);
  one = set_unmap (&f->base, FIRST + 3, 1, NULL);
  set_assert_done (one);
  g_assert_cmpuint (counts (f)->pcp_unmap, ==, 1);
  g_assert_cmpuint (counts (f)->pcp_set_unmap, ==, 0);
}

/* The socket cannot be opened: nothing was requested, so nothing is in use. */
static void
test_no_socket (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;

  replace_backend (f, "192.0.2.77");
  calls = set_map (&f->base, FIRST, N, FIRST);
  for (guint i = 0; i < N; i++)
    {
      g_autoptr (GPtrArray) one = set_unmap (&f->base, FIRST + i, 1, NULL);
      const GError *error = plum_call_get_error (calls->pdata[i]);

      g_assert_nonnull (error);
      g_assert_error (plum_call_get_error (one->pdata[0]), error->domain, error->code);
    }
}

/* --- What is known of the server --- */

/* A renewal for the external address finds the set at other ports. */
static void
test_refresh_finds_other_ports (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) again = NULL;
  g_autoptr (PlumCall) address = NULL;

  for (guint i = 0; i < N; i++)
    fake_gateway_find (f->base.gateway, PLUM_PROTOCOL_TCP, FIRST + i, NULL)->external_port += 1000;
  address = backend_ask (&f->base, PLUM_CALL_GET_EXTERNAL_ADDRESS, NULL);
  g_assert_no_error (plum_call_get_error (address));
  g_assert_cmpuint (f->base.lost->len, ==, 1);

  again = set_map (&f->base, FIRST, N, FIRST);
  set_assert_leases (again, FIRST + 1000);
}

/* A server that has mapped sets ignores the option after a restart. */
static void
test_other_software (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) again = NULL;
  g_autoptr (GPtrArray) more = NULL;

  switches (f)->port_set = FAKE_SET_IGNORED;
  reboot_and_hint (f);
  fake_gateway_reset_counts (f->base.gateway);
  again = map_all (f);
  more = set_map (&f->base, 9000, 5, 9000);
  set_assert_leases (more, 9000);
  g_assert_cmpuint (counts (f)->pcp_set, ==, 1);
}

/* The answer to a request for a set is what reports the restart: it is of the new software. */
static void
test_answer_reports_other_software (Fixture *f, gconstpointer data)
{
  const FakeSet port_set = GPOINTER_TO_UINT (data);
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) again = NULL;
  g_autoptr (GPtrArray) more = NULL;

  switches (f)->port_set = port_set;
  reboot (f);
  fake_gateway_reset_counts (f->base.gateway);
  again = set_map (&f->base, 9000, 5, 9000);
  set_assert_leases (again, 9000);
  g_assert_cmpuint (f->base.lost->len, ==, 1);
  more = set_map (&f->base, 9500, 5, 9500);
  set_assert_leases (more, 9500);
  g_assert_cmpuint (counts (f)->pcp_set, ==, 1);
}

/* --- Anything, in any order --- */

#define N_PORTS 30
/* Longer than any call can take: a call that the library fails was not settled by the backend. */
#define NEVER_MS (3600 * 1000)

static guint
rand_below (guint n)
{
  return (guint) g_test_rand_int_range (0, (gint32) n);
}

static PlumLease *
pick_lease (Fixture *f, guint port)
{
  for (guint i = f->calls->len; i > 0; i--)
    {
      PlumCall *call = f->calls->pdata[i - 1];
      PlumRequest *request = plum_call_get_request (call);

      if (request != NULL && plum_request_get_internal_port (request) == port &&
          plum_call_get_lease (call) != NULL && rand_below (3) != 0)
        return plum_call_get_lease (call);
    }

  return NULL;
}

static void
start_call (Fixture *f, PlumCallKind kind, PlumRequest *request, PlumLease *lease)
{
  const PlumCallArgs args = { .request = request, .lease = lease };
  guint timeout_ms = kind == PLUM_CALL_UNMAP ? NEVER_MS : BACKEND_PATIENCE_MS;

  g_ptr_array_add (f->calls,
                   plum_backend_call (f->base.backend, kind, &args, timeout_ms, NULL, NULL));
}

static gboolean
is_pending (PlumCall *call, guint port)
{
  PlumRequest *request = plum_call_get_request (call);

  return request != NULL && plum_request_get_internal_port (request) == port &&
         !plum_call_is_settled (call);
}

static gboolean
has_pending (Fixture *f, guint port)
{
  for (guint i = 0; i < f->calls->len; i++)
    if (is_pending (f->calls->pdata[i], port))
      return TRUE;

  return FALSE;
}

static void
cancel_port (Fixture *f, guint port)
{
  for (guint i = 0; i < f->calls->len; i++)
    if (is_pending (f->calls->pdata[i], port))
      plum_call_cancel (f->calls->pdata[i]);
}

static void
start_maps (Fixture *f)
{
  guint first = FIRST + rand_below (N_PORTS - 8);
  guint n = 1 + rand_below (8);
  guint shift = rand_below (4) == 0 ? 1000 : 0;
  gboolean exact = rand_below (5) == 0;

  for (guint port = first; port < first + n; port++)
    {
      g_autoptr (PlumRequest) request = set_request_new (port, port + shift, exact);

      if (f->is_wild || !has_pending (f, port))
        start_call (f, PLUM_CALL_MAP, request, NULL);
    }
}

static void
start_unmaps (Fixture *f)
{
  guint first = FIRST + rand_below (N_PORTS - 8);
  guint n = 1 + rand_below (8);

  for (guint port = first; port < first + n; port++)
    {
      g_autoptr (PlumRequest) request = set_request_new (port, port, FALSE);

      if (!f->is_wild)
        cancel_port (f, port);
      start_call (f, PLUM_CALL_UNMAP, request, pick_lease (f, port));
    }
}

static void
cancel_some (Fixture *f)
{
  guint n = MIN (f->calls->len, 40);

  for (guint i = f->calls->len - n; i < f->calls->len; i++)
    if (rand_below (3) == 0)
      plum_call_cancel (f->calls->pdata[i]);
}

static void
change_router (Fixture *f)
{
  static const char *const addresses[] = { "1.2.3.4", "5.6.7.8" };
  FakeSwitches *s = switches (f);

  s->port_set = rand_below (3) == 0 ? (FakeSet) rand_below (3) : FAKE_SET_WORKS;
  s->max_set = rand_below (2) * rand_below (6);
  s->drop_replies = rand_below (3);
  s->drop_requests = rand_below (3);
  s->duplicate = rand_below (2);
  s->delay_ms = rand_below (2) * rand_below (400);
  s->silent_unmap = rand_below (6) == 0;
  s->keep = rand_below (8) == 0;
  s->set_first = f->is_wild && rand_below (6) == 0 ? 20000 : 0;
  s->set_size = f->is_wild && rand_below (6) == 0 ? 1 + rand_below (5) : 0;
  s->map_result = rand_below (2) == 0 ? 8 : 3;
  s->n_map_results = rand_below (4) == 0 ? rand_below (3) : 0;
  s->truncate = rand_below (8) == 0 ? 30 : 0;
  fake_gateway_set_open (f->base.gateway, rand_below (8) != 0);
  fake_gateway_set_external_address (f->base.gateway, addresses[rand_below (2)]);
  if (rand_below (4) == 0)
    {
      fake_gateway_reboot (f->base.gateway);
      fake_gateway_hint (f->base.gateway);
    }
}

static void
do_something (Fixture *f)
{
  switch (rand_below (5))
    {
    case 0:
      start_unmaps (f);
      break;
    case 1:
      cancel_some (f);
      break;
    case 2:
      start_call (f, PLUM_CALL_GET_EXTERNAL_ADDRESS, NULL, NULL);
      break;
    default:
      start_maps (f);
      break;
    }
}

static void
on_signal (Fixture *f)
{
  if (f->n_signals == 0 || f->base.backend == NULL)
    return;

  for (guint n = rand_below (4); n > 0; n--)
    do_something (f);
}

static void
on_random_lost (PlumBackend *backend, const char *reason, gpointer user_data)
{
  on_signal (user_data);
}

static void
on_random_moved (PlumBackend *backend, GInetAddress *address, gpointer user_data)
{
  on_signal (user_data);
}

static void
check_calls (Fixture *f)
{
  for (guint i = 0; i < f->calls->len; i++)
    {
      PlumCall *call = f->calls->pdata[i];
      const GError *error = plum_call_get_error (call);

      g_assert_true (plum_call_is_settled (call));
      if (error != NULL && strstr (error->message, "did not answer within 3600") != NULL)
        g_error ("the release of port %u was not settled",
                 plum_request_get_internal_port (plum_call_get_request (call)));
    }
}

/* After a restart, with a correct router: every port can be mapped, where the lease says, and
 * nothing is left in the end. */
static void
check_state (Fixture *f)
{
  g_autoptr (GPtrArray) calls = NULL;
  g_autoptr (GPtrArray) unmaps = NULL;

  *switches (f) = (FakeSwitches){ .port_set = FAKE_SET_WORKS };
  fake_gateway_set_open (f->base.gateway, TRUE);
  reboot (f);
  fake_gateway_hint (f->base.gateway);
  advance (f, 1000);
  calls = set_map (&f->base, FIRST, N_PORTS, FIRST);
  for (guint i = 0; i < N_PORTS; i++)
    {
      PlumLease *lease = plum_call_get_lease (calls->pdata[i]);

      g_assert_no_error (plum_call_get_error (calls->pdata[i]));
      g_assert_cmpuint (plum_lease_get_external_port (lease), ==,
                        fake_gateway_get_external_port (f->base.gateway, PLUM_PROTOCOL_TCP,
                                                        FIRST + i, NULL));
    }

  unmaps = set_unmap (&f->base, FIRST, N_PORTS, calls);
  set_assert_done (unmaps);
  g_assert_cmpuint (get_n_mappings (f), ==, 0);
}

static void
test_random (Fixture *f, gconstpointer data)
{
  f->is_wild = GPOINTER_TO_UINT (data);
  backend_must_map (&f->base, 7000); /* the router can announce a restart from now on */
  f->n_signals = 1;
  g_signal_connect (f->base.backend, "lost", G_CALLBACK (on_random_lost), f);
  g_signal_connect (f->base.backend, "external-address-changed", G_CALLBACK (on_random_moved), f);
  for (guint i = 0; i < 1000; i++)
    {
      do_something (f);
      if (rand_below (4) == 0)
        change_router (f);
      if (rand_below (30) == 0)
        advance (f, 3600 * 1000);
      else if (rand_below (3) != 0)
        advance (f, rand_below (2) == 0 ? rand_below (500) : rand_below (15000));
    }

  /* The handlers do nothing any more. */
  f->n_signals = 0;
  advance (f, 2 * NEVER_MS);
  check_calls (f);
  if (!f->is_wild)
    check_state (f);
}

#define ADD(path, func) ADD_WITH (path, 0, func)
#define ADD_WITH(path, data, func)                                                                 \
  g_test_add ("/pcp/port-set-calls/" path, Fixture, GUINT_TO_POINTER (data), set_up, func,         \
              tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("lost/cancels", test_lost_cancels);
  ADD ("lost/unrefs", test_lost_unrefs);
  ADD ("moved/cancels", test_moved_cancels);
  ADD ("moved/releases", test_moved_releases);
  ADD ("closed-port/cancels", test_closed_port_cancels);
  ADD ("closed-port/forgets", test_closed_port_forgets);
  ADD_WITH ("release-while-pending/refused/first", FIRST, test_release_and_refused);
  ADD_WITH ("release-while-pending/refused/another", FIRST + 3, test_release_and_refused);
  ADD_WITH ("release-while-pending/ignored/first", FIRST, test_release_and_ignored);
  ADD_WITH ("release-while-pending/ignored/another", FIRST + 3, test_release_and_ignored);
  ADD ("release-while-pending/smaller", test_release_and_smaller);
  ADD ("release-while-pending/granted", test_release_and_granted);
  ADD ("release-while-pending/cancelled", test_release_and_cancelled);
  ADD ("release-while-pending/is-cancelled", test_release_is_cancelled);
  ADD ("release-while-pending/not-deleted", test_release_and_not_deleted);
  ADD_WITH ("deletion-fails/not-authorized", 2, test_deletion_fails);
  ADD_WITH ("deletion-fails/network-failure", 7, test_deletion_fails);
  ADD ("deletion-fails/after-busy", test_deletion_fails_after_busy);
  ADD ("overlapping-runs", test_overlapping_runs);
  ADD ("token/own-mapping", test_token_of_own_mapping);
  ADD ("token/first-port", test_first_port_after_token);
  ADD ("token/deleted-twice", test_deleted_twice);
  ADD_WITH ("token/requested-port/map-first", FALSE, test_token_of_requested_port);
  ADD_WITH ("token/requested-port/unmap-first", TRUE, test_token_of_requested_port);
  ADD ("token/requested-port/probed", test_token_of_probed_port);
  ADD_WITH ("token/ended-set/ignored", FAKE_SET_IGNORED, test_token_of_ended_set);
  ADD_WITH ("token/ended-set/refused", FAKE_SET_REFUSED, test_token_of_ended_set);
  ADD_WITH ("token/ended-set/smaller", FAKE_SET_WORKS, test_token_of_ended_set);
  ADD ("no-socket", test_no_socket);
  ADD ("refresh-finds-other-ports", test_refresh_finds_other_ports);
  ADD ("restart/other-software", test_other_software);
  ADD_WITH ("restart/answer/ignores", FAKE_SET_IGNORED, test_answer_reports_other_software);
  ADD_WITH ("restart/answer/refuses", FAKE_SET_REFUSED, test_answer_reports_other_software);
  ADD_WITH ("random", FALSE, test_random);
  ADD_WITH ("random-wild", TRUE, test_random);

  return g_test_run ();
}

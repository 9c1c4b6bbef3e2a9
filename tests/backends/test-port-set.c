/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "pcp-backend.h"
#include "set-fixture.h"

/* Sets of ports (RFC 7753): one exchange for a range. */

#define FIRST 8000
#define N 11

static void
set_up (BackendFixture *f, gconstpointer data)
{
  backend_fixture_set_up (f, PLUM_TYPE_PCP_BACKEND, SET_GATEWAY);
  f->gateway->switches.port_set = FAKE_SET_WORKS;
  set_remote = NULL;
  set_n_made = 0;
}

static void
tear_down (BackendFixture *f, gconstpointer data)
{
  g_assert_cmpuint (f->gateway->counts.bad, ==, 0);
  backend_fixture_tear_down (f);
}

static FakeCounts *
counts (BackendFixture *f)
{
  return &f->gateway->counts;
}

static guint
get_external (BackendFixture *f, guint port)
{
  return fake_gateway_get_external_port (f->gateway, PLUM_PROTOCOL_TCP, port, NULL);
}

static GPtrArray *
map_all (BackendFixture *f)
{
  return set_map (f, FIRST, N, FIRST);
}

static void
assert_n (BackendFixture *f, guint n_map, guint n_unmap, guint n_mappings)
{
  g_assert_cmpuint (counts (f)->pcp_map, ==, n_map);
  g_assert_cmpuint (counts (f)->pcp_unmap, ==, n_unmap);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, n_mappings);
}

/* --- Mapping --- */

static void
test_one_exchange (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);

  set_assert_leases (calls, FIRST);
  assert_n (f, 1, 0, N);
  g_assert_cmpuint (counts (f)->pcp_set, ==, 1);
  g_assert_cmpuint (counts (f)->datagrams, ==, 1);
}

static void
test_other_external_ports (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = set_map (f, FIRST, N, 9000);

  set_assert_leases (calls, 9000);
  assert_n (f, 1, 0, N);
  g_assert_cmpuint (get_external (f, FIRST + 3), ==, 9003);
}

/* RFC 7753 4.1: a client should not send the option for one port. */
static void
test_one_port (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = set_map (f, FIRST, 1, FIRST);

  set_assert_leases (calls, FIRST);
  g_assert_cmpuint (counts (f)->pcp_set, ==, 0);
}

static void
test_gap (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) low = set_start (f, FIRST, 3, FIRST, FALSE);
  g_autoptr (GPtrArray) high = set_start (f, FIRST + 4, 2, FIRST + 4, FALSE);
  g_autoptr (GPtrArray) other = set_start (f, FIRST + 6, 2, 9000, FALSE);

  set_wait (f, low);
  set_wait (f, high);
  set_wait (f, other);
  set_assert_leases (low, FIRST);
  set_assert_leases (high, FIRST + 4);
  set_assert_leases (other, 9000);
  assert_n (f, 3, 0, 7);
}

static void
test_any_order (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) high = set_start (f, FIRST + 5, 6, FIRST + 5, FALSE);
  g_autoptr (GPtrArray) low = set_start (f, FIRST, 5, FIRST, FALSE);

  set_wait (f, high);
  set_wait (f, low);
  set_assert_leases (low, FIRST);
  set_assert_leases (high, FIRST + 5);
  assert_n (f, 1, 0, N);
}

static void
test_last_port (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = set_map (f, 65530, 6, 65530);

  set_assert_leases (calls, 65530);
  assert_n (f, 1, 0, 6);
}

static void
test_taken (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;

  fake_gateway_take_port (f->gateway, PLUM_PROTOCOL_TCP, FIRST + 4);
  calls = map_all (f);
  set_assert_leases (calls, 50000);
  assert_n (f, 1, 0, N);
}

static void
test_parity (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;

  fake_gateway_take_port (f->gateway, PLUM_PROTOCOL_TCP, FIRST + 4);
  calls = set_map (f, FIRST + 1, 4, FIRST + 1);
  g_assert_cmpuint (counts (f)->pcp_parity, ==, 1);
  set_assert_leases (calls, 50001);
}

/* An odd external port was requested for an even internal one. */
static void
test_no_parity (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = set_map (f, FIRST, 4, 9001);

  g_assert_cmpuint (counts (f)->pcp_parity, ==, 0);
  set_assert_leases (calls, 9001);
}

static void
test_parity_is_not_kept (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;

  f->gateway->switches.no_parity = TRUE;
  calls = map_all (f);
  set_assert_leases (calls, FIRST + 1);
  assert_n (f, 1, 0, N);
}

/* --- Without a set --- */

/* RFC 7753 4.3: the answer has no option; the first port is mapped. */
static void
test_ignored (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;
  g_autoptr (GPtrArray) more = NULL;

  f->gateway->switches.port_set = FAKE_SET_IGNORED;
  calls = map_all (f);
  set_assert_leases (calls, FIRST);
  assert_n (f, N, 0, N);
  g_assert_cmpuint (counts (f)->pcp_set, ==, 1);

  more = set_map (f, 9000, 5, 9000);
  set_assert_leases (more, 9000);
  g_assert_cmpuint (counts (f)->pcp_set, ==, 1);
}

static void
test_refused (BackendFixture *f, gconstpointer data)
{
  const guint result = GPOINTER_TO_UINT (data);
  g_autoptr (GPtrArray) calls = NULL;
  g_autoptr (GPtrArray) more = NULL;

  f->gateway->switches.set_result = result;
  calls = map_all (f);
  set_assert_leases (calls, FIRST);
  assert_n (f, N + 1, 0, N);

  more = set_map (f, 9000, 5, 9000);
  set_assert_leases (more, 9000);
  g_assert_cmpuint (counts (f)->pcp_set, ==, result == 8 ? 2 : 1);
}

/* A copy of the refusal must not fail the request for the first port. */
static void
test_refused_twice (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;

  f->gateway->switches.port_set = FAKE_SET_REFUSED;
  f->gateway->switches.duplicate = 2;
  calls = map_all (f);
  set_assert_leases (calls, FIRST);
  assert_n (f, N + 1, 0, N);
}

static void
test_asked_again_after_restart (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;
  g_autoptr (GPtrArray) again = NULL;

  f->gateway->switches.port_set = FAKE_SET_IGNORED;
  calls = map_all (f);
  f->gateway->switches.port_set = FAKE_SET_WORKS;
  test_loop_advance (&f->loop, 10000);
  fake_gateway_reboot (f->gateway);
  fake_gateway_hint (f->gateway);
  test_loop_advance (&f->loop, 1000);
  g_assert_cmpuint (f->lost->len, ==, 1);

  fake_gateway_reset_counts (f->gateway);
  again = map_all (f);
  set_assert_leases (again, FIRST);
  assert_n (f, 1, 0, N);
}

/* --- A smaller set --- */

static void
test_smaller (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;

  f->gateway->switches.max_set = 8;
  calls = map_all (f);
  set_assert_leases (calls, FIRST);
  assert_n (f, 4, 0, N);
}

/* The set has ports that were not requested, and the first ones of the range. */
static void
test_other_first_port (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;

  f->gateway->switches.set_first = FIRST - 5;
  calls = map_all (f);
  for (guint i = 0; i < 6; i++)
    backend_assert_lease (calls->pdata[i], FIRST + 5 + i, "1.2.3.4", 7200);
  for (guint i = 6; i < N; i++)
    g_assert_true (plum_call_get_lease (calls->pdata[i]) != NULL ||
                   plum_call_get_error (calls->pdata[i]) != NULL);
}

/* The server must not map more than requested: what it maps is used, as far as it was requested. */
static void
test_larger (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;

  f->gateway->switches.set_size = 40000;
  calls = map_all (f);
  set_assert_leases (calls, FIRST);
  assert_n (f, 1, 0, N);
}

/* None of the ports was requested: nothing of the set is used. */
static void
test_useless (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;

  f->gateway->switches.set_first = 20000;
  calls = set_start (f, FIRST, N, FIRST, FALSE);
  test_loop_advance_until (&f->loop, counts (f)->pcp_unmap == 1, 100);
  f->gateway->switches.port_set = FAKE_SET_IGNORED;
  f->gateway->switches.set_first = 0;
  set_wait (f, calls);
  set_assert_leases (calls, FIRST);
  assert_n (f, N + 1, 1, N);
}

/* The external ports of the set would pass the last one. */
static void
test_past_the_end (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;

  f->gateway->switches.set_size = 60;
  calls = set_start (f, FIRST, N, 65520, FALSE);
  test_loop_advance_until (&f->loop, counts (f)->pcp_unmap == 1, 100);
  f->gateway->switches.port_set = FAKE_SET_IGNORED;
  f->gateway->switches.set_size = 0;
  set_wait (f, calls);
  set_assert_leases (calls, 65520);
}

/* --- Remote hosts --- */

/* The first mapping shows that the server checks filters; from then on, a range is a set. */
static void
map_filtered (BackendFixture *f)
{
  g_autoptr (GPtrArray) one = NULL;

  set_remote = "203.0.113.0/24,198.51.100.7";
  f->gateway->switches.filter = FAKE_FILTER_WORKS;
  one = set_map (f, 7000, 1, 7000);
  set_assert_leases (one, 7000);
  fake_gateway_reset_counts (f->gateway);
}

static void
test_remote (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;
  g_autoptr (GPtrArray) renewals = NULL;
  g_autoptr (GPtrArray) unmaps = NULL;

  map_filtered (f);
  calls = map_all (f);
  set_assert_leases (calls, FIRST);
  assert_n (f, 1, 0, N + 1);
  g_assert_cmpuint (fake_gateway_find (f->gateway, PLUM_PROTOCOL_TCP, FIRST, NULL)->n_filters, ==,
                    2);

  test_loop_advance (&f->loop, 4000 * 1000);
  renewals = map_all (f);
  set_assert_leases (renewals, FIRST);
  assert_n (f, 2, 0, N + 1);
  g_assert_cmpuint (fake_gateway_find (f->gateway, PLUM_PROTOCOL_TCP, FIRST, NULL)->n_filters, ==,
                    2);

  unmaps = set_unmap (f, FIRST, N, calls);
  set_assert_done (unmaps);
  assert_n (f, 2, 1, 1);
}

/* It is not known yet whether the server checks filters: nothing is mapped to find out. */
static void
test_remote_at_first (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;

  set_remote = "203.0.113.0/24";
  f->gateway->switches.filter = FAKE_FILTER_ECHOED;
  calls = map_all (f);
  for (guint i = 0; i < N; i++)
    g_assert_error (plum_call_get_error (calls->pdata[i]), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  g_assert_cmpuint (counts (f)->pcp_map, ==, 0);
}

/* The server was restarted with other software, which ignores filters. */
static void
test_remote_after_restart (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;
  g_autoptr (GPtrArray) again = NULL;

  map_filtered (f);
  calls = map_all (f);
  f->gateway->switches.filter = FAKE_FILTER_ECHOED;
  test_loop_advance (&f->loop, 10000);
  fake_gateway_reboot (f->gateway);
  fake_gateway_hint (f->gateway);
  test_loop_advance (&f->loop, 1000);
  g_assert_cmpuint (f->lost->len, ==, 1);

  again = map_all (f);
  for (guint i = 0; i < N; i++)
    g_assert_error (plum_call_get_error (again->pdata[i]), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 0);
}

/* The filter is not in the answer: no port of the set is open to all. */
static void
test_remote_is_dropped (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;

  map_filtered (f);
  f->gateway->switches.filter = FAKE_FILTER_DROPPED;
  calls = map_all (f);
  for (guint i = 0; i < N; i++)
    g_assert_error (plum_call_get_error (calls->pdata[i]), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 1);
}

/* --- Required ports --- */

static void
test_exact (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = set_map_exact (f, FIRST, N, 9000);

  set_assert_leases (calls, 9000);
  assert_n (f, 1, 0, N);
  g_assert_cmpuint (counts (f)->pcp_prefer_failure, ==, 0);
}

/* The set is deleted, and each port is requested with PREFER_FAILURE. */
static void
test_exact_is_taken (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;

  fake_gateway_take_port (f->gateway, PLUM_PROTOCOL_TCP, FIRST + 4);
  calls = set_map_exact (f, FIRST, N, FIRST);
  for (guint i = 0; i < N; i++)
    {
      if (i == 4)
        g_assert_error (plum_call_get_error (calls->pdata[i]), PLUM_ERROR, PLUM_ERROR_CONFLICT);
      else
        backend_assert_lease (calls->pdata[i], FIRST + i, "1.2.3.4", 7200);
    }
  assert_n (f, N + 1, 1, N - 1);
  g_assert_cmpuint (counts (f)->pcp_prefer_failure, ==, N);
}

/* --- Renewal --- */

static void
test_renewal (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) renewals = NULL;

  test_loop_advance (&f->loop, 4000 * 1000);
  fake_gateway_reset_counts (f->gateway);
  renewals = map_all (f);
  set_assert_leases (renewals, FIRST);
  assert_n (f, 1, 0, N);
  g_assert_cmpuint (counts (f)->pcp_set, ==, 1);
  g_assert_cmpuint (fake_gateway_get_lifetime (f->gateway, PLUM_PROTOCOL_TCP, FIRST + 7), ==, 7200);
}

/* Members that come a short time later have what the first one renewed. */
static void
test_renewal_in_turns (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);

  test_loop_advance (&f->loop, 4000 * 1000);
  fake_gateway_reset_counts (f->gateway);
  for (guint i = 0; i < N; i++)
    {
      g_autoptr (GPtrArray) one = set_map (f, FIRST + i, 1, FIRST + i);
      PlumLease *lease = plum_call_get_lease (one->pdata[0]);

      g_assert_cmpuint (plum_lease_get_external_port (lease), ==, FIRST + i);
      g_assert_cmpuint (plum_lease_get_lifetime (lease), <=, 7200);
      g_assert_cmpuint (plum_lease_get_lifetime (lease), >, 7200 - 10);
      test_loop_advance (&f->loop, 450);
    }
  assert_n (f, 1, 0, N);
}

static void
test_renewal_of_smaller (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;
  g_autoptr (GPtrArray) renewals = NULL;

  f->gateway->switches.max_set = 8;
  calls = map_all (f);
  test_loop_advance (&f->loop, 4000 * 1000);
  fake_gateway_reset_counts (f->gateway);
  renewals = map_all (f);
  set_assert_leases (renewals, FIRST);
  assert_n (f, 4, 0, N);
}

/* The lease is valid until it expires: nothing else is tried. */
static void
test_renewal_is_lost (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) renewals = NULL;
  g_autoptr (GPtrArray) again = NULL;

  test_loop_advance (&f->loop, 4000 * 1000);
  fake_gateway_reset_counts (f->gateway);
  f->gateway->switches.drop_requests = 1;
  renewals = map_all (f);
  for (guint i = 0; i < N; i++)
    g_assert_error (plum_call_get_error (renewals->pdata[i]), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_cmpuint (counts (f)->datagrams, ==, 1);

  again = map_all (f);
  set_assert_leases (again, FIRST);
  assert_n (f, 1, 0, N);
}

static void
test_renewal_is_refused (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) renewals = NULL;
  g_autoptr (GPtrArray) again = NULL;

  test_loop_advance (&f->loop, 4000 * 1000);
  fake_gateway_reset_counts (f->gateway);
  f->gateway->switches.map_result = 8;
  f->gateway->switches.n_map_results = 1;
  renewals = map_all (f);
  for (guint i = 0; i < N; i++)
    g_assert_error (plum_call_get_error (renewals->pdata[i]), PLUM_ERROR, PLUM_ERROR_NO_RESOURCES);
  assert_n (f, 1, 0, N);

  again = map_all (f);
  set_assert_leases (again, FIRST);
  assert_n (f, 2, 0, N);
}

/* The server has lost the set: it is requested again, as one. */
static void
test_restart (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) again = NULL;

  test_loop_advance (&f->loop, 10000);
  fake_gateway_reboot (f->gateway);
  fake_gateway_hint (f->gateway);
  test_loop_advance (&f->loop, 1000);
  g_assert_cmpuint (f->lost->len, ==, 1);
  assert_n (f, 1, 0, 0);

  again = map_all (f);
  set_assert_leases (again, FIRST);
  assert_n (f, 2, 0, N);
}

/* An epoch below a minute: a second restart would not show, so each mapping is requested again. */
static void
test_announced (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;

  fake_gateway_reboot (f->gateway);
  calls = map_all (f);
  test_loop_advance (&f->loop, 1000);
  fake_gateway_reset_counts (f->gateway);
  f->gateway->switches.epoch_offset = -1;
  fake_gateway_hint (f->gateway);
  test_loop_advance (&f->loop, 1000);
  assert_n (f, 1, 0, N);
  g_assert_cmpuint (counts (f)->pcp_set, ==, 1);
  g_assert_cmpuint (f->lost->len, ==, 0);
}

/* The external address is learned by a renewal of the set, not of its first port. */
static void
test_external_address (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (PlumCall) address = backend_ask (f, PLUM_CALL_GET_EXTERNAL_ADDRESS, NULL);

  g_assert_no_error (plum_call_get_error (address));
  assert_n (f, 2, 0, N);
  g_assert_cmpuint (counts (f)->pcp_set, ==, 2);
}

static void
test_moved_address (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);

  fake_gateway_set_external_address (f->gateway, "5.6.7.8");
  fake_gateway_update (f->gateway, PLUM_PROTOCOL_TCP, FIRST, 7200);
  test_loop_settle (&f->loop);
  g_assert_cmpuint (f->n_moved, ==, 1);
  g_assert_cmpstr (f->moved_to, ==, "5.6.7.8");
}

static void
test_update_reports_smaller (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);

  f->gateway->switches.set_size = 4;
  fake_gateway_update (f->gateway, PLUM_PROTOCOL_TCP, FIRST, 7200);
  test_loop_settle (&f->loop);
  g_assert_cmpuint (f->lost->len, ==, 1);
}

static void
test_refresh_finds_smaller (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (PlumCall) address = NULL;

  f->gateway->switches.set_size = 4;
  address = backend_ask (f, PLUM_CALL_GET_EXTERNAL_ADDRESS, NULL);
  g_assert_cmpuint (f->lost->len, ==, 1);
}

/* A renewal of one member finds that the set is smaller: the others are requested again. */
static void
test_renewal_finds_smaller (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) one = NULL;

  test_loop_advance (&f->loop, 4000 * 1000);
  f->gateway->switches.set_size = 4;
  one = set_map (f, FIRST, 1, FIRST);
  set_assert_leases (one, FIRST);
  g_assert_cmpuint (f->lost->len, ==, 1);
}

/* --- The end of the lease --- */

/* Core does not delete what has expired. If it requests one port, the others are not mapped. */
static void
test_expired (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) one = NULL;

  test_loop_advance (&f->loop, 7200 * 1000);
  assert_n (f, 1, 0, 0);
  one = set_map (f, FIRST + 3, 1, FIRST + 3);
  set_assert_leases (one, FIRST + 3);
  assert_n (f, 2, 0, 1);
}

/* The renewal of another port keeps the set. */
static void
test_not_expired (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) renewed = NULL;
  g_autoptr (GPtrArray) one = NULL;

  test_loop_advance (&f->loop, 4000 * 1000);
  renewed = set_map (f, FIRST, 1, FIRST);
  test_loop_advance (&f->loop, 7199 * 1000);
  one = set_map (f, FIRST + 3, 1, FIRST + 3);
  set_assert_leases (one, FIRST + 3);
  assert_n (f, 3, 0, N);
}

/* A lease that comes from the answer to another request counts, too. */
static void
test_shared_lease (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (PlumCall) address = NULL;
  g_autoptr (GPtrArray) renewed = NULL;
  g_autoptr (GPtrArray) one = NULL;

  test_loop_advance (&f->loop, 4000 * 1000);
  address = backend_ask (f, PLUM_CALL_GET_EXTERNAL_ADDRESS, NULL);
  renewed = set_map (f, FIRST, 1, FIRST);
  set_assert_leases (renewed, FIRST);
  assert_n (f, 2, 0, N);

  test_loop_advance (&f->loop, 7199 * 1000);
  one = set_map (f, FIRST + 3, 1, FIRST + 3);
  assert_n (f, 3, 0, N);
  g_assert_cmpuint (counts (f)->pcp_set, ==, 3);
}

/* The mappings are destroyed, and others of the same ports are created: nothing uses the ports of
 * the old set. */
static void
test_expired_and_made_again (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) again = NULL;
  g_autoptr (GPtrArray) unmaps = NULL;

  test_loop_advance (&f->loop, 7200 * 1000);
  set_n_made++;
  again = map_all (f);
  set_assert_leases (again, FIRST);
  assert_n (f, 2, 0, N);
  unmaps = set_unmap (f, FIRST, N, again);
  set_assert_done (unmaps);
  assert_n (f, 2, 1, 0);
}

/* --- Deletion --- */

static void
test_unmap (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) unmaps = set_unmap (f, FIRST, N, calls);

  set_assert_done (unmaps);
  assert_n (f, 1, 1, 0);
  g_assert_cmpuint (counts (f)->pcp_set_unmap, ==, 1);
}

/* RFC 7753 4.4: to delete one port would delete all. */
static void
test_unmap_of_one (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) one = set_unmap (f, FIRST + 3, 1, NULL);
  g_autoptr (GPtrArray) low = NULL;
  g_autoptr (GPtrArray) high = NULL;

  g_assert_error (plum_call_get_error (one->pdata[0]), G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpstr (plum_call_get_error (one->pdata[0])->message, ==,
                   "PCP: " SET_GATEWAY " keeps TCP port 8003 until the last port of its set is "
                   "released: it deletes a set as a whole (RFC 7753)");
  assert_n (f, 1, 0, N);

  low = set_unmap (f, FIRST, 3, NULL);
  g_assert_error (plum_call_get_error (low->pdata[0]), G_IO_ERROR, G_IO_ERROR_BUSY);
  high = set_unmap (f, FIRST + 4, 7, NULL);
  set_assert_done (high);
  assert_n (f, 1, 1, 0);
}

/* The renewals of the others do not depend on a member that was released. */
static void
test_renewal_after_unmap_of_one (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) first = set_unmap (f, FIRST, 1, NULL);
  g_autoptr (GPtrArray) renewals = NULL;
  g_autoptr (GPtrArray) unmaps = NULL;

  test_loop_advance (&f->loop, 4000 * 1000);
  fake_gateway_reset_counts (f->gateway);
  renewals = set_map (f, FIRST + 1, N - 1, FIRST + 1);
  set_assert_leases (renewals, FIRST + 1);
  assert_n (f, 1, 0, N);

  unmaps = set_unmap (f, FIRST + 1, N - 1, NULL);
  set_assert_done (unmaps);
  assert_n (f, 1, 1, 0);
}

/* A member that is added again, with a new key, has its port without a request: a mapping of its
 * own would be refused, because the server has the port in the set. */
static void
test_released_and_added (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) one = set_unmap (f, FIRST + 3, 1, NULL);
  g_autoptr (PlumRequest) request =
    test_request_new (PLUM_PROTOCOL_TCP, FIRST + 3, FIRST + 3, 7200, 99);
  g_autoptr (PlumCall) added = NULL;
  g_autoptr (GPtrArray) others = NULL;

  test_loop_advance (&f->loop, 60000);
  added = backend_ask (f, PLUM_CALL_MAP, request);
  backend_assert_lease (added, FIRST + 3, "1.2.3.4", 7200);

  others = set_unmap (f, FIRST + 4, 7, NULL);
  g_assert_error (plum_call_get_error (others->pdata[0]), G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, N);
}

/* Another external port cannot be had without the others. */
static void
test_added_with_other_port (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) one = set_unmap (f, FIRST + 3, 1, NULL);
  g_autoptr (GPtrArray) exact = set_map_exact (f, FIRST + 3, 1, 9000);

  g_assert_error (plum_call_get_error (exact->pdata[0]), PLUM_ERROR, PLUM_ERROR_CONFLICT);
  assert_n (f, 1, 0, N);
}

static void
test_unmap_is_lost (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) unmaps = NULL;

  f->gateway->switches.drop_requests = 2;
  unmaps = set_unmap (f, FIRST, N, calls);
  set_assert_done (unmaps);
  assert_n (f, 1, 1, 0);
}

static void
test_unmap_is_not_answered (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) unmaps = NULL;

  f->gateway->switches.silent_unmap = TRUE;
  unmaps = set_unmap (f, FIRST, N, calls);
  for (guint i = 0; i < N; i++)
    g_assert_error (plum_call_get_error (unmaps->pdata[i]), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  assert_n (f, 1, 3, 0);
}

static void
test_unmap_keeps (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) unmaps = NULL;

  f->gateway->switches.keep = TRUE;
  unmaps = set_unmap (f, FIRST, N, calls);
  g_assert_error (plum_call_get_error (unmaps->pdata[0]), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_cmpstr (plum_call_get_error (unmaps->pdata[0])->message, ==,
                   "PCP: " SET_GATEWAY " did not confirm the deletion: it answered that 30 s are "
                   "left");
}

/* A new backend, such as after a restart of the program, knows the set by the tokens only. */
static void
test_unmap_after_restart (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) unmaps = NULL;

  g_object_unref (f->backend);
  backend_fixture_make (f, PLUM_TYPE_PCP_BACKEND, SET_GATEWAY, BACKEND_LOCAL);
  unmaps = set_unmap (f, FIRST, N, calls);
  set_assert_done (unmaps);
  assert_n (f, 1, 1, 0);
}

/* The leases of the first run are deleted one after the other. */
static void
test_unmap_after_restart_in_turns (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);

  g_object_unref (f->backend);
  backend_fixture_make (f, PLUM_TYPE_PCP_BACKEND, SET_GATEWAY, BACKEND_LOCAL);
  for (guint i = N; i > 0; i--)
    {
      g_autoptr (PlumRequest) request = set_request_new (FIRST + i - 1, FIRST + i - 1, FALSE);
      const PlumCallArgs args = { .request = request,
                                  .lease = plum_call_get_lease (calls->pdata[i - 1]) };
      g_autoptr (PlumCall) unmap =
        test_call (&f->loop, f->backend, PLUM_CALL_UNMAP, &args, BACKEND_PATIENCE_MS);

      g_assert_no_error (plum_call_get_error (unmap));
    }
  assert_n (f, 1, 1, 0);
}

/* The answer was not recorded. The deletion of the first port deletes the set (RFC 7753 4.4.1). */
static void
test_unmap_after_restart_without_token (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) unmaps = NULL;

  g_object_unref (f->backend);
  backend_fixture_make (f, PLUM_TYPE_PCP_BACKEND, SET_GATEWAY, BACKEND_LOCAL);
  unmaps = set_unmap (f, FIRST, N, NULL);
  set_assert_done (unmaps);
  assert_n (f, 1, N, 0);
}

/* The program uses some of the ports again: the set of the last run must not be deleted. */
static void
test_restart_takes_over (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) again = NULL;

  g_object_unref (f->backend);
  backend_fixture_make (f, PLUM_TYPE_PCP_BACKEND, SET_GATEWAY, BACKEND_LOCAL);
  again = map_all (f);
  set_assert_leases (again, FIRST);
  assert_n (f, 2, 0, N);
}

static void
test_token_of_used_ports (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);
  g_autoptr (GPtrArray) one = NULL;
  g_autoptr (GPtrArray) unmaps = NULL;

  g_object_unref (f->backend);
  backend_fixture_make (f, PLUM_TYPE_PCP_BACKEND, SET_GATEWAY, BACKEND_LOCAL);
  one = set_map (f, FIRST, 1, FIRST);
  set_assert_leases (one, FIRST);
  g_ptr_array_remove_index (calls, 0);
  unmaps = set_unmap (f, FIRST + 1, N - 1, calls);
  for (guint i = 0; i < unmaps->len; i++)
    {
      const GError *error = plum_call_get_error (unmaps->pdata[i]);
      g_autofree char *port = g_strdup_printf ("TCP port %u ", FIRST + 1 + i);

      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
      g_assert_nonnull (strstr (error->message, port));
    }
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, N);
}

/* A token that another program wrote into the file. */
static void
test_invalid_token (BackendFixture *f, gconstpointer data)
{
  static const char *const tokens[] = {
    "(@ay [0x01], @q 8000, @q 11)",
    "(@ay [], @q 8000, @q 11)",
    "(@ay [0,1,2,3,4,5,6,7,8,9,10,11], @q 0, @q 11)",
    "(@ay [0,1,2,3,4,5,6,7,8,9,10,11], @q 8000, @q 0)",
    "(@ay [0,1,2,3,4,5,6,7,8,9,10,11], @q 8000, @q 65535)",
    "(@ay [0,1,2,3,4,5,6,7,8,9,10,11], @q 9000, @q 11)",
    "(8000, 11)",
    "'text'",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (tokens); i++)
    {
      g_autoptr (GVariant) token = g_variant_parse (NULL, tokens[i], NULL, NULL, NULL);
      g_autoptr (PlumLease) lease = plum_lease_new (NULL, FIRST, 7200, token);
      g_autoptr (PlumRequest) request = set_request_new (FIRST, FIRST, FALSE);
      const PlumCallArgs args = { .request = request, .lease = lease };
      g_autoptr (PlumCall) unmap = NULL;

      g_assert_nonnull (token);
      unmap = test_call (&f->loop, f->backend, PLUM_CALL_UNMAP, &args, BACKEND_PATIENCE_MS);
      g_assert_no_error (plum_call_get_error (unmap));
    }
  g_assert_cmpuint (counts (f)->pcp_unmap, ==, G_N_ELEMENTS (tokens));
  g_assert_cmpuint (counts (f)->pcp_set_unmap, ==, 0);
}

static void
assert_entry_is_kept (BackendFixture *f)
{
  g_autoptr (PlumEntry) entry =
    plum_entry_new (PLUM_PROTOCOL_TCP, FIRST, FIRST, NULL, NULL, 0, TRUE);
  const PlumCallArgs args = { .entry = entry };
  g_autoptr (PlumCall) call =
    test_call (&f->loop, f->backend, PLUM_CALL_DELETE_ENTRY, &args, BACKEND_PATIENCE_MS);

  g_assert_error (plum_call_get_error (call), G_IO_ERROR, G_IO_ERROR_BUSY);
}

static void
test_entry (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = map_all (f);

  assert_entry_is_kept (f);
  assert_n (f, 1, 0, N);
}

static void
test_entry_of_remote (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;

  map_filtered (f);
  calls = map_all (f);
  set_assert_leases (calls, FIRST);
  assert_entry_is_kept (f);
  assert_n (f, 1, 0, N + 1);
}

/* --- Lost answers and cancellation --- */

static void
test_answers_are_lost (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;

  f->gateway->switches.drop_replies = 2;
  f->gateway->switches.duplicate = 1;
  calls = map_all (f);
  set_assert_leases (calls, FIRST);
  assert_n (f, 3, 0, N);
}

/* Core gives up after 10 s, and deletes what the server may have mapped. */
static void
test_no_answer (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;
  g_autoptr (GPtrArray) unmaps = NULL;

  f->gateway->switches.drop_replies = G_MAXUINT;
  calls = map_all (f);
  for (guint i = 0; i < N; i++)
    g_assert_error (plum_call_get_error (calls->pdata[i]), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, N);

  f->gateway->switches.drop_replies = 0;
  fake_gateway_reset_counts (f->gateway);
  unmaps = set_unmap (f, FIRST, N, NULL);
  set_assert_done (unmaps);
  assert_n (f, 0, 1, 0);
}

/* One mapping is released while the request is pending. */
static void
test_one_is_cancelled (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;
  g_autoptr (GPtrArray) one = NULL;
  g_autoptr (GPtrArray) unmaps = NULL;

  f->gateway->switches.delay_ms = 100;
  calls = set_start (f, FIRST, N, FIRST, FALSE);
  test_loop_settle (&f->loop);
  plum_call_cancel (calls->pdata[0]);
  one = set_unmap (f, FIRST, 1, NULL);
  g_assert_error (plum_call_get_error (one->pdata[0]), G_IO_ERROR, G_IO_ERROR_BUSY);

  g_ptr_array_remove_index (calls, 0);
  set_wait (f, calls);
  set_assert_leases (calls, FIRST + 1);
  unmaps = set_unmap (f, FIRST + 1, N - 1, calls);
  set_assert_done (unmaps);
  assert_n (f, 1, 1, 0);
}

/* Core cancels a request before it releases its port; a deletion must not be sent beside it. */
static void
test_released_while_pending (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;
  g_autoptr (GPtrArray) unmaps = NULL;

  f->gateway->switches.delay_ms = 100;
  calls = set_start (f, FIRST, N, FIRST, FALSE);
  test_loop_settle (&f->loop);
  unmaps = set_unmap (f, FIRST, N, NULL);
  for (guint i = 0; i < N; i++)
    g_assert_error (plum_call_get_error (unmaps->pdata[i]), G_IO_ERROR, G_IO_ERROR_BUSY);

  set_wait (f, calls);
  set_assert_leases (calls, FIRST);
  assert_n (f, 1, 0, N);
}

static void
test_all_are_cancelled (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = set_start (f, FIRST, N, FIRST, FALSE);
  g_autoptr (GPtrArray) unmaps = NULL;
  g_autoptr (GPtrArray) again = NULL;

  test_loop_settle (&f->loop);
  for (guint i = 0; i < N; i++)
    plum_call_cancel (calls->pdata[i]);
  unmaps = set_unmap (f, FIRST, N, NULL);
  set_assert_done (unmaps);
  assert_n (f, 1, 1, 0);

  again = map_all (f);
  set_assert_leases (again, FIRST);
  assert_n (f, 2, 1, N);
}

/* Requests that are given up in the same turn are never sent. */
static void
test_cancelled_at_once (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = set_start (f, FIRST, N, FIRST, FALSE);

  for (guint i = 0; i < N; i++)
    plum_call_cancel (calls->pdata[i]);
  test_loop_settle (&f->loop);
  g_assert_cmpuint (counts (f)->datagrams, ==, 0);
}

static void
test_unreadable (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;

  f->gateway->switches.truncate = 70;
  calls = map_all (f);
  for (guint i = 0; i < N; i++)
    g_assert_error (plum_call_get_error (calls->pdata[i]), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_cmpuint (counts (f)->pcp_unmap, >=, 1);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 0);
}

static void
test_port_is_closed (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;

  fake_gateway_set_open (f->gateway, FALSE);
  calls = map_all (f);
  for (guint i = 0; i < N; i++)
    g_assert_error (plum_call_get_error (calls->pdata[i]), G_IO_ERROR,
                    G_IO_ERROR_CONNECTION_REFUSED);
}

static void
test_freed_while_pending (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;

  f->gateway->switches.pcp = FAKE_SILENT;
  calls = set_start (f, FIRST, N, FIRST, FALSE);
  test_loop_settle (&f->loop);
  for (guint i = 0; i < N; i++)
    plum_call_cancel (calls->pdata[i]);
}

/* --- A large range --- */

static void
test_hundred (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = set_map (f, 20000, 100, 20000);

  set_assert_leases (calls, 20000);
  assert_n (f, 1, 0, 100);
}

#define ADD(path, func) ADD_WITH (path, NULL, func)
#define ADD_WITH(path, data, func)                                                                 \
  g_test_add ("/pcp/port-set/" path, BackendFixture, data, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("one-exchange", test_one_exchange);
  ADD ("other-external-ports", test_other_external_ports);
  ADD ("one-port", test_one_port);
  ADD ("gap", test_gap);
  ADD ("any-order", test_any_order);
  ADD ("last-port", test_last_port);
  ADD ("taken", test_taken);
  ADD ("parity/kept", test_parity);
  ADD ("parity/not-requested", test_no_parity);
  ADD ("parity/not-kept", test_parity_is_not_kept);
  ADD ("ignored", test_ignored);
  ADD_WITH ("refused/malformed-request", GUINT_TO_POINTER (3), test_refused);
  ADD_WITH ("refused/unsupported-option", GUINT_TO_POINTER (5), test_refused);
  ADD_WITH ("refused/malformed-option", GUINT_TO_POINTER (6), test_refused);
  ADD_WITH ("refused/no-resources", GUINT_TO_POINTER (8), test_refused);
  ADD ("refused/twice", test_refused_twice);
  ADD ("asked-again-after-restart", test_asked_again_after_restart);
  ADD ("smaller", test_smaller);
  ADD ("other-first-port", test_other_first_port);
  ADD ("larger", test_larger);
  ADD ("useless", test_useless);
  ADD ("past-the-end", test_past_the_end);
  ADD ("remote/filtered", test_remote);
  ADD ("remote/at-first", test_remote_at_first);
  ADD ("remote/after-restart", test_remote_after_restart);
  ADD ("remote/dropped", test_remote_is_dropped);
  ADD ("exact/granted", test_exact);
  ADD ("exact/taken", test_exact_is_taken);
  ADD ("renewal/one-exchange", test_renewal);
  ADD ("renewal/in-turns", test_renewal_in_turns);
  ADD ("renewal/smaller", test_renewal_of_smaller);
  ADD ("renewal/lost", test_renewal_is_lost);
  ADD ("renewal/refused", test_renewal_is_refused);
  ADD ("renewal/finds-smaller", test_renewal_finds_smaller);
  ADD ("restart", test_restart);
  ADD ("announced", test_announced);
  ADD ("external-address", test_external_address);
  ADD ("update/address", test_moved_address);
  ADD ("update/smaller", test_update_reports_smaller);
  ADD ("refresh-finds-smaller", test_refresh_finds_smaller);
  ADD ("expired/one", test_expired);
  ADD ("expired/not", test_not_expired);
  ADD ("expired/shared-lease", test_shared_lease);
  ADD ("expired/made-again", test_expired_and_made_again);
  ADD ("unmap/all", test_unmap);
  ADD ("unmap/one", test_unmap_of_one);
  ADD ("unmap/renewal-after-one", test_renewal_after_unmap_of_one);
  ADD ("unmap/one-and-added-again", test_released_and_added);
  ADD ("unmap/one-and-added-with-other-port", test_added_with_other_port);
  ADD ("unmap/lost", test_unmap_is_lost);
  ADD ("unmap/not-answered", test_unmap_is_not_answered);
  ADD ("unmap/keeps", test_unmap_keeps);
  ADD ("unmap/after-restart", test_unmap_after_restart);
  ADD ("unmap/after-restart-in-turns", test_unmap_after_restart_in_turns);
  ADD ("unmap/after-restart-without-token", test_unmap_after_restart_without_token);
  ADD ("unmap/entry", test_entry);
  ADD ("unmap/entry-of-remote", test_entry_of_remote);
  ADD ("token/taken-over", test_restart_takes_over);
  ADD ("token/used-ports", test_token_of_used_ports);
  ADD ("token/invalid", test_invalid_token);
  ADD ("lost-answers", test_answers_are_lost);
  ADD ("no-answer", test_no_answer);
  ADD ("cancelled/one", test_one_is_cancelled);
  ADD ("cancelled/all", test_all_are_cancelled);
  ADD ("released-while-pending", test_released_while_pending);
  ADD ("cancelled/at-once", test_cancelled_at_once);
  ADD ("unreadable", test_unreadable);
  ADD ("port-closed", test_port_is_closed);
  ADD ("freed-while-pending", test_freed_while_pending);
  ADD ("hundred", test_hundred);

  return g_test_run ();
}

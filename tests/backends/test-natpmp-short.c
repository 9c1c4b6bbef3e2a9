/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "backend-fixture.h"
#include "natpmp-backend.h"

#define GATEWAY "127.52.1.1"

/* Errors that the router cuts to their first bytes: which requests they refuse, what happens to the
 * others, and what stays on the router. */

#define UNSUPP_VERSION 1
#define NOT_AUTHORIZED 2
#define NETWORK_FAILURE 3
#define OUT_OF_RESOURCES 4
#define UNSUPP_OPCODE 5
#define UNKNOWN_RESULT 77

#define FIRST_PORT 8080
/* So many ports of the protocol that gets the error, and then one of the other protocol. */
#define N_SAME 3
#define N_CALLS (N_SAME + 1)

/* What the router refuses, and to which size it cuts the error. 16: not at all. */
typedef struct
{
  guint opcode;
  guint result;
  guint size;
} Row;

static void
set_up (BackendFixture *f, gconstpointer data)
{
  backend_fixture_set_up (f, PLUM_TYPE_NATPMP_BACKEND, GATEWAY);
}

static void
tear_down (BackendFixture *f, gconstpointer data)
{
  backend_fixture_tear_down (f);
}

static PlumCall *
start (BackendFixture *f, PlumCallKind kind, PlumProtocol protocol, guint port)
{
  g_autoptr (PlumRequest) request = test_request_new (protocol, port, port, 7200, 1);
  g_autoptr (PlumLease) lease = plum_lease_new (NULL, port, 7200, NULL);
  PlumCallArgs args = { .request = request, .lease = lease };

  return plum_backend_call (f->backend, kind, &args, BACKEND_PATIENCE_MS, NULL, NULL);
}

static PlumCall *
start_map (BackendFixture *f, guint port)
{
  return start (f, PLUM_CALL_MAP, PLUM_PROTOCOL_TCP, port);
}

static void
must_discover (BackendFixture *f)
{
  g_autoptr (PlumCall) call = backend_discover (f);

  g_assert_no_error (plum_call_get_error (call));
}

static void
refuse_maps (BackendFixture *f, guint result, guint n, guint size)
{
  f->gateway->switches.map_result = result;
  f->gateway->switches.n_map_results = n;
  f->gateway->switches.cut_errors = size;
}

static PlumProtocol
get_protocol (const Row *row, guint i)
{
  gboolean udp = (row->opcode == 129) == (i < N_SAME);

  return udp ? PLUM_PROTOCOL_UDP : PLUM_PROTOCOL_TCP;
}

static void
start_maps (BackendFixture *f, const Row *row, PlumCall **calls)
{
  for (guint i = 0; i < N_CALLS; i++)
    calls[i] = start (f, PLUM_CALL_MAP, get_protocol (row, i), FIRST_PORT + i);
}

/* The router has what was granted, and nothing else. */
static void
assert_table (BackendFixture *f, const Row *row, PlumCall **calls)
{
  guint n = 0;

  for (guint i = 0; i < N_CALLS; i++)
    {
      PlumLease *lease = plum_call_get_lease (calls[i]);
      PlumProtocol protocol = get_protocol (row, i);

      if (lease == NULL)
        continue;
      n++;
      g_assert_cmpuint (plum_lease_get_external_port (lease), ==,
                        fake_gateway_get_external_port (f->gateway, protocol, FIRST_PORT + i,
                                                        NULL));
    }
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, n);
}

/* Removes what was granted: then nothing is left. */
static void
clear_maps (BackendFixture *f, const Row *row, PlumCall **calls)
{
  f->gateway->switches.map_result = 0;
  for (guint i = 0; i < N_CALLS; i++)
    {
      g_autoptr (PlumCall) unmap = NULL;

      if (plum_call_get_lease (calls[i]) != NULL)
        {
          unmap = start (f, PLUM_CALL_UNMAP, get_protocol (row, i), FIRST_PORT + i);
          test_loop_settle (&f->loop);
          g_assert_true (plum_call_is_settled (unmap));
          g_assert_no_error (plum_call_get_error (unmap));
        }
      g_clear_object (&calls[i]);
    }
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 0);
}

static int
get_error (guint result)
{
  switch (result)
    {
    case UNSUPP_VERSION:
    case UNSUPP_OPCODE:
      return PLUM_ERROR_NOT_SUPPORTED;
    case NETWORK_FAILURE:
    case OUT_OF_RESOURCES:
      return PLUM_ERROR_NO_RESOURCES;
    default:
      return PLUM_ERROR_REFUSED;
    }
}

/* The error of a request of test_map (); 0: it succeeds. */
static int
get_map_error (const Row *row, guint i)
{
  switch (row->result)
    {
    case UNSUPP_VERSION: /* of the whole protocol */
      return get_error (row->result);
    case UNSUPP_OPCODE: /* of all requests with this opcode */
      return i < N_SAME ? get_error (row->result) : 0;
    case NOT_AUTHORIZED: /* another port is granted */
    case OUT_OF_RESOURCES:
      return 0;
    default:
      return i == 0 ? get_error (row->result) : 0;
    }
}

static void
assert_outcome (PlumCall *call, int code)
{
  const GError *error = plum_call_get_error (call);

  g_assert_true (plum_call_is_settled (call));
  if (code == 0)
    g_assert_no_error (error);
  else
    g_assert_error (error, PLUM_ERROR, code);
  g_assert_true ((plum_call_get_lease (call) != NULL) == (code == 0));
}

/* The first of several requests is refused, once. */
static void
test_map (BackendFixture *f, gconstpointer data)
{
  const Row *row = data;
  PlumCall *calls[N_CALLS];

  must_discover (f);
  refuse_maps (f, row->result, 1, row->size);
  start_maps (f, row, calls);
  test_loop_settle (&f->loop);
  for (guint i = 0; i < N_CALLS; i++)
    {
      g_test_message ("request %u", i);
      assert_outcome (calls[i], get_map_error (row, i));
    }
  if (row->result == NOT_AUTHORIZED || row->result == OUT_OF_RESOURCES)
    g_assert_cmpuint (plum_lease_get_external_port (plum_call_get_lease (calls[0])), !=,
                      FIRST_PORT);
  assert_table (f, row, calls);
  g_assert_cmpuint (f->lost->len, ==, 0);
  clear_maps (f, row, calls);
}

/* The external address is refused, while maps are granted. */
static void
test_address (BackendFixture *f, gconstpointer data)
{
  const Row *row = data;
  int error = get_error (row->result);
  g_autoptr (PlumCall) discover = NULL;
  PlumCall *calls[N_CALLS];

  f->gateway->switches.address_result = row->result;
  f->gateway->switches.cut_errors = row->size;
  discover = start (f, PLUM_CALL_DISCOVER, PLUM_PROTOCOL_TCP, FIRST_PORT);
  start_maps (f, row, calls);
  test_loop_settle (&f->loop);
  g_assert_true (plum_call_is_settled (discover));
  g_assert_error (plum_call_get_error (discover), PLUM_ERROR, error);
  for (guint i = 0; i < N_CALLS; i++)
    {
      if (row->result == UNSUPP_VERSION) /* of the whole protocol */
        g_assert_error (plum_call_get_error (calls[i]), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
      else
        backend_assert_lease (calls[i], FIRST_PORT + i, NULL, 7200);
    }
  if (row->result != UNSUPP_VERSION)
    assert_table (f, row, calls);
  else
    fake_gateway_wipe (f->gateway);
  g_assert_cmpuint (f->lost->len, ==, 0);
  clear_maps (f, row, calls);
}

/* --- Errors that do not say which request they refuse --- */

/* The first request is late and no longer delays the second one: both may be meant. */
static void
test_two_pending (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) late = NULL;
  g_autoptr (PlumCall) next = NULL;

  must_discover (f);
  f->gateway->switches.drop_requests = 4;
  late = start_map (f, 8080);
  next = start_map (f, 8081);
  test_loop_advance (&f->loop, 3000);
  refuse_maps (f, NETWORK_FAILURE, 1, 4);
  test_loop_advance (&f->loop, 5000);
  backend_assert_lease (late, 8080, "1.2.3.4", 7200);
  backend_assert_lease (next, 8081, "1.2.3.4", 7200);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 2);
}

/* The router answers both sends of the first request, the second one when the next request is sent:
 * that one is not refused. */
static void
test_late_copy (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) refused = NULL;
  g_autoptr (PlumCall) next = NULL;

  must_discover (f);
  f->gateway->switches.delay_ms = 300;
  refuse_maps (f, NETWORK_FAILURE, 2, 4);
  refused = start_map (f, 8080);
  next = start_map (f, 8081);
  test_loop_advance (&f->loop, 5000);
  g_assert_error (plum_call_get_error (refused), PLUM_ERROR, PLUM_ERROR_NO_RESOURCES);
  backend_assert_lease (next, 8081, "1.2.3.4", 7200);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 1);
}

/* The same for another port of the same request: each refusal counts once. */
static void
test_late_copy_same (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  must_discover (f);
  f->gateway->switches.delay_ms = 300;
  refuse_maps (f, NOT_AUTHORIZED, 2, 4);
  call = start_map (f, 8080);
  test_loop_advance (&f->loop, 5000);
  g_assert_no_error (plum_call_get_error (call));
  g_assert_nonnull (plum_call_get_lease (call));
}

/* The request is cancelled before its answer arrives, which then does not refuse the deletion. */
static void
test_cancelled (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;
  g_autoptr (PlumCall) unmap = NULL;

  must_discover (f);
  f->gateway->switches.delay_ms = 100;
  refuse_maps (f, NETWORK_FAILURE, 1, 4);
  call = start_map (f, 8080);
  test_loop_settle (&f->loop);
  plum_call_cancel (call);
  unmap = start (f, PLUM_CALL_UNMAP, PLUM_PROTOCOL_TCP, 8080);
  test_loop_advance (&f->loop, 1000);
  g_assert_true (plum_call_is_settled (unmap));
  g_assert_no_error (plum_call_get_error (unmap));
}

/* The network copies each error. The copy refuses the next request, but the router grants that: the
 * grant is deleted, and may be requested again. */
static void
test_copies (BackendFixture *f, gconstpointer data)
{
  const Row row = { .opcode = 130 };
  PlumCall *calls[N_CALLS];
  g_autoptr (PlumCall) again = NULL;

  must_discover (f);
  f->gateway->switches.duplicate = 1;
  refuse_maps (f, NETWORK_FAILURE, 1, 4);
  start_maps (f, &row, calls);
  test_loop_advance (&f->loop, 1000);
  g_assert_error (plum_call_get_error (calls[0]), PLUM_ERROR, PLUM_ERROR_NO_RESOURCES);
  g_assert_error (plum_call_get_error (calls[1]), PLUM_ERROR, PLUM_ERROR_NO_RESOURCES);
  g_assert_no_error (plum_call_get_error (calls[2]));
  g_assert_no_error (plum_call_get_error (calls[3]));
  assert_table (f, &row, calls);
  g_assert_cmpuint (f->gateway->counts.natpmp_unmap, ==, 1);

  again = backend_map (f, FIRST_PORT + 1);
  backend_assert_lease (again, FIRST_PORT + 1, "1.2.3.4", 7200);
  g_object_unref (calls[1]);
  calls[1] = g_steal_pointer (&again);
  clear_maps (f, &row, calls);
}

/* An answer that was lost does not make later refusals unclear for long. */
static void
test_after_silence (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) silent = NULL;
  g_autoptr (PlumCall) call = NULL;
  gint64 start;

  must_discover (f);
  f->gateway->switches.drop_requests = G_MAXUINT;
  silent = backend_map (f, 8080);
  g_assert_error (plum_call_get_error (silent), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  f->gateway->switches.drop_requests = 0;
  test_loop_advance (&f->loop, 15000);
  refuse_maps (f, NETWORK_FAILURE, G_MAXUINT, 4);
  start = plum_clock_get_time (f->loop.clock);
  call = backend_map (f, 8081);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_NO_RESOURCES);
  g_assert_cmpint (plum_clock_get_time (f->loop.clock), ==, start);
}

/* --- Other requests --- */

static void
test_unmap (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  backend_must_map (f, 8081);
  f->gateway->switches.unmap_result = NOT_AUTHORIZED;
  f->gateway->switches.cut_errors = GPOINTER_TO_UINT (data);
  call = backend_unmap (f, 8080);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_REFUSED);
}

/* All ports that are tried are refused. */
static void
test_all_ports (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  must_discover (f);
  refuse_maps (f, OUT_OF_RESOURCES, G_MAXUINT, 4);
  call = backend_map (f, 8080);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_NO_RESOURCES);
  g_assert_cmpuint (f->gateway->counts.natpmp_map, ==, 4);
  g_assert_cmpuint (f->gateway->counts.natpmp_unmap, ==, 0);
}

/* The first send is granted and its answer lost; the second one is refused. */
static void
test_after_lost_grant (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  must_discover (f);
  f->gateway->switches.drop_replies = 1;
  call = start_map (f, 8080);
  test_loop_settle (&f->loop);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 1);
  refuse_maps (f, GPOINTER_TO_UINT (data), G_MAXUINT, 4);
  test_loop_advance (&f->loop, 5000);
  g_assert_nonnull (plum_call_get_error (call));
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 0);
}

/* The address is known, and a check is refused: the mappings stay. */
static void
test_check (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) check = NULL;
  g_autoptr (PlumCall) renewal = NULL;

  backend_must_map (f, 8080);
  test_loop_advance (&f->loop, 60000);
  f->gateway->switches.address_result = GPOINTER_TO_UINT (data);
  f->gateway->switches.cut_errors = 4;
  check = start (f, PLUM_CALL_CHECK, PLUM_PROTOCOL_TCP, 8080);
  renewal = start_map (f, 8080);
  test_loop_settle (&f->loop);
  g_assert_nonnull (plum_call_get_error (check));
  g_assert_no_error (plum_call_get_error (renewal));
  g_assert_cmpuint (f->lost->len, ==, 0);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 1);
}

static void
add (const char *path, gconstpointer data, BackendTest test)
{
  g_test_add (path, BackendFixture, data, set_up, test, tear_down);
}

static void
add_rows (void)
{
  static const char *const names[] = { "address", "udp", "tcp" };
  static const guint results[] = { UNSUPP_VERSION,   NOT_AUTHORIZED, NETWORK_FAILURE,
                                   OUT_OF_RESOURCES, UNSUPP_OPCODE,  UNKNOWN_RESULT };
  static Row rows[G_N_ELEMENTS (names) * G_N_ELEMENTS (results) * 13];
  Row *row = rows;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    for (guint j = 0; j < G_N_ELEMENTS (results); j++)
      for (guint size = 4; size <= 16; size++)
        {
          g_autofree char *path =
            g_strdup_printf ("/natpmp/short/%s/%u-in-%u", names[i], results[j], size);

          *row = (Row){ .opcode = 128 + i, .result = results[j], .size = size };
          add (path, row, i == 0 ? test_address : test_map);
          row++;
        }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add_rows ();
  add ("/natpmp/short/two-pending", NULL, test_two_pending);
  add ("/natpmp/short/late-copy", NULL, test_late_copy);
  add ("/natpmp/short/late-copy-same", NULL, test_late_copy_same);
  add ("/natpmp/short/cancelled", NULL, test_cancelled);
  add ("/natpmp/short/copies", NULL, test_copies);
  add ("/natpmp/short/after-silence", NULL, test_after_silence);
  add ("/natpmp/short/unmap-4", GUINT_TO_POINTER (4), test_unmap);
  add ("/natpmp/short/unmap-8", GUINT_TO_POINTER (8), test_unmap);
  add ("/natpmp/short/all-ports", NULL, test_all_ports);
  add ("/natpmp/short/after-lost-grant/3", GUINT_TO_POINTER (3), test_after_lost_grant);
  add ("/natpmp/short/after-lost-grant/5", GUINT_TO_POINTER (5), test_after_lost_grant);
  add ("/natpmp/short/check/2", GUINT_TO_POINTER (2), test_check);
  add ("/natpmp/short/check/5", GUINT_TO_POINTER (5), test_check);

  return g_test_run ();
}

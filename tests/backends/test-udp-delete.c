/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "udp-fixture.h"

/* Deletions: of an entry of the table, and of a mapping. What is not confirmed is no success. */

static gboolean
has_mapping (BackendFixture *f, guint port)
{
  return fake_gateway_has_mapping (f->gateway, PLUM_PROTOCOL_TCP, port);
}

static void
assert_mentions (PlumCall *call, const char *text)
{
  g_assert_nonnull (plum_call_get_error (call));
  g_test_message ("%s", plum_call_get_error (call)->message);
  g_assert_nonnull (strstr (plum_call_get_error (call)->message, text));
}

/* --- Deletion of an entry --- */

static PlumCall *
delete_entry (BackendFixture *f, guint internal_port, const char *address)
{
  g_autoptr (GInetAddress) local =
    address != NULL ? g_inet_address_new_from_string (address) : NULL;
  g_autoptr (PlumEntry) entry =
    plum_entry_new (PLUM_PROTOCOL_TCP, 0, internal_port, local, NULL, 0, TRUE);
  const PlumCallArgs args = { .entry = entry };

  return test_call (&f->loop, f->backend, PLUM_CALL_DELETE_ENTRY, &args, BACKEND_PATIENCE_MS);
}

static void
test_entry_own (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  backend_must_map (f, 8081);
  fake_gateway_reset_counts (f->gateway);
  call = delete_entry (f, 8080, data);
  g_assert_no_error (plum_call_get_error (call));
  g_assert_false (has_mapping (f, 8080));
  g_assert_true (has_mapping (f, 8081));
  g_assert_cmpuint (udp_count (f, udp_protocol->unmaps), ==, 1);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 1);
  g_assert_cmpuint (f->gateway->counts.bad, ==, 0);
}

/* A mapping of an earlier run, whose key is not known. */
static void
test_entry_foreign (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  g_assert_finalize_object (g_steal_pointer (&f->backend));
  backend_fixture_make (f, udp_protocol->get_type (), udp_protocol->gateway, BACKEND_LOCAL);
  fake_gateway_reset_counts (f->gateway);
  call = delete_entry (f, 8080, NULL);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 1);
  if (udp_protocol == &udp_natpmp)
    {
      g_assert_no_error (plum_call_get_error (call));
      g_assert_false (has_mapping (f, 8080));
      return;
    }

  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_REFUSED);
  assert_mentions (call, "key");
  g_assert_true (has_mapping (f, 8080));
}

static void
test_entry_absent (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = delete_entry (f, 8080, NULL);

  g_assert_no_error (plum_call_get_error (call));
  g_assert_cmpuint (udp_count (f, udp_protocol->maps), ==, 0);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 0);
}

/* miniupnpd answers the deletion of what does not exist with NO_RESOURCES. */
static void
test_entry_result (BackendFixture *f, gconstpointer data)
{
  guint result = GPOINTER_TO_UINT (data);
  int expected = result == 8 ? PLUM_ERROR_DESTROYED : PLUM_ERROR_REFUSED;
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.unmap_result = result;
  call = delete_entry (f, 8080, NULL);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, expected);
}

static void
test_entry_silent (BackendFixture *f, gconstpointer data)
{
  gint64 start = plum_clock_get_time (f->loop.clock);
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.silent_unmap = TRUE;
  call = delete_entry (f, 8080, NULL);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_cmpint (plum_clock_get_time (f->loop.clock) - start, ==, 1750 * 1000);
  g_assert_cmpuint (udp_count (f, udp_protocol->unmaps), ==, 3);
}

/* Internal port 0 would delete everything, and the protocols cannot name another host. */
static void
test_entry_unfit (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) all = delete_entry (f, 0, NULL);
  g_autoptr (PlumCall) other = delete_entry (f, 8080, "192.0.2.9");

  g_assert_error (plum_call_get_error (all), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  g_assert_error (plum_call_get_error (other), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 0);
}

/* --- Unmap --- */

static void
test_unmap_never_answered (BackendFixture *f, gconstpointer data)
{
  gint64 start;
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  f->gateway->switches.silent_unmap = TRUE;
  start = plum_clock_get_time (f->loop.clock);
  call = backend_unmap (f, 8080);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_cmpint (plum_clock_get_time (f->loop.clock) - start, ==, 1750 * 1000);
}

/* The router keeps the mapping: that is no success. */
static void
test_unmap_kept (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  f->gateway->switches.keep = TRUE;
  call = backend_unmap (f, 8080);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  if (udp_protocol == &udp_pcp)
    assert_mentions (call, "30 s are left");
}

/* A router that is slow to answer is waited for. */
static void
test_unmap_slow (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.delay_ms = 3000;
  backend_must_map (f, 8080);
  test_loop_advance (&f->loop, 10000);
  call = backend_unmap (f, 8080);
  g_assert_no_error (plum_call_get_error (call));
  g_assert_false (has_mapping (f, 8080));
}

static void
add_entries (void)
{
  udp_add ("entry/own", NULL, test_entry_own);
  udp_add ("entry/own-address", BACKEND_LOCAL, test_entry_own);
  udp_add ("entry/key-unknown", NULL, test_entry_foreign);
  udp_add ("entry/absent", NULL, test_entry_absent);
  udp_add ("entry/not-authorized", GUINT_TO_POINTER (2), test_entry_result);
  udp_add_for (&udp_pcp, "entry/no-resources", GUINT_TO_POINTER (8), test_entry_result);
  udp_add ("entry/silent", NULL, test_entry_silent);
  udp_add ("entry/unfit", NULL, test_entry_unfit);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add_entries ();
  udp_add ("unmap/never-answered", NULL, test_unmap_never_answered);
  udp_add ("unmap/kept", NULL, test_unmap_kept);
  udp_add ("unmap/slow", NULL, test_unmap_slow);

  return g_test_run ();
}

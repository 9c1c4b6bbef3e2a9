/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define UPNP_TEST_NET "127.77.45"

#include "plum-error-private.h"
#include "upnp-fixture.h"

#include <string.h>

const char upnp_test_net[] = UPNP_TEST_NET;

/* A lease is of one service, but the backend uses another one by now: of another router, or of the
 * same one. */

/* -- Another router -- */

static void
add (FakeIgd *igd, const char *client)
{
  fake_igd_add_entry (igd, PLUM_PROTOCOL_TCP, 9000, 8080, client, 0);
}

/* Maps port 9000 on the gateway. Then only the other router answers searches. */
static PlumLease *
map_and_switch (Fixture *f, FakeIgd *other)
{
  PlumLease *lease = map_port (f, 9000);

  f->igd->neighbour = other;
  f->igd->switches.ssdp_silent = TRUE;
  discover (f);
  g_assert_cmpuint (other->counts.get_status, >, 0);
  f->igd->counts.delete = 0;
  return lease;
}

/* restart: the program is another one, which has the lease from a file. */
static void
unmap_from_first (Fixture *f, FakeIgdSwitches switches, gboolean restart)
{
  FakeIgd *other = fake_igd_new (OTHER);
  g_autoptr (PlumLease) lease = NULL;

  other->switches = switches;
  add (other, STRANGER);
  lease = map_and_switch (f, other);
  if (restart)
    {
      renew_backend (f);
      discover (f);
    }
  unmap_port (f, lease);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
  g_assert_cmpuint (fake_igd_n_entries (other), ==, 1);
  g_assert_cmpuint (other->counts.get_specific, ==, 0);
  g_assert_cmpuint (other->counts.delete, ==, 0);
  fake_igd_free (other);
}

static void
test_unmap (Fixture *f, gconstpointer data)
{
  unmap_from_first (f, (FakeIgdSwitches){ 0 }, FALSE);
}

static void
test_unmap_after_restart (Fixture *f, gconstpointer data)
{
  unmap_from_first (f, (FakeIgdSwitches){ 0 }, TRUE);
}

/* The other router does not show its entries. */
static void
test_unmap_unread (Fixture *f, gconstpointer data)
{
  unmap_from_first (f, (FakeIgdSwitches){ .specific_fault = 401 }, FALSE);
}

static void
test_check (Fixture *f, gconstpointer data)
{
  FakeIgd *other = fake_igd_new (OTHER);
  g_autoptr (PlumLease) lease = map_and_switch (f, other);

  assert_check (f, lease, -1);
  fake_igd_wipe (f->igd);
  assert_check (f, lease, PLUM_ERROR_DESTROYED);
  g_assert_cmpuint (other->counts.get_specific, ==, 0);
  fake_igd_free (other);
}

/* The port is not held on the other router: it is not a renewal there. */
static void
test_map (Fixture *f, gconstpointer data)
{
  FakeIgd *other = fake_igd_new (OTHER);
  g_autoptr (PlumLease) lease = NULL;
  g_autoptr (PlumCall) mapped = NULL;

  other->switches.overwrite = TRUE;
  add (other, STRANGER);
  lease = map_and_switch (f, other);
  mapped = map_call (f, 8080, 9000, LIFETIME);
  g_assert_no_error (plum_call_get_error (mapped));
  g_assert_cmpuint (plum_lease_get_external_port (plum_call_get_lease (mapped)), !=, 9000);
  g_assert_cmpstr (fake_igd_find (other, PLUM_PROTOCOL_TCP, 9000)->client, ==, STRANGER);
  fake_igd_free (other);
}

/* What this process holds on the other router is not the entry of the lease. */
static void
test_both (Fixture *f, gconstpointer data)
{
  FakeIgd *other = fake_igd_new (OTHER);
  g_autoptr (PlumLease) lease = map_and_switch (f, other);
  g_autoptr (PlumCall) mapped = map_call (f, 8080, 9000, LIFETIME);
  g_autoptr (PlumCall) done = NULL;

  g_assert_no_error (plum_call_get_error (mapped));
  unmap_port (f, lease);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
  g_assert_cmpuint (fake_igd_n_entries (other), ==, 1);

  fake_igd_stop_http (f->igd);
  done = lease_call (f, PLUM_CALL_UNMAP, lease);
  g_assert_error (plum_call_get_error (done), G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  g_assert_cmpuint (fake_igd_n_entries (other), ==, 1);
  g_assert_null (f->lost);
  unmap_port (f, plum_call_get_lease (mapped));
  g_assert_cmpuint (fake_igd_n_entries (other), ==, 0);
  fake_igd_free (other);
}

/* -- The first router does not answer any more -- */

static void
assert_unanswered (PlumCall *done)
{
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_NO_GATEWAY);
  g_assert_cmpstr (plum_call_get_error (done)->message, ==,
                   "UPnP: the router that has added the entry for port 9000 does not answer");
  g_assert_false (plum_error_is_final (plum_call_get_error (done)));
}

/* It is the same router at another address if it has the entry. */
static void
test_gone (Fixture *f, gconstpointer data)
{
  FakeIgd *other = fake_igd_new (OTHER);
  g_autoptr (PlumLease) lease = map_and_switch (f, other);
  g_autoptr (PlumCall) absent = NULL;
  g_autoptr (PlumCall) taken = NULL;

  fake_igd_stop_http (f->igd);
  absent = lease_call (f, PLUM_CALL_UNMAP, lease);
  assert_unanswered (absent);
  add (other, STRANGER);
  taken = lease_call (f, PLUM_CALL_UNMAP, lease);
  assert_unanswered (taken);
  g_assert_cmpuint (other->counts.delete, ==, 0);

  add (other, LOCAL);
  assert_check (f, lease, -1);
  unmap_port (f, lease);
  g_assert_cmpuint (fake_igd_n_entries (other), ==, 0);
  assert_check (f, lease, PLUM_ERROR_DESTROYED);
  fake_igd_free (other);
}

/* The other router does not show its entries either: nothing is deleted. */
static void
test_gone_unread (Fixture *f, gconstpointer data)
{
  FakeIgd *other = fake_igd_new (OTHER);
  g_autoptr (PlumLease) lease = NULL;
  g_autoptr (PlumCall) done = NULL;

  other->switches.specific_fault = 401;
  add (other, STRANGER);
  lease = map_and_switch (f, other);
  fake_igd_stop_http (f->igd);
  done = lease_call (f, PLUM_CALL_UNMAP, lease);
  assert_unanswered (done);
  g_assert_cmpuint (other->counts.delete, ==, 0);
  fake_igd_free (other);
}

/* -- Another service of the same router -- */

/* The other connection is up in place of the first one, and has a table of its own, which is empty.
 */
static void
swap_connections (const char *request, guint *status, GString *body, gpointer data)
{
  gboolean is_other = strstr (request, "POST /ctl/down ") != NULL;

  g_string_replace (body, is_other ? ">Disconnected<" : ">Connected<",
                    is_other ? ">Connected<" : ">Disconnected<", 0);
  g_string_replace (body, is_other ? ">0.0.0.0<" : ">1.2.3.4<",
                    is_other ? ">1.2.3.4<" : ">0.0.0.0<", 0);
  if (!is_other || strstr (request, "#GetSpecificPortMappingEntry\"") == NULL)
    return;

  *status = 500;
  g_string_printf (body,
                   "<Envelope><Body><Fault><detail><UPnPError><errorCode>%s</errorCode>"
                   "</UPnPError></detail></Fault></Body></Envelope>",
                   data != NULL ? (const char *) data : "714");
}

static void
test_failover (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 9000);

  f->igd->edit = swap_connections;
  discover (f);
  g_assert_true (g_str_has_prefix (f->igd->last_request, "POST /ctl/down "));
  assert_check (f, lease, -1);
  unmap_port (f, lease);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
  g_assert_true (g_str_has_prefix (f->igd->last_request, "POST /ctl/IPConn "));
}

/* The other connection does not show its entries, and says nothing about those of the first one. */
static void
test_failover_unread (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 9000);
  g_autoptr (PlumCall) mapped = NULL;

  f->igd->edit = swap_connections;
  f->igd->edit_data = (gpointer) "401";
  discover (f);
  mapped = map_call (f, 8081, 9001, LIFETIME);
  g_assert_no_error (plum_call_get_error (mapped));

  fake_igd_wipe (f->igd);
  add (f->igd, STRANGER);
  f->igd->counts.delete = 0;
  unmap_port (f, lease);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
  g_assert_cmpuint (f->igd->counts.delete, ==, 0);
}

/* A restart of the router changes the control URL of the service. */
static void
test_other_url (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 9000);

  fake_igd_restart (f->igd);
  f->igd->switches.query_control = TRUE;
  add (f->igd, LOCAL);
  discover (f);
  assert_check (f, lease, -1);
  unmap_port (f, lease);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
  unmap_port (f, lease);
}

/* A firmware update replaces the service: the entry may be another host's by now. */
static void
test_other_type (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 9000);
  g_autoptr (PlumCall) unread = NULL;

  fake_igd_restart (f->igd);
  f->igd->switches.version = 2;
  f->igd->switches.specific_fault = 401;
  add (f->igd, STRANGER);
  discover (f);
  unread = lease_call (f, PLUM_CALL_UNMAP, lease);
  g_assert_nonnull (plum_call_get_error (unread));
  g_assert_cmpuint (f->igd->counts.delete, ==, 0);

  f->igd->switches.specific_fault = 0;
  add (f->igd, LOCAL);
  unmap_port (f, lease);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

static const UpnpTest tests[] = {
  { "other-router/unmap", { 0 }, test_unmap },
  { "other-router/unmap/after-restart", { 0 }, test_unmap_after_restart },
  { "other-router/unmap/unread", { 0 }, test_unmap_unread },
  { "other-router/check", { 0 }, test_check },
  { "other-router/map", { 0 }, test_map },
  { "other-router/both", { 0 }, test_both },
  { "other-router/gone", { 0 }, test_gone },
  { "other-router/gone/unread", { 0 }, test_gone_unread },
  { "other-service/failover", { .two_services = TRUE }, test_failover },
  { "other-service/failover/unread", { .two_services = TRUE }, test_failover_unread },
  { "other-service/url", { 0 }, test_other_url },
  { "other-service/type", { 0 }, test_other_type },
};

int
main (int argc, char *argv[])
{
  return upnp_test_run (argc, argv, tests, G_N_ELEMENTS (tests));
}

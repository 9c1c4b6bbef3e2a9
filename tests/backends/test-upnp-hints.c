/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define UPNP_TEST_NET "127.77.9"

#include "upnp-fixture.h"

#include <string.h>

const char upnp_test_net[] = UPNP_TEST_NET;

/* Multicast announcements are hints: the backend queries the router, and only its answer counts. */

/* Whether lo carries multicast: a byebye message must cause one query. It is the first that is
 * counted. */
static gboolean
hears_goodbye (Fixture *f)
{
  gboolean sent;

  f->igd->counts.get_specific = 0;
  sent = fake_igd_notify (f->igd, "ssdp:byebye");
  test_loop_settle (&f->loop);
  if (sent && f->igd->counts.get_specific > 0)
    {
      g_assert_cmpuint (f->igd->counts.get_specific, ==, 1);
      return TRUE;
    }

  g_test_skip ("lo carries no multicast here");
  return FALSE;
}

/* As soon as the router may be queried again. */
static void
say_goodbye_again (Fixture *f)
{
  test_loop_advance (&f->loop, 11000);
  fake_igd_notify (f->igd, "ssdp:byebye");
  test_loop_settle (&f->loop);
}

/* The router still has the port: nothing is lost. */
static void
test_hint_byebye (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  if (hears_goodbye (f))
    g_assert_null (f->lost);
}

static void
test_hint_restart (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  if (!hears_goodbye (f))
    return;

  fake_igd_wipe (f->igd);
  f->igd->boot_id++;
  fake_igd_notify (f->igd, "ssdp:alive");
  /* No second query within 10 s. */
  test_loop_advance (&f->loop, 9000);
  g_assert_null (f->lost);
  test_loop_advance (&f->loop, 2000);
  g_assert_cmpstr (f->lost, ==, GATEWAY " has restarted, and it no longer has the mappings");
}

/* A departure and a restart are announced in several messages, each in two copies: one query each.
 */
static void
test_hint_copies (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  if (!hears_goodbye (f))
    return;

  test_loop_advance (&f->loop, 250);
  fake_igd_notify (f->igd, "ssdp:byebye");
  test_loop_advance (&f->loop, 40000);
  g_assert_cmpuint (f->igd->counts.get_specific, ==, 1);

  f->igd->boot_id++;
  for (guint i = 0; i < 10; i++)
    {
      fake_igd_notify (f->igd, "ssdp:alive");
      test_loop_advance (&f->loop, 250);
    }
  test_loop_advance (&f->loop, 40000);
  g_assert_cmpuint (f->igd->counts.get_specific, ==, 2);
  g_assert_null (f->lost);
}

/* The regular announcements of a device cause one query in a minute, and none for the address. */
static void
test_hint_same_boot (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  if (!hears_goodbye (f))
    return;

  test_loop_advance (&f->loop, 20000);
  fake_igd_notify (f->igd, "ssdp:alive");
  test_loop_settle (&f->loop);
  f->igd->counts = (FakeIgdCounts){ 0 };
  for (guint i = 0; i < 120; i++)
    {
      test_loop_advance (&f->loop, 30000 - 250);
      fake_igd_notify (f->igd, "ssdp:alive");
      test_loop_advance (&f->loop, 250);
      fake_igd_notify (f->igd, "ssdp:alive");
    }
  g_assert_cmpuint (f->igd->counts.get_specific, >=, 59);
  g_assert_cmpuint (f->igd->counts.posts, <=, 60);
  g_assert_cmpuint (f->igd->counts.posts, ==, f->igd->counts.get_specific);
  g_assert_null (f->lost);
}

/* The router departs, and announces each start with the same BOOTID (quirk 88): as soon as it may
 * be queried again. */
static void
test_hint_restart_same_boot (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  if (!hears_goodbye (f))
    return;

  fake_igd_wipe (f->igd);
  fake_igd_notify (f->igd, "ssdp:alive");
  test_loop_advance (&f->loop, 11000);
  g_assert_cmpstr (f->lost, ==, GATEWAY " has announced itself, and it no longer has the mappings");
}

/* The same without a departure, after a routine announcement: a minute after the last query. */
static void
test_hint_crash (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  if (!hears_goodbye (f))
    return;

  test_loop_advance (&f->loop, 20000);
  fake_igd_notify (f->igd, "ssdp:alive");
  test_loop_advance (&f->loop, 30000);
  g_assert_null (f->lost);
  fake_igd_wipe (f->igd);
  fake_igd_notify (f->igd, "ssdp:alive");
  test_loop_advance (&f->loop, 29000);
  g_assert_null (f->lost);
  test_loop_advance (&f->loop, 2000);
  g_assert_cmpstr (f->lost, ==, GATEWAY " has announced itself, and it no longer has the mappings");
}

/* A restart that the BOOTID shows does not wait for a routine query that is due later. */
static void
test_hint_restart_before_routine (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  if (!hears_goodbye (f))
    return;

  test_loop_advance (&f->loop, 20000);
  fake_igd_notify (f->igd, "ssdp:alive");
  test_loop_advance (&f->loop, 5000);
  fake_igd_notify (f->igd, "ssdp:alive");
  test_loop_advance (&f->loop, 2000);
  fake_igd_wipe (f->igd);
  f->igd->boot_id++;
  fake_igd_notify (f->igd, "ssdp:alive");
  test_loop_advance (&f->loop, 2000);
  g_assert_null (f->lost);
  test_loop_advance (&f->loop, 2000);
  g_assert_cmpstr (f->lost, ==, GATEWAY " has restarted, and it no longer has the mappings");
}

/* An update of a device causes nothing. */
static void
test_hint_update (Fixture *f, gconstpointer data)
{
  guint before;

  map_only (f, 8080);
  before = f->igd->counts.get_specific;
  fake_igd_notify (f->igd, "ssdp:update");
  test_loop_advance (&f->loop, 20000);
  g_assert_cmpuint (f->igd->counts.get_specific, ==, before);
}

/* -- Announcements while a mapping waits -- */

static void
on_backend_event (PlumBackend *backend, const PlumBackendEvent *event, gpointer user_data)
{
  GString *reasons = user_data;

  if (event->kind == PLUM_BACKEND_ANNOUNCED)
    g_string_append_printf (reasons, "%s\n", event->text);
}

static gboolean
on_is_observed (gpointer user_data)
{
  return FALSE;
}

static const PlumBackendObserver observer = {
  .is_observed = on_is_observed,
  .handle_event = on_backend_event,
};

/* The announcement is reported, and nothing is sent. */
static void
test_announced (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) reasons = g_string_new (NULL);

  plum_backend_set_observer (f->backend, &observer, reasons);
  fake_igd_notify (f->igd, "ssdp:alive");
  test_loop_settle (&f->loop);
  g_assert_cmpstr (reasons->str, ==, "");

  plum_backend_listen (f->backend, TRUE);
  fake_igd_notify (f->igd, "ssdp:byebye");
  test_loop_settle (&f->loop);
  g_assert_cmpstr (reasons->str, ==, "");
  for (guint i = 0; i < 9; i++)
    fake_igd_notify (f->igd, "ssdp:alive");
  test_loop_settle (&f->loop);
  if (reasons->len == 0)
    g_test_skip ("lo carries no multicast here");
  else
    g_assert_cmpstr (reasons->str, ==, "UPnP: " GATEWAY " has announced itself\n");

  plum_backend_listen (f->backend, FALSE);
  g_string_truncate (reasons, 0);
  test_loop_advance (&f->loop, 20000);
  fake_igd_notify (f->igd, "ssdp:alive");
  test_loop_settle (&f->loop);
  g_assert_cmpstr (reasons->str, ==, "");
  g_assert_cmpuint (f->igd->counts.descriptions, ==, 0);
  g_assert_cmpuint (f->igd->counts.searches, ==, 0);
  g_assert_cmpuint (f->igd->counts.posts, ==, 0);
  plum_backend_set_observer (f->backend, NULL, NULL);
}

/* Without a mapping, announcements are ignored. */
static void
test_hint_without_mapping (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);
  guint before;

  unmap_port (f, lease);
  before = f->igd->counts.get_specific;
  fake_igd_notify (f->igd, "ssdp:byebye");
  test_loop_advance (&f->loop, 20000);
  g_assert_cmpuint (f->igd->counts.get_specific, ==, before);
}

#define BYE GATEWAY " has announced its departure, and "

static void
test_hint_refused (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  if (!hears_goodbye (f))
    return;

  fake_igd_stop_http (f->igd);
  say_goodbye_again (f);
  g_assert_cmpstr (f->lost, ==, BYE "it refuses connections to its control port");
}

static void
test_hint_not_found (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  if (!hears_goodbye (f))
    return;

  f->igd->switches.no_control = TRUE;
  say_goodbye_again (f);
  g_assert_cmpstr (f->lost, ==, BYE "its control URL no longer exists");
}

static void
lack_lookups (const char *request, guint *status, GString *body, gpointer data)
{
  if (strstr (request, "#GetSpecificPortMappingEntry\"") == NULL)
    return;

  *status = 404;
  g_string_truncate (body, 0);
}

/* The router never had the action that the watch uses: its address tells. */
static void
test_hint_not_found_without_lookups (Fixture *f, gconstpointer data)
{
  f->igd->edit = lack_lookups;
  test_hint_not_found (f, data);
}

static void
test_hint_taken_over (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  if (!hears_goodbye (f))
    return;

  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 8080, 8080, STRANGER, 0);
  say_goodbye_again (f);
  g_assert_cmpstr (f->lost, ==, BYE "one of the external ports belongs to another host");
}

/* After a restart, the router shows a port without an entry as an empty one (quirk 100). */
static void
show_blank (const char *request, guint *status, GString *body, gpointer data)
{
  if (strstr (request, "#GetSpecificPortMappingEntry\"") == NULL || *status != 500)
    return;

  *status = 200;
  g_string_printf (body,
                   "<Envelope><Body><GetSpecificPortMappingEntryResponse>"
                   "<NewInternalPort>0</NewInternalPort>"
                   "<NewInternalClient>%s</NewInternalClient><NewEnabled>1</NewEnabled>"
                   "<NewPortMappingDescription></NewPortMappingDescription>"
                   "<NewLeaseDuration>0</NewLeaseDuration>"
                   "</GetSpecificPortMappingEntryResponse></Body></Envelope>",
                   (const char *) data);
}

static void
test_hint_blank (Fixture *f, const char *client)
{
  f->igd->edit = show_blank;
  f->igd->edit_data = (gpointer) client;
  map_only (f, 8080);
  if (!hears_goodbye (f))
    return;

  g_assert_null (f->lost);
  fake_igd_wipe (f->igd);
  say_goodbye_again (f);
  g_assert_cmpstr (f->lost, ==, BYE "it no longer has the mappings");
}

static void
test_hint_blank_empty (Fixture *f, gconstpointer data)
{
  test_hint_blank (f, "");
}

static void
test_hint_blank_any (Fixture *f, gconstpointer data)
{
  test_hint_blank (f, "0.0.0.0");
}

static void
test_hint_blank_null (Fixture *f, gconstpointer data)
{
  test_hint_blank (f, "(null)");
}

/* A router that does not answer may be busy: the check or the renewal decides. */
static void
test_hint_silent (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  if (!hears_goodbye (f))
    return;

  f->igd->switches.http_silent = TRUE;
  say_goodbye_again (f);
  test_loop_advance (&f->loop, 10000);
  g_assert_cmpuint (f->igd->counts.get_specific, ==, 2);
  g_assert_null (f->lost);
}

/* A router that refuses to show its table gives no information about the port. */
static void
test_hint_unclear (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  if (!hears_goodbye (f))
    return;

  f->igd->switches.specific_fault = 606;
  say_goodbye_again (f);
  g_assert_cmpuint (f->igd->counts.get_specific, ==, 2);
  g_assert_null (f->lost);
}

/* The same BOOTID, but another location. */
static void
test_hint_moved (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  if (!hears_goodbye (f))
    return;

  fake_igd_restart (f->igd);
  f->igd->boot_id--;
  test_loop_advance (&f->loop, 11000);
  fake_igd_notify (f->igd, "ssdp:alive");
  test_loop_settle (&f->loop);
  g_assert_cmpstr (f->lost, ==,
                   GATEWAY " has announced another description, and it refuses connections to "
                           "its control port");
}

/* Another location is news once. */
static void
test_hint_moved_repeatedly (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  if (!hears_goodbye (f))
    return;

  test_loop_advance (&f->loop, 20000);
  f->igd->switches.location_host = GATEWAY ":1234/other?";
  fake_igd_notify (f->igd, "ssdp:alive");
  test_loop_settle (&f->loop);
  g_assert_cmpuint (f->igd->counts.get_specific, ==, 2);
  for (guint i = 0; i < 9; i++)
    {
      test_loop_advance (&f->loop, 5000);
      fake_igd_notify (f->igd, "ssdp:alive");
    }
  test_loop_settle (&f->loop);
  g_assert_cmpuint (f->igd->counts.get_specific, ==, 2);
  g_assert_null (f->lost);
}

/* The byebye message of another device. */
static void
test_hint_of_another (Fixture *f, gconstpointer data)
{
  FakeIgd *other = fake_igd_new (OTHER);
  guint before;

  map_only (f, 8080);
  before = f->igd->counts.get_specific;
  fake_igd_notify (other, "ssdp:byebye");
  test_loop_advance (&f->loop, 20000);
  g_assert_cmpuint (f->igd->counts.get_specific, ==, before);
  fake_igd_free (other);
}

/* The port is unmapped during a query, and while a query is scheduled: the tear-down verifies that
 * nothing is left. */
static void
test_hint_then_unmap (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  if (!hears_goodbye (f))
    return;

  test_loop_advance (&f->loop, 11000);
  f->igd->switches.delay_ms = 1500;
  fake_igd_notify (f->igd, "ssdp:byebye");
  test_loop_settle (&f->loop);
  fake_igd_notify (f->igd, "ssdp:byebye");
  test_loop_settle (&f->loop);
  unmap_port (f, lease);
  test_loop_advance (&f->loop, 20000);
  /* Two because of the hints, and two looks before and after the delete. */
  g_assert_cmpuint (f->igd->counts.get_specific, ==, 4);
  g_assert_null (f->lost);
}

/* A hint arrives while a query is pending for longer than the shortest interval between queries:
 * the watch continues, and notices a later restart. */
static void
test_hint_while_pending (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);
  g_autoptr (PlumRequest) request = test_request_new (PLUM_PROTOCOL_TCP, 8080, 8080, LIFETIME, 1);
  const PlumCallArgs args = { .request = request, .lease = lease };
  g_autoptr (PlumCall) check = NULL;

  if (!hears_goodbye (f))
    return;

  test_loop_advance (&f->loop, 20000);
  f->igd->switches.delay_ms = 4900;
  check = plum_backend_call (f->backend, PLUM_CALL_CHECK, &args, TIMEOUT, NULL, NULL);
  test_loop_advance (&f->loop, 10);
  fake_igd_notify (f->igd, "ssdp:alive");
  for (guint i = 0; i < 115; i++)
    test_loop_advance (&f->loop, 100);
  fake_igd_notify (f->igd, "ssdp:alive");
  test_loop_advance (&f->loop, 100);
  f->igd->switches.delay_ms = 0;
  test_loop_advance (&f->loop, 30000);
  g_assert_null (f->lost);

  fake_igd_wipe (f->igd);
  f->igd->boot_id++;
  fake_igd_notify (f->igd, "ssdp:alive");
  test_loop_advance (&f->loop, 11000);
  g_assert_cmpstr (f->lost, ==, GATEWAY " has restarted, and it no longer has the mappings");
}

static const UpnpTest tests[] = {
  { "hint/byebye", { 0 }, test_hint_byebye },
  { "hint/restart", { 0 }, test_hint_restart },
  { "hint/same-boot", { 0 }, test_hint_same_boot },
  { "hint/restart-same-boot", { 0 }, test_hint_restart_same_boot },
  { "hint/copies", { 0 }, test_hint_copies },
  { "hint/crash/same-boot", { 0 }, test_hint_crash },
  { "hint/crash/no-boot-id", { .no_boot_id = TRUE }, test_hint_crash },
  { "hint/restart-before-routine", { 0 }, test_hint_restart_before_routine },
  { "hint/update", { 0 }, test_hint_update },
  { "hint/announced", { 0 }, test_announced },
  { "hint/without-mapping", { 0 }, test_hint_without_mapping },
  { "hint/refused", { 0 }, test_hint_refused },
  { "hint/not-found", { 0 }, test_hint_not_found },
  { "hint/not-found-without-lookups", { 0 }, test_hint_not_found_without_lookups },
  { "hint/taken-over", { 0 }, test_hint_taken_over },
  { "hint/blank-empty", { 0 }, test_hint_blank_empty },
  { "hint/blank-any", { 0 }, test_hint_blank_any },
  { "hint/blank-null", { 0 }, test_hint_blank_null },
  { "hint/silent", { 0 }, test_hint_silent },
  { "hint/unclear", { 0 }, test_hint_unclear },
  { "hint/moved",
    { .notify_target = "urn:schemas-upnp-org:device:InternetGatewayDevice:1" },
    test_hint_moved },
  { "hint/moved-repeatedly",
    { .notify_target = "urn:schemas-upnp-org:device:InternetGatewayDevice:1" },
    test_hint_moved_repeatedly },
  { "hint/of-another-device", { 0 }, test_hint_of_another },
  { "hint/then-unmap", { 0 }, test_hint_then_unmap },
  { "hint/while-pending", { 0 }, test_hint_while_pending },
};

int
main (int argc, char *argv[])
{
  return upnp_test_run (argc, argv, tests, G_N_ELEMENTS (tests));
}

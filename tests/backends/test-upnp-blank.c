/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define UPNP_TEST_NET "127.77.42"

#include "blank-fixture.h"
#include "plum-error-private.h"

#include <string.h>

const char upnp_test_net[] = UPNP_TEST_NET;

/* A router that shows a port without an entry as an empty one, or not the host that an entry leads
 * to (quirk 100): an empty entry is no entry, and an entry of an unreported host is not deleted. */

static const char *const blanks[] = {
  RESPONSE (ENTRY ("0", "", "1", "")),
  RESPONSE (ENTRY ("0", "0.0.0.0", "1", "")),
  RESPONSE (ENTRY ("0", "(null)", "0", "(null)")),
  RESPONSE (ENTRY ("0", "(null)", "0", "torrent")),
};

/* -- Messages -- */

typedef struct
{
  const char *text; /* in a message */
  guint n;          /* how many messages had it */
} Expected;

static void
on_message (PlumLogLevel level, const char *domain, const char *message, gpointer data)
{
  Expected *self = data;

  if (strstr (message, self->text) != NULL)
    self->n++;
}

static void
start_log (Expected *self)
{
  plum_log_set_level (PLUM_LOG_LEVEL_INFO);
  plum_log_set_func (on_message, self, NULL);
}

static void
assert_logged_once (Expected *self)
{
  plum_log_set_func (NULL, NULL, NULL);
  plum_log_set_level (PLUM_LOG_LEVEL_WARN);
  g_assert_cmpuint (self->n, ==, 1);
}

/* -- A renewal that is refused, so that the mapping gets another port -- */

static void
renew_elsewhere (Fixture *f)
{
  g_autoptr (PlumLease) lease = NULL;

  f->igd->switches.add_fault = 501;
  f->igd->switches.add_fault_port = 9000;
  lease = map_port (f, 9000);
  g_assert_cmpuint (plum_lease_get_external_port (lease), !=, 9000);
  f->igd->switches.add_fault = 0;
}

/* The old port has no entry any more. */
static void
test_old_port_is_blank (Fixture *f, gconstpointer data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (blanks); i++)
    {
      Show blank = { .body = blanks[i], .n_unusable = 1 };

      g_test_message ("%s", blanks[i]);
      renew_backend (f);
      f->igd->edit = NULL;
      f->igd->counts.get_status = 0;
      fake_igd_wipe (f->igd);
      map_only (f, 9000);
      fake_igd_wipe (f->igd);
      start_show (f, &blank);
      f->igd->counts.delete = 0;
      renew_elsewhere (f);
      g_assert_cmpuint (f->igd->counts.delete, ==, 0);
    }
}

/* The same program on another host may have the port, and the router does not report the host. */
static void
test_old_port_is_unreported (Fixture *f, gconstpointer data)
{
  static const char *const clients[] = { "", "my-pc", "0.0.0.0", "(null)" };

  for (gsize i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      Show unreported = { .from = STRANGER, .to = clients[i] };
      Expected left = { GATEWAY ": TCP port 9000 may remain on the router for up to 600 s", 0 };

      g_test_message ("%s", clients[i]);
      renew_backend (f);
      f->igd->edit = NULL;
      f->igd->counts.get_status = 0;
      fake_igd_wipe (f->igd);
      map_only (f, 9000);
      take_over (f, 600);
      start_show (f, &unreported);
      start_log (&left);
      renew_elsewhere (f);
      assert_spared (f);
      assert_logged_once (&left);
    }
}

/* The router reports this host: the old entry is deleted. */
static void
test_old_port_is_ours (Fixture *f, gconstpointer data)
{
  map_only (f, 9000);
  test_loop_advance (&f->loop, LIFETIME / 2 * 1000 + 1000);
  renew_elsewhere (f);
  g_assert_null (find_9000 (f));
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
}

/* The rest of a cut answer may have a value. */
static void
test_cut_is_not_blank (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 9000);
  Show cut = { .body = "<Envelope><Body><GetSpecificPortMappingEntryResponse>"
                       "<NewInternalPort>0</NewInternalPort>"
                       "<NewInternalClient></NewInternalClient><NewEn" };
  g_autoptr (PlumCall) done = NULL;

  start_show (f, &cut);
  done = lease_call (f, PLUM_CALL_UNMAP, lease);
  g_assert_nonnull (plum_call_get_error (done));
  g_assert_false (plum_error_is_final (plum_call_get_error (done)));
  f->igd->edit = NULL;
  unmap_port (f, lease);
  g_assert_null (find_9000 (f));
}

/* -- The table of a router that answers 501 for the port itself -- */

/* A record without a token: the entry may be another host's. */
static PlumCall *
unmap_record (Fixture *f)
{
  g_autoptr (PlumLease) lease = plum_lease_new (NULL, 9000, LIFETIME, NULL);

  return lease_call (f, PLUM_CALL_UNMAP, lease);
}

static void
assert_not_confirmed (Fixture *f, PlumCall *done)
{
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_MALFORMED);
  g_assert_false (plum_error_is_final (plum_call_get_error (done)));
  assert_spared (f);
}

/* The backend knows that the router shows its entries. */
static void
map_and_unmap (Fixture *f)
{
  g_autoptr (PlumLease) lease = map_port (f, 9001);

  unmap_port (f, lease);
}

static void
test_listed_unreported (Fixture *f, gconstpointer data)
{
  static const char *const clients[] = { "", "my-pc", "0.0.0.0", "(null)" };

  map_and_unmap (f);
  for (gsize i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      Show listed = { .body = FAULT ("501"), .from = STRANGER, .to = clients[i] };
      g_autoptr (PlumCall) done = NULL;

      g_test_message ("%s", clients[i]);
      take_over (f, 0);
      start_show (f, &listed);
      done = unmap_record (f);
      assert_not_confirmed (f, done);
    }
}

/* The list has the external port, but no value of its entry. */
static void
test_listed_blank (Fixture *f, gconstpointer data)
{
  static const char *const clients[] = { "", "0.0.0.0", "(null)" };

  map_and_unmap (f);
  for (gsize i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      Show listed = { .body = FAULT ("501"),
                      .from = STRANGER,
                      .to = clients[i],
                      .from2 = "<NewInternalPort>8080<",
                      .to2 = "<NewInternalPort>0<" };
      g_autoptr (PlumCall) done = NULL;

      g_test_message ("%s", clients[i]);
      take_over (f, 0);
      *find_9000 (f)->description = '\0';
      start_show (f, &listed);
      done = unmap_record (f);
      assert_not_confirmed (f, done);
    }
}

/* The router did not answer the delete of an entry of this host, and then omits the host. */
static void
test_unanswered_unreported (Fixture *f, gconstpointer data)
{
  Show unreported = { .body = RESPONSE (ENTRY ("8080", "my-pc", "1", "test")),
                      .after_delete = TRUE,
                      .lose_delete = TRUE };
  g_autoptr (PlumCall) done = NULL;

  map_and_unmap (f);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 8080, LOCAL, 0);
  f->igd->switches.keep_deleted = TRUE;
  start_show (f, &unreported);
  done = unmap_record (f);
  g_assert_nonnull (plum_call_get_error (done));
  g_assert_false (plum_error_is_final (plum_call_get_error (done)));
}

/* -- A former address of this host -- */

#define EARLIER UPNP_TEST_NET ".77"

static PlumCall *
unmap_moved (Fixture *f)
{
  g_autoptr (PlumRequest) request = test_request_new (PLUM_PROTOCOL_TCP, 8080, 9000, LIFETIME, 1);
  g_autoptr (PlumLease) lease = plum_lease_new (NULL, 9000, LIFETIME, NULL);
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (EARLIER);
  const PlumCallArgs args = { .request = request, .lease = lease, .local_address = address };

  return call (f, PLUM_CALL_UNMAP_MOVED, &args);
}

/* The entry leads to the former address, but the router reports neither its port nor its
 * description: it may be ours, or that of the host that has the address now. */
static void
test_moved_unreported (Fixture *f, gconstpointer data)
{
  Show unreported = { .body = RESPONSE (ENTRY ("0", EARLIER, "1", "")) };
  Show other = { .body = RESPONSE (ENTRY ("0", EARLIER, "1", "torrent")) };
  g_autoptr (PlumCall) done = NULL;
  g_autoptr (PlumCall) spared = NULL;

  discover (f);
  start_show (f, &unreported);
  done = unmap_moved (f);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_MALFORMED);
  g_assert_false (plum_error_is_final (plum_call_get_error (done)));

  start_show (f, &other);
  spared = unmap_moved (f);
  g_assert_no_error (plum_call_get_error (spared));
  g_assert_cmpuint (f->igd->counts.delete, ==, 0);
}

static const UpnpTest tests[] = {
  { "blank/old-port", { 0 }, test_old_port_is_blank },
  { "blank/old-port-unreported", { 0 }, test_old_port_is_unreported },
  { "blank/old-port-ours", { 0 }, test_old_port_is_ours },
  { "blank/cut", { 0 }, test_cut_is_not_blank },
  { "blank/unmap/listed-unreported", { 0 }, test_listed_unreported },
  { "blank/unmap/listed-empty", { 0 }, test_listed_blank },
  { "blank/unmap/unanswered", { 0 }, test_unanswered_unreported },
  { "blank/unmap/moved", { 0 }, test_moved_unreported },
};

int
main (int argc, char *argv[])
{
  return upnp_test_run (argc, argv, tests, G_N_ELEMENTS (tests));
}

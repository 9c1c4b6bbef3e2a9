/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define UPNP_TEST_NET "127.77.42"

#include "plum-error-private.h"
#include "upnp-fixture.h"

#include <string.h>

const char upnp_test_net[] = UPNP_TEST_NET;

/* A router that shows a port without an entry as an empty one, or not the host that an entry leads
 * to (quirk 100): an empty entry is no entry, and an entry of an unreported host is not deleted. */

#define ENTRY(port, client, enabled, description)                                                  \
  "<NewInternalPort>" port "</NewInternalPort><NewInternalClient>" client "</NewInternalClient>"   \
  "<NewEnabled>" enabled "</NewEnabled>"                                                           \
  "<NewPortMappingDescription>" description "</NewPortMappingDescription>"                         \
  "<NewLeaseDuration>0</NewLeaseDuration>"
#define RESPONSE(content)                                                                          \
  "<Envelope><Body><GetSpecificPortMappingEntryResponse>" content                                  \
  "</GetSpecificPortMappingEntryResponse></Body></Envelope>"
#define FAULT(code)                                                                                \
  "<Envelope><Body><Fault><detail><UPnPError><errorCode>" code "</errorCode></UPnPError>"          \
  "</detail></Fault></Body></Envelope>"

static const char *const blanks[] = {
  RESPONSE (ENTRY ("0", "", "1", "")),
  RESPONSE (ENTRY ("0", "0.0.0.0", "1", "")),
  RESPONSE (ENTRY ("0", "(null)", "0", "(null)")),
  RESPONSE (ENTRY ("0", "(null)", "0", "torrent")),
};

static FakeIgdEntry *
find (Fixture *f, guint port)
{
  return fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, port);
}

/* What the router shows of the entry of port 9000. */
typedef struct
{
  const char *body;      /* (nullable): instead of the answer for port 9000 */
  const char *from;      /* (nullable): in every answer that shows an entry */
  const char *to;        /* instead of that */
  const char *from2;     /* (nullable) */
  const char *to2;       /* instead of that */
  guint n_unusable;      /* how many answers for port 9000 are empty, before body */
  gboolean after_delete; /* body: only after a delete */
  gboolean lose_delete;  /* a delete is not answered */
} Show;

static gboolean
is_look (const char *request)
{
  return strstr (request, "#GetSpecificPortMappingEntry\"") != NULL &&
         strstr (request, "<NewExternalPort>9000<") != NULL;
}

static void
show (const char *request, guint *status, GString *body, gpointer data)
{
  Show *self = data;

  if (strstr (request, "#DeletePortMapping\"") != NULL)
    {
      self->after_delete = FALSE;
      if (self->lose_delete)
        *status = 0;
      return;
    }
  if (strstr (request, "#Get") == NULL || strstr (request, "#GetExternal") != NULL)
    return;

  if (is_look (request) && self->n_unusable > 0)
    {
      self->n_unusable--;
      g_string_assign (body, "");
    }
  else if (is_look (request) && self->body != NULL && !self->after_delete)
    {
      *status = strstr (self->body, "<Fault>") != NULL ? 500 : 200;
      g_string_assign (body, self->body);
    }
  if (self->from != NULL)
    g_string_replace (body, self->from, self->to, 0);
  if (self->from2 != NULL)
    g_string_replace (body, self->from2, self->to2, 0);
}

static void
start_show (Fixture *f, Show *self)
{
  f->igd->edit = show;
  f->igd->edit_data = self;
}

/* The same program on another host has the port. */
static void
take_over (Fixture *f, guint lease)
{
  fake_igd_wipe (f->igd);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 8080, STRANGER, lease);
  find (f, 9000)->description = g_strdup ("test");
  f->igd->counts.delete = 0;
}

static void
assert_spared (Fixture *f)
{
  g_assert_nonnull (find (f, 9000));
  g_assert_cmpstr (find (f, 9000)->client, ==, STRANGER);
  g_assert_cmpuint (f->igd->counts.delete, ==, 0);
}

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
  g_assert_null (find (f, 9000));
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
  g_assert_null (find (f, 9000));
}

/* -- Entries that the user names -- */

/* client, description: (nullable): as they were listed */
static PlumCall *
delete_9000 (Fixture *f, const char *client, const char *description)
{
  g_autoptr (GInetAddress) address =
    client != NULL ? g_inet_address_new_from_string (client) : NULL;
  g_autoptr (PlumEntry) entry =
    g_object_new (PLUM_TYPE_ENTRY, "external-port", 9000, "internal-port", 8080, "internal-address",
                  address, "internal-address-text", address == NULL ? client : NULL, "description",
                  description, NULL);
  const PlumCallArgs args = { .entry = entry };

  return call (f, PLUM_CALL_DELETE_ENTRY, &args);
}

/* A port without an entry belongs to no host. */
static void
test_delete_blank (Fixture *f, gconstpointer data)
{
  static const char *const clients[] = { NULL, LOCAL, STRANGER, "my-pc" };

  discover (f);
  for (gsize i = 0; i < G_N_ELEMENTS (blanks) * G_N_ELEMENTS (clients); i++)
    {
      const char *client = clients[i % G_N_ELEMENTS (clients)];
      Show blank = { .body = blanks[i / G_N_ELEMENTS (clients)] };
      g_autoptr (PlumCall) done = NULL;

      g_test_message ("%s: %s", client != NULL ? client : "no host", blank.body);
      start_show (f, &blank);
      done = delete_9000 (f, client, i % 2 == 0 ? NULL : "");
      g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_DESTROYED);
      g_assert_cmpstr (plum_call_get_error (done)->message, ==,
                       "UPnP: " GATEWAY " has no entry for port 9000");
      g_assert_cmpuint (f->igd->counts.delete, ==, 0);
    }
}

/* The router still shows the description that was listed: a disabled entry. */
static void
test_delete_disabled (Fixture *f, gconstpointer data)
{
  Show disabled = { .body = RESPONSE (ENTRY ("0", "(null)", "0", "torrent")) };
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  take_over (f, 0);
  start_show (f, &disabled);
  done = delete_9000 (f, "(null)", "torrent");
  g_assert_cmpuint (f->igd->counts.delete, ==, 1);
}

/* The router does not report the host: nothing is known about it, and nothing is deleted. */
static void
test_delete_unreported (Fixture *f, gconstpointer data)
{
  static const char *const clients[] = { "", "my-pc", "0.0.0.0", "(null)", "00:11:22:33:44:55" };
  static const char *const named[] = { NULL, LOCAL, STRANGER, "other-pc" };

  discover (f);
  for (gsize i = 0; i < G_N_ELEMENTS (clients) * G_N_ELEMENTS (named); i++)
    {
      Show unreported = { .from = STRANGER, .to = clients[i / G_N_ELEMENTS (named)] };
      g_autoptr (PlumCall) done = NULL;

      take_over (f, 0);
      start_show (f, &unreported);
      done = delete_9000 (f, named[i % G_N_ELEMENTS (named)], NULL);
      g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_MALFORMED);
      g_assert_cmpstr (plum_call_get_error (done)->message, ==,
                       "UPnP: " GATEWAY " does not show at present which host port 9000 leads "
                       "to: its entry was not deleted");
      assert_spared (f);
    }
}

/* The first look at a router that omits the host. */
static void
test_delete_missing (Fixture *f, gconstpointer data)
{
  Show missing = { .from = "<NewInternalClient>" STRANGER "</NewInternalClient>", .to = "" };
  g_autoptr (PlumCall) failed = NULL;
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  take_over (f, 0);
  start_show (f, &missing);
  failed = delete_9000 (f, LOCAL, NULL);
  g_assert_error (plum_call_get_error (failed), PLUM_ERROR, PLUM_ERROR_MALFORMED);
  assert_spared (f);

  /* It was listed in this way. */
  done = delete_9000 (f, "", NULL);
  g_assert_no_error (plum_call_get_error (done));
  g_assert_null (find (f, 9000));
}

/* The same host text as in the list, or another address, is an answer. */
static void
test_delete_reported (Fixture *f, gconstpointer data)
{
  Show name = { .from = STRANGER, .to = "my-pc" };
  g_autoptr (PlumCall) other = NULL;
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  take_over (f, 0);
  other = delete_9000 (f, LOCAL, NULL);
  g_assert_error (plum_call_get_error (other), PLUM_ERROR, PLUM_ERROR_CONFLICT);
  assert_spared (f);

  start_show (f, &name);
  done = delete_9000 (f, "my-pc", NULL);
  g_assert_no_error (plum_call_get_error (done));
  g_assert_null (find (f, 9000));
}

/* The answer to the delete is lost: an empty entry proves that there is none, and an entry of an
 * unreported host proves nothing. */
static void
test_delete_unanswered (Fixture *f, gconstpointer data)
{
  Show blank = { .body = blanks[0], .after_delete = TRUE, .lose_delete = TRUE };
  Show unreported = { .body = RESPONSE (ENTRY ("8080", "my-pc", "1", "test")),
                      .after_delete = TRUE,
                      .lose_delete = TRUE };
  g_autoptr (PlumCall) done = NULL;
  g_autoptr (PlumCall) failed = NULL;

  discover (f);
  take_over (f, 0);
  start_show (f, &blank);
  done = delete_9000 (f, STRANGER, NULL);
  g_assert_no_error (plum_call_get_error (done));

  take_over (f, 0);
  start_show (f, &unreported);
  failed = delete_9000 (f, STRANGER, NULL);
  g_assert_error (plum_call_get_error (failed), PLUM_ERROR, PLUM_ERROR_MALFORMED);
  g_assert_nonnull (strstr (plum_call_get_error (failed)->message, "it may remain until"));
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
      *find (f, 9000)->description = '\0';
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

/* -- What is said of an unknown host -- */

static const char *const no_hosts[] = { "", "0.0.0.0", "(null)", " (NULL) " };

static void
assert_message (PlumCall *done, PlumError code, const char *message)
{
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, (int) code);
  g_assert_cmpstr (plum_call_get_error (done)->message, ==, message);
}

#define LEADS_TO "UPnP: port 9000 of " GATEWAY " now leads to "

/* Another program's entry, of which the host is not reported. */
static void
test_text_of_check (Fixture *f, gconstpointer data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (no_hosts); i++)
    {
      Show unreported = { .from = STRANGER, .to = no_hosts[i], .from2 = ">test<", .to2 = ">tor<" };
      Show nothing = unreported;
      g_autoptr (PlumLease) lease = NULL;
      g_autoptr (PlumLease) again = NULL;
      g_autoptr (PlumCall) done = NULL;
      g_autoptr (PlumCall) failed = NULL;

      g_test_message ("%s", no_hosts[i]);
      f->igd->edit = NULL;
      fake_igd_wipe (f->igd);
      lease = map_port (f, 9000);
      take_over (f, 0);
      start_show (f, &unreported);
      done = lease_call (f, PLUM_CALL_CHECK, lease);
      assert_message (done, PLUM_ERROR_CONFLICT, LEADS_TO "port 8080 of an unknown host");

      f->igd->edit = NULL;
      fake_igd_wipe (f->igd);
      again = map_port (f, 9000);
      take_over (f, 0);
      find (f, 9000)->internal_port = 0;
      start_show (f, &nothing);
      failed = lease_call (f, PLUM_CALL_CHECK, again);
      assert_message (failed, PLUM_ERROR_CONFLICT, LEADS_TO "an unknown host");
    }
}

static void
test_text_of_delete (Fixture *f, gconstpointer data)
{
  discover (f);
  for (gsize i = 0; i < G_N_ELEMENTS (no_hosts); i++)
    {
      Show unreported = { .from = STRANGER, .to = no_hosts[i] };
      g_autoptr (PlumCall) done = NULL;

      g_test_message ("%s", no_hosts[i]);
      take_over (f, 0);
      find (f, 9000)->internal_port = 80;
      start_show (f, &unreported);
      done = delete_9000 (f, LOCAL, NULL);
      assert_message (done, PLUM_ERROR_CONFLICT,
                      LEADS_TO "port 80 of an unknown host: it was not deleted");
    }
}

static void
test_text_of_map (Fixture *f, gconstpointer data)
{
  discover (f);
  for (gsize i = 0; i < G_N_ELEMENTS (no_hosts); i++)
    {
      Show unreported = { .from = STRANGER, .to = no_hosts[i] };
      g_autoptr (PlumRequest) request = test_request_new_exact (PLUM_PROTOCOL_TCP, 8080, 9000);
      const PlumCallArgs args = { .request = request };
      g_autoptr (PlumCall) done = NULL;

      g_test_message ("%s", no_hosts[i]);
      take_over (f, 0);
      start_show (f, &unreported);
      done = call (f, PLUM_CALL_MAP, &args);
      assert_message (done, PLUM_ERROR_CONFLICT,
                      "UPnP: external TCP port 9000 belongs to an unknown host (its entry is "
                      "called “test”)");
    }
}

/* The router does not answer the request in which it chooses a port, and its list has no hosts. */
static void
hide_chosen_port (const char *request, guint *status, GString *body, gpointer data)
{
  FakeIgd *igd = data;

  if (strstr (request, "#AddAnyPortMapping\"") != NULL)
    igd->switches.http_silent = TRUE;
  g_string_replace (body, LOCAL, "my-pc", 0);
}

static void
test_text_of_chosen_port (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) mapped = NULL;
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  f->igd->edit = hide_chosen_port;
  f->igd->edit_data = f->igd;
  mapped = map_call (f, 8080, 9000, LIFETIME);
  g_assert_nonnull (plum_call_get_error (mapped));
  f->igd->switches.http_silent = FALSE;
  done = lease_call (f, PLUM_CALL_UNMAP, NULL);
  assert_message (done, PLUM_ERROR_NOT_SUPPORTED,
                  "UPnP: " GATEWAY " does not list which hosts its entries lead to: the port that "
                  "it chose may remain until its lease expires");
}

static const UpnpTest tests[] = {
  { "blank/old-port", { 0 }, test_old_port_is_blank },
  { "blank/old-port-unreported", { 0 }, test_old_port_is_unreported },
  { "blank/old-port-ours", { 0 }, test_old_port_is_ours },
  { "blank/cut", { 0 }, test_cut_is_not_blank },
  { "blank/delete/empty", { 0 }, test_delete_blank },
  { "blank/delete/disabled", { 0 }, test_delete_disabled },
  { "blank/delete/unreported", { 0 }, test_delete_unreported },
  { "blank/delete/missing", { 0 }, test_delete_missing },
  { "blank/delete/reported", { 0 }, test_delete_reported },
  { "blank/delete/unanswered", { 0 }, test_delete_unanswered },
  { "blank/unmap/listed-unreported", { 0 }, test_listed_unreported },
  { "blank/unmap/listed-empty", { 0 }, test_listed_blank },
  { "blank/unmap/unanswered", { 0 }, test_unanswered_unreported },
  { "blank/unmap/moved", { 0 }, test_moved_unreported },
  { "blank/text/check", { 0 }, test_text_of_check },
  { "blank/text/delete", { 0 }, test_text_of_delete },
  { "blank/text/map", { 0 }, test_text_of_map },
  { "blank/text/chosen-port", { .version = 2, .few_ports_fault = 728 }, test_text_of_chosen_port },
};

int
main (int argc, char *argv[])
{
  return upnp_test_run (argc, argv, tests, G_N_ELEMENTS (tests));
}

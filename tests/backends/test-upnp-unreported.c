/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define UPNP_TEST_NET "127.77.43"

#include "blank-fixture.h"

#include <string.h>

const char upnp_test_net[] = UPNP_TEST_NET;

/* The user names an entry whose host the router does not report (quirk 100), and what errors say of
 * such a host. */

static const char *const blanks[] = {
  RESPONSE (ENTRY ("0", "", "1", "")),
  RESPONSE (ENTRY ("0", "0.0.0.0", "1", "")),
  RESPONSE (ENTRY ("0", "(null)", "0", "(null)")),
  RESPONSE (ENTRY ("0", "(null)", "0", "torrent")),
};

/* -- Entries that the user names -- */

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
  g_assert_null (find_9000 (f));
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
  g_assert_null (find_9000 (f));
}

/* The delete is not answered: an empty entry proves that it was deleted, and an entry of an
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
      find_9000 (f)->internal_port = 0;
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
      find_9000 (f)->internal_port = 80;
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
  { "unreported/delete/empty", { 0 }, test_delete_blank },
  { "unreported/delete/disabled", { 0 }, test_delete_disabled },
  { "unreported/delete/unreported", { 0 }, test_delete_unreported },
  { "unreported/delete/missing", { 0 }, test_delete_missing },
  { "unreported/delete/reported", { 0 }, test_delete_reported },
  { "unreported/delete/unanswered", { 0 }, test_delete_unanswered },
  { "unreported/text/check", { 0 }, test_text_of_check },
  { "unreported/text/delete", { 0 }, test_text_of_delete },
  { "unreported/text/map", { 0 }, test_text_of_map },
  { "unreported/text/chosen-port",
    { .version = 2, .few_ports_fault = 728 },
    test_text_of_chosen_port },
};

int
main (int argc, char *argv[])
{
  return upnp_test_run (argc, argv, tests, G_N_ELEMENTS (tests));
}

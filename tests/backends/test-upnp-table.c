/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define UPNP_TEST_NET "127.77.21"

#include "upnp-fixture.h"

#include <string.h>

const char upnp_test_net[] = UPNP_TEST_NET;

/* What is in the router's table: the entries of other hosts stay, what an unclear answer left is
 * found, and a success is verified. */

static FakeIgdEntry *
find (Fixture *f, guint port)
{
  return fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, port);
}

/* -- Other hosts (quirk 73) -- */

static void
test_look_before_add (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = NULL;

  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 80, STRANGER, 0);
  lease = map_port (f, 9000);
  g_assert_cmpuint (plum_lease_get_external_port (lease), !=, 9000);
  g_assert_cmpstr (find (f, 9000)->client, ==, STRANGER);
  g_assert_cmpuint (f->igd->counts.add, ==, 1);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 2);
}

/* Each port that is tried is looked at: the next one may be taken as well. */
static void
test_look_before_each_add (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = NULL;

  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 80, STRANGER, 0);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 8080, 80, STRANGER, 0);
  lease = map_port (f, 9000);
  g_assert_cmpstr (find (f, 9000)->client, ==, STRANGER);
  g_assert_cmpstr (find (f, 8080)->client, ==, STRANGER);
  g_assert_cmpuint (f->igd->counts.add, ==, 1);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 3);
}

static void
test_renewal_is_one_request (Fixture *f, gconstpointer data)
{
  guint posts;

  map_only (f, 9000);
  posts = f->igd->counts.posts;
  map_only (f, 9000);
  g_assert_cmpuint (f->igd->counts.posts - posts, ==, 1);
}

/* Another host has taken the port meanwhile. */
static void
test_unmap_leaves_another_host (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 9000);

  fake_igd_wipe (f->igd);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 8080, STRANGER, 0);
  unmap_port (f, lease);
  g_assert_cmpstr (find (f, 9000)->client, ==, STRANGER);
  g_assert_cmpuint (f->igd->counts.delete, ==, 0);
}

/* Another program of this host has taken it. */
static void
test_unmap_leaves_another_program (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 9000);

  fake_igd_wipe (f->igd);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 7000, LOCAL, 0);
  unmap_port (f, lease);
  g_assert_cmpuint (find (f, 9000)->internal_port, ==, 7000);
}

/* After a check that has found another host, the next request for the port looks again. */
static void
test_check_then_map (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 9000);
  g_autoptr (PlumLease) second = NULL;

  fake_igd_wipe (f->igd);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 8080, STRANGER, 0);
  assert_check (f, lease, PLUM_ERROR_CONFLICT);
  second = map_port (f, 9000);
  g_assert_cmpuint (plum_lease_get_external_port (second), !=, 9000);
  g_assert_cmpstr (find (f, 9000)->client, ==, STRANGER);
}

/* The router cannot look: it is asked once, and the ports are mapped nevertheless. */
static void
test_cannot_look (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 9000);
  g_autoptr (PlumCall) second = map_call (f, 8081, 8081, LIFETIME);

  g_assert_no_error (plum_call_get_error (second));
  g_assert_cmpuint (f->igd->counts.get_specific, ==, 1);
  unmap_port (f, lease);
  g_assert_null (find (f, 9000));
}

/* -- Unclear answers (quirk 74) -- */

typedef struct
{
  const char *name;
  guint status;
  const char *body;
} Answer;

static const Answer unclear[] = {
  { "empty", 200, "" },
  { "empty-body", 200, "<Envelope><Body></Body></Envelope>" },
  { "blank-body", 200, "<Envelope><Body>\n</Body></Envelope>" },
  { "html", 200, "<html><body>Log in</body></html>" },
  { "another-element", 200, "<Envelope><Body><AnotherResponse/></Body></Envelope>" },
  { "cut", 200, "<Envelope><Bo" },
  { "login", 401, "<html></html>" },
  { "bare-500", 500, "" },
  { "html-500", 500, "<html>Oops</html>" },
  { "bare-503", 503, "" },
};

static const char *action;

static void
edit_answer (const char *request, guint *status, GString *body, gpointer data)
{
  const Answer *answer = data;

  if (strstr (request, action) == NULL)
    return;

  *status = answer->status;
  g_string_assign (body, answer->body);
}

/* The add took effect: its entry is taken, and no other one is left. */
static void
assert_taken (Fixture *f)
{
  g_autoptr (PlumLease) lease = map_port (f, 9000);

  g_assert_nonnull (find (f, plum_lease_get_external_port (lease)));
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
  f->igd->edit = NULL;
  unmap_port (f, lease);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

static void
test_unclear_add (Fixture *f, gconstpointer data)
{
  action = "#AddPortMapping\"";
  for (gsize i = 0; i < G_N_ELEMENTS (unclear); i++)
    {
      g_test_message ("%s", unclear[i].name);
      renew_backend (f);
      discover (f);
      f->igd->edit = edit_answer;
      f->igd->edit_data = (gpointer) &unclear[i];
      assert_taken (f);
    }
}

/* It did not take effect: the operation fails, and nothing is left. */
static void
test_unclear_and_not_added (Fixture *f, gconstpointer data)
{
  action = "#AddPortMapping\"";
  for (gsize i = 0; i < G_N_ELEMENTS (unclear); i++)
    {
      g_autoptr (PlumCall) done = NULL;

      g_test_message ("%s", unclear[i].name);
      renew_backend (f);
      discover (f);
      f->igd->edit = edit_answer;
      f->igd->edit_data = (gpointer) &unclear[i];
      done = map_call (f, 8080, 9000, LIFETIME);
      g_assert_nonnull (plum_call_get_error (done));
      g_assert_null (strstr (plum_call_get_error (done)->message, "remain"));
      g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
    }
}

/* The router cannot look: what may remain is named. */
static void
test_unclear_and_cannot_look (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  action = "#AddPortMapping\"";
  discover (f);
  f->igd->edit = edit_answer;
  f->igd->edit_data = (gpointer) &unclear[3];
  done = map_call (f, 8080, 9000, LIFETIME);
  g_assert_nonnull (plum_call_get_error (done));
  g_assert_nonnull (strstr (plum_call_get_error (done)->message, "port 9000 may remain"));

  /* The entry of another host cannot be told from ours: it is not deleted. */
  f->igd->edit = NULL;
  {
    g_autoptr (PlumCall) unmapped = lease_call (f, PLUM_CALL_UNMAP, NULL);

    g_assert_error (plum_call_get_error (unmapped), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
    g_assert_cmpuint (f->igd->counts.delete, ==, 0);
  }
}

static void
test_add_hangs_up (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 9000);

  g_assert_cmpuint (plum_lease_get_external_port (lease), ==, 9000);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
  g_assert_cmpuint (f->igd->counts.add, ==, 1);
}

/* After 725 the second add is permanent: it must not be left behind. */
static void
test_unclear_permanent (Fixture *f, gconstpointer data)
{
  action = "#AddPortMapping\"";
  discover (f);
  f->igd->edit = edit_answer;
  f->igd->edit_data = (gpointer) &unclear[3];
  {
    g_autoptr (PlumCall) done = map_call (f, 8080, 9000, LIFETIME);
    guint n = fake_igd_n_entries (f->igd);

    g_assert_cmpuint (n, ==, plum_call_get_lease (done) != NULL ? 1 : 0);
  }
}

/* The router chose the port, and its answer is lost. */
static void
test_unclear_add_any (Fixture *f, gconstpointer data)
{
  action = "#AddAnyPortMapping\"";
  for (gsize i = 0; i < G_N_ELEMENTS (unclear); i++)
    {
      g_autoptr (PlumLease) lease = NULL;

      g_test_message ("%s", unclear[i].name);
      fake_igd_wipe (f->igd);
      fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 80, STRANGER, 0);
      renew_backend (f);
      discover (f);
      f->igd->edit = edit_answer;
      f->igd->edit_data = (gpointer) &unclear[i];
      lease = map_port (f, 9000);
      g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 2);
      f->igd->edit = NULL;
      unmap_port (f, lease);
      g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
      g_assert_cmpstr (find (f, 9000)->client, ==, STRANGER);
    }
}

static void
test_unclear_unmap (Fixture *f, gconstpointer data)
{
  action = "#DeletePortMapping\"";
  for (gsize i = 0; i < G_N_ELEMENTS (unclear); i++)
    {
      g_autoptr (PlumLease) lease = map_port (f, 9000);

      g_test_message ("%s", unclear[i].name);
      f->igd->edit = edit_answer;
      f->igd->edit_data = (gpointer) &unclear[i];
      unmap_port (f, lease);
      g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
      f->igd->edit = NULL;
    }
}

/* -- A router that shows its entries, and does not answer at times -- */

/* The look has no usable answer: an add could overwrite the entry of another host. */
static void
test_unclear_look (Fixture *f, gconstpointer data)
{
  map_only (f, 9000);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9001, 80, STRANGER, 0);
  action = "#GetSpecificPortMappingEntry\"";
  f->igd->edit = edit_answer;
  for (gsize i = 0; i < G_N_ELEMENTS (unclear); i++)
    {
      g_autoptr (PlumCall) done = NULL;

      g_test_message ("%s", unclear[i].name);
      f->igd->edit_data = (gpointer) &unclear[i];
      done = map_call (f, 8081, 9001, LIFETIME);
      g_assert_nonnull (plum_call_get_error (done));
      g_assert_cmpstr (find (f, 9001)->client, ==, STRANGER);
      g_assert_cmpuint (f->igd->counts.add, ==, 1);
    }
}

static void
lose_first_look (const char *request, guint *status, GString *body, gpointer data)
{
  guint *n = data;

  if (strstr (request, "#GetSpecificPortMappingEntry\"") != NULL && (*n)++ == 0)
    *status = 0;
}

static void
test_look_again (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;
  guint n = 0;

  map_only (f, 9000);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9001, 80, STRANGER, 0);
  f->igd->edit = lose_first_look;
  f->igd->edit_data = &n;
  done = map_call (f, 8081, 9001, LIFETIME);
  g_assert_no_error (plum_call_get_error (done));
  g_assert_cmpuint (plum_lease_get_external_port (plum_call_get_lease (done)), !=, 9001);
  g_assert_cmpstr (find (f, 9001)->client, ==, STRANGER);
}

static void
lose_all_from_add_on (const char *request, guint *status, GString *body, gpointer data)
{
  gboolean *lost = data;

  *lost |= strstr (request, "#AddPortMapping\"") != NULL;
  if (!*lost)
    return;

  *status = 200;
  g_string_assign (body, "<html></html>");
}

static void
lose_look_from_add_on (const char *request, guint *status, GString *body, gpointer data)
{
  if (strstr (request, "#DeletePortMapping\"") == NULL)
    lose_all_from_add_on (request, status, body, data);
}

/* The entry cannot be read after the add: it is deleted. */
static void
test_unclear_is_deleted (Fixture *f, gconstpointer data)
{
  gboolean lost = FALSE;
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  f->igd->edit = lose_look_from_add_on;
  f->igd->edit_data = &lost;
  done = map_call (f, 8080, 9000, LIFETIME);
  g_assert_nonnull (plum_call_get_error (done));
  g_assert_null (strstr (plum_call_get_error (done)->message, "may remain"));
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

/* The router keeps the entry of a port that was drawn: the next attempt requests this port. */
static void
test_unclear_port_is_taken_again (Fixture *f, gconstpointer data)
{
  gboolean lost = FALSE;
  g_autoptr (PlumCall) failed = NULL;
  g_autoptr (PlumCall) done = NULL;
  g_autoptr (PlumCall) unmapped = NULL;

  discover (f);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 80, STRANGER, 0);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 8080, 80, STRANGER, 0);
  f->igd->edit = lose_all_from_add_on;
  f->igd->edit_data = &lost;
  failed = map_call (f, 8080, 9000, LIFETIME);
  g_assert_nonnull (plum_call_get_error (failed));
  g_assert_nonnull (strstr (plum_call_get_error (failed)->message, "may remain"));
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 3);

  f->igd->edit = NULL;
  f->igd->switches.delete_fault = 0;
  done = map_call (f, 8080, 9000, LIFETIME);
  g_assert_no_error (plum_call_get_error (done));
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 3);
  unmapped = lease_call (f, PLUM_CALL_UNMAP, plum_call_get_lease (done));
  g_assert_no_error (plum_call_get_error (unmapped));
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 2);
}

static void
lose_add_and_look (const char *request, guint *status, GString *body, gpointer data)
{
  if (strstr (request, "#AddPortMapping\"") != NULL ||
      strstr (request, "#GetSpecificPortMappingEntry\"") != NULL)
    edit_answer (request, status, body, data);
}

/* The entry still exists: another port would leave it behind. */
static void
test_unclear_renewal (Fixture *f, gconstpointer data)
{
  map_only (f, 9000);
  action = "#"; /* every action that lose_add_and_look () passes on */
  for (gsize i = 0; i < G_N_ELEMENTS (unclear); i++)
    {
      g_autoptr (PlumCall) done = NULL;

      g_test_message ("%s", unclear[i].name);
      f->igd->edit = lose_add_and_look;
      f->igd->edit_data = (gpointer) &unclear[i];
      done = map_call (f, 8080, 9000, LIFETIME);
      g_assert_nonnull (plum_call_get_error (done));
      g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
      g_assert_cmpuint (f->igd->counts.add, ==, 2 + i);
    }
}

static void
hang_up_on_add_and_look (const char *request, guint *status, GString *body, gpointer data)
{
  if (strstr (request, "#AddPortMapping\"") != NULL ||
      strstr (request, "#GetSpecificPortMappingEntry\"") != NULL)
    *status = 0;
}

static void
test_renewal_hangs_up (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  map_only (f, 9000);
  f->igd->edit = hang_up_on_add_and_look;
  done = map_call (f, 8080, 9000, LIFETIME);
  g_assert_nonnull (plum_call_get_error (done));
  g_assert_nonnull (strstr (plum_call_get_error (done)->message, "AddPortMapping: "));
  g_assert_nonnull (strstr (plum_call_get_error (done)->message, "closed without an answer"));
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
}

/* -- A fault although the entry was added (quirk 101) -- */

static void
test_refused_and_added (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 9000);
  g_autoptr (PlumLease) renewed = NULL;

  g_assert_cmpuint (plum_lease_get_external_port (lease), ==, 9000);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);

  test_loop_advance (&f->loop, LIFETIME / 2 * 1000 + 1000);
  renewed = map_port (f, 9000);
  g_assert_cmpuint (plum_lease_get_external_port (renewed), ==, 9000);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
  unmap_port (f, renewed);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

/* The lease that was requested is kept, not a longer one. */
static void
test_refused_and_added_once (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 9000);

  assert_lease (lease, 9000, LIFETIME, "1.2.3.4");
  g_assert_cmpuint (f->igd->counts.add, ==, 1);
}

/* The entry of another host that was added at the same time is left. */
static void
take_port_and_refuse (const char *request, guint *status, GString *body, gpointer data)
{
  Fixture *f = data;

  if (strstr (request, "#AddPortMapping\"") == NULL ||
      strstr (request, "<NewExternalPort>9000<") == NULL)
    return;

  fake_igd_wipe (f->igd);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 8080, STRANGER, 0);
  *status = 500;
  g_string_assign (body, "<Envelope><Body><Fault><detail><UPnPError><errorCode>501</errorCode>"
                         "</UPnPError></detail></Fault></Body></Envelope>");
}

static void
test_refused_and_taken (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = NULL;

  discover (f);
  f->igd->edit = take_port_and_refuse;
  f->igd->edit_data = f;
  lease = map_port (f, 9000);
  g_assert_cmpuint (plum_lease_get_external_port (lease), !=, 9000);
  g_assert_cmpstr (find (f, 9000)->client, ==, STRANGER);
  unmap_port (f, lease);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
}

/* Nothing was added: the error names the fault. */
static void
test_refused (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  done = map_call (f, 8080, 9000, LIFETIME);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_REFUSED);
  g_assert_nonnull (strstr (plum_call_get_error (done)->message, "(error 501, Fake)"));
  g_assert_cmpuint (f->igd->counts.delete, ==, 0);
}

/* A port is looked up before its first add, and after the first fault only. */
static void
test_refused_looks (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  done = map_call (f, 8080, 9000, LIFETIME);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_REFUSED);
  g_assert_cmpuint (f->igd->counts.add, ==, 2);
  g_assert_cmpuint (f->igd->counts.get_specific, ==, 3);
}

static void
report_error_0 (const char *request, guint *status, GString *body, gpointer data)
{
  if (strstr (request, "#AddPortMapping\"") != NULL ||
      strstr (request, "#DeletePortMapping\"") != NULL)
    g_string_replace (body, "Response></", "Response><errorCode>0</errorCode></", 1);
}

static void
test_error_0 (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = NULL;

  discover (f);
  f->igd->edit = report_error_0;
  lease = map_port (f, 9000);
  g_assert_cmpuint (plum_lease_get_external_port (lease), ==, 9000);
  g_assert_cmpuint (f->igd->counts.add, ==, 1);
  unmap_port (f, lease);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

/* -- A success that keeps nothing (quirk 75) -- */

static void
test_timed_is_dropped (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 9000);
  g_autoptr (PlumCall) second = NULL;

  g_assert_cmpuint (plum_lease_get_lifetime (lease), ==, PLUM_LIFETIME_FOREVER);
  g_assert_cmpuint (find (f, 9000)->lease, ==, 0);
  g_assert_cmpuint (f->igd->counts.add, ==, 2);

  /* The backend remembers it. */
  second = map_call (f, 8081, 8081, LIFETIME);
  g_assert_no_error (plum_call_get_error (second));
  g_assert_cmpuint (f->igd->counts.add, ==, 3);

  unmap_port (f, lease);
  g_assert_null (find (f, 9000));
}

static void
test_nothing_is_kept (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  done = map_call (f, 8080, 9000, LIFETIME);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_MALFORMED);
  g_assert_nonnull (strstr (plum_call_get_error (done)->message,
                            "reports success for AddPortMapping, but does not keep the entry"));
}

/* Once for each device. */
static void
test_read_back_once (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) second = NULL;
  guint looks;

  map_only (f, 9000);
  looks = f->igd->counts.get_specific;
  second = map_call (f, 8081, 8081, LIFETIME);
  g_assert_no_error (plum_call_get_error (second));
  g_assert_cmpuint (f->igd->counts.get_specific - looks, ==, 1); /* before the add */
}

static const UpnpTest tests[] = {
  { "table/other-host/look-before-add", { .overwrite = TRUE }, test_look_before_add },
  { "table/other-host/look-before-each-add", { .overwrite = TRUE }, test_look_before_each_add },
  { "table/other-host/renewal-is-one-request", { .overwrite = TRUE }, test_renewal_is_one_request },
  { "table/other-host/unmap", { .overwrite = TRUE }, test_unmap_leaves_another_host },
  { "table/other-host/unmap-program", { .overwrite = TRUE }, test_unmap_leaves_another_program },
  { "table/other-host/check-then-map", { .overwrite = TRUE }, test_check_then_map },
  { "table/other-host/cannot-look/602", { .specific_fault = 602 }, test_cannot_look },
  { "table/other-host/cannot-look/401", { .specific_fault = 401 }, test_cannot_look },
  { "table/unclear/add", { 0 }, test_unclear_add },
  { "table/unclear/not-added", { .ignore_adds = TRUE }, test_unclear_and_not_added },
  { "table/unclear/cannot-look", { .specific_fault = 602 }, test_unclear_and_cannot_look },
  { "table/unclear/hang-up", { .hang_up_after = "AddPortMapping" }, test_add_hangs_up },
  { "table/unclear/permanent", { .timed_fault = 725 }, test_unclear_permanent },
  { "table/unclear/add-any", { .version = 2 }, test_unclear_add_any },
  { "table/unclear/unmap", { 0 }, test_unclear_unmap },
  { "table/unclear/look", { .overwrite = TRUE }, test_unclear_look },
  { "table/unclear/look-again", { .overwrite = TRUE }, test_look_again },
  { "table/unclear/deleted", { 0 }, test_unclear_is_deleted },
  { "table/unclear/deleted-star", { .star_on_delete = TRUE }, test_unclear_is_deleted },
  { "table/unclear/port", { .delete_fault = 501 }, test_unclear_port_is_taken_again },
  { "table/unclear/renewal", { 0 }, test_unclear_renewal },
  { "table/unclear/renewal-hangs-up", { 0 }, test_renewal_hangs_up },
  { "table/refused/501", { .fault_after_add = 501 }, test_refused_and_added },
  { "table/refused/402", { .fault_after_add = 402 }, test_refused_and_added },
  { "table/refused/606", { .fault_after_add = 606 }, test_refused_and_added },
  { "table/refused/911", { .fault_after_add = 911 }, test_refused_and_added },
  { "table/refused/501-on-v2", { .version = 2, .fault_after_add = 501 }, test_refused_and_added },
  { "table/refused/501-for-free-ports",
    { .no_entry_fault = 501, .fault_after_add = 501 },
    test_refused_and_added },
  { "table/refused/501-once", { .fault_after_add = 501 }, test_refused_and_added_once },
  { "table/refused/606-once", { .fault_after_add = 606 }, test_refused_and_added_once },
  { "table/refused/only-permanent-added",
    { .timed_fault = 501, .fault_after_add = 501 },
    test_refused_and_added },
  { "table/refused/taken", { 0 }, test_refused_and_taken },
  { "table/refused/not-added", { .add_fault = 501 }, test_refused },
  { "table/refused/looks", { .add_fault = 606 }, test_refused_looks },
  { "table/refused/error-0", { 0 }, test_error_0 },
  { "table/kept/timed-is-dropped", { .drop_timed = TRUE }, test_timed_is_dropped },
  { "table/kept/nothing", { .ignore_adds = TRUE }, test_nothing_is_kept },
  { "table/kept/nothing-v2", { .version = 2, .ignore_adds = TRUE }, test_nothing_is_kept },
  { "table/kept/read-back-once", { 0 }, test_read_back_once },
};

int
main (int argc, char *argv[])
{
  return upnp_test_run (argc, argv, tests, G_N_ELEMENTS (tests));
}

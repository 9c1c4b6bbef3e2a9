/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define UPNP_TEST_NET "127.77.38"

#include "upnp-fixture.h"

#include <string.h>

const char upnp_test_net[] = UPNP_TEST_NET;

/* A router that answers an add with success, and keeps the entry disabled. */

#define ALWAYS G_MAXUINT
#define REMOTE "203.0.113.7"
#define DISABLED(port) "UPnP: " GATEWAY " has added the entry for port " port ", but disabled it"

static FakeIgdEntry *
find (Fixture *f, guint port)
{
  return fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, port);
}

static void
assert_disabled (PlumCall *done, const char *message)
{
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_REFUSED);
  g_assert_cmpstr (plum_call_get_error (done)->message, ==, message);
}

/* It is replaced once. */
static void
test_always (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;
  g_autoptr (PlumCall) again = NULL;

  discover (f);
  done = map_call (f, 8080, 9000, LIFETIME);
  assert_disabled (done, DISABLED ("9000"));
  g_assert_cmpuint (f->igd->counts.add + f->igd->counts.add_any, ==, 2);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);

  again = map_call (f, 8080, 9000, LIFETIME);
  assert_disabled (again, DISABLED ("9000"));
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

static void
test_replaced (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 9000);

  g_assert_cmpuint (plum_lease_get_external_port (lease), ==, 9000);
  g_assert_false (find (f, 9000)->disabled);
  g_assert_cmpuint (f->igd->counts.add, ==, 2);
  g_assert_cmpuint (f->igd->counts.delete, ==, 1);
  assert_check (f, lease, -1);
}

/* What remains is named. */
static void
test_cannot_delete (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  done = map_call (f, 8080, 9000, LIFETIME);
  assert_disabled (done, DISABLED ("9000") "; TCP port 9000 may remain on the router for up to "
                                           "7200 s");
}

/* The same for a router that was caught keeping an entry which it had answered to have deleted. */
static void
test_keeps_deleted (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 9000);
  g_autoptr (PlumCall) kept = lease_call (f, PLUM_CALL_UNMAP, lease);

  g_assert_error (plum_call_get_error (kept), PLUM_ERROR, PLUM_ERROR_MALFORMED);
  find (f, 9000)->disabled = TRUE;
  f->igd->switches.disable_adds = ALWAYS;
  test_cannot_delete (f, data);
}

/* The router disables the entry later, after other mappings have worked: the loss is reported, and
 * the next request is no success again. */
static void
test_later (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 9000);
  g_autoptr (PlumCall) failed = NULL;
  g_autoptr (PlumCall) other = NULL;
  g_autoptr (PlumCall) again = NULL;

  find (f, 9000)->disabled = TRUE;
  f->igd->switches.disable_adds = ALWAYS;
  assert_check (f, lease, PLUM_ERROR_DESTROYED);
  failed = map_call (f, 8080, 9000, LIFETIME);
  assert_disabled (failed, DISABLED ("9000"));

  /* The success of another mapping proves nothing for this one. */
  f->igd->switches.disable_adds = 0;
  other = map_call (f, 8081, 9001, LIFETIME);
  g_assert_no_error (plum_call_get_error (other));
  f->igd->switches.disable_adds = ALWAYS;
  again = map_call (f, 8080, 9000, LIFETIME);
  assert_disabled (again, DISABLED ("9000"));
}

/* An administrator has disabled it once: it is made again. */
static void
test_later_once (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 9000);
  g_autoptr (PlumLease) second = NULL;

  find (f, 9000)->disabled = TRUE;
  assert_check (f, lease, PLUM_ERROR_DESTROYED);
  second = map_port (f, 9000);
  g_assert_cmpuint (plum_lease_get_external_port (second), ==, 9000);
  assert_check (f, second, -1);
}

/* An earlier process has left a disabled entry, and the router refuses to replace it. */
static void
test_adopted (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = NULL;

  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 8080, LOCAL, 7200);
  find (f, 9000)->disabled = TRUE;
  lease = map_port (f, 9000);
  g_assert_cmpuint (plum_lease_get_external_port (lease), ==, 9000);
  g_assert_false (find (f, 9000)->disabled);
}

static void
lose_add (const char *request, guint *status, GString *body, gpointer data)
{
  if (strstr (request, "#AddPortMapping\"") == NULL &&
      strstr (request, "#AddAnyPortMapping\"") == NULL)
    return;

  *status = 200;
  g_string_assign (body, "<html></html>");
}

static void
lose_add_any (const char *request, guint *status, GString *body, gpointer data)
{
  if (strstr (request, "#AddAnyPortMapping\"") != NULL)
    lose_add (request, status, body, data);
}

/* The answer to the add is lost as well. */
static void
test_unclear (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  f->igd->edit = lose_add;
  done = map_call (f, 8080, 9000, LIFETIME);
  assert_disabled (done, DISABLED ("9000"));
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

/* The router chooses the port. */
static void
test_add_any (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;
  gboolean lost = GPOINTER_TO_INT (data);

  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 80, STRANGER, 0);
  discover (f);
  if (lost)
    f->igd->edit = lose_add_any;
  done = map_call (f, 8080, 9000, LIFETIME);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_REFUSED);
  g_assert_nonnull (strstr (plum_call_get_error (done)->message, "but disabled it"));
  g_assert_cmpuint (f->igd->counts.add_any, >, 0);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
}

static void
test_add_any_lost (Fixture *f, gconstpointer data)
{
  test_add_any (f, GINT_TO_POINTER (TRUE));
}

static void
test_add_any_answered (Fixture *f, gconstpointer data)
{
  test_add_any (f, NULL);
}

/* The entry for one remote host is read from the table. */
static PlumCall *
map_for_remote (Fixture *f)
{
  g_autoptr (PlumRequest) request = test_request_new_for_hosts (NULL, REMOTE);
  const PlumCallArgs args = { .request = request };

  discover (f);
  return call (f, PLUM_CALL_MAP, &args);
}

static void
test_remote (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = map_for_remote (f);

  assert_disabled (done, DISABLED ("8080"));
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
  g_assert_cmpuint (f->igd->counts.add, ==, 2);
}

static void
test_remote_replaced (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = map_for_remote (f);

  g_assert_no_error (plum_call_get_error (done));
  g_assert_false (find (f, 8080)->disabled);
}

static const UpnpTest tests[] = {
  { "disabled/always", { .disable_adds = ALWAYS }, test_always },
  { "disabled/always-star", { .disable_adds = ALWAYS, .star_on_delete = TRUE }, test_always },
  { "disabled/always-v2", { .version = 2, .disable_adds = ALWAYS }, test_always },
  { "disabled/replaced", { .disable_adds = 1 }, test_replaced },
  { "disabled/replaced-unless-refused",
    { .disable_adds = 1, .refuse_renewal = TRUE },
    test_replaced },
  { "disabled/cannot-delete", { .disable_adds = ALWAYS, .delete_fault = 606 }, test_cannot_delete },
  { "disabled/keeps-deleted", { .keep_deleted = TRUE }, test_keeps_deleted },
  { "disabled/later", { 0 }, test_later },
  { "disabled/later-once", { 0 }, test_later_once },
  { "disabled/adopted", { .refuse_renewal = TRUE }, test_adopted },
  { "disabled/unclear", { .disable_adds = ALWAYS }, test_unclear },
  { "disabled/add-any",
    { .version = 2, .disable_adds = ALWAYS, .few_ports_fault = 606 },
    test_add_any_answered },
  { "disabled/add-any-lost",
    { .version = 2, .disable_adds = ALWAYS, .few_ports_fault = 606 },
    test_add_any_lost },
  { "disabled/remote", { .disable_adds = ALWAYS, .remote_hosts = TRUE }, test_remote },
  { "disabled/remote-replaced", { .disable_adds = 1, .remote_hosts = TRUE }, test_remote_replaced },
};

int
main (int argc, char *argv[])
{
  return upnp_test_run (argc, argv, tests, G_N_ELEMENTS (tests));
}

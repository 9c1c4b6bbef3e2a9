/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define UPNP_TEST_NET "127.77.8"

#include "upnp-fixture.h"

#include <string.h>

const char upnp_test_net[] = UPNP_TEST_NET;

/* The external port is required. */

#define REFUSED "UPnP: " GATEWAY " refused AddPortMapping (error "
#define BELONGS "UPnP: external TCP port 9000 belongs to "

static PlumCall *
map_exact (Fixture *f, guint external_port)
{
  g_autoptr (PlumRequest) request = test_request_new_exact (PLUM_PROTOCOL_TCP, 8080, external_port);
  const PlumCallArgs args = { request, NULL, NULL };

  return call (f, PLUM_CALL_MAP, &args);
}

static void
assert_exact_fails (Fixture *f, PlumError code, const char *message)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  done = map_exact (f, 9000);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, (int) code);
  g_assert_cmpstr (plum_call_get_error (done)->message, ==, message);
  g_assert_cmpuint (f->igd->counts.add_any, ==, 0);
  g_assert_cmpuint (f->igd->counts.delete, ==, 0);
  g_assert_null (fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, 8080));
}

static void
take_port (Fixture *f, const char *client, const char *description)
{
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 80, client, 0);
  fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, 9000)->description = g_strdup (description);
}

static void
test_free (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;
  g_autoptr (PlumCall) renewed = NULL;

  discover (f);
  done = map_exact (f, 9000);
  assert_lease (plum_call_get_lease (done), 9000, LIFETIME, "1.2.3.4");
  renewed = map_exact (f, 9000);
  assert_lease (plum_call_get_lease (renewed), 9000, LIFETIME, "1.2.3.4");
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
}

static void
test_taken (Fixture *f, gconstpointer data)
{
  take_port (f, STRANGER, "torrent");
  assert_exact_fails (f, PLUM_ERROR_CONFLICT, BELONGS STRANGER " (its entry is called “torrent”)");
  g_assert_cmpuint (f->igd->counts.add, ==, 0);
  g_assert_cmpstr (fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, 9000)->client, ==, STRANGER);
}

/* The router would have granted it. */
static void
test_overwriting_router (Fixture *f, gconstpointer data)
{
  take_port (f, STRANGER, "torrent");
  assert_exact_fails (f, PLUM_ERROR_CONFLICT, BELONGS STRANGER " (its entry is called “torrent”)");
  g_assert_cmpstr (fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, 9000)->client, ==, STRANGER);
}

/* The entry is read before the first request, and not if this process holds the port. */
static void
test_renewal_is_one_action (Fixture *f, gconstpointer data)
{
  discover (f);
  g_object_unref (map_exact (f, 9000));
  g_assert_cmpuint (f->igd->counts.get_specific, ==, 2); /* before and after the first add */
  g_object_unref (map_exact (f, 9000));
  g_assert_cmpuint (f->igd->counts.get_specific, ==, 2);
  g_assert_cmpuint (f->igd->counts.add, ==, 2);
}

/* A router that refuses to show entries. */
static void
test_taken_unreadable (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  take_port (f, STRANGER, "torrent");
  discover (f);
  done = map_exact (f, 9000);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_CONFLICT);
  g_assert_nonnull (strstr (plum_call_get_error (done)->message,
                            "the required external port belongs to another host"));
  g_assert_cmpuint (f->igd->counts.add, ==, 1);
  g_assert_cmpstr (fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, 9000)->client, ==, STRANGER);
}

static void
test_taken_without_a_name (Fixture *f, gconstpointer data)
{
  take_port (f, STRANGER, NULL);
  assert_exact_fails (f, PLUM_ERROR_CONFLICT, BELONGS STRANGER);
}

static void
test_taken_by_a_host_with_a_name (Fixture *f, gconstpointer data)
{
  take_port (f, "the \ntelevision", "");
  assert_exact_fails (f, PLUM_ERROR_CONFLICT, BELONGS "the television");
}

/* Another program of this host has the port. */
static void
test_taken_by_this_host (Fixture *f, gconstpointer data)
{
  take_port (f, LOCAL, "plum-glib tcp 80");
  assert_exact_fails (f, PLUM_ERROR_CONFLICT,
                      BELONGS "this host's port 80 (its entry is called “plum-glib tcp 80”)");
}

/* Untrusted text is shown as one short line. */
static void
test_hostile_description (Fixture *f, gconstpointer data)
{
  take_port (f, STRANGER,
             "a”). \xe2\x80\xae"
             "All is well\n\tand a great deal more of this");
  assert_exact_fails (f, PLUM_ERROR_CONFLICT,
                      BELONGS STRANGER
                      " (its entry is called “a). All is well and a great deal…”)");
}

/* The router reports a conflict but no entry. */
static void
test_taken_without_entry (Fixture *f, gconstpointer data)
{
  assert_exact_fails (f, PLUM_ERROR_CONFLICT,
                      REFUSED "718, Fake): the required external port belongs to another host");
  g_assert_cmpuint (f->igd->counts.add, ==, 1);
  g_assert_cmpuint (f->igd->counts.get_specific, ==, 1);
}

static void
test_same_port (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) same = NULL;

  assert_exact_fails (f, PLUM_ERROR_NOT_SUPPORTED,
                      REFUSED "724, Fake): it supports only equal external and internal ports, and "
                              "another external port is required");
  g_assert_cmpuint (f->igd->counts.add, ==, 1);
  same = map_exact (f, 8080);
  assert_lease (plum_call_get_lease (same), 8080, LIFETIME, "1.2.3.4");
}

/* A device that supports only equal ports does not change a required port. */
static void
test_same_port_is_remembered (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  map_only (f, 9001);
  done = map_exact (f, 9000);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
}

/* The router ignores the internal port: the entry would expose another port of this host. */
static void
test_equal_ports (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;
  g_autoptr (PlumCall) same = NULL;

  discover (f);
  done = map_exact (f, 9000);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  g_assert_cmpstr (plum_call_get_error (done)->message, ==,
                   "UPnP: " GATEWAY
                   " led external port 9000 to internal port 9000 instead of 8080");
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
  same = map_exact (f, 8080);
  assert_lease (plum_call_get_lease (same), 8080, LIFETIME, "1.2.3.4");
}

/* The router answers with an error, but has added the entry. */
static void
test_added_by_fault (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  done = map_exact (f, 9000);
  assert_lease (plum_call_get_lease (done), 9000, LIFETIME, "1.2.3.4");
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
}

static void
test_privileged (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  done = map_exact (f, 80);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_REFUSED);
  g_assert_cmpuint (f->igd->counts.add, ==, 1);
}

static void
test_permanent_only (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  done = map_exact (f, 9000);
  assert_lease (plum_call_get_lease (done), 9000, PLUM_LIFETIME_FOREVER, "1.2.3.4");
}

/* An empty answer, and the entry belongs to another host. */
static void
test_empty_answer (Fixture *f, gconstpointer data)
{
  take_port (f, STRANGER, "torrent");
  assert_exact_fails (f, PLUM_ERROR_CONFLICT, BELONGS STRANGER " (its entry is called “torrent”)");
}

static void
test_own_port (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) first = NULL;
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  first = map_call (f, 9090, 9000, LIFETIME);
  g_assert_no_error (plum_call_get_error (first));
  done = map_exact (f, 9000);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_CONFLICT);
  g_assert_cmpuint (f->igd->counts.add, ==, 1);
}

static const UpnpTest tests[] = {
  { "exact/free", { 0 }, test_free },
  { "exact/free-on-v2", { .version = 2 }, test_free },
  { "exact/taken", { 0 }, test_taken },
  { "exact/taken-on-v2", { .version = 2 }, test_taken },
  { "exact/taken-unreadable", { .specific_fault = 501 }, test_taken_unreadable },
  { "exact/taken-by-729-unreadable",
    { .specific_fault = 501, .conflict_fault = 729 },
    test_taken_unreadable },
  { "exact/overwriting-router", { .overwrite = TRUE }, test_overwriting_router },
  { "exact/renewal-is-one-action", { 0 }, test_renewal_is_one_action },
  { "exact/taken-without-a-name", { 0 }, test_taken_without_a_name },
  { "exact/taken-by-a-host-with-a-name", { 0 }, test_taken_by_a_host_with_a_name },
  { "exact/taken-by-this-host", { .refuse_renewal = TRUE }, test_taken_by_this_host },
  { "exact/taken-without-entry", { .add_fault = 718 }, test_taken_without_entry },
  { "exact/hostile-description", { 0 }, test_hostile_description },
  { "exact/same-port", { .same_port = TRUE }, test_same_port },
  { "exact/same-port-is-remembered", { .same_port = TRUE }, test_same_port_is_remembered },
  { "exact/equal-ports", { .equal_ports = TRUE }, test_equal_ports },
  { "exact/added-by-fault/501", { .fault_after_add = 501 }, test_added_by_fault },
  { "exact/added-by-fault/606", { .fault_after_add = 606 }, test_added_by_fault },
  { "exact/privileged", { .no_privileged = TRUE }, test_privileged },
  { "exact/permanent-only", { .timed_fault = 725 }, test_permanent_only },
  { "exact/empty-answer", { .empty_success = TRUE, .ignore_adds = TRUE }, test_empty_answer },
  { "exact/own-port", { 0 }, test_own_port },
};

int
main (int argc, char *argv[])
{
  return upnp_test_run (argc, argv, tests, G_N_ELEMENTS (tests));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define UPNP_TEST_NET "127.77.35"

#include "upnp-fixture.h"

#include <string.h>

const char upnp_test_net[] = UPNP_TEST_NET;

/* Several hosts behind a router that lets an add replace the entry of another host (quirk 73). A
 * port counts as held only while the router must have its entry. */

#define NEIGHBOUR UPNP_TEST_NET ".11"

static FakeIgdEntry *
find (Fixture *f, guint port)
{
  return fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, port);
}

/* Another host maps the port, which has no entry. */
static void
take_free_port (Fixture *f, guint port)
{
  g_assert_null (find (f, port));
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, port, 80, STRANGER, 0);
}

static void
assert_taken_port_is_avoided (Fixture *f, guint port)
{
  g_autoptr (PlumCall) done = map_call (f, 8080, port, LIFETIME);

  g_assert_no_error (plum_call_get_error (done));
  g_assert_cmpuint (plum_lease_get_external_port (plum_call_get_lease (done)), !=, port);
  g_assert_nonnull (find (f, port));
  g_assert_cmpstr (find (f, port)->client, ==, STRANGER);
}

/* -- Ports that are no longer held -- */

static void
test_expired (Fixture *f, gconstpointer data)
{
  map_only (f, 9000);
  test_loop_advance (&f->loop, (LIFETIME + 1) * 1000);
  take_free_port (f, 9000);
  assert_taken_port_is_avoided (f, 9000);
}

static void
make_unclear (const char *request, guint *status, GString *body, gpointer data)
{
  if (strstr (request, "#AddPortMapping\"") != NULL)
    g_string_assign (body, "<html></html>");
}

/* A renewal has an unclear answer, and the table has no entry: the port is free for other hosts. */
static void
test_absent_after_renewal (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) failed = NULL;

  map_only (f, 9000);
  fake_igd_wipe (f->igd);
  f->igd->switches.ignore_adds = TRUE;
  f->igd->edit = make_unclear;
  failed = map_call (f, 8080, 9000, LIFETIME);
  g_assert_nonnull (plum_call_get_error (failed));

  f->igd->switches.ignore_adds = FALSE;
  f->igd->edit = NULL;
  take_free_port (f, 9000);
  assert_taken_port_is_avoided (f, 9000);
}

static PlumCall *
map_exact (Fixture *f)
{
  g_autoptr (PlumRequest) request = test_request_new_exact (PLUM_PROTOCOL_TCP, 8080, 9000);
  const PlumCallArgs args = { request, NULL, NULL };

  return call (f, PLUM_CALL_MAP, &args);
}

/* A renewal is refused, and the entry belongs to another host. The next request must not take it,
 * although the router would let it. */
static void
test_taken_after_fault (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) failed = NULL;
  g_autoptr (PlumCall) again = NULL;

  discover (f);
  g_object_unref (map_exact (f));
  fake_igd_wipe (f->igd);
  take_free_port (f, 9000);
  f->igd->switches.overwrite = FALSE;
  failed = map_exact (f);
  g_assert_error (plum_call_get_error (failed), PLUM_ERROR, PLUM_ERROR_CONFLICT);

  f->igd->switches.overwrite = TRUE;
  again = map_exact (f);
  g_assert_error (plum_call_get_error (again), PLUM_ERROR, PLUM_ERROR_CONFLICT);
  g_assert_cmpstr (find (f, 9000)->client, ==, STRANGER);
}

/* The same for a table without the entry. */
static void
test_absent_after_fault (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) failed = NULL;
  g_autoptr (PlumCall) again = NULL;

  discover (f);
  g_object_unref (map_exact (f));
  fake_igd_wipe (f->igd);
  f->igd->switches.add_fault = 606;
  failed = map_exact (f);
  g_assert_nonnull (plum_call_get_error (failed));

  f->igd->switches.add_fault = 0;
  take_free_port (f, 9000);
  again = map_exact (f);
  g_assert_error (plum_call_get_error (again), PLUM_ERROR, PLUM_ERROR_CONFLICT);
  g_assert_cmpstr (find (f, 9000)->client, ==, STRANGER);
}

/* -- Two hosts -- */

typedef struct
{
  PlumNetwork *network;
  PlumBackend *backend;
  PlumRequest *request;
  PlumLease *lease; /* (nullable) */
} Host;

static void
host_init (Host *self, Fixture *f, const char *address)
{
  g_autoptr (PlumCall) found = NULL;

  self->network = test_network_new (GATEWAY, address);
  self->backend = test_backend_new (PLUM_TYPE_UPNP_BACKEND, self->network);
  self->request = test_request_new (PLUM_PROTOCOL_TCP, 8080, 9000, LIFETIME, 1);
  found = test_call (&f->loop, self->backend, PLUM_CALL_DISCOVER, NULL, TIMEOUT);
  g_assert_no_error (plum_call_get_error (found));
}

static void
host_clear (Host *self)
{
  g_clear_object (&self->lease);
  g_clear_object (&self->request);
  g_assert_finalize_object (self->backend);
  g_assert_finalize_object (self->network);
}

static PlumCall *
host_start (Host *self, PlumCallKind kind)
{
  const PlumCallArgs args = { self->request, kind == PLUM_CALL_MAP ? NULL : self->lease, NULL };

  return plum_backend_call (self->backend, kind, &args, TIMEOUT, NULL, NULL);
}

static void
host_take (Host *self, PlumCall *done)
{
  g_assert_no_error (plum_call_get_error (done));
  g_set_object (&self->lease, plum_call_get_lease (done));
}

/* What core does at each recheck: after a conflict, the port is requested again. */
static void
host_recheck (Host *self, Fixture *f)
{
  g_autoptr (PlumCall) check = host_start (self, PLUM_CALL_CHECK);
  g_autoptr (PlumCall) again = NULL;

  test_loop_advance (&f->loop, 1000);
  if (plum_call_get_error (check) == NULL)
    return;

  g_assert_error (plum_call_get_error (check), PLUM_ERROR, PLUM_ERROR_CONFLICT);
  again = host_start (self, PLUM_CALL_MAP);
  test_loop_advance (&f->loop, 1000);
  host_take (self, again);
}

static void
host_unmap (Host *self, Fixture *f)
{
  g_autoptr (PlumCall) done = host_start (self, PLUM_CALL_UNMAP);

  test_loop_advance (&f->loop, 1000);
  g_assert_no_error (plum_call_get_error (done));
}

/* Both hosts look before either has added its entry. */
static void
test_two_hosts (Fixture *f, gconstpointer data)
{
  Host hosts[2] = { { NULL } };
  PlumCall *calls[2];
  guint adds;

  host_init (&hosts[0], f, LOCAL);
  host_init (&hosts[1], f, NEIGHBOUR);
  f->igd->switches.delay_ms = 20;
  for (guint i = 0; i < 2; i++)
    calls[i] = host_start (&hosts[i], PLUM_CALL_MAP);
  test_loop_advance (&f->loop, 2000);
  for (guint i = 0; i < 2; i++)
    host_take (&hosts[i], calls[i]);

  for (guint round = 0; round < 3; round++)
    {
      host_recheck (&hosts[0], f);
      host_recheck (&hosts[1], f);
    }

  adds = f->igd->counts.add + f->igd->counts.add_any;
  g_test_message ("%u adds", adds);
  g_assert_cmpuint (adds, <=, 5);
  for (guint i = 0; i < 2; i++)
    g_assert_cmpstr (find (f, plum_lease_get_external_port (hosts[i].lease))->client, ==,
                     i == 0 ? LOCAL : NEIGHBOUR);

  /* The first one closes: the entry of the other one stays. */
  host_unmap (&hosts[0], f);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
  g_assert_nonnull (find (f, plum_lease_get_external_port (hosts[1].lease)));
  host_unmap (&hosts[1], f);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);

  for (guint i = 0; i < 2; i++)
    {
      g_object_unref (calls[i]);
      host_clear (&hosts[i]);
    }
}

static const UpnpTest tests[] = {
  { "table/held/expired", { .overwrite = TRUE }, test_expired },
  { "table/held/absent-after-renewal", { .overwrite = TRUE }, test_absent_after_renewal },
  { "table/held/taken-after-fault", { .overwrite = TRUE }, test_taken_after_fault },
  { "table/held/absent-after-fault", { .overwrite = TRUE }, test_absent_after_fault },
  { "table/hosts/two", { .overwrite = TRUE }, test_two_hosts },
  { "table/hosts/two-permanent", { .overwrite = TRUE, .timed_fault = 725 }, test_two_hosts },
  { "table/hosts/two-on-v2", { .overwrite = TRUE, .version = 2 }, test_two_hosts },
  { "table/hosts/two-with-718", { 0 }, test_two_hosts },
};

int
main (int argc, char *argv[])
{
  return upnp_test_run (argc, argv, tests, G_N_ELEMENTS (tests));
}

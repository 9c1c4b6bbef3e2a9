/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-fixture.h"

static void
on_lost (PlumBackend *backend, const char *reason, gpointer user_data)
{
  Fixture *f = user_data;

  g_free (f->lost);
  f->lost = g_strdup (reason);
}

static void
make_backend (Fixture *f)
{
  f->backend = test_backend_new (PLUM_TYPE_UPNP_BACKEND, f->network);
  g_signal_connect (f->backend, "lost", G_CALLBACK (on_lost), f);
}

static void
fixture_set_up_ipv6 (Fixture *f, gconstpointer data)
{
  const UpnpTest *test = data;

  test_loop_set_up (&f->loop, TRUE);
  f->ready = test_link_set_up ();
  if (!f->ready)
    return;

  f->igd = fake_igd_new (TEST_LINK_ROUTER "%" TEST_LINK);
  f->igd->switches = test->switches;
  f->igd->switches.firewall = TRUE;
  f->network = test_link_network_new (TEST_LINK_ROUTER, TEST_LINK_CLIENT);
  make_backend (f);
}

static void
fixture_set_up (Fixture *f, gconstpointer data)
{
  const UpnpTest *test = data;
  g_autofree char *gateway = g_strconcat (upnp_test_net, ".1", NULL);
  g_autofree char *local = g_strconcat (upnp_test_net, ".10", NULL);

  test_loop_set_up (&f->loop, TRUE);
  f->igd = fake_igd_new (gateway);
  f->igd->switches = test->switches;
  f->network = test_network_new (gateway, local);
  f->ready = TRUE;
  make_backend (f);
}

static void
run_test (Fixture *f, gconstpointer data)
{
  const UpnpTest *test = data;

  if (f->ready)
    test->func (f, data);
}

static void
fixture_tear_down (Fixture *f, gconstpointer data)
{
  if (!f->ready)
    {
      test_loop_tear_down (&f->loop);
      return;
    }

  test_loop_settle (&f->loop);
  g_assert_cmpuint (f->igd->counts.bad, ==, 0);
  g_signal_handlers_disconnect_by_data (f->backend, f);
  g_assert_finalize_object (f->backend);
  g_assert_finalize_object (f->network);
  fake_igd_free (f->igd);
  test_loop_tear_down (&f->loop);
  g_free (f->lost);
}

void
upnp_test_add (const UpnpTest *test)
{
  g_autofree char *path = g_strconcat ("/upnp/", test->name, NULL);

  g_test_add (path, Fixture, test, fixture_set_up, run_test, fixture_tear_down);
}

static void
upnp_test_add_ipv6 (const UpnpTest *test)
{
  g_autofree char *path = g_strconcat ("/upnp/pinhole/", test->name, NULL);

  g_test_add (path, Fixture, test, fixture_set_up_ipv6, run_test, fixture_tear_down);
}

void
renew_backend (Fixture *f)
{
  test_loop_settle (&f->loop);
  g_signal_handlers_disconnect_by_data (f->backend, f);
  g_assert_finalize_object (f->backend);
  make_backend (f);
}

PlumCall *
call (Fixture *f, PlumCallKind kind, const PlumCallArgs *args)
{
  PlumCall *done = test_call (&f->loop, f->backend, kind, args, TIMEOUT);

  test_loop_settle (&f->loop);
  return done;
}

void
discover (Fixture *f)
{
  g_autoptr (PlumCall) done = call (f, PLUM_CALL_DISCOVER, NULL);

  g_assert_no_error (plum_call_get_error (done));
}

void
assert_discover_fails (Fixture *f, PlumError code, const char *message)
{
  g_autoptr (PlumCall) done = call (f, PLUM_CALL_DISCOVER, NULL);

  g_assert_error (plum_call_get_error (done), PLUM_ERROR, (int) code);
  g_assert_cmpstr (plum_call_get_error (done)->message, ==, message);
}

PlumCall *
map_call (Fixture *f, guint internal_port, guint external_port, guint lifetime)
{
  g_autoptr (PlumRequest) request =
    test_request_new (PLUM_PROTOCOL_TCP, internal_port, external_port, lifetime, 1);
  const PlumCallArgs args = { request, NULL, NULL };

  return call (f, PLUM_CALL_MAP, &args);
}

PlumLease *
map_port (Fixture *f, guint external_port)
{
  g_autoptr (PlumCall) done = NULL;

  if (f->igd->counts.get_status == 0 && f->igd->counts.get_firewall == 0)
    discover (f);
  done = map_call (f, 8080, external_port, LIFETIME);
  g_assert_no_error (plum_call_get_error (done));
  return g_object_ref (plum_call_get_lease (done));
}

void
map_only (Fixture *f, guint external_port)
{
  g_object_unref (map_port (f, external_port));
}

void
assert_map_fails (Fixture *f, guint external_port, PlumError code, const char *message)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  done = map_call (f, 8080, external_port, LIFETIME);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, (int) code);
  g_assert_cmpstr (plum_call_get_error (done)->message, ==, message);
}

PlumCall *
lease_call (Fixture *f, PlumCallKind kind, PlumLease *lease)
{
  g_autoptr (PlumRequest) request = test_request_new (PLUM_PROTOCOL_TCP, 8080, 8080, LIFETIME, 1);
  const PlumCallArgs args = { request, lease, NULL };

  return call (f, kind, &args);
}

void
unmap_port (Fixture *f, PlumLease *lease)
{
  g_autoptr (PlumCall) done = lease_call (f, PLUM_CALL_UNMAP, lease);

  g_assert_no_error (plum_call_get_error (done));
}

void
assert_check (Fixture *f, PlumLease *lease, int code)
{
  g_autoptr (PlumCall) done = lease_call (f, PLUM_CALL_CHECK, lease);

  if (code < 0)
    g_assert_no_error (plum_call_get_error (done));
  else
    g_assert_error (plum_call_get_error (done), PLUM_ERROR, code);
}

void
assert_lease (PlumLease *lease, guint port, guint lifetime, const char *address)
{
  GInetAddress *external = plum_lease_get_external_address (lease);
  g_autofree char *text = external != NULL ? g_inet_address_to_string (external) : NULL;

  g_assert_cmpuint (plum_lease_get_external_port (lease), ==, port);
  g_assert_cmpuint (plum_lease_get_lifetime (lease), ==, lifetime);
  g_assert_cmpstr (text, ==, address);
}

int
upnp_test_run (int argc, char *argv[], const UpnpTest *upnp_tests, gsize n_rows)
{
  g_test_init (&argc, &argv, NULL);

  for (gsize i = 0; i < n_rows; i++)
    upnp_test_add (&upnp_tests[i]);

  return g_test_run ();
}

int
upnp_test_run_ipv6 (int argc, char *argv[], const UpnpTest *upnp_tests, gsize n_rows)
{
  g_test_init (&argc, &argv, NULL);

  for (gsize i = 0; i < n_rows; i++)
    upnp_test_add_ipv6 (&upnp_tests[i]);

  return g_test_run ();
}

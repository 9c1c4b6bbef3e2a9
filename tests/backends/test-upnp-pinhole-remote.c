/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define UPNP_TEST_NET "127.77.32"

#include "upnp-fixture.h"

const char upnp_test_net[] = UPNP_TEST_NET;

/* Pinholes for another host, and for one remote host. */

#define REMOTE "2001:db8:9::7"

static PlumCall *
ask (Fixture *f, PlumCallKind kind, PlumLease *lease, const char *internal, const char *remote)
{
  g_autoptr (PlumRequest) request = test_request_new_for_hosts (internal, remote);
  const PlumCallArgs args = { .request = request, .lease = lease };

  return call (f, kind, &args);
}

static void
test_remote (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;
  g_autoptr (PlumCall) unmapped = NULL;

  discover (f);
  done = ask (f, PLUM_CALL_MAP, NULL, NULL, REMOTE);
  g_assert_no_error (plum_call_get_error (done));
  assert_lease (plum_call_get_lease (done), 80, LIFETIME, TEST_LINK_CLIENT);
  g_assert_cmpstr (fake_igd_find_pinhole (f->igd, PLUM_PROTOCOL_TCP, 80)->remote, ==, REMOTE);

  unmapped = ask (f, PLUM_CALL_UNMAP, plum_call_get_lease (done), NULL, REMOTE);
  g_assert_no_error (plum_call_get_error (unmapped));
  g_assert_cmpuint (fake_igd_n_pinholes (f->igd), ==, 0);
}

static void
test_network (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  done = ask (f, PLUM_CALL_MAP, NULL, NULL, "2001:db8:9::/48");
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  g_assert_cmpuint (f->igd->counts.add_pinhole, ==, 0);
}

/* The external address of the pinhole is that of the other host. The same port of this host is
 * another pinhole. */
static void
test_other_host (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) own = NULL;
  g_autoptr (PlumCall) other = NULL;
  g_autoptr (PlumCall) unmapped = NULL;

  discover (f);
  own = map_call (f, 80, 80, LIFETIME);
  g_assert_no_error (plum_call_get_error (own));
  other = ask (f, PLUM_CALL_MAP, NULL, TEST_LINK_CLIENT2, NULL);
  g_assert_no_error (plum_call_get_error (other));
  assert_lease (plum_call_get_lease (other), 80, LIFETIME, TEST_LINK_CLIENT2);
  g_assert_cmpuint (fake_igd_n_pinholes (f->igd), ==, 2);

  unmapped = ask (f, PLUM_CALL_UNMAP, plum_call_get_lease (other), TEST_LINK_CLIENT2, NULL);
  g_assert_no_error (plum_call_get_error (unmapped));
  g_assert_cmpuint (fake_igd_n_pinholes (f->igd), ==, 1);
  g_assert_cmpstr (fake_igd_find_pinhole (f->igd, PLUM_PROTOCOL_TCP, 80)->client, ==,
                   TEST_LINK_CLIENT);
}

static void
test_other_host_refused (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  done = ask (f, PLUM_CALL_MAP, NULL, TEST_LINK_CLIENT2, NULL);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_REFUSED);
  g_assert_cmpuint (fake_igd_n_pinholes (f->igd), ==, 0);
}

static const UpnpTest tests[] = {
  { "remote/restricted", { 0 }, test_remote },
  { "remote/network", { 0 }, test_network },
  { "third-party/mapped", { .other_clients = TRUE }, test_other_host },
  { "third-party/refused", { 0 }, test_other_host_refused },
};

int
main (int argc, char *argv[])
{
  return upnp_test_run_ipv6 (argc, argv, tests, G_N_ELEMENTS (tests));
}
